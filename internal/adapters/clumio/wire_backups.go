package clumio

import (
	"math"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

// wireHead is what every backup document has.
type wireHead struct {
	ExpirationTimestamp timestamp `json:"expiration_timestamp"`
	ID                  string    `json:"id"`
	StartTimestamp      timestamp `json:"start_timestamp"`
	Type                string    `json:"type"`
}

// wireBackup is a backup document of one list.
type wireBackup interface {
	backup(env adapters.Env) model.Backup
}

// of begins a portable backup of an asset. All that a list shows can be
// restored from (seed page 004), so it is available.
func (h wireHead) of(env adapters.Env, asset model.Asset) model.Backup {
	return model.Backup{
		ID:         env.ID(string(asset.Kind), h.ID),
		Connection: env.Connection, Provider: Provider,
		Asset: asset, Kind: asset.Kind, Type: backupType(h.Type), Status: model.BackupAvailable,
		StartedAt: h.StartTimestamp.Time, ExpiresAt: h.ExpirationTimestamp.Time,
		Copies: []model.Copy{{
			Location: asset.Region, Kind: model.CopyLocal, Status: model.BackupAvailable, ExpiresAt: h.ExpirationTimestamp.Time,
		}},
		RestoreKinds: kindsFor(asset.Kind, h.Type),
		Native:       model.Native{ID: h.ID, Type: h.Type},
	}
}

func asset(env adapters.Env, kind model.AssetKind, key string) model.Asset {
	a := model.Asset{Kind: kind}
	if key != "" {
		a.ID = env.ID(string(kind), key)
	}
	return a
}

// tiered puts a storage tier on the backup's copy. Tier names are open and
// clash between the vendor's sources (NOTES section 8).
func tiered(b model.Backup, tier string) model.Backup {
	b.Copies[0].Tier = tier
	switch tier {
	case "archive", "cold", "frozen":
		b.Copies[0].Kind = model.CopyArchive
	}
	return b
}

// backupType reads the vendor's word. That a clumio_backup is one of the
// vendor's own says where it is kept; whether it was full or incremental is not
// told.
func backupType(word string) model.BackupType {
	switch {
	case strings.Contains(word, "snapshot"):
		return model.TypeSnapshot
	case strings.Contains(word, "log"):
		return model.TypeLog
	case strings.Contains(word, "incremental"), strings.Contains(word, "differential"):
		return model.TypeIncremental
	case strings.Contains(word, "full"):
		return model.TypeFull
	}
	return model.TypeUnknown
}

// bytesOf is n units, nil when n is absent or no size.
func bytesOf(n *int64, unit int64) *int64 {
	if n == nil || *n < 0 || *n > math.MaxInt64/unit {
		return nil
	}
	out := *n * unit
	return &out
}

// The units of sizes (NOTES section 7).
const (
	inBytes     = 1
	inGigabytes = 1e9
	inGibibytes = 1 << 30
)

// wireEC2Backup is EC2Backup.
type wireEC2Backup struct {
	wireHead
	AccountNativeID  string    `json:"account_native_id"`
	AWSRegion        string    `json:"aws_region"`
	BackupTier       string    `json:"backup_tier"`
	InstanceID       string    `json:"instance_id"`
	InstanceNativeID string    `json:"instance_native_id"`
	IsBrowsable      bool      `json:"is_browsable"`
	Size             *int64    `json:"size"`
	Tags             []wireTag `json:"tags"`
}

func (w wireEC2Backup) backup(env adapters.Env) model.Backup {
	a := asset(env, model.AssetEC2Instance, w.InstanceID)
	a.Name, a.NativeID, a.Region, a.Account, a.Tags = nameTag(w.Tags), w.InstanceNativeID, w.AWSRegion, w.AccountNativeID, tags(w.Tags)
	b := tiered(w.of(env, a), w.BackupTier)
	b.SizeBytes, b.Browsable = bytesOf(w.Size, inGigabytes), w.IsBrowsable
	return b
}

// nameTag is what AWS shows as the name of an instance or a volume.
func nameTag(wire []wireTag) string {
	for _, t := range wire {
		if t.Key == "Name" {
			return t.Value
		}
	}
	return ""
}

// wireEBSBackup is EBSBackup, version 2.
type wireEBSBackup struct {
	wireHead
	AccountNativeID string    `json:"account_native_id"`
	AWSRegion       string    `json:"aws_region"`
	BackupTier      string    `json:"backup_tier"`
	IsBrowsable     bool      `json:"is_browsable"`
	Size            *int64    `json:"size"`
	Tags            []wireTag `json:"tags"`
	VolumeID        string    `json:"volume_id"`
	VolumeNativeID  string    `json:"volume_native_id"`
}

func (w wireEBSBackup) backup(env adapters.Env) model.Backup {
	a := asset(env, model.AssetEBSVolume, w.VolumeID)
	a.Name, a.NativeID, a.Region, a.Account, a.Tags = nameTag(w.Tags), w.VolumeNativeID, w.AWSRegion, w.AccountNativeID, tags(w.Tags)
	b := tiered(w.of(env, a), w.BackupTier)
	b.SizeBytes, b.Browsable = bytesOf(w.Size, inGigabytes), w.IsBrowsable
	return b
}

// wireRDSBackup is RdsDatabaseBackup, the form of the list.
type wireRDSBackup struct {
	wireHead
	AccountNativeID  string    `json:"account_native_id"`
	AWSRegion        string    `json:"aws_region"`
	DatabaseID       string    `json:"database_id"`
	DatabaseNativeID string    `json:"database_native_id"`
	Size             *int64    `json:"size"`
	Tags             []wireTag `json:"tags"`
}

func (w wireRDSBackup) backup(env adapters.Env) model.Backup {
	a := asset(env, model.AssetRDS, w.DatabaseID)
	a.NativeID, a.Region, a.Account, a.Tags = w.DatabaseNativeID, w.AWSRegion, w.AccountNativeID, tags(w.Tags)
	b := w.of(env, a)
	b.SizeBytes = bytesOf(w.Size, inGibibytes)
	return b
}

// wireRDSBackupRead is ReadRdsDatabaseBackupResponse. It names the resource by
// another member than the list, and its size is in bytes where the list's is in
// GiB (openapi.json, x-unit).
type wireRDSBackupRead struct {
	wireRDSBackup
	ResourceID string `json:"resource_id"`
}

func (w wireRDSBackupRead) backup(env adapters.Env) model.Backup {
	if w.ResourceID != "" {
		w.DatabaseID = w.ResourceID
	}
	b := w.wireRDSBackup.backup(env)
	b.SizeBytes = bytesOf(w.Size, inBytes)
	return b
}

// wireDynamoDBBackup is DynamoDBTableBackupWithETag.
type wireDynamoDBBackup struct {
	wireHead
	AccountNativeID string    `json:"account_native_id"`
	AWSRegion       string    `json:"aws_region"`
	Size            *int64    `json:"size"`
	TableID         string    `json:"table_id"`
	TableName       string    `json:"table_name"`
	Tags            []wireTag `json:"tags"`
}

func (w wireDynamoDBBackup) backup(env adapters.Env) model.Backup {
	a := asset(env, model.AssetDynamoDBTable, w.TableID)
	a.Name, a.Region, a.Account, a.Tags = w.TableName, w.AWSRegion, w.AccountNativeID, tags(w.Tags)
	b := w.of(env, a)
	b.SizeBytes = bytesOf(w.Size, inBytes)
	return b
}

// wireMSSQLBackup is EC2MSSQLDatabaseBackup, which has no name of the database.
type wireMSSQLBackup struct {
	wireHead
	AWSRegion  string `json:"aws_region"`
	DatabaseID string `json:"database_id"`
}

func (w wireMSSQLBackup) backup(env adapters.Env) model.Backup {
	a := asset(env, model.AssetMSSQLDatabase, w.DatabaseID)
	a.Region = w.AWSRegion
	return w.of(env, a)
}

// wireIcebergBackup is IcebergTableBackup.
type wireIcebergBackup struct {
	wireHead
	AccountNativeID string `json:"account_native_id"`
	AWSRegion       string `json:"aws_region"`
	BackupAWSRegion string `json:"backup_aws_region"`
	TableID         string `json:"table_id"`
	TableName       string `json:"table_name"`
}

func (w wireIcebergBackup) backup(env adapters.Env) model.Backup {
	a := asset(env, model.AssetIcebergTable, w.TableID)
	a.Name, a.Region, a.Account = w.TableName, w.AWSRegion, w.AccountNativeID
	b := w.of(env, a)
	if w.BackupAWSRegion != "" {
		b.Copies[0].Location = w.BackupAWSRegion
	}
	return b
}
