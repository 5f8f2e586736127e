package storwaresim

import "net/http"

func workflowRoutes() []route {
	return []route{
		{pattern: "GET /workflow-executions", handle: (*call).listWorkflows},
		{pattern: "DELETE /workflow-executions/{guid}", handle: (*call).deleteWorkflow},
		{pattern: "GET /restore-jobs", handle: (*call).listRestoreJobs},
	}
}

// deleteWorkflow removes a workflow with its tasks. As with a single task, a
// running one has to be cancelled first (inferred).
func (c *call) deleteWorkflow() answer {
	guid, found := c.r.PathValue("guid"), false
	for _, t := range c.sim.tasks {
		if t.workflow == guid {
			if t.stateAt(c.now) == "RUNNING" {
				return fail(http.StatusConflict, "workflow execution is running")
			}
			found = true
		}
	}
	if !found {
		return notFound("workflow execution")
	}
	return c.deleteTasks(func(t *task) bool { return t.workflow == guid })
}

// listWorkflows groups the tasks by the request they came from.
func (c *call) listWorkflows() answer {
	var order []string
	groups := map[string][]*task{}
	for _, t := range c.sim.tasks {
		if groups[t.workflow] == nil {
			order = append(order, t.workflow)
		}
		groups[t.workflow] = append(groups[t.workflow], t)
	}
	l := listing[string]{
		name: func(guid string) string { return groups[guid][0].entity.nameOf() },
		columns: map[string]func(a, b string) int{
			"guid":     column(func(guid string) string { return guid }),
			"priority": column(func(guid string) int { return groups[guid][0].priority }),
		},
		build: func(guid string) object {
			last := groups[guid][len(groups[guid])-1]
			state := last.stateAt(c.now)
			if !last.settled {
				state = "RUNNING"
			}
			return object{
				"guid": guid, "state": enum(state), "definitionName": describe(groups[guid][0].kind), "currentStep": describe(last.kind),
				"protectedEntity": ref(last.entity.guidOf(), last.entity.nameOf()), "originEntity": nil, "priority": last.priority,
			}
		},
	}
	return l.answer(&params{c: c}, order, nil)
}

func (c *call) listRestoreJobs() answer {
	p := &params{c: c}
	entityGUID := p.one("protected-entity")
	from, hasFrom := p.integer("from")
	to, hasTo := p.integer("to")
	l := listing[*restoreJob]{
		name: func(j *restoreJob) string { return j.backup.entity.name },
		columns: map[string]func(a, b *restoreJob) int{
			"guid":         column(func(j *restoreJob) string { return j.guid }),
			"restoreTime":  column(func(j *restoreJob) int64 { return j.at.UnixMilli() }),
			"status":       column(func(j *restoreJob) string { return j.task.stateAt(c.now) }),
			"snapshotTime": column(func(j *restoreJob) int64 { return j.backup.snapshotTime }),
			"restoreType":  column(func(j *restoreJob) string { return j.kind }),
		},
		build: func(j *restoreJob) object {
			return object{
				"guid": j.guid, "restoreTime": j.at.UnixMilli(), "status": enum(j.task.stateAt(c.now)),
				"statusInfo": j.task.statusInfoAt(c.now), "restoreType": enum(j.kind),
				"backup": object{"guid": j.backup.guid, "name": j.backup.name(), "snapshotTime": moment(j.backup.snapshotTime)},
			}
		},
	}
	return l.answer(p, c.sim.restoreJobs, func(j *restoreJob) bool {
		at := j.at.UnixMilli()
		return (entityGUID == "" || j.backup.entity.guid == entityGUID) && (!hasFrom || at >= from) && (!hasTo || at <= to)
	})
}
