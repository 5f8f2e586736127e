package clumiosim_test

import (
	"net/http"
	"strings"
	"time"

	"switchback/internal/adapters/clumio/clumiosim"
)

func coverFiles(p *probe) {
	const systems = "/backups/{backup_id}/filesystems"
	f := p.fact(clumiosim.ListEBS, func(f clumiosim.Fact) bool {
		p.ids["backup_id"] = f.ID
		return p.list("GET " + systems)[0]["is_indexed"] == true
	})
	p.ids["filesystem_id"] = textOf(p.list("GET " + systems)[0], "id")
	p.call("GET "+systems+"/{filesystem_id}", nil)
	var path string
	for p.ids["directory_id"] = "root"; p.ids["directory_id"] != ""; {
		item := p.list("GET " + systems + "/{filesystem_id}/directories/{directory_id}/browse")[0]
		p.ids["directory_id"] = textOf(item, "directory_id")
		path += "/" + textOf(item, "name")
	}
	of := m{"asset_id": m{"$eq": f.AssetID}, "asset_type": m{"$eq": "aws_ebs_volume"}, "name": m{"$regex": "^" + path + "$"}}
	hits := p.list("GET /backups/files/search" + filtered(of))
	if len(hits) != 1 || hits[0]["path"] != path {
		p.t.Fatalf("searching %s: %v", path, hits)
	}
	if out := p.try("GET /backups/files/search", nil); out.status != http.StatusBadRequest {
		p.t.Errorf("searching everything: %d", out.status)
	}
	p.ids["search_result_id"] = textOf(hits[0], "search_result_id")
	version := p.list("GET /backups/files/search/{search_result_id}/versions")[0]
	body := func(target m) m {
		return m{
			"source": m{
				"backup_id": version["backup_id"],
				"files":     []m{{"filesystem_id": version["filesystem_id"], "path": version["path"]}},
			},
			"target": target,
		}
	}
	for _, wrong := range []m{{}, {"email": m{"email_address": "test@acme.example"}, "direct_download": m{}}} {
		if out := p.try("POST /restores/files", body(wrong)); out.status != http.StatusBadRequest {
			p.t.Errorf("to %v: %d", wrong, out.status)
		}
	}
	started := p.call("POST /restores/files?embed=read-task", body(m{"email": m{"email_address": "test@acme.example", "message": nil}}))
	p.ended(started)
	p.clock.Advance(time.Minute)
	coverFileAccess(p, started, filtered(m{"asset_id": m{"$eq": f.AssetID}, "asset_type": m{"$eq": "aws_ebs_volume"}}))
}

func coverFileAccess(p *probe, started m, of string) {
	restored := p.list("GET /restores/files" + of)[0]
	if restored["id"] != started["id"] || restored["task_id"] != started["task_id"] {
		p.t.Errorf("listed %v", restored)
	}
	p.ids["restored_file_id"] = textOf(restored, "id")
	p.call("POST /restores/files/{restored_file_id}/_share", m{"email_address": "test-other@acme.example"})
	methods, _ := p.list("GET /restores/files" + of)[0]["access_methods"].([]any)
	if len(methods) != 2 {
		p.t.Errorf("shared with %v", methods)
	}
	link := "https://files.clumio.example/" + p.ids["restored_file_id"]
	open := func(passcode any) reply {
		return p.try("POST /restores/files/_download", m{"email_link": link, "passcode": passcode})
	}
	first := started["passcode"]
	second := p.call("POST /restores/files/{restored_file_id}/_generate_passcode", nil)["passcode"]
	if first == second || open(first).status != http.StatusForbidden {
		p.t.Errorf("the old passcode still opens")
	}
	p.call("POST /restores/files/_download", m{"email_link": link, "passcode": second})
}

func coverRecords(p *probe) {
	const rows, items = "/restores/aws/rds-resources/records", "/restores/aws/dynamodb-tables/records"
	f := p.fact(clumiosim.ListRDS, func(f clumiosim.Fact) bool { return strings.HasSuffix(f.Kind, "granular_backup") })
	const databases = clumiosim.ListRDS + "/{backup_id}/databases"
	p.ids["backup_id"] = f.ID
	p.ids["database_name"] = textOf(p.list("GET " + databases)[0], "name")
	if found := p.list("GET " + databases + filtered(m{"name": m{"$begins_with": "cr"}})); len(found) != 1 || found[0]["name"] != "crm" {
		p.t.Errorf("%v", found)
	}
	p.ids["table_id"] = textOf(p.list("GET " + databases + "/{database_name}/tables")[0], "name")
	table := p.call("GET "+databases+"/{database_name}/tables/{table_id}?embed=read-backup-aws-rds-resource-database-table-columns", nil)
	columns, _ := p.call("GET "+databases+"/{database_name}/tables/{table_id}/columns", nil)["columns"].([]any)
	if table["name"] != p.ids["table_id"] || len(columns) == 0 || at(table, "_embedded", "read-backup-aws-rds-resource-database-table-columns") == nil {
		p.t.Errorf("%v with %v", table, columns)
	}
	p.list("GET " + clumiosim.ListRDS + "/{backup_id}/option-groups" + filtered(m{"environment_id": m{"$eq": p.environment()}}))
	query := func(preview bool) m {
		return m{
			"source": m{"backup_id": f.ID, "database_name": p.ids["database_name"]},
			"target": m{"preview": preview, "query_statement": "SELECT * FROM accounts"},
		}
	}
	if got := p.call("POST "+rows, query(true)); at(got, "preview_result", "rows") == nil || got["task_id"] != nil {
		p.t.Errorf("preview: %v", got)
	}
	started := p.call("POST "+rows, query(false))
	p.ended(started)
	p.clock.Advance(time.Minute)
	if found := p.list("GET " + rows + filtered(m{"task_id": m{"$in": []any{started["task_id"]}}})); len(found) != 1 || found[0]["resource_id"] != f.AssetID {
		p.t.Errorf("%v", found)
	}
	find := func(target m) m {
		return m{
			"source":       m{"backup_id": p.fact(clumiosim.ListDynamoDB, nil).ID, "continuous_backup": nil},
			"query_filter": m{"partition_key": "7"}, "target": target,
		}
	}
	if got := p.call("POST "+items, find(m{"preview": true})); at(got, "preview_result", "items") == nil {
		p.t.Errorf("preview: %v", got)
	}
	if got := p.call("POST "+items, find(m{"direct_download": m{}})); textOf(got, "passcode") == "" {
		p.t.Errorf("%v", got)
	}
	if out := p.try("POST "+items, find(m{})); out.status != http.StatusBadRequest {
		p.t.Errorf("to nowhere: %d", out.status)
	}
}

func coverRestores(p *probe) {
	environment := p.environment()
	volumes := func() (string, []m) {
		id := p.fact(clumiosim.ListEC2, nil).ID
		attached, _ := p.call("GET "+clumiosim.ListEC2+"/{backup_id}", nil)["attached_backup_ebs_volumes"].([]any)
		var mappings []m
		for _, v := range attached {
			mappings = append(mappings, m{"name": at(v, "name"), "volume_native_id": at(v, "volume_native_id")})
		}
		return id, mappings
	}
	p.ids["backup_id"] = p.fact(clumiosim.ListEC2, nil).ID
	instance, mappings := volumes()
	p.ended(p.call("POST /restores/aws/ec2-instances", m{"source": m{"backup_id": instance}, "target": m{
		"volumes_restore_target": m{"environment_id": environment, "ebs_block_device_mappings": mappings},
	}}))
	p.ended(p.call("POST /restores/aws/ebs-volumes?embed=read-task", m{
		"source": m{"backup_id": p.fact(clumiosim.ListEBS, nil).ID},
		"target": m{"aws_az": "us-west-2a", "environment_id": environment},
	}))
	p.ended(p.call("POST /restores/aws/rds-resources", m{
		"source": m{"backup": m{"backup_id": p.fact(clumiosim.ListRDS, nil).ID}}, "target": m{"name": "again"},
	}))
	databases := func(source, target m) m { return m{"source": source, "target": target} }
	database := p.fact(clumiosim.ListMSSQL, nil)
	const mssql = "POST /restores/aws/ec2-mssql/databases"
	p.ended(p.call(mssql, databases(m{"backup": m{"backup_id": database.ID}}, m{"restore_as_new_database": true, "database_name": "ERP2", "final_database_state": "ONLINE"})))
	p.clock.Advance(time.Minute)
	p.list("GET /datasources/aws/ec2-mssql/databases" + filtered(m{"name": m{"$contains": "ERP2"}}))
	p.ended(p.call(mssql, databases(m{"pitr": m{"database_id": database.AssetID, "timestamp": p.clock.Now().Add(-time.Hour).UTC().Format(time.RFC3339)}}, m{"database_name": "x"})))
	if out := p.try(mssql, databases(m{"pitr": m{"database_id": database.AssetID, "timestamp": "2020-01-01T00:00:00Z"}}, m{})); out.status != http.StatusBadRequest {
		p.t.Errorf("before all intervals: %d", out.status)
	}
	const iceberg = "POST /restores/aws/iceberg-tables"
	snapshot := p.fact(clumiosim.ListIceberg, nil)
	p.ended(p.call(iceberg, databases(m{"backup_ids": []string{snapshot.ID}}, m{"catalog": "AwsDataCatalog", "namespace": "n", "table_name": "again", "environment_id": environment})))
	p.clock.Advance(time.Minute)
	p.list("GET /datasources/aws/iceberg-tables" + filtered(m{"name": m{"$contains": "again"}}))
	p.ended(p.call(iceberg, databases(m{"asset_id": snapshot.AssetID}, m{"asset_id": p.sim.Assets("/datasources/aws/iceberg-tables")[0]})))
	for _, wrong := range []m{databases(m{}, m{"asset_id": snapshot.AssetID}), databases(m{"asset_id": snapshot.AssetID}, m{"table_name": "x"})} {
		if out := p.try(iceberg, wrong); out.status != http.StatusBadRequest {
			p.t.Errorf("%v: %d", wrong, out.status)
		}
	}
}

func coverObjects(p *probe) {
	newest := m{"latest_version_only": true, "object_key_prefix": "invoices/"}
	aws := m{"bucket_id": p.bucket(), "environment_id": p.environment(), "restore_original_storage_class": true}
	gcs := m{"bucket_id": textOf(p.list("GET /datasources/gcp/gcs-buckets")[0], "id"), "project_id": p.ids["project_id"], "storage_class": "STANDARD"}
	for _, c := range []struct {
		base, list, param, objects string
		target                     m
		sync                       bool
	}{
		{"/restores/protection-groups", clumiosim.ListGroups, "protection_group_id", "s3-objects", aws, true},
		{"/restores/protection-groups/s3-assets", clumiosim.ListS3Assets, "protection_group_s3_asset_id", "", aws, true},
		{"/restores/gcp/protection-groups", clumiosim.ListGCPGroups, "gcs_protection_group_id", "gcs-objects", gcs, false},
		{"/restores/gcp/protection-groups/assets", clumiosim.ListGCSAssets, "gcs_asset_id", "", gcs, false},
	} {
		f := p.fact(c.list, nil)
		p.ids[c.param] = f.AssetID
		p.ended(p.call("POST "+c.base+"?embed=read-task", m{"source": m{"backup_id": f.ID, "object_filters": newest}, "target": c.target}))
		previews := c.base + "/{" + c.param + "}/previews"
		if c.sync {
			objects, _ := p.call("POST "+previews, m{"backup_id": f.ID, "is_sync_preview": true, "object_filters": newest})["objects"].([]any)
			if len(objects) == 0 {
				p.t.Errorf("%s: the preview at once is empty", c.base)
			}
		}
		objects := p.previewed(previews, m{"backup_id": f.ID, "object_filters": newest})
		for _, o := range objects {
			if !strings.HasPrefix(textOf(o.(m), "object_key"), "invoices/") {
				p.t.Errorf("%s: the preview shows %v", c.base, o)
			}
		}
		if c.objects == "" {
			continue
		}
		restore := "POST " + c.base + "/{" + c.param + "}/" + c.objects
		p.ended(p.call(restore, m{"source": objects[:1], "target": c.target}))
		if out := p.try(restore, m{"source": []m{{"restore_cookie": "test-cookie.a.b"}}, "target": c.target}); out.status != http.StatusBadRequest {
			p.t.Errorf("%s: a foreign cookie: %d", c.base, out.status)
		}
	}
	p.ids["bucket_id"] = p.bucket()
	moment := m{"restore_end_timestamp": "2026-01-01T00:00:00Z"}
	p.previewed("/restores/aws/s3-buckets/{bucket_id}/previews", m{"type": "Rollback", "point_in_time_recovery": moment})
	p.ended(p.call("POST /restores/aws/s3-buckets", m{
		"type": "rollback", "source": m{"bucket_id": p.bucket(), "point_in_time_recovery": moment}, "target": m{},
	}))
}

// previewed runs a preview in the background and reads it when it is ready.
func (p *probe) previewed(path string, body m) []any {
	p.t.Helper()
	started := p.call("POST "+path, body)
	p.ids["preview_id"] = textOf(started, "preview_id")
	if out := p.try("GET "+path+"/{preview_id}", nil); out.status != http.StatusNotFound {
		p.t.Errorf("%s: read before it was ready: %d", path, out.status)
	}
	p.ended(started)
	objects, _ := p.call("GET "+path+"/{preview_id}", nil)["objects"].([]any)
	if len(objects) == 0 {
		p.t.Fatalf("%s: the preview is empty", path)
	}
	return objects
}

func coverInstant(p *probe) {
	const base, one = "/restores/protection-groups/instant-access-endpoints", "/restores/protection-groups/instant-access-endpoints/{endpoint_id}"
	f := p.fact(clumiosim.ListS3Assets, nil)
	source := m{"protection_group_s3_asset_id": f.AssetID, "backup_id": f.ID}
	made := p.call("POST "+base, m{"name": "look", "source": source})
	p.ids["endpoint_id"] = textOf(made, "id")
	p.ended(made)
	p.clock.Advance(time.Minute)
	p.list("GET " + base)
	p.call("GET "+one, nil)
	p.call("GET "+one+"/_get_uri", nil)
	p.call("GET "+one+"/roles/permissions", nil)
	p.ids["role_id"] = textOf(p.call("POST "+one+"/roles", m{"role_arn": "arn:aws:iam::111122223333:role/test"}), "role_id")
	p.call("PUT "+one+"/roles/{role_id}", m{"updated_role_alias": "auditors"})
	p.call("DELETE "+one+"/roles/{role_id}", nil)
	if got := p.call("PUT "+one, m{}); got["name"] != nil {
		p.t.Errorf("replaced by nothing: %v", got["name"])
	}
	p.call("DELETE "+one, nil)

	question := m{"protection_group_s3_asset_id": f.AssetID, "backup_id": f.ID, "is_sync": true}
	now := p.call("POST "+base+"/cost-estimates", question)
	question["is_sync"] = false
	started := p.call("POST "+base+"/cost-estimates", question)
	p.ids["estimate_id"] = textOf(started, "estimate_id")
	p.ended(started)
	later := p.call("GET "+base+"/cost-estimates/{estimate_id}", nil)
	if number(now["estimated_cost"]) <= 0 || now["estimated_cost"] != later["estimated_cost"] {
		p.t.Errorf("%v at once, %v later", now, later)
	}
}
