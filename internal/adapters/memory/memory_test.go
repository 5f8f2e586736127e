package memory_test

import (
	"context"
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

// clock is moved by hand.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time          { return c.now }
func (c *clock) advance(d time.Duration) { c.now = c.now.Add(d) }

func open(t *testing.T) (*memory.World, *adapters.Adapter, *clock) {
	t.Helper()
	c := &clock{time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)}
	w := memory.NewWorld(1, c.Now)
	return w, memory.New(adapters.Env{Connection: "mem", Now: c.Now}, w), c
}

// list gives the keys of all backups stream by stream, or the first error.
func list(t *testing.T, a *adapters.Adapter) (keys []string, failed map[string]error) {
	t.Helper()
	streams, err := a.Backups.Streams(t.Context(), model.BackupQuery{})
	if err != nil {
		t.Fatal(err)
	}
	failed = map[string]error{}
	for _, s := range streams {
		page, err := s.Page(t.Context(), model.Position{}, 100)
		if err != nil {
			failed[s.Name] = err
		}
		for _, b := range page.Items {
			keys = append(keys, s.Name+"/"+b.ID.Key)
		}
	}
	return keys, failed
}

func TestBackupsComeAndGo(t *testing.T) {
	w, a, c := open(t)
	w.AddBackup(memory.Backup{Key: "old"})
	c.advance(time.Hour)
	w.AddBackup(memory.Backup{Key: "new"})
	w.AddBackup(memory.Backup{Key: "other", Stream: "vms"})
	if keys, _ := list(t, a); !cmp.Equal(keys, []string{"backups/new", "backups/old", "vms/other"}) {
		t.Errorf("got %v", keys)
	}
	if !w.RemoveBackup("old") || w.RemoveBackup("old") {
		t.Error("a backup expires once")
	}
	if keys, _ := list(t, a); !cmp.Equal(keys, []string{"backups/new", "vms/other"}) {
		t.Errorf("got %v", keys)
	}
	if _, err := a.Backups.Get(t.Context(), model.ID{Connection: "mem", Kind: "aws-ebs-volume", Key: "old"}, false); !errors.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}
}

func TestEqualTimesArePagedByID(t *testing.T) {
	w, a, _ := open(t)
	for _, key := range []string{"b", "é", "a", "z", "~", "0"} {
		w.AddBackup(memory.Backup{Key: key})
	}
	streams, err := a.Backups.Streams(t.Context(), model.BackupQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var got []model.Backup
	var before model.Position
	for more := true; more; {
		page, err := streams[0].Page(t.Context(), before, 2)
		if err != nil {
			t.Fatal(err)
		}
		got, more, before = append(got, page.Items...), page.More, page.Next
	}
	if len(got) != 6 {
		t.Fatalf("got %d of 6", len(got))
	}
	for i := range got[1:] {
		if !got[i].Position().Before(got[i+1].Position()) {
			t.Errorf("%s comes before %s", got[i].ID, got[i+1].ID)
		}
	}
}

func TestStreamsFailAloneAndComeBack(t *testing.T) {
	w, a, _ := open(t)
	w.AddBackup(memory.Backup{Key: "1", Stream: "ebs"})
	w.AddBackup(memory.Backup{Key: "2", Stream: "rds"})
	w.Fail("Backups.Page ebs", fault.New(fault.Throttled, "vendor", ""))
	if keys, failed := list(t, a); !cmp.Equal(keys, []string{"rds/2"}) || fault.KindOf(failed["ebs"]) != fault.Throttled {
		t.Errorf("got %v, %v", keys, failed)
	}
	w.Fail("Backups.Page", io.ErrUnexpectedEOF)
	if _, failed := list(t, a); fault.KindOf(failed["rds"]) != fault.Unavailable || !errors.Is(failed["rds"], io.ErrUnexpectedEOF) {
		t.Errorf("got %v", failed)
	}
	w.Fail("Backups.Page", nil)
	w.Fail("Backups.Page ebs", nil)
	if keys, failed := list(t, a); len(keys) != 2 || len(failed) > 0 {
		t.Errorf("got %v, %v", keys, failed)
	}
	if n, m := w.Calls("Backups.Page"), w.Calls("Backups.Page ebs"); n != 6 || m != 3 {
		t.Errorf("%d calls, %d of ebs", n, m)
	}
}

func TestHookWaitsWithTheCall(t *testing.T) {
	w, a, _ := open(t)
	var ops []string
	w.Hook(func(ctx context.Context, op string) error {
		ops = append(ops, op)
		<-ctx.Done()
		return ctx.Err()
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := a.Session.Check(ctx); fault.KindOf(err) != fault.Timeout {
		t.Errorf("got %v", err)
	}
	if !cmp.Equal(ops, []string{"Session.Check"}) {
		t.Errorf("got %v", ops)
	}
}

func start(t *testing.T, a *adapters.Adapter, kind model.RestoreKind, key string) (model.Restore, error) {
	t.Helper()
	id := model.ID{Connection: "mem", Kind: "aws-ebs-volume", Key: key}
	return a.Restores.Start(t.Context(), model.RestoreRequest{Kind: kind, Source: model.RestoreSource{Backup: &id}, Marker: "mark"})
}

func TestRestoresEndByTheClock(t *testing.T) {
	w, a, c := open(t)
	w.AddBackup(memory.Backup{Key: "good"})
	w.AddBackup(memory.Backup{Key: "bad", Status: model.BackupFailed})
	w.SetTaskTime(time.Hour)
	if _, err := start(t, a, model.RestoreVolume, "bad"); !errors.Is(err, fault.Conflict) {
		t.Errorf("a failed backup: %v", err)
	}
	r, err := start(t, a, model.RestoreVolume, "good")
	if err != nil || r.State != model.StateQueued || r.Native.ID != "mark" {
		t.Fatalf("got %+v, %v", r, err)
	}
	for _, want := range []model.State{model.StateRunning, model.StateRunning, model.StateSucceeded} {
		c.advance(20 * time.Minute)
		if r, err = a.Restores.Get(t.Context(), r.ID, false); err != nil || r.State != want {
			t.Errorf("got %s, %v, want %s", r.State, err, want)
		}
	}
	if want := r.CreatedAt.Add(time.Hour); !r.EndedAt.Equal(want) {
		t.Errorf("it ended at %v, want %v", r.EndedAt, want)
	}
}

func TestLostRepliesLeaveARestore(t *testing.T) {
	w, a, _ := open(t)
	w.AddBackup(memory.Backup{Key: "good"})
	w.LoseReplies(1)
	if _, err := start(t, a, model.RestoreVolume, "good"); fault.Of(err) == nil || !fault.Of(err).Ambiguous {
		t.Errorf("got %v", err)
	}
	streams, err := a.Restores.Streams(t.Context(), model.RestoreQuery{})
	if err != nil {
		t.Fatal(err)
	}
	page, err := streams[0].Page(t.Context(), model.Position{}, 10)
	if err != nil || len(page.Items) != 1 || page.Items[0].Native.ID != "mark" {
		t.Errorf("got %+v, %v", page.Items, err)
	}
	if _, err := start(t, a, model.RestoreVolume, "good"); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

func TestContentBreaksOffWhenTold(t *testing.T) {
	w, a, c := open(t)
	w.AddBackup(memory.Backup{Key: "good", Bytes: 1000})
	r, err := start(t, a, model.RestoreDownload, "good")
	if err != nil {
		t.Fatal(err)
	}
	c.advance(time.Hour)
	w.CutContent(300)
	body, err := a.Content.Open(t.Context(), r.ID, 100)
	if err != nil || body.Size != 1000 {
		t.Fatalf("got %+v, %v", body, err)
	}
	data, err := io.ReadAll(body)
	if len(data) != 300 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %d bytes and %v", len(data), err)
	}
}

func TestBackupsOnDemandShowWhenTheyHaveEnded(t *testing.T) {
	w, a, c := open(t)
	w.AddBackup(memory.Backup{Key: "first", Asset: "disk"})
	subject := model.ID{Connection: "mem", Kind: "aws-ebs-volume", Key: "disk"}
	op, err := a.BackupStarts.Start(t.Context(), adapters.BackupStart{Subject: subject})
	if err != nil || op.State.Terminal() {
		t.Fatalf("got %+v, %v", op, err)
	}
	c.advance(time.Hour)
	for range 2 {
		if op, err = a.Operations.Get(t.Context(), op.ID, false); err != nil || op.State != model.StateSucceeded {
			t.Fatalf("got %+v, %v", op, err)
		}
	}
	if n := len(w.Backups()); n != 2 {
		t.Errorf("%d backups, want 2", n)
	}
	if _, err := a.BackupStarts.Start(t.Context(), adapters.BackupStart{Subject: model.ID{Kind: "aws-ebs-volume", Key: "none"}}); !errors.Is(err, fault.NotFound) {
		t.Errorf("an unknown asset: %v", err)
	}
}

func TestInstantAccessIsSharedChangedAndRemoved(t *testing.T) {
	w, a, c := open(t)
	w.AddBackup(memory.Backup{Key: "good"})
	r, err := start(t, a, model.RestoreInstantAccess, "good")
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if _, err := a.Access.Get(ctx, r.ID); !errors.Is(err, fault.Conflict) {
		t.Errorf("before it is ready: %v", err)
	}
	c.advance(time.Hour)
	role, err := a.Access.AddRole(ctx, r.ID, adapters.AccessRole{ARN: "arn:aws:iam::1:role/x"})
	if err != nil || role.ID == "" {
		t.Fatalf("got %+v, %v", role, err)
	}
	role.Alias = "x"
	if _, err := a.Access.UpdateRole(ctx, r.ID, role); err != nil {
		t.Error(err)
	}
	if info, err := a.Access.Get(ctx, r.ID); err != nil || !cmp.Equal(info.Roles, []adapters.AccessRole{role}) {
		t.Errorf("got %+v, %v", info, err)
	}
	if err := a.Access.RemoveRole(ctx, r.ID, role.ID); err != nil {
		t.Error(err)
	}
	if err := a.Access.RemoveRole(ctx, r.ID, role.ID); !errors.Is(err, fault.NotFound) {
		t.Errorf("removed twice: %v", err)
	}
	name, status := "renamed", "x"
	if r, err = a.RestorePatches.Patch(ctx, r.ID, model.RestorePatch{Name: &name}); err != nil || r.Outputs.Name != name {
		t.Errorf("got %+v, %v", r, err)
	}
	if _, err := a.RestorePatches.Patch(ctx, r.ID, model.RestorePatch{Status: &status}); fault.Of(err) == nil || fault.Of(err).Fields[0].Pointer != "/status" {
		t.Errorf("got %v", err)
	}
	if op, err := a.RestoreRemovals.Remove(ctx, r.ID); err != nil || op == nil || op.Action != "delete" {
		t.Errorf("got %+v, %v", op, err)
	}
	if _, err := a.RestoreRemovals.Remove(ctx, r.ID); !errors.Is(err, fault.Conflict) {
		t.Errorf("removed twice: %v", err)
	}
	if _, err := a.Access.Get(ctx, r.ID); !errors.Is(err, fault.Conflict) {
		t.Errorf("after its removal: %v", err)
	}
}

func TestDriverMakesTheSameWorldFromTheSameSeed(t *testing.T) {
	c := &clock{time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)}
	var worlds [][]string
	for _, config := range []string{`{"seed":5,"backups":50}`, `{"seed":5,"backups":50}`, `{"seed":6,"backups":50}`} {
		a, err := memory.Driver().Open(t.Context(), []byte(config), adapters.Env{Connection: "mem", Now: c.Now})
		if err != nil {
			t.Fatal(err)
		}
		keys, _ := list(t, a)
		worlds = append(worlds, keys)
	}
	if len(worlds[0]) != 50 || !cmp.Equal(worlds[0], worlds[1]) || cmp.Equal(worlds[0], worlds[2]) {
		t.Errorf("%d backups; equal seeds are equal: %t; others too: %t", len(worlds[0]), cmp.Equal(worlds[0], worlds[1]), cmp.Equal(worlds[0], worlds[2]))
	}
	if _, err := memory.Driver().Open(t.Context(), []byte(`{"streams":0}`), adapters.Env{Now: c.Now}); !errors.Is(err, fault.Invalid) {
		t.Errorf("no streams: %v", err)
	}
}
