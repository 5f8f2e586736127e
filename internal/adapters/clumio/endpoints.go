package clumio

import (
	"context"
	"net/http"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// maxEndpointPages bounds the reading of the list of endpoints.
const maxEndpointPages = 200

// endpointPage serves Stream.Page. The list has neither order nor bounds of
// time (NOTES section 4) and is short, so it is read whole.
func (c *client) endpointPage(ctx context.Context, native bool, before model.Position, limit int) (adapters.Page[model.Restore], error) {
	const op = "clumio.Endpoints"
	var (
		all   []model.Restore
		wires []wireEndpoint
	)
	seen := map[string]bool{}
	token := ""
	for range maxEndpointPages {
		got, err := list[wireEndpoint](ctx, c, vendorhttp.Request{
			Op: op, Path: endpointsPath, Accept: acceptEndpoints, Query: listQuery(nil, maxLimit, token, ""),
		}, native)
		if err != nil {
			if token == "" && noSuchList(err) {
				return adapters.Page[model.Restore]{}, nil
			}
			return adapters.Page[model.Restore]{}, err
		}
		for _, item := range got.items {
			if item.wire.ID == "" || item.wire.CreatedTimestamp.IsZero() || seen[item.wire.ID] {
				continue
			}
			seen[item.wire.ID] = true
			r := item.wire.restore(c.env)
			r.NativeDocument = item.document
			all, wires = append(all, r), append(wires, item.wire)
		}
		if token = got.next; token == "" {
			if err := c.settle(ctx, op, wires, all); err != nil {
				return adapters.Page[model.Restore]{}, err
			}
			return adapters.SortedPage(all, model.Restore.Position, before, min(max(limit, 1), maxPageSize)), nil
		}
	}
	return adapters.Page[model.Restore]{}, fault.New(fault.Upstream, op, "the vendor's list does not end")
}

// endpointPath is the path of one endpoint.
func (c *client) endpointPath(op string, id model.ID) (string, error) {
	key, err := c.key(op, id, kindEndpoint)
	if err == nil && key == "cost-estimates" {
		err = fault.New(fault.NotFound, op, "there is no such endpoint")
	}
	return endpointsPath + "/" + key, err
}

// endpoint reads one endpoint.
func (c *client) endpoint(ctx context.Context, op string, id model.ID, native bool) (documented[wireEndpoint], error) {
	path, err := c.endpointPath(op, id)
	if err != nil {
		return documented[wireEndpoint]{}, err
	}
	got, err := read[wireEndpoint](ctx, c, vendorhttp.Request{Op: op, Path: path, Accept: acceptEndpoints}, native)
	switch {
	case err != nil:
		return got, notFoundIfRefused(op, err)
	case got.wire.ID != id.Key:
		return got, fault.New(fault.NotFound, op, "there is no such endpoint")
	case got.wire.CreatedTimestamp.IsZero():
		return got, fault.New(fault.Upstream, op, "the vendor's endpoint has no time of creation")
	}
	return got, nil
}

// Patch implements adapters.RestorePatches. The vendor's PUT replaces: what it
// leaves out goes back to a default (NOTES section 9), so it is read first.
func (r restores) Patch(ctx context.Context, id model.ID, p model.RestorePatch) (model.Restore, error) {
	const op = "clumio.PatchEndpoint"
	if p.Status != nil {
		return model.Restore{}, fault.InvalidField(op, "/status", "unsupported-member", "the status can not be changed")
	}
	if id.Kind != kindEndpoint {
		if _, err := r.Get(ctx, id, false); err != nil {
			return model.Restore{}, err
		}
		pointer := "/name"
		if p.Name == nil {
			pointer = "/expiresAt"
		}
		return model.Restore{}, fault.InvalidField(op, pointer, "unsupported-member", "only instant access can be changed")
	}
	got, err := r.endpoint(ctx, op, id, false)
	if err != nil {
		return model.Restore{}, err
	}
	if p.Name == nil && p.ExpiresAt == nil {
		return r.Get(ctx, id, false)
	}
	body := wireEndpointUpdate{Name: got.wire.Name}
	if !got.wire.ExpiryTimestamp.IsZero() {
		body.ExpiryTimestamp = wireTime(got.wire.ExpiryTimestamp.Time)
	}
	if p.Name != nil {
		body.Name = *p.Name
	}
	if p.ExpiresAt != nil {
		body.ExpiryTimestamp = wireTime(*p.ExpiresAt)
	}
	path, err := r.endpointPath(op, id)
	if err != nil {
		return model.Restore{}, err
	}
	err = r.json(ctx, vendorhttp.Request{Op: op, Method: http.MethodPut, Path: path, Accept: acceptEndpoints, Body: body}, nil)
	if err != nil {
		return model.Restore{}, err
	}
	return r.Get(ctx, id, false)
}

// wireEndpointUpdate is UpdateProtectionGroupInstantAccessEndpointV1Request. An
// empty name takes the name away.
type wireEndpointUpdate struct {
	ExpiryTimestamp string `json:"expiry_timestamp,omitempty"`
	Name            string `json:"name"`
}

// Remove implements adapters.RestoreRemovals.
func (r restores) Remove(ctx context.Context, id model.ID) (*model.Operation, error) {
	const op = "clumio.DeleteEndpoint"
	if id.Kind != kindEndpoint {
		if _, err := r.Get(ctx, id, false); err != nil {
			return nil, err
		}
		return nil, fault.New(fault.Conflict, op, "this restore has made nothing that can be removed")
	}
	path, err := r.endpointPath(op, id)
	if err != nil {
		return nil, err
	}
	// The body is any JSON or none (NOTES section 9).
	err = r.json(ctx, vendorhttp.Request{Op: op, Method: http.MethodDelete, Path: path, Accept: acceptEndpoints}, nil)
	return nil, notFoundIfRefused(op, err)
}
