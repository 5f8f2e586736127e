package memory

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

type plans struct{ account }

func (s plans) Plan(ctx context.Context, r model.RestoreRequest) (model.RestorePlan, error) {
	if err := s.enter(ctx, "Plans.Plan", ""); err != nil {
		return model.RestorePlan{}, err
	}
	b, err := s.restorable(r)
	if err != nil {
		return model.RestorePlan{}, err
	}
	id := s.env.ID(string(b.AssetKind), b.Key)
	notes := []string{}
	if b.Status == model.BackupPartial {
		notes = append(notes, "the backup is not whole")
	}
	body, err := json.Marshal(r)
	if err != nil {
		return model.RestorePlan{}, fault.Wrap(fault.Internal, "memory.Plan", err)
	}
	return model.RestorePlan{
		Connection: s.env.Connection, Kind: r.Kind, Source: model.RestoreSource{Backup: &id}, Notes: notes,
		Request: &model.VendorRequest{Method: http.MethodPost, Path: "/restores", Body: body},
	}, nil
}

type fileSearch struct{ account }

// Search looks into the newest backup that can be looked into: all of an asset
// hold the same names.
func (s fileSearch) Search(ctx context.Context, q model.FileQuery, token string, limit int) (adapters.TokenPage[model.FileHit], error) {
	if err := s.enter(ctx, "FileSearch.Search", q.Asset.Key); err != nil {
		return adapters.TokenPage[model.FileHit]{}, err
	}
	all := s.World.Backups()
	s.mu.Lock()
	asset, _, found := s.asset(q.Asset)
	s.mu.Unlock()
	if !found {
		return adapters.TokenPage[model.FileHit]{}, fault.New(fault.NotFound, "memory.FileSearch", "no such asset")
	}
	all = slices.DeleteFunc(slices.Clone(all), func(b Backup) bool {
		return b.Asset != asset.Key || b.AssetKind != asset.Kind || b.Status != model.BackupAvailable
	})
	hits := []model.FileHit{}
	if len(all) > 0 {
		backup, versions := s.env.ID(string(all[0].AssetKind), all[0].Key), len(all)
		for _, entry := range tree(all[0]) {
			if named(entry.Name, q.Name) {
				hits = append(hits, model.FileHit{
					Name: entry.Name, Path: entry.Path, Type: entry.Type, SizeBytes: entry.SizeBytes, ModifiedAt: entry.ModifiedAt,
					Asset: &model.Ref{ID: q.Asset, Name: asset.Name}, Backup: &backup, Versions: &versions, Native: model.Native{ID: entry.Path},
				})
			}
		}
	}
	return tokenPage(hits, token, limit)
}

// named reports whether a name holds the parts of a pattern, whatever the case,
// in their order.
func named(name, pattern string) bool {
	name = strings.ToLower(name)
	for part := range strings.SplitSeq(strings.ToLower(pattern), "*") {
		var found bool
		if _, name, found = strings.Cut(name, part); !found {
			return false
		}
	}
	return true
}
