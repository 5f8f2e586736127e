package model

// AssetKind says what a protected thing is, in words that hold for all vendors.
type AssetKind string

// The kinds of assets. AssetOther is for what a vendor protects that has no
// word here yet; the vendor's word is in Native.Type.
const (
	AssetEC2Instance        AssetKind = "aws-ec2-instance"
	AssetEBSVolume          AssetKind = "aws-ebs-volume"
	AssetRDS                AssetKind = "aws-rds"
	AssetDynamoDBTable      AssetKind = "aws-dynamodb-table"
	AssetS3Bucket           AssetKind = "aws-s3-bucket"
	AssetS3ProtectionGroup  AssetKind = "aws-s3-protection-group"
	AssetIcebergTable       AssetKind = "aws-iceberg-table"
	AssetGCSBucket          AssetKind = "gcp-gcs-bucket"
	AssetGCSProtectionGroup AssetKind = "gcp-gcs-protection-group"
	AssetMSSQLDatabase      AssetKind = "mssql-database"
	AssetPhysicalHost       AssetKind = "physical-host"
	AssetVM                 AssetKind = "vm"
	AssetApplication        AssetKind = "application"
	AssetCloudUser          AssetKind = "cloud-user"
	AssetCloudGroup         AssetKind = "cloud-group"
	AssetCloudSite          AssetKind = "cloud-site"
	AssetCloudTeam          AssetKind = "cloud-team"
	AssetOSAgent            AssetKind = "os-agent"
	AssetStorage            AssetKind = "storage"
	AssetOther              AssetKind = "other"
)

// AssetKinds lists every kind, in the order of the API document.
func AssetKinds() []AssetKind {
	return []AssetKind{
		AssetEC2Instance, AssetEBSVolume, AssetRDS, AssetDynamoDBTable, AssetS3Bucket, AssetS3ProtectionGroup,
		AssetIcebergTable, AssetGCSBucket, AssetGCSProtectionGroup, AssetMSSQLDatabase, AssetPhysicalHost, AssetVM,
		AssetApplication, AssetCloudUser, AssetCloudGroup, AssetCloudSite, AssetCloudTeam, AssetOSAgent, AssetStorage,
		AssetOther,
	}
}

// BackupType says how a backup was made.
type BackupType string

// The types of backups.
const (
	TypeFull        BackupType = "full"
	TypeIncremental BackupType = "incremental"
	TypeLog         BackupType = "log"
	TypeSnapshot    BackupType = "snapshot"
	TypeContinuous  BackupType = "continuous"
	TypeSynthetic   BackupType = "synthetic"
	TypeSystem      BackupType = "system"
	TypeUnknown     BackupType = "unknown"
)

// BackupStatus says whether a backup can be restored from.
type BackupStatus string

// The states of backups. Partial means restorable in part; Expired means that
// the data is gone by retention while the record is still listed.
const (
	BackupAvailable BackupStatus = "available"
	BackupPartial   BackupStatus = "partial"
	BackupRunning   BackupStatus = "running"
	BackupFailed    BackupStatus = "failed"
	BackupExpired   BackupStatus = "expired"
	BackupUnknown   BackupStatus = "unknown"
)

// CopyKind says what a copy of a backup is for.
type CopyKind string

// The kinds of copies.
const (
	CopyLocal   CopyKind = "local"
	CopyArchive CopyKind = "archive"
	CopyReplica CopyKind = "replica"
)

// RestoreKind is the discriminator of a restore request: what comes out of it.
type RestoreKind string

// The kinds of restores.
const (
	RestoreInstance      RestoreKind = "instance"
	RestoreVolume        RestoreKind = "volume"
	RestoreTable         RestoreKind = "table"
	RestoreDatabase      RestoreKind = "database"
	RestoreObjects       RestoreKind = "objects"
	RestoreFiles         RestoreKind = "files"
	RestoreDownload      RestoreKind = "download"
	RestoreInstantAccess RestoreKind = "instant-access"
	RestoreMount         RestoreKind = "mount"
	RestoreRecords       RestoreKind = "records"
	RestoreSystem        RestoreKind = "system"
	RestoreUnknown       RestoreKind = "unknown"
)

// RestoreKinds lists every kind a request may name.
func RestoreKinds() []RestoreKind {
	return []RestoreKind{
		RestoreInstance, RestoreVolume, RestoreTable, RestoreDatabase, RestoreObjects, RestoreFiles, RestoreDownload,
		RestoreInstantAccess, RestoreMount, RestoreRecords, RestoreSystem,
	}
}

// State is how far a restore or an operation has come. States only move
// forward: a terminal state is never left.
type State string

// The states. StateUnknown is not terminal: the vendor said a word that we do
// not know, and the work is taken to go on.
const (
	StateQueued                State = "queued"
	StateRunning               State = "running"
	StatePaused                State = "paused"
	StateCanceling             State = "canceling"
	StateSucceeded             State = "succeeded"
	StateSucceededWithWarnings State = "succeededWithWarnings"
	StateFailed                State = "failed"
	StateCanceled              State = "canceled"
	StateSkipped               State = "skipped"
	StateUnknown               State = "unknown"
)

// Terminal reports whether nothing can follow the state.
func (s State) Terminal() bool {
	switch s {
	case StateSucceeded, StateSucceededWithWarnings, StateFailed, StateCanceled, StateSkipped:
		return true
	case StateQueued, StateRunning, StatePaused, StateCanceling, StateUnknown:
	}
	return false
}

// ProgressBasis says where a progress figure comes from.
type ProgressBasis string

// The bases of progress: the vendor's own figure, the phases that are done, or
// nothing to go by.
const (
	ProgressVendor ProgressBasis = "vendor"
	ProgressPhases ProgressBasis = "phases"
	ProgressNone   ProgressBasis = "none"
)
