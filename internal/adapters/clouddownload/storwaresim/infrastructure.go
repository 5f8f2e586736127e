package storwaresim

import "slices"

func infrastructureRoutes() []route {
	return []route{
		{pattern: "GET /backup-destinations", handle: func(c *call) answer { return c.listPlaces(c.sim.destinations, c.destinationRecord) }},
		{pattern: "POST /backup-destinations/usable-for-vms", handle: (*call).listUsableDestinations},
		{pattern: "GET /nodes", handle: func(c *call) answer { return c.listPlaces(c.sim.nodes, c.nodeRecord) }},
		{pattern: "POST /nodes", handle: (*call).registerNode},
		{pattern: "PUT /nodes/config", handle: (*call).configureNodes},
		{pattern: "GET /projects", handle: (*call).listProjects},
		{pattern: "POST /projects", handle: (*call).createProject},
		{pattern: "POST /projects/delete", handle: (*call).deleteProjects},
		{pattern: "GET /projects/for-restore", handle: (*call).listProjects},
		{pattern: "GET /hypervisors", handle: func(c *call) answer { return c.listPlaces(c.sim.hypervisors, c.hypervisorRecord) }},
		{pattern: "GET /hypervisor-managers", handle: func(c *call) answer { return c.listPlaces(c.sim.managers, managerRecord) }},
		{pattern: "GET /hypervisor-storages", handle: (*call).listStorages},
		{pattern: "GET /hypervisor-clusters", handle: (*call).listClusters},
		{pattern: "GET /cloud-service-providers", handle: func(c *call) answer { return c.listPlaces(c.sim.providers, providerRecord) }},
		{pattern: "POST /cloud-service-providers", handle: (*call).createProvider},
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

func findPlace(places []*place, guid string) *place {
	at := slices.IndexFunc(places, func(p *place) bool { return p.guid == guid })
	if at < 0 {
		return nil
	}
	return places[at]
}

func (c *call) destinationRecord(p *place) object {
	return object{
		"guid": p.guid, "name": p.name, "type": enum(p.kind), "description": "", "visibleForAllVms": true,
		"defaultBackupDestination": p == c.sim.destinations[0], "totalAvailableSpace": int64(1) << 42,
		"totalUsedSpace": int64(1) << 40, "dedupEnabled": false, "encryptionEnabled": true, "initRequired": false,
	}
}

// listUsableDestinations is a list through POST (NOTES section 14). Every
// destination here is visible for all machines.
func (c *call) listUsableDestinations() answer {
	var machines []named
	if a, good := c.body(&machines); !good {
		return a
	}
	for _, one := range machines {
		if e := c.sim.entityByGUID[one.GUID]; e.kindOf() != "VM" {
			return notFound("virtual machine")
		}
	}
	out := []object{}
	for _, p := range c.sim.destinations {
		out = append(out, c.destinationRecord(p))
	}
	return c.created(out)
}

func (c *call) nodeRecord(p *place) object {
	o := object{
		"guid": p.guid, "name": p.name, "version": "7.4.0-27", "lastSeen": c.now.UnixMilli(),
		"nodeIp": "192.0.2.10", "state": enum("RUNNING"), "nodeConfig": nil,
	}
	if p.config != nil {
		o["nodeConfig"] = ref(p.config.GUID, p.config.Name)
	}
	return o
}

// listProjects filters by uuid and project-uuid alike.
func (c *call) listProjects() answer {
	p := &params{c: c}
	uuid := orElse(p.one("project-uuid"), p.one("uuid"))
	return placeListing(c.projectRecord).answer(p, c.sim.projects, func(p *place) bool {
		return uuid == "" || orElse(p.uuid, p.guid) == uuid
	})
}

// projectRecord: the projects that were there from the start have their guid
// for uuid.
func (c *call) projectRecord(p *place) object {
	o := object{
		"guid": p.guid, "uuid": orElse(p.uuid, p.guid), "name": p.name, "active": true, "present": true,
		"hvManager": c.sim.managers[0].ref(), "quota": nil,
	}
	if p.request != nil {
		destinations := []object{}
		for _, one := range p.request.BackupDestinations {
			d := findPlace(c.sim.destinations, one.GUID)
			destinations = append(destinations, object{"type": enum(d.kind), "guid": d.guid, "name": d.name})
		}
		o["active"], o["hvManager"] = p.request.Active, p.within.ref()
		o["backupDestinations"], o["authenticationDomains"] = destinations, refs(p.request.AuthenticationDomains)
	}
	return o
}

func refs(names []named) []object {
	out := []object{}
	for _, one := range names {
		out = append(out, object{"guid": one.GUID, "name": one.Name})
	}
	return out
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
		"hvManager": c.sim.managers[0].ref(), "cluster": p.within.ref(),
	}
}

func managerRecord(p *place) object {
	return object{"guid": p.guid, "name": p.name, "type": enum(p.kind), "vmExportImportMode": enum("DISK_IMAGE_TRANSFER")}
}

// Members of storages and clusters are not documented. A restore names them by
// restoreStorageId and restoreClusterId (NOTES section 10), so they have an id
// on the platform besides their guid.
func (c *call) platformRecord(p *place) object {
	return object{"guid": p.guid, "uuid": p.uuid, "name": p.name, "hvManager": p.within.ref()}
}

func ofManager(p *params) func(*place) bool {
	guid := p.one("hypervisor-manager")
	return func(one *place) bool { return guid == "" || one.within.guidOf() == guid }
}

// listStorages documents no paging.
func (c *call) listStorages() answer {
	var out []object
	fits := ofManager(&params{c: c})
	for _, one := range c.sim.storages {
		if fits(one) {
			out = append(out, c.platformRecord(one))
		}
	}
	return plain(out)
}

func (c *call) listClusters() answer {
	p := &params{c: c}
	return placeListing(c.platformRecord).answer(p, c.sim.clusters, ofManager(p))
}

func providerRecord(p *place) object {
	return object{
		"guid": p.guid, "name": p.name, "cloudServiceProviderType": enum(p.kind), "possibleActions": []enum{"READ", "INVENTORY_SYNC"},
	}
}
