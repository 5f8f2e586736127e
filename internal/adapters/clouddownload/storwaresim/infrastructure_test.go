package storwaresim

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

type wirePlace struct {
	GUID, UUID, Name string
	LastSeen         int64
	HVManager        *struct{ GUID string }
	NodeConfig       *struct{ GUID string }
}

func TestProjects(t *testing.T) {
	c, _ := start(t, Options{Seed: 3})
	var made wirePlace
	body := fmt.Sprintf(`{"name":"red","uuid":"red-1","active":true,"hvManager":{"guid":%q},"backupDestinations":[{"guid":%q}]}`,
		c.sim.managers[0].guid, c.sim.destinations[1].guid)
	c.want(201, "POST", "/projects", body, &made)
	if made.UUID != "red-1" || made.HVManager == nil {
		t.Fatalf("made %+v", made)
	}
	c.want(409, "POST", "/projects", body, nil)
	c.want(400, "POST", "/projects", `{"uuid":"x"}`, nil)
	c.want(404, "POST", "/projects", `{"name":"x","hvManager":{"guid":"none"}}`, nil)
	c.want(404, "POST", "/projects", `{"name":"x","backupDestinations":["none"]}`, nil)
	if rows := pages[wirePlace](c, "/projects?uuid=red-1", 10); len(rows) != 1 || rows[0].GUID != made.GUID {
		t.Errorf("found %+v", rows)
	}
	old := c.sim.projects[0].guid
	c.want(404, "POST", "/projects/delete", fmt.Sprintf(`{"projects":[%q,"none"]}`, old), nil)
	c.want(400, "POST", "/projects/delete", `{"projects":[]}`, nil)
	if rows := pages[wirePlace](c, "/projects", 10); len(rows) != 3 {
		t.Errorf("a refused deletion left %d projects", len(rows))
	}
	c.want(201, "POST", "/projects/delete", fmt.Sprintf(`{"projects":[%q,{"guid":%q}]}`, old, made.GUID), nil)
	if rows := pages[wirePlace](c, "/projects", 10); len(rows) != 1 {
		t.Errorf("%d projects are left", len(rows))
	}
	if rows := pages[wireBackup](c, "/backups?project-uuid="+old, 100); len(rows) != 0 {
		t.Errorf("%d backups of a project that is gone", len(rows))
	}
}

func TestNodes(t *testing.T) {
	c, clock := start(t, Options{Seed: 3})
	var first, again struct{ GUID, Password string }
	c.want(201, "POST", "/nodes", `{"name":"node-3"}`, &first)
	c.want(409, "POST", "/nodes", `{"name":"node-3"}`, nil)
	c.want(404, "POST", "/nodes?existing=true", `{"name":"node-4"}`, nil)
	c.want(400, "POST", "/nodes?existing=perhaps", `{"name":"node-4"}`, nil)
	c.want(400, "POST", "/nodes", `{}`, nil)
	c.want(201, "POST", "/nodes?existing=true", `{"name":"node-3"}`, &again)
	if first.GUID != again.GUID || first.Password == again.Password || !strings.HasPrefix(first.Password, "test-") {
		t.Errorf("registered %+v, then %+v", first, again)
	}
	var rows []wirePlace
	c.want(200, "PUT", "/nodes/config", fmt.Sprintf(`{"nodes":[%q],"nodeConfig":{"guid":"config-1"}}`, first.GUID), &rows)
	c.want(404, "PUT", "/nodes/config", `{"nodes":["none"]}`, nil)
	clock.Advance(time.Minute)
	all := pages[wirePlace](c, "/nodes", 10)
	if len(all) != 3 || all[2].NodeConfig == nil || all[2].NodeConfig.GUID != "config-1" || all[0].NodeConfig != nil ||
		all[2].LastSeen != clock.Now().UnixMilli() || len(rows) != 1 || rows[0].LastSeen != epoch.UnixMilli() {
		t.Errorf("nodes %+v, changed %+v", all, rows)
	}
}

func TestProviderKeepsNoSecret(t *testing.T) {
	c, _ := start(t, Options{Seed: 3})
	got := c.want(201, "POST", "/cloud-service-providers", `{"name":"Third tenant","cloudServiceProviderType":"MICROSOFT365",
		"applications":[{"clientId":"app-1","clientSecret":"test-client-secret"}],"filterUser":{"country":["NL"]}}`, nil)
	if text := string(got.body); strings.Contains(text, "test-client-secret") || !strings.Contains(text, "app-1") || !strings.Contains(text, "NL") {
		t.Errorf("made %s", text)
	}
	c.want(400, "POST", "/cloud-service-providers", `{"name":"x"}`, nil)
	if rows := pages[wirePlace](c, "/cloud-service-providers?nameLike=third", 10); len(rows) != 1 {
		t.Errorf("found %+v", rows)
	}
}

func TestStoragesAndClusters(t *testing.T) {
	c, _ := start(t, Options{Seed: 3})
	for _, path := range []string{"/hypervisor-storages", "/hypervisor-clusters"} {
		var all, own, others []wirePlace
		c.want(200, "GET", path, "", &all)
		c.want(200, "GET", path+"?hypervisor-manager="+c.sim.managers[0].guid, "", &own)
		c.want(200, "GET", path+"?hypervisor-manager=none", "", &others)
		if len(all) != 2 || len(own) != 2 || len(others) != 0 || all[0].UUID == "" {
			t.Errorf("%s: %+v, %+v, %+v", path, all, own, others)
		}
	}
	if rows := pages[wirePlace](c, "/hypervisor-clusters", 1); len(rows) != 2 {
		t.Errorf("clusters by pages: %+v", rows)
	}
	machine, _ := c.entityWith("VM")
	var rows []wirePlace
	c.want(201, "POST", "/backup-destinations/usable-for-vms", fmt.Sprintf(`[%q]`, machine), &rows)
	if len(rows) != len(c.sim.destinations) {
		t.Errorf("usable %+v", rows)
	}
	c.want(404, "POST", "/backup-destinations/usable-for-vms", `["none"]`, nil)
}

func TestNonPresentMachines(t *testing.T) {
	c, _ := start(t, Options{Seed: 3, Backups: -1})
	machine := func(i int) *entity { // the machines of the small world are all there
		for _, e := range c.sim.entities {
			if e.kind == "VM" {
				if i--; i < 0 {
					return e
				}
			}
		}
		t.Fatal("too few machines")
		return nil
	}
	empty, kept, present := machine(0), machine(1), ""
	empty.present, kept.present = false, false
	if c.sim.AddBackup(NewBackup{EntityGUID: kept.guid}) == "" {
		t.Fatal("no backup")
	}
	for _, e := range c.sim.entities {
		if e.present {
			present = e.guid
		}
	}
	var missing []wirePlace
	c.want(201, "POST", "/virtual-machines/incremental-not-possible", fmt.Sprintf(`[%q,%q]`, empty.guid, kept.guid), &missing)
	if len(missing) != 1 || missing[0].GUID != empty.guid {
		t.Errorf("no incremental of %+v", missing)
	}
	before := len(c.sim.entities)
	c.want(204, "DELETE", "/virtual-machines/all-non-present", "", nil)
	c.want(404, "GET", "/virtual-machines/"+empty.guid, "", nil)
	c.want(200, "GET", "/virtual-machines/"+kept.guid, "", nil)
	if len(c.sim.entities) != before-1 || c.sim.entityByGUID[present] == nil {
		t.Errorf("%d entities of %d are left", len(c.sim.entities), before)
	}
}

func TestGroupsForCleanupAndStorageUsage(t *testing.T) {
	c, _ := start(t, Options{Seed: 3})
	all := pages[wirePlace](c, "/cloud-groups/backup-cleanup", 1)
	if len(all) == 0 || len(pages[wirePlace](c, "/cloud-groups/backup-cleanup?backup-destination="+c.sim.destinations[0].guid, 1)) != len(all) {
		t.Errorf("groups %+v", all)
	}
	if rows := pages[wirePlace](c, "/cloud-groups/backup-cleanup?backup-destination=none", 10); len(rows) != 0 {
		t.Errorf("groups of no destination: %+v", rows)
	}
	agent, _ := c.entityWith("OS_AGENT")
	var usage struct {
		UsedSpace   int64
		BackupCount int
	}
	c.want(200, "GET", "/os-protected-entities/OS_AGENT/"+agent+"/storage-usage", "", &usage)
	if usage.UsedSpace == 0 || usage.BackupCount == 0 {
		t.Errorf("usage %+v", usage)
	}
	c.want(404, "GET", "/os-protected-entities/OS/"+agent+"/storage-usage", "", nil)
}
