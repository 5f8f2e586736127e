package cohesitysim

import (
	"maps"
	"net/http"
	"testing"
)

func TestPointInTimeRangesOfADatabase(t *testing.T) {
	c := newClient(t, Options{Seed: 2, RunsPerGroup: 60})
	sql := c.restorable("kSQL", "kNative")
	ask := func(change obj) (full int, ranges []map[string]any) {
		body := obj{
			"environment": "kSQL", "protectionGroupIds": []string{sql.GroupID}, "sourceId": sql.ObjectID,
			"startTimeUsecs": 1, "endTimeUsecs": c.sim.now(),
		}
		maps.Copy(body, change)
		answer := c.want(http.StatusCreated, http.MethodPost, api+"/snapshots/restore-points", body).json(t)
		info, _ := answer["timeRangeInfo"].(map[string]any)
		return len(items(answer, "fullSnapshotInfo")), items(info, "timeRanges")
	}
	points := 0
	inside := func(ranges []map[string]any, at int64) bool {
		for _, r := range ranges {
			if at >= number(r, "startTimeUsecs") && at <= number(r, "endTimeUsecs") {
				return true
			}
		}
		return false
	}
	full, ranges := ask(nil)
	if len(ranges) < 2 {
		t.Fatalf("%d ranges: the failed runs of the group are to break the log", len(ranges))
	}
	for f := range c.sim.EachFact() {
		if f.GroupID != sql.GroupID || f.ObjectID != sql.ObjectID || f.Status == "Running" {
			continue
		}
		if (f.SnapshotID != "") != inside(ranges, f.StartUsecs+snapshotLag) {
			t.Errorf("run %s is %s, inside a range: %t", f.RunID, f.Status, inside(ranges, f.StartUsecs+snapshotLag))
		}
		if f.SnapshotID != "" {
			points++
		}
	}
	if full != points {
		t.Errorf("%d full snapshots, want %d", full, points)
	}
	for i := 1; i < len(ranges); i++ {
		if number(ranges[i], "startTimeUsecs") <= number(ranges[i-1], "endTimeUsecs") {
			t.Errorf("ranges %v and %v touch", ranges[i-1], ranges[i])
		}
	}
	at := number(ranges[1], "startTimeUsecs")
	if n, cut := ask(obj{"startTimeUsecs": at + 1, "endTimeUsecs": at + 2}); n != 0 || len(cut) != 1 || number(cut[0], "endTimeUsecs") != at+2 {
		t.Errorf("a window inside a range gives %d points and %v", n, cut)
	}
	if n, other := ask(obj{"environment": "kPhysical"}); n+len(other) != 0 {
		t.Errorf("another environment gives %d points and %v", n, other)
	}
	for _, body := range []obj{{}, {"environment": "kSQL", "protectionGroupIds": []string{sql.GroupID}, "startTimeUsecs": 2, "endTimeUsecs": 1}} {
		c.want(http.StatusBadRequest, http.MethodPost, api+"/snapshots/restore-points", body)
	}
}
