package storwaresim

import (
	"fmt"
	"testing"
)

type wireSchedule struct {
	GUID, Name      string
	Hour            *int64
	Interval        *struct{ Frequency int64 }
	DaysOfWeek      []word
	Rules, Policies []struct{ GUID string }
}

func TestScheduleLife(t *testing.T) {
	c, _ := start(t, Options{Seed: 3})
	gold := c.sim.policies[0]
	var made wireSchedule
	c.want(201, "POST", "/schedules", fmt.Sprintf(`{"name":"weekly","active":true,"type":{"name":"VM_BACKUP"},"executionType":"TIME",
		"hour":36000000,"daysOfWeek":[{"name":"SUNDAY"}],"rules":[{"guid":%q}]}`, gold.rules[0].guid), &made)
	if made.Hour == nil || *made.Hour != 36000000 || len(made.DaysOfWeek) != 1 || len(made.Rules) != 1 || len(made.Policies) != 1 || made.Policies[0].GUID != gold.guid {
		t.Fatalf("made %+v", made)
	}
	if rows := pages[wireSchedule](c, "/schedules?rules="+gold.rules[0].guid, 10); len(rows) != 2 || rows[1].GUID != made.GUID {
		t.Errorf("schedules of the rule: %+v", rows)
	}
	var changed wireSchedule
	c.want(200, "PUT", "/schedules/"+made.GUID, `{"name":"often","type":"VM_BACKUP","executionType":"INTERVAL",
		"interval":{"startHour":0,"endHour":86400000,"frequency":3600000}}`, &changed)
	if changed.Name != "often" || changed.Hour != nil || changed.Interval == nil || changed.Interval.Frequency != 3600000 || len(changed.Rules) != 1 {
		t.Errorf("changed %+v", changed)
	}
	c.want(200, "PUT", "/schedules/"+made.GUID, `{"name":"often","type":"VM_BACKUP","executionType":"TIME","hour":0,"rules":[]}`, &changed)
	if len(changed.Rules) != 0 {
		t.Errorf("taken out of its rules: %+v", changed)
	}
	shared := gold.rules[0].schedules[0].guid
	c.want(204, "DELETE", "/schedules/"+shared, "", nil)
	c.want(404, "GET", "/schedules/"+shared, "", nil)
	var rule wireRule
	c.want(200, "GET", "/rules/vm-backup/"+gold.rules[0].guid, "", &rule)
	if len(rule.Schedules) != 0 {
		t.Errorf("rule still names the schedule: %+v", rule)
	}
}

func TestScheduleIsRefused(t *testing.T) {
	c, _ := start(t, Options{Seed: 3})
	cloud := c.sim.policies[2].rules[0].guid
	for body, status := range map[string]int{
		`{"type":"VM_BACKUP","executionType":"TIME","hour":0}`:                                                                        400,
		`{"name":"x","type":"VM","executionType":"TIME","hour":0}`:                                                                    400,
		`{"name":"x","type":"VM_BACKUP","executionType":"ONCE","hour":0}`:                                                             400,
		`{"name":"x","type":"VM_BACKUP","executionType":"TIME"}`:                                                                      400,
		`{"name":"x","type":"VM_BACKUP","executionType":"TIME","hour":86400001}`:                                                      400,
		`{"name":"x","type":"VM_BACKUP","executionType":"INTERVAL"}`:                                                                  400,
		`{"name":"x","type":"VM_BACKUP","executionType":"INTERVAL","interval":{"startHour":0,"endHour":1,"frequency":0}}`:             400,
		`{"name":"x","type":"VM_BACKUP","executionType":"TIME","hour":0,"daysOfWeek":["SOMEDAY"]}`:                                    400,
		`{"name":"x","type":"VM_BACKUP","executionType":"TIME","hour":0,"startWindowLength":-1}`:                                      400,
		`{"name":"x","type":"VM_BACKUP","executionType":"TIME","hour":0,"backupType":"HALF"}`:                                         400,
		`{"name":"x","type":"VM_BACKUP","executionType":"TIME","hour":0,"rules":["none"]}`:                                            404,
		fmt.Sprintf(`{"name":"x","type":"VM_BACKUP","executionType":"TIME","hour":0,"rules":[%q]}`, cloud):                            400,
		fmt.Sprintf(`{"name":"x","type":"CLOUD_BACKUP","executionType":"TIME","hour":0,"rules":[%q]}`, cloud):                         201,
		`{"name":"x","type":"VM_RESTORE","executionType":"INTERVAL","interval":{"startHour":0,"endHour":86400000,"frequency":60000}}`: 201,
	} {
		if got := c.do("POST", "/schedules", body); got.status != status {
			t.Errorf("%s: status %d, want %d", body, got.status, status)
		}
	}
	c.want(404, "PUT", "/schedules/none", `{}`, nil)
	c.want(404, "DELETE", "/schedules/none", "", nil)
}
