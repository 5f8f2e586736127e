package simkit_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"switchback/internal/adapters/simkit"
)

// outcomes says how each of n requests ended.
func outcomes(seed uint64, scenario simkit.Scenario, method string, n int) []string {
	kit := simkit.New(seed, scenario, nil)
	handler := kit.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(strings.Repeat("x", 100)))
	}))
	var out []string
	for range n {
		w := httptest.NewRecorder()
		func() {
			defer func() {
				if recover() != nil {
					w.Body.WriteString(" cut")
				}
			}()
			handler.ServeHTTP(w, httptest.NewRequest(method, "/", nil))
		}()
		end := fmt.Sprint(w.Code)
		if strings.HasSuffix(w.Body.String(), " cut") {
			end = "cut"
		}
		out = append(out, end+w.Header().Get("Retry-After"))
	}
	return out
}

func TestFaultsComeFromTheSeed(t *testing.T) {
	scenario := simkit.Scenario{ThrottleReads: 0.2, RetryAfter: 1500 * time.Millisecond, FailReads: 0.2, CutReads: 0.2}
	first := outcomes(1, scenario, "GET", 400)
	if diff := cmp.Diff(first, outcomes(1, scenario, "GET", 400)); diff != "" {
		t.Errorf("one seed, two runs:\n%s", diff)
	}
	if cmp.Equal(first, outcomes(2, scenario, "GET", 400)) {
		t.Error("two seeds, one run")
	}
	for end, least := range map[string]int{"4292": 50, "503": 40, "cut": 25, "200": 150} {
		count := 0
		for _, got := range first {
			if got == end {
				count++
			}
		}
		if count < least {
			t.Errorf("%d ended as %s, want at least %d", count, end, least)
		}
	}
	// Writes are never hit: what became of them would be unknown.
	if got := slices.Compact(outcomes(1, scenario, "POST", 100)); !slices.Equal(got, []string{"200"}) {
		t.Errorf("writes ended as %v", got)
	}
}

func TestParseScenario(t *testing.T) {
	hostile := simkit.Hostile()
	hostile.PageCap, hostile.Latency, hostile.FailTasks, hostile.NullMembers = 2, 20*time.Millisecond, 0.1, false
	for text, want := range map[string]simkit.Scenario{
		"": simkit.Friendly(), "friendly": simkit.Friendly(), "hostile": simkit.Hostile(), "broken": simkit.Broken(),
		"hostile,pageCap=2, latency = 20ms,failTasks=0.1,nullMembers=false": hostile,
		"friendly,shuffleKeys": {Name: "friendly", ShuffleKeys: true},
	} {
		got, err := simkit.ParseScenario(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	for _, text := range []string{
		"angry", "hostile,colour=red", "hostile,pageCap=x", "hostile,pageCap=-1", "hostile,failReads=1.1",
		"hostile,failReads=-0.1", "hostile,failReads=NaN", "hostile,latency=5", "hostile,latency=-1s", "hostile,latency",
	} {
		if got, err := simkit.ParseScenario(text); err == nil {
			t.Errorf("%q was taken as %+v", text, got)
		}
	}
}

func FuzzParseScenario(f *testing.F) {
	for _, text := range []string{"", "hostile,pageCap=2,latency=20ms,failTasks=0.1", "broken,failReads=NaN", "friendly,shuffleKeys,=", "hostile,taskTime=-1h"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := simkit.ParseScenario(text)
		if err != nil {
			return
		}
		for _, share := range []float64{s.ThrottleReads, s.FailReads, s.CutReads, s.SlowReads, s.FailTasks} {
			if !(share >= 0 && share <= 1) {
				t.Errorf("%q: share %v", text, share)
			}
		}
		if min(s.RetryAfter, s.SlowBy, s.Latency, s.LateVisibility, s.TaskTime) < 0 || min(s.PageCap, s.TokenCalls) < 0 {
			t.Errorf("%q: negative setting in %+v", text, s)
		}
	})
}

// TestDisturbanceKeepsValues: shuffled keys and unknown members change nothing
// that a document names, not even integers that no float can hold.
func TestDisturbanceKeepsValues(t *testing.T) {
	kit := simkit.New(1, simkit.Scenario{ShuffleKeys: true, ExtraFields: true}, nil)
	rapid.Check(t, func(t *rapid.T) {
		want := map[string]any{}
		for key, n := range rapid.MapOf(rapid.StringN(1, 8, 16), rapid.Int64()).Draw(t, "integers") {
			want[key] = []any{map[string]any{"n": n, "text": key, "none": nil, "flag": n%2 == 0}, fmt.Sprint(n)}
		}
		delete(want, "x_undocumented")
		w := httptest.NewRecorder()
		kit.WriteJSON(w, http.StatusOK, "application/json", want)
		if got, sent := exact(t, w.Body.Bytes()), exact(t, marshal(t, want)); !cmp.Equal(sent, got) {
			t.Fatalf("(-sent +read):\n%s", cmp.Diff(sent, got))
		}
	})
	w := httptest.NewRecorder()
	kit.WriteJSON(w, http.StatusTeapot, "text/json", map[string]any{"most": uint64(18446744073709551615), "share": 0.1, "html": "<&>"})
	if w.Code != http.StatusTeapot || w.Header().Get("Content-Type") != "text/json" {
		t.Errorf("status %d, headers %v", w.Code, w.Header())
	}
	for _, part := range []string{`"most":18446744073709551615`, `"share":0.1`, `"x_undocumented"`} {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("%s is not in %s", part, w.Body)
		}
	}
}

func TestKeysAreShuffled(t *testing.T) {
	kit := simkit.New(1, simkit.Scenario{ShuffleKeys: true}, nil)
	seen := map[string]bool{}
	for range 20 {
		w := httptest.NewRecorder()
		kit.WriteJSON(w, http.StatusOK, "application/json", map[string]int{"a": 1, "b": 2, "c": 3})
		seen[w.Body.String()] = true
	}
	if len(seen) < 3 {
		t.Errorf("orders seen: %v", seen)
	}
}

func marshal(t *rapid.T, v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// exact decodes JSON with its numbers as text and without the members that the
// disturbance has added.
func exact(t *rapid.T, data []byte) any {
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	return strip(v)
}

func strip(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "x_undocumented")
		for key := range v {
			v[key] = strip(v[key])
		}
	case []any:
		for i := range v {
			v[i] = strip(v[i])
		}
	}
	return v
}
