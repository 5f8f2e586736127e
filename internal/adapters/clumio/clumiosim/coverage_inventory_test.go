package clumiosim_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"switchback/internal/adapters/clumio/clumiosim"
)

func coverAssets(p *probe) {
	for list, one := range map[string]string{
		"/datasources/aws/ec2-instances":           "instance_id",
		"/datasources/aws/ebs-volumes":             "volume_id",
		"/datasources/aws/rds-resources":           "resource_id",
		"/datasources/aws/dynamodb-tables":         "table_id",
		"/datasources/aws/iceberg-tables":          "table_id",
		"/datasources/aws/s3-buckets":              "bucket_id",
		"/datasources/aws/ec2-mssql/databases":     "database_id",
		"/datasources/protection-groups":           "group_id",
		"/datasources/protection-groups/s3-assets": "protection_group_s3_asset_id",
		"/datasources/gcp/protection-groups":       "protection_group_id",
		"/datasources/gcp/gcs-assets":              "gcs_asset_id",
	} {
		all := p.list("GET " + list + "?lookback_days=7")
		if live := p.sim.Assets(list); len(live) != len(all) {
			p.t.Errorf("%s: %d of %d", list, len(all), len(live))
		}
		p.ids[one] = textOf(all[0], "id")
		record := p.call("GET "+list+"/{"+one+"}", nil)
		if textOf(record, "id") != p.ids[one] || !slices.Contains(links(record), "_self") {
			p.t.Errorf("%s: %v", list, record)
		}
		if strings.Contains(list, "protection-groups") || strings.Contains(list, "s3-buckets") || strings.Contains(list, "mssql") {
			continue // no embeds
		}
		policy := p.call("GET "+list+"/{"+one+"}?embed=read-policy-definition", nil)
		if at(policy, "_embedded", "read-policy-definition") == nil && at(policy, "protection_info", "policy_id") != nil {
			p.t.Errorf("%s: the policy is not embedded", list)
		}
	}
	for _, database := range p.items("GET /datasources/aws/ec2-mssql/databases?embed=read-aws-environment") {
		if at(database, "_embedded", "read-aws-environment", "id") != database["environment_id"] {
			p.t.Errorf("the environment of %v is not embedded", database["id"])
		}
	}
}

func coverBackups(p *probe) {
	lists := map[string]bool{}
	for _, f := range p.sim.Facts() {
		if lists[f.List] {
			continue
		}
		lists[f.List] = true
		p.items("GET " + f.List)
		p.ids["backup_id"] = f.ID
		if record := p.call("GET "+f.List+"/{backup_id}", nil); record["id"] != f.ID {
			p.t.Errorf("%s: %v", f.List, record["id"])
		}
	}
	for list, member := range map[string]string{
		clumiosim.ListEC2: "instance_id", clumiosim.ListEBS: "volume_id", clumiosim.ListDynamoDB: "table_id",
		clumiosim.ListMSSQL: "asset_id", clumiosim.ListIceberg: "table_id",
	} {
		asset := p.fact(list, nil).AssetID
		before := len(p.sim.Facts())
		p.ended(p.call("POST "+list+"?embed=read-task", m{
			member: asset, "settings": m{"retention_duration": m{"unit": "days", "value": 3}},
		}))
		p.clock.Advance(time.Minute)
		if after := p.sim.Facts(); len(after) != before+1 {
			p.t.Errorf("%s: %d backups after %d", list, len(after), before)
		}
	}
	for _, source := range []m{
		{"s3_asset_backup_id": p.fact(clumiosim.ListS3Assets, nil).ID},
		{"backup_time_range": m{"s3_asset_id": p.fact(clumiosim.ListS3Assets, nil).AssetID, "start_timestamp": "2026-01-01T00:00:00Z", "end_timestamp": "2026-01-02T00:00:00Z"}},
	} {
		p.ended(p.call("POST /backups/protection-groups/s3-assets/malware-report", m{
			"source": source, "target": m{"bucket_id": p.bucket(), "environment_id": p.environment()},
		}))
	}
}

func (p *probe) bucket() string { return p.sim.Assets("/datasources/aws/s3-buckets")[0] }

func coverAccounts(p *probe) {
	if versions := at(p.call("GET /", nil), "backup-aws-ebs-volumes", "supported_versions"); !equalTexts(versions, "v1", "v2") {
		p.t.Errorf("discovery: EBS backups have %v", versions)
	}
	for list, one := range map[string]string{
		"/connections/aws":                   "connection_id",
		"/connections/aws/connection-groups": "connection_group_id",
		"/datasources/aws/environments":      "environment_id",
		"/organizational-units":              "id",
		"/wallets":                           "wallet_id",
	} {
		p.ids[one] = textOf(p.list("GET " + list)[0], "id")
		if record := p.call("GET "+list+"/{"+one+"}?return_external_id=true", nil); record["id"] != p.ids[one] {
			p.t.Errorf("%s: %v", list, record["id"])
		} else if strings.HasPrefix(list, "/connections") != strings.HasPrefix(textOf(record, "external_id"), "test-") {
			p.t.Errorf("%s: the external id is %v", list, record["external_id"])
		}
	}
	p.list("GET /connections/aws/regions")
	if at(p.call("GET /connections/aws/templates", nil), "config", "s3", "available_template_version") == nil {
		p.t.Error("the templates have no version")
	}
	stats := p.call("GET /datasources/aws/environments/{environment_id}?embed=read-aws-environments-backup-status-stats", nil)
	if number(at(stats, "_embedded", "read-aws-environments-backup-status-stats", "success_count")) == 0 {
		p.t.Errorf("no figures: %v", stats["_embedded"])
	}
	unit := p.call("GET /connections/aws/connection-groups/{connection_group_id}?embed=read-organizational-unit", nil)
	if at(unit, "_embedded", "read-organizational-unit", "id") != unit["organizational_unit_id"] {
		p.t.Errorf("the unit is not embedded: %v", unit["_embedded"])
	}
	tag := p.list("GET /datasources/aws/environments/{environment_id}/tags")[0]
	p.ids["tag_id"] = textOf(tag, "id")
	p.call("GET /datasources/aws/environments/{environment_id}/tags/{tag_id}", nil)
	tagged := 0
	for _, list := range []string{"ec2-instances", "ebs-volumes", "rds-resources", "dynamodb-tables", "s3-buckets"} {
		for _, a := range p.items("GET /datasources/aws/" + list + filtered(m{"tags.id": m{"$all": []string{p.ids["tag_id"]}}})) {
			if tagged++; a["environment_id"] != p.ids["environment_id"] {
				p.t.Errorf("%s: %v has a tag of another environment", list, a["id"])
			}
		}
	}
	if tagged == 0 {
		p.t.Error("nothing has the tag that the environment lists")
	}
}

func equalTexts(v any, want ...string) bool {
	items, _ := v.([]any)
	return slices.EqualFunc(items, want, func(a any, b string) bool { return a == b })
}

func coverMSSQL(p *probe) {
	const base = "/datasources/aws/ec2-mssql"
	for kind, one := range map[string]string{
		"hosts": "host_id", "instances": "instance_id", "availability-groups": "availability_group_id",
		"failover-clusters": "failover_cluster_id",
	} {
		all := p.list("GET " + base + "/" + kind)
		p.ids[one] = textOf(all[0], "id")
		if record := p.call("GET "+base+"/"+kind+"/{"+one+"}", nil); record["id"] != all[0]["id"] {
			p.t.Errorf("%s: %v", kind, record["id"])
		}
		found := p.items("GET " + base + "/databases" + filtered(m{one: m{"$eq": p.ids[one]}}))
		for _, database := range found {
			if database[one] != p.ids[one] {
				p.t.Errorf("%s of a database: %v", one, database[one])
			}
		}
	}
	p.ids["database_id"] = p.sim.Assets(base + "/databases")[0]
	p.covers("GET "+base+"/databases/{database_id}/pitr-intervals", "$gt")
}

// covers wants intervals, and filters that find them.
func (p *probe) covers(operation, lower string) {
	p.t.Helper()
	all := p.list(operation)
	last := all[len(all)-1]
	inside := filtered(m{"timestamp": m{"$lte": last["end_timestamp"], lower: last["start_timestamp"]}})
	if found := p.items(operation + inside); len(found) != 1 || found[0]["end_timestamp"] != last["end_timestamp"] {
		p.t.Errorf("%s: %v", operation, found)
	}
}

func coverGCP(p *probe) {
	p.ids["project_id"] = textOf(p.list("GET /connections/gcp")[0], "project_id")
	if record := p.call("GET /connections/gcp/{project_id}", nil); record["clumio_service_account"] == nil {
		p.t.Errorf("%v", record)
	}
	p.list("GET /datasources/gcp/projects")
	p.ids["label_key_id"] = textOf(p.list("GET /datasources/gcp/label-keys")[0], "id")
	p.list("GET /datasources/gcp/label-keys/{label_key_id}/label-values")
	buckets := p.list("GET /datasources/gcp/gcs-buckets")
	p.ids["bucket_id"] = textOf(buckets[0], "id")
	p.call("GET /datasources/gcp/gcs-buckets/{bucket_id}", nil)
	p.ids["gcs_asset_id"] = p.fact(clumiosim.ListGCSAssets, nil).AssetID
	p.covers("GET /datasources/gcp/gcs-assets/{gcs_asset_id}/pitr-intervals", "$gte")
	p.stats("GET /datasources/gcp/gcs-assets/{gcs_asset_id}/continuous-backup-stats")
	for path, list := range map[string]string{"gcs-asset": clumiosim.ListGCSAssets, "protection-group": clumiosim.ListGCPGroups} {
		out := p.call("POST /datasources/gcp/report/gcs/"+path, m{
			"backup_id": p.fact(list, nil).ID, "error_report_bucket_name": "acme-reports",
		})
		if number(out["task_id"]) == 0 {
			p.t.Errorf("%s: %v", path, out)
		}
	}
	coverGCPGroup(p, textOf(buckets[0], "id"))
}

func coverGCPGroup(p *probe, bucket string) {
	const groups, one = "/datasources/gcp/protection-groups", "/datasources/gcp/protection-groups/{protection_group_id}"
	made := p.call("POST "+groups, m{"name": "gcp-new", "latest_version_only": true, "include_prefixes": []string{"a/"}})
	p.ids["protection_group_id"] = textOf(made, "id")
	changed := p.call("PATCH "+one, m{
		"add_bucket_uuids": []string{bucket}, "bucket_rule": m{"gcp_location": m{"$eq": "europe-west3"}},
	})
	if number(changed["bucket_count"]) != 1 || number(changed["version"]) != 2 || changed["name"] != "gcp-new" {
		p.t.Errorf("after adding a bucket: %v", changed)
	}
	if changed = p.call("PATCH "+one, m{"remove_bucket_uuids": []string{bucket}, "clear_bucket_rule": true}); number(changed["bucket_count"]) != 0 || changed["bucket_rule"] != nil {
		p.t.Errorf("after removing it: %v", changed)
	}
	p.call("DELETE "+one, nil)
	if out := p.try("DELETE "+one, nil); out.status != http.StatusNotFound {
		p.t.Errorf("deleting twice: %d", out.status)
	}
	if found := p.items("GET " + groups + filtered(m{"name": m{"$eq": "gcp-new"}})); len(found) != 0 {
		p.t.Errorf("deleted, and still listed: %v", found)
	}
}

// stats wants bins that add up.
func (p *probe) stats(operation string) {
	p.t.Helper()
	span := url.Values{
		"begin_timestamp": {"2026-01-01T00:00:00Z"}, "end_timestamp": {"2026-01-02T12:00:00Z"}, "interval": {"1d"},
	}
	out := p.call(operation+"?"+span.Encode(), nil)
	bins, _ := out["bins"].([]any)
	sum := 0.0
	for _, bin := range bins {
		sum += number(at(bin, "successful_objects_count"))
	}
	if len(bins) != 2 || sum == 0 || sum != number(at(out, "total_stats", "successful_objects_count")) {
		p.t.Errorf("%s: %d bins, %v objects, %v", operation, len(bins), sum, out["total_stats"])
	}
	for _, wrong := range []string{"interval=5", "interval=1m", "interval=m", "begin_timestamp=", "end_timestamp=2025-01-01T00:00:00Z"} {
		name, value, _ := strings.Cut(wrong, "=")
		query := maps.Clone(span)
		query.Set(name, value)
		if out := p.try(operation+"?"+query.Encode(), nil); out.status != http.StatusBadRequest {
			p.t.Errorf("%s with %s: %d", operation, wrong, out.status)
		}
	}
}
