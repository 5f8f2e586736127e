package model

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Protection says whether an asset is backed up.
type Protection string

// The states of protection. Unsupported means that the vendor sees the asset
// and can not protect it.
const (
	Protected             Protection = "protected"
	Unprotected           Protection = "unprotected"
	ProtectionUnsupported Protection = "unsupported"
	ProtectionUnknown     Protection = "unknown"
)

// ProtectedAsset is an asset with what its vendor knows of its protection.
type ProtectedAsset struct {
	Asset
	Connection string     `json:"connection"`
	Provider   string     `json:"provider"`
	Protection Protection `json:"protection"`
	Policy     *Ref       `json:"policy,omitempty"`

	LastBackupAt     time.Time `json:"lastBackupAt,omitzero"`
	LastBackupStatus string    `json:"lastBackupStatus,omitempty"` // success, partial, failed, none, unknown
	SizeBytes        *int64    `json:"sizeBytes,omitempty"`
	Environment      string    `json:"environment,omitempty"` // the vendor's id of its account and region
	Deleted          bool      `json:"deleted,omitempty"`     // gone at its platform, kept by the vendor

	// Continuous is the stretch of time to any point of which it can be restored.
	Continuous *RestoreRange `json:"continuous,omitempty"`

	Native         Native          `json:"native"`
	NativeDocument json.RawMessage `json:"nativeDocument,omitempty"`
}

// AssetQuery chooses assets, as BackupQuery does backups.
type AssetQuery struct {
	Search     string // part of the name, whatever the case
	Kinds      []AssetKind
	Protection []Protection
	Native     bool
}

// Matches reports whether the query chooses a.
func (q AssetQuery) Matches(a ProtectedAsset) bool {
	return (q.Search == "" || strings.Contains(strings.ToLower(a.Name), strings.ToLower(q.Search))) &&
		(len(q.Kinds) == 0 || slices.Contains(q.Kinds, a.Kind)) &&
		(len(q.Protection) == 0 || slices.Contains(q.Protection, a.Protection))
}

// RestorePoint is one point in time an asset can be restored to.
type RestorePoint struct {
	At        time.Time    `json:"at"`
	Backup    *ID          `json:"backup,omitempty"` // the backup that gives it
	Type      BackupType   `json:"type"`
	Status    BackupStatus `json:"status"`
	ExpiresAt time.Time    `json:"expiresAt,omitzero"`
}

// RestoreRange is a stretch of time to any point of which can be restored.
type RestoreRange struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// RestorePoints is what an asset can be restored to within a window: points
// newest first, ranges newest first. Complete is false when the vendor had more
// than was read.
type RestorePoints struct {
	Points   []RestorePoint `json:"points"`
	Ranges   []RestoreRange `json:"ranges"`
	Complete bool           `json:"complete"`
}

// Source is a place that assets are in: a cloud account and region, a
// registered server, a hypervisor.
type Source struct {
	ID         ID     `json:"id"`
	Connection string `json:"connection"`
	Provider   string `json:"provider"`
	Kind       string `json:"kind"` // aws-account, aws-environment, gcp-project, physical-host, mssql, hypervisor, cloud-provider, other
	Name       string `json:"name,omitempty"`
	Account    string `json:"account,omitempty"`
	Region     string `json:"region,omitempty"`
	Status     string `json:"status"` // connected, disconnected, pending, failed, unknown

	RefreshedAt    time.Time       `json:"refreshedAt,omitzero"`
	Native         Native          `json:"native"`
	NativeDocument json.RawMessage `json:"nativeDocument,omitempty"`
}

// FileHit is a file that a search found.
type FileHit struct {
	Name       string    `json:"name"`
	Path       string    `json:"path"`
	Type       string    `json:"type"` // file, directory, link, other
	SizeBytes  *int64    `json:"sizeBytes,omitempty"`
	ModifiedAt time.Time `json:"modifiedAt,omitzero"`
	Asset      *Ref      `json:"asset,omitempty"`
	Backup     *ID       `json:"backup,omitempty"` // the newest that holds it, when the vendor says
	Versions   *int      `json:"versions,omitempty"`
	Native     Native    `json:"native"`
}

// FileQuery looks for files by name in the backups of an asset.
type FileQuery struct {
	Asset ID     `json:"asset"`
	Name  string `json:"name"` // part of the name; * stands for anything
}
