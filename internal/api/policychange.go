package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"switchback/internal/fault"
	"switchback/internal/fleet"
	"switchback/internal/identity"
	"switchback/internal/model"
)

// CreatePolicy implements POST /v1/policies.
func (s *Server) CreatePolicy(ctx context.Context, r CreatePolicyRequestObject) (CreatePolicyResponseObject, error) {
	name, where := r.Body.Connection, fault.Field{Pointer: "/connection"}
	switch given := value(r.Params.Connection); {
	case given != "" && name != "" && given != name:
		return nil, invalid(fault.Field{Pointer: "/connection", Code: "not-allowed", Detail: "the parameter of that name says otherwise"})
	case given != "":
		name, where = given, fault.Field{Parameter: "connection"}
	case name == "":
		return nil, invalid(fault.Field{Pointer: "/connection", Code: "required", Detail: "this member is required"})
	}
	conn, err := s.connection(ctx, name, identity.PoliciesWrite)
	if fault.KindOf(err) == fault.NotFound {
		where.Code, where.Detail = "not-found", "there is no such thing"
		return nil, &refusal{class: classOf(fault.NotFound), fields: []fault.Field{where}}
	}
	if err != nil {
		return nil, err
	}
	if fields := policyFaults(*r.Body); len(fields) > 0 {
		return nil, invalid(fields...)
	}
	change, err := conn.CreatePolicy(ctx, wanted(*r.Body), value(r.Params.AllowLossy))
	if err != nil {
		return nil, about(conn.Name, err)
	}
	return changed(http.StatusCreated, change)
}

// UpdatePolicy implements PUT /v1/policies/{id}.
func (s *Server) UpdatePolicy(ctx context.Context, r UpdatePolicyRequestObject) (UpdatePolicyResponseObject, error) {
	conn, id, err := s.changeablePolicy(ctx, r.Id)
	if err != nil {
		return nil, err
	}
	if r.Params.IfMatch == nil {
		return nil, refuse(preconditionRequired)
	}
	fields := policyFaults(*r.Body)
	if r.Body.Connection != "" && r.Body.Connection != conn.Name {
		fields = append(fields, fault.Field{Pointer: "/connection", Code: "not-allowed", Detail: "can not be changed"})
	}
	if r.Body.ID != (model.ID{}) && r.Body.ID != id {
		fields = append(fields, fault.Field{Pointer: "/id", Code: "not-allowed", Detail: "can not be changed"})
	}
	if len(fields) > 0 {
		return nil, invalid(fields...)
	}
	current, err := s.policyAt(ctx, conn, id, r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	policy := wanted(*r.Body)
	if policy.Status == current.Status {
		policy.Status = "" // sent back as it was read: nothing that a vendor could fail to hold
	}
	change, err := conn.UpdatePolicy(ctx, id, current.Version, policy, value(r.Params.AllowLossy))
	if err != nil {
		return nil, about(conn.Name, err)
	}
	return changed(http.StatusOK, change)
}

// DeletePolicy implements DELETE /v1/policies/{id}.
func (s *Server) DeletePolicy(ctx context.Context, r DeletePolicyRequestObject) (DeletePolicyResponseObject, error) {
	conn, id, err := s.changeablePolicy(ctx, r.Id)
	if err != nil {
		return nil, err
	}
	current, err := s.policyAt(ctx, conn, id, r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	change, err := conn.DeletePolicy(ctx, id, current.Version)
	if err != nil {
		return nil, about(conn.Name, err)
	}
	return finished(change.Operation)
}

// changeablePolicy is resource for those who may change policies, on a
// connection that can.
func (s *Server) changeablePolicy(ctx context.Context, text string) (*fleet.Conn, model.ID, error) {
	conn, id, err := s.resource(ctx, text, identity.PoliciesWrite)
	if err == nil && !slices.Contains(conn.Capabilities(), "policies.write") {
		err = about(conn.Name, fault.New(fault.Unsupported, "api.policies", "this connection can not change policies"))
	}
	return conn, id, err
}

// policyAt reads the policy that a change is about and holds the condition
// against it. What the vendor can check itself it checks again.
func (s *Server) policyAt(ctx context.Context, conn *fleet.Conn, id model.ID, ifMatch *string) (model.Policy, error) {
	policy, err := conn.Policy(ctx, id, false)
	if err != nil {
		return policy, about(conn.Name, err)
	}
	etag, err := etagOfPolicy(policy)
	if err == nil && ifMatch != nil && !etagMatchesStrongly(*ifMatch, etag) {
		err = about(conn.Name, fault.New(fault.Stale, "api.policies", ""))
	}
	return policy, err
}

// etagOfPolicy is the vendor's version where it has one, so that a tag says the
// same on every replica and in every form of the policy. Counts of what the
// policy protects are no change of it.
func etagOfPolicy(p model.Policy) (string, error) {
	if p.Version != "" && len(p.Version) <= 256 && !strings.ContainsFunc(p.Version, func(r rune) bool {
		return r <= ' ' || r > '~' || r == '"' || r == ','
	}) {
		return `"` + p.Version + `"`, nil
	}
	p.Usage, p.NativeDocument = nil, nil
	raw, err := json.Marshal(p)
	return etagOf(raw), err
}

// wanted is a policy without what only answers have.
func wanted(p model.Policy) model.Policy {
	p.ID, p.Connection, p.Provider, p.Version = model.ID{}, "", "", ""
	p.Usage, p.Native, p.NativeDocument, p.Lossy = nil, model.Native{}, nil, nil
	return p
}

// policyFaults finds what the schema of the document can not say.
func policyFaults(p model.Policy) []fault.Field {
	var fields []fault.Field
	for i, rule := range p.Rules {
		s := rule.Schedule
		if s == nil {
			continue
		}
		at := "/rules/" + strconv.Itoa(i) + "/schedule"
		set := 0
		for _, is := range []bool{!s.Every.IsZero(), s.Daily != nil, s.Weekly != nil, s.Monthly != nil, s.Yearly != nil} {
			if is {
				set++
			}
		}
		if set > 1 {
			fields = append(fields, fault.Field{
				Pointer: at, Code: "wrong-form", Detail: "must have one of every, daily, weekly, monthly and yearly",
			})
		}
		if m := s.Monthly; m != nil && (m.DayOfMonth != 0) == (m.Week != "" && m.Day != "") {
			fields = append(fields, fault.Field{
				Pointer: at + "/monthly", Code: "wrong-form", Detail: "must have dayOfMonth, or week and day",
			})
		}
	}
	return fields
}

// shown is a policy as answers have it: what is empty is an empty list.
func shown(p model.Policy) model.Policy {
	p.AssetKinds = append([]model.AssetKind{}, p.AssetKinds...)
	p.Rules = append([]model.Rule{}, p.Rules...)
	p.Lossy = append([]string{}, p.Lossy...)
	return p
}

// changed answers with the policy that a change has made, or with the operation
// that makes it.
func changed(status int, change fleet.PolicyChange) (reply, error) {
	if change.Policy == nil {
		if change.Operation == nil {
			return reply{}, fault.New(fault.Internal, "api.policies", "a change without a result")
		}
		return finished(change.Operation)
	}
	location := ""
	if status == http.StatusCreated {
		location = at("policies", change.Policy.ID.String())
	}
	etag, err := etagOfPolicy(*change.Policy)
	if err != nil {
		return reply{}, err
	}
	policy := shown(*change.Policy)
	policy.NativeDocument = nil // it is for those who ask for it
	r, err := done(status, policy, location)
	r.etag = etag
	if change.Operation != nil {
		r.header.Set("Link", "<"+at("operations", change.Operation.ID.String())+`>; rel="monitor"`)
	}
	return r, err
}

// finished answers a write that has no result of its own.
func finished(operation *model.Operation) (reply, error) {
	if operation == nil {
		return done(http.StatusNoContent, nil, "")
	}
	return done(http.StatusAccepted, operation, at("operations", operation.ID.String()))
}
