package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters"
	"switchback/internal/adapters/memory"
	"switchback/internal/api"
	"switchback/internal/federate"
	"switchback/internal/fleet"
	"switchback/internal/identity"
	"switchback/internal/restores"
	"switchback/internal/store"
)

var update = flag.Bool("update", false, "write the golden files again")

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// gateway is the API over two accounts in memory: mem-a (env=prod) and mem-b
// (env=dev).
type gateway struct {
	*api.Server
	t        *testing.T
	clock    *clock
	a, b     *memory.World
	fleet    *fleet.Fleet
	auth     *identity.Authenticator
	log      *lockedWriter
	document *openapi3.T
	observed *observations
}

type observations struct {
	mu   sync.Mutex
	seen []string
}

func (o *observations) Request(_ context.Context, method, route string, status int, _ time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen = append(o.seen, method+" "+route+" "+http.StatusText(status))
}

const (
	issuer   = "https://issuer.test"
	audience = "switchback"
)

func secret() ([]byte, error) { return []byte("test-secret-test-secret-test-secret"), nil }

type setting struct {
	adapter func(name string, a *adapters.Adapter)
	options func(*api.Options)
	realNow bool
}

func newGateway(t *testing.T, settings ...func(*setting)) *gateway {
	t.Helper()
	var set setting
	for _, s := range settings {
		s(&set)
	}
	g := &gateway{
		t: t, clock: &clock{now: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)}, log: &lockedWriter{}, observed: &observations{},
	}
	logger := slog.New(slog.NewJSONHandler(g.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	now := g.clock.Now
	if set.realNow {
		now = time.Now
	}
	g.a, g.b = memory.NewWorld(1, now), memory.NewWorld(2, now)
	g.fleet = fleet.New(
		connect(t, "mem-a", map[string]string{"env": "prod"}, g.a, set, now, logger),
		connect(t, "mem-b", map[string]string{"env": "dev"}, g.b, set, now, logger))
	sealer, err := federate.NewSealer([]byte("test-cursor-key-test-cursor-key"))
	if err != nil {
		t.Fatal(err)
	}
	g.auth, err = identity.NewAuthenticator(identity.Options{
		Issuers: []identity.Issuer{{Issuer: issuer, Audiences: []string{audience}, Secret: secret}},
		Bindings: []identity.Binding{
			{Subjects: []string{"admin"}, Roles: []string{"admin"}, Connections: []string{"*"}},
			{Subjects: []string{"viewer"}, Roles: []string{"viewer"}, Connections: []string{"mem-a"}},
			{Subjects: []string{"reader"}, Verbs: []string{"backups:read"}, Connections: []string{"*"}},
			{Subjects: []string{"native-reader"}, Verbs: []string{"native:read"}, Connections: []string{"mem-a"}},
		},
		Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	options := api.Options{
		Fleet:     func() *fleet.Fleet { return g.fleet },
		Federator: federate.New(federate.Settings{}, sealer, now, logger),
		Journal:   restores.NewJournal(store.NewMemory(), now, logger), Authenticator: g.auth, Logger: logger, Now: now,
		Version: "test", Observer: g.observed,
	}
	if set.options != nil {
		set.options(&options)
	}
	if g.Server, err = api.New(options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	raw, err := api.Document("test")
	if err != nil {
		t.Fatal(err)
	}
	if g.document, err = openapi3.NewLoader().LoadFromData(raw); err != nil {
		t.Fatal(err)
	}
	return g
}

func connect(t *testing.T, name string, labels map[string]string, w *memory.World, set setting, now func() time.Time, logger *slog.Logger) *fleet.Conn {
	t.Helper()
	adapter := memory.New(adapters.Env{Connection: name, Logger: logger, Now: now, Transport: http.NewFileTransport(http.Dir(t.TempDir()))}, w)
	if set.adapter != nil {
		set.adapter(name, adapter)
	}
	return fleet.NewConn(fleet.Info{Name: name, Region: "eu-1", Labels: labels}, adapter, fleet.Limits{}, fleet.Env{Now: now, Logger: logger})
}

type lockedWriter struct {
	mu sync.Mutex
	w  bytes.Buffer
}

func (g *gateway) logged() string {
	g.log.mu.Lock()
	defer g.log.mu.Unlock()
	return g.log.w.String()
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (g *gateway) token(subject string) string {
	g.t.Helper()
	key, _ := secret()
	token, err := identity.SignDevelopment(key, identity.DevelopmentClaims{
		Subject: subject, Issuer: issuer, Audience: audience, Lifetime: time.Hour,
	}, g.clock.Now())
	if err != nil {
		g.t.Fatal(err)
	}
	return token
}

// answer is a response that fits the document.
type answer struct {
	status int
	header http.Header
	body   []byte
}

type with func(*http.Request)

func as(subject string) with {
	return func(r *http.Request) { r.Header.Set("X-Test-Subject", subject) }
}

func header(name, value string) with {
	return func(r *http.Request) { r.Header.Add(name, value) }
}

func withJSON(body string) with {
	return func(r *http.Request) {
		r.Header.Set("Content-Type", "application/json")
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	}
}

// request makes a request of admin, or of whom as says; as("") sends no token.
func (g *gateway) request(method, target string, more ...with) *http.Request {
	g.t.Helper()
	r := httptest.NewRequestWithContext(g.t.Context(), method, target, nil)
	r.Header.Set("X-Test-Subject", "admin")
	for _, m := range more {
		m(r)
	}
	if subject := r.Header.Get("X-Test-Subject"); subject != "" && r.Header.Get("Authorization") == "" {
		r.Header.Set("Authorization", "Bearer "+g.token(subject))
	}
	r.Header.Del("X-Test-Subject")
	return r
}

// do sends a request and holds the response against the document.
func (g *gateway) do(method, target string, more ...with) answer {
	g.t.Helper()
	r := g.request(method, target, more...)
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	a := answer{w.Code, w.Result().Header, w.Body.Bytes()}
	g.fits(method, r.URL.Path, a)
	return a
}

func (g *gateway) fits(method, path string, a answer) {
	g.t.Helper()
	template, item := g.route(path)
	if item == nil || item.GetOperation(method) == nil {
		if a.status < 400 {
			g.t.Errorf("%s %s: %d, and the document has no such operation", method, path, a.status)
		}
		return
	}
	contentType := a.header.Get("Content-Type")
	err := openapi3filter.ValidateResponse(g.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: httptest.NewRequest(method, (&url.URL{Path: path}).EscapedPath(), nil),
			Route:   &routers.Route{Spec: g.document, Path: template, PathItem: item, Method: method, Operation: item.GetOperation(method)},
		},
		Status: a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)),
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, ExcludeResponseBody: method == http.MethodHead || !strings.Contains(contentType, "json"),
		},
	})
	if err != nil {
		g.t.Errorf("%s %s: the response does not fit the document: %v\n%s", method, path, err, a.body)
	}
}

func (g *gateway) route(path string) (string, *openapi3.PathItem) {
	if item := g.document.Paths.Value(path); item != nil {
		return path, item
	}
	for template, item := range g.document.Paths.Map() {
		// The vendor's path is one parameter with slashes.
		pattern := strings.ReplaceAll(regexp.QuoteMeta(template), `\{path\}`, ".+")
		pattern = "^" + regexp.MustCompile(`\\\{[a-zA-Z]+\\\}`).ReplaceAllString(pattern, "[^/]+") + "$"
		if regexp.MustCompile(pattern).MatchString(path) {
			return template, item
		}
	}
	return "", nil
}

func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%v in %q", err, a.body)
	}
	return v
}

type problem struct {
	Type       string          `json:"type"`
	Title      string          `json:"title"`
	Status     int             `json:"status"`
	Detail     string          `json:"detail"`
	Code       string          `json:"code"`
	Retryable  bool            `json:"retryable"`
	TraceID    string          `json:"traceId"`
	Connection string          `json:"connection"`
	Upstream   json.RawMessage `json:"upstream"`
	Errors     []fieldFault    `json:"errors"`
	Sources    []sourceState   `json:"sources"`
}

type fieldFault struct{ Pointer, Parameter, Code, Detail string }

type sourceState struct {
	Connection, State, Code string
	AgeSeconds, Items       int
	RetryAfterSeconds       int
}

type listOf[T any] struct {
	Items      []T           `json:"items"`
	NextCursor string        `json:"nextCursor"`
	Resume     string        `json:"resume"`
	Complete   bool          `json:"complete"`
	Sources    []sourceState `json:"sources"`
	Explain    []struct {
		Connection              string
		Calls                   int
		PushedDown, AppliedHere []string
	} `json:"explain"`
}

// refused checks that an answer is the problem wanted and is well made.
func refused(t *testing.T, a answer, status int, code string) problem {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type %q", got)
	}
	if got := a.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("a problem may be cached: %q", got)
	}
	p := decode[problem](t, a)
	if p.Code != code || p.Status != status || p.Type != "/problems/"+code || p.Title == "" || len(p.TraceID) != 32 {
		t.Errorf("problem %+v, want code %s and status %d", p, code, status)
	}
	return p
}

func succeeded(t *testing.T, a answer, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// golden compares a body with the file of the test's name; the trace is not
// part of it.
func golden(t *testing.T, name string, body []byte) {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	if v["traceId"] != nil {
		v["traceId"] = "trace"
	}
	pretty, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".golden.json")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(pretty, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(pretty)+"\n"); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func names[T any](items []T, name func(T) string) []string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = name(item)
	}
	slices.Sort(out)
	return out
}

type panicking struct{}

func (panicking) Authenticate(context.Context, string) (*identity.Principal, error) {
	panic("test-panic")
}
