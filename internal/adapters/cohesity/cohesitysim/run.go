package cohesitysim

import (
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

// addedRun is a run that was started while the simulator ran. What its group and policy said then holds for it.
type addedRun struct {
	start   int64
	runType string
	objects []int64
	keep    keeping
	quiet   quiet
}

type runKey struct {
	group string
	k     int
}

// edit is what clients did to a run.
type edit struct {
	canceledAt int64
	without    []int64 // objects that were canceled alone
	pausedAt   int64   // 0 when it is not paused
	idle       int64   // how long it was paused before
	deleted    bool    // its snapshots
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
	keep      keeping
	due       int64 // when it ends, if nobody interferes
	stopped   bool  // by a blackout window
	edit      edit
}

func (r run) id() string    { return fmt.Sprintf("%d:%d", r.instance, r.start) }
func (r run) open() bool    { return r.end == 0 }
func (r run) key() runKey   { return runKey{r.g.id, r.k} }
func (r run) expiry() int64 { return r.start + r.keep.keep + r.edit.extraDays*day }
func (r run) held() bool    { return r.edit.hold != nil && *r.edit.hold }

// expired says whether the snapshots of a run are over; a legal hold keeps them.
func (r run) expired(now int64) bool { return r.expiry() <= now && !r.held() }

// lock is the data lock on the snapshots of a run as of now, set by its policy
// or by a client; keeping a snapshot longer extends it (IBM NOTES section 9).
func (s *Sim) lock(r run, now int64) (mode string, until int64) {
	mode, until = r.edit.lock, r.expiry()
	if mode == "" {
		mode, until = r.keep.lock, r.start+r.keep.lockFor+r.edit.extraDays*day
	}
	if until <= now {
		return "", 0
	}
	return mode, until
}

func (s *Sim) lockedAs(r run, want string, now int64) bool {
	mode, _ := s.lock(r, now)
	return mode == want
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
		r.objectIDs = s.seededObjects(g)
		r.keep = keeping{keep: retention}
		if s.seededPolicyID(g) == s.uid(lockedPolicy) {
			r.keep.lock, r.keep.lockFor = "Administrative", lockedFor
		}
		final = s.finalStatus(r.draw)
		end = r.start + int64(300+r.draw>>8%600)*second
		if k == g.runs-1 && g.index%5 == 2 {
			end, final = s.born.UnixMicro()+openFor, "Succeeded"
		}
	} else {
		a := g.added[k-g.runs]
		r.start, r.runType, r.objectIDs, r.keep = a.start, a.runType, a.objects, a.keep
		r.visible = r.start + s.kit.Scenario.LateVisibility.Microseconds()
		final, end = "Succeeded", r.start+s.taskTime()
		if a.quiet.from != 0 && a.quiet.from < end && r.edit.canceledAt == 0 {
			if a.quiet.aborts {
				final, end = "Canceled", a.quiet.from
			} else {
				end += a.quiet.to - a.quiet.from
				r.stopped = now >= a.quiet.from && now < a.quiet.to
			}
		}
	}
	s.settle(&r, final, end, now)
	return r
}

// begun is false for a run that was accepted and starts later.
func (r run) begun(now int64) bool { return r.start <= now }

// settle fills in how far a run has come.
func (s *Sim) settle(r *run, final string, end, now int64) {
	end += r.edit.idle
	r.due = end
	paused := r.edit.pausedAt != 0 || r.stopped
	if at := r.edit.canceledAt; at != 0 && (at < end || paused) {
		final, end = "Canceled", at+s.taskTime()/4
		if now < end {
			r.status = "Canceling"
			return
		}
	}
	switch {
	case paused:
		r.status = "Paused"
	case now >= end:
		r.status, r.end = final, end
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
	out := make([]runObject, len(r.objectIDs))
	for i := range out {
		out[i] = s.runObject(r, i)
	}
	return out
}

// runObject is the i-th object of a run.
func (s *Sim) runObject(r run, i int) runObject {
	o := s.objectState(r, i)
	if (o.status == "Succeeded" || o.status == "SucceededWithWarning") && !r.edit.deleted {
		o.snapshotID = s.snapshotID(r, o.entity.id)
	}
	return o
}

// objectStates are the objects of a run without their snapshot ids, which cost
// more than all the rest.
func (s *Sim) objectStates(r run) []runObject {
	out := make([]runObject, len(r.objectIDs))
	for i := range out {
		out[i] = s.objectState(r, i)
	}
	return out
}

func (s *Sim) objectState(r run, i int) runObject {
	e, _ := s.entity(r.objectIDs[i])
	o := runObject{entity: e, status: r.status}
	// A run is as bad as its worst object.
	odd := int(r.draw >> 20 % uint64(len(r.objectIDs)))
	partial := r.status == "SucceededWithWarning" || (r.status == "Failed" && r.draw>>40%2 == 0)
	if partial && i != odd {
		o.status = "Succeeded"
	}
	if slices.Contains(r.edit.without, e.id) {
		o.status = "Canceled"
	}
	return o
}

// objectOf is what a run has of an object; its snapshot id is empty when there
// is nothing to recover.
func (s *Sim) objectOf(r run, id int64) (runObject, bool) {
	i := slices.Index(r.objectIDs, id)
	if i < 0 {
		return runObject{}, false
	}
	return s.runObject(r, i), true
}

// restorable says whether anything of the run can be recovered now.
func (s *Sim) restorable(r run, now int64) bool {
	if r.expired(now) {
		return false
	}
	for i := range r.objectIDs {
		if s.runObject(r, i).snapshotID != "" {
			return true
		}
	}
	return false
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
	return r, found && r.id() == id && r.begun(now)
}

// groupOfInstance is the only group that can have a run of this instance.
func (s *Sim) groupOfInstance(instance int64) (*group, bool) {
	index := (instance - 3000) % int64(s.options.Groups+100_000)
	if instance < 3000 || index >= int64(len(s.groups)) {
		return nil, false
	}
	return s.groups[index], true
}

// addRun starts a run at a moment; starts of one group never fall together.
func (s *Sim) addRun(g *group, runType string, objects []int64, start int64) run {
	now := s.now()
	if n := g.total(); n > 0 {
		start = max(start, s.run(g, n-1, now).start+1)
	}
	if objects == nil {
		objects = slices.Clone(s.objectIDs(g))
	}
	policy := s.policy(s.policyIDOf(g))
	g.added = append(g.added, addedRun{start, runType, objects, keepingOf(policy), s.quietDuring(g, policy, start)})
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
