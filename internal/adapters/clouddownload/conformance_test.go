package clouddownload_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"switchback/internal/adapters/adaptertest"
	"switchback/internal/adapters/clouddownload"
	"switchback/internal/adapters/clouddownload/storwaresim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/model"
)

func TestConformance(t *testing.T) {
	for name, reading := range readings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adaptertest.Run(t, harness(reading))
		})
	}
}

// readings are the ways to read the vendor's documents, one change each.
func readings() map[string]storwaresim.Reading {
	return map[string]storwaresim.Reading{
		"likeliest":          {},
		"bareEnums":          {BareEnums: true},
		"postOK":             {PostOK: true},
		"noContent":          {NoContent: true},
		"sessionOK":          {SessionOK: true},
		"routeCookie":        {RouteCookie: true},
		"taskAsObject":       {TaskForm: storwaresim.TaskAsObject},
		"tasksAsBulk":        {TaskForm: storwaresim.TasksAsBulk},
		"taskPerObject":      {TaskPerObject: true},
		"taskHidesRecord":    {TaskHidesRecord: true},
		"notReadyNotFound":   {NotReadyNotFound: true},
		"onlyDownloads":      {OnlyDownloads: true},
		"contentByGUID":      {Content: storwaresim.ContentByGUID},
		"contentByDownload":  {Content: storwaresim.ContentByDownload},
		"chunked":            {Chunked: true},
		"dispositionQuoted":  {Disposition: storwaresim.DispositionQuoted},
		"dispositionNone":    {Disposition: storwaresim.DispositionNone},
		"errorNested":        {Errors: storwaresim.ErrorNested},
		"errorText":          {Errors: storwaresim.ErrorText},
		"exclusiveTo":        {ExclusiveTo: true},
		"rangeOnBackupTime":  {RangeOnBackupTime: true},
		"untimedQueued":      {UntimedQueued: true},
		"newerRelease":       {NewerRelease: true},
		"hiddenAndPerObject": {TaskHidesRecord: true, TaskPerObject: true, NotReadyNotFound: true, NoContent: true},
	}
}

func harness(reading storwaresim.Reading) adaptertest.Harness {
	return adaptertest.Harness{
		Driver: clouddownload.Driver(),
		Sim: func(_ testing.TB, f adaptertest.Fixture) adaptertest.Sim {
			sim := storwaresim.New(storwaresim.Options{
				Seed: f.Seed, Scenario: f.Scenario, Now: f.Clock.Now, Backups: f.Backups,
				Password: testPassword, ContentSize: f.ContentBytes, Reading: reading,
			})
			added := time.Duration(0)
			return adaptertest.Sim{
				Handler: sim, Kit: sim.Kit(), Config: config,
				Required: []string{"base_url", "login", "password"}, Secrets: []string{testPassword},
				SignIn: "POST /api/session/login", Expire: sim.ExpireSessions,
				Backups: func() int { return len(sim.Facts()) },
				AddBackup: func() {
					added += time.Minute
					sim.AddBackup(storwaresim.NewBackup{SnapshotTime: f.Clock.Now().Add(added)})
				},
				Restores: []adaptertest.RestoreCase{{Kind: model.RestoreDownload, Write: "POST /api/cloud-download"}},
				Content: func(r model.Restore) (int64, string) {
					content := sim.Content(r.Native.ID)
					return content.Size, content.SHA256()
				},
				ContentRead: "GET /api/cloud-download/**",
				UnknownState: func(r model.Restore) {
					sim.Kit().Inject("GET /api/mounted-backups/"+r.Native.ID, simkit.Response{
						Status: http.StatusOK,
						Body:   `{"guid":"` + r.Native.ID + `","mode":"CLOUD_DOWNLOAD","state":{"name":"RESHUFFLING"}}`,
					})
				},
			}
		},
	}
}

const testPassword = "test-storware-password"

func config(url string) json.RawMessage {
	return json.RawMessage(`{"base_url":"` + url + `","allow_http":true,"login":"switchback","password":{"value":"` + testPassword + `"}}`)
}
