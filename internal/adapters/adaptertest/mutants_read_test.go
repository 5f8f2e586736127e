package adaptertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func readMutants() []mutant {
	return []mutant{
		{name: "check that always fails", kills: "session/check-works", damage: func(a *adapters.Adapter, _ adapters.Env) {
			a.Session = brokenSession{Session: a.Session, check: func(context.Context) error { return fault.New(fault.Denied, "toy.Check", "no") }}
		}},
		{name: "content without restores", kills: "traits/fit-the-capabilities", damage: func(a *adapters.Adapter, _ adapters.Env) {
			a.Restores, a.RestoreKinds, a.Traits.MarkerPlaces = nil, nil, nil
		}},
		{name: "a page size of nothing", kills: "traits/fit-the-capabilities", damage: func(a *adapters.Adapter, _ adapters.Env) { a.Traits.MaxPageSize = 0 }},
		{name: "a place for the marker of a kind that is not offered", kills: "traits/fit-the-capabilities", damage: func(a *adapters.Adapter, _ adapters.Env) {
			a.Traits.MarkerPlaces = map[model.RestoreKind]string{model.RestoreTable: "name"}
		}},
		{name: "open object", kills: "traits/schemas-compile", damage: schema(`{"type":"object"}`)},
		{name: "no schema", kills: "traits/schemas-compile", damage: schema(`{"type":"object","additionalProperties":false,"properties":{"name":{"type":"strong"}}}`)},
		{name: "a word of its own", kills: "traits/schemas-compile", damage: schema(`{"type":"object","additionalProperties":false,"properties":{"vmName":{}}}`)},
		{name: "a schema elsewhere", kills: "traits/schemas-compile", damage: schema(`{"type":"object","additionalProperties":false,"properties":{"name":{"$ref":"https://example.com/name"}}}`)},

		{name: "drops the first of pages of three", kills: "listing/pages-lose-nothing", damage: onPages(
			func(_ model.Position, limit int, p *adapters.Page[model.Backup], _ *error) {
				if limit == 3 && len(p.Items) > 1 {
					p.Items = p.Items[1:]
				}
			})},
		{name: "drops the last of a full page", kills: "listing/pages-lose-nothing", damage: onPages(
			func(_ model.Position, limit int, p *adapters.Page[model.Backup], _ *error) {
				if len(p.Items) == limit && limit > 1 {
					p.Items = p.Items[:limit-1]
				}
			})},
		{name: "doubles one", kills: "listing/pages-lose-nothing", damage: onPages(
			func(_ model.Position, limit int, p *adapters.Page[model.Backup], _ *error) {
				if limit == 7 && len(p.Items) > 0 {
					p.Items = append(p.Items[:1:1], p.Items...)
				}
			})},
		{name: "gives more than was asked for", kills: "listing/pages-lose-nothing", damage: onStreams(
			func(_ model.BackupQuery, s *adapters.Stream[model.Backup]) {
				right := s.Page
				s.Page = func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Backup], error) {
					return right(ctx, before, limit+1)
				}
			})},
		{name: "ends early", kills: "listing/pages-lose-nothing", damage: onPages(
			func(_ model.Position, limit int, p *adapters.Page[model.Backup], _ *error) {
				p.More = p.More && limit > 2
			})},
		{name: "stays where it is", kills: "listing/pages-lose-nothing", damage: onPages(
			func(before model.Position, _ int, p *adapters.Page[model.Backup], _ *error) { p.Next = before })},
		{name: "smaller id first among equal times", kills: "listing/order-is-total", damage: onPages(
			func(_ model.Position, _ int, p *adapters.Page[model.Backup], _ *error) {
				slices.SortStableFunc(p.Items, func(a, b model.Backup) int {
					if a.StartedAt.Equal(b.StartedAt) {
						return -a.Position().Compare(b.Position())
					}
					return 0
				})
			})},
		{name: "oldest first", kills: "listing/order-is-total", damage: onPages(
			func(_ model.Position, _ int, p *adapters.Page[model.Backup], _ *error) { slices.Reverse(p.Items) })},
		{name: "of another connection", kills: "listing/ids-are-ours", damage: onItems(func(b *model.Backup) { b.Connection = "other" })},
		{name: "of another provider", kills: "listing/ids-are-ours", damage: onItems(func(b *model.Backup) { b.Provider = "other" })},
		{name: "in two streams", kills: "listing/ids-are-ours", damage: func(a *adapters.Adapter, _ adapters.Env) {
			right := a.Backups
			a.Backups = brokenBackups{Backups: right, streams: func(ctx context.Context, q model.BackupQuery) ([]adapters.Stream[model.Backup], error) {
				streams, err := right.Streams(ctx, q)
				second := streams[0]
				second.Name += "-again"
				return append(streams, second), err
			}}
		}},
		{name: "forgets on the second look", kills: "listing/replay-is-equal", damage: forgetful()},
		{name: "remembers places in the process", kills: "listing/places-outlive-the-process", damage: func(a *adapters.Adapter, env adapters.Env) {
			issued := map[model.Position]bool{{}: true}
			onPages(func(before model.Position, _ int, p *adapters.Page[model.Backup], err *error) {
				if !issued[before] {
					*p, *err = adapters.Page[model.Backup]{}, fault.New(fault.Invalid, "toy.List", "not mine")
				}
				issued[p.Next] = true
			})(a, env)
		}},
		{name: "knows an older newest", kills: "listing/newest-at-is-a-bound", damage: onStreams(
			func(_ model.BackupQuery, s *adapters.Stream[model.Backup]) { s.NewestAt = time.Unix(1_600_000_000, 0) })},
		{name: "after is exclusive", kills: "listing/filters-drop-no-match", damage: filtering(func(q model.BackupQuery, b model.Backup) bool {
			return q.StartedAfter.IsZero() || b.StartedAt.After(q.StartedAfter)
		})},
		{name: "asks for whole seconds", kills: "listing/filters-drop-no-match", damage: filtering(func(q model.BackupQuery, b model.Backup) bool {
			return q.StartedBefore.IsZero() || b.StartedAt.Before(q.StartedBefore.Add(-time.Second))
		})},
		{name: "only the first of several kinds", kills: "listing/filters-drop-no-match", damage: filtering(func(q model.BackupQuery, b model.Backup) bool {
			return len(q.AssetKinds) < 2 || b.Kind == q.AssetKinds[0]
		})},
		{name: "status by another word", kills: "listing/filters-drop-no-match", damage: filtering(func(q model.BackupQuery, b model.Backup) bool {
			return len(q.Statuses) == 0 || b.Status == model.BackupAvailable
		})},
		{name: "local time", kills: "listing/times-are-utc", damage: onItems(func(b *model.Backup) {
			b.ExpiresAt = b.StartedAt.In(time.FixedZone("CET", 3600))
		})},
		{name: "no time", kills: "listing/times-are-utc", damage: onItems(func(b *model.Backup) { b.StartedAt = time.Time{} })},
		{name: "the vendor's word", kills: "listing/words-are-known", damage: onItems(func(b *model.Backup) { b.Status = "SUCCESS" })},
		{name: "offers what is not done", kills: "listing/words-are-known", damage: onItems(func(b *model.Backup) {
			b.RestoreKinds = append(b.RestoreKinds, model.RestoreTable)
		})},
		{name: "no document", kills: "listing/words-are-known", damage: onItems(func(b *model.Backup) { b.NativeDocument = nil })},
		{name: "names by chance", kills: "listing/stream-names-are-stable", damage: func() func(*adapters.Adapter, adapters.Env) {
			n := 0
			return onStreams(func(_ model.BackupQuery, s *adapters.Stream[model.Backup]) {
				n++
				s.Name = fmt.Sprint("list-", n)
			})
		}()},
		{name: "does not look at the context", kills: "listing/cancelled-is-cancelled", damage: ignoringContext()},

		{name: "says otherwise", kills: "get/finds-what-is-listed", damage: onGet(func(right backupGet) backupGet {
			return func(ctx context.Context, id model.ID, native bool) (model.Backup, error) {
				b, err := right(ctx, id, native)
				b.Asset.Name = "another"
				return b, err
			}
		})},
		{name: "does not find awkward keys", kills: "get/finds-what-is-listed", damage: onGet(func(right backupGet) backupGet {
			return func(ctx context.Context, id model.ID, native bool) (model.Backup, error) {
				if _, err := model.ParseID(id.Connection + "~backup~" + id.Key); err != nil {
					return model.Backup{}, fault.New(fault.NotFound, "toy.Get", "no")
				}
				return right(ctx, id, native)
			}
		})},
		{name: "finds anything", kills: "get/unknown-is-not-found", damage: onGet(func(right backupGet) backupGet {
			return func(ctx context.Context, id model.ID, native bool) (model.Backup, error) {
				b, err := right(ctx, id, native)
				if errors.Is(err, fault.NotFound) {
					err = nil
				}
				return b, err
			}
		})},
		{name: "stumbles", kills: "get/unknown-is-not-found", damage: onGet(func(right backupGet) backupGet {
			return func(ctx context.Context, id model.ID, native bool) (model.Backup, error) {
				if id.Kind == "nonsense" {
					panic("no such kind")
				}
				return right(ctx, id, native)
			}
		})},
		{name: "drops a policy", kills: "policies/pages-lose-nothing", memory: true, damage: onPolicies(
			func(token string, limit int, p *adapters.TokenPage[model.Policy], _ *error) {
				if limit == 2 && token != "" {
					p.Items = p.Items[1:]
				}
			})},
		{name: "starts again at a bad token", kills: "policies/pages-lose-nothing", memory: true, damage: func(a *adapters.Adapter, env adapters.Env) {
			right := a.Policies
			onPolicies(func(_ string, limit int, p *adapters.TokenPage[model.Policy], err *error) {
				if errors.Is(*err, fault.Invalid) {
					*p, *err = right.List(context.Background(), "", limit, false)
				}
			})(a, env)
		}},
		{name: "drops a file", kills: "files/list-and-open", memory: true, damage: func(a *adapters.Adapter, _ adapters.Env) {
			a.Files = forgetfulFiles{a.Files}
		}},
	}
}

type brokenSession struct {
	adapters.Session
	check, close func(context.Context) error
}

func (s brokenSession) Check(ctx context.Context) error {
	if s.check == nil {
		return s.Session.Check(ctx)
	}
	return s.check(ctx)
}

func (s brokenSession) Close(ctx context.Context) error {
	if s.close == nil {
		return s.Session.Close(ctx)
	}
	return s.close(ctx)
}

func schema(text string) func(*adapters.Adapter, adapters.Env) {
	return func(a *adapters.Adapter, _ adapters.Env) {
		a.RestoreKinds = slices.Clone(a.RestoreKinds)
		a.RestoreKinds[0].Target = json.RawMessage(text)
	}
}

func forgetful() func(*adapters.Adapter, adapters.Env) {
	asked := map[model.Position]bool{}
	return onPages(func(before model.Position, _ int, p *adapters.Page[model.Backup], _ *error) {
		if asked[before] && len(p.Items) > 1 {
			p.Items = p.Items[:1]
		}
		asked[before] = true
	})
}

// filtering drops what keep does not let pass.
func filtering(keep func(model.BackupQuery, model.Backup) bool) func(*adapters.Adapter, adapters.Env) {
	return onStreams(func(q model.BackupQuery, s *adapters.Stream[model.Backup]) {
		right := s.Page
		s.Page = func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Backup], error) {
			page, err := right(ctx, before, limit)
			page.Items = slices.DeleteFunc(page.Items, func(b model.Backup) bool { return !keep(q, b) })
			return page, err
		}
	})
}

func ignoringContext() func(*adapters.Adapter, adapters.Env) {
	return func(a *adapters.Adapter, env adapters.Env) {
		onStreams(func(_ model.BackupQuery, s *adapters.Stream[model.Backup]) {
			right := s.Page
			s.Page = func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Backup], error) {
				return right(context.WithoutCancel(ctx), before, limit)
			}
		})(a, env)
		onGet(func(right backupGet) backupGet {
			return func(ctx context.Context, id model.ID, native bool) (model.Backup, error) {
				return right(context.WithoutCancel(ctx), id, native)
			}
		})(a, env)
	}
}

type brokenPolicies struct {
	adapters.Policies
	change func(token string, limit int, p *adapters.TokenPage[model.Policy], err *error)
}

func onPolicies(change func(token string, limit int, p *adapters.TokenPage[model.Policy], err *error)) func(*adapters.Adapter, adapters.Env) {
	return func(a *adapters.Adapter, _ adapters.Env) { a.Policies = brokenPolicies{a.Policies, change} }
}

func (b brokenPolicies) List(ctx context.Context, token string, limit int, native bool) (adapters.TokenPage[model.Policy], error) {
	page, err := b.Policies.List(ctx, token, limit, native)
	b.change(token, limit, &page, &err)
	return page, err
}

type forgetfulFiles struct{ adapters.Files }

func (f forgetfulFiles) List(ctx context.Context, backup model.ID, path, token string, limit int) (adapters.TokenPage[adapters.FileEntry], error) {
	page, err := f.Files.List(ctx, backup, path, token, limit)
	if limit == 2 && token != "" && len(page.Items) > 0 {
		page.Items = page.Items[1:]
	}
	return page, err
}
