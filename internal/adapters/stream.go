package adapters

import (
	"context"
	"slices"
	"time"

	"switchback/internal/fault"
	"switchback/internal/model"
)

// Stream is one sorted sequence of things at a vendor, readable from any place.
type Stream[T any] struct {
	// Name tells the stream apart from its siblings: "ebs-volumes", a group id.
	Name string

	// NewestAt is an upper bound of the time of the stream's newest item that is
	// known without asking. Zero means not known.
	NewestAt time.Time

	// Pushed names the filters of the query that the vendor applies, by the names
	// of the API: startedAfter, asset, status.
	Pushed []string

	// Page returns items that come strictly after the place before, in the total
	// order and without a gap. limit is at least 1; fewer items, even none, may
	// come while More is true.
	Page func(ctx context.Context, before model.Position, limit int) (Page[T], error)
}

// Page is a stretch of a stream.
type Page[T any] struct {
	Items []T

	// More says that the stream may go on. Next is then where to ask on: at the
	// last item, or beyond it where items were passed over. It always comes after
	// the place that was asked for.
	More bool
	Next model.Position
}

// Lister lists what has no time, in the vendor's order. limit is at least 1 and
// may be lowered; token is "" for the start or a Next from the same query,
// perhaps issued by another process; a token that can not be one gives Invalid.
type Lister[T any] interface {
	List(ctx context.Context, token string, limit int, native bool) (TokenPage[T], error)
}

// TokenPage is one page of a list without times. Next is "" at the end.
type TokenPage[T any] struct {
	Items []T
	Next  string
}

// VendorPage is what one vendor call gave: items with their place, newest
// first by time but in any order among equal times. Next is the vendor's token
// for what follows in the same listing, "" at its end.
type VendorPage[T any] struct {
	Items []Placed[T]
	Next  string
}

// Placed is an item with its place in the total order, computed once.
type Placed[T any] struct {
	model.Position
	Item T
}

// Fetch asks a vendor for about n items of one listing whose newest item is not
// newer than upTo (zero is no bound), from token on ("" is its start).
type Fetch[T any] func(ctx context.Context, upTo time.Time, token string, n int) (VendorPage[T], error)

// tieMargin is asked for beyond the limit, so that the end of a group of equal
// times is usually seen in the same call.
const tieMargin = 4

// maxFetches bounds one ReadSorted against a vendor whose tokens lead in
// circles; 500 items of one instant at the smallest page stay far below it.
const maxFetches = 2000

// ReadSorted serves Stream.Page from a vendor that lists by time, newest first,
// with an inclusive upper bound of time: the shape of nearly every backup API.
//
// It puts groups of equal times into the total order, which needs each group to
// be read to its end, and drops what comes twice. After each call it asks again
// from the oldest time seen instead of by the vendor's token, because page
// numbers shift when rows come and go; tokens are used only inside one instant.
// A vendor that breaks its order is noticed only within a page: items newer
// than what was already given out are dropped by the caller's position.
func ReadSorted[T any](ctx context.Context, before model.Position, limit int, fetch Fetch[T]) (Page[T], error) {
	var (
		kept  []Placed[T]
		seen  = map[string]bool{}
		upTo  = before.At
		token string
	)
	for range maxFetches {
		page, err := fetch(ctx, upTo, token, limit+tieMargin)
		if err != nil {
			return Page[T]{}, err
		}
		oldest := upTo
		for _, p := range page.Items {
			if oldest.IsZero() || p.At.Before(oldest) {
				oldest = p.At
			}
			if before.Before(p.Position) && !seen[p.ID] {
				seen[p.ID] = true
				kept = append(kept, p)
			}
		}
		if page.Next == "" {
			return cut(kept, limit, true), nil
		}
		if len(kept) > limit && countNewer(kept, oldest) >= limit {
			return cut(kept, limit, false), nil
		}
		// Inside one instant only the token leads on.
		if oldest.Equal(upTo) {
			token = page.Next
		} else {
			upTo, token = oldest, ""
		}
	}
	// What was kept may lack a part of a group of equal times: no page at all is
	// better than one with a gap.
	return Page[T]{}, fault.New(fault.Upstream, "adapters.ReadSorted", "the vendor's pages lead in circles")
}

// countNewer counts the items whose group of equal times is certainly complete.
func countNewer[T any](items []Placed[T], oldest time.Time) int {
	n := 0
	for _, p := range items {
		if p.At.After(oldest) {
			n++
		}
	}
	return n
}

// cut makes a page of the first limit items. Unless it has ended it has that many.
func cut[T any](kept []Placed[T], limit int, ended bool) Page[T] {
	slices.SortFunc(kept, func(a, b Placed[T]) int { return a.Compare(b.Position) })
	page := Page[T]{More: !ended || len(kept) > limit}
	kept = kept[:min(limit, len(kept))]
	page.Items = make([]T, len(kept))
	for i, p := range kept {
		page.Items[i] = p.Item
	}
	if page.More && len(kept) > 0 {
		page.Next = kept[len(kept)-1].Position
	}
	return page
}

// SortedPage serves Stream.Page from items that are all at hand, in any order.
func SortedPage[T any](items []T, place func(T) model.Position, before model.Position, limit int) Page[T] {
	kept := make([]Placed[T], 0, min(len(items), limit))
	for _, item := range items {
		if p := place(item); before.Before(p) {
			kept = append(kept, Placed[T]{p, item})
		}
	}
	slices.SortFunc(kept, func(a, b Placed[T]) int {
		return a.Compare(b.Position)
	})
	return cut(kept, limit, true)
}
