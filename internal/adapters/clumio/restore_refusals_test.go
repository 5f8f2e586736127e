package clumio_test

import (
	"encoding/json"
	"testing"

	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// The schemas are those of a kind; what one kind of source does not take is
// refused here, and nothing is sent.
func TestRestoresRefuseWhatTheirSourceDoesNotTake(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	for name, c := range map[string]struct{ of, target, sel, options, pointer string }{
		"an unknown option":         {of: "volume", target: `{"zone":"z","environment":"e"}`, options: `{"preview":true}`, pointer: "/options/preview"},
		"no zone":                   {of: "volume", target: `{"environment":"e"}`, pointer: "/target/zone"},
		"an option of SQL Server":   {of: "rds-backup", target: `{"name":"n"}`, options: `{"data_files_path":"p"}`, pointer: "/options/data_files_path"},
		"a target of SQL Server":    {of: "rds-backup", target: `{"name":"n","instance":"i"}`, pointer: "/target/instance"},
		"tags of SQL Server":        {of: "mssql-backup", target: `{"name":"n","tags":[]}`, pointer: "/target/tags"},
		"overwriting unsaid":        {of: "mssql-backup", target: `{"instance":"i"}`, pointer: "/target/name"},
		"to a group from a backup":  {of: "mssql-backup", target: `{"name":"n"}`, options: `{"restore_to_aag":{}}`, pointer: "/source"},
		"an option of Iceberg":      {of: "table-backup", target: `{"name":"n"}`, options: `{"catalog":"c"}`, pointer: "/options/catalog"},
		"an existing table":         {of: "table-backup", target: `{"name":"n","asset":"a"}`, pointer: "/target/asset"},
		"two Iceberg targets":       {of: "iceberg-new", target: `{"name":"n","asset":"a"}`, pointer: "/target/name"},
		"no Iceberg target":         {of: "iceberg-new", target: `{}`, pointer: "/target/name"},
		"a catalog that exists":     {of: "iceberg-existing", target: `{"asset":"a"}`, options: `{"catalog":"c"}`, pointer: "/options/catalog"},
		"region of a backup":        {of: "iceberg-new", target: `{"name":"n"}`, options: `{"region":"r"}`, pointer: "/options/region"},
		"backups of a range":        {of: "iceberg-existing", target: `{"asset":"a"}`, options: `{"backup_ids":["b"]}`, pointer: "/options/backup_ids"},
		"no bucket":                 {of: "group-backup", target: `{"environment":"e"}`, pointer: "/target/bucket"},
		"buckets of a bucket":       {of: "bucket-backup", target: `{"bucket":"b","environment":"e"}`, options: `{"protection_group_s3_asset_ids":["x"]}`, pointer: "/options/protection_group_s3_asset_ids"},
		"a filter and objects":      {of: "bucket-backup", target: `{"bucket":"b","environment":"e"}`, sel: `{"objects":["o"],"keyPrefix":"k"}`, pointer: "/select/keyPrefix"},
		"an environment of GCS":     {of: "gcs-group", target: `{"bucket":"b","environment":"e"}`, pointer: "/target/environment"},
		"backtrack from a backup":   {of: "bucket-backup", options: `{"point_in_time_recovery":{}}`, pointer: "/source"},
		"a database that is not":    {of: "rds-records", options: `{"query_statement":"q"}`, pointer: "/options/database_name"},
		"no filter":                 {of: "dynamodb-records", options: `{}`, pointer: "/options/query_filter"},
		"both ways":                 {of: "dynamodb-records", options: `{"query_filter":{},"email":{},"direct_download":{}}`, pointer: "/options/email"},
		"a preview":                 {of: "dynamodb-records", options: `{"query_filter":{},"preview":true}`, pointer: "/options/preview"},
		"no files":                  {of: "files", pointer: "/select/paths"},
		"no file system":            {of: "files", sel: `{"paths":["/hosts"]}`, pointer: "/select/paths"},
		"a relative path":           {of: "files", sel: `{"paths":["fs/hosts"]}`, pointer: "/select/paths"},
		"an image without a name":   {of: "ami", target: `{}`, options: `{"ami_restore_target":{}}`, pointer: "/target/name"},
		"a zone of an image":        {of: "ami", target: `{"name":"n","zone":"z"}`, options: `{"ami_restore_target":{}}`, pointer: "/target/zone"},
		"volumes that are not":      {of: "instance-volumes", sel: `{"volumes":["vol-none"]}`, pointer: "/select/volumes"},
		"volumes elsewhere nowhere": {of: "instance-volumes", target: `{"environment":"e"}`, pointer: "/target/zone"},
	} {
		t.Run(name, func(t *testing.T) {
			request := caseOf(t, c.of).ask(t, a)
			request.Target, request.Select, request.Options = json.RawMessage(c.target), json.RawMessage(c.sel), json.RawMessage(c.options)
			a.sim.Kit().ResetRequests()
			_, err := a.Restores.Start(t.Context(), request)
			e := fault.Of(err)
			if e == nil || e.Kind != fault.Invalid || e.Ambiguous || len(e.Fields) != 1 || e.Fields[0].Pointer != c.pointer {
				t.Errorf("got %v", err)
			}
			if n := len(a.sim.Kit().Requests("POST /**")); n != 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}

// What the schemas must not let through.
func TestSchemasAreClosed(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	for _, c := range everyRestore() {
		request := c.ask(t, a)
		for _, part := range []*json.RawMessage{&request.Target, &request.Select, &request.Options} {
			kept := *part
			*part = json.RawMessage(`{"no_such_member":1}`)
			if len(fits(t, a.Adapter, request)) == 0 {
				t.Errorf("%s: an unknown member passes", c.name)
			}
			*part = kept
		}
	}
	request := caseOf(t, "table-backup").ask(t, a)
	request.Options = json.RawMessage(`{"restore_wcu":null}`)
	if len(fits(t, a.Adapter, request)) == 0 {
		t.Error("null passes for an option")
	}
}

// Objects can be passed on as the preview in a plan gave them.
func TestObjectsOfAPlanArePassedOn(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	request := caseOf(t, "group-backup").ask(t, a)
	plan, err := a.Plans.Plan(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	var preview struct {
		Objects []json.RawMessage `json:"objects"`
	}
	if err := json.Unmarshal(plan.Preview, &preview); err != nil || len(preview.Objects) == 0 {
		t.Fatalf("the preview is %s", plan.Preview)
	}
	request.Select = nil
	request.Options, err = json.Marshal(map[string]any{"source": preview.Objects[:1]})
	if err != nil {
		t.Fatal(err)
	}
	if fields := fits(t, a.Adapter, request); len(fields) > 0 {
		t.Errorf("what the preview gave does not fit: %+v", fields)
	}
	began, err := a.Restores.Start(t.Context(), request)
	if err != nil || began.State != model.StateQueued {
		t.Errorf("got %+v, %v", began, err)
	}
}
