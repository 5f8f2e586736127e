package storwaresim

// backupRecord shows a backup. Members without a value are left out rather
// than null (NOTES section 1).
func (c *call) backupRecord(b *backup) object {
	o := object{
		"guid": b.guid, "protectedEntity": b.entity.ref(), "parentBackup": b.parent.ref(),
		"status": enum(b.statusAt(c.now)), "type": enum(b.kind), "statusInfo": b.statusInfo,
		"snapshotTime": moment(b.snapshotTime), "backupTime": b.backupTime,
		"size": b.size, "effectiveBackupSize": b.size + b.size/16, "effectiveBackupObjectsCount": b.objects,
		"warnings": append([]string{}, b.warnings...), "warningsPresent": len(b.warnings) > 0,
		"warningsAcknowledged": b.acknowledged, "hidden": b.hidden, "archiveExpire": moment(b.archiveExpire),
		"description": nil, "sourceProject": b.entity.project.ref(), "backupRule": b.policy.rule().ref(),
		"originEntity": nil, "taskDurationTime": b.backupTime - b.snapshotTime, "vmExportImportMode": nil,
		"taskTimeStats":   object{"queuedExportTime": 2000, "exportTime": 610000, "queuedStoreTime": 1500, "storeTime": 480000},
		"backupLocations": c.locations(b),
	}
	if b.snapshotTime == 0 {
		o["taskDurationTime"], o["taskTimeStats"] = nil, nil
	}
	if b.description != "" {
		o["description"] = b.description
	}
	if made := b.policy.rule().schedule(); made != nil {
		o["originEntity"] = typedRef("SCHEDULE", made.guid, made.Name)
	}
	if b.entity.kind == "VM" {
		o["vmExportImportMode"] = enum("DISK_IMAGE_TRANSFER")
	}
	return o
}

// backupDetails differs from the record in a list by two members.
func (c *call) backupDetails(b *backup) object {
	o := c.backupRecord(b)
	delete(o, "warningsAcknowledged")
	o["iscsiMountable"] = b.usable() && b.entity.kind == "VM"
	return o
}

func (c *call) locations(b *backup) []object {
	out := []object{}
	for i := range b.destinations {
		out = append(out, c.locationRecord(b, i))
	}
	return out
}

func (c *call) locationRecord(b *backup, i int) object {
	role := "PRIMARY"
	if i > 0 {
		role = "SECONDARY"
	}
	return object{
		"guid": locationGUID(b.guid, i), "backup": b.ref(), "snapshotTime": moment(b.snapshotTime),
		"backupDestination": b.destinations[i].ref(), "roleType": enum(role),
		"backupDestinationType": enum(b.destinations[i].kind), "status": enum(b.locationStatus(c)),
		"type": enum(b.kind), "statusInfo": "", "retentionHint": enum(orElse(b.hint, "STANDARD_RETENTION")),
		"archiveExpire": moment(b.archiveExpire),
	}
}

// locationStatus: IN_PROGRESS, in two words, unlike a backup's (NOTES section 9).
func (b *backup) locationStatus(c *call) string {
	switch b.statusAt(c.now) {
	case "SUCCESS", "PARTIAL_SUCCESS":
		return "PRESENT"
	case "SUCCESS_REMOVED":
		return "REMOVED"
	case "FAILED":
		return "FAILED"
	default:
		return "IN_PROGRESS"
	}
}

// moment is a time in epoch milliseconds, without a value when it is zero.
func moment(ms int64) any {
	if ms == 0 {
		return nil
	}
	return ms
}

// locationGUID makes the guid of a backup's location from the backup's own, so
// that no table of them is needed: applied again it gives the backup's.
func locationGUID(guid string, i int) string { return marked(guid, 0x10c00001+uint64(i)) }

// backupOfLocation finds the backup that a location belongs to, nil when there
// is no such location.
func (s *Sim) backupOfLocation(guid string) *backup {
	for i := range len(s.destinations) {
		if b := s.backupByGUID[locationGUID(guid, i)]; b != nil && i < len(b.destinations) {
			return b
		}
	}
	return nil
}

// listLocations has filters but no paging (NOTES section 9: restore picks a
// location).
func (c *call) listLocations() answer {
	p := &params{c: c}
	status := p.constant("location-status", "FAILED", "IN_PROGRESS", "PRESENT", "REMOVED")
	rule, entityGUID := p.one("backup-rule"), p.one("protected-entity")
	if p.bad != "" {
		return badRequest(p.bad)
	}
	backups := c.sim.byTime
	if entityGUID != "" {
		backups = nil
		if e := c.sim.entityByGUID[entityGUID]; e != nil {
			backups = e.backups
		}
	}
	var out []object
	for _, b := range backups {
		if b.visible.After(c.now) || status != "" && b.locationStatus(c) != status ||
			rule != "" && b.policy.rule().guidOf() != rule {
			continue
		}
		out = append(out, c.locations(b)...)
	}
	return plain(out)
}
