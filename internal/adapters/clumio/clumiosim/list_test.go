package clumiosim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
)

func backupLists() []string {
	return []string{
		clumiosim.ListEC2, clumiosim.ListEBS, clumiosim.ListRDS, clumiosim.ListDynamoDB, clumiosim.ListMSSQL,
		clumiosim.ListIceberg, clumiosim.ListGroups, clumiosim.ListS3Assets, clumiosim.ListGCPGroups,
		clumiosim.ListGCSAssets,
	}
}

func factIDs(facts []clumiosim.Fact, list string) []string {
	var ids []string
	for _, f := range facts {
		if f.List == list {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

func sorted(ids []string) []string { return slices.Sorted(slices.Values(ids)) }

func TestPagingReachesEveryBackupOnce(t *testing.T) {
	for _, scenario := range []simkit.Scenario{simkit.Friendly(), simkit.Hostile()} {
		for _, limit := range []int{1, 7, 100, 100_000} {
			t.Run(fmt.Sprintf("%s/%d", scenario.Name, limit), func(t *testing.T) {
				c := newClient(t, clumiosim.Options{Seed: 7, Scenario: scenario, Backups: 200})
				facts := c.sim.Facts()
				if len(facts) != 200 {
					t.Fatalf("the estate holds %d backups, want 200", len(facts))
				}
				for _, list := range backupLists() {
					got := c.walk(list, url.Values{"limit": {fmt.Sprint(limit)}})
					if diff := cmp.Diff(sorted(factIDs(facts, list)), sorted(idsOf(got))); diff != "" {
						t.Errorf("%s (-facts +listed):\n%s", list, diff)
					}
					if !slices.IsSortedFunc(got, func(a, b map[string]any) int {
						return strings.Compare(textOf(b, "start_timestamp"), textOf(a, "start_timestamp"))
					}) {
						t.Errorf("%s: not newest first", list)
					}
				}
			})
		}
	}
}

func TestBackupsByID(t *testing.T) {
	for _, scenario := range []simkit.Scenario{simkit.Friendly(), simkit.Hostile()} {
		t.Run(scenario.Name, func(t *testing.T) {
			c := newClient(t, clumiosim.Options{Seed: 3, Scenario: scenario, Backups: 120})
			for _, f := range c.sim.Facts() {
				out := c.get(f.List+"/{backup_id}", f.List+"/"+url.PathEscape(f.ID))
				if out.status != http.StatusOK || textOf(out.body, "id") != f.ID ||
					textOf(out.body, "start_timestamp") != f.Start.Format(time.RFC3339) {
					t.Errorf("%s %s: %d %v", f.List, f.ID, out.status, out.body)
				}
				if f.List != clumiosim.ListEBS && textOf(out.body, "type") != f.Kind {
					t.Errorf("%s: type %q, fact says %q", f.List, textOf(out.body, "type"), f.Kind)
				}
			}
			if out := c.get(clumiosim.ListEC2+"/{backup_id}", clumiosim.ListEC2+"/nothing"); out.status != http.StatusNotFound {
				t.Errorf("unknown id: %d", out.status)
			}
		})
	}
}

func TestEveryListHasTies(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 1})
	for _, list := range backupLists() {
		seen, ties := map[time.Time]bool{}, 0
		for _, f := range c.sim.Facts() {
			if f.List != list {
				continue
			}
			if seen[f.Start] {
				ties++
			}
			seen[f.Start] = true
		}
		if ties == 0 {
			t.Errorf("%s: no two backups start in the same second", list)
		}
	}
}

func TestBackupFilters(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 5})
	fields := map[string]string{
		clumiosim.ListEC2: "instance_id", clumiosim.ListEBS: "volume_id", clumiosim.ListRDS: "resource_id",
		clumiosim.ListDynamoDB: "table_id", clumiosim.ListMSSQL: "database_id", clumiosim.ListIceberg: "table_id",
		clumiosim.ListGroups: "protection_group_id", clumiosim.ListS3Assets: "protection_group_s3_asset_id",
	}
	facts := c.sim.Facts()
	for list, field := range fields {
		asset := facts[slices.IndexFunc(facts, func(f clumiosim.Fact) bool { return f.List == list })].AssetID
		var want []string
		for _, f := range facts {
			if f.List == list && f.AssetID == asset {
				want = append(want, f.ID)
			}
		}
		got := idsOf(c.walk(list, filter(field, map[string]any{"$eq": asset})))
		if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
			t.Errorf("%s by %s:\n%s", list, field, diff)
		}
	}
	for _, list := range backupLists() {
		ids := factIDs(facts, list)
		middle := facts[slices.IndexFunc(facts, func(f clumiosim.Fact) bool { return f.ID == ids[len(ids)/2] })].Start
		var later, rest []string
		for _, f := range facts {
			switch {
			case f.List != list:
			case f.Start.After(middle):
				later = append(later, f.ID)
			default:
				rest = append(rest, f.ID)
			}
		}
		stamp := middle.Format(time.RFC3339)
		if diff := cmp.Diff(sorted(later), sorted(idsOf(c.walk(list, filter("start_timestamp", map[string]any{"$gt": stamp}))))); diff != "" {
			t.Errorf("%s $gt:\n%s", list, diff)
		}
		if diff := cmp.Diff(sorted(rest), sorted(idsOf(c.walk(list, filter("start_timestamp", map[string]any{"$lte": stamp}))))); diff != "" {
			t.Errorf("%s $lte:\n%s", list, diff)
		}
	}
}

func TestFilterByTypeAndParent(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 5})
	for _, item := range c.walk(clumiosim.ListDynamoDB, filter("type", map[string]any{"$all": []string{"aws_snapshot"}})) {
		if textOf(item, "type") != "aws_snapshot" {
			t.Errorf("type %q passed the filter", textOf(item, "type"))
		}
	}
	parents := map[string]bool{}
	for _, id := range factIDs(c.sim.Facts(), clumiosim.ListGroups) {
		found := c.walk(clumiosim.ListS3Assets, filter("parent_protection_group_backup_id", map[string]any{"$eq": id}))
		for _, item := range found {
			parents[textOf(item, "protection_group_id")] = true
		}
	}
	if len(parents) == 0 {
		t.Error("no backup of a bucket belongs to a backup of its group")
	}
}

func TestSort(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 5})
	down := idsOf(c.walk(clumiosim.ListEC2, url.Values{"sort": {"-start_timestamp"}}))
	up := idsOf(c.walk(clumiosim.ListEC2, url.Values{"sort": {"start_timestamp"}}))
	slices.Reverse(up)
	if diff := cmp.Diff(down, up); diff != "" {
		t.Error(diff)
	}
}

func TestRefusedQueries(t *testing.T) {
	c := newClient(t, clumiosim.Options{})
	for _, query := range []string{
		"sort=size", "sort=-id", "limit=0", "limit=many", "start=0", "start=token", "filter=%7B", "filter=[]",
		"filter=" + url.QueryEscape(`{"account_native_id":{"$eq":"1"}}`),
		"filter=" + url.QueryEscape(`{"instance_id":{"$in":["1"]}}`),
		"filter=" + url.QueryEscape(`{"instance_id":{"eq":"1"}}`),
		"filter=" + url.QueryEscape(`{"instance_id":{"$eq":1}}`),
		"filter=" + url.QueryEscape(`{"instance_id":"1"}`),
		"filter=" + url.QueryEscape(`{"start_timestamp":{"$gte":"2026-01-01T00:00:00Z"}}`),
		"filter=" + url.QueryEscape(`{"start_timestamp":{"$gt":"yesterday"}}`),
		"filter=" + url.QueryEscape(`{"instance_id":{"$eq":"1"}} {}`),
		"embed=read-policy-definition",
	} {
		if out := c.get(clumiosim.ListEC2, clumiosim.ListEC2+"?"+query); out.status != http.StatusBadRequest {
			t.Errorf("%s: %d, want 400", query, out.status)
		}
	}
}

func TestFilterAppliedAndTotals(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 2})
	query := filter("start_timestamp", map[string]any{"$lte": "2030-01-01T00:00:00Z"})
	out := c.get(clumiosim.ListRDS, clumiosim.ListRDS+"?"+withLimit(query, 4).Encode())
	want := len(factIDs(c.sim.Facts(), clumiosim.ListRDS))
	if got := int(number(out.body["total_count"])); got != want {
		t.Errorf("total_count %d, want %d", got, want)
	}
	if got := int(number(out.body["total_pages_count"])); got != (want+3)/4 {
		t.Errorf("total_pages_count %d", got)
	}
	if got := textOf(out.body, "filter_applied"); got != query.Get("filter") {
		t.Errorf("filter_applied %q", got)
	}
	if got := textOf(out.body, "start"); got != "1" {
		t.Errorf("start %q", got)
	}
}

func TestEmptyEstate(t *testing.T) {
	for _, scenario := range []simkit.Scenario{simkit.Friendly(), simkit.Hostile()} {
		c := newClient(t, clumiosim.Options{Scenario: scenario, Backups: -1})
		out := c.get(clumiosim.ListEC2, clumiosim.ListEC2)
		embedded, _ := out.body["_embedded"].(map[string]any)
		_, isList := embedded["items"].([]any)
		if isList == scenario.NullMembers || number(out.body["total_count"]) != 0 || next(out) != "" {
			t.Errorf("%s: %v", scenario.Name, out.body)
		}
	}
}

func TestBackupsComeAndGoWhilePaging(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 9})
	first := c.get(clumiosim.ListEC2, clumiosim.ListEC2+"?limit=5")
	asset := textOf(itemsOf(first)[0], "instance_id")
	added, done := c.sim.AddBackup(clumiosim.ListEC2, asset, start.Add(time.Minute))
	if !done {
		t.Fatal("the backup was not added")
	}
	second := c.get(clumiosim.ListEC2, next(first))
	if got, want := idsOf(itemsOf(second))[0], idsOf(itemsOf(first))[4]; got != want {
		t.Errorf("page 2 starts with %s, want the last of page 1 again (%s)", got, want)
	}
	if got := idsOf(c.walk(clumiosim.ListEC2, nil))[0]; got != added.ID {
		t.Errorf("the newest is %s, want %s", got, added.ID)
	}
	if !c.sim.RemoveBackup(clumiosim.ListEC2, added.ID) || c.sim.RemoveBackup(clumiosim.ListEC2, added.ID) {
		t.Error("a backup is removed once")
	}
	if _, done := c.sim.AddBackup(clumiosim.ListEBS, asset, start); done {
		t.Error("an instance got a volume's backup")
	}
}

func TestUnitsScopeLists(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 4})
	all := len(c.walk(clumiosim.ListEC2, nil))
	sum := 0
	for _, unit := range []string{"3b7f0a52-9c1d-4e0e-8a51-6f2d1c9b0e11", "a1c4d8e6-27f3-4b9a-9d60-0b5e7c3f2a22"} {
		c.unit = unit
		some := len(c.walk(clumiosim.ListEC2, nil))
		if some == 0 || some >= all {
			t.Errorf("unit %s sees %d of %d backups", unit, some, all)
		}
		sum += some
	}
	if sum >= all {
		t.Errorf("the units together see %d of %d; the global one holds some too", sum, all)
	}
	c.unit = "00000000-0000-0000-0000-000000000001"
	if out := c.get(clumiosim.ListEC2, clumiosim.ListEC2); out.status != http.StatusForbidden {
		t.Errorf("unknown unit: %d", out.status)
	}
}

func TestEqualSeedsGiveEqualEstates(t *testing.T) {
	o := clumiosim.Options{Seed: 11}
	a, b := newClient(t, o), newClient(t, o)
	if diff := cmp.Diff(a.sim.Facts(), b.sim.Facts()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(a.walk(clumiosim.ListEC2, nil), b.walk(clumiosim.ListEC2, nil)); diff != "" {
		t.Error(diff)
	}
	o.Seed = 12
	if other := newClient(t, o); cmp.Equal(a.sim.Facts(), other.sim.Facts()) {
		t.Error("another seed gave the same estate")
	}
}

func TestConcurrentUse(t *testing.T) {
	c := newClient(t, clumiosim.Options{Seed: 9})
	fact := c.newestFact(clumiosim.ListEC2)
	header := bearer(c.sim.Token())
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 10 {
				c.sim.AddBackup(clumiosim.ListEC2, fact.AssetID, start.Add(time.Duration(i)*time.Second))
				c.clock.Advance(time.Second)
				if out := c.raw(http.MethodGet, clumiosim.ListEC2+"?limit=10", "", header); out.status != http.StatusOK {
					t.Errorf("%d", out.status)
				}
				c.raw(http.MethodPost, clumiosim.ListEC2, `{"instance_id":"`+fact.AssetID+`"}`, header)
				c.sim.Facts()
				c.sim.Tasks()
			}
		})
	}
	group.Wait()
	c.clock.Advance(time.Minute)
	before := len(factIDs(c.sim.Facts(), clumiosim.ListEC2))
	if got := len(c.walk(clumiosim.ListEC2, url.Values{"limit": {"100"}})); got != before {
		t.Errorf("%d listed of %d", got, before)
	}
}
