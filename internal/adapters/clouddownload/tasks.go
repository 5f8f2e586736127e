package clouddownload

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
)

// task reads one task.
func (a *account) task(ctx context.Context, op, guid string) (*document[taskWire], error) {
	path, err := a.item(op, "/tasks", guid)
	if err != nil {
		return nil, err
	}
	var task document[taskWire]
	if err := a.get(ctx, op, path, nil, &task); err != nil {
		return nil, err
	}
	if task.Wire.GUID != guid {
		return nil, fault.New(fault.Upstream, op, "the vendor answered with another task")
	}
	return &task, nil
}

// taskList is a list of tasks. No document names a column to sort tasks by, so
// it is read as a whole and sorted here; the vendor keeps it short by cleaning
// its queue. Its rows lack what tasks are tied to: creation time, workflow,
// backup and mounted backup are told by GET /tasks/{guid} only.
func (a *account) taskList(op string, filters url.Values) *listing[taskWire] {
	return &listing[taskWire]{
		account: a, op: op, path: "/tasks", query: filters,
		guid: func(t *taskWire) string { return t.GUID },
		at:   func(*taskWire) time.Time { return time.Time{} },
	}
}

// cancelTask asks for a running task to stop. It is not immediate (NOTES
// section 8).
func (a *account) cancelTask(ctx context.Context, op, guid string) error {
	path, err := a.item(op, "/tasks", guid)
	if err != nil {
		return err
	}
	_, err = a.client.JSON(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPut, Path: path + "/state", Body: stateRequest{State: taskCancelled},
	}, nil)
	return err
}

// followUpType is the type of the task that the server lets follow on t, ""
// when none does: EXPORT then STORE, RESTORE then IMPORT (NOTES section 8).
func followUpType(t *taskWire) enum {
	switch {
	case t.Type == "EXPORT":
		return "STORE"
	case t.Type == "RESTORE" && t.RestoreType == "RESTORE_AND_IMPORT":
		return "IMPORT"
	}
	return ""
}

// followUp returns the task that follows on t, nil when there is none. Both
// share a workflow execution, work on the same backup, or the second names the
// first as its parent.
func (a *account) followUp(ctx context.Context, op string, t *taskWire) (*taskWire, error) {
	kind := followUpType(t)
	filters := url.Values{"type": {string(kind)}}
	switch {
	case t.WorkflowExecution != nil && t.WorkflowExecution.GUID != "":
		filters.Set("workflow-execution", t.WorkflowExecution.GUID)
	case t.Backup != nil && t.Backup.GUID != "":
		filters.Set("backup", t.Backup.GUID)
	default:
		filters.Set("parent-task", t.GUID)
	}
	rows, err := a.taskList(op, filters).all(ctx)
	if err != nil {
		return nil, err
	}
	var newest *taskWire // of several tries
	for i := range rows {
		next := &rows[i].Wire
		if next.Type == kind && next.GUID != t.GUID && sameEntity(next, t) &&
			(newest == nil || next.createdAt().After(newest.createdAt())) {
			newest = next
		}
	}
	return newest, nil
}

// sameEntity tells the tasks of one workflow apart: one request may back up
// several entities. A task whose entity is gone is taken to belong.
func sameEntity(a, b *taskWire) bool {
	return a.ProtectedEntity == nil || b.ProtectedEntity == nil || a.ProtectedEntity.GUID == b.ProtectedEntity.GUID
}
