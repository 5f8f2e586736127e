package clumiosim

import (
	"maps"
	"net/http"
	"strings"
	"time"
)

// taskAnswer is the 202 of everything that starts a task.
func (s *Sim) taskAnswer(c *call, path string, t *task, more object) (answer, error) {
	body := object{
		"task_id": t.id,
		"_links": object{
			"_self":     link(path, strings.ToLower(c.request.Method)),
			"read-task": link(pathTasks+"/"+t.id, "get"),
		},
	}
	if c.embeddable {
		embedded := object{}
		if c.embed == "read-task" {
			embedded["read-task"] = s.showTask(t, c.now)
		}
		body["_embedded"] = embedded
	}
	c.subject, c.parent = t.primary, t.parent
	maps.Copy(body, more)
	return accepted(body)
}

// backupOf finds the source of a restore.
func (s *Sim) backupOf(c *call, listPath, id string) (*backup, error) {
	b := s.backups[listPath].byID[id]
	if b == nil || !c.sees(b.asset.unit) {
		return nil, notFound()
	}
	return b, nil
}

func (s *Sim) restoreTask(c *call, of *asset, target *environment, done func(time.Time)) *task {
	source := entityOf(of)
	t := s.startTask(c.now, &task{
		kind: source.kind + "_restore", category: "restore", unit: of.unit, abortable: true,
		primary: source, parent: environmentEntity(target), done: done,
	})
	s.restores = append(s.restores, Restore{
		Path: c.request.URL.Path, TaskID: t.id, At: c.now, Body: c.body,
	})
	return t
}

// restoreTable restores a DynamoDB table, always as a new one (NOTES section 9).
func (s *Sim) restoreTable(c *call) (answer, error) {
	target := groupAt(c.body, "target")
	environment := s.environmentByID(c, textAt(target, "environment_id"))
	if environment == nil {
		return answer{}, notFound()
	}
	source, err := s.tableSource(c)
	if err != nil {
		return answer{}, err
	}
	name := textAt(target, "table_name")
	if s.hasTable(environment, name) {
		return answer{}, conflict("A resource with the same name exists.")
	}
	t := s.restoreTask(c, source, environment, func(end time.Time) {
		s.makeAsset(end, pathTables, ListDynamoDB, environment, name, target)
	})
	if s.onItsWay(environment, name, t) {
		t.fails = true
	}
	return s.taskAnswer(c, pathRestoreTables, t, nil)
}

func (s *Sim) tableSource(c *call) (*asset, error) {
	if id := textAt(c.body, "source", "securevault_backup", "backup_id"); id != "" {
		b, err := s.backupOf(c, ListDynamoDB, id)
		if err != nil {
			return nil, err
		}
		return b.asset, nil
	}
	a := s.assetAt(c, pathTables, textAt(c.body, "source", "continuous_backup", "table_id"))
	if a == nil {
		return nil, notFound()
	}
	earliest, latest, on := restorable(a, c.now)
	if !on {
		return nil, badRequest("continuous backup is not enabled for the table")
	}
	if raw := textAt(c.body, "source", "continuous_backup", "timestamp"); raw != "" {
		at, err := time.Parse(time.RFC3339, raw)
		if err != nil || at.Before(earliest) || at.After(latest) {
			return nil, badRequest("the table can not be restored to %s", raw)
		}
	}
	return a, nil
}

func (s *Sim) hasTable(e *environment, name string) bool {
	for _, a := range s.assets[pathTables] {
		if a.environment == e && a.name == name && !a.deleted {
			return true
		}
	}
	return false
}

// onItsWay says whether another restore is making the same table.
func (s *Sim) onItsWay(e *environment, name string, but *task) bool {
	for _, r := range s.restores {
		if r.TaskID == but.id || textAt(r.Body, "target", "environment_id") != e.id ||
			textAt(r.Body, "target", "table_name") != name {
			continue
		}
		switch s.taskByID[r.TaskID].at(but.created).status {
		case "queued", "in_progress", "completed":
			return true
		}
	}
	return false
}

// makeAsset is what a restore leaves behind once the inventory notices.
func (s *Sim) makeAsset(end time.Time, path, backupList string, e *environment, name string, target map[string]any) {
	s.serial++
	draws := seeded(s.kit.Seed^0xa55e, s.serial)
	a := &asset{
		path: path, backupList: backupList, id: uuid(draws), seed: draws.Uint64(), name: name, environment: e,
		unit: e.unit, kind: "aws_rds_instance", backupStatus: "no_backup", target: target, made: end,
	}
	tags, _ := target["tags"].([]any)
	for _, item := range tags {
		key, value := textAt(item, "key"), textAt(item, "value")
		a.tags = append(a.tags, newTag(draws, key, value))
		if key == "Name" && name == "" {
			a.name = value
		}
	}
	s.finish(a, 0, draws)
	if path == pathResources {
		a.kind = "aws_rds_instance"
	}
	s.arriveAfter(end, func() { s.addAsset(a) })
}

func (s *Sim) restoreVolume(c *call) (answer, error) {
	target := groupAt(c.body, "target")
	environment := s.environmentByID(c, textAt(target, "environment_id"))
	b, err := s.backupOf(c, ListEBS, textAt(c.body, "source", "backup_id"))
	if err != nil {
		return answer{}, err
	}
	if environment == nil {
		return answer{}, notFound()
	}
	t := s.restoreTask(c, b.asset, environment, func(end time.Time) {
		s.makeAsset(end, pathVolumes, ListEBS, environment, "", target)
	})
	if c.version == 1 { // version 1 answers anything, without the task (NOTES section 2)
		return answer{http.StatusOK, object{}}, nil
	}
	return s.taskAnswer(c, pathRestoreVolumes, t, nil)
}

func (s *Sim) restoreInstance(c *call) (answer, error) {
	b, err := s.backupOf(c, ListEC2, textAt(c.body, "source", "backup_id"))
	if err != nil {
		return answer{}, err
	}
	var target map[string]any
	kind := ""
	for name, value := range groupAt(c.body, "target") {
		if members, given := value.(map[string]any); given {
			kind, target = name, members
		}
	}
	environment := s.environmentByID(c, textAt(target, "environment_id"))
	if environment == nil {
		return answer{}, notFound()
	}
	known := map[string]bool{}
	for _, volume := range machineOf(b.asset).volumes {
		id, _ := volume["volume_native_id"].(string)
		known[id] = true
	}
	mappings, _ := target["ebs_block_device_mappings"].([]any)
	for _, mapping := range mappings {
		if id := textAt(mapping, "volume_native_id"); !known[id] {
			return answer{}, badRequest("the backup has no volume %q", id)
		}
	}
	t := s.restoreTask(c, b.asset, environment, func(end time.Time) {
		switch kind {
		case "instance_restore_target":
			s.makeAsset(end, pathInstances, ListEC2, environment, "", target)
		case "volumes_restore_target":
			for _, mapping := range mappings {
				volume, _ := mapping.(map[string]any)
				s.makeAsset(end, pathVolumes, ListEBS, environment, "", volume)
			}
		}
	})
	return s.taskAnswer(c, pathRestoreInstances, t, nil)
}

func (s *Sim) restoreResource(c *call) (answer, error) {
	target := groupAt(c.body, "target")
	var source *asset
	if id := textAt(c.body, "source", "backup", "backup_id"); id != "" {
		b, err := s.backupOf(c, ListRDS, id)
		if err != nil {
			return answer{}, err
		}
		source = b.asset
	} else if source = s.assetAt(c, pathResources, textAt(c.body, "source", "snapshot", "resource_id")); source == nil {
		return answer{}, notFound()
	}
	environment := source.environment
	if id := textAt(target, "environment_id"); id != "" {
		environment = s.environmentByID(c, id)
	}
	if environment == nil {
		return answer{}, notFound()
	}
	t := s.restoreTask(c, source, environment, func(end time.Time) {
		s.makeAsset(end, pathResources, ListRDS, environment, textAt(target, "name"), target)
	})
	return s.taskAnswer(c, pathRestoreResources, t, nil)
}

// restoreBuckets serves the restore of a protection group and that of one of
// its buckets. Objects land in an existing bucket, so no asset appears.
func (s *Sim) restoreBuckets(listPath, assetPath, pitrID, path string) endpoint {
	return func(c *call) (answer, error) {
		target := groupAt(c.body, "target")
		environment := s.environmentByID(c, textAt(target, "environment_id"))
		if environment == nil || s.assetAt(c, pathBuckets, textAt(target, "bucket_id")) == nil {
			return answer{}, notFound()
		}
		if err := checkStorage(target); err != nil {
			return answer{}, err
		}
		var source *asset
		if id := textAt(c.body, "source", "backup_id"); id != "" {
			b, err := s.backupOf(c, listPath, id)
			if err != nil {
				return answer{}, err
			}
			source = b.asset
		} else if source = s.assetAt(c, assetPath, textAt(c.body, "source", "pitr", pitrID)); source == nil {
			return answer{}, notFound()
		}
		var members []any
		if assetPath == pathGroups {
			members, _ = groupAt(c.body, "source")["protection_group_s3_asset_ids"].([]any)
		}
		for _, member := range members {
			id, _ := member.(string)
			if a := s.assetAt(c, pathS3Assets, id); a == nil || a.group != source {
				return answer{}, notFound()
			}
		}
		return s.taskAnswer(c, path, s.restoreTask(c, source, environment, nil), nil)
	}
}

// createBackup serves the on-demand backups (NOTES section 8): the backup shows
// once its task has completed.
func (s *Sim) createBackup(listPath, assetPath, member, usual string) endpoint {
	return func(c *call) (answer, error) {
		a := s.assetAt(c, assetPath, textAt(c.body, member))
		if a == nil {
			return answer{}, notFound()
		}
		if a.deleted || a.unsupported {
			return answer{}, badRequest("the asset can not be backed up")
		}
		kind := textAt(c.body, "type")
		if kind == "" {
			kind = usual
		}
		e := entityOf(a)
		t := s.startTask(c.now, &task{
			kind: e.kind + "_backup", category: "backup", unit: a.unit, abortable: true, primary: e,
			parent: environmentEntity(a.environment),
			done: func(end time.Time) {
				b := s.newBackup(s.backups[listPath], a, c.now, kind)
				s.arriveAfter(end, func() { s.backups[listPath].insert(b) })
			},
		})
		return s.taskAnswer(c, listPath, t, nil)
	}
}
