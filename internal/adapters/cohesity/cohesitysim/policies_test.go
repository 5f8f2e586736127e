package cohesitysim

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestPolicyFaults(t *testing.T) {
	c := newClient(t, Options{})
	regular := func(p obj) obj { return p["backupPolicy"].(obj)["regular"].(obj) }
	for name, tc := range map[string]struct {
		status int
		change func(obj)
	}{
		"no retention":        {http.StatusBadRequest, func(p obj) { delete(regular(p), "retention") }},
		"empty retention":     {http.StatusBadRequest, func(p obj) { regular(p)["retention"] = obj{"unit": "Days", "duration": 0} }},
		"not to the archive":  {http.StatusInternalServerError, func(p obj) { delete(regular(p), "primaryBackupTarget") }},
		"name taken":          {http.StatusConflict, func(p obj) { p["name"] = "Gold" }},
		"lock over retention": {http.StatusBadRequest, func(p obj) { lockOf(p, "Weeks", 3) }},
		"lock as retention":   {http.StatusCreated, func(p obj) { lockOf(p, "Weeks", 2) }},
		"no such day": {http.StatusBadRequest, func(p obj) {
			p["blackoutWindow"] = []obj{{"day": "Someday", "startTime": obj{"hour": 1, "minute": 0}, "endTime": obj{"hour": 2, "minute": 0}}}
		}},
		"no such zone": {http.StatusBadRequest, func(p obj) {
			at := obj{"hour": 1, "minute": 0, "timeZone": "Mars/Olympus"}
			p["blackoutWindow"] = []obj{{"day": "Monday", "startTime": at, "endTime": at}}
		}},
	} {
		t.Run(name, func(*testing.T) {
			p := aPolicy("p-" + name)
			tc.change(p)
			c.want(tc.status, http.MethodPost, api+"/policies", p)
		})
	}
}

func lockOf(policy obj, unit string, duration int) {
	policy["backupPolicy"].(obj)["regular"].(obj)["retention"].(obj)["dataLockConfig"] = obj{"mode": "Compliance", "unit": unit, "duration": duration}
}

func TestPolicyUpdatesReplaceAndIgnoreWhatIsNotWritten(t *testing.T) {
	c := newClient(t, Options{})
	c.router, _ = openContract()
	first := aPolicy("p")
	first["description"] = "first"
	made := c.want(http.StatusCreated, http.MethodPost, api+"/policies", first).json(t)
	path := fmt.Sprint(api, "/policies/", made["id"])
	c.clock.Advance(time.Second)
	next := aPolicy("p")
	next["id"], next["numProtectionGroups"], next["unknown"], next["lastModifiedTimestampUsecs"] = "1:1:1", 7, true, 1
	got := c.want(http.StatusOK, http.MethodPut, path, next).json(t)
	if got["id"] != made["id"] || got["numProtectionGroups"] != nil || got["unknown"] != nil || got["description"] != nil {
		t.Errorf("after the update: %v", got)
	}
	next["lastModificationTimeUsecs"] = made["lastModificationTimeUsecs"]
	c.want(http.StatusConflict, http.MethodPut, path, next)
}

// A run keeps the retention and the lock that its policy had when it started.
func TestRunsKeepThePolicyTheyStartedUnder(t *testing.T) {
	c := newClient(t, Options{})
	policy := aPolicy("two-weeks")
	lockOf(policy, "Days", 3)
	made := c.want(http.StatusCreated, http.MethodPost, api+"/policies", policy).json(t)
	body := aGroup(c, "locked-hosts", firstSpareID)
	body["policyId"] = made["id"]
	c.want(http.StatusCreated, http.MethodPost, api+"/protection-groups", body)
	c.want(http.StatusOK, http.MethodPut, fmt.Sprint(api, "/policies/", made["id"]), aPolicy("two-weeks"))
	c.clock.Advance(time.Minute)
	locked := func() any {
		snapshots := items(c.get(fmt.Sprintf("%s/objects/%d/snapshots", api, firstSpareID)), "snapshots")
		if len(snapshots) == 0 {
			return "expired"
		}
		return snapshots[0]["hasDataLock"]
	}
	for _, step := range []struct {
		days int
		want any
	}{{2, true}, {1, false}, {10, false}, {1, "expired"}} {
		c.clock.Advance(time.Duration(step.days) * 24 * time.Hour)
		if got := locked(); got != step.want {
			t.Errorf("%s: lock %v, want %v", c.clock.Now(), got, step.want)
		}
	}
}
