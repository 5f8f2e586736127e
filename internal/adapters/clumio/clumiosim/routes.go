package clumiosim

import (
	"slices"
	"strings"
)

// Paths that are neither lists of assets nor of backups.
const (
	pathEnvironments     = "/datasources/aws/environments"
	pathConnections      = "/connections/aws"
	pathPolicies         = "/policies/definitions"
	pathTasks            = "/tasks"
	pathRestoreTables    = "/restores/aws/dynamodb-tables"
	pathRestoreVolumes   = "/restores/aws/ebs-volumes"
	pathRestoreInstances = "/restores/aws/ec2-instances"
	pathRestoreResources = "/restores/aws/rds-resources"
	pathRestoreGroups    = "/restores/protection-groups"
	pathRestoreS3Assets  = "/restores/protection-groups/s3-assets"
	pathInstant          = "/restores/protection-groups/instant-access-endpoints"
)

// anyResource is the version of the service itself.
const anyResource = "*"

// op is one operation: "METHOD /path", the vendor's name for it and the
// resource that its media type names.
func op(pattern, name, resource string, serve endpoint) route {
	method, path, _ := strings.Cut(pattern, " ")
	return route{
		name: name, method: method, segments: strings.Split(strings.TrimPrefix(path, "/"), "/"),
		resource: resource, versions: []int{1}, serve: serve,
	}
}

func (r route) takes(body shape) route       { r.body = &body; return r }
func (r route) in(versions ...int) route     { r.versions = versions; return r }
func (r route) embeds(names ...string) route { r.embed = names; return r }

// withTask is what starts a task that may come embedded.
func (r route) withTask() route { return r.embeds("read-task") }

func routeTable(s *Sim) map[int][]route {
	table := map[int][]route{}
	for _, routes := range [][]route{
		s.governanceRoutes(), s.policyRoutes(), s.assetRoutes(), s.groupRoutes(), s.gcpRoutes(), s.backupRoutes(),
		s.fileRoutes(), s.restoreRoutes(), s.objectRoutes(), s.instantRoutes(), s.catalogRoutes(),
	} {
		for _, r := range routes {
			table[len(r.segments)] = append(table[len(r.segments)], r)
		}
	}
	return table
}

// catalogRoutes are the lists whose records filter themselves.
func (s *Sim) catalogRoutes() []route {
	var routes []route
	for name, k := range catalogs() {
		list, one, _ := strings.Cut(name, " ")
		versions := k.versions
		if versions == nil {
			versions = []int{1}
		}
		routes = append(routes, op("GET "+k.path, list, k.resource, s.listCatalog(k)).in(versions...).embeds(k.embeds...))
		if k.param == "" {
			continue
		}
		resource := k.resource
		if k.oneResource != "" {
			resource = k.oneResource
		}
		routes = append(routes,
			op("GET "+k.path+"/{"+k.param+"}", one, resource, s.readCatalog(k)).in(versions...).embeds(k.oneEmbeds...))
	}
	return routes
}

// catalogs are all of them by the names of their operations: the list, and the
// reading of one where there is such.
func catalogs() map[string]catalog {
	return map[string]catalog{
		"list-consolidated-alerts read-consolidated-alert": consolidatedAlerts(),
		"list-individual-alerts read-individual-alert":     individualAlerts(),
		"list-audit-trails":                  auditTrails(),
		"list-policy-rules read-policy-rule": policyRules(),
		"list-compliance-report-configurations read-compliance-report-configuration": complianceConfigurations(),
		"list-compliance-report-runs":                                                              complianceRuns(),
		"list-report-downloads":                                                                    reportDownloads(),
		"list-organizational-units read-organizational-unit":                                       organizationalUnits(),
		"list-wallets read-wallet":                                                                 wallets(),
		"list-aws-connections read-aws-connection":                                                 awsConnections(),
		"list-aws-connection-groups read-aws-connection-group":                                     connectionGroups(),
		"list-connection-aws-regions":                                                              awsRegions(),
		"list-gcp-connections read-gcp-connection":                                                 gcpConnections(),
		"list-aws-environments read-aws-environment":                                               awsEnvironments(),
		"list-aws-environment-tags read-aws-environment-tag":                                       environmentTags(),
		"list-ec2-mssql-availability-groups read-ec2-mssql-availability-group":                     availabilityGroups(),
		"list-ec2-mssql-failover-clusters read-ec2-mssql-failover-cluster":                         failoverClusters(),
		"list-ec2-mssql-hosts read-ec2-mssql-host":                                                 mssqlHosts(),
		"list-ec2-mssql-instances read-ec2-mssql-instance":                                         mssqlInstances(),
		"list-ec2-mssql-database-pitr-intervals":                                                   databaseIntervals(),
		"list-protection-group-s3-asset-pitr-intervals":                                            s3Intervals(),
		"list-gcp-gcs-asset-pitr-intervals":                                                        gcsIntervals(),
		"list-gcp-gcs-buckets read-gcp-gcs-bucket":                                                 gcsBuckets(),
		"list-gcp-label-keys":                                                                      labelKeys(),
		"list-gcp-label-values":                                                                    labelValues(),
		"list-gcp-projects":                                                                        gcpProjects(),
		"list-backup-aws-rds-resource-databases":                                                   rdsDatabases(),
		"list-backup-aws-rds-resource-database-tables read-backup-aws-rds-resource-database-table": rdsTables(),
		"list-aws-rds-resources-option-groups":                                                     optionGroups(),
		"list-files":                                                                               foundFiles(),
		"list-file-versions":                                                                       fileVersions(),
		"list-backup-filesystems read-filesystem":                                                  filesystems(),
		"read-backup-filesystem-directory":                                                         directoryItems(),
		"list-restored-files":                                                                      restoredFiles(),
		"list-rds-restored-records":                                                                restoredRecords(),
	}
}

func (s *Sim) governanceRoutes() []route {
	const runs = pathCompliance + "/{configuration_id}/runs"
	return []route{
		op("GET /", "discover", anyResource, s.discover),
		op("GET /tasks", "list-tasks", "tasks", s.listTasks),
		op("GET /tasks/{task_id}", "read-task", "tasks", s.readTask),
		op("PATCH /tasks/{task_id}", "update-task", "tasks", s.updateTask).
			takes(group(map[string]shape{"status": need(text("aborting"))})),
		op("PATCH "+pathConsolidated+"/{id}", "update-consolidated-alert", "consolidated-alerts", s.updateConsolidated).
			takes(alertUpdate()),
		op("PATCH "+pathIndividual+"/{individual_alert_id}", "update-individual-alert", "individual-alerts", s.updateIndividual).
			takes(alertUpdate()).embeds("read-consolidated-alert"),
		op("POST "+pathCompliance, "create-compliance-report-configuration", "report-compliance", s.createCompliance).
			takes(complianceBody()),
		op("PUT "+pathCompliance+"/{configuration_id}", "update-compliance-report-configuration", "report-compliance", s.updateCompliance).
			takes(complianceBody()),
		op("DELETE "+pathCompliance+"/{configuration_id}", "delete-compliance-report-configuration", "report-compliance", s.deleteCompliance),
		op("POST "+runs, "create-compliance-report-run", "report-compliance-runs", s.createRun).
			takes(orEmpty(group(map[string]shape{"name": text()}))),
		op("DELETE "+runs+"/{run_id}", "delete-compliance-report-run", "report-compliance-runs", s.deleteRun),
		op("POST "+runs+"/{run_id}/_notify", "send-compliance-report-run-email", "report-compliance-runs", s.notifyRun).
			takes(group(map[string]shape{"email_list": need(filled(listOf(need(text()))))})),
		op("POST "+pathDownloads, "create-report-download", "report-downloads", s.createDownload).takes(downloadBody()),
		op("GET "+pathConnections+"/templates", "read-connection-templates", "aws-templates", s.readTemplates),
	}
}

func (s *Sim) policyRoutes() []route {
	const resource, one = "policy-definitions", pathPolicies + "/{policy_id}"
	return []route{
		op("GET "+pathPolicies, "list-policy-definitions", resource, s.listPolicies).embeds(policyEmbeds()...),
		op("POST "+pathPolicies, "create-policy-definition", resource, s.createPolicy).takes(policyBody()),
		op("GET "+one, "read-policy-definition", resource, s.readPolicy).embeds(policyEmbeds()...),
		op("PUT "+one, "update-policy-definition", resource, s.updatePolicy).takes(policyBody()).embeds(policyEmbeds()...),
		op("DELETE "+one, "delete-policy-definition", resource, s.deletePolicy),
		op("POST /policies/assignments", "set-policy-assignments", "policy-assignments", s.assign).takes(assignmentBody()),
		op("POST "+pathRules, "create-policy-rule", "policy-rules", s.createRule).takes(ruleBody(true)),
		op("PUT "+pathRules+"/{rule_id}", "update-policy-rule", "policy-rules", s.updateRule).takes(ruleBody(false)),
		op("DELETE "+pathRules+"/{rule_id}", "delete-policy-rule", "policy-rules", s.deleteRule),
	}
}

func (s *Sim) assetRoutes() []route {
	var routes []route
	for _, spec := range assetSpecs() {
		one := slices.Concat(spec.embeds)
		if spec.path == pathDatabases {
			one = nil
		}
		routes = append(routes,
			op("GET "+spec.path, spec.list, spec.resource, s.listAssets(spec)).embeds(spec.embeds...),
			op("GET "+spec.path+"/{"+spec.param+"}", spec.read, spec.resource, s.readAsset(spec)).embeds(one...))
	}
	return routes
}

// backupRoutes are the lists of backups and the backups on demand; the kinds
// are those taken when the body names none (NOTES section 8).
func (s *Sim) backupRoutes() []route {
	var routes []route
	for _, spec := range s.specs {
		routes = append(routes,
			op("GET "+spec.path, spec.list, spec.resource, s.listBackups(spec)).in(spec.versions...).embeds(spec.embeds...),
			op("GET "+spec.path+"/{backup_id}", spec.read, spec.resource, s.readBackup(spec)).in(spec.versions...).embeds(spec.embeds...))
	}
	start := func(list, name, resource, assets, member, usual string, kinds ...string) route {
		return op("POST "+list, name, resource, s.createBackup(list, assets, member, usual)).
			takes(onDemand(member, true, kinds...)).withTask()
	}
	const snapshot, secure = "aws_snapshot", "clumio_backup"
	return append(routes,
		start(ListDynamoDB, "create-backup-aws-dynamodb-table", "backup-aws-dynamodb-tables", pathTables, "table_id", snapshot, secure, snapshot),
		start(ListEC2, "create-backup-aws-ec2-instance", "backup-aws-ec2-instances", pathInstances, "instance_id", secure, secure, snapshot),
		start(ListEBS, "create-backup-aws-ebs-volume", "backup-aws-ebs-volumes", pathVolumes, "volume_id", secure, secure, snapshot).in(1, 2),
		start(ListMSSQL, "create-backup-ec2-mssql-database", "backup-ec2-mssql-databases", pathDatabases, "asset_id", mssqlFull),
		start(ListIceberg, "create-backup-aws-iceberg-table", "backup-aws-iceberg-tables", pathIceberg, "table_id", "iceberg_snapshot").
			takes(onDemand("table_id", false)),
		op("GET "+rdsTablesPath+"/{table_id}/columns", "read-backup-aws-rds-resource-database-table-columns",
			"backup-aws-rds-resource-database-tables", s.readColumns),
		op("POST "+ListS3Assets+"/malware-report", "export-protection-group-s3-asset-malware-report", "backup-protection-groups", s.exportMalwareReport).
			takes(malwareReport()).withTask(),
	)
}

// groupRoutes change protection groups; they live beside /datasources.
func (s *Sim) groupRoutes() []route {
	const resource, one = "protection-groups", "/protection-groups/{group_id}"
	return []route{
		op("POST /protection-groups", "create-protection-group", resource, s.createGroup).takes(groupDefinition()),
		op("PUT "+one, "update-protection-group", resource, s.updateGroup).takes(groupDefinition()),
		op("DELETE "+one, "delete-protection-group", resource, s.deleteGroup),
		op("POST "+one+"/buckets", "add-bucket-protection-group", resource, s.addBucket).
			takes(group(map[string]shape{"bucket_id": need(text())})),
		op("DELETE "+one+"/buckets/{bucket_id}", "delete-bucket-protection-group", resource, s.removeBucket),
		op("GET "+pathS3Assets+"/{protection_group_s3_asset_id}/continuous-backup-stats",
			"read-protection-group-s3-asset-continuous-backup-stats", "protection-groups-s3-assets",
			s.continuousStats(pathS3Assets, "protection_group_s3_asset_id")),
	}
}
