package storwaresim

import (
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"switchback/internal/adapters/simkit"
)

// Options configure a simulator. The zero value is a friendly server.
type Options struct {
	Seed     uint64
	Scenario simkit.Scenario
	Now      func() time.Time // nil is the wall clock

	Login    string // "switchback" when empty
	Password string // "test-storware-password" when empty
	Token    string // of login-with-token; "test-storware-token" when empty

	Backups     int   // 600 when 0, none when negative
	ContentSize int64 // bytes of one cloud download; 1 MiB when 0, empty when negative

	Reading Reading
}

// Sim is one simulated server. It is safe for concurrent use.
type Sim struct {
	options Options
	kit     *simkit.Kit
	handler http.Handler

	mu       sync.Mutex
	sessions map[string]*session
	logins   int
	errors   int // answered so far; mixes the forms of error bodies

	world
	guids  *rand.Rand // of things that come up while serving
	faults *rand.Rand // which tasks fail
}

// New returns a server that is filled with entities, policies and backups which
// depend on the seed and on the time it is created at.
func New(o Options) *Sim {
	if o.Login == "" {
		o.Login = "switchback"
	}
	if o.Password == "" {
		o.Password = "test-storware-password"
	}
	if o.Token == "" {
		o.Token = "test-storware-token"
	}
	if o.Backups == 0 {
		o.Backups = 600
	}
	if o.ContentSize == 0 {
		o.ContentSize = 1 << 20
	}
	kit := simkit.New(o.Seed, o.Scenario, o.Now)
	s := &Sim{
		options: o, kit: kit, sessions: map[string]*session{},
		guids: kit.Rand("guids"), faults: kit.Rand("tasks"),
	}
	s.populate(kit.Now())
	s.handler = kit.Handler(s.routes())
	return s
}

// ServeHTTP implements http.Handler.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Kit returns the machinery that injects faults and keeps the request log.
func (s *Sim) Kit() *simkit.Kit { return s.kit }

// Fact is the simulator's own truth of one backup, never seen on the wire in
// this form. Times are epoch milliseconds; SnapshotTime is 0 while there is none.
type Fact struct {
	GUID, EntityGUID, EntityType string
	SnapshotTime, BackupTime     int64
	Status                       string
}

// Facts returns every backup, newest snapshot first.
func (s *Sim) Facts() []Fact {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.advance()
	facts := make([]Fact, 0, len(s.byTime))
	for _, b := range slices.Backward(s.byTime) {
		facts = append(facts, Fact{
			GUID: b.guid, EntityGUID: b.entity.guid, EntityType: b.entity.kind,
			SnapshotTime: b.snapshotTime, BackupTime: b.backupTime, Status: b.statusAt(now),
		})
	}
	return facts
}

// NewBackup says what AddBackup adds. Empty members are filled in.
type NewBackup struct {
	EntityGUID   string    // the first entity when empty
	SnapshotTime time.Time // now when zero
	Status       string    // SUCCESS when empty
	Type         string    // FULL when empty
}

// AddBackup adds one backup behind the API's back and returns its guid, or ""
// when there is no such entity. The scenario's LateVisibility holds for it.
func (s *Sim) AddBackup(n NewBackup) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.advance()
	e := s.entities[0]
	if n.EntityGUID != "" {
		if e = s.entityByGUID[n.EntityGUID]; e == nil {
			return ""
		}
	}
	if n.SnapshotTime.IsZero() {
		n.SnapshotTime = now
	}
	b := &backup{
		guid: newGUID(s.guids), entity: e, status: orElse(n.Status, "SUCCESS"), kind: orElse(n.Type, "FULL"),
		snapshotTime: n.SnapshotTime.UnixMilli(), backupTime: n.SnapshotTime.UnixMilli(), size: 1 << 30,
		visible: now.Add(s.options.Scenario.LateVisibility),
	}
	s.insertBackup(b)
	return b.guid
}

// ExpireSessions ends every session; the next call of each client is a 401.
func (s *Sim) ExpireSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sessions)
}

// Logins counts the logins that succeeded.
func (s *Sim) Logins() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins
}

// Download is one POST /cloud-download that was accepted.
type Download struct {
	Records    []string // guids of the mounted-backup records it made
	Tasks      []string
	EntityGUID string
	BackupGUID string
	Mode       string
	Body       map[string]any // as sent
	At         time.Time
}

// Downloads returns the accepted creations of cloud downloads, oldest first:
// a restore that was asked for twice is here twice.
func (s *Sim) Downloads() []Download {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Download(nil), s.created...)
}

// Delivery is one time that content was sent.
type Delivery struct {
	At    time.Time
	Whole bool // the connection held to the last byte
}

// Deliveries tells how often the content with this guid was sent, oldest first.
// It is kept after the record is gone.
func (s *Sim) Deliveries(guid string) []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Delivery(nil), s.deliveries[guid]...)
}

// Content returns the bytes that the cloud download with this guid gives.
func (s *Sim) Content(guid string) simkit.Content {
	h := fnv.New64a()
	_, _ = h.Write([]byte(guid))
	return simkit.Content{Seed: s.options.Seed ^ h.Sum64(), Size: max(s.options.ContentSize, 0)}
}

func orElse(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
