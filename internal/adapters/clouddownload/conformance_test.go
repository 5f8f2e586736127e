package clouddownload_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptertest"
	"switchback/internal/adapters/clouddownload"
	"switchback/internal/adapters/clouddownload/storwaresim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/model"
)

// The kit is run under the likeliest reading of the vendor's documents and
// under two that differ from it in everything; every single difference is held
// against the tests of downloads and walks.
func TestConformance(t *testing.T) {
	for name, reading := range map[string]storwaresim.Reading{
		"likeliest": {},
		"other": {
			BareEnums: true, PostOK: true, NoContent: true, SessionOK: true, RouteCookie: true, TaskForm: storwaresim.TasksAsBulk,
			TaskHidesRecord: true, NotReadyNotFound: true, OnlyDownloads: true, Content: storwaresim.ContentByDownload, Chunked: true,
			Disposition: storwaresim.DispositionQuoted, Errors: storwaresim.ErrorNested, ExclusiveTo: true, RangeOnBackupTime: true,
			UntimedQueued: true, NewerRelease: true,
		},
		"perObject": {
			TaskForm: storwaresim.TaskAsObject, TaskPerObject: true, Content: storwaresim.ContentByGUID,
			Disposition: storwaresim.DispositionNone, Errors: storwaresim.ErrorText,
		},
	} {
		t.Run(name, func(t *testing.T) { adaptertest.Run(t, harness(reading)) })
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
				Writes: adaptertest.Writes{
					PatchStatus: "FINISHED",
					BackupStart: func(backups []model.Backup) adapters.BackupStart {
						return adapters.BackupStart{Subject: backups[0].Asset.ID}
					},
				},
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
