package storwaresim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// entityKinds are the types of NOTES section 7, the frequent ones more than once.
var entityKinds = [...]string{
	"CLOUD_USER", "VM", "CLOUD_GROUP", "OS_AGENT", "CLOUD_SITE", "VM", "CLOUD_TEAMS", "APP",
	"CLOUD_USER", "STORAGE", "CLOUD", "OS",
}

// sameMoment is how many entities one schedule backs up at one instant: that
// many backups share their snapshotTime.
const sameMoment = 4

// fullEvery is the length of a chain: a full backup and its incrementals.
const fullEvery = 7

func (s *Sim) populate(now time.Time) {
	s.entityByGUID = map[string]*entity{}
	s.backupByGUID = map[string]*backup{}
	s.taskByGUID = map[string]*task{}
	s.deliveries = map[string][]Delivery{}
	draws := s.kit.Rand("world")
	s.populatePlaces(draws)
	s.populatePolicies(draws)
	wanted := max(s.options.Backups, 0)
	s.populateEntities(draws, min(max(wanted/20, len(entityKinds)), 1000))
	s.populateBackups(draws, now, wanted)
	s.populateHistory(now)
}

func (s *Sim) populatePlaces(draws *rand.Rand) {
	add := func(kind string, names ...string) []*place {
		var out []*place
		for _, name := range names {
			out = append(out, &place{guid: newGUID(draws), name: name, kind: kind})
		}
		return out
	}
	s.destinations = append(add("S3", "s3-primary"), add("FILESYSTEM", "fs-secondary")...)
	s.nodes = add("", "node-1", "node-2")
	s.projects = add("", "blue", "green")
	s.managers = add("RHV", "rhv-1")
	s.hypervisors = add("KVM", "kvm-1.example.test", "kvm-2.example.test")
	s.providers = add("MICROSOFT365", "Example tenant", "Second tenant")
	// Draws of their own: what comes after these keeps its guids.
	draws = s.kit.Rand("platform")
	s.clusters, s.storages = add("", "cluster-1", "cluster-2"), add("", "data-1", "data-2")
	for _, one := range slices.Concat(s.clusters, s.storages) {
		one.uuid, one.within = newGUID(draws), s.managers[0]
	}
	for i, one := range s.hypervisors {
		one.within = s.clusters[i%len(s.clusters)]
	}
}

func (s *Sim) populateEntities(draws *rand.Rand, count int) {
	for i := range count {
		kind := entityKinds[i%len(entityKinds)]
		e := &entity{
			guid: newGUID(draws), uuid: newGUID(draws), kind: kind, present: i%17 != 16,
			name: fmt.Sprintf("%s %03d", describe(kind), i+1), node: s.nodes[i%len(s.nodes)],
		}
		switch kind {
		case "CLOUD", "CLOUD_USER", "CLOUD_GROUP", "CLOUD_SITE", "CLOUD_TEAMS":
			e.provider = s.providers[i/2%len(s.providers)]
		case "VM":
			e.project = s.projects[i/5%len(s.projects)]
			e.hypervisor = s.hypervisors[i%len(s.hypervisors)]
			e.manager = s.managers[0]
		case "OS", "OS_AGENT":
			e.osType = [...]string{"LINUX", "WINDOWS", "MACOS"}[i/4%3]
		}
		if i%9 != 8 {
			e.policy = s.policyFor(kind, i)
		}
		s.entities = append(s.entities, e)
		s.entityByGUID[e.guid] = e
	}
}

func (s *Sim) populateBackups(draws *rand.Rand, now time.Time, count int) {
	cycles := (count + len(s.entities) - 1) / len(s.entities)
	interval := 24 * time.Hour
	if cycles > 5*365 {
		interval = time.Hour
	}
	newest := now.Add(-2 * time.Hour).Truncate(time.Second)
	chains := make([]*backup, len(s.entities))
	for i := range count {
		cycle, at := i/len(s.entities), i%len(s.entities)
		started := newest.Add(-time.Duration(cycles-1-cycle) * interval).
			Add(-time.Duration(at/sameMoment) * time.Second)
		b := &backup{
			guid: newGUID(draws), entity: s.entities[at], kind: "FULL", status: "SUCCESS",
			snapshotTime: started.UnixMilli(), backupTime: started.Add(time.Duration(draws.IntN(1800)) * time.Second).UnixMilli(),
			size: 1<<20 + draws.Int64N(1<<36), objects: 1 + draws.Int64N(5000),
		}
		if cycle%fullEvery != 0 && chains[at] != nil {
			b.kind, b.parent, b.root = "INCREMENTAL", chains[at], chains[at].root
		} else if draws.IntN(20) == 0 {
			b.kind = "SYNTHETIC"
		}
		s.spoil(draws, b, cycle == cycles-1)
		if b.usable() {
			chains[at] = b
		}
		s.insertBackup(b)
	}
}

// spoil gives some backups another state than SUCCESS. Only in the newest cycle
// a backup can be still under way.
func (s *Sim) spoil(draws *rand.Rand, b *backup, newest bool) {
	switch roll := draws.IntN(100); {
	case roll < 4:
		b.status, b.statusInfo = "FAILED", "export failed: snapshot could not be created"
	case roll < 8:
		b.status, b.warnings = "PARTIAL_SUCCESS", []string{"2 objects were skipped"}
	case roll < 11:
		b.status = "SUCCESS_REMOVED"
	case roll < 14 && newest:
		b.status = "INPROGRESS"
	case roll < 17 && newest:
		b.status = "QUEUED"
		if s.options.Reading.UntimedQueued {
			b.snapshotTime = 0
		}
	case roll == 99:
		b.hidden = true
	}
	if s.options.Reading.NewerRelease && draws.IntN(25) == 0 {
		b.kind = "FOREVER_INCREMENTAL"
	}
}
