package clumio

import (
	"time"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

// wireStock is what the documents of assets have in common.
type wireStock struct {
	AccountNativeID  string `json:"account_native_id"`
	AWSRegion        string `json:"aws_region"`
	BackupStatusInfo *struct {
		BackupStatus string `json:"backup_status"`
	} `json:"backup_status_info"`
	EnvironmentID       string    `json:"environment_id"`
	ID                  string    `json:"id"`
	IsDeleted           bool      `json:"is_deleted"`
	LastBackupTimestamp timestamp `json:"last_backup_timestamp"`
	Name                string    `json:"name"`
	ProtectionInfo      *struct {
		PolicyID string `json:"policy_id"`
	} `json:"protection_info"`
	ProtectionStatus string    `json:"protection_status"`
	Tags             []wireTag `json:"tags"`
	Type             string    `json:"type"`
}

// of begins a portable asset. others are times of further kinds of backups.
func (w wireStock) of(env adapters.Env, kind model.AssetKind, others ...timestamp) model.ProtectedAsset {
	a := model.ProtectedAsset{
		Asset: asset(env, kind, w.ID), Connection: env.Connection, Provider: Provider,
		Protection: protection(w.ProtectionStatus), LastBackupAt: w.LastBackupTimestamp.Time,
		Environment: w.EnvironmentID, Deleted: w.IsDeleted,
		Native: model.Native{ID: w.ID, Status: w.ProtectionStatus, Type: w.Type},
	}
	a.Name, a.Region, a.Account, a.Tags = w.Name, w.AWSRegion, w.AccountNativeID, tags(w.Tags)
	if w.ProtectionInfo != nil && w.ProtectionInfo.PolicyID != "" {
		a.Policy = &model.Ref{ID: env.ID(kindPolicy, w.ProtectionInfo.PolicyID)}
	}
	for _, other := range others {
		if other.After(a.LastBackupAt) {
			a.LastBackupAt = other.Time
		}
	}
	a.LastBackupStatus = "unknown"
	if w.BackupStatusInfo != nil {
		a.LastBackupStatus = lastStatus(w.BackupStatusInfo.BackupStatus, a.LastBackupAt)
	}
	return a
}

// protection reads the vendor's word, which is null for what is deleted
// (NOTES section 8).
func protection(word string) model.Protection {
	switch word {
	case "protected":
		return model.Protected
	case "unprotected":
		return model.Unprotected
	case "unsupported":
		return model.ProtectionUnsupported
	}
	return model.ProtectionUnknown
}

// lastStatus reads the vendor's word on the backups in the window. No backup
// in the window is none at all only when there is no time of one either.
func lastStatus(word string, last time.Time) string {
	switch word {
	case "success":
		return "success"
	case "partial_success":
		return "partial"
	case "failure":
		return "failed"
	case "no_backup":
		if last.IsZero() {
			return "none"
		}
	}
	return "unknown"
}

// continuous is nil unless both ends are told and apart.
func continuous(from, to timestamp) *model.RestoreRange {
	if from.IsZero() || to.IsZero() || !from.Before(to.Time) {
		return nil
	}
	return &model.RestoreRange{From: from.Time, To: to.Time}
}

// wireEC2 is EC2. Snapshots are backups that stay in the account.
type wireEC2 struct {
	wireStock
	InstanceNativeID      string    `json:"instance_native_id"`
	LastSnapshotTimestamp timestamp `json:"last_snapshot_timestamp"`
}

func (w wireEC2) protected(env adapters.Env) model.ProtectedAsset {
	a := w.of(env, model.AssetEC2Instance, w.LastSnapshotTimestamp)
	a.NativeID = w.InstanceNativeID
	return a
}

// wireEBS is EBS. The size is in bytes where that of its backups is not
// (NOTES section 7).
type wireEBS struct {
	wireStock
	LastSnapshotTimestamp timestamp `json:"last_snapshot_timestamp"`
	Size                  *int64    `json:"size"`
	VolumeNativeID        string    `json:"volume_native_id"`
}

func (w wireEBS) protected(env adapters.Env) model.ProtectedAsset {
	a := w.of(env, model.AssetEBSVolume, w.LastSnapshotTimestamp)
	a.NativeID, a.SizeBytes = w.VolumeNativeID, bytesOf(w.Size, inBytes)
	return a
}

// wireRDS is RdsResource. Its snapshots at AWS can be restored to any time
// between the two.
type wireRDS struct {
	wireStock
	EarliestAWSSnapshotRestorable timestamp `json:"earliest_aws_snapshot_restorable_timestamp"`
	LastClumioSnapshotTimestamp   timestamp `json:"last_clumio_snapshot_timestamp"`
	LastGranularBackupTimestamp   timestamp `json:"last_granular_backup_timestamp"`
	LatestAWSSnapshotRestorable   timestamp `json:"latest_aws_snapshot_restorable_timestamp"`
	ResourceNativeID              string    `json:"resource_native_id"`
	Size                          *int64    `json:"size"`
}

func (w wireRDS) protected(env adapters.Env) model.ProtectedAsset {
	a := w.of(env, model.AssetRDS, w.LastClumioSnapshotTimestamp, w.LastGranularBackupTimestamp)
	a.NativeID, a.SizeBytes = w.ResourceNativeID, bytesOf(w.Size, inBytes)
	a.Continuous = continuous(w.EarliestAWSSnapshotRestorable, w.LatestAWSSnapshotRestorable)
	return a
}

// wireDynamoDB is DynamoDBTable.
type wireDynamoDB struct {
	wireStock
	EarliestContinuous    timestamp `json:"earliest_continuous_snapshot_restorable_timestamp"`
	LastSnapshotTimestamp timestamp `json:"last_snapshot_timestamp"`
	LatestContinuous      timestamp `json:"latest_continuous_snapshot_restorable_timestamp"`
	Size                  *int64    `json:"size"`
	TableNativeID         string    `json:"table_native_id"`
}

func (w wireDynamoDB) protected(env adapters.Env) model.ProtectedAsset {
	a := w.of(env, model.AssetDynamoDBTable, w.LastSnapshotTimestamp)
	a.NativeID, a.SizeBytes = w.TableNativeID, bytesOf(w.Size, inBytes)
	a.Continuous = continuous(w.EarliestContinuous, w.LatestContinuous)
	return a
}

// wireMSSQL is EC2MSSQLDatabase. It has no protection_status, and no unit for
// its size. That it has a policy makes it protected (inferred).
type wireMSSQL struct {
	wireStock
	IsSupported           *bool     `json:"is_supported"`
	LastBulkLogBackupTime timestamp `json:"last_bulk_recovery_model_log_backup_timestamp"`
	LastFullLogBackupTime timestamp `json:"last_full_recovery_model_log_backup_timestamp"`
	Status                string    `json:"status"`
}

func (w wireMSSQL) protected(env adapters.Env) model.ProtectedAsset {
	a := w.of(env, model.AssetMSSQLDatabase, w.LastBulkLogBackupTime, w.LastFullLogBackupTime)
	switch {
	case w.ProtectionStatus != "":
	case a.Policy != nil:
		a.Protection = model.Protected
	case w.IsSupported != nil && !*w.IsSupported:
		a.Protection = model.ProtectionUnsupported
	default:
		a.Protection = model.Unprotected
	}
	if a.Native.Status == "" {
		a.Native.Status = w.Status
	}
	return a
}

// wireIceberg is IcebergTable.
type wireIceberg struct{ wireStock }

func (w wireIceberg) protected(env adapters.Env) model.ProtectedAsset {
	return w.of(env, model.AssetIcebergTable)
}
