package clouddownload_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptertest"
	"switchback/internal/adapters/clouddownload"
	"switchback/internal/adapters/clouddownload/storwaresim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// world is a simulated vendor with a clock that moves when told.
type world struct {
	t     *testing.T
	sim   *storwaresim.Sim
	clock *simkit.Clock
	url   string
	env   adapters.Env
}

func newWorld(t *testing.T, o storwaresim.Options) *world {
	t.Helper()
	w := &world{t: t, clock: simkit.NewClock(time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC))}
	o.Now, o.Password = w.clock.Now, testPassword
	w.sim = storwaresim.New(o)
	server := httptest.NewServer(w.sim)
	t.Cleanup(server.Close)
	w.url = server.URL
	w.env = adaptertest.Env(t, "site-a")
	w.env.Now = w.clock.Now
	return w
}

// open opens the account as one process would; more is added to its
// configuration.
func (w *world) open(env adapters.Env, more string) *adapters.Adapter {
	w.t.Helper()
	raw := config(w.url)
	if more != "" {
		raw = append(raw[:len(raw)-1], []byte(","+more+"}")...)
	}
	a, err := clouddownload.Driver().Open(w.t.Context(), raw, env)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) backups(a *adapters.Adapter) []model.Backup {
	w.t.Helper()
	streams, err := a.Backups.Streams(w.t.Context(), model.BackupQuery{})
	if err != nil {
		w.t.Fatal(err)
	}
	all := walk(w.t, streams, 100)
	slices.SortFunc(all, func(a, b model.Backup) int { return a.Position().Compare(b.Position()) })
	return all
}

// downloadable is the newest backup of a kind that a download can be made of.
func (w *world) downloadable(all []model.Backup, kind model.AssetKind) model.Backup {
	w.t.Helper()
	i := slices.IndexFunc(all, func(b model.Backup) bool { return b.Kind == kind && len(b.RestoreKinds) > 0 })
	if i < 0 {
		w.t.Fatalf("no backup of a %s can be downloaded", kind)
	}
	return all[i]
}

func walk[M any](t *testing.T, streams []adapters.Stream[M], limit int) []M {
	t.Helper()
	var all []M
	for _, stream := range streams {
		for before := (model.Position{}); ; {
			page, err := stream.Page(t.Context(), before, limit)
			if err != nil {
				t.Fatalf("%s: %v", stream.Name, err)
			}
			all = append(all, page.Items...)
			if !page.More {
				break
			}
			if !before.Before(page.Next) {
				t.Fatalf("%s: %v does not come after %v", stream.Name, page.Next, before)
			}
			before = page.Next
		}
	}
	return all
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// value unwraps what must not fail.
func value[V any](v V, err error) func(t *testing.T) V {
	return func(t *testing.T) V {
		t.Helper()
		must(t, err)
		return v
	}
}

func scenarios() []simkit.Scenario {
	late := simkit.Hostile()
	late.Name, late.PageCap, late.LateVisibility = "late", 7, 5*time.Second
	return []simkit.Scenario{simkit.Friendly(), simkit.Hostile(), late}
}

func TestWalkShowsEveryBackup(t *testing.T) {
	for name, reading := range readings() {
		for _, scenario := range scenarios() {
			t.Run(name+"/"+scenario.Name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, storwaresim.Options{Backups: 130, Scenario: scenario, Reading: reading})
				w.clock.Advance(time.Minute)
				got := map[string]model.Backup{}
				for _, b := range w.backups(w.open(w.env, "")) {
					if _, twice := got[b.ID.Key]; twice {
						t.Errorf("%s is listed twice", b.ID)
					}
					got[b.ID.Key] = b
				}
				facts := w.sim.Facts()
				for _, fact := range facts {
					b, listed := got[fact.GUID]
					at := fact.SnapshotTime
					if at == 0 {
						at = fact.BackupTime
					}
					if !listed || b.StartedAt.UnixMilli() != at || b.Native.Status != fact.Status || b.Asset.ID.Key != fact.EntityGUID || b.Native.Type != fact.EntityType {
						t.Errorf("want %+v, got %+v", fact, b)
					}
				}
				if len(got) != len(facts) {
					t.Errorf("the vendor has %d backups, %d are listed", len(facts), len(got))
				}
			})
		}
	}
}

// A range of time is served by search: a few calls, whatever its place.
func TestDeepPagesCostFewCalls(t *testing.T) {
	w := newWorld(t, storwaresim.Options{Backups: 5000})
	a := w.open(w.env, "")
	facts := w.sim.Facts()
	middle := time.UnixMilli(facts[len(facts)/2].SnapshotTime).UTC()
	streams := value(a.Backups.Streams(t.Context(), model.BackupQuery{StartedBefore: middle}))(t)
	w.sim.Kit().ResetRequests()
	page := value(streams[0].Page(t.Context(), model.Position{}, 50))(t)
	if n := w.sim.Kit().Total(); n > 15 {
		t.Errorf("the first page in the middle of 5000 backups took %d calls", n)
	}
	if len(page.Items) != 50 || page.Items[0].StartedAt.After(middle) {
		t.Fatalf("got %d items from %v on, want 50 before %v", len(page.Items), page.Items[0].StartedAt, middle)
	}
	w.sim.Kit().ResetRequests()
	for range 5 {
		page = value(streams[0].Page(t.Context(), page.Next, 50))(t)
	}
	if n := w.sim.Kit().Total(); n > 10 {
		t.Errorf("five more pages took %d calls", n)
	}
}

// start starts a download; a Conflict is the adapter's way to say that another
// one of the same user can not be told apart yet.
func (w *world) start(a *adapters.Adapter, source model.ID, marker string) model.Restore {
	w.t.Helper()
	for range 100 {
		r, err := a.Restores.Start(w.t.Context(), model.RestoreRequest{
			Kind: model.RestoreDownload, Source: model.RestoreSource{Backup: &source}, Marker: marker,
		})
		if errors.Is(err, fault.Conflict) {
			w.clock.Advance(time.Second)
			continue
		}
		must(w.t, err)
		return r
	}
	w.t.Fatal("the download never starts")
	return model.Restore{}
}

// finish moves the clock until the download is over.
func (w *world) finish(a *adapters.Adapter, id model.ID) model.Restore {
	w.t.Helper()
	for range 400 {
		r, err := a.Restores.Get(w.t.Context(), id, false)
		must(w.t, err)
		if r.State.Terminal() && (r.Outputs.HasContent || len(r.Children) > 0) {
			return r
		}
		if r.State.Terminal() {
			w.t.Fatalf("it ended as %s without content: %v, %+v", r.State, r.Warnings, r.Native)
		}
		w.clock.Advance(3 * time.Second)
	}
	w.t.Fatal("the download never ends")
	return model.Restore{}
}

func sum(t *testing.T, a *adapters.Adapter, id model.ID, offset int64) (string, int) {
	t.Helper()
	body, err := a.Content.Open(t.Context(), id, offset)
	must(t, err)
	defer func() { _ = body.Close() }()
	data, err := io.ReadAll(body)
	must(t, err)
	hash := sha256.Sum256(data)
	return hex.EncodeToString(hash[:]), len(data)
}

// Two downloads of one user at once, read by a process that started neither,
// give each its own bytes.
func TestDownloadsGiveTheirOwnBytes(t *testing.T) {
	for name, reading := range readings() {
		for _, scenario := range scenarios() {
			t.Run(name+"/"+scenario.Name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, storwaresim.Options{Backups: 60, Scenario: scenario, Reading: reading, ContentSize: 100_000})
				w.clock.Advance(time.Minute)
				first, other := w.open(w.env, ""), w.open(w.env, "")
				source := w.downloadable(w.backups(first), model.AssetCloudUser).ID
				one, two := w.start(first, source, "one"), w.start(first, source, "two")
				made := w.sim.Downloads()
				if len(made) != 2 {
					t.Fatalf("%d downloads were made", len(made))
				}
				for i, r := range []model.Restore{one, two} {
					record := made[i].Records[0]
					done := w.finish(first, r.ID)
					if done.Native.ID != record {
						t.Errorf("download %d has the record %s, not %s", i+1, done.Native.ID, record)
					}
					want := w.sim.Content(record)
					if got, n := sum(t, first, r.ID, 0); got != want.SHA256() || int64(n) != want.Size {
						t.Errorf("download %d gives %d bytes of %s, not its own", i+1, n, got)
					}
					if got, n := sum(t, first, r.ID, 99_990); n != 10 {
						t.Errorf("from 99990 on %d bytes came (%s)", n, got)
					}
					elsewhere, err := other.Restores.Get(t.Context(), r.ID, false)
					must(t, err)
					if elsewhere.Outputs.HasContent {
						if got, _ := sum(t, other, r.ID, 0); got != want.SHA256() {
							t.Errorf("in another process download %d gives other bytes", i+1)
						}
					} else if scenario.LateVisibility == 0 || !reading.TaskHidesRecord {
						t.Errorf("another process can not find download %d: %v", i+1, elsewhere.Warnings)
					}
				}
			})
		}
	}
}

func TestOneSignInForManyCallers(t *testing.T) {
	w := newWorld(t, storwaresim.Options{Backups: 20})
	a := w.open(w.env, "")
	must(t, a.Session.Check(t.Context()))
	w.sim.ExpireSessions()
	before := w.sim.Logins()
	var callers sync.WaitGroup
	for range 16 {
		callers.Go(func() {
			if err := a.Session.Check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if n := w.sim.Logins() - before; n != 1 {
		t.Errorf("16 callers with one expired session signed in %d times", n)
	}
}

func TestWrongPasswordIsCredentials(t *testing.T) {
	w := newWorld(t, storwaresim.Options{Backups: 20})
	a := value(clouddownload.Driver().Open(t.Context(),
		[]byte(`{"base_url":"`+w.url+`/api/","allow_http":true,"login":"switchback","password":{"value":"test-wrong"}}`), w.env))(t)
	if err := a.Session.Check(t.Context()); !errors.Is(err, fault.Credentials) {
		t.Errorf("got %v", err)
	}
}

func TestRemovedDownload(t *testing.T) {
	w := newWorld(t, storwaresim.Options{Backups: 60})
	a := w.open(w.env, "")
	source := w.downloadable(w.backups(a), model.AssetCloudUser).ID
	r := w.finish(a, w.start(a, source, "m").ID)
	operation := value(a.RestoreRemovals.Remove(t.Context(), r.ID))(t)
	if operation == nil || operation.Action != "delete" {
		t.Fatalf("removing gives %+v", operation)
	}
	w.clock.Advance(time.Hour)
	if got := value(a.Operations.Get(t.Context(), operation.ID, false))(t); got.State != model.StateSucceeded {
		t.Errorf("the removal is %s", got.State)
	}
	if _, err := a.Content.Open(t.Context(), r.ID, 0); !errors.Is(err, fault.NotFound) {
		t.Errorf("content of a removed download: %v", err)
	}
	if got, err := a.Restores.Get(t.Context(), r.ID, false); err == nil && (got.State != model.StateSucceeded || got.Outputs.HasContent) {
		t.Errorf("a removed download is %s with content %t", got.State, got.Outputs.HasContent)
	}
}

// An export is over when the STORE after it is.
func TestExportEndsWithItsStore(t *testing.T) {
	w := newWorld(t, storwaresim.Options{Backups: 60})
	a := w.open(w.env, "")
	all := w.backups(a)
	vm := all[slices.IndexFunc(all, func(b model.Backup) bool { return b.Kind == model.AssetVM })]
	operation := value(a.BackupStarts.Start(t.Context(), adapters.BackupStart{Subject: vm.Asset.ID}))(t)
	running := 0
	for range 400 {
		got := value(a.Operations.Get(t.Context(), operation.ID, false))(t)
		if got.State.Terminal() {
			if got.State != model.StateSucceeded || running == 0 {
				t.Errorf("it ended as %s after %d looks", got.State, running)
			}
			for _, after := range w.backups(a) {
				if after.Status == model.BackupRunning && after.Asset.ID == vm.Asset.ID && after.StartedAt.After(operation.CreatedAt.Add(-time.Minute)) {
					t.Errorf("the operation is over and its backup %s is not", after.ID)
				}
			}
			return
		}
		running++
		w.clock.Advance(5 * time.Second)
	}
	t.Error("the operation never ends")
}

func TestInvalidRequestsSendNothing(t *testing.T) {
	w := newWorld(t, storwaresim.Options{Backups: 60})
	a := w.open(w.env, "")
	all := w.backups(a)
	user := w.downloadable(all, model.AssetCloudUser)
	vm := all[slices.IndexFunc(all, func(b model.Backup) bool { return b.Kind == model.AssetVM })]
	for name, r := range map[string]model.RestoreRequest{
		"vm":        {Source: model.RestoreSource{Backup: &vm.ID}},
		"time":      {Source: model.RestoreSource{Asset: &user.Asset.ID, At: "2026-01-01T00:00:00Z"}},
		"os mode":   {Source: model.RestoreSource{Backup: &user.ID}, Options: []byte(`{"mode":"OS_DOWNLOAD"}`)},
		"no object": {Source: model.RestoreSource{Backup: &user.ID}, Select: []byte(`{"objects":["@v"]}`)},
		"kind":      {Kind: model.RestoreMount, Source: model.RestoreSource{Backup: &user.ID}},
	} {
		if r.Kind == "" {
			r.Kind = model.RestoreDownload
		}
		if _, err := a.Restores.Start(t.Context(), r); !errors.Is(err, fault.Invalid) || len(fault.Of(err).Fields) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, s := range map[string]adapters.BackupStart{
		"policy":  {Subject: model.ID{Connection: "site-a", Kind: "policy-vm-backup", Key: "x"}},
		"type":    {Subject: vm.Asset.ID, Type: model.TypeLog},
		"keep":    {Subject: vm.Asset.ID, Keep: model.Period{Days: 3}},
		"options": {Subject: vm.Asset.ID, Options: []byte(`{"urgent":true}`)},
		"high":    {Subject: vm.Asset.ID, Options: []byte(`{"priority":101}`)},
	} {
		if _, err := a.BackupStarts.Start(t.Context(), s); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, r := range w.sim.Kit().Requests("POST /api/**") {
		if r.Path != "/api/session/login" {
			t.Errorf("%s %s was sent", r.Method, r.Path)
		}
	}
}

// A server that answers with nonsense gets a failure, never an empty list.
func TestNonsenseIsNoEmptyList(t *testing.T) {
	for name, response := range map[string]simkit.Response{
		"object":       {Status: http.StatusOK, Body: `{"items":[]}`},
		"no total":     {Status: http.StatusOK, Body: `[{"guid":"a","snapshotTime":1}]`},
		"no guid":      {Status: http.StatusOK, Header: http.Header{"X-Total-Count": {"1"}}, Body: `[{"snapshotTime":1}]`},
		"too much":     {Status: http.StatusOK, Header: http.Header{"X-Total-Count": {"1"}}, Body: "[", Fill: 20 << 20},
		"not the list": {Status: http.StatusOK, Body: "<html></html>"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, storwaresim.Options{Backups: 20})
			streams := value(w.open(w.env, "").Backups.Streams(t.Context(), model.BackupQuery{}))(t)
			w.sim.Kit().Inject("GET /api/backups", response)
			if page, err := streams[0].Page(t.Context(), model.Position{}, 10); !errors.Is(err, fault.Upstream) {
				t.Errorf("got %d items, %v", len(page.Items), err)
			}
		})
	}
}
