package model

import (
	"encoding/json"
	"slices"
	"time"
)

// Latest is the word for the newest recoverable point in RestoreSource.At.
const Latest = "latest"

// RestoreSource says what to restore: one backup, an asset at a point in time
// (an RFC 3339 time or Latest), or an asset over a range of time.
type RestoreSource struct {
	Backup *ID       `json:"backup,omitempty"`
	Asset  *ID       `json:"asset,omitempty"`
	At     string    `json:"at,omitempty"`
	From   time.Time `json:"from,omitzero"`
	To     time.Time `json:"to,omitzero"`
}

// SourceForm is which of the forms of RestoreSource is used.
type SourceForm string

// The forms of a restore's source.
const (
	SourceBackup SourceForm = "backup"
	SourceAt     SourceForm = "at"
	SourceLatest SourceForm = "latest"
	SourceRange  SourceForm = "range"
)

// Form returns the form in use, "" when the source is none of them.
func (s RestoreSource) Form() SourceForm {
	switch {
	case s.Backup != nil && s.Asset == nil && s.At == "" && s.From.IsZero() && s.To.IsZero():
		return SourceBackup
	case s.Backup != nil || s.Asset == nil:
		return ""
	case s.At == Latest && s.From.IsZero() && s.To.IsZero():
		return SourceLatest
	case s.At != "" && s.From.IsZero() && s.To.IsZero():
		return SourceAt
	case s.At == "" && !s.From.IsZero() && !s.To.IsZero():
		return SourceRange
	}
	return ""
}

// ID is the backup or asset that the source names, the zero ID when neither.
func (s RestoreSource) ID() ID {
	switch {
	case s.Backup != nil:
		return *s.Backup
	case s.Asset != nil:
		return *s.Asset
	}
	return ID{}
}

// RestoreRequest asks for one restore. Target, Select and Options are JSON
// objects (or empty) that have passed the schemas which the adapter published
// for the kind.
type RestoreRequest struct {
	Kind    RestoreKind     `json:"kind"`
	Source  RestoreSource   `json:"source"`
	Target  json.RawMessage `json:"target,omitempty"`
	Select  json.RawMessage `json:"select,omitempty"`
	Options json.RawMessage `json:"options,omitempty"`
	Reason  string          `json:"reason,omitempty"`

	// Marker is a short unique token that an adapter puts into a name or tag
	// at the vendor where there is room, so that the restore can be found
	// again after its reply was lost. It is URL-safe and never empty.
	Marker string `json:"-"`
}

// Restore is one restore, wherever it was started.
type Restore struct {
	ID          ID             `json:"id"`
	Connection  string         `json:"connection"`
	Provider    string         `json:"provider"`
	Kind        RestoreKind    `json:"kind"`
	State       State          `json:"state"`
	Progress    Progress       `json:"progress"`
	Source      *RestoreSource `json:"source,omitempty"`
	Target      any            `json:"target,omitempty"`
	Reason      string         `json:"reason,omitempty"`
	RequestedBy string         `json:"requestedBy,omitempty"`

	// CreatedAt orders lists. It is never zero.
	CreatedAt time.Time `json:"createdAt"`
	StartedAt time.Time `json:"startedAt,omitzero"`
	EndedAt   time.Time `json:"endedAt,omitzero"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"` // of what the restore made available

	Cancellable    bool `json:"cancellable"`
	OutcomeUnknown bool `json:"outcomeUnknown"` // the vendor may or may not have acted

	Outputs  Outputs   `json:"outputs"`
	Warnings []string  `json:"warnings,omitempty"`
	Error    *Failure  `json:"error,omitempty"`
	Children []Restore `json:"children,omitempty"`

	Native         Native          `json:"native"`
	NativeDocument json.RawMessage `json:"nativeDocument,omitempty"`
}

// Position is the restore's place in the total order.
func (r Restore) Position() Position { return Position{r.CreatedAt, r.ID.String()} }

// Progress is how far something has come. Percent is 0 to 100.
type Progress struct {
	Percent *float64      `json:"percent,omitempty"`
	Bytes   *int64        `json:"bytes,omitempty"`
	Basis   ProgressBasis `json:"basis"`
}

// Outputs is what a restore gives. The URLs are paths of this gateway.
type Outputs struct {
	ContentURL string `json:"contentUrl,omitempty"` // the bytes, when HasContent and succeeded
	AccessURL  string `json:"accessUrl,omitempty"`
	Name       string `json:"name,omitempty"`     // of what was made: a table, an endpoint
	Asset      *Ref   `json:"asset,omitempty"`    // what was made, once it is in the vendor's inventory
	Link       string `json:"link,omitempty"`     // the vendor's own address of a download, for a person's browser
	Passcode   string `json:"passcode,omitempty"` // opens what was shared; told once, when it starts
	HasContent bool   `json:"-"`
	HasAccess  bool   `json:"-"`
}

// Failure says why something ended badly.
type Failure struct {
	Code     string           `json:"code"`
	Detail   string           `json:"detail,omitempty"`
	Upstream *UpstreamFailure `json:"upstream,omitempty"`
}

// UpstreamFailure is the vendor's own word for a failure.
type UpstreamFailure struct {
	Status    int    `json:"status,omitempty"`
	Code      string `json:"code,omitempty"`
	RequestID string `json:"requestId,omitempty"`
}

// RestorePatch is what may be changed on a restore that exists. A nil member
// is left as it is.
type RestorePatch struct {
	Name      *string    `json:"name,omitempty"`
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
	Status    *string    `json:"status,omitempty"` // the vendor's word for a download's status
}

// RestoreQuery chooses restores, as BackupQuery does backups.
type RestoreQuery struct {
	CreatedAfter  time.Time // inclusive
	CreatedBefore time.Time // exclusive
	Kinds         []RestoreKind
	States        []State
	Native        bool
}

// Matches reports whether the query chooses r.
func (q RestoreQuery) Matches(r Restore) bool {
	return (q.CreatedAfter.IsZero() || !r.CreatedAt.Before(q.CreatedAfter)) &&
		(q.CreatedBefore.IsZero() || r.CreatedAt.Before(q.CreatedBefore)) &&
		(len(q.Kinds) == 0 || slices.Contains(q.Kinds, r.Kind)) &&
		(len(q.States) == 0 || slices.Contains(q.States, r.State))
}
