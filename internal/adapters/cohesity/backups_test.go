package cohesity_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"switchback/internal/adapters/cohesity/cohesitysim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// truth is what a list has to say of one backup.
type truth struct {
	Key    string
	Start  int64
	Status model.BackupStatus
}

func truths(sim *cohesitysim.Sim) []truth {
	var all []truth
	for _, f := range sim.Facts() {
		status := model.BackupUnknown
		switch f.Status {
		case "Succeeded":
			status = model.BackupAvailable
		case "SucceededWithWarning":
			status = model.BackupPartial
		case "Failed", "Canceled", "Skipped", "Missed":
			status = model.BackupFailed
		case "Running", "Accepted", "Canceling", "Finalizing", "OnHold", "Paused":
			status = model.BackupRunning
		}
		if f.SnapshotID == "" && (status == model.BackupAvailable || status == model.BackupPartial) {
			status = model.BackupExpired
		}
		all = append(all, truth{fmt.Sprintf("%s/%s/%d", f.GroupID, f.RunID, f.ObjectID), f.StartUsecs, status})
	}
	return sorted(all)
}

func told(backups []model.Backup) []truth {
	var all []truth
	for _, b := range backups {
		all = append(all, truth{b.ID.Key, b.StartedAt.UnixMicro(), b.Status})
	}
	return sorted(all)
}

func sorted(all []truth) []truth {
	slices.SortFunc(all, func(a, b truth) int { return cmp.Compare(a.Key, b.Key) })
	return all
}

func TestListsAreTheTruth(t *testing.T) {
	scenarios := []simkit.Scenario{simkit.Friendly(), simkit.Hostile()}
	for _, scenario := range scenarios {
		for _, limit := range []int{1, 7, 100} {
			t.Run(fmt.Sprintf("%s, %d a page", scenario.Name, limit), func(t *testing.T) {
				b := newBench(t, cohesitysim.Options{Scenario: scenario})
				want := truths(b.sim)
				if diff := gocmp.Diff(want, told(b.backups(t, model.BackupQuery{}, limit))); diff != "" {
					t.Errorf("the vendor's truth (-) and the list (+) differ:\n%s", diff)
				}
			})
		}
	}
}

func TestRunsThatRunAreListed(t *testing.T) {
	b := newBench(t, cohesitysim.Options{Groups: 2, RunsPerGroup: 3})
	streams, err := b.Backups.Streams(t.Context(), model.BackupQuery{})
	if err != nil {
		t.Fatal(err)
	}
	before := streams[0].NewestAt
	b.clock.Advance(time.Minute)
	run := b.sim.AddRun(streams[0].Name)
	streams, err = b.Backups.Streams(t.Context(), model.BackupQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if !streams[0].NewestAt.After(before) {
		t.Errorf("the bound stays at %v after a new run", before)
	}
	running := 0
	for _, backup := range b.backups(t, model.BackupQuery{}, 10) {
		if backup.Run == run && backup.Status == model.BackupRunning && backup.EndedAt.IsZero() {
			running++
		}
	}
	if running == 0 {
		t.Error("a run that is under way is not listed as running")
	}
}

func TestQueriesBoundTheWindow(t *testing.T) {
	b := newBench(t, cohesitysim.Options{Groups: 1})
	all := b.backups(t, model.BackupQuery{}, 100)
	oldest, newest := all[len(all)-1].StartedAt, all[0].StartedAt
	q := model.BackupQuery{StartedAfter: oldest.Add(time.Microsecond), StartedBefore: newest}
	want := slices.DeleteFunc(slices.Clone(all), func(x model.Backup) bool { return !q.Matches(x) })
	b.sim.Kit().ResetRequests()
	got := slices.DeleteFunc(b.backups(t, q, 100), func(x model.Backup) bool { return !q.Matches(x) })
	if diff := gocmp.Diff(told(want), told(got)); diff != "" || len(want) == len(all) {
		t.Errorf("want %d backups of %d:\n%s", len(want), len(all), diff)
	}
	for _, r := range b.sim.Kit().Requests("GET /v2/data-protect/protection-groups/*/runs") {
		if r.Query.Get("startTimeUsecs") == "" || r.Query.Get("endTimeUsecs") == "" {
			t.Errorf("a request leaves a bound to the vendor: %v", r.Query)
		}
	}
}

func TestGroupsThatCanNotMatchAreNotAsked(t *testing.T) {
	b := newBench(t, cohesitysim.Options{})
	want := map[model.AssetKind]int{}
	for _, backup := range b.backups(t, model.BackupQuery{}, 100) {
		want[backup.Kind]++
	}
	for kind, n := range want {
		q := model.BackupQuery{AssetKinds: []model.AssetKind{kind}}
		got := slices.DeleteFunc(b.backups(t, q, 100), func(x model.Backup) bool { return !q.Matches(x) })
		if len(got) != n {
			t.Errorf("%s: want %d backups, got %d", kind, n, len(got))
		}
	}
	streams, err := b.Backups.Streams(t.Context(), model.BackupQuery{AssetKinds: []model.AssetKind{model.AssetMSSQLDatabase}})
	if err != nil || len(streams) == 0 || len(streams) >= len(b.sim.GroupIDs()) {
		t.Errorf("want some of %d streams, got %d, %v", len(b.sim.GroupIDs()), len(streams), err)
	}
}

func TestGetWorksWhereSingleRunsAreNotServed(t *testing.T) {
	b := newBench(t, cohesitysim.Options{Groups: 1})
	want := b.backups(t, model.BackupQuery{}, 100)[5]
	b.sim.Kit().Inject("GET /v2/data-protect/protection-groups/*/runs/*", simkit.Response{
		Status: 404, Body: `{"errorCode":"KEntityNotExistsError","message":"Resource not found"}`,
	})
	got, err := b.Backups.Get(t.Context(), want.ID, true)
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		ID      string
		Objects []json.RawMessage
	}
	if err := json.Unmarshal(got.NativeDocument, &document); err != nil || document.ID != want.Run || len(document.Objects) != 1 {
		t.Errorf("the document is not the run with the one object: %s, %v", got.NativeDocument, err)
	}
	got.NativeDocument = nil
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("list (-), get (+):\n%s", diff)
	}
	other := want.ID
	other.Kind = string(model.AssetVM)
	if _, err := b.Backups.Get(t.Context(), other, false); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an id with another kind: want not found, got %v", err)
	}
}
