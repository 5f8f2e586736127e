package clumio

import (
	"context"

	"switchback/internal/model"
)

const (
	ec2Path   = "/restores/aws/ec2-instances"
	ec2Accept = "restored-aws-ec2-instances=v1"

	optionAMI = "ami_restore_target"
)

func ec2Instance() recipe {
	return recipe{
		op: "clumio.RestoreEC2Instance", path: ec2Path, accept: ec2Accept, target: "name zone environment tags",
		settings: "ami_native_id iam_instance_profile_name key_pair_name network_interfaces should_power_on subnet_native_id vpc_native_id",
		options:  optionMappings, forms: fromBackup(), fill: restores.fillInstance,
	}
}

// fillInstance fills in from the backup what the vendor wants and the request
// leaves open: the devices, and in the environment of the source the network.
func (r restores) fillInstance(ctx context.Context, p *prepared) error {
	a := &p.asked
	from, err := r.instanceSource(ctx, p.op, *a)
	if err != nil {
		return err
	}
	target := map[string]any{}
	if a.target.Environment == "" {
		for name, value := range map[string]string{"subnet_native_id": from.SubnetNativeID, "vpc_native_id": from.VPCNativeID} {
			if !a.has(name) {
				target[name] = value
			}
		}
		if a.target.Zone == "" {
			a.target.Zone = from.AWSAZ
		}
	}
	if a.target.Environment, err = r.environment(ctx, p.op, *a, from.place(ctx, p.op, r)); err != nil {
		return err
	}
	if target[optionMappings], err = from.mappings(p.op, *a); err != nil {
		return err
	}
	target["aws_az"], target["environment_id"], target["tags"] = a.target.Zone, a.target.Environment, a.namedTags()
	p.body = wireRestore{
		Source: wireBackupRef{a.source.Backup.Key}, Target: map[string]any{"instance_restore_target": p.vendorTarget(target)},
	}
	p.makes = &making{list: "ec2-instances", kind: model.AssetEC2Instance, tagged: true}
	p.notes = append(p.notes, costNote("instance"), markerNote)
	return nil
}

func ec2AMI() recipe {
	return recipe{
		op: "clumio.RestoreEC2AMI", path: ec2Path, accept: ec2Accept, target: "name! environment tags",
		options: optionAMI + " " + optionMappings, forms: fromBackup(), fill: restores.fillAMI,
	}
}

// fillAMI makes an image. The vendor's inventory has no images, so it can not
// be found afterwards.
func (r restores) fillAMI(ctx context.Context, p *prepared) error {
	a := &p.asked
	from, err := r.instanceSource(ctx, p.op, *a)
	if err != nil {
		return err
	}
	if a.target.Environment, err = r.environment(ctx, p.op, *a, from.place(ctx, p.op, r)); err != nil {
		return err
	}
	mappings, err := from.mappings(p.op, *a)
	if err != nil {
		return err
	}
	var image struct {
		Description string `json:"description"`
	}
	if err := a.option(p.op, optionAMI, &image); err != nil {
		return err
	}
	p.body = wireRestore{
		Source: wireBackupRef{a.source.Backup.Key},
		Target: map[string]any{optionAMI: p.vendorTarget(map[string]any{
			"name": a.target.Name, "description": image.Description, "environment_id": a.target.Environment,
			optionMappings: mappings, "tags": a.markedTags(),
		})},
	}
	p.notes = append(p.notes, costNote("image and its snapshots"), markerNote, "the vendor's inventory does not show images")
	return nil
}
