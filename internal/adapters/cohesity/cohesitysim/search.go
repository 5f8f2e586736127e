package cohesitysim

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"iter"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

const (
	defaultSearchPage = 100 // inferred
	indexedFiles      = 7   // per object
)

// cookie is the position after a page; it is bound to the search it came from.
func cookie(search string, next int) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(search))
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "search:%x:%d", h.Sum64(), next))
}

func openCookie(search, value string) (int, error) {
	if value == "" {
		return 0, nil
	}
	plain, err := base64.StdEncoding.DecodeString(value)
	if err == nil {
		n, failure := strconv.Atoi(string(plain[strings.LastIndexByte(string(plain), ':')+1:]))
		if failure == nil && n >= 0 && cookie(search, n) == value {
			return n, nil
		}
	}
	return 0, invalid("paginationCookie is not valid for this search")
}

// page cuts a result from start on; next is empty at the end.
func page[T any](s *Sim, items []T, search string, start int, count int64) (out []T, next string) {
	if pageCap := s.kit.Scenario.PageCap; pageCap > 0 {
		count = min(count, int64(pageCap))
	}
	start = min(start, len(items))
	end := int(min(int64(start)+count, int64(len(items))))
	if end < len(items) {
		next = cookie(search, end)
	}
	return items[start:end], next
}

// searchObjects lists every known object, protected or not. Its count is the
// page size (IBM NOTES section 6).
func (s *Sim) searchObjects(c *call) (reply, error) {
	pattern, environments := c.text("searchString"), c.list("environments")
	ids, sources, groups := c.ints("objectIds"), c.ints("sourceIds"), c.list("protectionGroupIds")
	osTypes, uuids, protected := c.list("osTypes"), c.list("sourceUuids"), c.flag("isProtected")
	count := c.integer("count", defaultSearchPage)
	if count < 1 {
		c.refuse("count in query should be greater than or equal to 1")
	}
	query := c.r.URL.Query()
	query.Del("paginationCookie")
	query.Del("count")
	start, err := openCookie(query.Encode(), c.text("paginationCookie"))
	if err != nil || c.bad != nil {
		return reply{}, err
	}
	var found []entity
	for _, e := range s.allEntities() {
		of := s.groupsOf(e.id)
		switch {
		case !prefixMatch(pattern, e.name), !among(environments, e.environment), !among(ids, e.id),
			!among(sources, e.host), !among(osTypes, e.os), !among(uuids, s.uuid(uint64(e.host))),
			protected != nil && *protected != s.isProtected(e.id),
			len(groups) > 0 && !slices.ContainsFunc(of, func(g *group) bool { return slices.Contains(groups, g.id) }):
			continue
		}
		found = append(found, e)
	}
	items, next := page(s, found, query.Encode(), start, count)
	out := make([]any, len(items))
	for i, e := range items {
		out[i] = s.searchObjectJSON(e, c.now)
	}
	body := obj{"objects": out, "count": len(out), "paginationCookie": nil}
	if next != "" {
		body["paginationCookie"] = next
	}
	return ok(body)
}

func (s *Sim) searchObjectJSON(e entity, now int64) obj {
	out := s.summary(e, "")
	groups := []any{}
	for _, g := range s.groupsOf(e.id) {
		item := obj{"id": g.id, "name": s.groupName(g), "policyId": s.policyIDOf(g), "protectionEnvType": s.kindOf(g).protection}
		if r, found := s.lastRun(g, now); found {
			item[map[bool]string{true: "lastBackupRunStatus", false: "lastArchivalRunStatus"}[r.local]] = r.status
		}
		groups = append(groups, item)
	}
	out["objectProtectionInfos"] = []any{obj{
		"objectId": e.id, "sourceId": e.host, "regionId": regionID, "clusterId": s.clusterID(),
		"clusterIncarnationId": incarnation, "isDeleted": false, "protectionGroups": groups,
	}}
	return out
}

// searchProtectedObjects gives every object that can be restored now, with the
// latest snapshot per group.
func (s *Sim) searchProtectedObjects(c *call) (reply, error) {
	pattern, environments := c.text("searchString"), c.list("environments")
	ids, sources, groups := c.ints("objectIds"), c.ints("sourceIds"), c.list("protectionGroupIds")
	osTypes, instances, actions := c.list("osTypes"), c.ints("runInstanceIds"), c.list("snapshotActions")
	from, to := c.integer("filterSnapshotFromUsecs", 0), c.integer("filterSnapshotToUsecs", never)
	until := c.now
	if c.isTrue("useCachedData") {
		until -= replicaLag
	}
	out, seen, names := []any{}, map[string]bool{}, []any{}
	for _, e := range s.allEntities() {
		if !among(ids, e.id) || !among(environments, e.environment) || !among(sources, e.host) || !among(osTypes, e.os) {
			continue
		}
		latest := []any{}
		for _, g := range s.groupsOf(e.id) {
			if !among(groups, g.id) || (!prefixMatch(pattern, e.name) && !prefixMatch(pattern, s.groupName(g))) ||
				(len(actions) > 0 && !slices.ContainsFunc(actions, func(a string) bool {
					return slices.Contains(actionsOf(s.kindOf(g)), a)
				})) {
				continue
			}
			found := s.snapshotsOf(e.id, until, []*group{g}, func(r run) bool {
				return snapshotTime(r) >= from && snapshotTime(r) <= to && among(instances, r.instance)
			})
			newest, some := first(found)
			if !some {
				continue
			}
			latest = append(latest, s.latestJSON(newest))
			if !seen[g.id] {
				seen[g.id] = true
				names = append(names, obj{"protectionGroupId": g.id, "protectionGroupName": s.groupName(g)})
			}
		}
		if len(latest) == 0 {
			continue
		}
		item := s.summary(e, "")
		item["latestSnapshotsInfo"] = latest
		out = append(out, item)
	}
	return ok(obj{
		"objects": out, "numResults": len(out), "metadata": obj{"uniqueProtectionGroupIdentifiers": names},
	})
}

func first(found iter.Seq[snapshot]) (snapshot, bool) {
	for x := range found {
		return x, true
	}
	return snapshot{}, false
}

func (s *Sim) latestJSON(x snapshot) obj {
	out := obj{
		"protectionGroupId": x.run.g.id, "protectionGroupName": s.groupName(x.run.g),
		"runInstanceId": x.run.instance, "protectionRunId": x.run.id(), "runType": x.run.runType,
		"protectionRunStartTimeUsecs": x.run.start, "protectionRunEndTimeUsecs": when(x.run.end),
		"indexingStatus": "NoIndex", "localSnapshotInfo": nil, "archivalSnapshotsInfo": nil,
	}
	if indexed(s.kindOf(x.run.g)) {
		out["indexingStatus"] = "Done"
	}
	size := s.logicalSize(x.object.entity)
	if x.run.local {
		out["localSnapshotInfo"] = obj{"snapshotId": x.object.snapshotID, "logicalSizeBytes": size}
		return out
	}
	target := archivalTarget()
	target["snapshotId"], target["logicalSizeBytes"] = x.object.snapshotID, size
	out["archivalSnapshotsInfo"] = []any{target}
	return out
}

// filesOf are the indexed paths of an object.
func filesOf(e entity) []string {
	out := make([]string, 0, indexedFiles)
	for i := range indexedFiles - 2 {
		out = append(out, fmt.Sprintf("/data/reports/2025-q%d %d.csv", i, e.id))
	}
	return append(out, "/data/orders/2025.db", "/data/reports/")
}

// searchIndexedObjects finds files; its count is the number of all matches (IBM
// NOTES section 6).
func (s *Sim) searchIndexedObjects(c *call) (reply, error) {
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	if text(body, "objectType") != "Files" {
		return reply{}, invalid("objectType in body should be Files for this tenant")
	}
	filter := member(body, "fileParams")
	count, given := integer(body, "count")
	if !given {
		count = defaultSearchPage
	}
	if count < 1 {
		return reply{}, invalid("count in body should be greater than or equal to 1")
	}
	search := fmt.Sprint(body["protectionGroupIds"], filter)
	start, err := openCookie(search, text(body, "paginationCookie"))
	if err != nil {
		return reply{}, err
	}
	found := s.findFiles(texts(body, "protectionGroupIds"), filter)
	items, next := page(s, found, search, start, count)
	out := obj{"objectType": "Files", "count": len(found), "files": items, "paginationCookie": nil}
	if next != "" {
		out["paginationCookie"] = next
	}
	return reply{status: http.StatusOK, json: out}, nil
}

func (s *Sim) findFiles(groups []string, filter obj) []any {
	ids, sources, types := integers(filter, "objectIds"), integers(filter, "sourceIds"), texts(filter, "types")
	out := []any{}
	for _, g := range s.groups {
		if s.isGone(g, s.now()) || !indexed(s.kindOf(g)) || !among(groups, g.id) {
			continue
		}
		for _, id := range s.objectIDs(g) {
			e, _ := s.entity(id)
			if !among(ids, id) || !among(sources, e.host) {
				continue
			}
			for _, file := range filesOf(e) {
				kind := "File"
				if strings.HasSuffix(file, "/") {
					kind = "Directory"
				}
				if !among(types, kind) || !prefixMatch(text(filter, "searchString"), path.Base(file)) {
					continue
				}
				policy := s.policyIDOf(g)
				out = append(out, obj{
					"name": path.Base(file), "path": file, "type": kind, "protectionGroupId": g.id,
					"protectionGroupName": s.groupName(g), "policyId": policy,
					"policyName": text(s.policy(policy), "name"), "sourceInfo": s.summary(e, ""), "tags": nil,
				})
			}
		}
	}
	return out
}
