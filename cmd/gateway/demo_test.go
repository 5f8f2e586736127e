package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"switchback/internal/adapters/simkit"
)

func TestDemoPrintsOneLineOfJSONWhenReady(t *testing.T) {
	line := firstLine(t, "demo", "--addr", "127.0.0.1:0", "--json")
	var ready struct {
		URL, Token  string
		Connections []struct{ ID, Provider string }
	}
	if err := json.Unmarshal([]byte(line), &ready); err != nil {
		t.Fatal(err)
	}
	if len(ready.Connections) != 6 || ready.Token == "" {
		t.Fatalf("%+v", ready)
	}
	s := &site{t: t, url: ready.URL, token: ready.Token, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	if a := s.call("GET", "/v1/connections", nil); a.status != http.StatusOK {
		t.Errorf("status %d: %s", a.status, a.body)
	}
}

func TestDemoShowsSixConnectionsWithCapabilities(t *testing.T) {
	s := startSite(t, simkit.Friendly(), nil)
	var list struct {
		Items []struct {
			ID, Provider, Region string
			Capabilities         []string
			RestoreKinds         []struct {
				Kind           string
				Target, Select map[string]any
			}
		}
	}
	s.call("GET", "/v1/connections", nil).into(t, http.StatusOK, &list)
	if len(list.Items) != 6 {
		t.Fatalf("%d connections", len(list.Items))
	}
	providers := map[string]int{}
	for _, c := range list.Items {
		providers[c.Provider]++
		if !slices.Contains(c.Capabilities, "backups") || !slices.Contains(c.Capabilities, "restores") || len(c.RestoreKinds) == 0 {
			t.Errorf("%s: %v, %d restore kinds", c.ID, c.Capabilities, len(c.RestoreKinds))
		}
	}
	if providers["clumio"] != 3 || providers["ibm"] != 2 || providers["storware"] != 1 {
		t.Errorf("providers: %v", providers)
	}
}

// The lists of a demo, friendly and hostile, are what the simulators hold by
// their own count.
func TestWalkingTheDemoGivesEveryBackupOnce(t *testing.T) {
	for name, scenario := range map[string]simkit.Scenario{"friendly": simkit.Friendly(), "hostile": simkit.Hostile()} {
		t.Run(name, func(t *testing.T) {
			s := startSite(t, scenario, nil)
			size := 50
			if name == "hostile" {
				size = 200
			}
			want := map[string]int{}
			for _, sim := range s.served {
				want[sim.name] = sim.facts()
			}
			got, seen := map[string]int{}, map[string]bool{}
			var last time.Time
			path := fmt.Sprintf("/v1/backups?pageSize=%d", size)
			for page := 0; path != ""; page++ {
				var list listed
				s.call("GET", path, nil).into(t, http.StatusOK, &list)
				if !list.Complete {
					t.Fatalf("page %d is not complete: %+v", page, list.Sources)
				}
				providers := map[string]bool{}
				for _, b := range list.Items {
					providers[b.Provider] = true
					got[b.Connection]++
					if seen[b.ID] {
						t.Fatalf("%s comes twice", b.ID)
					}
					seen[b.ID] = true
					if !last.IsZero() && b.StartedAt.After(last) {
						t.Fatalf("%s is newer than what came before it", b.ID)
					}
					last = b.StartedAt
				}
				if page == 0 && len(providers) != 3 {
					t.Errorf("the first page has only %v", providers)
				}
				path = ""
				if list.NextCursor != "" {
					path = fmt.Sprintf("/v1/backups?pageSize=%d&cursor=%s", size, list.NextCursor)
				}
			}
			total := 0
			for name, n := range want {
				total += n
				if got[name] != n {
					t.Errorf("%s: %d backups listed, %d there", name, got[name], n)
				}
			}
			if total < 2000 {
				t.Errorf("the demo holds %d backups only", total)
			}
		})
	}
}

// What no vendor filters by is filtered here, and explain says so.
func TestBackupsAreFilteredByAccountRegionAndTag(t *testing.T) {
	s := startSite(t, simkit.Friendly(), nil)
	var all listed
	s.call("GET", "/v1/backups?connection=clumio-prod&assetKind=aws-dynamodb-table&pageSize=500", nil).into(t, http.StatusOK, &all)
	one := all.Items[0].Asset
	want := 0
	for _, b := range all.Items {
		if b.Asset.Account == one.Account && b.Asset.Region == one.Region {
			want++
		}
	}
	var some struct {
		listed
		Explain []struct{ PushedDown, AppliedHere []string }
	}
	s.call("GET", "/v1/backups?connection=clumio-prod&assetKind=aws-dynamodb-table&pageSize=500&explain=true&account="+one.Account+"&region="+one.Region, nil).
		into(t, http.StatusOK, &some)
	if len(some.Items) != want || want == 0 || want == len(all.Items) {
		t.Errorf("%d of %d backups, want %d", len(some.Items), len(all.Items), want)
	}
	if len(some.Explain) != 1 || !slices.Contains(some.Explain[0].AppliedHere, "account") || !slices.Contains(some.Explain[0].AppliedHere, "region") {
		t.Errorf("explain: %+v", some.Explain)
	}
	var none listed
	s.call("GET", "/v1/backups?connection=clumio-prod&tag=no-such-tag&pageSize=500", nil).into(t, http.StatusOK, &none)
	if len(none.Items) != 0 || !none.Complete {
		t.Errorf("%d backups with a tag that nothing has", len(none.Items))
	}
}

func TestOneVendorAwayIsToldAndResumed(t *testing.T) {
	s := startSite(t, simkit.Friendly(), nil)
	s.down("ibm-us")
	var list listed
	s.call("GET", "/v1/backups?pageSize=500", nil).into(t, http.StatusOK, &list)
	if list.Complete || list.Resume == "" {
		t.Fatalf("complete %v, resume %q", list.Complete, list.Resume)
	}
	for _, source := range list.Sources {
		if failed := source.State == "failed"; failed != (source.Connection == "ibm-us") {
			t.Errorf("%+v", source)
		}
	}
	strict := s.call("GET", "/v1/backups?consistency=strict", nil)
	if strict.status != http.StatusBadGateway && strict.status != http.StatusGatewayTimeout {
		t.Errorf("strict: status %d: %s", strict.status, strict.body)
	}
	if got := s.call("GET", "/v1/backups?require=ibm-us", nil).status; got != strict.status {
		t.Errorf("require: status %d", got)
	}
	if got := s.call("GET", "/v1/backups?require=ibm-eu", nil).status; got != http.StatusOK {
		t.Errorf("require of another: status %d", got)
	}
	s.up("ibm-us")
	missing := 0
	for cursor := list.Resume; cursor != ""; {
		var page listed
		s.call("GET", "/v1/backups?pageSize=500&cursor="+cursor, nil).into(t, http.StatusOK, &page)
		if !page.Complete {
			t.Fatalf("%+v", page.Sources)
		}
		for _, b := range page.Items {
			if b.Connection != "ibm-us" {
				t.Errorf("%s was not missing", b.ID)
			}
		}
		missing += len(page.Items)
		cursor = page.NextCursor
	}
	if want := s.served["ibm-us"].facts(); missing != want {
		t.Errorf("%d backups resumed, %d were missing", missing, want)
	}
}

func (s *site) down(name string) { s.control(name, "/-/down") }
func (s *site) up(name string)   { s.control(name, "/-/up") }

func (s *site) control(name, path string) {
	s.t.Helper()
	response, err := s.client.Post(s.served[name].url+path, "", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = response.Body.Close()
}

func TestWhatIsWrongIsToldAsAProblem(t *testing.T) {
	s := startSite(t, simkit.Friendly(), nil)
	var list listed
	s.call("GET", "/v1/backups?pageSize=2", nil).into(t, http.StatusOK, &list)
	altered := list.NextCursor[:len(list.NextCursor)-2] + "AA"
	body := `{"kind":"download","source":{"backup":"` + list.Items[0].ID + `"},"nonsense":1}`
	for name, test := range map[string]struct {
		method, path, body string
		status             int
		code               string
	}{
		"unknown route":     {"GET", "/v1/nonsense", "", 404, "not-found"},
		"wrong verb":        {"PUT", "/v1/connections", "", 405, "method-not-allowed"},
		"unknown parameter": {"GET", "/v1/backups?nonsense=1", "", 400, "unknown-parameter"},
		"unknown member":    {"POST", "/v1/restores", body, 422, "invalid-request"},
		"not JSON":          {"POST", "/v1/restores", "{", 400, ""},
		"page of nothing":   {"GET", "/v1/backups?pageSize=0", "", 400, ""},
		"altered cursor":    {"GET", "/v1/backups?cursor=" + altered, "", 400, "invalid-cursor"},
		"other query":       {"GET", "/v1/backups?status=failed&cursor=" + list.NextCursor, "", 400, "invalid-cursor"},
		"not an id":         {"GET", "/v1/backups/nonsense", "", 404, "not-found"},
		"other connection":  {"GET", "/v1/backups/" + strings.Replace(list.Items[0].ID, list.Items[0].Connection, "nobody", 1), "", 404, "not-found"},
	} {
		t.Run(name, func(t *testing.T) {
			var payload any
			if test.body != "" {
				payload = test.body
			}
			a := s.call(test.method, test.path, payload, "Idempotency-Key", "k-"+strings.ReplaceAll(name, " ", "-"))
			problem(t, a, test.status, test.code)
		})
	}
	t.Run("no token", func(t *testing.T) {
		anonymous := *s
		anonymous.t, anonymous.token = t, ""
		a := anonymous.call("GET", "/v1/backups", nil)
		problem(t, a, 401, "")
		if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("WWW-Authenticate: %q", a.header.Get("WWW-Authenticate"))
		}
	})
	t.Run("no key", func(t *testing.T) {
		problem(t, s.call("POST", "/v1/restores", `{"kind":"download","source":{"backup":"`+list.Items[0].ID+`"}}`), 400, "idempotency-key-required")
	})
	t.Run("a caller without grants", func(t *testing.T) {
		stranger := *s
		stranger.t, stranger.token = t, sign(t, "stranger")
		problem(t, stranger.call("GET", "/v1/backups/"+list.Items[0].ID, nil), 404, "not-found")
		var empty listed
		stranger.call("GET", "/v1/backups", nil).into(t, http.StatusOK, &empty)
		if len(empty.Items) > 0 || len(empty.Sources) > 0 {
			t.Errorf("%+v", empty)
		}
	})
}

// problem checks an RFC 9457 answer.
func problem(t *testing.T, a answer, status int, code string) {
	t.Helper()
	var p struct {
		Type, Title, Code, TraceID string
		Status                     int
	}
	a.into(t, status, &p)
	if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "application/problem+json") {
		t.Errorf("Content-Type %q", got)
	}
	if p.Status != status || p.Title == "" || p.Type != "/problems/"+p.Code || code != "" && p.Code != code {
		t.Errorf("%s", a.body)
	}
}
