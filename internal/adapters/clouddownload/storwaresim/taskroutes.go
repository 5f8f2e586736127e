package storwaresim

import (
	"net/http"
	"slices"
	"time"
)

var (
	taskStates = []string{"QUEUED", "RUNNING", "FINISHED", "FAILED", "CANCELLED"}
	taskTypes  = []string{
		"BACKUP_CLEANUP", "BACKUP_DESTINATION_INIT", "BACKUP_DESTINATION_SYNC", "CONNECTIVITY_TEST", "DELETE",
		"EJECT_TAPE", "EXPORT", "IMPORT", "IMPORT_TAPE", "INVENTORY_SYNC", "LIVE_MIGRATION", "MOUNT", "RESTORE",
		"SCOPED_INVENTORY_SYNC", "SNAPSHOT", "SNAPSHOT_CLEANUP", "SNAPSHOT_REVERSION", "STAGING_CLEANUP", "STORE",
		"TAPE_MANAGER_INVENTORY_SYNC", "UNMOUNT", "UPLOAD",
	}
)

func taskRoutes() []route {
	return []route{
		{pattern: "GET /tasks", handle: (*call).listTasks},
		{pattern: "GET /tasks/{guid}", handle: (*call).getTask},
		{pattern: "DELETE /tasks/{guid}", handle: (*call).deleteTask},
		{pattern: "PUT /tasks/{guid}/state", handle: (*call).changeTaskState},
		{pattern: "DELETE /tasks/all-finished", handle: func(c *call) answer {
			return c.deleteTasks((*task).over)
		}},
		{pattern: "DELETE /tasks/all-finished-and-queued", handle: func(c *call) answer {
			return c.deleteTasks(func(t *task) bool { return t.settled || t.stateAt(c.now) == "QUEUED" })
		}},
		{pattern: "DELETE /tasks/all-running", handle: (*call).cancelRunning},
	}
}

func (c *call) taskListing() *listing[*task] {
	return &listing[*task]{
		name: func(t *task) string { return t.entity.nameOf() },
		text: func(t *task) []string { return []string{t.guid, t.kind, t.statusInfo} },
		columns: map[string]func(a, b *task) int{
			"guid":                 column(func(t *task) string { return t.guid }),
			"type":                 column(func(t *task) string { return t.kind }),
			"state":                column(func(t *task) string { return t.stateAt(c.now) }),
			"priority":             column(func(t *task) int { return t.priority }),
			"progress":             column(func(t *task) float64 { return t.progressAt(c.now) }),
			"creationTime":         column(func(t *task) int64 { return t.created.UnixMilli() }),
			"windowStart":          column(func(t *task) int64 { return t.created.UnixMilli() }),
			"startTime":            column(func(t *task) int64 { return t.start.UnixMilli() }),
			"finishTime":           column(func(t *task) int64 { return t.end.UnixMilli() }),
			"protectedEntity.name": column(func(t *task) string { return t.entity.nameOf() }),
		},
		build: c.taskListRecord,
	}
}

func (c *call) listTasks() answer {
	p := &params{c: c}
	kind, state := p.constant("type", taskTypes...), p.constant("state", taskStates...)
	states := p.all("states", taskStates...)
	mounted, _ := p.boolean("mounted-backup-assigned")
	late := c.sim.options.Scenario.LateVisibility
	references := map[string]func(*task) string{
		"backup":             func(t *task) string { return t.backup.guidOf() },
		"backup-destination": func(t *task) string { return t.destination.guidOf() },
		"hypervisor":         func(t *task) string { return t.entity.hypervisorOf().guidOf() },
		"hypervisor-manager": func(t *task) string { return t.entity.managerOf().guidOf() },
		"node":               func(t *task) string { return t.entity.nodeOf().guidOf() },
		"parent-task":        func(t *task) string { return t.parent.guidOf() },
		"project-uuid":       func(t *task) string { return t.entity.projectOf().guidOf() },
		"protected-entity":   func(t *task) string { return t.entity.guidOf() },
		"restore-job":        func(t *task) string { return t.restoreJob.guidOf() },
		"schedule":           func(*task) string { return "" },
		"storage-provider":   func(*task) string { return "" },
		"workflow-execution": func(t *task) string { return t.workflow },
	}
	wanted := map[string]string{}
	for name := range references {
		if guid := p.one(name); guid != "" {
			wanted[name] = guid
		}
	}
	return c.taskListing().answer(p, c.sim.tasks, func(t *task) bool {
		for name, guid := range wanted {
			if references[name](t) != guid {
				return false
			}
		}
		now := t.stateAt(c.now)
		return (kind == "" || t.kind == kind) && (state == "" || now == state) &&
			(states == nil || slices.Contains(states, now)) && (!mounted || t.download != nil) &&
			!t.created.Add(late).After(c.now)
	})
}

func (c *call) taskListRecord(t *task) object {
	o := object{
		"guid": t.guid, "type": enum(t.kind), "state": enum(t.stateAt(c.now)), "priority": t.priority,
		"windowStart": t.created.UnixMilli(), "windowEnd": t.windowEnd.UnixMilli(), "progress": t.progressAt(c.now),
		"startTime": nil, "finishTime": nil, "statusInfo": t.statusInfoAt(c.now), "backupType": enum(orElse(t.backupType, "FULL")),
		"protectedEntity": t.entity.ref(), "protectedEntityDisplayName": t.entity.nameOf(),
		"hypervisor": t.entity.hypervisorOf().ref(), "hypervisorManager": t.entity.managerOf().ref(),
		"node": nil, "backupDestination": t.destination.ref(),
		"originEntity": nil,
	}
	if t.stateAt(c.now) != "QUEUED" {
		o["startTime"], o["node"] = t.start.UnixMilli(), t.entity.nodeOf().ref()
	}
	if t.settled {
		o["finishTime"] = t.end.UnixMilli()
	}
	return o
}

// statusInfoAt: the text of a failure shows when the task has failed.
func (t *task) statusInfoAt(time.Time) string {
	if t.settled {
		return t.statusInfo
	}
	return ""
}

func (c *call) taskDetails(t *task) object {
	o := c.taskListRecord(t)
	o["creationTime"], o["retryCount"] = t.created.UnixMilli(), 0
	o["workflowExecution"] = object{"guid": t.workflow}
	o["cloudServiceProvider"] = t.entity.providerOf().ref()
	o["processedObjectCount"], o["totalObjectCount"] = nil, nil
	o["parentTask"], o["restoreType"], o["backup"], o["mountedBackup"], o["restoreJob"] = nil, nil, t.backup.ref(), nil, nil
	if t.objects > 0 {
		o["totalObjectCount"] = t.objects
		o["processedObjectCount"] = int64(t.progressAt(c.now) / 100 * float64(t.objects))
	}
	if t.parent != nil {
		o["parentTask"] = ref(t.parent.guid, describe(t.parent.kind))
	}
	if t.restoreType != "" {
		o["restoreType"] = enum(t.restoreType)
	}
	if t.restoreJob != nil {
		o["restoreJob"] = ref(t.restoreJob.guid, describe(t.restoreJob.kind))
	}
	if t.download != nil && !c.sim.options.Reading.TaskHidesRecord {
		o["mountedBackup"] = ref(t.download.guid, t.entity.nameOf())
	}
	delete(o, "powerOnAfterRestore")
	return o
}

func (c *call) pathTask() *task { return c.sim.taskByGUID[c.r.PathValue("guid")] }

func (c *call) getTask() answer {
	t := c.pathTask()
	if t == nil {
		return notFound("task")
	}
	return ok(c.taskDetails(t))
}

// deleteTask removes a task that is not running; a running one has to be
// cancelled (NOTES section 8).
func (c *call) deleteTask() answer {
	t := c.pathTask()
	switch {
	case t == nil:
		return notFound("task")
	case t.stateAt(c.now) == "RUNNING":
		return fail(http.StatusConflict, "task is running")
	}
	return c.deleteTasks(func(other *task) bool { return other == t })
}

func (c *call) deleteTasks(which func(*task) bool) answer {
	for _, t := range slices.Clone(c.sim.tasks) {
		if which(t) && !t.settled {
			t.stop(c.now, "CANCELLED", "task was removed")
			t.settle()
		}
	}
	c.sim.tasks = slices.DeleteFunc(c.sim.tasks, func(t *task) bool {
		gone := t.settled && which(t)
		if gone {
			delete(c.sim.taskByGUID, t.guid)
		}
		return gone
	})
	return c.changed(nil)
}

// changeTaskState cancels. It is not immediate: an eighth of the task's time
// goes by (NOTES section 8).
func (c *call) changeTaskState() answer {
	var request struct {
		State      named
		StatusInfo string
	}
	if a, good := c.body(&request); !good {
		return a
	}
	t := c.pathTask()
	switch {
	case t == nil:
		return notFound("task")
	case request.State.Name != "CANCELLED":
		return badRequest("state can only be changed to CANCELLED")
	case t.settled:
		return fail(http.StatusConflict, "task is over")
	}
	t.stop(c.now.Add(c.sim.taskTime()/8), "CANCELLED", orElse(request.StatusInfo, "cancelled by user"))
	return c.changed(nil)
}

func (c *call) cancelRunning() answer {
	for _, t := range c.sim.tasks {
		if t.stateAt(c.now) == "RUNNING" {
			t.stop(c.now.Add(c.sim.taskTime()/8), "CANCELLED", "cancelled by user")
		}
	}
	return c.changed(nil)
}
