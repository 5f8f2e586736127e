package model

import (
	"encoding/json"
	"slices"
	"time"
)

// Operation is an asynchronous thing at a vendor that is no restore: a backup
// that was asked for, a policy change, a tear-down.
type Operation struct {
	ID         ID       `json:"id"`
	Connection string   `json:"connection"`
	Provider   string   `json:"provider"`
	Action     string   `json:"action"` // backup, delete, update, cancel, other
	State      State    `json:"state"`
	Progress   Progress `json:"progress"`
	Subject    *Ref     `json:"subject,omitempty"` // what it works on

	// CreatedAt orders lists. It is never zero.
	CreatedAt time.Time `json:"createdAt"`
	StartedAt time.Time `json:"startedAt,omitzero"`
	EndedAt   time.Time `json:"endedAt,omitzero"`

	Cancellable bool     `json:"cancellable"`
	Error       *Failure `json:"error,omitempty"`

	Native         Native          `json:"native"`
	NativeDocument json.RawMessage `json:"nativeDocument,omitempty"`
}

// Position is the operation's place in the total order.
func (o Operation) Position() Position { return Position{o.CreatedAt, o.ID.String()} }

// OperationQuery chooses operations, as BackupQuery does backups.
type OperationQuery struct {
	CreatedAfter  time.Time // inclusive
	CreatedBefore time.Time // exclusive
	States        []State
	Native        bool
}

// Matches reports whether the query chooses o.
func (q OperationQuery) Matches(o Operation) bool {
	return (q.CreatedAfter.IsZero() || !o.CreatedAt.Before(q.CreatedAfter)) &&
		(q.CreatedBefore.IsZero() || o.CreatedAt.Before(q.CreatedBefore)) &&
		(len(q.States) == 0 || slices.Contains(q.States, o.State))
}
