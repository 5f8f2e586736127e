package clumio_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// policyNamed finds a policy of the simulated account.
func policyNamed(t *testing.T, a *account, name string) model.Policy {
	t.Helper()
	page, err := a.Policies.List(t.Context(), "", 100, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range page.Items {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("there is no policy %s", name)
	return model.Policy{}
}

func assigned(t *testing.T, a *account, policy model.ID, limit int) []model.ProtectedAsset {
	t.Helper()
	var out []model.ProtectedAsset
	token := ""
	for range 1000 {
		page, err := a.PolicyAssignments.List(t.Context(), policy, token, limit)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, page.Items...)
		if token = page.Next; token == "" {
			return out
		}
	}
	t.Fatal("the list does not end")
	return nil
}

func idsOf(assets []model.ProtectedAsset) []string {
	out := []string{}
	for _, a := range assets {
		out = append(out, a.ID.String())
	}
	slices.Sort(out)
	return out
}

// allAssets is the whole inventory.
func allAssets(t *testing.T, a *account) []model.ProtectedAsset {
	t.Helper()
	var out []model.ProtectedAsset
	token := ""
	for range 1000 {
		page, err := a.Assets.List(t.Context(), model.AssetQuery{}, token, 100)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, page.Items...)
		if token = page.Next; token == "" {
			return out
		}
	}
	t.Fatal("the list does not end")
	return nil
}

func TestAssignmentsAreTheAssetsOfAPolicy(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Assets: 80})
	policy := policyNamed(t, a, "Gold")
	want := []model.ProtectedAsset{}
	kinds := map[model.AssetKind]bool{}
	for _, asset := range allAssets(t, a) {
		if asset.Policy != nil && asset.Policy.ID == policy.ID && !asset.Deleted {
			want = append(want, asset)
			kinds[asset.Kind] = true
		}
	}
	if len(want) < 10 || len(kinds) < 4 {
		t.Fatalf("only %d assets of %d kinds have the policy", len(want), len(kinds))
	}
	a.sim.Kit().ResetRequests()
	for _, limit := range []int{1, 7, 100} {
		if diff := cmp.Diff(idsOf(want), idsOf(assigned(t, a, policy.ID, limit))); diff != "" {
			t.Errorf("limit %d: %s", limit, diff)
		}
	}
	for _, r := range a.sim.Kit().Requests("GET /datasources/**") {
		documented := !strings.Contains(r.Path, "/gcp/") && !strings.HasSuffix(r.Path, "/iceberg-tables")
		if strings.Contains(r.Query.Get("filter"), policy.ID.Key) != documented {
			t.Errorf("%s: the filter is %s", r.Path, r.Query.Get("filter"))
		}
	}
}

func TestAssignmentsOfNoPolicy(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	policy := policyNamed(t, a, "Gold")
	for _, id := range []model.ID{{Connection: "acme", Kind: "policy", Key: "none"}, {Connection: "acme", Kind: "task", Key: policy.ID.Key}, {Connection: "x", Kind: "policy", Key: policy.ID.Key}} {
		if _, err := a.PolicyAssignments.List(t.Context(), id, "", 10); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: %v", id, err)
		}
	}
	for _, token := range []string{"x", "99.0.", "0.0.", "1.2.3.4"} {
		if _, err := a.PolicyAssignments.List(t.Context(), policy.ID, token, 10); fault.KindOf(err) != fault.Invalid {
			t.Errorf("token %q: %v", token, err)
		}
	}
}

func TestAssetsAreAssigned(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Assets: 120})
	policy := policyNamed(t, a, "Silver")
	inventory := allAssets(t, a)
	var ids []model.ID
	for _, kind := range []model.AssetKind{
		model.AssetEBSVolume, model.AssetEC2Instance, model.AssetDynamoDBTable, model.AssetS3ProtectionGroup, model.AssetRDS, model.AssetIcebergTable,
	} {
		for _, with := range []bool{true, false} {
			for _, asset := range inventory {
				if asset.Kind == kind && !asset.Deleted && (asset.Policy != nil) == with && asset.Protection != model.ProtectionUnsupported {
					ids = append(ids, asset.ID)
					break
				}
			}
		}
	}
	ids = append(ids, ids[0]) // said twice, sent once
	a.sim.Kit().ResetRequests()
	operation, err := a.PolicyAssignments.Assign(t.Context(), policy.ID, ids)
	if err != nil {
		t.Fatal(err)
	}
	writes := a.sim.Kit().Requests("POST /policies/assignments")
	if len(writes) != 1 {
		t.Fatalf("the vendor got %d writes", len(writes))
	}
	var body struct {
		Items []struct {
			Action   string            `json:"action"`
			Entity   map[string]string `json:"entity"`
			PolicyID string            `json:"policy_id"`
		} `json:"items"`
	}
	if err := json.Unmarshal(writes[0].Body, &body); err != nil {
		t.Fatal(err)
	}
	words := map[string]bool{}
	for i, item := range body.Items {
		words[item.Entity["type"]] = true
		if item.Action != "assign" || item.PolicyID != policy.ID.Key || item.Entity["id"] != ids[i].Key {
			t.Errorf("item %d is %+v", i, item)
		}
	}
	if len(body.Items) != len(ids)-1 || len(words) < 6 {
		t.Errorf("%d items of %d assets, of the types %v", len(body.Items), len(ids)-1, words)
	}
	shown, err := a.Operations.Get(t.Context(), operation.ID, false)
	if err != nil || shown.State.Terminal() {
		t.Errorf("the operation is %+v, %v", shown, err)
	}
	a.clock.Advance(time.Hour)
	if shown, err = a.Operations.Get(t.Context(), operation.ID, false); err != nil || shown.State != model.StateSucceeded {
		t.Errorf("the operation is %+v, %v", shown, err)
	}
	now := idsOf(assigned(t, a, policy.ID, 100))
	for _, id := range ids {
		if !slices.Contains(now, id.String()) {
			t.Errorf("%s is not assigned", id)
		}
	}

	// And away again; what has another policy is not touched.
	var other model.ProtectedAsset
	for _, asset := range inventory {
		if asset.Kind == model.AssetEBSVolume && asset.Policy != nil && !asset.Deleted && asset.Policy.ID != policy.ID && !slices.Contains(ids, asset.ID) {
			other = asset
		}
	}
	a.sim.Kit().ResetRequests()
	_, err = a.PolicyAssignments.Unassign(t.Context(), policy.ID, []model.ID{ids[0], other.ID})
	if e := fault.Of(err); e == nil || e.Kind != fault.Conflict || len(e.Fields) != 1 || e.Fields[0].Pointer != "/assets/1" {
		t.Errorf("got %v", err)
	}
	if n := len(a.sim.Kit().Requests("POST /**")); n != 0 {
		t.Fatalf("the vendor got %d writes", n)
	}
	if _, err = a.PolicyAssignments.Unassign(t.Context(), policy.ID, ids); err != nil {
		t.Fatal(err)
	}
	if text := string(a.sim.Kit().Requests("POST /policies/assignments")[0].Body); strings.Contains(text, "policy_id") || !strings.Contains(text, "unassign") {
		t.Errorf("sent %s", text)
	}
	a.clock.Advance(time.Hour)
	now = idsOf(assigned(t, a, policy.ID, 100))
	for _, id := range ids {
		if slices.Contains(now, id.String()) {
			t.Errorf("%s is still assigned", id)
		}
	}
	// What has no policy any more needs nothing.
	operation, err = a.PolicyAssignments.Unassign(t.Context(), policy.ID, ids[:1])
	if err != nil || operation != nil || len(a.sim.Kit().Requests("POST /policies/assignments")) != 1 {
		t.Errorf("got %+v, %v", operation, err)
	}
}

func TestAssignmentsThatCanNotBe(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	policy := policyNamed(t, a, "Gold")
	volume := model.ID{Connection: "acme", Kind: string(model.AssetEBSVolume), Key: "v"}
	many := make([]model.ID, 101)
	for i := range many {
		many[i] = model.ID{Connection: "acme", Kind: string(model.AssetEBSVolume), Key: strings.Repeat("v", i+1)}
	}
	a.sim.Kit().ResetRequests()
	for name, test := range map[string]struct {
		assets []model.ID
		want   string
	}{
		"none":        {nil, "/assets"},
		"too many":    {many, "/assets"},
		"a bucket":    {[]model.ID{volume, {Connection: "acme", Kind: string(model.AssetS3Bucket), Key: "b"}}, "/assets/1"},
		"a database":  {[]model.ID{{Connection: "acme", Kind: string(model.AssetMSSQLDatabase), Key: "b"}}, "/assets/0"},
		"elsewhere":   {[]model.ID{{Connection: "other", Kind: volume.Kind, Key: "v"}}, "/assets/0"},
		"no resource": {[]model.ID{{Connection: "acme", Kind: string(model.AssetRDS), Key: "none"}}, "/assets/0"},
	} {
		_, err := a.PolicyAssignments.Assign(t.Context(), policy.ID, test.assets)
		if got := pointers(err); fault.KindOf(err) != fault.Invalid || got != test.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	none := model.ID{Connection: "acme", Kind: "task", Key: "1"}
	for _, assign := range []func() (*model.Operation, error){
		func() (*model.Operation, error) {
			return a.PolicyAssignments.Assign(t.Context(), none, []model.ID{volume})
		},
		func() (*model.Operation, error) {
			return a.PolicyAssignments.Unassign(t.Context(), none, []model.ID{volume})
		},
	} {
		if _, err := assign(); fault.KindOf(err) != fault.NotFound {
			t.Errorf("got %v", err)
		}
	}
	if n := len(a.sim.Kit().Requests("POST /**")); n != 0 {
		t.Errorf("the vendor got %d writes", n)
	}
	// An answer that does not say what was begun leaves it open.
	a.sim.Kit().Inject("POST /policies/assignments", simkit.Response{Status: http.StatusAccepted, Body: `{}`})
	if _, err := a.PolicyAssignments.Assign(t.Context(), policy.ID, []model.ID{volume}); fault.Of(err) == nil || !fault.Of(err).Ambiguous {
		t.Errorf("got %v", err)
	}
}

// TestPoliciesAtTheVendor takes a policy of the simulated account through its life.
func TestPoliciesAtTheVendor(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	made, err := a.PolicyWrites.Create(t.Context(), model.Policy{
		Name: "Ledger", Rules: []model.Rule{{
			Kind: "incremental", AssetKind: model.AssetDynamoDBTable, Schedule: &model.Schedule{Weekly: &model.Weekly{Days: []string{"monday"}}},
			Retention: &model.Retention{Keep: model.Period{Years: 7}},
		}},
	}, false)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := a.Policies.Get(t.Context(), made.Policy.ID, false)
	if err != nil || policy.Version != made.Policy.Version || policy.Status != "active" {
		t.Fatalf("got %+v, %v", policy, err)
	}
	wanted := policy
	wanted.Rules = slices.Clone(policy.Rules)
	wanted.Rules[0].Retention = &model.Retention{Keep: model.Period{Years: 10}}
	change, err := a.PolicyWrites.Update(t.Context(), policy.ID, policy.Version, wanted, false)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted.Rules, change.Policy.Rules); diff != "" {
		t.Error(diff)
	}
	// While the vendor is at it, nobody else may.
	locked, err := a.Policies.Get(t.Context(), policy.ID, false)
	if err != nil || locked.Status != "locked" {
		t.Fatalf("got %+v, %v", locked, err)
	}
	if _, err := a.PolicyWrites.Delete(t.Context(), policy.ID, locked.Version); fault.KindOf(err) != fault.Conflict {
		t.Errorf("got %v", err)
	}
	a.clock.Advance(time.Hour)
	if op, err := a.Operations.Get(t.Context(), change.Operation.ID, false); err != nil || op.State != model.StateSucceeded {
		t.Errorf("the operation is %+v, %v", op, err)
	}
	now, err := a.Policies.Get(t.Context(), policy.ID, false)
	if err != nil || now.Version != change.Policy.Version {
		t.Errorf("the version was to be %q and is %q, %v", change.Policy.Version, now.Version, err)
	}
	if diff := cmp.Diff(wanted.Rules, now.Rules); diff != "" {
		t.Error(diff)
	}
	gone, err := a.PolicyWrites.Delete(t.Context(), policy.ID, now.Version)
	if err != nil || gone.Policy != nil {
		t.Fatalf("got %+v, %v", gone, err)
	}
	a.clock.Advance(time.Hour)
	if _, err := a.Policies.Get(t.Context(), policy.ID, false); fault.KindOf(err) != fault.NotFound {
		t.Errorf("got %v", err)
	}
}
