package clouddownload

import (
	"cmp"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

// sortTime is what the vendor sorts backups by.
func (b *backupWire) sortTime() time.Time { return b.SnapshotTime.time() }

// startedAt is the point in time of the data (NOTES section 9). A backup that
// is only queued may have none yet: then the time of the backup counts, and as
// the last resort the epoch, so that the place in lists is at least stable.
func (b *backupWire) startedAt() time.Time {
	if at := b.SnapshotTime.time(); !at.IsZero() {
		return at
	}
	if at := b.BackupTime.time(); !at.IsZero() {
		return at
	}
	for _, location := range b.BackupLocations {
		if at := location.SnapshotTime.time(); !at.IsZero() {
			return at
		}
	}
	return time.UnixMilli(0).UTC()
}

// entity is the protected entity, empty when it is not told.
func (b *backupWire) entity() reference {
	if b.ProtectedEntity == nil {
		return reference{}
	}
	return *b.ProtectedEntity
}

func toBackup(env adapters.Env, b *backupWire) model.Backup {
	entity := b.entity()
	kind := assetKind(entity.Type)
	status := backupStatus(b.Status)
	out := model.Backup{
		ID:         env.ID(string(kind), b.GUID),
		Connection: env.Connection,
		Provider:   provider,
		Asset:      toAsset(env, entity),
		Kind:       kind,
		Type:       backupType(b.Type),
		Status:     status,
		StartedAt:  b.startedAt(),
		ExpiresAt:  b.ArchiveExpire.time(),
		Copies:     make([]model.Copy, 0, len(b.BackupLocations)),
		Native:     model.Native{ID: b.GUID, Status: string(b.Status), Type: string(entity.Type)},
	}
	// The vendor always sends a size, also before there is one (a primitive of
	// its language): 0 says something about a finished backup only.
	finished := status == model.BackupAvailable || status == model.BackupPartial || status == model.BackupExpired
	out.SizeBytes = known(b.Size, finished)
	// effectiveBackupSize is left out: no document says what it is the size of.
	for i := range b.BackupLocations {
		out.Copies = append(out.Copies, toCopy(&b.BackupLocations[i]))
	}
	if b.ParentBackup != nil && b.ParentBackup.GUID != "" {
		parent := env.ID(string(kind), b.ParentBackup.GUID) // a chain is of one asset
		out.Parent = &parent
	}
	out.RestoreKinds = restoreKindsOf(kind, status)
	return out
}

func toAsset(env adapters.Env, entity reference) model.Asset {
	kind := assetKind(entity.Type)
	asset := model.Asset{Kind: kind, Name: entity.Name}
	if entity.GUID != "" {
		asset.ID = env.ID(string(kind), entity.GUID)
	}
	return asset
}

func known(size *int64, finished bool) *int64 {
	if size == nil || *size < 0 || (*size == 0 && !finished) {
		return nil
	}
	return size
}

func toCopy(l *locationWire) model.Copy {
	out := model.Copy{
		Kind: copyKind(l.RoleType), Tier: string(l.DestinationType), Status: copyStatus(l.Status),
		ExpiresAt: l.ArchiveExpire.time(),
		LegalHold: l.RetentionHint == "DONT_TOUCH", // exempt from retention until somebody says otherwise
	}
	if l.BackupDestination != nil {
		out.Location = cmp.Or(l.BackupDestination.Name, l.BackupDestination.GUID)
	}
	return out
}

// assetKind translates the types of protected entities (NOTES section 7).
func assetKind(entity enum) model.AssetKind {
	switch entity {
	case "VM":
		return model.AssetVM
	case "APP":
		return model.AssetApplication
	case "CLOUD_USER":
		return model.AssetCloudUser
	case "CLOUD_GROUP":
		return model.AssetCloudGroup
	case "CLOUD_SITE":
		return model.AssetCloudSite
	case "CLOUD_TEAMS":
		return model.AssetCloudTeam
	case "OS_AGENT", "OS":
		return model.AssetOSAgent
	case "STORAGE":
		return model.AssetStorage
	}
	return model.AssetOther
}

// entityTypeOf is the way back, "" where there is none.
func entityTypeOf(kind model.AssetKind) string {
	for _, entity := range []string{"VM", "APP", "CLOUD_USER", "CLOUD_GROUP", "CLOUD_SITE", "CLOUD_TEAMS", "OS_AGENT", "STORAGE"} {
		if assetKind(enum(entity)) == kind {
			return entity
		}
	}
	return ""
}

func backupType(word enum) model.BackupType {
	switch word {
	case "FULL":
		return model.TypeFull
	case "INCREMENTAL":
		return model.TypeIncremental
	case "SYNTHETIC":
		return model.TypeSynthetic
	}
	return model.TypeUnknown // SYNCHRONIZATION has no portable word
}

func vendorBackupType(kind model.BackupType) string {
	for _, word := range []string{"FULL", "INCREMENTAL", "SYNTHETIC"} {
		if backupType(enum(word)) == kind {
			return word
		}
	}
	return ""
}

func backupStatus(word enum) model.BackupStatus {
	switch word {
	case "SUCCESS":
		return model.BackupAvailable
	case "PARTIAL_SUCCESS":
		return model.BackupPartial
	case "QUEUED", "INPROGRESS":
		return model.BackupRunning
	case "FAILED":
		return model.BackupFailed
	case "SUCCESS_REMOVED":
		return model.BackupExpired
	}
	return model.BackupUnknown
}

// vendorStatuses are the words for all of the states, nil when one of them has
// no complete set of words: unknown is whatever a later release says.
func vendorStatuses(states []model.BackupStatus) []string {
	var words []string
	for _, state := range states {
		before := len(words)
		for _, word := range []string{"SUCCESS", "PARTIAL_SUCCESS", "QUEUED", "INPROGRESS", "FAILED", "SUCCESS_REMOVED"} {
			if backupStatus(enum(word)) == state {
				words = append(words, word)
			}
		}
		if len(words) == before {
			return nil
		}
	}
	return words
}

func copyKind(role enum) model.CopyKind {
	switch role {
	case "SECONDARY":
		return model.CopyReplica
	case "ARCHIVE":
		return model.CopyArchive
	}
	return model.CopyLocal // PRIMARY, and releases that have no roles
}

func copyStatus(word enum) model.BackupStatus {
	switch word {
	case "PRESENT":
		return model.BackupAvailable
	case "IN_PROGRESS":
		return model.BackupRunning
	case "FAILED":
		return model.BackupFailed
	case "REMOVED":
		return model.BackupExpired
	}
	return model.BackupUnknown
}
