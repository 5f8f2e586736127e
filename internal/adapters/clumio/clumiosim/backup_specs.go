package clumiosim

import (
	"maps"
	"math/rand/v2"
)

// backupSpec is what differs between the lists of backups.
type backupSpec struct {
	path, resource string
	list, read     string // names of the operations
	versions       []int
	assetFilter    string // the filter field for the asset
	filters        filterRules
	kinds          []string // values of type; repeated ones are more frequent
	restoreLink    string
	restorePath    string
	embeds         []string
	longID         bool
	wire           func(*Sim, *backup, int, *rand.Rand) object
	wireOne        func(*Sim, *backup, int, *rand.Rand) object // when reading one looks different
}

// backupFilters is the table in NOTES section 4: the asset, the start, and what
// else a list takes.
func backupFilters(asset string, more filterRules) filterRules {
	rules := filterRules{"start_timestamp": {"lte gt", timeValue}}
	if asset != "" {
		rules[asset] = filterRule{"eq", textValue}
	}
	maps.Copy(rules, more)
	return rules
}

func backupSpecs() []backupSpec {
	v1 := []int{1}
	twoKinds := []string{"clumio_backup", "clumio_backup", "clumio_backup", "aws_snapshot"}
	return []backupSpec{
		{
			path: ListEC2, list: "list-backup-aws-ec2-instances", read: "read-backup-aws-ec2-instance",
			resource: "backup-aws-ec2-instances", versions: v1, assetFilter: "instance_id",
			filters: backupFilters("instance_id", nil), kinds: twoKinds,
			restoreLink: "restore-aws-ec2-instance", restorePath: "/restores/aws/ec2-instances", wire: wireEC2,
		},
		{
			path: ListEBS, list: "list-backup-aws-ebs-volumes", read: "read-backup-aws-ebs-volume",
			resource: "backup-aws-ebs-volumes", versions: []int{1, 2}, assetFilter: "volume_id",
			filters: backupFilters("volume_id", nil), kinds: twoKinds,
			restoreLink: "restore-aws-ebs-volume", restorePath: "/restores/aws/ebs-volumes", wire: wireEBS,
		},
		{
			// The record calls the resource database_id, the filter resource_id.
			path: ListRDS, list: "list-backup-aws-rds-resources", read: "read-backup-aws-rds-resource",
			resource: "backup-aws-rds-resources", versions: v1, assetFilter: "resource_id",
			filters: backupFilters("resource_id", nil),
			// The last one is what the vendor's own sample compares with (NOTES section 10).
			kinds: []string{"clumio_snapshot", "clumio_snapshot", "granular_backup", "aws_rds_resource_granular_backup"},
			wire:  wireRDS, wireOne: wireRDSRead,
		},
		{
			path: ListDynamoDB, list: "list-backup-aws-dynamodb-tables", read: "read-backup-aws-dynamodb-table",
			resource: "backup-aws-dynamodb-tables", versions: v1, assetFilter: "table_id",
			filters: backupFilters("table_id", filterRules{"type": {"all", textValue}}), kinds: twoKinds,
			restoreLink: "restore-aws-dynamodb-table", restorePath: "/restores/aws/dynamodb-tables", wire: wireDynamoDB,
		},
		{
			path: ListMSSQL, list: "list-backup-ec2-mssql-databases", read: "read-backup-ec2-mssql-database",
			resource: "backup-ec2-mssql-databases", versions: v1, assetFilter: "database_id",
			filters: backupFilters("database_id", filterRules{"type": {"in", textValue}}),
			kinds: []string{
				mssqlFull, "ec2_mssql_log_backup_full_recovery_model",
				"ec2_mssql_log_backup_bulk_logged_model",
			},
			restoreLink: "restore-ec2-mssql-database", restorePath: "/restores/aws/ec2-mssql/databases",
			embeds: []string{"read-aws-environment"}, wire: wireMSSQL,
		},
		{
			// The filter fields are public nowhere; these are the likely ones (NOTES section 4).
			path: ListIceberg, list: "list-backup-aws-iceberg-tables", read: "read-backup-aws-iceberg-table",
			resource: "backup-aws-iceberg-tables", versions: v1, assetFilter: "table_id",
			filters: backupFilters("table_id", nil), kinds: []string{"iceberg_snapshot", "iceberg_metadata"},
			restoreLink: "restore-aws-iceberg-table", restorePath: "/restores/aws/iceberg-tables", wire: wireIceberg,
		},
		{
			path: ListGroups, list: "list-backup-protection-groups", read: "read-backup-protection-group",
			resource: "backup-protection-groups", versions: v1, assetFilter: "protection_group_id",
			filters: backupFilters("protection_group_id", nil), kinds: []string{"protection_group_backup"},
			restoreLink: "restore-protection-group", restorePath: "/restores/protection-groups",
			longID: true, wire: wireGroup,
		},
		{
			path: ListS3Assets, list: "list-backup-protection-group-s3-assets", read: "read-backup-protection-group-s3-asset",
			resource: "backup-protection-groups", versions: v1,
			assetFilter: "protection_group_s3_asset_id",
			filters: backupFilters("protection_group_s3_asset_id", filterRules{
				"parent_protection_group_backup_id": {"eq", textValue}, "bucket_region": {"eq", textValue},
			}),
			kinds:       []string{"protection_group_s3_asset_backup"},
			restoreLink: "restore-protection-group-s3-asset", restorePath: "/restores/protection-groups/s3-assets",
			longID: true, wire: wireS3Asset,
		},
		{
			// GCP takes the same time filter here; its fields are public nowhere (NOTES section 4).
			path: ListGCPGroups, list: "list-backup-gcp-protection-groups", read: "read-backup-gcp-protection-group",
			resource: "backup-gcp-protection-groups", versions: v1,
			filters: backupFilters("", nil), kinds: []string{"gcp_protection_group_backup"},
			restoreLink: "restore-gcs-protection-group", restorePath: "/restores/gcp/protection-groups",
			longID: true, wire: wireGCPGroup,
		},
		{
			path: ListGCSAssets, list: "list-backup-gcp-protection-group-gcs-assets", read: "read-backup-gcp-protection-group-gcs-asset",
			resource: "backup-gcp-protection-groups-gcs-assets", versions: v1,
			filters: backupFilters("", nil), kinds: []string{"gcp_protection_group_gcs_asset_backup"},
			longID: true, wire: wireGCSAsset,
		},
	}
}
