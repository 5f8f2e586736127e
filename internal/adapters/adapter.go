package adapters

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"switchback/internal/model"
)

// Adapter is one open vendor account. It is safe for concurrent use. Every
// method honours its context, returns errors of package fault (or the context's
// own), and returns no partial result beside an error.
type Adapter struct {
	Provider string // clumio, ibm, storware
	Traits   Traits

	// RestoreKinds says what Restores.Start accepts.
	RestoreKinds []RestoreKind

	Session Session // required
	Backups Backups // required

	BackupStarts     BackupStarts     // nil: can not back up on demand
	Files            Files            // nil: can not look into backups
	Restores         Restores         // nil: can not restore
	RestoreCancels   RestoreCancels   // nil: can not stop a restore
	RestorePatches   RestorePatches   // nil: nothing can be changed on a restore
	RestoreRemovals  RestoreRemovals  // nil: nothing can be torn down
	Access           Access           // nil: no instant access
	Content          Content          // nil: restores give no bytes
	Operations       Operations       // nil: shows no operations
	OperationCancels OperationCancels // nil: can not stop an operation
	Policies         Policies         // nil: shows no policies

	Assets            Assets            // nil: shows no assets of their own
	RestorePoints     RestorePoints     // nil: tells no points beyond backups
	Sources           Sources           // nil: shows no sources
	FileSearch        FileSearch        // nil: can not search files
	Plans             Plans             // nil: can not tell beforehand
	RestoreResults    RestoreResults    // nil: the restore itself says what it made
	PolicyWrites      PolicyWrites      // nil: policies are read only
	PolicyAssignments PolicyAssignments // nil: does not tell what policies protect
	Native            Native            // nil: no passthrough
}

// Traits are facts the gateway plans by. The kit checks each.
type Traits struct {
	// MaxPageSize is the largest limit that one Stream.Page can serve with one
	// vendor call. A larger limit is lowered to it, never refused.
	MaxPageSize int

	// RangeReads says that Content.Open with an offset costs the vendor no more
	// than the bytes asked for. Without it the bytes before are read and dropped.
	RangeReads bool

	// NativeIdempotency says that the vendor itself starts one restore only for
	// equal markers.
	NativeIdempotency bool

	// MarkerPlaces names, for each restore kind, where RestoreRequest.Marker
	// goes at the vendor, in words for people: "recovery name". A kind that is
	// missing has no place for it.
	MarkerPlaces map[model.RestoreKind]string
}

// RestoreKind describes one kind of restore that an account can start.
type RestoreKind struct {
	Kind       model.RestoreKind  `json:"kind"`
	AssetKinds []model.AssetKind  `json:"assetKinds"` // of the sources it works on
	Sources    []model.SourceForm `json:"sources"`

	// Target, Select and Options are JSON Schemas (2020-12) of the like-named
	// members of a request; each has type object and additionalProperties
	// false. A nil schema means that the member must be absent or empty.
	Target  json.RawMessage `json:"target,omitempty"`
	Select  json.RawMessage `json:"select,omitempty"`
	Options json.RawMessage `json:"options,omitempty"`
}

// Session is the account's sign-in.
type Session interface {
	// Check makes one cheap read. Nil means that the credentials work.
	Check(ctx context.Context) error
	// Close signs out where the vendor has a sign-out and frees what is held.
	// It may be called twice.
	Close(ctx context.Context) error
}

// Backups lists and reads backups.
type Backups interface {
	// Streams returns the streams that together hold every backup which q
	// matches, each backup in exactly one stream. They may hold more than q
	// matches: the caller filters. Names are unique and stable for the query.
	// It may ask the vendor which streams there are.
	Streams(ctx context.Context, q model.BackupQuery) ([]Stream[model.Backup], error)
	// Get returns one backup by an id that a stream gave, with NativeDocument
	// when native is true. The id's connection is this account's.
	Get(ctx context.Context, id model.ID, native bool) (model.Backup, error)
}

// BackupStarts backs up now.
type BackupStarts interface {
	// Start begins one backup of an asset or a protection group and returns
	// what to watch. It is called at most once for one request.
	Start(ctx context.Context, r BackupStart) (model.Operation, error)
}

// BackupStart asks for one backup now.
type BackupStart struct {
	Subject model.ID         // an asset, or a protection group
	Type    model.BackupType // "" leaves it to the vendor
	Keep    model.Period     // zero leaves it to the vendor
	Options json.RawMessage
}

// Files looks into backups.
type Files interface {
	// List returns the entries of a directory of a backup, in the vendor's
	// order; token "" is the start. "/" is the root.
	List(ctx context.Context, backup model.ID, path, token string, limit int) (TokenPage[FileEntry], error)
	// Open returns the bytes of one file, as Content.Open does.
	Open(ctx context.Context, backup model.ID, path string, offset int64) (*Body, error)
}

// FileEntry is one entry of a directory in a backup.
type FileEntry struct {
	Name       string    `json:"name"`
	Path       string    `json:"path"`
	Type       string    `json:"type"` // file, directory, link, other
	SizeBytes  *int64    `json:"sizeBytes,omitempty"`
	ModifiedAt time.Time `json:"modifiedAt,omitzero"`
}

// Restores starts and shows restores.
type Restores interface {
	// Start begins one restore. It is called at most once for one request and
	// sends the one write to the vendor at most once; when that write may have
	// been acted upon without an answer, the error is Ambiguous. Reads that it
	// needs first are not. The returned restore has at least an ID that Get
	// understands (also in another process), State and Native.
	Start(ctx context.Context, r model.RestoreRequest) (model.Restore, error)
	// Get returns one restore by an id that Start or a stream gave.
	Get(ctx context.Context, id model.ID, native bool) (model.Restore, error)
	// Streams is Backups.Streams for restores, by CreatedAt.
	Streams(ctx context.Context, q model.RestoreQuery) ([]Stream[model.Restore], error)
}

// RestoreCancels stops restores.
type RestoreCancels interface {
	// Cancel asks the vendor to stop; nil means that it has accepted, not that
	// the restore has stopped. A restore that is over gives Conflict.
	Cancel(ctx context.Context, id model.ID) error
}

// RestorePatches changes restores that exist.
type RestorePatches interface {
	// Patch changes what p names and returns the restore as it is then. A
	// member that this restore can not change gives Invalid with its pointer.
	Patch(ctx context.Context, id model.ID, p model.RestorePatch) (model.Restore, error)
}

// RestoreRemovals tears down what a restore has made available.
type RestoreRemovals interface {
	// Remove ends an endpoint, a mount or a prepared download. The operation is
	// nil when the vendor is done at once.
	Remove(ctx context.Context, id model.ID) (*model.Operation, error)
}

// Access shows and shares what an instant-access restore serves.
type Access interface {
	Get(ctx context.Context, restore model.ID) (AccessInfo, error)
	AddRole(ctx context.Context, restore model.ID, role AccessRole) (AccessRole, error)
	UpdateRole(ctx context.Context, restore model.ID, role AccessRole) (AccessRole, error)
	RemoveRole(ctx context.Context, restore model.ID, roleID string) error
}

// AccessInfo is how to reach an instant-access endpoint.
type AccessInfo struct {
	URI         string          `json:"uri,omitempty"`
	BucketAlias string          `json:"bucketAlias,omitempty"`
	Domain      string          `json:"domain,omitempty"` // origin for a content delivery network
	Region      string          `json:"region,omitempty"`
	Roles       []AccessRole    `json:"roles"`
	Permissions json.RawMessage `json:"permissions,omitempty"` // the IAM policy to attach
}

// AccessRole is one role that may use an endpoint.
type AccessRole struct {
	ID    string `json:"id,omitempty"`
	ARN   string `json:"arn"`
	Alias string `json:"alias,omitempty"`
}

// Content gives the bytes of a finished restore.
type Content interface {
	// Open returns the bytes from offset to the end. Body.Offset is offset.
	// Bytes that are not ready yet give Conflict; an offset at or past the end
	// gives a body without bytes when the size is not known beforehand.
	Open(ctx context.Context, restore model.ID, offset int64) (*Body, error)
	// Size finds how many bytes there are, -1 when the vendor gives no way to
	// tell. It may cost several small calls.
	Size(ctx context.Context, restore model.ID) (int64, error)
}

// Body is an open transfer. A read error other than io.EOF means that the
// bytes so far are incomplete; io.EOF is given only when the vendor's own end
// was reached. Closing early frees the vendor connection.
type Body struct {
	io.ReadCloser
	Offset      int64  // where the first byte stands in the whole
	Size        int64  // of the whole, -1 when not known
	ContentType string // "" when the vendor does not say
	FileName    string // "" when the vendor does not say
}

// Operations lists and reads operations.
type Operations interface {
	Streams(ctx context.Context, q model.OperationQuery) ([]Stream[model.Operation], error)
	Get(ctx context.Context, id model.ID, native bool) (model.Operation, error)
}

// OperationCancels stops operations, as RestoreCancels does restores.
type OperationCancels interface {
	Cancel(ctx context.Context, id model.ID) error
}

// Policies lists and reads policies.
type Policies interface {
	Lister[model.Policy]
	Get(ctx context.Context, id model.ID, native bool) (model.Policy, error)
}
