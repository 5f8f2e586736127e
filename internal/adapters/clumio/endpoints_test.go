package clumio_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"switchback/internal/adapters"
	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// serveEndpoint starts instant access and waits until it serves.
func serveEndpoint(t *testing.T, a *account) model.Restore {
	t.Helper()
	from := newestOf(t, a, model.AssetS3Bucket)
	r, err := a.Restores.Start(t.Context(), model.RestoreRequest{
		Kind: model.RestoreInstantAccess, Source: model.RestoreSource{Backup: &from.ID}, Marker: "m",
		Target: json.RawMessage(`{"name":"forensics","expiresAt":"2026-03-20T00:00:00Z"}`),
		Select: json.RawMessage(`{"keyPrefix":"logs/","latestVersionOnly":true}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	id := r.ID
	if r, err = a.Restores.Get(t.Context(), id, false); err != nil || r.State != model.StateRunning || r.Outputs.HasAccess {
		t.Fatalf("it begins as %+v, %v", r, err)
	}
	if _, err := a.Access.Get(t.Context(), id); fault.KindOf(err) != fault.Conflict {
		t.Errorf("access before it serves: got %v", err)
	}
	for range 200 {
		if r, err = a.Restores.Get(t.Context(), id, false); err != nil {
			t.Fatal(err)
		}
		if r.State != model.StateRunning {
			break
		}
		a.clock.Advance(20 * time.Second)
	}
	if r.State != model.StateSucceeded || !r.Outputs.HasAccess || r.ID != id {
		t.Fatalf("it serves as %+v", r)
	}
	return r
}

func TestInstantAccessServesUntilItExpires(t *testing.T) {
	scenario := simkit.Hostile()
	scenario.FailTasks = 0
	a := openAccount(t, clumiosim.Options{Scenario: scenario})
	r := serveEndpoint(t, a)
	if want := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC); !r.ExpiresAt.Equal(want) || r.Outputs.Name != "forensics" {
		t.Errorf("got %+v", r)
	}
	listed := listRestores(t, a, model.RestoreQuery{Kinds: []model.RestoreKind{model.RestoreInstantAccess}}, 1)
	if len(listed) != 1 || listed[0].ID != r.ID {
		t.Errorf("listed as %+v", listed)
	}
	if err := a.RestoreCancels.Cancel(t.Context(), r.ID); fault.KindOf(err) != fault.Conflict {
		t.Errorf("cancel: got %v", err)
	}
	a.clock.Advance(14 * 24 * time.Hour)
	later, err := a.Restores.Get(t.Context(), r.ID, false)
	if err != nil || later.State != model.StateSucceeded || later.Outputs.HasAccess {
		t.Errorf("later it is %+v, %v", later, err)
	}
	if _, err := a.Access.Get(t.Context(), r.ID); fault.KindOf(err) != fault.Conflict {
		t.Errorf("access after it expired: got %v", err)
	}
}

func TestAnEndpointThatWasNeverMadeHasFailed(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Scenario: simkit.Scenario{FailTasks: 1}})
	from := newestOf(t, a, model.AssetS3Bucket)
	began, err := a.Restores.Start(t.Context(), model.RestoreRequest{
		Kind: model.RestoreInstantAccess, Source: model.RestoreSource{Backup: &from.ID}, Marker: "m",
		Target: json.RawMessage(`{"name":"forensics"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	// Later the time it was to expire at is over, too.
	for _, later := range []time.Duration{time.Hour, 30 * 24 * time.Hour} {
		a.clock.Advance(later)
		got, err := a.Restores.Get(t.Context(), began.ID, false)
		if err != nil || got.State != model.StateFailed || got.Error == nil || got.EndedAt.IsZero() || got.Outputs.HasAccess {
			t.Errorf("after %v it is %+v, %v", later, got, err)
		}
		listed := listRestores(t, a, model.RestoreQuery{Kinds: []model.RestoreKind{model.RestoreInstantAccess}}, 5)
		if len(listed) != 1 || listed[0].State != model.StateFailed {
			t.Errorf("after %v it is listed as %+v", later, listed)
		}
	}
}

func TestEndpointsKeepWhatAPatchLeavesOut(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	r := serveEndpoint(t, a)
	name, until := "renamed", time.Date(2026, 3, 25, 0, 0, 0, 0, time.UTC)
	got, err := a.RestorePatches.Patch(t.Context(), r.ID, model.RestorePatch{Name: &name})
	if err != nil || got.Outputs.Name != name || !got.ExpiresAt.Equal(r.ExpiresAt) {
		t.Errorf("renamed, it is %+v, %v", got, err)
	}
	got, err = a.RestorePatches.Patch(t.Context(), r.ID, model.RestorePatch{ExpiresAt: &until})
	if err != nil || got.Outputs.Name != name || !got.ExpiresAt.Equal(until) {
		t.Errorf("prolonged, it is %+v, %v", got, err)
	}
	a.sim.Kit().ResetRequests()
	if _, err := a.RestorePatches.Patch(t.Context(), r.ID, model.RestorePatch{}); err != nil || len(a.sim.Kit().Requests("PUT /**")) != 0 {
		t.Errorf("an empty patch: %v, %v", err, a.sim.Kit().Requests("PUT /**"))
	}
	word := "done"
	if _, err := a.RestorePatches.Patch(t.Context(), r.ID, model.RestorePatch{Status: &word}); fault.KindOf(err) != fault.Invalid || fault.Of(err).Fields[0].Pointer != "/status" {
		t.Errorf("status: got %v", err)
	}
}

func TestEndpointsAreSharedByRoles(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	id := serveEndpoint(t, a).ID
	role, err := a.Access.AddRole(t.Context(), id, adapters.AccessRole{ARN: "arn:aws:iam::111122223333:role/ir", Alias: "ir"})
	if err != nil || role.ID == "" {
		t.Fatalf("added as %+v, %v", role, err)
	}
	info, err := a.Access.Get(t.Context(), id)
	if err != nil || info.URI == "" || info.Region == "" || !json.Valid(info.Permissions) || strings.HasPrefix(string(info.Permissions), `"`) {
		t.Errorf("got %+v, %v", info, err)
	}
	if diff := gocmp.Diff([]adapters.AccessRole{role}, info.Roles); diff != "" {
		t.Error(diff)
	}
	role.Alias = "forensics"
	if _, err := a.Access.UpdateRole(t.Context(), id, role); err != nil {
		t.Error(err)
	}
	info, err = a.Access.Get(t.Context(), id)
	if diff := gocmp.Diff([]adapters.AccessRole{role}, info.Roles); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if err := a.Access.RemoveRole(t.Context(), id, role.ID); err != nil {
		t.Error(err)
	}
	if info, err = a.Access.Get(t.Context(), id); err != nil || info.Roles == nil || len(info.Roles) != 0 {
		t.Errorf("got %+v, %v", info, err)
	}
	for _, roleID := range []string{"", "..", "permissions", "no-such-role"} {
		if err := a.Access.RemoveRole(t.Context(), id, roleID); roleID != "no-such-role" && fault.KindOf(err) != fault.NotFound {
			t.Errorf("%q: got %v", roleID, err)
		}
	}
	if _, err := a.Access.AddRole(t.Context(), id, adapters.AccessRole{}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a role without an ARN: got %v", err)
	}
}

func TestEndpointsAreRemoved(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	id := serveEndpoint(t, a).ID
	if operation, err := a.RestoreRemovals.Remove(t.Context(), id); operation != nil || err != nil {
		t.Fatalf("got %v, %v", operation, err)
	}
	for range 20 {
		a.clock.Advance(time.Minute)
	}
	got, err := a.Restores.Get(t.Context(), id, false)
	if fault.KindOf(err) != fault.NotFound && (err != nil || got.Outputs.HasAccess) {
		t.Errorf("removed, it is %+v, %v", got, err)
	}
	for _, key := range []string{"no-such-endpoint", "cost-estimates"} {
		if _, err := a.RestoreRemovals.Remove(t.Context(), a.env.ID("instant-access", key)); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: got %v", key, err)
		}
	}
}

func TestOtherRestoresHaveNoEndpoint(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	from := newestOf(t, a, model.AssetDynamoDBTable)
	r, err := a.Restores.Start(t.Context(), model.RestoreRequest{
		Kind: model.RestoreTable, Source: model.RestoreSource{Backup: &from.ID}, Marker: "m", Target: json.RawMessage(`{"name":"t"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	name := "x"
	if _, err := a.RestorePatches.Patch(t.Context(), r.ID, model.RestorePatch{Name: &name}); fault.KindOf(err) != fault.Invalid || fault.Of(err).Fields[0].Pointer != "/name" {
		t.Errorf("patch: got %v", err)
	}
	if _, err := a.RestoreRemovals.Remove(t.Context(), r.ID); fault.KindOf(err) != fault.Conflict {
		t.Errorf("remove: got %v", err)
	}
	if _, err := a.Access.Get(t.Context(), r.ID); fault.KindOf(err) != fault.Conflict {
		t.Errorf("access: got %v", err)
	}
	if err := a.RestoreCancels.Cancel(t.Context(), r.ID); err != nil {
		t.Errorf("cancel: %v", err)
	}
	var got model.Restore
	for range 50 {
		a.clock.Advance(time.Minute)
		if got, err = a.Restores.Get(t.Context(), r.ID, false); err != nil || got.State.Terminal() {
			break
		}
	}
	if err != nil || got.State != model.StateCanceled {
		t.Errorf("cancelled, it is %+v, %v", got, err)
	}
	if err := a.RestoreCancels.Cancel(t.Context(), r.ID); fault.KindOf(err) != fault.Conflict {
		t.Errorf("cancel again: got %v", err)
	}
}

func TestTheOtherKindsOfRestoresAreAccepted(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Backups: 800})
	bucket, environment := firstID(t, a.sim, "/datasources/aws/s3-buckets"), firstID(t, a.sim, "/datasources/aws/environments")
	into, _ := json.Marshal(map[string]any{"bucket": bucket, "environment": environment, "prefix": "restored/"})
	group, asset := newestOf(t, a, model.AssetS3ProtectionGroup), newestOf(t, a, model.AssetS3Bucket)
	volume, instance, database := newestOf(t, a, model.AssetEBSVolume), newestOf(t, a, model.AssetEC2Instance), newestOf(t, a, model.AssetRDS)
	for name, c := range map[string]struct {
		request    model.RestoreRequest
		path, want string
	}{
		"volume": {
			model.RestoreRequest{Kind: model.RestoreVolume, Source: model.RestoreSource{Backup: &volume.ID}, Target: json.RawMessage(`{"zone":"us-west-2a"}`), Options: json.RawMessage(`{"type":"gp3","iops":3000}`)},
			"/restores/aws/ebs-volumes", `"type":"gp3"`,
		},
		"instance": {
			model.RestoreRequest{Kind: model.RestoreInstance, Source: model.RestoreSource{Backup: &instance.ID}, Target: json.RawMessage(`{"name":"web"}`), Options: json.RawMessage(`{"should_power_on":true}`)},
			"/restores/aws/ec2-instances", `{"key":"Name","value":"web"}`,
		},
		"database": {
			model.RestoreRequest{Kind: model.RestoreDatabase, Source: model.RestoreSource{Backup: &database.ID}, Target: json.RawMessage(`{"name":"crm"}`), Options: json.RawMessage(`{"is_publicly_accessible":false}`)},
			"/restores/aws/rds-resources", `"is_publicly_accessible":false`,
		},
		"objects of a group": {
			model.RestoreRequest{Kind: model.RestoreObjects, Source: model.RestoreSource{Backup: &group.ID}, Target: into, Options: json.RawMessage(`{"storage_class":"S3 Standard"}`)},
			"/restores/protection-groups", `"storage_class":"S3 Standard"`,
		},
		"objects of a bucket": {
			model.RestoreRequest{Kind: model.RestoreObjects, Source: model.RestoreSource{Backup: &asset.ID}, Target: into, Select: json.RawMessage(`{"keySuffix":".log"}`)},
			"/restores/protection-groups/s3-assets", `"restore_original_storage_class":true`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			a.sim.Kit().ResetRequests()
			c.request.Marker = "mark-2"
			r, err := a.Restores.Start(t.Context(), c.request)
			if err != nil {
				t.Fatalf("%v: %+v", err, fault.Of(err).Upstream)
			}
			body := sent(t, a, c.path)
			if !strings.Contains(body, c.want) {
				t.Errorf("sent %s, want %s", body, c.want)
			}
			place := a.Traits.MarkerPlaces[c.request.Kind]
			if marked := strings.Contains(body, "mark-2"); marked != (place != "") {
				t.Errorf("the marker's place is %q, and it was sent: %v", place, marked)
			}
			got, err := a.Restores.Get(t.Context(), r.ID, false)
			if err != nil || got.Kind != c.request.Kind {
				t.Errorf("found as %+v, %v", got, err)
			}
			offered := slices.Concat(volume.RestoreKinds, instance.RestoreKinds, database.RestoreKinds, group.RestoreKinds, asset.RestoreKinds)
			if !slices.Contains(offered, c.request.Kind) {
				t.Errorf("%s is not offered", c.request.Kind)
			}
		})
	}
}
