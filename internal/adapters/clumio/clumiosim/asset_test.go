package clumiosim_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
)

// assetLists maps each list of assets to the path of one asset.
func assetLists() map[string]string {
	return map[string]string{
		"/datasources/aws/ec2-instances":           "/{instance_id}",
		"/datasources/aws/ebs-volumes":             "/{volume_id}",
		"/datasources/aws/rds-resources":           "/{resource_id}",
		"/datasources/aws/dynamodb-tables":         "/{table_id}",
		"/datasources/aws/s3-buckets":              "/{bucket_id}",
		"/datasources/protection-groups":           "/{group_id}",
		"/datasources/protection-groups/s3-assets": "/{protection_group_s3_asset_id}",
	}
}

func TestAssets(t *testing.T) {
	for _, scenario := range []simkit.Scenario{simkit.Friendly(), simkit.Hostile()} {
		t.Run(scenario.Name, func(t *testing.T) {
			c := newClient(t, clumiosim.Options{Seed: 21, Scenario: scenario, Assets: 200})
			for list, param := range assetLists() {
				found := c.walk(list, url.Values{"limit": {"9"}, "lookback_days": {"7"}})
				want := c.sim.Assets(list)
				if diff := cmp.Diff(sorted(want), sorted(idsOf(found))); diff != "" || len(want) == 0 {
					t.Errorf("%s (-live +listed):\n%s", list, diff)
				}
				for _, item := range found[:min(len(found), 5)] {
					out := c.get(list+param, list+"/"+textOf(item, "id"))
					if out.status != http.StatusOK || out.body["id"] != item["id"] {
						t.Errorf("%s: reading %v: %d", list, item["id"], out.status)
					}
				}
				if out := c.get(list+param, list+"/nothing"); out.status != http.StatusNotFound {
					t.Errorf("%s: unknown id: %d", list, out.status)
				}
			}
		})
	}
}

func TestDeletedAssetsShowOnlyWhenAsked(t *testing.T) {
	const list = "/datasources/aws/ec2-instances"
	c := newClient(t, clumiosim.Options{Seed: 21, Assets: 300})
	live := idsOf(c.walk(list, nil))
	gone := c.walk(list, filter("is_deleted", map[string]any{"$eq": true}))
	both := idsOf(c.walk(list, filter("is_deleted", map[string]any{"$in": []string{"true", "false"}})))
	if len(gone) == 0 || len(both) != len(live)+len(gone) {
		t.Fatalf("%d live, %d deleted, %d both", len(live), len(gone), len(both))
	}
	for _, a := range gone {
		if a["is_deleted"] != true || a["deletion_timestamp"] == nil || a["protection_status"] != nil {
			t.Errorf("a deleted asset: %v", a)
		}
	}
}

func TestAssetFilters(t *testing.T) {
	const list = "/datasources/aws/dynamodb-tables"
	c := newClient(t, clumiosim.Options{Seed: 8, Assets: 300})
	all := c.walk(list, nil)
	one := all[3]
	tags, _ := one["tags"].([]any)
	tag, _ := tags[0].(map[string]any)
	for field, operators := range map[string]map[string]any{
		"name":              {"$contains": textOf(one, "name")},
		"environment_id":    {"$eq": one["environment_id"]},
		"table_native_id":   {"$eq": one["table_native_id"]},
		"aws_region":        {"$eq": one["aws_region"]},
		"account_native_id": {"$eq": one["account_native_id"]},
		"tags.id":           {"$all": []any{tag["id"]}},
	} {
		found := idsOf(c.walk(list, filter(field, operators)))
		if !slices.Contains(found, textOf(one, "id")) {
			t.Errorf("%s does not find its own asset", field)
		}
		if len(found) == len(all) {
			t.Errorf("%s narrows nothing", field)
		}
	}
	protected := c.walk(list, filter("protection_status", map[string]any{"$in": []string{"protected"}}))
	if len(protected) == 0 || len(protected) == len(all) {
		t.Errorf("%d of %d are protected", len(protected), len(all))
	}
	out := c.get(list, list+"?embed=read-policy-definition&"+filter("protection_status", map[string]any{"$in": []string{"protected"}}).Encode())
	embedded, _ := itemsOf(out)[0]["_embedded"].(map[string]any)
	if policy, _ := embedded["read-policy-definition"].(map[string]any); textOf(policy, "name") == "" {
		t.Errorf("the policy is not embedded: %v", embedded)
	}
}

func TestUnitsOfSize(t *testing.T) {
	const gib = 1 << 30
	c := newClient(t, clumiosim.Options{Seed: 8})
	volumes := map[string]float64{}
	for _, v := range c.walk("/datasources/aws/ebs-volumes", filter("is_deleted", map[string]any{"$in": []string{"true", "false"}})) {
		volumes[textOf(v, "id")] = number(v["size"])
	}
	for _, b := range c.walk(clumiosim.ListEBS, nil) {
		if got, want := number(b["size"])*gib, volumes[textOf(b, "volume_id")]; got != want {
			t.Errorf("backup of %v GB of a volume of %v bytes", b["size"], want)
		}
	}
	for _, b := range c.walk(clumiosim.ListEC2, nil) {
		var sum float64
		attached, _ := b["attached_backup_ebs_volumes"].([]any)
		for _, v := range attached {
			volume, _ := v.(map[string]any)
			sum += number(volume["size"])
		}
		if sum != number(b["size"])*gib {
			t.Errorf("an instance of %v GB has volumes of %v bytes", b["size"], sum)
		}
	}
}

func TestEBSVersions(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 8})
	newest := c.walk(clumiosim.ListEBS, nil)
	c.accept = "application/api.clumio.backup-aws-ebs-volumes=v1+json"
	old := c.walk(clumiosim.ListEBS, nil)
	if diff := cmp.Diff(idsOf(newest), idsOf(old)); diff != "" {
		t.Fatal(diff)
	}
	for i := range newest {
		if newest[i]["volume_type"] != old[i]["type"] || old[i]["utilized_size_in_bytes"] != nil {
			t.Errorf("version 1 %v, version 2 %v", old[i], newest[i])
		}
	}
}

func TestTokenLists(t *testing.T) {
	for _, scenario := range []simkit.Scenario{simkit.Friendly(), simkit.Hostile()} {
		c := newClient(t, clumiosim.Options{Seed: 2, Scenario: scenario, Assets: 500})
		for _, list := range []string{"/datasources/aws/environments", "/connections/aws"} {
			all := idsOf(c.walk(list, url.Values{"limit": {"100"}}))
			some := idsOf(c.walk(list, url.Values{"limit": {"2"}}))
			if diff := cmp.Diff(all, some); diff != "" || len(all) != 25 {
				t.Errorf("%s: %d items, %s", list, len(all), diff)
			}
			out := c.get(list, list+"?limit=2")
			if !strings.Contains(next(out), "%") {
				t.Errorf("the token in %q needs no escaping", next(out))
			}
			if _, counted := out.body["total_count"]; counted {
				t.Error("a token list has no totals")
			}
			twice := strings.ReplaceAll(next(out), "%", "%25")
			if out := c.get(list, twice); out.status != http.StatusBadRequest {
				t.Errorf("a token that was escaped twice: %d", out.status)
			}
		}
	}
}

func TestEnvironments(t *testing.T) {
	const list = "/datasources/aws/environments"
	c := newClient(t, clumiosim.Options{Seed: 2, Assets: 500})
	one := c.walk(list, nil)[1]
	query := filter("account_native_id", map[string]any{"$eq": one["account_native_id"]})
	for _, e := range c.walk(list, query) {
		if e["account_native_id"] != one["account_native_id"] {
			t.Errorf("account %v passed the filter", e["account_native_id"])
		}
	}
	for _, status := range []string{"installed", "connected"} {
		if len(c.walk(list, filter("connection_status", map[string]any{"$eq": status}))) == 0 {
			t.Errorf("no environment is %s", status)
		}
	}
	out := c.get(list+"/{environment_id}", list+"/"+textOf(one, "id"))
	if diff := cmp.Diff(one, out.body); diff != "" {
		t.Error(diff)
	}
}

func TestPolicies(t *testing.T) {
	const list = "/policies/definitions"
	c := newClient(t, clumiosim.Options{Seed: 2})
	locks := map[string]bool{}
	for _, p := range itemsOf(c.get(list, list)) {
		locks[textOf(p, "lock_status")] = true
		links, _ := p["_links"].(map[string]any)
		if _, editable := links["update-policy-definition"]; editable != (p["lock_status"] == "unlocked") {
			t.Errorf("policy %v is %v with links %v", p["name"], p["lock_status"], links)
		}
		out := c.get(list+"/{policy_id}", list+"/"+textOf(p, "id"))
		if diff := cmp.Diff(p, out.body); diff != "" {
			t.Error(diff)
		}
	}
	if len(locks) < 3 {
		t.Errorf("only the lock states %v occur", locks)
	}
	query := filter("operations.type", map[string]any{"$in": []string{"aws_ebs_volume_backup"}})
	if found := c.walk(list, query); len(found) != 1 || found[0]["name"] != "Gold" {
		t.Errorf("found %v", found)
	}
	for asset := range slices.Values(c.walk("/datasources/aws/ec2-instances", nil)) {
		info, _ := asset["protection_info"].(map[string]any)
		id := textOf(info, "policy_id")
		if out := c.get(list+"/{policy_id}", list+"/"+id); id != "" && out.status != http.StatusOK {
			t.Errorf("an asset has policy %q, which is not there", id)
		}
	}
}
