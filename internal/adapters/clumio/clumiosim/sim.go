package clumiosim

import (
	"cmp"
	"net/http"
	"slices"
	"sync"
	"time"

	"switchback/internal/adapters/simkit"
)

// Options describe a simulated Clumio account. The zero value is an account of
// moderate size on the vendor's best day.
type Options struct {
	Seed     uint64
	Scenario simkit.Scenario
	Now      func() time.Time // nil is the wall clock
	Token    string           // the bearer token; default "test-clumio-token"
	Region   string           // the control plane's region; default us-west-2
	Assets   int              // rough number of assets; default 60
	Backups  int              // total over all lists; default 400, negative for none

	// RateLimit is how many requests a second the gateway lets through, all
	// users together; over it comes 429. Zero does not limit. The vendor's is 100
	// (NOTES section 6).
	RateLimit int
}

// Fact is one backup that the account holds.
type Fact struct {
	List    string // path of the list that shows it
	ID      string
	AssetID string // the Clumio id that the list filters by
	Start   time.Time
	Kind    string // the wire value of type
}

// Restore is one accepted restore request, whatever became of it.
type Restore struct {
	Path       string
	TaskID     string
	EndpointID string // of an instant-access endpoint, else empty
	At         time.Time
	Body       map[string]any // as decoded; numbers are json.Number
}

// Task is one task as the API would show it now.
type Task struct {
	ID, Type, Category, Status, PrimaryID string
	Created                               time.Time
}

// Sim is one simulated account. It is safe for concurrent use.
type Sim struct {
	kit     *simkit.Kit
	handler http.Handler
	routes  map[int][]route // by number of path segments
	options Options
	specs   []backupSpec

	mu     sync.Mutex
	tokens tokens

	born         time.Time // the estate's newest backups start shortly before
	environments []*environment
	assets       map[string][]*asset // by list path, in listing order
	assetByID    map[string]*asset
	backups      map[string]*shelf // by list path
	policies     []*policy
	tasks        []*task
	taskByID     map[string]*task
	open         []*task    // not yet seen to have ended
	arrivals     []arrival  // finished, not yet visible
	endpoints    []*instant // instant access, in order of creation
	restores     []Restore
	serial       uint64 // everything made after the start draws from here
	minted       uint64 // ids of everything that is neither asset nor backup
	gate         gate
	governance
	transfers
}

// New builds the account. Equal options and an equal clock give equal accounts.
func New(o Options) *Sim {
	o.Token = cmp.Or(o.Token, "test-clumio-token")
	o.Region = cmp.Or(o.Region, "us-west-2")
	o.Assets = cmp.Or(o.Assets, 60)
	o.Backups = cmp.Or(o.Backups, 400)
	s := &Sim{
		kit:       simkit.New(o.Seed, o.Scenario, o.Now),
		options:   o,
		specs:     backupSpecs(),
		assets:    map[string][]*asset{},
		assetByID: map[string]*asset{},
		backups:   map[string]*shelf{},
		taskByID:  map[string]*task{},
	}
	s.tokens.reset(o.Token)
	s.born = s.kit.Now().UTC().Truncate(time.Second)
	s.build()
	s.routes = routeTable(s)
	s.handler = s.kit.Handler(http.HandlerFunc(s.serve))
	return s
}

// ServeHTTP answers one request.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Kit gives access to injected faults and the request log.
func (s *Sim) Kit() *simkit.Kit { return s.kit }

// SetToken rotates the token: every other one answers 401 from now on.
func (s *Sim) SetToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens.reset(token)
}

// Token is the token that is accepted now.
func (s *Sim) Token() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens.current()
}

// Facts returns every backup that the lists show now, newest first.
func (s *Sim) Facts() []Fact {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	var facts []Fact
	for _, spec := range s.specs {
		for _, b := range s.backups[spec.path].ordered {
			facts = append(facts, factOf(spec.path, b))
		}
	}
	slices.SortStableFunc(facts, func(a, b Fact) int { return b.Start.Compare(a.Start) })
	return facts
}

// Assets returns the ids of the live assets that the list at path shows now.
func (s *Sim) Assets(path string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	var ids []string
	for _, a := range s.assets[path] {
		if !a.deleted {
			ids = append(ids, a.id)
		}
	}
	return ids
}

// AddBackup puts a backup of an existing asset into a list at once, as the
// vendor's scheduler might while somebody pages. It reports false when the list
// or the asset does not exist.
func (s *Sim) AddBackup(list, assetID string, start time.Time) (Fact, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	shelf, a := s.backups[list], s.assetByID[assetID]
	if shelf == nil || a == nil || a.backupList != list {
		return Fact{}, false
	}
	b := s.newBackup(shelf, a, start, shelf.spec.kinds[0])
	shelf.insert(b)
	return factOf(list, b), true
}

// RemoveBackup lets a backup expire. It reports whether there was one.
func (s *Sim) RemoveBackup(list, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	shelf := s.backups[list]
	return shelf != nil && shelf.remove(id)
}

// Restores returns the accepted restore requests, oldest first.
func (s *Sim) Restores() []Restore {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.restores)
}

// Tasks returns all tasks, oldest first.
func (s *Sim) Tasks() []Task {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.kit.Now()
	out := make([]Task, 0, len(s.tasks))
	for _, t := range s.tasks {
		out = append(out, Task{
			ID: t.id, Type: t.kind, Category: t.category, Status: t.at(now).status,
			PrimaryID: t.primary.id, Created: t.created,
		})
	}
	return out
}

// newID makes an id that depends on the seed and on what was made before.
func (s *Sim) newID() string {
	s.minted++
	return uuid(seeded(s.kit.Seed^0x1d5, s.minted))
}

func factOf(list string, b *backup) Fact {
	return Fact{List: list, ID: b.id, AssetID: b.asset.id, Start: time.Unix(b.start, 0).UTC(), Kind: b.kind}
}
