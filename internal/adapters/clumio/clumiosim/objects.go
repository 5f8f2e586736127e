package clumiosim

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// storedObject is one version of an object in a backup of a bucket.
type storedObject struct {
	key, version, etag string
	size               int64
	asset              *asset // the bucket in its group, or the bucket itself
	changed            time.Time
}

// objectsOf are the objects of a bucket; each other one has an older version.
func objectsOf(a *asset) []storedObject {
	draws := seeded(a.seed, 9)
	var out []storedObject
	for i, folder := range []string{"invoices/2025/", "invoices/2026/", "logs/", "media/", ""} {
		for j := range 2 {
			key := fmt.Sprintf("%sobject-%02d.%s", folder, i*2+j, pick(draws, "json", "csv", "bin"))
			for version := range 1 + j {
				out = append(out, storedObject{
					key: key, version: fmt.Sprintf("v%d-%s", version+1, hexText(draws, 6)), etag: hexText(draws, 16),
					size: int64(1 + draws.IntN(1<<20)), asset: a,
					changed: a.made.Add(-time.Duration(version) * time.Hour),
				})
			}
		}
	}
	return out
}

// latest tells newest versions; they come first.
func latest(all []storedObject, i int) bool {
	return i == 0 || all[i-1].key != all[i].key
}

// selectObjects applies object_filters; no filter lets everything through.
func selectObjects(all []storedObject, filters map[string]any) ([]storedObject, error) {
	var pattern *regexp.Regexp
	for _, name := range []string{"object_key_matches", "object_key_regex_matches"} {
		text := textAt(filters, name)
		if text == "" {
			continue
		}
		var err error
		if pattern, err = regexp.Compile(text); err != nil {
			return nil, badRequest("%s is not a regular expression", name)
		}
	}
	newest := filters["latest_version_only"] == true || filters["is_latest_version_only"] == true
	least, most := wholeAt(filters, "min_object_size_bytes"), wholeAt(filters, "max_object_size_bytes")
	out := []storedObject{}
	for i, o := range all {
		switch {
		case newest && !latest(all, i),
			!strings.HasPrefix(o.key, textAt(filters, "object_key_prefix")),
			!strings.HasSuffix(o.key, textAt(filters, "object_key_suffix")),
			!strings.Contains(o.key, textAt(filters, "object_key_contains")),
			pattern != nil && !pattern.MatchString(o.key),
			textAt(filters, "etag") != "" && textAt(filters, "etag") != o.etag,
			textAt(filters, "version_id") != "" && textAt(filters, "version_id") != o.version,
			o.size < least, most > 0 && o.size > most:
		default:
			out = append(out, o)
		}
	}
	return out, nil
}

func wholeAt(v map[string]any, name string) int64 {
	number, _ := v[name].(json.Number)
	n, _ := number.Int64()
	return n
}

// cookie is what restoring a single object asks back.
func (o storedObject) cookie() string {
	return "test-cookie." + o.asset.id + "." + hex.EncodeToString([]byte(o.key+"@"+o.version))
}

// objectByCookie finds the object that a preview named.
func (s *Sim) objectByCookie(c *call, text string) (storedObject, bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return storedObject{}, false
	}
	a := s.assetByID[parts[1]]
	if a == nil || !c.sees(a.unit) {
		return storedObject{}, false
	}
	for _, o := range objectsOf(a) {
		if o.cookie() == text {
			return o, true
		}
	}
	return storedObject{}, false
}

// wire shows an object. Buckets spell two times in another way than groups, and
// GCP has its own shape.
func (o storedObject) wire() object {
	record := object{
		"object_key": o.key, "restore_cookie": o.cookie(), "size_in_bytes": o.size, "version_id": o.version,
	}
	switch o.asset.path {
	case pathGCSAssets:
		record["bucket"], record["gcs_asset_id"] = o.asset.gcs.name, o.asset.id
		record["last_modified_time"], record["storage_class"] = wireTime(o.changed), "STANDARD"
		return record
	case pathBuckets:
		record["last_backup_timestamp"], record["last_modified_timestamp"] = nil, wireTime(o.changed)
		record["protection_group_asset_id"] = nil
	default:
		record["last_backup_time"], record["last_modified_time"] = nil, wireTime(o.changed)
		record["protection_group_asset_id"] = o.asset.id
	}
	record["bucket"], record["etag"], record["region"] = o.asset.name, o.etag, o.asset.environment.region
	record["storage_class"] = "S3 Standard"
	return record
}
