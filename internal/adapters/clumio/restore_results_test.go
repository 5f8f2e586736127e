package clumio_test

import (
	"net/http"
	"testing"
	"time"

	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// locateTable looks for a table while the vendor lists these.
func locateTable(t *testing.T, items string) model.Restore {
	t.Helper()
	a := openAccount(t, clumiosim.Options{})
	request := caseOf(t, "table-backup").ask(t, a)
	a.sim.Kit().Inject("GET /datasources/aws/dynamodb-tables", simkit.Response{Status: http.StatusOK, Body: `{"_embedded":{"items":` + items + `}}`})
	got, err := a.Restores.(locator).Locate(t.Context(), model.Restore{ID: a.env.ID("restore", "77"), State: model.StateSucceeded}, request)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestWhatWasMadeIsToldByNameAndMarker(t *testing.T) {
	const ours = `{"id":"t1","name":"orders-restored","tags":[{"key":"switchback:restore","value":"mark-1"}]}`
	for name, c := range map[string]struct {
		items, found string
	}{
		"nothing":                 {`null`, ""},
		"the one":                 {`[` + ours + `]`, "t1"},
		"without tags yet":        {`[{"id":"t2","name":"orders-restored"}]`, "t2"},
		"of another restore":      {`[{"id":"t2","name":"orders-restored","tags":[{"key":"switchback:restore","value":"mark-2"}]}]`, ""},
		"with a part of the name": {`[{"id":"t2","name":"orders-restored-2"}]`, ""},
		"deleted":                 {`[{"id":"t2","name":"orders-restored","is_deleted":true}]`, ""},
		"in another environment":  {`[{"id":"t2","name":"orders-restored","environment_id":"elsewhere"}]`, ""},
		"of two the marked one":   {`[{"id":"t2","name":"orders-restored"},` + ours + `]`, "t1"},
		"without an id":           {`[{"name":"orders-restored"}]`, ""},
	} {
		got := locateTable(t, c.items)
		switch {
		case got.State != model.StateSucceeded || got.Outputs.Name != "orders-restored" || got.Progress.Basis != model.ProgressPhases:
			t.Errorf("%s: %+v", name, got)
		case c.found == "" && (got.Outputs.Asset != nil || len(got.Warnings) != 1 || *got.Progress.Percent != 50):
			t.Errorf("%s: nothing fits, and it is shown as %+v", name, got)
		case c.found != "" && (got.Outputs.Asset == nil || got.Outputs.Asset.ID.Key != c.found || len(got.Warnings) != 0 || *got.Progress.Percent != 100):
			t.Errorf("%s: it is shown as %+v", name, got)
		}
	}
	if got := locateTable(t, `[{"id":"t1","name":"orders-restored"},{"id":"t2","name":"orders-restored"}]`); got.Outputs.Asset != nil || len(got.Warnings) != 1 {
		t.Errorf("of two it is shown as %+v", got)
	}
}

func TestOnlyWhatHasSucceededIsLookedFor(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	request := caseOf(t, "table-backup").ask(t, a)
	a.sim.Kit().ResetRequests()
	for _, state := range []model.State{model.StateQueued, model.StateRunning, model.StateFailed, model.StateUnknown} {
		got, err := a.Restores.(locator).Locate(t.Context(), model.Restore{ID: a.env.ID("restore", "77"), State: state}, request)
		if err != nil || got.State != state || got.Outputs.Name != "" || len(got.Warnings) != 0 {
			t.Errorf("%s: %+v, %v", state, got, err)
		}
	}
	if n := a.sim.Kit().Total(); n != 0 {
		t.Errorf("the vendor was asked %d times", n)
	}
}

func TestALookThatFailsIsNotTakenForNothing(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	request := caseOf(t, "table-backup").ask(t, a)
	done := model.Restore{ID: a.env.ID("restore", "77"), State: model.StateSucceeded}
	a.sim.Kit().Inject("GET /datasources/aws/dynamodb-tables", simkit.Response{Status: http.StatusForbidden, Body: `{}`})
	if _, err := a.Restores.(locator).Locate(t.Context(), done, request); fault.KindOf(err) != fault.Credentials {
		t.Errorf("got %v", err)
	}
	gone := a.env.ID("aws-dynamodb-table", "00000000-0000-4000-8000-000000000000")
	request.Source = model.RestoreSource{Backup: &gone}
	got, err := a.Restores.(locator).Locate(t.Context(), done, request)
	if err != nil || got.State != model.StateSucceeded || len(got.Warnings) != 1 {
		t.Errorf("without its source: %+v, %v", got, err)
	}
}

func TestDownloadsShowTheirLinks(t *testing.T) {
	for name, kind := range map[string]model.RestoreKind{"rds-records": model.RestoreRecords, "files": model.RestoreFiles} {
		a := openAccount(t, clumiosim.Options{})
		began, err := a.Restores.Start(t.Context(), caseOf(t, name).ask(t, a))
		if err != nil {
			t.Fatal(err)
		}
		if name == "files" && began.Outputs.Passcode == "" {
			t.Errorf("%s: there is no passcode", name)
		}
		a.clock.Advance(time.Hour)
		got, err := a.open(t).Restores.Get(t.Context(), began.ID, false)
		if err != nil || got.Kind != kind || got.Outputs.Link == "" || got.Outputs.Passcode != "" || got.ExpiresAt.IsZero() {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
