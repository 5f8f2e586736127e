package clumio

import (
	"switchback/internal/adapters"
	"switchback/internal/model"
)

// wireObjects is how much of a bucket or a group a backup holds.
type wireObjects struct {
	BackedUpSizeBytes *int64 `json:"backed_up_size_bytes"`
	BackedUpCount     *int64 `json:"backed_up_object_count"`
	FailedCount       *int64 `json:"failed_object_count"`
}

// onto sets size and status: objects that failed are not in the backup, so it
// gives back a part only.
func (w wireObjects) onto(b model.Backup) model.Backup {
	b.SizeBytes = bytesOf(w.BackedUpSizeBytes, inBytes)
	if w.FailedCount != nil && *w.FailedCount > 0 {
		b.Status = model.BackupPartial
		if w.BackedUpCount != nil && *w.BackedUpCount == 0 {
			b.Status, b.RestoreKinds = model.BackupFailed, []model.RestoreKind{}
		}
		b.Copies[0].Status = b.Status
	}
	return b
}

// wireGroupBackup is ProtectionGroupBackup.
type wireGroupBackup struct {
	wireHead
	wireObjects
	ProtectionGroupID   string `json:"protection_group_id"`
	ProtectionGroupName string `json:"protection_group_name"`
}

func (w wireGroupBackup) backup(env adapters.Env) model.Backup {
	a := asset(env, model.AssetS3ProtectionGroup, w.ProtectionGroupID)
	a.Name = w.ProtectionGroupName
	return w.onto(w.of(env, a))
}

// wireS3AssetBackup is ProtectionGroupS3AssetBackup: one bucket in one group.
type wireS3AssetBackup struct {
	wireHead
	wireObjects
	AWSRegion                string `json:"aws_region"`
	BucketName               string `json:"bucket_name"`
	ProtectionGroupID        string `json:"protection_group_id"`
	ProtectionGroupS3AssetID string `json:"protection_group_s3_asset_id"`
}

func (w wireS3AssetBackup) backup(env adapters.Env) model.Backup {
	a := asset(env, model.AssetS3Bucket, w.ProtectionGroupS3AssetID)
	// A bucket's name is its AWS id.
	a.Name, a.NativeID, a.Region = w.BucketName, w.BucketName, w.AWSRegion
	b := w.onto(w.of(env, a))
	b.Group = group(env, model.AssetS3ProtectionGroup, w.ProtectionGroupID)
	return b
}

// wireGCSGroupBackup is GCSProtectionGroupBackup.
type wireGCSGroupBackup struct {
	wireHead
	wireObjects
	ProtectionGroupID   string `json:"protection_group_id"`
	ProtectionGroupName string `json:"protection_group_name"`
}

func (w wireGCSGroupBackup) backup(env adapters.Env) model.Backup {
	a := asset(env, model.AssetGCSProtectionGroup, w.ProtectionGroupID)
	a.Name = w.ProtectionGroupName
	return w.onto(w.of(env, a))
}

// wireGCSAssetBackup is GCSProtectionGroupAssetBackup.
type wireGCSAssetBackup struct {
	wireHead
	wireObjects
	BucketName                string `json:"bucket_name"`
	GCPRegion                 string `json:"gcp_region"`
	ProjectID                 string `json:"project_id"`
	ProtectionGroupGCSAssetID string `json:"protection_group_gcs_asset_id"`
	ProtectionGroupID         string `json:"protection_group_id"`
}

func (w wireGCSAssetBackup) backup(env adapters.Env) model.Backup {
	a := asset(env, model.AssetGCSBucket, w.ProtectionGroupGCSAssetID)
	a.Name, a.NativeID, a.Region, a.Account = w.BucketName, w.BucketName, w.GCPRegion, w.ProjectID
	b := w.onto(w.of(env, a))
	b.Group = group(env, model.AssetGCSProtectionGroup, w.ProtectionGroupID)
	return b
}

func group(env adapters.Env, kind model.AssetKind, key string) *model.Ref {
	if key == "" {
		return nil
	}
	return &model.Ref{ID: env.ID(string(kind), key)}
}
