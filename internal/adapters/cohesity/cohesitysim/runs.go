package cohesitysim

import (
	"net/http"
	"slices"
)

var (
	runStatuses = []string{
		"Accepted", "Canceled", "Canceling", "Failed", "Finalizing", "Missed", "OnHold", "Paused",
		"Running", "Skipped", "Succeeded", "SucceededWithWarning",
	}
	runTypeFilters = []string{"kAll", "kFull", "kHydrateCDP", "kIncremental", "kLog", "kStorageArraySnapshot", "kSystem"}
	runTypes       = []string{"kFull", "kHydrateCDP", "kLog", "kRegular", "kStorageArraySnapshot", "kSystem"}
	snapshotPlaces = []string{"Archival", "Local", "Remote", "RpaasArchival", "StorageArraySnapshot"}
)

const (
	defaultRuns = 100 // numRuns when absent (IBM NOTES section 6)
	maxRuns     = 10_000
	replicaLag  = 15 * second // of useCachedData (IBM NOTES section 6)
)

// group finds the group of a path.
func (s *Sim) group(c *call) (*group, error) {
	id := c.path("id")
	if !uidForm.MatchString(id) {
		return nil, invalid("id in path should match '^\\d+:\\d+:\\d+$'")
	}
	g, found := s.groupByID[id]
	if !found || s.isGone(g, c.now) {
		return nil, notFound()
	}
	return g, nil
}

// runFilter is the query of the list of runs.
type runFilter struct {
	from, to   int64
	count      int
	byEnd      bool
	id         string
	types      []string
	local      []string
	archival   []string
	elsewhere  bool // asks for replication or cloud-spin states, of which there are none
	places     []string
	restorable bool
	copied     bool
	tags       []string
	details    bool
	timed      bool
	seenUntil  int64
}

func (c *call) runFilter() runFilter {
	f := runFilter{
		id: c.text("runId"), types: c.enum("runTypes", runTypeFilters),
		local: c.enum("localBackupRunStatus", runStatuses), archival: c.enum("archivalRunStatus", runStatuses),
		places: c.enum("snapshotTargetTypes", snapshotPlaces), tags: c.list("runTags"),
		restorable: c.isTrue("excludeNonRestorableRuns"), copied: c.isTrue("onlyReturnSuccessfulCopyRun"),
		details: c.isTrue("includeObjectDetails"), byEnd: c.isTrue("filterByEndTime"),
		timed: c.has("startTimeUsecs") || c.has("endTimeUsecs"), seenUntil: c.now,
	}
	f.elsewhere = c.enum("replicationRunStatus", runStatuses) != nil || c.enum("cloudSpinRunStatus", runStatuses) != nil
	if c.isTrue("filterByCopyTaskEndTime") {
		if f.byEnd {
			c.refuse("filterByEndTime and filterByCopyTaskEndTime exclude each other")
		}
		f.byEnd = true
	}
	if f.id != "" && !runForm.MatchString(f.id) {
		c.refuse("runId in query should match '^\\d+:\\d+$'")
	}
	count := c.integer("numRuns", defaultRuns)
	if count < 1 {
		c.refuse("numRuns in query should be greater than or equal to 1")
	}
	f.count = int(min(count, maxRuns))
	if c.isTrue("useCachedData") {
		f.seenUntil -= replicaLag
	}
	// The documented window is the last hour before the end (IBM NOTES section 6).
	f.to = c.integer("endTimeUsecs", c.now)
	f.from = c.integer("startTimeUsecs", f.to-hour)
	if f.id != "" && !f.timed {
		f.from, f.to = 0, never
	}
	return f
}

func (s *Sim) matches(f runFilter, r run) bool {
	at := r.start
	if f.byEnd {
		if r.open() {
			return false
		}
		at = r.end
	}
	switch {
	case at < f.from || at > f.to, r.visible > f.seenUntil, f.elsewhere, len(f.tags) > 0,
		f.id != "" && f.id != r.id(), !matchesType(f.types, r.runType):
		return false
	case len(f.local) > 0 && (!r.local || !slices.Contains(f.local, r.status)),
		len(f.archival) > 0 && (r.local || !slices.Contains(f.archival, r.status)):
		return false
	case f.copied && (r.local || (r.status != "Succeeded" && r.status != "SucceededWithWarning")):
		return false
	case !among(f.places, map[bool]string{true: "Local", false: "Archival"}[r.local]):
		return false
	}
	return !f.restorable || s.restorable(r, f.seenUntil)
}

func matchesType(filter []string, runType string) bool {
	if runType == "kRegular" {
		runType = "kIncremental" // the filter's word for it (IBM NOTES section 11)
	}
	return among(filter, runType) || slices.Contains(filter, "kAll")
}

// getProtectionGroupRuns lists runs newest first: at most numRuns of the window,
// fewer when the scenario caps pages.
func (s *Sim) getProtectionGroupRuns(c *call) (reply, error) {
	g, err := s.group(c)
	f := c.runFilter()
	if err != nil || c.bad != nil {
		return reply{}, err
	}
	if pageCap := s.kit.Scenario.PageCap; pageCap > 0 {
		f.count = min(f.count, pageCap)
	}
	runs, total := []any{}, 0
	for k := g.total() - 1; k >= 0; k-- {
		r := s.run(g, k, c.now)
		if !f.byEnd && r.start < f.from {
			break // starts only grow within a group
		}
		if !s.matches(f, r) {
			continue
		}
		total++
		if len(runs) < f.count {
			runs = append(runs, s.runJSON(r, f.details))
		}
	}
	out := obj{"runs": runs, "totalRuns": nil}
	if f.timed {
		out["totalRuns"] = total
	}
	return ok(out)
}

func (s *Sim) getProtectionGroupRun(c *call) (reply, error) {
	g, err := s.group(c)
	if err != nil {
		return reply{}, err
	}
	r, found := s.runByID(g, c.path("runId"), c.now)
	if !found {
		return reply{}, notFound()
	}
	return ok(s.runJSON(r, c.isTrue("includeObjectDetails")))
}

// createProtectionGroupRun answers with the group only: the run has to be found
// in the list (IBM NOTES section 11).
func (s *Sim) createProtectionGroupRun(c *call) (reply, error) {
	g, err := s.group(c)
	if err != nil {
		return reply{}, err
	}
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	runType := text(body, "runType")
	if !slices.Contains(runTypes, runType) {
		return reply{}, invalid("runType in body should be one of %v", runTypes)
	}
	var objects []int64
	for _, item := range list(body, "objects") {
		id, found := integer(item, "id")
		if !found || !slices.Contains(s.objectIDs(g), id) {
			return reply{}, invalid("object is not protected by the group")
		}
		objects = append(objects, id)
	}
	targets := member(body, "targetsConfig")
	if truth(targets, "usePolicyDefaults") && (targets["archivals"] != nil || targets["replications"] != nil) {
		return reply{}, invalid("usePolicyDefaults excludes explicit targets")
	}
	if s.isDeleted(g) || !s.isActive(g) {
		return reply{}, invalid("protection group is not active")
	}
	if s.isPaused(g) {
		// "No new runs" (IBM NOTES section 10); that it holds for manual ones too
		// and the status are inferred.
		return reply{}, invalid("protection group is paused")
	}
	if n := g.total(); n > 0 && s.run(g, n-1, c.now).open() && !s.isLocal(g, n-1) {
		// The text is observed, the status inferred (IBM NOTES section 8).
		return reply{}, refused("CloudArchiveDirect job has an active archival task for primary target")
	}
	s.addRun(g, runType, objects, s.startOfRun(g, c.now))
	return reply{status: http.StatusAccepted, json: obj{"protectionGroupId": g.id}}, nil
}
