package restores_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/memory"
	"switchback/internal/fault"
	"switchback/internal/fleet"
	"switchback/internal/model"
	"switchback/internal/restores"
	"switchback/internal/store"
)

// bench is a journal over one account whose clock a test moves.
type bench struct {
	mu      sync.Mutex
	time    time.Time
	world   *memory.World
	conn    *fleet.Conn
	journal *restores.Journal
	store   restores.Store
	request model.RestoreRequest
}

func (b *bench) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.time
}

func (b *bench) advance(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.time = b.time.Add(d)
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), store: store.NewMemory()}
	logger := slog.New(slog.DiscardHandler)
	b.world = memory.NewWorld(1, b.now)
	backup := b.world.AddBackup(memory.Backup{Key: "b1", StartedAt: b.now().Add(-time.Hour), Status: model.BackupAvailable})
	a := memory.New(adapters.Env{Connection: "c", Now: b.now, Logger: logger}, b.world)
	b.conn = fleet.NewConn(fleet.Info{Name: "c"}, a, fleet.Limits{}, fleet.Env{Now: b.now, Logger: logger})
	b.journal = restores.NewJournal(b.store, b.now, logger)
	id := model.ID{Connection: "c", Kind: string(backup.AssetKind), Key: backup.Key}
	b.request = model.RestoreRequest{Kind: model.RestoreDownload, Source: model.RestoreSource{Backup: &id}, Reason: "drill"}
	return b
}

func (b *bench) start(t *testing.T, caller, key string, r model.RestoreRequest) (restores.Started, error) {
	t.Helper()
	return b.journal.Start(t.Context(), b.conn, caller, key, r)
}

func TestOneKeyIsOneRestore(t *testing.T) {
	b := newBench(t)
	first, err := b.start(t, "ann", "k1", b.request)
	if err != nil || first.Replayed {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := b.start(t, "ann", "k1", b.request)
	if err != nil || !again.Replayed || again.Restore.ID != first.Restore.ID {
		t.Fatalf("the same key: %+v, %v", again, err)
	}
	spaced := b.request
	b.request.Options, spaced.Options = json.RawMessage("{}"), json.RawMessage(" { } ")
	if s, err := b.start(t, "ann", "k2", b.request); err != nil || s.Replayed {
		t.Fatalf("another key: %+v, %v", s, err)
	}
	if s, err := b.start(t, "ann", "k2", spaced); err != nil || !s.Replayed {
		t.Errorf("white space makes another request: %+v, %v", s, err)
	}
	other := b.request
	other.Reason = "another"
	if _, err := b.start(t, "ann", "k1", other); !errors.Is(err, restores.ErrKeyReused) {
		t.Errorf("another body: %v", err)
	}
	b.request.Options = nil
	if s, err := b.start(t, "bob", "k1", b.request); err != nil || s.Replayed {
		t.Errorf("another caller's like-named key: %+v, %v", s, err)
	}
	if n := b.world.Calls("Restores.Start"); n != 3 {
		t.Errorf("the vendor was called %d times, want 3", n)
	}
}

func TestSixteenCallersWithOneKeyMakeOneCall(t *testing.T) {
	b := newBench(t)
	var wg sync.WaitGroup
	ids := make(chan string, 16)
	for range 16 {
		wg.Go(func() {
			for {
				s, err := b.journal.Start(t.Context(), b.conn, "ann", "k1", b.request)
				if errors.Is(err, restores.ErrInFlight) {
					continue
				}
				if err != nil {
					t.Error(err)
				}
				ids <- s.Restore.ID.String()
				return
			}
		})
	}
	wg.Wait()
	close(ids)
	first := <-ids
	for id := range ids {
		if id != first {
			t.Errorf("two restores: %s and %s", first, id)
		}
	}
	if n := b.world.Calls("Restores.Start"); n != 1 {
		t.Errorf("the vendor was called %d times", n)
	}
}

func TestALostReplyIsKeptAsUnknownAndNotRepeated(t *testing.T) {
	b := newBench(t)
	b.world.LoseReplies(1)
	first, err := b.start(t, "ann", "k1", b.request)
	if err != nil || !first.Restore.OutcomeUnknown || first.Restore.State != model.StateUnknown {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := b.start(t, "ann", "k1", b.request)
	if err != nil || !again.Replayed || again.Restore.ID != first.Restore.ID {
		t.Fatalf("%+v, %v", again, err)
	}
	if n := b.world.Calls("Restores.Start"); n != 1 {
		t.Errorf("the vendor was called %d times", n)
	}
	shown, err := b.journal.Get(t.Context(), b.conn, first.Restore.ID, false)
	if err != nil || !shown.OutcomeUnknown || shown.Reason != "drill" {
		t.Errorf("reading it: %+v, %v", shown, err)
	}
}

func TestARefusalIsTheSameTheSecondTime(t *testing.T) {
	b := newBench(t)
	b.world.Fail("Restores.Start", fault.New(fault.Denied, "x", "no"))
	_, first := b.start(t, "ann", "k1", b.request)
	b.world.Fail("Restores.Start", nil)
	s, again := b.start(t, "ann", "k1", b.request)
	if !errors.Is(first, fault.Denied) || !errors.Is(again, fault.Denied) || !s.Replayed {
		t.Errorf("%v, then %+v, %v", first, s, again)
	}
	if n := b.world.Calls("Restores.Start"); n != 1 {
		t.Errorf("the vendor was called %d times", n)
	}
}

// results finds what restores have made, or fails to.
type results struct {
	made model.Ref
	err  error
	seen *model.RestoreRequest
}

func (r results) Locate(_ context.Context, restore model.Restore, request model.RestoreRequest) (model.Restore, error) {
	*r.seen = request
	restore.Outputs.Asset = &r.made
	return restore, r.err
}

func TestAFinishedRestoreShowsWhatItMade(t *testing.T) {
	made := model.Ref{ID: model.ID{Connection: "c", Kind: "vm", Key: "new"}, Name: "new"}
	for name, fails := range map[string]error{"found": nil, "not to be looked up": fault.New(fault.Unavailable, "x", "")} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			var seen model.RestoreRequest
			logger := slog.New(slog.DiscardHandler)
			a := memory.New(adapters.Env{Connection: "c", Now: b.now, Logger: logger}, b.world)
			a.RestoreResults = results{made, fails, &seen}
			b.conn = fleet.NewConn(fleet.Info{Name: "c"}, a, fleet.Limits{}, fleet.Env{Now: b.now, Logger: logger})
			s, err := b.start(t, "ann", "k1", b.request)
			if err != nil {
				t.Fatal(err)
			}
			if early, err := b.journal.Get(t.Context(), b.conn, s.Restore.ID, false); err != nil || early.Outputs.Asset != nil {
				t.Errorf("before its end: %+v, %v", early.Outputs, err)
			}
			b.advance(time.Hour)
			done, err := b.journal.Get(t.Context(), b.conn, s.Restore.ID, false)
			if err != nil || done.State != model.StateSucceeded {
				t.Fatalf("%s, %v", done.State, err)
			}
			if seen.Marker == "" || seen.Reason != "drill" {
				t.Errorf("it was looked for by %+v", seen)
			}
			if found := done.Outputs.Asset != nil; found != (fails == nil) || len(done.Warnings) != map[bool]int{true: 0, false: 1}[found] {
				t.Errorf("%+v, %v", done.Outputs, done.Warnings)
			}
		})
	}
}

// failing is a store that loses its disk.
type failing struct {
	restores.Store
	begin, put error
}

func (f failing) Begin(ctx context.Context, key string, value []byte) ([]byte, error) {
	if f.begin != nil {
		return nil, f.begin
	}
	return f.Store.Begin(ctx, key, value)
}

func (f failing) Put(ctx context.Context, key string, value []byte, alias string) error {
	if f.put != nil {
		return f.put
	}
	return f.Store.Put(ctx, key, value, alias)
}

func TestWithoutAnIntentNothingIsStarted(t *testing.T) {
	b := newBench(t)
	b.journal = restores.NewJournal(failing{Store: b.store, begin: errors.New("disk full")}, b.now, slog.New(slog.DiscardHandler))
	if _, err := b.start(t, "ann", "k1", b.request); !errors.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
	if n := b.world.Calls("Restores.Start"); n != 0 {
		t.Errorf("the vendor was called %d times", n)
	}
}

func TestAnOutcomeThatCanNotBeWrittenIsNotAReasonToRepeat(t *testing.T) {
	b := newBench(t)
	b.journal = restores.NewJournal(failing{Store: b.store, put: errors.New("disk full")}, b.now, slog.New(slog.DiscardHandler))
	if _, err := b.start(t, "ann", "k1", b.request); err != nil {
		t.Fatal(err)
	}
	if _, err := b.start(t, "ann", "k1", b.request); !errors.Is(err, restores.ErrInFlight) {
		t.Errorf("got %v", err)
	}
	if n := b.world.Calls("Restores.Start"); n != 1 {
		t.Errorf("the vendor was called %d times", n)
	}
}

func TestTheWorkGoesOnWhenTheCallerLeaves(t *testing.T) {
	b := newBench(t)
	ctx, leave := context.WithCancel(t.Context())
	b.world.Hook(func(ctx context.Context, op string) error {
		if op == "Restores.Start" {
			leave()
		}
		return ctx.Err()
	})
	first, err := b.journal.Start(ctx, b.conn, "ann", "k1", b.request)
	if err != nil || first.Restore.OutcomeUnknown {
		t.Fatalf("%+v, %v", first, err)
	}
}

func TestRequestsAreHeldAgainstWhatTheAccountCanDo(t *testing.T) {
	b := newBench(t)
	asset := model.ID{Connection: "c", Kind: "vm", Key: "x"}
	wrongKind := model.ID{Connection: "c", Kind: "no-such-kind", Key: "x"}
	change := func(f func(*model.RestoreRequest)) model.RestoreRequest {
		r := b.request
		f(&r)
		return r
	}
	for name, test := range map[string]struct {
		request model.RestoreRequest
		kind    fault.Kind
		pointer string
	}{
		"unknown kind":       {change(func(r *model.RestoreRequest) { r.Kind = "no-such" }), fault.Unsupported, "/kind"},
		"no source":          {change(func(r *model.RestoreRequest) { r.Source = model.RestoreSource{} }), fault.Invalid, "/source"},
		"two sources":        {change(func(r *model.RestoreRequest) { r.Source.Asset, r.Source.At = &asset, "latest" }), fault.Invalid, "/source"},
		"wrong asset kind":   {change(func(r *model.RestoreRequest) { r.Source.Backup = &wrongKind }), fault.Invalid, "/source/backup"},
		"unknown in target":  {change(func(r *model.RestoreRequest) { r.Target = json.RawMessage(`{"nonsense":1}`) }), fault.Invalid, "/target/nonsense"},
		"unknown in options": {change(func(r *model.RestoreRequest) { r.Options = json.RawMessage(`{"nonsense":1}`) }), fault.Invalid, "/options/nonsense"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.start(t, "ann", name, test.request)
			e := fault.Of(err)
			if e == nil || e.Kind != test.kind || len(e.Fields) == 0 || e.Fields[0].Pointer != test.pointer {
				t.Errorf("got %v", err)
			}
		})
	}
	if n := b.world.Calls("Restores.Start"); n != 0 {
		t.Errorf("the vendor was called %d times", n)
	}
}

func TestStatesOnlyMoveForward(t *testing.T) {
	b := newBench(t)
	s, err := b.start(t, "ann", "k1", b.request)
	if err != nil {
		t.Fatal(err)
	}
	b.advance(time.Hour)
	done, err := b.journal.Get(t.Context(), b.conn, s.Restore.ID, false)
	if err != nil || done.State != model.StateSucceeded {
		t.Fatalf("%s, %v", done.State, err)
	}
	if done.Reason != "drill" || done.RequestedBy != "ann" || done.Source == nil {
		t.Errorf("what the journal knows is not shown: %+v", done)
	}
	b.advance(-time.Hour) // the vendor takes it back
	back, err := b.journal.Get(t.Context(), b.conn, s.Restore.ID, false)
	if err != nil || back.State != model.StateSucceeded || len(back.Warnings) != 1 {
		t.Errorf("%s, %v, %v", back.State, back.Warnings, err)
	}
	if listed := b.journal.Describe(t.Context(), model.Restore{ID: s.Restore.ID, State: model.StateRunning}); listed.State != model.StateSucceeded {
		t.Errorf("listed as %s", listed.State)
	}
}
