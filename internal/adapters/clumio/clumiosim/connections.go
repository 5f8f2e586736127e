package clumiosim

import "slices"

const (
	pathConnectionGroups = "/connections/aws/connection-groups"
	pathGCPConnections   = "/connections/gcp"
	templateVersion      = "4.2"
)

// connectionGroups shows one group of connections per account.
func connectionGroups() catalog {
	return catalog{
		path: pathConnectionGroups, resource: "aws-connection-groups", param: "connection_group_id", tokens: true,
		applied: true, oneEmbeds: []string{"read-organizational-unit"},
		filters: filterRules{
			"account_native_id": {"in", textValue}, "organizational_unit_id": {"in", textValue},
			"account_alias": {"contains", textValue}, "services_enabled": {"contains eq", textValue},
		},
		members: map[string]string{
			"account_native_id": "account_native_ids", "account_alias": "account_name", "services_enabled": "services",
		},
		entries: func(s *Sim, _ *call) ([]entry, error) {
			var out []entry
			for _, account := range s.accounts() {
				out = append(out, s.connectionGroup(account))
			}
			return out, nil
		},
		detail: func(_ *Sim, c *call, e entry, record object) {
			if c.query.Get("return_external_id") == "true" {
				record["external_id"] = "test-external-" + e.key()[:8]
			}
		},
	}
}

// accounts are the environments by account, in order.
func (s *Sim) accounts() [][]*environment {
	var out [][]*environment
	for _, e := range s.environments {
		at := slices.IndexFunc(out, func(of []*environment) bool { return of[0].account == e.account })
		if at < 0 {
			out = append(out, []*environment{e})
			continue
		}
		out[at] = append(out[at], e)
	}
	return out
}

func (s *Sim) connectionGroup(of []*environment) entry {
	first := of[0]
	regions := make([]string, 0, len(of))
	for _, e := range of {
		regions = append(regions, e.region)
	}
	id := uuid(seeded(s.kit.Seed, textSeed("connection group "+first.account)))
	kinds := []string{"EC2/EBS", "RDS", "DynamoDB", "S3"}
	return entry{
		unit: first.unit, self: pathConnectionGroups + "/" + id,
		links:  object{"read-organizational-unit": link(pathUnits+"/"+first.unit, "get")},
		hidden: object{"services": []string{"discover", "protect"}},
		embeds: map[string]func() any{"read-organizational-unit": func() any { return s.showUnit(first.unit, 2) }},
		record: object{
			"_etag": `W/"` + id[:8] + `"`, "account_name": first.accountName, "account_native_ids": []string{first.account},
			"asset_types_enabled": kinds, "aws_regions": regions, "config": first.config(),
			"created_timestamp": wireTime(s.born.AddDate(-1, 0, 0)), "deployment_template_url": nil, "description": nil,
			"id": id, "intended_account_native_ids": []string{first.account}, "intended_asset_types": kinds,
			"intended_aws_regions": regions, "master_aws_account_id": first.account, "master_region": first.region,
			"ongoing_stack_operation": nil, "organizational_unit_id": first.unit, "stack_arn": nil,
			"stack_name": "acme-backup", "status": first.status(), "template_permission_set": "all",
		},
	}
}

func awsRegions() catalog {
	return catalog{
		path: pathConnections + "/regions", resource: "aws-regions", tokens: true,
		entries: func(s *Sim, _ *call) ([]entry, error) {
			var out []entry
			for _, name := range []string{
				"us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "eu-central-1", "eu-west-1",
				"ap-southeast-2",
			} {
				out = append(out, entry{record: object{
					"id": name, "name": name, "is_data_plane_region": name == s.options.Region,
				}})
			}
			return out, nil
		},
	}
}

// readTemplates tells the versions of the deployment templates on offer.
func (s *Sim) readTemplates(*call) (answer, error) {
	version := object{"available_template_version": templateVersion}
	config := object{"asset_types_enabled": []string{"ebs", "rds", "dynamodb", "s3"}, "available_template_version": templateVersion}
	for _, kind := range []string{
		"dynamodb", "ebs", "ec2", "ec2_mssql", "iceberg_on_glue", "iceberg_on_s3_tables", "rds", "s3",
	} {
		config[kind] = version
	}
	config["warm_tier_protect"] = object{
		"asset_types_enabled": []string{"dynamodb"}, "available_template_version": templateVersion, "dynamodb": version,
	}
	return ok(object{"_links": object{"_self": link(pathConnections+"/templates", "get")}, "config": config})
}

// gcpConnections shows one connection per project. Its filter is public nowhere
// (NOTES section 4).
func gcpConnections() catalog {
	return catalog{
		path: pathGCPConnections, resource: "gcp-connections", param: "project_id", tokens: true, applied: true,
		filters: filterRules{"project_id": {"eq in", textValue}, "connection_status": {"eq in", textValue}},
		entries: func(s *Sim, _ *call) ([]entry, error) {
			var out []entry
			for _, p := range s.projects() {
				out = append(out, entry{
					id: p.id, self: pathGCPConnections + "/" + p.id,
					record: object{
						"configuration": object{
							"gcs":                        object{"installed_template_version": templateVersion},
							"installed_template_version": templateVersion,
						},
						"connection_status": "connected", "connection_type": "gcp", "deployment_type": "terraform",
						"created_timestamp": wireTime(s.born.AddDate(-1, 0, 0)), "description": nil,
						"organizational_unit_id": globalUnit, "project_id": p.id, "project_name": p.id,
						"project_number": p.number, "regions": []string{gcpRegion}, "template_permission_set": "all",
						"updated_timestamp": nil,
					},
				})
			}
			return out, nil
		},
		detail: func(s *Sim, _ *call, e entry, record object) {
			record["clumio_service_account"] = "test-backup@" + e.id + ".iam.gserviceaccount.com"
			record["control_plane_id"], record["control_plane_role"] = s.options.Region, "owner"
		},
	}
}
