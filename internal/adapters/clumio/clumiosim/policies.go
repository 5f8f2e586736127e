package clumiosim

import "time"

// policy is a policy definition. Timestamps are unix seconds, unlike anywhere
// else (NOTES section 7).
type policy struct {
	id, name, activation, lock, unit string
	created, updated                 int64
	timezone                         any
	operations                       []object
	task                             *task // the last one that changed it
	taskLock                         string
}

func (s *Sim) buildPolicies() {
	draws := s.kit.Rand("policies")
	made := s.born.AddDate(-1, 0, 0).Unix()
	add := func(name, activation, lock, unit string, operations ...object) {
		s.policies = append(s.policies, &policy{
			id: uuid(draws), name: name, activation: activation, lock: lock, unit: unit, created: made, updated: made + 60,
			operations: operations,
		})
	}
	next := s.born.Unix() + 3600
	add("Gold", "activated", "unlocked", globalUnit,
		operation("aws_ebs_volume_backup", next, sla("days", 30, "days", 1, nil), sla("years", 1, "months", 1, nil)),
		operation("aws_ec2_instance_backup", next, sla("days", 30, "hours", 12, nil)),
		operation("aws_dynamodb_table_backup", next, sla("days", 14, "hours", 6, nil)))
	add("Silver", "activated", "unlocked", globalUnit,
		operation("aws_rds_resource_rolling_backup", next, sla("weeks", 4, "days", 1, nil)),
		operation("protection_group_backup", next, sla("months", 3, "weeks", 1, []int{1, 4})))
	add("Bronze", "activated", "updating", globalUnit,
		operation("aws_dynamodb_table_snapshot", next, sla("days", 7, "on_demand", 0, nil)))
	add("Retired", "deactivated", "deleting", globalUnit,
		operation("aws_ebs_volume_snapshot", next, sla("days", 7, "days", 1, nil)))
	add("Retail daily", "activated", "unlocked", unitRetail,
		operation("ec2_mssql_database_backup", next, sla("days", 21, "days", 1, nil)))
}

func sla(keepUnit string, keep int, everyUnit string, every int, offsets any) object {
	frequency := object{"unit": everyUnit, "value": every, "offsets": offsets}
	if everyUnit == "on_demand" {
		frequency["value"] = nil
	}
	return object{"retention_duration": object{"unit": keepUnit, "value": keep}, "rpo_frequency": frequency}
}

func operation(kind string, next int64, slas ...object) object {
	return object{
		"type": kind, "action_setting": "window", "advanced_settings": nil, "backup_aws_region": nil,
		"backup_window": nil, "backup_window_tz": object{"start_time": "01:00", "end_time": "05:00"},
		"next_start_time": next, "previous_start_time": next - 86_400, "slas": slas, "timezone": "America/New_York",
	}
}

func policyEmbeds() []string {
	return []string{
		"read-policy-aws-ebs-volumes-protection-stats", "read-policy-aws-ec2-instances-protection-stats",
		"read-policy-aws-rds-volumes-protection-stats", "read-policy-aws-dynamodb-tables-protection-stats",
		"read-policy-aws-iceberg-tables-protection-stats", "read-policy-backup-status-stats",
	}
}

func policyFilters() filterRules {
	return filterRules{
		"name": {"eq begins_with", textValue}, "operations.type": {"in", textValue},
		"activation_status": {"eq", textValue},
	}
}

// listPolicies serves the one list that takes neither limit nor start (NOTES
// section 3).
func (s *Sim) listPolicies(c *call) (answer, error) {
	raw := c.query.Get("filter")
	conditions, err := parseFilter(raw, policyFilters())
	if err != nil {
		return answer{}, err
	}
	found := []object{}
	for _, p := range s.policies {
		if c.sees(p.unit) && allHold(conditions, p.field) {
			found = append(found, s.showPolicy(p, c.now))
		}
	}
	var items any = found
	if len(found) == 0 && s.kit.Scenario.NullMembers {
		items = nil
	}
	return ok(object{
		"_embedded": object{"items": items},
		"_links": object{
			"_self": c.pageLink(""), "_first": c.pageLink(""), "_next": nil,
			"create-policy-definition": link(pathPolicies, "post"),
		},
		"current_count": len(found), "filter_applied": echo(raw, nil), "limit": 1000, "start": "",
	})
}

func (p *policy) field(name string) []string {
	switch name {
	case "name":
		return []string{p.name}
	case "activation_status":
		return []string{p.activation}
	}
	kinds := make([]string, 0, len(p.operations))
	for _, operation := range p.operations {
		kind, _ := operation["type"].(string)
		kinds = append(kinds, kind)
	}
	return kinds
}

func (s *Sim) readPolicy(c *call) (answer, error) {
	p := s.policyByID(c, c.params["policy_id"])
	if p == nil {
		return answer{}, notFound()
	}
	record := s.showPolicy(p, c.now)
	if c.embed != "" {
		record["_embedded"] = object{c.embed: s.stats(c.embed, func(a *asset) bool { return a.policy == p })}
	}
	return ok(record)
}

// showPolicy offers links only for what is possible now: a locked policy can
// not be edited (NOTES sections 4 and 8).
func (s *Sim) showPolicy(p *policy, now time.Time) object {
	lock := p.lockedAs(now)
	self := pathPolicies + "/" + p.id
	links := object{"_self": link(self, "get")}
	if lock == "unlocked" {
		links["update-policy-definition"] = link(self, "put")
		links["delete-policy-definition"] = link(self, "delete")
	}
	return object{
		"_embedded": nil, "_links": links, "activation_status": p.activation, "created_time": p.created,
		"id": p.id, "lock_status": lock, "name": p.name, "operations": p.operations,
		"organizational_unit_id": p.unit, "timezone": p.timezone, "updated_time": p.updated,
	}
}
