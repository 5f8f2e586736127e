package api

import (
	"context"
	"net/http"
	"net/url"

	"switchback/internal/fleet"
	"switchback/internal/identity"
)

// GetRestoreAccess implements GET /v1/restores/{id}/access.
func (s *Server) GetRestoreAccess(ctx context.Context, r GetRestoreAccessRequestObject) (GetRestoreAccessResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, identity.RestoresRead)
	if err != nil {
		return nil, err
	}
	info, err := conn.RestoreAccess(ctx, id)
	if err != nil {
		return nil, about(conn.Name, err)
	}
	return show(ctx, info)
}

// accessRoleRequest is the body of the routes of roles. A role's id comes from
// the vendor or from the path.
type accessRoleRequest struct {
	ARN   string `json:"arn"`
	Alias string `json:"alias"`
}

// AddRestoreAccessRole implements POST /v1/restores/{id}/access/roles.
func (s *Server) AddRestoreAccessRole(ctx context.Context, r AddRestoreAccessRoleRequestObject) (AddRestoreAccessRoleResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, identity.RestoresWrite)
	if err != nil {
		return nil, err
	}
	role, err := conn.AddAccessRole(ctx, id, fleet.AccessRole{ARN: r.Body.ARN, Alias: r.Body.Alias})
	if err != nil {
		return nil, about(conn.Name, err)
	}
	location := at("restores", r.Id) + "/access"
	if role.ID != "" {
		location += "/roles/" + url.PathEscape(role.ID)
	}
	return done(http.StatusCreated, role, location)
}

// UpdateRestoreAccessRole implements PUT /v1/restores/{id}/access/roles/{role}.
func (s *Server) UpdateRestoreAccessRole(ctx context.Context, r UpdateRestoreAccessRoleRequestObject) (UpdateRestoreAccessRoleResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, identity.RestoresWrite)
	if err != nil {
		return nil, err
	}
	role, err := conn.UpdateAccessRole(ctx, id, fleet.AccessRole{ID: r.Role, ARN: r.Body.ARN, Alias: r.Body.Alias})
	if err != nil {
		return nil, about(conn.Name, err)
	}
	return done(http.StatusOK, role, "")
}

// RemoveRestoreAccessRole implements DELETE /v1/restores/{id}/access/roles/{role}.
func (s *Server) RemoveRestoreAccessRole(ctx context.Context, r RemoveRestoreAccessRoleRequestObject) (RemoveRestoreAccessRoleResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, identity.RestoresWrite)
	if err != nil {
		return nil, err
	}
	if err := conn.RemoveAccessRole(ctx, id, r.Role); err != nil {
		return nil, about(conn.Name, err)
	}
	return done(http.StatusNoContent, nil, "")
}
