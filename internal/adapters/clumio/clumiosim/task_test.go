package clumiosim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
)

func TestAbort(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 6, Scenario: simkit.Scenario{TaskTime: 80 * time.Second}})
	body := tableBody(c.newestFact(clumiosim.ListDynamoDB).ID, c.environment(), "never")
	id := c.mustStart(tablesRestore, body)
	c.clock.Advance(45 * time.Second)
	abort := func(status any) reply {
		return c.do(http.MethodPatch, "/tasks/{task_id}", "/tasks/"+id, m{"status": status})
	}
	if out := abort("aborted"); out.status != http.StatusBadRequest {
		t.Errorf("another status: %d", out.status)
	}
	if out := abort("aborting"); out.status != http.StatusOK || out.body["status"] != "aborting" || out.body["is_abortable"] != false {
		t.Errorf("%d %v", out.status, out.body)
	}
	if out := abort("aborting"); out.status != http.StatusConflict {
		t.Errorf("aborting twice: %d", out.status)
	}
	c.clock.Advance(10 * time.Second)
	task := c.task(id)
	if task["status"] != "aborted" || number(task["progress_percentage"]) != 50 || task["end_timestamp"] == nil {
		t.Errorf("%v", task)
	}
	c.clock.Advance(time.Hour)
	if found := c.walk(tables, filter("name", m{"$contains": "never"})); len(found) != 0 {
		t.Error("an aborted restore left a table")
	}
}

func TestFailingTasks(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 6, Scenario: simkit.Scenario{FailTasks: 0.5}})
	backup, environment := c.newestFact(clumiosim.ListDynamoDB).ID, c.environment()
	for i := range 20 {
		c.mustStart(tablesRestore, tableBody(backup, environment, fmt.Sprint("draw-", i)))
	}
	c.clock.Advance(time.Minute)
	ended := map[string]int{}
	for _, task := range c.sim.Tasks()[len(c.sim.Tasks())-20:] {
		ended[task.Status]++
	}
	if ended["failed"] < 3 || ended["completed"] < 3 || ended["failed"]+ended["completed"] != 20 {
		t.Errorf("%v", ended)
	}
	if found := c.walk(tables, filter("name", m{"$contains": "draw-"})); len(found) != ended["completed"] {
		t.Errorf("%d tables of %d completed restores", len(found), ended["completed"])
	}
}

func TestTaskList(t *testing.T) {
	for _, scenario := range []simkit.Scenario{simkit.Friendly(), simkit.Hostile()} {
		c := newClient(t, clumiosim.Options{Seed: 6, Scenario: scenario})
		id := c.mustStart(tablesRestore, tableBody(c.newestFact(clumiosim.ListDynamoDB).ID, c.environment(), "x"))
		all := c.walk("/tasks", url.Values{"limit": {"11"}})
		if len(all) != len(c.sim.Tasks()) || textOf(all[0], "id") != id {
			t.Fatalf("%d of %d tasks, newest %v", len(all), len(c.sim.Tasks()), all[0]["id"])
		}
		for field, operators := range map[string]m{
			"created_timestamp": {"$gte": start.Format(time.RFC3339)}, "category": {"$in": []string{"restore"}},
			"status": {"$in": []string{"queued", "in_progress"}}, "id": {"$in": []string{id}},
			"type": {"$in": []string{textOf(all[0], "type")}},
		} {
			if found := c.walk("/tasks", filter(field, operators)); len(found) != 1 || textOf(found[0], "id") != id {
				t.Errorf("%s: %v", field, found)
			}
		}
		for _, wrong := range []string{`{"status":{"in":["queued"]}}`, `{"start_timestamp":{"$gte":"2026-01-01T00:00:00Z"}}`} {
			if out := c.get("/tasks", "/tasks?filter="+url.QueryEscape(wrong)); out.status != http.StatusBadRequest {
				t.Errorf("%s: %d", wrong, out.status)
			}
		}
	}
}
