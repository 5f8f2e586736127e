package clumiosim

import (
	"cmp"
	"maps"
	"time"
)

const (
	pathConsolidated = "/alerts/consolidated"
	pathIndividual   = "/alerts/individual"
)

// alert tells about one entity; alerts of one type under one parent are shown
// together as a consolidated one.
type alert struct {
	id, kind, severity, cause, notes string
	primary                          entity
	group                            *alertGroup
	times                            int
	raised, updated, cleared         time.Time
}

type alertGroup struct {
	id, kind, severity, cause, notes, unit string
	parent                                 entity
	alerts                                 []*alert
	raised, updated                        time.Time
}

// governance is the state of what watches and reports.
type governance struct {
	alerts      []*alertGroup // in order of being raised
	trail       []*auditRecord
	rules       []*rule // highest priority first
	compliance  []*compliance
	downloads   []*download
	tagRegister map[tagName]tag
}

// raiseFailure tells why a task has failed: the task itself does not (NOTES
// section 5).
func (s *Sim) raiseFailure(t *task, at time.Time) {
	switch t.category {
	case "backup":
		s.raise(at, "policy_violated", "error", "Size Limit Exceeded", t.unit, t.primary, t.parent)
	case "restore":
		kind := "restore_failed"
		if t.kind == fileRestoreTask {
			kind = "file_restore_failed"
		}
		s.raise(at, kind, "error", "Insufficient Cloud Connector Capacity", t.unit, t.primary, t.parent)
	}
}

func (s *Sim) raise(at time.Time, kind, severity, cause, unit string, primary, parent entity) {
	var group *alertGroup
	for _, g := range s.alerts {
		if g.kind == kind && g.parent == parent && g.active() > 0 {
			group = g
		}
	}
	if group == nil {
		group = &alertGroup{
			id: s.newID(), kind: kind, severity: severity, cause: cause, unit: unit, parent: parent, raised: at,
		}
		s.alerts = append(s.alerts, group)
	}
	group.updated = at
	for _, a := range group.alerts {
		if a.primary == primary && a.cleared.IsZero() {
			a.times, a.updated = a.times+1, at
			return
		}
	}
	group.alerts = append(group.alerts, &alert{
		id: s.newID(), kind: kind, severity: severity, cause: cause, primary: primary, group: group, times: 1,
		raised: at, updated: at,
	})
}

func (g *alertGroup) active() int {
	n := 0
	for _, a := range g.alerts {
		if a.cleared.IsZero() {
			n++
		}
	}
	return n
}

// cleared is when the last alert was cleared; zero while one is active.
func (g *alertGroup) cleared() time.Time {
	var last time.Time
	for _, a := range g.alerts {
		if a.cleared.IsZero() {
			return time.Time{}
		}
		if a.cleared.After(last) {
			last = a.cleared
		}
	}
	return last
}

// buildAlerts adds the alerts that no task raises.
func (s *Sim) buildAlerts() {
	for _, e := range s.environments {
		if !e.connected {
			s.raise(s.born.Add(-36*time.Hour), "aws_account_disconnected", "warning", "", e.unit,
				environmentEntity(e), entity{e.connection, "aws_connection", e.account})
		}
	}
}

func consolidatedAlerts() catalog {
	some, one := filterRule{"in", textValue}, filterRule{"eq", textValue}
	return catalog{
		path: pathConsolidated, resource: "consolidated-alerts", param: "id", applied: true, sortApplied: true,
		filters: filterRules{
			"status": some, "raised_timestamp": {"lte gte", timeValue}, "parent_entity.id": one, "parent_entity.type": one,
		},
		// No source has the orders; these are those of the individual alerts.
		sorts: []string{"-raised_timestamp", "updated_timestamp", "cleared_timestamp"},
		entries: func(s *Sim, _ *call) ([]entry, error) {
			out := make([]entry, 0, len(s.alerts))
			for _, g := range s.alerts {
				out = append(out, g.entry())
			}
			return out, nil
		},
	}
}

func individualAlerts() catalog {
	some, one, span := filterRule{"in", textValue}, filterRule{"eq", textValue}, filterRule{"lte gte", timeValue}
	embeds := []string{"read-consolidated-alert"}
	return catalog{
		path: pathIndividual, resource: "individual-alerts", param: "individual_alert_id", applied: true,
		sortApplied: true, embeds: embeds, oneEmbeds: embeds,
		filters: filterRules{
			"type": some, "status": some, "severity": some, "raised_timestamp": span, "updated_timestamp": span,
			"cleared_timestamp": span, "consolidated_alert_id": one, "primary_entity.id": one,
			"primary_entity.type": one, "primary_entity.value": {"contains", textValue}, "parent_entity.id": one,
			"parent_entity.type": one,
		},
		sorts: []string{"-raised_timestamp", "updated_timestamp", "cleared_timestamp"},
		entries: func(s *Sim, c *call) ([]entry, error) {
			var out []entry
			for _, g := range s.alerts {
				for _, a := range g.alerts {
					out = append(out, a.entry(s, c))
				}
			}
			return out, nil
		},
	}
}

func alertStatus(cleared time.Time) string {
	if cleared.IsZero() {
		return "active"
	}
	return "cleared"
}

// clearing is the link that goes once there is nothing left to clear.
func clearing(name, self string, cleared time.Time) object {
	if !cleared.IsZero() {
		return nil
	}
	return object{name: link(self, "patch")}
}

func (g *alertGroup) entry() entry {
	self := pathConsolidated + "/" + g.id
	return entry{
		unit: g.unit, self: self, links: clearing("update-consolidated-alert", self, g.cleared()),
		record: object{
			"_etag": `W/"` + g.id[:8] + wireText(g.updated) + `"`, "active_entity_count": g.active(),
			"cause": textOrNil(g.cause), "cleared_entity_count": len(g.alerts) - g.active(),
			"cleared_timestamp": wireTime(g.cleared()), "details": object{"cause": textOrNil(g.cause), "type": textOrNil(alertType(g.kind))},
			"id": g.id, "notes": textOrNil(g.notes), "parent_entity": g.parent.wire(),
			"raised_timestamp": wireTime(g.raised), "severity": g.severity, "status": alertStatus(g.cleared()),
			"type": g.kind, "updated_timestamp": wireTime(g.updated),
		},
	}
}

func (a *alert) entry(s *Sim, c *call) entry {
	self := pathIndividual + "/" + a.id
	links := object{"read-consolidated-alert": link(pathConsolidated+"/"+a.group.id, "get")}
	maps.Copy(links, clearing("update-individual-alert", self, a.cleared))
	return entry{
		unit: a.group.unit, self: self, links: links,
		embeds: map[string]func() any{"read-consolidated-alert": func() any {
			inner := *c
			inner.embed = ""
			return s.showEntry(&inner, a.group.entry())
		}},
		record: object{
			"_etag": `W/"` + a.id[:8] + wireText(a.updated) + `"`, "cause": textOrNil(a.cause),
			"cleared_timestamp": wireTime(a.cleared), "consolidated_alert_id": a.group.id,
			"details": object{
				"cause": textOrNil(a.cause), "type": textOrNil(alertType(a.kind)),
				"description": cmp.Or(a.cause, a.kind), "variables": object{"entity": a.primary.name},
			},
			"id": a.id, "notes": textOrNil(a.notes), "parent_entity": a.group.parent.wire(),
			"primary_entity": a.primary.wire(), "raised_count": a.times, "raised_timestamp": wireTime(a.raised),
			"severity": a.severity, "status": alertStatus(a.cleared), "tags": []object{}, "type": a.kind,
			"updated_timestamp": wireTime(a.updated),
		},
	}
}

func alertType(kind string) string {
	return map[string]string{"policy_violated": "Policy Violated", "restore_failed": "Restore Failed"}[kind]
}

func (e entity) wire() object { return object{"id": e.id, "type": e.kind, "value": e.name} }

func alertUpdate() shape {
	return orEmpty(group(map[string]shape{"notes": text(), "status": text("cleared")}))
}

// updateConsolidated clears all alerts of a group, or notes something on it.
func (s *Sim) updateConsolidated(c *call) (answer, error) {
	for _, g := range s.alerts {
		if g.id != c.params["id"] || !c.sees(g.unit) {
			continue
		}
		if textAt(c.body, "status") != "" {
			for _, a := range g.alerts {
				a.clear(c.now)
			}
		}
		g.notes, g.updated = cmp.Or(textAt(c.body, "notes"), g.notes), c.now
		c.subject, c.parent = g.parent, g.parent
		return ok(s.showEntry(c, g.entry()))
	}
	return answer{}, notFound()
}

func (s *Sim) updateIndividual(c *call) (answer, error) {
	for _, g := range s.alerts {
		for _, a := range g.alerts {
			if a.id != c.params["individual_alert_id"] || !c.sees(g.unit) {
				continue
			}
			if textAt(c.body, "status") != "" {
				a.clear(c.now)
			}
			a.notes, a.updated = cmp.Or(textAt(c.body, "notes"), a.notes), c.now
			c.subject, c.parent = a.primary, g.parent
			return ok(s.showEntry(c, a.entry(s, c)))
		}
	}
	return answer{}, notFound()
}

func (a *alert) clear(now time.Time) {
	if a.cleared.IsZero() {
		a.cleared, a.updated = now, now
	}
}
