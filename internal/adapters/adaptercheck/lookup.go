package adaptercheck

import (
	"context"
	"encoding/json"
	"errors"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// lookups is how many of the listed things are asked for one by one.
const lookups = 12

func lookupChecks() []Check {
	return []Check{
		{Name: "get/finds-what-is-listed", Why: "every listed id can be asked for, and says what the list said or more", Run: each(getFinds, getFinds, getFinds)},
		{Name: "get/unknown-is-not-found", Why: "an id that names nothing, however strange, gives NotFound or Invalid", Run: each(getUnknown, getUnknown, getUnknown)},
	}
}

func getFinds[I, Q any](t T, s Subject, k kind[I, Q]) {
	for _, w := range read(t, s, k, k.all) {
		step := max(1, len(w.items)/lookups)
		for i := 0; i < len(w.items); i += step {
			id := k.id(w.items[i])
			got, err := k.get(t.Context(), s.Adapter, id, true)
			if err != nil {
				t.Errorf("%s: get %s: %v", k.name, id, err)
				continue
			}
			listed, found := members(t, w.items[i]), members(t, got)
			if len(found) > 0 && found["nativeDocument"] == nil {
				t.Errorf("%s: get %s gives no native document", k.name, id)
			}
			if !k.moving(got) && !k.moving(w.items[i]) {
				Contradicts(t, id.String(), listed, found)
			}
		}
	}
}

func members(t T, item any) map[string]any {
	encoded, err := json.Marshal(item)
	if err != nil {
		t.Fatalf("%v", err)
	}
	var out map[string]any
	if err := json.Unmarshal(encoded, &out); err != nil {
		t.Fatalf("%v", err)
	}
	return out
}

// Contradicts reports what listed says and found does not say; found may say
// more, because a vendor's lists often do.
func Contradicts(t T, at string, listed, found any) {
	switch l := listed.(type) {
	case map[string]any:
		f, _ := found.(map[string]any)
		for key, value := range l {
			if key != "nativeDocument" {
				Contradicts(t, at+"/"+key, value, f[key])
			}
		}
	case []any:
		f, _ := found.([]any)
		if len(l) > 0 && len(l) != len(f) {
			t.Errorf("%s is listed as %v and found as %v", at, listed, found)
			return
		}
		for i := range l {
			Contradicts(t, at, l[i], f[i])
		}
	default:
		if listed != found {
			t.Errorf("%s is listed as %v and found as %v", at, listed, found)
		}
	}
}

func getUnknown[I, Q any](t T, s Subject, k kind[I, Q]) {
	var first model.ID
	for _, w := range read(t, s, k, k.all) {
		if len(w.items) > 0 {
			first = k.id(w.items[0])
		}
	}
	if first.IsZero() {
		return
	}
	for _, key := range strangeKeys(first.Key) {
		for _, what := range []string{first.Kind, "nonsense"} {
			id := model.ID{Connection: s.Env.Connection, Kind: what, Key: key}
			_, err := k.get(t.Context(), s.Adapter, id, false)
			if kind := fault.KindOf(err); err == nil || kind != fault.NotFound && kind != fault.Invalid {
				t.Errorf("%s: get %q of kind %s: want not_found or invalid, got %v", k.name, key, what, err)
			}
		}
	}
}

// tokenWalk reads a list by token, changing between two instances.
func tokenWalk[I any](t T, limit, maxItems int, list ...func(token string, limit int) (adapters.TokenPage[I], error)) []I {
	var out []I
	seen := map[string]bool{}
	token := ""
	for i := 0; ; i++ {
		page, err := list[i%len(list)](token, limit)
		if err != nil {
			t.Errorf("page of %d at %q: %v", limit, token, err)
			return out
		}
		if len(page.Items) > limit {
			t.Errorf("a page of %d has %d items", limit, len(page.Items))
		}
		out = append(out, page.Items...)
		if page.Next == "" || maxItems > 0 && len(out) >= maxItems {
			return out
		}
		if seen[page.Next] {
			t.Errorf("the token %q comes twice", page.Next)
			return out
		}
		seen[page.Next] = true
		token = page.Next
	}
}

func cancelledListing[I, Q any](t T, s Subject, k kind[I, Q]) {
	ctx, cancel := context.WithCancel(t.Context())
	streams := open(t, s, k, s.Adapter, k.all)
	var some model.ID
	for _, stream := range streams {
		if page, err := stream.Page(ctx, model.Position{}, 1); err == nil && len(page.Items) > 0 {
			some = k.id(page.Items[0])
		}
	}
	cancel()
	want := func(what string, err error) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %s with a cancelled context: want context.Canceled, got %v", k.name, what, err)
		}
	}
	_, err := k.streams(ctx, s.Adapter, k.all)
	if len(streams) == 0 || err != nil { // an adapter that need not ask may answer
		want("streams", err)
	}
	for _, stream := range streams {
		_, err := stream.Page(ctx, model.Position{}, 1)
		want("page", err)
	}
	if !some.IsZero() {
		_, err := k.get(ctx, s.Adapter, some, false)
		want("get", err)
	}
	want("check", s.Adapter.Session.Check(ctx))
}
