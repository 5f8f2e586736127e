package clumiosim

import (
	"time"
)

const (
	pathRestoreDatabases = "/restores/aws/ec2-mssql/databases"
	pathRestoreIceberg   = "/restores/aws/iceberg-tables"
)

func mssqlRestore() shape {
	return group(map[string]shape{
		"source": need(exactlyOne(group(map[string]shape{
			"backup": group(map[string]shape{"backup_id": need(text())}),
			"pitr": exactlyOne(group(map[string]shape{
				"database_id": need(text()), "timestamp": moment(), "restore_to_latest": flag(),
			}), "timestamp", "restore_to_latest"),
			"restore_to_aag": group(map[string]shape{"database_id": need(text())}),
		}), "backup", "pitr", "restore_to_aag")),
		"target": need(group(map[string]shape{
			"instance_id": text(), "database_name": text(), "data_files_path": text(), "log_files_path": text(),
			"final_database_state": text("", "RESTORING", "ONLINE"), "restore_as_new_database": flag(),
		})),
	})
}

// restoreDatabase restores to the instance that the target names, or else to
// the one that the database came from (inferred). Under another name it makes a
// new database.
func (s *Sim) restoreDatabase(c *call) (answer, error) {
	of, err := s.databaseSource(c)
	if err != nil {
		return answer{}, err
	}
	to := of.environment
	if id := textAt(c.body, "target", "instance_id"); id != "" {
		to = nil
		for _, e := range s.environments {
			if placeOf(e).instance == id && c.sees(e.unit) {
				to = e
			}
		}
		if to == nil {
			return answer{}, notFound()
		}
	}
	name := textAt(c.body, "target", "database_name")
	isNew := groupAt(c.body, "target")["restore_as_new_database"] == true
	if isNew && name == "" {
		return answer{}, badRequest("body.target.database_name is required for a new database")
	}
	for _, a := range s.assets[pathDatabases] {
		if isNew && a.environment == to && a.name == name && !a.deleted {
			return answer{}, conflict("A resource with the same name exists.")
		}
	}
	t := s.restoreTask(c, of, to, func(end time.Time) {
		if isNew {
			s.makeAsset(end, pathDatabases, ListMSSQL, to, name, nil)
		}
	})
	return s.taskAnswer(c, pathRestoreDatabases, t, nil)
}

func (s *Sim) databaseSource(c *call) (*asset, error) {
	if id := textAt(c.body, "source", "backup", "backup_id"); id != "" {
		b, err := s.backupOf(c, ListMSSQL, id)
		if err != nil {
			return nil, err
		}
		return b.asset, nil
	}
	if id := textAt(c.body, "source", "restore_to_aag", "database_id"); id != "" {
		a := s.assetAt(c, pathDatabases, id)
		if a == nil || placeOf(a.environment).group == "" {
			return nil, notFound()
		}
		return a, nil
	}
	a := s.assetAt(c, pathDatabases, textAt(c.body, "source", "pitr", "database_id"))
	if a == nil {
		return nil, notFound()
	}
	if raw := textAt(c.body, "source", "pitr", "timestamp"); raw != "" {
		at, err := time.Parse(time.RFC3339, raw)
		if err != nil || !a.restorableAt(c.now, at) {
			return nil, badRequest("the database can not be restored to %s", raw)
		}
	}
	return a, nil
}

func icebergRestore() shape {
	settings := group(nil)
	return group(map[string]shape{
		"source": need(group(map[string]shape{
			"asset_id": text(), "backup_ids": listOf(text()), "end_timestamp": text(), "main_snapshot_backup_id": text(),
			"region": text(), "start_timestamp": text(),
		})),
		"target": need(group(map[string]shape{
			"asset_id": text(), "catalog": text(), "catalog_type": text(), "environment_id": text(), "namespace": text(),
			"table_location": text(), "table_name": text(),
			"optimizer": group(map[string]shape{"glue": settings, "mode": text(), "s3tables": settings}),
		})),
	})
}

// restoreIceberg takes snapshots by their backups, or those of an asset in a
// time range, into an existing table or a new one (NOTES section 9).
func (s *Sim) restoreIceberg(c *call) (answer, error) {
	of, err := s.icebergSource(c)
	if err != nil {
		return answer{}, err
	}
	target := groupAt(c.body, "target")
	name := textAt(target, "table_name")
	if id := textAt(target, "asset_id"); id != "" {
		into := s.assetAt(c, pathIceberg, id)
		if into == nil || into.deleted {
			return answer{}, notFound()
		}
		return s.taskAnswer(c, pathRestoreIceberg, s.restoreTask(c, of, into.environment, nil), object{"_embedded": object{}})
	}
	to := s.environmentByID(c, textAt(target, "environment_id"))
	switch {
	case name == "" || textAt(target, "catalog") == "" || textAt(target, "namespace") == "":
		return answer{}, badRequest("body.target needs asset_id, or catalog, namespace and table_name")
	case to == nil:
		return answer{}, notFound()
	}
	t := s.restoreTask(c, of, to, func(end time.Time) {
		s.makeAsset(end, pathIceberg, ListIceberg, to, name, nil)
	})
	return s.taskAnswer(c, pathRestoreIceberg, t, object{"_embedded": object{}})
}

func (s *Sim) icebergSource(c *call) (*asset, error) {
	ids := textsAt(c.body, "source", "backup_ids")
	id := textAt(c.body, "source", "asset_id")
	if (len(ids) > 0) == (id != "") {
		return nil, badRequest("body.source must have exactly one of backup_ids, asset_id")
	}
	if id != "" {
		a := s.assetAt(c, pathIceberg, id)
		if a == nil {
			return nil, notFound()
		}
		return a, nil
	}
	var of *asset
	for _, id := range ids {
		b, err := s.backupOf(c, ListIceberg, id)
		if err != nil {
			return nil, err
		}
		if of != nil && of != b.asset {
			return nil, badRequest("body.source.backup_ids are of more than one table")
		}
		of = b.asset
	}
	return of, nil
}
