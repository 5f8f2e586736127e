package adaptertest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"sync"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptercheck"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
)

func nativeChecks() []check {
	row := func(name, why string, wire bool, run func(adaptercheck.T, *bench)) check {
		return check{
			name: name, why: why, scenario: simkit.Friendly, wire: wire, run: run,
			applies: func(b *bench) bool { return b.adapter.Native != nil },
		}
	}
	return []check{
		row("native/sends-only-routes", "what is no route, or leads out of one, is NotFound and sends nothing", true, sendsOnlyRoutes),
		row("native/sends-what-was-asked", "a request goes out once and as it was asked for, and is marked as safe where its route is", true, sendsWhatWasAsked),
		row("native/safe-route-works", "a route that changes nothing and needs nothing gives the vendor's answer", false, safeRouteWorks),
		row("native/keeps-secrets", "no error of a passed request holds a credential, even when the vendor echoes it", true, nativeKeepsSecrets),
	}
}

// someRoutes are at most n, evenly spread.
func someRoutes(a *adapters.Adapter, n int) []adapters.NativeRoute {
	all := a.Native.Routes()
	var out []adapters.NativeRoute
	for i := 0; i < len(all); i += max(1, len(all)/n) {
		out = append(out, all[i])
	}
	return out
}

var parameter = regexp.MustCompile(`\{[^{}/]*\}`)

// filled puts a value in the place of each parameter of a route.
func filled(path, value string) string {
	return parameter.ReplaceAllStringFunc(path, func(string) string { return value })
}

func sendsOnlyRoutes(t adaptercheck.T, b *bench) {
	if err := b.adapter.Session.Check(t.Context()); err != nil { // signs in
		t.Fatalf("check: %v", err)
	}
	for _, route := range someRoutes(b.adapter, 24) {
		good := filled(route.Path, "kit")
		requests := []adapters.NativeRequest{
			{Method: "BREW", Path: good},
			{Method: strings.ToLower(route.Method), Path: good},
			{Method: "", Path: good},
		}
		for _, path := range []string{
			good + "/..", good + "/../kit", good + "/./kit", good + "/%2e%2e/kit", good + "/%2E%2E", good + "%2f..%2fkit", good + "?kit=1",
			good + "#kit", good + "\\..\\kit", good + "/no-such/route/of/any/vendor", "/.." + good, "//other.invalid" + good,
			"http://other.invalid" + good, "@other.invalid" + good, strings.TrimPrefix(good, "/"), good + "\n", good + "%00",
		} {
			requests = append(requests, adapters.NativeRequest{Method: route.Method, Path: path})
		}
		if good != route.Path {
			for _, value := range []string{"..", ".", "", "%2e%2e", "%2E.", "kit/../kit", "%2e%2e%2fkit", "..%2Fkit", "kit?x=1", "kit#x"} {
				requests = append(requests, adapters.NativeRequest{Method: route.Method, Path: filled(route.Path, value)})
			}
		}
		for _, r := range requests {
			before := b.wire.sent.Load()
			reply, err := b.adapter.Native.Do(t.Context(), r)
			if err == nil {
				_ = reply.Body.Close()
			}
			if sent := b.wire.sent.Load() - before; sent > 0 || !oneOf(err, fault.NotFound, fault.Invalid) {
				t.Errorf("%s %q is no route: want not_found and nothing sent, got %v after %d requests", r.Method, r.Path, err, sent)
			}
		}
	}
}

// stub answers in the vendor's place, once it is on.
type stub struct {
	next   http.RoundTripper
	mu     sync.Mutex
	on     bool
	sent   []sentRequest
	answer func(r *http.Request) (status int, body string)
}

func (s *stub) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.on {
		return s.next.RoundTrip(r)
	}
	s.sent = append(s.sent, sentOf(r))
	if r.Body != nil {
		_ = r.Body.Close()
	}
	status, body := s.answer(r)
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

// take returns what was sent since it was last called.
func (s *stub) take() []sentRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.sent
	s.sent = nil
	return out
}

// stubbed opens the account over a stub that is turned on after the sign-in.
func (b *bench) stubbed(t adaptercheck.T, answer func(r *http.Request) (int, string)) (*adapters.Adapter, *stub) {
	t.Helper()
	s := &stub{next: b.wire, answer: answer}
	a := b.openOver(t, Repeating(s))
	if err := a.Session.Check(t.Context()); err != nil {
		t.Fatalf("check: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = true
	return a, s
}

func sendsWhatWasAsked(t adaptercheck.T, b *bench) {
	a, stub := b.stubbed(t, func(*http.Request) (int, string) { return http.StatusForbidden, "{}" })
	for _, route := range someRoutes(a, 80) {
		r := adapters.NativeRequest{Method: route.Method, Path: filled(route.Path, "kit-1%3A2"), Query: "kit=a+b&kit=c%26d"}
		if route.Method != http.MethodGet && route.Method != http.MethodHead && route.Method != http.MethodDelete {
			r.Body = json.RawMessage(`{"kit":[1,{"a":null}]}`)
		}
		_, err := a.Native.Do(t.Context(), r)
		sent := stub.take()
		what := r.Method + " " + r.Path
		if len(sent) != 1 {
			t.Errorf("%s was sent %d times, error %v", what, len(sent), err)
			continue
		}
		got := sent[0]
		want, _ := url.ParseQuery(r.Query)
		wantPath, _ := url.PathUnescape(r.Path) // a colon may be sent as it is
		gotPath, _ := url.PathUnescape(got.path)
		if got.method != r.Method || !strings.HasSuffix(gotPath, wantPath) || !reflect.DeepEqual(got.query, want) || !sameJSON(r.Body, got.body) {
			t.Errorf("%s?%s with %s has become %+v with %s", what, r.Query, r.Body, got, got.body)
		}
		if got.safe != route.Safe {
			t.Errorf("%s is safe: %t, and was marked %t", what, route.Safe, got.safe)
		}
		if e := fault.Of(err); e == nil || e.Ambiguous || e.Kind == fault.Unknown || e.Upstream == nil || e.Upstream.Status != http.StatusForbidden {
			t.Errorf("%s refused by the vendor: want its status in an error that is not ambiguous, got %v", what, err)
		}
	}
}

func safeRouteWorks(t adaptercheck.T, b *bench) {
	var failures []string
	tried := 0
	for _, route := range b.adapter.Native.Routes() {
		if !route.Safe || parameter.MatchString(route.Path) || tried == 20 {
			continue
		}
		tried++
		r := adapters.NativeRequest{Method: route.Method, Path: route.Path}
		if route.Method == http.MethodPost {
			r.Body = json.RawMessage(`{}`)
		}
		reply, err := b.adapter.Native.Do(t.Context(), r)
		if err != nil {
			if fault.Of(err) == nil {
				t.Errorf("%s %s: not an error of package fault: %v", r.Method, r.Path, err)
			}
			failures = append(failures, fmt.Sprint(route.Operation, ": ", err))
			continue
		}
		data, err := readBody(reply.Body)
		_ = reply.Body.Close()
		if err != nil || reply.Status/100 != 2 || strings.Contains(reply.ContentType, "json") && !json.Valid(data) {
			t.Errorf("%s %s: status %d, %s of %d bytes, error %v", r.Method, r.Path, reply.Status, reply.ContentType, len(data), err)
		}
	}
	if len(failures) == tried {
		t.Errorf("none of %d safe routes without parameters works: %v", tried, failures)
	}
}

func nativeKeepsSecrets(t adaptercheck.T, b *bench) {
	var secrets []string
	status := http.StatusForbidden
	a, stub := b.stubbed(t, func(r *http.Request) (int, string) {
		found := credentials(r.Header)
		secrets = append(secrets, found...)
		return status, echoed(strings.Join(found, " "))
	})
	for _, route := range someRoutes(a, 8) {
		for _, status = range []int{http.StatusBadRequest, http.StatusForbidden, http.StatusInternalServerError} {
			_, err := a.Native.Do(context.WithoutCancel(t.Context()), adapters.NativeRequest{Method: route.Method, Path: filled(route.Path, "kit")})
			text := strings.Join(append(errorTexts(err), b.logs.String()), "\n")
			for _, secret := range append(secrets, b.sim.Secrets...) {
				if err == nil || strings.Contains(text, secret) {
					t.Errorf("%s %s: the error or the log holds a credential, or there is no error", route.Method, route.Path)
					return
				}
			}
		}
	}
	if len(stub.take()) == 0 || len(secrets) == 0 {
		t.Errorf("no request with credentials was sent")
	}
}
