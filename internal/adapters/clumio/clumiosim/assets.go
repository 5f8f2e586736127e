package clumiosim

import (
	"slices"
	"strconv"
	"time"
)

// assetSpec is what differs between the lists of assets.
type assetSpec struct {
	path, resource, param string
	list, read            string // names of the operations
	filters               filterRules
	applied               bool // the list answers filter_applied
	embeds                []string
	links                 []string // what a record of this kind may link to
	without               []string // what all others share and this kind does not have
	wire                  func(*Sim, *asset, time.Time) object
}

// assetSpecs is the table in NOTES section 4.
func assetSpecs() []assetSpec {
	policyEmbed := []string{"read-policy-definition"}
	one, some := filterRule{"eq", textValue}, filterRule{"in", textValue}
	all, yes := filterRule{"all", textValue}, filterRule{"eq", flagValue}
	deleted := filterRule{"eq in", flagValue}
	return append([]assetSpec{
		{path: pathInstances, list: "list-aws-ec2-instances", read: "read-aws-ec2-instance", resource: "aws-ec2-instances", param: "instance_id", embeds: policyEmbed, links: []string{"read-policy-definition"}, filters: filterRules{
			"environment_id": one, "name": {"contains eq", textValue}, "instance_native_id": {"eq contains", textValue},
			"account_native_id": one, "aws_region": one, "protection_status": some, "backup_status": some,
			"deactivated": yes, "protection_info.policy_id": one, "tags.id": all, "is_deleted": deleted,
			"availability_zone": one,
		}, wire: wireInstance},
		{path: pathVolumes, list: "list-aws-ebs-volumes", read: "read-aws-ebs-volume", resource: "aws-ebs-volumes", param: "volume_id", embeds: policyEmbed, links: []string{"read-policy-definition"}, filters: filterRules{
			"environment_id": one, "name": {"contains eq", textValue}, "volume_native_id": {"eq contains", textValue},
			"account_native_id": one, "protection_status": {"eq in", textValue}, "backup_status": some,
			"deactivated": yes, "protection_info.policy_id": one, "tags.id": all, "is_deleted": deleted,
		}, wire: wireVolume},
		{path: pathResources, list: "list-aws-rds-resources", read: "read-aws-rds-resource", resource: "aws-rds-resources", param: "resource_id", embeds: policyEmbed, applied: true, links: []string{"read-policy-definition", "list-backup-aws-rds-resources", "list-rds-restored-records", "restore-aws-rds-resource"}, filters: filterRules{
			"resource_native_id": one, "name": {"contains", textValue}, "account_native_id": one, "environment_id": one,
			"engine": one, "tags.id": all, "type": some, "protection_info.policy_id": one, "protection_status": some,
			"deactivated": yes, "backup_status": some, "is_deleted": deleted,
		}, wire: wireResource},
		{path: pathTables, list: "list-aws-dynamodb-tables", read: "read-aws-dynamodb-table", resource: "aws-dynamodb-tables", param: "table_id", embeds: policyEmbed, links: []string{"read-policy-definition", "list-backup-aws-dynamodb-tables", "create-backup-aws-dynamodb-table", "restore-aws-dynamodb-table"}, filters: filterRules{
			"environment_id": one, "name": {"contains", textValue}, "table_native_id": one, "aws_region": one,
			"account_native_id": one, "tags.id": all, "protection_info.policy_id": one, "protection_status": some,
			"deactivated": yes, "backup_status": some, "is_deleted": deleted,
		}, wire: wireTable},
		{path: pathBuckets, list: "list-aws-s3-buckets", read: "read-aws-s3-bucket", resource: "aws-s3-buckets", param: "bucket_id", filters: filterRules{
			"environment_id": one, "name": {"contains in", textValue}, "account_native_id": one,
			"aws_region": {"eq in", textValue}, "is_deleted": deleted, "tags.id": all, "aws_tag": {"in all", tagValue},
			"excluded_aws_tag": {"all", tagValue}, "organizational_unit_id": some, "asset_id": some, "event_bridge_enabled": yes,
			"is_versioning_enabled": yes, "is_encryption_enabled": yes, "is_replication_enabled": yes,
			"is_supported": yes, "is_active": yes, "protection_method": {"eq in", textValue},
		}, wire: wireBucket},
		{path: pathGroups, list: "list-protection-groups", read: "read-protection-group", resource: "protection-groups", param: "group_id", links: []string{"read-policy-definition", "read-organizational-unit", "list-backup-protection-groups", "restore-protection-group", "update-protection-group", "add-bucket-protection-group", "delete-bucket-protection-group"}, filters: filterRules{
			"is_deleted": deleted, "name": {"contains eq", textValue}, "protection_info.policy_id": one,
			"protection_status": some, "deactivated": yes, "organizational_unit_id": some,
		}, wire: wireProtectionGroup},
		{path: pathS3Assets, list: "list-protection-group-s3-assets", read: "read-protection-group-s3-asset", resource: "protection-groups-s3-assets", param: "protection_group_s3_asset_id", links: []string{"read-policy-definition", "read-organizational-unit", "list-backup-protection-group-s3-assets", "restore-protection-group-s3-asset", "delete-bucket-protection-group"}, filters: filterRules{
			"account_native_id": one, "aws_region": one, "bucket_id": one, "bucket_name": {"eq contains", textValue},
			"environment_id": one, "is_deleted": deleted, "protection_group_id": one, "protection_info.policy_id": one,
			"protection_status": some, "deactivated": yes, "backup_status": some, "organizational_unit_id": some,
			"added_by": some, "is_supported": yes,
		}, wire: wireGroupBucket},
	}, moreAssetSpecs()...)
}

// listAssets serves one list of assets. Deleted ones show only when the filter
// speaks of them (NOTES section 4).
func (s *Sim) listAssets(spec assetSpec) endpoint {
	return func(c *call) (answer, error) {
		raw := c.query.Get("filter")
		conditions, err := parseFilter(raw, spec.filters)
		if err != nil {
			return answer{}, err
		}
		lookback, err := lookbackOf(c)
		if err != nil {
			return answer{}, err
		}
		matches, err := bucketMatcher(c, spec)
		if err != nil {
			return answer{}, err
		}
		byDeletion := slices.ContainsFunc(conditions, func(c condition) bool { return c.field == "is_deleted" })
		var found []*asset
		for _, a := range s.assets[spec.path] {
			if c.sees(a.unit) && (byDeletion || !a.deleted) && s.assetHolds(a, conditions) && matches(a) {
				found = append(found, a)
			}
		}
		var applied any
		if spec.applied {
			applied = echo(raw, object{"is_deleted": object{"$eq": false}})
		}
		return s.numbered(c, list{total: len(found), applied: applied, item: func(i int) object {
			return s.showAsset(c, spec, found[i], lookback)
		}})
	}
}

// assetHolds: the one field that excludes has its condition turned around.
func (s *Sim) assetHolds(a *asset, conditions []condition) bool {
	for _, c := range conditions {
		if c.holds(s.assetField(a, c.field)) == (c.field == "excluded_aws_tag") {
			return false
		}
	}
	return true
}

func (s *Sim) readAsset(spec assetSpec) endpoint {
	return func(c *call) (answer, error) {
		lookback, err := lookbackOf(c)
		if err != nil {
			return answer{}, err
		}
		a := s.assetAt(c, spec.path, c.params[spec.param])
		if a == nil {
			return answer{}, notFound()
		}
		record := s.showAsset(c, spec, a, lookback)
		switch spec.path { // what only reading one shows
		case pathGroups:
			record["regions"] = []string{a.environment.region}
		case pathBuckets:
			record["_etag"] = `W/"` + a.id[:8] + `"`
		case pathGCPGroups, pathGCSAssets:
			record["_etag"] = `W/"` + a.id[:8] + `"`
		}
		return ok(record)
	}
}

// assetAt finds an asset that the call may see; nil when there is none.
func (s *Sim) assetAt(c *call, path, id string) *asset {
	if a := s.assetByID[id]; a != nil && a.path == path && c.sees(a.unit) {
		return a
	}
	return nil
}

func lookbackOf(c *call) (bool, error) {
	raw := c.query.Get("lookback_days")
	days, err := strconv.Atoi(raw)
	if raw != "" && (err != nil || days < 0) {
		return false, badRequest("lookback_days %q is not a number", raw)
	}
	return days > 0, nil
}

func (s *Sim) assetField(a *asset, name string) []string {
	e := a.environment
	switch name {
	case "environment_id":
		return []string{e.id}
	case "name", "bucket_name":
		return []string{a.name}
	case "instance_native_id", "volume_native_id", "resource_native_id", "table_native_id":
		return []string{a.nativeID}
	case "account_native_id":
		return []string{e.account}
	case "aws_region":
		return []string{e.region}
	case "availability_zone":
		return []string{machineOf(a).zone}
	case "organizational_unit_id":
		return []string{a.unit}
	case "asset_id":
		return []string{a.id}
	case "type":
		return []string{a.kind}
	case "engine":
		return []string{engineOf(a).name}
	case "backup_status":
		return []string{a.backupStatus}
	case "bucket_id":
		if a.gcs != nil {
			return []string{a.gcs.id}
		}
		return []string{a.bucket.id}
	case "protection_group_id":
		return []string{a.group.id}
	case "added_by":
		return []string{addedBy(a)}
	}
	if a.path == pathDatabases {
		if values, known := databaseField(a, name); known {
			return values
		}
	}
	return s.assetState(a, name)
}

func (s *Sim) assetState(a *asset, name string) []string {
	switch name {
	case "is_deleted":
		return []string{flagText(a.deleted)}
	case "deactivated":
		return []string{flagText(a.deactivated)}
	case "is_supported":
		return []string{flagText(!a.unsupported)}
	case "is_active":
		return []string{flagText(!a.deleted)}
	case "is_versioning_enabled", "is_encryption_enabled":
		return []string{"true"}
	case "is_replication_enabled", "event_bridge_enabled":
		return []string{"false"}
	case "protection_method":
		if s.groupsOf(a) > 0 {
			return []string{"securevault"}
		}
		return []string{"none"}
	case "protection_info.policy_id":
		if a.policy != nil {
			return []string{a.policy.id}
		}
	case "protection_status":
		if status, known := a.protection().(string); known {
			return []string{status}
		}
	case "aws_tag", "excluded_aws_tag":
		tags := make([]string, 0, len(a.tags))
		for _, t := range a.tags {
			tags = append(tags, tagOf(t.key, t.value))
		}
		return tags
	case "tags.id":
		ids := make([]string, 0, len(a.tags))
		for _, t := range a.tags {
			ids = append(ids, t.id)
		}
		return ids
	}
	return nil
}

// groupsOf counts the protection groups that a bucket belongs to.
func (s *Sim) groupsOf(bucket *asset) int {
	n := 0
	for _, a := range s.assets[pathS3Assets] {
		if a.bucket == bucket && !a.deleted {
			n++
		}
	}
	return n
}

func addedBy(a *asset) string {
	switch {
	case a.byUser:
		return "user"
	case a.byRule:
		return "bucket_rule"
	}
	if a.seed%3 == 0 {
		return "user"
	}
	return "bucket_rule"
}
