package fleet_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/memory"
	"switchback/internal/fault"
	"switchback/internal/fleet"
	"switchback/internal/model"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at() time.Time { return start }

// connect puts a fresh world behind the call path; change may take capabilities away.
func connect(limits fleet.Limits, observer fleet.Observer, change func(*adapters.Adapter)) (*fleet.Conn, *memory.World) {
	logger := slog.New(slog.DiscardHandler)
	w := memory.NewWorld(1, at)
	a := memory.New(adapters.Env{Connection: "c", Now: at, Logger: logger}, w)
	if change != nil {
		change(a)
	}
	return fleet.NewConn(fleet.Info{Name: "c"}, a, limits, fleet.Env{Now: at, Logger: logger, Observer: observer}), w
}

// watcher remembers what it is told.
type watcher struct {
	mu   sync.Mutex
	seen []string
}

func (w *watcher) Begin(ctx context.Context, connection, provider, operation, class string) (context.Context, func(string)) {
	return ctx, func(outcome string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.seen = append(w.seen, connection+" "+provider+" "+operation+" "+class+" "+outcome)
	}
}

func TestANilCapabilityIsRefusedBeforeAnythingElse(t *testing.T) {
	seen := &watcher{}
	c, _ := connect(fleet.Limits{}, seen, func(a *adapters.Adapter) {
		a.Restores, a.Content, a.Policies, a.Access, a.RestoreCancels, a.Operations, a.Files = nil, nil, nil, nil, nil, nil, nil
	})
	ctx, id := t.Context(), model.ID{Connection: "c", Kind: "vm", Key: "1"}
	for name, call := range map[string]func() error{
		"start":      func() error { _, err := c.StartRestore(ctx, model.RestoreRequest{}); return err },
		"cancel":     func() error { return c.CancelRestore(ctx, id) },
		"content":    func() error { _, err := c.OpenContent(ctx, id, 0); return err },
		"policies":   func() error { _, err := c.Policies(ctx, "", 1, false); return err },
		"access":     func() error { _, err := c.RestoreAccess(ctx, id); return err },
		"operations": func() error { _, err := c.OperationStreams(ctx, model.OperationQuery{}); return err },
		"files":      func() error { _, err := c.OpenFile(ctx, id, "/", 0); return err },
	} {
		if err := call(); !errors.Is(err, fault.Unsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(seen.seen) > 0 {
		t.Errorf("the adapter was called: %v", seen.seen)
	}
	if slices.Contains(c.Capabilities(), "restores") || !slices.Contains(c.Capabilities(), "backups") {
		t.Errorf("capabilities: %v", c.Capabilities())
	}
}

// session answers every check with the same error.
type session struct{ err error }

func (s session) Check(context.Context) error { return s.err }
func (session) Close(context.Context) error   { return nil }

func TestOutcomesAreClassifiedAndObserved(t *testing.T) {
	for name, test := range map[string]struct {
		err     error
		kind    fault.Kind
		outcome string
		health  string
	}{
		"success":           {nil, fault.Unknown, "ok", "ok"},
		"not found":         {fault.New(fault.NotFound, "x", ""), fault.NotFound, "not_found", "ok"},
		"vendor away":       {fault.New(fault.Unavailable, "x", ""), fault.Unavailable, "unavailable", "failing"},
		"not classified":    {errors.New("boo"), fault.Upstream, "upstream", "failing"},
		"deadline":          {context.DeadlineExceeded, fault.Timeout, "timeout", "failing"},
		"the caller leaves": {context.Canceled, fault.Unknown, "canceled", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			seen := &watcher{}
			c, _ := connect(fleet.Limits{}, seen, func(a *adapters.Adapter) { a.Session = session{test.err} })
			err := c.Check(t.Context())
			if (err == nil) != (test.err == nil) || fault.KindOf(err) != test.kind {
				t.Errorf("got %v", err)
			}
			if want := []string{"c memory session.check check " + test.outcome}; !slices.Equal(seen.seen, want) {
				t.Errorf("observed %v, want %v", seen.seen, want)
			}
			if got := c.Health().State; got != test.health {
				t.Errorf("health %s, want %s", got, test.health)
			}
		})
	}
}

func TestAPanicOfAnAdapterIsAFault(t *testing.T) {
	c, w := connect(fleet.Limits{Calls: 1}, nil, nil)
	w.Hook(func(context.Context, string) error { panic("boo") })
	for range 3 { // and its place is given back
		if err := c.Check(t.Context()); !errors.Is(err, fault.Upstream) {
			t.Fatalf("got %v", err)
		}
	}
}

// hanging starts restores until its caller gives up, and says no more than that.
type hanging struct{ adapters.Restores }

func (hanging) Start(ctx context.Context, _ model.RestoreRequest) (model.Restore, error) {
	<-ctx.Done()
	return model.Restore{}, ctx.Err()
}

func TestAWriteThatRunsOutOfTimeIsAmbiguous(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, w := connect(fleet.Limits{Write: time.Second, Read: time.Second}, nil, func(a *adapters.Adapter) {
			a.Restores = hanging{a.Restores}
		})
		w.Hook(func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() })
		_, err := c.StartRestore(t.Context(), model.RestoreRequest{})
		if e := fault.Of(err); e == nil || e.Kind != fault.Timeout || !e.Ambiguous {
			t.Errorf("write: %v", err)
		}
		if e := fault.Of(c.Check(t.Context())); e == nil || e.Kind != fault.Timeout || e.Ambiguous {
			t.Errorf("read: %v", e)
		}
	})
}

func TestCallsAtOnceAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, w := connect(fleet.Limits{Calls: 3}, nil, nil)
		var mu sync.Mutex
		now, most := 0, 0
		w.Hook(func(context.Context, string) error {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Millisecond)
			mu.Lock()
			now--
			mu.Unlock()
			return nil
		})
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := c.Check(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if most != 3 {
			t.Errorf("%d calls at once, the limit is 3", most)
		}
		// Who waits for a place can leave.
		w.Hook(func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() })
		ctx, cancel := context.WithCancel(t.Context())
		for range 3 {
			wg.Go(func() { _ = c.Check(ctx) })
		}
		synctest.Wait()
		short, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := c.Check(short); !errors.Is(err, fault.Timeout) {
			t.Errorf("waiting for a place: %v", err)
		}
		cancel()
		wg.Wait()
	})
}
