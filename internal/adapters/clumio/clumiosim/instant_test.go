package clumiosim_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
)

func TestInstantAccess(t *testing.T) {
	const base = "/restores/protection-groups/instant-access-endpoints"
	for _, scenario := range []simkit.Scenario{simkit.Friendly(), simkit.Hostile()} {
		t.Run(scenario.Name, func(t *testing.T) {
			c := newClient(t, clumiosim.Options{Seed: 6, Scenario: scenario})
			fact := c.newestFact(clumiosim.ListS3Assets)
			bucket := c.get("/datasources/protection-groups/s3-assets/{protection_group_s3_asset_id}",
				"/datasources/protection-groups/s3-assets/"+fact.AssetID).body
			parents := factIDs(c.sim.Facts(), clumiosim.ListGroups)
			parent := parents[slices.IndexFunc(parents, func(id string) bool { return strings.HasPrefix(id, textOf(bucket, "group_id")) })]
			out := c.do(http.MethodPost, base, base, m{
				"name": "forensics", "expiry_timestamp": start.Add(time.Hour).Format(time.RFC3339),
				"source": m{"protection_group_s3_asset_id": fact.AssetID, "backup_id": parent, "pitr": nil, "object_filters": m{"latest_version_only": true}},
			})
			id := textOf(out.body, "id")
			if out.status != http.StatusAccepted || id == "" || textOf(out.body, "task_id") == "" {
				t.Fatalf("%d %v", out.status, out.body)
			}
			if got := c.sim.Restores()[0].EndpointID; got != id {
				t.Errorf("the restore names endpoint %q", got)
			}
			read := func() m { return c.get(base+"/{endpoint_id}", base+"/"+id).body }
			uri := func() reply { return c.get(base+"/{endpoint_id}/_get_uri", base+"/"+id+"/_get_uri") }
			if read()["endpoint_status"] != "preparing" || uri().status != http.StatusPreconditionFailed {
				t.Errorf("at first: %v, URI %d", read()["endpoint_status"], uri().status)
			}
			c.clock.Advance(8 * time.Second)
			if read()["endpoint_status"] != "active" || textOf(uri().body, "endpoint_uri") == "" {
				t.Errorf("then: %v, URI %v", read()["endpoint_status"], uri().body)
			}
			c.roles(base, id, read)
			if found := c.walk(base, filter("protection_group_id", m{"$eq": bucket["group_id"]})); len(found) != 1 {
				t.Errorf("%d endpoints listed", len(found))
			}
			if out := c.get(base, base+"?"+filter("protection_group_s3_asset_id", m{"$eq": fact.AssetID}).Encode()); out.status != http.StatusBadRequest {
				t.Errorf("a bucket without its group: %d", out.status)
			}
			c.clock.Advance(time.Hour)
			if read()["endpoint_status"] != "expired" {
				t.Errorf("after its time: %v", read()["endpoint_status"])
			}
			c.deleteAndReplace(base, fact.AssetID)
		})
	}
}

func (c *client) roles(base, id string, read func() m) {
	c.t.Helper()
	roles := base + "/" + id + "/roles"
	arn := "arn:aws:iam::111122223333:role/ir"
	if out := c.do(http.MethodPost, base+"/{endpoint_id}/roles", roles, m{"role_alias": "x"}); out.status != http.StatusBadRequest {
		c.t.Errorf("a role without ARN: %d", out.status)
	}
	role := textOf(c.do(http.MethodPost, base+"/{endpoint_id}/roles", roles, m{"role_arn": arn}).body, "role_id")
	one := base + "/{endpoint_id}/roles/{role_id}"
	if out := c.do(http.MethodPut, one, roles+"/"+role, m{"updated_role_alias": "team"}); out.status >= 300 {
		c.t.Errorf("updating a role: %d", out.status)
	}
	list, _ := read()["roles"].([]any)
	if first, _ := list[0].(m); len(list) != 1 || textOf(first, "arn") != arn || textOf(first, "alias") != "team" {
		c.t.Errorf("roles %v", list)
	}
	if out := c.get(base+"/{endpoint_id}/roles/permissions", roles+"/permissions"); !strings.Contains(textOf(out.body, "permissions"), `"Statement"`) {
		c.t.Errorf("permissions %v", out.body)
	}
	for _, want := range []int{200, 404} {
		if out := c.do(http.MethodDelete, one, roles+"/"+role, nil); out.status != want && (want != 200 || out.status != http.StatusNoContent) {
			c.t.Errorf("deleting a role: %d, want %d", out.status, want)
		}
	}
}

func (c *client) deleteAndReplace(base, asset string) {
	c.t.Helper()
	body := m{"name": "second", "source": m{"protection_group_s3_asset_id": asset, "pitr": m{"restore_end_timestamp": "2026-01-03T00:00:00Z"}}}
	id := textOf(c.do(http.MethodPost, base, base, body).body, "id")
	one := base + "/{endpoint_id}"
	out := c.do(http.MethodPut, one, base+"/"+id, m{"name": "", "expiry_timestamp": c.clock.Now().Add(time.Hour).Format(time.RFC3339)})
	if out.status != http.StatusOK || out.body["name"] != nil {
		c.t.Errorf("%d %v", out.status, out.body)
	}
	out = c.do(http.MethodPut, one, base+"/"+id, m{"name": "third", "expiry_timestamp": nil})
	if want := c.clock.Now().Add(7 * 24 * time.Hour).Format(time.RFC3339); out.body["expiry_timestamp"] != want {
		c.t.Errorf("the expiry became %v, want the default %s", out.body["expiry_timestamp"], want)
	}
	if out := c.do(http.MethodDelete, one, base+"/"+id, nil); out.status >= 300 {
		c.t.Errorf("deleting: %d", out.status)
	}
	if got := c.get(one, base+"/"+id).body["endpoint_status"]; got != "expiring" {
		c.t.Errorf("just deleted: %v", got)
	}
	c.clock.Advance(time.Minute)
	if got := c.get(one, base+"/"+id).body["endpoint_status"]; got != "expired" {
		c.t.Errorf("deleted: %v", got)
	}
	delete(body, "name")
	if out := c.do(http.MethodPost, base, base, body); out.status != http.StatusBadRequest {
		c.t.Errorf("no name: %d", out.status)
	}
}
