package adaptercheck

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"slices"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func fileChecks() []Check {
	return []Check{
		{
			Name: "files/list-and-open", Why: "directories page by token, what is listed lies in them, and files open",
			Needs: func(a *adapters.Adapter) bool { return a.Files != nil },
			Run:   filesListAndOpen,
		},
		{
			Name: "files/offsets-are-exact", Why: "a file opened at an offset gives its bytes from there, and none past the end",
			Needs: func(a *adapters.Adapter) bool { return a.Files != nil },
			Run:   fileOffsets,
		},
		{
			Name: "file-search/hits-are-ours", Why: "hits page by token, have a name and a path, and name assets and backups of the connection",
			Needs: func(a *adapters.Adapter) bool { return a.FileSearch != nil },
			Run:   searchHits,
		},
	}
}

func filesListAndOpen(t T, s Subject) {
	backup, file := someFile(t, s)
	if file == "" {
		return
	}
	body, err := s.Adapter.Files.Open(t.Context(), backup, file, 0)
	if errors.Is(err, fault.Unsupported) {
		return // a vendor may show what it does not give
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
}

// someFile finds a file in the first backup that holds one near its root. On the
// way it holds small pages against large ones.
func someFile(t T, s Subject) (backup model.ID, file string) {
	k := backupKind(s)
	for _, w := range read(t, s, k, k.all) {
		i := slices.IndexFunc(w.items, func(b model.Backup) bool { return b.Browsable })
		if i < 0 {
			continue
		}
		backup, path := w.items[i].ID, "/"
		for range 4 { // deep enough to meet a file
			entries := directory(t, s, backup, path)
			first := func(kind string) string {
				if i := slices.IndexFunc(entries, func(e adapters.FileEntry) bool { return e.Type == kind }); i >= 0 {
					return entries[i].Path
				}
				return ""
			}
			if file := first("file"); file != "" {
				return backup, file
			}
			if path = first("directory"); path == "" {
				break
			}
		}
	}
	return model.ID{}, ""
}

func directory(t T, s Subject, backup model.ID, path string) []adapters.FileEntry {
	list := func(token string, limit int) (adapters.TokenPage[adapters.FileEntry], error) {
		return s.Adapter.Files.List(t.Context(), backup, path, token, limit)
	}
	want, got := tokenWalk(t, s.Adapter.Traits.MaxPageSize, s.MaxItems, list), tokenWalk(t, 2, s.MaxItems, list)
	if !slices.EqualFunc(want, got, func(a, b adapters.FileEntry) bool { return a.Path == b.Path }) && s.MaxItems == 0 {
		t.Errorf("%s: %s lists %v in large pages and %v in small ones", backup, path, want, got)
	}
	for _, entry := range want {
		known(t, backup, entry.Type, []string{"file", "directory", "link", "other"})
	}
	return want
}

// fileStart is how much of a file is looked at.
const fileStart = 64 << 10

func fileOffsets(t T, s Subject) {
	backup, file := someFile(t, s)
	if file == "" {
		return
	}
	if body, err := s.Adapter.Files.Open(t.Context(), backup, file, 0); errors.Is(err, fault.Unsupported) {
		return
	} else if err == nil {
		_ = body.Close()
	}
	from := func(offset, most int64) []byte {
		body, err := s.Adapter.Files.Open(t.Context(), backup, file, offset)
		if err != nil {
			t.Fatalf("%s: open %s at %d: %v", backup, file, offset, err)
		}
		defer func() { _ = body.Close() }()
		if body.Offset != offset {
			t.Errorf("%s: %s opened at %d, Body.Offset is %d", backup, file, offset, body.Offset)
		}
		data, err := io.ReadAll(io.LimitReader(body, most)) //nolint:forbidigo // bounded by the reader
		if err != nil {
			t.Fatalf("%s: read %s from %d: %v", backup, file, offset, err)
		}
		return data
	}
	whole := from(0, fileStart)
	size := int64(len(whole))
	for _, offset := range []int64{1, size / 2, size - 1} {
		if offset < 1 || offset >= size {
			continue
		}
		if got := from(offset, size-offset); !bytes.Equal(got, whole[offset:]) {
			t.Errorf("%s: %s from %d: %d bytes came, or others", backup, file, offset, len(got))
		}
	}
	if size == fileStart {
		return // its end is not known
	}
	body, err := s.Adapter.Files.Open(t.Context(), backup, file, size+1)
	if err != nil {
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: open %s past its end: want invalid or no bytes, got %v", backup, file, err)
		}
		return
	}
	if n, err := body.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		t.Errorf("%s: %s past its end gives %d bytes and %v", backup, file, n, err)
	}
	_ = body.Close()
}

func searchHits(t T, s Subject) {
	asked := 0
	for _, b := range backedUp(t, s) {
		name := "*"
		if s.Adapter.Files != nil && b.Browsable {
			if entries := directory(t, s, b.ID, "/"); len(entries) > 0 {
				name = entries[0].Name
			}
		}
		q := model.FileQuery{Asset: b.Asset.ID, Name: name}
		page, err := s.Adapter.FileSearch.Search(t.Context(), q, "", s.Adapter.Traits.MaxPageSize)
		if kind := fault.KindOf(err); err != nil && (kind == fault.Unsupported || kind == fault.NotFound) {
			continue // this asset holds no files, or none that are indexed
		}
		if err != nil {
			t.Errorf("%s: %v", q.Asset, err)
			continue
		}
		asked++
		list := func(token string, limit int) (adapters.TokenPage[model.FileHit], error) {
			return s.Adapter.FileSearch.Search(t.Context(), q, token, limit)
		}
		small := tokenWalk(t, 2, s.MaxItems, list)
		for i, hit := range small {
			if hit.Name == "" || hit.Path == "" || i < len(page.Items) && page.Items[i].Path != hit.Path {
				t.Errorf("%s: hit %d is %q at %q in small pages, and another in large ones", q.Asset, i, hit.Name, hit.Path)
			}
			known(t, q.Asset, hit.Type, []string{"file", "directory", "link", "other"})
			if hit.Asset != nil && hit.Asset.ID.Connection != s.Env.Connection || hit.Backup != nil && hit.Backup.Connection != s.Env.Connection {
				t.Errorf("%s: the hit %s names %v and %v", q.Asset, hit.Path, hit.Asset, hit.Backup)
			}
			eachTime(reflect.ValueOf(hit), func(at time.Time) {
				if !at.IsZero() && at.Location() != time.UTC {
					t.Errorf("%s: the hit %s has the time %v", q.Asset, hit.Path, at)
				}
			})
		}
		if asked == 3 {
			break
		}
	}
	nobody := model.FileQuery{Asset: s.Env.ID("nonsense", "no-such-asset"), Name: "x"}
	_, err := s.Adapter.FileSearch.Search(t.Context(), nobody, "", 5)
	if kind := fault.KindOf(err); err == nil || kind != fault.NotFound && kind != fault.Invalid && kind != fault.Unsupported {
		t.Errorf("an asset that names nothing: want not_found, got %v", err)
	}
}
