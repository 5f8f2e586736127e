package storwaresim

import (
	"fmt"
	"strconv"
	"testing"
	"time"
)

func TestRestoreHistory(t *testing.T) {
	c, clock := start(t, Options{Seed: 4})
	machine, backup := c.entityWith("VM")
	type job struct {
		GUID                string
		RestoreTime         int64
		Status, RestoreType word
		Backup              struct{ GUID string }
	}
	history := func(query string) []job {
		t.Helper()
		return pages[job](c, "/restore-jobs?orderBy=restoreTime&direction=desc&protected-entity="+machine+query, 5)
	}
	before := len(history(""))
	started := clock.Now()
	for i, path := range []string{"/tasks/restore", "/tasks/restore-and-mount", "/tasks/restore-and-import"} {
		c.want(201, "POST", path, fmt.Sprintf(`{"backup":{"guid":%q},"hypervisor":{"guid":%q}}`, backup, c.sim.hypervisors[0].guid), nil)
		clock.Advance(time.Second)
		if got := history(""); len(got) != before+i+1 || got[0].Backup.GUID != backup {
			t.Fatalf("history after %s: %+v", path, got)
		}
	}
	now := history("")
	if now[0].RestoreType.Name != "RESTORE_AND_IMPORT" || now[1].RestoreType.Name != "RESTORE_AND_MOUNT" || now[2].RestoreType.Name != "RESTORE" ||
		now[0].Status.Name != "QUEUED" || now[2].Status.Name != "RUNNING" {
		t.Errorf("history %+v", now[:3])
	}
	clock.Advance(8 * time.Second) // the import is on its way
	if got := history(""); got[0].Status.Name == "FINISHED" || got[2].Status.Name != "FINISHED" {
		t.Errorf("history before the import is over: %+v", got[:3])
	}
	clock.Advance(8 * time.Second)
	if got := history(""); got[0].Status.Name != "FINISHED" {
		t.Errorf("history at the end: %+v", got[0])
	}
	ms := func(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }
	if got := history("&from=" + ms(started) + "&to=" + ms(started.Add(time.Second))); len(got) != 2 || got[1].GUID != now[2].GUID {
		t.Errorf("two of them by time: %+v", got)
	}
	tasks := pages[wireTask](c, "/tasks?restore-job="+now[0].GUID, 10)
	if len(tasks) != 2 || tasks[0].Type.Name != "RESTORE" || tasks[1].Type.Name != "IMPORT" {
		t.Errorf("tasks of the job: %+v", tasks)
	}
	// The queue is cleaned, the history is not (NOTES section 8).
	c.want(204, "DELETE", "/tasks/all-finished", "", nil)
	if got := history(""); len(got) != before+3 || got[0].Status.Name != "FINISHED" {
		t.Errorf("history without tasks: %+v", got)
	}
}

func TestRemovingWorkflows(t *testing.T) {
	c, clock := start(t, Options{Seed: 4})
	user, _ := c.entityWith("CLOUD_USER")
	made, record := c.create(fmt.Sprintf(`{"protectedEntity":%q}`, user))
	workflow := c.sim.taskByGUID[made.GUID].workflow
	path := "/workflow-executions/" + workflow
	clock.Advance(3 * time.Second)
	c.want(409, "DELETE", path, "", nil)
	clock.Advance(5 * time.Second)
	c.want(204, "DELETE", path, "", nil)
	c.want(404, "DELETE", path, "", nil)
	c.want(404, "GET", "/tasks/"+made.GUID, "", nil)
	c.want(200, "GET", "/cloud-download/"+record, "", nil) // the record outlives its task

	queued, record := c.create(fmt.Sprintf(`{"protectedEntity":%q}`, user))
	c.want(204, "DELETE", "/workflow-executions/"+c.sim.taskByGUID[queued.GUID].workflow, "", nil)
	clock.Advance(time.Minute)
	c.want(409, "GET", "/cloud-download/"+record, "", nil)
}
