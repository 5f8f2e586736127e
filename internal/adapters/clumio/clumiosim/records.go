package clumiosim

import (
	"fmt"
	"strconv"
	"time"
)

// rowSet is one restore of rows from a granular RDS backup.
type rowSet struct {
	id, database, query string
	backup              *backup
	task                *task
}

// transfers is the state of restores that are more than a task.
type transfers struct {
	rowSets   []*rowSet
	files     []*fileSet
	previews  map[string]*preview
	estimates map[string]*estimate
}

func itemRestore() shape {
	key := group(map[string]shape{"condition": text(), "values": listOf(text())})
	return group(map[string]shape{
		"query_filter": need(group(map[string]shape{
			"partition_key": text(), "partition_key_filter": key, "sort_key_filter": key,
			"key_filters": listOf(group(map[string]shape{"partition_key_filter": key, "sort_key_filter": key})),
			"attribute_filters": listOf(group(map[string]shape{
				"condition": text(), "name": text(), "values": listOf(text()),
				"type": text("String", "Number", "Binary", "Boolean", "Null"),
			})),
		})),
		"source": need(exactlyOne(group(map[string]shape{
			"backup_id": text(),
			"continuous_backup": exactlyOne(group(map[string]shape{
				"table_id": need(text()), "timestamp": moment(), "use_latest_restorable_time": flag(),
			}), "timestamp", "use_latest_restorable_time"),
		}), "backup_id", "continuous_backup")),
		"target": need(group(map[string]shape{
			"direct_download": anything(), "preview": flag(),
			"email": group(map[string]shape{"message": text(), "recipient_emails": need(filled(listOf(text())))}),
		})),
	})
}

// restoreItems finds items of a DynamoDB backup: a preview answers some of them
// at once, all others come as a file (NOTES section 9).
func (s *Sim) restoreItems(c *call) (answer, error) {
	source, err := s.itemSource(c)
	if err != nil {
		return answer{}, err
	}
	target := groupAt(c.body, "target")
	if target["preview"] == true {
		items := make([][]string, 0, 3)
		for i := range 3 {
			items = append(items, []string{strconv.Itoa(i + 1), source.name + "-" + strconv.Itoa(i+1)})
		}
		c.subject = entityOf(source)
		return ok(object{
			"_links":         object{"_self": link(pathRestoreTables+"/records", "post")},
			"preview_result": object{"attributes": []string{"id", "name"}, "items": items},
		})
	}
	if (target["email"] == nil) == (target["direct_download"] == nil) {
		return answer{}, badRequest("body.target must have exactly one of email, direct_download, preview")
	}
	t := s.restoreTask(c, source, source.environment, nil)
	return s.taskAnswer(c, pathRestoreTables+"/records", t, object{"passcode": s.passcode()})
}

func (s *Sim) itemSource(c *call) (*asset, error) {
	if id := textAt(c.body, "source", "backup_id"); id != "" {
		b, err := s.backupOf(c, ListDynamoDB, id)
		if err != nil {
			return nil, err
		}
		return b.asset, nil
	}
	return s.tableSource(c)
}

// passcode opens what was sent by mail.
func (s *Sim) passcode() string {
	s.minted++
	return fmt.Sprintf("test-%06d", seeded(s.kit.Seed^0xc0de, s.minted).IntN(1_000_000))
}

func rowRestore() shape {
	return group(map[string]shape{
		"source": need(group(map[string]shape{"backup_id": need(text()), "database_name": need(text())})),
		"target": need(group(map[string]shape{"preview": flag(), "query_statement": need(text())})),
	})
}

// restoreRows runs a query on a granular backup: a preview answers at once, the
// rest is listed when its task has completed.
func (s *Sim) restoreRows(c *call) (answer, error) {
	b, err := s.granular(c, textAt(c.body, "source", "backup_id"))
	if err != nil {
		return answer{}, err
	}
	database := textAt(c.body, "source", "database_name")
	c.params["backup_id"], c.params["database_name"] = b.id, database
	if err := s.rdsDatabase(c); err != nil {
		return answer{}, err
	}
	c.subject = entityOf(b.asset)
	if groupAt(c.body, "target")["preview"] == true {
		return ok(object{
			"_links": object{"_self": link(pathRestoreRows, "post")},
			"preview_result": object{
				"columns": rdsColumns(), "rows": [][]string{{"1", "Ada", "true"}, {"2", "Grace", "false"}},
			},
		})
	}
	set := &rowSet{id: s.newID(), database: database, query: textAt(c.body, "target", "query_statement"), backup: b}
	set.task = s.restoreTask(c, b.asset, b.asset.environment, func(end time.Time) {
		s.arriveAfter(end, func() { s.rowSets = append(s.rowSets, set) })
	})
	return s.taskAnswer(c, pathRestoreRows, set.task, nil)
}

func restoredRecords() catalog {
	return catalog{
		path: pathRestoreRows, resource: "aws-rds-resource-restored-records",
		filters: filterRules{"asset_id": {"eq", textValue}, "task_id": {"in", textValue}},
		members: map[string]string{"asset_id": "resource_id"},
		entries: func(s *Sim, _ *call) ([]entry, error) {
			var out []entry
			for _, set := range s.rowSets {
				a := set.backup.asset
				out = append(out, entry{unit: a.unit, self: pathRestoreRows + "/" + set.id, record: object{
					"account_native_id": a.environment.account, "aws_region": a.environment.region,
					"backup_id": set.backup.id, "database_name": set.database,
					"download_link":        "https://records.clumio.example/" + set.id,
					"expiration_timestamp": wireTime(set.task.created.AddDate(0, 0, 7)), "id": set.id,
					"query_statement": set.query, "resource_id": a.id, "row_count": 2,
					"start_timestamp": wireTime(set.task.created), "task_id": set.task.id,
				}})
			}
			return out, nil
		},
	}
}
