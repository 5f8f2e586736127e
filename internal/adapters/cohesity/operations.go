package cohesity

import (
	"context"
	"log/slog"
	"net/url"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// Kinds of operation ids: a run, and a run that was asked for and has no id yet.
const (
	runKind   = "run"
	awaitKind = "awaited-run"
)

type operations struct{ *account }

// Streams implements adapters.Operations: the runs of each group.
func (o operations) Streams(ctx context.Context, q model.OperationQuery) ([]adapters.Stream[model.Operation], error) {
	groups, err := o.groups(ctx)
	if err != nil {
		return nil, err
	}
	bounds := o.window(q.CreatedAfter, q.CreatedBefore)
	streams := make([]adapters.Stream[model.Operation], 0, len(groups))
	for _, group := range groups {
		streams = append(streams, adapters.Stream[model.Operation]{
			Name: group.ID, NewestAt: group.newestAt(), Pushed: []string{"createdAfter", "createdBefore"},
			Page: func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Operation], error) {
				return runStream(ctx, o.account, group.ID, bounds, 1, before, limit,
					func(run fullRun) []adapters.Placed[model.Operation] {
						item := o.view().operation(&run.wireRun)
						if q.Native {
							item.NativeDocument = run.raw
						}
						return []adapters.Placed[model.Operation]{{Position: item.Position(), Item: item}}
					})
			},
		})
	}
	return streams, nil
}

// Get implements adapters.Operations.
func (o operations) Get(ctx context.Context, id model.ID, native bool) (model.Operation, error) {
	run, waiting, err := o.operationRun(ctx, id)
	if err != nil {
		return model.Operation{}, err
	}
	if waiting != nil {
		return *waiting, nil
	}
	operation := o.view().operation(&run.wireRun)
	operation.ID = id
	if awaited, ok := parseAwaited(id.Key); ok && id.Kind == awaitKind {
		operation.CreatedAt = awaited.created()
	}
	if native {
		operation.NativeDocument = run.raw
	}
	if operation.State == model.StateRunning {
		o.addRunProgress(ctx, run.ID, &operation)
	}
	return operation, nil
}

// operationRun finds the run of an operation, or says that it has not begun.
func (a *account) operationRun(ctx context.Context, id model.ID) (fullRun, *model.Operation, error) {
	missing := fault.New(fault.NotFound, "ibm.GetOperation", "there is no such operation")
	switch id.Kind {
	case runKind:
		group, run, ok := cutLast(id.Key, "/")
		if !ok {
			return fullRun{}, nil, missing
		}
		found, err := a.findRun(ctx, group, run)
		return found, nil, err
	case awaitKind:
		awaited, ok := parseAwaited(id.Key)
		if !ok {
			return fullRun{}, nil, missing
		}
		run, found, err := a.awaitedRun(ctx, awaited)
		if err != nil || found {
			return run, nil, err
		}
		waiting := a.view().waiting(awaited)
		return fullRun{}, &waiting, nil
	}
	return fullRun{}, nil, missing
}

// addRunProgress asks for the percentage of a run. It is a nicety: without it
// the operation is still right.
func (a *account) addRunProgress(ctx context.Context, run string, operation *model.Operation) {
	type part struct {
		Percent *float64 `json:"percentageCompleted"`
	}
	var answer struct {
		Local    *part  `json:"localRun"`
		Archival []part `json:"archivalRun"`
	}
	err := a.get(ctx, "ibm.GetRunProgress", segments("data-protect", "runs", run, "progress"),
		url.Values{"excludeObjectDetails": {"true"}, "includeFinishedTasks": {"true"}}, &answer)
	switch {
	case err != nil:
		a.env.Logger.DebugContext(ctx, "the progress of a run can not be read", slog.Any("error", err))
	case answer.Local != nil && answer.Local.Percent != nil:
		operation.Progress = percent(answer.Local.Percent)
	case len(answer.Archival) > 0:
		operation.Progress = percent(answer.Archival[0].Percent)
	}
}

func percent(p *float64) model.Progress {
	if p == nil {
		return model.Progress{Basis: model.ProgressNone}
	}
	clamped := min(max(*p, 0), 100)
	return model.Progress{Percent: &clamped, Basis: model.ProgressVendor}
}

// operation is a run seen as work.
func (v view) operation(run *wireRun) model.Operation {
	state := run.state()
	started := micros(run.started())
	o := model.Operation{
		ID:         v.env.ID(runKind, run.GroupID+"/"+run.ID),
		Connection: v.env.Connection, Provider: provider, Action: "backup", State: jobState(state.status),
		Progress: model.Progress{Basis: model.ProgressNone}, Subject: v.group(run.GroupID, run.GroupName),
		CreatedAt: started, StartedAt: started, EndedAt: micros(state.end),
		Native: model.Native{ID: run.ID, Status: state.status, Type: state.runType},
	}
	o.Cancellable = cancellable(o.State)
	if o.State == model.StateFailed {
		o.Error = failure(state.status, state.messages)
	}
	return o
}

// jobState reads the status of a run or a recovery (IBM NOTES sections 11, 12).
func jobState(word string) model.State {
	switch word {
	case "Accepted":
		return model.StateQueued
	case "Running", "Finalizing":
		return model.StateRunning
	case "Paused", "OnHold":
		return model.StatePaused
	case "Canceling":
		return model.StateCanceling
	case "Succeeded":
		return model.StateSucceeded
	case "SucceededWithWarning":
		return model.StateSucceededWithWarnings
	case "Failed", "Missed":
		return model.StateFailed
	case "Canceled":
		return model.StateCanceled
	case "Skipped":
		return model.StateSkipped
	}
	return model.StateUnknown
}

func cancellable(s model.State) bool {
	return s == model.StateQueued || s == model.StateRunning || s == model.StatePaused
}

// maxDetail bounds how much of the vendor's messages is shown.
const maxDetail = 500

func failure(word string, messages []string) *model.Failure {
	detail := strings.ToValidUTF8(strings.Join(messages, "; "), "")
	if len(detail) > maxDetail {
		detail = strings.ToValidUTF8(detail[:maxDetail], "")
	}
	return &model.Failure{Code: "vendor-task-failed", Detail: detail, Upstream: &model.UpstreamFailure{Code: word}}
}

type operationCancels struct{ *account }

type cancelRun struct {
	Action string         `json:"action"`
	Params []cancelParams `json:"cancelParams"`
}

type cancelParams struct {
	RunID     string   `json:"runId"`
	LocalTask string   `json:"localTaskId,omitempty"`
	Archival  []string `json:"archivalTaskId,omitempty"`
}

// Cancel implements adapters.OperationCancels. Direct-archive runs are stopped
// by their archival tasks only (IBM NOTES section 11).
func (o operationCancels) Cancel(ctx context.Context, id model.ID) error {
	const op = "ibm.CancelRun"
	run, waiting, err := o.operationRun(ctx, id)
	switch {
	case err != nil:
		return err
	case waiting != nil:
		return fault.New(fault.Conflict, op, "the run has not begun yet")
	}
	state := jobState(run.state().status)
	if state == model.StateCanceling {
		return nil // the vendor refuses to be asked twice
	}
	if state.Terminal() {
		return fault.New(fault.Conflict, op, "the run is over")
	}
	params := cancelParams{RunID: run.ID}
	if run.Local != nil {
		params.LocalTask = run.Local.TaskID
	}
	for _, result := range run.Archival.results() {
		if result.TaskID != "" && !jobState(result.Status).Terminal() {
			params.Archival = append(params.Archival, result.TaskID)
		}
	}
	var answer struct {
		Params []struct {
			Error string `json:"error"`
		} `json:"cancelParams"`
	}
	path := segments("data-protect", "protection-groups", run.GroupID, "runs", "actions")
	if err := o.post(ctx, op, path, cancelRun{"Cancel", []cancelParams{params}}, &answer); err != nil {
		return err
	}
	for _, p := range answer.Params {
		if p.Error != "" { // a refusal inside a 202 (IBM NOTES section 5)
			return &fault.Error{
				Kind: fault.Conflict, Op: op, Detail: "the vendor refused to stop the run",
				Upstream: &fault.Upstreamed{Status: 202, Message: p.Error},
			}
		}
	}
	return nil
}
