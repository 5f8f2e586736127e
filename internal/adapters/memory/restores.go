package memory

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func restoreKinds() []adapters.RestoreKind {
	object := func(members string) json.RawMessage {
		return json.RawMessage(`{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"properties":{` + members + `}}`)
	}
	one := []model.SourceForm{model.SourceBackup}
	return []adapters.RestoreKind{
		{
			Kind: model.RestoreVolume, AssetKinds: model.AssetKinds(),
			Sources: []model.SourceForm{model.SourceBackup, model.SourceLatest, model.SourceAt},
			Target:  object(`"name":{"type":"string"},"zone":{"type":"string"}`),
		},
		{
			Kind: model.RestoreDownload, AssetKinds: model.AssetKinds(), Sources: one,
			Select: object(`"paths":{"type":"array","items":{"type":"string"}}`),
		},
		{
			Kind: model.RestoreInstantAccess, AssetKinds: model.AssetKinds(), Sources: one,
			Target: object(`"name":{"type":"string"},"expiresAt":{"type":"string","format":"date-time"}`),
		},
	}
}

type restores struct{ account }

func (s restores) Start(ctx context.Context, r model.RestoreRequest) (model.Restore, error) {
	if err := s.enter(ctx, "Restores.Start", ""); err != nil {
		return model.Restore{}, err
	}
	source, err := s.restorable(r)
	if err != nil {
		return model.Restore{}, err
	}
	var target model.RestoreTarget
	if len(r.Target) > 0 {
		if err := json.Unmarshal(r.Target, &target); err != nil {
			return model.Restore{}, fault.InvalidField("memory.Start", "/target", "invalid", "the target can not be read")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.begin(&job{kind: "restore", request: r, name: target.Name, expires: target.ExpiresAt, bytes: source.Bytes})
	if s.lost > 0 {
		s.lost--
		return model.Restore{}, &fault.Error{
			Kind: fault.Unavailable, Op: "memory.Start", Detail: "the vendor can not be reached", Ambiguous: true,
		}
	}
	return s.restore(j, true), nil
}

// restorable finds the backup that a restore starts from, if it can be started.
func (s account) restorable(r model.RestoreRequest) (Backup, error) {
	source := r.Source
	offered := slices.ContainsFunc(restoreKinds(), func(k adapters.RestoreKind) bool {
		return k.Kind == r.Kind && slices.Contains(k.Sources, source.Form())
	})
	if !offered {
		return Backup{}, fault.InvalidField("memory.Start", "/kind", "unsupported", "this kind can not be made from this source")
	}
	at := s.now()
	if source.Form() == model.SourceAt {
		var err error
		if at, err = time.Parse(time.RFC3339, source.At); err != nil {
			return Backup{}, fault.InvalidField("memory.Start", "/source/at", "invalid-time", "at is not a time")
		}
	}
	for _, b := range s.World.Backups() {
		if id := source.ID(); id.Kind != string(b.AssetKind) || source.Backup != nil && id.Key != b.Key || source.Asset != nil && id.Key != b.Asset {
			continue
		}
		if usable := b.Status == model.BackupAvailable || b.Status == model.BackupPartial; !usable && source.Backup != nil {
			return b, fault.New(fault.Conflict, "memory.Start", "the backup can not be restored from")
		} else if usable && (source.Backup != nil || !b.StartedAt.After(at)) {
			return b, nil
		}
	}
	return Backup{}, fault.New(fault.NotFound, "memory.Start", "no such backup")
}

func (s restores) Get(ctx context.Context, id model.ID, native bool) (model.Restore, error) {
	if err := s.enter(ctx, "Restores.Get", id.Key); err != nil {
		return model.Restore{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j, err := s.job(id, "restore")
	if err != nil {
		return model.Restore{}, err
	}
	return s.restore(j, native), nil
}

func (s restores) Streams(ctx context.Context, q model.RestoreQuery) ([]adapters.Stream[model.Restore], error) {
	if err := s.enter(ctx, "Restores.Streams", ""); err != nil {
		return nil, err
	}
	return []adapters.Stream[model.Restore]{{
		Name: "restores",
		Page: func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Restore], error) {
			if err := s.enter(ctx, "Restores.Page", "restores"); err != nil {
				return adapters.Page[model.Restore]{}, err
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			var items []model.Restore
			for _, j := range s.jobs {
				if j.kind == "restore" {
					items = append(items, s.restore(j, q.Native))
				}
			}
			return adapters.SortedPage(items, model.Restore.Position, before, min(limit, maxPageSize)), nil
		},
	}}, nil
}

// restore shows a job as it is now. The lock is held.
func (s account) restore(j *job, native bool) model.Restore {
	now := s.now()
	state := j.state(now)
	source := j.request.Source
	out := model.Restore{
		ID: s.env.ID("restore", j.key), Connection: s.env.Connection, Provider: "memory", Kind: j.request.Kind,
		State: state, Progress: model.Progress{Basis: model.ProgressNone}, Source: &source, Reason: j.request.Reason,
		CreatedAt: j.created, EndedAt: j.endedAt(now), ExpiresAt: j.expires, Cancellable: !state.Terminal(),
		Outputs: model.Outputs{
			Name:       j.name,
			HasContent: j.request.Kind == model.RestoreDownload && !j.removed,
			HasAccess:  j.request.Kind == model.RestoreInstantAccess && !j.removed,
		},
		Native: model.Native{ID: j.request.Marker, Status: strings.ToUpper(string(state))},
	}
	if native {
		out.NativeDocument, _ = json.Marshal(out.Native)
	}
	return out
}

type restorePatches struct{ account }

func (s restorePatches) Patch(ctx context.Context, id model.ID, p model.RestorePatch) (model.Restore, error) {
	if err := s.enter(ctx, "RestorePatches.Patch", id.Key); err != nil {
		return model.Restore{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j, err := s.job(id, "restore")
	switch {
	case err != nil:
		return model.Restore{}, err
	case p.Status != nil:
		return model.Restore{}, fault.InvalidField("memory.Patch", "/status", "not-changeable", "status can not be changed")
	case p.Name != nil && j.request.Kind != model.RestoreInstantAccess:
		return model.Restore{}, fault.InvalidField("memory.Patch", "/name", "not-changeable", "name can not be changed")
	case p.ExpiresAt != nil && j.request.Kind != model.RestoreInstantAccess:
		return model.Restore{}, fault.InvalidField("memory.Patch", "/expiresAt", "not-changeable", "expiresAt can not be changed")
	}
	if p.Name != nil {
		j.name = *p.Name
	}
	if p.ExpiresAt != nil {
		j.expires = p.ExpiresAt.UTC()
	}
	return s.restore(j, true), nil
}

type restoreRemovals struct{ account }

func (s restoreRemovals) Remove(ctx context.Context, id model.ID) (*model.Operation, error) {
	if err := s.enter(ctx, "RestoreRemovals.Remove", id.Key); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j, err := s.job(id, "restore")
	switch {
	case err != nil:
		return nil, err
	case j.request.Kind == model.RestoreVolume:
		return nil, fault.New(fault.Unsupported, "memory.Remove", "this restore has made nothing that can be removed")
	case j.removed || !j.state(s.now()).Terminal():
		return nil, fault.New(fault.Conflict, "memory.Remove", "there is nothing to remove now")
	}
	j.removed = true
	operation := s.operation(s.begin(&job{kind: "operation", action: "delete", subject: id}), true)
	return &operation, nil
}
