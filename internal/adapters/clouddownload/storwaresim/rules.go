package storwaresim

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// rule says when a policy makes backups and where they go.
type rule struct {
	guid, name string
	policy     *policy
	schedules  []*schedule
	targets    []*target
	position   int64
	active     bool
}

// target is a destination of a rule with its own retention.
type target struct {
	guid        string
	destination *place
	role        string
	active      bool
	lockDays    int64
	kept        retention
}

// retention tells for how long backups are kept. "Newer than" values are
// milliseconds (NOTES section 4).
type retention struct {
	LastFull             int64 `json:"retentionKeepLastNFull"`
	FullNewerThan        int64 `json:"retentionKeepFullNewerThan"`
	LastIncremental      int64 `json:"retentionKeepLastNIncremental"`
	IncrementalNewerThan int64 `json:"retentionKeepIncrementalNewerThan"`
	KeepLast             bool  `json:"keepLastBackupWhenSourceStillExists"`
}

func keptByDefault() retention {
	month := (30 * 24 * time.Hour).Milliseconds()
	return retention{LastFull: 4, FullNewerThan: month, LastIncremental: 30, IncrementalNewerThan: month}
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

// schedule is the one that the rule's backups are said to come from.
func (r *rule) schedule() *schedule {
	if r == nil || len(r.schedules) == 0 {
		return nil
	}
	return r.schedules[0]
}

func ruleRoutes() []route {
	var routes []route
	for _, kind := range policyKinds {
		if kind == "vm-snapshot" { // its rules are inside of its requests only
			continue
		}
		path := "/rules/" + kind
		routes = append(routes,
			route{pattern: "GET " + path, handle: func(c *call) answer { return c.listRules(kind) }},
			route{pattern: "POST " + path, handle: func(c *call) answer { return c.createRule(kind) }},
			route{pattern: "GET " + path + "/{guid}", handle: func(c *call) answer { return c.getRule(kind) }},
			route{pattern: "PUT " + path + "/{guid}", handle: func(c *call) answer { return c.updateRule(kind) }},
			route{pattern: "DELETE " + path + "/{guid}", handle: func(c *call) answer { return c.deleteRule(kind) }},
		)
	}
	return routes
}

func targetRecord(r *rule, t *target) object {
	return object{
		"guid": t.guid, "rule": r.ref(), "roleType": enum(t.role), "active": t.active, "daysToKeepRetentionLock": t.lockDays,
		"backupDestination": typedRef(t.destination.kind, t.destination.guid, t.destination.name),
		"backupRetentionSettings": object{
			"retentionKeepLastNFull": t.kept.LastFull, "retentionKeepFullNewerThan": t.kept.FullNewerThan,
			"retentionKeepLastNIncremental": t.kept.LastIncremental, "retentionKeepIncrementalNewerThan": t.kept.IncrementalNewerThan,
			"keepLastBackupWhenSourceStillExists": t.kept.KeepLast,
		},
	}
}

func (c *call) ruleRecord(r *rule) object {
	count, lock := 0, int64(0)
	for _, e := range c.sim.entities {
		if r.policy.has(e) {
			count++
		}
	}
	schedules := []object{}
	for _, s := range r.schedules {
		schedules = append(schedules, object{"guid": s.guid, "name": s.Name})
	}
	for _, t := range r.targets {
		lock = max(lock, t.lockDays)
	}
	return object{
		"guid": r.guid, "name": r.name, "policy": r.policy.ref(), "vmCount": count, "schedulesCount": len(schedules),
		"position": r.position, "schedules": schedules, "active": r.active, "removable": true, "daysToKeepRetentionLock": lock,
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

// rules of the policies of a kind; the empty kind is any.
func (s *Sim) rules(kind string) []*rule {
	var out []*rule
	for _, p := range s.policies {
		if kind == "" || p.kind == kind {
			out = append(out, p.rules...)
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
			"guid":     column(func(r *rule) string { return r.guid }),
			"name":     column(func(r *rule) string { return r.name }),
			"position": column(func(r *rule) int64 { return r.position }),
		},
		build: c.ruleDetails,
	}
	return l.answer(p, c.sim.rules(kind), func(r *rule) bool { return policyGUID == "" || r.policy.guid == policyGUID })
}

func (c *call) pathRule(kind string) *rule { return c.sim.rule(kind, c.r.PathValue("guid")) }

func (s *Sim) rule(kind, guid string) *rule {
	for _, r := range s.rules(kind) {
		if r.guid == guid {
			return r
		}
	}
	return nil
}

func (c *call) getRule(kind string) answer {
	r := c.pathRule(kind)
	if r == nil {
		return notFound("rule")
	}
	return ok(c.ruleDetails(r))
}

// ruleRequest is a rule inside of a policy's request or on its own.
type ruleRequest struct {
	GUID, Name             string
	Active                 *bool
	Position               *int64
	Policy                 named
	Schedules              []named
	RuleBackupDestinations []targetRequest
	Includes               []json.RawMessage // of an OS rule: what is not answered is not kept
}

type targetRequest struct {
	GUID                    string
	BackupDestination       named
	RoleType                named
	BackupRetentionSettings *retention
	DaysToKeepRetentionLock *int64
	Active                  *bool
}

// ruleOf builds what the request asks for, without filing it. Required members
// and limits are those of BackupRuleRequest and OSBackupRuleRequest; a snapshot
// rule has neither destinations nor required members.
func (s *Sim) ruleOf(kind string, request *ruleRequest) (*rule, answer) {
	r := &rule{guid: request.GUID, name: request.Name}
	if request.Active != nil {
		r.active = *request.Active
	}
	if request.Position != nil {
		r.position = *request.Position
	}
	if kind != "vm-snapshot" {
		switch {
		case r.name == "" || len(r.name) > 255:
			return nil, badRequest("rule: name must have 1 to 255 characters")
		case request.Active == nil || request.Position == nil:
			return nil, badRequest("rule: active and position are required")
		case len(request.RuleBackupDestinations) == 0:
			return nil, badRequest("rule: ruleBackupDestinations must not be empty")
		case kind == "os-backup" && len(request.Includes) == 0:
			return nil, badRequest("rule: includes must not be empty")
		}
	}
	for _, one := range request.Schedules {
		sched := s.schedule(one.GUID)
		switch {
		case sched == nil:
			return nil, notFound("schedule")
		case sched.Type.Name != scheduleType(kind):
			return nil, badRequest("schedule is not of the policy's type")
		}
		r.schedules = append(r.schedules, sched)
	}
	for i := range request.RuleBackupDestinations {
		t, refusal := s.targetOf(&request.RuleBackupDestinations[i])
		if t == nil {
			return nil, refusal
		}
		r.targets = append(r.targets, t)
	}
	return r, answer{}
}

func (s *Sim) targetOf(request *targetRequest) (*target, answer) {
	at := slices.IndexFunc(s.destinations, func(d *place) bool { return d.guid == request.BackupDestination.GUID })
	lock := request.DaysToKeepRetentionLock
	switch {
	case request.BackupRetentionSettings == nil || lock == nil || request.Active == nil:
		return nil, badRequest("rule: a member of a backup destination is missing")
	case *lock < 0:
		return nil, badRequest("rule: daysToKeepRetentionLock is negative")
	case !slices.Contains([]string{"PRIMARY", "SECONDARY", "ARCHIVE"}, request.RoleType.Name):
		return nil, badRequest("rule: unknown roleType")
	case at < 0:
		return nil, notFound("backup destination")
	}
	return &target{
		guid: orElse(request.GUID, newGUID(s.guids)), destination: s.destinations[at], role: request.RoleType.Name,
		active: *request.Active, lockDays: *lock, kept: *request.BackupRetentionSettings,
	}, answer{}
}

func (c *call) createRule(kind string) answer {
	var request ruleRequest
	if a, good := c.body(&request); !good {
		return a
	}
	p := c.sim.policy(kind, request.Policy.GUID)
	if p == nil {
		return notFound("policy")
	}
	r, refusal := c.sim.ruleOf(kind, &request)
	if r == nil {
		return refusal
	}
	if r.guid != "" && c.sim.rule("", r.guid) != nil {
		return fail(http.StatusConflict, "rule exists")
	}
	r.guid, r.policy = orElse(r.guid, newGUID(c.sim.guids)), p
	p.rules = append(p.rules, r)
	return c.created(c.ruleDetails(r))
}

func (c *call) updateRule(kind string) answer {
	var request ruleRequest
	if a, good := c.body(&request); !good {
		return a
	}
	before := c.pathRule(kind)
	if before == nil {
		return notFound("rule")
	}
	r, refusal := c.sim.ruleOf(kind, &request)
	if r == nil {
		return refusal
	}
	r.guid, r.policy = before.guid, before.policy
	*before = *r
	return c.changed(c.ruleDetails(before))
}

func (c *call) deleteRule(kind string) answer {
	r := c.pathRule(kind)
	if r == nil {
		return notFound("rule")
	}
	r.policy.rules = slices.DeleteFunc(r.policy.rules, func(other *rule) bool { return other == r })
	return c.changed(nil)
}
