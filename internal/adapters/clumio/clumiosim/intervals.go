package clumiosim

import (
	"strconv"
	"time"
)

// intervalCatalog lists the spans that an asset can be restored to at any
// moment. A filter on timestamp asks for spans that reach into a range: lte
// looks at the start, the lower bound at the end (inferred).
func intervalCatalog(path, resource, param, assets, lower string) catalog {
	return catalog{
		path: path + "/{" + param + "}/pitr-intervals", resource: resource, tokens: true, applied: true,
		filters: filterRules{"timestamp": {"lte " + lower, timeValue}},
		members: map[string]string{"timestamp lte": "start_timestamp", "timestamp " + lower: "end_timestamp"},
		entries: func(s *Sim, c *call) ([]entry, error) {
			a := s.assetAt(c, assets, c.params[param])
			if a == nil {
				return nil, notFound()
			}
			var out []entry
			for _, span := range a.intervals(c.now) {
				record := object{"start_timestamp": wireTime(span[0]), "end_timestamp": wireTime(span[1])}
				if assets == pathDatabases {
					record["_links"] = object{"restore-ec2-mssql-database": link(pathRestoreDatabases, "post")}
				}
				out = append(out, entry{record: record})
			}
			return out, nil
		},
	}
}

// intervals are three spans with gaps; the last one ends a few minutes ago.
func (a *asset) intervals(now time.Time) [][2]time.Time {
	if a.unsupported {
		return nil
	}
	end := now.Add(-5 * time.Minute).UTC().Truncate(time.Second)
	const day = 24 * time.Hour
	return [][2]time.Time{
		{end.Add(-21 * day), end.Add(-15 * day)}, {end.Add(-14 * day), end.Add(-8 * day)}, {end.Add(-7 * day), end},
	}
}

// restorableAt says whether an interval holds a moment.
func (a *asset) restorableAt(now, at time.Time) bool {
	for _, span := range a.intervals(now) {
		if !at.Before(span[0]) && !at.After(span[1]) {
			return true
		}
	}
	return false
}

func databaseIntervals() catalog {
	return intervalCatalog(pathDatabases, "ec2-mssql-databases", "database_id", pathDatabases, "gt")
}

func s3Intervals() catalog {
	return intervalCatalog(pathS3Assets, "protection-groups-s3-assets", "protection_group_s3_asset_id", pathS3Assets, "gte")
}

// gcsIntervals: its filter is public nowhere; it is taken to be that of S3.
func gcsIntervals() catalog {
	return intervalCatalog(pathGCSAssets, "gcp-gcs-assets", "gcs_asset_id", pathGCSAssets, "gte")
}

// maxBins bounds one answer of the statistics (inferred).
const maxBins = 1000

// continuousStats counts what continuous backups did in each interval between
// two moments, both mandatory (NOTES section 9).
func (s *Sim) continuousStats(assets, param string) endpoint {
	return func(c *call) (answer, error) {
		a := s.assetAt(c, assets, c.params[param])
		if a == nil {
			return answer{}, notFound()
		}
		begin, err := time.Parse(time.RFC3339, c.query.Get("begin_timestamp"))
		if err != nil {
			return answer{}, badRequest("begin_timestamp is required")
		}
		end, err := time.Parse(time.RFC3339, c.query.Get("end_timestamp"))
		if err != nil || !end.After(begin) {
			return answer{}, badRequest("end_timestamp is required and comes after begin_timestamp")
		}
		width := end.Sub(begin)
		if text := c.query.Get("interval"); text != "" {
			if width, err = binWidth(text); err != nil {
				return answer{}, err
			}
		}
		if end.Sub(begin)/width > maxBins {
			return answer{}, badRequest("the interval %q is too short for the range", c.query.Get("interval"))
		}
		var bins []object
		total := statsBin(a, begin, end)
		for _, member := range countedMembers() {
			total[member] = int64(0)
		}
		for at := begin; at.Before(end); at = at.Add(width) {
			to := at.Add(width)
			if to.After(end) {
				to = end
			}
			bin := statsBin(a, at, to)
			for _, member := range countedMembers() {
				sum, _ := total[member].(int64)
				n, _ := bin[member].(int64)
				total[member] = sum + n
			}
			bins = append(bins, bin)
		}
		return ok(object{
			"_links": object{"_self": c.pageLink("")}, "bins": bins, "total_stats": total,
		})
	}
}

// binWidth reads 15m, 1h or 1d.
func binWidth(text string) (time.Duration, error) {
	units := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	last := len(text) - 1
	n, err := strconv.Atoi(text[:last])
	unit := units[text[last]]
	if err != nil || n < 1 || n > 10_000 || unit == 0 {
		return 0, badRequest("interval %q is not a number of minutes, hours or days", text)
	}
	return time.Duration(n) * unit, nil
}

func countedMembers() []string {
	return []string{
		"successful_continuous_backups_count", "total_continuous_backups_count", "successful_objects_count",
		"successful_objects_size", "filtered_in_count", "filtered_in_size", "failed_continuous_backups_count",
		"failed_objects_count", "failed_objects_size", "filtered_out_count", "filtered_out_size",
		"missing_objects_count", "missing_objects_size", "deleted_objects_count", "deleted_objects_size",
		"ongoing_continuous_backups_count",
	}
}

func statsBin(a *asset, from, to time.Time) object {
	runs := int64(to.Sub(from) / (15 * time.Minute))
	changed := runs * int64(1+a.seed%7)
	bin := object{"backup_start_time": wireTime(from), "backup_end_time": wireTime(to)}
	for _, member := range countedMembers() {
		bin[member] = int64(0)
	}
	bin["successful_continuous_backups_count"], bin["total_continuous_backups_count"] = runs, runs
	for _, kind := range []string{"successful_objects", "filtered_in"} {
		bin[kind+"_count"], bin[kind+"_size"] = changed, changed*65_537
	}
	return bin
}
