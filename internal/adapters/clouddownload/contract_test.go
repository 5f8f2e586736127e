package clouddownload_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"switchback/internal/adapters"
	"switchback/internal/adapters/clouddownload/storwaresim"
	"switchback/internal/model"
)

// contract checks every request against the vendor's API description: paths,
// methods, parameter names and values, bodies.
type contract struct {
	tb     testing.TB
	next   http.RoundTripper
	router routers.Router

	mu   sync.Mutex
	used map[string]bool // operationId
}

func newContract(tb testing.TB, next http.RoundTripper) *contract {
	tb.Helper()
	raw, err := os.ReadFile("testdata/contract.json")
	if err != nil {
		tb.Fatal(err)
	}
	document, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		tb.Fatal(err)
	}
	router, err := legacy.NewRouter(document)
	if err != nil {
		tb.Fatal(err)
	}
	return &contract{tb: tb, next: next, router: router, used: map[string]bool{}}
}

func (c *contract) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		_ = r.Body.Close()
	}
	asked := r.Clone(r.Context())
	asked.URL.Scheme, asked.URL.Host = "", ""
	asked.Body = io.NopCloser(bytes.NewReader(body))
	c.check(asked)
	sent := r.Clone(r.Context())
	sent.Body = io.NopCloser(bytes.NewReader(body))
	return c.next.RoundTrip(sent)
}

func (c *contract) check(r *http.Request) {
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		c.tb.Errorf("%s %s: %v", r.Method, r.URL, err)
		return
	}
	c.mu.Lock()
	c.used[route.Operation.OperationID] = true
	c.mu.Unlock()
	for name := range r.URL.Query() {
		known := slices.ContainsFunc(route.Operation.Parameters, func(p *openapi3.ParameterRef) bool {
			return p.Value.In == "query" && p.Value.Name == name
		})
		if !known {
			c.tb.Errorf("%s %s: no document has the parameter %s", r.Method, r.URL.Path, name)
		}
	}
	if err := openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
	}); err != nil {
		c.tb.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
}

func TestRequestsKeepTheContract(t *testing.T) {
	w := newWorld(t, storwaresim.Options{Backups: 120})
	env := w.env
	checked := newContract(t, env.Transport)
	env.Transport = checked
	a := w.open(env, `"project_uuid":"77777777-0000-4000-8000-000000000001"`)
	ctx := t.Context()

	must(t, a.Session.Check(ctx))
	plain := w.open(w.env, "")
	all := w.backups(plain)
	for _, q := range []model.BackupQuery{
		{},
		{Assets: []model.ID{all[0].Asset.ID}},
		{AssetKinds: []model.AssetKind{model.AssetCloudUser}},
		{Statuses: []model.BackupStatus{model.BackupAvailable, model.BackupRunning}},
		{Types: []model.BackupType{model.TypeFull}},
	} {
		walk(t, value(a.Backups.Streams(ctx, q))(t), 50)
	}
	value(a.Backups.Get(ctx, all[0].ID, true))(t)

	backup := w.downloadable(all, model.AssetCloudUser)
	request := model.RestoreRequest{Kind: model.RestoreDownload, Source: model.RestoreSource{Backup: &backup.ID}, Marker: "m"}
	r := value(a.Restores.Start(ctx, request))(t)
	request.Select = json.RawMessage(`{"objects":["d00d0001-0000-4000-8000-000000000001","d00d0002-0000-4000-8000-000000000002@d00d0003-0000-4000-8000-000000000003"]}`)
	if _, err := a.Restores.Start(ctx, request); err == nil {
		t.Error("objects that do not exist are downloaded")
	}
	posts := w.sim.Kit().Requests("POST /api/cloud-download")
	want := `"protectedObjects":[{"guid":"d00d0001-0000-4000-8000-000000000001"},{"guid":"d00d0002-0000-4000-8000-000000000002","versionGuid":"d00d0003-0000-4000-8000-000000000003"}]`
	if last := string(posts[len(posts)-1].Body); !strings.Contains(last, want) {
		t.Errorf("the objects were sent as %s", last)
	}
	w.clock.Advance(time.Hour)
	walk(t, value(a.Restores.Streams(ctx, model.RestoreQuery{}))(t), 50)
	body := value(a.Content.Open(ctx, r.ID, 0))(t)
	must(t, body.Close())
	status := "FINISHED"
	value(a.RestorePatches.Patch(ctx, r.ID, model.RestorePatch{Status: &status}))(t)
	value(a.RestoreRemovals.Remove(ctx, r.ID))(t)
	cancelled := value(a.Restores.Start(ctx, model.RestoreRequest{
		Kind: model.RestoreDownload, Source: model.RestoreSource{Backup: &backup.ID}, Marker: "n", Options: json.RawMessage(`{"mode":"CLOUD_PST_DOWNLOAD"}`),
	}))(t)
	must(t, a.RestoreCancels.Cancel(ctx, cancelled.ID))

	vm := all[slices.IndexFunc(all, func(b model.Backup) bool { return b.Kind == model.AssetVM })]
	operation := value(a.BackupStarts.Start(ctx, adapters.BackupStart{
		Subject: vm.Asset.ID, Type: model.TypeIncremental, Options: json.RawMessage(`{"priority":70}`),
	}))(t)
	if _, err := a.BackupStarts.Start(ctx, adapters.BackupStart{
		Subject: vm.Asset.ID, Options: json.RawMessage(`{"destination":"2c3d4e5f-6a7b-4c8d-9e0f-1a2b3c4d5e6f","rule":"88888888-1111-4222-8333-444444444444"}`),
	}); err == nil {
		t.Error("a backup goes to a destination that does not exist")
	}
	value(a.Operations.Get(ctx, operation.ID, false))(t)
	must(t, a.OperationCancels.Cancel(ctx, operation.ID))
	walk(t, value(a.Operations.Streams(ctx, model.OperationQuery{}))(t), 50)
	for token := ""; ; {
		page := value(a.Policies.List(ctx, token, 5, false))(t)
		for _, policy := range page.Items {
			value(a.Policies.Get(ctx, policy.ID, false))(t)
		}
		if token = page.Next; token == "" {
			break
		}
	}
	must(t, a.Session.Close(ctx))

	for operation := range strings.FieldsSeq(`login logout checkSession listBackups getBackup createCloudDownload listCloudDownloads
		getCloudDownload updateCloudDownload deleteCloudDownload getMountedBackup listTasks getTask changeTaskState createExportTask
		listVmBackupPolicies getVmBackupPolicy listOsBackupRules listVmSnapshotPolicies listSchedules`) {
		if !checked.used[operation] {
			t.Errorf("the operation %s was not tried", operation)
		}
	}
}
