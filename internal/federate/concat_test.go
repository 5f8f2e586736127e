package federate_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/federate"
	"switchback/internal/fleet"
	"switchback/internal/model"
)

func policies() federate.Plain[model.Policy] {
	return federate.Plain[model.Policy]{
		Noun: "policies",
		List: func(ctx context.Context, c *fleet.Conn, token string, limit int) (adapters.TokenPage[model.Policy], error) {
			return c.Policies(ctx, token, limit, false)
		},
	}
}

// A concatenated walk keeps the order of the connections and of the vendor, and
// with failures it and its last resume are every item once.
func TestConcatIsEveryItemOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := newEstate(t, rapid.IntRange(1, 12).Draw(t, "connections"), federate.Settings{})
		var want []string
		for i, w := range e.worlds {
			for n := range rapid.IntRange(0, 12).Draw(t, "policies") {
				key := fmt.Sprintf("p%02d", n)
				w.AddPolicy(model.Policy{Name: key, Native: model.Native{ID: key}})
				want = append(want, model.ID{Connection: e.conns[i].Name, Kind: "policy", Key: key}.String())
			}
		}
		share := rapid.SampledFrom([]uint64{0, 0, 10, 50}).Draw(t, "failuresPerHundred")
		seed := rapid.Uint64().Draw(t, "faults")
		var calls atomic.Uint64
		var healed atomic.Bool
		for _, w := range e.worlds {
			w.Hook(func(context.Context, string) error {
				if !healed.Load() && mix(seed+calls.Add(1))%100 < share {
					return fault.New(fault.Timeout, "test", "")
				}
				return nil
			})
		}
		size := rapid.IntRange(1, 30).Draw(t, "pageSize")
		var got []string
		for cursor, rounds := "", 0; ; rounds++ {
			list, err := federate.Concat(t.Context(), e.fed,
				federate.Request{Conns: e.conns, PageSize: size, Cursor: cursor, Binding: "b"}, policies())
			if err != nil {
				t.Fatal(err)
			}
			if len(list.Items) > size || list.Complete != (list.Resume == "") {
				t.Fatalf("%d items for %d, complete %v, resume %q", len(list.Items), size, list.Complete, list.Resume)
			}
			for _, p := range list.Items {
				got = append(got, p.ID.String())
			}
			switch {
			case list.Next != "":
				cursor = list.Next
			case list.Resume != "":
				cursor = list.Resume
				healed.Store(rounds > 20)
			default:
				if share == 0 && !slices.Equal(got, want) {
					t.Fatalf("order: got %v\nwant %v", got, want)
				}
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Fatalf("got %v\nwant %v", got, want)
				}
				return
			}
			if rounds > 1000 {
				t.Fatal("the walk does not end")
			}
		}
	})
}
