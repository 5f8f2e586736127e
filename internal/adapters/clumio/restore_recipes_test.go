package clumio_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"switchback/internal/adapters"
	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
	"switchback/internal/schema"
)

// locator is the step after a restore has succeeded.
type locator interface {
	Locate(ctx context.Context, restore model.Restore, request model.RestoreRequest) (model.Restore, error)
}

// fits holds a request against the schemas that the adapter publishes.
func fits(t *testing.T, a *adapters.Adapter, r model.RestoreRequest) []fault.Field {
	t.Helper()
	i := slices.IndexFunc(a.RestoreKinds, func(k adapters.RestoreKind) bool { return k.Kind == r.Kind })
	if i < 0 {
		t.Fatalf("%s is not offered", r.Kind)
	}
	k := a.RestoreKinds[i]
	if !slices.Contains(k.Sources, r.Source.Form()) || !slices.Contains(k.AssetKinds, model.AssetKind(r.Source.ID().Kind)) {
		t.Errorf("the source %+v is not offered for %s", r.Source, r.Kind)
	}
	var fields []fault.Field
	for at, part := range map[string][2]json.RawMessage{
		"/target": {k.Target, r.Target}, "/select": {k.Select, r.Select}, "/options": {k.Options, r.Options},
	} {
		if len(part[1]) == 0 {
			part[1] = json.RawMessage(`{}`)
		}
		if len(part[0]) == 0 {
			part[0] = json.RawMessage(`{"type":"object","additionalProperties":false}`)
		}
		compiled, err := schema.Compile(part[0])
		if err != nil {
			t.Fatal(err)
		}
		value, err := schema.Decode(part[1])
		if err != nil {
			t.Fatal(err)
		}
		fields = append(fields, compiled.Check(value, at)...)
	}
	return fields
}

var vendorIDs = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(_[0-9TZ:.-]+)?|(vol|subnet|vpc|i|sg|eni|ami)-[0-9a-f]+|test-cookie[^"]*`)

// unnumbered puts names of the order of appearance in the place of ids that
// the simulated vendor made up.
func unnumbered(raw []byte) []byte {
	names := map[string]string{}
	return vendorIDs.ReplaceAllFunc(raw, func(id []byte) []byte {
		if names[string(id)] == "" {
			names[string(id)] = fmt.Sprintf("id-%d", len(names)+1)
		}
		return []byte(names[string(id)])
	})
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "requests", name+".golden.json")
	// The flag is registered by the tests inside the package.
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s\n%s", path, diff)
	}
}

// Every restore is planned, started, and followed to what it has made. The
// transport holds each request against the contract.
func TestEveryRestoreIsPlannedStartedAndLocated(t *testing.T) {
	for _, c := range everyRestore() {
		t.Run(c.name, func(t *testing.T) {
			a := openAccount(t, clumiosim.Options{})
			request := c.ask(t, a)
			if fields := fits(t, a.Adapter, request); len(fields) > 0 {
				t.Fatalf("the published schemas refuse it: %+v", fields)
			}
			a.sim.Kit().ResetRequests()
			plan, err := a.Plans.Plan(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			onlyReads(t, a)
			if c.apart {
				a.sim.Kit().Inject("POST "+c.write, simkit.Response{Status: http.StatusAccepted, Body: `{"task_id":"77"}`})
			}
			tasks := len(a.sim.Tasks())
			began, err := a.Restores.Start(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			if !c.apart && len(a.sim.Tasks()) != tasks+1 {
				t.Errorf("%d tasks were begun", len(a.sim.Tasks())-tasks)
			}
			all := a.sim.Kit().Requests("POST " + c.write)
			sent := all[len(all)-1]
			if plan.Request.Path != sent.Path || plan.Request.Method != "POST" || !bytes.Equal(plan.Request.Body, bytes.TrimSpace(sent.Body)) {
				t.Errorf("planned %s %s\nsent    %s %s", plan.Request.Path, plan.Request.Body, sent.Path, sent.Body)
			}
			shown, err := json.MarshalIndent(plan.Request, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, c.name, append(unnumbered(shown), '\n'))
			if !c.apart {
				c.follow(t, a, began, request)
			}
		})
	}
}

// onlyReads checks that nothing was asked for but reads and previews.
func onlyReads(t *testing.T, a *account) {
	t.Helper()
	for _, r := range a.sim.Kit().Requests("POST /**") {
		preview := strings.HasSuffix(r.Path, "/previews") || strings.HasSuffix(r.Path, "/cost-estimates") ||
			strings.HasSuffix(r.Path, "/records") && bytes.Contains(r.Body, []byte(`"preview":true`))
		if !preview {
			t.Errorf("the plan has sent POST %s %s", r.Path, r.Body)
		}
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE"} {
		if n := len(a.sim.Kit().Requests(method + " /**")); n > 0 {
			t.Errorf("the plan has sent %d %s", n, method)
		}
	}
}

// follow waits for the end in another process and looks for what was made.
func (c restoreCase) follow(t *testing.T, a *account, began model.Restore, request model.RestoreRequest) {
	t.Helper()
	other := a.open(t)
	if c.write == endpointsPath {
		return // TestConformance follows endpoints
	}
	var got model.Restore
	for range 300 {
		var err error
		if got, err = other.Restores.Get(t.Context(), began.ID, false); err != nil {
			t.Fatal(err)
		}
		if got.State.Terminal() {
			break
		}
		a.clock.Advance(time.Minute)
	}
	if got.State != model.StateSucceeded {
		t.Fatalf("it ended as %+v", got)
	}
	var located model.Restore
	for range 60 {
		var err error
		if located, err = other.Restores.(locator).Locate(t.Context(), got, request); err != nil {
			t.Fatal(err)
		}
		if located.State != model.StateSucceeded {
			t.Errorf("looking for it changed its state to %s", located.State)
		}
		if c.makes == "" || located.Outputs.Asset != nil {
			break
		}
		if len(located.Warnings) != 1 || located.Progress.Basis != model.ProgressPhases || *located.Progress.Percent != 50 {
			t.Errorf("not in the inventory it is shown as %+v", located)
		}
		a.clock.Advance(time.Minute)
	}
	if c.makes == "" {
		if located.Outputs.Asset != nil {
			t.Errorf("it has made %+v", located.Outputs.Asset)
		}
		return
	}
	if ref := located.Outputs.Asset; ref == nil || ref.ID.Kind != string(c.makes) || len(located.Warnings) != 0 || *located.Progress.Percent != 100 {
		t.Fatalf("it is not found: %+v", located)
	}
	if _, err := other.Assets.Get(t.Context(), located.Outputs.Asset.ID, false); err != nil {
		t.Errorf("what was found can not be read: %v", err)
	}
}
