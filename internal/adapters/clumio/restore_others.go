package clumio

import (
	"context"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// wireRestore is the shape that the requests below share.
type wireRestore struct {
	Source any            `json:"source"`
	Target map[string]any `json:"target"`
}

func (r restores) startVolume(ctx context.Context, a asked) (model.Restore, error) {
	const op = "clumio.RestoreEBSVolume"
	if err := a.backupOf(op, model.AssetEBSVolume); err != nil {
		return model.Restore{}, err
	}
	environment, err := r.environment(ctx, op, a, r.ofBackup(ctx, op, a))
	if err != nil {
		return model.Restore{}, err
	}
	a.target.Environment = environment
	return r.begin(ctx, op, "/restores/aws/ebs-volumes", "application/api.clumio.restored-aws-ebs-volumes=v2+json", wireRestore{
		Source: wireBackupRef{a.source.Backup.Key},
		Target: a.vendorTarget(map[string]any{"aws_az": a.target.Zone, "environment_id": environment, "tags": a.markedTags()}),
	}, a)
}

// backupOf checks that the source is a backup of the kind.
func (a asked) backupOf(op string, kind model.AssetKind) error {
	if a.form != model.SourceBackup {
		return fault.InvalidField(op, "/source", "invalid-source", "this kind of restore needs a backup")
	}
	return a.sourceOf(op, kind)
}

// wireInstanceSource is what restoring an instance needs of EC2Backup.
type wireInstanceSource struct {
	placement
	AttachedBackupEBSVolumes []struct {
		Name           string `json:"name"`
		VolumeNativeID string `json:"volume_native_id"`
	} `json:"attached_backup_ebs_volumes"`
	AWSAZ          string `json:"aws_az"`
	InstanceID     string `json:"instance_id"`
	SubnetNativeID string `json:"subnet_native_id"`
	VPCNativeID    string `json:"vpc_native_id"`
}

// wireDeviceMapping is EC2RestoreEbsBlockDeviceMapping.
type wireDeviceMapping struct {
	Name           string `json:"name"`
	VolumeNativeID string `json:"volume_native_id"`
}

// startInstance fills in from the backup what the vendor wants and the request
// leaves open: the mapping of each device, as the vendor's own sample does
// (NOTES section 9), and in the environment of the source also the network.
func (r restores) startInstance(ctx context.Context, a asked) (model.Restore, error) {
	const op = "clumio.RestoreEC2Instance"
	if err := a.backupOf(op, model.AssetEC2Instance); err != nil {
		return model.Restore{}, err
	}
	l, _ := listOf(string(model.AssetEC2Instance))
	key, err := r.key(op, *a.source.Backup, string(l.kind))
	if err != nil {
		return model.Restore{}, err
	}
	got, err := read[wireInstanceSource](ctx, r.client, vendorhttp.Request{Op: op, Path: l.path + "/" + key, Accept: l.accept}, false)
	if err != nil {
		return model.Restore{}, notFoundIfRefused(op, err)
	}
	environment, err := r.environment(ctx, op, a, func() (placement, error) {
		if got.wire.AccountNativeID != "" && got.wire.AWSRegion != "" {
			return got.wire.placement, nil
		}
		return r.ofAsset(ctx, op, r.env.ID(string(l.kind), got.wire.InstanceID))()
	})
	if err != nil {
		return model.Restore{}, err
	}
	target := map[string]any{"aws_az": a.target.Zone, "environment_id": environment}
	fill := func(name string, value any) {
		if _, given := a.options[name]; !given {
			target[name] = value
		}
	}
	if a.target.Environment == "" {
		fill("subnet_native_id", got.wire.SubnetNativeID)
		fill("vpc_native_id", got.wire.VPCNativeID)
		if a.target.Zone == "" {
			target["aws_az"] = got.wire.AWSAZ
		}
	}
	a.target.Environment = environment
	mappings := make([]wireDeviceMapping, 0, len(got.wire.AttachedBackupEBSVolumes))
	for _, v := range got.wire.AttachedBackupEBSVolumes {
		mappings = append(mappings, wireDeviceMapping(v))
	}
	fill("ebs_block_device_mappings", mappings)
	wireTags := a.markedTags()
	if a.target.Name != "" {
		wireTags = append(wireTags, wireTag{"Name", a.target.Name})
	}
	target["tags"] = wireTags
	return r.begin(ctx, op, "/restores/aws/ec2-instances", "application/api.clumio.restored-aws-ec2-instances=v1+json", wireRestore{
		Source: wireBackupRef{a.source.Backup.Key},
		Target: map[string]any{"instance_restore_target": a.vendorTarget(target)},
	}, a)
}

// wireDatabaseSource is RdsResourceRestoreSource: exactly one is set.
type wireDatabaseSource struct {
	Backup   *wireBackupRef        `json:"backup,omitempty"`
	Snapshot *wireDatabaseSnapshot `json:"snapshot,omitempty"`
}

// wireDatabaseSnapshot is RdsResourceRestoreSourcePitrOptions.
type wireDatabaseSnapshot struct {
	ResourceID string `json:"resource_id"`
	Timestamp  string `json:"timestamp"`
}

func (r restores) startDatabase(ctx context.Context, a asked) (model.Restore, error) {
	const op = "clumio.RestoreRDSResource"
	if err := a.sourceOf(op, model.AssetRDS); err != nil {
		return model.Restore{}, err
	}
	if a.target.Name == "" {
		return model.Restore{}, fault.InvalidField(op, "/target/name", "missing-member", "the new database needs a name")
	}
	var from wireDatabaseSource
	source := r.ofAsset(ctx, op, a.source.ID())
	switch a.form {
	case model.SourceBackup:
		from.Backup = &wireBackupRef{a.source.Backup.Key}
		source = r.ofBackup(ctx, op, a)
	case model.SourceAt:
		at, err := pointInTime(op, a.source.At)
		if err != nil {
			return model.Restore{}, err
		}
		from.Snapshot = &wireDatabaseSnapshot{a.source.Asset.Key, at}
	case model.SourceLatest, model.SourceRange:
		return model.Restore{}, fault.InvalidField(op, "/source", "invalid-source", "a database is restored from a backup or to a time")
	}
	environment, err := r.environment(ctx, op, a, source)
	if err != nil {
		return model.Restore{}, err
	}
	a.target.Environment = environment
	return r.begin(ctx, op, "/restores/aws/rds-resources", "application/api.clumio.restored-aws-rds-resources=v1+json", wireRestore{
		Source: from,
		Target: a.vendorTarget(map[string]any{"name": a.target.Name, "environment_id": environment, "tags": a.markedTags()}),
	}, a)
}

// wireObjectSource is ProtectionGroupRestoreSource and, without the assets,
// ProtectionGroupS3AssetRestoreSource.
type wireObjectSource struct {
	BackupID                  string             `json:"backup_id,omitempty"`
	ObjectFilters             *wireObjectFilters `json:"object_filters,omitempty"`
	PITR                      *wirePITR          `json:"pitr,omitempty"`
	ProtectionGroupS3AssetIDs []string           `json:"protection_group_s3_asset_ids,omitempty"`
}

func (r restores) startObjects(ctx context.Context, a asked) (model.Restore, error) {
	const op = "clumio.RestoreObjects"
	if err := a.sourceOf(op, model.AssetS3ProtectionGroup, model.AssetS3Bucket); err != nil {
		return model.Restore{}, err
	}
	ofGroup := a.source.ID().Kind == string(model.AssetS3ProtectionGroup)
	from := wireObjectSource{ObjectFilters: objectFilters(a.sel)}
	if len(a.sel.Objects) > 0 {
		if !ofGroup {
			return model.Restore{}, fault.InvalidField(op, "/select/objects", "unsupported-member", "only a protection group has buckets to choose from")
		}
		from.ProtectionGroupS3AssetIDs = a.sel.Objects
	}
	if a.form == model.SourceBackup {
		from.BackupID = a.source.Backup.Key
	} else {
		var err error
		if from.PITR, err = a.pitr(op); err != nil {
			return model.Restore{}, err
		}
		if ofGroup {
			from.PITR.ProtectionGroupID = a.source.Asset.Key
		} else {
			from.PITR.ProtectionGroupS3AssetID = a.source.Asset.Key
		}
	}
	environment, err := r.environment(ctx, op, a, func() (placement, error) { return placement{}, nil })
	if err != nil {
		return model.Restore{}, err
	}
	members := map[string]any{
		"bucket_id": a.target.Bucket, "environment_id": environment, "prefix": a.target.Prefix, "overwrite": a.target.Overwrite,
	}
	_, class := a.options["storage_class"]
	if _, original := a.options["restore_original_storage_class"]; !class && !original {
		// One of the two must be chosen (NOTES section 9).
		members["restore_original_storage_class"] = true
	}
	// The marker is kept off the tags of people's objects.
	if a.marker = ""; len(a.target.Tags) > 0 {
		members["tags"] = a.markedTags()
	}
	path, accept := "/restores/protection-groups/s3-assets", "application/api.clumio.restored-protection-group-s3-assets=v1+json"
	if ofGroup {
		path, accept = "/restores/protection-groups", "application/api.clumio.restored-protection-groups=v1+json"
	}
	return r.begin(ctx, op, path, accept, wireRestore{Source: from, Target: a.vendorTarget(members)}, a)
}
