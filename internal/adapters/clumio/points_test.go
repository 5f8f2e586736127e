package clumio_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func pointsOf(tb testing.TB, a *account, id model.ID, from, to time.Time) model.RestorePoints {
	tb.Helper()
	got, err := a.RestorePoints.RestorePoints(tb.Context(), id, from, to)
	if err != nil {
		tb.Fatalf("%s: %v", id, err)
	}
	if !slices.IsSortedFunc(got.Points, func(x, y model.RestorePoint) int { return y.At.Compare(x.At) }) {
		tb.Errorf("%s: the points are out of order", id)
	}
	for _, r := range got.Ranges {
		if r.From.Before(from) || r.To.After(to) || r.To.Before(r.From) {
			tb.Errorf("%s: the range %v is not in the window", id, r)
		}
	}
	return got
}

// The points of every asset are its backups, whatever the list they are in.
func TestPointsAreTheBackupsOfTheAsset(t *testing.T) {
	for name, scenario := range map[string]simkit.Scenario{"friendly": simkit.Friendly(), "hostile": simkit.Hostile()} {
		t.Run(name, func(t *testing.T) {
			a := openAccount(t, clumiosim.Options{Scenario: scenario, Backups: 150})
			all := listBackups(t, a.Adapter, model.BackupQuery{}, 96)
			from, to := all[2*len(all)/3].StartedAt, all[len(all)/4].StartedAt
			checked := map[model.ID]bool{}
			for _, of := range all {
				if checked[of.Asset.ID] {
					continue
				}
				checked[of.Asset.ID] = true
				got := pointsOf(t, a, of.Asset.ID, from, to)
				var want []model.RestorePoint
				for _, b := range all {
					if b.Asset.ID == of.Asset.ID && !b.StartedAt.Before(from) && !b.StartedAt.After(to) {
						want = append(want, model.RestorePoint{At: b.StartedAt, Backup: &b.ID, Type: b.Type, Status: b.Status, ExpiresAt: b.ExpiresAt})
					}
				}
				if diff := gocmp.Diff(want, got.Points); len(want)+len(got.Points) > 0 && diff != "" {
					t.Errorf("%s: %s", of.Asset.ID, diff)
				}
				if !got.Complete {
					t.Errorf("%s: the answer is not complete", of.Asset.ID)
				}
			}
		})
	}
}

func TestRangesAreCutToTheWindow(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	ranged := 0
	for _, asset := range listAssets(t, a.Adapter, model.AssetQuery{}, 96) {
		if asset.Continuous == nil {
			continue
		}
		ranged++
		from, to := asset.Continuous.From.Add(time.Hour), asset.Continuous.To.Add(time.Hour)
		got := pointsOf(t, a, asset.ID, from, to)
		if want := []model.RestoreRange{{From: from, To: asset.Continuous.To}}; !gocmp.Equal(want, got.Ranges) {
			t.Errorf("%s: %s", asset.ID, gocmp.Diff(want, got.Ranges))
		}
		if got := pointsOf(t, a, asset.ID, asset.Continuous.To.Add(time.Second), to); len(got.Ranges) > 0 {
			t.Errorf("%s: ranges past the end: %v", asset.ID, got.Ranges)
		}
	}
	if ranged == 0 {
		t.Error("no asset has continuous backup")
	}
}

func TestRangesComeFromTheIntervalsOfTheAsset(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	paths := map[string]string{
		"aws-s3-bucket":  "/datasources/protection-groups/s3-assets/%s/pitr-intervals",
		"mssql-database": "/datasources/aws/ec2-mssql/databases/%s/pitr-intervals",
		"gcp-gcs-bucket": "/datasources/gcp/gcs-assets/%s/pitr-intervals",
	}
	found, loose := map[string]int{}, looseBuckets(t, a.sim)
	for _, asset := range listAssets(t, a.Adapter, model.AssetQuery{}, 96) {
		path, has := paths[asset.ID.Kind]
		if !has || asset.Deleted || slices.Contains(loose, asset.ID.Key) {
			continue
		}
		want := map[string]bool{}
		for _, item := range vendorItems(t, a.sim, fmt.Sprintf(path, asset.ID.Key)) {
			want[item.StartTimestamp+" "+item.EndTimestamp] = true
		}
		got := map[string]bool{}
		for _, r := range pointsOf(t, a, asset.ID, testStart.AddDate(-10, 0, 0), testStart.AddDate(1, 0, 0)).Ranges {
			got[r.From.Format(time.RFC3339Nano)+" "+r.To.Format(time.RFC3339Nano)] = true
		}
		found[asset.ID.Kind] += len(got)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", asset.ID, diff)
		}
	}
	for kind := range paths {
		if found[kind] == 0 {
			t.Errorf("no %s has an interval", kind)
		}
	}
}

func TestIntervalsThatDoNotEndAreCut(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	id := firstID(t, a.sim, "/datasources/protection-groups/s3-assets")
	path := "/datasources/protection-groups/s3-assets/" + id + "/pitr-intervals"
	a.sim.Kit().Inject("GET "+path, slices.Repeat([]simkit.Response{{
		Status: http.StatusOK,
		Body: `{"_embedded":{"items":[{"start_timestamp":"2026-03-01T00:00:00Z","end_timestamp":"2026-03-02T00:00:00Z"},` +
			`{"start_timestamp":null,"end_timestamp":"2026-03-02T00:00:00Z"},{"start_timestamp":"2026-03-02T00:00:00Z","end_timestamp":"2026-03-01T00:00:00Z"}]},` +
			`"_links":{"_next":{"href":"` + path + `?start=again"}}}`,
	}}, 100)...)
	got := pointsOf(t, a, model.ID{Connection: "acme", Kind: "aws-s3-bucket", Key: id}, testStart.AddDate(0, -1, 0), testStart)
	if got.Complete || len(got.Ranges) != 20 {
		t.Errorf("got %d ranges, complete %v", len(got.Ranges), got.Complete)
	}
}

func TestPointsOfManyBackupsAreCut(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Backups: 50})
	newest := a.sim.Facts()[0]
	for i := range 600 {
		a.sim.AddBackup(newest.List, newest.AssetID, newest.Start.Add(-time.Duration(i+1)*time.Minute))
	}
	id := model.ID{Connection: "acme", Kind: string(listKinds[newest.List]), Key: newest.AssetID}
	got := pointsOf(t, a, id, newest.Start.AddDate(-1, 0, 0), newest.Start)
	if got.Complete || len(got.Points) != 500 || !got.Points[0].At.Equal(newest.Start) {
		t.Errorf("got %d points, complete %v", len(got.Points), got.Complete)
	}
}

func TestPointsOfWhatIsNotThere(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	for _, id := range []model.ID{
		{Connection: "acme", Kind: "aws-ec2-instance", Key: "no-such-thing"},
		{Connection: "acme", Kind: "aws-dynamodb-table", Key: "no-such-thing"},
		{Connection: "acme", Kind: "aws-s3-bucket", Key: "no-such-thing"},
		{Connection: "acme", Kind: "gcp-gcs-bucket", Key: "no-such-thing"},
		{Connection: "acme", Kind: "nonsense", Key: "no-such-thing"},
		{Connection: "other", Kind: "aws-ec2-instance", Key: firstID(t, a.sim, "/datasources/aws/ec2-instances")},
	} {
		if _, err := a.RestorePoints.RestorePoints(t.Context(), id, testStart.AddDate(-1, 0, 0), testStart); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%v: got %v", id, err)
		}
	}
	// What is there and has nothing has an empty answer.
	for _, id := range []model.ID{
		{Connection: "acme", Kind: "aws-ec2-instance", Key: firstID(t, a.sim, "/datasources/aws/ec2-instances")},
		{Connection: "acme", Kind: "aws-s3-bucket", Key: looseBuckets(t, a.sim)[0]},
	} {
		got := pointsOf(t, a, id, testStart.AddDate(-20, 0, 0), testStart.AddDate(-19, 0, 0))
		if got.Points == nil || got.Ranges == nil || len(got.Points)+len(got.Ranges) > 0 || !got.Complete {
			t.Errorf("%s: got %+v", id, got)
		}
	}
}

// What the inventory has forgotten still has its backups.
func TestPointsOutliveTheInventory(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Backups: 150})
	gone := simkit.Response{Status: http.StatusNotFound, Body: `{"errors":[{"error_code":404,"error_message":"gone"}]}`}
	for _, b := range listBackups(t, a.Adapter, model.BackupQuery{AssetKinds: []model.AssetKind{model.AssetDynamoDBTable}}, 96)[:1] {
		a.sim.Kit().Inject("GET /datasources/aws/dynamodb-tables/"+b.Asset.ID.Key, gone)
		if got := pointsOf(t, a, b.Asset.ID, b.StartedAt, b.StartedAt); len(got.Points) == 0 || len(got.Ranges) > 0 {
			t.Errorf("got %+v", got)
		}
	}
}
