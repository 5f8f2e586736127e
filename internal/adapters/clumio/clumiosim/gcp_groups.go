package clumiosim

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// gcpGroupBody is that of making a group; changing one takes more.
func gcpGroupBody(more map[string]shape) shape {
	label := group(map[string]shape{"key": text(), "value": text()})
	texts := group(map[string]shape{"$eq": text(), "$not_eq": text(), "$in": listOf(text()), "$not_in": listOf(text())})
	members := map[string]shape{
		"name": text(), "include_prefixes": listOf(text()), "exclude_prefixes": listOf(text()),
		"latest_version_only": flag(),
		"bucket_rule": group(map[string]shape{
			"gcp_project_id": texts, "gcp_location": texts,
			"gcp_label": group(map[string]shape{
				"$eq": label, "$not_eq": label, "$contains": label, "$not_contains": label, "$in": listOf(label),
				"$not_in": listOf(label), "$all": listOf(label), "$not_all": listOf(label),
			}),
		}),
	}
	maps.Copy(members, more)
	return group(members)
}

func gcpGroupUpdate() shape {
	return gcpGroupBody(map[string]shape{
		"add_bucket_uuids": listOf(text()), "remove_bucket_uuids": listOf(text()), "clear_bucket_rule": flag(),
	})
}

// gcpDefinition is the definition of a group as it is shown.
func (a *asset) gcpDefinition() *definition {
	if a.definition != nil {
		return a.definition
	}
	return &definition{
		version: 1, changed: a.made.Add(time.Hour),
		gcpRule: object{"gcp_label": object{"$eq": object{"key": "backup", "value": a.name}}},
		filter: object{
			"exclude_object_name_prefix_regexes": []string{}, "include_object_name_prefix_regexes": []string{},
			"latest_version": true, "updated_after": nil,
		},
	}
}

func wireGCPGroupAsset(s *Sim, a *asset, _ time.Time) object {
	d := a.gcpDefinition()
	ids, byHand := []string{}, 0
	for _, member := range s.assets[pathGCSAssets] {
		if member.group == a && !member.deleted {
			ids = append(ids, member.gcs.id)
			if member.byUser {
				byHand++
			}
		}
	}
	draws := a.rand()
	return object{
		"backup_status_stats": nil, "bucket_count": len(ids), "bucket_rule": d.gcpRule,
		"bucket_rule_matched_bucket_count": len(ids) - byHand, "bucket_rule_matched_bucket_uuids": nil,
		"bucket_uuids": ids, "created_timestamp": wireTime(a.made), "filter": d.filter, "labels": []object{},
		"last_backup_timestamp": s.lastBackup(a), "location": gcpRegion, "location_type": "region",
		"manual_added_bucket_count": byHand, "modified_timestamp": wireTime(d.changed), "name": a.name,
		"total_backed_up_object_count": draws.IntN(1_000_000), "total_backed_up_size_bytes": draws.Int64N(1 << 40),
		"version": d.version,
	}
}

func wireGCSAssetRecord(s *Sim, a *asset, _ time.Time) object {
	draws := a.rand()
	var gone any
	if a.deleted {
		gone = wireTime(s.born.Add(-time.Hour))
	}
	return object{
		"added_by": addedBy(a), "added_with": []string{addedBy(a)}, "backup_target_region": gcpRegion,
		"bucket_id": a.gcs.id, "bucket_name": a.gcs.name, "created_timestamp": wireTime(a.made),
		"deleted_timestamp": gone, "last_backup_timestamp": s.lastBackup(a), "name": a.gcs.name,
		"native_id": a.gcs.name, "object_count": draws.IntN(100_000), "project_uuid": s.projectID(a.gcs.project),
		"protection_group_id": a.group.id, "protection_group_name": a.group.name, "region_uuid": s.regionID(),
		"size_bytes": draws.Int64N(1 << 36), "updated_timestamp": nil, "version": 1,
	}
}

func (s *Sim) createGCPGroup(c *call) (answer, error) {
	if textAt(c.body, "name") == "" {
		return answer{}, badRequest("body.name is required")
	}
	a := &asset{
		path: pathGCPGroups, backupList: ListGCPGroups, id: s.newID(), environment: s.environments[0], unit: globalUnit,
		backupStatus: "no_backup", made: c.now,
	}
	if c.unit != "" {
		a.unit = c.unit
	}
	a.seed = textSeed(a.id)
	s.defineGCPGroup(c, a)
	s.addAsset(a)
	return s.gcpGroupAnswer(c, a, http.StatusCreated)
}

func (s *Sim) defineGCPGroup(c *call, a *asset) {
	d := *a.gcpDefinition()
	if a.definition == nil && a.name == "" { // a new one
		d.gcpRule, d.version = nil, 0
	}
	d.version, d.changed = d.version+1, c.now
	if name := textAt(c.body, "name"); name != "" {
		a.name = name
	}
	if rule := groupAt(c.body, "bucket_rule"); rule != nil {
		d.gcpRule = rule
	}
	if c.body["clear_bucket_rule"] == true {
		d.gcpRule = nil
	}
	d.filter = object{
		"exclude_object_name_prefix_regexes": d.filter["exclude_object_name_prefix_regexes"],
		"include_object_name_prefix_regexes": d.filter["include_object_name_prefix_regexes"],
		"latest_version":                     d.filter["latest_version"], "updated_after": nil,
	}
	for from, to := range map[string]string{
		"exclude_prefixes": "exclude_object_name_prefix_regexes", "include_prefixes": "include_object_name_prefix_regexes",
		"latest_version_only": "latest_version",
	} {
		if c.body[from] != nil {
			d.filter[to] = c.body[from]
		}
	}
	a.definition = &d
}

func (s *Sim) gcpGroupAnswer(c *call, a *asset, status int) (answer, error) {
	c.subject = entityOf(a)
	for _, spec := range moreAssetSpecs() {
		if spec.path == pathGCPGroups {
			record := s.showAsset(c, spec, a, false)
			record["_etag"] = `W/"` + a.id[:8] + `"`
			return answer{status, record}, nil
		}
	}
	return answer{}, notFound()
}

func (s *Sim) liveGCPGroup(c *call) *asset {
	a := s.assetAt(c, pathGCPGroups, c.params["protection_group_id"])
	if a == nil || a.deleted {
		return nil
	}
	return a
}

func (s *Sim) updateGCPGroup(c *call) (answer, error) {
	a := s.liveGCPGroup(c)
	if a == nil {
		return answer{}, notFound()
	}
	known := s.gcsBuckets()
	var add []*gcsBucket
	for _, id := range textsAt(c.body, "add_bucket_uuids") {
		at := slices.IndexFunc(known, func(b *gcsBucket) bool { return b.id == id })
		if at < 0 {
			return answer{}, notFound()
		}
		add = append(add, known[at])
	}
	members := s.assets[pathGCSAssets]
	for _, b := range add {
		there := slices.ContainsFunc(members, func(m *asset) bool { return m.group == a && m.gcs == b && !m.deleted })
		if !there {
			s.addMember(c, a, pathGCSAssets, ListGCSAssets, nil, b).byUser = true
		}
	}
	for _, id := range textsAt(c.body, "remove_bucket_uuids") {
		for _, member := range members {
			if member.group == a && member.gcs.id == id {
				member.deleted = true
			}
		}
	}
	s.defineGCPGroup(c, a)
	return s.gcpGroupAnswer(c, a, http.StatusOK)
}

func (s *Sim) deleteGCPGroup(c *call) (answer, error) {
	a := s.liveGCPGroup(c)
	if a == nil {
		return answer{}, notFound()
	}
	s.dissolve(c, a, pathGCSAssets)
	return answer{status: http.StatusNoContent}, nil
}
