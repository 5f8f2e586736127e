package cohesitysim

import (
	"fmt"
	"slices"
	"strconv"
)

const physicalRoot = int64(1)

// volumeGUIDs are what volume recoveries map (IBM NOTES section 12).
func (s *Sim) volumeGUIDs(host int64) []string {
	return []string{s.uuid(uint64(host), 1), s.uuid(uint64(host), 2)}
}

// VolumeGUIDs returns the volumes of a host, as the source tree shows them.
func (s *Sim) VolumeGUIDs(host int64) []string { return s.volumeGUIDs(host) }

// Hosts returns the ids of the registered hosts.
func (s *Sim) Hosts() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []int64
	for _, e := range s.hosts() {
		out = append(out, e.id)
	}
	return out
}

func (s *Sim) uniqueID(id int64) obj {
	return obj{"clusterId": s.clusterID(), "clusterIncarnationId": incarnation, "id": id}
}

// listProtectionSources is the v1 tree: the whole of it, or the children of one
// node page by page.
func (s *Sim) listProtectionSources(c *call) (reply, error) {
	environments := append(c.list("environments"), c.list("environment")...)
	id, node := c.integer("id", 0), c.integer("nodeId", 0)
	size, after, before := c.integer("pageSize", 0), c.integer("afterCursorEntityId", 0), c.integer("beforeCursorEntityId", never)
	if c.bad != nil {
		return reply{}, nil
	}
	if !among(environments, "kPhysical") && !among(environments, "kSQL") {
		return ok([]any{})
	}
	wanted := max(id, node)
	if wanted != 0 && wanted != physicalRoot {
		e, found := s.entity(wanted)
		if !found || e.objectType != "kHost" {
			return reply{}, invalid("source %d does not exist", wanted)
		}
		return ok([]any{s.hostNode(e)})
	}
	root := obj{
		"protectionSource": obj{
			"id": physicalRoot, "name": "Physical Servers", "environment": "kPhysical", "parentId": nil,
			"physicalProtectionSource": obj{"name": "Physical Servers", "type": "kGroup", "id": s.uniqueID(physicalRoot)},
		},
		"registrationInfo": nil, "entityPaginationParameters": nil,
	}
	hosts := s.hosts()
	if size > 0 || c.has("afterCursorEntityId") {
		if pageCap := s.kit.Scenario.PageCap; size == 0 || (pageCap > 0 && size > int64(pageCap)) {
			size = int64(max(pageCap, 1))
		}
		hosts = slices.DeleteFunc(hosts, func(e entity) bool { return e.id <= after || e.id >= before })
		cursor := obj{"nodeId": physicalRoot, "pageSize": size, "afterCursorEntityId": nil, "beforeCursorEntityId": nil}
		if int64(len(hosts)) > size {
			hosts = hosts[:size]
			cursor["afterCursorEntityId"] = hosts[size-1].id
		}
		root["entityPaginationParameters"] = cursor
	}
	nodes := make([]any, len(hosts))
	for i, e := range hosts {
		nodes[i] = s.hostNode(e)
	}
	root["nodes"] = nodes
	return ok([]any{root})
}

func (s *Sim) hostNode(e entity) obj {
	volumes := []any{}
	for i, guid := range s.volumeGUIDs(e.id) {
		volume := obj{
			"guid": guid, "devicePath": fmt.Sprintf("/dev/vd%c1", 'b'+i), "mountPoints": []any{fmt.Sprintf("/mnt/%d", i)},
			"label": nil, "isBootVolume": i == 0, "logicalSizeBytes": s.logicalSize(e), "usedSizeBytes": s.logicalSize(e) / 3,
		}
		if e.os == "kWindows" {
			volume["devicePath"], volume["mountPoints"] = `\\?\Volume{`+guid+`}\`, []any{string(rune('C'+i)) + `:\`}
		}
		volumes = append(volumes, volume)
	}
	out := obj{
		"protectionSource": obj{
			"id": e.id, "name": e.name, "environment": "kPhysical", "parentId": physicalRoot, "connectionId": connectionID,
			"physicalProtectionSource": obj{
				"id": s.uniqueID(e.id), "name": e.name, "hostName": e.name, "hostType": e.os, "type": "kHost",
				"osName": nil, "volumes": volumes, "agents": []any{s.agentJSON(e, s.now())},
			},
		},
		"registrationInfo": s.agentRegistration(e),
		"nodes":            nil, "applicationNodes": nil,
	}
	instance, found := s.entity(e.id + 1)
	if found && instance.objectType == "kInstance" {
		out["applicationNodes"] = []any{s.instanceNode(instance)}
	}
	return out
}

func (s *Sim) instanceNode(e entity) obj {
	databases := []any{}
	for i := range int64(s.options.ObjectsPerGroup) {
		db, _ := s.entity(e.id - sqlInstanceOffset + i)
		databases = append(databases, obj{"protectionSource": obj{
			"id": db.id, "name": db.name, "environment": "kSQL", "parentId": e.id,
			"sqlProtectionSource": obj{
				"name": db.name, "type": "kDatabase", "databaseName": "db" + strconv.FormatInt(i, 10),
				"ownerId": e.host, "recoveryModel": "kFullRecoveryModel", "IsAvailableForVssBackup": true,
			},
		}})
	}
	return obj{
		"protectionSource": obj{
			"id": e.id, "name": e.name, "environment": "kSQL", "parentId": e.host,
			"sqlProtectionSource": obj{"name": e.name, "type": "kInstance", "ownerId": e.host},
		},
		"nodes": databases,
	}
}
