package cohesitysim

import (
	"iter"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"switchback/internal/adapters/simkit"
)

// EndOfData says how a download answers a request at or after its end. The
// vendor does not document it (IBM NOTES section 13).
type EndOfData int

// The forms a careful client has to accept.
const (
	EndByScenario EndOfData = iota // EndShort when friendly, else drawn from the seed
	EndShort                       // the last body is shorter than asked; asking on after that is refused with 400
	EndEmpty                       // 200 with an empty body
	EndNoContent                   // 204
	EndRange                       // 416
)

// Options of a simulator; the zero value is a friendly vendor with a small estate.
type Options struct {
	Seed     uint64
	Scenario simkit.Scenario
	Now      func() time.Time
	APIKey   string // default "test-ibm-api-key"
	TenantID string // the header value with its trailing slash, default "k3v9x2ab7q/"

	Groups          int // default 10
	RunsPerGroup    int // default 20
	ObjectsPerGroup int // default 3, at most 800

	RunDelay time.Duration // a run that was asked for starts, and shows, only after this

	EndOfData    EndOfData
	DownloadSize int64 // size of a prepared archive, default 9592939: one full piece and a rest
}

// Sim is a simulated service instance. It is safe for concurrent use.
type Sim struct {
	kit     *simkit.Kit
	options Options
	born    time.Time
	handler http.Handler
	buffers sync.Pool // of bodies

	mu           sync.Mutex
	tokens       map[string]*token
	issued       uint64
	groups       []*group
	groupByID    map[string]*group
	reshaped     []*group // those whose objects clients said
	edits        map[runKey]*edit
	policies     []obj
	lastID       int64 // numbers of things made by clients
	recoveries   []*recovery
	recoveryByID map[string]*recovery

	connections []*connection
	connectors  []*connector
	joinTokens  map[string]joinToken
	upgrades    []*upgradeTask

	registered       map[int64]*registration // those that clients made or changed
	newRegistrations []int64
	madeEntities     map[int64]entity
}

// New returns a simulator whose estate ends at the present of its clock.
func New(o Options) *Sim {
	setDefault(&o.APIKey, "test-ibm-api-key")
	setDefault(&o.TenantID, "k3v9x2ab7q/")
	setDefault(&o.Groups, 10)
	setDefault(&o.RunsPerGroup, 20)
	setDefault(&o.ObjectsPerGroup, 3)
	setDefault(&o.DownloadSize, maxPiece+1204331)
	o.ObjectsPerGroup = min(o.ObjectsPerGroup, maxObjectsPerGroup)
	if o.EndOfData == EndByScenario {
		o.EndOfData = EndShort
		if o.Scenario.NullMembers {
			o.EndOfData += EndOfData(mix(o.Seed, 77) % 4)
		}
	}
	s := &Sim{
		kit: simkit.New(o.Seed, o.Scenario, o.Now), options: o,
		tokens: map[string]*token{}, edits: map[runKey]*edit{},
		groupByID: map[string]*group{}, recoveryByID: map[string]*recovery{}, lastID: firstMadeID,
		registered: map[int64]*registration{}, madeEntities: map[int64]entity{},
	}
	s.born = s.kit.Now()
	s.seedConnections()
	for i := range o.Groups {
		g := &group{index: i, id: s.uid(3000 + int64(i)), runs: o.RunsPerGroup}
		s.groups = append(s.groups, g)
		s.groupByID[g.id] = g
	}
	s.policies = s.seedPolicies()
	s.handler = s.kit.Handler(s.routes())
	return s
}

func setDefault[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

// ServeHTTP implements http.Handler.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Kit gives tests the request log and the injection of answers.
func (s *Sim) Kit() *simkit.Kit { return s.kit }

// Fact is one object in one run, as the vendor would list it now.
type Fact struct {
	GroupID      string
	GroupDeleted bool // only listed with isDeleted=true
	RunID        string
	ObjectID     int64
	StartUsecs   int64
	SnapshotID   string // empty when nothing can be restored
	Status       string // in the words of a run also where the listing uses kSuccessful and the like
}

// Facts returns the truth of the estate: groups in their order, runs oldest
// first. Runs that are not visible yet are part of it.
func (s *Sim) Facts() []Fact { return slices.Collect(s.EachFact()) }

// EachFact is Facts for estates that are too large to hold.
func (s *Sim) EachFact() iter.Seq[Fact] {
	return func(yield func(Fact) bool) {
		s.mu.Lock()
		groups := slices.Clone(s.groups)
		s.mu.Unlock()
		for _, g := range groups {
			for _, fact := range s.groupFacts(g) {
				if !yield(fact) {
					return
				}
			}
		}
	}
}

func (s *Sim) groupFacts(g *group) []Fact {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.isGone(g, now) {
		return nil
	}
	var out []Fact
	for k := range g.total() {
		r := s.run(g, k, now)
		for _, o := range s.runObjects(r) {
			out = append(out, Fact{
				GroupID: g.id, GroupDeleted: s.isDeleted(g), RunID: r.id(), ObjectID: o.entity.id,
				StartUsecs: r.start, SnapshotID: o.snapshotID, Status: o.status,
			})
		}
	}
	return out
}

// GroupIDs returns the ids of all groups, deleted ones too.
func (s *Sim) GroupIDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	now := s.now()
	for _, g := range s.groups {
		if !s.isGone(g, now) {
			out = append(out, g.id)
		}
	}
	return out
}

// AddRun starts a run of a group now and returns its id, or "" when there is no
// such group. It runs for the task time of the scenario.
func (s *Sim) AddRun(groupID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, found := s.groupByID[groupID]
	if !found || s.isDeleted(g) || g.removed {
		return ""
	}
	return s.addRun(g, "kRegular", nil, s.now()).id()
}

// RevokeTokens makes every token issued so far invalid.
func (s *Sim) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// SetDownloadSize sets the size of archives that are prepared from now on.
func (s *Sim) SetDownloadSize(size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.DownloadSize = size
}

// SetEndOfData changes how downloads answer at their end.
func (s *Sim) SetEndOfData(form EndOfData) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.EndOfData = form
}

// RecoveryRequest is a recovery or download that a client asked for.
type RecoveryRequest struct {
	ID     string
	Status string         // as of now
	Body   map[string]any // decoded, numbers as json.Number
}

// Recoveries returns what clients asked for, oldest first; children of a parent
// recovery are left out.
func (s *Sim) Recoveries() []RecoveryRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []RecoveryRequest
	for _, r := range s.recoveries {
		if r.parent == "" {
			out = append(out, RecoveryRequest{ID: r.id, Status: s.recoveryStatus(r, s.now()), Body: maps.Clone(r.body)})
		}
	}
	return out
}

// DownloadContent returns the archive a download recovery gives; it is empty
// for other ids.
func (s *Sim) DownloadContent(recoveryID string) simkit.Content {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, found := s.recoveryByID[recoveryID]; found {
		return r.content
	}
	return simkit.Content{}
}

// FileContent returns the bytes of one indexed file of a snapshot.
func (s *Sim) FileContent(snapshotID, path string) simkit.Content {
	return s.fileContent(snapshotID, path)
}

// now is the clock in the vendor's unit.
func (s *Sim) now() int64 { return s.kit.Now().UnixMicro() }
