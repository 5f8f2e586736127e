package clumio_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"switchback/internal/adapters"
	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// vendorItem is what tests look at of the vendor's own documents.
type vendorItem struct {
	ID              string `json:"id"`
	ProjectID       string `json:"project_id"`
	Name            string `json:"name"`
	Status          string `json:"protection_status"`
	Groups          *int   `json:"protection_group_count"`
	IsDeleted       bool   `json:"is_deleted"`
	StartTimestamp  string `json:"start_timestamp"`
	EndTimestamp    string `json:"end_timestamp"`
	IsBrowsable     bool   `json:"is_browsable"`
	AccountNativeID string `json:"account_native_id"`
	AWSRegion       string `json:"aws_region"`
}

// vendorItems asks the vendor, beside the adapter, for a whole list.
func vendorItems(tb testing.TB, sim *clumiosim.Sim, path string) []vendorItem {
	tb.Helper()
	var all []vendorItem
	for range 10_000 {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer "+sim.Token())
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, r)
		var got struct {
			Embedded struct {
				Items []vendorItem `json:"items"`
			} `json:"_embedded"`
			Links struct {
				Next *struct {
					Href string `json:"href"`
				} `json:"_next"`
			} `json:"_links"`
		}
		if w.Code != http.StatusOK || json.Unmarshal(w.Body.Bytes(), &got) != nil {
			continue // a bad day: ask again
		}
		all = append(all, got.Embedded.Items...)
		if got.Links.Next == nil || got.Links.Next.Href == "" {
			return all
		}
		path = got.Links.Next.Href
	}
	tb.Fatalf("the vendor's list %s does not end", path)
	return nil
}

func everDeleted(path string) string {
	return path + "?limit=100&filter=" + url.QueryEscape(`{"is_deleted":{"$in":["true","false"]}}`)
}

// looseBuckets are the buckets that are in no group.
func looseBuckets(tb testing.TB, sim *clumiosim.Sim) []string {
	tb.Helper()
	var out []string
	for _, item := range vendorItems(tb, sim, "/datasources/aws/s3-buckets") {
		if item.Groups == nil || *item.Groups == 0 {
			out = append(out, item.ID)
		}
	}
	if len(out) == 0 {
		tb.Fatal("every bucket is in a group")
	}
	return out
}

// inventory is what the adapter has to show: kind of id and key.
func inventory(tb testing.TB, sim *clumiosim.Sim) []string {
	tb.Helper()
	var out []string
	for kind, path := range map[string]string{
		"aws-ec2-instance": everDeleted("/datasources/aws/ec2-instances"), "aws-ebs-volume": everDeleted("/datasources/aws/ebs-volumes"),
		"aws-rds": everDeleted("/datasources/aws/rds-resources"), "aws-dynamodb-table": everDeleted("/datasources/aws/dynamodb-tables"),
		"aws-s3-bucket":           everDeleted("/datasources/protection-groups/s3-assets"),
		"aws-s3-protection-group": everDeleted("/datasources/protection-groups"),
		"mssql-database":          "/datasources/aws/ec2-mssql/databases", "aws-iceberg-table": "/datasources/aws/iceberg-tables",
		"gcp-gcs-bucket": "/datasources/gcp/gcs-assets", "gcp-gcs-protection-group": "/datasources/gcp/protection-groups",
	} {
		for _, item := range vendorItems(tb, sim, path) {
			out = append(out, kind+" "+item.ID)
		}
	}
	for _, id := range looseBuckets(tb, sim) {
		out = append(out, "aws-s3-bucket "+id)
	}
	slices.Sort(out)
	return out
}

// pages reads a list without times to its end.
func pages[T any](tb testing.TB, limit int, list func(token string, limit int) (adapters.TokenPage[T], error)) []T {
	tb.Helper()
	var all []T
	seen := map[string]bool{}
	token := ""
	for {
		page, err := list(token, limit)
		if err != nil {
			tb.Fatalf("at %q: %v", token, err)
		}
		if len(page.Items) > limit {
			tb.Fatalf("a page of %d has %d items", limit, len(page.Items))
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			return all
		}
		if seen[page.Next] {
			tb.Fatalf("the token %q comes twice", page.Next)
		}
		seen[page.Next], token = true, page.Next
	}
}

func listAssets(tb testing.TB, a *adapters.Adapter, q model.AssetQuery, limit int) []model.ProtectedAsset {
	tb.Helper()
	return pages(tb, limit, func(token string, limit int) (adapters.TokenPage[model.ProtectedAsset], error) {
		return a.Assets.List(tb.Context(), q, token, limit)
	})
}

func assetLine(a model.ProtectedAsset) string { return a.ID.Kind + " " + a.ID.Key }

func TestAssetsAreListedOnce(t *testing.T) {
	for name, scenario := range map[string]simkit.Scenario{
		"friendly": simkit.Friendly(), "hostile": simkit.Hostile(), "tiny pages": {PageCap: 1},
	} {
		for _, limit := range []int{1, 3, 96, 1000} {
			t.Run(fmt.Sprintf("%s limit %d", name, limit), func(t *testing.T) {
				a := openAccount(t, clumiosim.Options{Scenario: scenario, Backups: 60})
				want := inventory(t, a.sim)
				got := lines(listAssets(t, a.Adapter, model.AssetQuery{}, limit), assetLine, nil)
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// The limit may change from call to call: what is shown may not.
func TestAssetsAreListedOnceWithChangingLimits(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Scenario: simkit.Scenario{PageCap: 4}})
	want := inventory(t, a.sim)
	n := 0
	got := pages(t, 96, func(token string, _ int) (adapters.TokenPage[model.ProtectedAsset], error) {
		n++
		return a.Assets.List(t.Context(), model.AssetQuery{}, token, []int{5, 1, 96, 2}[n%4])
	})
	if diff := gocmp.Diff(want, lines(got, assetLine, nil)); diff != "" {
		t.Error(diff)
	}
}

func TestAssetFiltersLoseNothingThatMatches(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Backups: 60})
	all := listAssets(t, a.Adapter, model.AssetQuery{}, 96)
	some := all[0].Name
	for name, q := range map[string]model.AssetQuery{
		"search":            {Search: some},
		"search other case": {Search: strings.ToUpper(some)},
		"search a dash":     {Search: "-"},
		"kinds":             {Kinds: []model.AssetKind{model.AssetS3Bucket, model.AssetRDS}},
		"last kind":         {Kinds: []model.AssetKind{model.AssetGCSProtectionGroup}},
		"no such kind":      {Kinds: []model.AssetKind{model.AssetVM}},
		"unprotected":       {Protection: []model.Protection{model.Unprotected}},
		"unknown":           {Protection: []model.Protection{model.ProtectionUnknown, model.Protected}},
		"all together":      {Search: "a", Kinds: []model.AssetKind{model.AssetEC2Instance}, Protection: []model.Protection{model.Protected}},
	} {
		t.Run(name, func(t *testing.T) {
			want := lines(all, assetLine, q.Matches)
			got := lines(listAssets(t, a.Adapter, q, 7), assetLine, q.Matches)
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAssetFiltersAreAskedOfTheVendor(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	a.sim.Kit().ResetRequests()
	listAssets(t, a.Adapter, model.AssetQuery{
		Search: "web-01", Kinds: []model.AssetKind{model.AssetEC2Instance}, Protection: []model.Protection{model.Unprotected},
	}, 96)
	asked := a.sim.Kit().Requests("GET /datasources/**")
	want := `{"name":{"$contains":"-01"},"protection_status":{"$in":["unprotected"]}}`
	if len(asked) != 1 || asked[0].Query.Get("filter") != want || asked[0].Query.Get("lookback_days") != "7" {
		t.Errorf("asked %v", asked)
	}
}

func TestAssetsAreReadOneByOne(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Backups: 60})
	for _, listed := range listAssets(t, a.Adapter, model.AssetQuery{}, 96) {
		got, err := a.Assets.Get(t.Context(), listed.ID, true)
		if err != nil {
			t.Errorf("%s: %v", listed.ID, err)
			continue
		}
		if !json.Valid(got.NativeDocument) || len(got.NativeDocument) == 0 {
			t.Errorf("%s: the document is %s", listed.ID, got.NativeDocument)
		}
		got.NativeDocument = nil
		if diff := gocmp.Diff(listed, got); diff != "" {
			t.Errorf("%s: %s", listed.ID, diff)
		}
	}
}

// Every asset of a backup can be read by the id that the backup gives.
func TestAssetsOfBackupsAreRead(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Backups: 150})
	seen := map[model.ID]bool{}
	for _, b := range listBackups(t, a.Adapter, model.BackupQuery{}, 96) {
		if seen[b.Asset.ID] {
			continue
		}
		seen[b.Asset.ID] = true
		if got, err := a.Assets.Get(t.Context(), b.Asset.ID, false); err != nil || got.ID != b.Asset.ID || got.Kind != b.Kind {
			t.Errorf("%s: got %s of kind %s, %v", b.Asset.ID, got.ID, got.Kind, err)
		}
	}
	if len(seen) == 0 {
		t.Fatal("there are no backups")
	}
}

func TestAssetsThatAreNoneAreNotFound(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	first := listAssets(t, a.Adapter, model.AssetQuery{}, 1)[0].ID
	for _, id := range []model.ID{
		{Connection: "other", Kind: first.Kind, Key: first.Key},
		{Connection: "acme", Kind: "nonsense", Key: first.Key},
		{Connection: "acme", Kind: string(model.AssetVM), Key: first.Key},
		{Connection: "acme", Kind: first.Kind, Key: "no-such-thing"},
		{Connection: "acme", Kind: first.Kind, Key: ".."},
		{Connection: "acme", Kind: first.Kind, Key: "../../x?y=1#z"},
		{Connection: "acme", Kind: string(model.AssetS3ProtectionGroup), Key: "s3-assets"},
		{Connection: "acme", Kind: "aws-s3-bucket", Key: "no-such-bucket"},
	} {
		if _, err := a.Assets.Get(t.Context(), id, true); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%v: got %v", id, err)
		}
	}
}

func TestAssetTokensThatAreNoneAreInvalid(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	for _, token := range []string{"\x00", "not a token", "-1", "99999999999999999999", "0.0.", "99.0.", "11.0.", "1.1", "0.0.!"} {
		if _, err := a.Assets.List(t.Context(), model.AssetQuery{}, token, 5); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: got %v", token, err)
		}
	}
	// A token of another query may lead into a list that this one does not have.
	q := model.AssetQuery{Kinds: []model.AssetKind{model.AssetRDS}}
	if _, err := a.Assets.List(t.Context(), q, "0.1.", 5); fault.KindOf(err) != fault.Invalid {
		t.Errorf("got %v", err)
	}
}

// A plan without a kind of asset answers that there is no such list; another
// refusal is no empty list.
func TestListsThatThePlanLacksAreEmpty(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	q := model.AssetQuery{Kinds: []model.AssetKind{model.AssetIcebergTable}}
	a.sim.Kit().Inject("GET /datasources/aws/iceberg-tables",
		simkit.Response{Status: http.StatusNotFound, Body: `{"errors":[{"error_code":7,"error_message":"no such resource"}]}`},
		simkit.Response{Status: http.StatusNotFound, Body: `<html>proxy</html>`})
	if page, err := a.Assets.List(t.Context(), q, "", 5); err != nil || len(page.Items) > 0 || page.Next != "" {
		t.Errorf("got %d items, %q, %v", len(page.Items), page.Next, err)
	}
	if _, err := a.Assets.List(t.Context(), q, "", 5); fault.KindOf(err) != fault.NotFound {
		t.Errorf("got %v", err)
	}
}

func TestListsThatLeadInCirclesEnd(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	q := model.AssetQuery{Kinds: []model.AssetKind{model.AssetRDS}}
	circle := simkit.Response{
		Status: http.StatusOK, Body: `{"_embedded":{"items":null},"_links":{"_next":{"href":"/datasources/aws/rds-resources?start=2"}}}`,
	}
	a.sim.Kit().Inject("GET /datasources/aws/rds-resources", circle, circle)
	if _, err := a.Assets.List(t.Context(), q, "", 5); fault.KindOf(err) != fault.Upstream {
		t.Errorf("got %v", err)
	}
}
