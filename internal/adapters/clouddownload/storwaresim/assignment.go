package storwaresim

import "slices"

// assignable are the lists of entities whose policy can be set, with the types
// of the entities in them.
var assignable = [...]struct{ path, kind string }{
	{"cloud-users", "CLOUD_USER"}, {"cloud-groups", "CLOUD_GROUP"}, {"cloud-sites", "CLOUD_SITE"}, {"os-agents", "OS_AGENT"},
}

func (s *Sim) assign(p *policy, e *entity) {
	if p.kind == "vm-snapshot" {
		e.snapshots = p
	} else { // one backup policy for each entity (NOTES section 11)
		e.policy = p
	}
}

func (s *Sim) unassign(p *policy, e *entity) {
	if e.policy == p {
		e.policy = nil
	}
	if e.snapshots == p {
		e.snapshots = nil
	}
}

// assignExactly makes the members the only entities of the kinds in the policy.
func (s *Sim) assignExactly(p *policy, kinds []string, members []named) {
	for _, e := range s.entities {
		switch {
		case !slices.Contains(kinds, e.kind):
		case slices.ContainsFunc(members, func(one named) bool { return one.GUID == e.guid }):
			s.assign(p, e)
		default:
			s.unassign(p, e)
		}
	}
}

func (s *Sim) autoAssign(p *policy) {
	for _, e := range s.entities {
		switch {
		case !covers(p.kind, e.kind):
		case p.AutoAssignSettings.takes(e):
			s.assign(p, e)
		case p.AutoAssignSettings.mode() == "ASSIGN_AND_REMOVE":
			s.unassign(p, e)
		}
	}
}

// assignPolicy sets the policy of entities; null takes it away (NOTES section 11).
func (c *call) assignPolicy(kind string) answer {
	var request struct {
		BackupPolicy      *named
		ProtectedEntities []named
	}
	if a, good := c.body(&request); !good {
		return a
	}
	var assigned *policy
	if request.BackupPolicy != nil {
		if assigned = c.sim.policy("", request.BackupPolicy.GUID); assigned == nil {
			return notFound("policy")
		}
		if !covers(assigned.kind, kind) {
			return badRequest("policy is for entities of another type")
		}
	}
	for _, one := range request.ProtectedEntities {
		e := c.sim.entityByGUID[one.GUID]
		if e.kindOf() != kind && (kind != "CLOUD_GROUP" || e.kindOf() != "CLOUD_TEAMS") {
			return notFound("protected entity")
		}
	}
	for _, one := range request.ProtectedEntities {
		c.sim.entityByGUID[one.GUID].policy = assigned
	}
	return c.created(nil)
}

// previewAssignment shows what a policy with these settings would find. The
// members of the answer are not documented: an array for machines, one object
// for the cloud.
func (c *call) previewAssignment(kind string) answer {
	var request policyRequest
	if a, good := c.body(&request); !good {
		return a
	}
	if request.AutoAssignSettings == nil {
		return badRequest("autoAssignSettings is required")
	}
	if problem := request.AutoAssignSettings.refusal(); problem != "" {
		return badRequest(problem)
	}
	found := []object{}
	for _, e := range c.sim.entities {
		if covers(kind, e.kind) && request.AutoAssignSettings.takes(e) {
			found = append(found, object{"guid": e.guid, "name": e.name, "type": enum(e.kind)})
		}
	}
	if kind == "cloud-backup" {
		return c.created(object{"protectedEntities": found})
	}
	return c.created(found)
}

// listPoliciesByEntities is a list through POST (NOTES section 14).
func (c *call) listPoliciesByEntities() answer {
	var request struct{ ProtectedEntities []named }
	if a, good := c.body(&request); !good {
		return a
	}
	out := []object{}
	for _, p := range c.sim.policies {
		if p.kind == "vm-backup" && slices.ContainsFunc(request.ProtectedEntities, func(one named) bool {
			e := c.sim.entityByGUID[one.GUID]
			return e != nil && e.policy == p
		}) {
			out = append(out, c.policyDetails(p))
		}
	}
	return c.created(out)
}
