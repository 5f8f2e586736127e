package clumiosim

func environmentEmbeds() []string {
	return []string{
		"read-aws-environment-ebs-volumes-protection-stats", "read-aws-environment-ec2-instances-protection-stats",
		"read-aws-environment-ec2-mssql-protection-stats", "read-aws-environment-rds-resources-protection-stats",
		"read-aws-environment-dynamodb-tables-protection-stats",
		"read-aws-environment-protection-groups-protection-stats", "read-aws-environments-backup-status-stats",
	}
}

func environmentFilters() filterRules {
	return filterRules{
		"account_native_id": {"eq begins_with", textValue}, "aws_region": {"eq", textValue},
		"connection_status": {"eq", textValue}, "services_enabled": {"contains", textValue},
	}
}

func connectionFilters() filterRules {
	return filterRules{
		"account_native_id": {"begins_with in", textValue}, "aws_region": {"in", textValue},
		"account_alias": {"contains", textValue}, "connection_type": {"eq", textValue},
		"connection_status": {"eq in", textValue}, "organizational_unit_id": {"in", textValue},
		"services_enabled": {"contains", textValue},
	}
}

func awsEnvironments() catalog {
	return catalog{
		path: pathEnvironments, resource: "aws-environments", param: "environment_id", tokens: true,
		embeds: environmentEmbeds(), oneEmbeds: environmentEmbeds(), filters: environmentFilters(),
		members: environmentMembers(),
		entries: func(s *Sim, _ *call) ([]entry, error) { return s.environmentEntries((*Sim).environmentEntry), nil },
	}
}

func awsConnections() catalog {
	return catalog{
		path: pathConnections, resource: "aws-connections", param: "connection_id", tokens: true, applied: true,
		filters: connectionFilters(), members: environmentMembers(),
		entries: func(s *Sim, _ *call) ([]entry, error) { return s.environmentEntries((*Sim).connectionEntry), nil },
		detail: func(_ *Sim, c *call, e entry, record object) {
			if c.query.Get("return_external_id") == "true" {
				record["external_id"] = "test-external-" + e.key()[:8]
			}
		},
	}
}

// environmentMembers: the documents spell states and services in two ways
// (NOTES section 4), so filters look at a list of both.
func environmentMembers() map[string]string {
	return map[string]string{
		"account_alias": "account_name", "connection_status": "states", "services_enabled": "services",
	}
}

func (e *environment) spellings() object {
	states := []string{"unlinked"}
	if e.connected {
		states = []string{"connected", "installed"}
	}
	return object{
		"states": states, "connection_type": "cloud_formation",
		"services": []string{"ebs", "EBS", "rds", "RDS", "dynamodb", "DynamoDB", "protect", "discover"},
	}
}

func (s *Sim) environmentEntries(show func(*Sim, *environment) entry) []entry {
	out := make([]entry, 0, len(s.environments))
	for _, e := range s.environments {
		out = append(out, show(s, e))
	}
	return out
}

func (e *environment) status() string {
	if e.connected {
		return "connected"
	}
	return "unlinked"
}

func (e *environment) config() object {
	version := object{"installed_template_version": "4.2"}
	return object{
		"asset_types_enabled": []string{"ebs", "rds", "dynamodb", "s3"}, "installed_template_version": "4.2",
		"ebs": version, "rds": version, "dynamodb": version, "s3": version, "ec2_mssql": nil,
	}
}

func (s *Sim) showEnvironment(e *environment) object {
	return s.showEntry(&call{}, s.environmentEntry(e))
}

func (s *Sim) environmentEntry(e *environment) entry {
	embeds := map[string]func() any{}
	for _, name := range environmentEmbeds() {
		embeds[name] = func() any { return s.stats(name, func(a *asset) bool { return a.environment == e }) }
	}
	return entry{
		unit: e.unit, self: pathEnvironments + "/" + e.id, hidden: e.spellings(), embeds: embeds,
		links: object{"read-organizational-unit": link(pathUnits+"/"+e.unit, "get")},
		record: object{
			"account_name": e.accountName, "account_native_id": e.account, "aws_region": e.region,
			"aws_az": []string{e.region + "a", e.region + "b", e.region + "c"}, "config": e.config(),
			"connection_id": e.connection, "connection_group_id": nil, "connection_management_status": nil,
			"connection_status": e.status(), "description": nil, "id": e.id, "organizational_unit_id": e.unit,
			"services_enabled": []string{"ebs", "rds", "dynamodb"}, "template_permission_set": "all",
			"template_version": 4,
		},
	}
}

func (s *Sim) connectionEntry(e *environment) entry {
	links := object{"read-organizational-unit": link(pathUnits+"/"+e.unit, "get")}
	if e.connected {
		links["create-policy-rule"] = link(pathRules, "post")
		links["create-protection-group"] = link("/protection-groups", "post")
	}
	return entry{
		unit: e.unit, self: pathConnections + "/" + e.connection, hidden: e.spellings(), links: links,
		record: object{
			"account_name": e.accountName, "account_native_id": e.account, "aws_region": e.region,
			"clumio_aws_account_id": "999900001111", "clumio_aws_region": s.options.Region, "config": e.config(),
			"connection_group_id": nil, "connection_management_status": nil, "connection_status": e.status(),
			"created_timestamp": wireTime(s.born.AddDate(-1, 0, 0)), "description": nil, "discover": nil, "protect": nil,
			"id": e.connection, "ingestion_status": "completed", "target_setup_status": "completed",
			"organizational_unit_id": e.unit, "protect_asset_types_enabled": []string{"EC2/EBS", "RDS", "DynamoDB", "S3"},
			"services_enabled": []string{"discover", "protect"}, "template_permission_set": "all",
		},
	}
}
