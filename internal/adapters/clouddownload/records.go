package clouddownload

import (
	"context"
	"net/url"
	"slices"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// listedRecord is a download as lists show it.
type listedRecord struct {
	document[recordWire]
	state model.State
}

// Streams implements adapters.Restores. The record of a download has no time of
// its own: it is placed by the creation of the task that names it, or, when no
// task does (any more), by the time of its backup. All records are read for a
// page; they vanish after a day or so (NOTES section 7).
func (a downloads) Streams(_ context.Context, q model.RestoreQuery) ([]adapters.Stream[model.Restore], error) {
	const op = "storware.ListCloudDownloads"
	if len(q.Kinds) > 0 && !slices.Contains(q.Kinds, model.RestoreDownload) {
		return nil, nil
	}
	return []adapters.Stream[model.Restore]{{
		Name: "cloud-downloads",
		Page: func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Restore], error) {
			var items []model.Restore
			for _, mode := range downloadModes() {
				rows, err := a.downloadList(op, a.inProject(url.Values{"mode": {mode}})).all(ctx)
				if err != nil {
					return adapters.Page[model.Restore]{}, err
				}
				rows = slices.DeleteFunc(rows, func(r document[recordWire]) bool { return string(r.Wire.Mode) != mode })
				records, err := a.withStates(ctx, op, mode, rows)
				if err != nil {
					return adapters.Page[model.Restore]{}, err
				}
				for _, record := range records {
					items = append(items, a.fromRecord(record, nil, q.Native))
				}
			}
			if len(items) > 0 {
				tasks, err := a.creators(ctx, op, url.Values{}, maxCreators)
				if err != nil {
					return adapters.Page[model.Restore]{}, err
				}
				for i := range items {
					a.complete(&items[i], wireOf(tasks[items[i].Native.ID]))
				}
			}
			return adapters.SortedPage(items, model.Restore.Position, before, limit), nil
		},
	}}, nil
}

// getRecord reads a download by its record. There is no JSON answer below
// /cloud-download, but the record is a mounted backup (NOTES section 14). When
// it is gone, a task may still tell how the download ended.
func (a downloads) getRecord(ctx context.Context, op, guid string, native bool) (model.Restore, error) {
	path, err := a.item(op, "/mounted-backups", guid)
	if err != nil {
		return model.Restore{}, err
	}
	var row document[recordWire]
	if err := a.get(ctx, op, path, nil, &row); err != nil {
		if gone(err) {
			return a.getGone(ctx, op, guid, native, err)
		}
		return model.Restore{}, err
	}
	if row.Wire.GUID != guid || !slices.Contains(downloadModes(), string(row.Wire.Mode)) {
		return model.Restore{}, fault.New(fault.NotFound, op, "there is no download with this id")
	}
	records, err := a.withStates(ctx, op, string(row.Wire.Mode), []document[recordWire]{row})
	if err != nil {
		return model.Restore{}, err
	}
	tasks, err := a.creators(ctx, op, entityFilter(&row.Wire), maxCreators)
	if err != nil {
		return model.Restore{}, err
	}
	out := a.fromRecord(records[0], wireOf(tasks[guid]), native)
	if len(a.found.tasksFor(guid)) > 0 && !out.State.Terminal() {
		out.Cancellable = true
	}
	return out, nil
}

// maxGone bounds the search for the task of a record that is gone.
const maxGone = 20

func (a downloads) getGone(ctx context.Context, op, guid string, native bool, missing error) (model.Restore, error) {
	tasks, err := a.creators(ctx, op, url.Values{}, maxGone)
	if err != nil {
		return model.Restore{}, err
	}
	var known []document[taskWire]
	if task := tasks[guid]; task != nil {
		known = append(known, *task)
	}
	for _, task := range a.found.tasksFor(guid) {
		if whole, err := a.task(ctx, op, task); err == nil {
			known = append(known, *whole)
		}
	}
	if len(known) == 0 {
		return model.Restore{}, missing
	}
	out := a.restore(downloadKey{Record: guid, At: known[0].Wire.createdAt().UnixMilli()}, known, 0)
	out.Native.ID = guid
	out.NativeDocument = known[0].native(native)
	return out, nil
}

func entityFilter(r *recordWire) url.Values {
	if r.Backup != nil && r.Backup.entity().GUID != "" {
		return url.Values{"protected-entity": {r.Backup.entity().GUID}}
	}
	return url.Values{}
}

func wireOf(task *document[taskWire]) *taskWire {
	if task == nil {
		return nil
	}
	return &task.Wire
}

// readRecords reads the records of a download started here, as far as they are
// still there.
func (a downloads) readRecords(ctx context.Context, op string, key downloadKey, guids []string) ([]listedRecord, error) {
	if len(guids) == 0 {
		return nil, nil
	}
	rows, err := a.recordsOf(ctx, op, key.Mode, key.Entity)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r document[recordWire]) bool { return !slices.Contains(guids, r.Wire.GUID) })
	return a.withStates(ctx, op, key.Mode, rows)
}

// withStates tells how far records are. The member state is known from one
// client only; without it the filter finished-mount tells (NOTES section 7).
func (a *account) withStates(ctx context.Context, op, mode string, rows []document[recordWire]) ([]listedRecord, error) {
	out := make([]listedRecord, len(rows))
	var finished map[string]bool
	for i, row := range rows {
		out[i] = listedRecord{row, taskState(row.Wire.State)}
		if row.Wire.State != "" {
			continue
		}
		if finished == nil {
			done, err := a.downloadList(op, url.Values{"mode": {mode}, "finished-mount": {"true"}}).all(ctx)
			if err != nil {
				return nil, err
			}
			finished = map[string]bool{}
			for _, d := range done {
				finished[d.Wire.GUID] = true
			}
		}
		out[i].state = model.StateRunning
		if finished[row.Wire.GUID] {
			out[i].state = model.StateSucceeded
		}
	}
	return out, nil
}

// maxCreators bounds how many tasks are asked which record they have made.
const maxCreators = 100

// creators finds the tasks that name the record they have made, by record. The
// rows of the list do not name it, so the newest are asked one by one.
func (a *account) creators(ctx context.Context, op string, filters url.Values, most int) (map[string]*document[taskWire], error) {
	filters.Set("mounted-backup-assigned", "true")
	tasks, err := a.taskList(op, filters).all(ctx)
	if err != nil {
		return nil, err
	}
	tasks = slices.DeleteFunc(tasks, func(t document[taskWire]) bool { return t.Wire.Type == "UNMOUNT" })
	slices.SortFunc(tasks, func(a, b document[taskWire]) int { return b.Wire.createdAt().Compare(a.Wire.createdAt()) })
	out := map[string]*document[taskWire]{}
	for i := range tasks[:min(len(tasks), most)] {
		task := &tasks[i]
		if task.Wire.MountedBackup == nil {
			task, err = a.task(ctx, op, task.Wire.GUID)
			switch {
			case gone(err):
				continue
			case err != nil:
				return nil, err
			}
		}
		if record := task.Wire.MountedBackup; record != nil && record.GUID != "" {
			out[record.GUID] = task // the oldest wins
		}
	}
	return out, nil
}

// fromRecord translates a record, with the task that made it if it is known.
func (a downloads) fromRecord(r listedRecord, task *taskWire, native bool) model.Restore {
	out := model.Restore{
		ID: a.env.ID(downloadKind, r.Wire.GUID), Connection: a.env.Connection, Provider: provider,
		Kind: model.RestoreDownload, State: r.state, Progress: model.Progress{Basis: model.ProgressNone},
		CreatedAt: time.UnixMilli(0).UTC(),
		Native:    model.Native{ID: r.Wire.GUID, Status: string(r.Wire.State), Type: string(r.Wire.Mode)},
	}
	out.NativeDocument = r.native(native)
	if backup := r.Wire.Backup; backup != nil {
		if at := backup.BackupTime.time(); !at.IsZero() {
			out.CreatedAt = at
		} else {
			out.CreatedAt = backup.startedAt()
		}
		if backup.GUID != "" {
			id := a.env.ID(string(assetKind(backup.entity().Type)), backup.GUID)
			out.Source = &model.RestoreSource{Backup: &id}
		}
	}
	if out.State == model.StateFailed {
		out.Error = &model.Failure{Code: "vendor-task-failed", Detail: r.Wire.StatusInfo, Upstream: &model.UpstreamFailure{Code: string(r.Wire.State)}}
	}
	if out.State == model.StateSucceeded {
		out.Outputs.HasContent = true
		out.Progress = complete()
	}
	a.complete(&out, task)
	return out
}

// complete adds what the task that made a record knows beyond it.
func (a downloads) complete(out *model.Restore, task *taskWire) {
	if task == nil {
		return
	}
	out.CreatedAt, out.StartedAt = task.createdAt(), task.StartTime.time()
	if out.State.Terminal() {
		out.EndedAt = task.FinishTime.time()
	} else {
		out.Progress = progress(task.Progress)
		out.Cancellable = !taskState(task.State).Terminal()
	}
	if out.Error != nil && out.Error.Detail == "" {
		out.Error.Detail = task.StatusInfo
	}
}
