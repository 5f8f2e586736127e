package storwaresim

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// policyKinds are the last path segments of NOTES section 11.
var policyKinds = [...]string{"vm-backup", "cloud-backup", "os-backup", "app-backup", "storage-backup", "vm-snapshot"}

var scheduleTypes = []string{
	"APP_BACKUP", "CLOUD_BACKUP", "OS_BACKUP", "STORAGE_BACKUP", "STORAGE_SNAPSHOT", "VM_BACKUP", "VM_RESTORE", "VM_SNAPSHOT",
}

// policy has one rule. Names may carry a project's prefix (NOTES section 11).
type policy struct {
	guid, name, kind string
	priority         int
	only             *rule
}

type rule struct {
	guid, name string
	policy     *policy
	schedule   *schedule
	targets    []*target
}

// target is a destination of a rule with its own retention.
type target struct {
	guid        string
	destination *place
	role        string
}

type schedule struct {
	guid, name, kind string
	policy           *policy
	interval         bool
}

func (p *policy) rule() *rule {
	if p == nil {
		return nil
	}
	return p.only
}

func (p *policy) guidOf() string {
	if p == nil {
		return ""
	}
	return p.guid
}

func (p *policy) ref() any {
	if p == nil {
		return nil
	}
	return ref(p.guid, p.name)
}

func (r *rule) guidOf() string {
	if r == nil {
		return ""
	}
	return r.guid
}

func (r *rule) ref() any {
	if r == nil {
		return nil
	}
	return ref(r.guid, r.name)
}

func (s *Sim) populatePolicies(draws *rand.Rand) {
	for _, kind := range policyKinds {
		for i, name := range []string{"gold", "silver"} {
			p := &policy{guid: newGUID(draws), name: kind + " " + name, kind: kind, priority: 50 + 10*i}
			sched := &schedule{
				guid: newGUID(draws), name: name + " nightly", policy: p, interval: i == 1,
				kind: strings.ToUpper(strings.ReplaceAll(kind, "-", "_")),
			}
			p.only = &rule{guid: newGUID(draws), name: "Default", policy: p, schedule: sched}
			for j, destination := range s.destinations {
				p.only.targets = append(p.only.targets, &target{
					guid: newGUID(draws), destination: destination, role: [...]string{"PRIMARY", "SECONDARY"}[j],
				})
			}
			s.policies = append(s.policies, p)
			s.schedules = append(s.schedules, sched)
		}
	}
}

// policyFor gives an entity one of the policies of its type.
func (s *Sim) policyFor(entityKind string, i int) *policy {
	family, _, _ := strings.Cut(strings.ToLower(entityKind), "_")
	var fitting []*policy
	for _, p := range s.policies {
		if p.kind == family+"-backup" {
			fitting = append(fitting, p)
		}
	}
	return fitting[i/len(entityKinds)%len(fitting)]
}

func policyRoutes() []route {
	routes := []route{
		{pattern: "GET /schedules", handle: (*call).listSchedules},
		{pattern: "GET /schedules/{guid}", handle: (*call).getSchedule},
	}
	for _, kind := range policyKinds {
		routes = append(routes, route{pattern: "GET /policies/" + kind, handle: func(c *call) answer { return c.listPolicies(kind) }})
		if kind == "vm-snapshot" { // the contract has no more of these
			continue
		}
		routes = append(routes,
			route{pattern: "GET /policies/" + kind + "/{guid}", handle: func(c *call) answer { return c.getPolicy(kind) }},
			route{pattern: "GET /rules/" + kind, handle: func(c *call) answer { return c.listRules(kind) }},
			route{pattern: "GET /rules/" + kind + "/{guid}", handle: func(c *call) answer { return c.getRule(kind) }},
		)
	}
	for _, kind := range []string{"cloud-users", "cloud-groups", "cloud-sites", "os-agents"} {
		routes = append(routes, route{pattern: "POST /" + kind + "/assign-backup-policy", handle: (*call).assignPolicy})
	}
	return routes
}

func (c *call) listPolicies(kind string) answer {
	p := &params{c: c}
	p.boolean("extended")
	machine, hasMachine := c.sim.entityByGUID[p.one("virtual-machine")], p.one("virtual-machine") != ""
	l := listing[*policy]{
		name: func(p *policy) string { return p.name },
		columns: map[string]func(a, b *policy) int{
			"guid":     column(func(p *policy) string { return p.guid }),
			"name":     column(func(p *policy) string { return p.name }),
			"priority": column(func(p *policy) int { return p.priority }),
		},
		build: c.policyListRecord,
	}
	return l.answer(p, c.sim.policies, func(p *policy) bool {
		return p.kind == kind && (!hasMachine || machine != nil && machine.policy == p)
	})
}

func (c *call) policyListRecord(p *policy) object {
	var destinations, targets []object
	for _, t := range p.only.targets {
		destinations = append(destinations, object{"guid": t.destination.guid, "name": t.destination.name})
		targets = append(targets, targetRecord(p.only, t))
	}
	return object{
		"guid": p.guid, "name": p.name, "priority": p.priority, "active": true, "ruleCount": 1,
		"rules": []object{{"guid": p.only.guid, "name": p.only.name}}, "backupRetryCount": 1, "autoAssignMode": enum("DISABLED"),
		"backupDestinations": destinations, "ruleBackupDestinations": targets,
	}
}

func targetRecord(r *rule, t *target) object {
	month := (30 * 24 * time.Hour).Milliseconds()
	return object{
		"guid": t.guid, "rule": r.ref(), "roleType": enum(t.role), "active": true, "daysToKeepRetentionLock": 0,
		"backupDestination": typedRef(t.destination.kind, t.destination.guid, t.destination.name),
		"backupRetentionSettings": object{
			"retentionKeepLastNFull": 4, "retentionKeepFullNewerThan": month, "retentionKeepLastNIncremental": 30,
			"retentionKeepIncrementalNewerThan": month, "keepLastBackupWhenSourceStillExists": false,
		},
	}
}

func (c *call) getPolicy(kind string) answer {
	at := slices.IndexFunc(c.sim.policies, func(p *policy) bool { return p.kind == kind && p.guid == c.r.PathValue("guid") })
	if at < 0 {
		return notFound("policy")
	}
	return ok(c.policyDetails(c.sim.policies[at]))
}

// policyDetails has the members of every kind; those of one kind only are added.
func (c *call) policyDetails(p *policy) object {
	members := []object{}
	for _, e := range c.sim.entities {
		if e.policy == p {
			members = append(members, object{"guid": e.guid, "name": e.name})
		}
	}
	o := object{
		"guid": p.guid, "name": p.name, "active": true, "priority": p.priority, "rules": []object{c.ruleRecord(p.only)},
		"backupRetryCount": 1, "dailyReportEnabled": false, "mailingList": nil, "disableCleanOldBackups": false,
		"autoAssignSettings": object{"mode": enum("DISABLED")},
	}
	switch p.kind {
	case "vm-backup":
		o["vms"], o["autoRemoveNonPresent"], o["averageBackupSize"] = members, false, 0
		o["visibleForAllProjects"], o["quiesceBeforeSnapshot"] = true, false
	case "app-backup":
		o["apps"] = members
		delete(o, "autoAssignSettings")
	}
	return o
}

func (c *call) ruleRecord(r *rule) object {
	count := 0
	for _, e := range c.sim.entities {
		if e.policy == r.policy {
			count++
		}
	}
	return object{
		"guid": r.guid, "name": r.name, "policy": r.policy.ref(), "vmCount": count, "schedulesCount": 1, "position": 0,
		"schedules": []object{{"guid": r.schedule.guid, "name": r.schedule.name}}, "active": true, "removable": true,
		"daysToKeepRetentionLock": 0,
	}
}

func (c *call) ruleDetails(r *rule) object {
	o := c.ruleRecord(r)
	targets := []object{}
	for _, t := range r.targets {
		targets = append(targets, targetRecord(r, t))
	}
	o["ruleBackupDestinations"], o["markedForDeletion"] = targets, false
	return o
}

func (c *call) rules(kind string) []*rule {
	var out []*rule
	for _, p := range c.sim.policies {
		if p.kind == kind {
			out = append(out, p.only)
		}
	}
	return out
}

func (c *call) listRules(kind string) answer {
	p := &params{c: c}
	policyGUID := p.one("policy")
	l := listing[*rule]{
		name: func(r *rule) string { return r.name },
		columns: map[string]func(a, b *rule) int{
			"guid": column(func(r *rule) string { return r.guid }),
			"name": column(func(r *rule) string { return r.name }),
		},
		build: c.ruleDetails,
	}
	return l.answer(p, c.rules(kind), func(r *rule) bool { return policyGUID == "" || r.policy.guid == policyGUID })
}

func (c *call) getRule(kind string) answer {
	for _, r := range c.rules(kind) {
		if r.guid == c.r.PathValue("guid") {
			return ok(c.ruleDetails(r))
		}
	}
	return notFound("rule")
}

// assignPolicy sets the policy of entities; null takes it away (NOTES section 11).
func (c *call) assignPolicy() answer {
	var request struct {
		BackupPolicy      *named
		ProtectedEntities []named
	}
	if a, good := c.body(&request); !good {
		return a
	}
	var assigned *policy
	if request.BackupPolicy != nil {
		at := slices.IndexFunc(c.sim.policies, func(p *policy) bool { return p.guid == request.BackupPolicy.GUID })
		if at < 0 {
			return notFound("policy")
		}
		assigned = c.sim.policies[at]
	}
	for _, one := range request.ProtectedEntities {
		if c.sim.entityByGUID[one.GUID] == nil {
			return notFound("protected entity")
		}
	}
	for _, one := range request.ProtectedEntities {
		c.sim.entityByGUID[one.GUID].policy = assigned
	}
	return c.created(nil)
}

func (c *call) listSchedules() answer {
	p := &params{c: c}
	kind := p.constant("type", scheduleTypes...)
	rules := p.all("rules")
	e, hasEntity := c.sim.entityByGUID[p.one("protected-entity")], p.one("protected-entity") != ""
	l := listing[*schedule]{
		name: func(s *schedule) string { return s.name },
		columns: map[string]func(a, b *schedule) int{
			"guid": column(func(s *schedule) string { return s.guid }),
			"name": column(func(s *schedule) string { return s.name }),
			"type": column(func(s *schedule) string { return s.kind }),
		},
		build: scheduleRecord,
	}
	return l.answer(p, c.sim.schedules, func(s *schedule) bool {
		return (kind == "" || s.kind == kind) && (rules == nil || slices.Contains(rules, s.policy.only.guid)) &&
			(!hasEntity || e != nil && e.policy == s.policy)
	})
}

// scheduleRecord: hours are milliseconds since 00:00 UTC (NOTES section 4).
func scheduleRecord(s *schedule) object {
	hour := func(n time.Duration) int64 { return (n * time.Hour).Milliseconds() }
	o := object{
		"guid": s.guid, "name": s.name, "active": true, "type": enum(s.kind), "backupType": enum("FULL"),
		"startWindowLength": hour(6), "daysOfWeek": []enum{"MONDAY", "THURSDAY"}, "months": []enum{"JANUARY", "JULY"},
		"dayOfWeekOccurrences": []enum{"FIRST_IN_MONTH"}, "rules": []object{{"guid": s.policy.only.guid, "name": s.policy.only.name}},
		"policies": []object{{"guid": s.policy.guid, "name": s.policy.name}}, "hour": nil, "interval": nil,
	}
	if s.interval {
		o["executionType"] = enum("INTERVAL")
		o["interval"] = object{"startHour": hour(8), "endHour": hour(20), "frequency": hour(2)}
	} else {
		o["executionType"], o["hour"] = enum("TIME"), hour(22)
	}
	return o
}

func (c *call) getSchedule() answer {
	for _, s := range c.sim.schedules {
		if s.guid == c.r.PathValue("guid") {
			return ok(scheduleRecord(s))
		}
	}
	return notFound("schedule")
}
