package clumio_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptertest"
	"switchback/internal/adapters/clumio"
	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/model"
)

func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Harness{
		Driver: clumio.Driver(),
		Sim: func(tb testing.TB, f adaptertest.Fixture) adaptertest.Sim {
			sim := clumiosim.New(clumiosim.Options{
				Seed: f.Seed, Scenario: f.Scenario, Now: f.Clock.Now, Backups: f.Backups, Token: testToken,
			})
			token := newTokenFile(tb, sim)
			added := time.Minute
			return adaptertest.Sim{
				Handler: token.following(tb), Kit: sim.Kit(), Config: token.config,
				Required: []string{"base_url", "token"}, Secrets: []string{testToken, testToken + "-2"},
				Backups: func() int { return len(sim.Facts()) },
				AddBackup: func() {
					newest := sim.Facts()[0]
					sim.AddBackup(newest.List, newest.AssetID, newest.Start.Add(added))
				},
				Restores: restoreCases(tb, sim),
				Writes:   writes(),
				UnknownState: func(r model.Restore) {
					// The vendor says a new word from now on, and says it often.
					answer := simkit.Response{Status: http.StatusOK, Body: fmt.Sprintf(
						`{"id":%q,"category":"restore","status":"resting","endpoint_status":"resting","created_timestamp":"2026-03-14T09:26:53Z"}`, r.ID.Key)}
					sim.Kit().Inject("GET /tasks/"+r.ID.Key, slices.Repeat([]simkit.Response{answer}, 16)...)
					sim.Kit().Inject("GET /restores/protection-groups/instant-access-endpoints/"+r.ID.Key, slices.Repeat([]simkit.Response{answer}, 16)...)
				},
			}
		},
	})
}

// writes are changes that the simulated estate takes.
func writes() adaptertest.Writes {
	daily := model.Rule{
		Kind: "incremental", AssetKind: model.AssetEBSVolume, Schedule: &model.Schedule{Daily: &model.Daily{}},
		Retention: &model.Retention{Keep: model.Period{Days: 30}},
	}
	volume := func(backups []model.Backup) model.ID {
		i := slices.IndexFunc(backups, func(b model.Backup) bool { return b.Kind == model.AssetEBSVolume })
		return backups[i].Asset.ID
	}
	return adaptertest.Writes{
		Policy:      &model.Policy{Name: "kit", Status: "active", Rules: []model.Rule{daily}},
		LossyPolicy: &model.Policy{Name: "kit lossy", Status: "active", Rules: []model.Rule{daily}, Retry: &model.Retry{Attempts: 3}},
		Assignment: func(policies []model.Policy, backups []model.Backup) (model.ID, []model.ID) {
			i := slices.IndexFunc(policies, func(p model.Policy) bool { return p.Name == "Silver" })
			return policies[i].ID, []model.ID{volume(backups)}
		},
		BackupStart: func(backups []model.Backup) adapters.BackupStart {
			return adapters.BackupStart{Subject: volume(backups)}
		},
	}
}

func restoreCases(tb testing.TB, sim *clumiosim.Sim) []adaptertest.RestoreCase {
	tb.Helper()
	bucket, environment := firstID(tb, sim, "/datasources/aws/s3-buckets"), firstID(tb, sim, "/datasources/aws/environments")
	volume := model.ID{Connection: adaptertest.Connection, Kind: string(model.AssetEBSVolume), Key: firstID(tb, sim, clumiosim.ListEBS)}
	filesystem := firstID(tb, sim, "/backups/"+volume.Key+"/filesystems")
	sim.Kit().ResetRequests() // the kit counts what the adapter asks
	bucketTarget := json.RawMessage(fmt.Sprintf(`{"bucket":%q,"environment":%q}`, bucket, environment))
	return []adaptertest.RestoreCase{
		{
			Kind: model.RestoreTable, Source: newestBackupOf(model.AssetDynamoDBTable), Target: json.RawMessage(`{"name":"orders-restored"}`),
			Write: "POST /restores/aws/dynamodb-tables",
		},
		{
			Kind: model.RestoreInstantAccess, Target: json.RawMessage(`{"name":"forensics"}`),
			Select: json.RawMessage(`{"keyPrefix":"logs/"}`),
			Write:  "POST /restores/protection-groups/instant-access-endpoints",
		},
		{
			Kind: model.RestoreObjects, Source: newestBackupOf(model.AssetS3ProtectionGroup), Target: bucketTarget,
			Write: "POST /restores/protection-groups",
		},
		{
			Kind: model.RestoreObjects, Source: newestBackupOf(model.AssetS3Bucket), Target: bucketTarget,
			Write: "POST /restores/protection-groups/s3-assets",
		},
		{
			Kind: model.RestoreVolume, Source: newestBackupOf(model.AssetEBSVolume), Target: json.RawMessage(`{"zone":"us-west-2a"}`),
			Write: "POST /restores/aws/ebs-volumes",
		},
		{Kind: model.RestoreInstance, Target: json.RawMessage(`{"name":"web-restored"}`), Write: "POST /restores/aws/ec2-instances"},
		{
			Kind: model.RestoreDatabase, Source: newestBackupOf(model.AssetRDS, "clumio_snapshot"), Target: json.RawMessage(`{"name":"crm-restored"}`),
			Write: "POST /restores/aws/rds-resources",
		},
		{
			Kind: model.RestoreRecords, Source: newestBackupOf(model.AssetRDS, "granular_backup"),
			Options: json.RawMessage(`{"database_name":"crm","query_statement":"select 1"}`),
			Write:   "POST /restores/aws/rds-resources/records",
		},
		{
			Kind:   model.RestoreFiles,
			Source: func([]model.Backup) model.RestoreSource { return model.RestoreSource{Backup: &volume} },
			Select: json.RawMessage(fmt.Sprintf(`{"paths":["/%s/etc/hosts"]}`, filesystem)),
			Write:  "POST /restores/files",
		},
	}
}

// newestBackupOf picks the newest backup of a kind of asset: several take the
// same kind of restore.
func newestBackupOf(kind model.AssetKind, types ...string) func([]model.Backup) model.RestoreSource {
	return func(all []model.Backup) model.RestoreSource {
		for _, b := range all {
			if b.Kind == kind && (len(types) == 0 || slices.Contains(types, b.Native.Type)) {
				return model.RestoreSource{Backup: &b.ID}
			}
		}
		return model.RestoreSource{}
	}
}
