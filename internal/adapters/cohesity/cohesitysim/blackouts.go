package cohesitysim

import "time"

// keeping is how long the snapshots of a run are kept and locked.
type keeping struct {
	keep    int64
	lock    string // mode
	lockFor int64
}

// quiet is the first blackout window that touches a run: the group says
// whether the run is aborted or paused in it (IBM NOTES section 9).
type quiet struct {
	from, to int64
	aborts   bool
}

// spanOf reads unit and duration; a month has 30 days, a year 365 (IBM NOTES
// section 9).
func spanOf(o obj) int64 {
	n, _ := integer(o, "duration")
	days := map[string]int64{"Days": 1, "Weeks": 7, "Months": 30, "Years": 365}[text(o, "unit")]
	return min(max(n, 0)*days, maxDays) * day
}

func keepingOf(policy obj) keeping {
	rule := member(member(member(policy, "backupPolicy"), "regular"), "retention")
	k := keeping{keep: spanOf(rule)}
	if k.keep == 0 {
		k.keep = retention // of a group whose policy was deleted (inferred)
	}
	if lock := member(rule, "dataLockConfig"); lock != nil {
		k.lock, k.lockFor = text(lock, "mode"), spanOf(lock)
	}
	return k
}

// startOfRun is when a run that is asked for now begins: after the delay, and
// not inside a blackout window.
func (s *Sim) startOfRun(g *group, now int64) int64 {
	start := now + s.options.RunDelay.Microseconds()
	if from, to, found := nextWindow(s.policy(s.policyIDOf(g)), start); found && from <= start {
		return to
	}
	return start
}

// quietDuring is the window that a run of a group will meet, if its group cares.
func (s *Sim) quietDuring(g *group, policy obj, start int64) quiet {
	aborts := truth(g.body, "abortInBlackouts")
	if !aborts && !truth(g.body, "pauseInBlackouts") {
		return quiet{}
	}
	from, to, found := nextWindow(policy, start)
	if !found || from >= start+s.taskTime() {
		return quiet{}
	}
	return quiet{max(from, start), to, aborts}
}

// nextWindow is the first blackout window of a policy that ends after a moment.
func nextWindow(policy obj, at int64) (from, to int64, found bool) {
	for _, window := range list(policy, "blackoutWindow") {
		zone, err := zoneOf(member(window, "startTime"))
		if err != nil {
			continue
		}
		base := time.UnixMicro(at).In(zone)
		for ahead := -1; ahead <= 7; ahead++ {
			date := base.AddDate(0, 0, ahead)
			if date.Weekday().String() != text(window, "day") {
				continue
			}
			begin, end := clockTime(date, member(window, "startTime")), clockTime(date, member(window, "endTime"))
			if end <= begin {
				end += day
			}
			if end > at && (!found || begin < from) {
				from, to, found = begin, end, true
			}
		}
	}
	return from, to, found
}

func zoneOf(timeOfDay obj) (*time.Location, error) {
	name := text(timeOfDay, "timeZone")
	if name == "" {
		name = "America/Los_Angeles" // the documented default (IBM NOTES section 4)
	}
	return time.LoadLocation(name)
}

func clockTime(date time.Time, timeOfDay obj) int64 {
	h, _ := integer(timeOfDay, "hour")
	m, _ := integer(timeOfDay, "minute")
	return time.Date(date.Year(), date.Month(), date.Day(), int(h), int(m), 0, 0, date.Location()).UnixMicro()
}

// checkWindows refuses blackout windows that mean nothing.
func checkWindows(policy obj) error {
	days := map[string]bool{}
	for d := time.Sunday; d <= time.Saturday; d++ {
		days[d.String()] = true
	}
	for _, window := range list(policy, "blackoutWindow") {
		if !days[text(window, "day")] {
			return invalid("blackoutWindow.day in body should be a day of the week")
		}
		for _, name := range []string{"startTime", "endTime"} {
			at := member(window, name)
			h, hasHour := integer(at, "hour")
			m, hasMinute := integer(at, "minute")
			if _, err := zoneOf(at); err != nil || !hasHour || !hasMinute || h < 0 || h > 23 || m < 0 || m > 59 {
				return invalid("blackoutWindow.%s in body is not a time of day", name)
			}
		}
	}
	return nil
}
