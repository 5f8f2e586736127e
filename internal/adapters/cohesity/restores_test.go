package cohesity_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"switchback/internal/adapters"
	"switchback/internal/adapters/cohesity/cohesitysim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func raw(format string, args ...any) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(format, args...))
}

// sent is the body of the newest recovery, without its name.
func (b *bench) sent(t *testing.T) map[string]any {
	t.Helper()
	all := b.sim.Recoveries()
	text, err := json.Marshal(all[len(all)-1].Body)
	if err != nil {
		t.Fatal(err)
	}
	var body map[string]any
	if err := json.Unmarshal(text, &body); err != nil {
		t.Fatal(err)
	}
	return body
}

func TestEveryRequestKeepsTheContract(t *testing.T) {
	contract := loadContract(t)
	for _, scenario := range []simkit.Scenario{simkit.Friendly(), simkit.Hostile()} {
		b := newBench(t, cohesitysim.Options{Scenario: scenario})
		source, guids := restorableHost(b.sim)
		host := b.sim.Hosts()[0]
		paths := raw(`{"paths":["/data/orders/2025.db","/data/reports/"]}`)
		requests := []model.RestoreRequest{
			{Kind: model.RestoreVolume, Target: raw(`{"name":"move","host":"%d","volumes":[{"source":%q,"destination":%q}]}`,
				host, guids[0], b.sim.VolumeGUIDs(host)[0]), Options: raw(`{"forceUnmountVolume":true}`)},
			{
				Kind: model.RestoreFiles, Target: raw(`{"host":"%d","path":"/restore/","overwrite":true}`, host), Select: paths,
				Options: raw(`{"preserveAttributes":true,"preserveTimestamps":false,"preserveAcls":true,"continueOnError":true,"saveSuccessFiles":true,"restoreEntityType":"kRegular"}`),
			},
			{Kind: model.RestoreFiles, Select: paths, Marker: "original"},
			{Kind: model.RestoreDownload, Select: paths, Options: raw(`{"glacierRetrievalType":"kStandard"}`)},
			{Kind: model.RestoreMount, Target: raw(`{"readOnly":true}`)},
			{Kind: model.RestoreDatabase, Target: raw(`{"name":"restored"}`), Options: raw(`{"captureTailLogs":true}`)},
		}
		for _, request := range requests {
			asset := ""
			if request.Kind == model.RestoreVolume {
				asset = fmt.Sprint(source)
			}
			r := b.begin(t, request, asset)
			b.clock.Advance(time.Second)
			if _, err := b.Restores.Get(t.Context(), r.ID, true); err != nil {
				t.Error(vendorWords(err))
			}
			if err := b.RestoreCancels.Cancel(t.Context(), r.ID); err != nil && request.Kind != model.RestoreDownload {
				t.Error(vendorWords(err))
			}
		}
		b.download(t)
		b.operate(t)
		b.lookAtPolicies(t)
		b.keepsContract(t, contract)
	}
	if left := contract.uncalled(); len(left) > 0 {
		t.Errorf("not called: %v", left)
	}
}

func (b *bench) download(t *testing.T) {
	t.Helper()
	r, _ := b.prepare(t)
	body, err := b.Content.Open(t.Context(), r.ID, 100)
	if err != nil {
		t.Fatal(err)
	}
	if _, n := sum(t, body); n == 0 {
		t.Error("no bytes")
	}
	_ = body.Close()
}

func (b *bench) operate(t *testing.T) {
	t.Helper()
	group := model.ID{Connection: "ibm-eu", Kind: "protection-group", Key: b.sim.GroupIDs()[0]}
	b.clock.Advance(24 * time.Hour)
	o, err := b.BackupStarts.Start(t.Context(), adapters.BackupStart{Subject: group, Type: model.TypeFull})
	if err != nil {
		t.Fatal(vendorWords(err))
	}
	b.clock.Advance(time.Second)
	if o, err = b.Operations.Get(t.Context(), o.ID, true); err != nil {
		t.Fatal(vendorWords(err))
	}
	if o.Cancellable {
		if err := b.OperationCancels.Cancel(t.Context(), o.ID); err != nil {
			t.Error(vendorWords(err))
		}
	}
	streams, err := b.Restores.Streams(t.Context(), model.RestoreQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(walk(t, streams, 3)), len(b.sim.Recoveries()); got != want {
		t.Errorf("want %d restores in the list, got %d", want, got)
	}
	asset := b.backups(t, model.BackupQuery{}, 50)[0].Asset.ID
	_, err = b.Restores.Start(t.Context(), model.RestoreRequest{
		Kind: model.RestoreFiles, Source: model.RestoreSource{Asset: &asset, At: model.Latest}, Select: raw(`{"paths":["/a"]}`), Marker: "late",
	})
	if kind := fault.KindOf(err); err != nil && kind != fault.Conflict && kind != fault.Invalid {
		t.Error(vendorWords(err))
	}
}

func (b *bench) lookAtPolicies(t *testing.T) {
	t.Helper()
	page, err := b.Policies.List(t.Context(), "", 1, false)
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("%d policies, %v", len(page.Items), err)
	}
	got, err := b.Policies.Get(t.Context(), page.Items[0].ID, true)
	if err != nil || got.Name != page.Items[0].Name || len(got.NativeDocument) == 0 || len(got.Rules) == 0 {
		t.Errorf("a policy reads as %+v, %v", got, err)
	}
	if err := b.Session.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestVolumeRestoreFromStartToEnd(t *testing.T) {
	b := newBench(t, cohesitysim.Options{})
	source, guids := restorableHost(b.sim)
	host := b.sim.Hosts()[0]
	destination := b.sim.VolumeGUIDs(host)[0]
	r := b.begin(t, model.RestoreRequest{
		Kind: model.RestoreVolume, Marker: "k7", Target: raw(`{"name":"move","host":"%d","volumes":[{"source":%q,"destination":%q}]}`, host, guids[0], destination),
	}, fmt.Sprint(source))
	body := b.sent(t)
	want := map[string]any{
		"targetEnvironment": "kPhysical", "physicalTargetParams": map[string]any{
			"mountTarget":   map[string]any{"id": float64(host)},
			"volumeMapping": []any{map[string]any{"sourceVolumeGuid": guids[0], "destinationVolumeGuid": destination}},
		},
	}
	physical, _ := body["physicalParams"].(map[string]any)
	if diff := gocmp.Diff(want, physical["recoverVolumeParams"]); diff != "" || body["name"] != "move-k7" {
		t.Errorf("sent as %v: wanted (-), sent (+):\n%s", body["name"], diff)
	}
	if r.State.Terminal() || r.Outputs.Name != "move-k7" || !r.Cancellable {
		t.Errorf("begun: %+v", r)
	}
	seen := []model.State{}
	for !slices.Contains(seen, model.StateSucceeded) && len(seen) < 50 {
		now, err := b.Restores.Get(t.Context(), r.ID, false)
		if err != nil {
			t.Fatal(err)
		}
		if now.State == model.StateRunning && (now.Progress.Percent == nil || now.Progress.Basis != model.ProgressVendor) {
			t.Errorf("a running restore has no percentage: %+v", now.Progress)
		}
		seen = append(seen, now.State)
		b.clock.Advance(time.Second)
	}
	done := b.finish(t, r.ID)
	if done.State != model.StateSucceeded || done.EndedAt.IsZero() || done.Cancellable || !slices.Contains(seen, model.StateRunning) {
		t.Errorf("done: %+v after %v", done, seen)
	}
	if err := b.RestoreCancels.Cancel(t.Context(), r.ID); fault.KindOf(err) != fault.Conflict {
		t.Errorf("cancelling what is over: want conflict, got %v", err)
	}
}

func TestFilesGoBackToTheirOwnHost(t *testing.T) {
	b := newBench(t, cohesitysim.Options{})
	r := b.begin(t, model.RestoreRequest{Kind: model.RestoreFiles, Select: raw(`{"paths":["/etc/hosts","/var/log/"]}`)}, "")
	body := b.sent(t)
	physical, _ := body["physicalParams"].(map[string]any)
	files, _ := physical["recoverFileAndFolderParams"].(map[string]any)
	target, _ := files["physicalTargetParams"].(map[string]any)
	wantFiles := []any{map[string]any{"absolutePath": "/etc/hosts", "isDirectory": false}, map[string]any{"absolutePath": "/var/log/", "isDirectory": true}}
	if diff := gocmp.Diff(wantFiles, files["filesAndFolders"]); diff != "" {
		t.Error(diff)
	}
	if target["restoreToOriginalPaths"] != true || target["overwriteExisting"] != false || target["recoverTarget"] == nil {
		t.Errorf("the target is %v", target)
	}
	if done := b.finish(t, r.ID); done.State != model.StateSucceeded {
		t.Errorf("it ended as %s: %+v", done.State, done.Error)
	}
}

func TestDatabaseAtAPointInTimeHasChildren(t *testing.T) {
	b := newBench(t, cohesitysim.Options{})
	var asset model.ID
	var at time.Time
	for _, backup := range b.backups(t, model.BackupQuery{}, 100) {
		if slices.Contains(backup.RestoreKinds, model.RestoreDatabase) {
			asset, at = backup.Asset.ID, backup.EndedAt.Add(time.Hour)
			break
		}
	}
	r := b.begin(t, model.RestoreRequest{
		Kind: model.RestoreDatabase, Source: model.RestoreSource{Asset: &asset, At: at.Format(time.RFC3339Nano)}, Target: raw(`{"name":"orders_restored"}`),
	}, "")
	text, err := json.Marshal(b.sent(t)["mssqlParams"])
	if err != nil {
		t.Fatal(err)
	}
	var sent struct {
		RecoverAppParams []struct {
			SQLTargetParams struct {
				OriginalSourceConfig struct {
					RestoreTimeUsecs int64
					NewDatabaseName  string
				}
			} `json:"sqlTargetParams"`
		}
	}
	if err := json.Unmarshal(text, &sent); err != nil || len(sent.RecoverAppParams) != 1 {
		t.Fatalf("%s: %v", text, err)
	}
	got := sent.RecoverAppParams[0].SQLTargetParams.OriginalSourceConfig
	if got.RestoreTimeUsecs != at.UnixMicro() || got.NewDatabaseName != "orders_restored" {
		t.Errorf("sent %+v, want the time %d", got, at.UnixMicro())
	}
	b.clock.Advance(time.Second)
	read, err := b.Restores.Get(t.Context(), r.ID, false)
	if err != nil || len(read.Children) == 0 {
		t.Errorf("a restore of databases has no children: %+v, %v", read.Children, err)
	}
}

func TestRequestsThatCanNotBeAreRefusedBeforeTheWrite(t *testing.T) {
	b := newBench(t, cohesitysim.Options{})
	ids := map[model.AssetKind]model.ID{}
	dead := map[model.BackupStatus]model.ID{}
	for _, backup := range b.backups(t, model.BackupQuery{}, 100) {
		switch {
		case len(backup.RestoreKinds) > 0:
			ids[backup.Kind] = backup.ID
		case backup.Kind == model.AssetPhysicalHost:
			dead[backup.Status] = backup.ID
		}
	}
	from := func(id model.ID) model.RestoreSource { return model.RestoreSource{Backup: &id} }
	host := ids[model.AssetPhysicalHost]
	path := raw(`{"paths":["/a"]}`)
	cases := map[string]struct {
		request model.RestoreRequest
		want    fault.Kind
	}{
		"unknown kind":    {model.RestoreRequest{Kind: model.RestoreTable, Source: from(host)}, fault.Unsupported},
		"no host":         {model.RestoreRequest{Kind: model.RestoreVolume, Source: from(host), Target: raw(`{"volumes":[{"source":"a","destination":"b"}]}`)}, fault.Invalid},
		"no volumes":      {model.RestoreRequest{Kind: model.RestoreVolume, Source: from(host), Target: raw(`{"host":"1"}`)}, fault.Invalid},
		"a host by name":  {model.RestoreRequest{Kind: model.RestoreFiles, Source: from(host), Target: raw(`{"host":"web-1"}`), Select: path}, fault.Invalid},
		"no paths":        {model.RestoreRequest{Kind: model.RestoreDownload, Source: from(host)}, fault.Invalid},
		"files of SQL":    {model.RestoreRequest{Kind: model.RestoreFiles, Source: from(ids[model.AssetMSSQLDatabase]), Select: path}, fault.Invalid},
		"unknown option":  {model.RestoreRequest{Kind: model.RestoreFiles, Source: from(host), Select: path, Options: raw(`{"x":1}`)}, fault.Invalid},
		"mount elsewhere": {model.RestoreRequest{Kind: model.RestoreMount, Source: from(host), Target: raw(`{"host":"1"}`)}, fault.Invalid},
		"instance only":   {model.RestoreRequest{Kind: model.RestoreDatabase, Source: from(ids[model.AssetMSSQLDatabase]), Target: raw(`{"instance":"I"}`)}, fault.Invalid},
		"host only":       {model.RestoreRequest{Kind: model.RestoreDatabase, Source: from(ids[model.AssetMSSQLDatabase]), Target: raw(`{"host":"1"}`)}, fault.Invalid},
	}
	for status, id := range dead {
		cases["a backup that is "+string(status)] = struct {
			request model.RestoreRequest
			want    fault.Kind
		}{model.RestoreRequest{Kind: model.RestoreFiles, Source: from(id), Select: path}, fault.Conflict}
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.request.Marker = "never"
			_, err := b.Restores.Start(t.Context(), tc.request)
			if e := fault.Of(err); e == nil || e.Kind != tc.want || e.Ambiguous {
				t.Errorf("want %v, got %s", tc.want, vendorWords(err))
			}
		})
	}
	if got := b.sim.Recoveries(); len(got) != 0 {
		t.Errorf("%d were started", len(got))
	}
}

func TestRestoresListOverLongTimes(t *testing.T) {
	b := newBench(t, cohesitysim.Options{})
	source := b.backups(t, model.BackupQuery{}, 50)
	i := slices.IndexFunc(source, func(x model.Backup) bool { return slices.Contains(x.RestoreKinds, model.RestoreFiles) })
	var want []string
	for n := range 6 {
		r, err := b.Restores.Start(t.Context(), model.RestoreRequest{
			Kind: model.RestoreFiles, Source: model.RestoreSource{Backup: &source[i].ID}, Select: raw(`{"paths":["/a"]}`), Marker: fmt.Sprint("n", n),
		})
		if err != nil {
			t.Fatal(vendorWords(err))
		}
		want = append([]string{r.ID.Key}, want...)
		b.clock.Advance(time.Hour << (2 * n)) // up to six weeks apart
	}
	for _, limit := range []int{1, 2, 100} {
		streams, err := b.Restores.Streams(t.Context(), model.RestoreQuery{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range walk(t, streams, limit) {
			got = append(got, r.ID.Key)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%d a page:\n%s", limit, diff)
		}
	}
}
