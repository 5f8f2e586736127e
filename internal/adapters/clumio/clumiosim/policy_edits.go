package clumiosim

import (
	"maps"
	"slices"
	"time"
)

// The life of a policy: it is locked while the task that changes it runs, and
// edits are refused until then (NOTES section 8).

func policyBody() shape {
	retention := group(map[string]shape{"unit": need(text()), "value": need(whole())})
	frequency := group(map[string]shape{"unit": need(text()), "value": whole(), "offsets": listOf(whole())})
	window := group(map[string]shape{"start_time": text(), "end_time": text()})
	return group(map[string]shape{
		"name": need(text()), "activation_status": text("activated", "deactivated"),
		"organizational_unit_id": text(), "timezone": text(),
		"operations": need(listOf(group(map[string]shape{
			// The known types are no closed list (NOTES section 8).
			"type": need(text()), "action_setting": need(text("immediate", "window")), "timezone": text(),
			"backup_aws_region": text(), "backup_window": window, "backup_window_tz": window,
			"advanced_settings": group(nil),
			"slas": need(listOf(group(map[string]shape{
				"retention_duration": need(retention), "rpo_frequency": need(frequency),
			}))),
		}))),
	})
}

// lockedAs is the lock that a running task holds; a policy that the estate was
// made with may be locked for good.
func (p *policy) lockedAs(now time.Time) string {
	if p.task == nil {
		return p.lock
	}
	if p.task.at(now).ended() {
		return "unlocked"
	}
	return p.taskLock
}

func (s *Sim) policyByID(c *call, id string) *policy {
	for _, p := range s.policies {
		if p.id == id && c.sees(p.unit) {
			return p
		}
	}
	return nil
}

// editable finds the policy of the path if it may be edited now.
func (s *Sim) editable(c *call) (*policy, error) {
	p := s.policyByID(c, c.params["policy_id"])
	switch {
	case p == nil:
		return nil, notFound()
	case p.lockedAs(c.now) != "unlocked":
		return nil, conflict("The policy is locked.")
	}
	c.subject = p.entity()
	return p, nil
}

func (p *policy) entity() entity { return entity{p.id, "policy", p.name} }

// define reads a definition from a body.
func define(c *call, p *policy) {
	p.name, p.activation, p.updated = textAt(c.body, "name"), "activated", c.now.Unix()
	if status := textAt(c.body, "activation_status"); status != "" {
		p.activation = status
	}
	p.timezone = textOrNil(textAt(c.body, "timezone"))
	p.operations = nil
	for _, asked := range listAt(c.body, "operations") {
		o := object{"next_start_time": c.now.Unix() + 3600, "previous_start_time": nil}
		for _, name := range []string{
			"type", "action_setting", "advanced_settings", "backup_aws_region", "backup_window", "backup_window_tz",
			"slas", "timezone",
		} {
			o[name] = asked[name]
		}
		p.operations = append(p.operations, o)
	}
}

func (s *Sim) createPolicy(c *call) (answer, error) {
	unit := textAt(c.body, "organizational_unit_id")
	if unit == "" {
		unit = c.unit
	}
	if unit == "" {
		unit = globalUnit
	}
	if !slices.Contains(units(), unit) || !c.sees(unit) {
		return answer{}, notFound()
	}
	p := &policy{id: s.newID(), lock: "unlocked", unit: unit, created: c.now.Unix()}
	define(c, p)
	s.policies = append(s.policies, p)
	c.subject = p.entity()
	return ok(s.showPolicy(p, c.now))
}

// updatePolicy replaces the definition. The answer shows the new one, reading
// it the old one until the task has completed (inferred).
func (s *Sim) updatePolicy(c *call) (answer, error) {
	p, err := s.editable(c)
	if err != nil {
		return answer{}, err
	}
	next := *p
	define(c, &next)
	p.taskLock = "updating"
	p.task = s.startTask(c.now, &task{
		kind: "policy_update", category: "management", genre: "administrative", unit: p.unit, primary: p.entity(),
		done: func(time.Time) {
			p.name, p.activation, p.operations = next.name, next.activation, next.operations
			p.timezone, p.updated = next.timezone, next.updated
		},
	})
	next.task, next.taskLock = p.task, p.taskLock
	body := s.showPolicy(&next, c.now)
	body["task_id"] = p.task.id
	body["_links"] = object{
		"_self": link(pathPolicies+"/"+p.id, "put"), "read-task": link(pathTasks+"/"+p.task.id, "get"),
	}
	return accepted(body)
}

// deletePolicy leaves the assets that it protected without protection.
func (s *Sim) deletePolicy(c *call) (answer, error) {
	p, err := s.editable(c)
	if err != nil {
		return answer{}, err
	}
	p.taskLock = "deleting"
	p.task = s.startTask(c.now, &task{
		kind: "policy_delete", category: "management", genre: "administrative", unit: p.unit, primary: p.entity(),
		done: func(time.Time) {
			s.policies = slices.DeleteFunc(s.policies, func(other *policy) bool { return other == p })
			for _, a := range s.assetByID {
				if a.policy == p {
					a.policy = nil
				}
			}
		},
	})
	return s.taskAnswer(c, pathPolicies+"/"+p.id, p.task, nil)
}

// maxAssignments is the documented most of one call (NOTES section 8).
const maxAssignments = 100

func assignmentBody() shape {
	return group(map[string]shape{"items": need(filled(atMost(listOf(group(map[string]shape{
		"action": need(text("assign", "unassign")), "policy_id": text(),
		"entity": need(group(map[string]shape{
			"id": need(text()), "type": need(text(slices.Sorted(maps.Keys(assignable()))...)),
		})),
	})), maxAssignments)))})
}

// assignable gives the asset list of each entity type that a policy may be
// assigned to.
func assignable() map[string]string {
	return map[string]string{
		"aws_ebs_volume": pathVolumes, "aws_ec2_instance": pathInstances, "aws_rds_cluster": pathResources,
		"aws_rds_instance": pathResources, "aws_dynamodb_table": pathTables, "protection_group": pathGroups,
		"aws_iceberg_glue_table": pathIceberg, "aws_iceberg_s3_table": pathIceberg,
	}
}

// assign changes the policies of up to a hundred assets in one task, all or
// none.
func (s *Sim) assign(c *call) (answer, error) {
	type change struct {
		asset  *asset
		policy *policy
	}
	var changes []change
	for _, item := range listAt(c.body, "items") {
		a := s.assetAt(c, assignable()[textAt(item, "entity", "type")], textAt(item, "entity", "id"))
		if a == nil || a.deleted {
			return answer{}, notFound()
		}
		id, unassign := textAt(item, "policy_id"), textAt(item, "action") == "unassign"
		p := s.policyByID(c, id)
		switch {
		case unassign && id != "":
			return answer{}, badRequest("policy_id can not be given to unassign")
		case !unassign && p == nil:
			return answer{}, notFound()
		case !unassign && a.unsupported:
			return answer{}, badRequest("the asset %s is not supported", a.id)
		case !unassign && p.lockedAs(c.now) == "deleting":
			return answer{}, conflict("The policy is being deleted.")
		}
		changes = append(changes, change{a, p})
	}
	t := s.startTask(c.now, &task{
		kind: "policy_assignment", category: "management", genre: "administrative",
		unit: changes[0].asset.unit, primary: entityOf(changes[0].asset),
		done: func(time.Time) {
			for _, change := range changes {
				change.asset.policy = change.policy
				for _, member := range s.assets[pathS3Assets] {
					if member.group == change.asset { // protected through its group
						member.policy = change.policy
					}
				}
			}
		},
	})
	return s.taskAnswer(c, "/policies/assignments", t, nil)
}
