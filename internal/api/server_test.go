package api_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters/memory"
	"switchback/internal/api"
	"switchback/internal/fault"
)

func TestTheDocumentIsValidAndItsRoutesAreServed(t *testing.T) {
	g := newGateway(t)
	if err := g.document.Validate(t.Context()); err != nil {
		t.Errorf("the document is not valid: %v", err)
	}
	var documented []string
	for path, item := range g.document.Paths.Map() {
		for method := range item.Operations() {
			documented = append(documented, method+" "+api.EchoPath(path))
		}
	}
	slices.Sort(documented)
	if diff := cmp.Diff(documented, g.Routes()); diff != "" {
		t.Errorf("documented (-), served (+):\n%s", diff)
	}
	served := g.do("GET", "/openapi.json", as(""))
	succeeded(t, served, 200)
	if !strings.Contains(string(served.body), `"version":"test"`) {
		t.Error("the document does not say which version is served")
	}
	if strings.Contains(string(served.body), "x-go-") {
		t.Error("the document tells what only the generator reads")
	}
	succeeded(t, g.do("GET", "/openapi.json", as(""), header("If-None-Match", served.header.Get("ETag"))), 304)
}

func TestEveryResponseNamesTheRequest(t *testing.T) {
	g := newGateway(t)
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	a := g.do("GET", "/v1/backups", header("traceparent", parent), header("X-Request-Id", "request-7"))
	if got := a.header.Get("Traceparent"); !strings.HasPrefix(got, "00-4bf92f3577b34da6a3ce929d0e0e4736-") || got == parent {
		t.Errorf("traceparent %q is not a new span of the caller's trace", got)
	}
	if got := a.header.Get("X-Request-Id"); got != "request-7" {
		t.Errorf("request id %q", got)
	}
	p := refused(t, g.do("GET", "/v1/nothing", header("traceparent", parent)), 404, "not-found")
	if p.TraceID != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("trace of the problem: %q", p.TraceID)
	}
	for _, bad := range []string{"", "00-zz-1-1", strings.Repeat("a", 5000)} {
		a := g.do("GET", "/livez", as(""), header("traceparent", bad), header("X-Request-Id", "a\"b\\ c"))
		if got := a.header.Get("Traceparent"); len(got) != 55 {
			t.Errorf("traceparent %q for %q", got, bad)
		}
		if got := a.header.Get("X-Request-Id"); len(got) != 32 {
			t.Errorf("a strange request id was kept: %q", got)
		}
	}
}

func TestAMalformedRequestIsRefusedInOnePlaceEach(t *testing.T) {
	g := newGateway(t)
	g.a.AddBackup(memory.Backup{Key: "b1"})
	long := strings.Repeat("x", 300)
	for _, tc := range []struct {
		name, method, target string
		with                 []with
		status               int
		code                 string
		faults               []fieldFault
	}{
		{"no such route", "GET", "/v1/backup", nil, 404, "not-found", nil},
		{"no such method", "DELETE", "/v1/backups", nil, 405, "method-not-allowed", nil},
		{"no token", "GET", "/v1/backups", []with{as("")}, 401, "unauthenticated", nil},
		{"unknown parameter", "GET", "/v1/backups?limit=5", nil, 400, "unknown-parameter", []fieldFault{{Parameter: "limit", Code: "unknown-parameter", Detail: "there is no such parameter"}}},
		{"labels elsewhere", "GET", "/v1/me?label.env=prod", nil, 400, "unknown-parameter", []fieldFault{{Parameter: "label.env", Code: "unknown-parameter", Detail: "there is no such parameter"}}},
		{"page size of nothing", "GET", "/v1/backups?pageSize=0", nil, 400, "invalid-parameter", []fieldFault{{Parameter: "pageSize", Code: "too-small", Detail: "is below the least value allowed"}}},
		{"page size in words", "GET", "/v1/backups?pageSize=ten", nil, 400, "invalid-parameter", []fieldFault{{Parameter: "pageSize", Code: "wrong-type", Detail: "must be an integer"}}},
		{"page size twice", "GET", "/v1/backups?pageSize=1&pageSize=2", nil, 400, "invalid-parameter", []fieldFault{{Parameter: "pageSize", Code: "given-twice", Detail: "must be given once"}}},
		{"time in words", "GET", "/v1/backups?startedAfter=yesterday", nil, 400, "invalid-parameter", []fieldFault{{Parameter: "startedAfter", Code: "wrong-format", Detail: "must be a date-time"}}},
		{"lower case time", "GET", "/v1/backups?startedAfter=2026-01-01t00:00:00z", nil, 400, "invalid-parameter", nil},
		{"word that is none", "GET", "/v1/backups?type=sideways", nil, 400, "invalid-parameter", []fieldFault{{Parameter: "type", Code: "not-allowed", Detail: "must be one of full, incremental, log, snapshot, continuous, synthetic, system, unknown"}}},
		{"id that is none", "GET", "/v1/backups?asset=42", nil, 400, "invalid-parameter", nil},
		{"id in another spelling", "GET", "/v1/backups?asset=mem-a~asset~~YWJj", nil, 400, "invalid-parameter", nil},
		{"boolean that is none", "GET", "/v1/backups?explain=1", nil, 400, "invalid-parameter", []fieldFault{{Parameter: "explain", Code: "wrong-type", Detail: "must be true or false"}}},
		{"label without a name", "GET", "/v1/backups?label.=x", nil, 400, "invalid-parameter", nil},
		{"endless label", "GET", "/v1/backups?label.a=" + long, nil, 400, "invalid-parameter", nil},
		{"escapes that are none", "GET", "/v1/backups?a=%zz", nil, 400, "invalid-parameter", nil},
		{"cursor that is none", "GET", "/v1/backups?cursor=abc", nil, 400, "invalid-cursor", nil},
		{"require nobody", "GET", "/v1/backups?require=mem-z", nil, 400, "invalid-parameter", []fieldFault{{Parameter: "require", Code: "unknown-connection", Detail: "there is no such connection"}}},
		{"connection of nobody", "GET", "/v1/backups?connection=mem-z", nil, 400, "invalid-parameter", []fieldFault{{Parameter: "connection", Code: "unknown-connection", Detail: "there is no such connection"}}},
		{"file without a path", "GET", "/v1/backups/mem-a~aws-ebs-volume~b1/files/content", nil, 400, "invalid-parameter", []fieldFault{{Parameter: "path", Code: "required", Detail: "this parameter is required"}}},
		{"no media type", "POST", "/v1/backups", nil, 415, "unsupported-media-type", nil},
		{"form", "POST", "/v1/backups", []with{withJSON("a=b"), func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }}, 415, "unsupported-media-type", nil},
		{"compressed", "POST", "/v1/backups", []with{withJSON("{}"), header("Content-Encoding", "gzip")}, 415, "unsupported-media-type", nil},
		{"no JSON", "POST", "/v1/backups", []with{withJSON("{")}, 400, "invalid-body", nil},
		{"empty", "POST", "/v1/backups", []with{withJSON("")}, 400, "invalid-body", nil},
		{"two values", "POST", "/v1/backups", []with{withJSON("{} {}")}, 400, "invalid-body", nil},
		{"too large", "POST", "/v1/backups", []with{withJSON(`"` + strings.Repeat("x", 1<<20) + `"`)}, 413, "body-too-large", nil},
		{"unknown member", "POST", "/v1/backups", []with{withJSON(`{"subject":"mem-a~aws-ebs-volume~asset-1","dryRun":true}`)}, 422, "invalid-request", []fieldFault{{Pointer: "/dryRun", Code: "unknown-member", Detail: "there is no such member"}}},
		{"member in other case", "POST", "/v1/backups", []with{withJSON(`{"subject":"mem-a~aws-ebs-volume~asset-1","SUBJECT":"mem-b~aws-ebs-volume~asset-1"}`)}, 422, "invalid-request", []fieldFault{{Pointer: "/SUBJECT", Code: "unknown-member", Detail: "there is no such member"}}},
		{"member missing", "POST", "/v1/backups", []with{withJSON(`{}`)}, 422, "invalid-request", []fieldFault{{Pointer: "/subject", Code: "required", Detail: "this member is required"}}},
		{"no object", "POST", "/v1/backups", []with{withJSON(`[]`)}, 422, "invalid-request", []fieldFault{{Code: "wrong-type", Detail: "must be object"}}},
		{"id in the body in another spelling", "POST", "/v1/backups", []with{withJSON(`{"subject":"mem-a~asset~~YWJj"}`)}, 422, "invalid-request", nil},
		{"not a connection of the fleet", "POST", "/v1/backups", []with{withJSON(`{"subject":"mem-z~asset~a"}`)}, 404, "not-found", []fieldFault{{Pointer: "/subject", Code: "not-found", Detail: "there is no such thing"}}},
		{"empty patch", "PATCH", "/v1/restores/mem-a~restore~r", []with{withJSON(`{}`)}, 422, "invalid-request", nil},
	} {
		t.Run(strings.ReplaceAll(tc.name, " ", "-"), func(t *testing.T) {
			a := g.do(tc.method, tc.target, tc.with...)
			p := refused(t, a, tc.status, tc.code)
			if tc.faults != nil {
				if diff := cmp.Diff(tc.faults, p.Errors); diff != "" {
					t.Errorf("errors (-want +got):\n%s", diff)
				}
			}
			for _, sent := range []string{"yesterday", "sideways", "mem-z", long, "YWJj"} {
				if strings.Contains(string(a.body), sent) {
					t.Errorf("the problem repeats what was sent: %s", a.body)
				}
			}
		})
	}
	if got := g.do("DELETE", "/v1/backups").header.Get("Allow"); !strings.Contains(got, "GET") || !strings.Contains(got, "POST") {
		t.Errorf("Allow: %q", got)
	}
}

func TestWhoIsAskingIsToldBy401And403And404(t *testing.T) {
	g := newGateway(t)
	g.a.AddBackup(memory.Backup{Key: "a1"})
	g.b.AddBackup(memory.Backup{Key: "b1"})

	if got := g.do("GET", "/v1/me", as("")).header.Get("WWW-Authenticate"); got != "Bearer" {
		t.Errorf("challenge without a token: %q", got)
	}
	bad := g.do("GET", "/v1/me", header("Authorization", "Bearer test-nonsense"))
	refused(t, bad, 401, "unauthenticated")
	if got := bad.header.Get("WWW-Authenticate"); got != `Bearer error="invalid_token"` {
		t.Errorf("challenge for a bad token: %q", got)
	}

	// What may not be seen and what is not there give one and the same body.
	hidden := g.do("GET", "/v1/backups/mem-b~aws-ebs-volume~b1", as("viewer"))
	missing := g.do("GET", "/v1/backups/mem-z~backup~b1", as("viewer"))
	gone := g.do("GET", "/v1/backups/mem-a~aws-ebs-volume~gone", as("viewer"))
	nonsense := g.do("GET", "/v1/backups/nonsense", as("viewer"))
	first := refused(t, hidden, 404, "not-found")
	for _, a := range []answer{missing, gone, nonsense} {
		p := refused(t, a, 404, "not-found")
		p.TraceID = first.TraceID
		if diff := cmp.Diff(first, p); diff != "" {
			t.Errorf("hidden (-) and missing (+) differ:\n%s", diff)
		}
	}
	refused(t, g.do("GET", "/v1/connections/mem-b", as("viewer")), 404, "not-found")
	refused(t, g.do("POST", "/v1/connections/mem-b/check", as("viewer")), 404, "not-found")
	refused(t, g.do("GET", "/v1/backups?connection=mem-b", as("viewer")), 400, "invalid-parameter")

	refused(t, g.do("GET", "/v1/restores/mem-a~restore~r", as("reader")), 403, "forbidden")
	refused(t, g.do("GET", "/v1/restores?connection=mem-a", as("reader")), 403, "forbidden")
	refused(t, g.do("POST", "/v1/restores", as("viewer"), header("Idempotency-Key", "k"),
		withJSON(`{"kind":"download","source":{"backup":"mem-a~aws-ebs-volume~a1"}}`)), 403, "forbidden")
	refused(t, g.do("GET", "/v1/restores/mem-a~restore~r/content", as("viewer")), 403, "forbidden")

	list := decode[listOf[struct{ Connection string }]](t, succeeded(t, g.do("GET", "/v1/backups", as("viewer")), 200))
	if len(list.Items) != 1 || len(list.Sources) != 1 || list.Items[0].Connection != "mem-a" || list.Sources[0].Connection != "mem-a" {
		t.Errorf("viewer of mem-a sees %+v", list)
	}
	nobody := decode[listOf[any]](t, succeeded(t, g.do("GET", "/v1/backups", as("nobody")), 200))
	if len(nobody.Items)+len(nobody.Sources) != 0 || !nobody.Complete {
		t.Errorf("nobody sees %+v", nobody)
	}
	me := decode[struct {
		Subject     string
		Connections []struct {
			ID    string
			Verbs []string
		}
	}](t, succeeded(t, g.do("GET", "/v1/me", as("viewer")), 200))
	if me.Subject != "viewer" || len(me.Connections) != 1 || !slices.Contains(me.Connections[0].Verbs, "restores:read") {
		t.Errorf("me: %+v", me)
	}
}

func TestEveryFaultKindHasItsProblem(t *testing.T) {
	g := newGateway(t)
	for _, kind := range fault.Kinds() {
		t.Run(kind.Error(), func(t *testing.T) {
			g.a.Fail("Backups.Get", &fault.Error{
				Kind: kind, Op: "memory.Get", Detail: "what clients may know", RetryAfter: 2500 * 1e6,
				Upstream: &fault.Upstreamed{Status: 418, Code: "TEAPOT", Message: "private", RequestID: "vendor-1"},
				Fields:   []fault.Field{{Pointer: "/somewhere", Code: "odd", Detail: "is odd"}},
				Err:      errors.New("private"),
			})
			a := g.do("GET", "/v1/backups/mem-a~aws-ebs-volume~x")
			if strings.Contains(string(a.body), "private") {
				t.Errorf("the problem tells what is for operators: %s", a.body)
			}
			retryAfter := a.header.Get("Retry-After")
			if want := a.status == 503; want != (retryAfter == "3") {
				t.Errorf("status %d with Retry-After %q", a.status, retryAfter)
			}
			golden(t, "fault-"+kind.Error(), a.body)
			refused(t, a, a.status, decode[problem](t, a).Code)
		})
	}
}

func TestAPanicIsAProblemAndALogLine(t *testing.T) {
	g := newGateway(t, func(s *setting) {
		s.options = func(o *api.Options) { o.Authenticator = panicking{} }
	})
	refused(t, g.do("GET", "/v1/me"), 500, "internal")
	if !strings.Contains(g.logged(), "test-panic") || !strings.Contains(g.logged(), `"status":500`) {
		t.Errorf("log: %s", g.logged())
	}
}

func TestProbesAndDocsAreOpen(t *testing.T) {
	var down error
	g := newGateway(t, func(s *setting) {
		s.options = func(o *api.Options) {
			o.Ready = []api.Condition{{Name: "store", Check: func(context.Context) error { return down }}}
		}
	})
	succeeded(t, g.do("GET", "/livez", as("")), 200)
	if got := string(succeeded(t, g.do("GET", "/readyz?verbose", as("")), 200).body); !strings.Contains(got, "[+] store ok") {
		t.Errorf("verbose: %q", got)
	}
	down = errors.New("test-disk is full")
	a := g.do("GET", "/readyz", as(""))
	if p := refused(t, a, 503, "not-ready"); p.Detail != "failing: store" {
		t.Errorf("detail %q", p.Detail)
	}
	down = nil
	g.Drain()
	refused(t, g.do("GET", "/readyz", as("")), 503, "not-ready")
	succeeded(t, g.do("GET", "/livez", as("")), 200)

	page := succeeded(t, g.do("GET", "/docs", as("")), 200)
	if policy := page.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'self'") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	if strings.Contains(string(page.body), "<script>") || strings.Contains(string(page.body), "http") {
		t.Errorf("the page has inline script or points elsewhere: %s", page.body)
	}
	packed := succeeded(t, g.do("GET", "/docs/swagger-ui.css", as(""), header("Accept-Encoding", "br, gzip")), 200)
	plain := succeeded(t, g.do("GET", "/docs/swagger-ui.css", as("")), 200)
	if packed.header.Get("Content-Encoding") != "gzip" || plain.header.Get("Content-Encoding") != "" || len(plain.body) < 2*len(packed.body) {
		t.Errorf("codings: %v and %v", packed.header, plain.header)
	}
	if packed.header.Get("ETag") == plain.header.Get("ETag") {
		t.Error("two codings share a tag")
	}
	refused(t, g.do("GET", "/docs/LICENSE", as("")), 404, "not-found")
}

func TestEveryRequestIsLoggedAndCountedByRoute(t *testing.T) {
	g := newGateway(t)
	g.do("GET", "/v1/backups/mem-a~aws-ebs-volume~secret-name")
	g.do("BREW", "/coffee")
	if diff := cmp.Diff([]string{"GET /v1/backups/{id} Not Found", "OTHER none Not Found"}, g.observed.seen); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
	line, _, _ := strings.Cut(g.logged(), "\n")
	for _, want := range []string{`"route":"/v1/backups/{id}"`, `"status":404`, `"subject":"https://issuer.test|admin"`, `"trace_id":"`, `"request_id":"`} {
		if !strings.Contains(line, want) {
			t.Errorf("the log line lacks %s: %s", want, line)
		}
	}
	if strings.Contains(g.logged(), "Bearer") {
		t.Error("the log holds a token")
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"} {
		if got := g.do("GET", "/v1/me").header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
