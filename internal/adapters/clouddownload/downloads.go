package clouddownload

import (
	"context"
	"slices"
	"time"

	"switchback/internal/fault"
	"switchback/internal/model"
)

// Get implements adapters.Restores.
func (a downloads) Get(ctx context.Context, id model.ID, native bool) (model.Restore, error) {
	const op = "storware.GetCloudDownload"
	key, err := parseDownloadKey(op, id)
	if err != nil {
		return model.Restore{}, err
	}
	if key.Record != "" {
		return a.getRecord(ctx, op, key.Record, native)
	}
	tasks, vanished, err := a.tasksOf(ctx, op, key)
	if err != nil {
		return model.Restore{}, err
	}
	guids, err := a.find(ctx, op, key, tasks, vanished)
	if err != nil {
		return model.Restore{}, err
	}
	out := a.restore(key, tasks, vanished)
	records, err := a.readRecords(ctx, op, key, guids)
	if err != nil {
		return model.Restore{}, err
	}
	if len(tasks) == 0 && len(records) == 0 {
		return model.Restore{}, fault.New(fault.NotFound, op, "the vendor does not know the download any more")
	}
	if native && len(tasks) > 0 {
		out.NativeDocument = tasks[0].Raw
	}
	a.attach(&out, key, tasks, guids, records, native)
	return out, nil
}

// attach puts what is known of the records on a download started here.
func (a downloads) attach(out *model.Restore, key downloadKey, tasks []document[taskWire], guids []string, records []listedRecord, native bool) {
	ready := out.State == model.StateSucceeded
	if len(tasks) == 0 { // the records are all there is
		states := make([]model.State, len(records))
		for i := range records {
			states[i] = records[i].state
		}
		out.State = together(states)
		ready = out.State == model.StateSucceeded
	}
	if len(guids) == 1 {
		out.Native.ID = guids[0]
		out.Outputs.HasContent = ready && len(records) == 1
	}
	for _, record := range records {
		if made := record.Wire.Backup; key.Backup != "" && made != nil && made.GUID != "" && made.GUID != key.Backup {
			out.Warnings = append(out.Warnings, "the vendor has prepared another backup than the one asked for: "+made.GUID)
		}
	}
	if len(records) > 1 {
		for _, record := range records {
			out.Children = append(out.Children, a.fromRecord(record, nil, native))
		}
	}
	if ready && len(guids) == 0 {
		out.Warnings = append(out.Warnings, "the vendor does not say which prepared download this one is, so its content can not be given")
	}
}

// restore translates the tasks of a download started here.
func (a downloads) restore(key downloadKey, tasks []document[taskWire], vanished int) model.Restore {
	out := model.Restore{
		ID: a.env.ID(downloadKind, key.String()), Connection: a.env.Connection, Provider: provider,
		Kind: model.RestoreDownload, Source: a.source(key), CreatedAt: key.createdAt(),
		Progress: model.Progress{Basis: model.ProgressNone}, Native: model.Native{Type: key.Mode},
	}
	states := make([]model.State, 0, len(tasks))
	var percent float64
	for i := range tasks {
		t := &tasks[i].Wire
		states = append(states, taskState(t.State))
		if p := progress(t.Progress); p.Percent != nil {
			percent += *p.Percent / float64(len(tasks)+vanished)
			out.Progress.Basis = model.ProgressVendor
		}
		if at := t.StartTime.time(); !at.IsZero() && (out.StartedAt.IsZero() || at.Before(out.StartedAt)) {
			out.StartedAt = at
		}
		if at := t.FinishTime.time(); at.After(out.EndedAt) {
			out.EndedAt = at
		}
		if out.Error == nil {
			out.Error = failureOf(t)
		}
		if out.Native.Status == "" || !taskState(t.State).Terminal() {
			out.Native.Status = string(t.State)
		}
	}
	out.State = together(states)
	if out.Progress.Basis == model.ProgressVendor {
		out.Progress.Percent = &percent
	}
	switch {
	case out.State == model.StateSucceeded:
		out.Progress = complete()
	case !out.State.Terminal():
		out.Cancellable = len(tasks) > 0
		out.EndedAt = time.Time{}
	}
	return out
}

// together is the state of several pieces of work: it is over when all are, and
// as bad as the worst.
func together(states []model.State) model.State {
	if len(states) == 0 {
		return model.StateUnknown
	}
	for _, state := range []model.State{
		model.StateRunning, model.StateCanceling, model.StatePaused, model.StateUnknown, model.StateQueued,
		model.StateFailed, model.StateCanceled,
	} {
		if !slices.Contains(states, state) {
			continue
		}
		if state == model.StateQueued && slices.ContainsFunc(states, model.State.Terminal) {
			return model.StateRunning
		}
		return state
	}
	return model.StateSucceeded
}

// source is what the download was asked of.
func (a downloads) source(key downloadKey) *model.RestoreSource {
	if key.Record != "" {
		return nil
	}
	if key.Backup != "" {
		id := a.env.ID(string(key.Kind), key.Backup)
		return &model.RestoreSource{Backup: &id}
	}
	id := a.env.ID(string(key.Kind), key.Entity)
	return &model.RestoreSource{Asset: &id, At: model.Latest}
}
