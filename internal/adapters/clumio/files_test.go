package clumio_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"switchback/internal/adapters"
	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func browsable(tb testing.TB, a *account, kind model.AssetKind) model.Backup {
	tb.Helper()
	for _, b := range listBackups(tb, a.Adapter, model.BackupQuery{AssetKinds: []model.AssetKind{kind}}, 96) {
		if b.Browsable {
			return b
		}
	}
	tb.Fatalf("no backup of %s is browsable", kind)
	return model.Backup{}
}

func listFiles(tb testing.TB, a *adapters.Adapter, backup model.ID, path string, limit int) []adapters.FileEntry {
	tb.Helper()
	return pages(tb, limit, func(token string, limit int) (adapters.TokenPage[adapters.FileEntry], error) {
		return a.Files.List(tb.Context(), backup, path, token, limit)
	})
}

// tree lists everything below a path, depth first.
func tree(tb testing.TB, a *adapters.Adapter, backup model.ID, path string, limit int) []string {
	tb.Helper()
	var out []string
	for _, e := range listFiles(tb, a, backup, path, limit) {
		if !strings.HasPrefix(e.Path, strings.TrimSuffix(path, "/")+"/") {
			tb.Errorf("%s lists %s", path, e.Path)
		}
		out = append(out, e.Type+" "+e.Path)
		if e.Type == "directory" {
			out = append(out, tree(tb, a, backup, e.Path, limit)...)
		}
	}
	return out
}

func TestBackupsAreBrowsedAsATree(t *testing.T) {
	for name, scenario := range map[string]simkit.Scenario{"friendly": simkit.Friendly(), "tiny pages": {PageCap: 1}} {
		t.Run(name, func(t *testing.T) {
			a := openAccount(t, clumiosim.Options{Scenario: scenario, Backups: 150})
			for _, kind := range []model.AssetKind{model.AssetEC2Instance, model.AssetEBSVolume} {
				backup := browsable(t, a, kind)
				want, got := tree(t, a.Adapter, backup.ID, "/", 96), tree(t, a.Adapter, backup.ID, "/", 1)
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
				systems := vendorItems(t, a.sim, "/backups/"+backup.ID.Key+"/filesystems")
				roots := slices.DeleteFunc(slices.Clone(want), func(line string) bool { return strings.Count(line, "/") > 1 })
				if len(systems) == 0 || len(roots) != len(systems) || roots[0] != "directory /"+systems[0].ID {
					t.Errorf("%s: the root lists %v of %v", backup.ID, roots, systems)
				}
				if !slices.ContainsFunc(want, func(line string) bool { return strings.HasPrefix(line, "file ") && strings.Count(line, "/") > 2 }) {
					t.Errorf("%s: there is no file in %v", backup.ID, want)
				}
			}
		})
	}
}

func TestEntriesAreToldWithTheirSizes(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Backups: 150})
	backup := browsable(t, a, model.AssetEC2Instance)
	a.sim.Kit().Inject("GET /backups/"+backup.ID.Key+"/filesystems", simkit.Response{Status: http.StatusOK, Body: `{"_embedded":{"items":[
		{"id":"fs 1","mount_path":"C:"},{"id":"fs2","mount_path":null,"filesystem_native_id":"/dev/sdb"},{"id":"fs3"},{"id":null},{"id":"a/b"}]}}`})
	size := int64(12)
	want := []adapters.FileEntry{
		{Name: "C:", Path: "/fs 1", Type: "directory"}, {Name: "/dev/sdb", Path: "/fs2", Type: "directory"}, {Name: "fs3", Path: "/fs3", Type: "directory"},
	}
	if diff := gocmp.Diff(want, listFiles(t, a.Adapter, backup.ID, "/", 96)); diff != "" {
		t.Error(diff)
	}
	a.sim.Kit().Inject("GET /backups/"+backup.ID.Key+"/filesystems/fs%201/directories/root/browse", simkit.Response{Status: http.StatusOK, Body: `{"_embedded":{"items":[
		{"name":"etc","is_directory":true,"directory_id":"d1","size":null,"modified_timestamp":"2026-03-14T09:26:53Z"},
		{"name":"b.txt","is_directory":false,"size":12,"modified_timestamp":null},
		{"name":"..","is_directory":true,"directory_id":"d0"},{"name":null},{"name":"x/y","is_directory":null}]}}`})
	want = []adapters.FileEntry{
		{Name: "etc", Path: "/fs 1/etc", Type: "directory", ModifiedAt: testStart}, {Name: "b.txt", Path: "/fs 1/b.txt", Type: "file", SizeBytes: &size},
	}
	if diff := gocmp.Diff(want, listFiles(t, a.Adapter, backup.ID, "/fs 1/", 96)); diff != "" {
		t.Error(diff)
	}
}

func TestDirectoriesThatAreNoneAreNotFound(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Backups: 150})
	backup := browsable(t, a, model.AssetEC2Instance).ID
	root := listFiles(t, a.Adapter, backup, "/", 96)[0].Path
	for _, path := range []string{
		"", "etc", "//", "/no-such-system", root + "/no-such-directory", root + "/../" + root, root + "//etc", root + "/\x00",
		root + strings.Repeat("/a", 200), "/..",
	} {
		if _, err := a.Files.List(t.Context(), backup, path, "", 5); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%.40q: got %v", path, err)
		}
	}
	for _, line := range tree(t, a.Adapter, backup, root, 96) {
		if file, ok := strings.CutPrefix(line, "file "); ok {
			if _, err := a.Files.List(t.Context(), backup, file, "", 5); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s is listed: %v", file, err)
			}
			if _, err := a.Files.Open(t.Context(), backup, file, 0); fault.KindOf(err) != fault.Unsupported {
				t.Errorf("%s is opened: %v", file, err)
			}
			break
		}
	}
	for id, kind := range map[model.ID]error{
		{Connection: "acme", Kind: "aws-ec2-instance", Key: "no-such-backup"}: fault.NotFound,
		{Connection: "acme", Kind: "nonsense", Key: backup.Key}:               fault.NotFound,
		{Connection: "other", Kind: backup.Kind, Key: backup.Key}:             fault.NotFound,
		{Connection: "acme", Kind: "aws-rds", Key: "any"}:                     fault.Unsupported,
	} {
		if _, err := a.Files.List(t.Context(), id, "/", "", 5); !errors.Is(err, kind) {
			t.Errorf("%v: got %v", id, err)
		}
	}
	for _, token := range []string{"x", "1.0.", "cm9vdA:", "cm9vdA:x", "Li4:0.1.", ":0.1.", "cm9vdA:0.0."} {
		if _, err := a.Files.List(t.Context(), backup, root, token, 5); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: got %v", token, err)
		}
	}
}

func TestADirectoryIsLookedForOnce(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Scenario: simkit.Scenario{PageCap: 1}, Backups: 150})
	backup := browsable(t, a, model.AssetEC2Instance).ID
	deepest := ""
	for _, line := range tree(t, a.Adapter, backup, "/", 96) {
		if strings.HasPrefix(line, "file ") && strings.Count(line, "/") > strings.Count(deepest, "/") {
			deepest = strings.TrimPrefix(line, "file ")
		}
	}
	parent := deepest[:strings.LastIndexByte(deepest, '/')]
	first, err := a.Files.List(t.Context(), backup, parent, "", 1)
	if err != nil || first.Next == "" {
		t.Fatalf("%s has no second page: %v", parent, err)
	}
	a.sim.Kit().ResetRequests()
	if _, err := a.Files.List(t.Context(), backup, parent, first.Next, 1); err != nil || a.sim.Kit().Total() != 1 {
		t.Errorf("the second page took %d calls: %v", a.sim.Kit().Total(), err)
	}
}

func searchFiles(tb testing.TB, a *adapters.Adapter, q model.FileQuery, limit int) []model.FileHit {
	tb.Helper()
	return pages(tb, limit, func(token string, limit int) (adapters.TokenPage[model.FileHit], error) {
		return a.FileSearch.Search(tb.Context(), q, token, limit)
	})
}

func TestFilesAreFoundByName(t *testing.T) {
	for name, scenario := range map[string]simkit.Scenario{"friendly": simkit.Friendly(), "hostile": simkit.Hostile()} {
		t.Run(name, func(t *testing.T) {
			a := openAccount(t, clumiosim.Options{Scenario: scenario, Backups: 150})
			backup := browsable(t, a, model.AssetEC2Instance)
			all := searchFiles(t, a.Adapter, model.FileQuery{Asset: backup.Asset.ID, Name: "*"}, 96)
			if len(all) == 0 {
				t.Fatal("nothing is found")
			}
			some := all[len(all)/2]
			for _, pattern := range []string{some.Name, strings.ToUpper(some.Name), some.Name[:2] + "*" + some.Name[len(some.Name)-2:], "*" + some.Name[1:]} {
				hits := searchFiles(t, a.Adapter, model.FileQuery{Asset: backup.Asset.ID, Name: pattern}, 1)
				if !slices.ContainsFunc(hits, func(h model.FileHit) bool { return gocmp.Equal(h, some) }) {
					t.Errorf("%q finds %d hits without %s", pattern, len(hits), some.Path)
				}
			}
			if hits := searchFiles(t, a.Adapter, model.FileQuery{Asset: backup.Asset.ID, Name: "no[such"}, 5); len(hits) > 0 {
				t.Errorf("got %v", hits)
			}
		})
	}
}

// A hit leads to the file in the newest backup that holds it.
func TestHitsAreFoundWhereTheySay(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Backups: 150})
	found := 0
	for _, hit := range searchFiles(t, a.Adapter, model.FileQuery{Asset: browsable(t, a, model.AssetEC2Instance).Asset.ID, Name: "o"}, 7) {
		if hit.Backup == nil || hit.Versions == nil || *hit.Versions == 0 {
			t.Errorf("%s: no version is told", hit.Path)
			continue
		}
		parent := hit.Path[:strings.LastIndexByte(hit.Path, '/')]
		listed := listFiles(t, a.Adapter, *hit.Backup, parent, 96)
		if !slices.ContainsFunc(listed, func(e adapters.FileEntry) bool { return e.Path == hit.Path && e.Name == hit.Name }) {
			t.Errorf("%s: not among %v of %s", hit.Path, listed, hit.Backup)
		}
		found++
	}
	if found == 0 {
		t.Error("nothing is found")
	}
}

func TestTheNewestVersionIsTold(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	asset := model.ID{Connection: "acme", Kind: "aws-ebs-volume", Key: "v-1"}
	a.sim.Kit().Inject("GET /backups/files/search", simkit.Response{Status: http.StatusOK, Body: `{"_embedded":{"items":[
		{"path":"/etc/a.conf","search_result_id":"r/1"},{"path":"/conf/other","search_result_id":"r2"},
		{"path":"D:\\A.CONF","search_result_id":"r3"},{"path":"/x/gone.conf","search_result_id":"r4"},{"path":"/y/a.conf","search_result_id":null},
		{"path":"/z/bare.conf","search_result_id":"r5"}]}}`})
	versions := func(id, items, next string) {
		a.sim.Kit().Inject("GET /backups/files/search/"+url.PathEscape(id)+"/versions", simkit.Response{
			Status: http.StatusOK, Body: `{"_embedded":{"items":[` + items + `]},"_links":{"_next":` + next + `}}`,
		})
	}
	versions("r3", `{"backup_id":"b1","filesystem_id":"f1","path":"/A.CONF","size":1,"start_timestamp":"2026-03-01T00:00:00Z"},
		{"backup_id":"b3","filesystem_id":"f3","path":"/A.CONF","size":3,"start_timestamp":"2026-03-03T00:00:00Z","modified_timestamp":"2026-03-14T09:26:53Z"}`,
		`{"href":"/backups/files/search/r3/versions?start=t"}`)
	versions("r3", `{"backup_id":"b2","filesystem_id":"f2","path":"/A.CONF","size":2,"start_timestamp":"2026-03-02T00:00:00Z"}`, `null`)
	versions("r5", `{}`, `null`)
	three, one, size := 3, 1, int64(3)
	ref := &model.Ref{ID: asset}
	want := []model.FileHit{
		{Name: "A.CONF", Path: "/f3/A.CONF", Type: "file", SizeBytes: &size, ModifiedAt: testStart, Asset: ref, Backup: &model.ID{Connection: "acme", Kind: "aws-ebs-volume", Key: "b3"}, Versions: &three, Native: model.Native{ID: "r3"}},
		{Name: "gone.conf", Path: "/x/gone.conf", Type: "file", Asset: ref, Native: model.Native{ID: "r4"}},
		{Name: "bare.conf", Path: "/z/bare.conf", Type: "file", Asset: ref, Versions: &one, Native: model.Native{ID: "r5"}},
	}
	a.sim.Kit().ResetRequests()
	got, err := a.FileSearch.Search(t.Context(), model.FileQuery{Asset: asset, Name: ".conf"}, "", 96)
	if err != nil {
		t.Fatal(err)
	}
	// The first has an id that can not be asked for.
	want = append([]model.FileHit{{Name: "a.conf", Path: "/etc/a.conf", Type: "file", Asset: ref, Native: model.Native{ID: "r/1"}}}, want...)
	if diff := gocmp.Diff(want, got.Items); diff != "" {
		t.Error(diff)
	}
	filter := `{"asset_id":{"$eq":"v-1"},"asset_type":{"$eq":"aws_ebs_volume"},"name":{"$regex":".*\\.[cC][oO][nN][fF].*"}}`
	if asked := a.sim.Kit().Requests("GET /backups/files/search"); len(asked) != 1 || asked[0].Query.Get("filter") != filter {
		t.Errorf("asked %v", asked)
	}
}

func TestVersionsThatDoNotEndAreNotTold(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	a.sim.Kit().Inject("GET /backups/files/search", simkit.Response{
		Status: http.StatusOK, Body: `{"_embedded":{"items":[{"path":"/a","search_result_id":"r1"}]}}`,
	})
	a.sim.Kit().Inject("GET /backups/files/search/r1/versions", slices.Repeat([]simkit.Response{{
		Status: http.StatusOK,
		Body:   `{"_embedded":{"items":[{"backup_id":"b1","filesystem_id":"f1","path":"/a"}]},"_links":{"_next":{"href":"?start=again"}}}`,
	}}, 50)...)
	asset := model.ID{Connection: "acme", Kind: "aws-ebs-volume", Key: "v-1"}
	got, err := a.FileSearch.Search(t.Context(), model.FileQuery{Asset: asset, Name: "a"}, "", 5)
	if err != nil || len(got.Items) != 1 || got.Items[0].Versions != nil || got.Items[0].Backup != nil || got.Items[0].Path != "/a" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestOnlyInstancesAndVolumesAreSearched(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	for id, kind := range map[model.ID]error{
		{Connection: "acme", Kind: "aws-rds", Key: "any"}:         fault.Unsupported,
		{Connection: "acme", Kind: "nonsense", Key: "any"}:        fault.NotFound,
		{Connection: "other", Kind: "aws-ebs-volume", Key: "any"}: fault.NotFound,
	} {
		if _, err := a.FileSearch.Search(t.Context(), model.FileQuery{Asset: id, Name: "a"}, "", 5); !errors.Is(err, kind) {
			t.Errorf("%v: got %v", id, err)
		}
	}
	asset := model.ID{Connection: "acme", Kind: "aws-ebs-volume", Key: firstID(t, a.sim, "/datasources/aws/ebs-volumes")}
	for _, token := range []string{"x", "1.0.", "0.0."} {
		if _, err := a.FileSearch.Search(t.Context(), model.FileQuery{Asset: asset, Name: "a"}, token, 5); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: got %v", token, err)
		}
	}
}
