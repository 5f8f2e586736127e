package cohesitysim

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

func (c *client) mount() (id, path string) {
	c.t.Helper()
	f := c.restorable("kPhysical", "kVolume")
	made := c.want(http.StatusCreated, http.MethodPost, api+"/recoveries", obj{
		"name": "mount", "snapshotEnvironment": "kPhysical", "physicalParams": obj{
			"objects": []obj{{"snapshotId": f.SnapshotID}}, "recoveryAction": "InstantVolumeMount", "mountVolumeParams": obj{
				"targetEnvironment": "kPhysical", "physicalTargetParams": obj{"mountToOriginalTarget": true},
			},
		},
	}).json(c.t)
	id, _ = made["id"].(string)
	return id, api + "/recoveries/" + id
}

func TestTearDownOfAMount(t *testing.T) {
	c := newClient(t, Options{})
	id, path := c.mount()
	if c.sim.TearDown(id) || c.get(path)["canTearDown"] != false {
		t.Error("a running mount can be torn down")
	}
	c.clock.Advance(time.Minute)
	if got := c.get(path); got["canTearDown"] != true || got["tearDownStatus"] != nil {
		t.Errorf("a finished mount: %v", got)
	}
	if !c.sim.TearDown(id) {
		t.Fatal("a finished mount cannot be torn down")
	}
	got := ""
	for _, d := range []time.Duration{0, 2 * time.Second, 6 * time.Second} {
		c.clock.Advance(d)
		got += fmt.Sprint(c.get(path)["tearDownStatus"], " ")
	}
	if got != "DestroyScheduled Destroying Destroyed " || c.sim.TearDown(id) || c.sim.TearDown("1:1:1") {
		t.Errorf("tear-down went %s", got)
	}
}

// The tear-down can fail though the mount did not; then it can be tried again.
func TestATearDownThatFails(t *testing.T) {
	c := newClient(t, Options{})
	id, path := c.mount()
	c.clock.Advance(time.Minute)
	c.sim.kit.Scenario.FailTasks = 1
	c.sim.TearDown(id)
	c.clock.Advance(time.Minute)
	if got := c.get(path); got["tearDownStatus"] != "DestroyError" || got["canTearDown"] != true {
		t.Errorf("failed tear-down: %v, %v", got["tearDownStatus"], got["canTearDown"])
	}
}
