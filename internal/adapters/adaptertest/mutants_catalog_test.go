package adaptertest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

type damage = func(*adapters.Adapter, adapters.Env)

// brokenAssets is the adapter's own with changed pages and assets.
type brokenAssets struct {
	adapters.Assets
	page  func(q model.AssetQuery, token string, limit int, p *adapters.TokenPage[model.ProtectedAsset], err *error)
	asset func(id model.ID, a *model.ProtectedAsset, err *error)
}

func (b brokenAssets) List(ctx context.Context, q model.AssetQuery, token string, limit int) (adapters.TokenPage[model.ProtectedAsset], error) {
	page, err := b.Assets.List(ctx, q, token, limit)
	if b.page != nil {
		b.page(q, token, limit, &page, &err)
	}
	return page, err
}

func (b brokenAssets) Get(ctx context.Context, id model.ID, native bool) (model.ProtectedAsset, error) {
	a, err := b.Assets.Get(ctx, id, native)
	if b.asset != nil {
		b.asset(id, &a, &err)
	}
	return a, err
}

func onAssetPages(change func(q model.AssetQuery, token string, limit int, p *adapters.TokenPage[model.ProtectedAsset], err *error)) damage {
	return func(a *adapters.Adapter, _ adapters.Env) { a.Assets = brokenAssets{Assets: a.Assets, page: change} }
}

func onListedAssets(change func(a *model.ProtectedAsset)) damage {
	return onAssetPages(func(_ model.AssetQuery, _ string, _ int, p *adapters.TokenPage[model.ProtectedAsset], _ *error) {
		for i := range p.Items {
			change(&p.Items[i])
		}
	})
}

func onGottenAssets(change func(id model.ID, a *model.ProtectedAsset, err *error)) damage {
	return func(a *adapters.Adapter, _ adapters.Env) { a.Assets = brokenAssets{Assets: a.Assets, asset: change} }
}

// droppingAssets drops what keep does not let pass.
func droppingAssets(keep func(q model.AssetQuery, a model.ProtectedAsset) bool) damage {
	return onAssetPages(func(q model.AssetQuery, _ string, _ int, p *adapters.TokenPage[model.ProtectedAsset], _ *error) {
		p.Items = slices.DeleteFunc(p.Items, func(a model.ProtectedAsset) bool { return !keep(q, a) })
	})
}

type brokenPoints struct {
	right  adapters.RestorePoints
	change func(p *model.RestorePoints, err *error)
	widen  time.Duration
}

func (b brokenPoints) RestorePoints(ctx context.Context, asset model.ID, from, to time.Time) (model.RestorePoints, error) {
	points, err := b.right.RestorePoints(ctx, asset, from.Add(-b.widen), to.Add(b.widen))
	if b.change != nil {
		b.change(&points, &err)
	}
	return points, err
}

func onPoints(change func(p *model.RestorePoints, err *error)) damage {
	return func(a *adapters.Adapter, _ adapters.Env) {
		a.RestorePoints = brokenPoints{right: a.RestorePoints, change: change}
	}
}

type brokenSources struct {
	adapters.Sources
	page func(token string, limit int, p *adapters.TokenPage[model.Source])
	one  func(s *model.Source)
}

func (b brokenSources) List(ctx context.Context, token string, limit int, native bool) (adapters.TokenPage[model.Source], error) {
	page, err := b.Sources.List(ctx, token, limit, native)
	if b.page != nil {
		b.page(token, limit, &page)
	}
	return page, err
}

func (b brokenSources) Get(ctx context.Context, id model.ID, native bool) (model.Source, error) {
	s, err := b.Sources.Get(ctx, id, native)
	if b.one != nil {
		b.one(&s)
	}
	return s, err
}

type brokenAssignments struct {
	adapters.PolicyAssignments
	page     func(p *adapters.TokenPage[model.ProtectedAsset], limit int)
	assign   func(ctx context.Context, policy model.ID, assets []model.ID) (*model.Operation, error)
	unassign func(ctx context.Context, policy model.ID, assets []model.ID) (*model.Operation, error)
}

func (b brokenAssignments) List(ctx context.Context, policy model.ID, token string, limit int) (adapters.TokenPage[model.ProtectedAsset], error) {
	page, err := b.PolicyAssignments.List(ctx, policy, token, limit)
	if b.page != nil {
		b.page(&page, limit)
	}
	return page, err
}

func (b brokenAssignments) Assign(ctx context.Context, policy model.ID, assets []model.ID) (*model.Operation, error) {
	if b.assign == nil {
		return b.PolicyAssignments.Assign(ctx, policy, assets)
	}
	return b.assign(ctx, policy, assets)
}

func (b brokenAssignments) Unassign(ctx context.Context, policy model.ID, assets []model.ID) (*model.Operation, error) {
	if b.unassign == nil {
		return b.PolicyAssignments.Unassign(ctx, policy, assets)
	}
	return b.unassign(ctx, policy, assets)
}

type brokenNative struct {
	adapters.Native
	routes func([]adapters.NativeRoute) []adapters.NativeRoute
	do     func(ctx context.Context, r adapters.NativeRequest) (*adapters.NativeReply, error)
}

func (b brokenNative) Routes() []adapters.NativeRoute {
	if b.routes == nil {
		return b.Native.Routes()
	}
	return b.routes(slices.Clone(b.Native.Routes()))
}

func (b brokenNative) Do(ctx context.Context, r adapters.NativeRequest) (*adapters.NativeReply, error) {
	if b.do == nil {
		return b.Native.Do(ctx, r)
	}
	return b.do(ctx, r)
}

func onRoutes(change func([]adapters.NativeRoute) []adapters.NativeRoute) damage {
	return func(a *adapters.Adapter, _ adapters.Env) { a.Native = brokenNative{Native: a.Native, routes: change} }
}

type offsetFiles struct{ adapters.Files }

func (f offsetFiles) Open(ctx context.Context, backup model.ID, path string, offset int64) (*adapters.Body, error) {
	body, err := f.Files.Open(ctx, backup, path, 0)
	if err == nil {
		body.Offset = offset
	}
	return body, err
}

type brokenSearch struct {
	adapters.FileSearch
	page func(token string, limit int, p *adapters.TokenPage[model.FileHit])
}

func (b brokenSearch) Search(ctx context.Context, q model.FileQuery, token string, limit int) (adapters.TokenPage[model.FileHit], error) {
	page, err := b.FileSearch.Search(ctx, q, token, limit)
	b.page(token, limit, &page)
	return page, err
}

func onHits(change func(token string, limit int, p *adapters.TokenPage[model.FileHit])) damage {
	return func(a *adapters.Adapter, _ adapters.Env) { a.FileSearch = brokenSearch{a.FileSearch, change} }
}

func assetMutants() []mutant {
	const pages, words, get, filters = "assets/pages-lose-nothing", "assets/words-are-known", "assets/get-finds-what-is-listed", "assets/filters-drop-no-match"
	all := []mutant{
		{name: "drops one of small pages", kills: pages, damage: onAssetPages(
			func(_ model.AssetQuery, token string, limit int, p *adapters.TokenPage[model.ProtectedAsset], _ *error) {
				if limit == 3 && token != "" && len(p.Items) > 0 {
					p.Items = p.Items[1:]
				}
			})},
		{name: "doubles one always", kills: pages, damage: onAssetPages(
			func(_ model.AssetQuery, token string, limit int, p *adapters.TokenPage[model.ProtectedAsset], _ *error) {
				if token == "" && len(p.Items) > 0 && len(p.Items) < limit {
					p.Items = append(p.Items, p.Items[0])
				}
			})},
		{name: "takes any token for the start", kills: pages, damage: func(a *adapters.Adapter, env adapters.Env) {
			right := a.Assets
			onAssetPages(func(q model.AssetQuery, _ string, limit int, p *adapters.TokenPage[model.ProtectedAsset], err *error) {
				if errors.Is(*err, fault.Invalid) {
					*p, *err = right.List(context.Background(), q, "", limit)
				}
			})(a, env)
		}},
		{name: "the vendor's kind", kills: words, damage: onListedAssets(func(a *model.ProtectedAsset) { a.Kind = "kVMware" })},
		{name: "an id of another kind", kills: words, damage: onListedAssets(func(a *model.ProtectedAsset) { a.ID.Kind = "asset" })},
		{name: "an id of another connection", kills: words, damage: onListedAssets(func(a *model.ProtectedAsset) { a.ID.Connection = "other" })},
		{name: "local time", kills: words, damage: onListedAssets(func(a *model.ProtectedAsset) {
			a.LastBackupAt = a.LastBackupAt.In(time.FixedZone("CET", 3600))
		})},
		{name: "no document", kills: words, damage: onListedAssets(func(a *model.ProtectedAsset) { a.NativeDocument = nil })},
		{name: "says otherwise", kills: get, damage: onGottenAssets(func(_ model.ID, a *model.ProtectedAsset, _ *error) { a.Name += " (2)" })},
		{name: "does not find awkward keys", kills: get, damage: onGottenAssets(func(id model.ID, a *model.ProtectedAsset, err *error) {
			if strings.Contains(id.Key, "/") {
				*a, *err = model.ProtectedAsset{}, fault.New(fault.NotFound, "memory.Get", "no")
			}
		})},
		{name: "finds anything", kills: get, damage: onGottenAssets(func(_ model.ID, _ *model.ProtectedAsset, err *error) { *err = nil })},
		{name: "minds the case", kills: filters, damage: droppingAssets(func(q model.AssetQuery, a model.ProtectedAsset) bool {
			return strings.Contains(a.Name, q.Search)
		})},
		{name: "only the first of several kinds", kills: filters, damage: droppingAssets(func(q model.AssetQuery, a model.ProtectedAsset) bool {
			return len(q.Kinds) < 2 || a.Kind == q.Kinds[0]
		})},
		{name: "only what is protected", kills: filters, damage: droppingAssets(func(q model.AssetQuery, a model.ProtectedAsset) bool {
			return len(q.Protection) < 2 || a.Protection == model.Protected
		})},
		{name: "knows none of them", kills: "assets/of-backups-are-found", damage: onGottenAssets(func(_ model.ID, a *model.ProtectedAsset, err *error) {
			*a, *err = model.ProtectedAsset{}, fault.New(fault.NotFound, "memory.Get", "no")
		})},
		{name: "finds another", kills: "assets/of-backups-are-found", damage: onGottenAssets(func(_ model.ID, a *model.ProtectedAsset, _ *error) { a.ID.Key += "2" })},
	}
	return inMemory(all)
}

func inMemory(mutants []mutant) []mutant {
	for i := range mutants {
		mutants[i].memory = true
	}
	return mutants
}

func pointMutants() []mutant {
	const points = "restore-points/are-in-the-window"
	return inMemory([]mutant{
		{name: "looks beyond the window", kills: points, damage: func(a *adapters.Adapter, _ adapters.Env) {
			a.RestorePoints = brokenPoints{right: a.RestorePoints, widen: 24 * time.Hour}
		}},
		{name: "oldest first", kills: points, damage: onPoints(func(p *model.RestorePoints, _ *error) { slices.Reverse(p.Points) })},
		{name: "names a backup that is not there", kills: points, damage: onPoints(func(p *model.RestorePoints, _ *error) {
			for i := range p.Points {
				p.Points[i].Backup.Key += "x"
			}
		})},
		{name: "names another's backup", kills: points, damage: func(a *adapters.Adapter, _ adapters.Env) {
			var first *model.ID
			onPoints(func(p *model.RestorePoints, _ *error) {
				for i := range p.Points {
					if first == nil {
						first = p.Points[i].Backup
					}
					p.Points[i].Backup = first
				}
			})(a, adapters.Env{})
		}},
		{name: "local time", kills: points, damage: onPoints(func(p *model.RestorePoints, _ *error) {
			for i := range p.Points {
				p.Points[i].At = p.Points[i].At.In(time.FixedZone("CET", 3600))
			}
		})},
		{name: "has none", kills: points, damage: onPoints(func(p *model.RestorePoints, _ *error) { p.Points = []model.RestorePoint{} })},
		{name: "null for none", kills: points, damage: onPoints(func(p *model.RestorePoints, _ *error) { p.Ranges = nil })},
		{name: "a range from its end", kills: points, damage: onPoints(func(p *model.RestorePoints, _ *error) {
			for i, r := range p.Ranges {
				p.Ranges[i] = model.RestoreRange{From: r.To, To: r.From}
			}
		})},
		{name: "tells points of nothing", kills: points, damage: onPoints(func(_ *model.RestorePoints, err *error) { *err = nil })},
	})
}

func catalogMutants() []mutant {
	looks := 0
	const sources, versions, assigned, routes, hits = "sources/list-and-get", "policies/versions-stay", "assignments/pages-lose-nothing", "native/routes-are-told", "file-search/hits-are-ours"
	onSources := func(page func(string, int, *adapters.TokenPage[model.Source]), one func(*model.Source)) damage {
		return func(a *adapters.Adapter, _ adapters.Env) {
			a.Sources = brokenSources{Sources: a.Sources, page: page, one: one}
		}
	}
	onAssigned := func(page func(*adapters.TokenPage[model.ProtectedAsset], int)) damage {
		return func(a *adapters.Adapter, _ adapters.Env) {
			a.PolicyAssignments = brokenAssignments{PolicyAssignments: a.PolicyAssignments, page: page}
		}
	}
	return inMemory([]mutant{
		{name: "drops one", kills: sources, damage: onSources(func(_ string, limit int, p *adapters.TokenPage[model.Source]) {
			if limit == 2 && len(p.Items) > 1 {
				p.Items = p.Items[1:]
			}
		}, nil)},
		{name: "the vendor's word", kills: sources, damage: onSources(func(_ string, _ int, p *adapters.TokenPage[model.Source]) {
			for i := range p.Items {
				p.Items[i].Status = "CONNECTED"
			}
		}, nil)},
		{name: "says otherwise", kills: sources, damage: onSources(nil, func(s *model.Source) { s.Name = "another" })},
		{name: "a version by chance", kills: versions, damage: func(a *adapters.Adapter, _ adapters.Env) {
			a.Policies = policyLookup{a.Policies, func(p *model.Policy) {
				looks++
				p.Version = fmt.Sprint(looks)
			}}
		}},
		{name: "no version", kills: versions, damage: func(a *adapters.Adapter, _ adapters.Env) {
			a.Policies = policyLookup{a.Policies, func(p *model.Policy) { p.Version = "" }}
		}},
		{name: "doubles one", kills: assigned, damage: onAssigned(func(p *adapters.TokenPage[model.ProtectedAsset], limit int) {
			if len(p.Items) > 0 && len(p.Items) < limit {
				p.Items = append(p.Items, p.Items[0])
			}
		})},
		{name: "names another policy", kills: assigned, damage: onAssigned(func(p *adapters.TokenPage[model.ProtectedAsset], _ int) {
			for i := range p.Items {
				p.Items[i].Policy = &model.Ref{ID: model.ID{Connection: p.Items[i].Connection, Kind: "policy", Key: "other"}}
			}
		})},
		{name: "no operation", kills: routes, damage: onRoutes(func(r []adapters.NativeRoute) []adapters.NativeRoute {
			r[1].Operation = ""
			return r
		})},
		{name: "twice", kills: routes, damage: onRoutes(func(r []adapters.NativeRoute) []adapters.NativeRoute { return append(r, r[0]) })},
		{name: "none", kills: routes, damage: onRoutes(func([]adapters.NativeRoute) []adapters.NativeRoute { return nil })},
		{name: "an unsafe method that is safe", kills: routes, damage: onRoutes(func(r []adapters.NativeRoute) []adapters.NativeRoute {
			return append(r, adapters.NativeRoute{Method: "DELETE", Path: "/x", Operation: "x", Safe: true})
		})},
		{name: "sends anything", kills: routes, damage: func(a *adapters.Adapter, _ adapters.Env) {
			a.Native = brokenNative{Native: a.Native, do: func(context.Context, adapters.NativeRequest) (*adapters.NativeReply, error) {
				return &adapters.NativeReply{Status: 200, Body: &adapters.Body{ReadCloser: io.NopCloser(strings.NewReader("{}"))}}, nil
			}}
		}},
		{name: "always from the start", kills: "files/offsets-are-exact", damage: func(a *adapters.Adapter, _ adapters.Env) { a.Files = offsetFiles{a.Files} }},
		{name: "no path", kills: hits, damage: onHits(func(_ string, _ int, p *adapters.TokenPage[model.FileHit]) {
			for i := range p.Items {
				p.Items[i].Path = ""
			}
		})},
		{name: "drops one", kills: hits, damage: onHits(func(token string, limit int, p *adapters.TokenPage[model.FileHit]) {
			if limit == 2 && token == "" && len(p.Items) > 1 {
				p.Items = p.Items[1:]
			}
		})},
		{name: "another connection's backup", kills: hits, damage: onHits(func(_ string, _ int, p *adapters.TokenPage[model.FileHit]) {
			for i := range p.Items {
				p.Items[i].Backup = &model.ID{Connection: "other", Kind: "vm", Key: "1"}
			}
		})},
	})
}

type policyLookup struct {
	adapters.Policies
	change func(p *model.Policy)
}

func (l policyLookup) Get(ctx context.Context, id model.ID, native bool) (model.Policy, error) {
	p, err := l.Policies.Get(ctx, id, native)
	l.change(&p)
	return p, err
}
