package storwaresim

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// world is all that the server knows. Everything is guarded by Sim.mu.
type world struct {
	entities     []*entity
	entityByGUID map[string]*entity

	backups      []*backup // in order of insertion: what a list is without orderBy
	byTime       []*backup // by snapshotTime, ties in order of insertion
	backupByGUID map[string]*backup

	policies     []*policy
	schedules    []*schedule
	destinations []*place
	nodes        []*place
	projects     []*place
	hypervisors  []*place
	managers     []*place
	clusters     []*place
	storages     []*place
	providers    []*place

	tasks       []*task
	taskByGUID  map[string]*task
	downloads   []*download
	restoreJobs []*restoreJob
	marked      []*backup // whose data retention is to remove
	deliveries  map[string][]Delivery
	created     []Download
}

// entity is a protected entity of any type.
type entity struct {
	guid, name, kind string
	uuid             string // the id on the protected platform (NOTES section 1)
	present          bool
	osType           string // of an OS agent
	policy           *policy
	snapshots        *policy // of a machine: its snapshot policy
	provider         *place  // cloud service provider
	project          *place
	hypervisor       *place
	manager          *place
	node             *place
	backups          []*backup // by snapshotTime
}

type backup struct {
	guid                     string
	seq                      int
	entity                   *entity
	kind, status, statusInfo string
	snapshotTime, backupTime int64
	size, objects            int64
	parent, root             *backup
	policy                   *policy
	destinations             []*place // one location in each, the first is PRIMARY
	node                     *place
	export                   *task // while it is being made
	hidden, acknowledged     bool
	warnings                 []string
	description              string
	hint                     string
	archiveExpire            int64
	removed                  time.Time // when retention removes the data, by its mark
	visible                  time.Time
}

// place is an infrastructure object: a node, destination, project, hypervisor,
// cluster, storage, manager or provider.
type place struct {
	guid, name, kind string
	uuid             string // the id on the platform, the guid when empty
	within           *place // the cluster of a hypervisor, the manager of a cluster or storage
	config           *named // of a node
	request          *placeRequest
}

func (p *place) ref() any {
	if p == nil {
		return nil
	}
	return ref(p.guid, p.name)
}

func (e *entity) ref() any {
	if e == nil {
		return nil
	}
	return typedRef(e.kind, e.guid, e.name)
}

// statusAt follows the export task while there is one: INPROGRESS, in one word,
// unlike the IN_PROGRESS of a location (NOTES section 9).
func (b *backup) statusAt(now time.Time) string {
	switch {
	case b.export == nil:
		return b.status
	case b.export.stateAt(now) == "QUEUED":
		return "QUEUED"
	default:
		return "INPROGRESS"
	}
}

// usable tells whether a restore from the backup is possible (NOTES section 9).
func (b *backup) usable() bool {
	return b.export == nil && (b.status == "SUCCESS" || b.status == "PARTIAL_SUCCESS")
}

func (b *backup) name() string {
	if b.snapshotTime == 0 {
		return b.entity.name
	}
	return b.entity.name + " - " + time.UnixMilli(b.snapshotTime).UTC().Format("2006-01-02 15:04")
}

func (b *backup) ref() any {
	if b == nil {
		return nil
	}
	return ref(b.guid, b.name())
}

func bySnapshot(a, b *backup) int {
	return cmp.Or(cmp.Compare(a.snapshotTime, b.snapshotTime), cmp.Compare(a.seq, b.seq))
}

// insertBackup files a backup in every order it is listed in.
func (s *Sim) insertBackup(b *backup) {
	b.seq = len(s.backups)
	if b.root == nil {
		b.root = b
	}
	if b.policy == nil {
		b.policy = b.entity.policy
	}
	if b.node == nil {
		b.node = b.entity.node
	}
	if b.destinations == nil {
		b.destinations = s.destinations[:1+b.seq%2]
	}
	s.backups = append(s.backups, b)
	s.byTime = insertSorted(s.byTime, b)
	b.entity.backups = insertSorted(b.entity.backups, b)
	s.backupByGUID[b.guid] = b
}

func insertSorted(rows []*backup, b *backup) []*backup {
	at, _ := slices.BinarySearchFunc(rows, b, bySnapshot)
	return slices.Insert(rows, at, b)
}

func newGUID(draws *rand.Rand) string {
	a, b := draws.Uint64(), draws.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, 0x8000|b>>48&0x3fff, b&0xffffffffffff)
}
