package adaptercheck

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

func listingChecks() []Check {
	return []Check{
		{Name: "listing/pages-lose-nothing", Why: "any page size gives the same items in the same order, each once", Run: each(pagesLoseNothing, pagesLoseNothing, pagesLoseNothing)},
		{Name: "listing/order-is-total", Why: "streams go newest first, the greater id first among equal times", Run: each(orderIsTotal, orderIsTotal, orderIsTotal)},
		{Name: "listing/ids-are-ours", Why: "every id parses, names the connection, and occurs once in all streams", Run: each(idsAreOurs, idsAreOurs, idsAreOurs)},
		{Name: "listing/replay-is-equal", Why: "asking again at the same place gives the same page", Run: each(replayIsEqual, replayIsEqual, replayIsEqual)},
		{Name: "listing/places-outlive-the-process", Why: "a place works in another instance of the adapter", Run: each(placesOutlive, placesOutlive, placesOutlive)},
		{Name: "listing/newest-at-is-a-bound", Why: "nothing in a stream is newer than its NewestAt", Run: each(newestAtBounds, newestAtBounds, newestAtBounds)},
		{Name: "listing/filters-drop-no-match", Why: "what is pushed down to the vendor never drops what the query matches", Run: each(filtersDropNoMatch, filtersDropNoMatch, filtersDropNoMatch)},
		{Name: "listing/times-are-utc", Why: "all times are UTC and the one that orders is never zero", Run: each(timesAreUTC, timesAreUTC, timesAreUTC)},
		{Name: "listing/words-are-known", Why: "kinds, types, states and the restores offered are words of the model", Run: each(wordsAreKnown, wordsAreKnown, wordsAreKnown)},
		{Name: "listing/stream-names-are-stable", Why: "stream names are unique and the same for the same query", Run: each(namesAreStable, namesAreStable, namesAreStable)},
		{Name: "listing/cancelled-is-cancelled", Why: "a context that is over gives its own error", Run: each(cancelledListing, cancelledListing, cancelledListing)},
	}
}

// kind is one kind of thing that is listed as sorted streams.
type kind[I, Q any] struct {
	name    string
	all     Q // the query for everything that is settled
	streams func(ctx context.Context, a *adapters.Adapter, q Q) ([]adapters.Stream[I], error)
	get     func(ctx context.Context, a *adapters.Adapter, id model.ID, native bool) (I, error)
	place   func(I) model.Position
	id      func(I) model.ID
	origin  func(I) (connection, provider string)
	matches func(Q, I) bool
	native  func(Q) Q
	moving  func(I) bool // may change between two looks
	queries func(base Q, item I) []Q
	words   func(t T, a *adapters.Adapter, item I)
}

// each makes one check of the same check for backups, restores and operations.
func each(
	backups func(T, Subject, kind[model.Backup, model.BackupQuery]),
	restores func(T, Subject, kind[model.Restore, model.RestoreQuery]),
	operations func(T, Subject, kind[model.Operation, model.OperationQuery]),
) func(T, Subject) {
	return func(t T, s Subject) {
		backups(t, s, backupKind(s))
		if s.Adapter.Restores != nil {
			restores(t, s, restoreKind(s))
		}
		if s.Adapter.Operations != nil {
			operations(t, s, operationKind(s))
		}
	}
}

// open asks for the streams of a query, bounded as the subject says.
func open[I, Q any](t T, s Subject, k kind[I, Q], a *adapters.Adapter, q Q) []adapters.Stream[I] {
	t.Helper()
	streams, err := k.streams(t.Context(), a, q)
	if err != nil {
		t.Fatalf("%s: streams: %v", k.name, err)
	}
	if s.MaxStreams > 0 && len(streams) > s.MaxStreams {
		slices.SortFunc(streams, func(a, b adapters.Stream[I]) int { return strings.Compare(a.Name, b.Name) })
		streams = streams[:s.MaxStreams]
	}
	return streams
}

// read walks all streams of a query at the largest page size.
func read[I, Q any](t T, s Subject, k kind[I, Q], q Q) []*walked[I] {
	t.Helper()
	var out []*walked[I]
	for _, stream := range open(t, s, k, s.Adapter, q) {
		if w := walk(t, stream, k.place, s.Adapter.Traits.MaxPageSize, s.MaxItems); w != nil {
			out = append(out, w)
		}
	}
	return out
}

func pagesLoseNothing[I, Q any](t T, s Subject, k kind[I, Q]) {
	largest := s.Adapter.Traits.MaxPageSize
	for _, stream := range open(t, s, k, s.Adapter, k.all) {
		want := walk(t, stream, k.place, largest, s.MaxItems)
		if want == nil {
			return
		}
		for _, limit := range s.pageSizes() {
			got := walk(t, stream, k.place, limit, s.MaxItems)
			if got == nil {
				return
			}
			wantIDs, gotIDs := ids(k, want), ids(k, got)
			if want.cut || got.cut {
				both := min(len(wantIDs), len(gotIDs))
				wantIDs, gotIDs = wantIDs[:both], gotIDs[:both]
			}
			if missing, extra := compare(wantIDs, gotIDs); len(missing)+len(extra) > 0 {
				t.Errorf("%s %s: pages of %d lack %v and have beyond it %v, against pages of %d",
					k.name, stream.Name, limit, missing, extra, largest)
			}
		}
	}
}

func orderIsTotal[I, Q any](t T, s Subject, k kind[I, Q]) {
	for _, w := range read(t, s, k, k.all) {
		for i := 1; i < len(w.items); i++ {
			if a, b := k.place(w.items[i-1]), k.place(w.items[i]); !a.Before(b) {
				t.Errorf("%s %s: %v comes before %v", k.name, w.name, a, b)
			}
		}
	}
}

func idsAreOurs[I, Q any](t T, s Subject, k kind[I, Q]) {
	seen := map[string]string{}
	for _, w := range read(t, s, k, k.all) {
		for _, item := range w.items {
			id := k.id(item)
			parsed, err := model.ParseID(id.String())
			if err != nil || parsed != id {
				t.Errorf("%s %s: id %q does not parse back: %v", k.name, w.name, id, err)
			}
			connection, provider := k.origin(item)
			if id.Connection != s.Env.Connection || connection != id.Connection || provider != s.Adapter.Provider {
				t.Errorf("%s %s: %s says connection %q and provider %q", k.name, w.name, id, connection, provider)
			}
			if k.place(item).ID != id.String() {
				t.Errorf("%s %s: %s is placed as %s", k.name, w.name, id, k.place(item).ID)
			}
			if other, doubled := seen[id.String()]; doubled {
				t.Errorf("%s: %s is in %s and in %s", k.name, id, other, w.name)
			}
			seen[id.String()] = w.name
		}
	}
}

func replayIsEqual[I, Q any](t T, s Subject, k kind[I, Q]) {
	samePages(t, s, k, s.Adapter)
}

func placesOutlive[I, Q any](t T, s Subject, k kind[I, Q]) {
	samePages(t, s, k, s.Again)
}

// samePages reads a few pages and then asks another for each of them.
func samePages[I, Q any](t T, s Subject, k kind[I, Q], other *adapters.Adapter) {
	const limit, pages = 3, 6
	others := map[string]adapters.Stream[I]{}
	for _, stream := range open(t, s, k, other, k.all) {
		others[stream.Name] = stream
	}
	for _, stream := range open(t, s, k, s.Adapter, k.all) {
		type asked struct {
			before model.Position
			ids    []string
		}
		var history []asked
		var before model.Position
		for range pages {
			page, err := stream.Page(t.Context(), before, limit)
			if err != nil {
				t.Fatalf("%s %s: page at %v: %v", k.name, stream.Name, before, err)
			}
			history = append(history, asked{before, ids(k, &walked[I]{items: page.Items})})
			if !page.More {
				break
			}
			before = page.Next
		}
		replay, found := others[stream.Name]
		if !found {
			t.Errorf("%s: stream %s is gone when asked again", k.name, stream.Name)
			continue
		}
		for _, h := range slices.Backward(history) {
			page, err := replay.Page(t.Context(), h.before, limit)
			if got := ids(k, &walked[I]{items: page.Items}); err != nil || !slices.Equal(got, h.ids) {
				t.Errorf("%s %s: page at %v was %v and is %v (error %v)", k.name, stream.Name, h.before, h.ids, got, err)
			}
		}
	}
}

func newestAtBounds[I, Q any](t T, s Subject, k kind[I, Q]) {
	queries := []Q{k.all}
	for _, w := range read(t, s, k, k.all) {
		if len(w.items) > 0 {
			queries = append(queries, k.queries(k.all, w.items[len(w.items)/2])...)
		}
	}
	for _, q := range queries[:min(len(queries), 12)] {
		for _, stream := range open(t, s, k, s.Adapter, q) {
			page, err := stream.Page(t.Context(), model.Position{}, 1)
			if err != nil {
				t.Fatalf("%s %s: %v", k.name, stream.Name, err)
			}
			for _, item := range page.Items {
				if at := k.place(item).At; !stream.NewestAt.IsZero() && at.After(stream.NewestAt) {
					t.Errorf("%s %s: NewestAt is %v and there is one of %v", k.name, stream.Name, stream.NewestAt, at)
				}
			}
		}
	}
}

func filtersDropNoMatch[I, Q any](t T, s Subject, k kind[I, Q]) {
	everything := read(t, s, k, k.all)
	var queries []Q
	for _, w := range everything {
		samples := []int{0, len(w.items) / 2, len(w.items) - 1}
		if s.MaxItems > 0 {
			samples = samples[1:2]
		}
		for _, i := range slices.Compact(samples) {
			if len(w.items) > 0 && (s.MaxItems == 0 || len(queries) == 0) {
				queries = append(queries, k.queries(k.all, w.items[i])...)
			}
		}
	}
	for _, q := range queries {
		found, whole := matching(t, s, k, q)
		for _, w := range everything {
			for _, item := range w.items {
				if whole && k.matches(q, item) && !found[k.id(item).String()] {
					t.Errorf("%s: %+v drops %s of %v", k.name, q, k.id(item), k.place(item).At)
					return
				}
			}
		}
	}
}

// matching reads what a query gives; whole is false where the bounds of the
// subject do not let it be read to the end. A filter may choose other streams
// than the query for everything, so all of them are read or none.
func matching[I, Q any](t T, s Subject, k kind[I, Q], q Q) (found map[string]bool, whole bool) {
	t.Helper()
	most := s.MaxStreams
	s.MaxStreams = 0
	streams := open(t, s, k, s.Adapter, q)
	if most > 0 && len(streams) > 4*most {
		return nil, false
	}
	found = map[string]bool{}
	for _, stream := range streams {
		w := walk(t, stream, k.place, s.Adapter.Traits.MaxPageSize, s.MaxItems)
		if w == nil || w.cut {
			return nil, false
		}
		for _, item := range w.items {
			found[k.id(item).String()] = true
		}
	}
	return found, true
}

func timesAreUTC[I, Q any](t T, s Subject, k kind[I, Q]) {
	for _, w := range read(t, s, k, k.all) {
		for _, item := range w.items {
			if k.place(item).At.IsZero() {
				t.Errorf("%s %s: %s has no time", k.name, w.name, k.id(item))
			}
			eachTime(reflect.ValueOf(item), func(at time.Time) {
				if _, offset := at.Zone(); !at.IsZero() && (offset != 0 || at.Location() != time.UTC) {
					t.Errorf("%s %s: %s has the time %v", k.name, w.name, k.id(item), at)
				}
			})
		}
	}
}

// eachTime finds every time.Time in a value of the model.
func eachTime(v reflect.Value, visit func(time.Time)) {
	if v.IsValid() && v.Type() == reflect.TypeFor[time.Time]() {
		visit(v.Interface().(time.Time))
		return
	}
	switch v.Kind() { //nolint:exhaustive // the rest holds nothing
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			eachTime(v.Elem(), visit)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			eachTime(field, visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachTime(v.Index(i), visit)
		}
	}
}

func wordsAreKnown[I, Q any](t T, s Subject, k kind[I, Q]) {
	for _, w := range read(t, s, k, k.native(k.all)) {
		for _, item := range w.items {
			k.words(t, s.Adapter, item)
			var members struct{ NativeDocument json.RawMessage }
			encoded, err := json.Marshal(item)
			if err == nil {
				err = json.Unmarshal(encoded, &members)
			}
			if err != nil || len(members.NativeDocument) == 0 {
				t.Errorf("%s %s: %s has no native document although the query asks for it (error %v)", k.name, w.name, k.id(item), err)
			}
		}
	}
}

func namesAreStable[I, Q any](t T, s Subject, k kind[I, Q]) {
	s.MaxStreams = 0
	var before map[string]bool
	for _, a := range []*adapters.Adapter{s.Adapter, s.Again, s.Adapter} {
		names := map[string]bool{}
		for _, stream := range open(t, s, k, a, k.all) {
			if stream.Name == "" || names[stream.Name] {
				t.Errorf("%s: the stream name %q is empty or doubled", k.name, stream.Name)
			}
			names[stream.Name] = true
		}
		if before != nil && !maps.Equal(before, names) {
			t.Errorf("%s: streams %v have become %v", k.name, before, names)
		}
		before = names
	}
}
