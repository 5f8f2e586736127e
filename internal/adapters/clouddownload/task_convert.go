package clouddownload

import (
	"cmp"
	"math"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

// Task states (NOTES section 8).
const (
	taskQueued    = "QUEUED"
	taskRunning   = "RUNNING"
	taskFinished  = "FINISHED"
	taskFailed    = "FAILED"
	taskCancelled = "CANCELLED"
)

// createdAt is never zero. The rows of task lists have no creation time, so the
// beginning of the window, which rows and single tasks both have, goes first; a
// task that was asked for by hand is created in that moment.
func (t *taskWire) createdAt() time.Time {
	for _, at := range []millis{t.WindowStart, t.CreationTime, t.StartTime, t.FinishTime} {
		if when := at.time(); !when.IsZero() {
			return when
		}
	}
	return time.UnixMilli(0).UTC()
}

func taskState(word enum) model.State {
	switch word {
	case taskQueued:
		return model.StateQueued
	case taskRunning:
		return model.StateRunning
	case taskFinished:
		return model.StateSucceeded
	case taskFailed:
		return model.StateFailed
	case taskCancelled:
		return model.StateCanceled
	}
	return model.StateUnknown
}

// progress is the vendor's figure, 0 to 100 and perhaps fractional (NOTES
// section 4).
func progress(percent *float64) model.Progress {
	if percent == nil || math.IsNaN(*percent) || *percent < 0 || *percent > 100 {
		return model.Progress{Basis: model.ProgressNone}
	}
	return model.Progress{Percent: percent, Basis: model.ProgressVendor}
}

// failureOf says why a task ended badly, nil when it did not.
func failureOf(t *taskWire) *model.Failure {
	if t.State != taskFailed {
		return nil
	}
	return &model.Failure{Code: "vendor-task-failed", Detail: t.StatusInfo, Upstream: &model.UpstreamFailure{Code: string(t.State)}}
}

func taskAction(kind enum) string {
	switch kind {
	case "EXPORT", "STORE", "SNAPSHOT":
		return "backup"
	case "DELETE", "UNMOUNT", "BACKUP_CLEANUP", "SNAPSHOT_CLEANUP", "STAGING_CLEANUP":
		return "delete"
	}
	return "other"
}

// toOperation translates a task together with the task that follows on it, if
// one does: the work is over only when both are.
func toOperation(env adapters.Env, t, next *taskWire) model.Operation {
	out := model.Operation{
		ID: env.ID(taskKind, t.GUID), Connection: env.Connection, Provider: provider,
		Action: taskAction(t.Type), State: taskState(t.State), Progress: progress(t.Progress),
		CreatedAt: t.createdAt(), StartedAt: t.StartTime.time(), EndedAt: t.FinishTime.time(),
		Error:  failureOf(t),
		Native: model.Native{ID: t.GUID, Status: string(t.State), Type: string(t.Type)},
	}
	if t.ProtectedEntity != nil && t.ProtectedEntity.GUID != "" {
		out.Subject = &model.Ref{
			ID:   env.ID(string(assetKind(t.ProtectedEntity.Type)), t.ProtectedEntity.GUID),
			Name: cmp.Or(t.ProtectedEntity.Name, t.EntityName),
		}
	}
	if next != nil && t.State == taskFinished {
		out.State, out.EndedAt, out.Error = taskState(next.State), next.FinishTime.time(), failureOf(next)
		if out.State == model.StateQueued { // the first half is done
			out.State = model.StateRunning
		}
		out.Progress = half(progress(next.Progress), 50)
		out.Native.Status = string(next.State)
	} else if followUpType(t) != "" && !out.State.Terminal() {
		out.Progress = half(out.Progress, 0)
	}
	if out.State.Terminal() {
		if out.State == model.StateSucceeded {
			out.Progress = complete()
		}
	} else {
		out.EndedAt = time.Time{}
	}
	out.Cancellable = !out.State.Terminal()
	return out
}

func complete() model.Progress {
	hundred := 100.0
	return model.Progress{Percent: &hundred, Basis: model.ProgressVendor}
}

// half is the progress of one of two tasks as a share of both.
func half(p model.Progress, base float64) model.Progress {
	percent := base
	if p.Percent != nil {
		percent += *p.Percent / 2
	}
	return model.Progress{Percent: &percent, Basis: model.ProgressPhases}
}
