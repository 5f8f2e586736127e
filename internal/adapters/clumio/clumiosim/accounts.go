package clumiosim

// environmentEmbeds are documented; the figures behind them are not simulated.
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

// field answers for an environment and for its connection. The documents spell
// states and services in two ways (NOTES section 4): both match.
func (e *environment) field(name string) []string {
	switch name {
	case "account_native_id":
		return []string{e.account}
	case "aws_region":
		return []string{e.region}
	case "account_alias":
		return []string{e.accountName}
	case "connection_type":
		return []string{"cloud_formation"}
	case "organizational_unit_id":
		return []string{e.unit}
	case "connection_status":
		if e.connected {
			return []string{"connected", "installed"}
		}
		return []string{"unlinked"}
	case "services_enabled":
		return []string{"ebs", "EBS", "rds", "RDS", "dynamodb", "DynamoDB", "protect", "discover"}
	}
	return nil
}

// filteredEnvironments gives the environments behind both T lists.
func (s *Sim) filteredEnvironments(c *call, rules filterRules) ([]*environment, any, error) {
	raw := c.query.Get("filter")
	conditions, err := parseFilter(raw, rules)
	if err != nil {
		return nil, nil, err
	}
	var found []*environment
	for _, e := range s.environments {
		if c.sees(e.unit) && allHold(conditions, e.field) {
			found = append(found, e)
		}
	}
	return found, echo(raw, nil), nil
}

func (s *Sim) listEnvironments(c *call) (answer, error) {
	found, _, err := s.filteredEnvironments(c, environmentFilters())
	if err != nil {
		return answer{}, err
	}
	return s.tokened(c, list{total: len(found), item: func(i int) object { return s.showEnvironment(found[i]) }})
}

func (s *Sim) readEnvironment(c *call) (answer, error) {
	e := s.environmentByID(c, c.params["environment_id"])
	if e == nil {
		return answer{}, notFound()
	}
	return ok(s.showEnvironment(e))
}

func (s *Sim) listConnections(c *call) (answer, error) {
	found, applied, err := s.filteredEnvironments(c, connectionFilters())
	if err != nil {
		return answer{}, err
	}
	return s.tokened(c, list{
		total: len(found), applied: applied, item: func(i int) object { return s.showConnection(found[i]) },
	})
}

func (e *environment) config() object {
	version := object{"installed_template_version": "4.2"}
	return object{
		"asset_types_enabled": []string{"ebs", "rds", "dynamodb", "s3"}, "installed_template_version": "4.2",
		"ebs": version, "rds": version, "dynamodb": version, "s3": version, "ec2_mssql": nil,
	}
}

func (s *Sim) showEnvironment(e *environment) object {
	status := "connected"
	if !e.connected {
		status = "unlinked"
	}
	return object{
		"_links": object{
			"_self":                    link(pathEnvironments+"/"+e.id, "get"),
			"read-organizational-unit": link("/organizational-units/"+e.unit, "get"),
		},
		"account_name": e.accountName, "account_native_id": e.account, "aws_region": e.region,
		"aws_az": []string{e.region + "a", e.region + "b", e.region + "c"}, "config": e.config(),
		"connection_id": e.connection, "connection_group_id": nil, "connection_management_status": nil,
		"connection_status": status, "description": nil, "id": e.id, "organizational_unit_id": e.unit,
		"services_enabled": []string{"ebs", "rds", "dynamodb"}, "template_permission_set": "all",
		"template_version": 4,
	}
}

func (s *Sim) showConnection(e *environment) object {
	status := "connected"
	if !e.connected {
		status = "unlinked"
	}
	return object{
		"_links": object{
			"_self":                    link(pathConnections+"/"+e.connection, "get"),
			"read-organizational-unit": link("/organizational-units/"+e.unit, "get"),
		},
		"account_name": e.accountName, "account_native_id": e.account, "aws_region": e.region,
		"clumio_aws_account_id": "999900001111", "clumio_aws_region": s.options.Region, "config": e.config(),
		"connection_group_id": nil, "connection_management_status": nil, "connection_status": status,
		"created_timestamp": wireTime(s.born.AddDate(-1, 0, 0)), "description": nil, "discover": nil, "protect": nil,
		"id": e.connection, "ingestion_status": "completed", "target_setup_status": "completed",
		"organizational_unit_id": e.unit, "protect_asset_types_enabled": []string{"EC2/EBS", "RDS", "DynamoDB", "S3"},
		"services_enabled": []string{"discover", "protect"}, "template_permission_set": "all",
	}
}
