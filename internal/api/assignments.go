package api

import (
	"context"
	"strconv"

	"switchback/internal/fault"
	"switchback/internal/federate"
	"switchback/internal/fleet"
	"switchback/internal/identity"
	"switchback/internal/model"
)

// ListPolicyAssignments implements GET /v1/policies/{id}/assignments.
func (s *Server) ListPolicyAssignments(ctx context.Context, r ListPolicyAssignmentsRequestObject) (ListPolicyAssignmentsResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, identity.PoliciesRead)
	if err != nil {
		return nil, err
	}
	l, err := federate.Concat(ctx, s.Federator, page(ctx, []*fleet.Conn{conn}, paging{size: r.Params.PageSize, cursor: r.Params.Cursor}),
		federate.Plain[model.ProtectedAsset]{
			Noun: "assignments",
			List: func(ctx context.Context, c *fleet.Conn, token string, limit int) (fleet.TokenPage[model.ProtectedAsset], error) {
				return c.PolicyAssignments(ctx, id, token, limit)
			},
		})
	if err == nil {
		err = answered(conn, l.Sources, "this connection does not say what policies protect")
	}
	if err != nil {
		return nil, err
	}
	return listed(ctx, l, false)
}

// policyAssignment is the body of the routes of assignments.
type policyAssignment struct {
	Assets []model.ID `json:"assets"`
}

// AssignPolicy implements POST /v1/policies/{id}/assignments.
func (s *Server) AssignPolicy(ctx context.Context, r AssignPolicyRequestObject) (AssignPolicyResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, identity.PoliciesWrite)
	if err != nil {
		return nil, err
	}
	if fields := elsewhere(conn.Name, r.Body.Assets); len(fields) > 0 {
		return nil, invalid(fields...)
	}
	operation, err := conn.AssignPolicy(ctx, id, r.Body.Assets)
	if err != nil {
		return nil, about(conn.Name, err)
	}
	return finished(operation)
}

// UnassignPolicy implements DELETE /v1/policies/{id}/assignments.
func (s *Server) UnassignPolicy(ctx context.Context, r UnassignPolicyRequestObject) (UnassignPolicyResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, identity.PoliciesWrite)
	if err != nil {
		return nil, err
	}
	var assets []model.ID
	if r.Body != nil {
		assets = r.Body.Assets
	}
	if fields := elsewhere(conn.Name, assets); len(fields) > 0 {
		return nil, invalid(fields...)
	}
	for _, text := range values(r.Params.Asset) {
		asset, err := model.ParseID(text)
		if err != nil || asset.Connection != conn.Name {
			return nil, refuse(invalidParameter, parameterFault("asset", "not-allowed", "must be an id of the connection of the policy"))
		}
		assets = append(assets, asset)
	}
	if len(assets) == 0 {
		return nil, refuse(invalidParameter, parameterFault("asset", "required", "this parameter or a body is required"))
	}
	operation, err := conn.UnassignPolicy(ctx, id, assets)
	if err != nil {
		return nil, about(conn.Name, err)
	}
	return finished(operation)
}

// elsewhere finds assets that are not on a connection.
func elsewhere(connection string, assets []model.ID) []fault.Field {
	var fields []fault.Field
	for i, asset := range assets {
		if asset.Connection != connection {
			fields = append(fields, fault.Field{
				Pointer: "/assets/" + strconv.Itoa(i), Code: "not-allowed", Detail: "must be on the connection of the policy",
			})
		}
	}
	return fields
}
