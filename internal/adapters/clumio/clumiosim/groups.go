package clumiosim

import "time"

// definition is what a protection group protects.
type definition struct {
	description, rule string
	gcpRule           any
	filter            object
	version           int
	changed           time.Time
}

// newGroupDelay is how long a new group is not there yet: seconds to minutes
// (NOTES section 8).
const newGroupDelay = 5 * time.Second

func groupDefinition() shape {
	return group(map[string]shape{
		"name": need(text()), "description": text(), "bucket_rule": text(),
		"object_filter": need(group(map[string]shape{
			"earliest_last_modified_timestamp": moment(), "latest_version_only": flag(),
			"prefix_filters": listOf(group(map[string]shape{
				"prefix": text(), "excluded_sub_prefixes": listOf(text()),
			})),
			"storage_classes": listOf(storageClass()),
		})),
	})
}

func storageClass(more ...string) shape {
	return text(append(more, "S3 Standard", "S3 Standard-IA", "S3 Intelligent-Tiering", "S3 One Zone-IA")...)
}

// createGroup makes a group that shows, and can be assigned, a little later, and
// then holds the buckets that its rule matches.
func (s *Sim) createGroup(c *call) (answer, error) {
	a := &asset{
		path: pathGroups, backupList: ListGroups, id: s.newID(), environment: s.environments[0],
		unit: s.environments[0].unit, backupStatus: "no_backup", made: c.now,
	}
	if c.unit != "" {
		a.unit = c.unit
	}
	a.seed = textSeed(a.id)
	if err := defineGroup(c, a, 1); err != nil {
		return answer{}, err
	}
	s.arriveAfter(c.now.Add(newGroupDelay), func() {
		s.addAsset(a)
		s.applyRule(c, a)
	})
	c.subject = entityOf(a)
	return ok(s.groupVersion(c, a))
}

func defineGroup(c *call, a *asset, version int) error {
	d := &definition{
		description: textAt(c.body, "description"), rule: textAt(c.body, "bucket_rule"),
		filter: groupAt(c.body, "object_filter"), version: version, changed: c.now,
	}
	if _, err := parseBucketRule(d.rule); err != nil {
		return err
	}
	a.name, a.definition = textAt(c.body, "name"), d
	return nil
}

// groupVersion is the shorter record that changing a group answers.
func (s *Sim) groupVersion(c *call, a *asset) object {
	all := wireProtectionGroup(s, a, c.now)
	record := object{
		"_embedded": nil, "_links": object{"_self": link(pathGroups+"/"+a.id, "get")}, "id": a.id,
		"is_deleted": a.deleted, "organizational_unit_id": a.unit,
	}
	for _, name := range []string{
		"backup_target_aws_region", "backup_tier_stats", "bucket_count", "bucket_rule", "created_timestamp",
		"description", "is_backup_target_region_configured", "last_backup_timestamp",
		"last_continuous_backup_timestamp", "modified_timestamp", "name", "object_filter",
		"total_backed_up_object_count", "total_backed_up_size_bytes", "version",
	} {
		record[name] = all[name]
	}
	return record
}

func (s *Sim) liveGroup(c *call) (*asset, error) {
	a := s.assetAt(c, pathGroups, c.params["group_id"])
	if a == nil || a.deleted {
		return nil, notFound()
	}
	c.subject = entityOf(a)
	return a, nil
}

func (s *Sim) updateGroup(c *call) (answer, error) {
	a, err := s.liveGroup(c)
	if err != nil {
		return answer{}, err
	}
	version, _ := wireProtectionGroup(s, a, c.now)["version"].(int)
	if err := defineGroup(c, a, version+1); err != nil {
		return answer{}, err
	}
	s.applyRule(c, a)
	return ok(s.groupVersion(c, a))
}

// deleteGroup keeps the backups: the group and its buckets are shown as deleted
// from then on.
func (s *Sim) deleteGroup(c *call) (answer, error) {
	a, err := s.liveGroup(c)
	if err != nil {
		return answer{}, err
	}
	s.dissolve(c, a, pathS3Assets)
	return s.done()
}

func (s *Sim) dissolve(c *call, a *asset, members string) {
	c.subject = entityOf(a)
	a.deleted, a.policy = true, nil
	for _, member := range s.assets[members] {
		if member.group == a {
			member.deleted, member.policy = true, nil
		}
	}
}

// addMember puts a bucket into a group.
func (s *Sim) addMember(c *call, to *asset, path, list string, bucket *asset, gcs *gcsBucket) *asset {
	a := &asset{
		path: path, backupList: list, id: s.newID(), group: to, bucket: bucket, gcs: gcs, policy: to.policy, unit: to.unit,
		environment: to.environment, backupStatus: "no_backup", made: c.now,
	}
	if bucket != nil {
		a.name, a.environment = bucket.name, bucket.environment
	} else {
		a.name = gcs.name
	}
	a.seed = textSeed(a.id)
	s.addAsset(a)
	return a
}

func (s *Sim) member(of, bucket *asset) *asset {
	for _, a := range s.assets[pathS3Assets] {
		if a.group == of && a.bucket == bucket && !a.deleted {
			return a
		}
	}
	return nil
}

func (s *Sim) addBucket(c *call) (answer, error) {
	to, err := s.liveGroup(c)
	if err != nil {
		return answer{}, err
	}
	bucket := s.assetAt(c, pathBuckets, textAt(c.body, "bucket_id"))
	switch {
	case bucket == nil || bucket.deleted:
		return answer{}, notFound()
	case s.member(to, bucket) != nil:
		return answer{}, conflict("The bucket is in the group already.")
	}
	a := s.addMember(c, to, pathS3Assets, ListS3Assets, bucket, nil)
	a.byUser = true
	return ok(s.memberRecord(c, a))
}

// removeBucket takes only what was put in by hand: the rule holds the others
// (inferred).
func (s *Sim) removeBucket(c *call) (answer, error) {
	from, err := s.liveGroup(c)
	if err != nil {
		return answer{}, err
	}
	a := s.member(from, s.assetAt(c, pathBuckets, c.params["bucket_id"]))
	switch {
	case a == nil:
		return answer{}, notFound()
	case addedBy(a) != "user":
		return answer{}, conflict("The bucket is in the group by its rule.")
	}
	a.deleted, a.policy = true, nil
	return ok(s.memberRecord(c, a))
}

func (s *Sim) memberRecord(c *call, a *asset) object {
	record := wireGroupBucket(s, a, c.now)
	delete(record, "earliest_available_backup_timestamp")
	record["id"], record["is_deleted"], record["organizational_unit_id"] = a.id, a.deleted, a.unit
	return record
}
