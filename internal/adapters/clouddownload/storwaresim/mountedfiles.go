package storwaresim

import (
	"fmt"
	"hash/fnv"
	"path"
	"slices"
	"strings"
	"time"

	"switchback/internal/adapters/simkit"
)

// What is mounted has guids made from the record's own.
const (
	mountedSystemMark = 0x02000000
	mountedFileMark   = 0x01000000
)

func mountedFileRoutes() []route {
	return []route{
		{pattern: "GET /mounted-file-systems/detailed", handle: (*call).listMountedSystems},
		{pattern: "POST /mounted-file-systems/{guid}/listing", handle: (*call).listMountedPath},
		{pattern: "POST /mounted-file-systems/{guid}/download", handle: (*call).downloadPaths, produces: "application/octet-stream"},
		{pattern: "GET /mounted-files", handle: (*call).listMountedFiles},
	}
}

// ready tells whether the record can be read from.
func (d *download) ready(now time.Time) bool { return d.unmount == nil && d.stateAt(now) == "FINISHED" }

// fileSystems are the ones that are mounted, by their place in the backup: all
// with AUTO, the chosen ones with MANUAL (NOTES section 7).
func (d *download) fileSystems(now time.Time) []int {
	if d.mode != "AUTO" && d.mode != "MANUAL" || !d.ready(now) {
		return nil
	}
	var out []int
	for i := range d.backup.fileSystems() {
		if d.chosen == nil || slices.Contains(d.chosen, i) {
			out = append(out, i)
		}
	}
	return out
}

// fileCount: a download has the objects that were asked for, ISCSI the disks.
func (d *download) fileCount(now time.Time) int64 {
	if d.mode == "ISCSI" && d.backup != nil && d.ready(now) {
		return int64(d.backup.diskCount())
	}
	return d.objects
}

// mountsOf are the records that the parameter "mounted-backup" names: one, or
// all without it.
func (c *call) mountsOf(p *params) []*download {
	guid := p.one("mounted-backup")
	if guid == "" {
		return c.sim.downloads
	}
	if d := c.sim.downloadByGUID(guid); d != nil {
		return []*download{d}
	}
	return nil
}

func (c *call) listMountedSystems() answer {
	var out []object
	for _, d := range c.mountsOf(&params{c: c}) {
		for _, i := range d.fileSystems(c.now) {
			out = append(out, object{
				"guid": marked(d.guid, mountedSystemMark+uint64(i)), "mountPath": volumes[i].mountPath, "fileSystem": d.backup.fileSystem(i),
			})
		}
	}
	return plain(out)
}

func (c *call) listMountedFiles() answer {
	var out []object
	for _, d := range c.mountsOf(&params{c: c}) {
		if !d.ready(c.now) {
			continue
		}
		for i := range d.fileCount(c.now) {
			out = append(out, object{
				"guid": marked(d.guid, mountedFileMark+uint64(i)), "path": fmt.Sprintf("/mnt/%s/file-%d", d.guid, i),
				"randomAccess": d.mode == "ISCSI",
			})
		}
	}
	return plain(out)
}

// mountedTree is in every file system; names that end in a slash are folders.
var mountedTree = [...]string{
	"/etc/", "/etc/fstab", "/etc/hosts", "/home/", "/home/anna/", "/home/anna/notes.txt", "/home/anna/photo.jpg",
	"/readme.txt", "/var/", "/var/export.bin",
}

// mountedSystem is one file system that is mounted.
type mountedSystem struct {
	guid string
	d    *download
	sim  *Sim
}

func (c *call) pathSystem() *mountedSystem {
	guid := c.r.PathValue("guid")
	for i := range volumes {
		d := c.sim.downloadByGUID(marked(guid, mountedSystemMark+uint64(i)))
		if d != nil && slices.Contains(d.fileSystems(c.now), i) {
			return &mountedSystem{guid, d, c.sim}
		}
	}
	return nil
}

// resolve cleans a path and tells what is there: the whole name in the tree,
// empty when nothing is.
func resolve(sent string) string {
	clean := path.Clean("/" + sent)
	if clean == "/" {
		return clean
	}
	for _, name := range mountedTree {
		if strings.TrimSuffix(name, "/") == clean {
			return name
		}
	}
	return ""
}

// size is the one big file's by the options, small and made up for the others.
func (m *mountedSystem) size(name string) int64 {
	switch {
	case strings.HasSuffix(name, "/"):
		return 0
	case name == "/var/export.bin":
		return max(m.sim.options.ContentSize, 0)
	default:
		return int64(m.hash(name)%(64<<10)) + 1
	}
}

func (m *mountedSystem) hash(parts ...string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(strings.Join(append([]string{m.guid}, parts...), "\x00")))
	return h.Sum64()
}

// content of paths is the file when it is one file; else it stands for an
// archive of all that is named. What form the server gives that is unknown.
func (m *mountedSystem) content(paths []string) (content simkit.Content, name string, found bool) {
	named := map[string]bool{}
	name = "download.zip"
	for _, sent := range paths {
		at := resolve(sent)
		if at == "" {
			return simkit.Content{}, "", false
		}
		if len(paths) == 1 && !strings.HasSuffix(at, "/") {
			name = path.Base(at)
		}
		for _, file := range mountedTree {
			if !strings.HasSuffix(file, "/") && (file == at || strings.HasSuffix(at, "/") && strings.HasPrefix(file, at)) {
				named[file] = true
			}
		}
	}
	var files []string
	for _, file := range mountedTree {
		if named[file] {
			files = append(files, file)
			content.Size += m.size(file)
		}
	}
	content.Seed = m.sim.options.Seed ^ m.hash(files...)
	return content, name, true
}

// listMountedPath lists one folder, through POST. The permissions are bare
// strings, unlike other enums (NOTES section 3).
func (c *call) listMountedPath() answer {
	var request struct{ Path string }
	if a, good := c.body(&request); !good {
		return a
	}
	m := c.pathSystem()
	if m == nil {
		return notFound("mounted file system")
	}
	folder := resolve(request.Path)
	switch {
	case folder == "":
		return notFound("path")
	case !strings.HasSuffix(folder, "/"):
		return badRequest("path is not a directory")
	}
	out := []object{}
	for _, name := range mountedTree {
		rest, below := strings.CutPrefix(name, folder)
		if base := strings.TrimSuffix(rest, "/"); below && base != "" && !strings.Contains(base, "/") {
			kind, permissions := "FILE", []string{"OWNER_READ", "OWNER_WRITE", "GROUP_READ", "OTHERS_READ"}
			if rest != base {
				kind = "DIRECTORY"
				permissions = append(permissions, "OWNER_EXECUTE", "GROUP_EXECUTE", "OTHERS_EXECUTE")
			}
			out = append(out, object{
				"name": base, "fileType": enum(kind), "size": m.size(name), "modified": m.d.snapshotTime(),
				"owner": "root", "group": "root", "permissions": permissions,
			})
		}
	}
	return c.created(out)
}

func (c *call) downloadPaths() answer {
	var request struct{ Paths []string }
	if a, good := c.body(&request); !good {
		return a
	}
	m := c.pathSystem()
	if m == nil {
		return notFound("mounted file system")
	}
	if len(request.Paths) == 0 {
		return badRequest("paths must not be empty")
	}
	content, name, found := m.content(request.Paths)
	if !found {
		return notFound("path")
	}
	a := c.created(nil)
	a.content, a.name, a.source = &content, name, m.guid
	return a
}

// MountedContent returns the bytes that a download of paths from a mounted file
// system gives, whether or not it is mounted. Paths that are not there give none.
func (s *Sim) MountedContent(guid string, paths ...string) simkit.Content {
	content, _, _ := (&mountedSystem{guid: guid, sim: s}).content(paths)
	return content
}
