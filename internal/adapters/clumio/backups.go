package clumio

import (
	"context"
	"net/http"
	"slices"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// backups lists and reads backups.
type backups struct{ *client }

var _ adapters.Backups = backups{}

// maxAssetStreams is how many assets of one kind get a stream of their own;
// for more of them the whole list is read.
const maxAssetStreams = 8

// maxPlainPages bounds the reading of a whole list.
const maxPlainPages = 500

// Streams implements adapters.Backups.
func (b backups) Streams(_ context.Context, q model.BackupQuery) ([]adapters.Stream[model.Backup], error) {
	var streams []adapters.Stream[model.Backup]
	for _, l := range backupLists() {
		if len(q.AssetKinds) > 0 && !slices.Contains(q.AssetKinds, l.kind) {
			continue
		}
		if len(q.Assets) == 0 {
			streams = append(streams, b.stream(l, q, ""))
			continue
		}
		keys := b.assetKeys(l, q.Assets)
		switch {
		case len(keys) == 0:
		case l.assetField == "" || len(keys) > maxAssetStreams:
			streams = append(streams, b.stream(l, q, ""))
		default:
			for _, key := range keys {
				streams = append(streams, b.stream(l, q, key))
			}
		}
	}
	return streams, nil
}

func (b backups) assetKeys(l backupList, assets []model.ID) []string {
	var keys []string
	for _, id := range assets {
		if id.Connection == b.env.Connection && id.Kind == string(l.kind) && !slices.Contains(keys, id.Key) {
			keys = append(keys, id.Key)
		}
	}
	return keys
}

func (b backups) stream(l backupList, q model.BackupQuery, assetKey string) adapters.Stream[model.Backup] {
	s := adapters.Stream[model.Backup]{Name: l.name}
	if !l.undocumented {
		s.Pushed = []string{"startedAfter", "startedBefore"}
	}
	if assetKey != "" {
		s.Name += "/" + assetKey
		s.Pushed = append(s.Pushed, "asset")
	}
	s.Page = func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Backup], error) {
		limit = min(max(limit, 1), maxPageSize)
		if l.undocumented {
			return b.undocumentedPage(ctx, l, q, before, limit)
		}
		return adapters.ReadSorted(ctx, before, limit, func(ctx context.Context, upTo time.Time, token string, n int) (adapters.VendorPage[model.Backup], error) {
			return b.fetch(ctx, l, q, assetKey, upTo, token, n)
		})
	}
	return s
}

// fetch asks for one page of a list, newest first.
func (b backups) fetch(ctx context.Context, l backupList, q model.BackupQuery, assetKey string, upTo time.Time, token string, n int) (adapters.VendorPage[model.Backup], error) {
	f := filter{}
	if assetKey != "" {
		f.set(l.assetField, "$eq", assetKey)
	}
	if !q.StartedBefore.IsZero() && (upTo.IsZero() || q.StartedBefore.Before(upTo)) {
		upTo = q.StartedBefore
	}
	if !upTo.IsZero() {
		f.set("start_timestamp", "$lte", wireTime(ceilSecond(upTo)))
	}
	if !q.StartedAfter.IsZero() {
		// The vendor's bound is exclusive, ours is not.
		f.set("start_timestamp", "$gt", wireTime(floorSecond(q.StartedAfter).Add(-time.Second)))
	}
	got, err := l.page(ctx, b.client, vendorhttp.Request{
		Op: "clumio." + l.op, Path: l.path, Accept: l.accept, Query: listQuery(f, n, token, "-start_timestamp"),
	}, q.Native)
	if err != nil {
		if token == "" && noSuchList(err) {
			return adapters.VendorPage[model.Backup]{}, nil
		}
		return adapters.VendorPage[model.Backup]{}, err
	}
	return adapters.VendorPage[model.Backup]{Items: placed(got.items), Next: got.next}, nil
}

func placed(items []model.Backup) []adapters.Placed[model.Backup] {
	out := make([]adapters.Placed[model.Backup], len(items))
	for i, item := range items {
		out[i] = adapters.Placed[model.Backup]{Position: item.Position(), Item: item}
	}
	return out
}

// undocumentedPage serves a list whose filter and sort are not published. It
// tries those that the documented lists have, and reads the whole list without
// them once the vendor has refused them.
func (b backups) undocumentedPage(ctx context.Context, l backupList, q model.BackupQuery, before model.Position, limit int) (adapters.Page[model.Backup], error) {
	if _, plain := b.plain.Load(l.name); !plain {
		ordered := true
		page, err := adapters.ReadSorted(ctx, before, limit, func(ctx context.Context, upTo time.Time, token string, n int) (adapters.VendorPage[model.Backup], error) {
			got, err := b.fetch(ctx, l, q, "", upTo, token, n)
			ordered = ordered && slices.IsSortedFunc(got.Items, func(x, y adapters.Placed[model.Backup]) int { return y.At.Compare(x.At) })
			return got, err
		})
		if ordered && status(err) != http.StatusBadRequest {
			return page, err
		}
		b.plain.Store(l.name, true)
	}
	var all []model.Backup
	seen := map[string]bool{}
	token := ""
	for range maxPlainPages {
		got, err := l.page(ctx, b.client, vendorhttp.Request{
			Op: "clumio." + l.op, Path: l.path, Accept: l.accept, Query: listQuery(nil, maxLimit, token, ""),
		}, q.Native)
		if err != nil {
			if token == "" && noSuchList(err) {
				return adapters.Page[model.Backup]{}, nil
			}
			return adapters.Page[model.Backup]{}, err
		}
		for _, item := range got.items {
			if !seen[item.Native.ID] {
				seen[item.Native.ID] = true
				all = append(all, item)
			}
		}
		if token = got.next; token == "" {
			return adapters.SortedPage(all, model.Backup.Position, before, limit), nil
		}
	}
	return adapters.Page[model.Backup]{}, fault.New(fault.Upstream, "clumio."+l.op, "the vendor's list does not end")
}

// Get implements adapters.Backups.
func (b backups) Get(ctx context.Context, id model.ID, native bool) (model.Backup, error) {
	const op = "clumio.GetBackup"
	l, ok := listOf(id.Kind)
	if !ok {
		return model.Backup{}, fault.New(fault.NotFound, op, "there is no such backup")
	}
	key, err := b.key(op, id, string(l.kind))
	if err != nil {
		return model.Backup{}, err
	}
	got, err := l.read(ctx, b.client, vendorhttp.Request{Op: op, Path: l.path + "/" + key, Accept: l.accept}, native)
	if err != nil {
		return model.Backup{}, notFoundIfRefused(op, err)
	}
	// Some lists live where the id of another would stand: a document of
	// another id is not what was asked for.
	if got.Native.ID != id.Key {
		return model.Backup{}, fault.New(fault.NotFound, op, "there is no such backup")
	}
	if got.StartedAt.IsZero() {
		return model.Backup{}, fault.New(fault.Upstream, op, "the vendor's backup has no start time")
	}
	return got, nil
}
