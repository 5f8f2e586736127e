package cohesitysim

import (
	"fmt"
	"slices"
	"strings"
)

// getProgressMonitors tells how far recoveries and runs are, by task path. It
// hangs off the host root (IBM NOTES section 1); the numbers are seconds.
func (s *Sim) getProgressMonitors(c *call) (reply, error) {
	finished := c.isTrue("includeFinishedTasks")
	limit := c.integer("maxTasks", 1000)
	groups := []any{}
	for _, path := range c.list("taskPathVec") {
		tasks := []any{}
		if progress, done, found := s.progressOf(path, c.now); found && (finished || !done) && int64(len(groups)) < limit {
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
		for _, g := range s.groups {
			if r, known := s.runByInstance(g, instance, now); known {
				percent := runPercent(r)
				return progressJSON(percent, r.start, r.end, now), percent == 100, true
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

func runPercent(r run) int64 {
	if !r.open() {
		return 100
	}
	return int64(r.draw % 90)
}

// getProtectionRunProgress is the progress tree of one run.
func (s *Sim) getProtectionRunProgress(c *call) (reply, error) {
	id := c.path("runId")
	if !runForm.MatchString(id) {
		return reply{}, invalid("runId in path should match '^\\d+:\\d+$'")
	}
	i := slices.IndexFunc(s.groups, func(g *group) bool {
		_, found := s.runByID(g, id, c.now)
		return found && !g.removed
	})
	if i < 0 {
		return reply{}, notFound()
	}
	r, _ := s.runByID(s.groups[i], id, c.now)
	out := obj{"localRun": nil, "archivalRun": nil, "replicationRun": nil}
	if !r.open() && !c.isTrue("includeFinishedTasks") {
		return ok(out)
	}
	progress := obj{
		"status": progressStatus(r), "percentageCompleted": float64(runPercent(r)), "startTimeUsecs": r.start,
		"endTimeUsecs": when(r.end), "objects": nil, "events": nil,
	}
	if !c.isTrue("excludeObjectDetails") {
		objects := []any{}
		for _, o := range s.runObjects(r) {
			objects = append(objects, obj{
				"id": o.entity.id, "name": o.entity.name, "environment": o.entity.environment,
				"status": progressStatus(r), "percentageCompleted": float64(runPercent(r)), "startTimeUsecs": r.start,
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
