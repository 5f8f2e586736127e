package cohesitysim

import (
	"fmt"
	"slices"
	"strconv"
)

const (
	incarnation = int64(1748291034455)
	vaultID     = int64(990127)
	regionID    = "us-east"

	// Object ids: a group owns a block of ids, its objects first.
	firstObjectID      = int64(100_000)
	objectBlock        = int64(1000)
	maxObjectsPerGroup = 800
	sqlHostOffset      = int64(900)
	sqlInstanceOffset  = int64(901)

	firstSpareID = int64(50_000) // registered hosts that nothing protects
	spareHosts   = 3

	firstMadeID = int64(100_000_000) // ids of what clients make are above
)

// mix draws a number from a seed and a position.
func mix(parts ...uint64) uint64 {
	z := uint64(0x9e3779b97f4a7c15)
	for _, part := range parts {
		z += part*0xbf58476d1ce4e5b9 + 0x9e3779b97f4a7c15
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
		z = (z ^ (z >> 27)) * 0x94d049bb133111eb
		z ^= z >> 31
	}
	return z
}

func (s *Sim) clusterID() int64 {
	return 5_120_000_000_000_000 + int64(mix(s.kit.Seed, 1)%1_000_000_000_000)
}

// uid is the id of a policy, group, recovery or task (IBM NOTES section 3).
func (s *Sim) uid(number int64) string {
	return fmt.Sprintf("%d:%d:%d", s.clusterID(), incarnation, number)
}

// group is a protection group. What is not stored here is computed from index.
type group struct {
	index   int
	id      string
	runs    int        // runs the estate was born with, computed when asked for
	added   []addedRun // later ones
	body    obj        // as created or replaced by a client; nil is computed
	objects []int64    // of a group that a client made or changed
	past    []int64    // objects that it protected before a change
	paused  bool
	deleted bool // listed with isDeleted=true until its snapshots go
	removed bool // deleted with its snapshots
	edited  int64
}

func (g *group) total() int { return g.runs + len(g.added) }

// kind is what a group protects and how.
type kind struct{ environment, protection string }

func (s *Sim) kindOf(g *group) kind {
	if g.body != nil {
		return kindOfBody(g.body)
	}
	switch g.index % 4 {
	case 1:
		return kind{"kPhysical", "kVolume"}
	case 2:
		return kind{"kSQL", "kNative"}
	default:
		return kind{"kPhysical", "kFile"}
	}
}

func (s *Sim) groupName(g *group) string {
	if g.body != nil {
		return text(g.body, "name")
	}
	k := s.kindOf(g)
	return fmt.Sprintf("%s-%s-%03d", map[string]string{"kPhysical": "hosts", "kSQL": "sql"}[k.environment], k.protection[1:], g.index)
}

func (s *Sim) policyIDOf(g *group) string {
	if g.body != nil {
		return text(g.body, "policyId")
	}
	return s.seededPolicyID(g)
}

func (s *Sim) seededPolicyID(g *group) string { return s.uid(201 + int64(g.index)%seededPolicies) }

// isDeleted marks one seeded group of a larger estate as deleted with its
// snapshots kept (IBM NOTES section 10).
func (s *Sim) isDeleted(g *group) bool {
	return g.deleted || (g.index == 7 && g.runs > 0 && s.options.Groups > 8)
}

// isGone says whether a group is not known any more: one that was deleted
// without its snapshots goes with the last of them.
func (s *Sim) isGone(g *group, now int64) bool {
	if g.removed || !s.isDeleted(g) {
		return g.removed
	}
	for k := g.total() - 1; k >= 0; k-- {
		if r := s.run(g, k, now); r.open() || s.restorable(r, now) {
			return false
		}
	}
	return true
}

// isActive is false for one seeded group: a deactivated copy.
func (s *Sim) isActive(g *group) bool { return g.index != 5 || g.runs == 0 }

func (s *Sim) isPaused(g *group) bool { return g.paused }

// entity is a host, an instance or a database.
type entity struct {
	id          int64
	name        string
	environment string
	objectType  string
	os          string
	host        int64 // of a database or instance; its own id for a host
}

// objectIDs are the objects a group protects.
func (s *Sim) objectIDs(g *group) []int64 {
	if g.objects != nil {
		return g.objects
	}
	return s.seededObjects(g)
}

// seededObjects are what the estate's runs of a group have. Some volume groups
// share their first object with the file group before them.
func (s *Sim) seededObjects(g *group) []int64 {
	out := make([]int64, s.options.ObjectsPerGroup)
	for i := range out {
		out[i] = firstObjectID + int64(g.index)*objectBlock + int64(i)
	}
	if g.index%8 == 1 {
		out[0] -= objectBlock
	}
	return out
}

// entity computes an object from its id.
func (s *Sim) entity(id int64) (entity, bool) {
	if id >= firstSpareID && id < firstSpareID+spareHosts {
		return s.host(id), true
	}
	if id > firstMadeID {
		e, found := s.madeEntities[id]
		return e, found
	}
	index := (id - firstObjectID) / objectBlock
	offset := (id - firstObjectID) % objectBlock
	if id < firstObjectID || index >= int64(s.options.Groups) {
		return entity{}, false
	}
	sql := index%4 == 2
	inside := offset < int64(s.options.ObjectsPerGroup)
	switch {
	case sql && offset == sqlHostOffset, !sql && inside:
		return s.host(id), true
	case sql && offset == sqlInstanceOffset:
		return entity{id, "MSSQLSERVER", "kSQL", "kInstance", "kWindows", id - 1}, true
	case sql && inside:
		name := "MSSQLSERVER/db" + strconv.FormatInt(offset, 10)
		return entity{id, name, "kSQL", "kDatabase", "kWindows", id - offset + sqlHostOffset}, true
	}
	return entity{}, false
}

func (s *Sim) host(id int64) entity {
	os := "kLinux"
	if mix(s.kit.Seed, 2, uint64(id))%4 == 0 || (id-firstObjectID)%objectBlock == sqlHostOffset {
		os = "kWindows"
	}
	return entity{id, fmt.Sprintf("host-%d.example.net", id), "kPhysical", "kHost", os, id}
}

// groupsOf returns the groups that protect an object, or did.
func (s *Sim) groupsOf(id int64) []*group {
	var out []*group
	index := int((id - firstObjectID) / objectBlock)
	now := s.now()
	for i := index; i <= index+1 && id >= firstObjectID && i < s.options.Groups; i++ {
		if g := s.groups[i]; g.objects == nil && slices.Contains(s.objectIDs(g), id) && !s.isGone(g, now) {
			out = append(out, g)
		}
	}
	for _, g := range s.reshaped {
		if (slices.Contains(g.objects, id) || slices.Contains(g.past, id)) && !s.isGone(g, now) {
			out = append(out, g)
		}
	}
	return out
}

// isProtected says whether a group that is not deleted protects an object now.
func (s *Sim) isProtected(id int64) bool {
	return slices.ContainsFunc(s.groupsOf(id), func(g *group) bool {
		return !s.isDeleted(g) && slices.Contains(s.objectIDs(g), id)
	})
}

// reshape sets the objects of a group that a client made or changed.
func (s *Sim) reshape(g *group, objects []int64) {
	if g.objects == nil {
		s.reshaped = append(s.reshaped, g)
	}
	if g.runs > 0 || g.objects != nil {
		g.past = append(g.past, s.objectIDs(g)...)
	}
	g.objects = objects
}

func (s *Sim) hash(e entity) string {
	return fmt.Sprintf("%06x", mix(s.kit.Seed, 3, uint64(e.id))&0xffffff)
}

func (s *Sim) uuid(parts ...uint64) string {
	a, b := mix(append(parts, s.kit.Seed, 4)...), mix(append(parts, s.kit.Seed, 5)...)
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>52, b&0xffffffffffff)
}

func (s *Sim) logicalSize(e entity) int64 {
	return int64(1+mix(s.kit.Seed, 6, uint64(e.id))%64) << 30
}

// summary is the short form of an object in runs, searches and recoveries.
func (s *Sim) summary(e entity, protection string) obj {
	host, _ := s.entity(e.host)
	out := obj{
		"id": e.id, "name": e.name, "sourceId": e.host, "sourceName": host.name, "environment": e.environment,
		"objectHash": s.hash(e), "objectType": e.objectType, "logicalSizeBytes": s.logicalSize(e),
		"uuid": s.uuid(uint64(e.id)), "globalId": fmt.Sprintf("%d-%s", e.id, s.hash(e)),
		"osType": e.os, "childObjects": nil, "vCenterSummary": nil,
	}
	if protection != "" {
		out["protectionType"] = protection
	}
	if s.kit.Scenario.ExtraFields && e.id%5 == 0 {
		out["osType"] = "kPlan9" // enums of answers are open (IBM NOTES section 15)
	}
	return out
}

// allEntities lists hosts, databases and unprotected hosts by id.
func (s *Sim) allEntities() []entity {
	var out []entity
	add := func(id int64) {
		if e, found := s.entity(id); found {
			out = append(out, e)
		}
	}
	for i := range int64(spareHosts) {
		add(firstSpareID + i)
	}
	for i := range int64(s.options.Groups) {
		for o := range int64(s.options.ObjectsPerGroup) {
			add(firstObjectID + i*objectBlock + o)
		}
		add(firstObjectID + i*objectBlock + sqlHostOffset)
	}
	for _, id := range s.newRegistrations {
		add(s.registered[id].source)
	}
	return out
}

// seededHosts lists the hosts of the estate by id.
func (s *Sim) seededHosts() []entity {
	var out []entity
	for _, e := range s.allEntities() {
		if e.objectType == "kHost" && e.id < firstMadeID {
			out = append(out, e)
		}
	}
	return out
}

// hosts lists by id the hosts that are registered and discovered.
func (s *Sim) hosts() []entity {
	var out []entity
	now := s.now()
	for _, r := range s.allRegistrations(now) {
		_, refreshed := s.progressOfRegistration(r, now)
		if e, _ := s.entity(r.source); e.objectType == "kHost" && refreshed != 0 {
			out = append(out, e)
		}
	}
	return out
}
