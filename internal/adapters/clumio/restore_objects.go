package clumio

import (
	"context"
	"net/http"
	"net/url"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

const (
	s3Select   = "keyPrefix keySuffix keyContains keyMatches etag versionId minSizeBytes maxSizeBytes storageClasses latestVersionOnly"
	s3Target   = "bucket! environment! prefix overwrite tags"
	s3Settings = "default_object_checksum_algorithm restore_original_storage_class storage_class"
	groupPath  = "/restores/protection-groups"

	// optionObjects is the vendor's own name for the list of objects.
	optionObjects = "source"
	optionBuckets = "protection_group_s3_asset_ids"
)

func s3Group() recipe {
	return recipe{
		op: "clumio.RestoreGroup", path: groupPath, accept: "restored-protection-groups=v1", target: s3Target, sel: s3Select,
		settings: s3Settings, options: optionBuckets + " " + optionPreview, forms: fromBackupOrRange(), fill: restores.fillS3,
	}
}

func s3Asset() recipe {
	return recipe{
		op: "clumio.RestoreS3Asset", path: groupPath + "/s3-assets", accept: "restored-protection-group-s3-assets=v1",
		target: s3Target, sel: s3Select, settings: s3Settings, options: optionPreview, forms: fromBackupOrRange(), fill: restores.fillS3,
	}
}

// wireObjectSource is ProtectionGroupRestoreSource and, without the assets,
// ProtectionGroupS3AssetRestoreSource. Exactly one of BackupID and PITR is set.
type wireObjectSource struct {
	BackupID                  string             `json:"backup_id,omitempty"`
	ObjectFilters             *wireObjectFilters `json:"object_filters,omitempty"`
	PITR                      *wirePITR          `json:"pitr,omitempty"`
	ProtectionGroupS3AssetIDs []string           `json:"protection_group_s3_asset_ids,omitempty"`
}

// wirePreview is PreviewProtectionGroupV1Request and, without the assets,
// PreviewProtectionGroupS3AssetV1Request.
type wirePreview struct {
	BackupID                  string             `json:"backup_id,omitempty"`
	IsSyncPreview             bool               `json:"is_sync_preview"`
	ObjectFilters             *wireObjectFilters `json:"object_filters,omitempty"`
	PITREndTimestamp          string             `json:"pitr_end_timestamp,omitempty"`
	PITRStartTimestamp        string             `json:"pitr_start_timestamp,omitempty"`
	ProtectionGroupS3AssetIDs []string           `json:"protection_group_s3_asset_ids,omitempty"`
}

func (r restores) fillS3(ctx context.Context, p *prepared) error {
	a := &p.asked
	ofGroup := a.source.ID().Kind == string(model.AssetS3ProtectionGroup)
	from := wireObjectSource{ObjectFilters: objectFilters(a.sel)}
	if err := a.option(p.op, optionBuckets, &from.ProtectionGroupS3AssetIDs); err != nil {
		return err
	}
	shown := wirePreview{IsSyncPreview: true, ObjectFilters: from.ObjectFilters, ProtectionGroupS3AssetIDs: from.ProtectionGroupS3AssetIDs}
	if a.form == model.SourceBackup {
		from.BackupID = a.source.Backup.Key
		shown.BackupID = from.BackupID
	} else {
		var err error
		if from.PITR, err = a.pitr(p.op); err != nil {
			return err
		}
		shown.PITRStartTimestamp, shown.PITREndTimestamp = from.PITR.RestoreStartTimestamp, from.PITR.RestoreEndTimestamp
		if ofGroup {
			from.PITR.ProtectionGroupID = a.source.Asset.Key
		} else {
			from.PITR.ProtectionGroupS3AssetID = a.source.Asset.Key
		}
	}
	target, err := r.s3Target(ctx, p)
	if err != nil {
		return err
	}
	p.body = wireRestore{Source: from, Target: target}
	path := p.path
	p.preview = func(ctx context.Context) (vendorhttp.Request, error) {
		key, err := r.assetKey(ctx, p.op, *a)
		return vendorhttp.Request{
			Op: p.op, Method: http.MethodPost, Path: path + "/" + url.PathEscape(key) + "/previews", Accept: p.accept, Body: shown,
		}, err
	}
	return nil
}

// assetKey is the vendor's key of what the source is of.
func (r restores) assetKey(ctx context.Context, op string, a asked) (string, error) {
	if a.form != model.SourceBackup {
		return a.source.Asset.Key, nil
	}
	b, err := backups(r).Get(ctx, *a.source.Backup, false)
	if err == nil && b.Asset.ID.Key == "" {
		err = fault.New(fault.Upstream, op, "the vendor's backup does not name its asset")
	}
	return b.Asset.ID.Key, err
}

// s3Target is ProtectionGroupRestoreTarget. The marker is kept off the tags of
// people's objects.
func (r restores) s3Target(ctx context.Context, p *prepared) (map[string]any, error) {
	a := &p.asked
	var err error
	if a.target.Environment, err = r.environment(ctx, p.op, *a, nowhere); err != nil {
		return nil, err
	}
	p.bucket = a.target.Bucket
	members := a.objectMembers()
	members["environment_id"] = a.target.Environment
	if a.marker = ""; len(a.target.Tags) > 0 {
		members["tags"] = a.markedTags()
	}
	p.overwriteNote()
	return p.vendorTarget(members), nil
}

func nowhere() (placement, error) { return placement{}, nil }

// objectMembers is what the targets of objects of both clouds have. One of the
// two about storage classes must be chosen (NOTES section 9).
func (a asked) objectMembers() map[string]any {
	members := map[string]any{"bucket_id": a.target.Bucket, "prefix": a.target.Prefix, "overwrite": a.target.Overwrite}
	if !a.has("storage_class") && !a.has("restore_original_storage_class") {
		members["restore_original_storage_class"] = true
	}
	return members
}

func (p *prepared) overwriteNote() {
	if p.asked.target.Overwrite {
		p.notes = append(p.notes, "objects of the bucket that have the same keys are overwritten")
	}
	p.notes = append(p.notes, "the objects written are charged for as any others of the bucket")
}

func s3Objects() recipe {
	return recipe{
		op: "clumio.RestoreS3Objects", accept: "restored-protection-groups=v1", target: s3Target, sel: "objects",
		settings: s3Settings, options: optionObjects, forms: fromBackupOrRange(), fill: restores.fillS3Objects,
	}
}

// fillS3Objects restores objects one by one. Which points of time they are of
// is in what the preview told of them; the source only leads to the group.
func (r restores) fillS3Objects(ctx context.Context, p *prepared) error {
	group, err := r.groupKey(ctx, p.op, p.asked)
	if err != nil {
		return err
	}
	objects, err := p.asked.previewed(p.op)
	if err != nil {
		return err
	}
	target, err := r.s3Target(ctx, p)
	if err != nil {
		return err
	}
	p.path = groupPath + "/" + url.PathEscape(group) + "/s3-objects"
	p.body = wireRestore{Source: objects, Target: target}
	return nil
}

// wireCookie is an Object as far as a restore needs it.
type wireCookie struct {
	RestoreCookie string `json:"restore_cookie"`
}

// previewed are the objects as the vendor's preview gave them, or their cookies
// alone.
func (a asked) previewed(op string) (any, error) {
	if raw, given := a.options[optionObjects]; given {
		if len(a.sel.Objects) > 0 {
			return nil, fault.InvalidField(op, "/options/"+optionObjects, "conflicting-member", "the objects are selected already")
		}
		return raw, nil
	}
	objects := make([]wireCookie, len(a.sel.Objects))
	for i, cookie := range a.sel.Objects {
		objects[i].RestoreCookie = cookie
	}
	return objects, nil
}

// groupKey is the protection group that the source is, or is in.
func (r restores) groupKey(ctx context.Context, op string, a asked) (string, error) {
	ofGroup := a.source.ID().Kind == string(model.AssetS3ProtectionGroup) || a.source.ID().Kind == string(model.AssetGCSProtectionGroup)
	unnamed := fault.New(fault.Upstream, op, "the vendor does not name the protection group")
	if a.form == model.SourceBackup {
		b, err := backups(r).Get(ctx, *a.source.Backup, false)
		switch {
		case err != nil:
			return "", err
		case ofGroup && b.Asset.ID.Key != "":
			return b.Asset.ID.Key, nil
		case !ofGroup && b.Group != nil:
			return b.Group.ID.Key, nil
		}
		return "", unnamed
	}
	if ofGroup {
		return a.source.Asset.Key, nil
	}
	path, accept := "/datasources/protection-groups/s3-assets/", "application/api.clumio.protection-groups-s3-assets=v1+json"
	if a.source.Asset.Kind == string(model.AssetGCSBucket) {
		path, accept = "/datasources/gcp/gcs-assets/", "application/api.clumio.gcp-gcs-assets=v1+json"
	}
	key, err := r.key(op, *a.source.Asset, a.source.Asset.Kind)
	if err != nil {
		return "", err
	}
	got, err := read[struct {
		GroupID           string `json:"group_id"`
		ProtectionGroupID string `json:"protection_group_id"`
	}](ctx, r.client, vendorhttp.Request{Op: op, Path: path + key, Accept: accept}, false)
	if err != nil {
		return "", notFoundIfRefused(op, err)
	}
	if group := got.wire.GroupID + got.wire.ProtectionGroupID; group != "" {
		return group, nil
	}
	return "", unnamed
}
