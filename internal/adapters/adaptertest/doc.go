// Package adaptertest runs the promises of the adapter contract against an
// adapter and its simulated vendor. An adapter's conformance_test.go says how to
// start the simulator and hands a [Harness] to [Run]:
//
//	func TestConformance(t *testing.T) {
//		adaptertest.Run(t, adaptertest.Harness{
//			Driver: toy.Driver(),
//			Sim: func(_ testing.TB, f adaptertest.Fixture) adaptertest.Sim {
//				sim := toysim.New(toysim.Options{Seed: f.Seed, Scenario: f.Scenario, Now: f.Clock.Now, Backups: f.Backups})
//				return adaptertest.Sim{
//					Handler: sim, Kit: sim.Kit(), Secrets: []string{"test-toy-token"},
//					Config: func(url string) json.RawMessage {
//						return json.RawMessage(`{"base_url":"` + url + `","allow_http":true,"token":{"value":"test-toy-token"}}`)
//					},
//					Required:    []string{"base_url", "token"},
//					Backups:     func() int { return len(sim.Facts()) },
//					AddBackup:   func() { sim.AddBackup() },
//					Expire:      sim.RevokeTokens,
//					SignIn:      "POST /login",
//					Restores:    []adaptertest.RestoreCase{{Kind: model.RestoreDownload, Write: "POST /restores"}},
//					Content:     func(r model.Restore) (int64, string) { return sim.Content(r.ID.Key) },
//					UnknownState: func(r model.Restore) { sim.SetState(r.ID.Key, "RESHUFFLING") },
//				}
//			},
//		})
//	}
//
// Sim.Writes says what else can be changed there: a policy to make, what to back
// up, what to assign.
//
// Every check gets a fresh simulator. A check whose subject the adapter does not
// have (a nil capability) is left out; a check that lacks a hook of Sim fails
// until the hook is given or Harness.Skip says why it can not be.
//
// The kit itself is tested by mutants: adapters that each break one promise.
package adaptertest
