package cohesity

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

type backups struct{ *account }

// Streams implements adapters.Backups: one stream per protection group.
func (b backups) Streams(ctx context.Context, q model.BackupQuery) ([]adapters.Stream[model.Backup], error) {
	groups, err := b.groups(ctx)
	if err != nil {
		return nil, err
	}
	bounds := b.window(q.StartedAfter, q.StartedBefore)
	streams := make([]adapters.Stream[model.Backup], 0, len(groups))
	for _, group := range groups {
		if !mayHold(group.Environment, q) {
			continue
		}
		streams = append(streams, adapters.Stream[model.Backup]{
			Name: group.ID, NewestAt: group.newestAt(), Pushed: []string{"startedAfter", "startedBefore"},
			Page: func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Backup], error) {
				return runStream(ctx, b.account, group.ID, bounds, group.Objects, before, limit,
					func(run fullRun) []adapters.Placed[model.Backup] { return b.placed(run, q.Native) })
			},
		})
	}
	return streams, nil
}

// placed turns a run into its backups. A run without objects has none.
func (b backups) placed(run fullRun, native bool) []adapters.Placed[model.Backup] {
	items := make([]adapters.Placed[model.Backup], 0, len(run.Objects))
	for i := range run.Objects {
		backup := b.view().backup(&run.wireRun, &run.Objects[i])
		if native {
			backup.NativeDocument = runDocument(run.raw, i)
		}
		items = append(items, adapters.Placed[model.Backup]{Position: backup.Position(), Item: backup})
	}
	return items
}

// mayHold reports whether a group can hold backups that the query wants. A host
// of an SQL group may be listed beside its databases, so only what certainly
// does not fit is left out.
func mayHold(environment string, q model.BackupQuery) bool {
	kinds := slices.Clone(q.AssetKinds)
	for _, asset := range q.Assets {
		if kind := model.AssetKind(asset.Kind); len(q.AssetKinds) == 0 {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) == 0 {
		return true
	}
	switch environment {
	case "kPhysical":
		return slices.Contains(kinds, model.AssetPhysicalHost)
	case "kSQL":
		return slices.ContainsFunc(kinds, func(k model.AssetKind) bool {
			return k == model.AssetMSSQLDatabase || k == model.AssetPhysicalHost || k == model.AssetApplication
		})
	}
	return true
}

// backupKey is the key of a backup's id: everything that a single read needs.
type backupKey struct {
	group, run string
	object     int64
}

// String joins the parts with a character that neither runs nor objects hold.
func (k backupKey) String() string {
	return k.group + "/" + k.run + "/" + strconv.FormatInt(k.object, 10)
}

func parseBackupKey(text string) (backupKey, bool) {
	rest, object, ok := cutLast(text, "/")
	if !ok {
		return backupKey{}, false
	}
	var k backupKey
	if k.group, k.run, ok = cutLast(rest, "/"); !ok || !uid.MatchString(k.group) || !runID.MatchString(k.run) {
		return backupKey{}, false
	}
	n, err := strconv.ParseInt(object, 10, 64)
	k.object = n
	return k, err == nil && k.String() == text
}

func cutLast(text, sep string) (before, after string, found bool) {
	i := strings.LastIndex(text, sep)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(sep):], true
}

// Get implements adapters.Backups.
func (b backups) Get(ctx context.Context, id model.ID, native bool) (model.Backup, error) {
	run, i, err := b.locate(ctx, id)
	if err != nil {
		return model.Backup{}, err
	}
	backup := b.view().backup(&run.wireRun, &run.Objects[i])
	if native {
		backup.NativeDocument = runDocument(run.raw, i)
	}
	return backup, nil
}

// locate finds the run and the object that a backup id names.
func (a *account) locate(ctx context.Context, id model.ID) (fullRun, int, error) {
	missing := fault.New(fault.NotFound, "ibm.GetBackup", "there is no such backup")
	key, ok := parseBackupKey(id.Key)
	if !ok {
		return fullRun{}, 0, missing
	}
	run, err := a.findRun(ctx, key.group, key.run)
	if err != nil {
		return fullRun{}, 0, err
	}
	for i := range run.Objects {
		object := &run.Objects[i].Object
		if object.ID == key.object && string(assetKind(object, run.Environment)) == id.Kind {
			return run, i, nil
		}
	}
	return fullRun{}, 0, missing
}
