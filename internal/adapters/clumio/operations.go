package clumio

import (
	"context"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

// operations shows the tasks that are no restores.
type operations struct{ *client }

var (
	_ adapters.Operations       = operations{}
	_ adapters.OperationCancels = operations{}
)

// Streams implements adapters.Operations.
func (o operations) Streams(_ context.Context, q model.OperationQuery) ([]adapters.Stream[model.Operation], error) {
	pushed, some := taskFilters(q.States)
	if !some {
		return nil, nil
	}
	// Categories are not pushed: one that the vendor adds is an operation too.
	query := taskQuery{
		op: "clumio.Operations", states: q.States, after: q.CreatedAfter, before: q.CreatedBefore, native: q.Native,
		keep: func(w wireTask) bool { return !w.isRestore() },
	}
	return []adapters.Stream[model.Operation]{{
		Name: "tasks", Pushed: pushed,
		Page: func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Operation], error) {
			return taskPage(ctx, o.client, query, before, limit,
				func(w wireTask) model.Operation { return w.operation(o.env) }, model.Operation.Position,
				func(op *model.Operation, d documented[wireTask]) { op.NativeDocument = d.document })
		},
	}}, nil
}

// taskFilters names what the task list filters by; false when no task can be
// in any of the states.
func taskFilters(states []model.State) (pushed []string, some bool) {
	pushed = []string{"createdAfter", "createdBefore"}
	words, all := statusesOf(states)
	if all && len(states) > 0 {
		if len(words) == 0 {
			return nil, false
		}
		pushed = append(pushed, "state")
	}
	return pushed, true
}

// Get implements adapters.Operations.
func (o operations) Get(ctx context.Context, id model.ID, native bool) (model.Operation, error) {
	got, err := o.task(ctx, "clumio.GetOperation", id, kindTask, native)
	if err != nil {
		return model.Operation{}, err
	}
	operation := got.wire.operation(o.env)
	operation.NativeDocument = got.document
	return operation, nil
}

// Cancel implements adapters.OperationCancels.
func (o operations) Cancel(ctx context.Context, id model.ID) error {
	return o.abort(ctx, "clumio.CancelOperation", id, kindTask)
}
