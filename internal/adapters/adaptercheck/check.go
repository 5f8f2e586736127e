// Package adaptercheck holds the promises that every adapter makes to the
// gateway, as named checks that only read. They run in continuous integration
// against simulators (package adaptertest) and, by `gateway check`, against
// real accounts, so that what is tested is what is shipped.
//
// It knows the contract and no vendor, and does not import testing.
package adaptercheck

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

// T is what a check needs of a test. *testing.T is one, and so is what [Record]
// hands out.
type T interface {
	Helper()
	Context() context.Context
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Check is one promise. Names are stable: they are what an adapter's known
// exceptions refer to.
type Check struct {
	Name string
	Why  string // the promise, in one line
	// Needs reports whether the check means anything for an adapter; nil is always.
	Needs func(a *adapters.Adapter) bool
	Run   func(t T, s Subject)
}

// Subject is the account that is looked at.
type Subject struct {
	Adapter *adapters.Adapter
	Again   *adapters.Adapter // the same account opened a second time
	Env     adapters.Env

	// Settled bounds what is looked at to things older than this, because a
	// living account changes while it is read. Zero looks at everything.
	Settled time.Time
	// MaxItems and MaxStreams bound how much is read; zero reads all there is.
	MaxItems, MaxStreams int
}

// pageSizes are the page sizes to try beside the largest: the odd ones, and one
// that has to be lowered.
func (s Subject) pageSizes() []int {
	if s.MaxItems > 0 {
		return []int{7, s.Adapter.Traits.MaxPageSize + 1}
	}
	return []int{1, 2, 3, 7, s.Adapter.Traits.MaxPageSize + 1}
}

// Checks lists every check of this package.
func Checks() []Check {
	return slices.Concat(
		accountChecks(), listingChecks(), lookupChecks(), policyChecks(), fileChecks(), assetChecks(), nativeChecks(),
	)
}

// Result is what one check found.
type Result struct {
	Name     string
	Why      string
	Skipped  bool     // the account has nothing that the check is about
	Failures []string // empty: the promise is kept
}

// Bounds of what Verify reads of each list of a real account.
const (
	verifyItems   = 40
	verifyStreams = 4
	verifySettled = time.Hour
)

// Verify runs every check against a real account. It starts nothing and changes
// nothing there, and reads a bounded part of each list. again is the same
// account opened a second time; nil is a itself.
func Verify(ctx context.Context, a, again *adapters.Adapter, env adapters.Env) []Result {
	if again == nil {
		again = a
	}
	s := Subject{
		Adapter: a, Again: again, Env: env,
		Settled: env.Now().Add(-verifySettled).UTC(), MaxItems: verifyItems, MaxStreams: verifyStreams,
	}
	checks := Checks()
	results := make([]Result, 0, len(checks))
	for _, check := range checks {
		result := Result{Name: check.Name, Why: check.Why}
		if check.Needs != nil && !check.Needs(a) {
			result.Skipped = true
		} else {
			result.Failures = Record(ctx, func(t T) { check.Run(t, s) })
		}
		results = append(results, result)
	}
	return results
}

// Record runs fn and returns what it reported; a panic is a report.
func Record(ctx context.Context, fn func(t T)) []string {
	r := &recorder{ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				r.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		fn(r)
	}()
	<-done
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failures
}

type recorder struct {
	ctx context.Context

	mu       sync.Mutex
	failures []string
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return r.ctx }
func (r *recorder) Logf(string, ...any)      {}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// walked is a stream as far as it was read.
type walked[I any] struct {
	name  string
	items []I
	cut   bool // there may be more
}

// walk reads a stream in pages of limit items and reports every breach of the
// paging contract on the way. It gives nil after a report.
func walk[I any](t T, stream adapters.Stream[I], place func(I) model.Position, limit, maxItems int) *walked[I] {
	t.Helper()
	out := &walked[I]{name: stream.Name}
	var before model.Position
	for {
		page, err := stream.Page(t.Context(), before, limit)
		if err != nil {
			t.Errorf("stream %s: page of %d at %v: %v", stream.Name, limit, before, err)
			return nil
		}
		if len(page.Items) > limit {
			t.Errorf("stream %s: a page of %d has %d items", stream.Name, limit, len(page.Items))
			return nil
		}
		last := before
		for _, item := range page.Items {
			if here := place(item); last.Before(here) {
				last = here
			} else {
				t.Errorf("stream %s: %v comes after %v", stream.Name, here, last)
				return nil
			}
		}
		out.items = append(out.items, page.Items...)
		if !page.More {
			return out
		}
		if !before.Before(page.Next) || page.Next.Before(last) {
			t.Errorf("stream %s: Next %v must be at %v or beyond it, and beyond %v", stream.Name, page.Next, last, before)
			return nil
		}
		before = page.Next
		if maxItems > 0 && len(out.items) >= maxItems {
			out.items, out.cut = out.items[:maxItems], true
			return out
		}
	}
}
