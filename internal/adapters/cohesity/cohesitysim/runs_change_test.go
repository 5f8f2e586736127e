package cohesitysim

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// runChange is a client that changes the snapshots of one finished run.
type runChange struct {
	*client
	fact Fact
	path string
}

func newRunChange(t *testing.T) runChange {
	t.Helper()
	c := newClient(t, Options{Seed: 6})
	f := c.factWhere(func(f Fact) bool {
		g := c.sim.groupByID[f.GroupID]
		return f.SnapshotID != "" && !f.GroupDeleted && c.sim.policyIDOf(g) != c.sim.uid(lockedPolicy) && !c.sim.isLocal(g, 0)
	})
	return runChange{c, f, api + "/protection-groups/" + f.GroupID + "/runs"}
}

// apply returns the error message of the run, empty when it took the change.
func (c runChange) apply(config obj) any {
	c.t.Helper()
	config["id"], config["archivalTargetType"] = vaultID, "Cloud"
	result := c.want(http.StatusMultiStatus, http.MethodPut, c.path, obj{"updateProtectionGroupRunParams": []obj{
		{"runId": c.fact.RunID, "archivalSnapshotConfig": obj{"updateExistingSnapshotConfig": []obj{config}}},
	}}).json(c.t)
	if failed := items(result, "failedRuns"); len(failed) > 0 {
		return failed[0]["errorMessage"]
	}
	return ""
}

func (c runChange) snapshot() map[string]any {
	c.t.Helper()
	path := fmt.Sprintf("%s/objects/%d/snapshots?protectionGroupIds=%s", api, c.fact.ObjectID, c.fact.GroupID)
	for _, x := range items(c.get(path), "snapshots") {
		if x["id"] == c.fact.SnapshotID {
			return x
		}
	}
	return nil
}

func TestDaysToKeepIsASignedDelta(t *testing.T) {
	c := newRunChange(t)
	before := number(c.snapshot(), "expiryTimeUsecs")
	for _, step := range []struct{ days, sum int64 }{{30, 30}, {30, 60}, {-45, 15}} {
		if reason := c.apply(obj{"daysToKeep": step.days}); reason != "" {
			t.Errorf("%d days: %v", step.days, reason)
		}
		if got := number(c.snapshot(), "expiryTimeUsecs") - before; got != step.sum*day {
			t.Errorf("after %d days the expiry moved by %d, want %d", step.days, got/day, step.sum)
		}
	}
	if reason := c.apply(obj{"daysToKeep": -400}); reason != "" || c.snapshot() != nil {
		t.Errorf("an expiry in the past deletes at once: %v, %v", reason, c.snapshot())
	}
	if c.apply(obj{"daysToKeep": 400}) == "" {
		t.Error("a deleted copy was extended")
	}
}

func TestLegalHoldKeepsSnapshotsBeyondTheirExpiry(t *testing.T) {
	c := newRunChange(t)
	c.apply(obj{"enableLegalHold": true})
	for _, config := range []obj{{"deleteSnapshot": true}, {"daysToKeep": -400}} {
		if c.apply(config) == "" {
			t.Errorf("%v went through in spite of the hold", config)
		}
	}
	c.clock.Advance(60 * 24 * time.Hour)
	if got := c.snapshot(); got == nil || got["onLegalHold"] != true {
		t.Errorf("a held snapshot after its expiry: %v", got)
	}
	c.apply(obj{"enableLegalHold": false})
	if c.snapshot() != nil {
		t.Error("the snapshot outlived the hold")
	}
}

func TestAComplianceLockCannotBeWeakened(t *testing.T) {
	c := newRunChange(t)
	for _, step := range []struct {
		config obj
		refuse bool
	}{
		{obj{"dataLock": "Administrative"}, false},
		{obj{"dataLock": "Compliance"}, false},
		{obj{"dataLock": "Administrative"}, true},
		{obj{"deleteSnapshot": true}, true},
		{obj{"daysToKeep": -1}, true},
		{obj{"daysToKeep": 1}, false},
	} {
		if reason := c.apply(step.config); (reason != "") != step.refuse {
			t.Errorf("%v: %q, want refused %t", step.config, reason, step.refuse)
		}
	}
	if got := c.snapshot()["hasDataLock"]; got != true {
		t.Errorf("hasDataLock is %v", got)
	}
}

func TestAPausedRunWaits(t *testing.T) {
	c := newClient(t, Options{})
	group := c.sim.GroupIDs()[0]
	path := api + "/protection-groups/" + group + "/runs"
	id := c.sim.AddRun(group)
	act := func(action, params string) any {
		result := c.want(http.StatusAccepted, http.MethodPost, path+"/actions", obj{"action": action, params: []obj{{"runId": id}}}).json(t)
		return items(result, params)[0]["error"]
	}
	status := func() any {
		return items(c.get(path + "/" + id)["archivalInfo"].(map[string]any), "archivalTargetResults")[0]["status"]
	}
	c.clock.Advance(4 * time.Second)
	percent := func() string {
		runs := items(c.get(api+"/runs/"+id+"/progress"), "archivalRun")
		return fmt.Sprint(runs[0]["percentageCompleted"])
	}
	half := percent()
	act("Pause", "pauseParams")
	c.clock.Advance(time.Hour)
	if got := status(); got != "Paused" || percent() != half {
		t.Errorf("an hour into the pause: %v at %s, want Paused at %s", got, percent(), half)
	}
	if got := act("Resume", "resumeParams"); got != nil {
		t.Errorf("resume: %v", got)
	}
	if act("Resume", "resumeParams") == nil {
		t.Error("a second resume did not fail inside its 202")
	}
	c.clock.Advance(3 * time.Second)
	if got := status(); got != "Running" {
		t.Errorf("after the pause: %v", got)
	}
	c.clock.Advance(time.Second)
	if got := status(); got != "Succeeded" {
		t.Errorf("at the end: %v", got)
	}
}

// A cancel that names one wrong task changes nothing.
func TestARefusedCancelCancelsNothing(t *testing.T) {
	c := newClient(t, Options{})
	group := c.sim.GroupIDs()[0]
	path := api + "/protection-groups/" + group + "/runs"
	id := c.sim.AddRun(group)
	run := c.get(path + "/" + id)
	task := items(run["archivalInfo"].(map[string]any), "archivalTargetResults")[0]["archivalTaskId"]
	c.want(http.StatusBadRequest, http.MethodPost, path+"/actions", obj{"action": "Cancel", "cancelParams": []obj{
		{"runId": id, "archivalTaskId": []any{task}}, {"runId": "1:1", "archivalTaskId": []any{"1:1:1"}},
	}})
	c.clock.Advance(time.Minute)
	if got := items(c.get(path + "/" + id)["archivalInfo"].(map[string]any), "archivalTargetResults")[0]["status"]; got != "Succeeded" {
		t.Errorf("the run is %v", got)
	}
}

func TestObjectsOfARunAreCanceledAlone(t *testing.T) {
	c := newClient(t, Options{})
	group := c.sim.GroupIDs()[0]
	path := api + "/protection-groups/" + group + "/runs"
	id := c.sim.AddRun(group)
	objects := c.sim.objectIDs(c.sim.groupByID[group])
	task := items(c.get(path + "/" + id)["archivalInfo"].(map[string]any), "archivalTargetResults")[0]["archivalTaskId"]
	cancel := func(status int, objects ...int64) {
		c.want(status, http.MethodPost, path+"/actions", obj{"action": "Cancel", "cancelParams": []obj{
			{"runId": id, "archivalTaskId": []any{task}, "objectIds": objects},
		}})
	}
	cancel(http.StatusBadRequest, 7)
	cancel(http.StatusAccepted, objects[1])
	c.clock.Advance(time.Minute)
	for f := range c.sim.EachFact() {
		want := map[bool]string{true: "Canceled", false: "Succeeded"}[f.ObjectID == objects[1]]
		if f.RunID == id && (f.Status != want || (f.SnapshotID == "") != (want == "Canceled")) {
			t.Errorf("object %d is %s with snapshot %q, want %s", f.ObjectID, f.Status, f.SnapshotID, want)
		}
	}
	last := c.get(path + "/" + id)
	if result := items(last["archivalInfo"].(map[string]any), "archivalTargetResults")[0]; number(result, "cancelledObjectsCount") != 1 || number(result, "successfulObjectsCount") != 2 {
		t.Errorf("counts of the run: %v", result)
	}
}
