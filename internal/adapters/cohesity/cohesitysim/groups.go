package cohesitysim

import (
	"net/http"
	"slices"
	"strconv"
)

var groupEnvironments = []string{"kKubernetes", "kPhysical", "kSQL"}

// groupJSON is a group as listed; lastRun comes only when asked for.
func (s *Sim) groupJSON(g *group, withLast, pruned bool, c *call) obj {
	out := s.groupBody(g, pruned)
	out["id"], out["clusterId"], out["regionId"] = g.id, strconv.FormatInt(s.clusterID(), 10), regionID
	out["lastModifiedTimestampUsecs"] = s.born.UnixMicro() - 30*day
	if g.edited != 0 {
		out["lastModifiedTimestampUsecs"] = g.edited
	}
	out["isActive"], out["isDeleted"], out["isPaused"] = s.isActive(g), s.isDeleted(g), s.isPaused(g)
	out["isProtectOnce"], out["abortInBlackouts"], out["pauseInBlackouts"] = false, false, false
	out["numProtectedObjects"] = len(s.objectIDs(g))
	out["permissions"] = []any{obj{"id": s.options.TenantID, "name": "test-account"}}
	out["endTimeUsecs"], out["missingEntities"], out["invalidEntities"], out["lastRun"] = nil, nil, nil, nil
	if withLast {
		if r, found := s.lastRun(g, c); found {
			out["lastRun"] = s.runJSON(r, false)
		}
	}
	return out
}

// groupBody is the part of a group that a client writes.
func (s *Sim) groupBody(g *group, pruned bool) obj {
	if g.body != nil {
		return clone(g.body).(obj)
	}
	k := s.kindOf(g)
	out := obj{
		"name": s.groupName(g), "policyId": s.policyIDOf(g), "environment": k.environment,
		"priority": "kMedium", "description": nil, "qosPolicy": "kBackupHDD",
		"startTime": obj{"hour": 1, "minute": 0, "timeZone": "Europe/Berlin"},
		"sla":       []any{obj{"backupRunType": "kIncremental", "slaMinutes": 60}},
	}
	objects := []any{}
	for _, id := range s.objectIDs(g) {
		e, _ := s.entity(id)
		item := obj{"id": id, "name": e.name}
		switch {
		case pruned:
			continue
		case k.environment == "kSQL":
			item["sourceType"] = "kDatabase"
		case k.protection == "kFile":
			item["filePaths"] = []any{obj{"includedPath": "/data/", "skipNestedVolumes": true}}
		}
		objects = append(objects, item)
	}
	block := obj{"objects": objects}
	params, name := "physicalParams", "volumeProtectionTypeParams"
	switch {
	case k.environment == "kSQL":
		params, name = "mssqlParams", "nativeProtectionTypeParams"
	case k.protection == "kFile":
		name = "fileProtectionTypeParams"
		block["indexingPolicy"] = obj{"enableIndexing": true, "includePaths": []any{"/"}}
	}
	out[params] = obj{"protectionType": k.protection, name: block}
	return out
}

func (s *Sim) lastRun(g *group, c *call) (run, bool) {
	for k := g.total() - 1; k >= 0; k-- {
		if r := s.run(g, k, c.now); r.visible <= c.now {
			return r, true
		}
	}
	return run{}, false
}

func (s *Sim) getProtectionGroups(c *call) (reply, error) {
	ids, names, policies := c.list("ids"), c.list("names"), c.list("policyIds")
	environments, sources := c.enum("environments", groupEnvironments), c.ints("sourceIds")
	active, deleted, paused := c.flag("isActive"), c.isTrue("isDeleted"), c.flag("isPaused")
	local, archival := c.enum("lastRunLocalBackupStatus", runStatuses), c.enum("lastRunArchivalStatus", runStatuses)
	status := c.enum("lastRunAnyStatus", runStatuses)
	elsewhere := c.enum("lastRunReplicationStatus", runStatuses) != nil || c.enum("lastRunCloudSpinStatus", runStatuses) != nil
	violated, locked := c.isTrue("isLastRunSlaViolated"), c.isTrue("includeGroupsWithDatalockOnly")
	out := []any{}
	for _, g := range s.groups {
		switch {
		case g.removed, s.isDeleted(g) != deleted, !among(ids, g.id), !among(names, s.groupName(g)),
			!among(policies, s.policyIDOf(g)), !among(environments, s.kindOf(g).environment),
			active != nil && *active != s.isActive(g), paused != nil && *paused != s.isPaused(g),
			elsewhere, violated, locked && s.policyIDOf(g) != s.uid(lockedPolicy):
			continue
		case len(sources) > 0 && !slices.ContainsFunc(sources, func(id int64) bool { return s.covers(g, id) }):
			continue
		}
		if len(local)+len(archival)+len(status) > 0 {
			r, found := s.lastRun(g, c)
			if !found || !among(status, r.status) || (len(local) > 0 && (!r.local || !among(local, r.status))) ||
				(len(archival) > 0 && (r.local || !among(archival, r.status))) {
				continue
			}
		}
		out = append(out, s.groupJSON(g, c.isTrue("includeLastRunInfo"), c.isTrue("pruneSourceIds"), c))
	}
	return ok(obj{"protectionGroups": out})
}

// covers says whether a group protects an object, or a child of it.
func (s *Sim) covers(g *group, id int64) bool {
	return slices.ContainsFunc(s.objectIDs(g), func(object int64) bool {
		e, _ := s.entity(object)
		return object == id || e.host == id
	})
}

func (s *Sim) getProtectionGroupByID(c *call) (reply, error) {
	g, err := s.group(c)
	if err != nil {
		return reply{}, err
	}
	return ok(s.groupJSON(g, c.isTrue("includeLastRunInfo"), c.isTrue("pruneSourceIds"), c))
}

func (s *Sim) createProtectionGroup(c *call) (reply, error) {
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	objects, err := s.checkGroup(body, "")
	if err != nil {
		return reply{}, err
	}
	s.lastID++
	g := &group{index: len(s.groups), id: s.uid(s.lastID), body: body, objects: objects, edited: c.now}
	s.groups = append(s.groups, g)
	s.groupByID[g.id] = g
	// The first run may start by itself (IBM NOTES section 8).
	s.addRun(g, "kFull", nil)
	return reply{status: http.StatusCreated, json: s.groupJSON(g, false, false, c)}, nil
}

// checkGroup refuses what the vendor refuses and returns the objects named.
func (s *Sim) checkGroup(body obj, ownID string) ([]int64, error) {
	name, environment := text(body, "name"), text(body, "environment")
	if name == "" || text(body, "policyId") == "" || !slices.Contains(groupEnvironments, environment) {
		return nil, invalid("name, policyId and environment in body are required")
	}
	block := map[string]string{"kPhysical": "physicalParams", "kSQL": "mssqlParams", "kKubernetes": "kubernetesParams"}[environment]
	if member(body, block) == nil {
		return nil, invalid("Parameters '%s' must be specified for environment %s", block, environment)
	}
	if s.policy(text(body, "policyId")) == nil {
		return nil, notFound()
	}
	for _, other := range s.groups {
		if other.id != ownID && !other.removed && !s.isDeleted(other) && s.groupName(other) == name {
			return nil, duplicate("Protection Group with name %s already exists in organization", name)
		}
	}
	holder := member(body, block)
	if environment != "kKubernetes" {
		holder = member(holder, typeBlock(kindOfBody(body)))
	}
	objects := []int64{}
	for _, item := range list(holder, "objects") {
		id, _ := integer(item, "id")
		if _, found := s.entity(id); !found {
			return nil, invalid("object %d does not exist", id)
		}
		objects = append(objects, id)
	}
	if len(objects) == 0 && environment != "kKubernetes" {
		return nil, invalid("a protection group needs objects")
	}
	return objects, nil
}

func typeBlock(k kind) string {
	return map[string]string{
		"kFile": "fileProtectionTypeParams", "kVolume": "volumeProtectionTypeParams", "kNative": "nativeProtectionTypeParams",
	}[k.protection]
}

func kindOfBody(body obj) kind {
	environment := text(body, "environment")
	params := member(body, "physicalParams")
	if environment == "kSQL" {
		params = member(body, "mssqlParams")
	}
	protection := text(params, "protectionType")
	if protection == "" {
		protection = "kFile"
	}
	return kind{environment, protection}
}

// updateProtectionGroup replaces a group; a stale timestamp is refused, with a
// status that is inferred (IBM NOTES sections 9 and 10).
func (s *Sim) updateProtectionGroup(c *call) (reply, error) {
	g, err := s.group(c)
	if err != nil {
		return reply{}, err
	}
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	current := s.groupJSON(g, false, false, c)["lastModifiedTimestampUsecs"]
	if read, given := integer(body, "lastModifiedTimestampUsecs"); given && read != current {
		return reply{}, refused("Protection Group was modified since it was read.")
	}
	objects, err := s.checkGroup(body, g.id)
	if err != nil {
		return reply{}, err
	}
	g.paused = truth(body, "isPaused")
	for _, name := range []string{"id", "isPaused", "lastModifiedTimestampUsecs", "lastRun"} {
		delete(body, name)
	}
	if g.runs == 0 || !slices.Equal(objects, s.objectIDs(g)) {
		g.objects = objects
	}
	g.body, g.edited = body, c.now
	return ok(s.groupJSON(g, false, false, c))
}

// deleteProtectionGroup keeps the group listed as deleted while its snapshots
// stay (IBM NOTES section 10).
func (s *Sim) deleteProtectionGroup(c *call) (reply, error) {
	g, err := s.group(c)
	if err != nil {
		return reply{}, err
	}
	if c.isTrue("deleteSnapshots") {
		g.removed = true
		return noContent()
	}
	if s.isDeleted(g) {
		return reply{}, notFound()
	}
	g.deleted = true
	return noContent()
}
