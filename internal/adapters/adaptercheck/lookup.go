package adaptercheck

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"

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
		{
			Name: "policies/pages-lose-nothing", Why: "policies page by token at any size, also in another instance; a bad token is Invalid",
			Needs: func(a *adapters.Adapter) bool { return a.Policies != nil },
			Run:   policiesPage,
		},
		{
			Name: "files/list-and-open", Why: "directories page by token, what is listed lies in them, and files open",
			Needs: func(a *adapters.Adapter) bool { return a.Files != nil },
			Run:   filesListAndOpen,
		},
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
				contradicts(t, id.String(), listed, found)
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

// contradicts reports what listed says and found does not say; found may say
// more, because a vendor's lists often do.
func contradicts(t T, at string, listed, found any) {
	switch l := listed.(type) {
	case map[string]any:
		f, _ := found.(map[string]any)
		for key, value := range l {
			if key != "nativeDocument" {
				contradicts(t, at+"/"+key, value, f[key])
			}
		}
	case []any:
		f, _ := found.([]any)
		if len(l) > 0 && len(l) != len(f) {
			t.Errorf("%s is listed as %v and found as %v", at, listed, found)
			return
		}
		for i := range l {
			contradicts(t, at, l[i], f[i])
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
	for _, key := range []string{"no-such-thing", "..", "../../x?y=1#z", "\x00\xff", "1~2/3:4|5,6", "00000000-0000-0000-0000-000000000000", first.Key + "x"} {
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

func policiesPage(t T, s Subject) {
	list := func(a *adapters.Adapter) func(string, int) (adapters.TokenPage[model.Policy], error) {
		return func(token string, limit int) (adapters.TokenPage[model.Policy], error) {
			return a.Policies.List(t.Context(), token, limit, false)
		}
	}
	name := func(all []model.Policy) (out []string) {
		for _, p := range all {
			out = append(out, p.ID.String())
		}
		return out
	}
	want := tokenWalk(t, s.Adapter.Traits.MaxPageSize, s.MaxItems, list(s.Adapter))
	for _, limit := range s.pageSizes() {
		got := tokenWalk(t, limit, s.MaxItems, list(s.Adapter), list(s.Again))
		if missing, extra := compare(name(want), name(got)); s.MaxItems == 0 && len(missing)+len(extra) > 0 {
			t.Errorf("pages of %d lack %v and have beyond it %v", limit, missing, extra)
		}
	}
	for _, p := range want[:min(len(want), lookups)] {
		if parsed, err := model.ParseID(p.ID.String()); err != nil || parsed != p.ID || p.ID.Connection != s.Env.Connection {
			t.Errorf("the id %q does not parse back or is of another connection: %v", p.ID, err)
		}
		known(t, p.ID, p.Status, []string{"active", "inactive", "locked", "unknown"})
		got, err := s.Adapter.Policies.Get(t.Context(), p.ID, true)
		if err != nil || got.ID != p.ID || len(got.NativeDocument) == 0 {
			t.Errorf("get %s: %s with a document of %d bytes, error %v", p.ID, got.ID, len(got.NativeDocument), err)
		}
	}
	for _, token := range []string{"\x00", "not a token", "-1", "99999999999999999999"} {
		if page, err := s.Adapter.Policies.List(t.Context(), token, 2, false); err == nil && len(page.Items) > 0 || err != nil && !errors.Is(err, fault.Invalid) {
			t.Errorf("the token %q: want invalid or an empty page, got %d items and %v", token, len(page.Items), err)
		}
	}
}

func filesListAndOpen(t T, s Subject) {
	k := backupKind(s)
	for _, w := range read(t, s, k, k.all) {
		i := slices.IndexFunc(w.items, func(b model.Backup) bool { return b.Browsable })
		if i < 0 {
			continue
		}
		backup := w.items[i].ID
		path, file := "/", ""
		for range 4 { // deep enough to meet a file
			list := func(token string, limit int) (adapters.TokenPage[adapters.FileEntry], error) {
				return s.Adapter.Files.List(t.Context(), backup, path, token, limit)
			}
			want, got := tokenWalk(t, s.Adapter.Traits.MaxPageSize, s.MaxItems, list), tokenWalk(t, 2, s.MaxItems, list)
			if !slices.EqualFunc(want, got, func(a, b adapters.FileEntry) bool { return a.Path == b.Path }) && s.MaxItems == 0 {
				t.Errorf("%s: %s lists %v in large pages and %v in small ones", backup, path, want, got)
			}
			next := ""
			for _, entry := range want {
				known(t, backup, entry.Type, []string{"file", "directory", "link", "other"})
				if entry.Type == "file" && file == "" {
					file = entry.Path
				}
				if entry.Type == "directory" && next == "" {
					next = entry.Path
				}
			}
			if file != "" || next == "" {
				break
			}
			path = next
		}
		if file == "" {
			continue
		}
		body, err := s.Adapter.Files.Open(t.Context(), backup, file, 0)
		if errors.Is(err, fault.Unsupported) { // a vendor may show what it does not give
			return
		}
		if err != nil {
			t.Errorf("%s: open %s: %v", backup, file, err)
			return
		}
		if _, err := body.Read(make([]byte, 512)); err != nil && !errors.Is(err, io.EOF) {
			t.Errorf("%s: read %s: %v", backup, file, err)
		}
		if err := body.Close(); err != nil {
			t.Errorf("%s: close %s: %v", backup, file, err)
		}
		return
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
