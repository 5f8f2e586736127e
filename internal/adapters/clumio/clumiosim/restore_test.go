package clumiosim_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
)

type m = map[string]any

const (
	tables        = "/datasources/aws/dynamodb-tables"
	tablesRestore = "/restores/aws/dynamodb-tables"
)

// environment is the id of the first environment.
func (c *client) environment() string {
	return textOf(c.walk("/datasources/aws/environments", nil)[0], "id")
}

func (c *client) newestFact(list string) clumiosim.Fact {
	facts := c.sim.Facts()
	return facts[slices.IndexFunc(facts, func(f clumiosim.Fact) bool { return f.List == list })]
}

// task reads one task.
func (c *client) task(id string) m {
	c.t.Helper()
	return c.get("/tasks/{task_id}", "/tasks/"+id).body
}

func (c *client) mustStart(path string, body m) string {
	c.t.Helper()
	out := c.do(http.MethodPost, path, path, body)
	if out.status != http.StatusAccepted || textOf(out.body, "task_id") == "" {
		c.t.Fatalf("POST %s: %d %v", path, out.status, out.body)
	}
	return textOf(out.body, "task_id")
}

func tableBody(backup, environment, name string) m {
	return m{
		"source": m{"securevault_backup": m{"backup_id": backup}, "continuous_backup": nil},
		"target": m{
			"environment_id": environment, "table_name": name, "billing_mode": "PROVISIONED",
			"provisioned_throughput": m{"read_capacity_units": 11, "write_capacity_units": 6},
			"tags":                   []m{{"key": "restored-by", "value": "test"}}, "replicas": nil,
		},
		"query_filter": nil,
	}
}

func TestTableRestore(t *testing.T) {
	for _, scenario := range []simkit.Scenario{simkit.Friendly(), simkit.Hostile()} {
		t.Run(scenario.Name, func(t *testing.T) {
			scenario.LateVisibility = 30 * time.Second
			c := newClient(t, clumiosim.Options{Seed: 6, Scenario: scenario})
			body := tableBody(c.newestFact(clumiosim.ListDynamoDB).ID, c.environment(), "orders-back")
			out := c.do(http.MethodPost, tablesRestore, tablesRestore+"?embed=read-task", body)
			embedded, _ := out.body["_embedded"].(m)
			embeddedTask, _ := embedded["read-task"].(m)
			id := textOf(out.body, "task_id")
			if out.status != http.StatusAccepted || id == "" || textOf(embeddedTask, "id") != id {
				t.Fatalf("%d %v", out.status, out.body)
			}
			find := func() []m { return c.walk(tables, filter("name", m{"$contains": "orders-back"})) }
			steps := []struct {
				after    time.Duration
				status   string
				progress float64
				tables   int
			}{
				{0, "queued", 0, 0},
				{time.Second, "in_progress", 0, 0},
				{3 * time.Second, "in_progress", 42, 0},
				{4 * time.Second, "completed", 100, 0},
				{30 * time.Second, "completed", 100, 1},
			}
			for _, step := range steps {
				c.clock.Advance(step.after)
				task := c.task(id)
				if task["status"] != step.status || number(task["progress_percentage"]) != step.progress {
					t.Errorf("after %v: %v %v, want %s %v", step.after, task["status"], task["progress_percentage"], step.status, step.progress)
				}
				if ended := task["end_timestamp"] != nil; ended != (step.status == "completed") {
					t.Errorf("%s: end_timestamp %v", step.status, task["end_timestamp"])
				}
				if found := find(); len(found) != step.tables {
					t.Errorf("after %v: %d tables", step.after, len(found))
				}
			}
			table := find()[0]
			throughput, _ := table["provisioned_throughput"].(m)
			if table["billing_mode"] != "PROVISIONED" || number(throughput["read_capacity_units"]) != 11 {
				t.Errorf("the table is not what was asked for: %v", table)
			}
			if out := c.do(http.MethodPost, tablesRestore, tablesRestore, body); out.status != http.StatusConflict {
				t.Errorf("the same name again: %d", out.status)
			}
			restores := c.sim.Restores()
			if len(restores) != 1 || restores[0].TaskID != id || restores[0].Path != tablesRestore || restores[0].Body["target"] == nil {
				t.Errorf("restores %v", restores)
			}
		})
	}
}

func TestTwoRestoresToOneName(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 6})
	body := tableBody(c.newestFact(clumiosim.ListDynamoDB).ID, c.environment(), "twice")
	first, second := c.mustStart(tablesRestore, body), c.mustStart(tablesRestore, body)
	c.clock.Advance(time.Minute)
	if a, b := c.task(first)["status"], c.task(second)["status"]; a != "completed" || b != "failed" {
		t.Errorf("the tasks ended as %v and %v", a, b)
	}
	if found := c.walk(tables, filter("name", m{"$contains": "twice"})); len(found) != 1 || len(c.sim.Restores()) != 2 {
		t.Errorf("%d tables, %d restores", len(found), len(c.sim.Restores()))
	}
}

func TestContinuousRestore(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 6, Assets: 300})
	var with, without string
	for _, table := range c.walk(tables, nil) {
		if table["pitr_status"] == true {
			with = textOf(table, "id")
		} else {
			without = textOf(table, "id")
		}
	}
	body := func(id string, source m) m {
		source["table_id"], source["type"] = id, "aws_pitr"
		return m{
			"source": m{"continuous_backup": source, "securevault_backup": nil},
			"target": m{"environment_id": c.environment(), "table_name": fmt.Sprint("pitr-", len(c.sim.Restores()))},
		}
	}
	yesterday := start.Add(-24 * time.Hour).Format(time.RFC3339)
	c.mustStart(tablesRestore, body(with, m{"timestamp": yesterday}))
	c.mustStart(tablesRestore, body(with, m{"use_latest_restorable_time": true, "timestamp": nil}))
	for name, bad := range map[string]m{
		"both":    body(with, m{"timestamp": yesterday, "use_latest_restorable_time": true}),
		"neither": body(with, m{}),
		"too old": body(with, m{"timestamp": "2020-01-01T00:00:00Z"}),
		"future":  body(with, m{"timestamp": "2036-01-01T00:00:00Z"}),
		"off":     body(without, m{"timestamp": yesterday}),
	} {
		if out := c.do(http.MethodPost, tablesRestore, tablesRestore, bad); out.status != http.StatusBadRequest {
			t.Errorf("%s: %d %v", name, out.status, out.body)
		}
	}
}

func TestRefusedTableRestores(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 6})
	backup, environment := c.newestFact(clumiosim.ListDynamoDB).ID, c.environment()
	change := func(f func(m)) m {
		body := tableBody(backup, environment, "x")
		f(body)
		return body
	}
	source := func(b m) m { s, _ := b["source"].(m); return s }
	target := func(b m) m { s, _ := b["target"].(m); return s }
	for name, tc := range map[string]struct {
		body   any
		status int
	}{
		"null":                {nil, 400},
		"list":                {[]string{}, 400},
		"no source":           {change(func(b m) { delete(b, "source") }), 400},
		"null target":         {change(func(b m) { b["target"] = nil }), 400},
		"no source kind":      {change(func(b m) { source(b)["securevault_backup"] = nil }), 400},
		"two source kinds":    {change(func(b m) { source(b)["continuous_backup"] = m{"table_id": "1", "use_latest_restorable_time": true} }), 400},
		"backup is a number":  {change(func(b m) { source(b)["securevault_backup"] = m{"backup_id": 1} }), 400},
		"backup is unknown":   {change(func(b m) { source(b)["securevault_backup"] = m{"backup_id": "1"} }), 404},
		"unknown environment": {change(func(b m) { target(b)["environment_id"] = "1" }), 404},
		"no environment":      {change(func(b m) { target(b)["environment_id"] = nil }), 400},
		"no name":             {change(func(b m) { target(b)["table_name"] = "" }), 400},
		"billing mode":        {change(func(b m) { target(b)["billing_mode"] = "FREE" }), 400},
		"fraction":            {change(func(b m) { target(b)["provisioned_throughput"] = m{"read_capacity_units": 1.5} }), 400},
		"tags":                {change(func(b m) { target(b)["tags"] = m{"key": "k"} }), 400},
	} {
		out := c.do(http.MethodPost, tablesRestore, tablesRestore, tc.body)
		if out.status != tc.status {
			t.Errorf("%s: %d %v, want %d", name, out.status, out.body, tc.status)
		}
	}
	for _, raw := range []string{"", "{", "null", `{} {}`} {
		if out := c.raw(http.MethodPost, tablesRestore, raw, bearer(c.sim.Token())); out.status != http.StatusBadRequest {
			t.Errorf("body %q: %d", raw, out.status)
		}
	}
	unknown := fmt.Sprintf(`{"x_new":1,"source":{"securevault_backup":{"backup_id":%q}},"target":{"environment_id":%q,"table_name":"z","x_new":{}}}`, backup, environment)
	if out := c.raw(http.MethodPost, tablesRestore, unknown, bearer(c.sim.Token())); out.status != http.StatusAccepted {
		t.Errorf("unknown members: %d %v", out.status, out.body)
	}
	if out := c.do(http.MethodPost, tablesRestore, tablesRestore+"?embed=everything", tableBody(backup, environment, "y")); out.status != http.StatusBadRequest {
		t.Errorf("unknown embed: %d", out.status)
	}
}

func TestOtherRestores(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 6})
	environment := c.environment()
	instance := c.walk(clumiosim.ListEC2, nil)[0]
	attached, _ := instance["attached_backup_ebs_volumes"].([]any)
	volume, _ := attached[0].(m)
	mappings := []m{{"name": volume["name"], "volume_native_id": volume["volume_native_id"], "tags": []m{{"key": "Name", "value": "back-volume"}}}}
	bucket := c.sim.Assets("/datasources/aws/s3-buckets")[0]
	into := m{"environment_id": environment, "bucket_id": bucket, "storage_class": "S3 Standard", "overwrite": false}
	filters := m{"latest_version_only": true}

	c.mustStart("/restores/aws/ebs-volumes", m{
		"source": m{"backup_id": c.newestFact(clumiosim.ListEBS).ID},
		"target": m{"environment_id": environment, "aws_az": "us-west-2a", "tags": []m{{"key": "Name", "value": "back-disk"}}},
	})
	ec2 := func(kind string, target m) m {
		return m{"source": m{"backup_id": instance["id"]}, "target": m{kind: target}}
	}
	c.mustStart("/restores/aws/ec2-instances", ec2("instance_restore_target", m{
		"environment_id": environment, "subnet_native_id": "subnet-1", "vpc_native_id": "vpc-1",
		"ebs_block_device_mappings": mappings, "tags": []m{{"key": "Name", "value": "back-instance"}},
	}))
	c.mustStart("/restores/aws/ec2-instances", ec2("ami_restore_target", m{
		"environment_id": environment, "name": "image", "ebs_block_device_mappings": mappings,
	}))
	c.mustStart("/restores/aws/ec2-instances", ec2("volumes_restore_target", m{
		"environment_id": environment, "ebs_block_device_mappings": mappings,
	}))
	c.mustStart("/restores/aws/rds-resources", m{
		"source": m{"backup": m{"backup_id": c.newestFact(clumiosim.ListRDS).ID}}, "target": m{"name": "back-db"},
	})
	c.mustStart("/restores/aws/rds-resources", m{
		"source": m{"snapshot": m{"resource_id": c.newestFact(clumiosim.ListRDS).AssetID, "timestamp": "2026-01-03T00:00:00Z"}},
		"target": m{"name": "back-db-2", "environment_id": environment},
	})
	c.mustStart("/restores/protection-groups", m{
		"source": m{"backup_id": c.newestFact(clumiosim.ListGroups).ID, "object_filters": filters}, "target": into,
	})
	c.mustStart("/restores/protection-groups/s3-assets", m{
		"source": m{"pitr": m{"protection_group_s3_asset_id": c.newestFact(clumiosim.ListS3Assets).AssetID, "restore_end_timestamp": "2026-01-03T00:00:00Z"}},
		"target": into,
	})
	c.clock.Advance(time.Minute)
	for list, names := range map[string][]string{
		"/datasources/aws/ec2-instances": {"back-instance"}, "/datasources/aws/ebs-volumes": {"back-disk", "back-volume"},
		"/datasources/aws/rds-resources": {"back-db", "back-db-2"},
	} {
		var got []string
		for _, a := range c.walk(list, filter("name", m{"$contains": "back-"})) {
			got = append(got, textOf(a, "name"))
		}
		if !slices.Equal(sorted(got), names) {
			t.Errorf("%s: %v, want %v", list, got, names)
		}
	}
	if len(c.sim.Restores()) != 8 {
		t.Errorf("%d restores", len(c.sim.Restores()))
	}
	for name, tc := range map[string]struct {
		path string
		body m
		want int
	}{
		"two targets":       {"/restores/aws/ec2-instances", m{"source": m{"backup_id": instance["id"]}, "target": m{"ami_restore_target": m{"environment_id": environment, "name": "i", "ebs_block_device_mappings": mappings}, "volumes_restore_target": m{"environment_id": environment, "ebs_block_device_mappings": mappings}}}, 400},
		"foreign volume":    {"/restores/aws/ec2-instances", ec2("volumes_restore_target", m{"environment_id": environment, "ebs_block_device_mappings": []m{{"name": "/dev/xvda", "volume_native_id": "vol-1"}}}), 400},
		"no zone":           {"/restores/aws/ebs-volumes", m{"source": m{"backup_id": c.newestFact(clumiosim.ListEBS).ID}, "target": m{"environment_id": environment}}, 400},
		"no filter version": {"/restores/protection-groups", m{"source": m{"backup_id": c.newestFact(clumiosim.ListGroups).ID, "object_filters": m{"etag": "1"}}, "target": into}, 400},
		"no storage class":  {"/restores/protection-groups", m{"source": m{"backup_id": c.newestFact(clumiosim.ListGroups).ID}, "target": m{"environment_id": environment, "bucket_id": bucket}}, 400},
		"unknown bucket":    {"/restores/protection-groups", m{"source": m{"backup_id": c.newestFact(clumiosim.ListGroups).ID}, "target": m{"environment_id": environment, "bucket_id": "1", "storage_class": ""}}, 404},
		"no db name":        {"/restores/aws/rds-resources", m{"source": m{"backup": m{"backup_id": c.newestFact(clumiosim.ListRDS).ID}}, "target": m{"name": nil}}, 400},
	} {
		if out := c.do(http.MethodPost, tc.path, tc.path, tc.body); out.status != tc.want {
			t.Errorf("%s: %d %v", name, out.status, out.body)
		}
	}
}

func TestEBSRestoreVersion1HasNoTask(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 6})
	c.accept = "application/api.clumio.restored-aws-ebs-volumes=v1+json"
	body := m{"source": m{"backup_id": c.newestFact(clumiosim.ListEBS).ID}, "target": m{"environment_id": "", "aws_az": "us-west-2a"}}
	header := bearer(c.sim.Token())
	environments := c.raw(http.MethodGet, "/datasources/aws/environments", "", header)
	body["target"].(m)["environment_id"] = itemsOf(environments)[0]["id"]
	out := c.do(http.MethodPost, "/restores/aws/ebs-volumes", "/restores/aws/ebs-volumes", body)
	if out.status != http.StatusOK || out.body["task_id"] != nil || len(c.sim.Restores()) != 1 {
		t.Errorf("%d %v", out.status, out.body)
	}
}

func TestOnDemandBackups(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 6})
	for list, tc := range map[string]struct{ assets, member, kind string }{
		clumiosim.ListDynamoDB: {tables, "table_id", "aws_snapshot"},
		clumiosim.ListEC2:      {"/datasources/aws/ec2-instances", "instance_id", "clumio_backup"},
		clumiosim.ListEBS:      {"/datasources/aws/ebs-volumes", "volume_id", "clumio_backup"},
	} {
		asset := c.sim.Assets(tc.assets)[0]
		before := len(factIDs(c.sim.Facts(), list))
		asked := c.clock.Now()
		id := c.mustStart(list, m{tc.member: asset, "type": nil, "settings": m{"retention_duration": m{"unit": "days", "value": 7}}})
		if got := len(factIDs(c.sim.Facts(), list)); got != before {
			t.Errorf("%s: the backup shows before its task has ended", list)
		}
		c.clock.Advance(9 * time.Second)
		if c.task(id)["status"] != "completed" || c.task(id)["category"] != "backup" {
			t.Errorf("%s: task %v", list, c.task(id))
		}
		f := c.newestFact(list)
		if f.AssetID != asset || f.Kind != tc.kind || !f.Start.Equal(asked) {
			t.Errorf("%s: the newest backup is %+v", list, f)
		}
		if out := c.do(http.MethodPost, list, list, m{tc.member: "1"}); out.status != http.StatusNotFound {
			t.Errorf("%s: unknown asset: %d", list, out.status)
		}
		if out := c.do(http.MethodPost, list, list, m{tc.member: asset, "type": "copy"}); out.status != http.StatusBadRequest {
			t.Errorf("%s: unknown type: %d", list, out.status)
		}
	}
}
