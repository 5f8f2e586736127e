package simkit_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters/simkit"
)

// serve starts a server behind the kit that answers "hello" and counts the
// requests that reached it.
func serve(t *testing.T, kit *simkit.Kit) (url string, reached *atomic.Int64) {
	t.Helper()
	reached = &atomic.Int64{}
	server := httptest.NewServer(kit.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "hello")
	})))
	t.Cleanup(server.Close)
	return server.URL, reached
}

func get(t *testing.T, url string) (status int, body string, err error) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return response.StatusCode, string(data), err
}

func TestInjectedAnswersServeOneRequestEach(t *testing.T) {
	kit := simkit.New(1, simkit.Friendly(), nil)
	url, reached := serve(t, kit)
	kit.Inject("GET /a/*", simkit.Response{Status: 503, Body: "down"}, simkit.Response{Status: 429, Header: http.Header{"Retry-After": {"7"}}})
	var statuses []int
	for _, path := range []string{"/b", "/a/1/2", "/a/1", "/a/2", "/a/3"} {
		status, body, err := get(t, url+path)
		if err != nil {
			t.Fatal(err)
		}
		if status == 503 && body != "down" {
			t.Errorf("body %q", body)
		}
		statuses = append(statuses, status)
	}
	if diff := cmp.Diff([]int{200, 200, 503, 429, 200}, statuses); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if reached.Load() != 3 {
		t.Errorf("%d requests reached the simulator, want 3", reached.Load())
	}
	kit.Inject("* /**", simkit.Response{Status: 500})
	kit.ClearInjected()
	if status, _, _ := get(t, url+"/a/1"); status != 200 {
		t.Errorf("after clearing: status %d", status)
	}
}

func TestPatterns(t *testing.T) {
	for pattern, want := range map[string]bool{
		"GET /a/b": true, "* /a/b": true, "GET *": true, "GET /a/*": true, "GET /a/**": true, "GET /a/b/**": true,
		"POST /a/b": false, "GET /a": false, "GET /a/*/c": false, "GET /ab/**": false, "GET /a/[": false,
	} {
		kit := simkit.New(1, simkit.Friendly(), nil)
		url, _ := serve(t, kit)
		kit.Inject(pattern, simkit.Response{Status: 418})
		if status, _, _ := get(t, url+"/a/b"); (status == 418) != want {
			t.Errorf("%q: status %d", pattern, status)
		}
		if got := len(kit.Requests(pattern)) == 1; got != want {
			t.Errorf("%q in the log: %v", pattern, got)
		}
	}
}

func TestLostRepliesAndBrokenAnswers(t *testing.T) {
	kit := simkit.New(1, simkit.Friendly(), nil)
	url, reached := serve(t, kit)
	kit.Inject("GET /", simkit.Response{Reset: true}, simkit.Response{Reset: true, Act: true},
		simkit.Response{Status: 504, Act: true}, simkit.Response{CutAt: 3}, simkit.Response{Status: 200, Body: "x", Fill: 100_000})
	for i, want := range []struct {
		status  int
		body    string
		fails   bool
		reached int64
	}{{fails: true, reached: 0}, {fails: true, reached: 1}, {504, "", false, 2}, {200, "hel", true, 3}, {200, "x" + strings.Repeat(" ", 100_000), false, 3}} {
		// A transport repeats a GET on a connection that it has used before.
		http.DefaultClient.CloseIdleConnections()
		status, body, err := get(t, url+"/")
		if status != want.status || body != want.body || (err != nil) != want.fails || reached.Load() != want.reached {
			t.Errorf("answer %d: status %d, %d bytes, %v, reached %d; want %+v", i, status, len(body), err, reached.Load(), want.reached)
		}
	}
}

func TestDelayEndsWithTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kit := simkit.New(1, simkit.Scenario{Latency: time.Minute}, time.Now)
		handler := kit.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		started := time.Now()
		kit.Inject("GET /slow", simkit.Response{Delay: time.Hour})
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/slow", nil))
		if got := time.Since(started); got != time.Hour+time.Minute {
			t.Errorf("waited %v", got)
		}
		request := httptest.NewRequest("GET", "/", nil)
		ctx, cancel := context.WithTimeout(request.Context(), time.Second)
		defer cancel()
		defer func() {
			if r := recover(); r == nil || !errors.Is(r.(error), http.ErrAbortHandler) {
				t.Errorf("a client that has gone was answered: %v", r)
			}
			if got := time.Since(started); got != time.Hour+time.Minute+time.Second {
				t.Errorf("gone after %v", got)
			}
		}()
		handler.ServeHTTP(httptest.NewRecorder(), request.WithContext(ctx))
	})
}

func TestLogKeepsRequests(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	kit := simkit.New(1, simkit.Friendly(), simkit.NewClock(at).Now)
	var seen int
	handler := kit.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		seen = len(data)
	}))
	body := bytes.Repeat([]byte("x"), 3<<20)
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/a%2Fb?q=1&q=2", bytes.NewReader(body)))
	if seen != len(body) {
		t.Errorf("the simulator read %d of %d bytes", seen, len(body))
	}
	got := kit.Requests("")
	if len(got) != 1 || got[0].Path != "/a%2Fb" || len(got[0].Body) != 1<<20 || !got[0].At.Equal(at) || len(got[0].Query["q"]) != 2 {
		t.Errorf("logged %+v", got)
	}
	handler.ServeHTTP(httptest.NewRecorder(), &http.Request{Method: "GET", URL: httptest.NewRequest("GET", "/", nil).URL})
	for range 20_000 {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}
	if total, kept := kit.Total(), len(kit.Requests("")); total != 20_002 || kept > 20_000 || kept < 10_000 {
		t.Errorf("%d in all, %d kept", total, kept)
	}
	kit.ResetRequests()
	if kit.Total() != 0 || kit.Requests("") != nil {
		t.Error("the log is not empty")
	}
}

func TestRandDependsOnSeedAndName(t *testing.T) {
	draw := func(seed uint64, name string) uint64 {
		return simkit.New(seed, simkit.Friendly(), nil).Rand(name).Uint64()
	}
	first := draw(1, "a")
	if again := draw(1, "a"); again != first {
		t.Error("one seed and name, two draws")
	}
	if first == draw(2, "a") || first == draw(1, "b") {
		t.Error("another seed or name, the same draw")
	}
}
