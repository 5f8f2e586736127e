package storwaresim

import "slices"

// getStorageUsage: the members of the answer are not documented.
func (c *call) getStorageUsage() answer {
	e := c.pathEntity(c.r.PathValue("protectedEntityType"))
	if e == nil || !isOS(e) {
		return notFound("protected entity")
	}
	total, count := int64(0), 0
	for _, b := range e.backups {
		if b.usable() {
			total += b.size
			count++
		}
	}
	return ok(object{"usedSpace": total, "backupCount": count})
}

// deleteNonPresent removes the machines that are gone at the source. One with a
// usable backup stays: it is still restorable (NOTES section 12; inferred).
func (c *call) deleteNonPresent() answer {
	c.sim.entities = slices.DeleteFunc(c.sim.entities, func(e *entity) bool {
		gone := e.kind == "VM" && !e.present && e.lastUsable(func(*backup) bool { return true }) == nil
		if gone {
			delete(c.sim.entityByGUID, e.guid)
		}
		return gone
	})
	return c.changed(nil)
}

// listIncrementalNotPossible is a list through POST (NOTES section 14): of the
// machines asked about, those with no full backup to build on (inferred).
func (c *call) listIncrementalNotPossible() answer {
	var machines []named
	if a, good := c.body(&machines); !good {
		return a
	}
	out := []object{}
	for _, one := range machines {
		e := c.sim.entityByGUID[one.GUID]
		if e.kindOf() != "VM" {
			return notFound("virtual machine")
		}
		if e.lastUsable(func(b *backup) bool { return b.parent == nil }) == nil {
			out = append(out, c.machineRecord(e))
		}
	}
	return c.created(out)
}

// listGroupsForCleanup lists the groups that have data in the destination (inferred).
func (c *call) listGroupsForCleanup() answer {
	p := &params{c: c}
	destination := p.one("backup-destination")
	l := listing[*entity]{name: (*entity).nameOf, build: c.cloudRecord}
	return l.answer(p, c.sim.entities, func(e *entity) bool {
		return e.kind == "CLOUD_GROUP" && slices.ContainsFunc(e.backups, func(b *backup) bool {
			return b.usable() && (destination == "" || slices.ContainsFunc(b.destinations, func(d *place) bool { return d.guid == destination }))
		})
	})
}
