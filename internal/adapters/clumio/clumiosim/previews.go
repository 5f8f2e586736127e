package clumiosim

import "time"

// preview is the objects that a restore would bring, ready when its task is.
type preview struct {
	of      *asset
	task    *task
	objects []object
}

// previewSource says what is previewed under a path.
type previewSource struct {
	assets, backups, param string
	sync                   bool // the call can wait for the answer
}

func rollbackType() shape {
	return text("Rollback", "Undo delete marker", "rollback", "undo_delete_marker")
}

func (p previewSource) body() shape {
	switch {
	case p.assets == pathBuckets:
		return exactlyOne(group(map[string]shape{
			"object_filters": bucketFilters(), "type": rollbackType(),
			"point_in_time_recovery":     group(map[string]shape{"restore_end_timestamp": moment()}),
			"undo_delete_marker_options": group(map[string]shape{"start_timestamp": moment()}),
		}), "point_in_time_recovery", "undo_delete_marker_options")
	case p.sync:
		members := map[string]shape{
			"backup_id": text(), "is_sync_preview": flag(), "object_filters": objectFilters(),
			"pitr_end_timestamp": moment(), "pitr_start_timestamp": moment(),
		}
		if p.assets == pathGroups {
			members["protection_group_s3_asset_ids"] = listOf(text())
		}
		return group(members)
	}
	members := map[string]shape{
		"backup_id": text(), "object_filters": gcsFilters(),
		"pitr": group(map[string]shape{"restore_end_timestamp": need(moment()), "restore_start_timestamp": moment()}),
	}
	if p.assets == pathGCPGroups {
		members["gcs_asset_ids"] = listOf(text())
	}
	return exactlyOne(group(members), "backup_id", "pitr")
}

// preview answers the objects at once or starts a task that finds them. Of a
// bucket that is given without object_filters all versions are shown.
func (s *Sim) preview(from previewSource) endpoint {
	return func(c *call) (answer, error) {
		of := s.assetAt(c, from.assets, c.params[from.param])
		if of == nil {
			return answer{}, notFound()
		}
		if err := s.checkPreview(c, from, of); err != nil {
			return answer{}, err
		}
		found, err := s.previewObjects(c, of)
		if err != nil {
			return answer{}, err
		}
		c.subject = entityOf(of)
		if from.sync && c.body["is_sync_preview"] == true {
			return ok(object{"_links": object{"_self": link(c.request.URL.EscapedPath(), "post")}, "objects": found})
		}
		t := s.startTask(c.now, &task{
			kind: entityOf(of).kind + "_restore_preview", category: "restore", unit: of.unit, abortable: true,
			primary: entityOf(of), parent: environmentEntity(of.environment), done: func(time.Time) {},
		})
		id := s.newID()
		if s.previews == nil {
			s.previews = map[string]*preview{}
		}
		s.previews[id] = &preview{of, t, found}
		return s.taskAnswer(c, c.request.URL.EscapedPath(), t, object{"preview_id": id})
	}
}

// checkPreview refuses a source that is not there.
func (s *Sim) checkPreview(c *call, from previewSource, of *asset) error {
	id := textAt(c.body, "backup_id")
	if from.sync && (id == "") == (textAt(c.body, "pitr_end_timestamp") == "") {
		return badRequest("body must have exactly one of backup_id, pitr_end_timestamp")
	}
	if id == "" {
		return nil
	}
	b, err := s.backupOf(c, from.backups, id)
	if err != nil {
		return err
	}
	if b.asset != of {
		return notFound()
	}
	return nil
}

// previewObjects gathers the objects of a bucket, or of the buckets of a group.
func (s *Sim) previewObjects(c *call, of *asset) ([]object, error) {
	chosen := append(textsAt(c.body, "protection_group_s3_asset_ids"), textsAt(c.body, "gcs_asset_ids")...)
	buckets, err := s.bucketsOf(of, chosen)
	if err != nil {
		return nil, err
	}
	out := []object{}
	for _, bucket := range buckets {
		found, err := selectObjects(objectsOf(bucket), groupAt(c.body, "object_filters"))
		if err != nil {
			return nil, err
		}
		for _, o := range found {
			out = append(out, o.wire())
		}
	}
	return out, nil
}

// bucketsOf are those of a group that were chosen, or all; of a single bucket
// it is itself.
func (s *Sim) bucketsOf(of *asset, chosen []string) ([]*asset, error) {
	members := map[string]string{pathGroups: pathS3Assets, pathGCPGroups: pathGCSAssets}[of.path]
	if members == "" {
		return []*asset{of}, nil
	}
	var out []*asset
	for _, a := range s.assets[members] {
		if a.group == of && len(chosen) == 0 {
			out = append(out, a)
		}
	}
	for _, id := range chosen {
		a := s.assetByID[id]
		if a == nil || a.path != members || a.group != of {
			return nil, notFound()
		}
		out = append(out, a)
	}
	return out, nil
}

// readPreview: until the task has completed there is nothing to read (inferred).
func (s *Sim) readPreview(from previewSource) endpoint {
	return func(c *call) (answer, error) {
		id := c.params["preview_id"]
		p := s.previews[id]
		if p == nil || p.of.path != from.assets || p.of.id != c.params[from.param] || !c.sees(p.of.unit) ||
			p.task.at(c.now).status != "completed" {
			return answer{}, notFound()
		}
		record := object{"_links": object{"_self": link(c.request.URL.EscapedPath(), "get")}, "objects": p.objects}
		if from.assets != pathBuckets {
			record["_etag"] = `W/"` + id[:8] + `"`
		}
		return ok(record)
	}
}

// estimate is what an instant-access endpoint would cost.
type estimate struct {
	unit          string
	task          *task
	count, volume int64
}

func costEstimate() shape {
	return exactlyOne(group(map[string]shape{
		"protection_group_s3_asset_id": need(text()), "backup_id": text(), "is_sync": flag(),
		"object_filters": objectFilters(),
		"pitr":           group(map[string]shape{"restore_end_timestamp": moment(), "restore_start_timestamp": moment()}),
	}), "backup_id", "pitr")
}

func (s *Sim) estimateCost(c *call) (answer, error) {
	of := s.assetAt(c, pathS3Assets, textAt(c.body, "protection_group_s3_asset_id"))
	if of == nil {
		return answer{}, notFound()
	}
	if id := textAt(c.body, "backup_id"); id != "" {
		b := s.backups[ListS3Assets].byID[id]
		if b == nil {
			b = s.backups[ListGroups].byID[id]
		}
		if b == nil || (b.asset != of && b.asset != of.group) {
			return answer{}, notFound()
		}
	}
	found, err := selectObjects(objectsOf(of), groupAt(c.body, "object_filters"))
	if err != nil {
		return answer{}, err
	}
	e := &estimate{unit: of.unit, count: int64(len(found))}
	for _, o := range found {
		e.volume += o.size
	}
	c.subject = entityOf(of)
	if c.body["is_sync"] == true {
		return ok(e.wire(pathInstant+"/cost-estimates", "post"))
	}
	e.task = s.startTask(c.now, &task{
		kind: "instant_access_cost_estimate", category: "restore", unit: of.unit, primary: entityOf(of),
		parent: environmentEntity(of.environment),
	})
	id := s.newID()
	if s.estimates == nil {
		s.estimates = map[string]*estimate{}
	}
	s.estimates[id] = e
	return s.taskAnswer(c, pathInstant+"/cost-estimates", e.task, object{"estimate_id": id})
}

func (e *estimate) wire(path, method string) object {
	const perGiB = 0.03
	return object{
		"_links":         object{"_self": link(path, method)},
		"estimated_cost": float64(e.volume) / gib * perGiB, "total_object_count": e.count, "total_object_size": e.volume,
	}
}

func (s *Sim) readEstimate(c *call) (answer, error) {
	id := c.params["estimate_id"]
	e := s.estimates[id]
	if e == nil || !c.sees(e.unit) || e.task.at(c.now).status != "completed" {
		return answer{}, notFound()
	}
	record := e.wire(pathInstant+"/cost-estimates/"+id, "get")
	record["_etag"] = `W/"` + id[:8] + `"`
	return ok(record)
}
