package clumiosim_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
)

func newProbe(t *testing.T, o clumiosim.Options) *probe {
	t.Helper()
	return &probe{client: newClient(t, o), ids: map[string]string{}, done: map[string]bool{}}
}

// TestRateLimit: the gateway refuses before it looks at anything, and the next
// second starts anew.
func TestRateLimit(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 4, RateLimit: 100})
	ask := func() int {
		return c.raw(http.MethodGet, "/tasks", "", http.Header{"Authorization": {"Bearer " + c.sim.Token()}}).status
	}
	for second := range 2 {
		for i := range 100 {
			if status := ask(); status != http.StatusOK {
				t.Fatalf("second %d, call %d: %d", second, i, status)
			}
		}
		restore := c.raw(http.MethodPost, tablesRestore, "{", http.Header{})
		if restore.status != http.StatusTooManyRequests || restore.header.Get("Retry-After") != "" || len(c.sim.Restores()) != 0 {
			t.Errorf("over the limit: %d %v", restore.status, restore.header)
		}
		if status := ask(); status != http.StatusTooManyRequests {
			t.Errorf("over the limit: %d", status)
		}
		c.clock.Advance(time.Second)
	}
	free := newClient(t, clumiosim.Options{Seed: 4})
	for range 300 {
		if free.get("/tasks", "/tasks").status != http.StatusOK {
			t.Fatal("limited without being asked to")
		}
	}
}

// TestFailuresRaiseAlerts: a task does not say why it failed; its alert does.
func TestFailuresRaiseAlerts(t *testing.T) {
	p := newProbe(t, clumiosim.Options{Seed: 9, Backups: 200, Scenario: simkit.Scenario{FailTasks: 1}})
	fact := p.fact(clumiosim.ListDynamoDB, nil)
	of := filtered(m{"type": m{"$in": []string{"restore_failed"}}, "primary_entity.id": m{"$eq": fact.AssetID}})
	for round := range 2 {
		started := p.call("POST "+tablesRestore, tableBody(fact.ID, p.environment(), "doomed"))
		p.clock.Advance(time.Minute)
		if status := p.task(textOf(started, "task_id"))["status"]; status != "failed" {
			t.Fatalf("the task became %v", status)
		}
		alerts := p.list("GET /alerts/individual" + of)
		if len(alerts) != 1 || number(alerts[0]["raised_count"]) != float64(round+1) || alerts[0]["status"] != "active" {
			t.Errorf("round %d: %v", round, alerts)
		}
	}
	p.ids["individual_alert_id"] = textOf(p.list("GET /alerts/individual" + of)[0], "id")
	p.call("PATCH /alerts/individual/{individual_alert_id}", m{"status": "cleared"})
	p.call("POST "+tablesRestore, tableBody(fact.ID, p.environment(), "doomed"))
	p.clock.Advance(time.Minute)
	if again := p.list("GET /alerts/individual" + of); len(again) != 2 {
		t.Errorf("a failure after clearing makes %d alerts", len(again))
	}
}

// TestFailedPolicyUpdate: nothing has changed, and the lock is gone.
func TestFailedPolicyUpdate(t *testing.T) {
	p := newProbe(t, clumiosim.Options{Seed: 9, Scenario: simkit.Scenario{FailTasks: 1}})
	p.ids["policy_id"] = textOf(p.call("POST /policies/definitions", policyBody("Tin")), "id")
	p.call("PUT /policies/definitions/{policy_id}", policyBody("Zinc"))
	p.clock.Advance(time.Minute)
	now := p.call("GET /policies/definitions/{policy_id}", nil)
	if now["name"] != "Tin" || now["lock_status"] != "unlocked" {
		t.Errorf("%v is %v", now["name"], now["lock_status"])
	}
}

func TestAuditTrail(t *testing.T) {
	p := newProbe(t, clumiosim.Options{Seed: 9})
	fact := p.fact(clumiosim.ListDynamoDB, nil)
	before := len(p.list("GET /audit-trails"))
	started := p.call("POST "+tablesRestore, tableBody(fact.ID, p.environment(), "traced"))
	if out := p.try("POST "+tablesRestore, tableBody("nothing", p.environment(), "refused")); out.status != http.StatusNotFound {
		t.Fatalf("%d", out.status)
	}
	trail := p.list("GET /audit-trails" + filtered(m{
		"action": m{"$in": []string{"full_restore"}}, "start_timestamp": m{"$eq": start.Format(time.RFC3339)},
	}))
	if len(trail) != 2 || trail[0]["status"] != "failure" || trail[1]["status"] != "success" {
		t.Fatalf("%v", trail)
	}
	if at(trail[1], "primary_entity", "id") != fact.AssetID || at(trail[1], "details_json", "request_url") != tablesRestore || textOf(started, "task_id") == "" {
		t.Errorf("%v", trail[1])
	}
	if after := len(p.list("GET /audit-trails")); after != before+2 {
		t.Errorf("%d records after %d", after, before)
	}
}

// TestAssetLinks: a link is there when the action is possible now.
func TestAssetLinks(t *testing.T) {
	const list = "/datasources/aws/dynamodb-tables"
	p := newProbe(t, clumiosim.Options{Seed: 21, Assets: 400, Backups: 300})
	backed := map[string]bool{}
	for _, f := range p.sim.Facts() {
		backed[f.AssetID] = true
	}
	seen := map[string]int{}
	for _, a := range p.list("GET " + list + filtered(m{"is_deleted": m{"$in": []string{"true", "false"}}})) {
		live := a["is_deleted"] == false && a["is_supported"] == true
		for name, want := range map[string]bool{
			"_self": true, "list-backup-aws-dynamodb-tables": true, "create-backup-aws-dynamodb-table": live,
			"restore-aws-dynamodb-table": backed[textOf(a, "id")],
			"read-policy-definition":     a["protection_info"] != nil,
		} {
			if got := slices.Contains(links(a), name); got != want {
				t.Errorf("%s: link %s is %t, want %t", a["id"], name, got, want)
			}
			if !want {
				seen[name]++
			}
		}
	}
	if len(seen) != 3 {
		t.Errorf("links that were ever missing: %v", seen)
	}
}

func TestOrganizationalUnits(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 3})
	all := c.walk("/organizational-units", nil)
	users, _ := all[0]["users"].([]any)
	if len(all) != 3 || at(users[0], "assigned_role") == nil {
		t.Fatalf("%v", all)
	}
	c.accept = "application/api.clumio.organizational-units=v1+json"
	users, _ = c.walk("/organizational-units", nil)[0]["users"].([]any)
	if _, isID := users[0].(string); !isID {
		t.Errorf("version 1 has users %v", users)
	}
	c.accept, c.unit = "", textOf(all[1], "id")
	if inside := c.walk("/organizational-units", nil); len(inside) != 1 || inside[0]["id"] != c.unit {
		t.Errorf("a unit sees %v", idsOf(inside))
	}
	for _, list := range []string{"/connections/aws", "/wallets", "/alerts/individual", "/policies/rules"} {
		for _, record := range c.walk(list, nil) {
			if unit := textOf(record, "organizational_unit_id"); unit != "" && unit != c.unit {
				t.Errorf("%s shows one of %s", list, unit)
			}
		}
	}
}

// TestSorting: by a time in both directions, and by nothing else.
func TestSorting(t *testing.T) {
	p := newProbe(t, clumiosim.Options{Seed: 3, Assets: 300, Backups: 900})
	for _, path := range []string{"/alerts/individual", "/alerts/consolidated"} {
		var raised []string
		for _, a := range p.list("GET " + path + "?sort=raised_timestamp") {
			raised = append(raised, textOf(a, "raised_timestamp"))
		}
		if !slices.IsSorted(raised) || raised[0] == raised[len(raised)-1] {
			t.Errorf("%s ascending: %v", path, raised)
		}
		if first := p.list("GET " + path)[0]; first["raised_timestamp"] != raised[len(raised)-1] {
			t.Errorf("%s: the default order begins with %v", path, first["raised_timestamp"])
		}
		if out := p.try("GET "+path+"?sort=severity", nil); out.status != http.StatusBadRequest {
			t.Errorf("%s by severity: %d", path, out.status)
		}
	}
}

func TestDiscovery(t *testing.T) {
	p := newProbe(t, clumiosim.Options{})
	services := p.call("GET /", nil)
	restore := at(services, "restored-aws-dynamodb-tables", "v1", "restore-aws-dynamodb-table")
	if at(restore, "href") != tablesRestore || at(restore, "type") != "post" || at(restore, "templated") != false {
		t.Errorf("%v", restore)
	}
	operations := map[string]bool{}
	for _, resource := range services {
		for version, named := range resource.(m) {
			if named, isGroup := named.(m); isGroup && version[0] == 'v' {
				for name := range named {
					operations[name] = true
				}
			}
		}
	}
	if len(operations) != 177 { // all but the discovery itself
		t.Errorf("%d operations", len(operations))
	}
}
