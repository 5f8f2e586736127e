package clumiosim

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

const defaultTaskTime = 8 * time.Second

type entity struct{ id, kind, name string }

func entityOf(a *asset) entity {
	kinds := map[string]string{
		pathInstances: "aws_ec2_instance", pathVolumes: "aws_ebs_volume", pathResources: "aws_rds_resource",
		pathTables: "aws_dynamodb_table", pathGroups: "protection_group", pathS3Assets: "protection_group_s3_asset",
		pathDatabases: "ec2_mssql_database", pathIceberg: "aws_iceberg_table",
		pathGCPGroups: "gcp_protection_group", pathGCSAssets: "gcp_protection_group_gcs_asset",
	}
	return entity{a.id, kinds[a.path], a.name}
}

// task is one task. Its life is a function of the clock: an eighth of its time
// queued, the rest in progress; a failing one ends after two fifths of that, an
// aborted one an eighth of its time after the abort.
type task struct {
	id, kind, category string
	unit               string
	created            time.Time
	length             time.Duration
	fails, abortable   bool
	abortAt            time.Time
	primary, parent    entity
	done               func(end time.Time) // once, when it has completed
	genre              string              // operational when empty
}

type progress struct {
	status     string
	percent    int
	start, end time.Time
}

func (t *task) at(now time.Time) progress {
	start := t.created.Add(t.length / 8)
	run := t.length - t.length/8
	end := start.Add(run)
	p := progress{status: "completed", percent: 100, start: start, end: end}
	if t.fails {
		p.end = start.Add(run * 2 / 5)
		p.status, p.percent = "failed", 40
	}
	seen := now
	if !t.abortAt.IsZero() {
		seen = t.abortAt
		p.end = t.abortAt.Add(t.length / 8)
		p.status = "aborted"
	}
	if t.abortAt.IsZero() && !now.Before(p.end) {
		return p
	}
	p.percent = 0
	if run > 0 {
		p.percent = min(max(int(100*seen.Sub(start)/run), 0), 99)
	}
	if seen.Before(start) {
		p.start = time.Time{}
	}
	switch {
	case t.abortAt.IsZero() && now.Before(start):
		p.status, p.end = "queued", time.Time{}
	case t.abortAt.IsZero():
		p.status, p.end = "in_progress", time.Time{}
	case now.Before(p.end):
		p.status, p.end = "aborting", time.Time{}
	}
	return p
}

func (p progress) ended() bool { return !p.end.IsZero() }

// startTask makes a task that runs from now on.
func (s *Sim) startTask(now time.Time, t *task) *task {
	t.id = strconv.Itoa(48_200 + len(s.tasks))
	t.created = now
	t.length = defaultTaskTime
	if span := s.kit.Scenario.TaskTime; span > 0 {
		t.length = span
	}
	t.fails = t.fails || s.kit.Rand("task "+t.id).Float64() < s.kit.Scenario.FailTasks
	s.addTask(t)
	s.open = append(s.open, t)
	return t
}

func (s *Sim) addTask(t *task) {
	s.tasks = append(s.tasks, t)
	s.taskByID[t.id] = t
}

// buildTasks makes a history: the tasks behind the newest backups, some of
// which failed.
func (s *Sim) buildTasks() {
	draws := s.kit.Rand("tasks")
	var history []*task
	for _, spec := range s.specs {
		newest := s.backups[spec.path].ordered
		for _, b := range newest[max(len(newest)-10, 0):] {
			e := entityOf(b.asset)
			history = append(history, &task{
				kind: e.kind + "_backup", category: "backup", unit: b.asset.unit, created: time.Unix(b.start, 0),
				length: time.Duration(1+draws.IntN(100)) * time.Second, fails: draws.IntN(10) == 0,
				primary: e, parent: environmentEntity(b.asset.environment),
			})
		}
	}
	slices.SortStableFunc(history, func(a, b *task) int { return a.created.Compare(b.created) })
	for i, t := range history {
		t.id = strconv.Itoa(48_200 + i)
		s.addTask(t)
		if p := t.at(s.born); p.status == "failed" {
			s.raiseFailure(t, p.end)
		}
	}
}

func environmentEntity(e *environment) entity {
	return entity{e.id, "aws_environment", e.account + " " + e.region}
}

// arrival is something finished that shows only from a time on.
type arrival struct {
	at   time.Time
	show func()
}

// settle brings the estate up to the clock: what completed tasks made goes into
// the lists, late when the scenario says so.
func (s *Sim) settle() {
	now := s.kit.Now()
	s.open = slices.DeleteFunc(s.open, func(t *task) bool {
		p := t.at(now)
		if p.ended() && p.status == "completed" && t.done != nil {
			t.done(p.end)
		}
		if p.status == "failed" {
			s.raiseFailure(t, p.end)
		}
		return p.ended()
	})
	s.arrivals = slices.DeleteFunc(s.arrivals, func(a arrival) bool {
		due := !now.Before(a.at)
		if due {
			a.show()
		}
		return due
	})
}

func (s *Sim) arriveAfter(end time.Time, show func()) {
	s.arrivals = append(s.arrivals, arrival{end.Add(s.kit.Scenario.LateVisibility), show})
}

func taskFilters() filterRules {
	return filterRules{
		"primary_entity.value": {"contains", textValue}, "primary_entity.id": {"contains", textValue},
		"created_timestamp": {"lte gte", timeValue}, "type": {"in", textValue}, "category": {"in", textValue},
		"genre": {"in", textValue}, "status": {"in", textValue}, "id": {"in", textValue},
	}
}

func (s *Sim) listTasks(c *call) (answer, error) {
	raw := c.query.Get("filter")
	conditions, err := parseFilter(raw, taskFilters())
	if err != nil {
		return answer{}, err
	}
	var found []*task
	for _, t := range slices.Backward(s.tasks) {
		if c.sees(t.unit) && allHold(conditions, func(name string) []string { return t.field(name, c.now) }) {
			found = append(found, t)
		}
	}
	return s.numbered(c, list{
		total: len(found), applied: echo(raw, nil),
		item: func(i int) object { return s.showTask(found[i], c.now) },
	})
}

func (t *task) field(name string, now time.Time) []string {
	switch name {
	case "primary_entity.value":
		return []string{t.primary.name}
	case "primary_entity.id":
		return []string{t.primary.id}
	case "created_timestamp":
		return []string{t.created.UTC().Truncate(time.Second).Format(time.RFC3339)}
	case "type":
		return []string{t.kind}
	case "category":
		return []string{t.category}
	case "genre":
		return []string{cmp.Or(t.genre, "operational")}
	case "status":
		return []string{t.at(now).status}
	case "id":
		return []string{t.id}
	}
	return nil
}

func (s *Sim) taskOf(c *call) (*task, error) {
	t := s.taskByID[c.params["task_id"]]
	if t == nil || !c.sees(t.unit) {
		return nil, notFound()
	}
	return t, nil
}

func (s *Sim) readTask(c *call) (answer, error) {
	t, err := s.taskOf(c)
	if err != nil {
		return answer{}, err
	}
	return ok(s.showTask(t, c.now))
}

// updateTask aborts: the only change there is (NOTES section 5).
func (s *Sim) updateTask(c *call) (answer, error) {
	t, err := s.taskOf(c)
	if err != nil {
		return answer{}, err
	}
	if !t.canAbort(c.now) {
		return answer{}, conflict("The task can not be aborted.")
	}
	t.abortAt = c.now
	return ok(s.showTask(t, c.now))
}

func (t *task) canAbort(now time.Time) bool {
	return t.abortable && t.abortAt.IsZero() && !t.at(now).ended()
}

func (s *Sim) showTask(t *task, now time.Time) object {
	p := t.at(now)
	self := pathTasks + "/" + t.id
	links := object{
		"_self":                    link(self, "get"),
		"read-organizational-unit": link("/organizational-units/"+t.unit, "get"),
	}
	if t.canAbort(now) {
		links["update-task"] = link(self, "patch")
	}
	return object{
		"_etag": `W/"` + t.id + p.status + `"`, "_links": links, "category": t.category,
		"created_timestamp": wireTime(t.created), "start_timestamp": wireTime(p.start),
		"end_timestamp": wireTime(p.end), "genre": cmp.Or(t.genre, "operational"), "id": t.id, "is_abortable": t.canAbort(now),
		"parent_entity":       object{"id": t.parent.id, "type": t.parent.kind, "value": t.parent.name},
		"primary_entity":      object{"id": t.primary.id, "type": t.primary.kind, "value": t.primary.name},
		"progress_percentage": p.percent, "status": p.status, "type": t.kind,
	}
}
