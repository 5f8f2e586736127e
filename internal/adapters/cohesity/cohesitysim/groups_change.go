package cohesitysim

import (
	"net/http"
	"slices"
)

var (
	groupBlocks = map[string]string{"kPhysical": "physicalParams", "kSQL": "mssqlParams", "kKubernetes": "kubernetesParams"}

	// groupMembers are what a client writes of a group, but for isPaused and
	// the time of the last change, which are kept apart.
	groupMembers = []string{
		"name", "policyId", "environment", "priority", "description", "startTime", "endTimeUsecs", "alertPolicy", "sla",
		"qosPolicy", "abortInBlackouts", "pauseInBlackouts", "advancedConfigs", "physicalParams", "mssqlParams",
		"kubernetesParams",
	}
)

func (s *Sim) createProtectionGroup(c *call) (reply, error) {
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	objects, err := s.checkGroup(body, "")
	if err != nil {
		return reply{}, err
	}
	s.lastID++
	g := &group{index: len(s.groups), id: s.uid(s.lastID), paused: truth(body, "isPaused"), edited: c.now}
	g.body = keepMembers(body, groupMembers)
	s.reshape(g, objects)
	s.groups = append(s.groups, g)
	s.groupByID[g.id] = g
	if !g.paused {
		// The first run may start by itself (IBM NOTES section 8).
		s.addRun(g, "kFull", nil, s.startOfRun(g, c.now))
	}
	return reply{status: http.StatusCreated, json: s.groupJSON(g, false, false, c)}, nil
}

// checkGroup refuses what the vendor refuses and returns the objects named.
func (s *Sim) checkGroup(body obj, ownID string) ([]int64, error) {
	name, environment := text(body, "name"), text(body, "environment")
	if name == "" || text(body, "policyId") == "" || !slices.Contains(groupEnvironments, environment) {
		return nil, invalid("name, policyId and environment in body are required")
	}
	block := groupBlocks[environment]
	if member(body, block) == nil {
		return nil, invalid("Parameters '%s' must be specified for environment %s", block, environment)
	}
	if s.policy(text(body, "policyId")) == nil {
		return nil, notFound()
	}
	if truth(body, "abortInBlackouts") && truth(body, "pauseInBlackouts") {
		return nil, invalid("abortInBlackouts and pauseInBlackouts exclude each other")
	}
	for _, other := range s.groups {
		if other.id != ownID && !other.removed && !s.isDeleted(other) && s.groupName(other) == name {
			return nil, duplicate("Protection Group with name %s already exists in organization", name)
		}
	}
	objects := []int64{}
	for _, item := range list(objectHolder(body), "objects") {
		id, _ := integer(item, "id")
		if _, found := s.entity(id); !found {
			return nil, invalid("object %d does not exist", id)
		}
		objects = append(objects, id)
	}
	if len(objects) == 0 && environment != "kKubernetes" {
		return nil, invalid("a protection group needs objects")
	}
	return objects, nil
}

// objectHolder is the block of a group body that lists the objects.
func objectHolder(body obj) obj {
	block := member(body, groupBlocks[text(body, "environment")])
	if text(body, "environment") == "kKubernetes" {
		return block
	}
	return member(block, typeBlock(kindOfBody(body)))
}

func typeBlock(k kind) string {
	return map[string]string{
		"kFile": "fileProtectionTypeParams", "kVolume": "volumeProtectionTypeParams", "kNative": "nativeProtectionTypeParams",
	}[k.protection]
}

func kindOfBody(body obj) kind {
	environment := text(body, "environment")
	params := member(body, "physicalParams")
	if environment == "kSQL" {
		params = member(body, "mssqlParams")
	}
	protection := text(params, "protectionType")
	if protection == "" {
		protection = "kFile"
	}
	return kind{environment, protection}
}

// updateProtectionGroup replaces a group; a stale timestamp is refused, with a
// status that is inferred (IBM NOTES sections 9 and 10).
func (s *Sim) updateProtectionGroup(c *call) (reply, error) {
	g, err := s.group(c)
	if err != nil {
		return reply{}, err
	}
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	if s.isDeleted(g) {
		return reply{}, invalid("protection group is deleted")
	}
	current := s.groupJSON(g, false, false, c)["lastModifiedTimestampUsecs"]
	if read, given := integer(body, "lastModifiedTimestampUsecs"); given && read != current {
		return reply{}, refused("Protection Group was modified since it was read.")
	}
	objects, err := s.checkGroup(body, g.id)
	if err != nil {
		return reply{}, err
	}
	g.paused = truth(body, "isPaused")
	if !slices.Equal(objects, s.objectIDs(g)) {
		s.reshape(g, objects)
	}
	g.body, g.edited = keepMembers(body, groupMembers), c.now
	return ok(s.groupJSON(g, false, false, c))
}

// deleteProtectionGroup keeps the group listed as deleted while its snapshots
// stay (IBM NOTES section 10). That it cancels an active run is inferred.
func (s *Sim) deleteProtectionGroup(c *call) (reply, error) {
	g, err := s.group(c)
	if err != nil {
		return reply{}, err
	}
	if c.isTrue("deleteSnapshots") {
		g.removed = true
		return noContent()
	}
	if s.isDeleted(g) {
		return reply{}, notFound()
	}
	g.deleted = true
	if n := g.total(); n > 0 {
		if r := s.run(g, n-1, c.now); r.open() && r.edit.canceledAt == 0 {
			s.editOf(r).canceledAt = max(r.start, c.now)
		}
	}
	return noContent()
}
