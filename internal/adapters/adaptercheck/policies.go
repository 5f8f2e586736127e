package adaptercheck

import (
	"context"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

func policyChecks() []Check {
	return []Check{
		{
			Name: "policies/pages-lose-nothing", Why: "policies page by token at any size, also in another instance; a bad token is Invalid",
			Needs: func(a *adapters.Adapter) bool { return a.Policies != nil },
			Run: func(t T, s Subject) {
				tokensLoseNothing(t, s, policyKind())
				tokensSayWhatTheyMean(t, s, policyKind())
				tokensAreFound(t, s, policyKind())
			},
		},
		{
			Name: "policies/versions-stay", Why: "a policy that can be changed has a version, and the same one as long as nobody changes it",
			Needs: func(a *adapters.Adapter) bool { return a.PolicyWrites != nil && a.Policies != nil }, Run: versionsStay,
		},
		{
			Name: "assignments/pages-lose-nothing", Why: "what a policy is assigned to pages by token and has ids of the connection; a bad token is Invalid",
			Needs: func(a *adapters.Adapter) bool { return a.PolicyAssignments != nil && a.Policies != nil }, Run: assignmentsPage,
		},
	}
}

func policyKind() tokenKind[model.Policy] {
	return tokenKind[model.Policy]{
		name: "policies",
		list: func(ctx context.Context, a *adapters.Adapter, token string, limit int, native bool) (adapters.TokenPage[model.Policy], error) {
			return a.Policies.List(ctx, token, limit, native)
		},
		get: func(ctx context.Context, a *adapters.Adapter, id model.ID, native bool) (model.Policy, error) {
			return a.Policies.Get(ctx, id, native)
		},
		id:     func(p model.Policy) model.ID { return p.ID },
		origin: func(p model.Policy) (string, string) { return p.Connection, p.Provider },
		lively: []string{"version"}, onlyListed: []string{"usage"},
		words: func(t T, _ Subject, p model.Policy) {
			known(t, p.ID, p.Status, []string{"active", "inactive", "locked", "unknown"})
		},
	}
}

// somePolicies gives a few policies as Get shows them.
func somePolicies(t T, s Subject) []model.Policy {
	all := tokenWalk(t, s.Adapter.Traits.MaxPageSize, s.MaxItems, policyKind().of(t, s.Adapter))
	var out []model.Policy
	for i := 0; i < len(all); i += max(1, len(all)/lookups) {
		p, err := s.Adapter.Policies.Get(t.Context(), all[i].ID, false)
		if err != nil {
			t.Errorf("get %s: %v", all[i].ID, err)
			continue
		}
		out = append(out, p)
	}
	return out
}

func versionsStay(t T, s Subject) {
	for _, p := range somePolicies(t, s) {
		again, err := s.Again.Policies.Get(t.Context(), p.ID, true)
		if err != nil || p.Version == "" || again.Version != p.Version {
			t.Errorf("%s: the version %q has become %q, error %v", p.ID, p.Version, again.Version, err)
		}
	}
}

func assignmentsPage(t T, s Subject) {
	for _, p := range somePolicies(t, s) {
		k := assetKind(model.AssetQuery{})
		k.name = "assignments of " + p.ID.String()
		k.list = func(ctx context.Context, a *adapters.Adapter, token string, limit int, _ bool) (adapters.TokenPage[model.ProtectedAsset], error) {
			return a.PolicyAssignments.List(ctx, p.ID, token, limit)
		}
		k.words = func(t T, _ Subject, a model.ProtectedAsset) {
			assetWords(t, a)
			if a.Policy != nil && a.Policy.ID != p.ID {
				t.Errorf("%s is listed under %s and says it is under %s", a.ID, p.ID, a.Policy.ID)
			}
		}
		tokensLoseNothing(t, s, k)
		tokensSayWhatTheyMean(t, s, k)
	}
}
