package clumio

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// access shows and shares instant-access endpoints.
type access struct{ *client }

var _ adapters.Access = access{}

// wireEndpointURI is ReadS3InstantAccessEndpointUriResponse.
type wireEndpointURI struct {
	BucketAlias                        string `json:"bucket_alias"`
	CloudfrontDistributionOriginDomain string `json:"cloudfront_distribution_origin_domain"`
	EndpointURI                        string `json:"endpoint_uri"`
	Region                             string `json:"region"`
}

// Get implements adapters.Access by three reads: the endpoint for its roles,
// its URI, and the permissions that a role needs.
func (a access) Get(ctx context.Context, restore model.ID) (adapters.AccessInfo, error) {
	const op = "clumio.GetAccess"
	path, err := a.path(op, restore)
	if err != nil {
		return adapters.AccessInfo{}, err
	}
	endpoint, err := a.endpoint(ctx, op, restore, false)
	if err != nil {
		return adapters.AccessInfo{}, err
	}
	if state := endpoint.wire.EndpointStatus; state == "preparing" || state == "expired" {
		return adapters.AccessInfo{}, fault.New(fault.Conflict, op, "the endpoint is not active")
	}
	var uri wireEndpointURI
	if err := a.json(ctx, vendorhttp.Request{Op: op, Path: path + "/_get_uri", Accept: acceptEndpoints}, &uri); err != nil {
		if status(err) == http.StatusPreconditionFailed {
			err = &fault.Error{Kind: fault.Conflict, Op: op, Upstream: fault.Of(err).Upstream, Err: err}
		}
		return adapters.AccessInfo{}, err
	}
	var permissions struct {
		Permissions string `json:"permissions"`
	}
	err = a.json(ctx, vendorhttp.Request{Op: op, Path: path + "/roles/permissions", Accept: acceptEndpoints}, &permissions)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return adapters.AccessInfo{}, err
	}
	info := adapters.AccessInfo{
		URI: uri.EndpointURI, BucketAlias: uri.BucketAlias, Domain: uri.CloudfrontDistributionOriginDomain, Region: uri.Region,
		Roles: make([]adapters.AccessRole, len(endpoint.wire.Roles)), Permissions: policyText(permissions.Permissions),
	}
	for i, role := range endpoint.wire.Roles {
		info.Roles[i] = adapters.AccessRole{ID: role.ID, ARN: role.ARN, Alias: role.Alias}
	}
	return info, nil
}

// policyText is the JSON in a text (NOTES section 9), or the text when it is
// none.
func policyText(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	quoted, _ := json.Marshal(text)
	return quoted
}

// AddRole implements adapters.Access.
func (a access) AddRole(ctx context.Context, restore model.ID, role adapters.AccessRole) (adapters.AccessRole, error) {
	const op = "clumio.AddAccessRole"
	path, err := a.path(op, restore)
	if err != nil {
		return adapters.AccessRole{}, err
	}
	if role.ARN == "" {
		return adapters.AccessRole{}, fault.InvalidField(op, "/arn", "missing-member", "the role's ARN must be given")
	}
	body := struct {
		RoleAlias string `json:"role_alias,omitempty"`
		RoleARN   string `json:"role_arn"`
	}{role.Alias, role.ARN}
	var out struct {
		RoleID string `json:"role_id"`
	}
	err = a.json(ctx, vendorhttp.Request{Op: op, Method: http.MethodPost, Path: path + "/roles", Accept: acceptEndpoints, Body: body}, &out)
	if err != nil {
		return adapters.AccessRole{}, err
	}
	role.ID = out.RoleID
	return role, nil
}

// UpdateRole implements adapters.Access.
func (a access) UpdateRole(ctx context.Context, restore model.ID, role adapters.AccessRole) (adapters.AccessRole, error) {
	const op = "clumio.UpdateAccessRole"
	path, err := a.rolePath(op, restore, role.ID)
	if err != nil {
		return adapters.AccessRole{}, err
	}
	body := struct {
		UpdatedRoleAlias string `json:"updated_role_alias,omitempty"`
		UpdatedRoleARN   string `json:"updated_role_arn,omitempty"`
	}{role.Alias, role.ARN}
	err = a.json(ctx, vendorhttp.Request{Op: op, Method: http.MethodPut, Path: path, Accept: acceptEndpoints, Body: body}, nil)
	if err != nil {
		return adapters.AccessRole{}, err
	}
	return role, nil
}

// RemoveRole implements adapters.Access.
func (a access) RemoveRole(ctx context.Context, restore model.ID, roleID string) error {
	const op = "clumio.RemoveAccessRole"
	path, err := a.rolePath(op, restore, roleID)
	if err != nil {
		return err
	}
	return a.json(ctx, vendorhttp.Request{Op: op, Method: http.MethodDelete, Path: path, Accept: acceptEndpoints}, nil)
}

// path is the path of the endpoint; a restore that is none has no access.
func (a access) path(op string, restore model.ID) (string, error) {
	if restore.Kind == kindRestore && restore.Connection == a.env.Connection {
		return "", fault.New(fault.Conflict, op, "only instant access has an endpoint")
	}
	return a.endpointPath(op, restore)
}

func (a access) rolePath(op string, restore model.ID, roleID string) (string, error) {
	path, err := a.path(op, restore)
	if err != nil {
		return "", err
	}
	if roleID == "" || roleID == "." || roleID == ".." || roleID == "permissions" {
		return "", fault.New(fault.NotFound, op, "there is no such role")
	}
	return path + "/roles/" + url.PathEscape(roleID), nil
}
