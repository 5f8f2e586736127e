package api_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters"
	"switchback/internal/adapters/memory"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// careless is a vendor that filters nothing and gives small pages. It keeps the
// smallest page that it was asked for.
type careless struct {
	adapters.Assets
	least *atomic.Int64
}

func (c careless) List(ctx context.Context, q model.AssetQuery, token string, limit int) (adapters.TokenPage[model.ProtectedAsset], error) {
	for least := c.least.Load(); int64(limit) < least && !c.least.CompareAndSwap(least, int64(limit)); least = c.least.Load() {
	}
	return c.Assets.List(ctx, model.AssetQuery{Native: q.Native}, token, min(limit, 7))
}

type shownAsset struct {
	ID, Kind, Name, Connection, Protection string
	NativeDocument                         any
}

func TestAssetsAreFilteredWhateverTheVendorDoes(t *testing.T) {
	var least atomic.Int64
	g := newGateway(t, func(s *setting) {
		s.adapter = func(_ string, a *adapters.Adapter) { a.Assets = careless{a.Assets, &least} }
	})
	g.a.AddPolicy(model.Policy{Name: "gold", Native: model.Native{ID: "p1"}})
	for i := range 20 {
		asset := memory.Asset{Key: fmt.Sprintf("k%02d", i), Name: fmt.Sprintf("Disk-%d", i%2)}
		if i%3 == 0 {
			asset.Policy = "p1"
		}
		g.a.AddAsset(asset)
		g.b.AddAsset(memory.Asset{Key: fmt.Sprintf("v%02d", i), Kind: model.AssetVM, Name: "disk-vm"})
	}
	walk := func(query url.Values) []string {
		t.Helper()
		var ids []string
		for pages := 0; ; pages++ {
			l := decode[listOf[shownAsset]](t, succeeded(t, g.do("GET", "/v1/assets?"+query.Encode()), 200))
			if !l.Complete || pages > 30 {
				t.Fatalf("page %d: %+v", pages, l.Sources)
			}
			for _, item := range l.Items {
				ids = append(ids, item.ID)
			}
			if l.NextCursor == "" {
				return ids
			}
			if len(l.Items) != 3 {
				t.Errorf("a page of %d in the middle", len(l.Items))
			}
			query.Set("cursor", l.NextCursor)
		}
	}
	count := func(query url.Values, want int) {
		t.Helper()
		query.Set("pageSize", "3")
		got := walk(query)
		seen := map[string]bool{}
		for _, id := range got {
			seen[id] = true
		}
		if len(got) != want || len(seen) != want {
			t.Errorf("%v: %d assets, %d different, want %d", query, len(got), len(seen), want)
		}
	}
	count(url.Values{}, 40)
	count(url.Values{"search": {"dISK-1"}}, 10)
	count(url.Values{"assetKind": {"vm"}}, 20)
	count(url.Values{"protection": {"protected"}, "provider": {"memory"}}, 7)
	count(url.Values{"search": {"disk-0"}, "protection": {"unprotected"}, "label.env": {"prod"}}, 6)
	count(url.Values{"connection": {"mem-b"}, "protection": {"protected", "unsupported"}}, 0)

	least.Store(1000)
	l := decode[listOf[shownAsset]](t, succeeded(t, g.do("GET", "/v1/assets?search=disk-1&connection=mem-a&explain=true&include=native"), 200))
	if got := least.Load(); got < 50 || got == 1000 {
		t.Errorf("with a filter the vendor was asked for a page of %d", got)
	}
	if diff := cmp.Diff([]string{"search"}, l.Explain[0].AppliedHere); diff != "" || l.Items[0].NativeDocument == nil {
		t.Errorf("explained: %s, item %+v", diff, l.Items[0])
	}
	refused(t, g.do("GET", "/v1/assets?protection=maybe"), 400, "invalid-parameter")
	if l := decode[listOf[shownAsset]](t, succeeded(t, g.do("GET", "/v1/assets", as("viewer")), 200)); len(l.Sources) != 1 {
		t.Errorf("viewer of mem-a sees %+v", l.Sources)
	}
}

func TestAnAssetSaysWhatItCanBeRestoredTo(t *testing.T) {
	g := newGateway(t, func(s *setting) {
		s.adapter = func(name string, a *adapters.Adapter) {
			if name == "mem-b" {
				a.Assets, a.RestorePoints = nil, nil
			}
		}
	})
	now := g.clock.Now()
	g.a.AddAsset(memory.Asset{Key: "x1", Continuous: 48 * time.Hour})
	for i, age := range []int{1, 29, 31} {
		g.a.AddBackup(memory.Backup{Key: fmt.Sprintf("b%d", i), Asset: "x1", AssetKind: model.AssetEBSVolume, StartedAt: now.AddDate(0, 0, -age)})
	}
	const id = "mem-a~aws-ebs-volume~x1"
	if got := decode[shownAsset](t, succeeded(t, g.do("GET", "/v1/assets/"+id+"?include=native", as("viewer")), 200)); got.ID != id || got.NativeDocument == nil {
		t.Errorf("asset: %+v", got)
	}
	type points struct {
		Points   []struct{ Backup string }
		Ranges   []struct{ From, To time.Time }
		Complete bool
	}
	read := func(query string) points {
		t.Helper()
		return decode[points](t, succeeded(t, g.do("GET", "/v1/assets/"+id+"/restore-points"+query), 200))
	}
	if got := read(""); len(got.Points) != 2 || got.Points[0].Backup != "mem-a~aws-ebs-volume~b0" || len(got.Ranges) != 1 || !got.Complete {
		t.Errorf("by default: %+v", got)
	}
	if got := read("?to=2026-11-01T00:00:00Z"); len(got.Points) != 2 || len(got.Ranges) != 0 {
		t.Errorf("30 days before a time: %+v", got)
	}
	if got := read("?from=2026-11-19T00:00:00%2B02:00&to=2026-11-19T12:00:00Z"); len(got.Points) != 1 ||
		!got.Ranges[0].To.Equal(time.Date(2026, 11, 19, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("between two times: %+v", got)
	}
	empty := succeeded(t, g.do("GET", "/v1/assets/"+id+"/restore-points?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z"), 200)
	if got := string(empty.body); got != `{"points":[],"ranges":[],"complete":true}` {
		t.Errorf("nothing: %s", got)
	}
	for _, query := range []string{
		"?from=2026-11-20T08:00:00Z", "?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", "?from=yesterday", "?to=2026-11-01",
	} {
		refused(t, g.do("GET", "/v1/assets/"+id+"/restore-points"+query), 400, "invalid-parameter")
	}
	refused(t, g.do("GET", "/v1/assets/mem-a~aws-ebs-volume~gone"), 404, "not-found")
	refused(t, g.do("GET", "/v1/assets/mem-a~aws-ebs-volume~gone/restore-points"), 404, "not-found")
	refused(t, g.do("GET", "/v1/assets/mem-b~aws-ebs-volume~x1/restore-points", as("viewer")), 404, "not-found")
	refused(t, g.do("GET", "/v1/assets/"+id, as("native-reader")), 403, "forbidden")
	refused(t, g.do("GET", "/v1/assets/mem-b~aws-ebs-volume~x1"), 501, "unsupported")
	refused(t, g.do("GET", "/v1/assets/mem-b~aws-ebs-volume~x1/restore-points"), 501, "unsupported")
}

func TestSourcesAreListedAndRead(t *testing.T) {
	g := newGateway(t)
	g.a.AddSource(model.Source{Kind: "hypervisor", Name: "esx-1", Native: model.Native{ID: "s1"}})
	g.b.AddSource(model.Source{Native: model.Native{ID: "s1"}})
	type item struct {
		ID, Kind, Name, Status string
		NativeDocument         any
	}
	l := decode[listOf[item]](t, succeeded(t, g.do("GET", "/v1/sources?include=native"), 200))
	if len(l.Items) != 2 || l.Items[0].Kind != "hypervisor" || l.Items[1].ID != "mem-b~source~s1" || l.Items[0].NativeDocument == nil {
		t.Errorf("sources: %+v", l)
	}
	if l := decode[listOf[item]](t, succeeded(t, g.do("GET", "/v1/sources?label.env=dev"), 200)); len(l.Items) != 1 || len(l.Sources) != 1 {
		t.Errorf("sources of dev: %+v", l)
	}
	if got := decode[item](t, succeeded(t, g.do("GET", "/v1/sources/mem-a~source~s1"), 200)); got.Name != "esx-1" || got.NativeDocument != nil {
		t.Errorf("source: %+v", got)
	}
	if l := decode[listOf[item]](t, succeeded(t, g.do("GET", "/v1/sources", as("viewer")), 200)); len(l.Items)+len(l.Sources) != 0 {
		t.Errorf("a viewer sees %+v", l)
	}
	refused(t, g.do("GET", "/v1/sources/mem-a~source~s1", as("viewer")), 403, "forbidden")
	refused(t, g.do("GET", "/v1/sources/mem-a~source~s2"), 404, "not-found")
	g.b.Fail("Sources.List", fault.New(fault.Unavailable, "test", ""))
	if l := decode[listOf[item]](t, succeeded(t, g.do("GET", "/v1/sources"), 200)); l.Complete || l.Sources[1].Code != "upstream-unavailable" || l.Resume == "" {
		t.Errorf("with one vendor away: %+v", l)
	}
}

func TestFilesAreSearchedByPages(t *testing.T) {
	g := newGateway(t, func(s *setting) {
		s.adapter = func(name string, a *adapters.Adapter) {
			if name == "mem-b" {
				a.FileSearch = nil
			}
		}
	})
	g.a.AddBackup(memory.Backup{Key: "b1", Asset: "x1", AssetKind: model.AssetEBSVolume})
	search := func(body string, more ...with) answer {
		t.Helper()
		return g.do("POST", "/v1/search/files", append(more, withJSON(body))...)
	}
	const asset = `"asset":"mem-a~aws-ebs-volume~x1"`
	type hit struct{ Name, Path, Backup string }
	all := decode[listOf[hit]](t, succeeded(t, search(`{`+asset+`,"name":"*"}`), 200))
	if len(all.Items) < 2 || all.Items[0].Backup != "mem-a~aws-ebs-volume~b1" || !all.Complete {
		t.Fatalf("files: %+v", all)
	}
	var paged []hit
	cursor := ""
	for {
		body := `{` + asset + `,"name":"*","pageSize":1` + cursor + `}`
		a := succeeded(t, search(body), 200)
		if a.header.Get("Link") != "" {
			t.Errorf("a search is no link: %s", a.header.Get("Link"))
		}
		l := decode[listOf[hit]](t, a)
		paged = append(paged, l.Items...)
		if l.NextCursor == "" {
			break
		}
		cursor = `,"cursor":"` + l.NextCursor + `"`
		refused(t, search(`{`+asset+`,"name":"other"`+cursor+`}`), 400, "invalid-cursor")
	}
	if diff := cmp.Diff(all.Items, paged); diff != "" {
		t.Errorf("at once (-), by pages (+):\n%s", diff)
	}
	succeeded(t, search(`{`+asset+`,"name":"*","pageSize":100000}`), 200)

	for body, pointer := range map[string]string{
		`{` + asset + `}`: "/name",
		`{"name":"x"}`:    "/asset",
		`{` + asset + `,"name":"x","pageSize":0}`:       "/pageSize",
		`{` + asset + `,"name":"x","path":"/etc"}`:      "/path",
		`{"asset":"nonsense","name":"x"}`:               "/asset",
		`{` + asset + `,"name":"x","cursor":17}`:        "/cursor",
		`{` + asset + `,"name":["x"],"pageSize":"ten"}`: "/name",
	} {
		if p := refused(t, search(body), 422, "invalid-request"); p.Errors[0].Pointer != pointer {
			t.Errorf("%s: %+v", body, p.Errors)
		}
	}
	p := refused(t, search(`{"asset":"mem-b~aws-ebs-volume~x1","name":"x"}`, as("viewer")), 404, "not-found")
	if len(p.Errors) != 1 || p.Errors[0].Pointer != "/asset" {
		t.Errorf("an asset that may not be seen: %+v", p.Errors)
	}
	refused(t, search(`{`+asset+`,"name":"x"}`, as("native-reader")), 403, "forbidden")
	refused(t, search(`{"asset":"mem-b~aws-ebs-volume~x1","name":"x"}`), 501, "unsupported")
	refused(t, search(`{"asset":"mem-a~aws-ebs-volume~gone","name":"x"}`), 404, "not-found")
}

func TestAPlanChecksAndStartsNothing(t *testing.T) {
	g := newGateway(t, func(s *setting) {
		s.adapter = func(name string, a *adapters.Adapter) {
			if name == "mem-b" {
				a.Plans = nil
			}
		}
	})
	g.a.AddBackup(memory.Backup{Key: "b1", Asset: "x1", AssetKind: model.AssetEBSVolume})
	g.b.AddBackup(memory.Backup{Key: "b1", Asset: "x1", AssetKind: model.AssetEBSVolume})
	plan := func(body string, more ...with) answer {
		t.Helper()
		return g.do("POST", "/v1/restores/plan", append(more, withJSON(body))...)
	}
	const body = `{"kind":"volume","source":{"asset":"mem-a~aws-ebs-volume~x1","at":"latest"},"target":{"name":"copy"}}`
	got := decode[struct {
		Connection, Provider, Kind string
		Source                     struct{ Backup string }
		Request                    struct{ Method, Path string }
		Notes                      []string
		Target                     struct{ Name string }
		PlanHash                   *string
	}](t, succeeded(t, plan(body), 200))
	if got.Connection != "mem-a" || got.Provider != "memory" || got.Source.Backup != "mem-a~aws-ebs-volume~b1" ||
		got.Request.Path != "/restores" || got.Notes == nil || got.Target.Name != "copy" || got.PlanHash != nil {
		t.Errorf("plan: %+v", got)
	}
	if n := g.a.Calls("Restores.Start"); n != 0 {
		t.Errorf("a plan started %d restores", n)
	}
	const id = `"source":{"backup":"mem-a~aws-ebs-volume~b1"}`
	p := refused(t, plan(`{"kind":"volume",`+id+`,"target":{"bucket":"x"}}`), 422, "invalid-request")
	if !strings.HasPrefix(p.Errors[0].Pointer, "/target") || g.a.Calls("Plans.Plan") != 1 {
		t.Errorf("what is not in the published schema: %+v, %d calls", p, g.a.Calls("Plans.Plan"))
	}
	if p := refused(t, plan(`{"kind":"volume",`+id+`,"dryRun":true}`), 422, "invalid-request"); p.Errors[0].Pointer != "/dryRun" {
		t.Errorf("an unknown member: %+v", p.Errors)
	}
	refused(t, plan(`{"kind":"mount",`+id+`}`), 501, "unsupported")
	refused(t, plan(strings.Replace(body, "mem-a", "mem-b", 1)), 501, "unsupported")
	refused(t, plan(body, as("viewer")), 403, "forbidden")
	refused(t, plan(strings.Replace(body, "mem-a", "mem-b", 1), as("viewer")), 404, "not-found")
	refused(t, plan(strings.Replace(body, "x1", "gone", 1)), 404, "not-found")
	refused(t, g.do("GET", "/v1/restores/plan"), 404, "not-found") // an id that is none
	// The key of a start means nothing here.
	succeeded(t, plan(body, header("Idempotency-Key", "k")), 200)
}
