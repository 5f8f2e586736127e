package cohesitysim

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"switchback/internal/adapters/simkit"
)

const upgradesPath = api + "/agents/upgrade-tasks"

func (c *client) changeAgents() {
	c.t.Helper()
	a := c.want(http.StatusOK, http.MethodPost, api+"/agents/download", obj{"platform": "kLinux", "linuxParams": obj{"packageType": "kRPM"}})
	content := c.sim.AgentContent("kLinux", "kRPM")
	want, _ := io.ReadAll(content.Reader(0, content.Size))
	if got := a.header.Get("Content-Type"); got != "application/octet-stream" || !bytes.Equal(a.body, want) || len(want) == 0 {
		c.t.Errorf("agent: %d bytes of %s, want %d", len(a.body), got, len(want))
	}
	made := c.want(http.StatusCreated, http.MethodPost, upgradesPath, obj{"name": "all", "agentIDs": []int64{c.agent(0), c.agent(1)}}).json(c.t)
	if got := items(c.get(fmt.Sprintf("%s?ids=%d,5", upgradesPath, number(made, "id"))), "tasks"); len(got) != 1 || number(got[0], "id") != number(made, "id") {
		c.t.Errorf("tasks by id: %v", got)
	}
}

func (c *client) agent(i int) int64 { return c.sim.Hosts()[i] + agentOffset }

func TestAgentDownloads(t *testing.T) {
	c := newClient(t, Options{Seed: 4})
	sums := map[string]string{}
	for _, platform := range []obj{
		{"platform": "kWindows"}, {"platform": "kLinux", "linuxParams": obj{"packageType": "kDEB"}}, {"platform": "kLinux", "linuxParams": obj{"packageType": "kScript"}},
	} {
		body := c.want(http.StatusOK, http.MethodPost, api+"/agents/download", platform).body
		again := c.want(http.StatusOK, http.MethodPost, api+"/agents/download", platform).body
		if !bytes.Equal(body, again) {
			t.Errorf("%v: two downloads differ", platform)
		}
		if other, seen := sums[string(body)]; seen {
			t.Errorf("%v is the same as %v", platform, other)
		}
		sums[string(body)] = fmt.Sprint(platform)
	}
	for _, body := range []obj{{}, {"platform": "kAix"}, {"platform": "kLinux"}, {"platform": "kLinux", "linuxParams": obj{"packageType": "kZip"}}} {
		c.want(http.StatusBadRequest, http.MethodPost, api+"/agents/download", body)
	}
}

func TestUpgradeTasksLiveByTheClock(t *testing.T) {
	soon := start.Add(time.Minute).UnixMicro()
	for name, tc := range map[string]struct {
		scenario simkit.Scenario
		body     obj
		want     string // at 0, 30 s, 61 s and 2 min
		agent    string // at the end
	}{
		"at once":   {simkit.Scenario{}, obj{}, "Running Succeeded Succeeded Succeeded", "Succeeded"},
		"scheduled": {simkit.Scenario{}, obj{"scheduleTimeUsecs": soon}, "Scheduled Scheduled Running Succeeded", "Succeeded"},
		"past":      {simkit.Scenario{}, obj{"scheduleTimeUsecs": 1}, "Running Succeeded Succeeded Succeeded", "Succeeded"},
		"fails":     {simkit.Scenario{FailTasks: 1}, obj{}, "Running Failed Failed Failed", "Failed"},
		"too late":  {simkit.Scenario{}, obj{"scheduleTimeUsecs": soon, "scheduleEndTimeUsecs": soon - 40*second}, "Scheduled Canceled Canceled Canceled", "Skipped"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, Options{Scenario: tc.scenario})
			tc.body["agentIDs"] = []int64{c.agent(0)}
			made := c.want(http.StatusCreated, http.MethodPost, upgradesPath, tc.body).json(t)
			got, agent := made["status"].(string), ""
			for _, d := range []time.Duration{30 * time.Second, 31 * time.Second, 59 * time.Second} {
				c.clock.Advance(d)
				task := items(c.get(upgradesPath), "tasks")[0]
				got += " " + task["status"].(string)
				agent = items(task, "agents")[0]["info"].(map[string]any)["status"].(string)
			}
			if got != tc.want || agent != tc.agent {
				t.Errorf("task %s, agent %s; want %s, %s", got, agent, tc.want, tc.agent)
			}
			if upgraded := c.sim.upgraded(c.sim.Hosts()[0], c.sim.now()); upgraded != (tc.agent == "Succeeded") {
				t.Errorf("the agent has the new version: %t", upgraded)
			}
		})
	}
}

func TestRetryOfAnUpgrade(t *testing.T) {
	c := newClient(t, Options{Scenario: simkit.Scenario{FailTasks: 1}})
	made := c.want(http.StatusCreated, http.MethodPost, upgradesPath, obj{"agentIDs": []int64{c.agent(2)}}).json(t)
	retry := obj{"retryTaskId": number(made, "id")}
	c.want(http.StatusBadRequest, http.MethodPost, upgradesPath, retry) // still running
	c.clock.Advance(time.Minute)
	again := c.want(http.StatusCreated, http.MethodPost, upgradesPath, retry).json(t)
	if again["type"] != "Retry" || number(again, "retriedTaskID") != number(made, "id") || fmt.Sprint(again["agentIDs"]) != fmt.Sprint([]int64{c.agent(2)}) {
		t.Errorf("retry: %v", again)
	}
	c.want(http.StatusBadRequest, http.MethodPost, upgradesPath, obj{})
	c.want(http.StatusBadRequest, http.MethodPost, upgradesPath, obj{"agentIDs": []int64{1}})
	c.want(http.StatusNotFound, http.MethodPost, upgradesPath, obj{"retryTaskId": 1})
}
