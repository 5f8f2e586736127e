package cohesity_test

import (
	"fmt"
	"testing"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/cohesity/cohesitysim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func groupID(key string) model.ID {
	return model.ID{Connection: "ibm-eu", Kind: "protection-group", Key: key}
}

func TestBackupStartIsFoundLater(t *testing.T) {
	late := simkit.Friendly()
	late.LateVisibility = 90 * time.Second
	late.TaskTime = 10 * time.Minute
	b := newBench(t, cohesitysim.Options{Scenario: late, Groups: 2, RunsPerGroup: 5})
	b.clock.Advance(24 * time.Hour)
	group := b.sim.GroupIDs()[0]
	o, err := b.BackupStarts.Start(t.Context(), adapters.BackupStart{Subject: groupID(group), Type: model.TypeIncremental})
	if err != nil {
		t.Fatal(vendorWords(err))
	}
	if o.State != model.StateQueued || o.Subject == nil || o.Subject.ID != groupID(group) {
		t.Errorf("begun: %+v", o)
	}
	read := func() model.Operation {
		t.Helper()
		got, err := b.Operations.Get(t.Context(), o.ID, true)
		if err != nil {
			t.Fatal(vendorWords(err))
		}
		if got.ID != o.ID || !got.CreatedAt.Equal(o.CreatedAt) {
			t.Errorf("the operation turned from %v into %v", o.ID, got.ID)
		}
		return got
	}
	if got := read(); got.State != model.StateQueued || got.NativeDocument != nil {
		t.Errorf("before the run shows: %+v", got)
	}
	if err := b.OperationCancels.Cancel(t.Context(), o.ID); fault.KindOf(err) != fault.Conflict {
		t.Errorf("cancelling what has not begun: want conflict, got %v", err)
	}
	b.clock.Advance(2 * time.Minute)
	running := read()
	if running.State != model.StateRunning || running.Progress.Percent == nil || running.Native.ID == "" {
		t.Errorf("when the run shows: %+v", running)
	}
	// Runs that come later are not taken for it.
	b.clock.Advance(time.Hour)
	b.sim.AddRun(group)
	b.clock.Advance(48 * time.Hour)
	if done := read(); !done.State.Terminal() || done.Native.ID != running.Native.ID || done.EndedAt.IsZero() {
		t.Errorf("in the end: %+v, it was run %s", done, running.Native.ID)
	}
	if n := len(b.sim.Kit().Requests("POST /v2/data-protect/protection-groups/*/runs")); n != 1 {
		t.Errorf("%d runs were asked for", n)
	}
}

func TestRunsAreCancelled(t *testing.T) {
	for i := range 4 {
		t.Run(fmt.Sprint("group ", i), func(t *testing.T) { // both forms of runs
			b := newBench(t, cohesitysim.Options{})
			b.clock.Advance(24 * time.Hour)
			group := b.sim.GroupIDs()[i]
			run := b.sim.AddRun(group)
			id := model.ID{Connection: "ibm-eu", Kind: "run", Key: group + "/" + run}
			if err := b.OperationCancels.Cancel(t.Context(), id); err != nil {
				t.Fatal(vendorWords(err))
			}
			if err := b.OperationCancels.Cancel(t.Context(), id); err != nil && fault.KindOf(err) != fault.Conflict {
				t.Errorf("again: %s", vendorWords(err))
			}
			b.clock.Advance(time.Hour)
			got, err := b.Operations.Get(t.Context(), id, false)
			if err != nil || got.State != model.StateCanceled || got.Cancellable {
				t.Errorf("in the end %+v, %v", got, err)
			}
			if err := b.OperationCancels.Cancel(t.Context(), id); fault.KindOf(err) != fault.Conflict {
				t.Errorf("what is over: want conflict, got %v", err)
			}
		})
	}
}

func TestOperationsAreAllRuns(t *testing.T) {
	b := newBench(t, cohesitysim.Options{Scenario: simkit.Hostile(), Groups: 4})
	streams, err := b.Operations.Streams(t.Context(), model.OperationQuery{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, f := range b.sim.Facts() {
		want[f.GroupID+"/"+f.RunID] = true
	}
	got := map[string]bool{}
	for _, o := range walk(t, streams, 5) {
		if got[o.ID.Key] || o.State == model.StateUnknown || o.CreatedAt.IsZero() {
			t.Errorf("listed again or without a state: %+v", o)
		}
		got[o.ID.Key] = true
	}
	if len(got) != len(want) {
		t.Errorf("want %d runs, got %d", len(want), len(got))
	}
}

func TestBackupStartsThatCanNotBe(t *testing.T) {
	b := newBench(t, cohesitysim.Options{Groups: 1})
	group := groupID(b.sim.GroupIDs()[0])
	for name, r := range map[string]adapters.BackupStart{
		"an asset":       {Subject: model.ID{Connection: "ibm-eu", Kind: "physical-host", Key: "1"}},
		"a period":       {Subject: group, Keep: model.Period{Days: 1}},
		"a snapshot":     {Subject: group, Type: model.TypeSnapshot},
		"a strange name": {Subject: groupID("../x")},
		"an option":      {Subject: group, Options: raw(`{"force":true}`)},
		"an object":      {Subject: group, Options: raw(`{"objects":["web"]}`)},
	} {
		if _, err := b.BackupStarts.Start(t.Context(), r); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: want invalid, got %v", name, err)
		}
	}
	if n := len(b.sim.Kit().Requests("POST /v2/**")); n != 0 {
		t.Errorf("%d writes were sent", n)
	}
}
