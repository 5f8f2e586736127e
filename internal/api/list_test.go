package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters"
	"switchback/internal/adapters/memory"
	"switchback/internal/fault"
	"switchback/internal/model"
)

type backup struct {
	ID         string
	Connection string
	Type       string
	StartedAt  time.Time
	Native     struct{ ID string }
	Document   json.RawMessage `json:"nativeDocument"`
}

func backupID(b backup) string { return b.ID }

func TestAWalkShowsEveryBackupOnceAndInOrder(t *testing.T) {
	g := newGateway(t)
	g.a.Populate(70, 3)
	g.b.Populate(50, 2)
	var seen []backup
	target := "/v1/backups?pageSize=17"
	for range 20 {
		a := succeeded(t, g.do("GET", target), 200)
		page := decode[listOf[backup]](t, a)
		if !page.Complete || len(page.Items) > 17 || page.Resume != "" {
			t.Fatalf("page: %+v", page)
		}
		seen = append(seen, page.Items...)
		link := a.header.Get("Link")
		if page.NextCursor == "" {
			if link != "" || strings.Contains(string(a.body), "nextCursor") {
				t.Errorf("the last page goes on: %q", link)
			}
			break
		}
		next, ok := strings.CutSuffix(link, `>; rel="next"`)
		if !ok {
			t.Fatalf("link %q", link)
		}
		target = strings.TrimPrefix(next, "<")
		if !strings.Contains(target, "pageSize=17") || !strings.Contains(target, url.QueryEscape(page.NextCursor)) {
			t.Fatalf("link %q", link)
		}
	}
	ids := names(seen, backupID)
	if len(ids) != 120 || len(slices.Compact(ids)) != 120 {
		t.Errorf("%d backups, %d of them different; want 120", len(seen), len(slices.Compact(ids)))
	}
	if !slices.IsSortedFunc(seen, func(x, y backup) int { return y.StartedAt.Compare(x.StartedAt) }) {
		t.Error("the walk is not newest first")
	}
}

func TestFiltersChooseAndAreExplained(t *testing.T) {
	g := newGateway(t)
	at := g.clock.Now()
	g.a.AddBackup(memory.Backup{Key: "full", Type: model.TypeFull, StartedAt: at.Add(-time.Hour)})
	g.a.AddBackup(memory.Backup{Key: "log", Type: model.TypeLog, Status: model.BackupFailed, StartedAt: at.Add(-2 * time.Hour)})
	g.b.AddBackup(memory.Backup{Key: "vm", Type: model.TypeFull, Asset: "asset-9", AssetKind: model.AssetVM, StartedAt: at.Add(-3 * time.Hour)})
	for query, want := range map[string][]string{
		"":                                       {"full", "log", "vm"},
		"type=full":                              {"full", "vm"},
		"type=full,log&assetKind=aws-ebs-volume": {"full", "log"},
		"type=log&type=full&connection=mem-b":    {"vm"},
		"status=failed":                          {"log"},
		"label.env=dev":                          {"vm"},
		"label.env=dev&label.team=x":             {},
		"provider=memory":                        {"full", "log", "vm"},
		"provider=clumio":                        {},
		"asset=mem-b~vm~asset-9":                 {"vm"},
		"startedAfter=2026-11-20T05:30:00Z":      {"full", "log"},
		"startedAfter=2026-11-20T05:30:00Z&startedBefore=2026-11-20T06:30:00%2B00:00": {"log"},
		"pageSize=100000": {"full", "log", "vm"},
	} {
		t.Run(query, func(t *testing.T) {
			page := decode[listOf[backup]](t, succeeded(t, g.do("GET", "/v1/backups?"+query), 200))
			if diff := cmp.Diff(want, names(page.Items, func(b backup) string { return b.Native.ID })); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	page := decode[listOf[backup]](t, succeeded(t, g.do("GET", "/v1/backups?explain=true&status=available&connection=mem-a"), 200))
	if len(page.Explain) != 1 || page.Explain[0].Calls < 2 || !slices.Equal(page.Explain[0].PushedDown, []string{"status"}) {
		t.Errorf("explain: %+v", page.Explain)
	}
	if plain := g.do("GET", "/v1/backups"); strings.Contains(string(plain.body), `"explain"`) || strings.Contains(string(plain.body), "nativeDocument") {
		t.Error("explain or native without being asked")
	}
	withNative := decode[listOf[backup]](t, succeeded(t, g.do("GET", "/v1/backups?include=native"), 200))
	if len(withNative.Items) != 3 || withNative.Items[0].Document == nil {
		t.Errorf("native: %+v", withNative.Items)
	}
}

func TestAFailedConnectionIsToldAndResumed(t *testing.T) {
	g := newGateway(t)
	for i := range 3 {
		g.a.AddBackup(memory.Backup{Key: fmt.Sprint("a", i)})
		g.b.AddBackup(memory.Backup{Key: fmt.Sprint("b", i)})
	}
	g.b.Fail("Backups.Page", &fault.Error{Kind: fault.Throttled, RetryAfter: 1500 * time.Millisecond})
	page := decode[listOf[backup]](t, succeeded(t, g.do("GET", "/v1/backups"), 200))
	want := []sourceState{
		{Connection: "mem-a", State: "ok", Items: 3},
		{Connection: "mem-b", State: "failed", Code: "upstream-throttled", RetryAfterSeconds: 2},
	}
	if diff := cmp.Diff(want, page.Sources); diff != "" || page.Complete || page.Resume == "" || len(page.Items) != 3 {
		t.Errorf("complete %v, %d items, sources (-want +got):\n%s", page.Complete, len(page.Items), diff)
	}

	p := refused(t, g.do("GET", "/v1/backups?consistency=strict"), 502, "incomplete")
	if len(p.Sources) != 2 || p.Sources[1].Code != "upstream-throttled" {
		t.Errorf("sources of the problem: %+v", p.Sources)
	}
	refused(t, g.do("GET", "/v1/backups?require=mem-b,mem-a"), 502, "incomplete")
	succeeded(t, g.do("GET", "/v1/backups?require=mem-a"), 200)
	g.b.Fail("Backups.Page", fault.New(fault.Timeout, "test", ""))
	refused(t, g.do("GET", "/v1/backups?consistency=strict"), 504, "incomplete")

	g.b.Fail("Backups.Page", nil)
	rest := decode[listOf[backup]](t, succeeded(t, g.do("GET", "/v1/backups?cursor="+page.Resume), 200))
	if len(rest.Items) != 3 || rest.Items[0].Connection != "mem-b" || !rest.Complete {
		t.Errorf("resumed: %+v", rest)
	}
}

func TestACursorIsOfOneQuestionAndOneCaller(t *testing.T) {
	g := newGateway(t)
	g.a.Populate(10, 1)
	cursor := decode[listOf[backup]](t, g.do("GET", "/v1/backups?pageSize=2&type=full,log,snapshot,unknown,incremental")).NextCursor
	if cursor == "" {
		t.Fatal("one page only")
	}
	query := "&cursor=" + cursor
	// The order of values, the size of pages and explain are not the question.
	succeeded(t, g.do("GET", "/v1/backups?type=unknown,snapshot&type=log,full,incremental&pageSize=5&explain=true"+query), 200)
	refused(t, g.do("GET", "/v1/backups?type=full"+query), 400, "invalid-cursor")
	refused(t, g.do("GET", "/v1/backups?consistency=strict&type=full,log,snapshot,unknown,incremental"+query), 400, "invalid-cursor")
	refused(t, g.do("GET", "/v1/backups?type=full,log,snapshot,unknown,incremental"+query, as("viewer")), 400, "invalid-cursor")
	refused(t, g.do("GET", "/v1/restores?cursor="+cursor), 400, "invalid-cursor")
	refused(t, g.do("GET", "/v1/backups?type=full,log,snapshot,unknown,incremental"+query[:len(query)-2]), 400, "invalid-cursor")
}

func TestListsAndDocumentsHaveTags(t *testing.T) {
	g := newGateway(t)
	g.a.AddBackup(memory.Backup{Key: "b1"})
	g.a.AddPolicy(model.Policy{Name: "gold", Native: model.Native{ID: "p1"}})
	g.a.AddAsset(memory.Asset{Key: "x1", Policy: "p1"})
	g.a.AddSource(model.Source{Native: model.Native{ID: "s1"}})
	for _, target := range []string{
		"/v1/backups", "/v1/backups/mem-a~aws-ebs-volume~b1", "/v1/policies", "/v1/policies/mem-a~policy~p1", "/v1/connections",
		"/v1/connections/mem-a", "/v1/me", "/v1/restores", "/v1/operations", "/v1/assets", "/v1/assets/mem-a~aws-ebs-volume~x1",
		"/v1/sources", "/v1/sources/mem-a~source~s1", "/v1/policies/mem-a~policy~p1/assignments", "/v1/connections/mem-a/native",
	} {
		a := succeeded(t, g.do("GET", target), 200)
		tag := a.header.Get("ETag")
		if tag == "" || strings.HasPrefix(tag, "W/") || a.header.Get("Cache-Control") == "" {
			t.Errorf("%s: tag %q", target, tag)
		}
		again := g.do("GET", target, header("If-None-Match", `"x", W/`+tag))
		if again.status != 304 || len(again.body) != 0 || again.header.Get("ETag") != tag {
			t.Errorf("%s: %d %v", target, again.status, again.header)
		}
	}
	succeeded(t, g.do("GET", "/v1/backups/mem-a%7Eaws-ebs-volume%7Eb1"), 200)
	tag := g.do("GET", "/v1/backups").header.Get("ETag")
	g.a.AddBackup(memory.Backup{Key: "b2"})
	succeeded(t, g.do("GET", "/v1/backups", header("If-None-Match", tag)), 200)
}

func TestConnectionsSayWhatTheyCan(t *testing.T) {
	g := newGateway(t, func(s *setting) {
		s.adapter = func(name string, a *adapters.Adapter) {
			if name == "mem-b" {
				a.Policies, a.Files, a.Access = nil, nil, nil
			}
		}
	})
	type conn struct {
		ID           string
		Capabilities []string
		State        string
		StateCode    string
		StateSince   *time.Time
		RestoreKinds []struct {
			Kind   string
			Target map[string]any
		}
	}
	page := decode[listOf[conn]](t, succeeded(t, g.do("GET", "/v1/connections?pageSize=1"), 200))
	if len(page.Items) != 1 || page.Items[0].ID != "mem-a" || page.NextCursor == "" || len(page.Items[0].RestoreKinds) != 3 {
		t.Fatalf("page: %+v", page)
	}
	page = decode[listOf[conn]](t, succeeded(t, g.do("GET", "/v1/connections?pageSize=1&cursor="+page.NextCursor), 200))
	if len(page.Items) != 1 || page.Items[0].ID != "mem-b" || page.NextCursor != "" || slices.Contains(page.Items[0].Capabilities, "policies") {
		t.Fatalf("page: %+v", page)
	}
	one := decode[conn](t, succeeded(t, g.do("GET", "/v1/connections/mem-a"), 200))
	if len(one.RestoreKinds) != 3 || one.RestoreKinds[0].Target["type"] != "object" || one.State != "unknown" || one.StateSince != nil {
		t.Errorf("connection: %+v", one)
	}
	refused(t, g.do("GET", "/v1/backups/mem-b~aws-ebs-volume~x/files"), 501, "unsupported")
	refused(t, g.do("GET", "/v1/restores/mem-b~restore~x/access"), 501, "unsupported")
	policies := decode[listOf[any]](t, succeeded(t, g.do("GET", "/v1/policies?consistency=strict"), 200))
	if !policies.Complete || policies.Sources[1].State != "skipped" || policies.Sources[1].Code != "unsupported" {
		t.Errorf("policies: %+v", policies)
	}

	type check struct{ State, Code, Detail string }
	if got := decode[check](t, succeeded(t, g.do("POST", "/v1/connections/mem-a/check"), 200)); got.State != "ok" {
		t.Errorf("check: %+v", got)
	}
	g.a.Fail("Session.Check", &fault.Error{Kind: fault.Credentials, Err: errors.New("private")})
	got := decode[check](t, succeeded(t, g.do("POST", "/v1/connections/mem-a/check"), 200))
	if got.State != "failing" || got.Code != "upstream-credentials" || got.Detail == "" {
		t.Errorf("check: %+v", got)
	}
	if one := decode[conn](t, g.do("GET", "/v1/connections/mem-a")); one.State != "failing" || one.StateCode != "upstream-credentials" || one.StateSince == nil {
		t.Errorf("%s for %s since %v", one.State, one.StateCode, one.StateSince)
	}
}

func TestFilesOfABackupAreListedByPages(t *testing.T) {
	g := newGateway(t)
	g.a.AddBackup(memory.Backup{Key: "b1"})
	type entry struct{ Name, Path, Type string }
	root := decode[listOf[entry]](t, succeeded(t, g.do("GET", "/v1/backups/mem-a~aws-ebs-volume~b1/files"), 200))
	if len(root.Items) == 0 {
		t.Fatal("an empty root")
	}
	var seen []string
	cursor := ""
	for range 10 {
		page := decode[listOf[entry]](t, succeeded(t, g.do("GET", "/v1/backups/mem-a~aws-ebs-volume~b1/files?path=/data&pageSize=2"+cursor), 200))
		for _, e := range page.Items {
			seen = append(seen, e.Path)
		}
		if cursor = "&cursor=" + page.NextCursor; page.NextCursor == "" {
			break
		}
	}
	if len(seen) < 3 || len(slices.Compact(slices.Sorted(slices.Values(seen)))) != len(seen) {
		t.Errorf("files: %q", seen)
	}
	refused(t, g.do("GET", "/v1/backups/mem-a~aws-ebs-volume~none/files"), 404, "not-found")
	g.a.Fail("Files.List", fault.New(fault.Timeout, "test", ""))
	refused(t, g.do("GET", "/v1/backups/mem-a~aws-ebs-volume~b1/files"), 504, "upstream-timeout")
}

func TestABackupNowIsAnOperation(t *testing.T) {
	g := newGateway(t)
	g.a.AddBackup(memory.Backup{Key: "b1"})
	a := succeeded(t, g.do("POST", "/v1/backups", withJSON(`{"subject":"mem-a~aws-ebs-volume~asset-1","type":"full","keep":"P30D"}`)), 202)
	location := a.header.Get("Location")
	operation := decode[struct{ ID, State string }](t, succeeded(t, g.do("GET", location), 200))
	if operation.State != "queued" || location != "/v1/operations/"+operation.ID {
		t.Errorf("operation %+v at %q", operation, location)
	}
	list := decode[listOf[struct{ ID string }]](t, succeeded(t, g.do("GET", "/v1/operations?state=queued"), 200))
	if len(list.Items) != 1 || list.Items[0].ID != operation.ID {
		t.Errorf("list: %+v", list)
	}
	if empty := decode[listOf[any]](t, g.do("GET", "/v1/operations?state=failed")); len(empty.Items) != 0 {
		t.Errorf("filtered list: %+v", empty)
	}
	succeeded(t, g.do("GET", location, as("reader")), 200) // backups:read shows operations
	refused(t, g.do("POST", location+"/cancel", as("reader")), 403, "forbidden")
	canceled := succeeded(t, g.do("POST", location+"/cancel"), 202)
	if canceled.header.Get("Location") != location {
		t.Errorf("location %q", canceled.header.Get("Location"))
	}
	g.clock.advance(time.Hour)
	refused(t, g.do("POST", location+"/cancel"), 409, "conflict")
	refused(t, g.do("POST", "/v1/backups", withJSON(`{"subject":"mem-a~aws-ebs-volume~none"}`)), 404, "not-found")
	refused(t, g.do("POST", "/v1/backups", withJSON(`{"subject":"mem-a~aws-ebs-volume~asset-1","keep":"30 days"}`)), 422, "invalid-request")
}
