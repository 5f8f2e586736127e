package fleet

import (
	"context"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

// Assets lists assets from a token on; "" is the start. The page may hold more
// than the query matches.
func (c *Conn) Assets(ctx context.Context, q model.AssetQuery, token string, limit int) (TokenPage[model.ProtectedAsset], error) {
	return call(ctx, c, classList, "assets.list", c.adapter.Assets != nil, func(ctx context.Context) (TokenPage[model.ProtectedAsset], error) {
		return c.adapter.Assets.List(ctx, q, token, limit)
	})
}

// Asset returns one asset of this connection.
func (c *Conn) Asset(ctx context.Context, id model.ID, native bool) (model.ProtectedAsset, error) {
	return call(ctx, c, classGet, "assets.get", c.adapter.Assets != nil, func(ctx context.Context) (model.ProtectedAsset, error) {
		return c.adapter.Assets.Get(ctx, id, native)
	})
}

// RestorePoints tells what an asset can be restored to within [from, to].
func (c *Conn) RestorePoints(ctx context.Context, asset model.ID, from, to time.Time) (model.RestorePoints, error) {
	return call(ctx, c, classList, "assets.restore_points", c.adapter.RestorePoints != nil,
		func(ctx context.Context) (model.RestorePoints, error) {
			return c.adapter.RestorePoints.RestorePoints(ctx, asset, from, to)
		})
}

// Sources lists sources from a token on; "" is the start.
func (c *Conn) Sources(ctx context.Context, token string, limit int, native bool) (TokenPage[model.Source], error) {
	return call(ctx, c, classList, "sources.list", c.adapter.Sources != nil, func(ctx context.Context) (TokenPage[model.Source], error) {
		return c.adapter.Sources.List(ctx, token, limit, native)
	})
}

// Source returns one source of this connection.
func (c *Conn) Source(ctx context.Context, id model.ID, native bool) (model.Source, error) {
	return call(ctx, c, classGet, "sources.get", c.adapter.Sources != nil, func(ctx context.Context) (model.Source, error) {
		return c.adapter.Sources.Get(ctx, id, native)
	})
}

// SearchFiles finds files by name.
func (c *Conn) SearchFiles(ctx context.Context, q model.FileQuery, token string, limit int) (TokenPage[model.FileHit], error) {
	return call(ctx, c, classList, "search.files", c.adapter.FileSearch != nil, func(ctx context.Context) (TokenPage[model.FileHit], error) {
		return c.adapter.FileSearch.Search(ctx, q, token, limit)
	})
}

// PlanRestore finds out what a restore would do.
func (c *Conn) PlanRestore(ctx context.Context, r model.RestoreRequest) (model.RestorePlan, error) {
	return call(ctx, c, classGet, "restores.plan", c.adapter.Plans != nil, func(ctx context.Context) (model.RestorePlan, error) {
		return c.adapter.Plans.Plan(ctx, r)
	})
}

// LocateRestored adds to a restore what it has made. A connection that needs no
// looking returns the restore as it is.
func (c *Conn) LocateRestored(ctx context.Context, restore model.Restore, r model.RestoreRequest) (model.Restore, error) {
	if c.adapter.RestoreResults == nil {
		return restore, nil
	}
	return call(ctx, c, classGet, "restores.locate", true, func(ctx context.Context) (model.Restore, error) {
		return c.adapter.RestoreResults.Locate(ctx, restore, r)
	})
}

// PolicyChange is a policy as it will be and the operation that gets it there.
type PolicyChange = adapters.PolicyChange

// CreatePolicy makes a policy.
func (c *Conn) CreatePolicy(ctx context.Context, p model.Policy, lossy bool) (PolicyChange, error) {
	return call(ctx, c, classWrite, "policies.create", c.adapter.PolicyWrites != nil, func(ctx context.Context) (PolicyChange, error) {
		return c.adapter.PolicyWrites.Create(ctx, p, lossy)
	})
}

// UpdatePolicy makes a policy what p says.
func (c *Conn) UpdatePolicy(ctx context.Context, id model.ID, version string, p model.Policy, lossy bool) (PolicyChange, error) {
	return call(ctx, c, classWrite, "policies.update", c.adapter.PolicyWrites != nil, func(ctx context.Context) (PolicyChange, error) {
		return c.adapter.PolicyWrites.Update(ctx, id, version, p, lossy)
	})
}

// DeletePolicy removes a policy.
func (c *Conn) DeletePolicy(ctx context.Context, id model.ID, version string) (PolicyChange, error) {
	return call(ctx, c, classWrite, "policies.delete", c.adapter.PolicyWrites != nil, func(ctx context.Context) (PolicyChange, error) {
		return c.adapter.PolicyWrites.Delete(ctx, id, version)
	})
}

// PolicyAssignments lists what a policy is assigned to.
func (c *Conn) PolicyAssignments(ctx context.Context, policy model.ID, token string, limit int) (TokenPage[model.ProtectedAsset], error) {
	return call(ctx, c, classList, "policies.assignments", c.adapter.PolicyAssignments != nil,
		func(ctx context.Context) (TokenPage[model.ProtectedAsset], error) {
			return c.adapter.PolicyAssignments.List(ctx, policy, token, limit)
		})
}

// AssignPolicy puts assets under a policy.
func (c *Conn) AssignPolicy(ctx context.Context, policy model.ID, assets []model.ID) (*model.Operation, error) {
	return call(ctx, c, classWrite, "policies.assign", c.adapter.PolicyAssignments != nil, func(ctx context.Context) (*model.Operation, error) {
		return c.adapter.PolicyAssignments.Assign(ctx, policy, assets)
	})
}

// UnassignPolicy takes assets from a policy.
func (c *Conn) UnassignPolicy(ctx context.Context, policy model.ID, assets []model.ID) (*model.Operation, error) {
	return call(ctx, c, classWrite, "policies.unassign", c.adapter.PolicyAssignments != nil, func(ctx context.Context) (*model.Operation, error) {
		return c.adapter.PolicyAssignments.Unassign(ctx, policy, assets)
	})
}

// NativeRoute is one operation of a vendor's contract.
type NativeRoute = adapters.NativeRoute

// NativeRequest is a request in the vendor's own words.
type NativeRequest = adapters.NativeRequest

// NativeReply is the vendor's own answer.
type NativeReply = adapters.NativeReply

// NativeRoutes lists what the passthrough takes, nil when there is none.
func (c *Conn) NativeRoutes() []NativeRoute {
	if c.adapter.Native == nil {
		return nil
	}
	return c.adapter.Native.Routes()
}

// Native sends one request in the vendor's own words. The reply holds a place
// among the connection's transfers until its body is closed, and breaks off
// like one when the vendor falls silent.
func (c *Conn) Native(ctx context.Context, r NativeRequest) (*NativeReply, error) {
	var reply *NativeReply
	body, err := c.open(ctx, "native.do", c.adapter.Native != nil, func(ctx context.Context) (*Body, error) {
		var err error
		if reply, err = c.adapter.Native.Do(ctx, r); err != nil {
			return nil, err
		}
		return reply.Body, nil
	})
	if err != nil {
		return nil, err
	}
	reply.Body = body
	return reply, nil
}
