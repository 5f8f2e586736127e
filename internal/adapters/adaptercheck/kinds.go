package adaptercheck

import (
	"context"
	"slices"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

func backupKind(s Subject) kind[model.Backup, model.BackupQuery] {
	return kind[model.Backup, model.BackupQuery]{
		name: "backups",
		all:  model.BackupQuery{StartedBefore: s.Settled},
		streams: func(ctx context.Context, a *adapters.Adapter, q model.BackupQuery) ([]adapters.Stream[model.Backup], error) {
			return a.Backups.Streams(ctx, q)
		},
		get: func(ctx context.Context, a *adapters.Adapter, id model.ID, native bool) (model.Backup, error) {
			return a.Backups.Get(ctx, id, native)
		},
		place:   model.Backup.Position,
		id:      func(b model.Backup) model.ID { return b.ID },
		origin:  func(b model.Backup) (string, string) { return b.Connection, b.Provider },
		matches: model.BackupQuery.Matches,
		native:  func(q model.BackupQuery) model.BackupQuery { q.Native = true; return q },
		moving:  func(b model.Backup) bool { return b.Status == model.BackupRunning },
		queries: func(base model.BackupQuery, b model.Backup) []model.BackupQuery {
			vary := func(change func(q *model.BackupQuery)) model.BackupQuery {
				q := base
				change(&q)
				return q
			}
			return []model.BackupQuery{
				vary(func(q *model.BackupQuery) { q.StartedAfter = b.StartedAt }),
				vary(func(q *model.BackupQuery) { q.StartedBefore = b.StartedAt }),
				vary(func(q *model.BackupQuery) { q.StartedAfter, q.StartedBefore = b.StartedAt, b.StartedAt.Add(1) }),
				vary(func(q *model.BackupQuery) { q.StartedAfter = b.StartedAt.Add(-36 * time.Hour) }),
				vary(func(q *model.BackupQuery) { q.Assets = []model.ID{b.Asset.ID} }),
				vary(func(q *model.BackupQuery) { q.AssetKinds = []model.AssetKind{b.Kind} }),
				vary(func(q *model.BackupQuery) { q.AssetKinds = []model.AssetKind{b.Kind, model.AssetOther} }),
				vary(func(q *model.BackupQuery) { q.AssetKinds = model.AssetKinds() }),
				vary(func(q *model.BackupQuery) { q.Statuses = []model.BackupStatus{b.Status} }),
				vary(func(q *model.BackupQuery) { q.Types = []model.BackupType{b.Type} }),
				vary(func(q *model.BackupQuery) {
					q.Assets, q.Statuses, q.StartedAfter = []model.ID{b.Asset.ID}, []model.BackupStatus{b.Status}, b.StartedAt
				}),
			}
		},
		words: backupWords,
	}
}

func backupWords(t T, a *adapters.Adapter, b model.Backup) {
	known(t, b.ID, b.Kind, model.AssetKinds())
	known(t, b.ID, b.Asset.Kind, []model.AssetKind{b.Kind})
	known(t, b.ID, b.Type, []model.BackupType{
		model.TypeFull, model.TypeIncremental, model.TypeLog, model.TypeSnapshot, model.TypeContinuous,
		model.TypeSynthetic, model.TypeSystem, model.TypeUnknown,
	})
	statuses := []model.BackupStatus{
		model.BackupAvailable, model.BackupPartial, model.BackupRunning, model.BackupFailed, model.BackupExpired, model.BackupUnknown,
	}
	known(t, b.ID, b.Status, statuses)
	for _, c := range b.Copies {
		known(t, b.ID, c.Kind, []model.CopyKind{model.CopyLocal, model.CopyArchive, model.CopyReplica})
		known(t, b.ID, c.Status, statuses)
	}
	if b.Asset.ID.Connection != b.Connection || b.Asset.ID.Key == "" {
		t.Errorf("%s: its asset has the id %q", b.ID, b.Asset.ID)
	}
	if b.Browsable && a.Files == nil {
		t.Errorf("%s: it is browsable and the account can not look into backups", b.ID)
	}
	for _, offered := range b.RestoreKinds {
		fits := slices.ContainsFunc(a.RestoreKinds, func(k adapters.RestoreKind) bool {
			return k.Kind == offered && slices.Contains(k.AssetKinds, b.Kind)
		})
		if !fits {
			t.Errorf("%s: it offers %s, which the account does not do for %s", b.ID, offered, b.Kind)
		}
	}
}

func restoreKind(s Subject) kind[model.Restore, model.RestoreQuery] {
	return kind[model.Restore, model.RestoreQuery]{
		name: "restores",
		all:  model.RestoreQuery{CreatedBefore: s.Settled},
		streams: func(ctx context.Context, a *adapters.Adapter, q model.RestoreQuery) ([]adapters.Stream[model.Restore], error) {
			return a.Restores.Streams(ctx, q)
		},
		get: func(ctx context.Context, a *adapters.Adapter, id model.ID, native bool) (model.Restore, error) {
			return a.Restores.Get(ctx, id, native)
		},
		place:   model.Restore.Position,
		id:      func(r model.Restore) model.ID { return r.ID },
		origin:  func(r model.Restore) (string, string) { return r.Connection, r.Provider },
		matches: model.RestoreQuery.Matches,
		native:  func(q model.RestoreQuery) model.RestoreQuery { q.Native = true; return q },
		moving:  func(r model.Restore) bool { return !r.State.Terminal() },
		queries: func(base model.RestoreQuery, r model.Restore) []model.RestoreQuery {
			after, before, kinds, states := base, base, base, base
			after.CreatedAfter = r.CreatedAt
			before.CreatedBefore = r.CreatedAt
			kinds.Kinds = []model.RestoreKind{r.Kind}
			states.States = []model.State{r.State}
			return []model.RestoreQuery{after, before, kinds, states}
		},
		words: func(t T, _ *adapters.Adapter, r model.Restore) {
			known(t, r.ID, r.Kind, append(model.RestoreKinds(), model.RestoreUnknown))
			knownState(t, r.ID, r.State, r.Progress)
			if r.Cancellable && r.State.Terminal() {
				t.Errorf("%s: it is over and cancellable", r.ID)
			}
		},
	}
}

func operationKind(s Subject) kind[model.Operation, model.OperationQuery] {
	return kind[model.Operation, model.OperationQuery]{
		name: "operations",
		all:  model.OperationQuery{CreatedBefore: s.Settled},
		streams: func(ctx context.Context, a *adapters.Adapter, q model.OperationQuery) ([]adapters.Stream[model.Operation], error) {
			return a.Operations.Streams(ctx, q)
		},
		get: func(ctx context.Context, a *adapters.Adapter, id model.ID, native bool) (model.Operation, error) {
			return a.Operations.Get(ctx, id, native)
		},
		place:   model.Operation.Position,
		id:      func(o model.Operation) model.ID { return o.ID },
		origin:  func(o model.Operation) (string, string) { return o.Connection, o.Provider },
		matches: model.OperationQuery.Matches,
		native:  func(q model.OperationQuery) model.OperationQuery { q.Native = true; return q },
		moving:  func(o model.Operation) bool { return !o.State.Terminal() },
		queries: func(base model.OperationQuery, o model.Operation) []model.OperationQuery {
			after, before, states := base, base, base
			after.CreatedAfter = o.CreatedAt
			before.CreatedBefore = o.CreatedAt
			states.States = []model.State{o.State}
			return []model.OperationQuery{after, before, states}
		},
		words: func(t T, _ *adapters.Adapter, o model.Operation) {
			known(t, o.ID, o.Action, []string{"backup", "delete", "update", "cancel", "other"})
			knownState(t, o.ID, o.State, o.Progress)
		},
	}
}

func knownState(t T, id model.ID, state model.State, progress model.Progress) {
	known(t, id, state, []model.State{
		model.StateQueued, model.StateRunning, model.StatePaused, model.StateCanceling, model.StateSucceeded,
		model.StateSucceededWithWarnings, model.StateFailed, model.StateCanceled, model.StateSkipped, model.StateUnknown,
	})
	known(t, id, progress.Basis, []model.ProgressBasis{model.ProgressVendor, model.ProgressPhases, model.ProgressNone})
	if p := progress.Percent; p != nil && (*p < 0 || *p > 100) {
		t.Errorf("%s: progress of %v percent", id, *p)
	}
}

func known[W comparable](t T, id model.ID, word W, words []W) {
	if !slices.Contains(words, word) {
		t.Errorf("%s: %v is none of %v", id, word, words)
	}
}

func ids[I, Q any](k kind[I, Q], w *walked[I]) []string {
	out := make([]string, len(w.items))
	for i, item := range w.items {
		out[i] = k.id(item).String()
	}
	return out
}

// compare tells what got lacks of want, and what it has beyond it or twice.
func compare(want, got []string) (missing, extra []string) {
	count := map[string]int{}
	for _, id := range want {
		count[id]++
	}
	for _, id := range got {
		if count[id]--; count[id] < 0 {
			extra = append(extra, id)
		}
	}
	for _, id := range want {
		if count[id] > 0 {
			count[id]--
			missing = append(missing, id)
		}
	}
	return missing, extra
}
