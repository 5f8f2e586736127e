package clumio

import (
	"context"
	"net/http"
	"slices"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// restores starts and shows restores.
type restores struct{ *client }

var (
	_ adapters.Restores        = restores{}
	_ adapters.RestoreCancels  = restores{}
	_ adapters.RestorePatches  = restores{}
	_ adapters.RestoreRemovals = restores{}
)

// Start implements adapters.Restores.
func (r restores) Start(ctx context.Context, request model.RestoreRequest) (model.Restore, error) {
	const op = "clumio.StartRestore"
	if source := request.Source.ID(); source.Connection != r.env.Connection {
		return model.Restore{}, fault.InvalidField(op, "/source", "invalid-source", "the source is not of this connection")
	}
	asked, err := readAsked(op, request)
	if err != nil {
		return model.Restore{}, err
	}
	switch request.Kind {
	case model.RestoreTable:
		return r.startTable(ctx, asked)
	case model.RestoreInstantAccess:
		return r.startInstantAccess(ctx, asked)
	case model.RestoreObjects:
		return r.startObjects(ctx, asked)
	case model.RestoreVolume:
		return r.startVolume(ctx, asked)
	case model.RestoreInstance:
		return r.startInstance(ctx, asked)
	case model.RestoreDatabase:
		return r.startDatabase(ctx, asked)
	case model.RestoreFiles, model.RestoreDownload, model.RestoreMount, model.RestoreRecords, model.RestoreSystem, model.RestoreUnknown:
	}
	return model.Restore{}, fault.New(fault.Unsupported, op, "this account has no such kind of restore")
}

// begin sends the one write of a restore whose reply names a task.
func (r restores) begin(ctx context.Context, op, path, accept string, body any, asked asked) (model.Restore, error) {
	var reply struct {
		TaskID string `json:"task_id"`
	}
	err := r.json(ctx, vendorhttp.Request{Op: op, Method: http.MethodPost, Path: path, Accept: accept, Body: body}, &reply)
	if err != nil {
		return model.Restore{}, err
	}
	if reply.TaskID == "" {
		return model.Restore{}, unnamed(op)
	}
	return r.begun(asked, r.env.ID(kindRestore, reply.TaskID), "queued", model.StateQueued), nil
}

// begun is a restore as its reply tells it. The word for its state is not in
// the reply; new tasks are queued and new endpoints preparing (NOTES sections
// 5 and 9).
func (r restores) begun(asked asked, id model.ID, word string, state model.State) model.Restore {
	return model.Restore{
		ID: id, Connection: r.env.Connection, Provider: Provider, Kind: asked.kind, State: state,
		Progress: model.Progress{Basis: model.ProgressNone}, Source: &asked.source, Target: asked.target,
		CreatedAt: r.env.Now().UTC(), ExpiresAt: asked.target.ExpiresAt,
		Outputs: model.Outputs{Name: asked.target.Name},
		Native:  model.Native{ID: id.Key, Status: word},
	}
}

// Get implements adapters.Restores.
func (r restores) Get(ctx context.Context, id model.ID, native bool) (model.Restore, error) {
	const op = "clumio.GetRestore"
	if id.Kind == kindEndpoint {
		got, err := r.endpoint(ctx, op, id, native)
		if err != nil {
			return model.Restore{}, err
		}
		shown := []model.Restore{got.wire.restore(r.env)}
		if err := r.settle(ctx, op, []wireEndpoint{got.wire}, shown); err != nil {
			return model.Restore{}, err
		}
		shown[0].NativeDocument = got.document
		return shown[0], nil
	}
	got, err := r.task(ctx, op, id, kindRestore, native)
	if err != nil {
		return model.Restore{}, err
	}
	restore := got.wire.restore(r.env)
	restore.NativeDocument = got.document
	return restore, nil
}

// Streams implements adapters.Restores: the restores that are tasks, and the
// instant-access endpoints. The task that prepares an endpoint is left out
// where its words tell it; where they do not, it shows beside its endpoint.
func (r restores) Streams(_ context.Context, q model.RestoreQuery) ([]adapters.Stream[model.Restore], error) {
	var streams []adapters.Stream[model.Restore]
	others := func(k model.RestoreKind) bool { return k != model.RestoreInstantAccess }
	pushed, some := taskFilters(q.States)
	if some && (len(q.Kinds) == 0 || slices.ContainsFunc(q.Kinds, others)) {
		query := taskQuery{
			op: "clumio.Restores", categories: []string{"restore", "snapshot_restore"}, states: q.States,
			after: q.CreatedAfter, before: q.CreatedBefore, native: q.Native,
			keep: func(w wireTask) bool { return w.isRestore() && !w.ofEndpoint() },
		}
		streams = append(streams, adapters.Stream[model.Restore]{
			Name: "tasks", Pushed: pushed,
			Page: func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Restore], error) {
				return taskPage(ctx, r.client, query, before, limit,
					func(w wireTask) model.Restore { return w.restore(r.env) }, model.Restore.Position,
					func(out *model.Restore, d documented[wireTask]) { out.NativeDocument = d.document })
			},
		})
	}
	if len(q.Kinds) == 0 || slices.Contains(q.Kinds, model.RestoreInstantAccess) {
		streams = append(streams, adapters.Stream[model.Restore]{
			Name: "instant-access-endpoints",
			Page: func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Restore], error) {
				return r.endpointPage(ctx, q.Native, before, limit)
			},
		})
	}
	return streams, nil
}

// Cancel implements adapters.RestoreCancels.
func (r restores) Cancel(ctx context.Context, id model.ID) error {
	const op = "clumio.CancelRestore"
	if id.Kind != kindEndpoint {
		return r.abort(ctx, op, id, kindRestore)
	}
	if _, err := r.endpoint(ctx, op, id, false); err != nil {
		return err
	}
	return fault.New(fault.Conflict, op, "instant access can not be stopped, only removed")
}

// pointInTime reads RestoreSource.At.
func pointInTime(op, at string) (string, error) {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return "", fault.InvalidField(op, "/source/at", "invalid-time", "it is not an RFC 3339 time")
	}
	return wireTime(t), nil
}
