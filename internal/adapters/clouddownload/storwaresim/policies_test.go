package storwaresim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

type wireRule struct {
	GUID, Name             string
	VMCount                int
	Active                 bool
	Schedules              []struct{ GUID string }
	RuleBackupDestinations []struct {
		RoleType                word
		DaysToKeepRetentionLock int
		BackupRetentionSettings struct{ RetentionKeepLastNFull int }
	}
}

type wirePolicy struct {
	GUID, Name         string
	Priority           int
	Rules              []wireRule
	VMs                []struct{ GUID string }
	AutoAssignSettings struct{ Mode word }
}

// edit changes a request: "from" must be in it.
func edit(t *testing.T, body, from, to string) string {
	t.Helper()
	if !strings.Contains(body, from) {
		t.Fatalf("no %q in %s", from, body)
	}
	return strings.Replace(body, from, to, 1)
}

func TestPolicyLife(t *testing.T) {
	c, _ := start(t, Options{Seed: 3})
	k := &checker{client: c}
	machine, _ := c.entityWith("VM")
	before := c.sim.entityByGUID[machine].policy
	member := fmt.Sprintf(`"vms":[{"guid":%q}],`, machine)
	var made wirePolicy
	c.want(201, "POST", "/policies/vm-backup", k.policyBody("vm-backup", member), &made)
	if made.Name != "bronze" || made.Priority != 40 || len(made.Rules) != 1 || made.Rules[0].VMCount != 1 ||
		len(made.VMs) != 1 || made.VMs[0].GUID != machine || made.AutoAssignSettings.Mode.Name != "ASSIGN_ONLY" {
		t.Fatalf("made %+v", made)
	}
	// One backup policy for each machine: it has left the one it was in.
	var by []wirePolicy
	c.want(201, "POST", "/policies/vm-backup/list-by-entities", fmt.Sprintf(`{"protectedEntities":[%q]}`, machine), &by)
	if len(by) != 1 || by[0].GUID != made.GUID || before == nil || before.guid == made.GUID {
		t.Errorf("policies of the machine: %+v", by)
	}
	if rows := pages[wirePolicy](c, "/policies/vm-backup?virtual-machine="+machine, 10); len(rows) != 1 || rows[0].GUID != made.GUID {
		t.Errorf("policies listed for the machine: %+v", rows)
	}

	path := "/policies/vm-backup/" + made.GUID
	whole := edit(t, k.policyBody("vm-backup", `"vms":[],`), `"name":"weekly"`, fmt.Sprintf(`"name":"daily","guid":%q`, made.Rules[0].GUID))
	var changed wirePolicy
	c.want(200, "PUT", path, edit(t, whole, `"priority":40`, `"priority":90`), &changed)
	if changed.Priority != 90 || changed.Rules[0].GUID != made.Rules[0].GUID || changed.Rules[0].Name != "daily" || len(changed.VMs) != 0 {
		t.Errorf("changed %+v", changed)
	}
	var rules []wireRule
	c.want(200, "GET", "/rules/vm-backup?policy="+made.GUID, "", &rules)
	if len(rules) != 1 || len(rules[0].RuleBackupDestinations) != 1 || rules[0].RuleBackupDestinations[0].DaysToKeepRetentionLock != 7 ||
		rules[0].RuleBackupDestinations[0].BackupRetentionSettings.RetentionKeepLastNFull != 4 {
		t.Errorf("rules %+v", rules)
	}

	c.want(200, "PUT", path, k.policyBody("vm-backup", member), nil)
	rule := c.sim.policy("", made.GUID).rules[0].guid
	c.want(204, "DELETE", path, "", nil)
	c.want(404, "GET", path, "", nil)
	c.want(404, "GET", "/rules/vm-backup/"+rule, "", nil)
	if c.sim.entityByGUID[machine].policy != nil {
		t.Error("the machine is still in the removed policy")
	}
}

func TestDeletedPolicyLeavesItsBackups(t *testing.T) {
	c, _ := start(t, Options{Seed: 3})
	p := c.sim.policies[slices.IndexFunc(c.sim.policies, func(p *policy) bool { return p.kind == "cloud-backup" })]
	rows := pages[struct{ GUID string }](c, "/backups?backup-policy="+p.guid, 100)
	c.want(204, "DELETE", "/policies/cloud-backup/"+p.guid, "", nil)
	var b struct{ BackupRule, OriginEntity *word }
	c.want(200, "GET", "/backups/"+rows[0].GUID, "", &b)
	if b.BackupRule != nil || b.OriginEntity != nil {
		t.Errorf("backup names what is gone: %+v", b)
	}
	if left := pages[struct{ GUID string }](c, "/backups?backup-policy="+p.guid, 100); len(left) != 0 {
		t.Errorf("%d backups of a policy that is gone", len(left))
	}
}

func TestPolicyIsRefused(t *testing.T) {
	c, _ := start(t, Options{Seed: 3})
	k := &checker{client: c}
	user, _ := c.entityWith("CLOUD_USER")
	machine, os := k.policyBody("vm-backup", ""), k.policyBody("os-backup", "")
	schedule := func(p *policy) string {
		return fmt.Sprintf(`"name":"weekly","schedules":[{"guid":%q}]`, p.rules[0].schedules[0].guid)
	}
	for name, one := range map[string]struct {
		status     int
		kind, body string
	}{
		"member missing":      {400, "vm-backup", edit(t, machine, `"quiesceBeforeSnapshot":false`, `"a":1`)},
		"null member":         {400, "os-backup", edit(t, os, `"active":true`, `"active":null`)},
		"empty name":          {400, "app-backup", `{"name":""}`},
		"long name":           {400, "cloud-backup", `{"name":"` + strings.Repeat("x", 256) + `"}`},
		"priority":            {400, "vm-backup", edit(t, machine, `"priority":40`, `"priority":101`)},
		"retry count":         {400, "vm-backup", edit(t, machine, `"backupRetryCount":1`, `"backupRetryCount":-1`)},
		"threshold":           {400, "storage-backup", `{"name":"x","failRemainingBackupTasksStoreThreshold":100.5}`},
		"mode":                {400, "vm-backup", edit(t, machine, `ASSIGN_ONLY`, `ASSIGN`)},
		"regular expression":  {400, "vm-backup", edit(t, machine, `^V`, `(`)},
		"no rules":            {400, "vm-backup", `{` + machine[1:strings.Index(machine, `"rules"`)] + `"rules":[],` + machine[strings.Index(machine, `"visible`):]},
		"rule without name":   {400, "vm-backup", edit(t, machine, `"name":"weekly"`, `"name":""`)},
		"rule not placed":     {400, "vm-backup", edit(t, machine, `"position":1,`, ``)},
		"no destination":      {400, "cloud-backup", `{"name":"x","rules":[{"name":"r","active":true,"position":0,"ruleBackupDestinations":[]}]}`},
		"role":                {400, "vm-backup", edit(t, machine, `PRIMARY`, `TERTIARY`)},
		"negative lock":       {400, "vm-backup", edit(t, machine, `"daysToKeepRetentionLock":7`, `"daysToKeepRetentionLock":-7`)},
		"no includes":         {400, "os-backup", edit(t, os, `"includes"`, `"excludes"`)},
		"unknown destination": {404, "vm-backup", edit(t, machine, c.sim.destinations[0].guid, "nowhere")},
		"unknown schedule":    {404, "vm-backup", edit(t, machine, `"name":"weekly"`, `"name":"weekly","schedules":[{"guid":"never"}]`)},
		"schedule of another": {400, "vm-backup", edit(t, machine, `"name":"weekly"`, schedule(c.sim.policies[2]))},
		"rule of another":     {404, "vm-backup", edit(t, machine, `"name":"weekly"`, fmt.Sprintf(`"name":"r","guid":%q`, c.sim.policies[0].rules[0].guid))},
		"a user as a machine": {404, "vm-backup", k.policyBody("vm-backup", fmt.Sprintf(`"vms":[%q],`, user))},
		"a user as a site":    {404, "cloud-backup", k.policyBody("cloud-backup", fmt.Sprintf(`"sites":[%q],`, user))},
	} {
		t.Run(name, func(t *testing.T) {
			count := len(c.sim.policies)
			if got := c.do("POST", "/policies/"+one.kind, one.body); got.status != one.status {
				t.Errorf("status %d, want %d: %s", got.status, one.status, got.body)
			}
			if len(c.sim.policies) != count {
				t.Error("the policy was made")
			}
		})
	}
	c.want(201, "POST", "/policies/vm-backup", edit(t, machine, `"name":"weekly"`, schedule(c.sim.policies[0])), nil)
	c.want(404, "PUT", "/policies/cloud-backup/"+c.sim.policies[0].guid, machine, nil)
	c.want(404, "POST", "/rules/vm-backup", k.ruleBody("vm-backup", "nowhere"), nil)
	c.want(409, "POST", "/rules/vm-backup", edit(t, k.ruleBody("vm-backup", c.sim.policies[0].guid), `"name"`,
		fmt.Sprintf(`"guid":%q,"name"`, c.sim.policies[0].rules[0].guid)), nil)
}

func TestAutoAssignment(t *testing.T) {
	c, _ := start(t, Options{Seed: 3})
	k := &checker{client: c}
	settings := func(mode, include, exclude string) string {
		return fmt.Sprintf(`{"autoAssignSettings":{"mode":%q,"includeRegExps":[%q],"excludeRegExps":[%q]}}`, mode, include, exclude)
	}
	preview := func(body string) int {
		var found []struct{ GUID string }
		c.want(201, "POST", "/policies/vm-backup/auto-assignment-preview", body, &found)
		return len(found)
	}
	var machines []*entity
	for _, e := range c.sim.entities {
		if e.kind == "VM" {
			machines = append(machines, e)
		}
	}
	if got := preview(settings("ASSIGN_ONLY", "^Vm", "no such")); got != len(machines) {
		t.Errorf("%d machines found, want %d", got, len(machines))
	}
	if got := preview(settings("ASSIGN_ONLY", "^Vm", machines[0].name+"$")); got != len(machines)-1 {
		t.Errorf("%d machines found with one excluded", got)
	}
	if got := preview(settings("DISABLED", "^Vm", "no such")); got != 0 {
		t.Errorf("%d machines found while disabled", got)
	}
	c.want(400, "POST", "/policies/vm-backup/auto-assignment-preview", `{"name":"x"}`, nil)

	body := edit(t, k.policyBody("vm-backup", ""), `"includeRegExps":["^V"]`, fmt.Sprintf(`"includeRegExps":[%q]`, machines[0].name+"$"))
	body = edit(t, edit(t, body, `AfterSavingPolicy":false`, `AfterSavingPolicy":true`), "ASSIGN_ONLY", "ASSIGN_AND_REMOVE")
	var made wirePolicy
	c.want(201, "POST", "/policies/vm-backup", body, &made)
	if len(made.VMs) != 1 || made.VMs[0].GUID != machines[0].guid {
		t.Errorf("assigned by itself: %+v", made.VMs)
	}
	var changed wirePolicy
	c.want(200, "PUT", "/policies/vm-backup/"+made.GUID, edit(t, body, machines[0].name, machines[1].name), &changed)
	if len(changed.VMs) != 1 || changed.VMs[0].GUID != machines[1].guid {
		t.Errorf("assigned and removed: %+v", changed.VMs)
	}
}

func TestAssignPolicy(t *testing.T) {
	c, _ := start(t, Options{Seed: 3})
	user, _ := c.entityWith("CLOUD_USER")
	machine, _ := c.entityWith("VM")
	cloud, vm := c.sim.policies[2], c.sim.policies[0]
	assign := func(policy, entity string) string {
		return fmt.Sprintf(`{"backupPolicy":%s,"protectedEntities":[{"guid":%q}]}`, policy, entity)
	}
	named := func(p *policy) string { return fmt.Sprintf(`{"guid":%q}`, p.guid) }
	c.want(201, "POST", "/cloud-users/assign-backup-policy", assign(named(cloud), user), nil)
	if rows := pages[struct{ GUID string }](c, "/cloud-users?policy="+cloud.guid, 50); !slices.ContainsFunc(rows, func(row struct{ GUID string }) bool { return row.GUID == user }) {
		t.Errorf("users of the policy: %+v", rows)
	}
	c.want(201, "POST", "/cloud-users/assign-backup-policy", assign("null", user), nil)
	if c.sim.entityByGUID[user].policy != nil {
		t.Error("null left the policy")
	}
	c.want(404, "POST", "/cloud-users/assign-backup-policy", assign(named(cloud), machine), nil)
	c.want(404, "POST", "/cloud-groups/assign-backup-policy", assign(named(cloud), user), nil)
	c.want(400, "POST", "/cloud-users/assign-backup-policy", assign(named(vm), user), nil)
	c.want(404, "POST", "/cloud-users/assign-backup-policy", assign(`{"guid":"none"}`, user), nil)
}

func TestSnapshotPolicyStandsBesides(t *testing.T) {
	c, _ := start(t, Options{Seed: 3})
	k := &checker{client: c}
	machine, _ := c.entityWith("VM")
	before := c.sim.entityByGUID[machine].policy
	var made struct{ GUID string }
	c.want(201, "POST", "/policies/vm-snapshot", k.policyBody("vm-snapshot", fmt.Sprintf(`"vms":[%q],`, machine)), &made)
	var row struct{ VMBackupPolicy, SnapshotMgmtPolicy struct{ GUID string } }
	c.want(200, "GET", "/virtual-machines/"+machine, "", &row)
	if row.SnapshotMgmtPolicy.GUID != made.GUID || row.VMBackupPolicy.GUID != before.guid {
		t.Errorf("policies of the machine: %+v", row)
	}
	if rows := pages[wirePolicy](c, "/policies/vm-snapshot?virtual-machine="+machine, 10); len(rows) != 1 {
		t.Errorf("snapshot policies of the machine: %+v", rows)
	}
}
