package clumiosim

import "time"

// SQL Server on EC2: each environment that holds a database has one host with
// one instance; some have an availability group, some a failover cluster.

const (
	pathMSSQL         = "/datasources/aws/ec2-mssql"
	mssqlFull         = "ec2_mssql_database_backup"
	mssqlInstanceName = "MSSQLSERVER"
	mssqlVersion      = "15.0.4335.1"
)

// place is where the databases of an environment live. The group and the
// cluster are empty where there is none.
type place struct {
	host, instance, group, cluster string
	endpoint                       string
}

func placeOf(e *environment) place {
	draws := seeded(textSeed(e.id), 3)
	p := place{host: uuid(draws), instance: uuid(draws), endpoint: "sql-" + hexText(draws, 4) + ".corp.example"}
	switch textSeed(e.account+e.region) % 3 {
	case 0:
		p.group = uuid(draws)
	case 1:
		p.cluster = uuid(draws)
	}
	return p
}

// databaseField answers the filter fields that only databases have.
func databaseField(a *asset, name string) ([]string, bool) {
	switch name {
	case "account_ids":
		return []string{a.environment.account}, true
	case "instance_id", "host_id", "availability_group_id", "failover_cluster_id", "status", "recovery_model", "type":
		return fieldText(databaseRecord(a)[name]), true
	}
	return nil, false
}

func databaseRecord(a *asset) object {
	of, draws := placeOf(a.environment), a.rand()
	kind, status := "standalone_database", "active"
	var groupName, clusterName any
	if of.group != "" {
		kind, groupName = "availability_group_database", "ag-"+of.group[:4]
	}
	if of.cluster != "" {
		clusterName = "fci-" + of.cluster[:4]
	}
	if a.deleted {
		status = "inactive"
	}
	var reason any
	if a.unsupported {
		reason = "filestream_enabled_database"
	}
	return object{
		"account_native_id": a.environment.account, "availability_group_id": textOrNil(of.group),
		"availability_group_name": groupName, "aws_region": a.environment.region,
		"environment_id": a.environment.id, "failover_cluster_id": textOrNil(of.cluster),
		"failover_cluster_name": clusterName, "failover_cluster_protection_status": nil,
		"host_connection_id": a.environment.connection, "host_endpoint": of.endpoint, "host_id": of.host,
		"instance_id": of.instance, "instance_name": mssqlInstanceName, "is_supported": !a.unsupported,
		"last_bulk_recovery_model_log_backup_timestamp": nil, "name": a.name,
		"recovery_model": pick(draws, "simple_recovery_model", "bulk_recovery_model", "full_recovery_model"),
		"size":           float64(1+draws.IntN(500)) * gib, "status": status, "type": kind, "unsupported_reason": reason,
	}
}

func wireDatabase(s *Sim, a *asset, _ time.Time) object {
	record := databaseRecord(a)
	record["last_backup_timestamp"] = s.lastBackup(a)
	record["last_full_recovery_model_log_backup_timestamp"] = s.lastBackup(a)
	return record
}

// mssqlEntries makes one entry per environment with a database.
func (s *Sim) mssqlEntries(show func(*Sim, *environment, place) (entry, bool)) []entry {
	var out []entry
	for _, e := range s.environments {
		holds := false
		for _, a := range s.assets[pathDatabases] {
			holds = holds || a.environment == e
		}
		if !holds {
			continue
		}
		if one, there := show(s, e, placeOf(e)); there {
			one.unit = e.unit
			one.record["organizational_unit_id"], one.record["protection_info"] = e.unit, nil
			out = append(out, one)
		}
	}
	return out
}

// mssqlCatalog shares what the four lists have in common; kind is the last
// segment of the path.
func mssqlCatalog(kind, resource, param string, filters filterRules, show func(*Sim, *environment, place) (entry, bool)) catalog {
	return catalog{
		path: pathMSSQL + "/" + kind, resource: resource, param: param, applied: true, filters: filters,
		members: map[string]string{"account_ids": "account_native_id"},
		entries: func(s *Sim, _ *call) ([]entry, error) {
			return s.mssqlEntries(func(s *Sim, e *environment, of place) (entry, bool) {
				one, there := show(s, e, of)
				id, _ := one.record["id"].(string)
				one.self = pathMSSQL + "/" + kind + "/" + id
				if one.hidden == nil {
					one.hidden = object{}
				}
				for name, v := range map[string]string{
					"environment_id": e.id, "account_native_id": e.account, "host_id": of.host,
					"protection_status": "unprotected",
				} {
					one.hidden[name] = v
				}
				return one, there
			}), nil
		},
	}
}

func mssqlFilters(more ...string) filterRules {
	rules := filterRules{
		"name": {"contains", textValue}, "environment_id": {"eq", textValue},
		"protection_info.policy_id": {"eq", textValue}, "protection_status": {"eq", textValue},
	}
	for _, name := range more {
		rules[name] = filterRule{"eq", textValue}
	}
	if _, inNone := rules["account_ids"]; inNone {
		rules["account_ids"] = filterRule{"in", textValue}
	}
	return rules
}

func availabilityGroups() catalog {
	k := mssqlCatalog("availability-groups", "ec2-mssql-availability-groups", "availability_group_id",
		mssqlFilters("status", "host_id", "account_ids"),
		func(_ *Sim, _ *environment, of place) (entry, bool) {
			if of.group == "" {
				return entry{}, false
			}
			return entry{record: object{"id": of.group, "name": "ag-" + of.group[:4], "status": "active"}}, true
		})
	k.embeds = []string{"read-policy-definition", "get-ec2-mssql-stats-backup-status"}
	k.oneEmbeds = k.embeds
	return k
}

// failoverClusters are versioned under one name as a list and under another
// one by one.
func failoverClusters() catalog {
	k := mssqlCatalog("failover-clusters", "ec2-mssql-failover-clusters", "failover_cluster_id", mssqlFilters("account_ids"),
		func(_ *Sim, _ *environment, of place) (entry, bool) {
			if of.cluster == "" {
				return entry{}, false
			}
			return entry{record: object{
				"id": of.cluster, "name": "fci-" + of.cluster[:4], "status": "active", "protection_status": "unprotected",
			}}, true
		})
	k.oneResource = "ec2-mssql-failover-cluster"
	k.embeds = []string{
		"read-policy-definition", "get-ec2-mssql-failover-cluster-stats", "get-ec2-mssql-failover-cluster-hosts-info",
		"get-ec2-mssql-stats-backup-status",
	}
	k.oneEmbeds = k.embeds
	return k
}

func mssqlHosts() catalog {
	return mssqlCatalog("hosts", "ec2-mssql-hosts", "host_id", mssqlFilters("id", "status"),
		func(_ *Sim, e *environment, of place) (entry, bool) {
			return entry{hidden: object{"name": of.endpoint}, record: object{
				"_embedded": nil, "account_native_id": e.account, "aws_region": e.region, "connection_id": e.connection,
				"endpoint": of.endpoint, "environment_id": e.id, "has_associated_availability_group": of.group != "",
				"id": of.host, "instance_count": 1, "is_part_of_fci": of.cluster != "", "status": "active",
			}}, true
		})
}

func mssqlInstances() catalog {
	return mssqlCatalog("instances", "ec2-mssql-instance", "instance_id", mssqlFilters("host_id", "status"),
		func(_ *Sim, e *environment, of place) (entry, bool) {
			return entry{record: object{
				"account_native_id": e.account, "aws_region": e.region, "environment_id": e.id,
				"has_associated_availability_group": of.group != "", "host_connection_id": e.connection,
				"host_endpoint": of.endpoint, "host_id": of.host, "id": of.instance, "name": mssqlInstanceName,
				"product_version": mssqlVersion, "server_name": of.endpoint, "status": "active",
			}}, true
		})
}
