package storwaresim

import (
	"slices"
	"strings"
	"time"
)

var (
	scheduleTypes = []string{
		"APP_BACKUP", "CLOUD_BACKUP", "OS_BACKUP", "STORAGE_BACKUP", "STORAGE_SNAPSHOT", "VM_BACKUP", "VM_RESTORE", "VM_SNAPSHOT",
	}
	weekdays = []string{"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"}
	months   = []string{
		"JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER",
	}
	occurrences = []string{"FIRST_IN_MONTH", "SECOND_IN_MONTH", "THIRD_IN_MONTH", "FOURTH_IN_MONTH", "LAST_IN_MONTH"}
)

type schedule struct {
	guid string
	scheduleSettings
}

// scheduleSettings are the members of a request that are answered, too. Hours
// are milliseconds since 00:00 UTC (NOTES section 4).
type scheduleSettings struct {
	Name                 string
	Active               bool
	Type                 named
	BackupType           named
	ExecutionType        named
	Hour                 *int64
	StartWindowLength    int64
	DaysOfWeek           []named
	Months               []named
	DayOfWeekOccurrences []named
	Interval             *interval
}

type interval struct{ StartHour, EndHour, Frequency int64 }

const day = 24 * time.Hour

// scheduleType is the type of the schedules that policies of a kind take: the
// two must match (NOTES section 11).
func scheduleType(policyKind string) string {
	return strings.ToUpper(strings.ReplaceAll(policyKind, "-", "_"))
}

func words(names ...string) []named {
	var out []named
	for _, name := range names {
		out = append(out, named{Name: name})
	}
	return out
}

func nightly(guid, name, policyKind string, repeated bool) *schedule {
	s := &schedule{guid: guid, scheduleSettings: scheduleSettings{
		Name: name + " nightly", Active: true, Type: named{Name: scheduleType(policyKind)}, BackupType: named{Name: "FULL"},
		StartWindowLength: (6 * time.Hour).Milliseconds(), DaysOfWeek: words("MONDAY", "THURSDAY"), Months: words("JANUARY", "JULY"),
		DayOfWeekOccurrences: words("FIRST_IN_MONTH"), ExecutionType: named{Name: "TIME"},
	}}
	hour := func(n time.Duration) int64 { return (n * time.Hour).Milliseconds() }
	if repeated {
		s.ExecutionType = named{Name: "INTERVAL"}
		s.Interval = &interval{StartHour: hour(8), EndHour: hour(20), Frequency: hour(2)}
	} else {
		at := hour(22)
		s.Hour = &at
	}
	return s
}

func scheduleRoutes() []route {
	return []route{
		{pattern: "GET /schedules", handle: (*call).listSchedules},
		{pattern: "POST /schedules", handle: (*call).createSchedule},
		{pattern: "GET /schedules/{guid}", handle: (*call).getSchedule},
		{pattern: "PUT /schedules/{guid}", handle: (*call).updateSchedule},
		{pattern: "DELETE /schedules/{guid}", handle: (*call).deleteSchedule},
	}
}

func (s *Sim) schedule(guid string) *schedule {
	for _, one := range s.schedules {
		if one.guid == guid {
			return one
		}
	}
	return nil
}

// rulesWith are the rules that a schedule is in.
func (s *Sim) rulesWith(sched *schedule) []*rule {
	var out []*rule
	for _, r := range s.rules("") {
		if slices.Contains(r.schedules, sched) {
			out = append(out, r)
		}
	}
	return out
}

func (c *call) listSchedules() answer {
	p := &params{c: c}
	kind := p.constant("type", scheduleTypes...)
	rules := p.all("rules")
	e, hasEntity := c.sim.entityByGUID[p.one("protected-entity")], p.one("protected-entity") != ""
	l := listing[*schedule]{
		name: func(s *schedule) string { return s.Name },
		columns: map[string]func(a, b *schedule) int{
			"guid": column(func(s *schedule) string { return s.guid }),
			"name": column(func(s *schedule) string { return s.Name }),
			"type": column(func(s *schedule) string { return s.Type.Name }),
		},
		build: c.scheduleRecord,
	}
	return l.answer(p, c.sim.schedules, func(s *schedule) bool {
		if kind != "" && s.Type.Name != kind {
			return false
		}
		if rules == nil && !hasEntity {
			return true
		}
		return slices.ContainsFunc(c.sim.rulesWith(s), func(r *rule) bool {
			return (rules == nil || slices.Contains(rules, r.guid)) && (!hasEntity || e != nil && r.policy.has(e))
		})
	})
}

func enums(names []named) []enum {
	out := make([]enum, len(names))
	for i, one := range names {
		out[i] = enum(one.Name)
	}
	return out
}

func (c *call) scheduleRecord(s *schedule) object {
	rules, policies := []object{}, []object{}
	for _, r := range c.sim.rulesWith(s) {
		rules = append(rules, object{"guid": r.guid, "name": r.name})
		policies = append(policies, object{"guid": r.policy.guid, "name": r.policy.Name})
	}
	o := object{
		"guid": s.guid, "name": s.Name, "active": s.Active, "type": enum(s.Type.Name), "backupType": nil,
		"startWindowLength": s.StartWindowLength, "daysOfWeek": enums(s.DaysOfWeek), "months": enums(s.Months),
		"dayOfWeekOccurrences": enums(s.DayOfWeekOccurrences), "rules": rules, "policies": policies,
		"hour": nil, "interval": nil, "executionType": enum(s.ExecutionType.Name),
	}
	if s.BackupType.Name != "" {
		o["backupType"] = enum(s.BackupType.Name)
	}
	if s.Interval != nil {
		o["interval"] = object{"startHour": s.Interval.StartHour, "endHour": s.Interval.EndHour, "frequency": s.Interval.Frequency}
	}
	if s.Hour != nil {
		o["hour"] = *s.Hour
	}
	return o
}

func (c *call) getSchedule() answer {
	s := c.sim.schedule(c.r.PathValue("guid"))
	if s == nil {
		return notFound("schedule")
	}
	return ok(c.scheduleRecord(s))
}

type scheduleRequest struct {
	scheduleSettings
	Rules []named
}

// refusal checks a request. No member is documented as required; what a
// schedule can not do without is (inferred).
func (request *scheduleRequest) refusal() string {
	hours := func(values ...int64) bool {
		return !slices.ContainsFunc(values, func(ms int64) bool { return ms < 0 || ms > day.Milliseconds() })
	}
	unknown := func(names []named, known []string) bool {
		return slices.ContainsFunc(names, func(one named) bool { return !slices.Contains(known, one.Name) })
	}
	switch {
	case request.Name == "":
		return "name is required"
	case !slices.Contains(scheduleTypes, request.Type.Name):
		return "unknown type"
	case request.BackupType.Name != "" && !slices.Contains(backupTypes, request.BackupType.Name):
		return "unknown backupType"
	case unknown(request.DaysOfWeek, weekdays) || unknown(request.Months, months) || unknown(request.DayOfWeekOccurrences, occurrences):
		return "unknown day, month or occurrence"
	case request.StartWindowLength < 0:
		return "startWindowLength is negative"
	}
	switch request.ExecutionType.Name {
	case "TIME":
		if request.Hour == nil || !hours(*request.Hour) {
			return "hour must be milliseconds of a day"
		}
	case "INTERVAL":
		if in := request.Interval; in == nil || !hours(in.StartHour, in.EndHour) || in.Frequency <= 0 {
			return "interval is missing or out of range"
		}
	default:
		return "unknown executionType"
	}
	return ""
}

// save takes over the request into a schedule; without rules in it the rules
// stay as they are.
func (c *call) saveSchedule(sched *schedule) (*schedule, answer) {
	var request scheduleRequest
	if a, good := c.body(&request); !good {
		return nil, a
	}
	if problem := request.refusal(); problem != "" {
		return nil, badRequest(problem)
	}
	for _, one := range request.Rules {
		r := c.sim.rule("", one.GUID)
		switch {
		case r == nil:
			return nil, notFound("rule")
		case scheduleType(r.policy.kind) != request.Type.Name:
			return nil, badRequest("schedule is not of the policy's type")
		}
	}
	if sched == nil {
		sched = &schedule{guid: newGUID(c.sim.guids)}
		c.sim.schedules = append(c.sim.schedules, sched)
	}
	sched.scheduleSettings = request.scheduleSettings
	if request.Rules != nil {
		c.sim.unschedule(sched)
		for _, one := range request.Rules {
			if r := c.sim.rule("", one.GUID); !slices.Contains(r.schedules, sched) {
				r.schedules = append(r.schedules, sched)
			}
		}
	}
	return sched, answer{}
}

// unschedule takes a schedule out of every rule.
func (s *Sim) unschedule(sched *schedule) {
	for _, r := range s.rulesWith(sched) {
		r.schedules = slices.DeleteFunc(r.schedules, func(other *schedule) bool { return other == sched })
	}
}

func (c *call) createSchedule() answer {
	sched, refusal := c.saveSchedule(nil)
	if sched == nil {
		return refusal
	}
	return c.created(c.scheduleRecord(sched))
}

func (c *call) updateSchedule() answer {
	sched := c.sim.schedule(c.r.PathValue("guid"))
	if sched == nil {
		return notFound("schedule")
	}
	if saved, refusal := c.saveSchedule(sched); saved == nil {
		return refusal
	}
	return c.changed(c.scheduleRecord(sched))
}

func (c *call) deleteSchedule() answer {
	sched := c.sim.schedule(c.r.PathValue("guid"))
	if sched == nil {
		return notFound("schedule")
	}
	c.sim.unschedule(sched)
	c.sim.schedules = slices.DeleteFunc(c.sim.schedules, func(other *schedule) bool { return other == sched })
	return c.changed(nil)
}
