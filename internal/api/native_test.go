package api_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
)

// wire is a vendor's passthrough that remembers what it was asked.
type wire struct {
	routes []adapters.NativeRoute
	asked  *[]adapters.NativeRequest
	reply  func(adapters.NativeRequest) (*adapters.NativeReply, error)
}

func (w wire) Routes() []adapters.NativeRoute { return w.routes }
func (w wire) Do(_ context.Context, r adapters.NativeRequest) (*adapters.NativeReply, error) {
	*w.asked = append(*w.asked, r)
	return w.reply(r)
}

func answering(status int, contentType, body string) func(adapters.NativeRequest) (*adapters.NativeReply, error) {
	return func(adapters.NativeRequest) (*adapters.NativeReply, error) {
		return &adapters.NativeReply{
			Status: status, ContentType: contentType, Body: &adapters.Body{ReadCloser: io.NopCloser(strings.NewReader(body)), Size: -1},
		}, nil
	}
}

// wired is a gateway whose mem-a has a wire, and whose mem-b has none.
func wired(t *testing.T, settings ...func(*setting)) (*gateway, *wire) {
	t.Helper()
	w := &wire{
		asked: new([]adapters.NativeRequest), reply: answering(200, "application/json", `{"a":1}`),
		routes: []adapters.NativeRoute{
			{Method: "GET", Path: "/things", Operation: "list", Safe: true},
			{Method: "GET", Path: "/things/{id}", Operation: "read", Safe: true},
			{Method: "POST", Path: "/things/search", Operation: "search", Safe: true},
			{Method: "POST", Path: "/things/{id}/search", Operation: "searchOne", Safe: true},
			{Method: "POST", Path: "/things/{id}/{action}", Operation: "act"},
			{Method: "PUT", Path: "/things/{id}", Operation: "replace"},
			{Method: "PATCH", Path: "/things/{id}", Operation: "patch"},
			{Method: "DELETE", Path: "/things/{id}.json", Operation: "delete"},
		},
	}
	return newGateway(t, append(settings, func(s *setting) {
		s.adapter = func(name string, a *adapters.Adapter) {
			if a.Native = nil; name == "mem-a" {
				a.Native = w
			}
		}
	})...), w
}

func TestThePassthroughTakesTheVendorsRoutesOnly(t *testing.T) {
	g, w := wired(t)
	const native = "/v1/connections/mem-a/native"
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/things", "/things"},
		{"GET", "/things/a%3Ab%20c", "/things/a:b%20c"},
		{"GET", "/%74hings/x?page=2&filter=%7B%22a%22%3A1%7D&page=1", "/things/x?filter=%7B%22a%22%3A1%7D&page=2&page=1"},
		{"POST", "/things/search", "/things/search"},
		{"POST", "/things/7/start", "/things/7/start"},
		{"PUT", "/things/7", "/things/7"},
		{"PATCH", "/things/7", "/things/7"},
		{"DELETE", "/things/7.json?force=true", "/things/7.json?force=true"},
	} {
		*w.asked = nil
		a := succeeded(t, g.do(c.method, native+c.path), 200)
		if len(*w.asked) != 1 {
			t.Fatalf("%s %s: asked %+v", c.method, c.path, *w.asked)
		}
		got := (*w.asked)[0]
		if got.Query != "" {
			got.Path += "?" + got.Query
		}
		if got.Method != c.method || got.Path != c.want || got.Body != nil || string(a.body) != `{"a":1}` {
			t.Errorf("%s %s: asked %+v, answered %s", c.method, c.path, got, a.body)
		}
	}

	*w.asked = nil
	for _, path := range []string{
		"/other", "/things/", "/things/x/y", "/things//x", "/things/.", "/things/..", "/things/%2e%2e", "/things/x/../../other", "/./things",
		"/things/x%2Fy", "/things/x%5Cy", "/things/x%252e", "/things/..;", "/things/x%00", "/things/x%3Fa", "//things", "/THINGS",
	} {
		refused(t, g.do("GET", native+path), 404, "not-found")
	}
	refused(t, g.do("DELETE", native+"/things/7"), 404, "not-found")
	refused(t, g.do("DELETE", native+"/things/.json"), 404, "not-found")
	refused(t, g.do("GET", native+"/things?a=%zz"), 400, "invalid-parameter")
	if got := g.do("HEAD", native+"/things"); got.status != 405 {
		t.Errorf("HEAD: %d", got.status)
	}
	if len(*w.asked) != 0 {
		t.Errorf("the vendor was asked %+v", *w.asked)
	}
}

func TestThePassthroughNeedsItsVerbs(t *testing.T) {
	g, w := wired(t)
	const native = "/v1/connections/mem-a/native"
	reader := as("native-reader")
	succeeded(t, g.do("GET", native+"/things", reader), 200)
	succeeded(t, g.do("POST", native+"/things/search", reader), 200)
	refused(t, g.do("PUT", native+"/things/7", reader), 403, "forbidden")
	refused(t, g.do("POST", native+"/things/7/start", reader), 403, "forbidden")
	// Two routes take it; the vendor may choose the one that changes something.
	refused(t, g.do("POST", native+"/things/7/search", reader), 403, "forbidden")
	refused(t, g.do("GET", native+"/things", as("viewer")), 403, "forbidden")
	refused(t, g.do("GET", native, as("viewer")), 403, "forbidden")
	refused(t, g.do("GET", "/v1/connections/mem-b/native/things", reader), 404, "not-found")
	refused(t, g.do("GET", "/v1/connections/mem-b/native", reader), 404, "not-found")
	refused(t, g.do("GET", "/v1/connections/mem-b/native/things"), 501, "unsupported")
	refused(t, g.do("GET", "/v1/connections/mem-b/native"), 501, "unsupported")
	if len(*w.asked) != 2 {
		t.Errorf("the vendor was asked %+v", *w.asked)
	}

	type route struct{ Method, Path, Operation string }
	var got []route
	for target := native + "?pageSize=5"; target != ""; {
		l := decode[listOf[route]](t, succeeded(t, g.do("GET", target, reader), 200))
		got = append(got, l.Items...)
		if target = ""; l.NextCursor != "" {
			target = native + "?pageSize=5&cursor=" + l.NextCursor
		}
	}
	if len(got) != len(w.routes) || got[0].Operation != "list" || got[7] != (route{"DELETE", "/things/{id}.json", "delete"}) {
		t.Errorf("routes: %+v", got)
	}
}

func TestThePassthroughsBodies(t *testing.T) {
	g, w := wired(t)
	const path = "/v1/connections/mem-a/native/things/7"
	succeeded(t, g.do("PUT", path, withJSON(`{ "n" : 1.50 }`)), 200)
	if got := string((*w.asked)[0].Body); got != `{ "n" : 1.50 }` {
		t.Errorf("the vendor got %s", got)
	}
	refused(t, g.do("PUT", path, withJSON(`{"a":`)), 400, "invalid-body")
	refused(t, g.do("PUT", path, withJSON(strings.Repeat("[", 20000)+strings.Repeat("]", 20000))), 400, "invalid-body")
	refused(t, g.do("PUT", path, withJSON(`"`+strings.Repeat("a", 1<<20)+`"`)), 413, "body-too-large")
	text := func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }
	refused(t, g.do("PUT", path, withJSON(`{}`), text), 415, "unsupported-media-type")
	if len(*w.asked) != 1 {
		t.Errorf("the vendor was asked %+v", *w.asked)
	}

	w.reply = answering(200, "text/html", "<script>alert(1)</script>")
	a := succeeded(t, g.do("PATCH", path), 200)
	for name, want := range map[string]string{
		"Content-Type": "text/html", "X-Content-Type-Options": "nosniff", "Content-Disposition": `attachment; filename="content.bin"`,
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox", "Cache-Control": "no-store",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	w.reply = answering(202, "", "later")
	if a := succeeded(t, g.do("PATCH", path), 202); a.header.Get("Content-Type") != "application/octet-stream" || string(a.body) != "later" {
		t.Errorf("without a type: %v %s", a.header, a.body)
	}
	w.reply = answering(204, "application/json", "")
	if a := succeeded(t, g.do("PATCH", path), 204); len(a.body) != 0 || a.header.Get("Content-Type") != "" {
		t.Errorf("nothing: %v %s", a.header, a.body)
	}
	w.reply = func(adapters.NativeRequest) (*adapters.NativeReply, error) {
		return nil, &fault.Error{
			Kind: fault.Invalid, Detail: "no such field", Upstream: &fault.Upstreamed{Status: 400, Code: "E17", RequestID: "r-1"},
		}
	}
	if p := refused(t, g.do("PATCH", path), 422, "invalid-request"); string(p.Upstream) != `{"status":400,"code":"E17","requestId":"r-1"}` || p.Connection != "mem-a" {
		t.Errorf("the vendor's refusal: %+v %s", p, p.Upstream)
	}
}

// brokenBody gives a little and fails.
type brokenBody struct{ io.Reader }

func (b brokenBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = errors.New("test-reset")
	}
	return n, err
}
func (brokenBody) Close() error { return nil }

// Over a real connection: large bodies stream both ways, and an answer that
// the vendor breaks off does not look whole.
func TestThePassthroughStreams(t *testing.T) {
	g, w := wired(t, func(s *setting) { s.realNow = true })
	g.clock.advance(-time.Until(g.clock.Now()))
	server := httptest.NewServer(g)
	defer server.Close()
	ask := func(method, path string, body io.Reader) (int, []byte, error) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/v1/connections/mem-a/native"+path, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+g.token("admin"))
		r.Header.Set("Content-Type", "application/json")
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		got, err := io.ReadAll(response.Body)
		return response.StatusCode, got, err
	}
	large := strings.Repeat("x", 5<<20)
	w.reply = answering(200, "text/plain", large)
	// A reader of unknown length is sent in chunks.
	status, got, err := ask("PUT", "/things/7", io.MultiReader(strings.NewReader(`{"a":`), strings.NewReader(`1}`)))
	if err != nil || status != 200 || !bytes.Equal(got, []byte(large)) || string((*w.asked)[0].Body) != `{"a":1}` {
		t.Errorf("%d, %d bytes, %v; the vendor got %s", status, len(got), err, (*w.asked)[0].Body)
	}
	w.reply = func(adapters.NativeRequest) (*adapters.NativeReply, error) {
		return &adapters.NativeReply{
			Status: 200, ContentType: "text/plain", Body: &adapters.Body{ReadCloser: brokenBody{strings.NewReader(large)}, Size: -1},
		}, nil
	}
	if _, got, err := ask("GET", "/things", nil); err == nil {
		t.Errorf("a broken answer looks whole: %d bytes", len(got))
	}
}
