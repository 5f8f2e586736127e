package storwaresim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type wireSystem struct {
	GUID, MountPath string
	FileSystem      struct{ GUID string }
}

// mounted asks for a mount of a machine's backup and returns the record.
func (c *client) mounted(backup, rest string) string {
	c.t.Helper()
	c.want(201, "POST", "/tasks/restore-and-mount", fmt.Sprintf(`{"backupLocation":{"guid":%q},%s}`, locationGUID(backup, 0), rest), nil)
	record := c.sim.downloads[len(c.sim.downloads)-1].guid
	if systems := c.systems(record); len(systems) != 0 {
		c.t.Fatalf("mounted before its time: %+v", systems)
	}
	return record
}

func (c *client) systems(record string) []wireSystem {
	c.t.Helper()
	var systems []wireSystem
	c.want(200, "GET", "/mounted-file-systems/detailed?mounted-backup="+record, "", &systems)
	return systems
}

func TestMountModes(t *testing.T) {
	c, clock := start(t, Options{Seed: 4})
	_, backup := c.entityWith("VM")
	var volumes []struct{ GUID string }
	c.want(200, "GET", "/file-systems?backup="+backup, "", &volumes)
	if len(volumes) != 2 {
		t.Fatalf("file systems %+v", volumes)
	}
	c.want(404, "POST", "/tasks/restore-and-mount", fmt.Sprintf(
		`{"backupLocation":{"guid":%q},"mode":"MANUAL","mountedFileSystems":[{"fileSystem":"none"}]}`, locationGUID(backup, 0)), nil)
	auto := c.mounted(backup, `"mode":"AUTO"`)
	manual := c.mounted(backup, fmt.Sprintf(
		`"mode":"MANUAL","mountedFileSystems":[{"fileSystem":{"guid":%q},"selected":false},{"fileSystem":{"guid":%q},"selected":true}]`,
		volumes[0].GUID, volumes[1].GUID))
	disks := c.mounted(backup, `"mode":"ISCSI"`)
	clock.Advance(8 * time.Second)
	type counts struct{ MountedFileSystemCount, MountedFileCount int }
	type row struct {
		GUID string
		counts
	}
	for record, want := range map[string]counts{auto: {2, 0}, manual: {1, 0}, disks: {0, 2}} {
		var files []struct{ RandomAccess bool }
		c.want(200, "GET", "/mounted-files?mounted-backup="+record, "", &files)
		if got := (counts{len(c.systems(record)), len(files)}); got != want {
			t.Errorf("%s: %+v, want %+v", record, got, want)
		}
		rows := pages[row](c, "/mounted-backups", 10)
		at := slices.IndexFunc(rows, func(one row) bool { return one.GUID == record })
		if at < 0 || rows[at].counts != want {
			t.Errorf("%s: list %+v, want %+v", record, rows, want)
		}
	}
	if got := c.systems(manual); got[0].FileSystem.GUID != volumes[1].GUID || got[0].MountPath != "/data" {
		t.Errorf("manual mount %+v", got)
	}
	system := c.systems(auto)[0].GUID
	c.want(201, "POST", "/tasks/unmount", fmt.Sprintf(`{"mountedBackup":{"guid":%q}}`, auto), nil)
	c.want(404, "POST", "/mounted-file-systems/"+system+"/listing", `{"path":"/"}`, nil)
	if got := c.systems(auto); len(got) != 0 {
		t.Errorf("still mounted: %+v", got)
	}
}

func TestBrowseAMount(t *testing.T) {
	c, clock := start(t, Options{Seed: 4, ContentSize: 100_000})
	_, backup := c.entityWith("VM")
	record := c.mounted(backup, `"mode":"AUTO"`)
	clock.Advance(8 * time.Second)
	system := c.systems(record)[0].GUID
	type entry struct {
		Name        string
		FileType    word
		Size        int64
		Permissions []string
	}
	listed := map[string]int64{} // every file by its whole path
	var walk func(folder string)
	walk = func(folder string) {
		var rows []entry
		c.want(201, "POST", "/mounted-file-systems/"+system+"/listing", fmt.Sprintf(`{"path":%q}`, folder), &rows)
		for _, row := range rows {
			at := strings.TrimSuffix(folder, "/") + "/" + row.Name
			if row.FileType.Name == "DIRECTORY" {
				walk(at)
			} else {
				listed[at] = row.Size
			}
			if !slices.Contains(row.Permissions, "OWNER_READ") {
				t.Errorf("%s: permissions %v", at, row.Permissions)
			}
		}
	}
	walk("/")
	want := map[string]int64{}
	for _, name := range mountedTree {
		if !strings.HasSuffix(name, "/") {
			want[name] = c.sim.MountedContent(system, name).Size
		}
	}
	if diff := cmp.Diff(want, listed); diff != "" || listed["/var/export.bin"] != 100_000 {
		t.Errorf("files (-want +listed):\n%s", diff)
	}
	download := "/mounted-file-systems/" + system + "/download"
	for _, paths := range [][]string{{"/var/export.bin"}, {"etc/hosts"}, {"/home", "/readme.txt"}, {"/", "/etc"}} {
		quoted := `"` + strings.Join(paths, `","`) + `"`
		got := c.once("POST", download, `{"paths":[`+quoted+`]}`, http.Header{"Accept": {"application/octet-stream"}})
		sum, truth := sha256.Sum256(got.body), c.sim.MountedContent(system, paths...)
		if got.status != 201 || hex.EncodeToString(sum[:]) != truth.SHA256() || truth.Size == 0 {
			t.Errorf("%v: status %d, %d bytes of %d or other ones", paths, got.status, len(got.body), truth.Size)
		}
	}
	if a, b := c.sim.MountedContent(system, "/etc", "/etc/hosts"), c.sim.MountedContent(system, "/etc/"); a != b {
		t.Errorf("a file counts twice: %v, %v", a, b)
	}
	if got := c.once("POST", download, `{"paths":["/etc/hosts"]}`, nil); got.header.Get("Content-Disposition") != "attachment; filename=hosts" {
		t.Errorf("headers %v", got.header)
	}
	c.want(400, "POST", download, `{"paths":[]}`, nil)
	c.want(404, "POST", download, `{"paths":["/etc/shadow"]}`, nil)
	c.want(404, "POST", download, `{"paths":["/readme.txt/x"]}`, nil)
	c.want(404, "POST", "/mounted-file-systems/"+system+"/listing", `{"path":"/root"}`, nil)
	c.want(400, "POST", "/mounted-file-systems/"+system+"/listing", `{"path":"/readme.txt"}`, nil)
	c.want(404, "POST", "/mounted-file-systems/"+record+"/listing", `{"path":"/"}`, nil)
	if got := len(c.sim.Deliveries(system)); got != 5 {
		t.Errorf("%d deliveries", got)
	}
	clock.Advance(downloadLife)
	c.want(404, "POST", download, `{"paths":["/etc/hosts"]}`, nil)
}

func TestBackupFiles(t *testing.T) {
	c, _ := start(t, Options{Seed: 4})
	_, backup := c.entityWith("VM")
	_, cloud := c.entityWith("CLOUD_USER")
	failed := c.sim.AddBackup(NewBackup{EntityGUID: c.sim.backupByGUID[backup].entity.guid, Status: "FAILED"})
	type file struct {
		GUID      string
		Config    string
		Size      int64
		Mountable bool
		Locations []struct{ BackupDestination struct{ GUID string } }
	}
	for query, want := range map[string]int{
		"/backup-files?backup=" + backup: 2, "/backup-files?backup=" + cloud: 1, "/backup-files?backup=none": 0,
		"/backup-files?backup=" + failed: 2, "/backup-files/detailed/for-restore?backup=" + failed: 0,
		"/backup-files/detailed/for-restore?backup=" + backup: 2, "/file-systems?backup=" + cloud: 0, "/file-systems?backup=" + failed: 0,
	} {
		var files []file
		c.want(200, "GET", query, "", &files)
		if len(files) != want {
			t.Errorf("%s: %d rows, want %d", query, len(files), want)
		}
	}
	var plain, detailed []file
	c.want(200, "GET", "/backup-files/detailed/for-restore?backup="+backup, "", &plain)
	c.want(200, "GET", "/backup-files/detailed/for-restore?with-modified-configs=true&backup="+backup, "", &detailed)
	if plain[0].Config != "" || detailed[0].Config == "" || !plain[0].Mountable ||
		len(plain[0].Locations) != len(c.sim.backupByGUID[backup].destinations) || plain[0].GUID == plain[1].GUID {
		t.Errorf("files %+v, with configurations %+v", plain, detailed)
	}
	c.want(400, "GET", "/backup-files?with-modified-configs=perhaps", "", nil)
}
