package adaptertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

type brokenPlans struct {
	adapters.Plans
	plan func(ctx context.Context, r model.RestoreRequest) (model.RestorePlan, error)
}

func (b brokenPlans) Plan(ctx context.Context, r model.RestoreRequest) (model.RestorePlan, error) {
	return b.plan(ctx, r)
}

// onPlan changes plans; the adapter is given to what looks further.
func onPlan(change func(ctx context.Context, a *adapters.Adapter, r model.RestoreRequest, p *model.RestorePlan, err *error)) damage {
	return func(a *adapters.Adapter, _ adapters.Env) {
		right := a.Plans
		a.Plans = brokenPlans{right, func(ctx context.Context, r model.RestoreRequest) (model.RestorePlan, error) {
			p, err := right.Plan(ctx, r)
			change(ctx, a, r, &p, &err)
			return p, err
		}}
	}
}

func planMutants() []mutant {
	const nothing, same = "plans/start-nothing", "plans/are-what-start-sends"
	return []mutant{
		{name: "starts it to see", kills: nothing, damage: onPlan(func(ctx context.Context, a *adapters.Adapter, r model.RestoreRequest, _ *model.RestorePlan, _ *error) {
			_, _ = a.Restores.Start(ctx, r)
		})},
		{name: "starts it in memory", kills: nothing, memory: true, damage: onPlan(func(ctx context.Context, a *adapters.Adapter, r model.RestoreRequest, _ *model.RestorePlan, _ *error) {
			_, _ = a.Restores.Start(ctx, r)
		})},
		{name: "tells the password", kills: nothing, damage: onPlan(func(_ context.Context, _ *adapters.Adapter, _ model.RestoreRequest, p *model.RestorePlan, _ *error) {
			p.Notes = append(p.Notes, toySecret)
		})},
		{name: "comes down to nothing", kills: nothing, damage: onPlan(func(_ context.Context, _ *adapters.Adapter, _ model.RestoreRequest, p *model.RestorePlan, _ *error) {
			p.Source = model.RestoreSource{}
		})},
		{name: "another path", kills: same, damage: onPlan(func(_ context.Context, _ *adapters.Adapter, _ model.RestoreRequest, p *model.RestorePlan, _ *error) {
			p.Request.Path = "/recoveries"
		})},
		{name: "another body", kills: same, damage: onPlan(func(_ context.Context, _ *adapters.Adapter, r model.RestoreRequest, p *model.RestorePlan, _ *error) {
			r.Reason = "a plan"
			p.Request.Body, _ = json.Marshal(toyOrder{r, r.Marker})
		})},
		{name: "a shorter body", kills: same, damage: onPlan(func(_ context.Context, _ *adapters.Adapter, _ model.RestoreRequest, p *model.RestorePlan, _ *error) {
			p.Request.Body = json.RawMessage(`{}`)
		})},
		{name: "plans anything", kills: "plans/nonsense-is-refused", damage: onPlan(func(_ context.Context, _ *adapters.Adapter, _ model.RestoreRequest, _ *model.RestorePlan, err *error) {
			*err = nil
		})},
	}
}

type brokenPatches struct {
	adapters.RestorePatches
	patch func(ctx context.Context, id model.ID, p model.RestorePatch) (model.Restore, error)
}

func (b brokenPatches) Patch(ctx context.Context, id model.ID, p model.RestorePatch) (model.Restore, error) {
	return b.patch(ctx, id, p)
}

type brokenRemovals struct {
	remove func(ctx context.Context, id model.ID) (*model.Operation, error)
}

func (b brokenRemovals) Remove(ctx context.Context, id model.ID) (*model.Operation, error) {
	return b.remove(ctx, id)
}

type brokenAccess struct {
	adapters.Access
	remove func(ctx context.Context, restore model.ID, roleID string) error
	add    func(ctx context.Context, restore model.ID, role adapters.AccessRole) (adapters.AccessRole, error)
}

func (b brokenAccess) RemoveRole(ctx context.Context, restore model.ID, roleID string) error {
	if b.remove == nil {
		return b.Access.RemoveRole(ctx, restore, roleID)
	}
	return b.remove(ctx, restore, roleID)
}

func (b brokenAccess) AddRole(ctx context.Context, restore model.ID, role adapters.AccessRole) (adapters.AccessRole, error) {
	if b.add == nil {
		return b.Access.AddRole(ctx, restore, role)
	}
	return b.add(ctx, restore, role)
}

type brokenStarts struct {
	start func(ctx context.Context, r adapters.BackupStart) (model.Operation, error)
}

func (b brokenStarts) Start(ctx context.Context, r adapters.BackupStart) (model.Operation, error) {
	return b.start(ctx, r)
}

func changeMutants() []mutant {
	const patches, removals, roles, starts, cancels = "restores/patches-hold", "restores/removals-tear-down", "access/roles-come-and-go", "backup-starts/are-operations", "operations/cancel-stops"
	onPatch := func(change func(right adapters.RestorePatches) func(context.Context, model.ID, model.RestorePatch) (model.Restore, error)) damage {
		return func(a *adapters.Adapter, _ adapters.Env) {
			a.RestorePatches = brokenPatches{a.RestorePatches, change(a.RestorePatches)}
		}
	}
	return inMemory([]mutant{
		{name: "forgets", kills: patches, damage: func(a *adapters.Adapter, _ adapters.Env) {
			restores := a.Restores
			a.RestorePatches = brokenPatches{a.RestorePatches, func(ctx context.Context, id model.ID, p model.RestorePatch) (model.Restore, error) {
				r, err := restores.Get(ctx, id, false)
				if p.Name != nil {
					r.Outputs.Name = *p.Name
				}
				return r, err
			}}
		}},
		{name: "takes any status", kills: patches, damage: onPatch(func(right adapters.RestorePatches) func(context.Context, model.ID, model.RestorePatch) (model.Restore, error) {
			return func(ctx context.Context, id model.ID, p model.RestorePatch) (model.Restore, error) {
				p.Status = nil
				return right.Patch(ctx, id, p)
			}
		})},
		{name: "does not say what is wrong", kills: patches, damage: onPatch(func(right adapters.RestorePatches) func(context.Context, model.ID, model.RestorePatch) (model.Restore, error) {
			return func(ctx context.Context, id model.ID, p model.RestorePatch) (model.Restore, error) {
				r, err := right.Patch(ctx, id, p)
				if errors.Is(err, fault.Invalid) {
					err = fault.New(fault.Invalid, "memory.Patch", "no")
				}
				return r, err
			}
		})},
		{name: "changes nothing", kills: patches, damage: onPatch(func(adapters.RestorePatches) func(context.Context, model.ID, model.RestorePatch) (model.Restore, error) {
			return func(context.Context, model.ID, model.RestorePatch) (model.Restore, error) {
				return model.Restore{}, fault.New(fault.Unsupported, "memory.Patch", "no")
			}
		})},
		{name: "removes nothing", kills: removals, damage: func(a *adapters.Adapter, _ adapters.Env) {
			a.RestoreRemovals = brokenRemovals{func(context.Context, model.ID) (*model.Operation, error) { return nil, nil }} //nolint:nilnil // that is the mutant
		}},
		{name: "refuses everything", kills: removals, damage: func(a *adapters.Adapter, _ adapters.Env) {
			a.RestoreRemovals = brokenRemovals{func(context.Context, model.ID) (*model.Operation, error) {
				return nil, fault.New(fault.Unsupported, "memory.Remove", "no")
			}}
		}},
		{name: "removes what is not there", kills: removals, damage: func(a *adapters.Adapter, _ adapters.Env) {
			right := a.RestoreRemovals
			a.RestoreRemovals = brokenRemovals{func(ctx context.Context, id model.ID) (*model.Operation, error) {
				op, err := right.Remove(ctx, id)
				if errors.Is(err, fault.NotFound) {
					err = nil
				}
				return op, err
			}}
		}},
		{name: "keeps the role", kills: roles, damage: func(a *adapters.Adapter, _ adapters.Env) {
			a.Access = brokenAccess{Access: a.Access, remove: func(context.Context, model.ID, string) error { return nil }}
		}},
		{name: "adds it twice", kills: roles, damage: func(a *adapters.Adapter, _ adapters.Env) {
			right := a.Access
			a.Access = brokenAccess{Access: right, add: func(ctx context.Context, restore model.ID, role adapters.AccessRole) (adapters.AccessRole, error) {
				_, _ = right.AddRole(ctx, restore, role)
				return right.AddRole(ctx, restore, role)
			}}
		}},
		{name: "knows only its own", kills: starts, damage: func(a *adapters.Adapter, env adapters.Env) {
			a.BackupStarts = brokenStarts{func(context.Context, adapters.BackupStart) (model.Operation, error) {
				return model.Operation{ID: env.ID("operation", "mine"), State: model.StateQueued, Action: "backup"}, nil
			}}
		}},
		{name: "backs up what is not there", kills: starts, damage: func(a *adapters.Adapter, _ adapters.Env) {
			right := a.BackupStarts
			a.BackupStarts = brokenStarts{func(ctx context.Context, r adapters.BackupStart) (model.Operation, error) {
				r.Subject.Key = strings.TrimSuffix(r.Subject.Key, "x")
				return right.Start(ctx, r)
			}}
		}},
		{name: "says yes and does nothing", kills: cancels, damage: func(a *adapters.Adapter, _ adapters.Env) { a.OperationCancels = idleCancels{} }},
	})
}

// brokenWrites is the adapter's own with some calls replaced.
type brokenWrites struct {
	adapters.PolicyWrites
	create func(ctx context.Context, p model.Policy, lossy bool) (adapters.PolicyChange, error)
	update func(ctx context.Context, id model.ID, version string, p model.Policy, lossy bool) (adapters.PolicyChange, error)
	remove func(ctx context.Context, id model.ID, version string) (adapters.PolicyChange, error)
}

func (b brokenWrites) Create(ctx context.Context, p model.Policy, lossy bool) (adapters.PolicyChange, error) {
	if b.create == nil {
		return b.PolicyWrites.Create(ctx, p, lossy)
	}
	return b.create(ctx, p, lossy)
}

func (b brokenWrites) Update(ctx context.Context, id model.ID, version string, p model.Policy, lossy bool) (adapters.PolicyChange, error) {
	if b.update == nil {
		return b.PolicyWrites.Update(ctx, id, version, p, lossy)
	}
	return b.update(ctx, id, version, p, lossy)
}

func (b brokenWrites) Delete(ctx context.Context, id model.ID, version string) (adapters.PolicyChange, error) {
	if b.remove == nil {
		return b.PolicyWrites.Delete(ctx, id, version)
	}
	return b.remove(ctx, id, version)
}

// creating changes what Create is given.
func creating(change func(p *model.Policy, lossy *bool)) damage {
	return func(a *adapters.Adapter, _ adapters.Env) {
		right := a.PolicyWrites
		a.PolicyWrites = brokenWrites{PolicyWrites: right, create: func(ctx context.Context, p model.Policy, lossy bool) (adapters.PolicyChange, error) {
			change(&p, &lossy)
			return right.Create(ctx, p, lossy)
		}}
	}
}

// updating changes what Update is given, knowing what the policy is now.
func updating(change func(now model.Policy, version *string, p *model.Policy)) damage {
	return func(a *adapters.Adapter, _ adapters.Env) {
		right, policies := a.PolicyWrites, a.Policies
		a.PolicyWrites = brokenWrites{PolicyWrites: right, update: func(ctx context.Context, id model.ID, version string, p model.Policy, lossy bool) (adapters.PolicyChange, error) {
			now, err := policies.Get(ctx, id, false)
			if err != nil {
				return adapters.PolicyChange{}, err
			}
			change(now, &version, &p)
			return right.Update(ctx, id, version, p, lossy)
		}}
	}
}

func policyMutants() []mutant {
	const created, updated, stale, locked, lossy = "policies/created-is-readable", "policies/update-changes-what-it-says", "policies/stale-writes-nothing", "policies/locked-is-conflict", "policies/losses-are-told"
	return []mutant{
		{name: "forgets the rules", kills: created, damage: creating(func(p *model.Policy, _ *bool) { p.Rules = nil })},
		{name: "keeps it for another time", kills: created, memory: true, damage: creating(func(p *model.Policy, _ *bool) {
			p.Rules = []model.Rule{{Kind: "full", Retention: &model.Retention{Keep: model.Period{Days: 7}}}}
		})},
		{name: "needs no name", kills: created, damage: creating(func(p *model.Policy, _ *bool) {
			if p.Name == "" {
				p.Name = "policy"
			}
		})},
		{name: "forgets a rule", kills: updated, damage: updating(func(_ model.Policy, _ *string, p *model.Policy) { p.Rules = nil })},
		{name: "changes the name only", kills: updated, damage: updating(func(now model.Policy, _ *string, p *model.Policy) { p.Rules = now.Rules })},
		{name: "describes what it did", kills: updated, memory: true, damage: updating(func(_ model.Policy, _ *string, p *model.Policy) { p.Description = "changed" })},
		{name: "touches what nobody asked for", kills: updated, memory: true, damage: func(a *adapters.Adapter, _ adapters.Env) {
			looks := 0
			a.Policies = policyLookup{a.Policies, func(p *model.Policy) {
				looks++
				p.NativeDocument = json.RawMessage(fmt.Sprintf(`{"name":%q,"priority":%d}`, p.Name, looks))
			}}
		}},
		{name: "takes any version", kills: stale, damage: updating(func(now model.Policy, version *string, _ *model.Policy) { *version = now.Version })},
		{name: "writes and then looks", kills: stale, damage: func(a *adapters.Adapter, _ adapters.Env) {
			right, policies, toy := a.PolicyWrites, a.Policies, a.Session.(*toyAdapter)
			a.PolicyWrites = brokenWrites{PolicyWrites: right, update: func(ctx context.Context, id model.ID, version string, p model.Policy, lossy bool) (adapters.PolicyChange, error) {
				if now, err := policies.Get(ctx, id, false); err == nil && now.Version != version {
					_, _ = toy.client.JSON(ctx, vendorhttp.Request{Op: "toy.Touch", Method: http.MethodPost, Path: "/search"}, nil)
				}
				return right.Update(ctx, id, version, p, lossy)
			}}
		}},
		{name: "forgets at once", kills: "policies/deleted-is-gone", damage: func(a *adapters.Adapter, _ adapters.Env) {
			a.PolicyWrites = brokenWrites{PolicyWrites: a.PolicyWrites, remove: func(context.Context, model.ID, string) (adapters.PolicyChange, error) {
				return adapters.PolicyChange{}, nil
			}}
		}},
		{name: "has another word for it", kills: locked, damage: func(a *adapters.Adapter, _ adapters.Env) {
			right := a.PolicyWrites
			a.PolicyWrites = brokenWrites{PolicyWrites: right, remove: func(ctx context.Context, id model.ID, version string) (adapters.PolicyChange, error) {
				change, err := right.Delete(ctx, id, version)
				if errors.Is(err, fault.Conflict) {
					err = fault.New(fault.Denied, "toy.Delete", "locked")
				}
				return change, err
			}}
		}},
		{name: "loses without a word", kills: lossy, damage: creating(func(p *model.Policy, _ *bool) { p.Blackouts, p.Retry = nil, nil })},
		{name: "loses what it may not", kills: lossy, damage: creating(func(_ *model.Policy, lossy *bool) { *lossy = true })},
		{name: "does not tell one of them", kills: lossy, damage: func(a *adapters.Adapter, _ adapters.Env) {
			right := a.PolicyWrites
			a.PolicyWrites = brokenWrites{PolicyWrites: right, create: func(ctx context.Context, p model.Policy, lossy bool) (adapters.PolicyChange, error) {
				change, err := right.Create(ctx, p, lossy)
				if change.Policy != nil && len(change.Policy.Lossy) > 1 {
					change.Policy.Lossy = change.Policy.Lossy[:1]
				}
				return change, err
			}}
		}},
	}
}

func assignmentMutants() []mutant {
	const assigned = "assignments/come-and-go"
	done := func(context.Context, model.ID, []model.ID) (*model.Operation, error) { return nil, nil } //nolint:nilnil // done at once
	set := func(change func(b *brokenAssignments)) damage {
		return func(a *adapters.Adapter, _ adapters.Env) {
			b := brokenAssignments{PolicyAssignments: a.PolicyAssignments}
			change(&b)
			a.PolicyAssignments = b
		}
	}
	return inMemory([]mutant{
		{name: "assigns nothing", kills: assigned, damage: set(func(b *brokenAssignments) { b.assign = done })},
		{name: "takes nothing away", kills: assigned, damage: set(func(b *brokenAssignments) { b.unassign = done })},
		{name: "assigns what is not there", kills: assigned, damage: set(func(b *brokenAssignments) {
			right := b.PolicyAssignments
			b.assign = func(ctx context.Context, policy model.ID, assets []model.ID) (*model.Operation, error) {
				op, err := right.Assign(ctx, policy, assets)
				if errors.Is(err, fault.NotFound) {
					err = nil
				}
				return op, err
			}
		})},
	})
}
