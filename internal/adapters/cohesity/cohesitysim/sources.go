package cohesitysim

import (
	"fmt"
	"slices"
	"strconv"
)

const (
	connectionID  = int64(730118844556677123) // above 2^53 on purpose (IBM NOTES section 1)
	connectorID   = "8412"
	physicalRoot  = int64(1)
	registrations = int64(10_000_000) // registration ids differ from source ids
)

func (s *Sim) registrationJSON(e entity) obj {
	return obj{
		"id": e.id + registrations, "sourceId": e.id, "sourceInfo": s.summary(e, ""), "environment": "kPhysical",
		"name": e.name, "connectionId": connectionID, "dataSourceConnectionId": strconv.FormatInt(connectionID, 10),
		"authenticationStatus": "Finished", "registrationTimeMsecs": s.born.UnixMilli() - 86_400_000,
		"lastRefreshedTimeMsecs": s.born.UnixMilli() - 3_600_000, "externalMetadata": nil, "advancedConfigs": nil,
		"physicalParams": obj{
			"endpoint": fmt.Sprintf("10.20.%d.%d", e.id>>8&255, e.id&255), "hostType": e.os, "physicalType": "kHost",
		},
	}
}

func (s *Sim) getSourceRegistrations(c *call) (reply, error) {
	ids := c.ints("ids")
	out := []any{}
	for _, e := range s.hosts() {
		if among(ids, e.id+registrations) {
			out = append(out, s.registrationJSON(e))
		}
	}
	return ok(obj{"registrations": out})
}

func (s *Sim) getProtectionSourceRegistration(c *call) (reply, error) {
	id, err := strconv.ParseInt(c.path("id"), 10, 64)
	if err != nil {
		return reply{}, invalid("id in path must be of type int64: %q", c.path("id"))
	}
	e, found := s.entity(id - registrations)
	if !found || e.objectType != "kHost" {
		return reply{}, notFound()
	}
	return ok(s.registrationJSON(e))
}

// volumeGUIDs are what volume recoveries map (IBM NOTES section 12).
func (s *Sim) volumeGUIDs(host int64) []string {
	return []string{s.uuid(uint64(host), 1), s.uuid(uint64(host), 2)}
}

// VolumeGUIDs returns the volumes of a host, as the source tree shows them.
func (s *Sim) VolumeGUIDs(host int64) []string { return s.volumeGUIDs(host) }

// Hosts returns the ids of the registered hosts.
func (s *Sim) Hosts() []int64 {
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
				"osName": nil, "volumes": volumes,
			},
		},
		"registrationInfo": obj{"authenticationStatus": "kFinished", "environments": []any{"kPhysical"}},
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

func (s *Sim) getDataSourceConnections(c *call) (reply, error) {
	out := []any{}
	id := strconv.FormatInt(connectionID, 10)
	if among(c.list("connectionIds"), id) && among(c.list("connectionNames"), "vpc-a") {
		out = append(out, obj{
			"connectionId": id, "connectionName": "vpc-a", "connectorIds": []any{connectorID},
			"tenantId": s.options.TenantID, "registrationToken": nil,
		})
	}
	return ok(obj{"connections": out})
}

// getDataSourceConnectors answers 400 for a connection that is not there (IBM
// NOTES section 5).
func (s *Sim) getDataSourceConnectors(c *call) (reply, error) {
	connection := c.text("connectionId")
	if connection != "" && connection != strconv.FormatInt(connectionID, 10) {
		return reply{}, invalid("connection %s does not exist", connection)
	}
	out := []any{}
	if among(c.list("connectorIds"), connectorID) && among(c.list("connectorNames"), "vpc-a-1") {
		out = append(out, obj{
			"connectorId": connectorID, "connectorName": "vpc-a-1", "connectionId": strconv.FormatInt(connectionID, 10),
			"connectorType": "kIBMRigelVSI", "clusterSideIp": "192.0.2.10", "tenantSideIp": "10.20.0.9",
			"softwareVersion":    "7.2.15",
			"connectivityStatus": obj{"isConnected": true, "lastConnectedTimestampSecs": c.now / second, "message": nil},
			"upgradeStatus": obj{
				"status": "Succeeded", "startTimestampMSecs": s.born.UnixMilli(), "lastStatusFetchedTimestampMsecs": s.born.UnixMilli(),
			},
		})
	}
	return ok(obj{"connectors": out})
}
