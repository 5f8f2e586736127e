package cohesitysim

import (
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
	out["isProtectOnce"] = false
	out["abortInBlackouts"], out["pauseInBlackouts"] = truth(g.body, "abortInBlackouts"), truth(g.body, "pauseInBlackouts")
	out["numProtectedObjects"] = len(s.objectIDs(g))
	out["permissions"] = []any{obj{"id": s.options.TenantID, "name": "test-account"}}
	out["missingEntities"], out["invalidEntities"], out["lastRun"] = nil, nil, nil
	if _, given := out["endTimeUsecs"]; !given {
		out["endTimeUsecs"] = nil
	}
	if withLast {
		if r, found := s.lastRun(g, c.now); found {
			out["lastRun"] = s.runJSON(r, false)
		}
	}
	return out
}

// groupBody is the part of a group that a client writes.
func (s *Sim) groupBody(g *group, pruned bool) obj {
	if g.body != nil {
		return s.writtenBody(g, pruned)
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

func (s *Sim) lastRun(g *group, now int64) (run, bool) {
	for k := g.total() - 1; k >= 0; k-- {
		if r := s.run(g, k, now); r.visible <= now {
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
		case s.isDeleted(g) != deleted, !among(ids, g.id), !among(names, s.groupName(g)),
			!among(policies, s.policyIDOf(g)), !among(environments, s.kindOf(g).environment), s.isGone(g, c.now),
			active != nil && *active != s.isActive(g), paused != nil && *paused != s.isPaused(g),
			elsewhere, violated, locked && s.policyIDOf(g) != s.uid(lockedPolicy):
			continue
		case len(sources) > 0 && !slices.ContainsFunc(sources, func(id int64) bool { return s.covers(g, id) }):
			continue
		}
		if len(local)+len(archival)+len(status) > 0 {
			r, found := s.lastRun(g, c.now)
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

// writtenBody is a body as a client wrote it, with the names of its objects.
func (s *Sim) writtenBody(g *group, pruned bool) obj {
	out := clone(g.body).(obj)
	holder := objectHolder(out)
	if pruned && holder != nil {
		holder["objects"] = []any{}
	}
	for _, item := range list(holder, "objects") {
		id, _ := integer(item, "id")
		e, _ := s.entity(id)
		item["name"] = e.name
	}
	return out
}
