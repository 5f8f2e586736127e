package clumiosim

import "time"

// moreAssetSpecs are the kinds whose records share less with the others. The
// filters of Iceberg and GCP are public nowhere; these are the likely ones
// (NOTES section 4).
func moreAssetSpecs() []assetSpec {
	one, some := filterRule{"eq", textValue}, filterRule{"in", textValue}
	yes, deleted, part := filterRule{"eq", flagValue}, filterRule{"eq in", flagValue}, filterRule{"contains", textValue}
	return []assetSpec{
		{
			path: pathDatabases, list: "list-ec2-mssql-databases", read: "read-ec2-mssql-database",
			resource: "ec2-mssql-databases", param: "database_id", applied: true,
			embeds: []string{"read-policy-definition", "read-aws-environment", "read-aws-ec2-instance"},
			links: []string{
				"read-policy-definition", "read-aws-environment", "list-backup-ec2-mssql-databases",
				"create-backup-ec2-mssql-database",
			},
			without: []string{"is_deleted", "protection_status"},
			filters: filterRules{
				"name": part, "environment_id": one, "protection_info.policy_id": one, "protection_status": one,
				"backup_status": some, "deactivated": yes, "instance_id": one, "host_id": one,
				"availability_group_id": one, "failover_cluster_id": one, "status": one, "recovery_model": some,
				"type": one, "account_ids": some,
			},
			wire: wireDatabase,
		},
		{
			path: pathIceberg, list: "list-aws-iceberg-tables", read: "read-aws-iceberg-table",
			resource: "aws-iceberg-tables", param: "table_id", embeds: []string{"read-policy-definition"},
			links: []string{"read-policy-definition"},
			filters: filterRules{
				"environment_id": one, "name": part, "aws_region": one, "account_native_id": one,
				"protection_info.policy_id": one, "protection_status": some, "backup_status": some, "is_deleted": deleted,
			},
			wire: wireIcebergTable,
		},
		{
			path: pathGCPGroups, list: "list-gcp-protection-groups", read: "read-gcp-protection-group",
			resource: "gcp-protection-groups", param: "protection_group_id",
			links: []string{
				"read-policy-definition", "list-backup-gcp-protection-groups", "restore-gcs-protection-group",
				"update-gcp-protection-group",
			},
			without: []string{"backup_status_info"},
			filters: filterRules{
				"name": {"contains eq", textValue}, "is_deleted": deleted, "protection_info.policy_id": one,
				"protection_status": some,
			},
			wire: wireGCPGroupAsset,
		},
		{
			path: pathGCSAssets, list: "list-gcp-gcs-assets", read: "read-gcp-gcs-asset",
			resource: "gcp-gcs-assets", param: "gcs_asset_id", embeds: []string{"read-policy-definition"},
			links:   []string{"read-policy-definition", "restore-gcs-protection-group-asset"},
			without: []string{"backup_status_info", "protection_info", "protection_status"},
			filters: filterRules{
				"name": part, "bucket_name": {"contains eq", textValue}, "bucket_id": one, "protection_group_id": one,
				"is_deleted": deleted,
			},
			wire: wireGCSAssetRecord,
		},
	}
}

func wireIcebergTable(s *Sim, a *asset, _ time.Time) object {
	record, draws := a.common(s), a.rand()
	record["catalog"], record["catalog_type"] = "AwsDataCatalog", "glue"
	record["namespace"] = pick(draws, "sales", "events", "finance")
	record["creation_timestamp"] = wireTime(a.made)
	record["last_backup_timestamp"] = s.lastBackup(a)
	return record
}
