package clumio

import (
	"context"
	"slices"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// wireRestore is the shape that most requests share.
type wireRestore struct {
	Source any `json:"source"`
	Target any `json:"target"`
}

func ebsVolume() recipe {
	return recipe{
		op: "clumio.RestoreEBSVolume", path: "/restores/aws/ebs-volumes", accept: "restored-aws-ebs-volumes=v2",
		target: "name zone! environment tags", settings: "iops kms_key_native_id type volume_initialization_rate",
		forms: fromBackup(), fill: restores.fillVolume,
	}
}

func (r restores) fillVolume(ctx context.Context, p *prepared) (err error) {
	a := &p.asked
	if a.target.Environment, err = r.environment(ctx, p.op, *a, r.ofBackup(ctx, p.op, *a)); err != nil {
		return err
	}
	p.body = wireRestore{
		Source: wireBackupRef{a.source.Backup.Key},
		Target: p.vendorTarget(map[string]any{
			"aws_az": a.target.Zone, "environment_id": a.target.Environment, "tags": a.namedTags(),
		}),
	}
	p.makes = &making{list: "ebs-volumes", kind: model.AssetEBSVolume, tagged: true}
	p.notes = append(p.notes, costNote("volume"), markerNote)
	return nil
}

// namedTags are the tags and, as AWS shows it for what has no other name, the
// name.
func (a asked) namedTags() []wireTag {
	tags := a.markedTags()
	if a.target.Name != "" {
		tags = append(tags, wireTag{"Name", a.target.Name})
	}
	return tags
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
	KMSKeyNativeID           string    `json:"kms_key_native_id,omitempty"`
	Name                     string    `json:"name"`
	Tags                     []wireTag `json:"tags,omitempty"`
	VolumeInitializationRate *int64    `json:"volume_initialization_rate,omitempty"`
	VolumeNativeID           string    `json:"volume_native_id"`
}

const optionMappings = "ebs_block_device_mappings"

// instanceSource reads the backup of an instance.
func (r restores) instanceSource(ctx context.Context, op string, a asked) (wireInstanceSource, error) {
	l, _ := listOf(string(model.AssetEC2Instance))
	key, err := r.key(op, *a.source.Backup, string(l.kind))
	if err != nil {
		return wireInstanceSource{}, err
	}
	got, err := read[wireInstanceSource](ctx, r.client, vendorhttp.Request{Op: op, Path: l.path + "/" + key, Accept: l.accept}, false)
	return got.wire, notFoundIfRefused(op, err)
}

// place is where the instance was.
func (w wireInstanceSource) place(ctx context.Context, op string, r restores) func() (placement, error) {
	return func() (placement, error) {
		if w.AccountNativeID != "" && w.AWSRegion != "" {
			return w.placement, nil
		}
		return r.ofAsset(ctx, op, r.env.ID(string(model.AssetEC2Instance), w.InstanceID))()
	}
}

// mappings are those of the request, or of every device of the backup, as the
// vendor's own sample does (NOTES section 9).
func (w wireInstanceSource) mappings(op string, a asked) ([]wireDeviceMapping, error) {
	mappings := make([]wireDeviceMapping, 0, len(w.AttachedBackupEBSVolumes))
	if a.has(optionMappings) {
		err := a.option(op, optionMappings, &mappings)
		return mappings, err
	}
	for _, v := range w.AttachedBackupEBSVolumes {
		mappings = append(mappings, wireDeviceMapping{Name: v.Name, VolumeNativeID: v.VolumeNativeID})
	}
	return mappings, nil
}

func ec2Volumes() recipe {
	return recipe{
		op: "clumio.RestoreEC2Volumes", path: ec2Path, accept: ec2Accept,
		target: "zone environment tags", sel: "volumes", settings: "target_instance_native_id", options: optionMappings,
		forms: fromBackup(), fill: restores.fillVolumes,
	}
}

// fillVolumes gives every volume the tags: the vendor's target has none of its
// own. Without a zone or an instance, one of which must be there, volumes come
// up where the instance was.
func (r restores) fillVolumes(ctx context.Context, p *prepared) error {
	a := &p.asked
	from, err := r.instanceSource(ctx, p.op, *a)
	if err != nil {
		return err
	}
	mappings, err := from.mappings(p.op, *a)
	if err != nil {
		return err
	}
	if chosen := a.sel.Volumes; len(chosen) > 0 {
		mappings = slices.DeleteFunc(mappings, func(m wireDeviceMapping) bool { return !slices.Contains(chosen, m.VolumeNativeID) })
		if len(mappings) != len(chosen) {
			return fault.InvalidField(p.op, "/select/volumes", "not-found", "the backup does not hold each of the volumes once")
		}
	}
	for i := range mappings {
		mappings[i].Tags = append(mappings[i].Tags, a.markedTags()...)
	}
	if a.target.Zone == "" && !a.has("target_instance_native_id") {
		if a.target.Environment != "" || from.AWSAZ == "" {
			return fault.InvalidField(p.op, "/target/zone", "missing-member", "a zone or an instance to attach to is needed")
		}
		a.target.Zone = from.AWSAZ
	}
	if a.target.Environment, err = r.environment(ctx, p.op, *a, from.place(ctx, p.op, r)); err != nil {
		return err
	}
	p.body = wireRestore{
		Source: wireBackupRef{a.source.Backup.Key},
		Target: map[string]any{"volumes_restore_target": p.vendorTarget(map[string]any{
			"aws_az": a.target.Zone, "environment_id": a.target.Environment, optionMappings: mappings,
		})},
	}
	p.makes = &making{list: "ebs-volumes", kind: model.AssetEBSVolume, tagged: true}
	p.notes = append(p.notes, costNote("volume"), markerNote)
	return nil
}
