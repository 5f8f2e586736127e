package clumiosim

import (
	"slices"
	"strings"
)

// What a granular backup of an RDS resource holds: databases, tables, columns.

const (
	rdsDatabasesPath = ListRDS + "/{backup_id}/databases"
	rdsTablesPath    = rdsDatabasesPath + "/{database_name}/tables"
	pathRestoreRows  = "/restores/aws/rds-resources/records"
)

func rdsDatabaseNames() []string { return []string{"billing", "crm", "warehouse"} }

func rdsTableNames() []string {
	return []string{"accounts", "customers", "invoices", "line_items", "payments", "refunds"}
}

func rdsColumns() []object {
	return []object{
		{"name": "id", "type": "bigint"}, {"name": "name", "type": "string"}, {"name": "active", "type": "boolean"},
	}
}

// granular finds a backup that can be looked into; a snapshot holds nothing to
// see (inferred).
func (s *Sim) granular(c *call, id string) (*backup, error) {
	b, err := s.backupOf(c, ListRDS, id)
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(b.kind, "granular_backup") {
		return nil, badRequest("the backup is not a granular one")
	}
	return b, nil
}

func rdsDatabases() catalog {
	return catalog{
		path: rdsDatabasesPath, resource: "backup-aws-rds-resource-databases", tokens: true,
		filters: filterRules{"name": {"begins_with", textValue}},
		entries: func(s *Sim, c *call) ([]entry, error) {
			if _, err := s.granular(c, c.params["backup_id"]); err != nil {
				return nil, err
			}
			var out []entry
			for _, name := range rdsDatabaseNames() {
				out = append(out, entry{record: object{"name": name}})
			}
			return out, nil
		},
	}
}

// rdsTables: the id of a table is its name (inferred).
func rdsTables() catalog {
	return catalog{
		path: rdsTablesPath, resource: "backup-aws-rds-resource-database-tables", param: "table_id", tokens: true,
		filters:   filterRules{"name": {"begins_with", textValue}},
		oneEmbeds: []string{"read-backup-aws-rds-resource-database-table-columns"},
		entries: func(s *Sim, c *call) ([]entry, error) {
			if err := s.rdsDatabase(c); err != nil {
				return nil, err
			}
			base, _, _ := strings.Cut(c.request.URL.EscapedPath(), "/tables")
			var out []entry
			for _, name := range rdsTableNames() {
				out = append(out, entry{
					id: name, self: base + "/tables/" + name, record: object{"name": name},
					embeds: map[string]func() any{
						"read-backup-aws-rds-resource-database-table-columns": func() any { return object{"columns": rdsColumns()} },
					},
				})
			}
			return out, nil
		},
	}
}

func (s *Sim) rdsDatabase(c *call) error {
	if _, err := s.granular(c, c.params["backup_id"]); err != nil {
		return err
	}
	if !slices.Contains(rdsDatabaseNames(), c.params["database_name"]) {
		return notFound()
	}
	return nil
}

func (s *Sim) readColumns(c *call) (answer, error) {
	e, err := rdsTables().one(s, c, c.params["table_id"])
	if err != nil {
		return answer{}, err
	}
	return ok(object{"_links": object{"_self": link(e.self+"/columns", "get")}, "columns": rdsColumns()})
}

// optionGroups lists the groups of the target environment that a backup could
// be restored with.
func optionGroups() catalog {
	return catalog{
		path: ListRDS + "/{backup_id}/option-groups", resource: "backup-aws-rds-resources", tokens: true, applied: true,
		filters: filterRules{"environment_id": {"eq", textValue}},
		entries: func(s *Sim, c *call) ([]entry, error) {
			b, err := s.backupOf(c, ListRDS, c.params["backup_id"])
			if err != nil {
				return nil, err
			}
			of := engineOf(b.asset)
			var out []entry
			for _, e := range s.environments {
				if !c.sees(e.unit) {
					continue
				}
				out = append(out, entry{
					self: c.request.URL.EscapedPath(), hidden: object{"environment_id": e.id},
					record: object{
						"_embedded": nil, "engine": of.name, "engine_version": of.version,
						"has_additional_non_permanent_options": false, "has_additional_non_persistent_options": false,
						"has_additional_permanent_options": false, "has_additional_persistent_options": false,
						"is_compatible": true, "minimum_required_minor_engine_version": nil,
						"name": "default:" + of.name, "options": []object{{
							"is_permanent": false, "is_persistent": false, "is_required_for_restore": false, "name": "AUDIT",
							"option_setting": []object{{"description": nil, "name": "LEVEL", "value": "all"}},
							"option_version": nil,
						}},
					},
				})
			}
			return out, nil
		},
	}
}
