package cohesitysim

import (
	"fmt"
	"maps"
	"net/http"
)

const (
	seededPolicies = 4
	lockedPolicy   = 204 // the seeded policy with a data lock
)

// policyMembers are what a client writes of a policy, but for the time of the
// last change.
var policyMembers = []string{
	"name", "backupPolicy", "description", "blackoutWindow", "extendedRetention", "remoteTargetPolicy",
	"cascadedTargetsConfig", "retryOptions", "dataLock", "version", "templateId",
}

func schedule(unit, block string, frequency int) obj {
	return obj{"schedule": obj{"unit": unit, block: obj{"frequency": frequency}}}
}

// seedPolicies are what a new instance has (IBM NOTES section 9) and one more.
func (s *Sim) seedPolicies() []obj {
	names := []string{"Gold", "Silver", "Bronze", "nightly-locked"}
	out := make([]obj, seededPolicies)
	for i := range out {
		keep := obj{"unit": "Days", "duration": 30}
		incremental := schedule("Hours", "hourSchedule", 4)
		if int64(201+i) == lockedPolicy {
			keep["dataLockConfig"] = obj{"mode": "Administrative", "unit": "Days", "duration": 7}
			incremental = schedule("Days", "daySchedule", 1)
		}
		out[i] = obj{
			"id": s.uid(int64(201 + i)), "name": names[i],
			"backupPolicy": obj{"regular": obj{
				"incremental": incremental, "retention": keep,
				"primaryBackupTarget": obj{"useDefaultBackupTarget": true},
			}},
			"retryOptions": obj{"retries": 3, "retryIntervalMins": 5},
			"isReplicated": false, "isCBSEnabled": false, "lastModificationTimeUsecs": s.born.UnixMicro() - 60*day,
			"description": nil, "dataLock": nil, "blackoutWindow": nil, "remoteTargetPolicy": nil,
		}
	}
	return out
}

func (s *Sim) policy(id string) obj {
	for _, p := range s.policies {
		if p["id"] == id {
			return p
		}
	}
	return nil
}

func (s *Sim) policyJSON(p obj, stats bool) obj {
	out := clone(p).(obj)
	out["numProtectionGroups"], out["numProtectedObjects"] = nil, nil
	if !stats {
		return out
	}
	groups, objects := 0, 0
	for _, g := range s.groups {
		if !s.isDeleted(g) && !g.removed && s.policyIDOf(g) == p["id"] {
			groups++
			objects += len(s.objectIDs(g))
		}
	}
	out["numProtectionGroups"], out["numProtectedObjects"] = groups, objects
	return out
}

func (s *Sim) getProtectionPolicies(c *call) (reply, error) {
	ids, names := c.list("ids"), c.list("policyNames")
	types, stats := c.enum("types", []string{"Regular", "Internal"}), c.isTrue("includeStats")
	out := []any{}
	for _, p := range s.policies {
		if among(ids, text(p, "id")) && among(names, text(p, "name")) && among(types, "Regular") {
			out = append(out, s.policyJSON(p, stats))
		}
	}
	return ok(obj{"policies": out})
}

func (s *Sim) policyOf(c *call) (obj, error) {
	if !uidForm.MatchString(c.path("id")) {
		return nil, invalid("id in path should match '^\\d+:\\d+:\\d+$'")
	}
	p := s.policy(c.path("id"))
	if p == nil {
		return nil, notFound()
	}
	return p, nil
}

func (s *Sim) getProtectionPolicyByID(c *call) (reply, error) {
	p, err := s.policyOf(c)
	if err != nil {
		return reply{}, err
	}
	return ok(s.policyJSON(p, false))
}

// checkPolicy gives the two refusals of IBM NOTES sections 5 and 9, and the
// duplicate of section 3.
func (s *Sim) checkPolicy(body obj, ownID string) error {
	name := text(body, "name")
	regular := member(member(body, "backupPolicy"), "regular")
	if name == "" || regular == nil {
		return invalid("name and backupPolicy.regular in body are required")
	}
	scheduled := regular["incremental"] != nil || regular["full"] != nil
	if scheduled && member(regular, "retention") == nil {
		return invalid("If either of incremental or full schedule is specified then retention must be set")
	}
	if regular["full"] != nil && regular["fullBackups"] != nil {
		return invalid("full and fullBackups exclude each other")
	}
	if !truth(member(regular, "primaryBackupTarget"), "useDefaultBackupTarget") {
		return internal("In NextGen CE, only CAD policies are allowed")
	}
	keep, lock := member(regular, "retention"), member(member(regular, "retention"), "dataLockConfig")
	if keep != nil && spanOf(keep) == 0 {
		return invalid("retention needs a unit and a duration of at least 1")
	}
	if lock != nil && spanOf(lock) > spanOf(keep) {
		return invalid("the duration of the data lock exceeds the retention")
	}
	if err := checkWindows(body); err != nil {
		return err
	}
	for _, other := range s.policies {
		if other["name"] == name && other["id"] != ownID {
			return duplicate("Policy with name %s already exists in organization", name)
		}
	}
	return nil
}

func (s *Sim) createProtectionPolicy(c *call) (reply, error) {
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	if err := s.checkPolicy(body, ""); err != nil {
		return reply{}, err
	}
	body = keepMembers(body, policyMembers)
	s.lastID++
	body["id"] = s.uid(s.lastID)
	s.finishPolicy(body, c.now)
	s.policies = append(s.policies, body)
	return reply{status: http.StatusCreated, json: s.policyJSON(body, false)}, nil
}

// finishPolicy fills in what the server adds to a written policy.
func (s *Sim) finishPolicy(body obj, now int64) {
	body["isCBSEnabled"], body["lastModificationTimeUsecs"] = false, now
	for _, name := range []string{"extendedRetention", "blackoutWindow"} {
		for i, item := range list(body, name) {
			if item != nil && item["configId"] == nil {
				item["configId"] = s.uuid(uint64(now), uint64(i), uint64(len(name)))
			}
		}
	}
}

func (s *Sim) updateProtectionPolicy(c *call) (reply, error) {
	p, err := s.policyOf(c)
	if err != nil {
		return reply{}, err
	}
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	// The status of a stale write is inferred (IBM NOTES section 9).
	if read, given := integer(body, "lastModificationTimeUsecs"); given && fmt.Sprint(read) != fmt.Sprint(p["lastModificationTimeUsecs"]) {
		return reply{}, refused("Policy was modified since it was read.")
	}
	if err := s.checkPolicy(body, text(p, "id")); err != nil {
		return reply{}, err
	}
	id := p["id"]
	clear(p)
	maps.Copy(p, keepMembers(body, policyMembers))
	p["id"] = id
	s.finishPolicy(p, c.now)
	return ok(s.policyJSON(p, false))
}

// deleteProtectionPolicy leaves groups as they are: of the two documents that
// disagree, the policy page is followed (IBM NOTES section 9).
func (s *Sim) deleteProtectionPolicy(c *call) (reply, error) {
	p, err := s.policyOf(c)
	if err != nil {
		return reply{}, err
	}
	for i := range s.policies {
		if s.policies[i]["id"] == p["id"] {
			s.policies = append(s.policies[:i:i], s.policies[i+1:]...)
			break
		}
	}
	return noContent()
}
