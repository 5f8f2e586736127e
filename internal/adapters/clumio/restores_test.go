package clumio_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// newestOf is the newest backup of a kind of asset.
func newestOf(t *testing.T, a *account, kind model.AssetKind) model.Backup {
	t.Helper()
	all := listBackups(t, a.Adapter, model.BackupQuery{AssetKinds: []model.AssetKind{kind}}, 10)
	if len(all) == 0 {
		t.Fatalf("there is no backup of %s", kind)
	}
	return all[0]
}

func listRestores(t *testing.T, a *account, q model.RestoreQuery, limit int) []model.Restore {
	t.Helper()
	streams, err := a.Restores.Streams(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var all []model.Restore
	for _, s := range streams {
		all = append(all, walk(t.Context(), t, s, model.Restore.Position, limit)...)
	}
	return all
}

// sent is the body of the one request that started a restore.
func sent(t *testing.T, a *account, path string) string {
	t.Helper()
	requests := a.sim.Kit().Requests("POST " + path)
	if len(requests) != 1 {
		t.Fatalf("%s was asked %d times", path, len(requests))
	}
	return string(requests[0].Body)
}

const tablesPath = "/restores/aws/dynamodb-tables"

const endpointsPath = "/restores/protection-groups/instant-access-endpoints"

func TestATableIsRestoredFromStartToEnd(t *testing.T) {
	for name, scenario := range map[string]simkit.Scenario{"friendly": simkit.Friendly(), "hostile": simkit.Hostile()} {
		t.Run(name, func(t *testing.T) {
			scenario.FailTasks = 0
			a := openAccount(t, clumiosim.Options{Scenario: scenario})
			from := newestOf(t, a, model.AssetDynamoDBTable)
			began, err := a.Restores.Start(t.Context(), model.RestoreRequest{
				Kind: model.RestoreTable, Source: model.RestoreSource{Backup: &from.ID}, Marker: "mark-1",
				Target: json.RawMessage(`{"name":"orders-restored","tags":[{"key":"why","value":"test"}]}`),
			})
			if err != nil {
				t.Fatal(err)
			}
			if began.State != model.StateQueued || began.Native.ID == "" || !began.CreatedAt.Equal(testStart) {
				t.Errorf("it began as %+v", began)
			}
			var body struct {
				Source map[string]map[string]string
				Target map[string]any
			}
			if err := json.Unmarshal([]byte(sent(t, a, tablesPath)), &body); err != nil {
				t.Fatal(err)
			}
			delete(body.Target, "environment_id")
			want := map[string]any{"table_name": "orders-restored", "tags": []any{
				map[string]any{"key": "why", "value": "test"}, map[string]any{"key": "switchback:restore", "value": "mark-1"},
			}}
			if diff := gocmp.Diff(want, body.Target); diff != "" {
				t.Error(diff)
			}
			if got := body.Source["securevault_backup"]["backup_id"]; got != from.ID.Key || len(body.Source) != 1 {
				t.Errorf("the source is %v", body.Source)
			}
			other := a.open(t) // another process
			states := []model.State{}
			for range 200 {
				got, err := other.Restores.Get(t.Context(), began.ID, false)
				if err != nil {
					t.Fatal(err)
				}
				if len(states) == 0 || states[len(states)-1] != got.State {
					states = append(states, got.State)
				}
				if got.State.Terminal() {
					if got.EndedAt.IsZero() || got.Progress.Percent == nil || *got.Progress.Percent != 100 {
						t.Errorf("it ended as %+v", got)
					}
					break
				}
				a.clock.Advance(20 * time.Second)
			}
			if last := states[len(states)-1]; last != model.StateSucceeded {
				t.Errorf("it went through %v", states)
			}
			if !slices.ContainsFunc(listRestores(t, a, model.RestoreQuery{}, 5), func(r model.Restore) bool { return r.ID == began.ID }) {
				t.Error("it is not listed")
			}
		})
	}
}

func TestATableIsRestoredToAPointInTime(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	table := newestOf(t, a, model.AssetDynamoDBTable).Asset.ID
	for name, c := range map[string]struct {
		at, options string
		want        string
	}{
		"latest": {model.Latest, ``, `{"table_id":%q,"use_latest_restorable_time":true}`},
		"at": {
			"2026-03-14T08:00:00+02:00", `{"continuous_backup":{"type":"aws_pitr"}}`,
			`{"table_id":%q,"timestamp":"2026-03-14T06:00:00Z","type":"aws_pitr"}`,
		},
	} {
		a.sim.Kit().ResetRequests()
		a.sim.Kit().Inject("POST "+tablesPath, simkit.Response{Status: http.StatusAccepted, Body: `{"task_id":"77"}`})
		r, err := a.Restores.Start(t.Context(), model.RestoreRequest{
			Kind: model.RestoreTable, Source: model.RestoreSource{Asset: &table, At: c.at}, Marker: "m",
			Target: json.RawMessage(`{"name":"t"}`), Options: json.RawMessage(c.options),
		})
		if err != nil || r.ID != a.env.ID("restore", "77") {
			t.Errorf("%s: got %v, %v", name, r.ID, err)
			continue
		}
		if got, want := sent(t, a, tablesPath), `"source":{"continuous_backup":`+fmt.Sprintf(c.want, table.Key)+`}`; !strings.Contains(got, want) {
			t.Errorf("%s: sent %s, want %s", name, got, want)
		}
	}
}

// tableOptions uses every member that the vendor's page has.
const tableOptions = `{"billing_mode":"PROVISIONED","global_secondary_indexes":[{"index_name":"i","key_schema":[{"attribute_name":"a","key_type":"HASH"}],
"projection":{"non_key_attributes":["b"],"projection_type":"INCLUDE"},"provisioned_throughput":{"read_capacity_units":1,"write_capacity_units":1}}],
"global_table_version":"2019.11.21","local_secondary_indexes":[{"index_name":"l","key_schema":[{"attribute_name":"a","key_type":"RANGE"}],
"projection":{"non_key_attributes":["b"],"projection_type":"INCLUDE"}}],"pitr_status":true,"provisioned_throughput":{"read_capacity_units":1,"write_capacity_units":1},
"replicas":[{"global_secondary_indexes":[{"index_name":"i","provisioned_throughput_override":{"read_capacity_units":1}}],"kms_master_key_id":"k",
"provisioned_throughput_override":{"read_capacity_units":1},"region_name":"us-east-1"}],"sse_specification":{"kms_key_type":"DEFAULT","kms_master_key_id":"k"},
"stream_specification":{"enabled":true,"view_type":"NEW_IMAGE"},"table_class":"STANDARD"%s}`

func TestTableRequestsHaveEveryMemberOfTheVendorsPage(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	from := newestOf(t, a, model.AssetDynamoDBTable)
	var bodies [][]byte
	for source, more := range map[*model.RestoreSource]string{
		{Backup: &from.ID}: ``,
		{Asset: &from.Asset.ID, At: "2026-03-14T06:00:00Z"}: `,"continuous_backup":{"type":"aws_pitr"}`,
		{Asset: &from.Asset.ID, At: model.Latest}:           ``,
	} {
		a.sim.Kit().ResetRequests()
		a.sim.Kit().Inject("POST "+tablesPath, simkit.Response{Status: http.StatusAccepted, Body: `{"task_id":"77"}`})
		_, err := a.Restores.Start(t.Context(), model.RestoreRequest{
			Kind: model.RestoreTable, Source: *source, Marker: "m",
			Target: json.RawMessage(`{"name":"t","environment":"e"}`), Options: json.RawMessage(fmt.Sprintf(tableOptions, more)),
		})
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, []byte(sent(t, a, tablesPath)))
	}
	page, err := os.ReadFile("testdata/seed-table-request.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(sortedMembers(page), sortedMembers(bodies...)); diff != "" {
		t.Error(diff)
	}
}

func TestEndpointRequestsHaveEveryMemberOfTheVendorsPage(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	from := newestOf(t, a, model.AssetS3Bucket)
	var bodies [][]byte
	for _, source := range []model.RestoreSource{
		{Backup: &from.ID}, {Asset: &from.Asset.ID, From: testStart.Add(-time.Hour), To: testStart},
	} {
		a.sim.Kit().ResetRequests()
		a.sim.Kit().Inject("POST "+endpointsPath, simkit.Response{Status: http.StatusAccepted, Body: `{"id":"e1","task_id":"77"}`})
		r, err := a.Restores.Start(t.Context(), model.RestoreRequest{
			Kind: model.RestoreInstantAccess, Source: source, Marker: "m",
			Target: json.RawMessage(`{"name":"forensics","expiresAt":"2026-12-24T01:00:00+01:00"}`),
			Select: json.RawMessage(`{"keyPrefix":"a","keySuffix":"b","keyContains":"c","keyMatches":"d","etag":"e","versionId":"f",
				"minSizeBytes":0,"maxSizeBytes":9,"storageClasses":["S3 Standard"],"latestVersionOnly":false}`),
		})
		if err != nil || r.ID != a.env.ID("instant-access", "e1") || r.State != model.StateRunning {
			t.Fatalf("got %+v, %v", r, err)
		}
		body := sent(t, a, endpointsPath)
		if !strings.Contains(body, `"expiry_timestamp":"2026-12-24T00:00:00Z"`) || !strings.Contains(body, `"latest_version_only":false`) ||
			!strings.Contains(body, `"min_object_size_bytes":0`) || !strings.Contains(body, from.Asset.ID.Key) {
			t.Errorf("sent %s", body)
		}
		bodies = append(bodies, []byte(body))
	}
	page, err := os.ReadFile("testdata/seed-endpoint-request.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(sortedMembers(page), sortedMembers(bodies...)); diff != "" {
		t.Error(diff)
	}
}

func TestFiltersAreSentOnlyWhenSomethingIsSelected(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	asset := newestOf(t, a, model.AssetS3Bucket).Asset.ID
	for selected, want := range map[string]string{
		``:                            `"source":{"pitr":{"restore_end_timestamp":"2026-03-14T06:00:00Z"},"protection_group_s3_asset_id":`,
		`{}`:                          `"source":{"pitr":`,
		`{"keyPrefix":"logs/"}`:       `"object_filters":{"latest_version_only":true,"object_key_prefix":"logs/"}`,
		`{"versionId":"v"}`:           `"object_filters":{"latest_version_only":false,"version_id":"v"}`,
		`{"latestVersionOnly":true}`:  `"object_filters":{"latest_version_only":true}`,
		`{"latestVersionOnly":false}`: `"object_filters":{"latest_version_only":false}`,
	} {
		a.sim.Kit().ResetRequests()
		a.sim.Kit().Inject("POST "+endpointsPath, simkit.Response{Status: http.StatusAccepted, Body: `{"id":"e1"}`})
		_, err := a.Restores.Start(t.Context(), model.RestoreRequest{
			Kind: model.RestoreInstantAccess, Source: model.RestoreSource{Asset: &asset, At: "2026-03-14T06:00:00Z"}, Marker: "m",
			Target: json.RawMessage(`{"name":"f"}`), Select: json.RawMessage(selected),
		})
		if err != nil {
			t.Errorf("%s: %v", selected, err)
			continue
		}
		if got := sent(t, a, endpointsPath); !strings.Contains(got, want) {
			t.Errorf("%s: sent %s, want %s", selected, got, want)
		}
	}
}

func TestRestoresThatCanNotBeAreRefusedBeforehand(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	table, bucket, foreign := a.env.ID("aws-dynamodb-table", "x"), a.env.ID("aws-s3-bucket", "x"), model.ID{Connection: "b", Kind: "aws-s3-bucket", Key: "x"}
	named := json.RawMessage(`{"name":"n","environment":"e"}`)
	for name, c := range map[string]struct {
		request model.RestoreRequest
		want    fault.Kind
		pointer string
	}{
		"foreign source":    {model.RestoreRequest{Kind: model.RestoreTable, Source: model.RestoreSource{Backup: &foreign}, Target: named}, fault.Invalid, "/source"},
		"no source":         {model.RestoreRequest{Kind: model.RestoreTable, Target: named}, fault.Invalid, "/source"},
		"no form":           {model.RestoreRequest{Kind: model.RestoreTable, Source: model.RestoreSource{Asset: &table}, Target: named}, fault.Invalid, "/source"},
		"other kind":        {model.RestoreRequest{Kind: model.RestoreTable, Source: model.RestoreSource{Backup: &bucket}, Target: named}, fault.Invalid, "/source"},
		"range of a table":  {model.RestoreRequest{Kind: model.RestoreTable, Source: model.RestoreSource{Asset: &table, From: testStart, To: testStart}, Target: named}, fault.Invalid, "/source"},
		"no time":           {model.RestoreRequest{Kind: model.RestoreTable, Source: model.RestoreSource{Asset: &table, At: "noon"}, Target: named}, fault.Invalid, "/source/at"},
		"no name":           {model.RestoreRequest{Kind: model.RestoreTable, Source: model.RestoreSource{Backup: &table}}, fault.Invalid, "/target/name"},
		"useless option":    {model.RestoreRequest{Kind: model.RestoreTable, Source: model.RestoreSource{Backup: &table}, Target: named, Options: json.RawMessage(`{"continuous_backup":{}}`)}, fault.Invalid, "/options/continuous_backup"},
		"latest of objects": {model.RestoreRequest{Kind: model.RestoreInstantAccess, Source: model.RestoreSource{Asset: &bucket, At: model.Latest}, Target: named}, fault.Invalid, "/source/at"},
		"no such kind":      {model.RestoreRequest{Kind: model.RestoreMount, Source: model.RestoreSource{Backup: &table}}, fault.Unsupported, ""},
		"bad target":        {model.RestoreRequest{Kind: model.RestoreTable, Source: model.RestoreSource{Backup: &table}, Target: json.RawMessage(`{"name":1}`)}, fault.Invalid, "/target"},
	} {
		_, err := a.Restores.Start(t.Context(), c.request)
		e := fault.Of(err)
		if e == nil || e.Kind != c.want || e.Ambiguous || (c.pointer != "" && (len(e.Fields) != 1 || e.Fields[0].Pointer != c.pointer)) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if n := a.sim.Kit().Total(); n != 0 {
		t.Errorf("the vendor got %d requests", n)
	}
}

func TestALostReplyIsAmbiguousAndNotRepeated(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	from := newestOf(t, a, model.AssetDynamoDBTable)
	for name, c := range map[string]struct {
		answer    simkit.Response
		ambiguous bool
	}{
		"reset":       {simkit.Response{Reset: true, Act: true}, true},
		"server":      {simkit.Response{Status: http.StatusBadGateway}, true},
		"no task":     {simkit.Response{Status: http.StatusAccepted, Body: `{}`}, true},
		"no JSON":     {simkit.Response{Status: http.StatusAccepted, Body: `<html>`}, true},
		"throttled":   {simkit.Response{Status: http.StatusTooManyRequests}, false},
		"not allowed": {simkit.Response{Status: http.StatusForbidden}, false},
	} {
		a.sim.Kit().ResetRequests()
		a.sim.Kit().Inject("POST "+tablesPath, c.answer)
		_, err := a.Restores.Start(t.Context(), model.RestoreRequest{
			Kind: model.RestoreTable, Source: model.RestoreSource{Backup: &from.ID}, Marker: "m", Target: json.RawMessage(`{"name":"t-` + strings.ReplaceAll(name, " ", "-") + `"}`),
		})
		if e := fault.Of(err); e == nil || e.Ambiguous != c.ambiguous {
			t.Errorf("%s: got %v", name, err)
		}
		sent(t, a, tablesPath)
	}
}

// An environment may be named by what a backup shows of its place.
func TestAnEnvironmentIsFoundByAccountAndRegion(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	from := newestOf(t, a, model.AssetDynamoDBTable)
	start := func(environment string) error {
		target, err := json.Marshal(map[string]string{"name": "orders-" + fmt.Sprint(len(environment)), "environment": environment})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.Restores.Start(t.Context(), model.RestoreRequest{
			Kind: model.RestoreTable, Source: model.RestoreSource{Backup: &from.ID}, Marker: "mark-1", Target: target,
		})
		return err
	}
	if err := start(from.Asset.Account + "/" + from.Asset.Region); err != nil {
		t.Fatal(err)
	}
	var body struct {
		Target struct {
			EnvironmentID string `json:"environment_id"`
		}
	}
	if err := json.Unmarshal([]byte(sent(t, a, tablesPath)), &body); err != nil {
		t.Fatal(err)
	}
	if id := body.Target.EnvironmentID; id == "" || strings.Contains(id, "/") {
		t.Errorf("environment_id is %q", id)
	}
	for _, unknown := range []string{"999999999999/us-west-2", "/", "a/b/c"} {
		if e := fault.Of(start(unknown)); e == nil || e.Kind != fault.Invalid || e.Fields[0].Pointer != "/target/environment" {
			t.Errorf("%s: %v", unknown, e)
		}
	}
}

// The newest recoverable point of a table without continuous backup is its
// newest backup.
func TestTheLatestOfATableIsFoundWithAndWithoutContinuousBackup(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Backups: 800})
	seen, continuous, fromBackup := map[string]bool{}, 0, 0
	for _, b := range listBackups(t, a.Adapter, model.BackupQuery{AssetKinds: []model.AssetKind{model.AssetDynamoDBTable}}, 100) {
		if seen[b.Asset.ID.Key] || b.Status != model.BackupAvailable {
			continue
		}
		seen[b.Asset.ID.Key] = true
		began, err := a.Restores.Start(t.Context(), model.RestoreRequest{
			Kind: model.RestoreTable, Source: model.RestoreSource{Asset: &b.Asset.ID, At: model.Latest}, Marker: "m",
			Target: json.RawMessage(fmt.Sprintf(`{"name":"copy-%d"}`, len(seen))),
		})
		if err != nil {
			t.Fatalf("%s: %v", b.Asset.ID, err)
		}
		all := a.sim.Kit().Requests("POST " + tablesPath)
		body := string(all[len(all)-1].Body)
		switch {
		case strings.Contains(body, `"use_latest_restorable_time":true`) && len(began.Warnings) == 0:
			continuous++
		case strings.Contains(body, `"backup_id":"`+b.ID.Key+`"`) && len(began.Warnings) == 1:
			fromBackup++
		default:
			t.Errorf("%s: %s, %v", b.Asset.ID, body, began.Warnings)
		}
	}
	if continuous == 0 || fromBackup == 0 {
		t.Errorf("%d tables with continuous backup, %d without: both are wanted", continuous, fromBackup)
	}
}
