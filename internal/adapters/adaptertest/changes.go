package adaptertest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptercheck"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// soon is when a vendor that says yes first has done what it was asked.
const soon = 15 * time.Minute

func changeChecks() []check {
	restores := func(name, why string, has func(a *adapters.Adapter) bool, run func(adaptercheck.T, *bench)) check {
		return check{
			name: name, why: why, scenario: simkit.Friendly, run: run, lacks: lacksRestores,
			applies: func(b *bench) bool { return b.adapter.Restores != nil && has(b.adapter) },
		}
	}
	starts := func(name, why string, has func(a *adapters.Adapter) bool, run func(adaptercheck.T, *bench)) check {
		return check{
			name: name, why: why, scenario: simkit.Friendly, run: run,
			applies: func(b *bench) bool { return b.adapter.BackupStarts != nil && has(b.adapter) },
			lacks: func(s Sim) string {
				if s.BackupStart == nil {
					return "BackupStart"
				}
				return ""
			},
		}
	}
	return []check{
		restores("restores/patches-hold", "what a patch changes is changed for everybody, and what it can not change is Invalid with its pointer",
			func(a *adapters.Adapter) bool { return a.RestorePatches != nil }, patchesHold),
		restores("restores/removals-tear-down", "what was made available is gone after its removal, and what was not is refused",
			func(a *adapters.Adapter) bool { return a.RestoreRemovals != nil }, removalsTearDown),
		restores("access/roles-come-and-go", "roles of an instant access can be added, seen and removed, each once",
			func(a *adapters.Adapter) bool { return a.Access != nil }, rolesComeAndGo),
		starts("backup-starts/are-operations", "a backup that was begun can be watched by another instance until it has ended",
			func(*adapters.Adapter) bool { return true }, startsAreOperations),
		starts("operations/cancel-stops", "an operation that says that it can be cancelled can be, and is then Conflict",
			func(a *adapters.Adapter) bool { return a.OperationCancels != nil }, operationCancels),
	}
}

// ended starts and finishes every case.
func (b *bench) ended(t adaptercheck.T, marker string) []model.Restore {
	t.Helper()
	var out []model.Restore
	for i, c := range b.sim.Restores {
		out = append(out, b.finish(t, b.begin(t, c, fmt.Sprintf("%s%d", marker, i)).ID))
	}
	return out
}

func (b *bench) unknown(kind string) model.ID {
	return model.ID{Connection: Connection, Kind: kind, Key: "no-such-thing"}
}

func patchesHold(t adaptercheck.T, b *bench) {
	again, held := b.openAgain(t), 0
	for _, r := range b.ended(t, "kitpatch") {
		name, status := "kit-renamed", "no-such-status"
		expires := b.clock.Now().Add(72 * time.Hour).UTC().Truncate(time.Second)
		for pointer, patch := range map[string]model.RestorePatch{
			"/name": {Name: &name}, "/expiresAt": {ExpiresAt: &expires}, "/status": {Status: &status},
			"/status taken": {Status: &b.sim.PatchStatus},
		} {
			pointer, taken := strings.CutSuffix(pointer, " taken")
			if taken && b.sim.PatchStatus == "" {
				continue
			}
			changed, err := b.adapter.RestorePatches.Patch(t.Context(), r.ID, patch)
			if err != nil {
				if e := fault.Of(err); !oneOf(err, fault.Invalid, fault.Unsupported, fault.Conflict) ||
					e.Kind == fault.Invalid && !slices.ContainsFunc(e.Fields, func(f fault.Field) bool { return f.Pointer == pointer }) {
					t.Errorf("%s: patch %s: want it done or invalid there, got %v", r.Kind, pointer, err)
				}
				continue
			}
			if pointer == "/status" && !taken {
				t.Errorf("%s: the status %q was taken", r.Kind, status)
			}
			held++
			got, err := again.Restores.Get(t.Context(), r.ID, false)
			for _, seen := range []model.Restore{changed, got} {
				if err != nil || seen.ID != r.ID || pointer == "/name" && seen.Outputs.Name != name || pointer == "/expiresAt" && !seen.ExpiresAt.Equal(expires) {
					t.Errorf("%s: patched %s, it is called %q and expires %v, error %v", r.Kind, pointer, seen.Outputs.Name, seen.ExpiresAt, err)
				}
			}
		}
		if _, err := b.adapter.RestorePatches.Patch(t.Context(), b.unknown(r.ID.Kind), model.RestorePatch{Name: &name}); !oneOf(err, fault.NotFound, fault.Invalid, fault.Unsupported) {
			t.Errorf("%s: patching what is not there: want not_found, got %v", r.Kind, err)
		}
	}
	if held == 0 {
		t.Errorf("nothing can be changed on any restore")
	}
}

func removalsTearDown(t adaptercheck.T, b *bench) {
	again, gone := b.openAgain(t), 0
	for _, r := range b.ended(t, "kitremove") {
		op, err := b.adapter.RestoreRemovals.Remove(t.Context(), r.ID)
		if err != nil {
			if !oneOf(err, fault.Unsupported, fault.Conflict, fault.Invalid) {
				t.Errorf("%s: remove: want it done or refused, got %v", r.Kind, err)
			}
			continue
		}
		gone++
		b.settle(t, op)
		b.clock.Advance(soon) // a vendor may not say what to watch
		got, err := again.Restores.Get(t.Context(), r.ID, false)
		if err != nil && !oneOf(err, fault.NotFound) || err == nil && (got.Outputs.HasContent || got.Outputs.HasAccess) {
			t.Errorf("%s: removed, it has content %t and access %t, error %v", r.Kind, got.Outputs.HasContent, got.Outputs.HasAccess, err)
		}
		if _, err := b.adapter.RestoreRemovals.Remove(t.Context(), r.ID); err != nil && !oneOf(err, fault.Conflict, fault.NotFound) {
			t.Errorf("%s: removed again: want it done, conflict or not_found, got %v", r.Kind, err)
		}
		if _, err := b.adapter.RestoreRemovals.Remove(t.Context(), b.unknown(r.ID.Kind)); !oneOf(err, fault.NotFound, fault.Invalid) {
			t.Errorf("%s: removing what is not there: want not_found, got %v", r.Kind, err)
		}
	}
	if gone == 0 {
		t.Errorf("nothing that any restore makes can be removed")
	}
}

// settle waits for an operation, if there is one, and for the vendor.
func (b *bench) settle(t adaptercheck.T, op *model.Operation) {
	t.Helper()
	if op == nil {
		return
	}
	if op.ID.Connection != Connection || op.ID.Key == "" {
		t.Errorf("the operation has the id %q", op.ID)
	}
	if last := b.finishOperation(t, op.ID); last.State != model.StateSucceeded && last.State != model.StateSucceededWithWarnings {
		t.Errorf("the operation %s ended as %s", op.ID, last.State)
	}
}

func (b *bench) finishOperation(t adaptercheck.T, id model.ID) model.Operation {
	t.Helper()
	if b.adapter.Operations == nil {
		t.Fatalf("there is an operation, and no way to look at it")
	}
	var op model.Operation
	for range steps {
		var err error
		if op, err = b.adapter.Operations.Get(t.Context(), id, false); err != nil {
			t.Fatalf("get %s: %v", id, err)
		}
		if op.State.Terminal() {
			return op
		}
		b.clock.Advance(step)
	}
	t.Fatalf("%s is still %s after %v", id, op.State, steps*step)
	return op
}

func rolesComeAndGo(t adaptercheck.T, b *bench) {
	access, tried := b.adapter.Access, 0
	for _, r := range b.ended(t, "kitaccess") {
		before, err := access.Get(t.Context(), r.ID)
		if !r.Outputs.HasAccess {
			if err == nil || !oneOf(err, fault.Unsupported, fault.Conflict, fault.NotFound, fault.Invalid) {
				t.Errorf("%s, which gives no access: want a refusal, got %v", r.Kind, err)
			}
			continue
		}
		tried++
		if _, err := access.Get(t.Context(), b.unknown(r.ID.Kind)); !oneOf(err, fault.NotFound, fault.Invalid, fault.Conflict) {
			t.Errorf("access to what is not there: want not_found, got %v", err)
		}
		if err != nil || before.URI+before.BucketAlias+before.Domain == "" || before.Roles == nil {
			t.Errorf("%s: got %+v, %v", r.Kind, before, err)
			continue
		}
		b.role(t, access, r, len(before.Roles))
	}
	if tried == 0 {
		t.Errorf("no case of Sim.Restores gives access")
	}
}

// role adds one role, changes it and removes it.
func (b *bench) role(t adaptercheck.T, access adapters.Access, r model.Restore, before int) {
	t.Helper()
	another := b.openAgain(t).Access
	seen := func(what, id, alias string, times int) {
		b.clock.Advance(soon)
		info, err := another.Get(t.Context(), r.ID)
		n := 0
		for _, role := range info.Roles {
			if role.ID == id && (alias == "" || role.Alias == alias) {
				n++
			}
		}
		if err != nil || n != times || len(info.Roles) != before+times {
			t.Errorf("%s: %s, role %s is there %d times among %d, error %v", r.Kind, what, id, n, len(info.Roles), err)
		}
	}
	role, err := access.AddRole(t.Context(), r.ID, adapters.AccessRole{ARN: "arn:aws:iam::123456789012:role/kit", Alias: "kit"})
	if err != nil || role.ID == "" || role.ARN == "" {
		t.Errorf("%s: add a role: got %+v, %v", r.Kind, role, err)
		return
	}
	seen("added", role.ID, "", 1)
	role.Alias = "kit2"
	switch changed, err := access.UpdateRole(t.Context(), r.ID, role); {
	case err == nil && changed.ID == role.ID:
		seen("changed", role.ID, "kit2", 1)
	case !oneOf(err, fault.Unsupported):
		t.Errorf("%s: change a role: got %+v, %v", r.Kind, changed, err)
	}
	if err := access.RemoveRole(t.Context(), r.ID, role.ID); err != nil {
		t.Errorf("%s: remove a role: %v", r.Kind, err)
	}
	seen("removed", role.ID, "", 0)
	if err := access.RemoveRole(t.Context(), r.ID, role.ID); !oneOf(err, fault.NotFound, fault.Conflict) {
		t.Errorf("%s: removed again: want not_found, got %v", r.Kind, err)
	}
}

func startsAreOperations(t adaptercheck.T, b *bench) {
	request := b.sim.BackupStart(b.backups(t, b.adapter))
	op, err := b.adapter.BackupStarts.Start(t.Context(), request)
	if err != nil {
		t.Fatalf("start a backup of %s: %v", request.Subject, err)
	}
	if parsed, err := model.ParseID(op.ID.String()); err != nil || parsed != op.ID || op.ID.Connection != Connection || op.State == "" || op.Action != "backup" {
		t.Errorf("the operation %q is %s, %q, error %v", op.ID, op.State, op.Action, err)
	}
	got, err := b.openAgain(t).Operations.Get(t.Context(), op.ID, true)
	if err != nil || got.ID != op.ID || got.Action != "backup" {
		t.Errorf("read by another instance it is %s, %q, error %v", got.ID, got.Action, err)
	}
	if last := b.finishOperation(t, op.ID); last.State == model.StateCanceled || last.Cancellable {
		t.Errorf("it ended as %s, and can be cancelled: %t", last.State, last.Cancellable)
	}
	request.Subject = model.ID{Connection: Connection, Kind: request.Subject.Kind, Key: request.Subject.Key + "x"}
	if _, err := b.adapter.BackupStarts.Start(t.Context(), request); !oneOf(err, fault.NotFound, fault.Invalid) {
		t.Errorf("a backup of what is not there: want not_found, got %v", err)
	}
}

func operationCancels(t adaptercheck.T, b *bench) {
	op, err := b.adapter.BackupStarts.Start(t.Context(), b.sim.BackupStart(b.backups(t, b.adapter)))
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	got, err := b.adapter.Operations.Get(t.Context(), op.ID, false)
	if err != nil {
		t.Fatalf("get %s: %v", op.ID, err)
	}
	if got.Cancellable {
		if err := b.adapter.OperationCancels.Cancel(t.Context(), op.ID); err != nil {
			t.Errorf("cancel: %v", err)
		}
	}
	last := b.finishOperation(t, op.ID)
	if got.Cancellable && last.State != model.StateCanceled {
		t.Errorf("cancelled, it ended as %s", last.State)
	}
	if last.Cancellable {
		t.Errorf("it is %s and says that it can be cancelled", last.State)
	}
	if err := b.adapter.OperationCancels.Cancel(t.Context(), op.ID); !oneOf(err, fault.Conflict) && (got.Cancellable || !oneOf(err, fault.Unsupported)) {
		t.Errorf("cancelling what is over: want conflict, got %v", err)
	}
	if err := b.adapter.OperationCancels.Cancel(t.Context(), b.unknown(op.ID.Kind)); !oneOf(err, fault.NotFound, fault.Invalid) {
		t.Errorf("cancelling what is not there: want not_found, got %v", err)
	}
}
