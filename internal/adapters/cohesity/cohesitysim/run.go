package cohesitysim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	second      = int64(1_000_000) // in microseconds
	hour        = 3600 * second
	day         = 24 * hour
	runEvery    = 4 * hour
	openFor     = 6 * hour // a run that was open at birth stays open this long
	retention   = 30 * day
	lockedFor   = 7 * day
	defaultTask = 8 * time.Second
	never       = math.MaxInt64
)

// addedRun is a run that was started while the simulator ran.
type addedRun struct {
	start   int64
	runType string
	objects []int64 // nil is all
}

type runKey struct {
	group string
	k     int
}

// edit is what clients did to a run.
type edit struct {
	canceledAt int64
	paused     bool
	deleted    bool // its snapshots
	hold       *bool
	extraDays  int64
	lock       string
}

// run is one backup run as of a moment.
type run struct {
	g         *group
	k         int
	instance  int64
	start     int64
	end       int64 // 0 while open
	status    string
	runType   string
	local     bool  // else cloud-archive-direct
	visible   int64 // shows in lists from then on
	draw      uint64
	objectIDs []int64
	edit      edit
}

func (r run) id() string    { return fmt.Sprintf("%d:%d", r.instance, r.start) }
func (r run) open() bool    { return r.end == 0 }
func (r run) key() runKey   { return runKey{r.g.id, r.k} }
func (r run) expiry() int64 { return r.start + retention + r.edit.extraDays*day }

// lock is the data lock on the snapshots of a run as of now, set by its policy
// or by a client; keeping a snapshot longer extends it (IBM NOTES section 9).
func (s *Sim) lock(r run, now int64) (mode string, until int64) {
	mode, until = r.edit.lock, r.expiry()
	if mode == "" && r.k < r.g.runs && s.policyIDOf(r.g) == s.uid(lockedPolicy) {
		mode, until = "Administrative", r.start+lockedFor+r.edit.extraDays*day
	}
	if until <= now {
		return "", 0
	}
	return mode, until
}

func (s *Sim) locked(r run, now int64) bool {
	mode, _ := s.lock(r, now)
	return mode != ""
}

// instance numbers grow within a group and are unique over groups.
func (s *Sim) instance(g *group, k int) int64 {
	return 3000 + int64(k)*int64(s.options.Groups+100_000) + int64(g.index)
}

// seededStart gives three neighbouring groups the same start in every round:
// equal microseconds across groups are normal, within a group they never occur.
func (s *Sim) seededStart(g *group, k int) int64 {
	bucket := uint64(g.index / 3)
	base := s.born.Truncate(time.Hour).UnixMicro() - int64(g.runs-k)*runEvery
	offset := int64(bucket%12) * 600 * second
	return base + offset + int64(mix(s.kit.Seed, 10, bucket, uint64(k))%uint64(540*second))
}

func (s *Sim) taskTime() int64 {
	d := s.kit.Scenario.TaskTime
	if d <= 0 {
		d = defaultTask
	}
	return d.Microseconds()
}

// run computes the k-th run of a group as of now.
func (s *Sim) run(g *group, k int, now int64) run {
	r := run{g: g, k: k, instance: s.instance(g, k), draw: mix(s.kit.Seed, 11, uint64(g.index), uint64(k))}
	if e := s.edits[r.key()]; e != nil {
		r.edit = *e
	}
	r.local = s.isLocal(g, k)
	var final string
	end := int64(0)
	if k < g.runs {
		r.start = s.seededStart(g, k)
		r.runType = "kRegular"
		if k%7 == 0 {
			r.runType = "kFull"
		}
		r.objectIDs = s.objectIDs(g)
		final = s.finalStatus(r.draw)
		end = r.start + int64(300+r.draw>>8%600)*second
		if k == g.runs-1 && g.index%5 == 2 {
			end, final = s.born.UnixMicro()+openFor, "Succeeded"
		}
	} else {
		a := g.added[k-g.runs]
		r.start, r.runType, r.objectIDs = a.start, a.runType, a.objects
		if r.objectIDs == nil {
			r.objectIDs = s.objectIDs(g)
		}
		final, end = "Succeeded", r.start+s.taskTime()
		r.visible = r.start + s.kit.Scenario.LateVisibility.Microseconds()
	}
	s.settle(&r, final, end, now)
	return r
}

// settle fills in how far a run has come.
func (s *Sim) settle(r *run, final string, end, now int64) {
	if at := r.edit.canceledAt; at != 0 && at < end {
		final, end = "Canceled", at+s.taskTime()/4
		if now < end {
			r.status = "Canceling"
			return
		}
	}
	switch {
	case now >= end:
		r.status, r.end = final, end
	case r.edit.paused:
		r.status = "Paused"
	case now < r.start+(end-r.start)/10:
		r.status = "Accepted"
	default:
		r.status = "Running"
	}
}

// isLocal says which of the two forms of IBM NOTES section 8 a run has; some
// groups moved from one to the other half-way.
func (s *Sim) isLocal(g *group, k int) bool {
	switch g.index % 5 {
	case 3:
		return true
	case 4:
		return k < g.runs/2
	default:
		return false
	}
}

func (s *Sim) finalStatus(draw uint64) string {
	switch n := draw % 100; {
	case n < 5:
		return "Failed"
	case n < 12:
		return "SucceededWithWarning"
	case n < 14:
		return "Canceled"
	case n == 14:
		return "Skipped"
	case n == 15 && s.kit.Scenario.ExtraFields:
		return "Quarantined" // a word that no document knows
	default:
		return "Succeeded"
	}
}

// runObject is one object in a run.
type runObject struct {
	entity     entity
	status     string // in the words of a run
	snapshotID string
}

func (s *Sim) runObjects(r run) []runObject {
	out := make([]runObject, 0, len(r.objectIDs))
	odd := int(r.draw >> 20 % uint64(max(1, len(r.objectIDs))))
	for i, id := range r.objectIDs {
		e, _ := s.entity(id)
		o := runObject{entity: e, status: r.status}
		// A run is as bad as its worst object.
		partial := r.status == "SucceededWithWarning" || (r.status == "Failed" && r.draw>>40%2 == 0)
		if partial && i != odd {
			o.status = "Succeeded"
		}
		if (o.status == "Succeeded" || o.status == "SucceededWithWarning") && !r.edit.deleted {
			o.snapshotID = s.snapshotID(r, id)
		}
		out = append(out, o)
	}
	return out
}

// restorable says whether anything of the run can be recovered now.
func (s *Sim) restorable(r run, now int64) bool {
	return r.expiry() > now && slices.ContainsFunc(s.runObjects(r), func(o runObject) bool { return o.snapshotID != "" })
}

// snapshotParts is what a snapshot id carries (IBM NOTES section 3).
type snapshotParts struct {
	ClusterID   int64 `json:"a_clusterId"`
	Incarnation int64 `json:"b_clusterIncarnationId"`
	JobID       int64 `json:"c_jobId"`
	Instance    int64 `json:"e_jobInstanceId"`
	Start       int64 `json:"f_runStartTimeUsecs"`
	Object      int64 `json:"g_objectId"`
	Vault       int64 `json:"h_vaultId"`
}

func (s *Sim) snapshotID(r run, object int64) string {
	parts := snapshotParts{s.clusterID(), incarnation, jobNumber(r.g), r.instance, r.start, object, vaultID}
	if r.local {
		parts.Vault = 0
	}
	plain, _ := json.Marshal(parts)
	return base64.StdEncoding.EncodeToString(plain)
}

func jobNumber(g *group) int64 {
	n, _ := strconv.ParseInt(g.id[strings.LastIndexByte(g.id, ':')+1:], 10, 64)
	return n
}

// snapshot is a restorable object of a run.
type snapshot struct {
	run    run
	object runObject
}

// snapshot finds a snapshot that can be recovered now.
func (s *Sim) snapshot(id string, now int64) (snapshot, error) {
	plain, err := base64.StdEncoding.DecodeString(id)
	if err != nil {
		return snapshot{}, notFound()
	}
	var parts snapshotParts
	if json.Unmarshal(plain, &parts) != nil {
		return snapshot{}, notFound()
	}
	g, found := s.groupByID[s.uid(parts.JobID)]
	if !found || g.removed {
		return snapshot{}, notFound()
	}
	r, found := s.runByInstance(g, parts.Instance, now)
	if !found || r.expiry() <= now {
		return snapshot{}, notFound()
	}
	for _, o := range s.runObjects(r) {
		if o.snapshotID == id {
			return snapshot{r, o}, nil
		}
	}
	return snapshot{}, notFound()
}

func (s *Sim) runByInstance(g *group, instance, now int64) (run, bool) {
	stride := int64(s.options.Groups + 100_000)
	n := instance - 3000 - int64(g.index)
	if n < 0 || n%stride != 0 || n/stride >= int64(g.total()) {
		return run{}, false
	}
	return s.run(g, int(n/stride), now), true
}

// runByID finds a run of a group by its id.
func (s *Sim) runByID(g *group, id string, now int64) (run, bool) {
	head, _, _ := strings.Cut(id, ":")
	instance, err := strconv.ParseInt(head, 10, 64)
	if err != nil {
		return run{}, false
	}
	r, found := s.runByInstance(g, instance, now)
	return r, found && r.id() == id
}

// addRun starts a run now; starts of one group never fall together.
func (s *Sim) addRun(g *group, runType string, objects []int64) run {
	now := s.now()
	start := now
	if n := g.total(); n > 0 {
		start = max(start, s.run(g, n-1, now).start+1)
	}
	g.added = append(g.added, addedRun{start, runType, objects})
	return s.run(g, g.total()-1, now)
}

// editOf returns the changes of a run for writing.
func (s *Sim) editOf(r run) *edit {
	e := s.edits[r.key()]
	if e == nil {
		e = &edit{}
		s.edits[r.key()] = e
	}
	return e
}
