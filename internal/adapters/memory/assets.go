package memory

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// Asset is one asset as the world keeps it. AddAsset fills in what is empty.
// Whatever has a backup is an asset too.
type Asset struct {
	Key    string // numbered
	Kind   model.AssetKind
	Name   string // Key
	Policy string // key of the policy that it is under
	// Continuous is how far back from now it can be restored to any point of
	// time; zero is not at all.
	Continuous time.Duration
}

// assetKey tells assets apart: two of different kinds may share a key.
type assetKey struct {
	kind model.AssetKind
	key  string
}

func keyOf(id model.ID) assetKey { return assetKey{model.AssetKind(id.Kind), id.Key} }

// AddAsset adds an asset, or replaces it, and returns it with all members
// filled in.
func (w *World) AddAsset(a Asset) Asset {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a.Key == "" {
		a.Key = w.nextKey("asset")
	}
	a.Kind = cmp.Or(a.Kind, model.AssetEBSVolume)
	a.Name = cmp.Or(a.Name, a.Key)
	w.assets[assetKey{a.Kind, a.Key}] = a
	return a
}

// asset finds one by its id, and its newest backup. The lock is held.
func (w *World) asset(id model.ID) (a Asset, newest *Backup, found bool) {
	at := keyOf(id)
	a, found = w.assets[at]
	for _, b := range w.backups {
		if (assetKey{b.AssetKind, b.Asset}) == at && (newest == nil || newer(b, *newest)) {
			newest = &b
		}
	}
	if !found && newest != nil {
		a, found = Asset{Key: at.key, Kind: at.kind, Name: at.key}, true
	}
	return a, newest, found
}

// newer orders backups as lists do.
func newer(a, b Backup) bool {
	return a.StartedAt.After(b.StartedAt) || a.StartedAt.Equal(b.StartedAt) && a.Key > b.Key
}

// assetKeys lists every asset there is, in order. The lock is held.
func (w *World) assetKeys() []assetKey {
	seen := map[assetKey]bool{}
	var keys []assetKey
	add := func(k assetKey) {
		if !seen[k] {
			seen[k] = true
			keys = append(keys, k)
		}
	}
	for k := range w.assets {
		add(k)
	}
	for _, b := range w.backups {
		add(assetKey{b.AssetKind, b.Asset})
	}
	slices.SortFunc(keys, func(a, b assetKey) int {
		return cmp.Or(strings.Compare(string(a.kind), string(b.kind)), strings.Compare(a.key, b.key))
	})
	return keys
}

type assets struct{ account }

func (s assets) List(ctx context.Context, q model.AssetQuery, token string, limit int) (adapters.TokenPage[model.ProtectedAsset], error) {
	if err := s.enter(ctx, "Assets.List", ""); err != nil {
		return adapters.TokenPage[model.ProtectedAsset]{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return tokenPage(s.protected(q.Matches, q.Native), token, limit)
}

// protected shows the assets that keep lets pass, in order. The lock is held.
func (s account) protected(keep func(model.ProtectedAsset) bool, native bool) []model.ProtectedAsset {
	var shown []model.ProtectedAsset
	for _, k := range s.assetKeys() {
		a, newest, _ := s.asset(s.env.ID(string(k.kind), k.key))
		if item := s.protectedAsset(a, newest, native); keep(item) {
			shown = append(shown, item)
		}
	}
	return shown
}

func (s assets) Get(ctx context.Context, id model.ID, native bool) (model.ProtectedAsset, error) {
	if err := s.enter(ctx, "Assets.Get", id.Key); err != nil {
		return model.ProtectedAsset{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, newest, found := s.asset(id)
	if !found {
		return model.ProtectedAsset{}, fault.New(fault.NotFound, "memory.Assets", "no such asset")
	}
	return s.protectedAsset(a, newest, native), nil
}

func (s account) protectedAsset(a Asset, newest *Backup, native bool) model.ProtectedAsset {
	out := model.ProtectedAsset{
		Asset:      model.Asset{ID: s.env.ID(string(a.Kind), a.Key), Kind: a.Kind, Name: a.Name},
		Connection: s.env.Connection, Provider: "memory", Protection: model.Unprotected, LastBackupStatus: "none",
		Native: model.Native{ID: a.Key, Type: string(a.Kind)},
	}
	if a.Policy != "" {
		out.Protection, out.Policy = model.Protected, &model.Ref{ID: s.env.ID("policy", a.Policy)}
	}
	if newest != nil {
		out.LastBackupAt, out.SizeBytes, out.LastBackupStatus = newest.StartedAt, &newest.Bytes, "unknown"
		switch newest.Status {
		case model.BackupAvailable:
			out.LastBackupStatus = "success"
		case model.BackupPartial, model.BackupFailed:
			out.LastBackupStatus = string(newest.Status)
		case model.BackupRunning, model.BackupExpired, model.BackupUnknown:
		}
	}
	if a.Continuous > 0 {
		now := s.now().UTC()
		out.Continuous = &model.RestoreRange{From: now.Add(-a.Continuous), To: now}
	}
	if native {
		out.NativeDocument, _ = json.Marshal(a)
	}
	return out
}

type restorePoints struct{ account }

func (s restorePoints) RestorePoints(ctx context.Context, asset model.ID, from, to time.Time) (model.RestorePoints, error) {
	if err := s.enter(ctx, "RestorePoints.RestorePoints", asset.Key); err != nil {
		return model.RestorePoints{}, err
	}
	all := s.World.Backups()
	s.mu.Lock()
	defer s.mu.Unlock()
	a, _, found := s.asset(asset)
	if !found {
		return model.RestorePoints{}, fault.New(fault.NotFound, "memory.RestorePoints", "no such asset")
	}
	out := model.RestorePoints{Points: []model.RestorePoint{}, Ranges: []model.RestoreRange{}, Complete: true}
	for _, b := range all {
		usable := b.Status == model.BackupAvailable || b.Status == model.BackupPartial
		if b.Asset == a.Key && b.AssetKind == a.Kind && usable && !b.StartedAt.Before(from) && !b.StartedAt.After(to) {
			id := s.env.ID(string(b.AssetKind), b.Key)
			out.Points = append(out.Points, model.RestorePoint{At: b.StartedAt, Backup: &id, Type: b.Type, Status: b.Status})
		}
	}
	if a.Continuous > 0 {
		now := s.now().UTC()
		begin, end := later(now.Add(-a.Continuous), from.UTC()), now
		if to.Before(end) {
			end = to.UTC()
		}
		if begin.Before(end) {
			out.Ranges = append(out.Ranges, model.RestoreRange{From: begin, To: end})
		}
	}
	return out, nil
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// AddSource adds a place that assets are in. Its key is Native.ID, numbered
// when empty.
func (w *World) AddSource(source model.Source) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if source.Native.ID == "" {
		source.Native.ID = w.nextKey("source")
	}
	w.sources = append(w.sources, source)
}

type sources struct{ account }

func (s sources) List(ctx context.Context, token string, limit int, native bool) (adapters.TokenPage[model.Source], error) {
	if err := s.enter(ctx, "Sources.List", ""); err != nil {
		return adapters.TokenPage[model.Source]{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	page, err := tokenPage(s.World.sources, token, limit)
	for i := range page.Items {
		page.Items[i] = s.source(page.Items[i], native)
	}
	return page, err
}

func (s sources) Get(ctx context.Context, id model.ID, native bool) (model.Source, error) {
	if err := s.enter(ctx, "Sources.Get", id.Key); err != nil {
		return model.Source{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, source := range s.World.sources {
		if source.Native.ID == id.Key && id.Kind == "source" {
			return s.source(source, native), nil
		}
	}
	return model.Source{}, fault.New(fault.NotFound, "memory.Sources", "no such source")
}

func (s account) source(source model.Source, native bool) model.Source {
	source.ID, source.Connection, source.Provider = s.env.ID("source", source.Native.ID), s.env.Connection, "memory"
	source.Kind, source.Status = cmp.Or(source.Kind, "other"), cmp.Or(source.Status, "unknown")
	if native {
		source.NativeDocument, _ = json.Marshal(source.Native)
	}
	return source
}
