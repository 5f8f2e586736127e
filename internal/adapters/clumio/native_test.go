package clumio_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptertest"
	"switchback/internal/adapters/clumio"
	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
)

// openNative opens an account whose vendor is answer.
func openNative(t testing.TB, answer func(*http.Request) (*http.Response, error)) adapters.Native {
	t.Helper()
	env := adaptertest.Env(t, "acme")
	env.Now = simkit.NewClock(testStart).Now
	env.Transport = roundTrip(answer)
	const config = `{"base_url":"https://vendor.test","token":{"value":"test-t"},"organizational_unit":"ou-1"}`
	opened, err := clumio.Driver().Open(t.Context(), json.RawMessage(config), env)
	if err != nil {
		t.Fatal(err)
	}
	return opened.Native
}

func TestEveryRouteIsPassedThrough(t *testing.T) {
	var asked *http.Request
	var body []byte
	native := openNative(t, func(r *http.Request) (*http.Response, error) {
		asked, body = r, nil
		if r.Body != nil {
			body, _ = io.ReadAll(r.Body)
		}
		w := newAnswer()
		w.WriteString(`{"a":1}`)
		response := w.response(r)
		response.StatusCode = http.StatusAccepted
		response.Header.Set("Content-Type", r.Header.Get("Accept"))
		return response, nil
	})
	const id = "b8bf_2022-01-01T00:02:00Z.13753 ä"
	for _, route := range native.Routes() {
		request := adapters.NativeRequest{Method: route.Method, Query: "limit=1&filter=%7B%22id%22%3A1%7D"}
		segments := strings.Split(route.Path, "/")
		for i, segment := range segments {
			if strings.HasPrefix(segment, "{") {
				segments[i] = url.PathEscape(id)
			}
		}
		request.Path = strings.Join(segments, "/")
		if route.Method == http.MethodPost || route.Method == http.MethodPut {
			request.Body = json.RawMessage(`{"n":12345678901234567890}`)
		}
		reply, err := native.Do(t.Context(), request)
		if err != nil {
			t.Errorf("%s %s: %v", route.Method, route.Path, err)
			continue
		}
		got, err := io.ReadAll(reply.Body)
		_ = reply.Body.Close()
		if err != nil || string(got) != `{"a":1}` || reply.Status != http.StatusAccepted || reply.ContentType != "application/json" {
			t.Errorf("%s %s: got %d, %s, %q, %v", route.Method, route.Path, reply.Status, reply.ContentType, got, err)
		}
		if asked.Method != route.Method || asked.URL.EscapedPath() != request.Path || asked.URL.Query().Get("filter") != `{"id":1}` {
			t.Errorf("%s %s: asked %s %s", route.Method, route.Path, asked.Method, asked.URL)
		}
		if string(body) != string(request.Body) {
			t.Errorf("%s %s: the body is %q", route.Method, route.Path, body)
		}
		for name, want := range map[string]string{"Authorization": "Bearer test-t", "X-Clumio-OrganizationalUnit-Context": "ou-1"} {
			if asked.Header.Get(name) != want {
				t.Errorf("%s %s: %s is %q", route.Method, route.Path, name, asked.Header.Get(name))
			}
		}
		if !strings.HasPrefix(asked.Header.Get("Accept"), "application/api.clumio.") {
			t.Errorf("%s %s: Accept is %q", route.Method, route.Path, asked.Header.Get("Accept"))
		}
	}
}

func TestNothingElseIsPassedThrough(t *testing.T) {
	calls := 0
	native := openNative(t, func(*http.Request) (*http.Response, error) {
		calls++
		return nil, errors.New("nobody was to ask")
	})
	for _, request := range []adapters.NativeRequest{
		{Method: "GET", Path: ""},
		{Method: "GET", Path: "tasks"},
		{Method: "GET", Path: "/wp-admin"},
		{Method: "GET", Path: "//tasks"},
		{Method: "GET", Path: "/tasks/"},
		{Method: "GET", Path: "/tasks/1/2"},
		{Method: "GET", Path: "/tasks/.."},
		{Method: "GET", Path: "/tasks/%2e%2e"},
		{Method: "GET", Path: "/tasks/."},
		{Method: "GET", Path: "/tasks/..%2fwallets"},
		{Method: "GET", Path: "/tasks/a%5Cb"},
		{Method: "GET", Path: "/tasks/a%00"},
		{Method: "GET", Path: "/tasks/a%0d%0aX"},
		{Method: "GET", Path: "/tasks/a;b"},
		{Method: "GET", Path: "/tasks/a?limit=1"},
		{Method: "GET", Path: "/tasks/a%252e"},
		{Method: "GET", Path: "/tasks/%zz"},
		{Method: "GET", Path: "https://elsewhere.test/tasks"},
		{Method: "GET", Path: "/tasks/" + strings.Repeat("x", 5000)},
		{Method: "DELETE", Path: "/tasks/1"},
		{Method: "get", Path: "/tasks"},
		{Method: "", Path: "/tasks"},
		// A word of the vendor stays one, however it is written: this is no
		// bucket of a group.
		{Method: "PUT", Path: "/restores/protection-groups/instant-access-endpoints/cost-estimates"},
		{Method: "PUT", Path: "/restores/protection-groups/instant-access-endpoints/cost%2Destimates"},
	} {
		if _, err := native.Do(t.Context(), request); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s %s: %v", request.Method, request.Path, err)
		}
	}
	for _, request := range []adapters.NativeRequest{
		{Method: "GET", Path: "/tasks", Query: "a=%zz"},
		{Method: "GET", Path: "/tasks", Query: "a;b"},
		{Method: "GET", Path: "/tasks", Query: strings.Repeat("x", 20000)},
		{Method: "GET", Path: "/tasks", Body: json.RawMessage(`{}`)},
		{Method: "POST", Path: "/policies/assignments", Body: json.RawMessage(`{`)},
		{Method: "POST", Path: "/policies/assignments", Body: json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`)},
	} {
		if _, err := native.Do(t.Context(), request); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s %.40s?%.40s: %v", request.Method, request.Path, request.Query, err)
		}
	}
	if calls != 0 {
		t.Errorf("the vendor got %d requests", calls)
	}
}

func TestSafeRoutesAreMarked(t *testing.T) {
	marks := map[string]bool{}
	for _, route := range openNative(t, nil).Routes() {
		marks[route.Operation] = route.Safe
	}
	for operation, want := range map[string]bool{
		"list-tasks": true, "preview-protection-group": true, "cost-estimates-protection-group-instant-access-endpoint": true,
		"restore-protection-group": false, "download-shared-file": false, "update-task": false, "delete-policy-definition": false,
	} {
		if got, ok := marks[operation]; !ok || got != want {
			t.Errorf("%s: safe is %v", operation, got)
		}
	}
}

func TestRefusedPassthroughsAreErrors(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	for _, test := range []struct {
		method, path string
		status       int
		want         fault.Kind
		ambiguous    bool
	}{
		{"GET", "/tasks", http.StatusBadRequest, fault.Invalid, false},
		{"GET", "/tasks", http.StatusForbidden, fault.Credentials, false},
		{"GET", "/tasks/7", http.StatusNotFound, fault.NotFound, false},
		{"DELETE", "/policies/definitions/7", http.StatusConflict, fault.Conflict, false},
		{"DELETE", "/policies/definitions/7", http.StatusTooManyRequests, fault.Throttled, false},
		{"DELETE", "/policies/definitions/7", http.StatusInternalServerError, fault.Upstream, true},
		{"GET", "/tasks", http.StatusInternalServerError, fault.Upstream, false},
		{"GET", "/tasks", http.StatusFound, fault.Upstream, false},
	} {
		a.sim.Kit().Inject(test.method+" "+test.path, simkit.Response{Status: test.status, Body: `{"errors":[{"error_code":7,"error_message":"no"}]}`})
		_, err := a.Native.Do(t.Context(), adapters.NativeRequest{Method: test.method, Path: test.path})
		e := fault.Of(err)
		if e == nil || e.Kind != test.want || e.Ambiguous != test.ambiguous || e.Upstream == nil || e.Upstream.Code != "7" {
			t.Errorf("%s %s %d: %v", test.method, test.path, test.status, err)
		}
	}
}

func TestAnAnswerIsPassedOnWhileItComes(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	reply, err := a.Native.Do(t.Context(), adapters.NativeRequest{Method: "GET", Path: "/tasks", Query: "limit=2"})
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	var list struct {
		Limit int `json:"limit"`
	}
	if err := json.NewDecoder(reply.Body).Decode(&list); err != nil || list.Limit != 2 {
		t.Errorf("got %+v, %v", list, err)
	}
	// Cut off, it does not look whole.
	a.sim.Kit().Inject("GET /tasks", simkit.Response{CutAt: 20})
	reply, err = a.Native.Do(t.Context(), adapters.NativeRequest{Method: "GET", Path: "/tasks"})
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if got, err := io.ReadAll(reply.Body); fault.KindOf(err) != fault.Upstream {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAnAnswerIsBounded(t *testing.T) {
	const most = 64 << 20
	for name, test := range map[string]struct {
		size   int64
		told   bool
		opened bool
		whole  bool
	}{
		"the most, told":   {most, true, true, true},
		"the most, untold": {most, false, true, true},
		"more, told":       {most + 1, true, false, false},
		"more, untold":     {most + 1, false, true, false},
	} {
		native := openNative(t, func(r *http.Request) (*http.Response, error) {
			response := newAnswer().response(r)
			response.ContentLength = -1
			if test.told {
				response.ContentLength = test.size
			}
			response.Body = io.NopCloser(io.LimitReader(zeros{}, test.size))
			return response, nil
		})
		reply, err := native.Do(t.Context(), adapters.NativeRequest{Method: "GET", Path: "/wallets"})
		if (err == nil) != test.opened {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err != nil {
			continue
		}
		n, err := io.Copy(onlyWriter{io.Discard}, reply.Body)
		if (err == nil) != test.whole || n != most {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
		if !test.whole && fault.KindOf(err) != fault.Upstream {
			t.Errorf("%s: %v", name, err)
		}
		if again, err := reply.Body.Read(make([]byte, 1)); again != 0 || err == nil {
			t.Errorf("%s: and %d bytes more, %v", name, again, err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type onlyWriter struct{ io.Writer }

// FuzzNativePath looks for paths that reach the vendor as others than were matched.
func FuzzNativePath(f *testing.F) {
	f.Add("GET", "/tasks/1")
	f.Add("DELETE", "/policies/definitions/%2e%2e")
	f.Add("GET", "/backups/a%2fb/filesystems")
	var asked *http.Request
	native := openNative(f, func(r *http.Request) (*http.Response, error) {
		asked = r
		return newAnswer().response(r), nil
	})
	f.Fuzz(func(t *testing.T, method, path string) {
		asked = nil
		reply, err := native.Do(t.Context(), adapters.NativeRequest{Method: method, Path: path})
		if err != nil {
			if asked != nil || fault.KindOf(err) != fault.NotFound {
				t.Fatalf("%q %q: %v", method, path, err)
			}
			return
		}
		_ = reply.Body.Close()
		fits := 0
		for _, route := range native.Routes() {
			if route.Method == asked.Method && len(strings.Split(route.Path, "/")) == len(strings.Split(asked.URL.EscapedPath(), "/")) {
				fits++
			}
		}
		if fits == 0 || asked.URL.Host != "vendor.test" || bytes.Contains([]byte(asked.URL.Path), []byte("..")) && !strings.Contains(path, "..") {
			t.Fatalf("%q %q reached %s %s", method, path, asked.Method, asked.URL)
		}
	})
}
