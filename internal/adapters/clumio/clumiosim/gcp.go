package clumiosim

import (
	"slices"
	"time"
)

const (
	pathGCP      = "/datasources/gcp"
	gcpRegion    = "europe-west3"
	gcpProjectID = "acme-analytics"
)

type gcpProject struct{ id, number, uuid string }

// gcsBucket is a bucket of Google Cloud Storage; several protection groups may
// hold it.
type gcsBucket struct {
	id, name, project string
	made              time.Time
	tags              []tag
}

func (s *Sim) projects() []gcpProject {
	var out []gcpProject
	for i, id := range []string{gcpProjectID, "acme-archive"} {
		out = append(out, gcpProject{id, []string{"501123456789", "502123456789"}[i], uuid(seeded(s.kit.Seed, textSeed("project "+id)))})
	}
	return out
}

// regionID is what GCP records call the location by.
func (s *Sim) regionID() string { return uuid(seeded(s.kit.Seed, textSeed("region "+gcpRegion))) }

func (s *Sim) projectID(id string) string {
	for _, p := range s.projects() {
		if p.id == id {
			return p.uuid
		}
	}
	return ""
}

// gcsBuckets are all GCS buckets that the estate was made with.
func (s *Sim) gcsBuckets() []*gcsBucket {
	var out []*gcsBucket
	for _, a := range s.assets[pathGCSAssets] {
		if !slices.Contains(out, a.gcs) {
			out = append(out, a.gcs)
		}
	}
	return out
}

func gcpProjects() catalog {
	return catalog{
		path: pathGCP + "/projects", resource: "gcp-projects",
		filters: filterRules{"project_id": {"eq contains", textValue}, "is_deleted": {"eq", flagValue}},
		entries: func(s *Sim, _ *call) ([]entry, error) {
			var out []entry
			for _, p := range s.projects() {
				out = append(out, entry{self: pathGCPConnections + "/" + p.id, record: object{
					"_embedded": nil, "created_timestamp": wireTime(s.born.AddDate(-2, 0, 0)), "deleted_timestamp": nil,
					"id": p.uuid, "is_deleted": false, "project_id": p.id, "project_number": p.number,
					"updated_timestamp": nil, "version": 1,
				}})
			}
			return out, nil
		},
	}
}

func gcsBuckets() catalog {
	return catalog{
		path: pathGCP + "/gcs-buckets", resource: "gcp-gcs-buckets", param: "bucket_id",
		filters: filterRules{
			"bucket_name": {"contains eq", textValue}, "project_id": {"eq", textValue}, "is_deleted": {"eq", flagValue},
			"location": {"eq", textValue},
		},
		entries: func(s *Sim, _ *call) ([]entry, error) {
			var out []entry
			for _, b := range s.gcsBuckets() {
				out = append(out, s.gcsBucketEntry(b))
			}
			return out, nil
		},
		detail: func(_ *Sim, _ *call, e entry, record object) { record["_etag"] = `W/"` + e.key()[:8] + `"` },
	}
}

func (s *Sim) gcsBucketEntry(b *gcsBucket) entry {
	groups, hasBackup := 0, false
	for _, a := range s.assets[pathGCSAssets] {
		if a.gcs == b && !a.deleted {
			groups++
			hasBackup = hasBackup || s.backups[ListGCSAssets].newest[a] != 0
		}
	}
	links := object{"create-gcp-protection-group": link(pathGCPGroups, "post")}
	if hasBackup {
		links["list-backup-gcp-protection-group-gcs-assets"] = link(ListGCSAssets, "get")
		links["restore-gcs-protection-group-asset"] = link(pathRestoreGCSAssets, "post")
	}
	count := int(textSeed(b.id) % 100_000)
	return entry{self: pathGCP + "/gcs-buckets/" + b.id, links: links, record: object{
		"_embedded": nil, "bucket_name": b.name, "created_timestamp": wireTime(b.made), "id": b.id, "is_deleted": false,
		"is_versioning_enabled": true, "labels": plainTags(b.tags), "last_backup_timestamp": nil, "location": gcpRegion,
		"location_type": "region", "location_uuid": s.regionID(), "object_count": count,
		"organizational_unit_id": globalUnit, "project_id": b.project, "project_uuid": s.projectID(b.project),
		"protection_group_count": groups, "size_bytes": int64(count) * 81_920,
	}}
}

// labels gives the ids of the keys, and of the values of each, of the labels on
// all buckets.
func (s *Sim) labels() (keys []string, values map[string][]string) {
	values = map[string][]string{}
	for _, b := range s.gcsBuckets() {
		for _, t := range b.tags {
			if !slices.Contains(keys, t.key) {
				keys = append(keys, t.key)
			}
			if !slices.Contains(values[t.key], t.value) {
				values[t.key] = append(values[t.key], t.value)
			}
		}
	}
	return keys, values
}

func (s *Sim) labelKeyID(key string) string { return uuid(seeded(s.kit.Seed, textSeed("label "+key))) }

func (s *Sim) label(id, name, self string) entry {
	return entry{self: self, record: object{
		"_embedded": nil, "created_timestamp": wireTime(s.born.AddDate(-1, 0, 0)), "id": id, "is_deleted": false,
		"modified_timestamp": wireTime(s.born.AddDate(-1, 0, 0)), "name": name,
		"project_uuid": s.projectID(gcpProjectID), "region_uuid": s.regionID(),
	}}
}

func labelKeys() catalog {
	return catalog{
		path: pathGCP + "/label-keys", resource: "gcp-labels", filters: labelFilters(),
		entries: func(s *Sim, _ *call) ([]entry, error) {
			keys, _ := s.labels()
			var out []entry
			for _, key := range keys {
				id := s.labelKeyID(key)
				out = append(out, s.label(id, key, pathGCP+"/label-keys/"+id))
			}
			return out, nil
		},
	}
}

func labelFilters() filterRules {
	return filterRules{"name": {"contains eq", textValue}, "is_deleted": {"eq", flagValue}}
}

func labelValues() catalog {
	return catalog{
		path: pathGCP + "/label-keys/{label_key_id}/label-values", resource: "gcp-labels", filters: labelFilters(),
		entries: func(s *Sim, c *call) ([]entry, error) {
			keys, values := s.labels()
			at := slices.IndexFunc(keys, func(key string) bool { return s.labelKeyID(key) == c.params["label_key_id"] })
			if at < 0 {
				return nil, notFound()
			}
			var out []entry
			for _, value := range values[keys[at]] {
				id := uuid(seeded(s.kit.Seed, textSeed("label "+keys[at]+"="+value)))
				e := s.label(id, value, c.request.URL.EscapedPath()+"/"+id)
				e.record["key_name"], e.record["label_key_id"] = keys[at], s.labelKeyID(keys[at])
				out = append(out, e)
			}
			return out, nil
		},
	}
}
