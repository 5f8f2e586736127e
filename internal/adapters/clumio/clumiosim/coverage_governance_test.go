package clumiosim_test

import (
	"net/http"
	"slices"
	"time"

	"switchback/internal/adapters/clumio/clumiosim"
)

func policyBody(name string) m {
	return m{
		"name": name, "organizational_unit_id": nil, "timezone": nil,
		"operations": []m{{
			"type": "aws_dynamodb_table_backup", "action_setting": "window", "advanced_settings": nil,
			"backup_aws_region": nil, "backup_window_tz": m{"start_time": "01:00", "end_time": ""}, "timezone": "UTC",
			"slas": []m{{
				"retention_duration": m{"unit": "days", "value": 30},
				"rpo_frequency":      m{"unit": "weeks", "value": 1, "offsets": []int{1}},
			}},
		}},
	}
}

func coverPolicies(p *probe) {
	const policies, one = "/policies/definitions", "/policies/definitions/{policy_id}"
	if len(itemsOf(reply{body: p.call("GET "+policies, nil)})) == 0 {
		p.t.Error("no policies")
	}
	made := p.call("POST "+policies, policyBody("Copper"))
	p.ids["policy_id"] = textOf(made, "id")
	if made["lock_status"] != "unlocked" || made["activation_status"] != "activated" {
		p.t.Errorf("made %v", made)
	}
	coverAssignment(p)
	read := func() m { return p.call("GET "+one, nil) }
	updated := p.call("PUT "+one, policyBody("Copper plus"))
	if updated["lock_status"] != "updating" || updated["name"] != "Copper plus" {
		p.t.Errorf("updating %v", updated)
	}
	if now := read(); now["lock_status"] != "updating" || now["name"] != "Copper" || !slices.Equal(links(now), []string{"_self"}) {
		p.t.Errorf("while updating: %v, links %v", now["name"], links(now))
	}
	for _, edit := range []string{"PUT " + one, "DELETE " + one} {
		if out := p.try(edit, policyBody("x")); out.status != http.StatusConflict {
			p.t.Errorf("%s of a locked policy: %d", edit, out.status)
		}
	}
	p.ended(updated)
	if now := read(); now["lock_status"] != "unlocked" || now["name"] != "Copper plus" ||
		!slices.Equal(links(now), []string{"_self", "delete-policy-definition", "update-policy-definition"}) {
		p.t.Errorf("updated: %v, links %v", now["name"], links(now))
	}
	if stats := p.call("GET "+one+"?embed=read-policy-aws-ebs-volumes-protection-stats", nil); at(stats, "_embedded", "read-policy-aws-ebs-volumes-protection-stats", "protected_count") == nil {
		p.t.Errorf("no figures: %v", stats["_embedded"])
	}
	deleting := p.call("DELETE "+one, nil)
	if now := read(); now["lock_status"] != "deleting" {
		p.t.Errorf("while deleting: %v", now["lock_status"])
	}
	p.ended(deleting)
	if out := p.try("GET "+one, nil); out.status != http.StatusNotFound {
		p.t.Errorf("deleted, and read with %d", out.status)
	}
	if now := p.call("GET /datasources/aws/dynamodb-tables/{table_id}", nil); now["protection_status"] != "unprotected" {
		p.t.Errorf("a table of a deleted policy is %v", now["protection_status"])
	}
}

// coverAssignment assigns the policy to a table and leaves it there.
func coverAssignment(p *probe) {
	const path = "POST /policies/assignments"
	p.ids["table_id"] = p.fact(clumiosim.ListDynamoDB, nil).AssetID
	item := func(action string, policy any) m {
		return m{"action": action, "policy_id": policy, "entity": m{"id": p.ids["table_id"], "type": "aws_dynamodb_table"}}
	}
	policy := func() any {
		return at(p.call("GET /datasources/aws/dynamodb-tables/{table_id}", nil), "protection_info", "policy_id")
	}
	for _, step := range []struct {
		item m
		want any
	}{
		{item("unassign", ""), nil},
		{item("assign", p.ids["policy_id"]), p.ids["policy_id"]},
		{item("unassign", nil), nil},
		{item("assign", p.ids["policy_id"]), p.ids["policy_id"]},
	} {
		p.ended(p.call(path, m{"items": []m{step.item}}))
		if got := policy(); got != step.want {
			p.t.Errorf("%v: the policy is %v", step.item, got)
		}
	}
	for name, c := range map[string]struct {
		items  []m
		status int
	}{
		"nothing":                  {[]m{}, http.StatusBadRequest},
		"too many":                 {slices.Repeat([]m{item("unassign", nil)}, 101), http.StatusBadRequest},
		"a policy to unassign":     {[]m{item("unassign", p.ids["policy_id"])}, http.StatusBadRequest},
		"an unknown policy":        {[]m{item("assign", "nothing")}, http.StatusNotFound},
		"an unknown table":         {[]m{{"action": "unassign", "entity": m{"id": "x", "type": "aws_dynamodb_table"}}}, http.StatusNotFound},
		"a table called an volume": {[]m{{"action": "unassign", "entity": m{"id": p.ids["table_id"], "type": "aws_ebs_volume"}}}, http.StatusNotFound},
		"one good and one bad":     {[]m{item("unassign", nil), item("assign", "nothing")}, http.StatusNotFound},
	} {
		if out := p.try(path, m{"items": c.items}); out.status != c.status {
			p.t.Errorf("%s: %d", name, out.status)
		}
	}
	if got := policy(); got != p.ids["policy_id"] {
		p.t.Errorf("refused assignments changed the policy to %v", got)
	}
}

func coverRules(p *probe) {
	const rules, one = "/policies/rules", "/policies/rules/{rule_id}"
	first := textOf(p.list("GET " + rules)[0], "id")
	policy := textOf(itemsOf(reply{body: p.call("GET /policies/definitions", nil)})[0], "id")
	body := func(condition string, before any) m {
		return m{
			"name": "EU tables", "condition": condition, "action": m{"assign_policy": m{"policy_id": policy}},
			"priority": m{"before_rule_id": before},
		}
	}
	const condition = `{"entity_type":{"$eq":"aws_dynamodb_table"},"aws_region":{"$eq":"eu-central-1"}}`
	made := p.call("POST "+rules, body(condition, first))
	p.ids["rule_id"] = textOf(made["rule"].(m), "id")
	p.ended(made)
	order := func() []string { return idsOf(p.list("GET " + rules)) }
	if got := order(); got[0] != p.ids["rule_id"] || got[1] != first {
		p.t.Errorf("the order is %v", got)
	}
	p.ended(p.call("PUT "+one, body(condition, nil)))
	if got := order(); got[len(got)-1] != p.ids["rule_id"] {
		p.t.Errorf("after losing priority: %v", got)
	}
	if got := p.call("GET "+one, nil); got["condition"] != condition {
		p.t.Errorf("%v", got)
	}
	for _, wrong := range []m{body("{", nil), body(`{"aws_region":{"$eq":"x"}}`, nil), body(`{"entity_type":{},"shoe_size":{}}`, nil)} {
		if out := p.try("POST "+rules, wrong); out.status != http.StatusBadRequest {
			p.t.Errorf("%v: %d", wrong["condition"], out.status)
		}
	}
	if out := p.try("PUT "+one, body(condition, "nothing")); out.status != http.StatusNotFound {
		p.t.Errorf("before an unknown rule: %d", out.status)
	}
	p.ended(p.call("DELETE "+one, nil))
	if got := order(); slices.Contains(got, p.ids["rule_id"]) {
		p.t.Errorf("deleted, and still in %v", got)
	}
}

func coverGroups(p *probe) {
	const one = "/protection-groups/{group_id}"
	body := func(name string) m {
		return m{
			"name": name, "description": "for a test", "bucket_rule": `{"aws_region":{"$eq":"eu-central-1"}}`,
			"object_filter": m{"latest_version_only": true, "storage_classes": []string{"S3 Standard"}},
		}
	}
	made := p.call("POST /protection-groups", body("fresh"))
	p.ids["group_id"] = textOf(made, "id")
	if out := p.try("GET /datasources/protection-groups/{group_id}", nil); out.status != http.StatusNotFound {
		p.t.Errorf("a new group shows at once: %d", out.status)
	}
	p.clock.Advance(time.Minute)
	if got := p.call("GET /datasources/protection-groups/{group_id}", nil); got["name"] != "fresh" || !slices.Contains(links(got), "update-protection-group") || slices.Contains(links(got), "restore-protection-group") {
		p.t.Errorf("a new group: %v", links(got))
	}
	if got := p.call("PUT "+one, body("renamed")); number(got["version"]) != 2 || got["name"] != "renamed" {
		p.t.Errorf("%v", got)
	}
	p.ids["bucket_id"] = p.bucket()
	member := p.call("POST "+one+"/buckets", m{"bucket_id": p.bucket()})
	if out := p.try("POST "+one+"/buckets", m{"bucket_id": p.bucket()}); out.status != http.StatusConflict {
		p.t.Errorf("adding it twice: %d", out.status)
	}
	p.ids["protection_group_s3_asset_id"] = textOf(member, "id")
	if got := p.call("GET /datasources/protection-groups/s3-assets/{protection_group_s3_asset_id}", nil); got["group_id"] != p.ids["group_id"] || got["added_by_user"] != true {
		p.t.Errorf("%v", got)
	}
	p.covers("GET /datasources/protection-groups/s3-assets/{protection_group_s3_asset_id}/pitr-intervals", "$gte")
	p.stats("GET /datasources/protection-groups/s3-assets/{protection_group_s3_asset_id}/continuous-backup-stats")
	p.call("DELETE "+one+"/buckets/{bucket_id}", nil)
	p.call("DELETE "+one, nil)
	if got := p.call("GET /datasources/protection-groups/{group_id}", nil); got["is_deleted"] != true || slices.Contains(links(got), "update-protection-group") {
		p.t.Errorf("deleted: %v %v", got["is_deleted"], links(got))
	}
}

func coverReports(p *probe) {
	const all, one, runs = "/reports/compliance/configurations", "/reports/compliance/configurations/{configuration_id}", "/reports/compliance/configurations/{configuration_id}/runs"
	p.list("GET " + all)
	body := m{
		"name": "Weekly", "parameter": m{
			"controls": m{"asset_protection": m{"should_ignore_deactivated_policy": true}, "asset_backup": nil},
			"filters":  m{"common": m{"data_sources": []string{"aws"}}},
		},
		"schedule": m{"frequency": "weekly", "day_of_week": "monday"},
	}
	p.ids["configuration_id"] = textOf(p.call("POST "+all, body), "id")
	body["name"] = "Every week"
	p.call("PUT "+one, body)
	if got := p.call("GET "+one, nil); got["name"] != "Every week" || got["latest_run"] != nil {
		p.t.Errorf("%v", got)
	}
	started := p.call("POST "+runs, m{"name": "now"})
	run := p.list("GET " + runs)[0]
	p.ids["run_id"] = textOf(run, "id")
	notify := func() int {
		return p.try("POST "+runs+"/{run_id}/_notify", m{"email_list": []string{"test@acme.example"}}).status
	}
	if run["status"] != "generating" || slices.Contains(links(run), "send-compliance-report-run-email") || notify() != http.StatusConflict {
		p.t.Errorf("a run that has begun: %v", run)
	}
	p.ended(started)
	run = p.list("GET " + runs + filtered(m{"compliance_status": m{"$in": []string{"non_compliant"}}}))[0]
	if run["status"] != "completed" || number(at(run, "compliance_info", "non_compliant_count")) == 0 {
		p.t.Errorf("a run that has ended: %v", run)
	}
	p.call("POST "+runs+"/{run_id}/_notify", m{"email_list": []string{"test@acme.example"}})
	p.call("DELETE "+runs+"/{run_id}", nil)
	p.call("DELETE "+one, nil)
	p.ended(p.call("POST /reports/downloads", m{"file_name": "week.csv", "type": "audit"}))
	if got := p.list("GET /reports/downloads" + filtered(m{"report_type": m{"$in": []string{"audit"}}})); len(got) != 1 || got[0]["download_link"] == nil {
		p.t.Errorf("%v", got)
	}
}

func coverWatch(p *probe) {
	p.ids["task_id"] = textOf(p.list("GET /tasks")[0], "id")
	p.call("GET /tasks/{task_id}", nil)
	started := p.call("POST /restores/aws/dynamodb-tables", tableBody(p.fact(clumiosim.ListDynamoDB, nil).ID, p.environment(), "stopped"))
	p.ids["task_id"] = textOf(started, "task_id")
	p.call("PATCH /tasks/{task_id}", m{"status": "aborting"})

	individual := p.list("GET /alerts/individual" + filtered(m{"status": m{"$in": []string{"active"}}}))[0]
	p.ids["individual_alert_id"], p.ids["id"] = textOf(individual, "id"), textOf(individual, "consolidated_alert_id")
	got := p.call("GET /alerts/individual/{individual_alert_id}?embed=read-consolidated-alert", nil)
	if at(got, "_embedded", "read-consolidated-alert", "id") != p.ids["id"] || !slices.Contains(links(got), "update-individual-alert") {
		p.t.Errorf("%v", got)
	}
	p.list("GET /alerts/consolidated")
	p.call("PATCH /alerts/individual/{individual_alert_id}", m{"notes": "looked at"})
	if got := p.call("PATCH /alerts/individual/{individual_alert_id}", m{"status": "cleared", "notes": nil}); got["status"] != "cleared" || got["notes"] != "looked at" || slices.Contains(links(got), "update-individual-alert") {
		p.t.Errorf("cleared: %v", got)
	}
	if got := p.call("PATCH /alerts/consolidated/{id}", m{"status": "cleared"}); got["status"] != "cleared" || number(got["active_entity_count"]) != 0 {
		p.t.Errorf("cleared: %v", got)
	}
	if got := p.call("GET /alerts/consolidated/{id}", nil); got["cleared_timestamp"] == nil || slices.Contains(links(got), "update-consolidated-alert") {
		p.t.Errorf("cleared: %v", got)
	}
	audit := p.list("GET /audit-trails" + filtered(m{"category": m{"$in": []string{"alerts"}}}))
	if len(audit) != 3 || audit[0]["action"] != "update" || at(audit[0], "details_json", "request_body", "status") != "cleared" {
		p.t.Errorf("the audit trail of the alerts: %v", audit)
	}
}
