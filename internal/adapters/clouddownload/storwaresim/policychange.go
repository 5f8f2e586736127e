package storwaresim

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// policyRequest is a creation or an update of a policy of any kind.
type policyRequest struct {
	policySettings
	VMs, Apps, Storages, OSAgents []named
	Users, Groups, Sites          []named
	Rules                         []ruleRequest

	ExecuteAutoAssignmentAfterSavingPolicy bool
}

// requiredMembers are documented for three kinds only; that others need a name
// is (inferred) from its least length.
func requiredMembers(kind string) []string {
	switch kind {
	case "vm-backup":
		return []string{
			"name", "backupRetryCount", "priority", "autoRemoveNonPresent", "autoAssignSettings", "active", "rules",
			"visibleForAllProjects", "dailyReportEnabled", "executeAutoAssignmentAfterSavingPolicy", "disableCleanOldBackups",
			"quiesceBeforeSnapshot",
		}
	case "os-backup":
		return []string{
			"name", "autoRemoveNonPresent", "backupRetryCount", "priority", "active", "dailyReportEnabled", "autoAssignSettings",
			"executeAutoAssignmentAfterSavingPolicy", "disableCleanOldBackups",
		}
	case "vm-snapshot":
		return []string{
			"name", "autoRemoveNonPresent", "autoAssignSettings", "executeAutoAssignmentAfterSavingPolicy", "backupRetryCount",
			"priority", "visibleForAllProjects", "active",
		}
	default:
		return []string{"name"}
	}
}

// policyBody reads and checks a request.
func (c *call) policyBody(kind string) (*policyRequest, answer) {
	var raw json.RawMessage
	if a, good := c.body(&raw); !good {
		return nil, a
	}
	var members map[string]json.RawMessage
	var request policyRequest
	if json.Unmarshal(raw, &members) != nil || json.Unmarshal(raw, &request) != nil {
		return nil, badRequest("cannot read the request body")
	}
	for _, name := range requiredMembers(kind) {
		if value := members[name]; value == nil || string(value) == "null" {
			return nil, badRequest(name + " is required")
		}
	}
	share := func(threshold *float64) bool { return threshold == nil || *threshold >= 0 && *threshold <= 100 }
	switch {
	case request.Name == "" || len(request.Name) > 255:
		return nil, badRequest("name must have 1 to 255 characters")
	case request.Priority < 0 || request.Priority > 100:
		return nil, badRequest("priority out of range")
	case request.BackupRetryCount < 0:
		return nil, badRequest("backupRetryCount is negative")
	case !share(request.ExportThreshold) || !share(request.StoreThreshold):
		return nil, badRequest("threshold out of range")
	case kind == "vm-backup" && len(request.Rules) == 0:
		return nil, badRequest("rules must not be empty")
	}
	if problem := request.AutoAssignSettings.refusal(); problem != "" {
		return nil, badRequest(problem)
	}
	return &request, answer{}
}

// savePolicy takes over a request, all of it or nothing. "Send the whole policy"
// (NOTES section 11); lists that a request leaves out stay as they are (inferred).
func (c *call) savePolicy(p *policy) (refusal answer, saved bool) {
	request, refusal := c.policyBody(p.kind)
	if request == nil {
		return refusal, false
	}
	rules := p.rules
	if request.Rules != nil {
		rules = nil
		for i := range request.Rules {
			r, refusal := c.sim.ruleOf(p.kind, &request.Rules[i])
			if r == nil {
				return refusal, false
			}
			if known := c.sim.rule("", r.guid); r.guid != "" && (known == nil || known.policy != p) {
				return notFound("rule"), false
			}
			if slices.ContainsFunc(rules, func(other *rule) bool { return r.guid != "" && other.guid == r.guid }) {
				return badRequest("a rule is there twice"), false
			}
			rules = append(rules, r)
		}
	}
	lists := []struct {
		kinds   string // that the list can name
		members []named
	}{
		{"VM", request.VMs},
		{"APP", request.Apps},
		{"STORAGE", request.Storages},
		{"OS OS_AGENT", request.OSAgents},
		{"CLOUD_USER", request.Users},
		{"CLOUD_GROUP CLOUD_TEAMS", request.Groups},
		{"CLOUD_SITE", request.Sites},
	}
	for _, list := range lists {
		for _, one := range list.members {
			e := c.sim.entityByGUID[one.GUID]
			if e == nil || !slices.Contains(strings.Fields(list.kinds), e.kind) || !covers(p.kind, e.kind) {
				return notFound("protected entity"), false
			}
		}
	}
	p.policySettings, p.rules = request.policySettings, rules
	for _, r := range rules {
		r.guid, r.policy = orElse(r.guid, newGUID(c.sim.guids)), p
	}
	for _, list := range lists {
		if list.members != nil {
			c.sim.assignExactly(p, strings.Fields(list.kinds), list.members)
		}
	}
	if request.ExecuteAutoAssignmentAfterSavingPolicy {
		c.sim.autoAssign(p)
	}
	return answer{}, true
}

func (c *call) createPolicy(kind string) answer {
	p := &policy{guid: newGUID(c.sim.guids), kind: kind}
	if refusal, saved := c.savePolicy(p); !saved {
		return refusal
	}
	c.sim.policies = append(c.sim.policies, p)
	return c.created(c.policyDetails(p))
}

func (c *call) updatePolicy(kind string) answer {
	p := c.pathPolicy(kind)
	if p == nil {
		return notFound("policy")
	}
	if refusal, saved := c.savePolicy(p); !saved {
		return refusal
	}
	return c.changed(c.policyDetails(p))
}

// deletePolicy removes the rules with the policy (NOTES section 11); entities
// and backups that named it name none afterwards (inferred).
func (c *call) deletePolicy(kind string) answer {
	p := c.pathPolicy(kind)
	if p == nil {
		return notFound("policy")
	}
	for _, e := range c.sim.entities {
		if e.policy == p {
			e.policy = nil
		}
	}
	for _, b := range c.sim.backups {
		if b.policy == p {
			b.policy = nil
		}
	}
	c.sim.policies = slices.DeleteFunc(c.sim.policies, func(other *policy) bool { return other == p })
	return c.changed(nil)
}

// autoAssign are the settings by which a policy finds its entities.
type autoAssign struct {
	Mode                           named
	IncludeRegExps, ExcludeRegExps []string
	IncludeTags, ExcludeTags       []string
	HVClusters, Projects           []named
}

func (a *autoAssign) mode() enum {
	if a == nil {
		return "DISABLED"
	}
	return enum(a.Mode.Name)
}

func (a *autoAssign) record() object {
	o := object{"mode": a.mode()}
	if a == nil {
		return o
	}
	texts := func(values []string) []string { return append([]string{}, values...) }
	o["includeRegExps"], o["excludeRegExps"] = texts(a.IncludeRegExps), texts(a.ExcludeRegExps)
	o["includeTags"], o["excludeTags"] = texts(a.IncludeTags), texts(a.ExcludeTags)
	o["hvClusters"], o["projects"] = refs(a.HVClusters), refs(a.Projects)
	return o
}

func (a *autoAssign) refusal() string {
	if a == nil {
		return ""
	}
	if !slices.Contains([]string{"ASSIGN_AND_REMOVE", "ASSIGN_ONLY", "DISABLED"}, a.Mode.Name) {
		return "unknown auto-assignment mode"
	}
	for _, expression := range slices.Concat(a.IncludeRegExps, a.ExcludeRegExps) {
		if _, err := regexp.Compile(expression); err != nil {
			return "cannot read a regular expression"
		}
	}
	return ""
}

// takes tells whether the settings find the entity: its name matches one of the
// expressions to include and none to exclude, inside of the clusters and
// projects, if any are named (inferred). No entity here has a tag.
func (a *autoAssign) takes(e *entity) bool {
	if a == nil || a.Mode.Name == "DISABLED" {
		return false
	}
	matches := func(expression string) bool {
		compiled, err := regexp.Compile(expression)
		return err == nil && compiled.MatchString(e.name)
	}
	among := func(list []named, guid string) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(one named) bool { return one.GUID == guid })
	}
	return slices.ContainsFunc(a.IncludeRegExps, matches) && !slices.ContainsFunc(a.ExcludeRegExps, matches) &&
		among(a.HVClusters, e.hypervisorOf().withinOf().guidOf()) && among(a.Projects, e.projectOf().guidOf())
}
