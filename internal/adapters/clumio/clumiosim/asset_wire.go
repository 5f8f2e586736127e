package clumiosim

import (
	"maps"
	"strings"
	"time"
)

// showAsset makes the record: what all assets share, and what spec.wire adds.
func (s *Sim) showAsset(c *call, spec assetSpec, a *asset, lookback bool) object {
	record := spec.wire(s, a, c.now)
	record["id"] = a.id
	record["organizational_unit_id"] = a.unit
	record["_links"] = s.assetLinks(spec, a)
	if spec.path != pathBuckets {
		record["is_deleted"] = a.deleted
		record["protection_status"] = a.protection()
		record["protection_info"] = a.protectionInfo()
	}
	if spec.path != pathBuckets && spec.path != pathGroups {
		record["backup_status_info"] = a.statusInfo(s, lookback)
	}
	if spec.path == pathGCPGroups && a.policy != nil && !a.deleted {
		record["protection_info"] = object{"policy_id": a.policy.id}
	}
	for _, name := range spec.without {
		delete(record, name)
	}
	if c.embed != "" {
		var inner any
		switch {
		case c.embed == "read-policy-definition" && a.policy != nil:
			inner = s.showPolicy(a.policy, c.now)
		case c.embed == "read-aws-environment":
			inner = s.showEnvironment(a.environment)
		}
		record["_embedded"] = object{c.embed: inner}
	}
	return record
}

// assetLinks are what can be done with an asset now: nothing is restored that
// has no backup, and nothing is changed or backed up that is gone.
func (s *Sim) assetLinks(spec assetSpec, a *asset) object {
	self := spec.path + "/" + a.id
	links := object{"_self": link(self, "get")}
	shelf := s.backups[a.backupList]
	hasBackup := shelf != nil && shelf.newest[a] != 0
	for _, name := range spec.links {
		switch verb, _, _ := strings.Cut(name, "-"); {
		case name == "read-policy-definition":
			if a.policy != nil && !a.deleted {
				links[name] = link(pathPolicies+"/"+a.policy.id, "get")
			}
		case name == "read-organizational-unit":
			links[name] = link(pathUnits+"/"+a.unit, "get")
		case name == "read-aws-environment":
			links[name] = link(pathEnvironments+"/"+a.environment.id, "get")
		case name == "list-rds-restored-records":
			links[name] = link(pathRestoreRows, "get")
		case verb == "list":
			links[name] = link(a.backupList, "get")
		case verb == "restore":
			if hasBackup {
				links[name] = link("/restores"+strings.TrimPrefix(a.backupList, "/backups"), "post")
			}
		case a.deleted || a.unsupported:
		case verb == "create":
			links[name] = link(a.backupList, "post")
		case verb == "update" && a.path == pathGCPGroups:
			links[name] = link(self, "patch")
		case a.path == pathS3Assets:
			links[name] = link("/protection-groups/"+a.group.id+"/buckets/"+a.bucket.id, "delete")
		case verb == "update":
			links[name] = link("/protection-groups/"+a.id, "put")
		case verb == "add":
			links[name] = link("/protection-groups/"+a.id+"/buckets", "post")
		case verb == "delete":
			links[name] = object{
				"href": "/protection-groups/" + a.id + "/buckets/{bucket_id}", "type": "delete", "templated": true,
			}
		}
	}
	return links
}

func (a *asset) protectionInfo() any {
	if a.policy == nil || a.deleted {
		return nil
	}
	return object{"inheriting_entity_id": nil, "inheriting_entity_type": nil, "policy_id": a.policy.id}
}

// statusInfo is real only when the call says how far to look back (NOTES section 8).
func (a *asset) statusInfo(s *Sim, lookback bool) any {
	if !lookback {
		return object{"backup_status": "unknown"}
	}
	return object{
		"backup_status":                          a.backupStatus,
		"last_successful_policy_start_timestamp": s.lastBackup(a),
		"last_failed_policy_start_timestamp":     nil,
		"operation_info_list":                    []object{},
	}
}

// lastBackup is when the newest backup started; nil when there is none.
func (s *Sim) lastBackup(a *asset) any {
	shelf := s.backups[a.backupList]
	if shelf == nil {
		return nil
	}
	start, some := shelf.newest[a]
	if !some {
		return nil
	}
	return unixTime(start)
}

// common is what the four AWS resources share.
func (a *asset) common(s *Sim) object {
	var deletion, reason, direct any
	if a.deleted {
		deletion = wireTime(s.born.Add(-time.Duration(1+a.seed%2000) * time.Hour))
	}
	if a.unsupported {
		reason = "unsupported_configuration"
	}
	if a.policy != nil {
		direct = a.policy.id
	}
	tags := make([]object, 0, len(a.tags))
	for _, t := range a.tags {
		tags = append(tags, object{"id": t.id, "key": t.key, "key_id": t.keyID, "value": t.value})
	}
	return object{
		"account_native_id": a.environment.account, "aws_region": a.environment.region,
		"environment_id": a.environment.id, "name": a.name, "tags": tags, "deletion_timestamp": deletion,
		"direct_assignment_policy_id": direct, "has_direct_assignment": a.policy != nil,
		"is_supported": !a.unsupported, "unsupported_reason": reason,
	}
}

func wireInstance(s *Sim, a *asset, _ time.Time) object {
	m, record := machineOf(a), a.common(s)
	record["aws_az"], record["instance_native_id"], record["type"] = m.zone, a.nativeID, m.size
	record["ena_support"], record["state"] = true, "running"
	record["subnet_id"], record["vpc_id"] = m.subnet, m.vpc
	record["last_backup_timestamp"], record["last_snapshot_timestamp"] = s.lastBackup(a), nil
	return record
}

// wireVolume: the size of the asset is in bytes, that of its backups in
// gigabytes (NOTES section 7).
func wireVolume(s *Sim, a *asset, _ time.Time) object {
	d, record := diskOf(a), a.common(s)
	record["aws_az"], record["volume_native_id"], record["type"] = d.zone, a.nativeID, d.kind
	record["iops"], record["size"] = d.iops, d.gigabytes*gib
	record["is_encrypted"], record["kms_key_native_id"] = d.key != nil, d.key
	record["last_backup_timestamp"], record["last_snapshot_timestamp"] = s.lastBackup(a), nil
	return record
}

func wireResource(s *Sim, a *asset, now time.Time) object {
	e, record := engineOf(a), a.common(s)
	record["aws_azs"], record["resource_native_id"], record["type"] = e.zones, a.nativeID, a.kind
	record["engine"], record["engine_mode"], record["engine_version"] = e.name, "provisioned", e.version
	record["earliest_aws_snapshot_restorable_timestamp"] = wireTime(now.Add(-7 * 24 * time.Hour))
	record["latest_aws_snapshot_restorable_timestamp"] = wireTime(now.Add(-5 * time.Minute))
	record["first_clumio_snapshot_timestamp"], record["first_granular_backup_timestamp"] = nil, nil
	record["last_clumio_snapshot_timestamp"], record["last_granular_backup_timestamp"] = s.lastBackup(a), nil
	record["is_encrypted"], record["kms_key_native_id"] = e.key != nil, e.key
	record["security_group_native_ids"], record["subnet_group_name"] = []string{e.group}, e.subnets
	record["size"] = e.gibibytes * gib
	return record
}

func wireTable(s *Sim, a *asset, now time.Time) object {
	record := tableOf(a)
	maps.Copy(record, a.common(s))
	record["table_native_id"], record["table_arn"] = a.nativeID, a.nativeID
	record["table_keys"] = object{"partition_key": object{"name": "id", "type": "S"}, "sort_key": nil}
	record["table_status"] = "ACTIVE"
	record["earliest_continuous_snapshot_restorable_timestamp"] = nil
	record["latest_continuous_snapshot_restorable_timestamp"] = nil
	if earliest, latest, on := restorable(a, now); on {
		record["earliest_continuous_snapshot_restorable_timestamp"] = wireTime(earliest)
		record["latest_continuous_snapshot_restorable_timestamp"] = wireTime(latest)
	}
	record["last_backup_timestamp"], record["last_snapshot_timestamp"] = s.lastBackup(a), nil
	return record
}

func wireBucket(s *Sim, a *asset, _ time.Time) object {
	draws, shared := a.rand(), a.common(s)
	count := 1000 + draws.IntN(1_000_000)
	return object{
		"account_native_id": shared["account_native_id"], "aws_region": shared["aws_region"],
		"environment_id": shared["environment_id"], "name": a.name, "tags": shared["tags"],
		"creation_timestamp": wireTime(a.made), "is_encryption_enabled": true, "is_replication_enabled": false,
		"is_versioning_enabled": true, "last_backtrack_sync_timestamp": nil, "last_backup_timestamp": nil,
		"last_continuous_backup_timestamp": nil, "object_count": count, "protection_group_count": s.groupsOf(a),
		"size_bytes":         int64(count) * 81_920,
		"versioning_setting": object{"mfa_delete": nil, "status": "Enabled"},
		"encryption_setting": object{"server_side_encryption_configuration": object{"rules": []object{{
			"apply_server_side_encryption_by_default": object{"kms_master_key_id": nil, "sse_algorithm": "AES256"},
			"bucket_key_enabled":                      false,
		}}}},
		"replication_setting": nil, "cloudwatch_metrics": nil, "bucket_size_bytes_breakdown": nil,
	}
}

func wireProtectionGroup(s *Sim, a *asset, _ time.Time) object {
	draws := a.rand()
	buckets := 0
	for _, member := range s.assets[pathS3Assets] {
		if member.group == a && !member.deleted {
			buckets++
		}
	}
	d := a.definition
	if d == nil {
		d = &definition{
			description: "Buckets of " + a.name, version: 1 + draws.IntN(4), changed: a.made.Add(time.Hour),
			rule: `{"aws_tag":{"$eq":{"key":"backup","value":"` + a.name + `"}}}`,
			filter: object{
				"earliest_last_modified_timestamp": nil, "latest_version_only": true, "prefix_filters": []object{},
				"storage_classes": []string{"S3 Standard", "S3 Standard-IA"},
			},
		}
	}
	return object{
		"name": a.name, "description": textOrNil(d.description), "bucket_count": buckets, "bucket_rule": textOrNil(d.rule),
		"backup_target_aws_region": a.environment.region, "is_backup_target_region_configured": true,
		"created_timestamp": wireTime(a.made), "modified_timestamp": wireTime(d.changed),
		"earliest_available_backup_timestamp": nil, "last_backup_timestamp": s.lastBackup(a),
		"last_continuous_backup_timestamp": nil,
		"object_filter":                    d.filter,
		"protection_stats":                 object{"deactivated_count": 0, "protected_count": buckets, "unprotected_count": 0},
		"total_backed_up_object_count":     1000 + draws.IntN(1_000_000),
		"total_backed_up_size_bytes":       draws.Int64N(1 << 40), "version": d.version,
		"backup_status_stats": nil, "backup_tier_stats": []object{},
	}
}

func wireGroupBucket(s *Sim, a *asset, _ time.Time) object {
	draws, byUser := a.rand(), addedBy(a) == "user"
	return object{
		"account_native_id": a.environment.account, "aws_region": a.environment.region,
		"environment_id": a.environment.id, "added_by_user": byUser, "added_by_bucket_rule": !byUser,
		"backup_target_aws_region": a.environment.region, "bucket_id": a.bucket.id, "bucket_name": a.bucket.name,
		"created_timestamp": wireTime(a.made), "earliest_available_backup_timestamp": nil,
		"group_id": a.group.id, "group_name": a.group.name, "last_backup_timestamp": s.lastBackup(a),
		"last_continuous_backup_timestamp": nil, "backup_tier_stats": []object{},
		"total_backed_up_object_count": 100 + draws.IntN(100_000),
		"total_backed_up_size_bytes":   draws.Int64N(1 << 36), "unsupported_reason": nil,
	}
}
