package clumio

import (
	"context"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

const (
	backtrackPath = "/restores/aws/s3-buckets"

	optionRollback = "point_in_time_recovery"
	optionUndelete = "undo_delete_marker_options"
)

func s3Backtrack() recipe {
	return recipe{
		op: "clumio.RestoreS3Bucket", path: backtrackPath, accept: "restored-aws-s3-buckets=v1",
		target: "bucket environment prefix tags", sel: s3Select, settings: "storage_class",
		options: optionRollback + " " + optionUndelete, forms: []model.SourceForm{model.SourceAt, model.SourceRange},
		fill: restores.fillBacktrack,
	}
}

// wireBacktrackSource is RestoreS3BucketSource. The type beside it is
// deprecated and left out.
type wireBacktrackSource struct {
	BucketID                string             `json:"bucket_id"`
	ObjectFilters           *wireBucketFilters `json:"object_filters,omitempty"`
	PointInTimeRecovery     *wireRollback      `json:"point_in_time_recovery,omitempty"`
	UndoDeleteMarkerOptions *wireUndelete      `json:"undo_delete_marker_options,omitempty"`
}

type wireRollback struct {
	RestoreEndTimestamp string `json:"restore_end_timestamp"`
}

type wireUndelete struct {
	StartTimestamp string `json:"start_timestamp"`
}

// wireBucketFilters is SourceObjectFiltersV2, which has another name for one
// member.
type wireBucketFilters struct {
	wireObjectFilters
	LatestVersionOnly   *bool `json:"latest_version_only,omitempty"` // hides that of the embedded
	IsLatestVersionOnly bool  `json:"is_latest_version_only"`
}

func bucketFilters(s model.RestoreSelect) *wireBucketFilters {
	f := objectFilters(s)
	if f == nil {
		return nil
	}
	return &wireBucketFilters{wireObjectFilters: *f, IsLatestVersionOnly: f.LatestVersionOnly}
}

// wireBucketPlace is what a restore in place needs of Bucket.
type wireBucketPlace struct {
	EnvironmentID string `json:"environment_id"`
	ID            string `json:"id"`
	Name          string `json:"name"`
}

func (r restores) fillBacktrack(ctx context.Context, p *prepared) error {
	a := &p.asked
	bucket, err := r.bucket(ctx, p.op, *a.source.Asset)
	if err != nil {
		return err
	}
	if bucket.ID == "" || bucket.Name == "" {
		return fault.New(fault.Upstream, p.op, "the vendor does not name the bucket")
	}
	from := wireBacktrackSource{BucketID: bucket.ID, ObjectFilters: bucketFilters(a.sel)}
	switch {
	case a.has(optionRollback) && a.has(optionUndelete):
		return fault.InvalidField(p.op, "/options/"+optionUndelete, "conflicting-member", "it is either of the two")
	case a.has(optionUndelete):
		start := wireTime(a.source.From)
		if a.form == model.SourceAt {
			if start, err = pointInTime(p.op, a.source.At); err != nil {
				return err
			}
		}
		from.UndoDeleteMarkerOptions = &wireUndelete{start}
	default:
		end := wireTime(a.source.To)
		if a.form == model.SourceAt {
			if end, err = pointInTime(p.op, a.source.At); err != nil {
				return err
			}
		}
		from.PointInTimeRecovery = &wireRollback{end}
	}
	inPlace := a.target.Bucket == "" || a.target.Bucket == bucket.Name
	if a.target.Bucket == "" {
		a.target.Bucket = bucket.Name
	}
	a.target.Environment, err = r.environment(ctx, p.op, *a, func() (placement, error) {
		if !inPlace {
			return placement{}, nil
		}
		return placement{EnvironmentID: bucket.EnvironmentID}, nil
	})
	if err != nil {
		return err
	}
	members := map[string]any{
		"bucket_name": a.target.Bucket, "environment_id": a.target.Environment, "prefix": a.target.Prefix,
	}
	if a.marker = ""; len(a.target.Tags) > 0 {
		members["tags"] = a.markedTags()
	}
	p.body, p.bucket = wireRestore{Source: from, Target: p.vendorTarget(members)}, bucket.ID
	if inPlace {
		p.notes = append(p.notes, "the bucket is changed in place: what was written since is no longer its current content")
	}
	p.notes = append(p.notes, "the vendor previews this only as a task of its own, which a plan does not start")
	return nil
}

// bucket reads the bucket that an asset is, or is of.
func (r restores) bucket(ctx context.Context, op string, id model.ID) (wireBucketPlace, error) {
	key, err := r.key(op, id, id.Kind)
	if err != nil {
		return wireBucketPlace{}, err
	}
	got, err := read[struct {
		BucketID      string `json:"bucket_id"`
		BucketName    string `json:"bucket_name"`
		EnvironmentID string `json:"environment_id"`
	}](ctx, r.client, vendorhttp.Request{
		Op: op, Path: "/datasources/protection-groups/s3-assets/" + key,
		Accept: "application/api.clumio.protection-groups-s3-assets=v1+json",
	}, false)
	if err = notFoundIfRefused(op, err); fault.KindOf(err) == fault.NotFound {
		// It may be a bucket that is in no group.
		got, err := read[wireBucketPlace](ctx, r.client, bucketRequest(op, key), false)
		return got.wire, notFoundIfRefused(op, err)
	}
	if err != nil {
		return wireBucketPlace{}, err
	}
	return wireBucketPlace{EnvironmentID: got.wire.EnvironmentID, ID: got.wire.BucketID, Name: got.wire.BucketName}, nil
}

func bucketRequest(op, key string) vendorhttp.Request {
	return vendorhttp.Request{
		Op: op, Path: "/datasources/aws/s3-buckets/" + key, Accept: "application/api.clumio.aws-s3-buckets=v1+json",
	}
}
