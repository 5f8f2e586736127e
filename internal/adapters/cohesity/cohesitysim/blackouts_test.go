package cohesitysim

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"
)

// quietGroup makes a group whose policy has a blackout window on the day of the
// simulator's start, a Sunday, from one time to another in Berlin.
func (c *client) quietGroup(change obj, from, to string) map[string]any {
	c.t.Helper()
	at := func(clock string) obj {
		var h, m int
		_, _ = fmt.Sscanf(clock, "%d:%d", &h, &m)
		return obj{"hour": h, "minute": m, "timeZone": "Europe/Berlin"}
	}
	policy := aPolicy("quiet")
	policy["blackoutWindow"] = []obj{{"day": "Sunday", "startTime": at(from), "endTime": at(to)}}
	made := c.want(http.StatusCreated, http.MethodPost, api+"/policies", policy).json(c.t)
	body := aGroup(c, "quiet-hosts", firstSpareID)
	body["policyId"] = made["id"]
	maps.Copy(body, change)
	return c.want(http.StatusCreated, http.MethodPost, api+"/protection-groups", body).json(c.t)
}

// states lists the status of the only run of a group after each step.
func (c *client) states(group any, steps ...time.Duration) string {
	c.t.Helper()
	var out []string
	for _, d := range steps {
		c.clock.Advance(d)
		runs := items(c.get(fmt.Sprintf("%s/protection-groups/%v/runs?startTimeUsecs=1&endTimeUsecs=%d", api, group, c.sim.now())), "runs")
		if len(runs) != 1 {
			out = append(out, fmt.Sprint(len(runs), " runs"))
			continue
		}
		out = append(out, items(runs[0]["archivalInfo"].(map[string]any), "archivalTargetResults")[0]["status"].(string))
	}
	return strings.Join(out, " ")
}

func TestBlackouts(t *testing.T) {
	// The clock starts at 9:30 UTC, 10:30 in Berlin; a run takes 20 minutes.
	slow := Options{}
	slow.Scenario.TaskTime = 20 * time.Minute
	const m = time.Minute
	for name, tc := range map[string]struct {
		group    obj
		from, to string
		steps    []time.Duration
		want     string
	}{
		"started inside waits for the end":  {obj{}, "10:00", "11:00", []time.Duration{0, 29 * m, 2 * m, 20 * m}, "0 runs 0 runs Accepted Succeeded"},
		"a running one goes on":             {obj{}, "10:40", "11:00", []time.Duration{5 * m, 10 * m, 5 * m}, "Running Running Succeeded"},
		"a running one is aborted":          {obj{"abortInBlackouts": true}, "10:40", "11:00", []time.Duration{5 * m, 5 * m}, "Running Canceled"},
		"a running one is paused":           {obj{"pauseInBlackouts": true}, "10:40", "11:00", []time.Duration{5 * m, 10 * m, 15 * m, 10 * m}, "Running Paused Running Succeeded"},
		"another day means nothing":         {obj{"abortInBlackouts": true}, "23:00", "23:30", []time.Duration{20 * m}, "Succeeded"},
		"an end before the start is later":  {obj{}, "10:00", "09:00", []time.Duration{23 * time.Hour}, "Succeeded"},
		"a window that ended means nothing": {obj{}, "08:00", "10:30", []time.Duration{20 * m}, "Succeeded"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, slow)
			if got := c.states(c.quietGroup(tc.group, tc.from, tc.to)["id"], tc.steps...); got != tc.want {
				t.Errorf("states %q, want %q", got, tc.want)
			}
		})
	}
}

func TestADelayedRun(t *testing.T) {
	c := newClient(t, Options{RunDelay: time.Minute})
	group := c.sim.GroupIDs()[0]
	path := api + "/protection-groups/" + group + "/runs"
	c.want(http.StatusAccepted, http.MethodPost, path, obj{"runType": "kRegular"})
	c.want(http.StatusConflict, http.MethodPost, path, obj{"runType": "kRegular"}) // one is waiting
	facts := c.sim.Facts()
	var waiting Fact
	for _, f := range facts {
		if f.GroupID == group {
			waiting = f
		}
	}
	c.want(http.StatusNotFound, http.MethodGet, path+"/"+waiting.RunID, nil)
	if n := len(items(c.get(path), "runs")); n != 0 {
		t.Errorf("%d runs before the delay is over", n)
	}
	c.clock.Advance(time.Minute)
	if runs := items(c.get(path), "runs"); len(runs) != 1 || runs[0]["id"] != waiting.RunID {
		t.Errorf("after the delay: %v, want %s", runs, waiting.RunID)
	}
}
