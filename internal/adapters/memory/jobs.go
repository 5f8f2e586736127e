package memory

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// job is one asynchronous thing: a restore, or an operation.
type job struct {
	key      string
	kind     string // restore, operation
	action   string // of an operation
	subject  model.ID
	request  model.RestoreRequest
	created  time.Time
	takes    time.Duration
	canceled time.Time
	removed  bool
	settled  bool // its backup has been added
	name     string
	expires  time.Time
	roles    []adapters.AccessRole
	bytes    int64
}

// state is what the job has reached: a quarter of its time it waits, and it
// takes a quarter to stop.
func (j *job) state(now time.Time) model.State {
	switch {
	case !j.canceled.IsZero() && now.Before(j.canceled.Add(j.takes/4)):
		return model.StateCanceling
	case !j.canceled.IsZero():
		return model.StateCanceled
	case now.Before(j.created.Add(j.takes / 4)):
		return model.StateQueued
	case now.Before(j.created.Add(j.takes)):
		return model.StateRunning
	}
	return model.StateSucceeded
}

func (j *job) endedAt(now time.Time) time.Time {
	switch {
	case !j.state(now).Terminal():
		return time.Time{}
	case !j.canceled.IsZero():
		return j.canceled.Add(j.takes / 4)
	}
	return j.created.Add(j.takes)
}

// begin adds a job that starts now. The lock is held.
func (w *World) begin(j *job) *job {
	j.key, j.created, j.takes = w.nextKey(j.kind), w.now().UTC(), w.taskTime
	w.jobs[j.key] = j
	return j
}

// job finds one by id. The lock is held.
func (w *World) job(id model.ID, kind string) (*job, error) {
	j, found := w.jobs[id.Key]
	if !found || j.kind != kind || id.Kind != kind {
		return nil, fault.New(fault.NotFound, "memory."+kind, "no such "+kind)
	}
	return j, nil
}

type cancels struct {
	account
	kind string
}

func (s cancels) Cancel(ctx context.Context, id model.ID) error {
	if err := s.enter(ctx, "Cancel", s.kind); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j, err := s.job(id, s.kind)
	if err != nil {
		return err
	}
	if j.state(s.now()).Terminal() {
		return fault.New(fault.Conflict, "memory.Cancel", "it is over")
	}
	if j.canceled.IsZero() {
		j.canceled = s.now().UTC()
	}
	return nil
}

type backupStarts struct{ account }

func (s backupStarts) Start(ctx context.Context, r adapters.BackupStart) (model.Operation, error) {
	if err := s.enter(ctx, "BackupStarts.Start", ""); err != nil {
		return model.Operation{}, err
	}
	if len(r.Options) > 0 {
		return model.Operation{}, fault.InvalidField("memory.StartBackup", "/options", "unknown-member", "there are no options")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, _, found := s.asset(r.Subject); !found {
		return model.Operation{}, fault.New(fault.NotFound, "memory.StartBackup", "no such asset")
	}
	return s.operation(s.begin(&job{kind: "operation", action: "backup", subject: r.Subject}), false), nil
}

type operations struct{ account }

func (s operations) Streams(ctx context.Context, q model.OperationQuery) ([]adapters.Stream[model.Operation], error) {
	if err := s.enter(ctx, "Operations.Streams", ""); err != nil {
		return nil, err
	}
	return []adapters.Stream[model.Operation]{{
		Name: "operations",
		Page: func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Operation], error) {
			if err := s.enter(ctx, "Operations.Page", "operations"); err != nil {
				return adapters.Page[model.Operation]{}, err
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			var items []model.Operation
			for _, j := range s.jobs {
				if j.kind == "operation" {
					items = append(items, s.operation(j, q.Native))
				}
			}
			return adapters.SortedPage(items, model.Operation.Position, before, min(limit, maxPageSize)), nil
		},
	}}, nil
}

func (s operations) Get(ctx context.Context, id model.ID, native bool) (model.Operation, error) {
	if err := s.enter(ctx, "Operations.Get", id.Key); err != nil {
		return model.Operation{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j, err := s.job(id, "operation")
	if err != nil {
		return model.Operation{}, err
	}
	return s.operation(j, native), nil
}

// operation shows a job as it is now; a backup that has ended is in the lists
// from then on. The lock is held.
func (s account) operation(j *job, native bool) model.Operation {
	now := s.now()
	state := j.state(now)
	if state == model.StateSucceeded && j.action == "backup" && !j.settled {
		j.settled = true
		s.addBackup(Backup{Asset: j.subject.Key, AssetKind: model.AssetKind(j.subject.Kind), StartedAt: j.created})
	}
	out := model.Operation{
		ID: s.env.ID("operation", j.key), Connection: s.env.Connection, Provider: "memory", Action: j.action,
		State: state, Progress: model.Progress{Basis: model.ProgressNone},
		CreatedAt: j.created, EndedAt: j.endedAt(now), Cancellable: !state.Terminal(),
		Native: model.Native{ID: j.key, Status: strings.ToUpper(string(state))},
	}
	if !j.subject.IsZero() {
		out.Subject = &model.Ref{ID: j.subject}
	}
	if native {
		out.NativeDocument, _ = json.Marshal(out.Native)
	}
	return out
}
