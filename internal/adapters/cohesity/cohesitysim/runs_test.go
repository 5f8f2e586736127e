package cohesitysim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters/simkit"
)

// listedFacts pages the runs of a group by the rule of IBM NOTES section 6: both
// bounds, then the end one microsecond before the oldest start.
func (c *client) listedFacts(group string, deleted bool, numRuns int, between func()) []Fact {
	c.t.Helper()
	end := c.sim.now()
	var out []Fact
	for {
		answer := c.get(fmt.Sprintf("%s/protection-groups/%s/runs?startTimeUsecs=0&endTimeUsecs=%d&numRuns=%d&includeObjectDetails=true",
			api, group, end, numRuns))
		runs := items(answer, "runs")
		if len(runs) == 0 {
			return out
		}
		if len(runs) > numRuns {
			c.t.Fatalf("%d runs on a page of %d", len(runs), numRuns)
		}
		for _, r := range runs {
			facts := c.factsOfRun(r, deleted)
			if at := facts[0].StartUsecs; at > end {
				c.t.Fatalf("run starts at %d, after the bound %d or an older run", at, end)
			}
			end = facts[0].StartUsecs - 1
			out = append(out, facts...)
		}
		between()
	}
}

func (c *client) factsOfRun(r map[string]any, deleted bool) []Fact {
	var out []Fact
	for _, o := range items(r, "objects") {
		object, _ := o["object"].(map[string]any)
		f := Fact{GroupDeleted: deleted, ObjectID: number(object, "id")}
		f.GroupID, _ = r["protectionGroupId"].(string)
		f.RunID, _ = r["id"].(string)
		if local, isLocal := o["localSnapshotInfo"].(map[string]any); isLocal {
			if r["isCloudArchivalDirect"] != false || r["archivalInfo"] != nil || o["archivalInfo"] != nil {
				c.t.Errorf("run %s mixes both forms", f.RunID)
			}
			info := local["snapshotInfo"].(map[string]any)
			f.StartUsecs = number(info, "startTimeUsecs")
			f.SnapshotID, _ = info["snapshotId"].(string)
			f.Status = runWord(info)
		} else {
			results := o["archivalInfo"].(map[string]any)
			result := items(results, "archivalTargetResults")[0]
			f.StartUsecs = number(result, "startTimeUsecs")
			f.SnapshotID, _ = result["snapshotId"].(string)
			f.Status, _ = result["status"].(string)
		}
		out = append(out, f)
	}
	return out
}

func runWord(info map[string]any) string {
	word, _ := info["status"].(string)
	if message, given := info["statusMessage"].(string); given {
		return message
	}
	known := map[string]string{"kSuccessful": "Succeeded", "kWarning": "SucceededWithWarning", "kFailed": "Failed", "kInProgress": "Running"}
	if plain, found := known[word]; found {
		return plain
	}
	return strings.TrimPrefix(word, "k")
}

func sortFacts(facts []Fact) []Fact {
	slices.SortFunc(facts, func(a, b Fact) int {
		return strings.Compare(fmt.Sprint(a.GroupID, a.RunID, a.ObjectID), fmt.Sprint(b.GroupID, b.RunID, b.ObjectID))
	})
	return facts
}

func (c *client) allListed(numRuns int) []Fact {
	c.t.Helper()
	var out []Fact
	for _, deleted := range []bool{false, true} {
		for _, g := range items(c.get(fmt.Sprintf("%s/protection-groups?isDeleted=%t", api, deleted)), "protectionGroups") {
			out = append(out, c.listedFacts(g["id"].(string), deleted, numRuns, func() {})...)
		}
	}
	return out
}

func TestPagingTheRunsGivesAllFactsOnce(t *testing.T) {
	for name, scenario := range scenarios() {
		for _, numRuns := range []int{1, 7, 100} {
			t.Run(fmt.Sprintf("%s/%d", name, numRuns), func(t *testing.T) {
				c := newClient(t, Options{Seed: 9, Scenario: scenario, Groups: 10, RunsPerGroup: 9})
				want := sortFacts(c.sim.Facts())
				if len(want) != 10*9*3 {
					t.Fatalf("estate has %d facts", len(want))
				}
				if diff := cmp.Diff(want, sortFacts(c.allListed(numRuns))); diff != "" {
					t.Errorf("listed (+) is not the truth (-):\n%s", diff)
				}
			})
		}
	}
}

func TestTheEstateHasWhatIsHard(t *testing.T) {
	c := newClient(t, Options{Seed: 1, Scenario: simkit.Hostile()})
	facts := c.sim.Facts()
	if len(facts) != 600 {
		t.Errorf("the default estate has %d facts, want 600", len(facts))
	}
	statuses, groupsAt, groupsOf := map[string]bool{}, map[int64]map[string]bool{}, map[int64]map[string]bool{}
	note := func(m map[int64]map[string]bool, key int64, group string) {
		if m[key] == nil {
			m[key] = map[string]bool{}
		}
		m[key][group] = true
	}
	deleted, local := false, false
	for _, f := range facts {
		statuses[f.Status] = true
		note(groupsAt, f.StartUsecs, f.GroupID)
		note(groupsOf, f.ObjectID, f.GroupID)
		deleted = deleted || f.GroupDeleted
		local = local || c.sim.isLocal(c.sim.groupByID[f.GroupID], 0)
	}
	for _, status := range []string{"Running", "Succeeded", "Failed", "SucceededWithWarning", "Canceled", "Skipped", "Quarantined"} {
		if !statuses[status] {
			t.Errorf("no object with status %s", status)
		}
	}
	shared := func(m map[int64]map[string]bool) bool {
		for _, groups := range m {
			if len(groups) > 1 {
				return true
			}
		}
		return false
	}
	if !shared(groupsAt) || !shared(groupsOf) || !deleted || !local {
		t.Errorf("ties %t, shared objects %t, deleted group %t, local runs %t: want all", shared(groupsAt), shared(groupsOf), deleted, local)
	}
	again := New(Options{Seed: 1, Scenario: simkit.Hostile(), Now: c.clock.Now})
	if diff := cmp.Diff(facts, again.Facts()); diff != "" {
		t.Errorf("the same seed gave another estate:\n%s", diff)
	}
}

func TestARunThatStartsWhileSomebodyPages(t *testing.T) {
	c := newClient(t, Options{Seed: 3, RunsPerGroup: 9})
	group := c.sim.GroupIDs()[0]
	var want []Fact
	for f := range c.sim.EachFact() {
		if f.GroupID == group {
			want = append(want, f)
		}
	}
	added := 0
	got := c.listedFacts(group, false, 2, func() {
		c.clock.Advance(time.Microsecond)
		if c.sim.AddRun(group) != "" {
			added++
		}
	})
	if diff := cmp.Diff(sortFacts(want), sortFacts(got)); diff != "" || added == 0 {
		t.Errorf("%d runs added; pages gave (+) instead of (-):\n%s", added, diff)
	}
	if got := c.listedFacts(group, false, 50, func() {}); len(got) != len(want)+3*added {
		t.Errorf("%d facts after %d new runs, want %d", len(got), added, len(want)+3*added)
	}
}

func TestRunWindow(t *testing.T) {
	c := newClient(t, Options{Seed: 3, RunsPerGroup: 12})
	group := c.sim.GroupIDs()[0]
	path := api + "/protection-groups/" + group + "/runs"
	c.clock.Advance(8 * time.Hour)
	count := func(query string) (int, any) {
		answer := c.get(path + query)
		return len(items(answer, "runs")), answer["totalRuns"]
	}
	if n, total := count(""); n != 0 || total != nil {
		t.Errorf("no bounds: %d runs, total %v; want the empty last hour and no total", n, total)
	}
	id := c.sim.AddRun(group)
	if n, _ := count(""); n != 1 {
		t.Errorf("no bounds: %d runs, want the one of the last hour", n)
	}
	if n, _ := count("?startTimeUsecs=1"); n != 13 {
		t.Errorf("start only: %d runs, want all 13", n)
	}
	answer := c.get(path + "?startTimeUsecs=1&numRuns=5")
	if n, total := len(items(answer, "runs")), number(answer, "totalRuns"); n != 5 || total != 13 {
		t.Errorf("numRuns=5: %d of %d, want 5 of 13", n, total)
	}
	if got := items(answer, "runs")[0]; got["id"] != id || got["objects"] != nil {
		t.Errorf("first run is %v with objects %v, want %s without", got["id"], got["objects"], id)
	}
	for query, want := range map[string]int{
		"?startTimeUsecs=1&archivalRunStatus=Running,Accepted":   1,
		"?startTimeUsecs=1&archivalRunStatus=Running%2CAccepted": 1,
		"?startTimeUsecs=1&localBackupRunStatus=Succeeded":       0,
		"?startTimeUsecs=1&runTypes=kFull":                       2,
		"?startTimeUsecs=1&runTypes=kIncremental":                11,
		"?startTimeUsecs=1&filterByEndTime=true&runTypes=kAll":   12,
		"?startTimeUsecs=1&snapshotTargetTypes=Local":            0,
		"?runId=" + id: 1,
	} {
		if got, _ := count(query); got != want {
			t.Errorf("%s gives %d runs, want %d", query, got, want)
		}
	}
	restorable, _ := count("?startTimeUsecs=1&excludeNonRestorableRuns=true")
	want := map[string]bool{}
	for f := range c.sim.EachFact() {
		if f.GroupID == group && f.SnapshotID != "" {
			want[f.RunID] = true
		}
	}
	if restorable != len(want) || restorable == 13 {
		t.Errorf("%d restorable runs, want %d and fewer than all", restorable, len(want))
	}
	for _, query := range []string{"?numRuns=0", "?numRuns=x", "?runTypes=kRegular", "?startTimeUsecs=1&startTimeUsecs=2", "?filterByEndTime=true&filterByCopyTaskEndTime=true", "?includeObjectDetails=maybe"} {
		c.want(http.StatusBadRequest, http.MethodGet, path+query, nil)
	}
}

func TestLateVisibilityAndTheReplica(t *testing.T) {
	c := newClient(t, Options{Seed: 3, Scenario: simkit.Scenario{LateVisibility: 20 * time.Second}})
	group := c.sim.GroupIDs()[0]
	id := c.sim.AddRun(group)
	path := api + "/protection-groups/" + group + "/runs"
	seen := func(query string) bool { return len(items(c.get(path+query), "runs")) == 1 }
	if c.get(path + "/" + id)["id"] != id || seen("") {
		t.Error("a new run is to be found by id at once, and not in the list")
	}
	c.clock.Advance(20 * time.Second)
	if !seen("") || seen("?useCachedData=true") {
		t.Error("after the delay the list has the run, the replica 15 s later")
	}
	c.clock.Advance(15 * time.Second)
	if !seen("?useCachedData=true") {
		t.Error("the replica never caught up")
	}
}

// changeRuns starts, pauses, resumes, cancels and changes runs.
func (c *client) changeRuns() {
	c.t.Helper()
	group := c.sim.GroupIDs()[0]
	path := api + "/protection-groups/" + group + "/runs"
	made := c.want(http.StatusAccepted, http.MethodPost, path, obj{"runType": "kRegular", "targetsConfig": obj{"usePolicyDefaults": true}}).json(c.t)
	delete(made, "x_undocumented")
	if diff := cmp.Diff(map[string]any{"protectionGroupId": group}, made); diff != "" {
		c.t.Errorf("create run answered more than the group: %s", diff)
	}
	r := items(c.get(path), "runs")[0]
	id, info := r["id"].(string), r["archivalInfo"].(map[string]any)
	task := items(info, "archivalTargetResults")[0]["archivalTaskId"]
	act := func(status int, action, params string, item obj) map[string]any {
		return c.want(status, http.MethodPost, path+"/actions", obj{"action": action, params: []obj{item}}).json(c.t)
	}
	act(http.StatusAccepted, "Pause", "pauseParams", obj{"runId": id})
	again := act(http.StatusAccepted, "Pause", "pauseParams", obj{"runId": id})
	if items(again, "pauseParams")[0]["error"] == nil {
		c.t.Error("a second pause did not fail inside its 202")
	}
	act(http.StatusAccepted, "Resume", "resumeParams", obj{"runId": id})
	act(http.StatusBadRequest, "Cancel", "cancelParams", obj{"runId": id, "localTaskId": "1:2:3"})
	cancel := obj{"runId": id, "archivalTaskId": []any{task}}
	act(http.StatusAccepted, "Cancel", "cancelParams", cancel)
	act(http.StatusBadRequest, "Cancel", "cancelParams", cancel)
	c.clock.Advance(3 * time.Second)
	if got := c.get(path + "/" + id + "?includeObjectDetails=true"); items(got["archivalInfo"].(map[string]any), "archivalTargetResults")[0]["status"] != "Canceled" {
		c.t.Errorf("run is not canceled: %v", got)
	}

	done := c.factWhere(func(f Fact) bool { return f.GroupID == group && f.SnapshotID != "" })
	change := func(config obj) map[string]any {
		config["id"], config["archivalTargetType"] = vaultID, "Cloud"
		return c.want(http.StatusMultiStatus, http.MethodPut, path, obj{"updateProtectionGroupRunParams": []obj{
			{"runId": done.RunID, "archivalSnapshotConfig": obj{"updateExistingSnapshotConfig": []obj{config}}},
			{"runId": "1:1", "localSnapshotConfig": obj{"daysToKeep": 1}},
		}}).json(c.t)
	}
	result := change(obj{"enableLegalHold": true, "daysToKeep": 30})
	if len(result["successfulRunIds"].([]any)) != 1 || len(items(result, "failedRuns")) != 1 {
		c.t.Errorf("update: %v, want one of each", result)
	}
	if len(items(change(obj{"deleteSnapshot": true}), "failedRuns")) != 2 {
		c.t.Error("a snapshot on legal hold was deleted")
	}
	change(obj{"enableLegalHold": false})
	change(obj{"deleteSnapshot": true})
	snapshots := items(c.get(fmt.Sprintf("%s/objects/%d/snapshots?protectionGroupIds=%s", api, done.ObjectID, group)), "snapshots")
	if slices.ContainsFunc(snapshots, func(x map[string]any) bool { return x["id"] == done.SnapshotID }) {
		c.t.Error("a deleted snapshot is still listed")
	}
}

func TestDataLockKeepsASnapshot(t *testing.T) {
	c := newClient(t, Options{Seed: 6})
	f := c.factWhere(func(f Fact) bool {
		g := c.sim.groupByID[f.GroupID]
		return f.SnapshotID != "" && !f.GroupDeleted && c.sim.policyIDOf(g) == c.sim.uid(lockedPolicy) && c.sim.isLocal(g, 0)
	})
	remove := func() int {
		result := c.want(http.StatusMultiStatus, http.MethodPut, api+"/protection-groups/"+f.GroupID+"/runs", obj{
			"updateProtectionGroupRunParams": []obj{{"runId": f.RunID, "localSnapshotConfig": obj{"deleteSnapshot": true}}},
		}).json(t)
		return len(items(result, "failedRuns"))
	}
	if remove() != 1 {
		t.Error("a locked snapshot was deleted")
	}
	c.clock.Advance(7 * 24 * time.Hour)
	if remove() != 0 {
		t.Error("the lock did not end")
	}
}
