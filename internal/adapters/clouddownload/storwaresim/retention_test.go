package storwaresim

import (
	"fmt"
	"testing"
	"time"
)

type wireMark struct {
	GUID                                 string
	RetentionHint, PreviousHint          word
	ArchiveExpire, PreviousArchiveExpire int64
}

func (c *client) backupState(guid string) string {
	c.t.Helper()
	var b wireBackup
	c.want(200, "GET", "/backups/"+guid, "", &b)
	return b.Status.Name
}

func TestMarkingBackups(t *testing.T) {
	c, clock := start(t, Options{Seed: 6})
	_, user := c.entityWith("CLOUD_USER")
	_, machine := c.entityWith("VM")
	mark := func(path, guid, hint string, expire time.Time) []wireMark {
		t.Helper()
		var rows []wireMark
		c.want(201, "POST", path, fmt.Sprintf(`[{"guid":%q,"retentionHint":{"name":%q},"archiveExpire":%d}]`, guid, hint, expire.UnixMilli()), &rows)
		return rows
	}
	rows := mark("/retention/mark-backups/preview", user, "TO_REMOVE", time.UnixMilli(0))
	if len(rows) != len(c.sim.backupByGUID[user].destinations) || rows[0].RetentionHint.Name != "TO_REMOVE" ||
		rows[0].PreviousHint.Name != "STANDARD_RETENTION" || rows[0].GUID != locationGUID(user, 0) {
		t.Fatalf("preview %+v", rows)
	}
	clock.Advance(2 * cleanupDelay)
	if got := c.backupState(user); got != "SUCCESS" {
		t.Fatalf("after a preview: %s", got)
	}

	expire := clock.Now().Add(48 * time.Hour).Truncate(time.Millisecond)
	mark("/retention/mark-backups", user, "TO_REMOVE", time.UnixMilli(0))
	mark("/retention/mark-backups", locationGUID(machine, 0), "ARCHIVE", expire)
	clock.Advance(cleanupDelay - time.Millisecond)
	if got := c.backupState(user); got != "SUCCESS" {
		t.Errorf("before the clean-up: %s", got)
	}
	clock.Advance(time.Millisecond)
	if got := c.backupState(user); got != "SUCCESS_REMOVED" {
		t.Errorf("after the clean-up: %s", got)
	}
	var locations []struct{ GUID string }
	entity := c.sim.backupByGUID[user].entity.guid
	c.want(200, "GET", "/backup-locations?location-status=REMOVED&protected-entity="+entity, "", &locations)
	if len(locations) == 0 {
		t.Error("no removed location")
	}
	c.want(404, "POST", "/cloud-download", fmt.Sprintf(`{"protectedEntity":%q,"backup":"none"}`, entity), nil)

	rows = mark("/retention/mark-backups", machine, "ARCHIVE", expire.Add(time.Hour))
	if rows[0].PreviousHint.Name != "ARCHIVE" || rows[0].PreviousArchiveExpire != expire.UnixMilli() {
		t.Errorf("second mark %+v", rows[0])
	}
	clock.Advance(47*time.Hour + 30*time.Minute) // past the first time, not the second
	if got := c.backupState(machine); got != "SUCCESS" {
		t.Errorf("archived until later: %s", got)
	}
	mark("/retention/mark-backups", machine, "STANDARD_RETENTION", time.UnixMilli(0))
	clock.Advance(24 * time.Hour)
	if got := c.backupState(machine); got != "SUCCESS" {
		t.Errorf("no longer marked: %s", got)
	}
	mark("/retention/mark-backups", machine, "ARCHIVE", clock.Now().Add(2*cleanupDelay))
	clock.Advance(2 * cleanupDelay)
	if got := c.backupState(machine); got != "SUCCESS_REMOVED" {
		t.Errorf("after its time as an archive: %s", got)
	}
}

func TestMarksAreAllOrNone(t *testing.T) {
	c, clock := start(t, Options{Seed: 6})
	_, user := c.entityWith("CLOUD_USER")
	for body, status := range map[string]int{
		`[{"guid":%q,"retentionHint":"TO_REMOVE"},{"guid":"none","retentionHint":"TO_REMOVE"}]`: 404,
		`[{"guid":%q,"retentionHint":"TO_REMOVE"},{"guid":%[1]q,"retentionHint":"BURN"}]`:       400,
		`[{"guid":%q,"retentionHint":"ARCHIVE"}]`:                                               400,
		`{"guid":%q}`: 400,
	} {
		c.want(status, "POST", "/retention/mark-backups", fmt.Sprintf(body, user), nil)
	}
	clock.Advance(2 * cleanupDelay)
	if got := c.backupState(user); got != "SUCCESS" {
		t.Errorf("a refused mark took effect: %s", got)
	}
}

func TestNewestUsableAfterRemoval(t *testing.T) {
	c, clock := start(t, Options{Seed: 6})
	entity, _ := c.entityWith("CLOUD_USER")
	newest := c.sim.entityByGUID[entity].lastUsable(func(*backup) bool { return true })
	c.want(201, "POST", "/retention/mark-backups", fmt.Sprintf(`[{"guid":%q,"retentionHint":"TO_REMOVE"}]`, newest.guid), nil)
	clock.Advance(cleanupDelay)
	c.create(fmt.Sprintf(`{"protectedEntity":%q}`, entity))
	if made := c.sim.Downloads(); made[0].BackupGUID == newest.guid || made[0].BackupGUID == "" {
		t.Errorf("download of a removed backup: %+v", made[0])
	}
}
