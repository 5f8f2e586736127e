package model_test

import (
	"slices"
	"testing"
	"time"

	"switchback/internal/model"
)

var at = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

func TestQueriesIncludeAfterAndExcludeBefore(t *testing.T) {
	for name, tt := range map[string]struct {
		after, before time.Time
		want          bool
	}{
		"no bounds":            {want: true},
		"after is inclusive":   {after: at, want: true},
		"after is a bound":     {after: at.Add(1), want: false},
		"before is exclusive":  {before: at, want: false},
		"before is a bound":    {before: at.Add(1), want: true},
		"an instant":           {after: at, before: at.Add(1), want: true},
		"an empty stretch":     {after: at, before: at, want: false},
		"zones make no matter": {after: at.In(time.FixedZone("", -3600)), want: true},
	} {
		t.Run(name, func(t *testing.T) {
			got := []bool{
				model.BackupQuery{StartedAfter: tt.after, StartedBefore: tt.before}.Matches(model.Backup{StartedAt: at}),
				model.RestoreQuery{CreatedAfter: tt.after, CreatedBefore: tt.before}.Matches(model.Restore{CreatedAt: at}),
				model.OperationQuery{CreatedAfter: tt.after, CreatedBefore: tt.before}.Matches(model.Operation{CreatedAt: at}),
			}
			if !slices.Equal(got, []bool{tt.want, tt.want, tt.want}) {
				t.Errorf("got %v, want %t", got, tt.want)
			}
		})
	}
}

func TestFiltersAreMetByAnyOfTheirValuesAndAllOfThem(t *testing.T) {
	asset := model.ID{Connection: "c", Kind: "asset", Key: "1"}
	other := model.ID{Connection: "d", Kind: "asset", Key: "1"}
	b := model.Backup{
		StartedAt: at, Kind: model.AssetVM, Status: model.BackupPartial, Type: model.TypeFull,
		Asset: model.Asset{ID: asset, Account: "111", Region: "eu", Tags: []model.Tag{{Key: "team", Value: "db"}, {Key: "team", Value: "web"}}},
	}
	for name, tt := range map[string]struct {
		q    model.BackupQuery
		want bool
	}{
		"its account":               {model.BackupQuery{Accounts: []string{"222", "111"}}, true},
		"another account":           {model.BackupQuery{Accounts: []string{"222"}}, false},
		"its region":                {model.BackupQuery{Regions: []string{"eu"}}, true},
		"another region":            {model.BackupQuery{Regions: []string{"us"}}, false},
		"a tag":                     {model.BackupQuery{Tags: []model.Tag{{Key: "team", Value: "web"}}}, true},
		"a tag with any value":      {model.BackupQuery{Tags: []model.Tag{{Key: "team"}}}, true},
		"a tag with another value":  {model.BackupQuery{Tags: []model.Tag{{Key: "team", Value: "ops"}}}, false},
		"another tag":               {model.BackupQuery{Tags: []model.Tag{{Key: "cost"}}}, false},
		"its account but not a tag": {model.BackupQuery{Accounts: []string{"111"}, Tags: []model.Tag{{Key: "cost"}}}, false},
		"one of the assets":         {model.BackupQuery{Assets: []model.ID{other, asset}}, true},
		"none of the assets":        {model.BackupQuery{Assets: []model.ID{other}}, false},
		"one of the kinds":          {model.BackupQuery{AssetKinds: []model.AssetKind{model.AssetVM, model.AssetRDS}}, true},
		"none of the kinds":         {model.BackupQuery{AssetKinds: []model.AssetKind{model.AssetRDS}}, false},
		"the status":                {model.BackupQuery{Statuses: []model.BackupStatus{model.BackupPartial}}, true},
		"another status":            {model.BackupQuery{Statuses: []model.BackupStatus{model.BackupAvailable}}, false},
		"the type":                  {model.BackupQuery{Types: []model.BackupType{model.TypeFull}}, true},
		"another type":              {model.BackupQuery{Types: []model.BackupType{model.TypeLog}}, false},
		"one of two filters":        {model.BackupQuery{Types: []model.BackupType{model.TypeFull}, Assets: []model.ID{other}}, false},
	} {
		if got := tt.q.Matches(b); got != tt.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
	r := model.Restore{CreatedAt: at, Kind: model.RestoreFiles, State: model.StateRunning}
	if !(model.RestoreQuery{Kinds: []model.RestoreKind{model.RestoreFiles}, States: []model.State{model.StateRunning}}).Matches(r) ||
		(model.RestoreQuery{Kinds: []model.RestoreKind{model.RestoreTable}}).Matches(r) ||
		(model.RestoreQuery{States: []model.State{model.StateFailed}}).Matches(r) {
		t.Error("restores are chosen wrongly")
	}
	o := model.Operation{CreatedAt: at, State: model.StateRunning}
	if !(model.OperationQuery{States: []model.State{model.StateRunning}}).Matches(o) ||
		(model.OperationQuery{States: []model.State{model.StateFailed}}).Matches(o) {
		t.Error("operations are chosen wrongly")
	}
}

func TestTerminalStates(t *testing.T) {
	for state, want := range map[model.State]bool{
		model.StateQueued: false, model.StateRunning: false, model.StatePaused: false, model.StateCanceling: false,
		model.StateUnknown: false, "": false, "RESHUFFLING": false,
		model.StateSucceeded: true, model.StateSucceededWithWarnings: true, model.StateFailed: true, model.StateCanceled: true,
		model.StateSkipped: true,
	} {
		if got := state.Terminal(); got != want {
			t.Errorf("%q: got %t", state, got)
		}
	}
}

func TestSourceForms(t *testing.T) {
	id := &model.ID{Connection: "c", Kind: "x", Key: "1"}
	for name, tt := range map[string]struct {
		source model.RestoreSource
		want   model.SourceForm
	}{
		"nothing":              {model.RestoreSource{}, ""},
		"a backup":             {model.RestoreSource{Backup: id}, model.SourceBackup},
		"an asset, no time":    {model.RestoreSource{Asset: id}, ""},
		"at a time":            {model.RestoreSource{Asset: id, At: "2026-03-14T09:26:53Z"}, model.SourceAt},
		"at the latest":        {model.RestoreSource{Asset: id, At: model.Latest}, model.SourceLatest},
		"over a range":         {model.RestoreSource{Asset: id, From: at, To: at.Add(1)}, model.SourceRange},
		"half a range":         {model.RestoreSource{Asset: id, From: at}, ""},
		"a backup and a time":  {model.RestoreSource{Backup: id, At: model.Latest}, ""},
		"a backup and a range": {model.RestoreSource{Backup: id, From: at, To: at}, ""},
		"a backup of an asset": {model.RestoreSource{Backup: id, Asset: id}, ""},
		"a time and a range":   {model.RestoreSource{Asset: id, At: model.Latest, From: at, To: at}, ""},
	} {
		if got := tt.source.Form(); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
		if form := tt.source.Form(); form != "" && tt.source.ID() != *id {
			t.Errorf("%s: its id is %v", name, tt.source.ID())
		}
	}
}

func TestListsOfWordsAreWithoutDoubles(t *testing.T) {
	if kinds := model.AssetKinds(); len(slices.Compact(slices.Sorted(slices.Values(kinds)))) != len(kinds) {
		t.Errorf("asset kinds %v", kinds)
	}
	kinds := model.RestoreKinds()
	if len(slices.Compact(slices.Sorted(slices.Values(kinds)))) != len(kinds) || slices.Contains(kinds, model.RestoreUnknown) {
		t.Errorf("restore kinds %v", kinds)
	}
}
