package cohesitysim

import (
	"fmt"
	"strconv"
	"strings"
)

// getProgressMonitors tells how far recoveries and runs are, by task path. It
// hangs off the host root (IBM NOTES section 1); the numbers are seconds.
func (s *Sim) getProgressMonitors(c *call) (reply, error) {
	finished := c.isTrue("includeFinishedTasks")
	limit := c.integer("maxTasks", 1000)
	from, to := c.integer("startTimeSecs", 0), c.integer("endTimeSecs", never)
	groups := []any{}
	for _, path := range c.list("taskPathVec") {
		tasks := []any{}
		progress, done, found := s.progressOf(path, c.now)
		started, _ := integer(progress, "startTimeSecs")
		if found && (finished || !done) && limit > 0 && started >= from && started <= to {
			limit--
			tasks = append(tasks, obj{"taskPath": path, "progress": progress, "subTaskVec": nil})
		}
		groups = append(groups, obj{"taskVec": tasks})
	}
	return ok(obj{"resultGroupVec": groups, "error": nil})
}

func (s *Sim) progressOf(path string, now int64) (progress obj, done, found bool) {
	for _, r := range s.recoveries {
		if r.task() != path {
			continue
		}
		percent := r.percent(now)
		end, _ := r.end()
		return progressJSON(percent, r.start, end, now), percent == 100, true
	}
	var instance int64
	if n, _ := fmt.Sscanf(path, "backup_%d_", &instance); n == 1 {
		if g, known := s.groupOfInstance(instance); known {
			if r, known := s.runByInstance(g, instance, now); known && r.begun(now) {
				percent := runPercent(r, now)
				return progressJSON(percent, r.start, max(r.end, r.due), now), percent == 100, true
			}
		}
	}
	return nil, false, false
}

func progressJSON(percent, start, end, now int64) obj {
	out := obj{
		"percentFinished": percent, "startTimeSecs": start / second, "lastUpdateTimeSecs": now / second,
		"expectedTimeRemainingSecs": max(0, (end-now)/second), "endTimeSecs": nil,
	}
	if percent == 100 {
		out["endTimeSecs"] = end / second
	}
	return out
}

func runPercent(r run, now int64) int64 {
	if !r.open() {
		return 100
	}
	if r.edit.pausedAt != 0 {
		now = r.edit.pausedAt
	}
	return max(0, min(99, (now-r.edit.idle-r.start)*100/max(1, r.due-r.edit.idle-r.start)))
}

// getProtectionRunProgress is the progress tree of one run.
func (s *Sim) getProtectionRunProgress(c *call) (reply, error) {
	id := c.path("runId")
	if !runForm.MatchString(id) {
		return reply{}, invalid("runId in path should match '^\\d+:\\d+$'")
	}
	wanted, limit := c.ints("objects"), c.integer("maxTasksNum", never)
	from, to := c.integer("startTimeUsecs", 0), c.integer("endTimeUsecs", never)
	head, _, _ := strings.Cut(id, ":")
	instance, _ := strconv.ParseInt(head, 10, 64)
	g, found := s.groupOfInstance(instance)
	if !found || s.isGone(g, c.now) {
		return reply{}, notFound()
	}
	r, found := s.runByID(g, id, c.now)
	if !found {
		return reply{}, notFound()
	}
	out := obj{"localRun": nil, "archivalRun": nil, "replicationRun": nil}
	if (!r.open() && !c.isTrue("includeFinishedTasks")) || r.start < from || r.start > to {
		return ok(out)
	}
	progress := obj{
		"status": progressStatus(r), "percentageCompleted": float64(runPercent(r, c.now)), "startTimeUsecs": r.start,
		"endTimeUsecs": when(r.end), "objects": nil, "events": nil,
	}
	if !c.isTrue("excludeObjectDetails") {
		objects := []any{}
		for _, o := range s.runObjects(r) {
			if !among(wanted, o.entity.id) || int64(len(objects)) >= limit {
				continue
			}
			objects = append(objects, obj{
				"id": o.entity.id, "name": o.entity.name, "environment": o.entity.environment,
				"status": progressStatus(r), "percentageCompleted": float64(runPercent(r, c.now)), "startTimeUsecs": r.start,
			})
		}
		progress["objects"] = objects
	}
	if r.local {
		out["localRun"] = progress
		return ok(out)
	}
	progress["targetId"], progress["targetName"], progress["targetType"] = vaultID, "default-target", "Cloud"
	out["archivalRun"] = []any{progress}
	return ok(out)
}

func progressStatus(r run) string {
	switch {
	case r.open():
		return "Active"
	case strings.HasPrefix(r.status, "Succeeded"):
		return "Finished"
	case r.status == "Canceled":
		return "Canceled"
	default:
		return "FinishedWithError"
	}
}
