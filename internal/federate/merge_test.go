package federate_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"switchback/internal/adapters"
	"switchback/internal/adapters/memory"
	"switchback/internal/fault"
	"switchback/internal/federate"
	"switchback/internal/fleet"
	"switchback/internal/model"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// estate is a fleet over worlds that a test can change.
type estate struct {
	worlds []*memory.World
	conns  []*fleet.Conn
	fed    *federate.Federator
}

func newEstate(t interface{ Fatal(...any) }, connections int, settings federate.Settings) *estate {
	sealer, err := federate.NewSealer([]byte("test-key-of-sixteen-bytes"))
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return start }
	logger := slog.New(slog.DiscardHandler)
	e := &estate{fed: federate.New(settings, sealer, now, logger)}
	for i := range connections {
		name := fmt.Sprintf("conn-%02d", i)
		w := memory.NewWorld(uint64(i)+1, now)
		a := memory.New(adapters.Env{Connection: name, Now: now, Logger: logger}, w)
		e.worlds = append(e.worlds, w)
		e.conns = append(e.conns, fleet.NewConn(fleet.Info{Name: name}, a, fleet.Limits{}, fleet.Env{Now: now, Logger: logger}))
	}
	return e
}

func backups(q model.BackupQuery) federate.Timed[model.Backup] {
	return federate.Timed[model.Backup]{
		Noun: "backups",
		Open: func(ctx context.Context, c *fleet.Conn) ([]adapters.Stream[model.Backup], error) {
			return c.BackupStreams(ctx, q)
		},
		Place: model.Backup.Position, Match: q.Matches, From: q.StartedAfter, Until: q.StartedBefore,
	}
}

func (e *estate) page(ctx context.Context, size int, cursor string, q model.BackupQuery) (*federate.List[model.Backup], error) {
	return federate.Merge(ctx, e.fed, federate.Request{Conns: e.conns, PageSize: size, Cursor: cursor, Binding: "b"}, backups(q))
}

// all returns the ids of every backup of the estate, in the total order.
func (e *estate) all(q model.BackupQuery) []string {
	var found []model.Backup
	for i, w := range e.worlds {
		streams, err := memory.New(adapters.Env{Connection: e.conns[i].Name, Now: func() time.Time { return start }}, w).
			Backups.Streams(context.Background(), q)
		if err != nil {
			panic(err)
		}
		for _, s := range streams {
			page, err := s.Page(context.Background(), model.Position{}, 1_000_000)
			if err != nil {
				panic(err)
			}
			for _, b := range page.Items {
				if q.Matches(b) && !b.StartedAt.After(start) {
					found = append(found, b)
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b model.Backup) int { return a.Position().Compare(b.Position()) })
	return ids(found)
}

func ids(list []model.Backup) []string {
	out := make([]string, len(list))
	for i, b := range list {
		out[i] = b.ID.String()
	}
	return out
}

func fill(t *rapid.T, e *estate) {
	for i, w := range e.worlds {
		streams := rapid.IntRange(1, 4).Draw(t, "streams")
		for n := range rapid.IntRange(0, 25).Draw(t, "backups") {
			w.AddBackup(memory.Backup{
				Key: fmt.Sprintf("k%d.%d", i, n), Stream: fmt.Sprintf("s%d", n%streams),
				// Few distinct times, so that ties over connections are common.
				StartedAt: start.Add(-time.Duration(rapid.IntRange(0, 12).Draw(t, "age")) * time.Minute),
			})
		}
	}
}

func TestAWalkIsEveryItemOnceAndInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := newEstate(t, rapid.IntRange(1, 5).Draw(t, "connections"), federate.Settings{})
		fill(t, e)
		want := e.all(model.BackupQuery{})
		size := rapid.IntRange(1, 40).Draw(t, "pageSize")
		var got []string
		cursor, pages := "", 0
		for {
			list, err := e.page(t.Context(), size, cursor, model.BackupQuery{})
			if err != nil {
				t.Fatal(err)
			}
			if !list.Complete || list.Resume != "" {
				t.Fatal("nothing is missing, and the page says that something is")
			}
			if len(list.Items) > size {
				t.Fatalf("page of %d items for size %d", len(list.Items), size)
			}
			got = append(got, ids(list.Items)...)
			// Backups made during the walk are not part of it.
			w := rapid.IntRange(0, len(e.worlds)-1).Draw(t, "insertInto")
			e.worlds[w].AddBackup(memory.Backup{Key: fmt.Sprintf("new%d", pages), Stream: "s0", StartedAt: start.Add(time.Duration(pages+1) * time.Second)})
			if cursor = list.Next; cursor == "" {
				break
			}
			if pages++; pages > 500 {
				t.Fatal("the walk does not end")
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("walk in pages of %d:\n got %v\nwant %v", size, got, want)
		}
	})
}

// A walk over connections that fail at any call and come back, together with
// the walk of its last resume cursor, is every item once.
func TestFailuresLoseAndDoubleNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := newEstate(t, rapid.IntRange(1, 4).Draw(t, "connections"), federate.Settings{})
		fill(t, e)
		want := e.all(model.BackupQuery{})
		size := rapid.IntRange(1, 30).Draw(t, "pageSize")
		share := rapid.SampledFrom([]int{0, 5, 20, 60}).Draw(t, "failuresPerHundred")
		var failing atomic.Bool
		failing.Store(true)
		seed := rapid.Uint64().Draw(t, "faults")
		var calls atomic.Uint64
		for _, w := range e.worlds {
			w.Hook(func(context.Context, string) error {
				if failing.Load() && mix(seed+calls.Add(1))%100 < uint64(share) {
					return fault.New(fault.Unavailable, "test", "")
				}
				return nil
			})
		}
		var got []string
		cursor, rounds, resuming := "", 0, false
		for {
			list, err := e.page(t.Context(), size, cursor, model.BackupQuery{})
			if err != nil {
				t.Fatal(err)
			}
			for i := 1; i < len(list.Items); i++ {
				if !list.Items[i-1].Position().Before(list.Items[i].Position()) {
					t.Fatal("a page is out of order")
				}
			}
			got = append(got, ids(list.Items)...)
			if list.Complete != (list.Resume == "") {
				t.Fatal("complete and resume do not agree")
			}
			for _, s := range list.Sources {
				if list.Complete && s.State != federate.StateOK {
					t.Fatalf("complete with a source that is %s", s.State)
				}
			}
			if rounds++; rounds > 2000 {
				t.Fatal("the walk does not end")
			}
			switch {
			case list.Next != "":
				cursor = list.Next
			case list.Resume != "":
				cursor, resuming = list.Resume, true
				if rounds > 40 {
					failing.Store(false)
				}
			default:
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Fatalf("pages of %d, resumed %v:\n got %v\nwant %v", size, resuming, got, want)
				}
				return
			}
		}
	})
}

func mix(z uint64) uint64 {
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

func TestFiltersChooseTheSameAtAnyPageSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := newEstate(t, 3, federate.Settings{ScanLimit: rapid.IntRange(1, 30).Draw(t, "scanLimit")})
		for _, w := range e.worlds {
			w.Populate(rapid.IntRange(0, 40).Draw(t, "backups"), rapid.IntRange(1, 3).Draw(t, "streams"))
		}
		q := model.BackupQuery{}
		if rapid.Bool().Draw(t, "byStatus") {
			q.Statuses = []model.BackupStatus{model.BackupAvailable}
		}
		if rapid.Bool().Draw(t, "byTime") {
			q.StartedAfter = start.Add(-time.Duration(rapid.IntRange(0, 5000).Draw(t, "after")) * time.Minute)
			q.StartedBefore = start.Add(-time.Duration(rapid.IntRange(0, 3000).Draw(t, "before")) * time.Minute)
		}
		want := e.all(q)
		size := rapid.IntRange(1, 20).Draw(t, "pageSize")
		var got []string
		for cursor, rounds := "", 0; ; rounds++ {
			list, err := e.page(t.Context(), size, cursor, q)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, ids(list.Items)...)
			if cursor = list.Next; cursor == "" {
				break
			}
			if rounds > 1000 {
				t.Fatal("the walk does not end")
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %v\nwant %v", got, want)
		}
	})
}

func TestAMissingConnectionIsToldAndResumed(t *testing.T) {
	e := newEstate(t, 2, federate.Settings{})
	for i, w := range e.worlds {
		for n := range 4 {
			w.AddBackup(memory.Backup{Key: fmt.Sprintf("k%d", n), StartedAt: start.Add(-time.Duration(2*n+i) * time.Minute)})
		}
	}
	e.worlds[1].Fail("Backups.Streams", &fault.Error{Kind: fault.Throttled, RetryAfter: 3 * time.Second})
	list, err := e.page(t.Context(), 10, "", model.BackupQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if list.Complete || list.Resume == "" || len(list.Items) != 4 {
		t.Fatalf("complete %v, resume %q, %d items", list.Complete, list.Resume, len(list.Items))
	}
	if s := list.Sources[1]; s.State != federate.StateFailed || s.Code != "throttled" || s.RetryAfter != 3*time.Second {
		t.Errorf("source: %+v", s)
	}
	e.worlds[1].Fail("Backups.Streams", nil)
	resumed, err := e.page(t.Context(), 10, list.Resume, model.BackupQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if !resumed.Complete || len(resumed.Items) != 4 || len(resumed.Sources) != 1 {
		t.Fatalf("complete %v, %d items, %d sources", resumed.Complete, len(resumed.Items), len(resumed.Sources))
	}
	for _, b := range resumed.Items {
		if b.Connection != "conn-01" {
			t.Errorf("%s was not missing", b.ID)
		}
	}
}

func TestWhoWantsTheWholeGetsAnError(t *testing.T) {
	e := newEstate(t, 3, federate.Settings{})
	e.worlds[1].Fail("Backups.Streams", fault.New(fault.Timeout, "test", ""))
	ask := func(r federate.Request) error {
		r.Conns, r.PageSize, r.Binding = e.conns, 5, "b"
		_, err := federate.Merge(t.Context(), e.fed, r, backups(model.BackupQuery{}))
		return err
	}
	for name, test := range map[string]struct {
		request federate.Request
		fails   bool
	}{
		"partial":                       {federate.Request{}, false},
		"strict":                        {federate.Request{Strict: true}, true},
		"require one that answers":      {federate.Request{Require: []string{"conn-00"}}, false},
		"require the one that does not": {federate.Request{Require: []string{"conn-00", "conn-01"}}, true},
	} {
		err := ask(test.request)
		var incomplete *federate.IncompleteError
		if errors.As(err, &incomplete) != test.fails {
			t.Errorf("%s: %v", name, err)
		}
		if test.fails && !incomplete.Timeout() {
			t.Errorf("%s: a timeout is not told as one", name)
		}
	}
}

func TestASlowConnectionDoesNotHoldThePage(t *testing.T) {
	e := newEstate(t, 2, federate.Settings{SourceDeadline: 30 * time.Millisecond})
	e.worlds[0].AddBackup(memory.Backup{StartedAt: start})
	e.worlds[1].AddBackup(memory.Backup{StartedAt: start})
	e.worlds[1].Hook(func(ctx context.Context, _ string) error {
		<-ctx.Done()
		return ctx.Err()
	})
	list, err := e.page(t.Context(), 10, "", model.BackupQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != 1 || list.Complete || list.Sources[1].Code != "timeout" {
		t.Fatalf("%d items, complete %v, %+v", len(list.Items), list.Complete, list.Sources[1])
	}
}

func TestACallerWhoLeavesGetsItsOwnError(t *testing.T) {
	e := newEstate(t, 1, federate.Settings{})
	ctx, cancel := context.WithCancel(t.Context())
	e.worlds[0].Hook(func(ctx context.Context, _ string) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	})
	if _, err := e.page(ctx, 10, "", model.BackupQuery{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

// Streams that state a bound are opened only when it comes to the top.
func TestBoundsSaveCalls(t *testing.T) {
	e := newEstate(t, 1, federate.Settings{})
	const groups = 200
	var pages atomic.Int64
	open := func(context.Context, *fleet.Conn) ([]adapters.Stream[model.Backup], error) {
		var out []adapters.Stream[model.Backup]
		for g := range groups {
			newest := start.Add(-time.Duration(g) * time.Minute)
			out = append(out, adapters.Stream[model.Backup]{
				Name: fmt.Sprint(g), NewestAt: newest,
				Page: func(_ context.Context, before model.Position, limit int) (adapters.Page[model.Backup], error) {
					pages.Add(1)
					items := make([]model.Backup, 3)
					for i := range items {
						items[i] = model.Backup{ID: model.ID{Connection: "conn-00", Kind: "vm", Key: fmt.Sprintf("%d-%d", g, i)}, StartedAt: newest.Add(-time.Duration(i) * 24 * time.Hour)}
					}
					return adapters.SortedPage(items, model.Backup.Position, before, limit), nil
				},
			})
		}
		return out, nil
	}
	list, err := federate.Merge(t.Context(), e.fed, federate.Request{Conns: e.conns, PageSize: 20, Binding: "b"},
		federate.Timed[model.Backup]{Noun: "backups", Open: open, Place: model.Backup.Position})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != 20 || list.Items[19].StartedAt != start.Add(-19*time.Minute) {
		t.Fatalf("%d items, the last of %v", len(list.Items), list.Items[len(list.Items)-1].StartedAt)
	}
	if n := pages.Load(); n > 28 {
		t.Errorf("%d of %d streams were read for a page of 20", n, groups)
	}
}

// A stream whose order can not be trusted is a failed source, not lost items.
func TestAStreamOutOfOrderIsAFailure(t *testing.T) {
	e := newEstate(t, 1, federate.Settings{})
	wrong := func(context.Context, *fleet.Conn) ([]adapters.Stream[model.Backup], error) {
		return []adapters.Stream[model.Backup]{{Name: "x", Page: func(context.Context, model.Position, int) (adapters.Page[model.Backup], error) {
			id := func(key string) model.ID { return model.ID{Connection: "conn-00", Kind: "vm", Key: key} }
			return adapters.Page[model.Backup]{Items: []model.Backup{
				{ID: id("a"), StartedAt: start.Add(-2 * time.Minute)}, {ID: id("b"), StartedAt: start.Add(-time.Minute)},
			}}, nil
		}}}, nil
	}
	list, err := federate.Merge(t.Context(), e.fed, federate.Request{Conns: e.conns, PageSize: 5, Binding: "b"},
		federate.Timed[model.Backup]{Noun: "backups", Open: wrong, Place: model.Backup.Position})
	if err != nil {
		t.Fatal(err)
	}
	if list.Complete || list.Sources[0].State != federate.StateFailed {
		t.Fatalf("complete %v, %+v", list.Complete, list.Sources[0])
	}
}
