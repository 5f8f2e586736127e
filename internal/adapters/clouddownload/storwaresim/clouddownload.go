package storwaresim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

var mountModes = []string{
	"AUTO", "CLOUD_DOWNLOAD", "CLOUD_PST_DOWNLOAD", "INSTANT_RESTORE", "ISCSI", "MANUAL", "OS_DOWNLOAD",
}

// download is a mounted-backup record; a cloud download is one whose mode is a
// download mode (NOTES section 7).
type download struct {
	guid, mode string
	entity     *entity
	backup     *backup
	node       *place
	made       time.Time
	task       *task
	unmount    *task
	stated     string // a state that PUT has set
	statusInfo string
	objects    int64
	life       time.Duration
	expires    time.Time // once its task is over
	chosen     []int     // file systems to mount, all when nil
}

// stateAt is the state of the task that prepares the record, unless PUT said
// something else.
func (d *download) stateAt(now time.Time) string {
	if d.stated != "" {
		return d.stated
	}
	return d.task.stateAt(now)
}

func (d *download) delivers() bool { return strings.HasSuffix(d.mode, "_DOWNLOAD") }

func cloudDownloadRoutes() []route {
	return []route{
		{pattern: "GET /cloud-download", handle: (*call).listCloudDownloads},
		{pattern: "POST /cloud-download", handle: (*call).createCloudDownload},
		{pattern: "GET /cloud-download/{guid}", handle: (*call).downloadByGUID, produces: "application/octet-stream"},
		{pattern: "PUT /cloud-download/{guid}", handle: (*call).updateCloudDownload},
		{pattern: "DELETE /cloud-download/{guid}", handle: (*call).deleteCloudDownload},
		{pattern: "GET /cloud-download/{guid}/content-download", handle: (*call).contentDownload},
		{pattern: "GET /mounted-backups", handle: func(c *call) answer { return c.listMounts(false) }},
		{pattern: "GET /mounted-backups/{guid}", handle: (*call).getMount},
		{pattern: "DELETE /mounted-backups/{guid}", handle: (*call).deleteMount},
	}
}

func (c *call) listCloudDownloads() answer {
	return c.listMounts(c.sim.options.Reading.OnlyDownloads)
}

// listMounts serves both lists: their thirteen parameters are the same.
func (c *call) listMounts(onlyDownloads bool) answer {
	p := &params{c: c}
	mode := p.constant("mode", mountModes...)
	kind := p.constant("protected-entity-type", entityTypes...)
	finished, hasFinished := p.boolean("finished-mount")
	backupGUID, entityGUID, node := p.one("backup"), p.one("protected-entity"), p.one("node")
	project := p.one("project-uuid")
	late := c.sim.options.Scenario.LateVisibility
	l := listing[*download]{
		name: func(d *download) string { return d.entity.nameOf() },
		text: func(d *download) []string { return []string{d.guid, d.mode, d.statusInfo} },
		columns: map[string]func(a, b *download) int{
			"guid":                 column(func(d *download) string { return d.guid }),
			"mode":                 column(func(d *download) string { return d.mode }),
			"state":                column(func(d *download) string { return d.stateAt(c.now) }),
			"node":                 column(func(d *download) string { return d.node.nameOf() }),
			"node.name":            column(func(d *download) string { return d.node.nameOf() }),
			"snapshotTime":         column((*download).snapshotTime),
			"protectedEntity.name": column(func(d *download) string { return d.entity.nameOf() }),
		},
		build: c.mountListRecord,
	}
	return l.answer(p, c.sim.downloads, func(d *download) bool {
		return (mode == "" || d.mode == mode) && (kind == "" || d.entity.kindOf() == kind) &&
			(!hasFinished || finished == (d.stateAt(c.now) == "FINISHED")) &&
			(backupGUID == "" || d.backup.guidOf() == backupGUID) &&
			(entityGUID == "" || d.entity.guidOf() == entityGUID) && (node == "" || d.node.guidOf() == node) &&
			(project == "" || d.entity.projectOf().guidOf() == project) &&
			(!onlyDownloads || d.delivers()) && !d.made.Add(late).After(c.now)
	})
}

func (d *download) snapshotTime() int64 {
	if d.backup == nil {
		return 0
	}
	return d.backup.snapshotTime
}

func (c *call) mountListRecord(d *download) object {
	o := object{
		"guid": d.guid, "mode": enum(d.mode), "state": enum(d.stateAt(c.now)), "node": d.node.ref(), "backup": nil,
		"mountedFileSystemCount": len(d.fileSystems(c.now)), "mountedFileCount": d.fileCount(c.now),
	}
	if d.backup != nil {
		o["backup"] = c.backupRecord(d.backup)
	}
	return o
}

func (c *call) mountDetails(d *download) object {
	o := c.mountListRecord(d)
	delete(o, "mountedFileSystemCount")
	delete(o, "mountedFileCount")
	if d.backup != nil {
		o["backup"] = c.backupDetails(d.backup)
	}
	o["statusInfo"] = orElse(d.statusInfo, d.task.statusInfoAt(c.now))
	return o
}

// createRequest is a creation, read as widely as can be: the members of its
// body are not documented, "accept any object" (NOTES section 7).
type createRequest struct {
	ProtectedEntity  named
	ProtectedObjects []objectChoice
	Backup           named
	BackupLocation   named
	Mode             named
	UnmountTime      int64
}

type objectChoice struct{ GUID, VersionGUID string }

func (o *objectChoice) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &o.GUID) == nil {
		return nil
	}
	var full struct{ GUID, VersionGUID string }
	err := json.Unmarshal(data, &full)
	o.GUID, o.VersionGUID = full.GUID, full.VersionGUID
	return err
}

func (c *call) createCloudDownload() answer {
	var raw json.RawMessage
	if a, good := c.body(&raw); !good {
		return a
	}
	var request createRequest
	sent := map[string]any{}
	if json.Unmarshal(raw, &sent) != nil || sent == nil || json.Unmarshal(raw, &request) != nil {
		return badRequest("cannot read the request body")
	}
	e, b, refusal := c.downloadSource(&request)
	if refusal != "" {
		return notFound(refusal)
	}
	mode := orElse(request.Mode.Name, defaultMode(e))
	if !slices.Contains(mountModes, mode) {
		return badRequest("unknown mode")
	}
	made := Download{Mode: mode, Body: sent, At: c.now, EntityGUID: e.guidOf(), BackupGUID: b.guidOf()}
	parts := [][]objectChoice{request.ProtectedObjects}
	if c.sim.options.Reading.TaskPerObject && len(request.ProtectedObjects) > 1 {
		parts = nil
		for i := range request.ProtectedObjects {
			parts = append(parts, request.ProtectedObjects[i:i+1])
		}
	}
	workflow := newGUID(c.sim.guids)
	tasks := []object{}
	for _, part := range parts {
		d := c.sim.mount(c.now, &download{
			mode: mode, entity: e, backup: b, objects: int64(max(len(part), 1)),
			life: time.Duration(request.UnmountTime) * time.Millisecond,
		}, &task{kind: "RESTORE", workflow: workflow})
		made.Records, made.Tasks = append(made.Records, d.guid), append(made.Tasks, d.task.guid)
		tasks = append(tasks, c.taskDetails(d.task))
	}
	c.sim.created = append(c.sim.created, made)
	return c.created(tasks)
}

// downloadSource finds what a creation is about: the backup of the version
// asked for, else the newest usable backup of the entity.
func (c *call) downloadSource(request *createRequest) (e *entity, b *backup, missing string) {
	s := c.sim
	if guid := request.ProtectedEntity.GUID; guid != "" {
		if e = s.entityByGUID[guid]; e == nil {
			return nil, nil, "protected entity"
		}
	}
	if guid := orElse(request.Backup.GUID, request.BackupLocation.GUID); guid != "" {
		if b = s.backupByGUID[guid]; b == nil {
			b = s.backupOfLocation(guid)
		}
		if b == nil {
			return nil, nil, "backup"
		}
	}
	for _, choice := range request.ProtectedObjects {
		owner, _, found := s.findObject(choice.GUID)
		if !found {
			return nil, nil, "protected object"
		}
		if e == nil {
			e = owner
		}
		if choice.VersionGUID != "" && b == nil {
			if b = s.backupOfVersion(choice.GUID, choice.VersionGUID); b == nil {
				return nil, nil, "version"
			}
		}
	}
	if e == nil && b != nil {
		e = b.entity
	}
	if e != nil && b == nil {
		for _, one := range e.backups {
			if one.usable() {
				b = one
			}
		}
	}
	return e, b, ""
}

func defaultMode(e *entity) string {
	switch kind := e.kindOf(); {
	case kind == "OS" || kind == "OS_AGENT":
		return "OS_DOWNLOAD"
	case kind == "" || strings.HasPrefix(kind, "CLOUD"):
		return "CLOUD_DOWNLOAD"
	default:
		return "AUTO"
	}
}

func (c *call) pathDownload() *download { return c.sim.downloadByGUID(c.r.PathValue("guid")) }

func (s *Sim) downloadByGUID(guid string) *download {
	for _, d := range s.downloads {
		if d.guid == guid {
			return d
		}
	}
	return nil
}

func (c *call) updateCloudDownload() answer {
	var request struct {
		State      named
		StatusInfo string
	}
	if a, good := c.body(&request); !good {
		return a
	}
	d := c.pathDownload()
	switch {
	case d == nil:
		return notFound("cloud download")
	case request.State.Name != "" && !slices.Contains(taskStates, request.State.Name):
		return badRequest("unknown state")
	}
	d.stated, d.statusInfo = orElse(request.State.Name, d.stated), request.StatusInfo
	// It is the node that reports an end so (inferred): the task is over, too.
	if slices.Contains(taskStates[2:], d.stated) && !d.task.settled {
		d.task.stop(c.now, d.stated, d.statusInfo)
		d.task.settle()
	}
	return c.changed(c.mountDetails(d))
}

func (c *call) deleteCloudDownload() answer {
	d := c.pathDownload()
	switch {
	case d == nil:
		return notFound("cloud download")
	case d.unmount != nil:
		return fail(http.StatusConflict, "cloud download is being removed")
	}
	return c.changed(c.taskDetails(c.sim.dismount(c.now, d)))
}

func (c *call) getMount() answer {
	d := c.pathDownload()
	if d == nil {
		return notFound("mounted backup")
	}
	return ok(c.mountDetails(d))
}

func (c *call) deleteMount() answer {
	a := c.deleteCloudDownload()
	if a.message == "" {
		return c.changed(nil)
	}
	return a
}
