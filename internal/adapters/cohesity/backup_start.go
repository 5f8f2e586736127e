package cohesity

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

type backupStarts struct{ *account }

type createRun struct {
	RunType string      `json:"runType"`
	Objects []runObject `json:"objects,omitempty"`
	Targets runTargets  `json:"targetsConfig"`
}

type runObject struct {
	ID int64 `json:"id"`
}

type runTargets struct {
	PolicyDefaults bool `json:"usePolicyDefaults"`
}

// startOptions are the vendor's extras of a start: part of a group only.
type startOptions struct {
	Objects []string `json:"objects"`
}

// Start implements adapters.BackupStarts. The vendor's answer names only the
// group; the run is the first one above the last that there was before (IBM
// NOTES section 11), and may begin later. The operation's id holds what is
// needed to find it.
func (b backupStarts) Start(ctx context.Context, r adapters.BackupStart) (model.Operation, error) {
	const op = "ibm.CreateRun"
	body, err := startBody(r)
	if err != nil {
		return model.Operation{}, err
	}
	group := r.Subject.Key
	runs, _, err := b.listRuns(ctx, group, b.window(time.Time{}, time.Time{}), 1, "")
	if err != nil {
		return model.Operation{}, err
	}
	awaited := awaitedRun{group: group, at: b.env.Now()}
	for _, run := range runs {
		awaited.after = max(awaited.after, run.Instance)
	}
	if err := b.post(ctx, op, segments("data-protect", "protection-groups", group, "runs"), body, &struct{}{}); err != nil {
		return model.Operation{}, err
	}
	return b.view().waiting(awaited), nil
}

func startBody(r adapters.BackupStart) (createRun, error) {
	const op = "ibm.CreateRun"
	body := createRun{Targets: runTargets{PolicyDefaults: true}}
	if r.Subject.Kind != groupKind || !uid.MatchString(r.Subject.Key) {
		return body, fault.InvalidField(op, "/subject", "unsupported", "only a protection group can be backed up now")
	}
	if !r.Keep.IsZero() {
		return body, fault.InvalidField(op, "/keep", "unsupported", "the policy of the group says how long its backups are kept")
	}
	words := map[model.BackupType]string{
		"": "kRegular", model.TypeIncremental: "kRegular", model.TypeFull: "kFull", model.TypeLog: "kLog", model.TypeSystem: "kSystem",
	}
	if body.RunType = words[r.Type]; body.RunType == "" {
		return body, fault.InvalidField(op, "/type", "unsupported", "the vendor makes no backups of this type on demand")
	}
	var options startOptions
	if err := readObject(op, "/options", r.Options, &options); err != nil {
		return body, err
	}
	for i, text := range options.Objects {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return body, fault.InvalidField(op, "/options/objects/"+strconv.Itoa(i), "invalid", "an object is named by its number")
		}
		body.Objects = append(body.Objects, runObject{id})
	}
	return body, nil
}

// readObject reads a member of a request strictly; absent is empty.
func readObject(op, pointer string, raw json.RawMessage, into any) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fault.InvalidField(op, pointer, "invalid", "the member does not fit its schema")
	}
	return nil
}

// awaitedRun is a run that was asked for: the first of the group above an
// instance number.
type awaitedRun struct {
	group string
	after int64
	at    time.Time
}

func (r awaitedRun) String() string {
	return r.group + "/" + strconv.FormatInt(r.after, 10) + "/" + usecs(r.at.UnixMicro())
}

// created is when the run was asked for.
func (r awaitedRun) created() time.Time { return r.at.UTC().Truncate(time.Microsecond) }

func parseAwaited(text string) (awaitedRun, bool) {
	rest, at, ok := cutLast(text, "/")
	group, after, found := cutLast(rest, "/")
	r := awaitedRun{group: group}
	when, err := strconv.ParseInt(at, 10, 64)
	r.at = micros(when)
	var failed error
	r.after, failed = strconv.ParseInt(after, 10, 64)
	return r, ok && found && err == nil && failed == nil && uid.MatchString(group) && !r.at.IsZero() && r.String() == text
}

func (v view) waiting(r awaitedRun) model.Operation {
	return model.Operation{
		ID: v.env.ID(awaitKind, r.String()), Connection: v.env.Connection, Provider: provider, Action: "backup",
		State: model.StateQueued, Progress: model.Progress{Basis: model.ProgressNone},
		Subject: v.group(r.group, ""), CreatedAt: r.created(),
		Native: model.Native{Status: "Accepted"},
	}
}

// findPages bounds the walk of one window, ten thousand runs.
const findPages = 100

// awaitedRun looks for the run in windows that grow from the time it was asked
// for, so that a busy group is not walked from its present.
func (a *account) awaitedRun(ctx context.Context, r awaitedRun) (fullRun, bool, error) {
	end := a.env.Now().Add(clockMargin)
	for _, reach := range []time.Duration{10 * time.Minute, clockMargin, end.Sub(r.at)} {
		w := window{r.at.Add(-clockMargin).UnixMicro(), min(r.at.Add(reach).UnixMicro(), end.UnixMicro())}
		var first fullRun
		for range findPages {
			runs, total, err := a.listRuns(ctx, r.group, w, 100, "")
			if err != nil {
				return fullRun{}, false, err
			}
			above := false
			for _, run := range runs {
				if run.Instance > r.after {
					above = true
					if first.ID == "" || run.Instance < first.Instance {
						first = run
					}
				}
			}
			next := cursor{w.to, 100}.next(runs, total)
			if !above || next == "" {
				break
			}
			w.to = readCursor(next).to
		}
		if first.ID != "" {
			return first, true, nil
		}
	}
	return fullRun{}, false, nil
}
