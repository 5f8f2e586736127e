package adapters

import (
	"context"
	"encoding/json"
	"time"

	"switchback/internal/model"
)

// Assets lists and reads what the vendor sees, protected or not.
type Assets interface {
	// List returns assets in the vendor's order; token as in Lister. A page may
	// hold more than q matches, and none of it: the caller filters.
	List(ctx context.Context, q model.AssetQuery, token string, limit int) (TokenPage[model.ProtectedAsset], error)
	// Get returns one asset by an id that List or a backup gave.
	Get(ctx context.Context, id model.ID, native bool) (model.ProtectedAsset, error)
}

// RestorePoints tells what an asset can be restored to.
type RestorePoints interface {
	// RestorePoints looks at [from, to]. Both are set.
	RestorePoints(ctx context.Context, asset model.ID, from, to time.Time) (model.RestorePoints, error)
}

// Sources lists and reads the places that assets are in.
type Sources interface {
	Lister[model.Source]
	Get(ctx context.Context, id model.ID, native bool) (model.Source, error)
}

// FileSearch finds files in backups by name.
type FileSearch interface {
	Search(ctx context.Context, q model.FileQuery, token string, limit int) (TokenPage[model.FileHit], error)
}

// Plans finds out what a restore would do.
type Plans interface {
	// Plan makes reads only. The request has passed the published schemas.
	Plan(ctx context.Context, r model.RestoreRequest) (model.RestorePlan, error)
}

// RestoreResults finds what a restore has made, where the vendor's own record
// of the restore does not say.
type RestoreResults interface {
	// Locate adds to a restore that Get gave what it has made; request is the one
	// that started it, with its marker. It makes reads only. What is not in the
	// vendor's inventory yet is a warning, not an error, and changes no state.
	Locate(ctx context.Context, restore model.Restore, request model.RestoreRequest) (model.Restore, error)
}

// PolicyWrites changes policies.
type PolicyWrites interface {
	// Create makes a policy from the portable form; fields that say how it came
	// to be (ID, Usage, Version, ...) are empty. What the vendor can not hold is
	// Invalid with a pointer to each member, unless lossy allows to leave it out:
	// then it is in Lossy of the policy that is returned.
	Create(ctx context.Context, p model.Policy, lossy bool) (PolicyChange, error)
	// Update makes the policy what p says and leaves what the portable form does
	// not model as it is. version is Policy.Version as it was read; another one at
	// the vendor gives Stale. A locked policy gives Conflict.
	Update(ctx context.Context, id model.ID, version string, p model.Policy, lossy bool) (PolicyChange, error)
	// Delete removes a policy, under the same condition.
	Delete(ctx context.Context, id model.ID, version string) (PolicyChange, error)
}

// PolicyChange is a policy as it will be, and the operation that gets it there
// when the vendor does it afterwards. Policy is nil after a deletion.
type PolicyChange struct {
	Policy    *model.Policy
	Operation *model.Operation
}

// PolicyAssignments says what policies protect.
type PolicyAssignments interface {
	// List returns the assets a policy is assigned to.
	List(ctx context.Context, policy model.ID, token string, limit int) (TokenPage[model.ProtectedAsset], error)
	// Assign puts assets under a policy; Unassign takes them away. The operation
	// is nil when the vendor is done at once.
	Assign(ctx context.Context, policy model.ID, assets []model.ID) (*model.Operation, error)
	Unassign(ctx context.Context, policy model.ID, assets []model.ID) (*model.Operation, error)
}

// Native is the guarded way to what has no neutral form.
type Native interface {
	// Routes lists the operations of the vendor's contract, in its order. The
	// slice is the adapter's own.
	Routes() []NativeRoute
	// Do sends one request to a route of the list, with the account's credentials
	// and headers. A request that no route matches gives NotFound, and nothing is
	// sent. A status that is not 2xx is an error, as everywhere. The caller
	// closes the body.
	Do(ctx context.Context, r NativeRequest) (*NativeReply, error)
}

// NativeRoute is one operation of a vendor's contract.
type NativeRoute struct {
	Method    string `json:"method"`
	Path      string `json:"path"` // template with {parameters}
	Operation string `json:"operation"`
	Safe      bool   `json:"safe"` // changes nothing, whatever its method
}

// NativeRequest is a request in the vendor's own words.
type NativeRequest struct {
	Method string
	Path   string // escaped, below the vendor's base URL
	Query  string // encoded
	Body   json.RawMessage
}

// NativeReply is the vendor's own answer.
type NativeReply struct {
	Status      int
	ContentType string
	Body        *Body
}
