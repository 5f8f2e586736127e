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

func BenchmarkRunsPage(b *testing.B) {
	sim := New(Options{Groups: 2000, RunsPerGroup: 100})
	value := sim.issue(sim.kit.Now())
	target := fmt.Sprintf("%s/protection-groups/%s/runs?startTimeUsecs=1&includeObjectDetails=true", api, sim.groups[1000].id)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		r.Header.Set("Authorization", "Bearer "+value)
		r.Header.Set("X-IBM-Tenant-Id", "k3v9x2ab7q/")
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
		sim.kit.ResetRequests()
	}
}

func BenchmarkGroupsWithLastRun(b *testing.B) {
	sim := New(Options{Groups: 2000, RunsPerGroup: 100})
	value := sim.issue(sim.kit.Now())
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, api+"/protection-groups?includeLastRunInfo=true", nil)
		r.Header.Set("Authorization", "Bearer "+value)
		r.Header.Set("X-IBM-Tenant-Id", "k3v9x2ab7q/")
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
		sim.kit.ResetRequests()
	}
}
