package clumiosim

import (
	"slices"
	"time"
)

const (
	pathCompliance = "/reports/compliance/configurations"
	pathDownloads  = "/reports/downloads"
)

// compliance is a configured compliance report with its runs, newest first.
type compliance struct {
	id, unit string
	created  time.Time
	body     map[string]any
	runs     []*complianceRun
}

type complianceRun struct {
	id, name           string
	task               *task
	created            time.Time
	compliant, failing int
	parameter          any
}

func complianceBody() shape {
	span := group(map[string]shape{"unit": text("minutes", "hours", "days", "weeks", "months", "years"), "value": whole()})
	return group(map[string]shape{
		"name": need(text()), "description": text(),
		"notification": group(map[string]shape{"email_list": listOf(text())}),
		"schedule": group(map[string]shape{
			"day_of_month": whole(), "day_of_week": text(), "frequency": text(), "start_time": text(), "timezone": text(),
		}),
		"parameter": need(group(map[string]shape{
			"controls": group(map[string]shape{
				"asset_backup": group(map[string]shape{
					"look_back_period": span, "minimum_retention_duration": span, "window_size": span,
				}),
				"asset_protection": group(map[string]shape{"should_ignore_deactivated_policy": flag()}),
				"policy":           group(map[string]shape{"minimum_retention_duration": span, "minimum_rpo_frequency": span}),
			}),
			"filters": group(map[string]shape{
				"asset": group(map[string]shape{
					"groups":      listOf(group(map[string]shape{"id": text(), "region": text(), "type": text()})),
					"tag_op_mode": text(), "tags": tagShapes(),
				}),
				"common": group(map[string]shape{
					"asset_types": listOf(text()), "data_sources": listOf(text()), "organizational_units": listOf(text()),
				}),
			}),
		})),
	})
}

func (s *Sim) buildCompliance() {
	s.compliance = append(s.compliance, &compliance{
		id: s.newID(), unit: globalUnit, created: s.born.AddDate(0, -3, 0),
		body: map[string]any{
			"name": "Everything is protected", "description": "Protection of all assets",
			"parameter": object{"controls": object{"asset_protection": object{"should_ignore_deactivated_policy": true}}},
			"schedule":  object{"frequency": "weekly", "day_of_week": "monday", "start_time": "06:00", "timezone": "UTC"},
		},
	})
}

func complianceConfigurations() catalog {
	return catalog{
		path: pathCompliance, resource: "report-compliance", param: "configuration_id", tokens: true, applied: true,
		filters: filterRules{"report_name": {"contains", textValue}, "compliance_status": {"eq", textValue}},
		members: map[string]string{
			"report_name": "name", "compliance_status": "latest_run.compliance_info.compliance_status",
		},
		entries: func(s *Sim, c *call) ([]entry, error) {
			var out []entry
			for _, k := range s.compliance {
				out = append(out, k.entry(c.now))
			}
			return out, nil
		},
		detail: func(_ *Sim, _ *call, e entry, record object) { record["_etag"] = `W/"` + e.key()[:8] + `"` },
		links: func(*Sim, *call) object {
			return object{"create-compliance-report-configuration": link(pathCompliance, "post")}
		},
	}
}

func (k *compliance) entry(now time.Time) entry {
	self := pathCompliance + "/" + k.id
	var latest any
	if len(k.runs) > 0 {
		latest = k.runs[0].record(k, now)
	}
	return entry{
		unit: k.unit, self: self, links: object{
			"update-compliance-report-configuration": link(self, "put"),
			"delete-compliance-report-configuration": link(self, "delete"),
		},
		record: object{
			"_embedded": nil, "created": wireTime(k.created), "description": k.body["description"], "id": k.id,
			"latest_run": latest, "name": k.body["name"], "notification": k.body["notification"],
			"parameter": k.body["parameter"], "schedule": k.body["schedule"],
		},
	}
}

// record is a run; what it found shows when its task has ended.
func (r *complianceRun) record(k *compliance, now time.Time) object {
	p := r.task.at(now)
	status, link := "generating", any(nil)
	var info any
	switch {
	case p.status == "completed":
		status, link = "completed", "https://reports.clumio.example/compliance/"+r.id
		verdict := "compliant"
		if r.failing > 0 {
			verdict = "non_compliant"
		}
		counts := func(more object) object {
			more["compliant_count"], more["non_compliant_count"], more["unknown_count"] = r.compliant, r.failing, 0
			return more
		}
		info = counts(object{
			"compliance_status": verdict,
			"controls":          []object{counts(object{"control_status": verdict, "name": "asset_protection"})},
			"items_covered":     object{"asset_count": r.compliant + r.failing, "policy_count": 1},
		})
	case p.ended():
		status = "failed"
	}
	return object{
		"compliance_info": info, "created": wireTime(r.created), "expired": wireTime(r.created.AddDate(0, 3, 0)),
		"id": r.id, "name": r.name, "parameter": r.parameter, "report_config_id": k.id, "report_download_link": link,
		"status": status, "task_id": r.task.id, "updated": wireTime(r.created),
	}
}

func (s *Sim) complianceOf(c *call) *compliance {
	for _, k := range s.compliance {
		if k.id == c.params["configuration_id"] && c.sees(k.unit) {
			name, _ := k.body["name"].(string)
			c.subject = entity{k.id, "report_configuration", name}
			return k
		}
	}
	return nil
}

func (s *Sim) createCompliance(c *call) (answer, error) {
	k := &compliance{id: s.newID(), unit: globalUnit, created: c.now, body: c.body}
	if c.unit != "" {
		k.unit = c.unit
	}
	s.compliance = append(s.compliance, k)
	return ok(s.showEntry(c, k.entry(c.now)))
}

func (s *Sim) updateCompliance(c *call) (answer, error) {
	k := s.complianceOf(c)
	if k == nil {
		return answer{}, notFound()
	}
	k.body = c.body
	return ok(s.showEntry(c, k.entry(c.now)))
}

func (s *Sim) deleteCompliance(c *call) (answer, error) {
	k := s.complianceOf(c)
	if k == nil {
		return answer{}, notFound()
	}
	s.compliance = slices.DeleteFunc(s.compliance, func(other *compliance) bool { return other == k })
	return s.done()
}

func complianceRuns() catalog {
	return catalog{
		path: pathCompliance + "/{configuration_id}/runs", resource: "report-compliance-runs", tokens: true, applied: true,
		filters: filterRules{"status": {"in", textValue}, "compliance_status": {"in", textValue}},
		members: map[string]string{"compliance_status": "compliance_info.compliance_status"},
		entries: func(s *Sim, c *call) ([]entry, error) {
			k := s.complianceOf(c)
			if k == nil {
				return nil, notFound()
			}
			var out []entry
			for _, r := range k.runs {
				self := pathCompliance + "/" + k.id + "/runs/" + r.id
				links := object{"delete-compliance-report-run": link(self, "delete")}
				record := r.record(k, c.now)
				if record["status"] == "completed" {
					links["send-compliance-report-run-email"] = link(self+"/_notify", "post")
				}
				record["_embedded"] = nil
				out = append(out, entry{self: self, links: links, record: record})
			}
			return out, nil
		},
		links: func(*Sim, *call) object {
			return object{"create-compliance-report-configuration": link(pathCompliance, "post")}
		},
	}
}

// createRun counts which live assets have a policy.
func (s *Sim) createRun(c *call) (answer, error) {
	k := s.complianceOf(c)
	if k == nil {
		return answer{}, notFound()
	}
	r := &complianceRun{id: s.newID(), name: textAt(c.body, "name"), created: c.now, parameter: k.body["parameter"]}
	for _, a := range s.assetByID {
		switch {
		case a.deleted || a.unsupported || a.path == pathBuckets:
		case a.policy == nil:
			r.failing++
		default:
			r.compliant++
		}
	}
	r.task = s.startTask(c.now, &task{
		kind: "compliance_report", category: "report_generation", unit: k.unit, primary: c.subject, parent: c.subject,
	})
	k.runs = slices.Insert(k.runs, 0, r)
	return s.taskAnswer(c, c.request.URL.EscapedPath(), r.task, object{"_embedded": object{}})
}

func (s *Sim) runOf(c *call) (*compliance, int) {
	k := s.complianceOf(c)
	if k == nil {
		return nil, -1
	}
	return k, slices.IndexFunc(k.runs, func(r *complianceRun) bool { return r.id == c.params["run_id"] })
}

func (s *Sim) deleteRun(c *call) (answer, error) {
	k, at := s.runOf(c)
	if at < 0 {
		return answer{}, notFound()
	}
	k.runs = slices.Delete(k.runs, at, at+1)
	return s.done()
}

func (s *Sim) notifyRun(c *call) (answer, error) {
	k, at := s.runOf(c)
	if at < 0 {
		return answer{}, notFound()
	}
	if k.runs[at].task.at(c.now).status != "completed" {
		return answer{}, conflict("The report is not complete.")
	}
	return s.done()
}

// download is a generated report that can be fetched for a time.
type download struct {
	id, name, kind string
	filter         any
	task           *task
}

func downloadBody() shape {
	return group(map[string]shape{
		"file_name": need(text()), "type": text("", "activity", "audit", "consumption"), "filter": text(),
	})
}

func reportDownloads() catalog {
	return catalog{
		path: pathDownloads, resource: "report-downloads", applied: true,
		filters: filterRules{"start_timestamp": {"gte lt", timeValue}, "report_type": {"in", textValue}},
		members: map[string]string{"report_type": "type"},
		entries: func(s *Sim, c *call) ([]entry, error) {
			var out []entry
			for _, d := range s.downloads {
				p, url := d.task.at(c.now), any(nil)
				if p.status == "completed" {
					url = "https://reports.clumio.example/downloads/" + d.id
				}
				out = append(out, entry{unit: d.task.unit, record: object{
					"download_link": url, "end_timestamp": wireTime(p.end), "file_name": d.name, "filters": d.filter, "id": d.id,
					"expiration_timestamp": wireTime(d.task.created.AddDate(0, 0, 7)),
					"start_timestamp":      wireTime(d.task.created), "task_id": d.task.id, "type": d.kind,
				}})
			}
			return out, nil
		},
	}
}

func (s *Sim) createDownload(c *call) (answer, error) {
	d := &download{id: s.newID(), name: textAt(c.body, "file_name"), kind: textAt(c.body, "type"), filter: c.body["filter"]}
	if d.kind == "" {
		d.kind = "activity"
	}
	unit := globalUnit
	if c.unit != "" {
		unit = c.unit
	}
	d.task = s.startTask(c.now, &task{
		kind: "report_download", category: "report_generation", unit: unit, primary: entity{d.id, "report_download", d.name},
	})
	s.downloads = append(s.downloads, d)
	return s.taskAnswer(c, pathDownloads, d.task, nil)
}
