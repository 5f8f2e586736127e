package clumiosim

// The request bodies of the restores (NOTES section 9). Members that are only
// probably required are required here.

func tagShapes() shape {
	return listOf(group(map[string]shape{"key": text(), "value": text()}))
}

func dynamoDBRestore() shape {
	throughput := group(map[string]shape{"read_capacity_units": whole(), "write_capacity_units": whole()})
	perRequest := group(map[string]shape{"max_read_request_units": whole()})
	provisioned := group(map[string]shape{"read_capacity_units": whole()})
	projection := group(map[string]shape{
		"non_key_attributes": listOf(text()), "projection_type": text("ALL", "KEYS_ONLY", "INCLUDE"),
	})
	key := listOf(group(map[string]shape{"attribute_name": text(), "key_type": text("HASH", "RANGE")}))
	source := exactlyOne(group(map[string]shape{
		"securevault_backup": group(map[string]shape{"backup_id": need(text())}),
		"continuous_backup": exactlyOne(group(map[string]shape{
			"table_id": need(text()), "timestamp": moment(), "type": text("", "clumio_pitr", "aws_pitr"),
			"use_latest_restorable_time": flag(),
		}), "timestamp", "use_latest_restorable_time"),
	}), "securevault_backup", "continuous_backup")
	target := group(map[string]shape{
		"environment_id": need(text()), "table_name": need(text()),
		"billing_mode":                text("", "PROVISIONED", "PAY_PER_REQUEST"),
		"contributor_insights_status": flag(), "deletion_protection_enabled": flag(), "pitr_status": flag(),
		"global_secondary_indexes": listOf(group(map[string]shape{
			"index_name": text(), "key_schema": key, "projection": projection, "provisioned_throughput": throughput,
			"contributor_insights_status": flag(),
		})),
		"local_secondary_indexes": listOf(group(map[string]shape{
			"index_name": text(), "key_schema": key, "projection": projection,
		})),
		"global_table_version":   text("2017.11.29", "2019.11.21"),
		"provisioned_throughput": throughput, "restore_wcu": whole(),
		"replicas": listOf(group(map[string]shape{
			"region_name": text(), "kms_master_key_id": text(),
			"on_demand_throughput_override": perRequest, "provisioned_throughput_override": provisioned,
			"global_secondary_indexes": listOf(group(map[string]shape{
				"index_name": text(), "on_demand_throughput_override": perRequest,
				"provisioned_throughput_override": provisioned,
			})),
			"replica_table_class": text("", "STANDARD", "STANDARD_INFREQUENT_ACCESS"),
		})),
		"sse_specification": group(map[string]shape{
			"kms_key_type": text("DEFAULT", "AWS_MANAGED", "CUSTOMER_MANAGED"), "kms_master_key_id": text(),
		}),
		"stream_specification": group(map[string]shape{
			"enabled": flag(), "view_type": text("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"),
		}),
		"table_class": text("", "STANDARD", "STANDARD_INFREQUENT_ACCESS"), "tags": tagShapes(),
	})
	return group(map[string]shape{"source": need(source), "target": need(target), "query_filter": group(nil)})
}

// ebsRestore takes both versions: version 1 knows a subset of the members.
func ebsRestore() shape {
	return group(map[string]shape{
		"source": need(group(map[string]shape{"backup_id": need(text())})),
		"target": need(group(map[string]shape{
			"aws_az": need(text()), "environment_id": need(text()), "iops": whole(), "kms_key_native_id": text(),
			"tags": tagShapes(), "type": text("gp2", "gp3", "io1", "io2", "sc1", "st1", "standard"),
			"volume_initialization_rate": whole(),
		})),
	})
}

func ec2Restore() shape {
	mappings := need(listOf(group(map[string]shape{
		"name": need(text()), "volume_native_id": need(text()), "kms_key_native_id": text(), "tags": tagShapes(),
		"volume_initialization_rate": whole(),
	})))
	return group(map[string]shape{
		"source": need(group(map[string]shape{"backup_id": need(text())})),
		"target": need(exactlyOne(group(map[string]shape{
			"ami_restore_target": group(map[string]shape{
				"ebs_block_device_mappings": mappings, "environment_id": need(text()), "name": need(text()),
				"description": text(), "tags": tagShapes(),
			}),
			"instance_restore_target": group(map[string]shape{
				"ebs_block_device_mappings": mappings, "environment_id": need(text()),
				"subnet_native_id": need(text()), "vpc_native_id": need(text()), "ami_native_id": text(),
				"aws_az": text(), "iam_instance_profile_name": text(), "key_pair_name": text(),
				"should_power_on": flag(), "tags": tagShapes(),
				"network_interfaces": listOf(group(map[string]shape{
					"device_index": whole(), "network_interface_native_id": text(), "restore_default": flag(),
					"restore_from_backup": flag(), "security_group_native_ids": listOf(text()),
					"subnet_native_id": text(),
				})),
			}),
			"volumes_restore_target": group(map[string]shape{
				"ebs_block_device_mappings": mappings, "environment_id": need(text()), "aws_az": text(),
				"target_instance_native_id": text(),
			}),
		}), "ami_restore_target", "instance_restore_target", "volumes_restore_target")),
	})
}

func rdsRestore() shape {
	return group(map[string]shape{
		"source": need(exactlyOne(group(map[string]shape{
			"backup":   group(map[string]shape{"backup_id": need(text())}),
			"snapshot": group(map[string]shape{"resource_id": need(text()), "timestamp": need(moment())}),
		}), "backup", "snapshot")),
		"target": need(group(map[string]shape{
			"name": need(text()), "environment_id": text(), "instance_class": text(), "is_publicly_accessible": flag(),
			"kms_key_native_id": text(), "option_group_name": text(), "parameter_group_name": text(),
			"security_group_native_ids": listOf(text()), "subnet_group_name": text(), "tags": tagShapes(),
		})),
	})
}

// objectFilters: latest_version_only is mandatory once there are filters.
func objectFilters() shape {
	return group(map[string]shape{
		"latest_version_only": need(flag()), "etag": text(), "version_id": text(),
		"max_object_size_bytes": whole(), "min_object_size_bytes": whole(), "object_key_contains": text(),
		"object_key_matches": text(), "object_key_prefix": text(), "object_key_suffix": text(),
		"storage_classes": listOf(storageClass()),
	})
}

// bucketRestore is the body for a group (of which pitr names the id) and for
// one bucket of a group.
func bucketRestore(pitrID, chosen string) shape {
	return group(map[string]shape{
		"source": need(objectSource(pitrID, chosen, objectFilters())), "target": need(bucketTarget()),
	})
}

// objectSource is a backup or a moment; of a group some buckets may be chosen.
func objectSource(pitrID, chosen string, filters shape) shape {
	members := map[string]shape{
		"backup_id": text(), "object_filters": filters,
		"pitr": group(map[string]shape{
			pitrID: need(text()), "restore_end_timestamp": moment(), "restore_start_timestamp": moment(),
		}),
	}
	if chosen != "" {
		members[chosen] = listOf(text())
	}
	return exactlyOne(group(members), "backup_id", "pitr")
}

func bucketTarget() shape {
	return group(map[string]shape{
		"bucket_id": need(text()), "environment_id": need(text()), "overwrite": flag(), "prefix": text(),
		"default_object_checksum_algorithm": text("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"),
		"restore_original_storage_class":    flag(), "storage_class": storageClass(""), "tags": tagShapes(),
	})
}

func instantAccess() shape {
	return group(map[string]shape{
		"name": need(text()), "expiry_timestamp": moment(),
		"source": need(exactlyOne(group(map[string]shape{
			"protection_group_s3_asset_id": need(text()), "backup_id": text(), "object_filters": objectFilters(),
			"pitr": group(map[string]shape{"restore_end_timestamp": moment(), "restore_start_timestamp": moment()}),
		}), "backup_id", "pitr")),
	})
}

// onDemand lists the kinds that the body may name, if it may name any; an empty
// list does not check them.
func onDemand(asset string, named bool, kinds ...string) shape {
	if len(kinds) > 0 {
		kinds = append(kinds, "")
	}
	members := map[string]shape{
		asset: need(text()),
		"settings": group(map[string]shape{
			"retention_duration": group(map[string]shape{
				"unit": need(text("days", "weeks", "months", "years")), "value": need(whole()),
			}),
			"backup_aws_region": text(), "advanced_settings": group(nil),
		}),
	}
	if named {
		members["type"] = text(kinds...)
	}
	return group(members)
}
