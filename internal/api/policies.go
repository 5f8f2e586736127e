package api

import (
	"context"

	"switchback/internal/federate"
	"switchback/internal/fleet"
	"switchback/internal/identity"
	"switchback/internal/model"
)

// ListPolicies implements GET /v1/policies.
func (s *Server) ListPolicies(ctx context.Context, r ListPoliciesRequestObject) (ListPoliciesResponseObject, error) {
	p := r.Params
	conns, err := s.chosen(ctx, scope{connections: p.Connection, providers: p.Provider, require: p.Require}, identity.PoliciesRead)
	if err != nil {
		return nil, err
	}
	native := wantsNative(p.Include)
	l, err := federate.Concat(ctx, s.Federator, page(ctx, conns, paging{p.PageSize, p.Cursor, p.Consistency, p.Require}),
		federate.Plain[model.Policy]{
			Noun: "policies",
			List: func(ctx context.Context, c *fleet.Conn, token string, limit int) (fleet.TokenPage[model.Policy], error) {
				return c.Policies(ctx, token, limit, native)
			},
		})
	if err != nil {
		return nil, err
	}
	for i, policy := range l.Items {
		l.Items[i] = shown(policy)
	}
	return listed(ctx, l, value(p.Explain))
}

// GetPolicy implements GET /v1/policies/{id}.
func (s *Server) GetPolicy(ctx context.Context, r GetPolicyRequestObject) (GetPolicyResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, identity.PoliciesRead)
	if err != nil {
		return nil, err
	}
	policy, err := conn.Policy(ctx, id, wantsNative(r.Params.Include))
	if err != nil {
		return nil, about(conn.Name, err)
	}
	etag, err := etagOfPolicy(policy)
	if err != nil {
		return nil, err
	}
	out, err := show(ctx, shown(policy))
	out.etag = etag
	return out, err
}
