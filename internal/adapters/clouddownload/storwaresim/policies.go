package storwaresim

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// policyKinds are the last path segments of NOTES section 11.
var policyKinds = [...]string{"vm-backup", "cloud-backup", "os-backup", "app-backup", "storage-backup", "vm-snapshot"}

// policy is a set of rules with the entities it is assigned to. Names may carry
// a project's prefix (NOTES section 11).
type policy struct {
	guid, kind string
	policySettings
	rules []*rule
}

// policySettings are what the six kinds of requests say of a policy itself. A
// kind that lacks a member leaves it at zero.
type policySettings struct {
	Name                 string
	Priority             int64
	BackupRetryCount     int64
	Active               bool
	AutoRemoveNonPresent bool
	DailyReportEnabled   bool
	MailingList          *named
	ExportThreshold      *float64 `json:"failRemainingBackupTasksExportThreshold"`
	StoreThreshold       *float64 `json:"failRemainingBackupTasksStoreThreshold"`

	DisableCleanOldBackups bool
	VisibleForAllProjects  bool
	QuiesceBeforeSnapshot  bool
	AutoAssignSettings     *autoAssign
}

func (p *policy) rule() *rule {
	if p == nil || len(p.rules) == 0 {
		return nil
	}
	return p.rules[0]
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
	return ref(p.guid, p.Name)
}

// covers tells whether entities of the kind can be in policies of this kind.
func covers(policyKind, entityKind string) bool {
	family, _, _ := strings.Cut(policyKind, "-")
	return strings.HasPrefix(strings.ToLower(entityKind), family)
}

// has tells whether the policy is assigned to the entity. Snapshots have a
// policy of their own besides the one for backups.
func (p *policy) has(e *entity) bool { return e.policy == p || e.snapshots == p }

func (s *Sim) populatePolicies(draws *rand.Rand) {
	for _, kind := range policyKinds {
		for i, name := range []string{"gold", "silver"} {
			p := &policy{guid: newGUID(draws), kind: kind, policySettings: policySettings{
				Name: kind + " " + name, Priority: int64(50 + 10*i), BackupRetryCount: 1, Active: true, VisibleForAllProjects: true,
			}}
			sched := nightly(newGUID(draws), name, kind, i == 1)
			r := &rule{guid: newGUID(draws), name: "Default", policy: p, schedules: []*schedule{sched}, active: true}
			for j, destination := range s.destinations {
				r.targets = append(r.targets, &target{
					guid: newGUID(draws), destination: destination, role: [...]string{"PRIMARY", "SECONDARY"}[j],
					active: true, kept: keptByDefault(),
				})
			}
			p.rules = []*rule{r}
			s.policies = append(s.policies, p)
			s.schedules = append(s.schedules, sched)
		}
	}
}

// policyFor gives an entity one of the policies of its type.
func (s *Sim) policyFor(entityKind string, i int) *policy {
	var fitting []*policy
	for _, p := range s.policies {
		if strings.HasSuffix(p.kind, "-backup") && covers(p.kind, entityKind) {
			fitting = append(fitting, p)
		}
	}
	return fitting[i/len(entityKinds)%len(fitting)]
}

func policyRoutes() []route {
	routes := []route{
		{pattern: "POST /policies/vm-backup/auto-assignment-preview", handle: func(c *call) answer { return c.previewAssignment("vm-backup") }},
		{pattern: "POST /policies/cloud-backup/auto-assignment-preview", handle: func(c *call) answer { return c.previewAssignment("cloud-backup") }},
		{pattern: "POST /policies/vm-backup/list-by-entities", handle: (*call).listPoliciesByEntities},
	}
	for _, kind := range policyKinds {
		path := "/policies/" + kind
		routes = append(routes,
			route{pattern: "GET " + path, handle: func(c *call) answer { return c.listPolicies(kind) }},
			route{pattern: "POST " + path, handle: func(c *call) answer { return c.createPolicy(kind) }},
		)
		if kind == "vm-snapshot" { // the contract has no more of these
			continue
		}
		routes = append(routes,
			route{pattern: "GET " + path + "/{guid}", handle: func(c *call) answer { return c.getPolicy(kind) }},
			route{pattern: "PUT " + path + "/{guid}", handle: func(c *call) answer { return c.updatePolicy(kind) }},
			route{pattern: "DELETE " + path + "/{guid}", handle: func(c *call) answer { return c.deletePolicy(kind) }},
		)
	}
	for _, one := range assignable {
		routes = append(routes, route{
			pattern: "POST /" + one.path + "/assign-backup-policy", handle: func(c *call) answer { return c.assignPolicy(one.kind) },
		})
	}
	return routes
}

func (c *call) listPolicies(kind string) answer {
	p := &params{c: c}
	p.boolean("extended")
	machine, hasMachine := c.sim.entityByGUID[p.one("virtual-machine")], p.one("virtual-machine") != ""
	l := listing[*policy]{
		name: func(p *policy) string { return p.Name },
		columns: map[string]func(a, b *policy) int{
			"guid":     column(func(p *policy) string { return p.guid }),
			"name":     column(func(p *policy) string { return p.Name }),
			"priority": column(func(p *policy) int64 { return p.Priority }),
		},
		build: c.policyListRecord,
	}
	return l.answer(p, c.sim.policies, func(p *policy) bool {
		return p.kind == kind && (!hasMachine || machine != nil && p.has(machine))
	})
}

func (c *call) policyListRecord(p *policy) object {
	destinations, targets, rules := []object{}, []object{}, []object{}
	for _, r := range p.rules {
		rules = append(rules, object{"guid": r.guid, "name": r.name})
		for _, t := range r.targets {
			destinations = append(destinations, object{"guid": t.destination.guid, "name": t.destination.name})
			targets = append(targets, targetRecord(r, t))
		}
	}
	return object{
		"guid": p.guid, "name": p.Name, "priority": p.Priority, "active": p.Active, "ruleCount": len(p.rules),
		"rules": rules, "backupRetryCount": p.BackupRetryCount, "autoAssignMode": p.AutoAssignSettings.mode(),
		"backupDestinations": destinations, "ruleBackupDestinations": targets,
	}
}

func (c *call) pathPolicy(kind string) *policy { return c.sim.policy(kind, c.r.PathValue("guid")) }

// policy finds a policy of a kind; the empty kind is any.
func (s *Sim) policy(kind, guid string) *policy {
	at := slices.IndexFunc(s.policies, func(p *policy) bool { return (kind == "" || p.kind == kind) && p.guid == guid })
	if at < 0 {
		return nil
	}
	return s.policies[at]
}

func (c *call) getPolicy(kind string) answer {
	p := c.pathPolicy(kind)
	if p == nil {
		return notFound("policy")
	}
	return ok(c.policyDetails(p))
}

// policyDetails has the members of every kind; those of one kind only are added.
func (c *call) policyDetails(p *policy) object {
	members, rules := []object{}, []object{}
	for _, e := range c.sim.entities {
		if p.has(e) {
			members = append(members, object{"guid": e.guid, "name": e.name})
		}
	}
	for _, r := range p.rules {
		rules = append(rules, c.ruleRecord(r))
	}
	o := object{
		"guid": p.guid, "name": p.Name, "active": p.Active, "priority": p.Priority, "rules": rules,
		"backupRetryCount": p.BackupRetryCount, "dailyReportEnabled": p.DailyReportEnabled,
		"disableCleanOldBackups": p.DisableCleanOldBackups, "autoAssignSettings": p.AutoAssignSettings.record(),
		"mailingList": nil, "failRemainingBackupTasksExportThreshold": nil, "failRemainingBackupTasksStoreThreshold": nil,
	}
	if p.MailingList != nil {
		o["mailingList"] = ref(p.MailingList.GUID, p.MailingList.Name)
	}
	if p.ExportThreshold != nil {
		o["failRemainingBackupTasksExportThreshold"] = *p.ExportThreshold
	}
	if p.StoreThreshold != nil {
		o["failRemainingBackupTasksStoreThreshold"] = *p.StoreThreshold
	}
	switch p.kind {
	case "vm-backup":
		o["vms"], o["autoRemoveNonPresent"], o["averageBackupSize"] = members, p.AutoRemoveNonPresent, 0
		o["visibleForAllProjects"], o["quiesceBeforeSnapshot"] = p.VisibleForAllProjects, p.QuiesceBeforeSnapshot
	case "app-backup":
		o["apps"] = members
		delete(o, "autoAssignSettings")
	}
	return o
}
