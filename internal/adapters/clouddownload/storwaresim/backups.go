package storwaresim

import (
	"math"
	"net/http"
	"slices"
	"strings"
)

var (
	backupStatuses = []string{"QUEUED", "INPROGRESS", "SUCCESS", "PARTIAL_SUCCESS", "FAILED", "SUCCESS_REMOVED"}
	backupTypes    = []string{"FULL", "INCREMENTAL", "SYNTHETIC", "SYNCHRONIZATION"}
	entityTypes    = []string{
		"APP", "CLOUD", "CLOUD_GROUP", "CLOUD_SITE", "CLOUD_TEAMS", "CLOUD_USER", "OS", "OS_AGENT", "STORAGE", "VM",
	}
)

func backupRoutes() []route {
	return []route{
		{pattern: "GET /backups", handle: (*call).listBackups},
		{pattern: "GET /backups/{guid}", handle: (*call).getBackup},
		{pattern: "PUT /backups/{guid}/description", handle: (*call).describeBackup},
		{pattern: "PUT /backups/{guid}/warnings-acknowledged", handle: (*call).acknowledgeWarnings},
		{pattern: "GET /backup-locations", handle: (*call).listLocations},
		{pattern: "GET /backup-locations/for-restore", handle: (*call).listLocations},
	}
}

func (c *call) backupListing() *listing[*backup] {
	return &listing[*backup]{
		name: func(b *backup) string { return b.entity.name },
		text: func(b *backup) []string { return []string{b.guid, b.description, b.statusInfo} },
		columns: map[string]func(a, b *backup) int{
			"guid":                 column(func(b *backup) string { return b.guid }),
			"snapshotTime":         column(func(b *backup) int64 { return b.snapshotTime }),
			"backupTime":           column(func(b *backup) int64 { return b.backupTime }),
			"size":                 column(func(b *backup) int64 { return b.size }),
			"status":               column(func(b *backup) string { return b.statusAt(c.now) }),
			"type":                 column(func(b *backup) string { return b.kind }),
			"protectedEntity":      column(func(b *backup) string { return b.entity.name }),
			"protectedEntity.name": column(func(b *backup) string { return b.entity.name }),
		},
		build: c.backupRecord,
	}
}

// listBackups walks the backups in the order asked for and builds only the rows
// of the page.
func (c *call) listBackups() answer {
	p := &params{c: c}
	match := c.backupMatch(p)
	rows := c.sim.backups
	entityGUID := p.one("protected-entity")
	if e := c.sim.entityByGUID[entityGUID]; e != nil {
		rows = slices.SortedFunc(slices.Values(e.backups), func(a, b *backup) int { return a.seq - b.seq })
	} else if entityGUID != "" {
		rows = nil
	}
	l := c.backupListing()
	if p.one("filter") == "" && p.one("nameLike") == "" {
		sorted, done := c.presorted(p, match)
		if p.bad != "" {
			return badRequest(p.bad)
		}
		if done {
			return l.show(sorted.rows, sorted.total)
		}
	}
	a := l.answer(p, rows, match)
	if strict, _ := p.boolean("fail-on-non-successful"); strict && a.message == "" {
		if slices.ContainsFunc(rows, func(b *backup) bool { return (match == nil || match(b)) && !b.usable() }) {
			return fail(http.StatusConflict, "there are backups that were not successful")
		}
	}
	return a
}

type sortedPage struct {
	rows  []*backup
	total int
}

// presorted serves lists by snapshotTime from the index, with no sorting and
// nothing kept but the page. It declines other lists.
func (c *call) presorted(p *params, match func(*backup) bool) (sortedPage, bool) {
	strict, _ := p.boolean("fail-on-non-successful")
	if strings.TrimPrefix(p.one("orderBy"), "backup.") != "snapshotTime" || strict {
		return sortedPage{}, false
	}
	descending := p.constant("direction", "asc", "desc") == "desc"
	part := p.page()
	rows := c.sim.byTime
	if guid := p.one("protected-entity"); guid != "" {
		rows = nil
		if e := c.sim.entityByGUID[guid]; e != nil {
			rows = e.backups
		}
	}
	if p.bad != "" {
		return sortedPage{}, false
	}
	var out sortedPage
	at := func(i int) *backup {
		if descending {
			i = len(rows) - 1 - i
		}
		return rows[i]
	}
	if match == nil {
		for i := part.from; i < min(part.to, len(rows)); i++ {
			out.rows = append(out.rows, at(i))
		}
		out.total = len(rows)
		return out, true
	}
	for i := range rows {
		b := at(i)
		if !match(b) {
			continue
		}
		if out.total >= part.from && out.total < part.to {
			out.rows = append(out.rows, b)
		}
		out.total++
	}
	return out, true
}

// backupMatch combines the filters of GET /backups (NOTES section 9); nil when
// none is given. What the names do not say is inferred.
func (c *call) backupMatch(p *params) func(*backup) bool {
	var tests []func(*backup) bool
	add := func(test func(*backup) bool) { tests = append(tests, test) }
	byGUID := func(name string, of func(*backup) string) {
		if guid := p.one(name); guid != "" {
			add(func(b *backup) bool { return of(b) == guid })
		}
	}
	byGUID("protected-entity", func(b *backup) string { return b.entity.guid })
	byGUID("backup-rule", func(b *backup) string { return b.policy.rule().guidOf() })
	byGUID("node", func(b *backup) string { return b.node.guidOf() })
	byGUID("hypervisor", func(b *backup) string { return b.entity.hypervisor.guidOf() })
	byGUID("hypervisor-manager", func(b *backup) string { return b.entity.manager.guidOf() })
	byGUID("cloud-service-provider", func(b *backup) string { return b.entity.provider.guidOf() })
	byGUID("storage-provider", func(*backup) string { return "" })
	byGUID("project-uuid", func(b *backup) string { return b.entity.project.guidOf() })
	byGUID("tenantid", func(b *backup) string { return b.entity.project.guidOf() })
	byGUID("root-backup", func(b *backup) string { return b.root.guid })
	byGUID("parent-backup", func(b *backup) string {
		if b.parent == nil {
			return ""
		}
		return b.parent.guid
	})
	if guid := p.one("backup-destination"); guid != "" {
		add(func(b *backup) bool {
			return slices.ContainsFunc(b.destinations, func(d *place) bool { return d.guid == guid })
		})
	}
	if guids := p.all("backup-policy"); guids != nil {
		add(func(b *backup) bool { return b.policy != nil && slices.Contains(guids, b.policy.guid) })
	}
	if kind := p.constant("protected-entity-type", entityTypes...); kind != "" {
		add(func(b *backup) bool { return b.entity.kind == kind })
	}
	if kind := p.constant("type", backupTypes...); kind != "" {
		add(func(b *backup) bool { return b.kind == kind })
	}
	if statuses := p.all("status", backupStatuses...); statuses != nil {
		add(func(b *backup) bool { return slices.Contains(statuses, b.statusAt(c.now)) })
	}
	if least, given := p.integer("min-size"); given {
		add(func(b *backup) bool { return b.size >= least })
	}
	if without, _ := p.boolean("without-hidden"); without {
		add(func(b *backup) bool { return !b.hidden })
	}
	if only, _ := p.boolean("only-mountable"); only {
		add(func(b *backup) bool { return b.usable() && mountable(b.entity.kind) })
	}
	if test := c.rangeMatch(p); test != nil {
		add(test)
	}
	if c.sim.options.Scenario.LateVisibility > 0 {
		add(func(b *backup) bool { return !b.visible.After(c.now) })
	}
	if len(tests) == 0 {
		return nil
	}
	return func(b *backup) bool {
		for _, test := range tests {
			if !test(b) {
				return false
			}
		}
		return true
	}
}

// rangeMatch reads from and to. Which time they look at and whether "to" is
// inclusive is a matter of the reading.
func (c *call) rangeMatch(p *params) func(*backup) bool {
	from, hasFrom := p.integer("from")
	to, hasTo := p.integer("to")
	if !hasFrom && !hasTo {
		return nil
	}
	if !hasFrom {
		from = math.MinInt64
	}
	if !hasTo {
		to = math.MaxInt64
	} else if c.sim.options.Reading.ExclusiveTo {
		to--
	}
	return func(b *backup) bool {
		at := b.snapshotTime
		if c.sim.options.Reading.RangeOnBackupTime {
			at = b.backupTime
		}
		return at != 0 && at >= from && at <= to
	}
}

func mountable(kind string) bool { return kind == "VM" || kind == "OS_AGENT" || kind == "OS" }

func (c *call) pathBackup() *backup { return c.sim.backupByGUID[c.r.PathValue("guid")] }

func (c *call) getBackup() answer {
	b := c.pathBackup()
	if b == nil {
		return notFound("backup")
	}
	return ok(c.backupDetails(b))
}

func (c *call) describeBackup() answer {
	var request struct{ Value string }
	if a, good := c.body(&request); !good {
		return a
	}
	b := c.pathBackup()
	if b == nil {
		return notFound("backup")
	}
	b.description = request.Value
	return c.changed(nil)
}

func (c *call) acknowledgeWarnings() answer {
	var request struct{ Value bool }
	if a, good := c.body(&request); !good {
		return a
	}
	b := c.pathBackup()
	if b == nil {
		return notFound("backup")
	}
	b.acknowledged = request.Value
	return c.changed(nil)
}
