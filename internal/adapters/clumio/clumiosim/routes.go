package clumiosim

import (
	"net/http"
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

type table map[int][]route

func (t table) add(method, path, resource string, versions []int, body *shape, embeds []string, serve endpoint) {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	t[len(segments)] = append(t[len(segments)], route{
		method: method, segments: segments, resource: resource, versions: versions, body: body, embeds: embeds,
		serve: serve,
	})
}

func (t table) get(path, resource string, serve endpoint, embeds ...string) {
	t.add(http.MethodGet, path, resource, []int{1}, nil, embeds, serve)
}

// send is a request with a body.
func (t table) send(method, path, resource string, body shape, serve endpoint, embeds ...string) {
	t.add(method, path, resource, []int{1}, &body, embeds, serve)
}

func routeTable(s *Sim) map[int][]route {
	t := table{}
	for _, spec := range s.specs {
		t.add(http.MethodGet, spec.path, spec.resource, spec.versions, nil, spec.embeds, s.listBackups(spec))
		t.add(http.MethodGet, spec.path+"/{backup_id}", spec.resource, spec.versions, nil, spec.embeds, s.readBackup(spec))
	}
	for _, spec := range assetSpecs() {
		t.get(spec.path, spec.resource, s.listAssets(spec), spec.embeds...)
		t.get(spec.path+"/{"+spec.param+"}", spec.resource, s.readAsset(spec), spec.embeds...)
	}
	t.get(pathEnvironments, "aws-environments", s.listEnvironments, environmentEmbeds()...)
	t.get(pathEnvironments+"/{environment_id}", "aws-environments", s.readEnvironment, environmentEmbeds()...)
	t.get(pathConnections, "aws-connections", s.listConnections)
	t.get(pathPolicies, "policy-definitions", s.listPolicies, policyEmbeds()...)
	t.get(pathPolicies+"/{policy_id}", "policy-definitions", s.readPolicy, policyEmbeds()...)
	t.get(pathTasks, "tasks", s.listTasks)
	t.get(pathTasks+"/{task_id}", "tasks", s.readTask)
	t.send(http.MethodPatch, pathTasks+"/{task_id}", "tasks",
		group(map[string]shape{"status": need(text("aborting"))}), s.updateTask)
	s.restoreRoutes(t)
	s.backupRoutes(t)
	s.instantRoutes(t)
	return t
}

func (s *Sim) restoreRoutes(t table) {
	const embed = "read-task"
	volume := ebsRestore()
	t.send(http.MethodPost, pathRestoreTables, "restored-aws-dynamodb-tables", dynamoDBRestore(), s.restoreTable, embed)
	t.add(http.MethodPost, pathRestoreVolumes, "restored-aws-ebs-volumes", []int{1, 2}, &volume, []string{embed}, s.restoreVolume)
	t.send(http.MethodPost, pathRestoreInstances, "restored-aws-ec2-instances", ec2Restore(), s.restoreInstance, embed)
	t.send(http.MethodPost, pathRestoreResources, "restored-aws-rds-resources", rdsRestore(), s.restoreResource, embed)
	t.send(http.MethodPost, pathRestoreGroups, "restored-protection-groups", bucketRestore("protection_group_id"),
		s.restoreBuckets(ListGroups, pathGroups, "protection_group_id", pathRestoreGroups), embed)
	t.send(http.MethodPost, pathRestoreS3Assets, "restored-protection-group-s3-assets",
		bucketRestore("protection_group_s3_asset_id"),
		s.restoreBuckets(ListS3Assets, pathS3Assets, "protection_group_s3_asset_id", pathRestoreS3Assets), embed)
}

// backupRoutes are the on-demand backups; the kinds are those taken when the
// body names none (NOTES section 8).
func (s *Sim) backupRoutes(t table) {
	const embed = "read-task"
	volume := onDemand("volume_id")
	t.send(http.MethodPost, ListDynamoDB, "backup-aws-dynamodb-tables", onDemand("table_id"),
		s.createBackup(ListDynamoDB, pathTables, "table_id", "aws_snapshot"), embed)
	t.send(http.MethodPost, ListEC2, "backup-aws-ec2-instances", onDemand("instance_id"),
		s.createBackup(ListEC2, pathInstances, "instance_id", "clumio_backup"), embed)
	t.add(http.MethodPost, ListEBS, "backup-aws-ebs-volumes", []int{1, 2}, &volume, []string{embed},
		s.createBackup(ListEBS, pathVolumes, "volume_id", "clumio_backup"))
}

func (s *Sim) instantRoutes(t table) {
	const resource, one = "restored-protection-group-instant-access-endpoints", pathInstant + "/{endpoint_id}"
	t.send(http.MethodPost, pathInstant, resource, instantAccess(), s.createInstant)
	t.get(pathInstant, resource, s.listInstant)
	t.get(one, resource, s.withInstant(s.readInstant))
	t.send(http.MethodPut, one, resource,
		group(map[string]shape{"name": text(), "expiry_timestamp": moment()}), s.withInstant(s.updateInstant))
	t.add(http.MethodDelete, one, resource, []int{1}, nil, nil, s.withInstant(s.deleteInstant))
	t.get(one+"/_get_uri", resource, s.withInstant(s.readInstantURI))
	t.get(one+"/roles/permissions", resource, s.withInstant(s.readPermissions))
	t.send(http.MethodPost, one+"/roles", resource, group(map[string]shape{
		"role_arn": need(text()), "role_alias": text(), "is_allow_external_account": flag(),
	}), s.withInstant(s.addRole))
	t.send(http.MethodPut, one+"/roles/{role_id}", resource,
		group(map[string]shape{"updated_role_arn": text(), "updated_role_alias": text()}), s.withInstant(s.updateRole))
	t.add(http.MethodDelete, one+"/roles/{role_id}", resource, []int{1}, nil, nil, s.withInstant(s.deleteRole))
}
