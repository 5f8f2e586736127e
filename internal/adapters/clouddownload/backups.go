package clouddownload

import (
	"context"
	"net/url"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// backups lists and reads backups (NOTES section 9).
type backups struct{ *account }

// Streams implements adapters.Backups.
func (a backups) Streams(_ context.Context, q model.BackupQuery) ([]adapters.Stream[model.Backup], error) {
	filters, pushed := backupFilters(q)
	filters.Set("orderBy", "backup.snapshotTime")
	filters.Set("direction", "desc")
	list := &listing[backupWire]{
		account: a.account, op: "storware.ListBackups", path: "/backups", query: a.inProject(filters),
		guid: func(b *backupWire) string { return b.GUID },
		at:   (*backupWire).sortTime,
	}
	return streams(list, "backups", between{q.StartedAfter, q.StartedBefore}, pushed,
		func(row *document[backupWire]) (adapters.Placed[model.Backup], bool) {
			item := a.convert(row, q.Native)
			return adapters.Placed[model.Backup]{Position: item.Position(), Item: item}, true
		}), nil
}

// backupFilters are the filters of q that the vendor can apply exactly.
func backupFilters(q model.BackupQuery) (filters url.Values, pushed []string) {
	filters = url.Values{}
	if len(q.Assets) == 1 && plausible(q.Assets[0].Key) {
		filters.Set("protected-entity", q.Assets[0].Key)
		pushed = append(pushed, "asset")
	}
	if len(q.AssetKinds) == 1 {
		if entity := entityTypeOf(q.AssetKinds[0]); entity != "" && q.AssetKinds[0] != model.AssetOSAgent { // OS is one too
			filters.Set("protected-entity-type", entity)
			pushed = append(pushed, "assetKind")
		}
	}
	if words := vendorStatuses(q.Statuses); len(words) > 0 {
		filters["status"] = words
		pushed = append(pushed, "status")
	}
	if len(q.Types) == 1 {
		if word := vendorBackupType(q.Types[0]); word != "" {
			filters.Set("type", word)
			pushed = append(pushed, "type")
		}
	}
	return filters, pushed
}

// Get implements adapters.Backups.
func (a backups) Get(ctx context.Context, id model.ID, native bool) (model.Backup, error) {
	row, err := a.backup(ctx, "storware.GetBackup", id)
	if err != nil {
		return model.Backup{}, err
	}
	item := a.convert(row, native)
	if item.ID != id {
		return model.Backup{}, fault.New(fault.NotFound, "storware.GetBackup", "there is no backup of this kind with this id")
	}
	return item, nil
}

// backup reads one backup.
func (a *account) backup(ctx context.Context, op string, id model.ID) (*document[backupWire], error) {
	path, err := a.item(op, "/backups", id.Key)
	if err != nil {
		return nil, err
	}
	var row document[backupWire]
	if err := a.get(ctx, op, path, nil, &row); err != nil {
		return nil, err
	}
	if row.Wire.GUID != id.Key {
		return nil, fault.New(fault.Upstream, op, "the vendor answered with another backup")
	}
	return &row, nil
}

func (a backups) convert(row *document[backupWire], native bool) model.Backup {
	item := toBackup(a.env, &row.Wire)
	item.NativeDocument = row.native(native)
	return item
}
