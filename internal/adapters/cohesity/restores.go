package cohesity

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// recoveryKind is the id kind of restores.
const recoveryKind = "recovery"

type restores struct{ *account }

// Get implements adapters.Restores.
func (r restores) Get(ctx context.Context, id model.ID, native bool) (model.Restore, error) {
	recovery, raw, err := r.recovery(ctx, id)
	if err != nil {
		return model.Restore{}, err
	}
	restore := r.view().restore(recovery)
	if native {
		restore.NativeDocument = raw
	}
	if recovery.Parent {
		if restore.Children, err = r.children(ctx, recovery.ID); err != nil {
			return model.Restore{}, err
		}
	}
	if restore.State == model.StateRunning && recovery.ProgressTaskID != "" {
		r.addProgress(ctx, recovery.ProgressTaskID, &restore)
	}
	return restore, nil
}

// recovery reads one recovery and its document.
func (a *account) recovery(ctx context.Context, id model.ID) (*wireRecovery, json.RawMessage, error) {
	const op = "ibm.GetRecovery"
	if id.Kind != recoveryKind || !uid.MatchString(id.Key) {
		return nil, nil, fault.New(fault.NotFound, op, "there is no such restore")
	}
	var raw json.RawMessage
	if err := a.get(ctx, op, segments("data-protect", "recoveries", id.Key), nil, &raw); err != nil {
		return nil, nil, err
	}
	recovery, err := readRecovery(op, raw)
	if err == nil && recovery.ID != id.Key {
		err = fault.New(fault.Upstream, op, "the vendor answered with another recovery")
	}
	return recovery, raw, err
}

func readRecovery(op string, raw json.RawMessage) (*wireRecovery, error) {
	var recovery wireRecovery
	if json.Unmarshal(raw, &recovery) != nil || recovery.ID == "" || micros(recovery.Start).IsZero() {
		return nil, fault.New(fault.Upstream, op, "the vendor's recovery can not be read")
	}
	return &recovery, nil
}

// listRecoveries reads one answer of the list; it has no pages.
func (a *account) listRecoveries(ctx context.Context, query url.Values, native bool) ([]model.Restore, error) {
	const op = "ibm.ListRecoveries"
	var answer recoveriesAnswer
	if err := a.get(ctx, op, segments("data-protect", "recoveries"), query, &answer); err != nil {
		return nil, err
	}
	view := a.view()
	found := make([]model.Restore, 0, len(answer.Recoveries))
	for _, raw := range answer.Recoveries {
		recovery, err := readRecovery(op, raw)
		if err != nil {
			return nil, err
		}
		restore := view.restore(recovery)
		if native {
			restore.NativeDocument = raw
		}
		found = append(found, restore)
	}
	return found, nil
}

// children lists the parts of a restore of several databases (IBM NOTES section
// 12).
func (a *account) children(ctx context.Context, parent string) ([]model.Restore, error) {
	return a.listRecoveries(ctx, url.Values{"ids": {parent}, "returnOnlyChildRecoveries": {"true"}}, false)
}

// addProgress asks for the percentage, which the recovery itself does not have.
// It is a nicety: without it the restore is still right.
func (a *account) addProgress(ctx context.Context, task string, restore *model.Restore) {
	var answer progressAnswer
	_, err := a.client.JSON(ctx, vendorhttp.Request{
		Op: "ibm.GetProgress", Path: a.rootPath + "/irisservices/api/v1/progressMonitors", Root: true, Accept: "application/json",
		Query: url.Values{"taskPathVec": {task}, "includeFinishedTasks": {"true"}, "excludeSubTasks": {"true"}},
	}, &answer)
	if err != nil {
		a.env.Logger.DebugContext(ctx, "the progress of a recovery can not be read", slog.Any("error", err))
		return
	}
	for _, group := range answer.Groups {
		for _, t := range group.Tasks {
			if t.Path == task && t.Progress != nil && t.Progress.Percent != nil {
				bytes := restore.Progress.Bytes
				restore.Progress = percent(t.Progress.Percent)
				restore.Progress.Bytes = bytes
			}
		}
	}
}

// The recoveries list has no pages: it gives all of a window, and the window has
// to be named (IBM NOTES section 6). So a page looks at a short stretch first
// and at longer ones as long as nothing is found.
const (
	firstStretch  = 7 * 24 * time.Hour
	stretchGrowth = 4
	maxStretches  = 6
)

// Streams implements adapters.Restores.
func (r restores) Streams(_ context.Context, q model.RestoreQuery) ([]adapters.Stream[model.Restore], error) {
	bounds := r.window(q.CreatedAfter, q.CreatedBefore)
	return []adapters.Stream[model.Restore]{{
		Name: "recoveries", Pushed: []string{"createdAfter", "createdBefore"},
		Page: func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Restore], error) {
			return r.page(ctx, bounds, before, limit, q.Native)
		},
	}}, nil
}

func (r restores) page(ctx context.Context, bounds window, before model.Position, limit int, native bool) (adapters.Page[model.Restore], error) {
	limit = min(limit, maxPage)
	to := bounds.to
	if !before.At.IsZero() {
		to = min(to, before.At.UnixMicro()+1)
	}
	var (
		found   []model.Restore
		from    = to + 1
		stretch = firstStretch.Microseconds()
	)
	for n := 0; n < maxStretches && len(found) <= limit && to >= bounds.from; n++ {
		from = max(to-stretch, bounds.from)
		part, err := r.listRecoveries(ctx, url.Values{"startTimeUsecs": {usecs(from)}, "endTimeUsecs": {usecs(to)}}, native)
		if err != nil {
			return adapters.Page[model.Restore]{}, err
		}
		for _, restore := range part {
			// Whether the vendor's bounds are inclusive is not documented: the ends
			// overlap, and each item counts in the stretch that it belongs to.
			if at := restore.CreatedAt.UnixMicro(); at > from && at <= to || from == bounds.from && at == from {
				if before.Before(restore.Position()) {
					found = append(found, restore)
				}
			}
		}
		to, stretch = from, stretch*stretchGrowth
	}
	page := adapters.SortedPage(found, model.Restore.Position, before, limit)
	if !page.More && from > bounds.from {
		page.More = true
		page.Next = model.Position{At: micros(from), ID: model.LastID}
	}
	return page, nil
}

type restoreCancels struct{ *account }

// Cancel implements adapters.RestoreCancels. How the vendor refuses to stop what
// is over is not documented, so the state is read first.
func (r restoreCancels) Cancel(ctx context.Context, id model.ID) error {
	const op = "ibm.CancelRecovery"
	recovery, _, err := r.recovery(ctx, id)
	if err != nil {
		return err
	}
	state := jobState(recovery.Status)
	switch {
	case state.Terminal():
		return fault.New(fault.Conflict, op, "the restore is over")
	case state == model.StateCanceling:
		return nil
	}
	_, err = r.client.JSON(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPost, Path: segments("data-protect", "recoveries", id.Key, "cancel"),
	}, nil)
	if err == nil {
		return nil
	}
	if e := fault.Of(err); e != nil && e.Upstream != nil && e.Upstream.Status/100 != 2 {
		if now, _, again := r.recovery(ctx, id); again == nil && jobState(now.Status).Terminal() {
			return fault.New(fault.Conflict, op, "the restore is over")
		}
	}
	return err
}
