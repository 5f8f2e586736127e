package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"switchback/internal/model"
	"switchback/internal/restores"
)

// seen is one state of a watched thing, encoded once for all its watchers. Its
// id is made of the body, so it means the same on every replica.
type seen struct {
	body []byte
	id   string
}

func watchable(v any, state model.State) (restores.Watchable, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return restores.Watchable{}, err
	}
	sum := sha256.Sum256(body)
	id := hex.EncodeToString(sum[:8])
	return restores.Watchable{State: state, Summary: id, Value: seen{body, id}}, nil
}

// waited answers with what read gives, after waiting for the end of the work
// if the caller prefers that.
func (s *Server) waited(ctx context.Context, hub *restores.Hub, id model.ID, prefer *string,
	read func(ctx context.Context) (any, error),
) (reply, error) {
	wait, asked := preferredWait(value(prefer))
	if asked {
		wait = min(wait, s.Limits.Wait)
		if err := s.untilOver(ctx, hub, id, wait); err != nil {
			return reply{}, err
		}
	}
	v, err := read(ctx)
	if err != nil {
		return reply{}, err
	}
	r, err := show(ctx, v)
	if asked && err == nil {
		r.header.Set("Preference-Applied", "wait="+strconv.Itoa(seconds(wait)))
	}
	return r, err
}

// untilOver returns when the thing is over, when the time is, or with the
// error that ends the watching.
func (s *Server) untilOver(ctx context.Context, hub *restores.Hub, id model.ID, wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	events, stop := hub.Watch(ctx, id)
	defer stop()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		case e, more := <-events:
			if !more || e.Err != nil || e.State.Terminal() {
				return e.Err
			}
		}
	}
}

// watch answers with the events of one thing from its present state on. The
// first look is made here, so that what is not there is a plain 404.
func (s *Server) watch(ctx context.Context, hub *restores.Hub, poll func(context.Context, model.ID) (restores.Watchable, error),
	id model.ID, lastEvent string,
) (eventStream, error) {
	now, err := poll(ctx, id)
	if err != nil {
		return eventStream{}, err
	}
	first, _ := now.Value.(seen)
	return eventStream{
		ctx: ctx, hub: hub, id: id, first: first, over: now.State.Terminal(), last: strings.TrimSpace(lastEvent),
		every: s.Limits.Heartbeat, write: s.Limits.Write, now: s.Now,
	}, nil
}

// eventStream is an answer in Server-Sent Events.
type eventStream struct {
	ctx   context.Context // of the request; an answer lives as long
	hub   *restores.Hub
	id    model.ID
	first seen
	over  bool
	last  string // the id of the last event that the client has
	every time.Duration
	write time.Duration
	now   func() time.Time
}

// VisitWatchRestoreResponse implements WatchRestoreResponseObject.
func (e eventStream) VisitWatchRestoreResponse(w http.ResponseWriter) error { return e.serve(w) }

// VisitWatchOperationResponse implements WatchOperationResponseObject.
func (e eventStream) VisitWatchOperationResponse(w http.ResponseWriter) error { return e.serve(w) }

func (e eventStream) serve(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if e.over && e.last == e.first.id {
		w.WriteHeader(http.StatusNoContent) // an EventSource stops coming back
		return nil
	}
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	// Subscribing comes before the first event, so that no change falls between.
	var events <-chan restores.Event
	if !e.over {
		var stop func()
		events, stop = e.hub.Watch(e.ctx, e.id)
		defer stop()
	}
	if e.last == e.first.id {
		if err := e.send(w, ": nothing new\n\n"); err != nil {
			return nil //nolint:nilerr // the client went away
		}
	} else if err := e.send(w, e.first.event()); err != nil || e.over {
		return nil //nolint:nilerr // the client went away
	}
	e.follow(w, events)
	return nil
}

// follow sends changes until the thing is over, the hub closes, or the client
// goes away.
func (e eventStream) follow(w http.ResponseWriter, events <-chan restores.Event) {
	beat := time.NewTicker(e.every)
	defer beat.Stop()
	known := e.first.id
	for {
		text := ": still here\n\n"
		select {
		case <-e.ctx.Done():
			return
		case <-beat.C:
		case event, more := <-events:
			state, ok := event.Value.(seen)
			if !more || event.Err != nil || !ok {
				return // the client comes back and is told why
			}
			if state.id == known {
				if event.State.Terminal() {
					return
				}
				continue
			}
			known, text = state.id, state.event()
			if event.State.Terminal() {
				_ = e.send(w, text) // the last words; there is nobody to tell of a failure
				return
			}
		}
		if err := e.send(w, text); err != nil {
			return
		}
	}
}

func (s seen) event() string {
	return fmt.Sprintf("id: %s\nevent: state\ndata: %s\n\n", s.id, s.body)
}

func (e eventStream) send(w http.ResponseWriter, text string) error {
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(e.now().Add(e.write)) // not every writer has deadlines
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	return control.Flush()
}
