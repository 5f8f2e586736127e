package adaptercheck

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// tokenKind is one kind of thing that is listed by token.
type tokenKind[I any] struct {
	name   string
	list   func(ctx context.Context, a *adapters.Adapter, token string, limit int, native bool) (adapters.TokenPage[I], error)
	get    func(ctx context.Context, a *adapters.Adapter, id model.ID, native bool) (I, error)
	id     func(I) model.ID
	origin func(I) (connection, provider string) // nil for what names none
	words  func(t T, s Subject, item I)
	// lively names the members that a living account changes at any moment.
	lively []string
	// onlyListed names the members that some vendors tell in lists alone.
	onlyListed []string
}

func (k tokenKind[I]) of(t T, a *adapters.Adapter) func(token string, limit int) (adapters.TokenPage[I], error) {
	return func(token string, limit int) (adapters.TokenPage[I], error) {
		return k.list(t.Context(), a, token, limit, false)
	}
}

func (k tokenKind[I]) names(items []I) []string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = k.id(item).String()
	}
	return out
}

// tokensLoseNothing is the promise of every Lister.
func tokensLoseNothing[I any](t T, s Subject, k tokenKind[I]) {
	want := tokenWalk(t, s.Adapter.Traits.MaxPageSize, s.MaxItems, k.of(t, s.Adapter))
	wantIDs := k.names(want)
	if _, doubled := compare(slices.Compact(slices.Sorted(slices.Values(wantIDs))), wantIDs); len(doubled) > 0 {
		t.Errorf("%s: %v are listed more than once", k.name, doubled)
	}
	for _, limit := range s.pageSizes() {
		got := tokenWalk(t, limit, s.MaxItems, k.of(t, s.Adapter), k.of(t, s.Again))
		if missing, extra := compare(wantIDs, k.names(got)); s.MaxItems == 0 && len(missing)+len(extra) > 0 {
			t.Errorf("%s: pages of %d lack %v and have beyond it %v", k.name, limit, missing, extra)
		}
	}
	// A number may be a place far behind the end.
	for token, number := range map[string]bool{"\x00": false, "not a token": false, "-1": true, "99999999999999999999": true} {
		page, err := k.list(t.Context(), s.Adapter, token, 2, false)
		if empty := number && err == nil && len(page.Items) == 0; !empty && !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: the token %q: want invalid, got %d items and %v", k.name, token, len(page.Items), err)
		}
	}
}

// tokensSayWhatTheyMean looks at the things of one list.
func tokensSayWhatTheyMean[I any](t T, s Subject, k tokenKind[I]) {
	for _, item := range tokenWalk(t, s.Adapter.Traits.MaxPageSize, s.MaxItems, k.of(t, s.Adapter)) {
		id := k.id(item)
		if parsed, err := model.ParseID(id.String()); err != nil || parsed != id {
			t.Errorf("%s: the id %q does not parse back: %v", k.name, id, err)
		}
		if k.origin != nil {
			connection, provider := k.origin(item)
			if id.Connection != s.Env.Connection || connection != id.Connection || provider != s.Adapter.Provider {
				t.Errorf("%s: %s says connection %q and provider %q", k.name, id, connection, provider)
			}
		}
		eachTime(reflect.ValueOf(item), func(at time.Time) {
			if !at.IsZero() && at.Location() != time.UTC {
				t.Errorf("%s: %s has the time %v", k.name, id, at)
			}
		})
		k.words(t, s, item)
	}
}

// tokensAreFound asks for listed things one by one.
func tokensAreFound[I any](t T, s Subject, k tokenKind[I]) {
	all := tokenWalk(t, s.Adapter.Traits.MaxPageSize, s.MaxItems, k.of(t, s.Adapter))
	for i := 0; i < len(all); i += max(1, len(all)/lookups) {
		id := k.id(all[i])
		got, err := k.get(t.Context(), s.Again, id, true)
		if err != nil {
			t.Errorf("%s: get %s: %v", k.name, id, err)
			continue
		}
		listed, found := members(t, all[i]), members(t, got)
		if found["nativeDocument"] == nil {
			t.Errorf("%s: get %s gives no native document although it was asked for", k.name, id)
		}
		changing := k.lively
		if s.Settled.IsZero() {
			changing = nil
		}
		for _, member := range slices.Concat(changing, k.onlyListed) {
			delete(listed, member)
		}
		Contradicts(t, id.String(), listed, found)
	}
	if len(all) == 0 {
		return
	}
	first := k.id(all[0])
	for _, key := range strangeKeys(first.Key) {
		for _, kind := range []string{first.Kind, "nonsense"} {
			id := model.ID{Connection: s.Env.Connection, Kind: kind, Key: key}
			_, err := k.get(t.Context(), s.Adapter, id, false)
			if got := fault.KindOf(err); err == nil || got != fault.NotFound && got != fault.Invalid {
				t.Errorf("%s: get %q of kind %s: want not_found or invalid, got %v", k.name, key, kind, err)
			}
		}
	}
}

// strangeKeys name nothing, each in its own way.
func strangeKeys(real string) []string {
	return []string{"no-such-thing", "..", "../../x?y=1#z", "\x00\xff", "1~2/3:4|5,6", "00000000-0000-0000-0000-000000000000", real + "x"}
}
