package clumio

import (
	"context"
	"net/url"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/model"
)

const (
	gcsGroupPath = "/restores/gcp/protection-groups"
	gcsTarget    = "bucket! prefix overwrite tags"
	gcsSettings  = "default_object_checksum_algorithm project_id restore_original_storage_class storage_class"

	optionGCSAssets = "gcs_asset_ids"
	optionKeyRegex  = "object_key_regex_matches"
)

func gcsGroup() recipe {
	return recipe{
		op: "clumio.RestoreGCSGroup", path: gcsGroupPath, accept: "restored-gcs-protection-groups=v1", target: gcsTarget,
		sel: s3Select, settings: gcsSettings, options: optionGCSAssets + " " + optionKeyRegex, forms: fromBackupOrRange(), fill: restores.fillGCS,
	}
}

func gcsAsset() recipe {
	return recipe{
		op: "clumio.RestoreGCSAsset", path: gcsGroupPath + "/assets", accept: "restored-gcs-protection-group-assets=v1",
		target: gcsTarget, sel: s3Select, settings: gcsSettings, options: optionKeyRegex, forms: fromBackupOrRange(), fill: restores.fillGCS,
	}
}

// wireGCSSource is GCSProtectionGroupRestoreSource and, without the assets,
// GCSProtectionGroupAssetRestoreSource.
type wireGCSSource struct {
	BackupID      string          `json:"backup_id,omitempty"`
	GCSAssetIDs   []string        `json:"gcs_asset_ids,omitempty"`
	ObjectFilters *wireGCSFilters `json:"object_filters,omitempty"`
	PITR          *wireGCSPITR    `json:"pitr,omitempty"`
}

// wireGCSFilters is GCSSourceObjectFilters: that of S3 and one more.
type wireGCSFilters struct {
	wireObjectFilters
	ObjectKeyRegexMatches string `json:"object_key_regex_matches,omitempty"`
}

type wireGCSPITR struct {
	GCSAssetID            string `json:"gcs_asset_id,omitempty"`
	GCSProtectionGroupID  string `json:"gcs_protection_group_id,omitempty"`
	RestoreEndTimestamp   string `json:"restore_end_timestamp"`
	RestoreStartTimestamp string `json:"restore_start_timestamp,omitempty"`
}

func (r restores) fillGCS(ctx context.Context, p *prepared) error {
	a := &p.asked
	var from wireGCSSource
	if err := a.option(p.op, optionGCSAssets, &from.GCSAssetIDs); err != nil {
		return err
	}
	var err error
	if from.ObjectFilters, err = a.gcsFilters(p.op); err != nil {
		return err
	}
	if a.form == model.SourceBackup {
		from.BackupID = a.source.Backup.Key
	} else {
		times, err := a.pitr(p.op)
		if err != nil {
			return err
		}
		from.PITR = &wireGCSPITR{RestoreEndTimestamp: times.RestoreEndTimestamp, RestoreStartTimestamp: times.RestoreStartTimestamp}
		if a.source.Asset.Kind == string(model.AssetGCSProtectionGroup) {
			from.PITR.GCSProtectionGroupID = a.source.Asset.Key
		} else {
			from.PITR.GCSAssetID = a.source.Asset.Key
		}
	}
	target, err := r.gcsTarget(ctx, p)
	if err != nil {
		return err
	}
	p.body = wireRestore{Source: from, Target: target}
	p.notes = append(p.notes, "the vendor previews this only as a task of its own, which a plan does not start")
	return nil
}

func (a asked) gcsFilters(op string) (*wireGCSFilters, error) {
	var regex string
	if err := a.option(op, optionKeyRegex, &regex); err != nil {
		return nil, err
	}
	common := objectFilters(a.sel)
	switch {
	case common == nil && regex == "":
		return nil, nil
	case common == nil:
		common = &wireObjectFilters{LatestVersionOnly: true}
	}
	return &wireGCSFilters{*common, regex}, nil
}

// gcsTarget is GCSProtectionGroupRestoreTarget. Tags are labels there; the
// project is the bucket's own unless one is given.
func (r restores) gcsTarget(ctx context.Context, p *prepared) (map[string]any, error) {
	a := &p.asked
	members := a.objectMembers()
	if !a.has("project_id") {
		key, err := segment(p.op, "/target/bucket", a.target.Bucket)
		if err != nil {
			return nil, err
		}
		got, err := read[struct {
			ProjectID string `json:"project_id"`
		}](ctx, r.client, vendorhttp.Request{
			Op: p.op, Path: "/datasources/gcp/gcs-buckets/" + key, Accept: "application/api.clumio.gcp-gcs-buckets=v1+json",
		}, false)
		if err != nil {
			return nil, missing(p.op, "/target/bucket", "there is no such bucket", err)
		}
		members["project_id"] = got.wire.ProjectID
	}
	if a.marker = ""; len(a.target.Tags) > 0 {
		members["labels"] = a.markedTags()
	}
	p.overwriteNote()
	return p.vendorTarget(members), nil
}

func gcsObjects() recipe {
	return recipe{
		op: "clumio.RestoreGCSObjects", accept: "restored-gcs-protection-groups=v1", target: gcsTarget, sel: "objects",
		settings: gcsSettings, options: optionObjects, forms: fromBackupOrRange(), fill: restores.fillGCSObjects,
	}
}

func (r restores) fillGCSObjects(ctx context.Context, p *prepared) error {
	group, err := r.groupKey(ctx, p.op, p.asked)
	if err != nil {
		return err
	}
	objects, err := p.asked.previewed(p.op)
	if err != nil {
		return err
	}
	target, err := r.gcsTarget(ctx, p)
	if err != nil {
		return err
	}
	p.path = gcsGroupPath + "/" + url.PathEscape(group) + "/gcs-objects"
	p.body = wireRestore{Source: objects, Target: target}
	return nil
}
