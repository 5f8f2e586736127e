package storwaresim

import (
	"fmt"
	"testing"
	"time"

	"switchback/internal/adapters/simkit"
)

func TestStoreFollowsExport(t *testing.T) {
	c, clock := start(t, Options{Seed: 4})
	machine, _ := c.entityWith("VM")
	before := len(c.sim.Facts())
	var tasks []wireTask
	c.want(201, "POST", "/tasks/export", fmt.Sprintf(`{"backupType":{"name":"INCREMENTAL"},"protectedEntities":[{"guid":%q}]}`, machine), &tasks)
	status := func() string {
		t.Helper()
		facts := c.sim.Facts()
		if len(facts) != before+1 || facts[0].EntityGUID != machine {
			t.Fatalf("%d backups, newest %+v", len(facts), facts[0])
		}
		return facts[0].Status
	}
	for _, step := range []struct {
		wait        time.Duration
		task, state string
		backup      string
	}{
		{0, "EXPORT", "QUEUED", "QUEUED"},
		{2 * time.Second, "EXPORT", "RUNNING", "INPROGRESS"},
		{6 * time.Second, "STORE", "QUEUED", "INPROGRESS"},
		{8 * time.Second, "STORE", "FINISHED", "SUCCESS"},
	} {
		clock.Advance(step.wait)
		rows := pages[wireTask](c, "/tasks?type="+step.task+"&protected-entity="+machine+"&orderBy=creationTime&direction=desc", 10)
		if len(rows) == 0 || rows[0].State.Name != step.state || status() != step.backup {
			t.Errorf("%s: tasks %+v, backup %s", step.task, rows, status())
		}
	}
}

// TestOutcomeDoesNotDependOnPolling compares a server that is asked all the time
// with one that is asked once. The first task made is not the first to end.
func TestOutcomeDoesNotDependOnPolling(t *testing.T) {
	outcome := func(step time.Duration) string {
		c, clock := start(t, Options{Seed: 4, Scenario: simkit.Scenario{FailTasks: 0.4}})
		machine, _ := c.entityWith("VM")
		for _, window := range []time.Duration{time.Hour, 0, 10 * time.Minute, 0, 0, 0} {
			c.want(201, "POST", "/tasks/export", fmt.Sprintf(`{"backupType":"FULL","protectedEntities":[%q],"windowStart":%d}`,
				machine, epoch.Add(window).UnixMilli()), nil)
		}
		for now := time.Duration(0); now < 2*time.Hour; now += step {
			clock.Advance(step)
			c.want(200, "GET", "/tasks?size=1", "", nil)
		}
		return fmt.Sprint(c.sim.Facts()[:6], pages[wireTask](c, "/tasks", 100))
	}
	if often, once := outcome(10*time.Second), outcome(2*time.Hour); often != once {
		t.Errorf("asked often:\n%s\nasked once:\n%s", often, once)
	}
}

// TestFollowUpsDoNotDependOnPolling looks once, long after everything is over.
func TestFollowUpsDoNotDependOnPolling(t *testing.T) {
	c, clock := start(t, Options{Seed: 4})
	machine, backup := c.entityWith("VM")
	c.want(201, "POST", "/tasks/export", fmt.Sprintf(`{"backupType":"FULL","protectedEntities":[%q]}`, machine), nil)
	c.want(201, "POST", "/tasks/restore-and-import", fmt.Sprintf(`{"backup":{"guid":%q},"hypervisorManager":{"guid":"x"}}`, backup), nil)
	clock.Advance(time.Hour)
	if got := c.sim.Facts()[0]; got.Status != "SUCCESS" {
		t.Errorf("newest backup %+v", got)
	}
	for _, kind := range []string{"STORE", "IMPORT"} {
		rows := pages[wireTask](c, "/tasks?type="+kind+"&state=FINISHED&orderBy=finishTime&direction=desc", 50)
		if len(rows) == 0 || c.sim.taskByGUID[rows[0].GUID].end != epoch.Add(16*time.Second) {
			t.Errorf("%s tasks %+v", kind, rows)
		}
	}
	jobs := pages[struct{ Status, RestoreType word }](c, "/restore-jobs?orderBy=restoreTime&direction=desc", 50)
	if jobs[0].Status.Name != "FINISHED" || jobs[0].RestoreType.Name != "RESTORE_AND_IMPORT" {
		t.Errorf("newest job %+v", jobs[0])
	}
}

func TestMountAndUnmount(t *testing.T) {
	c, clock := start(t, Options{Seed: 4, Reading: Reading{OnlyDownloads: true}})
	_, backup := c.entityWith("VM")
	var tasks []wireTask
	c.want(201, "POST", "/tasks/restore-and-mount", fmt.Sprintf(`{"backupLocation":{"guid":%q},"mode":{"name":"ISCSI"}}`, locationGUID(backup, 0)), &tasks)
	clock.Advance(8 * time.Second)
	if rows := pages[wireMount](c, "/cloud-download", 10); len(rows) != 0 {
		t.Errorf("a mount among the downloads: %+v", rows)
	}
	rows := pages[wireMount](c, "/mounted-backups?finished-mount=true", 10)
	if len(rows) != 1 || rows[0].Mode.Name != "ISCSI" || rows[0].GUID != tasks[0].MountedBackup.GUID || rows[0].Backup.GUID != backup {
		t.Fatalf("mounts %+v", rows)
	}
	c.want(201, "POST", "/tasks/unmount", fmt.Sprintf(`{"mountedBackup":{"guid":%q}}`, rows[0].GUID), nil)
	clock.Advance(8 * time.Second)
	c.want(404, "GET", "/mounted-backups/"+rows[0].GUID, "", nil)
}

func TestWindowOfATask(t *testing.T) {
	c, clock := start(t, Options{Seed: 4})
	machine, _ := c.entityWith("VM")
	export := func(from, to time.Time) wireTask {
		var tasks []wireTask
		c.want(201, "POST", "/tasks/export", fmt.Sprintf(`{"backupType":"FULL","protectedEntities":[%q],"windowStart":%d,"windowEnd":%d}`,
			machine, from.UnixMilli(), to.UnixMilli()), &tasks)
		return tasks[0]
	}
	later := export(epoch.Add(time.Hour), epoch.Add(2*time.Hour))
	missed := export(epoch.Add(-2*time.Hour), epoch.Add(-time.Hour))
	clock.Advance(time.Minute)
	if got := c.task(later.GUID).State.Name; got != "QUEUED" {
		t.Errorf("before its window: %s", got)
	}
	if got := c.task(missed.GUID).State.Name; got != "FAILED" {
		t.Errorf("after its window: %s", got)
	}
	clock.Advance(time.Hour)
	if got := c.task(later.GUID).State.Name; got != "FINISHED" {
		t.Errorf("in its window: %s", got)
	}
}

func TestRemovingTasks(t *testing.T) {
	c, clock := start(t, Options{Seed: 4})
	user, _ := c.entityWith("CLOUD_USER")
	running, _ := c.create(fmt.Sprintf(`{"protectedEntity":%q}`, user))
	clock.Advance(3 * time.Second)
	queued, record := c.create(fmt.Sprintf(`{"protectedEntity":%q}`, user))
	c.want(409, "DELETE", "/tasks/"+running.GUID, "", nil)
	c.want(204, "DELETE", "/tasks/"+queued.GUID, "", nil)
	c.want(404, "GET", "/tasks/"+queued.GUID, "", nil)
	c.want(409, "GET", "/cloud-download/"+record, "", nil)
	c.want(204, "DELETE", "/tasks/all-finished-and-queued", "", nil)
	if rows := pages[wireTask](c, "/tasks", 10); len(rows) != 1 || rows[0].GUID != running.GUID {
		t.Errorf("tasks left: %+v", rows)
	}
	clock.Advance(taskRetention + time.Minute)
	c.want(404, "GET", "/tasks/"+running.GUID, "", nil)
}

func TestSameShareOfTasksFails(t *testing.T) {
	states := func() (out []string) {
		c, clock := start(t, Options{Seed: 4, Scenario: simkit.Scenario{FailTasks: 0.5}})
		user, _ := c.entityWith("CLOUD_USER")
		for range 12 {
			made, _ := c.create(fmt.Sprintf(`{"protectedEntity":%q}`, user))
			clock.Advance(time.Minute)
			out = append(out, c.task(made.GUID).State.Name)
		}
		return out
	}
	first, second := fmt.Sprint(states()), fmt.Sprint(states())
	if first != second {
		t.Errorf("one seed, two outcomes:\n%s\n%s", first, second)
	}
}
