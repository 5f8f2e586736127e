package cohesitysim

import (
	"fmt"

	"switchback/internal/adapters/simkit"
)

const (
	archiveOffered = 3 * day // how long a prepared archive can be fetched (inferred from a sample)
	archiveAction  = "DownloadFilesAndFolders"
)

// recovery is a restore or a prepared download. What it has reached is computed
// from the clock.
type recovery struct {
	id          string
	number      int64
	body        obj
	environment string
	action      string
	snapshots   []snapshot
	start       int64
	span        int64
	fails       bool
	canceledAt  int64
	tornAt      int64 // tear-down of a mount goes on from here
	tornFails   bool
	parent      string
	child       string
	content     simkit.Content
}

// end is when the recovery is over, and the status it then has.
func (r *recovery) end() (int64, string) {
	end, status := r.start+r.span, "Succeeded"
	if r.fails {
		status = "Failed"
	}
	if r.canceledAt != 0 && r.canceledAt < end {
		return r.canceledAt + r.span/4, "Canceled"
	}
	return end, status
}

func (s *Sim) recoveryStatus(r *recovery, now int64) string {
	end, final := r.end()
	switch {
	case now >= end:
		return final
	case r.canceledAt != 0:
		return "Canceling"
	case now < r.start+r.span/8:
		return "Accepted"
	default:
		return "Running"
	}
}

// percent is the progress of a recovery.
func (r *recovery) percent(now int64) int64 {
	if end, _ := r.end(); now >= end {
		return 100
	}
	return min(99, (now-r.start)*100/max(1, r.span))
}

// addRecovery starts a recovery now.
func (s *Sim) addRecovery(body obj, environment, action string, snapshots []snapshot) *recovery {
	number := int64(7101 + len(s.recoveries))
	r := &recovery{
		id: s.uid(number), number: number, body: body, environment: environment, action: action,
		snapshots: snapshots, start: s.now(), span: s.taskTime(),
	}
	r.fails = s.kit.Rand("recovery/"+r.id).Float64() < s.kit.Scenario.FailTasks
	s.recoveries = append(s.recoveries, r)
	s.recoveryByID[r.id] = r
	return r
}

// recoveryJSON is a recovery as of now: the request with what the server adds.
func (s *Sim) recoveryJSON(r *recovery, now int64) obj {
	status := s.recoveryStatus(r, now)
	end, _ := r.end()
	out := obj{
		"id": r.id, "name": r.body["name"], "startTimeUsecs": r.start, "endTimeUsecs": nil, "status": status,
		"progressTaskId": r.task(), "snapshotEnvironment": r.environment, "recoveryAction": r.action,
		"permissions":  []any{obj{"id": s.options.TenantID, "name": "test-account"}},
		"creationInfo": obj{"userName": "test-service-id"}, "canTearDown": r.canTearDown(now),
		"isParentRecovery": r.child != "", "parentRecoveryId": nil, "isMultiStageRestore": false, "messages": nil,
		"physicalParams": nil, "mssqlParams": nil, "tearDownStatus": nil, "retrieveArchiveTasks": nil,
	}
	if r.parent != "" {
		out["parentRecoveryId"] = r.parent
	}
	if status := r.tearDownStatus(now); status != "" {
		out["tearDownStatus"] = status
	}
	if now >= end {
		out["endTimeUsecs"] = end // only when finished (IBM NOTES section 12)
	}
	if status == "Failed" {
		out["messages"] = []any{"Destination is in use."}
	}
	switch {
	case r.parent != "":
	case r.action == archiveAction:
		out["physicalParams"] = s.downloadBlock(r, now)
	case r.environment == "kSQL":
		block := clone(member(r.body, "mssqlParams")).(obj)
		for i, item := range list(block, "recoverAppParams") {
			s.addObjectState(item, r, i, now)
			host, _ := s.entity(r.snapshots[i].object.entity.host)
			item["hostInfo"] = obj{"id": fmt.Sprint(host.id), "name": host.name, "environment": "kPhysical"}
			s.addTargetName(member(member(item, "sqlTargetParams"), "newSourceConfig"), "host")
		}
		out["mssqlParams"] = block
	default:
		out["physicalParams"] = s.physicalBlock(r, now)
	}
	return out
}

func (r *recovery) task() string { return fmt.Sprintf("restore_%d_1", r.number) }

// addObjectState adds the output-only members of one recovered object.
func (s *Sim) addObjectState(item obj, r *recovery, i int, now int64) {
	x := r.snapshots[i]
	end, _ := r.end()
	status := s.recoveryStatus(r, now)
	item["protectionGroupId"], item["protectionGroupName"] = x.run.g.id, s.groupName(x.run.g)
	item["snapshotCreationTimeUsecs"] = snapshotTime(x.run)
	item["snapshotTargetType"], item["archivalTargetInfo"] = "Archival", archivalTarget()
	if x.run.local {
		item["snapshotTargetType"], item["archivalTargetInfo"] = "Local", nil
	}
	item["objectInfo"] = s.summary(x.object.entity, "")
	item["status"], item["startTimeUsecs"], item["endTimeUsecs"] = status, nil, nil
	if status != "Accepted" {
		item["startTimeUsecs"] = r.start
	}
	if now >= end {
		item["endTimeUsecs"] = end
		item["bytesRestored"] = int64(0)
		if status == "Succeeded" {
			item["bytesRestored"] = s.logicalSize(x.object.entity)
		}
	}
	if status == "Failed" {
		item["messages"] = []any{"Destination is in use."}
	}
}

func (s *Sim) physicalBlock(r *recovery, now int64) obj {
	block := clone(member(r.body, "physicalParams")).(obj)
	for i, item := range list(block, "objects") {
		s.addObjectState(item, r, i, now)
	}
	s.addTargetName(member(member(block, "recoverVolumeParams"), "physicalTargetParams"), "mountTarget")
	files := member(block, "recoverFileAndFolderParams")
	s.addTargetName(member(files, "physicalTargetParams"), "recoverTarget")
	s.addFileStates(files, r, now)
	mount := member(member(block, "mountVolumeParams"), "physicalTargetParams")
	for _, name := range []string{"newTargetConfig", "originalTargetConfig"} {
		delete(member(mount, name), "serverCredentials") // never sent back
	}
	return block
}

func (s *Sim) addTargetName(params obj, name string) {
	target := member(params, name)
	if id, found := integer(target, "id"); found {
		e, _ := s.entity(id)
		target["name"] = e.name
	}
}

func (s *Sim) addFileStates(params obj, r *recovery, now int64) {
	for i, file := range list(params, "filesAndFolders") {
		switch status := s.recoveryStatus(r, now); {
		case status == "Succeeded", status == "Running" && i == 0 && r.percent(now) > 50:
			file["status"] = "Finished"
		case status == "Running":
			file["status"] = "CopyInProgress"
		default:
			file["status"] = "NotStarted"
		}
	}
}

// downloadBlock is the physical block of a prepared download; the action in it
// is inferred by the vendor's samples.
func (s *Sim) downloadBlock(r *recovery, now int64) obj {
	item := clone(member(r.body, "object")).(obj)
	s.addObjectState(item, r, 0, now)
	params := obj{"filesAndFolders": clone(r.body["filesAndFolders"]), "expiryTimeUsecs": nil, "downloadFilePath": nil}
	s.addFileStates(params, r, now)
	if s.recoveryStatus(r, now) == "Succeeded" {
		end, _ := r.end()
		params["expiryTimeUsecs"] = end + archiveOffered
		params["downloadFilePath"] = fmt.Sprintf("Download-Files_%d.zip", r.number)
	}
	return obj{"objects": []any{item}, "recoveryAction": "RecoverFiles", "downloadFileAndFolderParams": params}
}
