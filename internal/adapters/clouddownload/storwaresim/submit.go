package storwaresim

import (
	"net/http"
	"slices"
	"time"
)

// submitRoutes create tasks, one POST for each kind (NOTES section 8).
func submitRoutes() []route {
	return []route{
		{pattern: "POST /tasks/export", handle: (*call).export},
		{pattern: "POST /tasks/restore", handle: func(c *call) answer { return c.restore("RESTORE") }},
		{pattern: "POST /tasks/restore-and-import", handle: func(c *call) answer { return c.restore("RESTORE_AND_IMPORT") }},
		{pattern: "POST /tasks/restore-and-mount", handle: func(c *call) answer { return c.restore("RESTORE_AND_MOUNT") }},
		{pattern: "POST /tasks/mount", handle: (*call).remount},
		{pattern: "POST /tasks/unmount", handle: (*call).unmount},
		{pattern: "POST /tasks/delete", handle: (*call).deleteByValue},
		{pattern: "POST /tasks/vm-snapshot", handle: (*call).snapshot},
		{pattern: "POST /tasks/inventory-sync", handle: (*call).inventorySync},
	}
}

// submitted answers in the form of the reading: the guide says "task details",
// array, object and bulk result are all possible (NOTES section 8).
func (c *call) submitted(tasks ...*task) answer {
	records := make([]object, len(tasks))
	for i, t := range tasks {
		records[i] = c.taskDetails(t)
	}
	switch c.sim.options.Reading.TaskForm {
	case TaskAsObject:
		if len(records) > 0 {
			return c.created(records[0])
		}
	case TasksAsBulk:
		successful := []object{}
		for _, t := range tasks {
			if t.entity != nil {
				successful = append(successful, object{"guid": t.entity.guid, "name": t.entity.name})
			}
		}
		return c.created(object{"successful": successful, "unsuccessful": []object{}, "tasks": records})
	case TasksAsArray:
	}
	return c.created(records)
}

type exportRequest struct {
	WindowStart, WindowEnd int64
	Priority               int
	BackupType             named
	BackupDestination      named
	ProtectedEntities      []named
}

// export makes one EXPORT for each entity; a STORE follows by itself, and the
// backup is a success when that has finished (NOTES section 8).
func (c *call) export() answer {
	var request exportRequest
	if a, good := c.body(&request); !good {
		return a
	}
	if len(request.ProtectedEntities) == 0 || !slices.Contains(backupTypes, request.BackupType.Name) {
		return badRequest("backupType and protectedEntities are required")
	}
	if request.Priority < 0 || request.Priority > 100 {
		return badRequest("priority out of range")
	}
	s := c.sim
	destination := s.destinations[0]
	if guid := request.BackupDestination.GUID; guid != "" {
		at := slices.IndexFunc(s.destinations, func(d *place) bool { return d.guid == guid })
		if at < 0 {
			return notFound("backup destination")
		}
		destination = s.destinations[at]
	}
	for _, one := range request.ProtectedEntities {
		if s.entityByGUID[one.GUID] == nil {
			return notFound("protected entity")
		}
	}
	var tasks []*task
	for _, one := range request.ProtectedEntities {
		tasks = append(tasks, s.exportEntity(c.now, s.entityByGUID[one.GUID], destination, &request))
	}
	return c.submitted(tasks...)
}

func (s *Sim) exportEntity(at time.Time, e *entity, destination *place, request *exportRequest) *task {
	b := &backup{
		guid: newGUID(s.guids), entity: e, kind: request.BackupType.Name, status: "QUEUED",
		snapshotTime: at.UnixMilli(), backupTime: at.UnixMilli(), size: 1 << 30, objects: 1000,
		destinations: []*place{destination}, visible: at.Add(s.options.Scenario.LateVisibility),
	}
	if b.kind == "INCREMENTAL" {
		for _, one := range e.backups {
			if one.usable() {
				b.parent, b.root = one, one.root
			}
		}
	}
	t := &task{kind: "EXPORT", entity: e, backup: b, backupType: b.kind, destination: destination, priority: request.Priority}
	if request.WindowStart > 0 {
		t.start = time.UnixMilli(request.WindowStart)
	}
	if request.WindowEnd > 0 {
		t.windowEnd = time.UnixMilli(request.WindowEnd)
	}
	t.then = func(exported *task) {
		if exported.outcome != "FINISHED" {
			b.export, b.status, b.statusInfo = nil, "FAILED", exported.statusInfo
			return
		}
		s.queueTask(exported.end, &task{
			kind: "STORE", entity: e, backup: b, backupType: b.kind, destination: destination,
			priority: exported.priority, workflow: exported.workflow, parent: exported,
			then: func(stored *task) {
				b.export, b.status = nil, "SUCCESS"
				if stored.outcome != "FINISHED" {
					b.status, b.statusInfo = "FAILED", stored.statusInfo
				}
			},
		})
	}
	b.export = s.queueTask(at, t)
	s.insertBackup(b)
	return t
}

type restoreRequest struct {
	Backup         named
	BackupLocation struct {
		GUID   string
		Backup named
	}
	Node, Hypervisor, HypervisorManager named
	Mode                                named
	UnmountTime                         int64
	Priority                            int
	MountedFileSystems                  []struct {
		FileSystem named
		Selected   *bool
	}
}

func (s *Sim) restoreSource(request *restoreRequest) *backup {
	if b := s.backupOfLocation(request.BackupLocation.GUID); b != nil {
		return b
	}
	if b := s.backupByGUID[request.BackupLocation.Backup.GUID]; b != nil {
		return b
	}
	return s.backupByGUID[request.Backup.GUID]
}

// fileSystems are the ones chosen for a MANUAL mount, nil when none is named.
func (r *restoreRequest) fileSystems(b *backup) (chosen []int, missing bool) {
	if r.Mode.Name != "MANUAL" {
		return nil, false
	}
	for _, one := range r.MountedFileSystems {
		i := slices.IndexFunc(b.fileSystems(), func(guid string) bool { return guid == one.FileSystem.GUID })
		switch {
		case i < 0:
			return nil, true
		case one.Selected == nil || *one.Selected:
			chosen = append(chosen, i)
		}
	}
	return chosen, false
}

// restore serves the three ways of NOTES section 10. IMPORT follows RESTORE
// when there is an import; a mount leaves a mounted-backup record.
func (c *call) restore(kind string) answer {
	var request restoreRequest
	if a, good := c.body(&request); !good {
		return a
	}
	s := c.sim
	b := s.restoreSource(&request)
	mode := orElse(request.Mode.Name, "AUTO")
	switch {
	case b == nil:
		return notFound("backup")
	case !b.usable():
		return fail(http.StatusConflict, "backup can not be restored")
	case kind == "RESTORE_AND_IMPORT" && (request.Hypervisor.GUID == "") == (request.HypervisorManager.GUID == ""):
		return badRequest("one of hypervisor and hypervisorManager is required")
	case kind == "RESTORE_AND_MOUNT" && !slices.Contains([]string{"AUTO", "MANUAL", "ISCSI"}, mode):
		return badRequest("mode can not be mounted")
	case request.Priority < 0 || request.Priority > 100:
		return badRequest("priority out of range")
	}
	chosen, missing := request.fileSystems(b)
	if missing {
		return notFound("file system")
	}
	job := &restoreJob{guid: newGUID(s.guids), kind: kind, at: c.now, backup: b}
	s.restoreJobs = append(s.restoreJobs, job)
	t := &task{kind: "RESTORE", restoreType: kind, backupType: b.kind, priority: request.Priority, restoreJob: job}
	switch kind {
	case "RESTORE_AND_MOUNT":
		s.mount(c.now, &download{
			mode: mode, entity: b.entity, backup: b, life: time.Duration(request.UnmountTime) * time.Millisecond, chosen: chosen,
		}, t)
	case "RESTORE_AND_IMPORT":
		t.then = func(restored *task) {
			if restored.outcome == "FINISHED" {
				job.task = s.queueTask(restored.end, &task{
					kind: "IMPORT", entity: b.entity, backup: b, backupType: b.kind, priority: restored.priority,
					workflow: restored.workflow, parent: restored, restoreJob: job, restoreType: kind,
				})
			}
		}
		fallthrough
	default:
		t.entity, t.backup = b.entity, b
		s.queueTask(c.now, t)
	}
	job.task = t
	return c.submitted(t)
}

type mountRequest struct{ MountedBackup named }

func (c *call) mountedBackup() (*download, answer) {
	var request mountRequest
	if a, good := c.body(&request); !good {
		return nil, a
	}
	d := c.sim.downloadByGUID(request.MountedBackup.GUID)
	if d == nil {
		return nil, notFound("mounted backup")
	}
	if d.unmount != nil {
		return nil, fail(http.StatusConflict, "mounted backup is being removed")
	}
	return d, answer{}
}

func (c *call) remount() answer {
	d, refusal := c.mountedBackup()
	if d == nil {
		return refusal
	}
	return c.submitted(c.sim.queueTask(c.now, &task{
		kind: "MOUNT", entity: d.entity, backup: d.backup, download: d, workflow: d.task.workflow,
	}))
}

func (c *call) unmount() answer {
	d, refusal := c.mountedBackup()
	if d == nil {
		return refusal
	}
	return c.submitted(c.sim.dismount(c.now, d))
}

// deleteByValue is called with an entity's guid; what it deletes is not
// documented (NOTES section 9), so here it deletes nothing.
func (c *call) deleteByValue() answer {
	var request struct{ Value string }
	if a, good := c.body(&request); !good {
		return a
	}
	e := c.sim.entityByGUID[request.Value]
	if e == nil {
		return notFound("protected entity")
	}
	return c.submitted(c.sim.queueTask(c.now, &task{kind: "DELETE", entity: e}))
}

func (c *call) snapshot() answer {
	var request struct {
		Priority          int
		ProtectedEntities []named
	}
	if a, good := c.body(&request); !good {
		return a
	}
	if len(request.ProtectedEntities) == 0 || request.Priority < 0 || request.Priority > 100 {
		return badRequest("protectedEntities are required")
	}
	for _, one := range request.ProtectedEntities {
		if e := c.sim.entityByGUID[one.GUID]; e.kindOf() != "VM" {
			return notFound("virtual machine")
		}
	}
	var tasks []*task
	for _, one := range request.ProtectedEntities {
		tasks = append(tasks, c.sim.queueTask(c.now, &task{
			kind: "SNAPSHOT", entity: c.sim.entityByGUID[one.GUID], priority: request.Priority,
		}))
	}
	return c.submitted(tasks...)
}

func (c *call) inventorySync() answer {
	var request map[string]any
	if a, good := c.body(&request); !good {
		return a
	}
	return c.submitted(c.sim.queueTask(c.now, &task{kind: "INVENTORY_SYNC"}))
}
