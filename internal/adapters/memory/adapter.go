package memory

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// Config of an account that brings its own world.
type Config struct {
	Seed    uint64 `json:"seed"`
	Backups int    `json:"backups"`
	Streams int    `json:"streams"`
}

// Driver opens accounts whose world is made from the configuration. Two accounts
// opened with equal ones do not share a world: see [New] for that.
func Driver() adapters.Driver {
	return adapters.Typed("memory", Config{Seed: 1, Backups: 200, Streams: 2},
		func(_ context.Context, c Config, env adapters.Env) (*adapters.Adapter, error) {
			if c.Backups < 0 || c.Streams < 1 {
				return nil, fault.InvalidField("memory.Open", "/streams", "out-of-range", "streams must be at least 1 and backups at least 0")
			}
			w := NewWorld(c.Seed, env.Now)
			w.Populate(c.Backups, c.Streams)
			return New(env, w), nil
		})
}

// maxPageSize is small, so that callers have to page.
const maxPageSize = 100

// account is the world as seen under one connection name.
type account struct {
	*World
	env adapters.Env
}

// New returns an adapter for a world, with every capability. Fields may be set
// to nil by the caller before first use.
func New(env adapters.Env, world *World) *adapters.Adapter {
	a := account{world, env}
	return &adapters.Adapter{
		Provider: "memory",
		Traits: adapters.Traits{
			MaxPageSize: maxPageSize,
			RangeReads:  true,
			MarkerPlaces: map[model.RestoreKind]string{
				model.RestoreVolume: "native id", model.RestoreDownload: "native id", model.RestoreInstantAccess: "native id",
			},
		},
		RestoreKinds:     restoreKinds(),
		Session:          session{a},
		Backups:          backups{a},
		BackupStarts:     backupStarts{a},
		Files:            files{a},
		Restores:         restores{a},
		RestoreCancels:   cancels{a, "restore"},
		RestorePatches:   restorePatches{a},
		RestoreRemovals:  restoreRemovals{a},
		Access:           access{a},
		Content:          content{a},
		Operations:       operations{a},
		OperationCancels: cancels{a, "operation"},
		Policies:         policies{a},

		Assets:            assets{a},
		RestorePoints:     restorePoints{a},
		Sources:           sources{a},
		FileSearch:        fileSearch{a},
		Plans:             plans{a},
		PolicyWrites:      policyWrites{a},
		PolicyAssignments: policyAssignments{a},
		Native:            native{a},
	}
}

type session struct{ account }

func (s session) Check(ctx context.Context) error { return s.enter(ctx, "Session.Check", "") }
func (s session) Close(context.Context) error     { return nil }

type backups struct{ account }

func (s backups) Streams(ctx context.Context, q model.BackupQuery) ([]adapters.Stream[model.Backup], error) {
	if err := s.enter(ctx, "Backups.Streams", ""); err != nil {
		return nil, err
	}
	newest := map[string]time.Time{}
	for _, b := range s.World.Backups() {
		if b.StartedAt.After(newest[b.Stream]) {
			newest[b.Stream] = b.StartedAt
		}
	}
	var streams []adapters.Stream[model.Backup]
	for name, at := range newest {
		streams = append(streams, adapters.Stream[model.Backup]{
			Name: name, NewestAt: at,
			Pushed: []string{"startedAfter", "startedBefore", "asset", "assetKind", "status", "type"},
			Page: func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Backup], error) {
				if err := s.enter(ctx, "Backups.Page", name); err != nil {
					return adapters.Page[model.Backup]{}, err
				}
				limit = min(limit, maxPageSize)
				var items []model.Backup
				for _, b := range s.World.Backups() {
					if b.Stream != name || !before.IsZero() && b.StartedAt.After(before.At) {
						continue
					}
					// Enough, and the last group of equal times is whole.
					if len(items) > 0 && !items[len(items)-1].StartedAt.Equal(b.StartedAt) && countAfter(items, before) > limit {
						break
					}
					if item := s.backup(b, q.Native); q.Matches(item) {
						items = append(items, item)
					}
				}
				return adapters.SortedPage(items, model.Backup.Position, before, limit), nil
			},
		})
	}
	slices.SortFunc(streams, func(a, b adapters.Stream[model.Backup]) int { return strings.Compare(a.Name, b.Name) })
	return streams, nil
}

func countAfter(items []model.Backup, before model.Position) int {
	n := 0
	for _, item := range items {
		if before.Before(item.Position()) {
			n++
		}
	}
	return n
}

func (s backups) Get(ctx context.Context, id model.ID, native bool) (model.Backup, error) {
	if err := s.enter(ctx, "Backups.Get", id.Key); err != nil {
		return model.Backup{}, err
	}
	b, err := s.find(id)
	if err != nil {
		return model.Backup{}, err
	}
	return s.backup(b, native), nil
}

func (s account) find(id model.ID) (Backup, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, found := s.World.backups[id.Key]
	if !found || id.Kind != string(b.AssetKind) {
		return b, fault.New(fault.NotFound, "memory.Backups", "no such backup")
	}
	return b, nil
}

func (s account) backup(b Backup, native bool) model.Backup {
	asset := model.Asset{ID: s.env.ID(string(b.AssetKind), b.Asset), Kind: b.AssetKind, Name: b.Asset}
	out := model.Backup{
		ID: s.env.ID(string(b.AssetKind), b.Key), Connection: s.env.Connection, Provider: "memory", Asset: asset, Kind: asset.Kind,
		Type: b.Type, Status: b.Status, StartedAt: b.StartedAt, SizeBytes: &b.Bytes,
		Copies: []model.Copy{{Kind: model.CopyLocal, Status: b.Status}}, Browsable: b.Status == model.BackupAvailable,
		RestoreKinds: []model.RestoreKind{},
		Native:       model.Native{ID: b.Key, Status: string(b.Status), Type: string(b.AssetKind)},
	}
	if out.Browsable {
		for _, kind := range restoreKinds() {
			out.RestoreKinds = append(out.RestoreKinds, kind.Kind)
		}
	}
	if native {
		out.NativeDocument, _ = json.Marshal(b)
	}
	return out
}

// tokenPage pages by the number of items before, as vendors with offsets do.
func tokenPage[T any](all []T, token string, limit int) (adapters.TokenPage[T], error) {
	from, err := strconv.Atoi(cmp.Or(token, "0"))
	if err != nil || from < 0 || limit < 1 {
		return adapters.TokenPage[T]{}, fault.New(fault.Invalid, "memory.List", "the token is not one of this list")
	}
	from = min(from, len(all))
	to := min(from+min(limit, maxPageSize), len(all))
	page := adapters.TokenPage[T]{Items: slices.Clone(all[from:to])}
	if to < len(all) {
		page.Next = strconv.Itoa(to)
	}
	return page, nil
}
