package clumio

import (
	"context"
	"slices"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// points tells what an asset can be restored to.
type points struct{ *client }

var _ adapters.RestorePoints = points{}

// Bounds of one answer. Of a list that can not be asked for one asset more is
// read, because most of it is of others.
const (
	maxPoints        = 500
	maxPointsToSift  = 5000
	maxIntervalPages = 20
)

// intervalList is the list of the times that continuous backup of an asset
// covers, "" for kinds that have none.
func intervalList(kind model.AssetKind, key string) (path, accept string) {
	const media = "application/api.clumio."
	switch kind { //nolint:exhaustive // the others have no such list
	case model.AssetMSSQLDatabase:
		return "/datasources/aws/ec2-mssql/databases/" + key + "/pitr-intervals", media + "ec2-mssql-databases=v1+json"
	case model.AssetS3Bucket:
		return "/datasources/protection-groups/s3-assets/" + key + "/pitr-intervals", media + "protection-groups-s3-assets=v1+json"
	case model.AssetGCSBucket:
		return "/datasources/gcp/gcs-assets/" + key + "/pitr-intervals", media + "gcp-gcs-assets=v1+json"
	}
	return "", ""
}

// RestorePoints implements adapters.RestorePoints. An asset that is gone from
// the vendor's inventory still has the points of its backups.
func (p points) RestorePoints(ctx context.Context, id model.ID, from, to time.Time) (model.RestorePoints, error) {
	const op = "clumio.RestorePoints"
	out := model.RestorePoints{Points: []model.RestorePoint{}, Ranges: []model.RestoreRange{}, Complete: true}
	l, ok := listOf(id.Kind)
	if !ok {
		return out, fault.New(fault.NotFound, op, "there is no such asset")
	}
	key, err := p.key(op, id, string(l.kind))
	if err != nil {
		return model.RestorePoints{}, err
	}
	var all bool
	if out.Points, all, err = p.backups(ctx, l, id, from, to); err != nil {
		return model.RestorePoints{}, err
	}
	out.Complete = all
	out.Ranges, all, err = p.ranges(ctx, l.kind, id, key, from, to)
	out.Complete = out.Complete && (all || err != nil)
	if fault.KindOf(err) == fault.NotFound {
		err, out.Ranges = nil, []model.RestoreRange{}
	}
	// A bucket that is in no group has neither, and is there.
	if err == nil && len(out.Points)+len(out.Ranges) == 0 {
		_, err = assets(p).Get(ctx, id, false)
	}
	if err != nil {
		return model.RestorePoints{}, err
	}
	return out, nil
}

// backups are the points that the backups of the asset give.
func (p points) backups(ctx context.Context, l backupList, id model.ID, from, to time.Time) ([]model.RestorePoint, bool, error) {
	// The window of a query ends before its bound, that of points with it.
	q := model.BackupQuery{StartedAfter: from, StartedBefore: to.Add(time.Nanosecond), Assets: []model.ID{id}}
	b := backups(p)
	var page adapters.Page[model.Backup]
	var err error
	switch {
	case l.undocumented:
		page, err = b.undocumentedPage(ctx, l, q, model.Position{}, maxPointsToSift)
	default:
		page, err = adapters.ReadSorted(ctx, model.Position{}, maxPoints, func(ctx context.Context, upTo time.Time, token string, n int) (adapters.VendorPage[model.Backup], error) {
			return b.fetch(ctx, l, q, id.Key, upTo, token, n)
		})
	}
	if err != nil {
		return nil, false, err
	}
	out := []model.RestorePoint{}
	for _, item := range page.Items {
		if !q.Matches(item) {
			continue
		}
		if len(out) == maxPoints {
			return out, false, nil
		}
		out = append(out, model.RestorePoint{
			At: item.StartedAt, Backup: &item.ID, Type: item.Type, Status: item.Status, ExpiresAt: item.ExpiresAt,
		})
	}
	return out, !page.More, nil
}

// ranges are the times within the window to any of which can be restored.
func (p points) ranges(ctx context.Context, kind model.AssetKind, id model.ID, key string, from, to time.Time) ([]model.RestoreRange, bool, error) {
	var found []model.RestoreRange
	all := true
	path, accept := intervalList(kind, key)
	switch {
	case path != "":
		var err error
		if found, all, err = p.intervals(ctx, path, accept); err != nil {
			return nil, false, err
		}
	case kind == model.AssetDynamoDBTable || kind == model.AssetRDS:
		asset, err := assets(p).Get(ctx, id, false)
		if err != nil {
			return nil, false, err
		}
		if asset.Continuous != nil {
			found = []model.RestoreRange{*asset.Continuous}
		}
	}
	out := []model.RestoreRange{}
	for _, r := range found {
		if r.From.Before(from) {
			r.From = from.UTC()
		}
		if r.To.After(to) {
			r.To = to.UTC()
		}
		if !r.To.Before(r.From) {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(x, y model.RestoreRange) int { return y.To.Compare(x.To) })
	return out, all, nil
}

// wireInterval is ...PitrInterval.
type wireInterval struct {
	EndTimestamp   timestamp `json:"end_timestamp"`
	StartTimestamp timestamp `json:"start_timestamp"`
}

// intervals reads the list whole: whether its filter leaves out an interval
// that begins before the window and reaches into it is not published.
func (p points) intervals(ctx context.Context, path, accept string) ([]model.RestoreRange, bool, error) {
	const op = "clumio.RestoreIntervals"
	var out []model.RestoreRange
	token := ""
	for range maxIntervalPages {
		got, err := list[wireInterval](ctx, p.client, vendorhttp.Request{
			Op: op, Path: path, Accept: accept, Query: listQuery(nil, maxLimit, token, ""),
		}, false)
		if err != nil {
			return nil, false, notFoundIfRefused(op, err)
		}
		for _, item := range got.items {
			if r := continuous(item.wire.StartTimestamp, item.wire.EndTimestamp); r != nil {
				out = append(out, *r)
			}
		}
		if got.next == "" {
			return out, true, nil
		}
		if token = got.next; len(got.items) == 0 {
			break
		}
	}
	return out, false, nil
}
