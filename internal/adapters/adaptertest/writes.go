package adaptertest

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptercheck"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func writeChecks() []check {
	return []check{
		{
			name: "writes/are-sent-once", why: "no write beside restores is sent again, and one without an answer is Ambiguous",
			scenario: simkit.Friendly, wire: true, run: writesAreSentOnce,
			applies: func(b *bench) bool { return len(b.otherWrites(model.Policy{}, nil)) > 0 },
		},
		{
			name: "lists/bad-token-sends-nothing", why: "a token that can not be one of a list is Invalid, and nothing is sent",
			scenario: simkit.Friendly, wire: true, run: badTokens,
			applies: func(b *bench) bool {
				a := b.adapter
				return a.Policies != nil || a.Assets != nil || a.Sources != nil || a.Files != nil || a.FileSearch != nil
			},
		},
	}
}

// write is one way to change something at the vendor.
type write struct {
	name string
	do   func(ctx context.Context, a *adapters.Adapter) error
}

// otherWrites lists those that the adapter and the harness can do.
func (b *bench) otherWrites(policy model.Policy, backups []model.Backup) []write {
	var out []write
	if b.adapter.PolicyWrites != nil && b.sim.Policy != nil {
		out = append(out,
			write{"create a policy", func(ctx context.Context, a *adapters.Adapter) error {
				p := *b.sim.Policy
				p.Name = "kit once"
				_, err := a.PolicyWrites.Create(ctx, p, false)
				return err
			}},
			write{"update a policy", func(ctx context.Context, a *adapters.Adapter) error {
				p := policy
				p.Name = "kit twice"
				_, err := a.PolicyWrites.Update(ctx, policy.ID, policy.Version, p, false)
				return err
			}},
			write{"delete a policy", func(ctx context.Context, a *adapters.Adapter) error {
				_, err := a.PolicyWrites.Delete(ctx, policy.ID, policy.Version)
				return err
			}})
	}
	if b.adapter.BackupStarts != nil && b.sim.BackupStart != nil {
		out = append(out, write{"start a backup", func(ctx context.Context, a *adapters.Adapter) error {
			_, err := a.BackupStarts.Start(ctx, b.sim.BackupStart(backups))
			return err
		}})
	}
	if b.adapter.PolicyAssignments != nil && b.sim.Assignment != nil {
		out = append(out, write{"assign a policy", func(ctx context.Context, a *adapters.Adapter) error {
			page, err := a.Policies.List(ctx, "", 50, false)
			if err != nil {
				return err
			}
			id, assets := b.sim.Assignment(page.Items, backups)
			_, err = a.PolicyAssignments.Assign(ctx, id, assets)
			return err
		}})
	}
	return out
}

func writesAreSentOnce(t adaptercheck.T, b *bench) {
	var policy model.Policy
	if b.adapter.PolicyWrites != nil && b.sim.Policy != nil {
		policy = b.create(t, "kit")
	}
	for _, w := range b.otherWrites(policy, b.backups(t, b.adapter)) {
		for _, status := range []int{http.StatusServiceUnavailable, http.StatusTooManyRequests} {
			writes := 0
			transport := Repeating(roundTripper(func(r *http.Request) (*http.Response, error) {
				if sent := sentOf(r); sent.safe {
					return b.wire.RoundTrip(r)
				}
				writes++
				answering := stub{on: true, answer: func(*http.Request) (int, string) { return status, "{}" }}
				return answering.RoundTrip(r)
			}))
			err := w.do(t.Context(), b.openOver(t, transport))
			e := fault.Of(err)
			if e == nil || writes != 1 || e.Ambiguous != (status == http.StatusServiceUnavailable) {
				t.Errorf("%s, answered %d: want one write, Ambiguous unless it was refused; got %d writes, %v", w.name, status, writes, err)
			}
		}
	}
}

func badTokens(t adaptercheck.T, b *bench) {
	a, ctx := b.adapter, t.Context()
	lists := map[string]func(token string) error{}
	if a.Policies != nil {
		lists["policies"] = func(token string) error { _, err := a.Policies.List(ctx, token, 2, false); return err }
	}
	if a.Assets != nil {
		lists["assets"] = func(token string) error {
			_, err := a.Assets.List(ctx, model.AssetQuery{}, token, 2)
			return err
		}
	}
	if a.Sources != nil {
		lists["sources"] = func(token string) error { _, err := a.Sources.List(ctx, token, 2, false); return err }
	}
	all := b.backups(t, a)
	if i := slices.IndexFunc(all, func(b model.Backup) bool { return b.Browsable }); a.Files != nil && i >= 0 {
		lists["files"] = func(token string) error { _, err := a.Files.List(ctx, all[i].ID, "/", token, 2); return err }
	}
	if a.FileSearch != nil && len(all) > 0 {
		lists["file search"] = func(token string) error {
			_, err := a.FileSearch.Search(ctx, model.FileQuery{Asset: all[0].Asset.ID, Name: "kit"}, token, 2)
			return err
		}
	}
	if a.PolicyAssignments != nil && a.Policies != nil {
		if policies := b.policies(t); len(policies) > 0 {
			lists["assignments"] = func(token string) error {
				_, err := a.PolicyAssignments.List(ctx, policies[0].ID, token, 2)
				return err
			}
		}
	}
	for name, list := range lists {
		for _, token := range []string{"\x00", "not a token", "-1", "{}"} {
			before := b.wire.sent.Load()
			err := list(token)
			refused := oneOf(err, fault.Invalid) || name == "file search" && oneOf(err, fault.Unsupported)
			if sent := b.wire.sent.Load() - before; !refused || sent > 0 {
				t.Errorf("%s with the token %q: want invalid and nothing sent, got %v after %s", name, token, err, fmt.Sprint(sent, " requests"))
			}
		}
	}
}
