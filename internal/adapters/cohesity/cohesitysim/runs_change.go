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
	results := make([]any, 0, len(items))
	for _, item := range items {
		id := text(item, "runId")
		result := obj{"runId": id}
		r, found := s.runByID(g, id, c.now)
		switch {
		case action == "Cancel":
			if err := s.cancelRun(r, found, item, c.now); err != nil {
				return reply{}, err
			}
		case !found:
			result["error"] = "Run not found."
		case action == "Pause" && (!r.open() || r.edit.paused):
			result["error"] = "Run is not running."
		case action == "Resume" && r.status != "Paused":
			result["error"] = "Run is not paused."
		default:
			s.editOf(r).paused = action == "Pause"
		}
		results = append(results, result)
	}
	return reply{status: http.StatusAccepted, json: obj{"action": action, name: results}}, nil
}

// cancelRun takes only the task id of the run's form: archival for direct
// archive runs (IBM NOTES section 11).
func (s *Sim) cancelRun(r run, found bool, item obj, now int64) error {
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
	s.editOf(r).canceledAt = now
	return nil
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
	days, _ := integer(change, "daysToKeep")
	days = min(max(days, -maxDays), maxDays)
	expired := r.expiry()+days*day <= now
	if truth(change, "deleteSnapshot") || (days < 0 && expired) {
		switch {
		case s.locked(r, now):
			return "Snapshot is under data lock."
		case r.edit.hold != nil && *r.edit.hold:
			return "Snapshot is on legal hold."
		}
		s.editOf(r).deleted = true
		return ""
	}
	if days < 0 && s.locked(r, now) {
		return "Snapshot is under data lock."
	}
	e := s.editOf(r)
	e.extraDays += days
	if hold, given := change["enableLegalHold"].(bool); given {
		e.hold = &hold
	}
	if lock := text(change, "dataLock"); lock != "" {
		e.lock = lock
	}
	return ""
}
