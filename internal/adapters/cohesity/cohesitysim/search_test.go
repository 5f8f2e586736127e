package cohesitysim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestObjectsByCookie(t *testing.T) {
	for name, scenario := range scenarios() {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, Options{Seed: 4, Scenario: scenario})
			var want, got []int64
			for _, e := range c.sim.allEntities() {
				want = append(want, e.id)
			}
			query, pages := url.Values{"count": {"7"}, "environments": {"kPhysical,kSQL"}}, 0
			for {
				answer := c.get(api + "/search/objects?" + query.Encode())
				for _, o := range items(answer, "objects") {
					got = append(got, number(o, "id"))
				}
				pages++
				next, _ := answer["paginationCookie"].(string)
				if next == "" {
					break
				}
				query.Set("paginationCookie", next)
			}
			if diff := cmp.Diff(want, got); diff != "" || pages < 4 {
				t.Errorf("%d pages; objects:\n%s", pages, diff)
			}
		})
	}
}

func TestIndexedObjectsByCookie(t *testing.T) {
	c := newClient(t, Options{Seed: 4})
	f := c.restorable("kPhysical", "kFile")
	body := obj{"objectType": "Files", "count": 2, "protectionGroupIds": []string{f.GroupID}, "fileParams": obj{
		"searchString": "2025-*", "types": []string{"File"}, "objectIds": []int64{f.ObjectID},
	}}
	var got []string
	for {
		answer := c.want(http.StatusOK, http.MethodPost, api+"/search/indexed-objects", body).json(t)
		if number(answer, "count") != 5 {
			t.Fatalf("count is %v, want all 5 matches", answer["count"])
		}
		for _, file := range items(answer, "files") {
			got = append(got, file["path"].(string))
		}
		next, more := answer["paginationCookie"].(string)
		if !more {
			break
		}
		body["paginationCookie"] = next
	}
	if diff := cmp.Diff(filesOf(entity{id: f.ObjectID})[:5], got); diff != "" {
		t.Error(diff)
	}
}

// restorableFacts are the facts of an object that can be restored.
func (c *client) restorableFacts(object int64) []string {
	var out []string
	for f := range c.sim.EachFact() {
		if f.ObjectID == object && f.SnapshotID != "" {
			out = append(out, f.SnapshotID)
		}
	}
	slices.Sort(out)
	return out
}

func TestSnapshotsOfEveryProtectedObject(t *testing.T) {
	c := newClient(t, Options{Seed: 4})
	answer := c.get(api + "/search/protected-objects")
	objects := items(answer, "objects")
	if n := number(answer, "numResults"); n != int64(len(objects)) || n != 28 {
		t.Fatalf("%d results, %d objects, want 28: 30 less two that are shared", n, len(objects))
	}
	for _, o := range objects {
		id := number(o, "id")
		var got []string
		for _, x := range items(c.get(fmt.Sprintf("%s/objects/%d/snapshots", api, id)), "snapshots") {
			got = append(got, x["id"].(string))
		}
		slices.Sort(got)
		if diff := cmp.Diff(c.restorableFacts(id), got); diff != "" {
			t.Errorf("object %d:\n%s", id, diff)
		}
		for _, latest := range items(o, "latestSnapshotsInfo") {
			id := latest["localSnapshotInfo"]
			if id == nil {
				id = items(latest, "archivalSnapshotsInfo")[0]
			}
			if !slices.Contains(got, id.(map[string]any)["snapshotId"].(string)) {
				t.Errorf("latest snapshot %v is not among those of the object", id)
			}
		}
	}
}

func TestSourceTreePageByPage(t *testing.T) {
	c := newClient(t, Options{Seed: 4})
	const path = "/irisservices/api/v1/public/protectionSources"
	read := func(query string) map[string]any {
		var v []map[string]any
		if err := json.Unmarshal(c.want(http.StatusOK, http.MethodGet, path+query, nil).body, &v); err != nil || len(v) != 1 {
			t.Fatalf("tree: %v, %d roots", err, len(v))
		}
		return v[0]
	}
	names := func(root map[string]any) []string {
		var out []string
		for _, n := range items(root, "nodes") {
			source := n["protectionSource"].(map[string]any)
			volumes := items(source["physicalProtectionSource"].(map[string]any), "volumes")
			out = append(out, source["name"].(string)+" "+volumes[0]["guid"].(string))
		}
		return out
	}
	whole := names(read(""))
	var paged []string
	for query := "?nodeId=1&pageSize=4"; query != ""; {
		root := read(query)
		paged = append(paged, names(root)...)
		query = ""
		if after, more := root["entityPaginationParameters"].(map[string]any)["afterCursorEntityId"]; more {
			query = fmt.Sprintf("?nodeId=1&pageSize=4&afterCursorEntityId=%.0f", after)
		}
	}
	if diff := cmp.Diff(whole, paged); diff != "" || len(whole) != len(c.sim.Hosts()) {
		t.Errorf("%d hosts; pages differ from the whole:\n%s", len(whole), diff)
	}
}

func TestConnectionIDsStayExact(t *testing.T) {
	c := newClient(t, Options{Seed: 4})
	r := items(c.get(api+"/sources/registrations"), "registrations")[0]
	if r["connectionId"] != json.Number("730118844556677123") || r["dataSourceConnectionId"] != "730118844556677123" {
		t.Errorf("connection id %v, %v", r["connectionId"], r["dataSourceConnectionId"])
	}
}
