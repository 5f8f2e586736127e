package cohesity_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptertest"
	"switchback/internal/adapters/cohesity"
	"switchback/internal/adapters/cohesity/cohesitysim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// start is when the clocks of the tests stand at first.
var start = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// bench is an account at a simulated vendor.
type bench struct {
	*adapters.Adapter
	sim   *cohesitysim.Sim
	clock *simkit.Clock
}

func newBench(t *testing.T, o cohesitysim.Options) *bench {
	t.Helper()
	return newBenchBehind(t, o, func(vendor http.Handler) http.Handler { return vendor })
}

// newBenchBehind puts something between the account and the vendor.
func newBenchBehind(t *testing.T, o cohesitysim.Options, wrap func(http.Handler) http.Handler) *bench {
	t.Helper()
	clock := simkit.NewClock(start)
	o.Now = clock.Now
	if o.Seed == 0 {
		o.Seed = 7
	}
	sim := cohesitysim.New(o)
	server := httptest.NewServer(wrap(sim))
	t.Cleanup(server.Close)
	config := fmt.Sprintf(`{"base_url":%q,"iam_url":%q,"tenant_id":"k3v9x2ab7q","api_key":{"value":%q},"allow_http":true}`,
		server.URL, server.URL, testKey)
	adapter, err := cohesity.Driver().Open(t.Context(), json.RawMessage(config), adapters.Env{
		Connection: "ibm-eu", Transport: adaptertest.Transport(t), Logger: slog.New(slog.DiscardHandler), Now: clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{Adapter: adapter, sim: sim, clock: clock}
}

// walk reads all streams to their ends.
func walk[T any](t *testing.T, streams []adapters.Stream[T], limit int) []T {
	t.Helper()
	var all []T
	for _, stream := range streams {
		var at model.Position
		for {
			page, err := stream.Page(t.Context(), at, limit)
			if err != nil {
				t.Fatalf("stream %s after %v: %v", stream.Name, at, vendorWords(err))
			}
			all = append(all, page.Items...)
			if !page.More {
				break
			}
			if !at.Before(page.Next) {
				t.Fatalf("stream %s goes from %v to %v", stream.Name, at, page.Next)
			}
			at = page.Next
		}
	}
	return all
}

func (b *bench) backups(t *testing.T, q model.BackupQuery, limit int) []model.Backup {
	t.Helper()
	streams, err := b.Backups.Streams(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return walk(t, streams, limit)
}

// vendorWords shows what the vendor said.
func vendorWords(err error) string {
	if e := fault.Of(err); e != nil && e.Upstream != nil {
		return fmt.Sprintf("%v: %s", err, e.Upstream.Message)
	}
	return fmt.Sprint(err)
}

// begin starts a restore of the newest backup that offers the kind.
func (b *bench) begin(t *testing.T, r model.RestoreRequest, asset string) model.Restore {
	t.Helper()
	if r.Source == (model.RestoreSource{}) {
		all := b.backups(t, model.BackupQuery{}, 50)
		slices.SortFunc(all, func(x, y model.Backup) int { return x.Position().Compare(y.Position()) })
		for _, backup := range all {
			if slices.Contains(backup.RestoreKinds, r.Kind) && (asset == "" || backup.Asset.ID.Key == asset) {
				r.Source.Backup = &backup.ID
				break
			}
		}
	}
	if r.Marker == "" {
		r.Marker = fmt.Sprintf("m-%s-%d", r.Kind, len(b.sim.Recoveries()))
	}
	restore, err := b.Restores.Start(t.Context(), r)
	if err != nil {
		t.Fatalf("start %s: %s", r.Kind, vendorWords(err))
	}
	return restore
}

// finish lets time pass until a restore is over.
func (b *bench) finish(t *testing.T, id model.ID) model.Restore {
	t.Helper()
	for range 100 {
		restore, err := b.Restores.Get(context.WithoutCancel(t.Context()), id, false)
		if err != nil {
			t.Fatal(vendorWords(err))
		}
		if restore.State.Terminal() {
			return restore
		}
		b.clock.Advance(time.Minute)
	}
	t.Fatal("the restore does not end")
	return model.Restore{}
}
