package adaptertest_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"testing"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptertest"
	"switchback/internal/adapters/memory"
	"switchback/internal/model"
)

func TestMemoryKeepsEveryPromise(t *testing.T) {
	adaptertest.Run(t, memoryHarness())
}

// memoryHarness drives the reference adapter. All accounts of one fixture look
// at one world, as two processes look at one vendor.
func memoryHarness() adaptertest.Harness {
	var world *memory.World
	strict := memory.Driver()
	return adaptertest.Harness{
		Driver: adapters.Driver{Name: "memory", Open: func(ctx context.Context, config json.RawMessage, env adapters.Env) (*adapters.Adapter, error) {
			if _, err := strict.Open(ctx, config, env); err != nil {
				return nil, err
			}
			return memory.New(env, world), nil
		}},
		Sim: func(_ testing.TB, f adaptertest.Fixture) adaptertest.Sim {
			w := newWorld(f)
			world = w
			return adaptertest.Sim{
				Config:    func(string) json.RawMessage { return json.RawMessage(`{"seed":7}`) },
				Backups:   func() int { return len(w.Backups()) },
				AddBackup: func() { w.AddBackup(memory.Backup{Stream: "stream-0"}) },
				Restores:  restoreCases(),
				Writes:    toyWrites(),
				Content:   func(r model.Restore) (int64, string) { return sum(w, f.Clock.Now, r) },
			}
		},
		Skip: map[string]string{
			"lifecycle/config-is-strict":     "no member of the configuration is required",
			"restores/unknown-state-goes-on": "the reference vendor knows all its states",
		},
	}
}

func newWorld(f adaptertest.Fixture) *memory.World {
	w := memory.NewWorld(f.Seed, f.Clock.Now)
	w.Populate(f.Backups, 2)
	if f.ContentBytes > 0 {
		for _, b := range w.Backups() {
			b.Bytes = f.ContentBytes
			w.AddBackup(b)
		}
	}
	return w
}

func restoreCases() []adaptertest.RestoreCase {
	return []adaptertest.RestoreCase{
		{Kind: model.RestoreVolume, Target: json.RawMessage(`{"name":"kit"}`), Write: "POST /restores"},
		{Kind: model.RestoreDownload, Write: "POST /restores"},
		{Kind: model.RestoreInstantAccess, Target: json.RawMessage(`{"name":"kit"}`), Write: "POST /restores"},
	}
}

// sum reads the vendor's own copy of what a download gives.
func sum(w *memory.World, now func() time.Time, r model.Restore) (int64, string) {
	own := memory.New(adapters.Env{Connection: r.ID.Connection, Now: now}, w)
	body, err := own.Content.Open(context.Background(), r.ID, 0)
	if err != nil {
		return 0, err.Error()
	}
	h := sha256.New()
	n, _ := io.Copy(h, body)
	return n, hex.EncodeToString(h.Sum(nil))
}
