package storwaresim

import "fmt"

// Files and file systems of a backup have guids made from the backup's own, as
// protected objects have.
const (
	backupFileMark = 0x08000000
	fileSystemMark = 0x04000000
)

func backupFileRoutes() []route {
	return []route{
		{pattern: "GET /backup-files", handle: func(c *call) answer { return c.listBackupFiles(false) }},
		{pattern: "GET /backup-files/detailed/for-restore", handle: func(c *call) answer { return c.listBackupFiles(true) }},
		{pattern: "GET /file-systems", handle: (*call).listFileSystems},
	}
}

// diskCount: a machine has two disks, everything else is one archive.
func (b *backup) diskCount() int {
	if b.entity.kind == "VM" {
		return 2
	}
	return 0
}

// backupsOf are the backups that the parameter "backup" names: one, or all
// without it.
func (c *call) backupsOf(p *params) []*backup {
	guid := p.one("backup")
	if guid == "" {
		return c.sim.byTime
	}
	if b := c.sim.backupByGUID[guid]; b != nil {
		return []*backup{b}
	}
	return nil
}

// listBackupFiles documents no paging. For a restore only usable backups count.
func (c *call) listBackupFiles(restore bool) answer {
	p := &params{c: c}
	configs, _ := p.boolean("with-modified-configs")
	var out []object
	for _, b := range c.backupsOf(p) {
		if b.visible.After(c.now) || restore && !b.usable() {
			continue
		}
		for i := range max(b.diskCount(), 1) {
			out = append(out, c.backupFile(b, i, configs))
		}
	}
	if p.bad != "" {
		return badRequest(p.bad)
	}
	return plain(out)
}

func (c *call) backupFile(b *backup, i int, configs bool) object {
	disk := b.diskCount() > 0
	count := int64(max(b.diskCount(), 1))
	name, format, kind := "archive.tar", "RAW", "ARCHIVE"
	if disk {
		name, format, kind = fmt.Sprintf("disk-%d.qcow2", i), "QCOW2", "DISK"
	}
	locations := []object{}
	for j, destination := range b.destinations {
		locations = append(locations, object{
			"guid": marked(locationGUID(b.guid, j), backupFileMark+uint64(i)), "backupDestination": c.destinationRecord(destination),
		})
	}
	o := object{
		"guid": marked(b.guid, backupFileMark+uint64(i)), "backup": b.ref(), "backupTime": b.backupTime,
		"lastModifiedTime": moment(b.snapshotTime), "size": b.size / count, "effectiveBackupSize": (b.size + b.size/16) / count,
		"effectiveSuccessfulObjects": b.objects / count, "effectiveFailedObjects": 0, "effectiveSkippedObjects": len(b.warnings),
		"path": "/backups/" + b.guid + "/" + name, "originalPath": "/" + name, "locations": locations, "objectName": name,
		"mountable": b.usable() && mountable(b.entity.kind), "iscsiMountable": b.usable() && disk, "encryption": 0,
		"format": enum(format), "backupFileType": enum(kind), "compressionType": enum("NONE"), "configPresent": disk && i == 0,
		"originalStorageId": nil, "originalDiskId": nil, "parentBackupFile": nil, "config": nil,
	}
	if disk {
		o["originalStorageId"], o["originalDiskId"] = c.sim.storages[0].uuid, marked(b.entity.uuid, backupFileMark+uint64(i))
		if configs && i == 0 {
			o["config"] = "<domain><name>" + b.entity.name + "</name></domain>"
		}
	}
	if b.parent != nil {
		o["parentBackupFile"] = ref(marked(b.parent.guid, backupFileMark+uint64(i)), name)
	}
	return o
}

// volumes are the file systems in every backup that has any.
var volumes = [...]struct{ volume, label, mountPath string }{{"/dev/vda1", "root", "/"}, {"/dev/vdb1", "data", "/data"}}

// fileSystems are the guids of the file systems in a backup.
func (b *backup) fileSystems() []string {
	if b == nil || !b.usable() || !mountable(b.entity.kind) {
		return nil
	}
	out := make([]string, len(volumes))
	for i := range volumes {
		out[i] = marked(b.guid, fileSystemMark+uint64(i))
	}
	return out
}

func (b *backup) fileSystem(i int) object {
	return object{
		"guid": b.fileSystems()[i], "volume": volumes[i].volume, "label": volumes[i].label, "type": "xfs",
		"size": b.size / int64(len(volumes)),
	}
}

func (c *call) listFileSystems() answer {
	var out []object
	for _, b := range c.backupsOf(&params{c: c}) {
		for i := range b.fileSystems() {
			out = append(out, b.fileSystem(i))
		}
	}
	return plain(out)
}
