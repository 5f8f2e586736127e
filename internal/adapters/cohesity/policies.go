package cohesity

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// policyKind is the id kind of policies.
const policyKind = "policy"

type policies struct{ *account }

// List implements adapters.Lister. The vendor gives all policies at once, in no
// order that is documented; pages are cut here in the order of the ids, so that
// a token (the last id) stays right when policies come and go.
func (p policies) List(ctx context.Context, token string, limit int, native bool) (adapters.TokenPage[model.Policy], error) {
	const op = "ibm.ListPolicies"
	var page adapters.TokenPage[model.Policy]
	if token != "" && !uid.MatchString(token) {
		return page, &fault.Error{Kind: fault.Invalid, Op: op, Detail: "the token is not one of this list"}
	}
	var answer policiesAnswer
	query := url.Values{"includeStats": {"true"}, "includeReplicatedPolicies": {"true"}}
	if err := p.get(ctx, op, segments("data-protect", "policies"), query, &answer); err != nil {
		return page, err
	}
	all := make([]model.Policy, 0, len(answer.Policies))
	for _, raw := range answer.Policies {
		policy, err := p.read(op, raw, native)
		if err != nil {
			return page, err
		}
		if policy.ID.Key > token {
			all = append(all, policy)
		}
	}
	slices.SortFunc(all, func(a, b model.Policy) int { return strings.Compare(a.ID.Key, b.ID.Key) })
	limit = min(limit, maxPage)
	if len(all) > limit {
		all = all[:limit]
		page.Next = all[limit-1].ID.Key
	}
	page.Items = all
	return page, nil
}

// Get implements adapters.Policies.
func (p policies) Get(ctx context.Context, id model.ID, native bool) (model.Policy, error) {
	const op = "ibm.GetPolicy"
	if id.Kind != policyKind || !uid.MatchString(id.Key) {
		return model.Policy{}, fault.New(fault.NotFound, op, "there is no such policy")
	}
	var raw json.RawMessage
	if err := p.get(ctx, op, segments("data-protect", "policies", id.Key), nil, &raw); err != nil {
		return model.Policy{}, err
	}
	policy, err := p.read(op, raw, native)
	if err == nil && policy.ID != id {
		err = fault.New(fault.Upstream, op, "the vendor answered with another policy")
	}
	return policy, err
}

func (p policies) read(op string, raw json.RawMessage, native bool) (model.Policy, error) {
	var wire wirePolicy
	if json.Unmarshal(raw, &wire) != nil || wire.ID == "" {
		return model.Policy{}, fault.New(fault.Upstream, op, "the vendor's policy can not be read")
	}
	policy := p.view().policy(&wire)
	if native {
		policy.NativeDocument = raw
	}
	return policy, nil
}
