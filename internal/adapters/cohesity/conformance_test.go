package cohesity_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptertest"
	"switchback/internal/adapters/cohesity"
	"switchback/internal/adapters/cohesity/cohesitysim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/model"
)

const testKey = "test-ibm-api-key"

func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Harness{
		Driver: cohesity.Driver(), Sim: conformanceSim,
	})
}

func conformanceSim(_ testing.TB, f adaptertest.Fixture) adaptertest.Sim {
	const groups, objects = 3, 2
	sim := cohesitysim.New(cohesitysim.Options{
		Seed: f.Seed, Scenario: f.Scenario, Now: f.Clock.Now, Groups: groups, ObjectsPerGroup: objects,
		RunsPerGroup: max(f.Backups/(groups*objects), 4), DownloadSize: f.ContentBytes,
	})
	host := fmt.Sprint(sim.Hosts()[0])
	source, guids := restorableHost(sim)
	raw := func(format string, args ...any) json.RawMessage { return json.RawMessage(fmt.Sprintf(format, args...)) }
	const recoveries, downloads = "POST /v2/data-protect/recoveries", "POST /v2/data-protect/recoveries/download-files-folders"
	paths := raw(`{"paths":["/data/orders.db","/data/reports/"]}`)
	return adaptertest.Sim{
		Handler: sim, Kit: sim.Kit(), Secrets: []string{testKey},
		Config: func(url string) json.RawMessage {
			return raw(`{"base_url":%q,"iam_url":%q,"tenant_id":"k3v9x2ab7q","api_key":{"value":%q},"allow_http":true}`, url, url, testKey)
		},
		Required: []string{"base_url", "api_key", "tenant_id"},
		Reads:    "GET /v2/**", SignIn: "POST /identity/token", Expire: sim.RevokeTokens,
		Backups:   func() int { return len(sim.Facts()) },
		AddBackup: func() { sim.AddRun(sim.GroupIDs()[0]) },
		Restores: []adaptertest.RestoreCase{
			{
				Kind: model.RestoreVolume, Write: recoveries, Source: newestOf(model.RestoreVolume, fmt.Sprint(source)),
				Target: raw(`{"host":%q,"volumes":[{"source":%q,"destination":%q}]}`, host, guids[0], sim.VolumeGUIDs(sim.Hosts()[0])[0]),
			},
			{Kind: model.RestoreFiles, Write: recoveries, Target: raw(`{"host":%q,"path":"/restore/"}`, host), Select: paths},
			{Kind: model.RestoreDownload, Write: downloads, Select: paths},
			{Kind: model.RestoreMount, Write: recoveries, Target: raw(`{"readOnly":true}`)},
			{Kind: model.RestoreDatabase, Write: recoveries, Target: raw(`{"name":"orders_restored"}`)},
		},
		UnknownState: func(r model.Restore) {
			sim.Kit().Inject("GET /v2/data-protect/recoveries/*", simkit.Response{
				Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
				Body: fmt.Sprintf(`{"id":%q,"startTimeUsecs":%d,"status":"Reshuffling"}`, r.ID.Key, r.CreatedAt.UnixMicro()),
			})
		},
		Content: func(r model.Restore) (int64, string) {
			content := sim.DownloadContent(r.ID.Key)
			return content.Size, content.SHA256()
		},
		ContentRead: "GET /v2/data-protect/recoveries/*/download-files",
		Writes: adaptertest.Writes{BackupStart: func([]model.Backup) adapters.BackupStart {
			return adapters.BackupStart{
				Subject: model.ID{Connection: adaptertest.Connection, Kind: "protection-group", Key: sim.GroupIDs()[0]},
			}
		}},
	}
}

// restorableHost is a host with a backup, and its volumes.
func restorableHost(sim *cohesitysim.Sim) (int64, []string) {
	hosts := map[int64]bool{}
	for _, host := range sim.Hosts() {
		hosts[host] = true
	}
	for _, fact := range sim.Facts() {
		if guids := sim.VolumeGUIDs(fact.ObjectID); fact.SnapshotID != "" && hosts[fact.ObjectID] && len(guids) > 0 {
			return fact.ObjectID, guids
		}
	}
	return 0, []string{""}
}

// newestOf picks the newest backup of an asset that offers a kind of restore.
func newestOf(kind model.RestoreKind, asset string) func([]model.Backup) model.RestoreSource {
	return func(backups []model.Backup) model.RestoreSource {
		for _, backup := range backups {
			if backup.Asset.ID.Key == asset && slices.Contains(backup.RestoreKinds, kind) {
				return model.RestoreSource{Backup: &backup.ID}
			}
		}
		return model.RestoreSource{}
	}
}
