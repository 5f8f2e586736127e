package clouddownload

import (
	"context"
	"net/url"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// taskKind is the kind of the ids of tasks.
const taskKind = "task"

// operations shows tasks. The vendor cleans its queue: old tasks vanish (NOTES
// section 8).
type operations struct{ *account }

// Streams implements adapters.Operations. Nothing is pushed down: the state of
// an EXPORT depends on the task that follows on it.
func (a operations) Streams(_ context.Context, q model.OperationQuery) ([]adapters.Stream[model.Operation], error) {
	const op = "storware.ListTasks"
	return []adapters.Stream[model.Operation]{{
		Name: "tasks",
		Page: func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Operation], error) {
			rows, err := a.taskList(op, a.inProject(url.Values{})).all(ctx)
			if err != nil {
				return adapters.Page[model.Operation]{}, err
			}
			page := sortRows(rows, before, limit, func(d *document[taskWire]) (adapters.Placed[*document[taskWire]], bool) {
				place := model.Position{At: d.Wire.createdAt(), ID: a.env.ID(taskKind, d.Wire.GUID).String()}
				return adapters.Placed[*document[taskWire]]{Position: place, Item: d}, true
			})
			out := adapters.Page[model.Operation]{More: page.More, Next: page.Next, Items: make([]model.Operation, len(page.Items))}
			for i, row := range page.Items {
				if out.Items[i], err = a.listed(ctx, op, rows, &row.Wire); err != nil {
					return adapters.Page[model.Operation]{}, err
				}
				out.Items[i].NativeDocument = row.native(q.Native)
			}
			return out, nil
		},
	}}, nil
}

// listed completes a row of the list. Which task follows on it is told by the
// task itself only, so it is asked for when the tasks of the same asset leave
// open whether the work is over.
func (a operations) listed(ctx context.Context, op string, rows []document[taskWire], t *taskWire) (model.Operation, error) {
	follower := map[enum]enum{"EXPORT": "STORE", "RESTORE": "IMPORT"}[t.Type]
	if t.State != taskFinished || follower == "" {
		return toOperation(a.env, t, nil), nil
	}
	seen, open := false, false
	for i := range rows {
		if next := &rows[i].Wire; next.Type == follower && sameEntity(next, t) {
			seen, open = true, open || next.State != taskFinished
		}
	}
	switch {
	case !open && (seen || follower == "IMPORT"):
		out := toOperation(a.env, t, nil)
		if seen {
			out.EndedAt = time.Time{} // when the follower ended
		}
		return out, nil
	}
	whole, err := a.task(ctx, op, t.GUID)
	if gone(err) { // cleaned meanwhile
		return toOperation(a.env, t, nil), nil
	}
	if err != nil {
		return model.Operation{}, err
	}
	return a.settle(ctx, op, &whole.Wire)
}

// settle completes an operation by what follows on its task. Where that can not
// be seen (yet), the backup that the task makes tells whether it is done.
func (a operations) settle(ctx context.Context, op string, t *taskWire) (model.Operation, error) {
	if followUpType(t) == "" || t.State != taskFinished {
		return toOperation(a.env, t, nil), nil
	}
	next, err := a.followUp(ctx, op, t)
	if err != nil || next != nil {
		return toOperation(a.env, t, next), err
	}
	if t.Type != "EXPORT" || t.Backup == nil || !plausible(t.Backup.GUID) {
		return toOperation(a.env, t, nil), nil
	}
	made, err := a.backup(ctx, op, model.ID{Key: t.Backup.GUID})
	switch {
	case gone(err):
	case err != nil:
		return model.Operation{}, err
	case backupStatus(made.Wire.Status) == model.BackupRunning:
		next = &taskWire{Type: "STORE", State: taskQueued}
	}
	return toOperation(a.env, t, next), nil
}

// Get implements adapters.Operations.
func (a operations) Get(ctx context.Context, id model.ID, native bool) (model.Operation, error) {
	const op = "storware.GetTask"
	if id.Kind != taskKind {
		return model.Operation{}, fault.New(fault.NotFound, op, "there is no operation of this kind")
	}
	task, err := a.task(ctx, op, id.Key)
	if err != nil {
		return model.Operation{}, err
	}
	out, err := a.settle(ctx, op, &task.Wire)
	out.NativeDocument = task.native(native)
	return out, err
}

// Cancel implements adapters.OperationCancels. The task that follows is stopped
// when the first is over already.
func (a operations) Cancel(ctx context.Context, id model.ID) error {
	const op = "storware.CancelTask"
	if id.Kind != taskKind {
		return fault.New(fault.NotFound, op, "there is no operation of this kind")
	}
	task, err := a.task(ctx, op, id.Key)
	if err != nil {
		return err
	}
	if !taskState(task.Wire.State).Terminal() {
		return a.cancelTask(ctx, op, id.Key)
	}
	if followUpType(&task.Wire) != "" && task.Wire.State == taskFinished {
		next, err := a.followUp(ctx, op, &task.Wire)
		if err != nil {
			return err
		}
		if next != nil && !taskState(next.State).Terminal() {
			return a.cancelTask(ctx, op, next.GUID)
		}
	}
	return fault.New(fault.Conflict, op, "the operation is over")
}
