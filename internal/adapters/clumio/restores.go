package clumio

import (
	"context"
	"slices"
	"time"

	"switchback/internal/adapters"
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
	p, err := r.prepare(ctx, op, request)
	if err != nil {
		return model.Restore{}, err
	}
	if err := p.asked.noPreview(op); err != nil {
		return model.Restore{}, err
	}
	return r.send(ctx, p)
}

// noPreview refuses a start that asks for a preview: that is a plan.
func (a asked) noPreview(op string) error {
	preview := false
	if err := a.option(op, optionPreview, &preview); err != nil || !preview {
		return err
	}
	return fault.InvalidField(op, "/options/"+optionPreview, "unsupported-value", "a preview is a plan, not a restore")
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
	return r.collected(ctx, op, got.wire, restore)
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
				page, err := taskPage(ctx, r.client, query, before, limit,
					func(w wireTask) model.Restore { return w.restore(r.env) }, model.Restore.Position,
					func(out *model.Restore, d documented[wireTask]) { out.NativeDocument = d.document })
				if err != nil {
					return page, err
				}
				if err := r.tellRecords(ctx, query.op, page.Items); err != nil && !noSuchList(err) {
					return adapters.Page[model.Restore]{}, err
				}
				return page, nil
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
