package clumiosim

func (s *Sim) gcpRoutes() []route {
	const resource, one = "gcp-protection-groups", pathGCPGroups + "/{protection_group_id}"
	return []route{
		op("POST "+pathGCPGroups, "create-gcp-protection-group", resource, s.createGCPGroup).takes(gcpGroupBody(nil)),
		op("PATCH "+one, "update-gcp-protection-group", resource, s.updateGCPGroup).takes(gcpGroupUpdate()),
		op("DELETE "+one, "delete-gcp-protection-group", resource, s.deleteGCPGroup),
		op("GET "+pathGCSAssets+"/{gcs_asset_id}/continuous-backup-stats", "read-gcp-gcs-asset-continuous-backup-stats",
			"gcp-gcs-assets", s.continuousStats(pathGCSAssets, "gcs_asset_id")),
		op("POST /datasources/gcp/report/gcs/gcs-asset", "gcs-asset-error-report", "gcp-report",
			s.gcsErrorReport(ListGCSAssets)).takes(errorReport("protection_group_gcs_asset_id")).withTask(),
		op("POST /datasources/gcp/report/gcs/protection-group", "gcs-protection-group-error-report", "gcp-report",
			s.gcsErrorReport(ListGCPGroups)).takes(errorReport("")).withTask(),
	}
}

// fileRoutes are the restores of single files.
func (s *Sim) fileRoutes() []route {
	const resource, one = "restored-files", pathRestoreFiles + "/{restored_file_id}"
	return []route{
		op("POST "+pathRestoreFiles, "restore-files", resource, s.restoreFiles).takes(fileRestore()).withTask(),
		op("POST "+pathRestoreFiles+"/_download", "download-shared-file", resource, s.downloadShared).
			takes(group(map[string]shape{"email_link": need(text()), "passcode": need(text())})),
		op("POST "+one+"/_generate_passcode", "generate-restored-file-passcode", resource, s.newPasscode),
		op("POST "+one+"/_share", "share-restored-file", resource, s.shareFile).
			takes(group(map[string]shape{"email_address": need(text()), "message": text()})),
	}
}

func (s *Sim) restoreRoutes() []route {
	return []route{
		op("POST "+pathRestoreTables, "restore-aws-dynamodb-table", "restored-aws-dynamodb-tables", s.restoreTable).
			takes(dynamoDBRestore()).withTask(),
		op("POST "+pathRestoreVolumes, "restore-aws-ebs-volume", "restored-aws-ebs-volumes", s.restoreVolume).
			takes(ebsRestore()).in(1, 2).withTask(),
		op("POST "+pathRestoreInstances, "restore-aws-ec2-instance", "restored-aws-ec2-instances", s.restoreInstance).
			takes(ec2Restore()).withTask(),
		op("POST "+pathRestoreResources, "restore-aws-rds-resource", "restored-aws-rds-resources", s.restoreResource).
			takes(rdsRestore()).withTask(),
		op("POST "+pathRestoreTables+"/records", "restore-records-aws-dynamodb-table", "restored-records-aws-dynamodb-tables",
			s.restoreItems).takes(itemRestore()).withTask(),
		op("POST "+pathRestoreRows, "restore-rds-record", "aws-rds-resource-restored-records", s.restoreRows).
			takes(rowRestore()).withTask(),
		op("POST "+pathRestoreDatabases, "restore-ec2-mssql-database", "restore-ec2-mssql-database", s.restoreDatabase).
			takes(mssqlRestore()).withTask(),
		op("POST "+pathRestoreIceberg, "restore-aws-iceberg-table", "restored-aws-iceberg-tables", s.restoreIceberg).
			takes(icebergRestore()),
		op("POST "+pathRestoreBuckets, "restore-aws-s3-bucket", "restored-aws-s3-buckets", s.backtrack).
			takes(backtrackRestore()),
	}
}

// objectRoutes are the restores of objects into buckets, and what shows them
// before.
func (s *Sim) objectRoutes() []route {
	const (
		groups, assets        = "restored-protection-groups", "restored-protection-group-s3-assets"
		gcsGroups, gcsAssets  = "restored-gcs-protection-groups", "restored-gcs-protection-group-assets"
		oneGroup, oneGCSGroup = pathRestoreGroups + "/{protection_group_id}", pathRestoreGCPGroups + "/{gcs_protection_group_id}"
		oneGCSAsset           = pathRestoreGCSAssets + "/{gcs_asset_id}"
		oneAsset              = pathRestoreS3Assets + "/{protection_group_s3_asset_id}"
	)
	routes := []route{
		op("POST "+pathRestoreGroups, "restore-protection-group", groups,
			s.restoreBuckets(ListGroups, pathGroups, "protection_group_id", pathRestoreGroups)).
			takes(bucketRestore("protection_group_id", "protection_group_s3_asset_ids")).withTask(),
		op("POST "+pathRestoreS3Assets, "restore-protection-group-s3-asset", assets,
			s.restoreBuckets(ListS3Assets, pathS3Assets, "protection_group_s3_asset_id", pathRestoreS3Assets)).
			takes(bucketRestore("protection_group_s3_asset_id", "")).withTask(),
		op("POST "+oneGroup+"/s3-objects", "restore-protection-group-s3-objects", groups, s.restoreS3Objects).
			takes(s3ObjectRestore()).withTask(),
		op("POST "+pathRestoreGCPGroups, "restore-gcs-protection-group", gcsGroups,
			s.restoreGCS(ListGCPGroups, pathGCPGroups, "gcs_protection_group_id")).
			takes(gcsRestore("gcs_protection_group_id", "gcs_asset_ids")).withTask(),
		op("POST "+pathRestoreGCSAssets, "restore-gcs-protection-group-asset", gcsAssets,
			s.restoreGCS(ListGCSAssets, pathGCSAssets, "gcs_asset_id")).
			takes(gcsRestore("gcs_asset_id", "")).withTask(),
		op("POST "+oneGCSGroup+"/gcs-objects", "restore-gcs-protection-group-objects", gcsGroups, s.restoreGCSObjects).
			takes(gcsObjectRestore()).withTask(),
	}
	for _, p := range []struct {
		path, noun, resource string
		source               previewSource
	}{
		{oneGroup, "protection-group", groups, previewSource{pathGroups, ListGroups, "protection_group_id", true}},
		{oneAsset, "protection-group-s3-asset", assets, previewSource{pathS3Assets, ListS3Assets, "protection_group_s3_asset_id", true}},
		{pathRestoreBuckets + "/{bucket_id}", "aws-s3-bucket", "restored-aws-s3-buckets", previewSource{pathBuckets, "", "bucket_id", false}},
		{oneGCSGroup, "gcs-protection-group", gcsGroups, previewSource{pathGCPGroups, ListGCPGroups, "gcs_protection_group_id", false}},
		{oneGCSAsset, "gcs-protection-group-asset", gcsAssets, previewSource{pathGCSAssets, ListGCSAssets, "gcs_asset_id", false}},
	} {
		routes = append(routes,
			op("POST "+p.path+"/previews", "preview-"+p.noun, p.resource, s.preview(p.source)).takes(p.source.body()),
			op("GET "+p.path+"/previews/{preview_id}", "preview-details-"+p.noun, p.resource, s.readPreview(p.source)))
	}
	return routes
}

func (s *Sim) instantRoutes() []route {
	const (
		resource = "restored-protection-group-instant-access-endpoints"
		one      = pathInstant + "/{endpoint_id}"
		noun     = "protection-group-instant-access-endpoint"
	)
	return []route{
		op("POST "+pathInstant, "create-"+noun, resource, s.createInstant).takes(instantAccess()),
		op("GET "+pathInstant, "list-"+noun+"s", resource, s.listInstant),
		op("GET "+one, "read-"+noun, resource, s.withInstant(s.readInstant)),
		op("PUT "+one, "update-"+noun, resource, s.withInstant(s.updateInstant)).
			takes(group(map[string]shape{"name": text(), "expiry_timestamp": moment()})),
		op("DELETE "+one, "delete-"+noun, resource, s.withInstant(s.deleteInstant)),
		op("GET "+one+"/_get_uri", "read-"+noun+"-uri", resource, s.withInstant(s.readInstantURI)),
		op("GET "+one+"/roles/permissions", "read-"+noun+"-role-permission", resource, s.withInstant(s.readPermissions)),
		op("POST "+one+"/roles", "add-"+noun+"-role", resource, s.withInstant(s.addRole)).
			takes(group(map[string]shape{
				"role_arn": need(text()), "role_alias": text(), "is_allow_external_account": flag(),
			})),
		op("PUT "+one+"/roles/{role_id}", "update-"+noun+"-role", resource, s.withInstant(s.updateRole)).
			takes(group(map[string]shape{"updated_role_arn": text(), "updated_role_alias": text()})),
		op("DELETE "+one+"/roles/{role_id}", "delete-"+noun+"-role", resource, s.withInstant(s.deleteRole)),
		op("POST "+pathInstant+"/cost-estimates", "cost-estimates-"+noun, resource, s.estimateCost).takes(costEstimate()),
		op("GET "+pathInstant+"/cost-estimates/{estimate_id}", "cost-estimates-details-"+noun, resource, s.readEstimate),
	}
}
