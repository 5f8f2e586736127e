package vendorhttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
)

const token = "test-token-1"

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// staticAuth sends a token; renew is what to do after a 401.
type staticAuth struct {
	value atomic.Pointer[string]
	renew func() error
}

func (a *staticAuth) Apply(_ context.Context, r *http.Request) (string, error) {
	value := *a.value.Load()
	r.Header.Set("Authorization", "Bearer "+value)
	return value, nil
}

func (a *staticAuth) Renew(context.Context, string) error {
	if a.renew == nil {
		return nil
	}
	return a.renew()
}

func newAuth() *staticAuth {
	a := &staticAuth{}
	value := token
	a.value.Store(&value)
	return a
}

// serve starts a vendor and returns a client of it.
func serve(t *testing.T, handler http.HandlerFunc, change ...func(*vendorhttp.Options)) *vendorhttp.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	base := &http.Transport{}
	t.Cleanup(base.CloseIdleConnections)
	options := vendorhttp.Options{
		BaseURL: server.URL + "/api/v1/", AllowHTTP: true, Transport: base, Auth: newAuth(), Now: func() time.Time { return noon },
		ReadError: func(body []byte) (string, string) {
			var e struct{ Code, Message string }
			_ = json.Unmarshal(body, &e)
			return e.Code, e.Message
		},
	}
	for _, c := range change {
		c(&options)
	}
	client, err := vendorhttp.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestNewRefusesBadURLs(t *testing.T) {
	for _, base := range []string{
		"", "vendor.example", "http://vendor.example", "https://user:pass@vendor.example", "https://vendor.example?x=1",
		"https://vendor.example#x", "ftp://vendor.example", "https://", "/path", "https://bad host",
	} {
		_, err := vendorhttp.New(vendorhttp.Options{BaseURL: base})
		e := fault.Of(err)
		if e == nil || e.Kind != fault.Invalid || len(e.Fields) != 1 || e.Fields[0].Pointer != "/base_url" {
			t.Errorf("%q: want invalid at /base_url, got %v", base, err)
		}
	}
}

func TestRequestsGoWhereTheySay(t *testing.T) {
	var got *http.Request
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(context.Background())
		_, _ = w.Write([]byte(`{}`))
	}, func(o *vendorhttp.Options) { o.Header = http.Header{"X-Tenant": {"t"}} })
	for _, tt := range []struct {
		r    vendorhttp.Request
		want string
	}{
		{vendorhttp.Request{Path: "/tasks"}, "GET /api/v1/tasks"},
		{vendorhttp.Request{Path: "/tasks", Query: url.Values{"f": {`{"a":"b&c"}`}}}, "GET /api/v1/tasks?f=%7B%22a%22%3A%22b%26c%22%7D"},
		{vendorhttp.Request{Path: "/tasks/" + url.PathEscape("a/b ~é?#")}, "GET /api/v1/tasks/a%2Fb%20~%C3%A9%3F%23"},
		{vendorhttp.Request{Path: "/login", Root: true, Method: "POST", Form: url.Values{"u": {"v"}}}, "POST /login"},
	} {
		if _, err := client.JSON(t.Context(), tt.r, nil); err != nil {
			t.Fatal(err)
		}
		if line := got.Method + " " + got.URL.RequestURI(); line != tt.want || got.Header.Get("X-Tenant") != "t" {
			t.Errorf("got %s, want %s", line, tt.want)
		}
	}
	got = nil
	for _, path := range []string{"/tasks/..", "/../x", "/.", "/tasks/" + url.PathEscape("../../x"), "/a/%2e%2e/b"} {
		if _, err := client.JSON(t.Context(), vendorhttp.Request{Path: path}, nil); !errors.Is(err, fault.NotFound) || got != nil {
			t.Errorf("%s: want not_found and nothing sent, got %v", path, err)
		}
	}
}

func TestAnswersAreDecodedOrRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		kind   fault.Kind // Unknown is success
	}{
		"a document":     {200, `{"name":"a"}`, fault.Unknown},
		"no content":     {204, ``, fault.Unknown},
		"nothing":        {200, ``, fault.Upstream},
		"white space":    {200, " \n", fault.Upstream},
		"null":           {200, ` null `, fault.Upstream},
		"HTML":           {200, `<html>`, fault.Upstream},
		"half a one":     {200, `{"name":`, fault.Upstream},
		"two documents":  {200, `{}{}`, fault.Upstream},
		"another type":   {200, `{"name":7}`, fault.Upstream},
		"too deep":       {200, strings.Repeat(`{"x":[`, 20_000), fault.Upstream},
		"too large":      {200, `{"name":"` + strings.Repeat("a", 2000) + `"}`, fault.Upstream},
		"a redirect":     {302, ``, fault.Upstream},
		"a strange code": {599, ``, fault.Upstream},
	} {
		t.Run(name, func(t *testing.T) {
			client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}, func(o *vendorhttp.Options) { o.MaxBody = 1000 })
			for _, method := range []string{"GET", "POST"} {
				var out struct{ Name string }
				_, err := client.JSON(t.Context(), vendorhttp.Request{Op: "toy.Op", Method: method, Path: "/x"}, &out)
				if (err == nil) != (tt.kind == fault.Unknown) || fault.KindOf(err) != tt.kind {
					t.Fatalf("%s: got %v, want kind %v", method, err, tt.kind)
				}
				e := fault.Of(err)
				acted := method == "POST" && (tt.status == 200 || tt.status == 599)
				if err != nil && (e.Ambiguous != acted || e.Op != "toy.Op" || e.Upstream.Status != tt.status) {
					t.Errorf("%s: got %+v, want ambiguous %t", method, e, acted)
				}
			}
		})
	}
}

func TestRefusedAnswersKeepWhatTheVendorSaid(t *testing.T) {
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "17")
		w.Header().Set("X-Request-Id", "req-1")
		w.WriteHeader(http.StatusTooManyRequests)
		sent := r.Header.Get("Authorization")
		_, _ = fmt.Fprintf(w, `{"code":%q,"message":%q}`, "E1 "+sent, "slow down "+sent+strings.Repeat("é", 500))
	})
	_, err := client.JSON(t.Context(), vendorhttp.Request{Op: "toy.Op", Path: "/x"}, nil)
	e := fault.Of(err)
	if e == nil || e.Kind != fault.Throttled || e.RetryAfter != 17*time.Second || e.Upstream.RequestID != "req-1" {
		t.Fatalf("got %+v", e)
	}
	if !strings.HasPrefix(e.Upstream.Message, "slow down") || len(e.Upstream.Message) > 300 || !strings.HasPrefix(e.Upstream.Code, "E1") {
		t.Errorf("message %q, code %q", e.Upstream.Message, e.Upstream.Code)
	}
	if text := fmt.Sprintf("%+v %v %s", *e.Upstream, err, e.Detail); strings.Contains(text, token) {
		t.Errorf("the token shows in %s", text)
	}
}

func TestClassifyGoesFirst(t *testing.T) {
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"code":"NoSuchThing"}`))
	}, func(o *vendorhttp.Options) {
		o.Classify = func(method string, status int, code, _ string) fault.Kind {
			if method == "GET" && status == 400 && code == "NoSuchThing" {
				return fault.NotFound
			}
			return fault.Unknown
		}
	})
	for method, want := range map[string]fault.Kind{"GET": fault.NotFound, "POST": fault.Invalid} {
		if _, err := client.JSON(t.Context(), vendorhttp.Request{Method: method, Path: "/x"}, nil); fault.KindOf(err) != want {
			t.Errorf("%s: got %v, want %v", method, err, want)
		}
	}
}

func TestCredentialsAreRenewedOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		good   string // the token that the vendor takes
		renew  error
		noAuth bool
		kind   fault.Kind
		sent   int32
	}{
		"a good token is left alone": {good: token, sent: 1},
		"a new one is tried":         {good: "test-token-2", sent: 2},
		"but once only":              {good: "test-token-9", kind: fault.Credentials, sent: 2},
		"not when there is none":     {good: "test-token-2", renew: errors.New("no"), kind: fault.Credentials, sent: 1},
		"nor for signing in":         {good: token, noAuth: true, kind: fault.Credentials, sent: 1},
	} {
		t.Run(name, func(t *testing.T) {
			var sent atomic.Int32
			auth := newAuth()
			auth.renew = func() error {
				second := "test-token-2"
				auth.value.Store(&second)
				return tt.renew
			}
			client := serve(t, func(w http.ResponseWriter, r *http.Request) {
				sent.Add(1)
				if r.Header.Get("Authorization") != "Bearer "+tt.good {
					w.WriteHeader(http.StatusUnauthorized)
				}
			}, func(o *vendorhttp.Options) { o.Auth = auth })
			_, err := client.JSON(t.Context(), vendorhttp.Request{Method: "POST", Path: "/x", NoAuth: tt.noAuth, Body: 1}, nil)
			if fault.KindOf(err) != tt.kind || sent.Load() != tt.sent {
				t.Errorf("got %v after %d requests, want %v after %d", err, sent.Load(), tt.kind, tt.sent)
			}
			if e := fault.Of(err); e != nil && e.Ambiguous {
				t.Error("a refused credential is ambiguous")
			}
		})
	}
}

func TestCredentialsAreRenewedWhileThatBringsOthers(t *testing.T) {
	for name, tt := range map[string]struct {
		issued int // how many different ones there are
		good   string
		kind   fault.Kind
		sent   int32
	}{
		"the third is good":       {issued: 9, good: "test-token-3", sent: 3},
		"three renewals are most": {issued: 9, good: "test-token-9", kind: fault.Credentials, sent: 4},
		"the same one again":      {issued: 2, good: "test-token-9", kind: fault.Credentials, sent: 3},
	} {
		t.Run(name, func(t *testing.T) {
			var sent atomic.Int32
			auth, issued := newAuth(), 1
			auth.renew = func() error {
				issued = min(issued+1, tt.issued)
				next := fmt.Sprintf("test-token-%d", issued)
				auth.value.Store(&next)
				return nil
			}
			client := serve(t, func(w http.ResponseWriter, r *http.Request) {
				sent.Add(1)
				if r.Header.Get("Authorization") != "Bearer "+tt.good {
					w.WriteHeader(http.StatusUnauthorized)
				}
			}, func(o *vendorhttp.Options) { o.Auth, o.Renewals = auth, 3 })
			_, err := client.JSON(t.Context(), vendorhttp.Request{Path: "/x"}, nil)
			if fault.KindOf(err) != tt.kind || sent.Load() != tt.sent {
				t.Errorf("got %v after %d requests, want %v after %d", err, sent.Load(), tt.kind, tt.sent)
			}
		})
	}
}

func TestWhetherAWriteMayHaveActed(t *testing.T) {
	abort := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		kind    fault.Kind
		acted   bool
	}{
		"reset":           {abort, fault.Unavailable, true},
		"internal error":  {status(500), fault.Upstream, true},
		"not implemented": {status(501), fault.Unsupported, false},
		"bad gateway":     {status(502), fault.Unavailable, true},
		"unavailable":     {status(503), fault.Unavailable, true},
		"gateway timeout": {status(504), fault.Timeout, true},
		"refused":         {status(400), fault.Invalid, false},
		"throttled":       {status(429), fault.Throttled, false},
	} {
		t.Run(name, func(t *testing.T) {
			client := serve(t, tt.handler)
			_, err := client.Do(t.Context(), vendorhttp.Request{Method: "POST", Path: "/x"}) //nolint:bodyclose // there is none
			if e := fault.Of(err); e == nil || e.Kind != tt.kind || e.Ambiguous != tt.acted {
				t.Errorf("a write: got %+v, want %v, ambiguous %t", e, tt.kind, tt.acted)
			}
			for _, safe := range []vendorhttp.Request{{Path: "/x"}, {Method: "POST", Path: "/x", Safe: true}} {
				_, err := client.Do(t.Context(), safe) //nolint:bodyclose // there is none
				if e := fault.Of(err); e == nil || e.Ambiguous {
					t.Errorf("a safe request: got %+v, want an error that is not ambiguous", e)
				}
			}
		})
	}
}

func TestAWriteThatNeverLeftIsNotAmbiguous(t *testing.T) {
	client, err := vendorhttp.New(vendorhttp.Options{
		BaseURL: "http://127.0.0.1:1", AllowHTTP: true, Transport: &http.Transport{}, Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.JSON(t.Context(), vendorhttp.Request{Op: "toy.Op", Method: "POST", Path: "/x"}, nil)
	if e := fault.Of(err); e == nil || e.Kind != fault.Unavailable || e.Ambiguous {
		t.Errorf("got %+v", e)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client.JSON(ctx, vendorhttp.Request{Method: "POST", Path: "/x"}, nil)
	if !errors.Is(err, context.Canceled) || fault.Of(err) != nil {
		t.Errorf("got %v, want the context's own error", err)
	}
}

func TestContextsEndRequests(t *testing.T) {
	arrived := make(chan struct{}, 8)
	client := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	})
	for _, method := range []string{"GET", "POST"} {
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-arrived; cancel() }()
		_, err := client.JSON(ctx, vendorhttp.Request{Method: method, Path: "/x"}, nil)
		e := fault.Of(err)
		if !errors.Is(err, context.Canceled) || (method == "POST") != (e != nil && e.Ambiguous) {
			t.Errorf("%s: got %v", method, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := client.JSON(ctx, vendorhttp.Request{Path: "/x"}, nil); fault.KindOf(err) != fault.Timeout {
		t.Errorf("at its deadline: got %v, want timeout", err)
	}
}

func TestIsSafe(t *testing.T) {
	for _, tt := range []struct {
		method string
		mark   *bool
		want   bool
	}{
		{"GET", nil, true},
		{"HEAD", nil, true},
		{"POST", nil, false},
		{"DELETE", nil, false},
		{"POST", new(true), true},
		{"GET", new(false), false},
	} {
		ctx := t.Context()
		if tt.mark != nil {
			ctx = vendorhttp.WithSafe(ctx, *tt.mark)
		}
		r := httptest.NewRequestWithContext(ctx, tt.method, "/", nil)
		if got := vendorhttp.IsSafe(r); got != tt.want {
			t.Errorf("%s marked %v: got %t", tt.method, tt.mark, got)
		}
	}
}
