package storwaresim

import (
	"cmp"
	"slices"
	"time"
)

const (
	// defaultTaskTime is how long a task takes when the scenario does not say.
	defaultTaskTime = 8 * time.Second
	// taskRetention is when finished tasks vanish; the queue is cleaned
	// periodically (NOTES section 8), the period is made up.
	taskRetention = 7 * 24 * time.Hour
	// downloadLife is the UI's default unmount period (NOTES section 7).
	downloadLife = 24 * time.Hour
)

// task is one entry of the server's queue. Its state is a function of the
// clock: QUEUED before start, RUNNING before end, outcome afterwards.
type task struct {
	guid, kind          string
	created, start, end time.Time
	windowEnd           time.Time
	outcome, statusInfo string
	settled             bool
	priority            int
	workflow            string
	restoreType         string
	backupType          string
	entity              *entity
	backup              *backup
	destination         *place
	download            *download
	restoreJob          *restoreJob
	parent              *task
	objects             int64
	then                func(*task) // runs once, when the task is over
}

// restoreJob is one row of the restore history (NOTES section 10).
type restoreJob struct {
	guid   string
	kind   string
	at     time.Time
	backup *backup
	task   *task // the last one of the job
}

func (t *task) stateAt(now time.Time) string {
	switch {
	case t.settled:
		return t.outcome
	case now.Before(t.start):
		return "QUEUED"
	default:
		return "RUNNING"
	}
}

func (t *task) over() bool { return t.settled }

// progressAt runs from 0 to 100 in steps of a half.
func (t *task) progressAt(now time.Time) float64 {
	switch {
	case t.settled && t.outcome == "FINISHED":
		return 100
	case now.Before(t.start) || !t.end.After(t.start):
		return 0
	}
	at := min(now.UnixNano(), t.end.UnixNano())
	share := float64(at-t.start.UnixNano()) / float64(t.end.Sub(t.start))
	return float64(int(min(share, 0.995)*200)) / 2
}

func (s *Sim) taskTime() time.Duration {
	if d := s.options.Scenario.TaskTime; d > 0 {
		return d
	}
	return defaultTaskTime
}

// queueTask files a task that t describes: a quarter of its time it waits. The
// window can put the start off or make the task fail (NOTES section 8).
func (s *Sim) queueTask(at time.Time, t *task) *task {
	span := s.taskTime()
	t.guid = newGUID(s.guids)
	t.created = at
	if t.start.Before(at) {
		t.start = at.Add(span / 4)
	}
	t.end = t.start.Add(span - span/4)
	t.outcome = "FINISHED"
	if t.windowEnd.IsZero() {
		t.windowEnd = t.start.Add(6 * time.Hour)
	}
	if t.start.After(t.windowEnd) {
		t.outcome, t.statusInfo = "FAILED", "task was not started in its window"
		if t.end = t.windowEnd; t.end.Before(at) {
			t.end = at
		}
	}
	if s.faults.Float64() < s.options.Scenario.FailTasks {
		t.outcome, t.statusInfo = "FAILED", "node reported an error"
	}
	if t.workflow == "" {
		t.workflow = newGUID(s.guids)
	}
	if t.priority == 0 {
		t.priority = 50
	}
	s.tasks = append(s.tasks, t)
	s.taskByGUID[t.guid] = t
	return t
}

// advance brings the world to the present and returns it. Tasks end and records
// expire in the order of their time, and what follows one starts at the time it
// ended, so the outcome does not depend on how often somebody looks.
func (s *Sim) advance() time.Time {
	now := s.kit.Now()
	for {
		due, expired := s.nextDue(now), s.nextExpired(now)
		switch {
		case expired != nil && (due == nil || !expired.expires.After(due.end)):
			s.expire(expired)
			continue
		case due != nil:
			due.settle()
			continue
		}
		break
	}
	s.removeMarked(now)
	s.tasks = slices.DeleteFunc(s.tasks, func(t *task) bool {
		gone := t.settled && now.Sub(t.end) > taskRetention
		if gone {
			delete(s.taskByGUID, t.guid)
		}
		return gone
	})
	return now
}

func (s *Sim) nextDue(now time.Time) *task {
	var due *task
	for _, t := range s.tasks {
		if !t.settled && !t.end.After(now) && (due == nil || t.end.Before(due.end)) {
			due = t
		}
	}
	return due
}

func (t *task) settle() {
	t.settled = true
	if t.then != nil {
		t.then(t)
	}
}

// stop ends a task before its time.
func (t *task) stop(at time.Time, outcome, statusInfo string) {
	if at.Before(t.end) {
		t.end = at
	}
	t.outcome, t.statusInfo = outcome, statusInfo
}

// populateHistory leaves what earlier days left behind: finished tasks of the
// newest backups and a few restore jobs.
func (s *Sim) populateHistory(now time.Time) {
	for _, b := range s.byTime[max(0, len(s.byTime)-20):] {
		if !b.usable() || b.snapshotTime == 0 {
			continue
		}
		workflow := newGUID(s.guids)
		started := time.UnixMilli(b.snapshotTime)
		for i, kind := range []string{"EXPORT", "STORE"} {
			t := &task{
				guid: newGUID(s.guids), kind: kind, workflow: workflow, entity: b.entity, backup: b, priority: 50,
				created: started, start: started, end: started.Add(time.Duration(i+1) * time.Minute), settled: true,
				outcome: "FINISHED", backupType: b.kind, destination: b.destinations[0], windowEnd: started.Add(6 * time.Hour),
			}
			s.tasks = append(s.tasks, t)
			s.taskByGUID[t.guid] = t
		}
	}
	for i := len(s.byTime) - 1; i >= 0 && len(s.restoreJobs) < 12; i -= 7 {
		if b := s.byTime[i]; b.usable() {
			at := now.Add(-time.Duration(i%48+1) * time.Hour)
			s.restoreJobs = append(s.restoreJobs, &restoreJob{
				guid: newGUID(s.guids), kind: "RESTORE", at: at, backup: b,
				task: &task{settled: true, outcome: "FINISHED", end: at},
			})
		}
	}
	slices.SortFunc(s.restoreJobs, func(a, b *restoreJob) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
}
