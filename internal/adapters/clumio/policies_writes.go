package clumio

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// policyWrites changes policies. The vendor replaces whole documents, so an
// update reads the policy, changes in its document what the portable form says
// otherwise, and writes all of it back.
type policyWrites struct{ *client }

var _ adapters.PolicyWrites = policyWrites{}

// Create implements adapters.PolicyWrites.
func (p policyWrites) Create(ctx context.Context, policy model.Policy, lossy bool) (adapters.PolicyChange, error) {
	const op = "clumio.CreatePolicy"
	edit := policyEdit{lossy: lossy}
	content := map[string]any{}
	if policy.Name == "" {
		edit.refuse("/name", "missing-member", "a policy has a name")
	}
	if len(policy.Rules) == 0 {
		edit.refuse("/rules", "missing-member", "a policy has rules")
	}
	edit.apply(content, wirePolicy{}, model.Policy{}, policy)
	if err := edit.err(op); err != nil {
		return adapters.PolicyChange{}, err
	}
	var created wirePolicy
	err := p.json(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPost, Path: policiesPath, Accept: acceptPolicies, Body: content,
	}, &created)
	if err != nil {
		return adapters.PolicyChange{}, err
	}
	if created.ID == "" {
		return adapters.PolicyChange{}, unnamed(op)
	}
	return p.change(created, edit.lost, ""), nil
}

// Update implements adapters.PolicyWrites. A policy that says all of it already
// is not written.
func (p policyWrites) Update(
	ctx context.Context, id model.ID, version string, policy model.Policy, lossy bool,
) (adapters.PolicyChange, error) {
	const op = "clumio.UpdatePolicy"
	was, err := p.current(ctx, op, id, version)
	if err != nil {
		return adapters.PolicyChange{}, err
	}
	content, untouched := was.content(), was.content()
	edit := policyEdit{lossy: lossy}
	edit.apply(content, was.wire, was.wire.policy(p.env), policy)
	if err := edit.err(op); err != nil {
		return adapters.PolicyChange{}, err
	}
	if alike(content, untouched) {
		return p.change(was.wire, edit.lost, ""), nil
	}
	body := maps.Clone(content)
	delete(body, "id") // it is in the path
	var reply json.RawMessage
	err = p.json(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPut, Path: was.path, Accept: acceptPolicies, Header: was.condition(), Body: body,
	}, &reply)
	if err != nil {
		return adapters.PolicyChange{}, err
	}
	var task struct {
		TaskID string `json:"task_id"`
	}
	if json.Unmarshal(reply, &task) != nil || task.TaskID == "" {
		return adapters.PolicyChange{}, unnamed(op)
	}
	var changed wirePolicy
	if json.Unmarshal(reply, &changed) != nil || changed.ID != id.Key {
		// The answer names the task alone: what was sent is what it will be.
		sent, _ := json.Marshal(content)
		if err := json.Unmarshal(sent, &changed); err != nil {
			return adapters.PolicyChange{}, &fault.Error{Kind: fault.Internal, Op: op, Ambiguous: true, Err: err}
		}
	}
	return p.change(changed, edit.lost, task.TaskID), nil
}

// Delete implements adapters.PolicyWrites.
func (p policyWrites) Delete(ctx context.Context, id model.ID, version string) (adapters.PolicyChange, error) {
	const op = "clumio.DeletePolicy"
	was, err := p.current(ctx, op, id, version)
	if err != nil {
		return adapters.PolicyChange{}, err
	}
	var reply struct {
		TaskID string `json:"task_id"`
	}
	err = p.json(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodDelete, Path: was.path, Accept: acceptPolicies, Header: was.condition(),
	}, &reply)
	if err != nil {
		return adapters.PolicyChange{}, err
	}
	if reply.TaskID == "" {
		return adapters.PolicyChange{}, unnamed(op)
	}
	return adapters.PolicyChange{Operation: p.policyTask(reply.TaskID, "delete", id, was.wire.Name)}, nil
}

// readPolicy is a policy as it was read before a write.
type readPolicy struct {
	path string
	wire wirePolicy
	all  map[string]any
}

// current reads a policy that is to be changed and refuses it unless it is the
// one that the caller has seen. The lock is the vendor's own, while a change of
// the policy is under way (NOTES section 8).
func (p policyWrites) current(ctx context.Context, op string, id model.ID, version string) (readPolicy, error) {
	key, err := p.key(op, id, kindPolicy)
	if err != nil {
		return readPolicy{}, err
	}
	out := readPolicy{path: policiesPath + "/" + key}
	got, err := read[wirePolicy](ctx, p.client, vendorhttp.Request{Op: op, Path: out.path, Accept: acceptPolicies}, true)
	if err != nil {
		return readPolicy{}, notFoundIfRefused(op, err)
	}
	if got.wire.ID != id.Key {
		return readPolicy{}, fault.New(fault.NotFound, op, "there is no such policy")
	}
	out.wire = got.wire
	if out.all, err = document(got.document); err != nil {
		return readPolicy{}, &fault.Error{Kind: fault.Upstream, Op: op, Err: err}
	}
	switch {
	case out.wire.locked():
		return readPolicy{}, fault.New(fault.Conflict, op, "the policy is locked while the vendor "+out.wire.lockReason())
	case out.wire.version() != version:
		return readPolicy{}, fault.New(fault.Stale, op, "the policy has changed since it was read")
	}
	return out, nil
}

func (w wirePolicy) locked() bool { return w.LockStatus != "" && w.LockStatus != "unlocked" }

func (w wirePolicy) lockReason() string {
	switch w.LockStatus {
	case "updating":
		return "updates it"
	case "deleting":
		return "deletes it"
	}
	return "works on it"
}

// content is a copy of what the policy says.
func (r readPolicy) content() map[string]any { return policyContent(r.all) }

// condition is the vendor's own condition, where the document has a mark for it.
func (r readPolicy) condition() http.Header {
	if mark, ok := r.all["_etag"].(string); ok && mark == r.wire.ETag {
		return http.Header{"If-Match": {mark}}
	}
	return nil
}

// change tells what a policy will be: the lock that an answer shows is gone then.
func (p policyWrites) change(w wirePolicy, lost []string, task string) adapters.PolicyChange {
	w.LockStatus = ""
	policy := w.policy(p.env)
	policy.Lossy = append(policy.Lossy, lost...)
	out := adapters.PolicyChange{Policy: &policy}
	if task != "" {
		out.Operation = p.policyTask(task, "update", policy.ID, policy.Name)
	}
	return out
}

// policyTask is the task that a change of a policy has begun.
func (c *client) policyTask(task, action string, policy model.ID, name string) *model.Operation {
	return &model.Operation{
		ID: c.env.ID(kindTask, task), Connection: c.env.Connection, Provider: Provider, Action: action,
		State: model.StateQueued, Progress: model.Progress{Basis: model.ProgressNone}, Subject: &model.Ref{ID: policy, Name: name},
		CreatedAt: c.env.Now().UTC(), Native: model.Native{ID: task, Status: "queued"},
	}
}
