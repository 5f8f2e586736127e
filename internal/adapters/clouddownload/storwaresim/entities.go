package storwaresim

import (
	"slices"
	"strings"
)

var protectionStatuses = []string{"IS_PROTECTED", "NOT_PROTECTED", "NO_SCHEDULE"}

// entityList is one list of entities of one type.
type entityList struct {
	path, kind string
	build      func(*call, *entity) object
}

var entityLists = [...]entityList{
	{"/virtual-machines", "VM", (*call).machineRecord},
	{"/cloud-users", "CLOUD_USER", (*call).cloudRecord},
	{"/cloud-groups", "CLOUD_GROUP", (*call).cloudRecord},
	{"/cloud-sites", "CLOUD_SITE", (*call).cloudRecord},
	{"/os-agents", "OS_AGENT", (*call).agentRecord},
	{"/applications", "APP", (*call).applicationRecord},
	{"/storages", "STORAGE", (*call).storageRecord},
}

func entityRoutes() []route {
	routes := []route{
		{pattern: "GET /virtual-machines/{guid}", handle: (*call).getMachine},
		{pattern: "GET /cloud-users/{guid}", handle: (*call).getCloudUser},
		{pattern: "GET /cloud-protected-entities/{protectedEntityType}", handle: (*call).listCloudEntities},
		{pattern: "GET /os-protected-entities/{protectedEntityType}", handle: (*call).listOSEntities},
		{pattern: "GET /os-protected-entities/{protectedEntityType}/{guid}", handle: (*call).getOSEntity},
		{pattern: "GET /os-protected-entities/{protectedEntityType}/{guid}/storage-usage", handle: (*call).getStorageUsage},
		{pattern: "DELETE /virtual-machines/all-non-present", handle: (*call).deleteNonPresent},
		{pattern: "POST /virtual-machines/incremental-not-possible", handle: (*call).listIncrementalNotPossible},
		{pattern: "GET /cloud-groups/backup-cleanup", handle: (*call).listGroupsForCleanup},
	}
	for _, list := range entityLists {
		routes = append(routes, route{pattern: "GET " + list.path, handle: func(c *call) answer { return c.listEntities(list) }})
	}
	return routes
}

func (c *call) listEntities(list entityList) answer {
	p := &params{c: c}
	provider, project := p.one("cloud-service-provider"), orElse(p.one("project-uuid"), p.one("tenantid"))
	statuses := p.all("backupStatus", protectionStatuses...)
	policies := append(p.all("policy"), p.all("storage-policy")...)
	osType := p.constant("osType", "LINUX", "MACOS", "WINDOWS")
	// Teams are groups with a team behind them (inferred from teams-group).
	kind := list.kind
	if teams, _ := p.boolean("teams-group"); teams && kind == "CLOUD_GROUP" {
		kind = "CLOUD_TEAMS"
	}
	l := listing[*entity]{
		name: func(e *entity) string { return e.name },
		text: func(e *entity) []string { return []string{e.guid, e.uuid} },
		columns: map[string]func(a, b *entity) int{
			"guid":       column(func(e *entity) string { return e.guid }),
			"name":       column(func(e *entity) string { return e.name }),
			"lastBackup": column((*entity).lastBackup),
		},
		build: func(e *entity) object { return list.build(c, e) },
	}
	return l.answer(p, c.sim.entities, func(e *entity) bool {
		return e.kind == kind && (provider == "" || e.provider.guidOf() == provider) &&
			(project == "" || e.project.guidOf() == project) && (osType == "" || e.osType == osType) &&
			(len(policies) == 0 || slices.Contains(policies, e.policy.guidOf())) &&
			(statuses == nil || slices.Contains(statuses, e.protection()))
	})
}

func (e *entity) protection() string {
	if e.policy == nil {
		return "NOT_PROTECTED"
	}
	return "IS_PROTECTED"
}

func (e *entity) lastBackup() int64 {
	if len(e.backups) == 0 {
		return 0
	}
	return e.backups[len(e.backups)-1].backupTime
}

// lastUsable is the newest usable backup; full leaves out incrementals.
func (e *entity) lastUsable(fits func(*backup) bool) *backup {
	for _, b := range slices.Backward(e.backups) {
		if b.usable() && fits(b) {
			return b
		}
	}
	return nil
}

func size(b *backup) any {
	if b == nil {
		return nil
	}
	return b.size
}

// entityRecord has the members that all entity lists share (NOTES section 12).
func (c *call) entityRecord(e *entity) object {
	newest := e.lastUsable(func(*backup) bool { return true })
	full := e.lastUsable(func(b *backup) bool { return b.parent == nil })
	incremental := e.lastUsable(func(b *backup) bool { return b.parent != nil })
	return object{
		"guid": e.guid, "name": e.name, "type": enum(e.kind), "present": e.present, "restorable": newest != nil,
		"backupUpToDate": newest != nil, "lastBackup": moment(e.lastBackup()), "lastSuccessfulBackupSize": size(newest),
		"lastSuccessfulFullBackupSize": size(full), "lastSuccessfulFullBackup": full.ref(),
		"lastSuccessfulIncBackup": incremental.ref(), "warningsPresent": false, "averageProgress": nil,
		"lastChainMarkedForDeletion": false, "possibleActions": []enum{"READ"},
	}
}

func (c *call) cloudRecord(e *entity) object {
	o := c.entityRecord(e)
	o["policy"], o["cloudServiceProvider"] = e.policy.ref(), e.provider.ref()
	o["cloudServiceProviderType"], o["externalSourceId"] = enum(e.provider.kind), e.uuid
	switch e.kind {
	case "CLOUD_USER":
		o["email"], o["userPurpose"] = strings.ToLower(strings.ReplaceAll(e.name, " ", "."))+"@example.test", enum("USER")
	case "CLOUD_SITE":
		o["webUrl"] = "https://sites.example.test/" + e.uuid
	}
	return o
}

func (c *call) machineRecord(e *entity) object {
	o := c.entityRecord(e)
	o["uuid"], o["hypervisor"], o["hvManager"] = e.uuid, e.hypervisor.ref(), e.manager.ref()
	o["hvType"], o["hvmType"], o["vmExportImportMode"] = enum(e.hypervisor.kind), enum(e.manager.kind), enum("INHERIT")
	o["tags"], o["vmBackupPolicy"], o["snapshotMgmtPolicy"] = []string{}, nil, e.snapshots.ref()
	if e.policy != nil {
		o["vmBackupPolicy"] = c.policyListRecord(e.policy)
	}
	return o
}

func (c *call) agentRecord(e *entity) object {
	o := c.entityRecord(e)
	o["osType"] = enum(e.osType)
	return o
}

func (c *call) applicationRecord(e *entity) object {
	o := c.entityRecord(e)
	o["envVariablesCount"], o["appBackupPolicy"] = 0, nil
	for _, name := range []string{"lastSuccessfulIncBackup", "lastChainMarkedForDeletion", "possibleActions", "averageProgress"} {
		delete(o, name) // members that this record alone lacks
	}
	if e.policy != nil {
		o["appBackupPolicy"] = c.policyDetails(e.policy)
	}
	return o
}

func (c *call) storageRecord(e *entity) object {
	o := c.entityRecord(e)
	o["uuid"], o["snapshotable"], o["storageProviderType"], o["storageBackupPolicy"] = e.uuid, true, enum("CEPH_RBD"), nil
	if e.policy != nil {
		o["storageBackupPolicy"] = c.policyDetails(e.policy)
	}
	return o
}

func (c *call) pathEntity(kind string) *entity {
	if e := c.sim.entityByGUID[c.r.PathValue("guid")]; e.kindOf() == kind {
		return e
	}
	return nil
}

func (c *call) getMachine() answer {
	e := c.pathEntity("VM")
	if e == nil {
		return notFound("virtual machine")
	}
	o := c.machineRecord(e)
	o["quiesceBeforeSnapshot"], o["preSnapCmdExecEnabled"], o["postSnapCmdExecEnabled"] = false, false, false
	return ok(o)
}

func (c *call) getCloudUser() answer {
	e := c.pathEntity("CLOUD_USER")
	if e == nil {
		return notFound("cloud user")
	}
	o := c.cloudRecord(e)
	o["backupCount"], o["policy"], o["rules"] = len(e.backups), nil, []object{}
	if e.policy != nil {
		o["policy"] = c.policyDetails(e.policy)
		rules := []object{}
		for _, r := range e.policy.rules {
			rules = append(rules, object{"guid": r.guid, "name": r.name})
		}
		o["rules"] = rules
	}
	return ok(o)
}

func (c *call) entitiesOfType(fits func(*entity) bool, build func(*entity) object) answer {
	kind := c.r.PathValue("protectedEntityType")
	if !slices.Contains(entityTypes, kind) {
		return notFound("protected entity type")
	}
	var out []object
	for _, e := range c.sim.entities {
		if e.kind == kind && fits(e) {
			out = append(out, build(e))
		}
	}
	return plain(out)
}

func (c *call) listCloudEntities() answer {
	return c.entitiesOfType(isCloud, func(e *entity) object {
		o := c.entityRecord(e)
		o["backupCount"], o["displayName"], o["externalSourceId"] = len(e.backups), e.name, e.uuid
		o["cloudServiceProvider"] = object{
			"guid": e.provider.guid, "name": e.provider.name, "cloudServiceProviderType": enum(e.provider.kind),
		}
		return o
	})
}

func (c *call) listOSEntities() answer { return c.entitiesOfType(isOS, c.entityRecord) }

func (c *call) getOSEntity() answer {
	e := c.pathEntity(c.r.PathValue("protectedEntityType"))
	if e == nil || !isOS(e) {
		return notFound("protected entity")
	}
	return ok(c.entityRecord(e))
}
