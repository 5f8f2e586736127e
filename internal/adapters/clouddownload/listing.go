package clouddownload

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
)

// listing reads one list of the vendor by page number (NOTES section 5).
//
// It never uses the filters from and to: no document says which of a backup's
// times they mean, nor whether a bound is part of the range, so they could hide
// rows. A place in the list is found by search over page numbers instead, and
// checked against the row before it.
type listing[T any] struct {
	account *account
	op      string
	path    string
	query   url.Values // filters and order

	guid func(*T) string
	// at is what the vendor sorts the list by, newest first; zero when a row has
	// no such time.
	at func(*T) time.Time

	mu   sync.Mutex
	cap  int // rows the server gives at most in one page, 0 while not known
	full int // the largest page that it has given in full
	last seenWindow
}

// seenWindow remembers where times stood in the window read last, to begin the
// next search there. Only a guess: what is found is checked.
type seenWindow struct {
	start int
	times []time.Time
}

// window is a stretch of a list.
type window[T any] struct {
	rows  []document[T]
	start int // place of the first row
	total int // rows of the whole list
}

func (w window[T]) end() int { return w.start + len(w.rows) }

// ended reports whether nothing follows. An empty page is an end, whatever the
// total says: a list that shrank.
func (w window[T]) ended() bool { return len(w.rows) == 0 || w.end() >= w.total }

var (
	errNotSorted = errors.New("rows are not in the order asked for")
	errNoTotal   = errors.New("the list has no X-Total-Count")
	errPaging    = errors.New("pages are not of the size asked for")
	errMoving    = errors.New("it changes faster than it can be read")
)

func (l *listing[T]) broken(err error) error {
	return &fault.Error{Kind: fault.Upstream, Op: l.op, Detail: "the vendor's list can not be read: " + err.Error(), Err: err}
}

// window reads rows from a little before offset on, about n from offset.
func (l *listing[T]) window(ctx context.Context, offset, n int) (window[T], error) {
	for range 4 {
		l.mu.Lock()
		page, size := pageFor(offset, n, l.cap)
		l.mu.Unlock()
		w, err := l.read(ctx, page, size)
		if err != nil {
			return w, err
		}
		if page > 0 && len(w.rows) < size && !l.proven(size) {
			// The end of the list, or a server with smaller pages, which then
			// counts them differently: the first page of this size tells.
			if w, err = l.read(ctx, 0, size); err != nil {
				return w, err
			}
		}
		if w.end() > offset || w.ended() {
			return w, nil
		}
	}
	return window[T]{}, l.broken(errPaging)
}

// read reads one page and learns how large pages can be.
func (l *listing[T]) read(ctx context.Context, page, size int) (window[T], error) {
	rows, total, err := l.page(ctx, page, size)
	w := window[T]{rows: rows, start: page * size, total: total}
	if err != nil {
		return w, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case len(rows) > size && page > 0:
		return w, l.broken(errPaging)
	case len(rows) >= size: // more is a server that does not page
		l.full = max(l.full, size)
	case page == 0 && len(rows) > 0 && len(rows) < total:
		l.cap, l.full = len(rows), max(l.full, len(rows))
	}
	return w, nil
}

// proven reports whether the server is known to give pages of a size.
func (l *listing[T]) proven(size int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return size <= l.full
}

// pageFor chooses a page number and a size, so that the page begins at offset
// or little before it and holds about n rows from there.
func pageFor(offset, n, limit int) (page, size int) {
	low, high := max(n, 8), max(n, 8)+24
	if limit > 0 && high > limit {
		low, high = max(1, min(low, limit-24)), limit
	}
	size = low
	if offset == 0 {
		return 0, min(max(n, 8), high)
	}
	for s := low; s <= high; s++ {
		if s-offset%s > size-offset%size { // more rows from offset on
			size = s
		}
	}
	return offset / size, size
}

func (l *listing[T]) page(ctx context.Context, page, size int) ([]document[T], int, error) {
	query := url.Values{}
	maps.Copy(query, l.query)
	query.Set("page", strconv.Itoa(page))
	query.Set("size", strconv.Itoa(size))
	var rows []document[T]
	reply, err := l.account.client.JSON(ctx, vendorhttp.Request{Op: l.op, Path: l.path, Query: query, Accept: "application/json"}, &rows)
	if err != nil {
		return nil, 0, err
	}
	for i := range rows {
		if l.guid(&rows[i].Wire) == "" {
			return nil, 0, l.broken(errors.New("a row has no guid"))
		}
	}
	total, err := strconv.Atoi(reply.Header.Get("X-Total-Count"))
	switch {
	case err == nil && total >= 0:
		return rows, total, nil
	case reply.Status == http.StatusNoContent || page == 0 && len(rows) == 0:
		return nil, 0, nil
	}
	return nil, 0, l.broken(errNoTotal)
}

// span reads rows from the one before offset on, at least until, unless the
// list ends before.
func (l *listing[T]) span(ctx context.Context, offset, until int) (window[T], error) {
	for range 3 {
		w, err := l.window(ctx, max(offset-1, 0), until-offset+1)
		if err != nil {
			return w, err
		}
		whole, err := l.extend(ctx, &w, until)
		if whole || err != nil {
			return w, err
		}
	}
	return window[T]{}, l.broken(errMoving)
}

// extend reads on behind w. False says that rows came or went meanwhile.
func (l *listing[T]) extend(ctx context.Context, w *window[T], until int) (bool, error) {
	for w.end() < until && !w.ended() {
		next, err := l.window(ctx, w.end(), until-w.end())
		if err != nil {
			return false, err
		}
		overlap := w.end() - next.start
		if next.total != w.total || overlap < 0 || overlap >= len(next.rows) {
			return false, nil
		}
		for i := range overlap {
			if at := next.start + i - w.start; at >= 0 && l.guid(&w.rows[at].Wire) != l.guid(&next.rows[i].Wire) {
				return false, nil
			}
		}
		w.rows = append(w.rows, next.rows[overlap:]...)
	}
	return true, nil
}

// split returns the first row of w that is not newer than target. Rows without
// a time stand at one end of the list: leading ones count as newer, those that
// follow a time as older.
func (l *listing[T]) split(w window[T], target time.Time) (first int, timed bool, err error) {
	first = len(w.rows)
	var previous time.Time
	tail := false
	for i := range w.rows {
		at := l.at(&w.rows[i].Wire)
		if at.IsZero() {
			if timed && !tail {
				tail, first = true, min(first, i)
			}
			continue
		}
		if tail || timed && at.After(previous) {
			return 0, false, l.broken(errNotSorted)
		}
		timed, previous = true, at
		if !at.After(target) {
			first = min(first, i)
		}
	}
	return first, timed, nil
}

// maxProbes bounds a search; 64 halvings are more than any list needs.
const maxProbes = 64

// seek returns a window and the place in it from which on all rows are not
// newer than target, and none before is: the row before has been seen, or there
// is none. About n rows follow.
func (l *listing[T]) seek(ctx context.Context, target time.Time, n int) (window[T], int, error) {
	low, high := 0, -1 // rows before low are newer, rows from high on are not
	at := l.guess(target)
	for range maxProbes {
		w, err := l.span(ctx, at, at+1)
		if err != nil {
			return w, 0, err
		}
		first, err := l.splitAnywhere(ctx, w, target)
		if err != nil {
			return w, 0, err
		}
		switch {
		case first > 0 && first < len(w.rows), w.start == 0 && first < len(w.rows):
			whole, err := l.extend(ctx, &w, w.start+first+n)
			if err != nil {
				return w, 0, err
			}
			if whole {
				_, _, err = l.split(w, target)
				return w, first, err
			}
			low, high = 0, w.total // rows came or went meanwhile
		case first == len(w.rows) && w.ended() && (len(w.rows) > 0 || w.start == 0):
			return w, first, nil
		case first == 0: // also beyond the end
			high = min(w.start, w.total)
		default:
			low = w.end()
		}
		if high < 0 {
			high = w.total
		}
		if low > high {
			low = 0
		}
		if at = (low + high) / 2; high-low <= n {
			at = low
		}
	}
	return window[T]{}, 0, l.broken(errNotSorted)
}

// splitAnywhere is split for a window that may hold no time at all.
func (l *listing[T]) splitAnywhere(ctx context.Context, w window[T], target time.Time) (int, error) {
	first, timed, err := l.split(w, target)
	if err != nil || timed || len(w.rows) == 0 || w.start == 0 {
		return first, err
	}
	head, err := l.window(ctx, 0, 1)
	if err != nil {
		return 0, err
	}
	if len(head.rows) > 0 && l.at(&head.rows[0].Wire).IsZero() {
		return len(w.rows), nil
	}
	return 0, nil
}

// guess is where target stood when the list was read last.
func (l *listing[T]) guess(target time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, at := range l.last.times {
		if !at.IsZero() && !at.After(target) {
			return l.last.start + i
		}
	}
	return l.last.start + len(l.last.times)
}

func (l *listing[T]) remember(w window[T]) {
	seen := seenWindow{start: w.start, times: make([]time.Time, len(w.rows))}
	for i := range w.rows {
		seen.times[i] = l.at(&w.rows[i].Wire)
	}
	l.mu.Lock()
	l.last = seen
	l.mu.Unlock()
}
