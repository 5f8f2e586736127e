package memory_test

import (
	"encoding/json"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters"
	"switchback/internal/adapters/memory"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func id(kind, key string) model.ID { return model.ID{Connection: "mem", Kind: kind, Key: key} }

func TestAssetsAreWhatHasABackupOrWasAdded(t *testing.T) {
	w, a, _ := open(t)
	w.AddBackup(memory.Backup{Key: "b1", Asset: "disk", Status: model.BackupPartial})
	w.AddAsset(memory.Asset{Key: "idle", Kind: model.AssetVM, Name: "Idle VM", Policy: "gold"})
	page, err := a.Assets.List(t.Context(), model.AssetQuery{}, "", 10)
	if err != nil || len(page.Items) != 2 {
		t.Fatalf("got %+v, %v", page, err)
	}
	disk, idle := page.Items[0], page.Items[1]
	if disk.ID != id("aws-ebs-volume", "disk") || disk.Protection != model.Unprotected || disk.LastBackupStatus != "partial" || disk.LastBackupAt.IsZero() {
		t.Errorf("got %+v", disk)
	}
	if idle.ID != id("vm", "idle") || idle.Protection != model.Protected || idle.Policy.ID.Key != "gold" || idle.LastBackupStatus != "none" {
		t.Errorf("got %+v", idle)
	}
	page, err = a.Assets.List(t.Context(), model.AssetQuery{Search: "idle", Kinds: []model.AssetKind{model.AssetVM}}, "", 10)
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != idle.ID {
		t.Errorf("got %+v, %v", page, err)
	}
	if _, err := a.Assets.Get(t.Context(), id("vm", "disk"), false); !errors.Is(err, fault.NotFound) {
		t.Errorf("an asset of another kind: %v", err)
	}
}

func TestRestorePointsAreUsableBackupsAndARange(t *testing.T) {
	w, a, c := open(t)
	from := c.now
	w.AddAsset(memory.Asset{Key: "disk", Continuous: 48 * time.Hour})
	for _, b := range []memory.Backup{{Key: "old"}, {Key: "bad", Status: model.BackupFailed}, {Key: "new"}, {Key: "late"}} {
		b.Asset = "disk"
		w.AddBackup(b)
		c.advance(time.Hour)
	}
	to := from.Add(2 * time.Hour)
	got, err := a.RestorePoints.RestorePoints(t.Context(), id("aws-ebs-volume", "disk"), from, to)
	if err != nil || len(got.Points) != 2 || got.Points[0].Backup.Key != "new" || got.Points[1].Backup.Key != "old" {
		t.Errorf("got %+v, %v", got, err)
	}
	if want := []model.RestoreRange{{From: from, To: to}}; !cmp.Equal(got.Ranges, want) {
		t.Errorf("got %v, want %v", got.Ranges, want)
	}
	if _, err := a.RestorePoints.RestorePoints(t.Context(), id("aws-ebs-volume", "none"), from, to); !errors.Is(err, fault.NotFound) {
		t.Errorf("an unknown asset: %v", err)
	}
}

func TestFilesAreFoundByPartsOfTheirNames(t *testing.T) {
	w, a, _ := open(t)
	w.AddBackup(memory.Backup{Key: "b1", Asset: "disk"})
	for pattern, want := range map[string]int{"part-03": 1, "PART*.bin": 12, "part-1": 2, "bin*part": 0, "*": 12} {
		page, err := a.FileSearch.Search(t.Context(), model.FileQuery{Asset: id("aws-ebs-volume", "disk"), Name: pattern}, "", 50)
		if err != nil || len(page.Items) != want {
			t.Errorf("%s: %d, %v, want %d", pattern, len(page.Items), err, want)
		}
	}
}

func TestPlansFindTheBackupAndStartNothing(t *testing.T) {
	w, a, _ := open(t)
	w.AddBackup(memory.Backup{Key: "b1", Asset: "disk", Status: model.BackupPartial})
	asset := id("aws-ebs-volume", "disk")
	request := model.RestoreRequest{Kind: model.RestoreVolume, Source: model.RestoreSource{Asset: &asset, At: model.Latest}}
	plan, err := a.Plans.Plan(t.Context(), request)
	if err != nil || plan.Source.Backup.Key != "b1" || len(plan.Notes) != 1 || plan.Request.Path != "/restores" {
		t.Errorf("got %+v, %v", plan, err)
	}
	request.Kind = model.RestoreDownload
	if _, err := a.Plans.Plan(t.Context(), request); !errors.Is(err, fault.Invalid) {
		t.Errorf("a kind that does not work from there: %v", err)
	}
	if w.Calls("Restores.Start") != 0 {
		t.Error("something was started")
	}
}

func TestPoliciesHaveVersionsLocksAndLimits(t *testing.T) {
	w, a, _ := open(t)
	ctx := t.Context()
	blackout := model.Policy{Name: "nights", Blackouts: []model.Window{{Start: "08:00", End: "18:00"}}}
	if _, err := a.PolicyWrites.Create(ctx, blackout, false); fault.Of(err) == nil || fault.Of(err).Fields[0].Pointer != "/blackouts" {
		t.Errorf("got %v", err)
	}
	made, err := a.PolicyWrites.Create(ctx, blackout, true)
	if err != nil || !cmp.Equal(made.Policy.Lossy, []string{"/blackouts"}) || made.Policy.Version != "1" {
		t.Fatalf("got %+v, %v", made.Policy, err)
	}
	p := *made.Policy
	p.Blackouts, p.Name = nil, "days"
	changed, err := a.PolicyWrites.Update(ctx, p.ID, p.Version, p, false)
	if err != nil || changed.Policy.Name != "days" || changed.Policy.Version == p.Version {
		t.Fatalf("got %+v, %v", changed.Policy, err)
	}
	if _, err := a.PolicyWrites.Update(ctx, p.ID, p.Version, p, false); !errors.Is(err, fault.Stale) {
		t.Errorf("an old version: %v", err)
	}
	if _, err := a.PolicyWrites.Delete(ctx, p.ID, p.Version); !errors.Is(err, fault.Stale) {
		t.Errorf("an old version: %v", err)
	}
	w.AddPolicy(model.Policy{Name: "held", Status: "locked", Native: model.Native{ID: "held"}})
	if _, err := a.PolicyWrites.Delete(ctx, id("policy", "held"), "1"); !errors.Is(err, fault.Conflict) {
		t.Errorf("a locked one: %v", err)
	}
	if _, err := a.PolicyWrites.Delete(ctx, p.ID, changed.Policy.Version); err != nil {
		t.Error(err)
	}
	if _, err := a.Policies.Get(ctx, p.ID, false); !errors.Is(err, fault.NotFound) {
		t.Errorf("a deleted one: %v", err)
	}
}

func TestAssignmentsAreAllOrNone(t *testing.T) {
	w, a, _ := open(t)
	ctx := t.Context()
	w.AddPolicy(model.Policy{Name: "gold", Native: model.Native{ID: "gold"}})
	w.AddBackup(memory.Backup{Asset: "disk"})
	gold, disk := id("policy", "gold"), id("aws-ebs-volume", "disk")
	if _, err := a.PolicyAssignments.Assign(ctx, gold, []model.ID{disk, id("vm", "none")}); !errors.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}
	count := func(want int) {
		t.Helper()
		page, err := a.PolicyAssignments.List(ctx, gold, "", 10)
		if err != nil || len(page.Items) != want {
			t.Errorf("%d assigned, %v, want %d", len(page.Items), err, want)
		}
	}
	count(0)
	if _, err := a.PolicyAssignments.Assign(ctx, gold, []model.ID{disk}); err != nil {
		t.Error(err)
	}
	count(1)
	if _, err := a.PolicyAssignments.Unassign(ctx, gold, []model.ID{disk}); err != nil {
		t.Error(err)
	}
	count(0)
}

func TestNativeRoutesAnswer(t *testing.T) {
	w, a, _ := open(t)
	w.AddBackup(memory.Backup{Key: "b/1", Asset: "disk"})
	for _, tt := range []struct {
		request adapters.NativeRequest
		want    string // empty: NotFound
	}{
		{adapters.NativeRequest{Method: "POST", Path: "/search", Body: json.RawMessage(`{"asset":"disk"}`)}, `{"items":["b/1"]}`},
		{adapters.NativeRequest{Method: "POST", Path: "/search"}, `{"items":["b/1"]}`},
		{adapters.NativeRequest{Method: "POST", Path: "/notes"}, `{"notes":1}`},
		{adapters.NativeRequest{Method: "GET", Path: "/backups/none"}, ""},
		{adapters.NativeRequest{Method: "GET", Path: "/backups/b/1"}, ""},
		{adapters.NativeRequest{Method: "DELETE", Path: "/backups/b%2F1"}, ""},
		{adapters.NativeRequest{Method: "GET", Path: "/notes"}, ""},
	} {
		reply, err := a.Native.Do(t.Context(), tt.request)
		if tt.want == "" {
			if !errors.Is(err, fault.NotFound) {
				t.Errorf("%v: %v", tt.request, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v: %v", tt.request, err)
			continue
		}
		if got, err := io.ReadAll(reply.Body); err != nil || string(got) != tt.want {
			t.Errorf("%v: %s, %v", tt.request, got, err)
		}
	}
	reply, err := a.Native.Do(t.Context(), adapters.NativeRequest{Method: "GET", Path: "/backups/b%2F1"})
	if err != nil || reply.Status != 200 {
		t.Errorf("got %+v, %v", reply, err)
	}
}

func TestEveryCapabilityFailsWhenTold(t *testing.T) {
	w, a, c := open(t)
	ctx, asset, policy := t.Context(), id("aws-ebs-volume", "disk"), id("policy", "gold")
	for op, call := range map[string]func() error{
		"Assets.List": func() error { _, err := a.Assets.List(ctx, model.AssetQuery{}, "", 1); return err },
		"Assets.Get":  func() error { _, err := a.Assets.Get(ctx, asset, false); return err },
		"RestorePoints.RestorePoints": func() error {
			_, err := a.RestorePoints.RestorePoints(ctx, asset, c.now, c.now)
			return err
		},
		"Sources.List":               func() error { _, err := a.Sources.List(ctx, "", 1, false); return err },
		"Sources.Get":                func() error { _, err := a.Sources.Get(ctx, asset, false); return err },
		"FileSearch.Search":          func() error { _, err := a.FileSearch.Search(ctx, model.FileQuery{}, "", 1); return err },
		"Plans.Plan":                 func() error { _, err := a.Plans.Plan(ctx, model.RestoreRequest{}); return err },
		"PolicyWrites.Create":        func() error { _, err := a.PolicyWrites.Create(ctx, model.Policy{}, false); return err },
		"PolicyWrites.Update":        func() error { _, err := a.PolicyWrites.Update(ctx, policy, "", model.Policy{}, false); return err },
		"PolicyWrites.Delete":        func() error { _, err := a.PolicyWrites.Delete(ctx, policy, ""); return err },
		"PolicyAssignments.List":     func() error { _, err := a.PolicyAssignments.List(ctx, policy, "", 1); return err },
		"PolicyAssignments.Assign":   func() error { _, err := a.PolicyAssignments.Assign(ctx, policy, nil); return err },
		"PolicyAssignments.Unassign": func() error { _, err := a.PolicyAssignments.Unassign(ctx, policy, nil); return err },
		"Native.Do":                  func() error { _, err := a.Native.Do(ctx, adapters.NativeRequest{}); return err },
	} {
		w.Fail(op, fault.New(fault.Throttled, "vendor", ""))
		if err := call(); !errors.Is(err, fault.Throttled) || w.Calls(op) != 1 {
			t.Errorf("%s: %v after %d calls", op, err, w.Calls(op))
		}
	}
}
