package cohesitysim

import (
	"net/http"
	"slices"
)

// maxDays bounds a retention (IBM NOTES section 9).
const maxDays = 365_000

// performActionOnProtectionGroupRun pauses, resumes or cancels. Pause and
// resume tell per-run failures inside the 202 (IBM NOTES section 11).
func (s *Sim) performActionOnProtectionGroupRun(c *call) (reply, error) {
	g, err := s.group(c)
	if err != nil {
		return reply{}, err
	}
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	action := text(body, "action")
	name := map[string]string{"Pause": "pauseParams", "Resume": "resumeParams", "Cancel": "cancelParams"}[action]
	items := list(body, name)
	if name == "" || len(items) == 0 {
		return reply{}, invalid("action in body needs its params")
	}
	// A refused cancel refuses the request as a whole: its answer has no place
	// for an error of one run.
	for _, item := range items {
		if action == "Cancel" {
			r, found := s.runByID(g, text(item, "runId"), c.now)
			if err := s.checkCancel(r, found, item); err != nil {
				return reply{}, err
			}
		}
	}
	results := make([]any, 0, len(items))
	for _, item := range items {
		id := text(item, "runId")
		result := obj{"runId": id}
		r, found := s.runByID(g, id, c.now)
		switch {
		case action == "Cancel":
			s.cancelRun(r, integers(item, "objectIds"), c.now)
		case !found:
			result["error"] = "Run not found."
		case action == "Pause" && (!r.open() || r.status == "Paused" || r.status == "Canceling"):
			result["error"] = "Run is not running."
		case action == "Pause":
			s.editOf(r).pausedAt = c.now
		case r.edit.pausedAt == 0:
			result["error"] = "Run is not paused."
		default:
			e := s.editOf(r)
			e.idle, e.pausedAt = e.idle+c.now-e.pausedAt, 0
		}
		results = append(results, result)
	}
	return reply{status: http.StatusAccepted, json: obj{"action": action, name: results}}, nil
}

// checkCancel takes only the task id of the run's form: archival for direct
// archive runs (IBM NOTES section 11).
func (s *Sim) checkCancel(r run, found bool, item obj) error {
	task := text(item, "localTaskId")
	named := task != "" && found && r.local && task == s.localTaskID(r)
	for _, id := range texts(item, "archivalTaskId") {
		task = id
		named = named || (found && !r.local && id == s.archivalTaskID(r))
	}
	if task == "" {
		return invalid("cancelParams needs a task id")
	}
	if !named || !r.open() || r.status == "Canceling" {
		return invalid("Task %s not found or not running", task)
	}
	for _, id := range integers(item, "objectIds") {
		if !slices.Contains(r.objectIDs, id) {
			return invalid("object %d is not part of the run", id)
		}
	}
	return nil
}

// cancelRun cancels a run, or the objects named. What a run without some of its
// objects ends as is inferred: as if they had not been part of it.
func (s *Sim) cancelRun(r run, objects []int64, now int64) {
	e := s.editOf(r)
	e.without = append(e.without, objects...)
	if len(objects) == 0 || !slices.ContainsFunc(r.objectIDs, func(id int64) bool { return !slices.Contains(e.without, id) }) {
		e.canceledAt = now
	}
}

// updateProtectionGroupRun answers 207 with the runs that took the change and
// those that did not.
func (s *Sim) updateProtectionGroupRun(c *call) (reply, error) {
	g, err := s.group(c)
	if err != nil {
		return reply{}, err
	}
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	items := list(body, "updateProtectionGroupRunParams")
	if len(items) == 0 {
		return reply{}, invalid("updateProtectionGroupRunParams in body is required")
	}
	succeeded, failed := []any{}, []any{}
	for _, item := range items {
		id := text(item, "runId")
		if reason := s.updateRun(g, id, item, c.now); reason != "" {
			failed = append(failed, obj{"runId": id, "errorMessage": reason})
			continue
		}
		succeeded = append(succeeded, id)
	}
	return reply{status: http.StatusMultiStatus, json: obj{"successfulRunIds": succeeded, "failedRuns": failed}}, nil
}

func (s *Sim) updateRun(g *group, id string, item obj, now int64) string {
	r, found := s.runByID(g, id, now)
	if !found {
		return "Run not found."
	}
	if r.open() {
		return "Run is still active."
	}
	change := member(item, "localSnapshotConfig")
	if !r.local {
		changes := list(member(item, "archivalSnapshotConfig"), "updateExistingSnapshotConfig")
		i := slices.IndexFunc(changes, func(o obj) bool { n, _ := integer(o, "id"); return n == vaultID })
		if i < 0 {
			return "Run has no such copy."
		}
		change = changes[i]
	}
	if change == nil {
		return "Run has no such copy."
	}
	return s.applyChange(r, change, now)
}

// applyChange: deleteSnapshot makes all else be ignored, daysToKeep is a signed
// delta, below now deletes at once (IBM NOTES section 11).
func (s *Sim) applyChange(r run, change obj, now int64) string {
	if r.edit.deleted || r.expired(now) {
		return "Run has no such copy."
	}
	days, _ := integer(change, "daysToKeep")
	days = min(max(days, -maxDays), maxDays)
	expired := r.expiry()+days*day <= now
	if truth(change, "deleteSnapshot") || (days < 0 && expired) {
		switch {
		case s.locked(r, now):
			return "Snapshot is under data lock."
		case r.held():
			return "Snapshot is on legal hold."
		}
		s.editOf(r).deleted = true
		return ""
	}
	if days < 0 && s.locked(r, now) {
		return "Snapshot is under data lock."
	}
	lock := text(change, "dataLock")
	if lock != "" && lock != "Compliance" && s.lockedAs(r, "Compliance", now) {
		return "Snapshot is under a compliance lock." // which cannot be weakened (inferred)
	}
	e := s.editOf(r)
	e.extraDays += days
	if hold, given := change["enableLegalHold"].(bool); given {
		e.hold = &hold
	}
	if lock != "" {
		e.lock = lock
	}
	return ""
}
