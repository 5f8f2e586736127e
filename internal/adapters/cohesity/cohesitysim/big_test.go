package cohesitysim

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
)

// TestALargeEstateIsCheap bounds the memory of 600,000 objects in runs that
// nobody has asked for.
func TestALargeEstateIsCheap(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	sim := New(Options{Groups: 2000, RunsPerGroup: 100})
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("2,000 groups of 100 runs take %d bytes", grown)
	}
	facts := sim.groupFacts(sim.groups[1999])
	if len(facts) != 300 {
		t.Errorf("the last group has %d facts, want 300", len(facts))
	}
}

// answer serves one request of a signed-in client that checks nothing.
func (s *Sim) answer(token, target string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("X-IBM-Tenant-Id", "k3v9x2ab7q/")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	s.kit.ResetRequests()
	return w
}

const withLastRun = api + "/protection-groups?includeLastRunInfo=true"

// Time depends on the machine, so what is bounded is the work: an answer grows
// with the number of groups and does not look at their older runs.
func TestListingGroupsTouchesOneRunEach(t *testing.T) {
	perGroup := func(groups, runs int) float64 {
		sim := New(Options{Groups: groups, RunsPerGroup: runs})
		token := sim.issue(sim.kit.Now())
		if w := sim.answer(token, withLastRun); w.Code != http.StatusOK || w.Body.Len() < groups*1000 {
			t.Fatalf("%d with %d bytes for %d groups", w.Code, w.Body.Len(), groups)
		}
		return testing.AllocsPerRun(1, func() { sim.answer(token, withLastRun) }) / float64(groups)
	}
	few, many := perGroup(200, 10), perGroup(2000, 500)
	if few > 200 || many > few*1.2 {
		t.Errorf("%.0f allocations per group of a small estate, %.0f of a large one", few, many)
	}
}

func benchmark(b *testing.B, o Options, target func(*Sim) string) {
	sim := New(o)
	token := sim.issue(sim.kit.Now())
	b.ReportAllocs()
	for b.Loop() {
		if w := sim.answer(token, target(sim)); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}

func BenchmarkRunsPage(b *testing.B) {
	benchmark(b, Options{Groups: 2000, RunsPerGroup: 100}, func(s *Sim) string {
		return fmt.Sprintf("%s/protection-groups/%s/runs?startTimeUsecs=1&includeObjectDetails=true", api, s.groups[1000].id)
	})
}

func BenchmarkGroupsWithLastRun(b *testing.B) {
	benchmark(b, Options{Groups: 2000, RunsPerGroup: 100}, func(*Sim) string { return withLastRun })
}

func BenchmarkGroupsWithLastRunShuffled(b *testing.B) {
	o := Options{Groups: 2000, RunsPerGroup: 100}
	o.Scenario.ShuffleKeys, o.Scenario.NullMembers, o.Scenario.ExtraFields = true, true, true
	benchmark(b, o, func(*Sim) string { return withLastRun })
}

func BenchmarkProtectedObjects(b *testing.B) {
	benchmark(b, Options{Groups: 2000, RunsPerGroup: 100}, func(*Sim) string { return api + "/search/protected-objects" })
}

func BenchmarkSearchObjectsPage(b *testing.B) {
	benchmark(b, Options{Groups: 2000, RunsPerGroup: 100}, func(*Sim) string { return api + "/search/objects?count=100" })
}

func BenchmarkRegistrations(b *testing.B) {
	benchmark(b, Options{Groups: 2000, RunsPerGroup: 100}, func(*Sim) string { return api + "/sources/registrations" })
}
