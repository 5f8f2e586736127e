package adaptertest

import (
	"slices"
	"time"

	"switchback/internal/adapters/adaptercheck"
	"switchback/internal/adapters/simkit"
	"switchback/internal/model"
)

func listingChecks() []check {
	return []check{
		{
			name: "listing/shows-what-the-vendor-has", why: "the streams together hold as many backups as the vendor has, on good days and bad ones",
			scenario: simkit.Hostile,
			lacks: func(s Sim) string {
				if s.Backups == nil {
					return "Backups"
				}
				return ""
			},
			run: func(t adaptercheck.T, b *bench) {
				if want, got := b.sim.Backups(), len(b.backups(t, b.adapter)); got != want {
					t.Errorf("the vendor has %d backups, the adapter shows %d", want, got)
				}
			},
		},
		{
			name: "listing/inserts-move-nothing", why: "backups that are made during a walk make it lose or double nothing",
			scenario: simkit.Friendly,
			lacks: func(s Sim) string {
				if s.AddBackup == nil {
					return "AddBackup"
				}
				return ""
			},
			run: insertsMoveNothing,
		},
	}
}

func insertsMoveNothing(t adaptercheck.T, b *bench) {
	want := b.backups(t, b.adapter)
	streams, err := b.adapter.Backups.Streams(t.Context(), model.BackupQuery{})
	if err != nil {
		t.Fatalf("streams: %v", err)
	}
	times := map[model.ID]int{}
	for _, stream := range streams {
		var before model.Position
		for more := true; more; {
			page, err := stream.Page(t.Context(), before, 2)
			if err != nil {
				t.Fatalf("stream %s: %v", stream.Name, err)
			}
			for _, item := range page.Items {
				times[item.ID]++
			}
			if more = page.More; more && !before.Before(page.Next) {
				t.Fatalf("stream %s: Next %v does not come after %v", stream.Name, page.Next, before)
			}
			before = page.Next
			b.clock.Advance(time.Second)
			b.sim.AddBackup()
		}
	}
	lost := slices.DeleteFunc(want, func(item model.Backup) bool { return times[item.ID] == 1 })
	if len(lost) > 0 {
		t.Errorf("%d backups were lost or doubled, among them %s, seen %d times", len(lost), lost[0].ID, times[lost[0].ID])
	}
}
