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

// taskList is a list of tasks, newest first if the vendor knows the column.
func (a *account) taskList(op string, filters url.Values) *listing[taskWire] {
	filters.Set("orderBy", "task.creationTime")
	filters.Set("direction", "desc")
	return &listing[taskWire]{
		account: a, op: op, path: "/tasks", query: a.inProject(filters),
		guid: func(t *taskWire) string { return t.GUID },
		at:   func(t *taskWire) time.Time { return t.CreationTime.time() },
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

// followUps finds the task that the server lets follow on an EXPORT or a
// RESTORE: STORE or IMPORT (NOTES section 8). They share a workflow execution,
// name the first as their parent, or work on the same backup.
type followUps struct {
	account *account
	op      string
	known   map[string][]document[taskWire] // by query
}

// followUpType is the type of the task that follows on t, "" when none does.
func followUpType(t *taskWire) enum {
	switch {
	case t.Type == "EXPORT":
		return "STORE"
	case t.Type == "RESTORE" && t.RestoreType == "RESTORE_AND_IMPORT":
		return "IMPORT"
	}
	return ""
}

// of returns the newest task that follows on t, nil when there is none.
func (f *followUps) of(ctx context.Context, t *taskWire) (*document[taskWire], error) {
	kind := followUpType(t)
	filters := url.Values{"type": {string(kind)}}
	belongs := func(next *taskWire) bool { return next.ParentTask != nil && next.ParentTask.GUID == t.GUID }
	switch {
	case t.WorkflowExecution != nil && t.WorkflowExecution.GUID != "":
		filters.Set("workflow-execution", t.WorkflowExecution.GUID)
		belongs = func(next *taskWire) bool { return sameEntity(next, t) }
	case t.Backup != nil && t.Backup.GUID != "":
		filters.Set("backup", t.Backup.GUID)
		belongs = func(*taskWire) bool { return true }
	default:
		filters.Set("parent-task", t.GUID)
	}
	key := filters.Encode()
	rows, read := f.known[key]
	if !read {
		var err error
		if rows, err = f.account.taskList(f.op, filters).all(ctx); err != nil {
			return nil, err
		}
		if f.known == nil {
			f.known = map[string][]document[taskWire]{}
		}
		f.known[key] = rows
	}
	var newest *document[taskWire]
	for i := range rows {
		next := &rows[i]
		if next.Wire.Type != kind || next.Wire.GUID == t.GUID || !belongs(&next.Wire) {
			continue
		}
		if newest == nil || next.Wire.createdAt().After(newest.Wire.createdAt()) {
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
