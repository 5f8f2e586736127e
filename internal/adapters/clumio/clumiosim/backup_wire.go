package clumiosim

import (
	"fmt"
	"math/rand/v2"
	"time"
)

const gib = 1 << 30

func plainTags(tags []tag) []object {
	out := make([]object, 0, len(tags))
	for _, t := range tags {
		out = append(out, object{"key": t.key, "value": t.value})
	}
	return out
}

// machine is what stays the same about an EC2 instance.
type machine struct {
	zone, size, vpc, subnet, group string
	ami                            object
	volumes                        []object
	gigabytes, used                int64
}

// machineOf draws an instance. The instance's size is in gigabytes, that of an
// attached volume in bytes (NOTES section 7).
func machineOf(a *asset) machine {
	draws := a.rand()
	e := a.environment
	m := machine{
		zone: e.region + pick(draws, "a", "b", "c"), size: pick(draws, "m5.large", "t3.medium", "c6i.xlarge"),
		vpc: "vpc-0" + hexText(draws, 8), subnet: "subnet-0" + hexText(draws, 8), group: "sg-0" + hexText(draws, 8),
	}
	for i := range 1 + draws.IntN(3) {
		gigabytes := int64(8 << draws.IntN(6))
		used := gigabytes * gib / int64(2+draws.IntN(6))
		m.gigabytes, m.used = m.gigabytes+gigabytes, m.used+used
		m.volumes = append(m.volumes, object{
			"id": uuid(draws), "is_root": i == 0, "kms_key_native_id": nil,
			"name": "/dev/xvd" + "abc"[i:i+1], "size": gigabytes * gib, "status": "attached",
			"tags": plainTags(a.tags), "type": pick(draws, "gp2", "gp3", "io1"),
			"utilized_size_in_bytes": used, "volume_native_id": "vol-0" + hexText(draws, 16),
		})
	}
	m.ami = object{
		"ami_native_id": "ami-0" + hexText(draws, 16), "architecture": pick(draws, "x86_64", "arm64"),
		"has_ena_support": true, "hypervisor_type": "xen", "image_type": "machine", "is_public": false,
		"name": a.name + "-base", "number_of_ebs_volumes": len(m.volumes), "number_of_ephemeral_volumes": 0,
		"owner_id": e.account, "platform": "linux", "root_device_name": "/dev/xvda", "root_device_type": "ebs",
		"sriov_net_support": "simple", "state": "available", "virtualization_type": "hvm",
	}
	return m
}

func browsing(draws *rand.Rand) (bool, any) {
	if draws.IntN(5) > 0 {
		return true, nil
	}
	return false, pick(draws, "file_limit_exceeded", "browsing_unavailable")
}

func wireEC2(_ *Sim, b *backup, _ int, draws *rand.Rand) object {
	m, a := machineOf(b.asset), b.asset
	browsable, reason := browsing(draws)
	return object{
		"account_native_id": a.environment.account, "ami": m.ami, "attached_backup_ebs_volumes": m.volumes,
		"aws_az": m.zone, "aws_region": a.environment.region, "backup_ami": nil, "backup_tier": "standard",
		"browsing_failed_reason": reason, "is_browsable": browsable,
		"iam_instance_profile": object{
			"arn":  "arn:aws:iam::" + a.environment.account + ":instance-profile/" + a.name,
			"name": a.name, "native_id": "AIPA" + hexText(draws, 12),
		},
		"instance_id": a.id, "instance_native_id": a.nativeID,
		"instance_store_block_device_mappings": []object{}, "instance_type": m.size,
		"key_pair_name": nil, "key_pair_native_id": nil, "migration_timestamp": nil,
		"network_interfaces": []object{{
			"device_index": 0, "network_interface_native_id": "eni-0" + hexText(draws, 16), "public_ip": nil,
			"security_group_native_ids": []string{m.group}, "subnet_native_id": m.subnet, "virtual_name": "eth0",
		}},
		"public_ip_address": nil, "size": m.gigabytes, "subnet_native_id": m.subnet,
		"tags": append(plainTags(a.tags), object{"key": "Name", "value": a.name}),
		"type": b.kind, "utilized_size_in_bytes": m.used, "vpc_native_id": m.vpc,
	}
}

// disk is what stays the same about an EBS volume.
type disk struct {
	zone, kind string
	gigabytes  int64
	iops       int
	key        any
}

func diskOf(a *asset) disk {
	draws := a.rand()
	d := disk{
		zone: a.environment.region + pick(draws, "a", "b", "c"), kind: pick(draws, "gp2", "gp3", "io1", "st1"),
		gigabytes: int64(10 + draws.IntN(990)), iops: 3000,
	}
	if draws.IntN(2) == 0 {
		d.key = fmt.Sprintf("arn:aws:kms:%s:%s:key/%s", a.environment.region, a.environment.account, uuid(draws))
	}
	return d
}

// wireEBS: in version 1 type is the volume's type; in version 2 it is the
// backup's kind (NOTES section 2).
func wireEBS(_ *Sim, b *backup, version int, draws *rand.Rand) object {
	d, a := diskOf(b.asset), b.asset
	browsable, reason := browsing(draws)
	record := object{
		"account_native_id": a.environment.account, "aws_az": d.zone, "aws_region": a.environment.region,
		"browsing_failed_reason": reason, "is_browsable": browsable, "is_encrypted": d.key != nil,
		"kms_key_native_id": d.key, "size": d.gigabytes, "tags": plainTags(a.tags), "type": d.kind,
		"volume_id": a.id, "volume_native_id": a.nativeID,
	}
	if version > 1 {
		record["type"], record["volume_type"] = b.kind, d.kind
		record["backup_tier"] = pick(draws, "standard", "lite")
		record["iops"], record["migration_timestamp"] = d.iops, nil
		record["utilized_size_in_bytes"] = d.gigabytes * gib / int64(2+draws.IntN(6))
	}
	return record
}

// engine is what stays the same about an RDS resource.
type engine struct {
	name, version, class, subnets, group string
	gibibytes                            int64
	zones                                []string
	key                                  any
}

func engineOf(a *asset) engine {
	draws := a.rand()
	region := a.environment.region
	e := engine{
		name: pick(draws, "postgres", "mysql"), class: pick(draws, "db.r5.2xlarge", "db.t2.small"),
		subnets: "db-subnets", group: "sg-0" + hexText(draws, 8), gibibytes: int64(20 + draws.IntN(900)),
		zones: []string{region + "a", region + "b"},
	}
	e.version = map[string]string{"postgres": "15.4", "mysql": "8.0.35"}[e.name]
	if draws.IntN(2) == 0 {
		e.key = fmt.Sprintf("arn:aws:kms:%s:%s:key/%s", region, a.environment.account, uuid(draws))
	}
	return e
}

func wireRDS(_ *Sim, b *backup, _ int, draws *rand.Rand) object {
	e, a := engineOf(b.asset), b.asset
	return object{
		"account_native_id": a.environment.account, "aws_azs": e.zones, "aws_kms_key_id": e.key,
		"aws_region": a.environment.region, "aws_security_group": []string{e.group}, "aws_subnet_group": e.subnets,
		"database_id": a.id, "database_native_id": a.nativeID, "database_type": a.kind, "engine": e.name,
		"engine_version": e.version, "instance_class": []string{e.class}, "public_access": []bool{false},
		"size": e.gibibytes + int64(draws.IntN(5)), "tags": plainTags(a.tags), "type": b.kind,
	}
}

// wireRDSRead: one backup has other members than the list, and its size is in
// bytes where the list counts GiB.
func wireRDSRead(_ *Sim, b *backup, _ int, draws *rand.Rand) object {
	e, a := engineOf(b.asset), b.asset
	return object{
		"account_native_id": a.environment.account, "aws_azs": e.zones, "aws_region": a.environment.region,
		"database_native_id": a.nativeID, "engine": e.name, "engine_version": e.version,
		"instances":         []object{{"class": e.class, "is_publicly_accessible": false, "name": a.name + "-1"}},
		"kms_key_native_id": e.key, "migration_timestamp": nil, "option_group_name": "default:" + e.name,
		"parameter_group_name": "default." + e.name, "resource_id": a.id, "resource_type": a.kind,
		"security_group_native_ids": []string{e.group}, "size": (e.gibibytes + int64(draws.IntN(5))) * gib,
		"subnet_group_name": e.subnets, "tags": plainTags(a.tags), "type": b.kind,
	}
}

func wireDynamoDB(_ *Sim, b *backup, _ int, draws *rand.Rand) object {
	record := tableOf(b.asset)
	record["_etag"] = `W/"` + hexText(draws, 6) + `"`
	record["account_native_id"] = b.asset.environment.account
	record["aws_region"] = b.asset.environment.region
	record["table_id"], record["table_name"] = b.asset.id, b.asset.name
	record["tags"], record["type"] = plainTags(b.asset.tags), b.kind
	return record
}

func wireMSSQL(_ *Sim, b *backup, _ int, _ *rand.Rand) object {
	of := placeOf(b.asset.environment)
	return object{
		"aws_region": b.asset.environment.region,
		"database_files": []object{
			{"name": b.asset.name + ".mdf", "type": "sql_row_file"},
			{"name": b.asset.name + "_log.ldf", "type": "sql_log_file"},
		},
		"database_id": b.asset.id, "engine": "Microsoft SQL Server", "engine_version": mssqlVersion,
		"environment_id": b.asset.environment.id, "host_id": of.host, "instance_id": of.instance,
		"host_endpoint": of.endpoint, "instance_name": mssqlInstanceName, "type": b.kind,
	}
}

func wireIceberg(_ *Sim, b *backup, _ int, draws *rand.Rand) object {
	records := 1000 + draws.IntN(1_000_000)
	return object{
		"account_native_id": b.asset.environment.account, "aws_region": b.asset.environment.region,
		"backup_aws_region": nil, "newly_added_snapshots": 1 + draws.IntN(20), "schema": nil,
		"snapshot_created_at": unixTime(b.start - 300), "snapshot_id": fmt.Sprint(1 + draws.Int64N(1<<62)),
		"summary": object{
			"added_records": fmt.Sprint(records / 10), "operation": "append",
			"total_files_size": fmt.Sprint(records * 512), "total_records": fmt.Sprint(records),
		},
		"table_id": b.asset.id, "table_name": b.asset.name, "type": b.kind,
	}
}

// objects are the counts that all bucket backups share.
func objects(b *backup, draws *rand.Rand) object {
	count := 100 + draws.IntN(100_000)
	missing := max(draws.IntN(10)-7, 0)
	return object{
		"backed_up_object_count": count, "backed_up_size_bytes": int64(count) * 65_537,
		"failed_object_count": missing, "failed_size_bytes": missing * 4096,
		"missing_object_count": 0, "missing_size_bytes": 0,
		"protection_group_version": 1 + draws.IntN(4), "type": b.kind,
	}
}

func wireGroup(_ *Sim, b *backup, _ int, draws *rand.Rand) object {
	record := objects(b, draws)
	record["malicious_object_count"], record["malicious_objects_list_link"] = 0, nil
	record["protection_group_id"], record["protection_group_name"] = b.asset.id, b.asset.name
	return record
}

func wireS3Asset(_ *Sim, b *backup, _ int, draws *rand.Rand) object {
	record := objects(b, draws)
	record["malicious_object_count"], record["malicious_objects_list_link"] = 0, nil
	record["aws_region"] = b.asset.environment.region
	record["bucket_id"], record["bucket_name"] = b.asset.bucket.id, b.asset.bucket.name
	record["protection_group_id"], record["protection_group_s3_asset_id"] = b.asset.group.id, b.asset.id
	return record
}

func wireGCPGroup(_ *Sim, b *backup, _ int, draws *rand.Rand) object {
	record := objects(b, draws)
	record["protection_group_id"], record["protection_group_name"] = b.asset.id, b.asset.name
	return record
}

func wireGCSAsset(_ *Sim, b *backup, _ int, draws *rand.Rand) object {
	record := objects(b, draws)
	record["bucket_id"], record["bucket_name"] = b.asset.gcs.id, b.asset.gcs.name
	record["gcp_region"], record["project_id"] = gcpRegion, b.asset.gcs.project
	record["protection_group_id"], record["protection_group_gcs_asset_id"] = b.asset.group.id, b.asset.id
	return record
}

// tableOf draws a DynamoDB table; a restored one has what its restore asked for.
func tableOf(a *asset) object {
	draws := a.rand()
	items := 1 + draws.IntN(5_000_000)
	record := object{
		"billing_mode": pick(draws, "PAY_PER_REQUEST", "PROVISIONED"), "contributor_insights_status": false,
		"deletion_protection_enabled": draws.IntN(2) == 0,
		"global_secondary_indexes": []object{{
			"index_name": "by-customer", "contributor_insights_status": nil,
			"key_schema":             []object{{"attribute_name": "customer_id", "key_type": "HASH"}},
			"projection":             object{"non_key_attributes": []string{}, "projection_type": "ALL"},
			"provisioned_throughput": nil,
		}},
		"global_table_version": nil, "item_count": items, "local_secondary_indexes": []object{},
		"pitr_status": draws.IntN(3) > 0, "provisioned_throughput": nil, "replicas": []object{},
		"size": int64(items) * 611, "sse_specification": object{"kms_key_type": "DEFAULT", "kms_master_key_id": nil},
		"stream_specification": object{"enabled": true, "view_type": "NEW_AND_OLD_IMAGES"},
		"table_class":          "STANDARD",
	}
	if record["billing_mode"] == "PROVISIONED" {
		record["provisioned_throughput"] = object{"read_capacity_units": 10, "write_capacity_units": 5}
	}
	for name := range record {
		if asked := a.target[name]; asked != nil {
			record[name] = asked
		}
	}
	return record
}

// restorable is the continuous-backup window of a table.
func restorable(a *asset, now time.Time) (earliest, latest time.Time, on bool) {
	on, _ = tableOf(a)["pitr_status"].(bool)
	return now.Add(-35 * 24 * time.Hour), now.Add(-5 * time.Minute), on
}
