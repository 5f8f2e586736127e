package clumio_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"switchback/internal/adapters"
	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// walk reads a stream to its end and reports where it breaks the order.
func walk[T any](ctx context.Context, tb testing.TB, s adapters.Stream[T], place func(T) model.Position, limit int) []T {
	tb.Helper()
	var (
		all    []T
		before model.Position
	)
	for range 100_000 {
		page, err := s.Page(ctx, before, limit)
		if err != nil {
			tb.Fatalf("%s: %v", s.Name, err)
		}
		for _, item := range page.Items {
			if p := place(item); !before.Before(p) {
				tb.Fatalf("%s: %v comes after %v", s.Name, p, before)
			} else {
				before = p
			}
		}
		all = append(all, page.Items...)
		if !page.More {
			return all
		}
		before = page.Next
	}
	tb.Fatalf("%s does not end", s.Name)
	return nil
}

func listBackups(tb testing.TB, a *adapters.Adapter, q model.BackupQuery, limit int) []model.Backup {
	tb.Helper()
	streams, err := a.Backups.Streams(tb.Context(), q)
	if err != nil {
		tb.Fatal(err)
	}
	var all []model.Backup
	for _, s := range streams {
		all = append(all, walk(tb.Context(), tb, s, model.Backup.Position, limit)...)
	}
	slices.SortFunc(all, func(x, y model.Backup) int { return x.Position().Compare(y.Position()) })
	return all
}

var listKinds = map[string]model.AssetKind{
	clumiosim.ListEC2: model.AssetEC2Instance, clumiosim.ListEBS: model.AssetEBSVolume, clumiosim.ListRDS: model.AssetRDS,
	clumiosim.ListDynamoDB: model.AssetDynamoDBTable, clumiosim.ListMSSQL: model.AssetMSSQLDatabase,
	clumiosim.ListIceberg: model.AssetIcebergTable, clumiosim.ListGroups: model.AssetS3ProtectionGroup,
	clumiosim.ListS3Assets: model.AssetS3Bucket, clumiosim.ListGCPGroups: model.AssetGCSProtectionGroup,
	clumiosim.ListGCSAssets: model.AssetGCSBucket,
}

// line is what both sides know of a backup.
func factLine(f clumiosim.Fact) string {
	return fmt.Sprintf("%s %s %s %s %s", f.Start.UTC().Format(time.RFC3339Nano), listKinds[f.List], f.ID, f.AssetID, f.Kind)
}

func backupLine(b model.Backup) string {
	return fmt.Sprintf("%s %s %s %s %s", b.StartedAt.Format(time.RFC3339Nano), b.Kind, b.ID.Key, b.Asset.ID.Key, b.Native.Type)
}

func lines[T any](items []T, line func(T) string, keep func(T) bool) []string {
	out := []string{}
	for _, item := range items {
		if keep == nil || keep(item) {
			out = append(out, line(item))
		}
	}
	slices.Sort(out)
	return out
}

func TestStreamsHoldEveryBackupOnce(t *testing.T) {
	for name, scenario := range map[string]simkit.Scenario{
		"friendly": simkit.Friendly(), "hostile": simkit.Hostile(), "tiny pages": {PageCap: 1},
	} {
		for _, limit := range []int{1, 3, 7, 96, 1000} {
			t.Run(fmt.Sprintf("%s limit %d", name, limit), func(t *testing.T) {
				a := openAccount(t, clumiosim.Options{Scenario: scenario, Backups: 150})
				want := lines(a.sim.Facts(), factLine, nil)
				got := lines(listBackups(t, a.Adapter, model.BackupQuery{}, limit), backupLine, nil)
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestFiltersLoseNothingThatMatches(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Scenario: simkit.Hostile(), Backups: 300})
	all := listBackups(t, a.Adapter, model.BackupQuery{}, 50)
	middle, later := all[2*len(all)/3].StartedAt, all[len(all)/3].StartedAt
	for name, q := range map[string]model.BackupQuery{
		"after":        {StartedAfter: middle},
		"before":       {StartedBefore: middle},
		"between":      {StartedAfter: middle, StartedBefore: later},
		"one instant":  {StartedAfter: middle, StartedBefore: middle.Add(time.Nanosecond)},
		"kinds":        {AssetKinds: []model.AssetKind{model.AssetEBSVolume, model.AssetIcebergTable}},
		"asset":        {Assets: []model.ID{all[0].Asset.ID}},
		"assets":       {Assets: []model.ID{all[0].Asset.ID, all[1].Asset.ID, all[len(all)-1].Asset.ID, all[0].Asset.ID}},
		"other asset":  {Assets: []model.ID{{Connection: "other", Kind: all[0].Asset.ID.Kind, Key: all[0].Asset.ID.Key}}},
		"asset, kind":  {Assets: []model.ID{all[0].Asset.ID}, AssetKinds: []model.AssetKind{model.AssetOther}},
		"many assets":  {Assets: assetsOf(all, 30)},
		"type and all": {Types: []model.BackupType{model.TypeSnapshot}, StartedAfter: middle},
	} {
		t.Run(name, func(t *testing.T) {
			want := lines(all, backupLine, q.Matches)
			got := lines(listBackups(t, a.Adapter, q, 5), backupLine, q.Matches)
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func assetsOf(all []model.Backup, n int) []model.ID {
	var ids []model.ID
	for _, b := range all {
		if len(ids) < n && !slices.Contains(ids, b.Asset.ID) {
			ids = append(ids, b.Asset.ID)
		}
	}
	return ids
}

func TestFiltersChooseTheListsThatAreOpened(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Backups: 50})
	all := listBackups(t, a.Adapter, model.BackupQuery{}, 50)
	i := slices.IndexFunc(all, func(b model.Backup) bool { return b.Kind == model.AssetDynamoDBTable })
	a.sim.Kit().ResetRequests()
	listBackups(t, a.Adapter, model.BackupQuery{Assets: []model.ID{all[i].Asset.ID}, StartedAfter: testStart.AddDate(0, -1, 0)}, 50)
	requests := a.sim.Kit().Requests("")
	if len(requests) == 0 {
		t.Fatal("the vendor was not asked")
	}
	for _, r := range requests {
		want := fmt.Sprintf(`{"start_timestamp":{"$gt":"2026-02-14T09:26:52Z"},"table_id":{"$eq":%q}}`, all[i].Asset.ID.Key)
		if r.Path != clumiosim.ListDynamoDB || r.Query.Get("filter") != want {
			t.Errorf("asked %s with %s, want %s", r.Path, r.Query.Get("filter"), want)
		}
	}
}

func TestAPlanWithoutAListHasAnEmptyOne(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Backups: 100})
	want := lines(a.sim.Facts(), factLine, func(f clumiosim.Fact) bool { return f.List != clumiosim.ListIceberg && f.List != clumiosim.ListRDS })
	missing := simkit.Response{Status: http.StatusNotFound, Body: `{"errors":[{"error_code":404,"error_message":"no such resource"}]}`}
	a.sim.Kit().Inject("GET "+clumiosim.ListIceberg, missing)
	a.sim.Kit().Inject("GET "+clumiosim.ListRDS, missing)
	got := lines(listBackups(t, a.Adapter, model.BackupQuery{}, 96), backupLine, nil)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestForbiddenListsAreTroubleWithCredentials(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Backups: 20})
	a.sim.Kit().Inject("GET "+clumiosim.ListEBS, simkit.Response{Status: http.StatusForbidden, Body: `{"errors":[{"error_code":359}]}`})
	streams, err := a.Backups.Streams(t.Context(), model.BackupQuery{AssetKinds: []model.AssetKind{model.AssetEBSVolume}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = streams[0].Page(t.Context(), model.Position{}, 5)
	if fault.KindOf(err) != fault.Credentials || fault.Of(err).Upstream.Code != "359" {
		t.Errorf("got %v", err)
	}
}

func TestListsThatRefuseTheFilterAreReadWhole(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Backups: 300, Scenario: simkit.Scenario{PageCap: 4}})
	q := model.BackupQuery{AssetKinds: []model.AssetKind{model.AssetIcebergTable}}
	want := lines(a.sim.Facts(), factLine, func(f clumiosim.Fact) bool { return f.List == clumiosim.ListIceberg })
	if len(want) < 5 {
		t.Fatalf("%d backups are too few", len(want))
	}
	a.sim.Kit().Inject("GET "+clumiosim.ListIceberg, simkit.Response{Status: http.StatusBadRequest, Body: `{"errors":[{"error_code":111}]}`})
	got := lines(listBackups(t, a.Adapter, q, 3), backupLine, nil)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for i, r := range a.sim.Kit().Requests("GET " + clumiosim.ListIceberg) {
		if refused := i == 0; refused != (r.Query.Get("sort") != "") {
			t.Errorf("request %d sorts by %q", i, r.Query.Get("sort"))
		}
	}
}

func TestBackupsAreFoundByTheirIDs(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Scenario: simkit.Hostile(), Backups: 120})
	newest := map[model.AssetKind]model.Backup{}
	for _, b := range slices.Backward(listBackups(t, a.Adapter, model.BackupQuery{Native: true}, 50)) {
		newest[b.Kind] = b
	}
	if len(newest) != len(listKinds) {
		t.Fatalf("there are backups of %v only", slices.SortedFunc(maps.Keys(newest), cmp.Compare[model.AssetKind]))
	}
	for kind, want := range newest {
		got, err := a.Backups.Get(t.Context(), want.ID, true)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		var document struct{ ID string }
		if err := json.Unmarshal(got.NativeDocument, &document); err != nil || document.ID != want.ID.Key {
			t.Errorf("%s: the document is %s", kind, got.NativeDocument)
		}
		got.NativeDocument, want.NativeDocument = nil, nil
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
	}
}

func TestIDsThatNameNothingAreNotFound(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	a.env.Transport = a.contract.base // some of the ids have no place in the contract
	adapter := a.open(t)
	for _, id := range []model.ID{
		{Connection: "other", Kind: "aws-ebs-volume", Key: a.sim.Facts()[0].ID},
		{Connection: "acme", Kind: "aws-ebs-volume", Key: "no-such-backup"},
		{Connection: "acme", Kind: "aws-ebs-volume", Key: ".."},
		{Connection: "acme", Kind: "aws-ebs-volume", Key: "a/b?c#d"},
		{Connection: "acme", Kind: "aws-s3-protection-group", Key: "s3-assets"},
		{Connection: "acme", Kind: "gcp-gcs-protection-group", Key: "assets"},
		{Connection: "acme", Kind: "vm", Key: "1"},
		{},
	} {
		if _, err := adapter.Backups.Get(t.Context(), id, false); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%v: got %v", id, err)
		}
	}
}

func TestBackupsStartOnDemand(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	for path, start := range map[string]adapters.BackupStart{
		"aws/ec2-instances": {},
		"aws/ebs-volumes":   {Type: model.TypeSnapshot, Keep: model.Period{Days: 30}},
		"aws/dynamodb-tables": {
			Options: json.RawMessage(`{"type":"clumio_backup","backup_aws_region":"us-east-1"}`),
		},
	} {
		start.Subject = a.env.ID(string(listKinds["/backups/"+path]), a.sim.Assets("/datasources/" + path)[0])
		began, err := a.BackupStarts.Start(t.Context(), start)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		found, err := a.Operations.Get(t.Context(), began.ID, false)
		if err != nil || found.Action != "backup" || found.State.Terminal() || began.State != model.StateQueued {
			t.Errorf("%s: began %+v, found %+v, %v", path, began, found, err)
		}
	}
	sent := a.sim.Kit().Requests("POST " + clumiosim.ListEBS)
	if len(sent) != 1 || !strings.Contains(string(sent[0].Body), `"settings":{"retention_duration":{"unit":"days","value":30}},"type":"aws_snapshot"`) {
		t.Errorf("sent %s", sent)
	}
}

func TestBackupsStartWhereTheSimulatorHasNone(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	accepted := simkit.Response{Status: http.StatusAccepted, Body: `{"task_id":"7"}`}
	for list, want := range map[string]string{
		clumiosim.ListIceberg: `{"settings":{"retention_duration":{"unit":"weeks","value":2}},"table_id":"x"}`,
		clumiosim.ListMSSQL:   `{"asset_id":"x","settings":{"retention_duration":{"unit":"weeks","value":2}}}`,
	} {
		a.sim.Kit().Inject("POST "+list, accepted)
		began, err := a.BackupStarts.Start(t.Context(), adapters.BackupStart{
			Subject: a.env.ID(string(listKinds[list]), "x"), Keep: model.Period{Weeks: 2},
		})
		if err != nil || began.ID != a.env.ID("task", "7") {
			t.Errorf("%s: got %v, %v", list, began.ID, err)
		}
		if got := string(a.sim.Kit().Requests("POST " + list)[0].Body); got != want {
			t.Errorf("%s: sent %s, want %s", list, got, want)
		}
	}
	a.sim.Kit().Inject("POST "+clumiosim.ListMSSQL, simkit.Response{Status: http.StatusAccepted, Body: `{}`})
	_, err := a.BackupStarts.Start(t.Context(), adapters.BackupStart{Subject: a.env.ID("mssql-database", "x")})
	if e := fault.Of(err); e == nil || e.Kind != fault.Upstream || !e.Ambiguous {
		t.Errorf("an answer without a task: got %v", err)
	}
}

func TestBackupsThatCanNotStartAreRefusedBeforehand(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	ebs := a.env.ID("aws-ebs-volume", "v")
	for name, c := range map[string]struct {
		start adapters.BackupStart
		want  fault.Kind
	}{
		"no demand":     {adapters.BackupStart{Subject: a.env.ID("aws-rds", "x")}, fault.Unsupported},
		"foreign":       {adapters.BackupStart{Subject: model.ID{Connection: "other", Kind: "aws-ebs-volume", Key: "x"}}, fault.Invalid},
		"other kind":    {adapters.BackupStart{Subject: a.env.ID("vm", "x")}, fault.Invalid},
		"type":          {adapters.BackupStart{Subject: ebs, Type: model.TypeFull}, fault.Invalid},
		"keep":          {adapters.BackupStart{Subject: ebs, Keep: model.Period{Years: 1, Days: 1}}, fault.Invalid},
		"options":       {adapters.BackupStart{Subject: ebs, Options: json.RawMessage(`{"surprise":1}`)}, fault.Invalid},
		"iceberg, type": {adapters.BackupStart{Subject: a.env.ID("aws-iceberg-table", "x"), Type: model.TypeSnapshot}, fault.Invalid},
	} {
		if _, err := a.BackupStarts.Start(t.Context(), c.start); fault.KindOf(err) != c.want {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if n := a.sim.Kit().Total(); n != 0 {
		t.Errorf("the vendor got %d requests", n)
	}
}
