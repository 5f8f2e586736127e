package cohesitysim

import (
	"iter"
	"slices"
	"strconv"
)

// actionsOf are the recoveries a snapshot can serve.
func actionsOf(k kind) []string {
	switch {
	case k.environment == "kSQL":
		return []string{"RecoverApps"}
	case k.protection == "kVolume":
		return []string{"RecoverPhysicalVolumes", "InstantVolumeMount", "RecoverFiles", "DownloadFilesAndFolders", "RecoverSystem"}
	default:
		return []string{"RecoverFiles", "DownloadFilesAndFolders", "InstantVolumeMount", "RecoverPhysicalVolumes"}
	}
}

func indexed(k kind) bool { return k.protection == "kFile" && k.environment == "kPhysical" }

// snapshotJSON is one restorable point of an object.
func (s *Sim) snapshotJSON(x snapshot) obj {
	k := s.kindOf(x.run.g)
	out := obj{
		"id": x.object.snapshotID, "objectId": x.object.entity.id, "objectName": x.object.entity.name,
		"sourceId": x.object.entity.host, "environment": snapshotEnvironment(k),
		"clusterId": s.clusterID(), "clusterIncarnationId": incarnation, "regionId": regionID,
		"protectionGroupId": x.run.g.id, "protectionGroupName": s.groupName(x.run.g),
		"protectionGroupRunId": x.run.id(), "runInstanceId": x.run.instance, "runStartTimeUsecs": x.run.start,
		"runType": x.run.runType, "snapshotTargetType": "Archival", "externalTargetInfo": archivalTarget(),
		"snapshotTimestampUsecs": snapshotTime(x.run), "expiryTimeUsecs": x.run.expiry(),
		"indexingStatus": "NoIndex", "hasDataLock": s.locked(x.run, s.now()),
		"onLegalHold": x.run.held(), "physicalParams": nil,
	}
	if x.run.local {
		out["snapshotTargetType"], out["externalTargetInfo"] = "Local", nil
	}
	if indexed(k) {
		out["indexingStatus"] = "Done"
	}
	if k.environment == "kPhysical" {
		out["physicalParams"] = obj{"protectionType": k.protection, "enableSystemBackup": false}
	}
	return out
}

// snapshotEnvironment lags behind the word of the group for file backups (IBM
// NOTES section 15).
func snapshotEnvironment(k kind) string {
	if indexed(k) {
		return "kPhysicalFiles"
	}
	return k.environment
}

// snapshotsOf yields what can be restored of an object, newest first within a group.
func (s *Sim) snapshotsOf(id, now int64, groups []*group, pass func(run) bool) iter.Seq[snapshot] {
	return func(yield func(snapshot) bool) {
		for _, g := range groups {
			for k := g.total() - 1; k >= 0; k-- {
				r := s.run(g, k, now)
				if r.expired(now) || r.visible > now || !pass(r) {
					continue
				}
				if o, found := s.objectOf(r, id); found && o.snapshotID != "" && !yield(snapshot{r, o}) {
					return
				}
			}
		}
	}
}

func (s *Sim) getObjectSnapshots(c *call) (reply, error) {
	id, err := strconv.ParseInt(c.path("id"), 10, 64)
	if err != nil {
		return reply{}, invalid("id in path must be of type int64: %q", c.path("id"))
	}
	from, to := c.integer("fromTimeUsecs", 0), c.integer("toTimeUsecs", never)
	runFrom, runTo := c.integer("runStartFromTimeUsecs", 0), c.integer("runStartToTimeUsecs", never)
	actions, types := c.list("snapshotActions"), c.enum("runTypes", runTypes)
	groups, instances := c.list("protectionGroupIds"), c.ints("runInstanceIds")
	regions := c.list("regionIds")
	if _, found := s.entity(id); !found {
		return reply{}, notFound()
	}
	found := s.snapshotsOf(id, c.now, s.groupsOf(id), func(r run) bool {
		at := snapshotTime(r)
		return at >= from && at <= to && r.start >= runFrom && r.start <= runTo && among(types, r.runType) &&
			among(groups, r.g.id) && among(instances, r.instance) && among(regions, regionID) &&
			(len(actions) == 0 || slices.ContainsFunc(actions, func(a string) bool {
				return slices.Contains(actionsOf(s.kindOf(r.g)), a)
			}))
	})
	out := []any{}
	for x := range found {
		out = append(out, s.snapshotJSON(x))
	}
	return ok(obj{"snapshots": out})
}
