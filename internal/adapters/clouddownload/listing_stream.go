package clouddownload

import (
	"context"
	"errors"
	"strconv"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

// maxRows bounds a list that has to be read as a whole.
const maxRows = 50_000

var errTooLong = errors.New("more rows than can be sorted here")

// converter makes an item of a row. False drops the row.
type converter[T, M any] func(*document[T]) (adapters.Placed[M], bool)

// between is the range of time that is wanted: after inclusive, before
// exclusive, zero is no bound.
type between struct{ after, before time.Time }

// streams gives a list as two sorted streams: the rows that have the time which
// the vendor sorts by, and the few that have none (yet), which are read as a
// whole because no document says where the vendor sorts them.
func streams[T, M any](l *listing[T], name string, want between, pushed []string, convert converter[T, M]) []adapters.Stream[M] {
	timed := func(ctx context.Context, from model.Position, limit int) (adapters.Page[M], error) {
		if !want.before.IsZero() && (from.IsZero() || from.At.After(want.before)) {
			from = model.Position{At: want.before, ID: model.LastID}
		}
		page, err := adapters.ReadSorted(ctx, from, min(limit, maxPage), fetch(l, want.after, convert))
		if !errors.Is(err, errNotSorted) {
			return page, err
		}
		rows, err := l.all(ctx)
		if err != nil {
			return adapters.Page[M]{}, err
		}
		return sortRows(rows, from, limit, func(row *document[T]) (adapters.Placed[M], bool) {
			if l.at(&row.Wire).IsZero() {
				return adapters.Placed[M]{}, false
			}
			return convert(row)
		}), nil
	}
	untimed := func(ctx context.Context, from model.Position, limit int) (adapters.Page[M], error) {
		rows, err := l.untimed(ctx)
		if err != nil {
			return adapters.Page[M]{}, err
		}
		return sortRows(rows, from, limit, convert), nil
	}
	return []adapters.Stream[M]{
		{Name: name, Pushed: pushed, Page: timed},
		{Name: name + "-untimed", Pushed: pushed, Page: untimed},
	}
}

// fetch gives the timed rows of a list to adapters.ReadSorted. The first row
// older than after ends it.
func fetch[T, M any](l *listing[T], after time.Time, convert converter[T, M]) adapters.Fetch[M] {
	return func(ctx context.Context, upTo time.Time, token string, n int) (adapters.VendorPage[M], error) {
		var page adapters.VendorPage[M]
		w, first, err := l.place(ctx, upTo, token, n)
		if err != nil {
			return page, err
		}
		l.remember(w)
		timed := false
		for i := range w.rows {
			at := l.at(&w.rows[i].Wire)
			switch {
			case !at.IsZero() && at.Before(after), at.IsZero() && timed:
				return page, nil // what follows is too old, or has no time
			case at.IsZero():
				continue
			}
			timed = true
			if i < first {
				continue
			}
			if item, ok := convert(&w.rows[i]); ok {
				page.Items = append(page.Items, item)
			}
		}
		if !w.ended() {
			page.Next = strconv.Itoa(w.end())
		}
		return page, nil
	}
}

// place finds the window that fetch continues with.
func (l *listing[T]) place(ctx context.Context, upTo time.Time, token string, n int) (window[T], int, error) {
	if token == "" && !upTo.IsZero() {
		return l.seek(ctx, upTo, n)
	}
	offset := 0
	if token != "" {
		var err error
		if offset, err = strconv.Atoi(token); err != nil {
			return window[T]{}, 0, l.broken(err)
		}
	}
	w, err := l.span(ctx, offset, offset+n)
	if err != nil {
		return w, 0, err
	}
	_, _, err = l.split(w, time.Time{})
	return w, max(offset-w.start, 0), err
}

// untimed collects the rows without a time from both ends of the list.
func (l *listing[T]) untimed(ctx context.Context) ([]document[T], error) {
	const n = 20
	found := collection[T]{listing: l}
	bottom := 0
	for top := 0; ; {
		w, err := l.window(ctx, top, n)
		if err != nil {
			return nil, err
		}
		whole := found.untimedFrom(w.rows)
		if whole && w.ended() {
			return found.rows, nil
		}
		if !whole {
			bottom = w.total
			if w.start == 0 && w.ended() { // the other end is here too
				found.untimedBack(w.rows)
				return found.rows, nil
			}
			break
		}
		if top, err = l.next(w, top, len(found.rows)); err != nil {
			return nil, err
		}
	}
	for step := n; bottom > 0; {
		w, err := l.window(ctx, max(bottom-step, 0), step)
		switch {
		case err != nil:
			return nil, err
		case len(found.rows) > maxRows:
			return nil, l.broken(errTooLong)
		case w.total < bottom: // rows went meanwhile
			bottom = w.total
			continue
		case w.end() < bottom: // pages are smaller than the step
			step = max(step/2, 1)
			continue
		case !found.untimedBack(w.rows[:bottom-w.start]):
			return found.rows, nil
		}
		bottom = w.start
	}
	return found.rows, nil
}

// next is where to read on after w, which was asked for at offset.
func (l *listing[T]) next(w window[T], offset, rows int) (int, error) {
	if w.end() <= offset {
		return 0, l.broken(errPaging)
	}
	if rows > maxRows {
		return 0, l.broken(errTooLong)
	}
	return w.end(), nil
}

// all reads the whole list. It starts again once when rows came or went while
// it read.
func (l *listing[T]) all(ctx context.Context) ([]document[T], error) {
	var found collection[T]
	for range 2 {
		found = collection[T]{listing: l}
		total := 0
		for offset := 0; ; {
			w, err := l.window(ctx, offset, maxPage)
			if err != nil {
				return nil, err
			}
			for _, row := range w.rows {
				found.add(row)
			}
			if total = w.total; w.ended() {
				break
			}
			if offset, err = l.next(w, offset, len(found.rows)); err != nil {
				return nil, err
			}
		}
		if len(found.rows) == total {
			break
		}
	}
	return found.rows, nil
}

// collection is rows without repetition.
type collection[T any] struct {
	listing *listing[T]
	rows    []document[T]
	seen    map[string]bool
}

func (c *collection[T]) add(row document[T]) {
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	if guid := c.listing.guid(&row.Wire); !c.seen[guid] {
		c.seen[guid] = true
		c.rows = append(c.rows, row)
	}
}

// untimedFrom adds leading rows without a time and reports whether all are.
func (c *collection[T]) untimedFrom(rows []document[T]) bool {
	for _, row := range rows {
		if !c.listing.at(&row.Wire).IsZero() {
			return false
		}
		c.add(row)
	}
	return true
}

// untimedBack adds trailing rows without a time and reports whether all are.
func (c *collection[T]) untimedBack(rows []document[T]) bool {
	for i := len(rows) - 1; i >= 0; i-- {
		if !c.listing.at(&rows[i].Wire).IsZero() {
			return false
		}
		c.add(rows[i])
	}
	return true
}

// sortRows serves a page from rows that are all at hand.
func sortRows[T, M any](rows []document[T], from model.Position, limit int, convert converter[T, M]) adapters.Page[M] {
	items := make([]adapters.Placed[M], 0, len(rows))
	for i := range rows {
		if item, ok := convert(&rows[i]); ok {
			items = append(items, item)
		}
	}
	sorted := adapters.SortedPage(items, func(p adapters.Placed[M]) model.Position { return p.Position }, from, limit)
	page := adapters.Page[M]{More: sorted.More, Next: sorted.Next, Items: make([]M, len(sorted.Items))}
	for i, item := range sorted.Items {
		page.Items[i] = item.Item
	}
	return page
}
