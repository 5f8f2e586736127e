package cohesitysim

import "fmt"

func (s *Sim) archivalTaskID(r run) string { return s.uid(r.instance*10 + 1) }
func (s *Sim) localTaskID(r run) string    { return s.uid(r.instance*10 + 2) }

func archivalTarget() obj {
	return obj{
		"targetId": vaultID, "targetName": "default-target", "targetType": "Cloud",
		"usageType": "Archival", "ownershipContext": "Local",
	}
}

// when is a moment, or no value for zero.
func when(usecs int64) any {
	if usecs == 0 {
		return nil
	}
	return usecs
}

// runJSON is a run in the form the vendor lists it: with a local block, or with
// archival results only (IBM NOTES section 8).
func (s *Sim) runJSON(r run, details bool) obj {
	out := obj{
		"id": r.id(), "protectionGroupInstanceId": r.instance, "protectionGroupId": r.g.id,
		"protectionGroupName": s.groupName(r.g), "isReplicationRun": false,
		"isCloudArchivalDirect": !r.local, "hasLocalSnapshot": r.local && !r.edit.deleted,
		"isLocalSnapshotsDeleted": r.edit.deleted, "environment": s.kindOf(r.g).environment,
		"originClusterIdentifier": obj{"clusterId": s.clusterID(), "clusterIncarnationId": incarnation},
		"onLegalHold":             r.held(),
		"localBackupInfo":         nil, "archivalInfo": nil, "objects": nil, "replicationInfo": nil, "cloudSpinInfo": nil,
		"permissions": nil,
	}
	objects := s.objectStates(r)
	if r.local {
		out["localBackupInfo"] = s.localSummary(r, objects)
	} else if details || !s.kit.Scenario.NullMembers || r.open() || r.draw%10 != 0 {
		// archivalInfo may be null on finished runs without details (IBM NOTES section 8).
		out["archivalInfo"] = obj{"archivalTargetResults": []any{s.archivalSummary(r, objects)}}
	}
	if details {
		out["objects"] = s.runObjectsJSON(r, s.runObjects(r))
	}
	return out
}

func counts(objects []runObject) (good, bad, canceled int) {
	for _, o := range objects {
		switch o.status {
		case "Succeeded", "SucceededWithWarning":
			good++
		case "Failed":
			bad++
		case "Canceled":
			canceled++
		}
	}
	return good, bad, canceled
}

func (s *Sim) localSummary(r run, objects []runObject) obj {
	out := obj{
		"runType": r.runType, "status": r.status, "isSlaViolated": false, "startTimeUsecs": r.start,
		"endTimeUsecs": when(r.end), "messages": nil, "localTaskId": s.localTaskID(r),
		"progressTaskId": progressTask(r), "dataLock": nil, "localSnapshotStats": nil,
	}
	if message := runMessage(r); message != "" {
		out["messages"] = []any{message}
	}
	if !r.open() {
		good, bad, canceled := counts(objects)
		out["successfulObjectsCount"], out["failedObjectsCount"], out["cancelledObjectsCount"] = good, bad, canceled
		var size int64
		for _, o := range objects {
			size += s.logicalSize(o.entity)
		}
		out["localSnapshotStats"] = obj{"logicalSizeBytes": size, "bytesRead": size / 50, "bytesWritten": size / 200}
	}
	return out
}

func (s *Sim) archivalSummary(r run, objects []runObject) obj {
	out := s.archivalCommon(r, r.status)
	out["progressTaskId"] = progressTask(r)
	if !r.open() {
		good, bad, canceled := counts(objects)
		out["successfulObjectsCount"], out["failedObjectsCount"], out["cancelledObjectsCount"] = good, bad, canceled
		if good > 0 {
			out["expiryTimeUsecs"] = r.expiry()
		}
	}
	if message := runMessage(r); message != "" {
		out["message"] = message
	}
	return out
}

func (s *Sim) archivalCommon(r run, status string) obj {
	out := archivalTarget()
	out["archivalTaskId"] = s.archivalTaskID(r)
	out["runType"] = r.runType
	out["isCadArchive"] = true
	out["isIncremental"] = r.runType != "kFull"
	out["startTimeUsecs"] = r.start
	out["endTimeUsecs"] = when(r.end)
	out["status"] = status
	out["message"], out["snapshotId"], out["expiryTimeUsecs"] = nil, nil, nil
	return out
}

func progressTask(r run) string { return fmt.Sprintf("backup_%d_1", r.instance) }

func runMessage(r run) string {
	switch r.status {
	case "Failed":
		return "Source is not reachable."
	case "SucceededWithWarning":
		return "1 file was skipped"
	}
	return ""
}

func (s *Sim) runObjectsJSON(r run, objects []runObject) []any {
	protection := s.kindOf(r.g).protection
	out := make([]any, len(objects))
	for i, o := range objects {
		item := obj{
			"object":            s.summary(o.entity, protection),
			"localSnapshotInfo": nil, "archivalInfo": nil, "replicationInfo": nil,
			"onLegalHold": r.held(),
		}
		if r.local {
			item["localSnapshotInfo"] = obj{"snapshotInfo": s.localObject(r, o), "failedAttempts": nil}
		} else {
			item["archivalInfo"] = obj{"archivalTargetResults": []any{s.archivalObject(r, o)}}
		}
		out[i] = item
	}
	return out
}

// objectStatus has words of its own below a local run (IBM NOTES section 11).
var objectStatus = map[string]string{
	"Succeeded": "kSuccessful", "SucceededWithWarning": "kWarning", "Failed": "kFailed",
	"Accepted": "kWaitingForOlderBackupRun", "Paused": "kCurrentAttemptPaused",
	"Running": "kInProgress", "Canceling": "kInProgress", "Canceled": "kFailed", "Skipped": "kFailed",
}

func (s *Sim) localObject(r run, o runObject) obj {
	status, known := objectStatus[o.status]
	if !known {
		status = "k" + o.status
	}
	out := obj{
		"status": status, "statusMessage": nil, "startTimeUsecs": r.start, "endTimeUsecs": when(r.end),
		"snapshotId": nil, "expiryTimeUsecs": nil, "warnings": nil, "stats": nil,
	}
	switch o.status {
	case "Canceled", "Skipped":
		out["statusMessage"] = o.status
	case "SucceededWithWarning":
		out["warnings"] = []any{"1 file was skipped"}
	}
	if o.snapshotID != "" {
		size := s.logicalSize(o.entity)
		out["snapshotId"], out["expiryTimeUsecs"] = o.snapshotID, r.expiry()
		out["snapshotCreationTimeUsecs"] = snapshotTime(r)
		out["totalFileCount"], out["backupFileCount"] = size>>20, size>>25
		out["stats"] = obj{"logicalSizeBytes": size, "bytesRead": size / 50, "bytesWritten": size / 200}
	}
	s.addRetention(out, r, o)
	return out
}

func (s *Sim) archivalObject(r run, o runObject) obj {
	out := s.archivalCommon(r, o.status)
	out["progressTaskId"] = fmt.Sprintf("backup_%d_%d", r.instance, o.entity.id)
	if o.snapshotID != "" {
		size := s.logicalSize(o.entity)
		out["snapshotId"], out["expiryTimeUsecs"] = o.snapshotID, r.expiry()
		out["stats"] = obj{
			"logicalSizeBytes": size, "bytesRead": size / 50, "logicalBytesTransferred": size / 50,
			"physicalBytesTransferred": size / 200, "totalFileCount": size >> 20, "backupFileCount": size >> 25,
		}
	}
	s.addRetention(out, r, o)
	return out
}

func (s *Sim) addRetention(out obj, r run, o runObject) {
	if o.snapshotID == "" && !r.edit.deleted {
		return
	}
	out["isManuallyDeleted"] = r.edit.deleted
	if mode, until := s.lock(r, s.now()); mode != "" {
		out["dataLockConstraints"] = obj{"mode": mode, "expiryTimeUsecs": until}
	}
}

// snapshotTime is when the snapshot itself was made: a moment after the run began.
func snapshotTime(r run) int64 { return r.start + snapshotLag }

const snapshotLag = 1_200_000
