package adaptertest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptertest"
	"switchback/internal/model"
)

// mutant is an adapter that is right but for one thing.
type mutant struct {
	name  string
	kills string // the check that must notice
	// memory takes the reference adapter, which can do more, instead of the toy.
	memory bool
	damage func(a *adapters.Adapter, env adapters.Env)

	transport func(next http.RoundTripper) http.RoundTripper
	config    func(raw json.RawMessage) json.RawMessage
	opened    func(a *adapters.Adapter) // after damage, with everything in place
}

func (m mutant) harness() adaptertest.Harness {
	h := toyHarness()
	if m.memory {
		h = memoryHarness()
	}
	open := h.Driver.Open
	h.Driver.Open = func(ctx context.Context, raw json.RawMessage, env adapters.Env) (*adapters.Adapter, error) {
		if m.transport != nil {
			env.Transport = m.transport(env.Transport)
		}
		if m.config != nil {
			raw = m.config(raw)
		}
		a, err := open(ctx, raw, env)
		if err == nil && m.damage != nil {
			m.damage(a, env)
		}
		if err == nil && m.opened != nil {
			m.opened(a)
		}
		return a, err
	}
	return h
}

// Every check notices what it is there to notice, and every mutant is noticed
// by the check that it names: a check that nothing can fail is no check.
func TestEveryCheckKillsItsMutants(t *testing.T) {
	mutants := slices.Concat(
		readMutants(), wireMutants(), restoreMutants(), contentMutants(), assetMutants(), pointMutants(), catalogMutants(),
		planMutants(), changeMutants(), policyMutants(), assignmentMutants(), nativeMutants(), writeMutants(),
	)
	names := adaptertest.CheckNames()
	for _, name := range names {
		if !slices.ContainsFunc(mutants, func(m mutant) bool { return m.kills == name }) {
			t.Errorf("no mutant for the check %s", name)
		}
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			t.Errorf("two checks are named %s", name)
		}
	}
	for _, m := range mutants {
		t.Run(m.kills+"/"+m.name, func(t *testing.T) {
			if len(adaptertest.Failures(t, m.harness(), m.kills)) == 0 {
				t.Error("the mutant lives")
			}
		})
	}
}

type (
	backupStreams func(ctx context.Context, q model.BackupQuery) ([]adapters.Stream[model.Backup], error)
	backupGet     func(ctx context.Context, id model.ID, native bool) (model.Backup, error)
)

// brokenBackups is the adapter's own with some calls replaced.
type brokenBackups struct {
	adapters.Backups
	streams backupStreams
	get     backupGet
}

func (b brokenBackups) Streams(ctx context.Context, q model.BackupQuery) ([]adapters.Stream[model.Backup], error) {
	if b.streams == nil {
		return b.Backups.Streams(ctx, q)
	}
	return b.streams(ctx, q)
}

func (b brokenBackups) Get(ctx context.Context, id model.ID, native bool) (model.Backup, error) {
	if b.get == nil {
		return b.Backups.Get(ctx, id, native)
	}
	return b.get(ctx, id, native)
}

// onStreams changes every stream of backups.
func onStreams(change func(q model.BackupQuery, s *adapters.Stream[model.Backup])) func(*adapters.Adapter, adapters.Env) {
	return func(a *adapters.Adapter, _ adapters.Env) {
		right := a.Backups
		a.Backups = brokenBackups{Backups: right, streams: func(ctx context.Context, q model.BackupQuery) ([]adapters.Stream[model.Backup], error) {
			streams, err := right.Streams(ctx, q)
			for i := range streams {
				change(q, &streams[i])
			}
			return streams, err
		}}
	}
}

// onPages changes every page of backups.
func onPages(change func(before model.Position, limit int, p *adapters.Page[model.Backup], err *error)) func(*adapters.Adapter, adapters.Env) {
	return onStreams(func(_ model.BackupQuery, s *adapters.Stream[model.Backup]) {
		right := s.Page
		s.Page = func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Backup], error) {
			page, err := right(ctx, before, limit)
			change(before, limit, &page, &err)
			return page, err
		}
	})
}

// onItems changes every listed backup.
func onItems(change func(b *model.Backup)) func(*adapters.Adapter, adapters.Env) {
	return onPages(func(_ model.Position, _ int, p *adapters.Page[model.Backup], _ *error) {
		for i := range p.Items {
			change(&p.Items[i])
		}
	})
}

// onGet replaces how one backup is read.
func onGet(get func(right backupGet) backupGet) func(*adapters.Adapter, adapters.Env) {
	return func(a *adapters.Adapter, _ adapters.Env) {
		a.Backups = brokenBackups{Backups: a.Backups, get: get(a.Backups.Get)}
	}
}

// onReadErrors changes the errors of lists and lookups.
func onReadErrors(change func(err error) error) func(*adapters.Adapter, adapters.Env) {
	return func(a *adapters.Adapter, env adapters.Env) {
		onPages(func(_ model.Position, _ int, _ *adapters.Page[model.Backup], err *error) {
			*err = change(*err)
		})(a, env)
		onGet(func(right backupGet) backupGet {
			return func(ctx context.Context, id model.ID, native bool) (model.Backup, error) {
				b, err := right(ctx, id, native)
				return b, change(err)
			}
		})(a, env)
	}
}
