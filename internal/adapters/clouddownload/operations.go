package clouddownload

import (
	"context"
	"net/url"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// taskKind is the kind of the ids of tasks.
const taskKind = "task"

// operations shows tasks. The vendor cleans its queue: old tasks vanish (NOTES
// section 8).
type operations struct{ *account }

// Streams implements adapters.Operations. States are not pushed down, because
// the state of an EXPORT depends on the task that follows on it.
func (a operations) Streams(_ context.Context, q model.OperationQuery) ([]adapters.Stream[model.Operation], error) {
	const op = "storware.ListTasks"
	type row struct {
		item model.Operation
		wire taskWire
	}
	rows := streams(a.taskList(op, url.Values{}), "tasks", between{q.CreatedAfter, q.CreatedBefore}, nil,
		func(d *document[taskWire]) (adapters.Placed[row], bool) {
			item := toOperation(a.env, &d.Wire, nil)
			item.NativeDocument = d.native(q.Native)
			return adapters.Placed[row]{Position: item.Position(), Item: row{item, d.Wire}}, true
		})
	out := make([]adapters.Stream[model.Operation], len(rows))
	for i, stream := range rows {
		out[i] = adapters.Stream[model.Operation]{Name: stream.Name, Page: func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Operation], error) {
			page, err := stream.Page(ctx, before, limit)
			if err != nil {
				return adapters.Page[model.Operation]{}, err
			}
			following := followUps{account: a.account, op: op}
			done := adapters.Page[model.Operation]{More: page.More, Next: page.Next, Items: make([]model.Operation, len(page.Items))}
			for i, r := range page.Items {
				if done.Items[i], err = a.settle(ctx, &following, r.item, &r.wire); err != nil {
					return adapters.Page[model.Operation]{}, err
				}
			}
			return done, nil
		}}
	}
	return out, nil
}

// settle completes an operation by what follows on its task. Where that can not
// be seen (yet), the backup that the task makes tells whether it is done.
func (a operations) settle(ctx context.Context, following *followUps, item model.Operation, t *taskWire) (model.Operation, error) {
	if followUpType(t) == "" || t.State != taskFinished {
		return item, nil
	}
	next, err := following.of(ctx, t)
	if err != nil {
		return item, err
	}
	if next != nil {
		settled := toOperation(a.env, t, &next.Wire)
		settled.NativeDocument = item.NativeDocument
		return settled, nil
	}
	if t.Type != "EXPORT" || t.Backup == nil {
		return item, nil
	}
	var made backupWire
	path, err := a.item(following.op, "/backups", t.Backup.GUID)
	if err != nil {
		return item, nil //nolint:nilerr // a name that can not be asked for tells nothing
	}
	if err := a.get(ctx, following.op, path, nil, &made); err != nil {
		if gone(err) {
			return item, nil
		}
		return item, err
	}
	if backupStatus(made.Status) == model.BackupRunning {
		settled := toOperation(a.env, t, &taskWire{Type: "STORE", State: taskQueued})
		settled.NativeDocument = item.NativeDocument
		return settled, nil
	}
	return item, nil
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
	item := toOperation(a.env, &task.Wire, nil)
	item.NativeDocument = task.native(native)
	return a.settle(ctx, &followUps{account: a.account, op: op}, item, &task.Wire)
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
		next, err := (&followUps{account: a.account, op: op}).of(ctx, &task.Wire)
		if err != nil {
			return err
		}
		if next != nil && !taskState(next.Wire.State).Terminal() {
			return a.cancelTask(ctx, op, next.Wire.GUID)
		}
	}
	return fault.New(fault.Conflict, op, "the operation is over")
}
