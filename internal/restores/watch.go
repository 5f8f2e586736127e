package restores

import (
	"context"
	"sync"
	"time"

	"switchback/internal/fault"
	"switchback/internal/model"
)

// Watchable is something with a state that is polled to its end.
type Watchable struct {
	State   model.State
	Summary string // changes when something worth telling has changed
	Value   any    // what watchers get: a model.Restore or a model.Operation
}

// Event is one change a watcher is told.
type Event struct {
	Seq   int // from 1, in order, per watched thing
	Value any
	State model.State
	Err   error // the thing can not be watched any more; the last event
}

// Hub polls what is watched: one poll under way per thing, whatever the number
// of watchers, fast at first and slower later, until it is over or nobody
// watches any more.
type Hub struct {
	poll   func(ctx context.Context, id model.ID) (Watchable, error)
	pace   Pace
	mu     sync.Mutex
	topics map[model.ID]*topic
	closed bool
	wg     sync.WaitGroup
}

// Pace says how often things are polled.
type Pace struct {
	First    time.Duration
	Longest  time.Duration
	Factor   float64
	Patience int // failed polls in a row until watchers are told
}

// DefaultPace polls after a quarter of a second, then slower, at most every ten.
func DefaultPace() Pace {
	return Pace{First: 250 * time.Millisecond, Longest: 10 * time.Second, Factor: 1.5, Patience: 8}
}

// NewHub returns a hub that polls by poll.
func NewHub(pace Pace, poll func(ctx context.Context, id model.ID) (Watchable, error)) *Hub {
	return &Hub{poll: poll, pace: pace, topics: map[model.ID]*topic{}}
}

// topic is one watched thing.
type topic struct {
	last     Event
	summary  string
	watchers map[chan Event]struct{}
	cancel   context.CancelFunc
}

// Watch returns the changes of one thing from its present state on, the present
// state first. The channel holds only the newest change, so a slow watcher
// skips changes and never holds up others; it is closed after the last one.
// stop must be called.
func (h *Hub) Watch(ctx context.Context, id model.ID) (events <-chan Event, stop func()) {
	ch := make(chan Event, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		close(ch)
		return ch, func() {}
	}
	t := h.topics[id]
	if t == nil {
		// The poll is nobody's own: it outlives the watcher who came first.
		polling, cancel := context.WithCancel(context.WithoutCancel(ctx))
		t = &topic{watchers: map[chan Event]struct{}{}, cancel: cancel}
		h.topics[id] = t
		h.wg.Go(func() { h.run(polling, id, t) })
	} else if t.last.Seq > 0 {
		ch <- t.last
	}
	t.watchers[ch] = struct{}{}
	return ch, func() { h.leave(id, t, ch) }
}

func (h *Hub) leave(id model.ID, t *topic, ch chan Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(t.watchers, ch)
	if len(t.watchers) == 0 && h.topics[id] == t {
		delete(h.topics, id)
		t.cancel()
	}
}

// Close ends all watching and waits for the polls.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	for id, t := range h.topics {
		h.end(id, t)
	}
	h.mu.Unlock()
	h.wg.Wait()
}

// end closes a topic's channels; the lock is held.
func (h *Hub) end(id model.ID, t *topic) {
	for ch := range t.watchers {
		close(ch)
	}
	clear(t.watchers)
	if h.topics[id] == t {
		delete(h.topics, id)
	}
	t.cancel()
}

func (h *Hub) run(ctx context.Context, id model.ID, t *topic) {
	defer t.cancel()
	wait, failures := h.pace.First, 0
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		seen, err := h.poll(ctx, id)
		if ctx.Err() != nil {
			return
		}
		next := wait
		if err != nil {
			failures++
			if !fault.KindOf(err).Retryable() || failures >= h.pace.Patience {
				h.tell(id, t, Event{Err: err}, true)
				return
			}
			if e := fault.Of(err); e != nil {
				next = max(next, e.RetryAfter)
			}
		} else {
			failures = 0
			over := seen.State.Terminal()
			if over || seen.Summary != t.summary {
				t.summary = seen.Summary
				wait = h.pace.First // something moves: look again soon
				next = wait
				h.tell(id, t, Event{Value: seen.Value, State: seen.State}, over)
			}
			if over {
				return
			}
		}
		wait = min(time.Duration(float64(wait)*h.pace.Factor), h.pace.Longest)
		timer.Reset(next)
	}
}

// tell gives an event to all watchers, replacing one that was not taken yet.
func (h *Hub) tell(id model.ID, t *topic, e Event, last bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e.Seq = t.last.Seq + 1
	t.last = e
	for ch := range t.watchers {
		select {
		case <-ch:
		default:
		}
		ch <- e
	}
	if last {
		h.end(id, t)
	}
}
