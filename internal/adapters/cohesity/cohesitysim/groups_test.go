package cohesitysim

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestGroupsArePausedByTheirUpdate(t *testing.T) {
	c := newClient(t, Options{})
	body := aGroup(c, "pausable", firstSpareID)
	made := c.want(http.StatusCreated, http.MethodPost, api+"/protection-groups", body).json(t)
	path := fmt.Sprint(api, "/protection-groups/", made["id"])
	put := func(paused bool) {
		body["isPaused"] = paused
		c.want(http.StatusOK, http.MethodPut, path, body)
	}
	put(true)
	c.clock.Advance(time.Minute)
	if last := c.get(path + "?includeLastRunInfo=true")["lastRun"]; last == nil {
		t.Error("pausing touched the active run")
	}
	c.want(http.StatusBadRequest, http.MethodPost, path+"/runs", obj{"runType": "kRegular"})
	if got := items(c.get(api+"/protection-groups?isPaused=true"), "protectionGroups"); len(got) != 1 || got[0]["id"] != made["id"] {
		t.Errorf("paused groups: %v", got)
	}
	put(false)
	c.want(http.StatusAccepted, http.MethodPost, path+"/runs", obj{"runType": "kRegular"})
}

func TestAGroupMadePausedHasNoFirstRun(t *testing.T) {
	c := newClient(t, Options{})
	body := aGroup(c, "sleeping", firstSpareID)
	body["isPaused"] = true
	made := c.want(http.StatusCreated, http.MethodPost, api+"/protection-groups", body).json(t)
	if got := c.get(fmt.Sprint(api, "/protection-groups/", made["id"], "?includeLastRunInfo=true")); got["isPaused"] != true || got["lastRun"] != nil {
		t.Errorf("group made paused: %v", got)
	}
}

func TestGroupUpdatesReplaceAndIgnoreWhatIsNotWritten(t *testing.T) {
	c := newClient(t, Options{})
	body := aGroup(c, "replaced", firstSpareID, firstSpareID+1)
	body["description"] = "first"
	made := c.want(http.StatusCreated, http.MethodPost, api+"/protection-groups", body).json(t)
	path := fmt.Sprint(api, "/protection-groups/", made["id"])
	c.clock.Advance(time.Minute)
	next := aGroup(c, "replaced-2", firstSpareID)
	// Output-only members, and the stale-write member of the other resource.
	next["id"], next["isActive"], next["numProtectedObjects"], next["lastModificationTimeUsecs"] = "1:1:1", false, 9, 1
	next["lastModifiedTimestampUsecs"] = made["lastModifiedTimestampUsecs"]
	c.router, _ = openContract()
	got := c.want(http.StatusOK, http.MethodPut, path, next).json(t)
	if got["id"] != made["id"] || got["isActive"] != true || number(got, "numProtectedObjects") != 1 || got["lastModificationTimeUsecs"] != nil {
		t.Errorf("written although only answers carry it: %v", got)
	}
	if got["description"] != nil || got["name"] != "replaced-2" {
		t.Errorf("not a full replacement: %v", got)
	}
	c.want(http.StatusConflict, http.MethodPut, path, next) // read before the update
	delete(next, "lastModifiedTimestampUsecs")
	c.want(http.StatusOK, http.MethodPut, path, next) // the last writer wins
	// The object that is not protected any more keeps its snapshot.
	snapshots := items(c.get(fmt.Sprintf("%s/objects/%d/snapshots", api, firstSpareID+1)), "snapshots")
	if len(snapshots) != 1 {
		t.Errorf("snapshots of an object that left the group: %v", snapshots)
	}
	next["abortInBlackouts"], next["pauseInBlackouts"] = true, true
	c.want(http.StatusBadRequest, http.MethodPut, path, next)
}

func TestDeletedGroupsGoWithTheirLastSnapshot(t *testing.T) {
	c := newClient(t, Options{})
	listed := func(id any, deleted bool) bool {
		for _, g := range items(c.get(fmt.Sprintf("%s/protection-groups?isDeleted=%t", api, deleted)), "protectionGroups") {
			if g["id"] == id {
				return true
			}
		}
		return false
	}
	made := c.want(http.StatusCreated, http.MethodPost, api+"/protection-groups", aGroup(c, "kept", firstSpareID)).json(t)
	path := fmt.Sprint(api, "/protection-groups/", made["id"])
	c.clock.Advance(time.Minute)
	c.want(http.StatusAccepted, http.MethodPost, path+"/runs", obj{"runType": "kRegular"})
	c.want(http.StatusNoContent, http.MethodDelete, path, nil)
	if listed(made["id"], false) || !listed(made["id"], true) {
		t.Error("a deleted group with snapshots is to be listed as deleted only")
	}
	c.clock.Advance(time.Minute)
	runs := items(c.get(fmt.Sprintf("%s/runs?startTimeUsecs=1&endTimeUsecs=%d", path, c.sim.now())), "runs")
	if got := items(runs[0]["archivalInfo"].(map[string]any), "archivalTargetResults")[0]["status"]; len(runs) != 2 || got != "Canceled" {
		t.Errorf("the active run of the deleted group is %v", got)
	}
	c.want(http.StatusBadRequest, http.MethodPost, path+"/runs", obj{"runType": "kRegular"})
	c.want(http.StatusBadRequest, http.MethodPut, path, aGroup(c, "kept", firstSpareID))
	c.want(http.StatusCreated, http.MethodPost, api+"/protection-groups", aGroup(c, "kept", firstSpareID)) // the name is free
	c.clock.Advance(30 * 24 * time.Hour)
	if listed(made["id"], true) {
		t.Error("the group outlived its snapshots")
	}
	c.want(http.StatusNotFound, http.MethodGet, path, nil)
}
