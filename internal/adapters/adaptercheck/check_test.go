package adaptercheck_test

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptercheck"
	"switchback/internal/adapters/memory"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func account(t *testing.T) (*memory.World, adapters.Env) {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC) }
	w := memory.NewWorld(3, now)
	w.Populate(300, 6)
	return w, adapters.Env{
		Connection: "live", Transport: http.NewFileTransport(http.Dir(t.TempDir())), Logger: slog.New(slog.DiscardHandler), Now: now,
	}
}

func TestVerifyPassesAGoodAccountAndChangesNothing(t *testing.T) {
	w, env := account(t)
	before := w.Backups()
	results := adaptercheck.Verify(t.Context(), memory.New(env, w), memory.New(env, w), env)
	if len(results) != len(adaptercheck.Checks()) {
		t.Errorf("%d results of %d checks", len(results), len(adaptercheck.Checks()))
	}
	for _, r := range results {
		if len(r.Failures) > 0 || r.Skipped {
			t.Errorf("%s: skipped %t, failures %v", r.Name, r.Skipped, r.Failures)
		}
	}
	for _, op := range []string{
		"Restores.Start", "Cancel", "BackupStarts.Start", "RestorePatches.Patch", "RestoreRemovals.Remove",
		"Access.AddRole", "Access.UpdateRole", "Access.RemoveRole", "PolicyWrites.Create", "PolicyWrites.Update", "PolicyWrites.Delete",
		"PolicyAssignments.Assign", "PolicyAssignments.Unassign", "Plans.Plan", "Native.Do POST /notes",
	} {
		if n := w.Calls(op); n > 0 {
			t.Errorf("%s was called %d times", op, n)
		}
	}
	if !slices.Equal(before, w.Backups()) {
		t.Error("the account has changed")
	}
}

func TestVerifySkipsWhatTheAccountCanNotDo(t *testing.T) {
	w, env := account(t)
	a := memory.New(env, w)
	a.Policies, a.Files = nil, nil
	var skipped []string
	for _, r := range adaptercheck.Verify(t.Context(), a, nil, env) {
		if r.Skipped {
			skipped = append(skipped, r.Name)
		}
	}
	want := []string{
		"policies/pages-lose-nothing", "policies/versions-stay", "assignments/pages-lose-nothing", "files/list-and-open", "files/offsets-are-exact",
	}
	if !slices.Equal(skipped, want) {
		t.Errorf("skipped %v, want %v", skipped, want)
	}
}

func TestVerifyTellsWhatIsBroken(t *testing.T) {
	w, env := account(t)
	w.Fail("Backups.Page stream-1", fault.New(fault.Denied, "memory.Page", "no"))
	failed := map[string][]string{}
	for _, r := range adaptercheck.Verify(t.Context(), memory.New(env, w), nil, env) {
		if len(r.Failures) > 0 {
			failed[r.Name] = r.Failures
		}
	}
	if len(failed["listing/pages-lose-nothing"]) == 0 || len(failed["session/check-works"]) > 0 {
		t.Errorf("failures are %v", failed)
	}
}

func TestVerifyIsBounded(t *testing.T) {
	w, env := account(t)
	w.Populate(3000, 30)
	adaptercheck.Verify(t.Context(), memory.New(env, w), nil, env)
	if n := w.Calls("Backups.Page"); n > 500 {
		t.Errorf("%d pages were read of a large account", n)
	}
}

func TestRecordKeepsFailuresAndPanics(t *testing.T) {
	var nobody *model.Backup
	for name, tt := range map[string]struct {
		fn   func(adaptercheck.T)
		want []string
	}{
		"nothing":  {func(adaptercheck.T) {}, nil},
		"an error": {func(t adaptercheck.T) { t.Errorf("one %d", 1); t.Errorf("two") }, []string{"one 1", "two"}},
		"the end":  {func(t adaptercheck.T) { t.Fatalf("over"); t.Errorf("never") }, []string{"over"}},
		"a panic":  {func(adaptercheck.T) { _ = nobody.Kind }, []string{"panic: "}},
	} {
		t.Run(name, func(t *testing.T) {
			got := adaptercheck.Record(context.Background(), tt.fn)
			if !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestChecksHaveNamesAndPromises(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range adaptercheck.Checks() {
		if seen[c.Name] || !strings.Contains(c.Name, "/") || c.Why == "" || strings.Contains(c.Why, "\n") {
			t.Errorf("check %q (%q) is doubled or does not say what it promises", c.Name, c.Why)
		}
		seen[c.Name] = true
	}
}
