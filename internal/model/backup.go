package model

import (
	"encoding/json"
	"slices"
	"time"
)

// Backup is one restorable (or failed, or running) backup of one asset.
type Backup struct {
	ID         ID           `json:"id"`
	Connection string       `json:"connection"`
	Provider   string       `json:"provider"`
	Asset      Asset        `json:"asset"`
	Kind       AssetKind    `json:"kind"` // always Asset.Kind
	Type       BackupType   `json:"type"`
	Status     BackupStatus `json:"status"`

	// StartedAt orders lists; a vendor's point in time of the data, or the
	// start of the run that made it. It is never zero.
	StartedAt time.Time `json:"startedAt"`
	EndedAt   time.Time `json:"endedAt,omitzero"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"`

	SizeBytes   *int64 `json:"sizeBytes,omitempty"`   // of the protected data
	StoredBytes *int64 `json:"storedBytes,omitempty"` // what the backup takes up

	Copies    []Copy `json:"copies"`
	Browsable bool   `json:"browsable"`
	Group     *Ref   `json:"group,omitempty"`  // the protection group that made it
	Run       string `json:"run,omitempty"`    // the vendor's id of the run
	Parent    *ID    `json:"parent,omitempty"` // the backup this one builds upon

	// RestoreKinds lists what POST /v1/restores accepts for this backup.
	RestoreKinds []RestoreKind `json:"restoreKinds"`

	Native         Native          `json:"native"`
	NativeDocument json.RawMessage `json:"nativeDocument,omitempty"` // the vendor's own document, when asked for
}

// Position is the backup's place in the total order.
func (b Backup) Position() Position { return Position{b.StartedAt, b.ID.String()} }

// Asset is a protected thing, as far as the place that mentions it knows it.
type Asset struct {
	ID       ID        `json:"id"`
	Kind     AssetKind `json:"kind"`
	Name     string    `json:"name,omitempty"`
	NativeID string    `json:"nativeId,omitempty"` // on the protected platform: an AWS instance id, a host uuid
	Region   string    `json:"region,omitempty"`
	Account  string    `json:"account,omitempty"`
	Tags     []Tag     `json:"tags,omitempty"`
}

// Tag is one key and value on an asset. Keys may repeat.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Ref mentions another resource.
type Ref struct {
	ID   ID     `json:"id"`
	Name string `json:"name,omitempty"`
}

// Copy is one place a backup is kept in.
type Copy struct {
	Location    string       `json:"location,omitempty"`
	Kind        CopyKind     `json:"kind"`
	Tier        string       `json:"tier,omitempty"`
	Status      BackupStatus `json:"status"`
	ExpiresAt   time.Time    `json:"expiresAt,omitzero"`
	LockedUntil time.Time    `json:"lockedUntil,omitzero"`
	LegalHold   bool         `json:"legalHold,omitempty"`
}

// Native keeps the vendor's own words beside the portable ones.
type Native struct {
	ID     string `json:"id,omitempty"`
	Status string `json:"status,omitempty"`
	Type   string `json:"type,omitempty"`
}

// BackupQuery chooses backups. The zero value chooses all; a filter that lists
// several values is met by any of them.
type BackupQuery struct {
	StartedAfter  time.Time // inclusive
	StartedBefore time.Time // exclusive
	Assets        []ID
	AssetKinds    []AssetKind
	Statuses      []BackupStatus
	Types         []BackupType

	// Of the asset, as the backup shows it. A tag without a value is met by any.
	Accounts []string
	Regions  []string
	Tags     []Tag

	// Native asks for NativeDocument on every backup.
	Native bool
}

// Matches reports whether the query chooses b. It is the law: what an adapter
// pushes down to its vendor may only save work.
func (q BackupQuery) Matches(b Backup) bool {
	return (q.StartedAfter.IsZero() || !b.StartedAt.Before(q.StartedAfter)) &&
		(q.StartedBefore.IsZero() || b.StartedAt.Before(q.StartedBefore)) &&
		(len(q.Assets) == 0 || slices.Contains(q.Assets, b.Asset.ID)) &&
		(len(q.AssetKinds) == 0 || slices.Contains(q.AssetKinds, b.Kind)) &&
		(len(q.Statuses) == 0 || slices.Contains(q.Statuses, b.Status)) &&
		(len(q.Types) == 0 || slices.Contains(q.Types, b.Type)) &&
		(len(q.Accounts) == 0 || slices.Contains(q.Accounts, b.Asset.Account)) &&
		(len(q.Regions) == 0 || slices.Contains(q.Regions, b.Asset.Region)) &&
		(len(q.Tags) == 0 || slices.ContainsFunc(q.Tags, b.Asset.hasTag))
}

func (a Asset) hasTag(wanted Tag) bool {
	return slices.ContainsFunc(a.Tags, func(t Tag) bool {
		return t.Key == wanted.Key && (wanted.Value == "" || t.Value == wanted.Value)
	})
}
