package storwaresim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"switchback/internal/adapters/simkit"
)

func newRequest(path string) *http.Request {
	return httptest.NewRequest("GET", "https://storware.example.test/api"+path, nil)
}

// create asks for a cloud download of an entity and returns its first task and
// record.
func (c *client) create(body string) (task wireTask, record string) {
	c.t.Helper()
	var tasks []wireTask
	c.want(201, "POST", "/cloud-download", body, &tasks)
	if len(tasks) == 0 {
		c.t.Fatal("creation made no task")
	}
	made := c.sim.Downloads()
	return tasks[0], made[len(made)-1].Records[0]
}

func (c *client) task(guid string) wireTask {
	c.t.Helper()
	var t wireTask
	c.want(200, "GET", "/tasks/"+guid, "", &t)
	return t
}

func TestLifeOfACloudDownload(t *testing.T) {
	c, clock := start(t, Options{Seed: 9, ContentSize: 3 << 20})
	user, _ := c.entityWith("CLOUD_USER")
	before := len(pages[wireMount](c, "/cloud-download?mode=CLOUD_DOWNLOAD&protected-entity="+user, 10))
	made, record := c.create(fmt.Sprintf(`{"protectedEntity":{"guid":%q},"mode":{"name":"CLOUD_DOWNLOAD"},"anything":{"else":1}}`, user))
	if made.State.Name != "QUEUED" || made.MountedBackup == nil || made.MountedBackup.GUID != record {
		t.Fatalf("task after creation: %+v", made)
	}
	rows := pages[wireMount](c, "/cloud-download?finished-mount=false&mode=CLOUD_DOWNLOAD&protected-entity="+user, 10)
	if len(rows) != before+1 || rows[before].GUID != record || rows[before].State.Name != "QUEUED" {
		t.Fatalf("records after creation: %+v", rows)
	}
	for _, step := range []struct {
		wait    time.Duration
		state   string
		content int
	}{{0, "QUEUED", 409}, {2 * time.Second, "RUNNING", 409}, {5999 * time.Millisecond, "RUNNING", 409}, {time.Millisecond, "FINISHED", 200}} {
		clock.Advance(step.wait)
		got := c.task(made.GUID)
		if got.State.Name != step.state || (got.Progress == 100) != (step.state == "FINISHED") {
			t.Errorf("%v later: task %+v, want %s", step.wait, got, step.state)
		}
		c.want(step.content, "GET", "/cloud-download/"+record, "", nil)
	}
	if got := len(pages[wireMount](c, "/cloud-download?finished-mount=true&protected-entity="+user, 10)); got != before+1 {
		t.Errorf("%d finished records", got)
	}
	got := c.once("GET", "/cloud-download/"+record, "", http.Header{"Range": {"bytes=100-"}, "Accept": {"application/octet-stream"}})
	sum := sha256.Sum256(got.body)
	if got.status != 200 || hex.EncodeToString(sum[:]) != c.sim.Content(record).SHA256() {
		t.Errorf("content: status %d, %d bytes, wrong checksum", got.status, len(got.body))
	}
	if got.header.Get("Content-Length") != strconv.Itoa(3<<20) || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment; filename=cloud_user_") {
		t.Errorf("content headers %v", got.header)
	}

	var removal wireTask
	c.want(200, "DELETE", "/cloud-download/"+record, "", &removal)
	c.want(409, "GET", "/cloud-download/"+record, "", nil)
	c.want(409, "DELETE", "/cloud-download/"+record, "", nil)
	c.want(200, "GET", "/mounted-backups/"+record, "", nil)
	clock.Advance(8 * time.Second)
	if got := c.task(removal.GUID); got.Type.Name != "UNMOUNT" || got.State.Name != "FINISHED" {
		t.Errorf("removal: %+v", got)
	}
	for _, path := range []string{"/cloud-download/" + record, "/mounted-backups/" + record, "/cloud-download/" + record + "/content-download"} {
		c.want(404, "GET", path, "", nil)
	}
	if downloads := c.sim.Downloads(); len(downloads) != 1 || downloads[0].EntityGUID != user ||
		downloads[0].Tasks[0] != made.GUID || downloads[0].Body["anything"] == nil {
		t.Errorf("downloads %+v", downloads)
	}
}

func TestDownloadsExpire(t *testing.T) {
	c, clock := start(t, Options{Seed: 9})
	user, _ := c.entityWith("CLOUD_USER")
	_, day := c.create(fmt.Sprintf(`{"protectedEntity":%q}`, user))
	_, hour := c.create(fmt.Sprintf(`{"protectedEntity":%q,"unmountTime":3600000}`, user))
	clock.Advance(8*time.Second + time.Hour)
	c.want(404, "GET", "/cloud-download/"+hour, "", nil)
	clock.Advance(23*time.Hour - time.Second)
	c.want(200, "GET", "/cloud-download/"+day, "", nil)
	clock.Advance(time.Second)
	c.want(404, "GET", "/cloud-download/"+day, "", nil)
}

func TestFailedAndCancelledDownloads(t *testing.T) {
	c, clock := start(t, Options{Seed: 9, Scenario: simkit.Scenario{FailTasks: 1, TaskTime: time.Minute}})
	user, _ := c.entityWith("CLOUD_USER")
	made, record := c.create(fmt.Sprintf(`{"protectedEntity":%q}`, user))
	clock.Advance(59 * time.Second)
	if got := c.task(made.GUID); got.State.Name != "RUNNING" || got.StatusInfo != "" {
		t.Errorf("before its end: %+v", got)
	}
	clock.Advance(time.Second)
	if got := c.task(made.GUID); got.State.Name != "FAILED" || got.StatusInfo == "" {
		t.Errorf("failed task: %+v", got)
	}
	c.want(409, "GET", "/cloud-download/"+record, "", nil)

	c, clock = start(t, Options{Seed: 9})
	user, _ = c.entityWith("CLOUD_USER")
	made, record = c.create(fmt.Sprintf(`{"protectedEntity":%q}`, user))
	clock.Advance(3 * time.Second)
	c.want(204, "PUT", "/tasks/"+made.GUID+"/state", `{"state":{"name":"CANCELLED"},"statusInfo":"enough"}`, nil)
	if got := c.task(made.GUID); got.State.Name != "RUNNING" {
		t.Errorf("cancelled at once: %+v", got)
	}
	clock.Advance(time.Second)
	if got := c.task(made.GUID); got.State.Name != "CANCELLED" || got.StatusInfo != "enough" {
		t.Errorf("cancelled task: %+v", got)
	}
	clock.Advance(time.Minute)
	var d wireMount
	c.want(200, "GET", "/mounted-backups/"+record, "", &d)
	if d.State.Name != "CANCELLED" {
		t.Errorf("record of a cancelled task: %+v", d)
	}
	c.want(409, "PUT", "/tasks/"+made.GUID+"/state", `{"state":{"name":"CANCELLED"}}`, nil)
}

func TestEveryModeAndType(t *testing.T) {
	c, clock := start(t, Options{Seed: 9})
	for _, mode := range mountModes {
		for _, kind := range entityTypes {
			entity, _ := c.entityWith(kind)
			_, record := c.create(fmt.Sprintf(`{"protectedEntity":{"guid":%q},"mode":{"name":%q}}`, entity, mode))
			clock.Advance(8 * time.Second)
			rows := pages[wireMount](c, "/cloud-download?finished-mount=true&mode="+mode+"&protected-entity-type="+kind, 50)
			if !slices.ContainsFunc(rows, func(d wireMount) bool { return d.GUID == record && d.Mode.Name == mode }) {
				t.Errorf("%s of a %s is not listed", mode, kind)
			}
			want := 409
			if strings.HasSuffix(mode, "_DOWNLOAD") {
				want = 200
			}
			c.want(want, "GET", "/cloud-download/"+record, "", nil)
		}
	}
	var d wireMount
	c.want(200, "GET", "/mounted-backups/"+c.sim.downloads[0].guid, "", &d)
	for query, want := range map[string]int{
		"backup=" + d.Backup.GUID: len(mountModes), "node=" + c.sim.nodes[0].guid + "&node=": -1, "nameLike=cloud+user": len(mountModes),
		"filter=PST_DOWNLOAD": len(entityTypes), "project-uuid=nobody": 0, "finished-mount=false": 0,
		"orderBy=backup.snapshotTime&direction=desc": len(mountModes) * len(entityTypes),
	} {
		if got := len(pages[wireMount](c, "/cloud-download?"+query, 20)); want >= 0 && got != want || want < 0 && got == 0 {
			t.Errorf("%s: %d records, want %d", query, got, want)
		}
	}
}

func TestRecordShowsLate(t *testing.T) {
	c, clock := start(t, Options{Seed: 9, Scenario: simkit.Scenario{LateVisibility: 30 * time.Second}})
	user, _ := c.entityWith("CLOUD_USER")
	made, record := c.create(fmt.Sprintf(`{"protectedEntity":%q}`, user))
	clock.Advance(29 * time.Second)
	if rows := pages[wireMount](c, "/cloud-download", 10); len(rows) != 0 {
		t.Errorf("records %+v before their time", rows)
	}
	if rows := pages[wireTask](c, "/tasks?mounted-backup-assigned=true", 10); len(rows) != 0 {
		t.Errorf("tasks %+v before their time", rows)
	}
	c.want(200, "GET", "/cloud-download/"+record, "", nil)
	c.task(made.GUID)
	clock.Advance(time.Second)
	if rows := pages[wireMount](c, "/cloud-download", 10); len(rows) != 1 {
		t.Errorf("records %+v after their time", rows)
	}
}

func TestUpdateSetsTheState(t *testing.T) {
	c, _ := start(t, Options{Seed: 9})
	user, _ := c.entityWith("CLOUD_USER")
	made, record := c.create(fmt.Sprintf(`{"protectedEntity":%q}`, user))
	var d wireMount
	c.want(200, "PUT", "/cloud-download/"+record, `{"state":{"name":"FINISHED"},"statusInfo":"prepared"}`, &d)
	if d.State.Name != "FINISHED" || d.StatusInfo != "prepared" {
		t.Errorf("record %+v", d)
	}
	if got := c.task(made.GUID); got.State.Name != "FINISHED" {
		t.Errorf("task %+v", got)
	}
	c.want(200, "GET", "/cloud-download/"+record, "", nil)
	c.want(400, "PUT", "/cloud-download/"+record, `{"state":{"name":"ASLEEP"}}`, nil)
	c.want(404, "PUT", "/cloud-download/nothing", `{}`, nil)
}

func TestReadingsOfContent(t *testing.T) {
	for name, test := range map[string]struct {
		reading           Reading
		byGUID, byContent int
		json              bool
	}{
		"both":        {Reading{}, 200, 200, false},
		"by guid":     {Reading{Content: ContentByGUID}, 200, 200, true},
		"by download": {Reading{Content: ContentByDownload, Chunked: true, Disposition: DispositionNone}, 406, 200, false},
	} {
		t.Run(name, func(t *testing.T) {
			c, clock := start(t, Options{Seed: 9, ContentSize: 100, Reading: test.reading})
			user, _ := c.entityWith("CLOUD_USER")
			_, record := c.create(fmt.Sprintf(`{"protectedEntity":%q}`, user))
			clock.Advance(time.Minute)
			c.want(test.byGUID, "GET", "/cloud-download/"+record, "", nil)
			got := c.want(test.byContent, "GET", "/cloud-download/"+record+"/content-download", "", nil)
			if (got.header.Get("Content-Type") == "application/json") != test.json || (len(got.body) == 100) == test.json {
				t.Errorf("content-download: %v, %d bytes", got.header, len(got.body))
			}
			if test.reading.Chunked && (got.header.Get("Content-Length") != "" || got.header.Get("Content-Disposition") != "") {
				t.Errorf("headers %v", got.header)
			}
			// Its documented type is JSON, so bytes alone are not acceptable.
			only := c.once("GET", "/cloud-download/"+record+"/content-download", "", http.Header{"Accept": {"application/octet-stream"}})
			if only.status != 406 {
				t.Errorf("Accept of bytes only: status %d", only.status)
			}
		})
	}
}

func TestReadingTaskPerObject(t *testing.T) {
	c, _ := start(t, Options{Seed: 9, Reading: Reading{TaskPerObject: true, TaskHidesRecord: true}})
	user, _ := c.entityWith("CLOUD_USER")
	var children []struct {
		GUID     string
		Versions []struct{ GUID string }
	}
	c.want(200, "GET", "/cloud-protected-objects/"+user+"/children", "", &children)
	if len(children) != folderCount || len(children[0].Versions) < 2 {
		t.Fatalf("children %+v", children)
	}
	oldest := children[1].Versions[0].GUID
	body, _ := json.Marshal(map[string]any{"protectedObjects": []map[string]any{
		{"guid": children[1].GUID, "versionGuid": oldest}, {"guid": children[0].GUID},
	}})
	var tasks []wireTask
	c.want(201, "POST", "/cloud-download", string(body), &tasks)
	if len(tasks) != 2 || tasks[0].MountedBackup != nil {
		t.Errorf("tasks %+v", tasks)
	}
	made := c.sim.Downloads()[0]
	if len(made.Records) != 2 || made.EntityGUID != user {
		t.Errorf("download %+v", made)
	}
	if first := c.sim.entityByGUID[user].lastUsable(func(*backup) bool { return true }); made.BackupGUID == first.guid {
		t.Error("the newest backup instead of the version's")
	}
}

func TestCreationIsRefused(t *testing.T) {
	c, _ := start(t, Options{Seed: 9})
	c.login()
	for body, want := range map[string]int{
		`{}`: 201, `[]`: 400, `null`: 400, `{`: 400, `"x"`: 400, `{"mode":{"name":"BY_POST"}}`: 400, `{"mode":7}`: 400,
		`{"protectedEntity":{"guid":"nobody"}}`: 404, `{"protectedObjects":[{"guid":"nothing"}]}`: 404, `{"backup":{"guid":"none"}}`: 404,
	} {
		if got := c.once("POST", "/cloud-download", body, nil); got.status != want {
			t.Errorf("%s: status %d, want %d", body, got.status, want)
		}
	}
	if got := c.once("POST", "/cloud-download", `{}`, http.Header{"Content-Type": {"text/plain"}}); got.status != 415 {
		t.Errorf("text: status %d", got.status)
	}
	if got := len(c.sim.Downloads()); got != 1 {
		t.Errorf("%d downloads, want the one that was accepted", got)
	}
}
