package clumio_test

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"text/template"

	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/model"
)

// restoreCase is one restore of the vendor, as a client asks for it. The
// request is a template over what the simulated vendor has.
type restoreCase struct {
	name    string
	write   string // path of the one write
	request string
	makes   model.AssetKind // what is in the inventory afterwards
	apart   bool            // the simulated vendor has nothing it works on, and its answer is made up
}

// keyFilter is a filter of DynamoDB in every form that it has.
const keyFilter = `{"attribute_filters":[{"condition":"EqualTo","name":"state","type":"String","values":["open"]}],
"key_filters":[{"partition_key_filter":{"condition":"EqualTo","values":["a"]},"sort_key_filter":{"condition":"BeginsWith","values":["b"]}}]}`

// everyRestore is every restore of NOTES section 9, from every form of source
// that makes another request.
func everyRestore() []restoreCase {
	const place = `"target":{"bucket":"{{bucket}}","environment":"{{environment}}","prefix":"back/","overwrite":true,"tags":[{"key":"why","value":"drill"}]}`
	return []restoreCase{
		{
			name: "table-backup", write: tablesPath, makes: model.AssetDynamoDBTable,
			request: `{"kind":"table","source":{"backup":"{{backup "aws-dynamodb-table"}}"},"target":{"name":"orders-restored","tags":[{"key":"why","value":"drill"}]},
			"options":{"query_filter":` + keyFilter + `,"restore_wcu":100,"contributor_insights_status":true,"deletion_protection_enabled":true,
			"replicas":[{"region_name":"us-east-1","replica_table_class":"STANDARD","on_demand_throughput_override":{"max_read_request_units":5}}]}}`,
		},
		{
			name: "table-at", write: tablesPath, makes: model.AssetDynamoDBTable,
			request: `{"kind":"table","source":{"asset":"{{asset "aws-dynamodb-table"}}","at":"2026-03-14T08:00:00+02:00"},
			"target":{"name":"orders-restored","environment":"{{environment}}"},"options":{"continuous_backup":{"type":"aws_pitr"}}}`,
		},
		{
			name: "iceberg-new", write: "/restores/aws/iceberg-tables", makes: model.AssetIcebergTable,
			request: `{"kind":"table","source":{"backup":"{{backup "aws-iceberg-table"}}"},"target":{"name":"events_restored"},
			"options":{"catalog":"AwsDataCatalog","catalog_type":"glue","namespace":"sales","table_location":"s3://acme/restored",
			"optimizer":{"mode":"manual","glue":{"compaction_configuration":{"status":"ENABLED","min_input_files":5}}}}}`,
		},
		{
			name: "iceberg-existing", write: "/restores/aws/iceberg-tables", makes: model.AssetIcebergTable,
			request: `{"kind":"table","source":{"asset":"{{asset "aws-iceberg-table"}}","from":"2026-03-13T00:00:00Z","to":"2026-03-14T09:00:00Z"},
			"target":{"asset":"{{key (asset "aws-iceberg-table")}}"}}`,
		},
		{
			name: "endpoint", write: endpointsPath,
			request: `{"kind":"instant-access","source":{"backup":"{{backup "aws-s3-bucket"}}"},"target":{"name":"forensics"},"select":{"keyPrefix":"logs/"}}`,
		},
		{
			name: "group-backup", write: "/restores/protection-groups",
			request: `{"kind":"objects","source":{"backup":"{{backup "aws-s3-protection-group"}}"},` + place + `,"select":{"keySuffix":".bin"},
			"options":{"storage_class":"S3 Standard","default_object_checksum_algorithm":"SHA256"}}`,
		},
		{
			name: "group-range", write: "/restores/protection-groups",
			request: `{"kind":"objects","source":{"asset":"{{asset "aws-s3-protection-group"}}","from":"2026-03-13T00:00:00Z","to":"2026-03-14T09:00:00Z"},` + place + `}`,
		},
		{
			name: "bucket-backup", write: "/restores/protection-groups/s3-assets",
			request: `{"kind":"objects","source":{"backup":"{{backup "aws-s3-bucket"}}"},` + place + `,"options":{"preview":false}}`,
		},
		{
			name: "bucket-objects", write: "/restores/protection-groups/*/s3-objects",
			request: `{"kind":"objects","source":{"backup":"{{backup "aws-s3-bucket"}}"},` + place + `,"select":{"objects":["{{cookie}}"]}}`,
		},
		{
			name: "backtrack", write: "/restores/aws/s3-buckets",
			request: `{"kind":"objects","source":{"asset":"{{liveAsset}}","at":"2026-03-14T06:00:00Z"},"select":{"keyPrefix":"a"},
			"options":{"point_in_time_recovery":{}}}`,
		},
		{
			name: "backtrack-alone", write: "/restores/aws/s3-buckets",
			request: `{"kind":"objects","source":{"asset":"acme~aws-s3-bucket~{{bucket}}","at":"2026-03-14T06:00:00Z"},"options":{"point_in_time_recovery":{}}}`,
		},
		{
			name: "undelete", write: "/restores/aws/s3-buckets",
			request: `{"kind":"objects","source":{"asset":"{{liveAsset}}","from":"2026-03-14T06:00:00Z","to":"2026-03-14T09:00:00Z"},
			"options":{"undo_delete_marker_options":{},"storage_class":"S3 Standard"}}`,
		},
		{
			name: "gcs-group", write: "/restores/gcp/protection-groups",
			request: `{"kind":"objects","source":{"backup":"{{backup "gcp-gcs-protection-group"}}"},"target":{"bucket":"{{gcsBucket}}","tags":[{"key":"why","value":"drill"}]},
			"options":{"object_key_regex_matches":"^a","storage_class":"NEARLINE","project_id":"{{project}}"}}`,
		},
		{
			name: "gcs-bucket", write: "/restores/gcp/protection-groups/assets",
			request: `{"kind":"objects","source":{"asset":"{{asset "gcp-gcs-bucket"}}","at":"2026-03-14T06:00:00Z"},"target":{"bucket":"{{gcsBucket}}"},
			"select":{"keyPrefix":"a"}}`,
		},
		{
			name: "gcs-objects", write: "/restores/gcp/protection-groups/*/gcs-objects", apart: true,
			request: `{"kind":"objects","source":{"asset":"{{asset "gcp-gcs-bucket"}}","at":"2026-03-14T06:00:00Z"},"target":{"bucket":"{{gcsBucket}}"},
			"options":{"source":[{"restore_cookie":"test-cookie","object_key":"a","size_in_bytes":9007199254740993}]}}`,
		},
		{
			name: "volume", write: "/restores/aws/ebs-volumes", makes: model.AssetEBSVolume,
			request: `{"kind":"volume","source":{"backup":"{{backup "aws-ebs-volume"}}"},"target":{"name":"data-restored","zone":"us-west-2a"},
			"options":{"type":"gp3","iops":3000,"volume_initialization_rate":200}}`,
		},
		{
			name: "instance-volumes", write: "/restores/aws/ec2-instances", makes: model.AssetEBSVolume,
			request: `{"kind":"volume","source":{"backup":"{{backup "aws-ec2-instance"}}"},"target":{"tags":[{"key":"why","value":"drill"}]}}`,
		},
		{
			name: "instance", write: "/restores/aws/ec2-instances", makes: model.AssetEC2Instance,
			request: `{"kind":"instance","source":{"backup":"{{backup "aws-ec2-instance"}}"},"target":{"name":"web-restored"},"options":{"should_power_on":true}}`,
		},
		{
			name: "ami", write: "/restores/aws/ec2-instances",
			request: `{"kind":"instance","source":{"backup":"{{backup "aws-ec2-instance"}}"},"target":{"name":"web-image"},"options":{"ami_restore_target":{"description":"of web"}}}`,
		},
		{
			name: "rds-backup", write: "/restores/aws/rds-resources", makes: model.AssetRDS,
			request: `{"kind":"database","source":{"backup":"{{backup "aws-rds" "clumio_snapshot"}}"},"target":{"name":"crm-restored"},"options":{"instance_class":"db.t2.small"}}`,
		},
		{
			name: "rds-at", write: "/restores/aws/rds-resources", makes: model.AssetRDS,
			request: `{"kind":"database","source":{"asset":"{{asset "aws-rds"}}","at":"2026-03-14T06:00:00Z"},"target":{"name":"crm-restored"}}`,
		},
		{
			name: "rds-latest", write: "/restores/aws/rds-resources", makes: model.AssetRDS,
			request: `{"kind":"database","source":{"asset":"{{asset "aws-rds"}}","at":"latest"},"target":{"name":"crm-restored"}}`,
		},
		{
			name: "mssql-backup", write: "/restores/aws/ec2-mssql/databases", makes: model.AssetMSSQLDatabase,
			request: `{"kind":"database","source":{"backup":"{{backup "mssql-database" "ec2_mssql_database_backup"}}"},"target":{"name":"Sales2","instance":"{{instance}}"},
			"options":{"data_files_path":"D:\\data","log_files_path":"D:\\log","final_database_state":"ONLINE"}}`,
		},
		{
			name: "mssql-latest", write: "/restores/aws/ec2-mssql/databases", makes: model.AssetMSSQLDatabase,
			request: `{"kind":"database","source":{"asset":"{{asset "mssql-database"}}","at":"latest"},"target":{"name":"Sales2","instance":"{{instance}}"}}`,
		},
		{
			name: "mssql-group", write: "/restores/aws/ec2-mssql/databases", apart: true,
			request: `{"kind":"database","source":{"asset":"{{asset "mssql-database"}}","at":"latest"},"options":{"restore_to_aag":{}}}`,
		},
		{
			name: "rds-records", write: "/restores/aws/rds-resources/records",
			request: `{"kind":"records","source":{"backup":"{{backup "aws-rds" "granular_backup"}}"},"options":{"database_name":"crm","query_statement":"select 1"}}`,
		},
		{
			name: "dynamodb-records", write: "/restores/aws/dynamodb-tables/records",
			request: `{"kind":"records","source":{"backup":"{{backup "aws-dynamodb-table"}}"},"options":{"query_filter":` + keyFilter + `,
			"email":{"recipient_emails":["ops@acme.example"],"message":"the records"}}}`,
		},
		{
			name: "dynamodb-records-at", write: "/restores/aws/dynamodb-tables/records",
			request: `{"kind":"records","source":{"asset":"{{asset "aws-dynamodb-table"}}","at":"2026-03-14T06:00:00Z"},"options":{"query_filter":` + keyFilter + `}}`,
		},
		{
			name: "files", write: "/restores/files",
			request: `{"kind":"files","source":{"backup":"{{backup "aws-ebs-volume"}}"},"select":{"paths":["/{{filesystem "aws-ebs-volume"}}/etc/hosts"]}}`,
		},
		{
			name: "files-email", write: "/restores/files",
			request: `{"kind":"files","source":{"backup":"{{backup "aws-ec2-instance"}}"},"select":{"paths":["/{{filesystem "aws-ec2-instance"}}/etc/hosts"]},
			"options":{"email":{"email_address":"ops@acme.example"}}}`,
		},
	}
}

// ask fills in a request.
func (c restoreCase) ask(t *testing.T, a *account) model.RestoreRequest {
	t.Helper()
	first := func(path string) func() string { return func() string { return firstID(t, a.sim, path) } }
	backup := func(kind string, types ...string) model.Backup {
		all := listBackups(t, a.Adapter, model.BackupQuery{AssetKinds: []model.AssetKind{model.AssetKind(kind)}}, 50)
		i := slices.IndexFunc(all, func(b model.Backup) bool { return len(types) == 0 || slices.Contains(types, b.Native.Type) })
		if i < 0 {
			t.Fatalf("there is no backup of %s of a type of %v", kind, types)
		}
		return all[i]
	}
	parsed, err := template.New(c.name).Funcs(template.FuncMap{
		"backup": func(kind string, types ...string) string { return backup(kind, types...).ID.String() },
		"asset":  func(kind string) string { return backup(kind).Asset.ID.String() },
		"key": func(text string) (string, error) {
			id, err := model.ParseID(text)
			return id.Key, err
		},
		"filesystem":  func(kind string) string { return firstID(t, a.sim, "/backups/"+backup(kind).ID.Key+"/filesystems") },
		"environment": first("/datasources/aws/environments"),
		"bucket":      first("/datasources/aws/s3-buckets"),
		"instance":    first("/datasources/aws/ec2-mssql/instances"),
		"gcsBucket":   first("/datasources/gcp/gcs-buckets"),
		"project":     func() string { return backup("gcp-gcs-bucket").Asset.Account },
		"liveAsset":   func() string { return liveAsset(t, a) },
		"cookie":      func() string { return cookie(t, a.sim, backup("aws-s3-bucket")) },
	}).Parse(c.request)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := parsed.Execute(&text, nil); err != nil {
		t.Fatal(err)
	}
	var request model.RestoreRequest
	if err := json.Unmarshal(text.Bytes(), &request); err != nil {
		t.Fatalf("%v in %s", err, text.String())
	}
	request.Marker = "mark-1"
	return request
}

// liveAsset is a bucket in a group that is still there.
func liveAsset(t *testing.T, a *account) string {
	t.Helper()
	page, err := a.Assets.List(t.Context(), model.AssetQuery{Kinds: []model.AssetKind{model.AssetS3Bucket}}, "", 50)
	if err != nil {
		t.Fatal(err)
	}
	for _, asset := range page.Items {
		if asset.ID.Kind == string(model.AssetS3Bucket) && !asset.Deleted && asset.Name == "acme-invoices" {
			return asset.ID.String()
		}
	}
	t.Fatal("there is no such bucket")
	return ""
}

// cookie asks the vendor, beside the adapter, for an object of a backup.
func cookie(t *testing.T, sim *clumiosim.Sim, b model.Backup) string {
	t.Helper()
	r := httptest.NewRequest("POST", "/restores/protection-groups/s3-assets/"+b.Asset.ID.Key+"/previews",
		strings.NewReader(`{"backup_id":"`+b.ID.Key+`","is_sync_preview":true}`))
	r.Header.Set("Authorization", "Bearer "+sim.Token())
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, r)
	var reply struct {
		Objects []struct {
			RestoreCookie string `json:"restore_cookie"`
		} `json:"objects"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &reply); err != nil || len(reply.Objects) == 0 {
		t.Fatalf("no preview: %s", w.Body.String())
	}
	return reply.Objects[0].RestoreCookie
}
