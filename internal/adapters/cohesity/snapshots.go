package cohesity

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"

	"switchback/internal/fault"
	"switchback/internal/model"
)

// snapshot is what a recovery starts from.
type snapshot struct {
	id     string
	object int64
	asset  model.AssetKind
	at     time.Time // the point in time asked for, zero for the snapshot itself
}

// snapshotOf finds the snapshot of a request's source.
func (a *account) snapshotOf(ctx context.Context, op string, source model.RestoreSource) (snapshot, error) {
	switch source.Form() {
	case model.SourceBackup:
		return a.backupSnapshot(ctx, op, *source.Backup)
	case model.SourceLatest:
		return a.assetSnapshot(ctx, op, *source.Asset, time.Time{})
	case model.SourceAt:
		at, err := time.Parse(time.RFC3339Nano, source.At)
		if err != nil {
			return snapshot{}, fault.InvalidField(op, "/source/at", "invalid-time", "the point in time is not an RFC 3339 time")
		}
		return a.assetSnapshot(ctx, op, *source.Asset, at)
	case model.SourceRange:
	}
	return snapshot{}, fault.InvalidField(op, "/source", "unsupported", "this account does not restore from such a source")
}

// backupSnapshot finds the snapshot id where the run has it, and else among the
// snapshots of the object (IBM NOTES section 7).
func (a *account) backupSnapshot(ctx context.Context, op string, id model.ID) (snapshot, error) {
	run, i, err := a.locate(ctx, id)
	if err != nil {
		return snapshot{}, err
	}
	object := &run.Objects[i]
	view := a.view()
	backup := view.backup(&run.wireRun, object)
	found := snapshot{object: object.Object.ID, asset: backup.Kind}
	switch backup.Status {
	case model.BackupAvailable, model.BackupPartial:
	case model.BackupExpired:
		return found, fault.New(fault.Conflict, op, "the backup has expired")
	case model.BackupRunning:
		return found, fault.New(fault.Conflict, op, "the backup is still being made")
	case model.BackupFailed, model.BackupUnknown:
		return found, fault.New(fault.Conflict, op, "the backup can not be restored from")
	}
	if local := object.snapshot(); local != nil && local.ID != "" && !local.Deleted && !run.LocalDeleted &&
		!view.past(micros(local.Expiry)) && restorable(backupStatus(local.Status)) {
		found.id = local.ID
		return found, nil
	}
	for _, r := range object.Archival.results() {
		if r.SnapshotID != "" && !r.Deleted && !view.past(micros(r.Expiry)) && restorable(backupStatus(r.Status)) {
			found.id = r.SnapshotID
			return found, nil
		}
	}
	start := run.started()
	snapshots, err := a.objectSnapshots(ctx, object.Object.ID, url.Values{
		"runStartFromTimeUsecs": {usecs(start - 1)}, "runStartToTimeUsecs": {usecs(start + 1)}, "protectionGroupIds": {run.GroupID},
	})
	if err != nil {
		return found, err
	}
	for _, s := range snapshots {
		if s.RunID == run.ID && (s.ObjectID == 0 || s.ObjectID == found.object) {
			found.id = s.ID
			return found, nil
		}
	}
	return found, fault.New(fault.Conflict, op, "the backup has no snapshot to restore from")
}

// assetSnapshot finds the newest snapshot of an asset, or the newest that is not
// newer than a point in time.
func (a *account) assetSnapshot(ctx context.Context, op string, id model.ID, at time.Time) (snapshot, error) {
	object, err := strconv.ParseInt(id.Key, 10, 64)
	if err != nil {
		return snapshot{}, fault.New(fault.NotFound, op, "there is no such asset")
	}
	bounds := a.window(time.Time{}, time.Time{})
	if !at.IsZero() {
		bounds.to = min(bounds.to, at.UnixMicro())
	}
	snapshots, err := a.objectSnapshots(ctx, object, url.Values{
		"fromTimeUsecs": {usecs(bounds.from)}, "toTimeUsecs": {usecs(bounds.to)},
	})
	if err != nil {
		return snapshot{}, err
	}
	snapshots = slices.DeleteFunc(snapshots, func(s wireObjectSnapshot) bool {
		kind := assetKind(&wireObject{Environment: s.Environment}, "")
		return string(kind) != id.Kind || s.RunType == "kLog" || (!at.IsZero() && s.Created > at.UnixMicro())
	})
	if len(snapshots) == 0 {
		return snapshot{}, fault.New(fault.Conflict, op, "the asset has no snapshot to restore from at that time")
	}
	newest := slices.MaxFunc(snapshots, func(x, y wireObjectSnapshot) int { return int(min(max(x.Created-y.Created, -1), 1)) })
	return snapshot{id: newest.ID, object: object, asset: model.AssetKind(id.Kind), at: at}, nil
}

// objectSnapshots lists the snapshots of an object that are not expired.
func (a *account) objectSnapshots(ctx context.Context, object int64, query url.Values) ([]wireObjectSnapshot, error) {
	var answer snapshotsAnswer
	path := segments("data-protect", "objects", strconv.FormatInt(object, 10), "snapshots")
	if err := a.get(ctx, "ibm.ListSnapshots", path, query, &answer); err != nil {
		return nil, err
	}
	view := a.view()
	return slices.DeleteFunc(answer.Snapshots, func(s wireObjectSnapshot) bool {
		return s.ID == "" || view.past(micros(s.Expiry))
	}), nil
}
