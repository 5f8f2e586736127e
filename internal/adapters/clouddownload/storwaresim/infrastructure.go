package storwaresim

func infrastructureRoutes() []route {
	return []route{
		{pattern: "GET /backup-destinations", handle: func(c *call) answer { return c.listPlaces(c.sim.destinations, c.destinationRecord) }},
		{pattern: "GET /nodes", handle: func(c *call) answer { return c.listPlaces(c.sim.nodes, c.nodeRecord) }},
		{pattern: "GET /projects", handle: (*call).listProjects},
		{pattern: "GET /projects/for-restore", handle: (*call).listProjects},
		{pattern: "GET /hypervisors", handle: func(c *call) answer { return c.listPlaces(c.sim.hypervisors, c.hypervisorRecord) }},
		{pattern: "GET /hypervisor-managers", handle: func(c *call) answer { return c.listPlaces(c.sim.managers, managerRecord) }},
		{pattern: "GET /cloud-service-providers", handle: func(c *call) answer { return c.listPlaces(c.sim.providers, providerRecord) }},
	}
}

func placeListing(build func(*place) object) *listing[*place] {
	return &listing[*place]{
		name: (*place).nameOf,
		text: func(p *place) []string { return []string{p.guid} },
		columns: map[string]func(a, b *place) int{
			"guid": column((*place).guidOf), "name": column((*place).nameOf), "host": column((*place).nameOf),
		},
		build: build,
	}
}

func (c *call) listPlaces(places []*place, build func(*place) object) answer {
	return placeListing(build).answer(&params{c: c}, places, nil)
}

func (c *call) destinationRecord(p *place) object {
	return object{
		"guid": p.guid, "name": p.name, "type": enum(p.kind), "description": "", "visibleForAllVms": true,
		"defaultBackupDestination": p == c.sim.destinations[0], "totalAvailableSpace": int64(1) << 42,
		"totalUsedSpace": int64(1) << 40, "dedupEnabled": false, "encryptionEnabled": true, "initRequired": false,
	}
}

func (c *call) nodeRecord(p *place) object {
	return object{
		"guid": p.guid, "name": p.name, "version": "7.4.0-27", "lastSeen": c.now.UnixMilli(),
		"nodeIp": "192.0.2.10", "state": enum("RUNNING"), "nodeConfig": nil,
	}
}

// listProjects filters by uuid and project-uuid alike: the simulator's projects
// have their guid for uuid.
func (c *call) listProjects() answer {
	p := &params{c: c}
	uuid := orElse(p.one("project-uuid"), p.one("uuid"))
	l := placeListing(func(p *place) object {
		return object{
			"guid": p.guid, "uuid": p.guid, "name": p.name, "active": true, "present": true,
			"hvManager": c.sim.managers[0].ref(), "quota": nil,
		}
	})
	return l.answer(p, c.sim.projects, func(p *place) bool { return uuid == "" || p.guid == uuid })
}

func (c *call) hypervisorRecord(p *place) object {
	count := 0
	for _, e := range c.sim.entities {
		if e.hypervisor == p {
			count++
		}
	}
	return object{
		"guid": p.guid, "host": p.name, "type": enum(p.kind), "vmCount": count, "licenseCovered": true,
		"hvManager": c.sim.managers[0].ref(), "cluster": nil,
	}
}

func managerRecord(p *place) object {
	return object{"guid": p.guid, "name": p.name, "type": enum(p.kind), "vmExportImportMode": enum("DISK_IMAGE_TRANSFER")}
}

func providerRecord(p *place) object {
	return object{
		"guid": p.guid, "name": p.name, "cloudServiceProviderType": enum(p.kind), "possibleActions": []enum{"READ", "INVENTORY_SYNC"},
	}
}
