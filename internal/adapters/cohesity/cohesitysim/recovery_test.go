package cohesitysim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"switchback/internal/adapters/simkit"
)

func (c *client) prepare(name string) (id, path string) {
	c.t.Helper()
	f := c.restorable("kPhysical", "kFile")
	made := c.want(http.StatusCreated, http.MethodPost, api+"/recoveries/download-files-folders", download(f, name)).json(c.t)
	id, _ = made["id"].(string)
	return id, api + "/recoveries/" + id
}

func TestRecoveriesLiveByTheClock(t *testing.T) {
	type step struct {
		advance time.Duration
		status  string
	}
	for name, tc := range map[string]struct {
		scenario simkit.Scenario
		cancelAt int // before this step; -1 never
		steps    []step
	}{
		"succeeds": {simkit.Scenario{}, -1, []step{{0, "Accepted"}, {time.Second, "Running"}, {7*time.Second - 1000, "Running"}, {1000, "Succeeded"}}},
		"fails":    {simkit.Scenario{FailTasks: 1}, -1, []step{{0, "Accepted"}, {time.Second, "Running"}, {7 * time.Second, "Failed"}}},
		"slow":     {simkit.Scenario{TaskTime: time.Minute}, -1, []step{{8 * time.Second, "Running"}, {52 * time.Second, "Succeeded"}}},
		"canceled": {simkit.Scenario{}, 1, []step{{time.Second, "Running"}, {0, "Canceling"}, {2 * time.Second, "Canceled"}, {time.Hour, "Canceled"}}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, Options{Scenario: tc.scenario})
			id, path := c.prepare("a")
			for i, step := range tc.steps {
				if i == tc.cancelAt {
					c.want(http.StatusNoContent, http.MethodPost, path+"/cancel", nil)
				}
				c.clock.Advance(step.advance)
				got := c.get(path)
				over := step.status == "Succeeded" || step.status == "Failed" || step.status == "Canceled"
				if got["status"] != step.status || (got["endTimeUsecs"] != nil) != over || (step.status == "Failed") != (got["messages"] != nil) {
					t.Fatalf("step %d: status %v, end %v, messages %v; want %s", i, got["status"], got["endTimeUsecs"], got["messages"], step.status)
				}
				if r := c.sim.Recoveries()[0]; r.ID != id || r.Status != step.status || r.Body["name"] != "a" {
					t.Fatalf("step %d: Recoveries gives %v", i, r)
				}
			}
			c.want(http.StatusConflict, http.MethodPost, path+"/cancel", nil)
		})
	}
}

func TestListOfRecoveries(t *testing.T) {
	c := newClient(t, Options{Scenario: simkit.Scenario{LateVisibility: 5 * time.Second}})
	first, path := c.prepare("a")
	if got := items(c.get(api+"/recoveries"), "recoveries"); len(got) != 0 || c.get(path)["id"] != first {
		t.Errorf("a new recovery is to be found by id at once, and not in the list: %v", got)
	}
	c.clock.Advance(time.Minute)
	second, _ := c.prepare("b")
	c.want(http.StatusConflict, http.MethodPost, api+"/recoveries/download-files-folders", download(c.restorable("kPhysical", "kFile"), "b"))
	c.clock.Advance(5 * time.Second)
	ids := func(query string) string {
		out := ""
		for _, r := range items(c.get(api+"/recoveries"+query), "recoveries") {
			out += r["id"].(string) + ";"
		}
		return out
	}
	from := start.Add(30 * time.Second).UnixMicro()
	for query, want := range map[string]string{
		"":                                      second + ";" + first + ";",
		fmt.Sprintf("?startTimeUsecs=%d", from): second + ";",
		fmt.Sprintf("?endTimeUsecs=%d", from):   first + ";",
		"?status=Succeeded":                     first + ";",
		"?ids=" + url.QueryEscape(first+","+second):             second + ";" + first + ";",
		"?recoveryActions=RecoverFiles":                         "",
		"?recoveryActions=DownloadFilesAndFolders&ids=" + first: first + ";",
		"?snapshotEnvironments=kSQL":                            "",
		"?returnOnlyChildRecoveries=true":                       "",
	} {
		if got := ids(query); got != want {
			t.Errorf("%s gives %q, want %q", query, got, want)
		}
	}
}

// fetch loops as IBM NOTES section 13 says and takes every form of the end.
func (c *client) fetch(target string, length int64) (sum string, last int) {
	c.t.Helper()
	h, offset := sha256.New(), int64(0)
	for {
		a := c.do(http.MethodGet, fmt.Sprintf("%s&startOffset=%d&length=%d", target, offset, length), nil)
		switch a.status {
		case http.StatusOK, http.StatusNoContent:
			h.Write(a.body)
		case http.StatusRequestedRangeNotSatisfiable:
			return hex.EncodeToString(h.Sum(nil)), a.status
		default:
			c.t.Fatalf("piece at %d: %d %s", offset, a.status, a.body)
		}
		if int64(len(a.body)) < length {
			return hex.EncodeToString(h.Sum(nil)), a.status
		}
		offset += int64(len(a.body))
	}
}

func TestDownloadsReassemble(t *testing.T) {
	for form, end := range map[EndOfData]int{EndShort: 200, EndEmpty: 200, EndNoContent: 204, EndRange: 416} {
		for _, size := range []int64{3*1024 + 5, 4 * 1024, 0} {
			t.Run(fmt.Sprintf("%d/%d", form, size), func(t *testing.T) {
				c := newClient(t, Options{Seed: 8, EndOfData: form, DownloadSize: 1})
				c.sim.SetDownloadSize(size)
				id, path := c.prepare("a")
				c.clock.Advance(8 * time.Second)
				sum, last := c.fetch(path+"/download-files?x=1", 1024)
				content := c.sim.DownloadContent(id)
				if content.Size != size || sum != content.SHA256() {
					t.Errorf("got %s, want %d bytes with %s", sum, size, content.SHA256())
				}
				if whole := size%1024 == 0; (whole && last != end) || (!whole && last != 200) {
					t.Errorf("the last answer was %d", last)
				}
			})
		}
	}
}

func TestDownloadLimits(t *testing.T) {
	c := newClient(t, Options{})
	id, path := c.prepare("a")
	status := func(query string) int { return c.do(http.MethodGet, path+"/download-files"+query, nil).status }
	if got := status("?startOffset=0&length=10"); got != 400 {
		t.Errorf("not ready: %d, want 400", got)
	}
	c.clock.Advance(8 * time.Second)
	a := c.want(200, http.MethodGet, path+"/download-files", nil)
	if len(a.body) != maxPiece || a.header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("without length: %d bytes of %s, want the server's limit", len(a.body), a.header.Get("Content-Type"))
	}
	if sum, _ := c.fetch(path+"/download-files?x=1", maxPiece); sum != c.sim.DownloadContent(id).SHA256() {
		t.Error("full pieces do not give the content")
	}
	for query, want := range map[string]int{
		"?startOffset=0&length=8388608": 200, "?startOffset=0&length=8388609": 400,
		"?startOffset=-1&length=1": 400, "?length=0": 400, "?startOffset=99999999&length=1": 400,
	} {
		if got := status(query); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	c.clock.Advance(73 * time.Hour)
	if got := status("?startOffset=0&length=10"); got != 404 {
		t.Errorf("after the offer ended: %d, want 404", got)
	}
}

func TestIndexedFile(t *testing.T) {
	c := newClient(t, Options{Seed: 2})
	f := c.restorable("kPhysical", "kFile")
	for _, path := range filesOf(entity{id: f.ObjectID}) {
		target := api + "/snapshots/" + url.PathEscape(f.SnapshotID) + "/download-file?filePath=" + url.QueryEscape(path)
		if path == "/data/reports/" {
			c.want(400, http.MethodGet, target, nil)
			continue
		}
		if sum, _ := c.fetch(target, 4096); sum != c.sim.FileContent(f.SnapshotID, path).SHA256() {
			t.Errorf("%s is not the content", path)
		}
	}
	target := api + "/snapshots/" + url.PathEscape(f.SnapshotID) + "/download-file"
	c.want(400, http.MethodGet, target, nil)
	c.want(404, http.MethodGet, target+"?filePath=%2Fnone", nil)
	volume := c.restorable("kPhysical", "kVolume")
	c.want(400, http.MethodGet, api+"/snapshots/"+volume.SnapshotID+"/download-file?filePath=%2Fnone", nil)
}

func TestRecoveriesThatAreRefused(t *testing.T) {
	c := newClient(t, Options{Seed: 2})
	file, sql := c.restorable("kPhysical", "kFile"), c.restorable("kSQL", "kNative")
	volume := c.restorable("kPhysical", "kVolume")
	physical := func(snapshot, action, block string, target obj) obj {
		return obj{"name": "a", "snapshotEnvironment": "kPhysical", "physicalParams": obj{
			"objects": []obj{{"snapshotId": snapshot}}, "recoveryAction": action,
			block: obj{"targetEnvironment": "kPhysical", "physicalTargetParams": target, "filesAndFolders": []obj{{"absolutePath": "/a"}}},
		}}
	}
	host := obj{"id": file.ObjectID}
	for name, tc := range map[string]struct {
		body   obj
		status int
	}{
		"unknown snapshot":  {physical("e30=", "RecoverFiles", "recoverFileAndFolderParams", obj{}), 404},
		"snapshot of SQL":   {physical(sql.SnapshotID, "RecoverFiles", "recoverFileAndFolderParams", obj{}), 400},
		"no directory":      {physical(file.SnapshotID, "RecoverFiles", "recoverFileAndFolderParams", obj{"recoverTarget": host}), 400},
		"unknown host":      {physical(file.SnapshotID, "RecoverFiles", "recoverFileAndFolderParams", obj{"restoreToOriginalPaths": true, "recoverTarget": obj{"id": 7}}), 400},
		"other block":       {physical(file.SnapshotID, "RecoverFiles", "recoverVolumeParams", obj{"mountTarget": host}), 400},
		"no credentials":    {physical(volume.SnapshotID, "InstantVolumeMount", "mountVolumeParams", obj{"mountToOriginalTarget": false, "newTargetConfig": obj{"mountTarget": host}}), 400},
		"volume of another": {physical(volume.SnapshotID, "RecoverPhysicalVolumes", "recoverVolumeParams", obj{"mountTarget": host, "volumeMapping": []obj{{"sourceVolumeGuid": "a", "destinationVolumeGuid": c.sim.VolumeGUIDs(file.ObjectID)[0]}}}), 400},
		"nowhere": {obj{"name": "a", "snapshotEnvironment": "kSQL", "mssqlParams": obj{"recoveryAction": "RecoverApps", "recoverAppParams": []obj{{
			"snapshotId": sql.SnapshotID, "targetEnvironment": "kSQL", "sqlTargetParams": obj{"recoverToNewSource": true},
		}}}}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			c.t = t
			c.want(tc.status, http.MethodPost, api+"/recoveries", tc.body)
		})
	}
	if got := c.sim.Recoveries(); len(got) != 0 {
		t.Errorf("refused requests left recoveries: %v", got)
	}
}
