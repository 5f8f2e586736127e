package cohesitysim

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

const monitorsPath = "/irisservices/api/v1/progressMonitors"

// percents reads a task path through the monitors after each step; "-" is no task.
func (c *client) percents(task, query string, steps ...time.Duration) string {
	c.t.Helper()
	out := ""
	for _, d := range steps {
		c.clock.Advance(d)
		group := items(c.get(monitorsPath+"?taskPathVec="+task+query), "resultGroupVec")[0]
		tasks := items(group, "taskVec")
		if len(tasks) == 0 {
			out += "- "
			continue
		}
		out += fmt.Sprint(tasks[0]["progress"].(map[string]any)["percentFinished"], " ")
	}
	return out
}

func TestProgressMonitorsFollowRunsAndRecoveries(t *testing.T) {
	const s = time.Second
	c := newClient(t, Options{})
	group := c.sim.GroupIDs()[0]
	id := c.sim.AddRun(group)
	path := api + "/protection-groups/" + group + "/runs/" + id
	task := items(c.get(path)["archivalInfo"].(map[string]any), "archivalTargetResults")[0]["progressTaskId"].(string)
	if got := c.percents(task, "", 0, 2*s, 4*s, 2*s); got != "0 25 75 - " {
		t.Errorf("a run without finished tasks: %s", got)
	}
	if got := c.percents(task, "&includeFinishedTasks=true", 0, time.Hour); got != "100 100 " {
		t.Errorf("a finished run: %s", got)
	}
	recovery := c.get(func() string { _, path := c.prepare("a"); return path }())
	task = recovery["progressTaskId"].(string)
	if got := c.percents(task, "&includeFinishedTasks=true", 0, 4*s, 4*s); got != "0 50 100 " {
		t.Errorf("a recovery: %s", got)
	}
	until := fmt.Sprintf("&includeFinishedTasks=true&endTimeSecs=%d", c.clock.Now().Add(-time.Hour/2).Unix())
	for query, want := range map[string]string{
		until: "- ", "&includeFinishedTasks=true&startTimeSecs=1": "100 ", "&includeFinishedTasks=true&maxTasks=0": "- ",
	} {
		if got := c.percents(task, query, 0); got != want {
			t.Errorf("%s gives %s, want %s", query, got, want)
		}
	}
	if got := c.percents("restore_1_1,backup_2_1,backup_999999999_1,x", "", 0); got != "- " {
		t.Errorf("unknown tasks: %s", got)
	}
	// The vendor's SDK sends a body with this GET (IBM NOTES section 15).
	c.want(http.StatusOK, http.MethodGet, monitorsPath+"?taskPathVec="+task, obj{"taskPathVec": []string{task}})
}

func TestProgressOfARun(t *testing.T) {
	c := newClient(t, Options{})
	group := c.sim.GroupIDs()[0]
	id := c.sim.AddRun(group)
	objects := c.sim.groupByID[group]
	ids := c.sim.objectIDs(objects)
	c.clock.Advance(2 * time.Second)
	for query, want := range map[string]int{
		"": 3, "?maxTasksNum=2": 2, fmt.Sprintf("?objects=%d,%d", ids[0], ids[2]): 2, "?excludeObjectDetails=true": 0,
	} {
		run := items(c.get(api+"/runs/"+id+"/progress"+query), "archivalRun")[0]
		if got := len(items(run, "objects")); got != want || run["status"] != "Active" || number(run, "percentageCompleted") != 25 {
			t.Errorf("%s: %d objects, want %d; %v at %v", query, got, want, run["status"], run["percentageCompleted"])
		}
	}
	if got := c.get(api + "/runs/" + id + "/progress?endTimeUsecs=5"); got["archivalRun"] != nil {
		t.Errorf("outside the window: %v", got)
	}
	c.clock.Advance(time.Minute)
	if got := c.get(api + "/runs/" + id + "/progress"); got["archivalRun"] != nil {
		t.Errorf("a finished run is shown without being asked for: %v", got)
	}
	done := items(c.get(api+"/runs/"+id+"/progress?includeFinishedTasks=true"), "archivalRun")[0]
	if done["status"] != "Finished" || number(done, "percentageCompleted") != 100 {
		t.Errorf("finished: %v", done)
	}
	c.want(http.StatusNotFound, http.MethodGet, api+"/runs/7:7/progress", nil)
	c.want(http.StatusBadRequest, http.MethodGet, api+"/runs/x/progress", nil)
}
