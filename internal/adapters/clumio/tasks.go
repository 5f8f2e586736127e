package clumio

import (
	"context"
	"net/http"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// The list of tasks has no documented order and no sort (NOTES section 4), only
// inclusive bounds of time. So it is read in windows of time, each to its end,
// and sorted here; totals tell how wide a window may be.

const (
	// maxWindows bounds one Page; what is then missing comes with the next one.
	maxWindows = 12
	// maxWindowPages bounds the reading of one second.
	maxWindowPages = 500
)

// historyStart is how far back the list of tasks goes (NOTES section 4).
func historyStart(now time.Time) time.Time { return now.AddDate(0, -6, 0) }

// taskQuery is what of the task list is wanted.
type taskQuery struct {
	op         string
	categories []string
	states     []model.State
	after      time.Time // inclusive
	before     time.Time
	native     bool
	keep       func(wireTask) bool
}

// window is a stretch of time, both ends included. A zero end is open.
type window struct{ from, to time.Time }

// taskPage serves Stream.Page for things made from tasks.
func taskPage[T any](ctx context.Context, c *client, q taskQuery, before model.Position, limit int, convert func(wireTask) T, place func(T) model.Position, attach func(*T, documented[wireTask])) (adapters.Page[T], error) {
	limit = min(max(limit, 1), maxPageSize)
	now := c.env.Now()
	floor := floorSecond(historyStart(now))
	if q.after.After(floor) {
		floor = floorSecond(q.after)
	} else {
		q.after = time.Time{}
	}
	w := window{from: floor, to: before.At}
	if !q.before.IsZero() && (w.to.IsZero() || q.before.Before(w.to)) {
		w.to = q.before
	}
	var found []T
	seen := map[string]bool{}
	for done := 0; ; {
		items, total, complete, err := c.readWindow(ctx, q, w, floor, 2*limit)
		if err != nil {
			return adapters.Page[T]{}, err
		}
		if !complete {
			w = narrower(w, now, limit, total)
			continue
		}
		for _, item := range items {
			// What has no name or no time can be neither shown nor placed.
			if item.wire.ID == "" || item.wire.CreatedTimestamp.IsZero() || seen[item.wire.ID] || !q.keep(item.wire) {
				continue
			}
			seen[item.wire.ID] = true
			thing := convert(item.wire)
			if before.Before(place(thing)) {
				attach(&thing, item)
				found = append(found, thing)
			}
		}
		if done++; len(found) >= limit || done == maxWindows || !w.from.After(floor) {
			break
		}
		w = older(w, now, floor)
	}
	page := adapters.SortedPage(found, place, before, limit)
	if !page.More && w.from.After(floor) {
		// All that is not older than the window has been given.
		page.More, page.Next = true, model.Position{At: w.from}
	}
	return page, nil
}

// narrower keeps the newer part of a window that holds too much.
func narrower(w window, now time.Time, limit, total int) window {
	end := w.to
	if end.IsZero() {
		end = now
	}
	width := end.Sub(w.from) / 2
	if total > 0 {
		width = min(width, time.Duration(float64(end.Sub(w.from))*float64(limit+limit/2)/float64(total)))
	}
	return window{from: floorSecond(end.Add(-max(width, time.Second))), to: w.to}
}

// older is the window before w, twice as wide.
func older(w window, now, floor time.Time) window {
	end := w.to
	if end.IsZero() {
		end = now
	}
	from := floorSecond(w.from.Add(-2 * max(end.Sub(w.from), time.Second)))
	if from.Before(floor) {
		from = floor
	}
	return window{from: from, to: w.from}
}

// readWindow reads a window to its end unless it holds more than budget tasks
// and can be made narrower.
func (c *client) readWindow(ctx context.Context, q taskQuery, w window, floor time.Time, budget int) (items []documented[wireTask], total int, complete bool, err error) {
	end := w.to
	if end.IsZero() {
		end = c.env.Now()
	}
	divisible := end.Sub(w.from) > 2*time.Second
	r := vendorhttp.Request{Op: q.op, Path: "/tasks", Accept: acceptTasks}
	f := q.filter(w, floor)
	token := ""
	for range maxWindowPages {
		r.Query = listQuery(f, maxLimit, token, "")
		got, err := list[wireTask](ctx, c, r, q.native)
		if err != nil {
			if token == "" && noSuchList(err) {
				return nil, 0, true, nil
			}
			return nil, 0, false, err
		}
		items = append(items, got.items...)
		if token = got.next; token == "" {
			return items, len(items), true, nil
		}
		if divisible && max(got.total, len(items)) > max(budget, len(got.items)) {
			return nil, got.total, false, nil
		}
	}
	return nil, 0, false, fault.New(fault.Upstream, q.op, "the vendor's list does not end")
}

func (q taskQuery) filter(w window, floor time.Time) filter {
	f := filter{}
	if len(q.categories) > 0 {
		f.set("category", "$in", q.categories)
	}
	if words, all := statusesOf(q.states); all && len(words) > 0 {
		f.set("status", "$in", words)
	}
	// The vendor's own history is the bound of the oldest window.
	if w.from.After(floor) || !q.after.IsZero() {
		f.set("created_timestamp", "$gte", wireTime(w.from))
	}
	if !w.to.IsZero() {
		f.set("created_timestamp", "$lte", wireTime(ceilSecond(w.to)))
	}
	return f
}

// task reads one task.
func (c *client) task(ctx context.Context, op string, id model.ID, kind string, native bool) (documented[wireTask], error) {
	key, err := c.key(op, id, kind)
	if err != nil {
		return documented[wireTask]{}, err
	}
	got, err := read[wireTask](ctx, c, vendorhttp.Request{Op: op, Path: "/tasks/" + key, Accept: acceptTasks}, native)
	if err != nil {
		return got, notFoundIfRefused(op, err)
	}
	if got.wire.ID != id.Key || got.wire.isRestore() != (kind == kindRestore) {
		return got, fault.New(fault.NotFound, op, "there is no such thing")
	}
	if got.wire.CreatedTimestamp.IsZero() {
		return got, fault.New(fault.Upstream, op, "the vendor's task has no time of creation")
	}
	return got, nil
}

// abort asks the vendor to stop a task (NOTES section 5).
func (c *client) abort(ctx context.Context, op string, id model.ID, kind string) error {
	got, err := c.task(ctx, op, id, kind, false)
	if err != nil {
		return err
	}
	switch {
	case got.wire.state() == model.StateCanceling:
		return nil
	case !got.wire.cancellable():
		return fault.New(fault.Conflict, op, "it is over or can not be stopped")
	}
	key, err := c.key(op, id, kind)
	if err != nil {
		return err
	}
	err = c.json(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPatch, Path: "/tasks/" + key, Accept: acceptTasks, Body: map[string]string{"status": "aborting"},
	}, nil)
	if status(err) == http.StatusBadRequest {
		// It ended between the read and the write.
		return &fault.Error{Kind: fault.Conflict, Op: op, Upstream: fault.Of(err).Upstream, Err: err}
	}
	return err
}
