package clumiosim

import "strconv"

func malwareReport() shape {
	return group(map[string]shape{
		"source": need(exactlyOne(group(map[string]shape{
			"s3_asset_backup_id": text(),
			"backup_time_range": group(map[string]shape{
				"s3_asset_id": need(text()), "start_timestamp": moment(), "end_timestamp": moment(),
			}),
			"malware_scan_task":       group(map[string]shape{"s3_asset_id": need(text()), "task_id": whole()}),
			"protection_group_backup": group(map[string]shape{"s3_asset_id": text(), "protection_group_backup_id": need(text())}),
		}), "s3_asset_backup_id", "backup_time_range", "malware_scan_task", "protection_group_backup")),
		"target": need(group(map[string]shape{
			"bucket_id": need(text()), "environment_id": text(), "prefix": text(), "storage_class": storageClass(),
		})),
	})
}

// exportMalwareReport writes what a scan found into a bucket.
func (s *Sim) exportMalwareReport(c *call) (answer, error) {
	source := groupAt(c.body, "source")
	var of *asset
	for _, kind := range []string{"backup_time_range", "malware_scan_task", "protection_group_backup"} {
		if id := textAt(source, kind, "s3_asset_id"); id != "" {
			if of = s.assetAt(c, pathS3Assets, id); of == nil {
				return answer{}, notFound()
			}
		}
	}
	for list, id := range map[string]string{
		ListS3Assets: textAt(source, "s3_asset_backup_id"),
		ListGroups:   textAt(source, "protection_group_backup", "protection_group_backup_id"),
	} {
		if id == "" {
			continue
		}
		b, err := s.backupOf(c, list, id)
		if err != nil {
			return answer{}, err
		}
		of = b.asset
	}
	bucket := s.assetAt(c, pathBuckets, textAt(c.body, "target", "bucket_id"))
	if of == nil || bucket == nil {
		return answer{}, notFound()
	}
	return s.taskAnswer(c, ListS3Assets+"/malware-report", s.reportTask("malware_report", of, c), nil)
}

func (s *Sim) reportTask(kind string, of *asset, c *call) *task {
	return s.startTask(c.now, &task{
		kind: kind, category: "report_generation", unit: of.unit, primary: entityOf(of),
		parent: environmentEntity(of.environment),
	})
}

func errorReport(asset string) shape {
	members := map[string]shape{
		"backup_id": need(text()), "error_report_bucket_name": need(text()), "error_report_prefix": text(),
		"error_report_project_id": text(), "task_id": whole(),
	}
	if asset != "" {
		members[asset] = text()
	}
	return group(members)
}

// gcsErrorReport writes what a backup could not read into a bucket. Its answer
// has another form than all others: a number for the task and no links.
func (s *Sim) gcsErrorReport(list string) endpoint {
	return func(c *call) (answer, error) {
		b, err := s.backupOf(c, list, textAt(c.body, "backup_id"))
		if err != nil {
			return answer{}, err
		}
		t := s.reportTask("gcs_error_report", b.asset, c)
		c.subject = t.primary
		number, err := strconv.ParseInt(t.id, 10, 64)
		if err != nil {
			return answer{}, err
		}
		return accepted(object{"_self": link(c.request.URL.EscapedPath(), "post"), "task_id": number})
	}
}
