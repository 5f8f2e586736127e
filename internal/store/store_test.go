package store_test

import (
	"context"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"switchback/internal/restores"
	"switchback/internal/store"
)

var (
	_ restores.Store = (*store.Memory)(nil)
	_ restores.Store = (*store.Bolt)(nil)
)

// Every store keeps the same promises.
func TestStores(t *testing.T) {
	stores := map[string]func(t *testing.T) restores.Store{
		"memory": func(*testing.T) restores.Store { return store.NewMemory() },
		"bolt":   func(t *testing.T) restores.Store { return open(t, filepath.Join(t.TempDir(), "journal.db")) },
	}
	for name, fresh := range stores {
		t.Run(name, func(t *testing.T) {
			t.Run("begin stores once and then returns what is there", func(t *testing.T) { beginOnce(t, fresh(t)) })
			t.Run("many begins of one key let one through", func(t *testing.T) { oneWins(t, fresh(t)) })
			t.Run("put replaces and is found by its alias", func(t *testing.T) { putAndFind(t, fresh(t)) })
			t.Run("values are the caller's own", func(t *testing.T) { notShared(t, fresh(t)) })
		})
	}
}

func open(t *testing.T, path string) *store.Bolt {
	t.Helper()
	s, err := store.OpenBolt(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// begin expects what Begin returns.
func begin(t *testing.T, s restores.Store, key, value, want string) {
	t.Helper()
	got, err := s.Begin(t.Context(), key, []byte(value))
	if err != nil || string(got) != want || (got == nil) != (want == "") {
		t.Fatalf("Begin(%s, %s) = %q, %v, want %q", key, value, got, err, want)
	}
}

func beginOnce(t *testing.T, s restores.Store) {
	begin(t, s, "a", "first", "")
	begin(t, s, "a", "second", "first")
	begin(t, s, "b", "other", "")
	begin(t, s, "a", "third", "first")
}

func oneWins(t *testing.T, s restores.Store) {
	var wg sync.WaitGroup
	won := make(chan int, 16)
	for i := range 16 {
		wg.Go(func() {
			if existing, err := s.Begin(context.Background(), "a", []byte(strconv.Itoa(i))); err == nil && existing == nil {
				won <- i
			}
		})
	}
	wg.Wait()
	close(won)
	if len(won) != 1 {
		t.Fatalf("%d callers were let through", len(won))
	}
	begin(t, s, "a", "late", strconv.Itoa(<-won))
}

func putAndFind(t *testing.T, s restores.Store) {
	find := func(alias, want string) {
		t.Helper()
		got, err := s.ByAlias(t.Context(), alias)
		if err != nil || string(got) != want || (got == nil) != (want == "") {
			t.Fatalf("ByAlias(%s) = %q, %v, want %q", alias, got, err, want)
		}
	}
	put := func(key, value, alias string) {
		t.Helper()
		if err := s.Put(t.Context(), key, []byte(value), alias); err != nil {
			t.Fatal(err)
		}
	}
	begin(t, s, "a", "intent", "")
	find("x", "")
	put("a", "started", "x")
	find("x", "started")
	put("a", "over", "")
	find("x", "over")
	begin(t, s, "a", "again", "over")
	find("a", "") // a key is no alias
}

func notShared(t *testing.T, s restores.Store) {
	value := []byte("first")
	if _, err := s.Begin(t.Context(), "a", value); err != nil {
		t.Fatal(err)
	}
	value[0] = 'X'
	got, err := s.Begin(t.Context(), "a", nil)
	if err != nil || string(got) != "first" {
		t.Fatalf("got %q, %v", got, err)
	}
	got[0] = 'Y'
	begin(t, s, "a", "", "first")
}

func TestBoltKeepsValuesOverRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	first, err := store.OpenBolt(path)
	if err != nil {
		t.Fatal(err)
	}
	begin(t, first, "a", "first", "")
	if _, err := store.OpenBolt(path); err == nil {
		t.Error("the file could be opened twice")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	begin(t, open(t, path), "a", "second", "first")
}
