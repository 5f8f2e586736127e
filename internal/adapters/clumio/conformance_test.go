package clumio_test

import (
	"encoding/json"
	"testing"
	"time"

	"switchback/internal/adapters/adaptertest"
	"switchback/internal/adapters/clumio"
	"switchback/internal/adapters/clumio/clumiosim"
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
				Restores: []adaptertest.RestoreCase{
					{
						Kind: model.RestoreTable, Target: json.RawMessage(`{"name":"orders-restored"}`),
						Write: "POST /restores/aws/dynamodb-tables",
					},
					{
						Kind: model.RestoreInstantAccess, Target: json.RawMessage(`{"name":"forensics"}`),
						Select: json.RawMessage(`{"keyPrefix":"logs/"}`),
						Write:  "POST /restores/protection-groups/instant-access-endpoints",
					},
				},
			}
		},
	})
}
