package memory

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// AddPolicy adds a policy. Its key is Native.ID, numbered when empty. A policy
// of the status locked can not be changed.
func (w *World) AddPolicy(p model.Policy) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.addPolicy(p)
}

func (w *World) addPolicy(p model.Policy) model.Policy {
	if p.Native.ID == "" {
		p.Native.ID = w.nextKey("policy")
	}
	p.Version = cmp.Or(p.Version, "1")
	w.policies = append(w.policies, p)
	return p
}

type policies struct{ account }

func (s policies) List(ctx context.Context, token string, limit int, native bool) (adapters.TokenPage[model.Policy], error) {
	if err := s.enter(ctx, "Policies.List", ""); err != nil {
		return adapters.TokenPage[model.Policy]{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	page, err := tokenPage(s.World.policies, token, limit)
	for i := range page.Items {
		page.Items[i] = s.policy(page.Items[i], native)
	}
	return page, err
}

func (s policies) Get(ctx context.Context, id model.ID, native bool) (model.Policy, error) {
	if err := s.enter(ctx, "Policies.Get", id.Key); err != nil {
		return model.Policy{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.indexPolicy(id)
	if err != nil {
		return model.Policy{}, err
	}
	return s.policy(s.World.policies[i], native), nil
}

// indexPolicy finds one by id. The lock is held.
func (w *World) indexPolicy(id model.ID) (int, error) {
	i := slices.IndexFunc(w.policies, func(p model.Policy) bool { return p.Native.ID == id.Key && id.Kind == "policy" })
	if i < 0 {
		return i, fault.New(fault.NotFound, "memory.Policies", "no such policy")
	}
	return i, nil
}

func (s account) policy(p model.Policy, native bool) model.Policy {
	p.ID, p.Connection, p.Provider = s.env.ID("policy", p.Native.ID), s.env.Connection, "memory"
	p.Status = cmp.Or(p.Status, "unknown")
	if native {
		p.NativeDocument, _ = json.Marshal(map[string]string{"id": p.Native.ID, "name": p.Name})
	}
	return p
}

type policyWrites struct{ account }

func (s policyWrites) Create(ctx context.Context, p model.Policy, lossy bool) (adapters.PolicyChange, error) {
	if err := s.enter(ctx, "PolicyWrites.Create", ""); err != nil {
		return adapters.PolicyChange{}, err
	}
	p, lost, err := held(p, lossy)
	if err != nil {
		return adapters.PolicyChange{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p.Status, p.Native, p.Version = "active", model.Native{}, ""
	out := s.policy(s.addPolicy(p), true)
	out.Lossy = lost
	return adapters.PolicyChange{Policy: &out}, nil
}

// held leaves out what a world can not hold: it knows neither blackouts nor
// retries.
func held(p model.Policy, lossy bool) (model.Policy, []string, error) {
	if p.Name == "" {
		return p, nil, fault.InvalidField("memory.Policy", "/name", "required", "a policy needs a name")
	}
	lost := []string{}
	if len(p.Blackouts) > 0 {
		lost = append(lost, "/blackouts")
	}
	if p.Retry != nil {
		lost = append(lost, "/retry")
	}
	if len(lost) > 0 && !lossy {
		out := fault.New(fault.Invalid, "memory.Policy", "the policy says more than can be held")
		for _, pointer := range lost {
			out.Fields = append(out.Fields, fault.Field{Pointer: pointer, Code: "lossy", Detail: "this can not be held"})
		}
		return p, nil, out
	}
	p.Blackouts, p.Retry, p.Usage, p.NativeDocument, p.Lossy = nil, nil, nil, nil, []string{}
	return p, lost, nil
}

func (s policyWrites) Update(ctx context.Context, id model.ID, version string, p model.Policy, lossy bool) (adapters.PolicyChange, error) {
	if err := s.enter(ctx, "PolicyWrites.Update", id.Key); err != nil {
		return adapters.PolicyChange{}, err
	}
	p, lost, err := held(p, lossy)
	if err != nil {
		return adapters.PolicyChange{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.changeable(id, version)
	if err != nil {
		return adapters.PolicyChange{}, err
	}
	now := &s.World.policies[i]
	p.Native, p.Status, p.Version = now.Native, now.Status, nextVersion(now.Version)
	*now = p
	out := s.policy(p, true)
	out.Lossy = lost
	return adapters.PolicyChange{Policy: &out}, nil
}

func (s policyWrites) Delete(ctx context.Context, id model.ID, version string) (adapters.PolicyChange, error) {
	if err := s.enter(ctx, "PolicyWrites.Delete", id.Key); err != nil {
		return adapters.PolicyChange{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.changeable(id, version)
	if err != nil {
		return adapters.PolicyChange{}, err
	}
	for k, a := range s.World.assets {
		if a.Policy == id.Key {
			a.Policy = ""
			s.World.assets[k] = a
		}
	}
	s.World.policies = slices.Delete(s.World.policies, i, i+1)
	return adapters.PolicyChange{}, nil
}

// changeable finds a policy that may be written to. The lock is held.
func (w *World) changeable(id model.ID, version string) (int, error) {
	i, err := w.indexPolicy(id)
	switch {
	case err != nil:
		return i, err
	case w.policies[i].Status == "locked":
		return i, fault.New(fault.Conflict, "memory.Policies", "the policy is locked")
	case w.policies[i].Version != version:
		return i, fault.New(fault.Stale, "memory.Policies", "the policy has changed")
	}
	return i, nil
}

// nextVersion counts on from a number, and begins after any other word.
func nextVersion(version string) string {
	n, err := strconv.Atoi(version)
	if err != nil {
		return version + ".1"
	}
	return strconv.Itoa(n + 1)
}

type policyAssignments struct{ account }

func (s policyAssignments) List(ctx context.Context, policy model.ID, token string, limit int) (adapters.TokenPage[model.ProtectedAsset], error) {
	if err := s.enter(ctx, "PolicyAssignments.List", policy.Key); err != nil {
		return adapters.TokenPage[model.ProtectedAsset]{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.indexPolicy(policy); err != nil {
		return adapters.TokenPage[model.ProtectedAsset]{}, err
	}
	under := func(a model.ProtectedAsset) bool { return a.Policy != nil && a.Policy.ID.Key == policy.Key }
	return tokenPage(s.protected(under, false), token, limit)
}

func (s policyAssignments) Assign(ctx context.Context, policy model.ID, assets []model.ID) (*model.Operation, error) {
	return nil, s.set(ctx, "PolicyAssignments.Assign", policy, assets, func(a *Asset) { a.Policy = policy.Key })
}

func (s policyAssignments) Unassign(ctx context.Context, policy model.ID, assets []model.ID) (*model.Operation, error) {
	return nil, s.set(ctx, "PolicyAssignments.Unassign", policy, assets, func(a *Asset) {
		if a.Policy == policy.Key {
			a.Policy = ""
		}
	})
}

// set changes all assets or, when one is not there, none.
func (s policyAssignments) set(ctx context.Context, op string, policy model.ID, ids []model.ID, change func(*Asset)) error {
	if err := s.enter(ctx, op, policy.Key); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.indexPolicy(policy); err != nil {
		return err
	}
	changed := make([]Asset, 0, len(ids))
	for _, id := range ids {
		a, _, found := s.asset(id)
		if !found {
			return fault.New(fault.NotFound, "memory.Assignments", "no such asset")
		}
		change(&a)
		changed = append(changed, a)
	}
	for _, a := range changed {
		s.World.assets[assetKey{a.Kind, a.Key}] = a
	}
	return nil
}
