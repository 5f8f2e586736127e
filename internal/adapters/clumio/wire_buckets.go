package clumio

import (
	"switchback/internal/adapters"
	"switchback/internal/model"
)

// wireS3Asset is ProtectionGroupBucket: one bucket in one group.
type wireS3Asset struct {
	wireStock
	BucketName          string    `json:"bucket_name"`
	LastContinuous      timestamp `json:"last_continuous_backup_timestamp"`
	TotalBackedUpSizeBy *int64    `json:"total_backed_up_size_bytes"`
}

func (w wireS3Asset) protected(env adapters.Env) model.ProtectedAsset {
	a := w.of(env, model.AssetS3Bucket, w.LastContinuous)
	// A bucket's name is its AWS id.
	a.Name, a.NativeID, a.SizeBytes = w.BucketName, w.BucketName, bytesOf(w.TotalBackedUpSizeBy, inBytes)
	return a
}

// wireBucket is Bucket.
type wireBucket struct {
	wireStock
	LastBacktrackSync    timestamp `json:"last_backtrack_sync_timestamp"`
	LastContinuous       timestamp `json:"last_continuous_backup_timestamp"`
	ProtectionGroupCount *int64    `json:"protection_group_count"`
	SizeBytes            *int64    `json:"size_bytes"`
}

// inNoGroup takes a bucket that does not say for one that is in none: shown
// twice is better than not at all.
func (w wireBucket) inNoGroup() bool {
	return w.ProtectionGroupCount == nil || *w.ProtectionGroupCount == 0
}

// protected takes a bucket in no group for unprotected, unless Backtrack keeps its versions: its times tell that it did
// at some time, not that it does.
func (w wireBucket) protected(env adapters.Env) model.ProtectedAsset {
	a := w.of(env, model.AssetS3Bucket, w.LastContinuous)
	a.NativeID, a.SizeBytes = w.Name, bytesOf(w.SizeBytes, inBytes)
	if w.ProtectionGroupCount != nil && *w.ProtectionGroupCount == 0 && w.LastBacktrackSync.IsZero() {
		a.Protection = model.Unprotected
	}
	return a
}

// wireS3Group is ProtectionGroup. It is in no region.
type wireS3Group struct {
	wireStock
	LastContinuous      timestamp `json:"last_continuous_backup_timestamp"`
	TotalBackedUpSizeBy *int64    `json:"total_backed_up_size_bytes"`
}

func (w wireS3Group) protected(env adapters.Env) model.ProtectedAsset {
	a := w.of(env, model.AssetS3ProtectionGroup, w.LastContinuous)
	a.SizeBytes = bytesOf(w.TotalBackedUpSizeBy, inBytes)
	return a
}

// wireGCSAsset is GCPGCSAsset: one bucket in one group. It says nothing of its
// protection, and project and region are ids of the vendor's own.
type wireGCSAsset struct {
	wireStock
	BucketName string `json:"bucket_name"`
	SizeBytes  *int64 `json:"size_bytes"`
}

func (w wireGCSAsset) protected(env adapters.Env) model.ProtectedAsset {
	a := w.of(env, model.AssetGCSBucket)
	if w.BucketName != "" {
		a.Name = w.BucketName
	}
	a.NativeID, a.SizeBytes = w.BucketName, bytesOf(w.SizeBytes, inBytes)
	return a
}

// wireGCSGroup is GCPProtectionGroup.
type wireGCSGroup struct {
	wireStock
	Labels              []wireTag `json:"labels"`
	Location            string    `json:"location"`
	TotalBackedUpSizeBy *int64    `json:"total_backed_up_size_bytes"`
}

func (w wireGCSGroup) protected(env adapters.Env) model.ProtectedAsset {
	a := w.of(env, model.AssetGCSProtectionGroup)
	a.Region, a.Tags, a.SizeBytes = w.Location, tags(w.Labels), bytesOf(w.TotalBackedUpSizeBy, inBytes)
	return a
}
