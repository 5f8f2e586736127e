package clumiosim

import "maps"

const (
	pathRestoreGCPGroups = "/restores/gcp/protection-groups"
	pathRestoreGCSAssets = "/restores/gcp/protection-groups/assets"
	pathRestoreBuckets   = "/restores/aws/s3-buckets"
)

// filterShapes are what all object_filters share.
func filterShapes(more map[string]shape) shape {
	members := map[string]shape{
		"etag": text(), "version_id": text(), "max_object_size_bytes": whole(), "min_object_size_bytes": whole(),
		"object_key_contains": text(), "object_key_matches": text(), "object_key_prefix": text(),
		"object_key_suffix": text(),
	}
	maps.Copy(members, more)
	return group(members)
}

func bucketFilters() shape {
	return filterShapes(map[string]shape{"is_latest_version_only": flag(), "storage_classes": listOf(storageClass())})
}

// gcsFilters: latest_version_only is mandatory as it is for S3 (inferred).
func gcsFilters() shape {
	return filterShapes(map[string]shape{
		"latest_version_only": need(flag()), "object_key_regex_matches": text(),
		"storage_classes": listOf(text("STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE")),
	})
}

func gcsTarget() shape {
	return group(map[string]shape{
		"bucket_id": need(text()), "project_id": need(text()), "prefix": text(), "overwrite": flag(),
		"default_object_checksum_algorithm": text("CRC32C", "MD5"), "labels": tagShapes(),
		"restore_original_storage_class": flag(),
		"storage_class":                  text("", "STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE"),
	})
}

func gcsRestore(pitrID, chosen string) shape {
	return group(map[string]shape{
		"source": need(objectSource(pitrID, chosen, gcsFilters())), "target": need(gcsTarget()),
	})
}

// objectShapes is a list of what a preview showed.
func objectShapes(more map[string]shape) shape {
	members := map[string]shape{
		"restore_cookie": need(text()), "object_key": text(), "version_id": text(), "bucket": text(),
		"size_in_bytes": whole(), "last_modified_time": moment(),
	}
	maps.Copy(members, more)
	return filled(listOf(group(members)))
}

func gcsObjectRestore() shape {
	return group(map[string]shape{
		"source": need(objectShapes(map[string]shape{"gcs_asset_id": text(), "storage_class": text()})),
		"target": need(gcsTarget()),
	})
}

func s3ObjectRestore() shape {
	return group(map[string]shape{
		"source": need(objectShapes(map[string]shape{
			"etag": text(), "region": text(), "storage_class": storageClass(), "last_backup_time": moment(),
			"protection_group_asset_id": text(),
		})),
		"target": need(bucketTarget()),
	})
}

// checkStorage is the rule for the classes of restored objects (NOTES section 9).
func checkStorage(target map[string]any) error {
	if !isSet(target["storage_class"]) && target["restore_original_storage_class"] != true {
		return badRequest("storage_class is required unless restore_original_storage_class is true")
	}
	return nil
}

func (s *Sim) checkGCSTarget(c *call) error {
	target := groupAt(c.body, "target")
	if s.projectID(textAt(target, "project_id")) == "" {
		return notFound()
	}
	for _, b := range s.gcsBuckets() {
		if b.id == textAt(target, "bucket_id") {
			return checkStorage(target)
		}
	}
	return notFound()
}

func (s *Sim) restoreGCS(list, assets, pitrID string) endpoint {
	return func(c *call) (answer, error) {
		if err := s.checkGCSTarget(c); err != nil {
			return answer{}, err
		}
		var source *asset
		if id := textAt(c.body, "source", "backup_id"); id != "" {
			b, err := s.backupOf(c, list, id)
			if err != nil {
				return answer{}, err
			}
			source = b.asset
		} else if source = s.assetAt(c, assets, textAt(c.body, "source", "pitr", pitrID)); source == nil {
			return answer{}, notFound()
		}
		if _, err := s.bucketsOf(source, textsAt(c.body, "source", "gcs_asset_ids")); err != nil {
			return answer{}, err
		}
		return s.taskAnswer(c, c.request.URL.EscapedPath(), s.restoreTask(c, source, source.environment, nil), nil)
	}
}

// chosenObjects checks that every object of the body came from a preview of the
// group in the path.
func (s *Sim) chosenObjects(c *call, of *asset) error {
	for _, item := range listAt(c.body, "source") {
		o, known := s.objectByCookie(c, textAt(item, "restore_cookie"))
		if !known || o.asset.group != of {
			return badRequest("restore_cookie %q is of no preview of the group", textAt(item, "restore_cookie"))
		}
	}
	return nil
}

func (s *Sim) restoreGCSObjects(c *call) (answer, error) {
	of := s.assetAt(c, pathGCPGroups, c.params["gcs_protection_group_id"])
	if of == nil {
		return answer{}, notFound()
	}
	if err := s.checkGCSTarget(c); err != nil {
		return answer{}, err
	}
	if err := s.chosenObjects(c, of); err != nil {
		return answer{}, err
	}
	return s.taskAnswer(c, c.request.URL.EscapedPath(), s.restoreTask(c, of, of.environment, nil), nil)
}

func (s *Sim) restoreS3Objects(c *call) (answer, error) {
	of := s.assetAt(c, pathGroups, c.params["protection_group_id"])
	target := groupAt(c.body, "target")
	to := s.environmentByID(c, textAt(target, "environment_id"))
	if of == nil || to == nil || s.assetAt(c, pathBuckets, textAt(target, "bucket_id")) == nil {
		return answer{}, notFound()
	}
	if err := checkStorage(target); err != nil {
		return answer{}, err
	}
	if err := s.chosenObjects(c, of); err != nil {
		return answer{}, err
	}
	return s.taskAnswer(c, c.request.URL.EscapedPath(), s.restoreTask(c, of, to, nil), nil)
}

func backtrackRestore() shape {
	return group(map[string]shape{
		"type": rollbackType(),
		"source": need(exactlyOne(group(map[string]shape{
			"bucket_id": need(text()), "object_filters": bucketFilters(),
			"point_in_time_recovery":     group(map[string]shape{"restore_end_timestamp": moment()}),
			"undo_delete_marker_options": group(map[string]shape{"start_timestamp": moment()}),
		}), "point_in_time_recovery", "undo_delete_marker_options")),
		"target": need(group(map[string]shape{
			"bucket_name": text(), "environment_id": text(), "prefix": text(), "storage_class": storageClass(""),
			"tags": tagShapes(),
		})),
	})
}

// backtrack takes a bucket back in place, or undoes its delete markers.
func (s *Sim) backtrack(c *call) (answer, error) {
	of := s.assetAt(c, pathBuckets, textAt(c.body, "source", "bucket_id"))
	if of == nil || of.deleted {
		return answer{}, notFound()
	}
	to := of.environment
	if id := textAt(c.body, "target", "environment_id"); id != "" {
		if to = s.environmentByID(c, id); to == nil {
			return answer{}, notFound()
		}
	}
	return s.taskAnswer(c, pathRestoreBuckets, s.restoreTask(c, of, to, nil), nil)
}
