package store_test

import (
	"context"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/model"
	"switchback/internal/restores"
	"switchback/internal/store"
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
			t.Run("put replaces and is found by restore", func(t *testing.T) { putAndFind(t, fresh(t)) })
			t.Run("what is returned is the caller's own", func(t *testing.T) { notShared(t, fresh(t)) })
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

func record(key string) restores.Record {
	backup := model.ID{Connection: "c", Kind: "vm", Key: "k/1"}
	return restores.Record{
		Key: key, Fingerprint: "f", Phase: restores.PhaseIntent, CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC),
		Connection: "c", Marker: "m", Request: model.RestoreRequest{Kind: model.RestoreVolume, Source: model.RestoreSource{Backup: &backup}},
	}
}

func beginOnce(t *testing.T, s restores.Store) {
	ctx := context.Background()
	if existing, err := s.Begin(ctx, record("a")); err != nil || existing != nil {
		t.Fatalf("first Begin: %v, %v", existing, err)
	}
	other := record("a")
	other.Fingerprint = "other"
	existing, err := s.Begin(ctx, other)
	if err != nil {
		t.Fatal(err)
	}
	want := record("a")
	if diff := cmp.Diff(&want, existing); diff != "" {
		t.Error(diff)
	}
	if existing, err := s.Begin(ctx, record("b")); err != nil || existing != nil {
		t.Fatalf("Begin of another key: %v, %v", existing, err)
	}
}

func oneWins(t *testing.T, s restores.Store) {
	var wg sync.WaitGroup
	won := make(chan string, 16)
	for i := range 16 {
		wg.Go(func() {
			r := record("a")
			r.Marker = strconv.Itoa(i)
			if existing, err := s.Begin(t.Context(), r); err == nil && existing == nil {
				won <- r.Marker
			}
		})
	}
	wg.Wait()
	close(won)
	if len(won) != 1 {
		t.Fatalf("%d callers were let through", len(won))
	}
}

func putAndFind(t *testing.T, s restores.Store) {
	ctx := t.Context()
	r := record("a")
	if _, err := s.Begin(ctx, r); err != nil {
		t.Fatal(err)
	}
	if found, err := s.ByRestore(ctx, "c~vm~1"); err != nil || found != nil {
		t.Fatalf("found %v, %v before there was anything", found, err)
	}
	r.Phase, r.RestoreID, r.LastState = restores.PhaseStarted, "c~vm~1", model.StateRunning
	if err := s.Put(ctx, r); err != nil {
		t.Fatal(err)
	}
	found, err := s.ByRestore(ctx, "c~vm~1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&r, found); diff != "" {
		t.Error(diff)
	}
}

func notShared(t *testing.T, s restores.Store) {
	r := record("a")
	if _, err := s.Begin(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	first, err := s.Begin(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	first.Request.Source.Backup.Key = "changed"
	second, err := s.Begin(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if second.Request.Source.Backup.Key != "k/1" {
		t.Error("a change of what was returned is in the store")
	}
}

func TestBoltKeepsRecordsOverRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	first, err := store.OpenBolt(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Begin(t.Context(), record("a")); err != nil {
		t.Fatal(err)
	}
	if _, err := store.OpenBolt(path); err == nil {
		t.Error("a second process could open the file")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	existing, err := open(t, path).Begin(t.Context(), record("a"))
	if err != nil || existing == nil {
		t.Fatalf("after the restart: %v, %v", existing, err)
	}
}
