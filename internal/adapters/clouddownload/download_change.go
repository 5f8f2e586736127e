package clouddownload

import (
	"context"
	"net/http"
	"net/url"
	"regexp"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// target is a download with what acts on it.
type target struct {
	key     downloadKey
	tasks   []document[taskWire]
	records []string
}

func (a *account) target(ctx context.Context, op string, id model.ID) (target, error) {
	key, err := parseDownloadKey(op, id)
	if err != nil {
		return target{}, err
	}
	if key.Record != "" {
		return target{key: key, records: []string{key.Record}}, nil
	}
	tasks, vanished, err := a.tasksOf(ctx, op, key)
	if err != nil {
		return target{}, err
	}
	records, err := a.find(ctx, op, key, tasks, vanished)
	return target{key, tasks, records}, err
}

// one is the only record of a download.
func (t target) one(op string) (string, error) {
	switch len(t.records) {
	case 1:
		return t.records[0], nil
	case 0:
		for i := range t.tasks {
			if !taskState(t.tasks[i].Wire.State).Terminal() {
				return "", fault.New(fault.Conflict, op, "the download is not ready yet")
			}
		}
		return "", fault.New(fault.Conflict, op, "the vendor does not say which prepared download this one is")
	}
	return "", fault.New(fault.Conflict, op, "the vendor has made several downloads of this request: use its children")
}

// Cancel implements adapters.RestoreCancels.
func (a downloads) Cancel(ctx context.Context, id model.ID) error {
	const op = "storware.CancelCloudDownload"
	t, err := a.target(ctx, op, id)
	if err != nil {
		return err
	}
	if t.key.Record != "" {
		if t.tasks, err = a.tasksOfRecord(ctx, op, t.key.Record); err != nil {
			return err
		}
	}
	open := 0
	for i := range t.tasks {
		if task := &t.tasks[i].Wire; !taskState(task.State).Terminal() {
			open++
			if err := a.cancelTask(ctx, op, task.GUID); err != nil {
				return err
			}
		}
	}
	switch {
	case open > 0:
		return nil
	case len(t.tasks) == 0 && len(t.records) == 0:
		return fault.New(fault.NotFound, op, "the vendor does not know the download any more")
	}
	return fault.New(fault.Conflict, op, "the download is over, or no task of it is known")
}

// tasksOfRecord finds the tasks that prepare a record.
func (a downloads) tasksOfRecord(ctx context.Context, op, record string) ([]document[taskWire], error) {
	if _, err := a.getRecord(ctx, op, record, false); err != nil {
		return nil, err
	}
	var tasks []document[taskWire]
	for _, guid := range a.found.tasksFor(record) {
		switch task, err := a.task(ctx, op, guid); {
		case err == nil:
			tasks = append(tasks, *task)
		case !gone(err):
			return nil, err
		}
	}
	if len(tasks) > 0 {
		return tasks, nil
	}
	named, err := a.creators(ctx, op, url.Values{}, maxCreators)
	if task := named[record]; task != nil {
		tasks = append(tasks, *task)
	}
	return tasks, err
}

// stateWord is what a vendor constant looks like.
var stateWord = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,63}$`)

// Patch implements adapters.RestorePatches: the vendor changes the status only.
func (a downloads) Patch(ctx context.Context, id model.ID, p model.RestorePatch) (model.Restore, error) {
	const op = "storware.UpdateCloudDownload"
	switch {
	case p.Name != nil:
		return model.Restore{}, fault.InvalidField(op, "/name", "unsupported", "a download has no name")
	case p.ExpiresAt != nil:
		return model.Restore{}, fault.InvalidField(op, "/expiresAt", "unsupported", "the vendor decides how long a download is kept")
	case p.Status == nil:
		return a.Get(ctx, id, false)
	case !stateWord.MatchString(*p.Status):
		return model.Restore{}, fault.InvalidField(op, "/status", "invalid", "a status is a word in capital letters")
	}
	t, err := a.target(ctx, op, id)
	if err != nil {
		return model.Restore{}, err
	}
	record, err := t.one(op)
	if err != nil {
		return model.Restore{}, err
	}
	path, err := a.item(op, "/cloud-download", record)
	if err != nil {
		return model.Restore{}, err
	}
	if _, err := a.client.JSON(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPut, Path: path, Body: stateRequest{State: enum(*p.Status)}, Accept: "application/json",
	}, nil); err != nil {
		return model.Restore{}, err
	}
	return a.Get(ctx, id, false)
}

// Remove implements adapters.RestoreRemovals. The answer is a task, or nothing
// (NOTES section 6); then the task that names the record is looked for.
func (a downloads) Remove(ctx context.Context, id model.ID) (*model.Operation, error) {
	const op = "storware.DeleteCloudDownload"
	t, err := a.target(ctx, op, id)
	if err != nil {
		return nil, err
	}
	record, err := t.one(op)
	if err != nil {
		return nil, err
	}
	path, err := a.item(op, "/cloud-download", record)
	if err != nil {
		return nil, err
	}
	var task taskWire
	if _, err := a.client.JSON(ctx, vendorhttp.Request{Op: op, Method: http.MethodDelete, Path: path, Accept: "application/json"}, &task); err != nil {
		return nil, err
	}
	if task.GUID == "" {
		found, err := a.unmounting(ctx, op, record)
		if err != nil || found == nil {
			return nil, nil //nolint:nilerr,nilnil // the download is removed; only what to watch is not known
		}
		task = *found
	}
	operation := toOperation(a.env, &task, nil)
	return &operation, nil
}

// unmounting finds the newest task that unmounts a record.
func (a downloads) unmounting(ctx context.Context, op, record string) (*taskWire, error) {
	tasks, err := a.taskList(op, url.Values{"type": {"UNMOUNT"}, "mounted-backup-assigned": {"true"}}).all(ctx)
	if err != nil {
		return nil, err
	}
	var newest *taskWire
	for i := range tasks {
		whole, err := a.task(ctx, op, tasks[i].Wire.GUID)
		switch {
		case gone(err):
			continue
		case err != nil:
			return nil, err
		}
		if task := &whole.Wire; task.MountedBackup != nil && task.MountedBackup.GUID == record &&
			(newest == nil || task.createdAt().After(newest.createdAt())) {
			newest = task
		}
	}
	return newest, nil
}
