package adapters_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

type row struct {
	at time.Time
	id string
}

func (r row) place() model.Position { return model.Position{At: r.at, ID: r.id} }

func inOrder(rows []row) []row {
	return slices.SortedFunc(slices.Values(rows), func(a, b row) int { return a.place().Compare(b.place()) })
}

// vendor lists rows newest first, equal times as they were added, by offset.
type vendor struct {
	rows    []row
	cap     int // most rows in one answer
	overlap int // rows that an answer repeats of the one before
	calls   int
	before  func() // runs before each answer
}

func (v *vendor) fetch(_ context.Context, upTo time.Time, token string, n int) (adapters.VendorPage[row], error) {
	v.calls++
	if v.before != nil {
		v.before()
	}
	listed := slices.Clone(v.rows)
	slices.SortStableFunc(listed, func(a, b row) int { return b.at.Compare(a.at) })
	if !upTo.IsZero() {
		listed = slices.DeleteFunc(listed, func(r row) bool { return r.at.After(upTo) })
	}
	offset, _ := strconv.Atoi(token)
	offset = min(max(offset-v.overlap, 0), len(listed))
	end := min(offset+v.overlap+min(n, v.cap), len(listed))
	var page adapters.VendorPage[row]
	for _, r := range listed[offset:end] {
		page.Items = append(page.Items, adapters.Placed[row]{Position: r.place(), Item: r})
	}
	if end < len(listed) {
		page.Next = strconv.Itoa(end)
	}
	return page, nil
}

// drawVendor makes a vendor with many equal times.
func drawVendor(t *rapid.T) *vendor {
	times := rapid.SliceOfN(rapid.IntRange(0, 12), 0, 60).Draw(t, "times")
	v := &vendor{cap: rapid.IntRange(1, 9).Draw(t, "cap"), overlap: rapid.IntRange(0, 2).Draw(t, "overlap")}
	for i, second := range times {
		v.rows = append(v.rows, row{time.Unix(int64(1000+second), 0).UTC(), fmt.Sprintf("c~b~%d", i*7919%101)})
	}
	return v
}

// walk reads everything page by page and checks the contract of each page.
func walk(t *rapid.T, page func(before model.Position, limit int) (adapters.Page[row], error)) []row {
	var all []row
	var before model.Position
	for {
		limit := rapid.IntRange(1, 8).Draw(t, "limit")
		got, err := page(before, limit)
		if err != nil {
			t.Fatalf("page of %d at %v: %v", limit, before, err)
		}
		if len(got.Items) > limit {
			t.Fatalf("page of %d at %v has %d items", limit, before, len(got.Items))
		}
		all = append(all, got.Items...)
		if !got.More {
			return all
		}
		if !before.Before(got.Next) {
			t.Fatalf("Next %v does not come after %v", got.Next, before)
		}
		before = got.Next
	}
}

func TestReadSortedGivesTheTotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawVendor(t)
		got := walk(t, func(before model.Position, limit int) (adapters.Page[row], error) {
			return adapters.ReadSorted(t.Context(), before, limit, v.fetch)
		})
		if diff := cmp.Diff(inOrder(v.rows), inOrder(got), cmp.AllowUnexported(row{})); diff != "" {
			t.Fatalf("(-vendor +read):\n%s", diff)
		}
		if !slices.Equal(got, inOrder(got)) {
			t.Fatalf("out of order: %v", got)
		}
	})
}

func TestReadSortedKeepsItsPlaceWhileRowsAreAdded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawVendor(t)
		old := slices.Clone(v.rows)
		added := 0
		v.before = func() {
			if rapid.Bool().Draw(t, "add") && added < 40 {
				added++
				at := time.Unix(int64(1000+rapid.IntRange(0, 20).Draw(t, "at")), 0).UTC()
				v.rows = slices.Insert(v.rows, rapid.IntRange(0, len(v.rows)).Draw(t, "where"), row{at, fmt.Sprintf("c~b~new%d", added)})
			}
		}
		got := walk(t, func(before model.Position, limit int) (adapters.Page[row], error) {
			return adapters.ReadSorted(t.Context(), before, limit, v.fetch)
		})
		if !slices.Equal(got, inOrder(got)) || len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Fatalf("out of order or doubled: %v", got)
		}
		for _, r := range old {
			if !slices.Contains(got, r) {
				t.Fatalf("%v was there all the time and is lost", r)
			}
		}
	})
}

func TestReadSortedResumesAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawVendor(t)
		before := model.Position{
			At: time.Unix(int64(rapid.IntRange(998, 1014).Draw(t, "at")), 0).UTC(),
			ID: rapid.SampledFrom([]string{"", "c~b~5", "c~b~50", "zzz", model.LastID}).Draw(t, "id"),
		}
		limit := rapid.IntRange(1, 8).Draw(t, "limit")
		page, err := adapters.ReadSorted(t.Context(), before, limit, v.fetch)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.DeleteFunc(inOrder(v.rows), func(r row) bool { return !before.Before(r.place()) })
		more := len(want) > limit
		want = want[:min(limit, len(want))]
		if !slices.Equal(page.Items, want) || more && !page.More {
			t.Fatalf("at %v: got %v (more %t), want %v (more %t)", before, page.Items, page.More, want, more)
		}
	})
}

func TestReadSortedCost(t *testing.T) {
	v := &vendor{cap: 100}
	for i := range 10_000 {
		v.rows = append(v.rows, row{time.Unix(int64(i), 0).UTC(), fmt.Sprint(i)})
	}
	if _, err := adapters.ReadSorted(t.Context(), model.Position{}, 50, v.fetch); err != nil || v.calls != 1 {
		t.Errorf("a page of 50 from a vendor that gives 100 took %d calls, error %v", v.calls, err)
	}
}

func TestReadSortedGivesUpOnCircles(t *testing.T) {
	instant := time.Unix(1000, 0).UTC()
	calls := 0
	page, err := adapters.ReadSorted(t.Context(), model.Position{At: instant, ID: "m"}, 5,
		func(context.Context, time.Time, string, int) (adapters.VendorPage[row], error) {
			calls++
			r := row{instant, "a"}
			return adapters.VendorPage[row]{Items: []adapters.Placed[row]{{Position: r.place(), Item: r}}, Next: "again"}, nil
		})
	if !errors.Is(err, fault.Upstream) || len(page.Items) > 0 {
		t.Errorf("got %v and %v after %d calls, want upstream and no items", page, err, calls)
	}
}

func TestReadSortedGivesNothingBesideAnError(t *testing.T) {
	v := &vendor{cap: 2}
	for i := range 20 {
		v.rows = append(v.rows, row{time.Unix(int64(i), 0).UTC(), fmt.Sprint(i)})
	}
	page, err := adapters.ReadSorted(t.Context(), model.Position{}, 10,
		func(ctx context.Context, upTo time.Time, token string, n int) (adapters.VendorPage[row], error) {
			if v.calls == 2 {
				return adapters.VendorPage[row]{}, fault.Unavailable
			}
			return v.fetch(ctx, upTo, token, n)
		})
	if !errors.Is(err, fault.Unavailable) || len(page.Items) > 0 || page.More {
		t.Errorf("got %v, %v", page, err)
	}
}

func TestSortedPageGivesTheTotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := drawVendor(t).rows
		got := walk(t, func(before model.Position, limit int) (adapters.Page[row], error) {
			return adapters.SortedPage(rows, row.place, before, limit), nil
		})
		if !slices.Equal(got, inOrder(rows)) {
			t.Fatalf("got %v, want %v", got, inOrder(rows))
		}
	})
}
