package storwaresim

import (
	"slices"
	"time"
)

// cleanupDelay is how long a backup that is marked for removal waits for the
// next clean-up; the value is made up.
const cleanupDelay = time.Hour

var retentionHints = []string{"TO_REMOVE", "ARCHIVE", "STANDARD_RETENTION", "DONT_TOUCH", "RECREATE"}

func retentionRoutes() []route {
	return []route{
		{pattern: "POST /retention/mark-backups", handle: func(c *call) answer { return c.markBackups(true) }},
		{pattern: "POST /retention/mark-backups/preview", handle: func(c *call) answer { return c.markBackups(false) }},
	}
}

type retentionMark struct {
	GUID          string
	RetentionHint named
	ArchiveExpire int64
}

// markBackups changes or previews retention hints: all of them or none. The UI
// puts the backup's guid in guid; a location's is taken too (NOTES section 9).
func (c *call) markBackups(apply bool) answer {
	var request []retentionMark
	if a, good := c.body(&request); !good {
		return a
	}
	backups := make([]*backup, len(request))
	for i, one := range request {
		b := c.sim.backupByGUID[one.GUID]
		if b == nil {
			b = c.sim.backupOfLocation(one.GUID)
		}
		hint := one.RetentionHint.Name
		switch {
		case b == nil:
			return notFound("backup")
		case hint != "" && !slices.Contains(retentionHints, hint):
			return badRequest("unknown retentionHint")
		case hint == "ARCHIVE" && one.ArchiveExpire <= 0:
			return badRequest("archiveExpire is required")
		}
		backups[i] = b
	}
	out := []object{}
	for i, one := range request {
		b := backups[i]
		before := orElse(b.hint, "STANDARD_RETENTION")
		for _, row := range c.locations(b) {
			row["previousType"], row["previousHint"], row["previousArchiveExpire"] = enum(b.kind), enum(before), moment(b.archiveExpire)
			row["retentionHint"], row["archiveExpire"] = enum(orElse(one.RetentionHint.Name, before)), moment(one.ArchiveExpire)
			delete(row, "backupDestinationType")
			out = append(out, row)
		}
		if apply {
			c.mark(b, orElse(one.RetentionHint.Name, before), one.ArchiveExpire)
		}
	}
	return c.created(out)
}

// mark sets the hint and with it the time at which the data goes: a last mark
// before that time counts.
func (c *call) mark(b *backup, hint string, archiveExpire int64) {
	b.hint, b.archiveExpire, b.removed = hint, archiveExpire, time.Time{}
	cleanup := c.now.Add(cleanupDelay)
	switch hint {
	case "TO_REMOVE":
		b.removed = cleanup
	case "ARCHIVE": // kept until archiveExpire (NOTES section 9)
		b.removed = time.UnixMilli(archiveExpire)
		if b.removed.Before(cleanup) {
			b.removed = cleanup
		}
	}
	c.sim.marked = slices.DeleteFunc(c.sim.marked, func(other *backup) bool { return other == b })
	if !b.removed.IsZero() {
		c.sim.marked = append(c.sim.marked, b)
	}
}

// removeMarked: a backup whose data retention has removed was good once, its
// record stays (NOTES section 9).
func (s *Sim) removeMarked(now time.Time) {
	s.marked = slices.DeleteFunc(s.marked, func(b *backup) bool {
		due := !b.removed.After(now)
		if due && b.usable() {
			b.status = "SUCCESS_REMOVED"
		}
		return due
	})
}
