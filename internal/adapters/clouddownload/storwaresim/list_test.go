package storwaresim

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters/simkit"
)

func sortFacts(facts []Fact) []Fact {
	slices.SortFunc(facts, func(a, b Fact) int { return strings.Compare(a.GUID, b.GUID) })
	return facts
}

func facts(rows []wireBackup) []Fact {
	out := []Fact{}
	for _, b := range rows {
		out = append(out, b.fact())
	}
	return out
}

func TestPagingToTheEndGivesEveryBackupOnce(t *testing.T) {
	for _, scenario := range []simkit.Scenario{simkit.Friendly(), simkit.Hostile()} {
		for _, backups := range []int{-1, 1, 11, 240, 600} {
			for _, size := range []int{1, 7, 100, 5000} {
				if backups > 11 && size == 1 || backups == 600 && scenario.PageCap > 0 {
					continue // no more than the smaller sizes tell, at a price
				}
				t.Run(fmt.Sprintf("%s/%d by %d", scenario.Name, backups, size), func(t *testing.T) {
					c, _ := start(t, Options{Seed: 3, Scenario: scenario, Backups: backups})
					want := sortFacts(c.sim.Facts())
					if len(want) != max(backups, 0) {
						t.Fatalf("%d facts, want %d", len(want), backups)
					}
					for _, order := range []string{"", "?orderBy=snapshotTime", "?orderBy=backup.snapshotTime&direction=desc", "?orderBy=size&direction=asc"} {
						got := sortFacts(facts(pages[wireBackup](c, "/backups"+order, size)))
						if diff := cmp.Diff(want, got); diff != "" {
							t.Errorf("%q (-facts +list):\n%s", order, diff)
						}
					}
				})
			}
		}
	}
}

func TestWholeListWithoutSize(t *testing.T) {
	c, _ := start(t, Options{Seed: 3})
	var rows []wireBackup
	c.want(200, "GET", "/backups/?filter=", "", &rows)
	if diff := cmp.Diff(sortFacts(c.sim.Facts()), sortFacts(facts(rows))); diff != "" {
		t.Errorf("(-facts +list):\n%s", diff)
	}
}

func TestOrderBySnapshotTime(t *testing.T) {
	c, _ := start(t, Options{Seed: 3, Backups: 100})
	descending := facts(pages[wireBackup](c, "/backups?orderBy=backup.snapshotTime&direction=desc", 9))
	if diff := cmp.Diff(c.sim.Facts(), descending); diff != "" {
		t.Errorf("newest first (-facts +list):\n%s", diff)
	}
	slices.Reverse(descending)
	if diff := cmp.Diff(facts(pages[wireBackup](c, "/backups?orderBy=snapshotTime", 9)), descending); diff != "" {
		t.Errorf("oldest first is not newest first turned round:\n%s", diff)
	}
	ties := 0
	for i := 1; i < len(descending); i++ {
		if descending[i].SnapshotTime == descending[i-1].SnapshotTime {
			ties++
		}
	}
	if ties < 50 {
		t.Errorf("%d ties in snapshotTime, want many", ties)
	}
}

// TestBackupFilters compares each filter with the same test over everything.
func TestBackupFilters(t *testing.T) {
	c, _ := start(t, Options{Seed: 5})
	s := c.sim
	all := pages[wireBackup](c, "/backups", 1000)
	entity, _ := c.entityWith("VM")
	mid := s.Facts()[300].SnapshotTime
	var parent wireBackup
	for _, b := range all {
		if b.ParentBackup != nil {
			parent.GUID = b.ParentBackup.GUID
			break
		}
	}
	held := func(test func(*backup) bool) func(wireBackup) bool {
		return func(b wireBackup) bool { return test(s.backupByGUID[b.GUID]) }
	}
	policies := s.policies[:2]
	for query, test := range map[string]func(wireBackup) bool{
		"protected-entity=" + entity:                    func(b wireBackup) bool { return b.ProtectedEntity.GUID == entity },
		"protected-entity=nobody":                       func(wireBackup) bool { return false },
		"protected-entity-type=CLOUD_USER":              func(b wireBackup) bool { return b.ProtectedEntity.Type.Name == "CLOUD_USER" },
		"status=FAILED&status=PARTIAL_SUCCESS":          func(b wireBackup) bool { return b.Status.Name == "FAILED" || b.Status.Name == "PARTIAL_SUCCESS" },
		"status=&type=INCREMENTAL":                      func(b wireBackup) bool { return b.Type.Name == "INCREMENTAL" },
		fmt.Sprintf("from=%d", mid):                     func(b wireBackup) bool { return b.SnapshotTime >= mid },
		fmt.Sprintf("to=%d", mid):                       func(b wireBackup) bool { return b.SnapshotTime <= mid },
		fmt.Sprintf("from=%d&to=%d", mid, mid):          func(b wireBackup) bool { return b.SnapshotTime == mid },
		"parent-backup=" + parent.GUID:                  func(b wireBackup) bool { return b.ParentBackup != nil && b.ParentBackup.GUID == parent.GUID },
		"root-backup=" + all[0].GUID:                    held(func(b *backup) bool { return b.root.guid == all[0].GUID }),
		"without-hidden=true":                           held(func(b *backup) bool { return !b.hidden }),
		"only-mountable=true":                           held(func(b *backup) bool { return b.usable() && mountable(b.entity.kind) }),
		"min-size=30000000000":                          held(func(b *backup) bool { return b.size >= 30000000000 }),
		"node=" + s.nodes[1].guid:                       held(func(b *backup) bool { return b.node == s.nodes[1] }),
		"hypervisor=" + s.hypervisors[0].guid:           held(func(b *backup) bool { return b.entity.hypervisor == s.hypervisors[0] }),
		"hypervisor-manager=" + s.managers[0].guid:      held(func(b *backup) bool { return b.entity.manager != nil }),
		"cloud-service-provider=" + s.providers[1].guid: held(func(b *backup) bool { return b.entity.provider == s.providers[1] }),
		"project-uuid=" + s.projects[0].guid:            held(func(b *backup) bool { return b.entity.project == s.projects[0] }),
		"backup-destination=" + s.destinations[1].guid:  held(func(b *backup) bool { return len(b.destinations) == 2 }),
		"backup-rule=" + policies[0].rules[0].guid:      held(func(b *backup) bool { return b.policy == policies[0] }),
		"backup-policy=" + policies[0].guid + "&backup-policy=" + policies[1].guid: held(func(b *backup) bool {
			return b.policy == policies[0] || b.policy == policies[1]
		}),
		"nameLike=cloud+user":       held(func(b *backup) bool { return b.entity.kind == "CLOUD_USER" }),
		"filter=SKIPPED":            func(wireBackup) bool { return false },
		"filter=snapshot+could+not": func(b wireBackup) bool { return b.Status.Name == "FAILED" },
	} {
		want := []Fact{}
		for _, b := range all {
			if test(b) {
				want = append(want, b.fact())
			}
		}
		for _, order := range []string{"", "&orderBy=snapshotTime&direction=desc"} {
			got := facts(pages[wireBackup](c, "/backups?"+query+order, 50))
			if diff := cmp.Diff(sortFacts(want), sortFacts(got)); diff != "" {
				t.Errorf("%s%s (-want +got):\n%s", query, order, diff)
			}
		}
	}
	if got := c.do("GET", "/backups?fail-on-non-successful=true", ""); got.status != 409 {
		t.Errorf("fail-on-non-successful: status %d", got.status)
	}
}

func TestReadingsOfTheRange(t *testing.T) {
	count := func(r Reading, query string) int {
		c, _ := start(t, Options{Seed: 5, Backups: -1, Reading: r})
		c.sim.AddBackup(NewBackup{SnapshotTime: epoch})
		return len(pages[wireBackup](c, fmt.Sprintf("/backups?"+query, epoch.UnixMilli()), 10))
	}
	if got := count(Reading{}, "to=%d"); got != 1 {
		t.Errorf("inclusive to: %d rows", got)
	}
	if got := count(Reading{ExclusiveTo: true}, "to=%d"); got != 0 {
		t.Errorf("exclusive to: %d rows", got)
	}
	c, _ := start(t, Options{Seed: 5, Reading: Reading{RangeOnBackupTime: true}})
	var want []Fact
	for _, f := range c.sim.Facts() {
		if f.BackupTime >= epoch.Add(-50*time.Hour).UnixMilli() {
			want = append(want, f)
		}
	}
	got := facts(pages[wireBackup](c, fmt.Sprintf("/backups?from=%d", epoch.Add(-50*time.Hour).UnixMilli()), 100))
	if diff := cmp.Diff(sortFacts(want), sortFacts(got)); diff != "" {
		t.Errorf("from on backupTime (-want +got):\n%s", diff)
	}
}

func TestSeedMakesTheWorld(t *testing.T) {
	build := func(seed uint64) []Fact {
		c, _ := start(t, Options{Seed: seed, Backups: 50})
		return c.sim.Facts()
	}
	if diff := cmp.Diff(build(1), build(1)); diff != "" {
		t.Errorf("one seed, two worlds:\n%s", diff)
	}
	if cmp.Equal(build(1), build(2)) {
		t.Error("two seeds, one world")
	}
}

func TestEveryEntityTypeHasBackups(t *testing.T) {
	c, _ := start(t, Options{Seed: 1})
	for _, kind := range entityTypes {
		if len(pages[wireBackup](c, "/backups?protected-entity-type="+kind, 1000)) == 0 {
			t.Errorf("no backup of a %s", kind)
		}
	}
	for _, list := range entityLists {
		rows := pages[struct{ GUID, Name string }](c, list.path, 2)
		if len(rows) == 0 {
			t.Errorf("%s is empty", list.path)
			continue
		}
		one := pages[struct{ GUID string }](c, list.path+"?nameLike="+url.QueryEscape(rows[0].Name), 2)
		if len(one) != 1 || one[0].GUID != rows[0].GUID {
			t.Errorf("%s by name: %v", list.path, one)
		}
	}
}

func TestAddBackupShowsLate(t *testing.T) {
	c, clock := start(t, Options{Seed: 1, Backups: 20, Scenario: simkit.Scenario{LateVisibility: time.Minute}})
	guid := c.sim.AddBackup(NewBackup{})
	if got := pages[wireBackup](c, "/backups?orderBy=snapshotTime", 100); len(got) != 20 {
		t.Errorf("%d backups before their time", len(got))
	}
	c.want(200, "GET", "/backups/"+guid, "", nil)
	clock.Advance(time.Minute)
	if got := pages[wireBackup](c, "/backups?orderBy=snapshotTime&direction=desc", 100); len(got) != 21 || got[0].GUID != guid {
		t.Errorf("%d backups, want the new one first of 21", len(got))
	}
	if got := c.sim.AddBackup(NewBackup{EntityGUID: "nobody"}); got != "" {
		t.Errorf("backup %s of nobody", got)
	}
}

// TestFirstPageOfManyIsCheap holds the promise that a page costs what is on it.
func TestFirstPageOfManyIsCheap(t *testing.T) {
	c, _ := start(t, Options{Seed: 1, Backups: 100_000})
	c.login()
	allocated := testing.AllocsPerRun(3, func() {
		c.want(200, "GET", "/backups?orderBy=snapshotTime&direction=desc&size=10&status=SUCCESS", "", nil)
	})
	if allocated > 10_000 {
		t.Errorf("%.0f allocations for a page of 10", allocated)
	}
}

func BenchmarkListOf100k(b *testing.B) {
	s := New(Options{Seed: 1, Backups: 100_000, Now: simkit.NewClock(epoch).Now})
	p := &call{sim: s, now: epoch}
	for _, query := range []string{"size=50&orderBy=snapshotTime&direction=desc", "size=50&orderBy=snapshotTime&direction=desc&status=SUCCESS"} {
		b.Run(query, func(b *testing.B) {
			p.r = newRequest("/backups?" + query)
			for b.Loop() {
				if a := p.listBackups(); a.total == 0 {
					b.Fatal("nothing listed")
				}
			}
		})
	}
}
