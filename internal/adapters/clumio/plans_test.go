package clumio_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func caseOf(t *testing.T, name string) restoreCase {
	t.Helper()
	all := everyRestore()
	i := slices.IndexFunc(all, func(c restoreCase) bool { return c.name == name })
	if i < 0 {
		t.Fatalf("there is no case %s", name)
	}
	return all[i]
}

func TestPlansShowWhatTheVendorTellsBeforehand(t *testing.T) {
	for name, want := range map[string]string{
		"group-backup": `"restore_cookie"`, "group-range": `"objects"`, "endpoint": `"estimated_cost"`, "rds-records": `"columns"`,
		"dynamodb-records": `"attributes"`, "dynamodb-records-at": `"items"`, "bucket-backup": "", "volume": "", "backtrack": "",
	} {
		a := openAccount(t, clumiosim.Options{})
		plan, err := a.Plans.Plan(t.Context(), caseOf(t, name).ask(t, a))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := string(plan.Preview); (want == "") != (got == "") || !strings.Contains(got, want) || strings.Contains(got, "null") || strings.Contains(got, "_links") {
			t.Errorf("%s: the preview is %s", name, got)
		}
		if plan.Connection != "acme" || plan.Kind == "" || plan.Source.Form() == "" || plan.Notes == nil {
			t.Errorf("%s: planned %+v", name, plan)
		}
	}
}

func TestAPlanWithoutAPreviewIsAPlan(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	request := caseOf(t, "group-backup").ask(t, a)
	const previews = "POST /restores/protection-groups/*/previews"
	a.sim.Kit().Inject(previews, simkit.Response{Status: http.StatusBadRequest, Body: `{}`})
	plan, err := a.Plans.Plan(t.Context(), request)
	if err != nil || plan.Preview != nil || !slices.ContainsFunc(plan.Notes, func(n string) bool { return strings.HasPrefix(n, "the vendor gave no preview: ") }) {
		t.Errorf("got %s, %v, %v", plan.Preview, plan.Notes, err)
	}
	a.sim.Kit().Inject(previews, simkit.Response{Status: http.StatusAccepted, Body: `{"preview_id":"p","task_id":"9"}`})
	plan, err = a.Plans.Plan(t.Context(), request)
	if err != nil || !slices.Contains(plan.Notes, "the vendor prepares the preview as a task of its own") {
		t.Errorf("got %v, %v", plan.Notes, err)
	}
}

func TestPlansRefuseWhatCanBeSeenToFail(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	plan := func(name string, change func(*model.RestoreRequest)) error {
		request := caseOf(t, name).ask(t, a)
		change(&request)
		_, err := a.Plans.Plan(t.Context(), request)
		return err
	}
	target := func(text string) func(*model.RestoreRequest) {
		return func(r *model.RestoreRequest) { r.Target = json.RawMessage(text) }
	}
	taken := newestOf(t, a, model.AssetDynamoDBTable).Asset.Name
	for name, c := range map[string]struct {
		err     error
		pointer string
	}{
		"no environment": {plan("table-backup", target(`{"name":"n","environment":"nowhere"}`)), "/target/environment"},
		"dots":           {plan("table-backup", target(`{"name":"n","environment":".."}`)), "/target/environment"},
		"taken name":     {plan("table-backup", target(`{"name":"`+taken+`"}`)), "/target/name"},
		"no bucket":      {plan("bucket-backup", target(`{"bucket":"none","environment":"`+firstID(t, a.sim, "/datasources/aws/environments")+`"}`)), "/target/bucket"},
		"no GCS bucket":  {plan("gcs-bucket", target(`{"bucket":"none"}`)), "/target/bucket"},
	} {
		if e := fault.Of(c.err); e == nil || e.Kind != fault.Invalid || len(e.Fields) != 1 || e.Fields[0].Pointer != c.pointer {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	gone := a.env.ID("aws-dynamodb-table", "00000000-0000-4000-8000-000000000000")
	for name, source := range map[string]model.RestoreSource{"backup": {Backup: &gone}, "asset": {Asset: &gone, At: "2026-03-14T06:00:00Z"}} {
		err := plan("table-backup", func(r *model.RestoreRequest) {
			r.Source, r.Target = source, json.RawMessage(`{"name":"n","environment":"`+firstID(t, a.sim, "/datasources/aws/environments")+`"}`)
		})
		if fault.KindOf(err) != fault.NotFound {
			t.Errorf("no %s: %v", name, err)
		}
	}
	granular := func(r *model.RestoreRequest) {
		r.Source = caseOf(t, "rds-records").ask(t, a).Source
	}
	if e := fault.Of(plan("rds-backup", granular)); e == nil || e.Kind != fault.Invalid || e.Fields[0].Pointer != "/source/backup" {
		t.Errorf("a granular backup: %v", e)
	}
	request := caseOf(t, "table-backup").ask(t, a)
	backup, err := a.Backups.Get(t.Context(), *request.Source.Backup, false)
	if err != nil {
		t.Fatal(err)
	}
	a.clock.Advance(backup.ExpiresAt.Sub(a.clock.Now()) - time.Hour)
	got, err := a.Plans.Plan(t.Context(), request)
	if err == nil && !slices.ContainsFunc(got.Notes, func(n string) bool { return strings.HasPrefix(n, "the backup expires at ") }) {
		t.Errorf("one hour before the end: %v", got.Notes)
	}
	a.clock.Advance(2 * time.Hour)
	if _, err := a.Plans.Plan(t.Context(), request); fault.KindOf(err) != fault.Invalid && fault.KindOf(err) != fault.NotFound {
		t.Errorf("after the end: %v", err)
	}
}
