package federate_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"switchback/internal/adapters/memory"
	"switchback/internal/federate"
	"switchback/internal/model"
)

func TestCursorsAreOnlyGoodForTheirOwnList(t *testing.T) {
	e := newEstate(t, 1, federate.Settings{})
	for n := range 5 {
		e.worlds[0].AddBackup(memory.Backup{Key: fmt.Sprint(n), StartedAt: start.Add(-1)})
	}
	list, err := e.page(t.Context(), 2, "", model.BackupQuery{})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(list.Next)
	if err != nil {
		t.Fatal(err)
	}
	bad := map[string]string{"not base64": "!!!", "empty bytes": "AA", "cut": list.Next[:len(list.Next)-4], "longer": list.Next + "AAAA"}
	for i := range raw {
		altered := append([]byte(nil), raw...)
		altered[i] ^= 1
		bad[fmt.Sprintf("bit of byte %d", i)] = base64.RawURLEncoding.EncodeToString(altered)
	}
	for name, cursor := range bad {
		if _, err := e.page(t.Context(), 2, cursor, model.BackupQuery{}); !errors.Is(err, federate.ErrCursor) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = federate.Merge(t.Context(), e.fed, federate.Request{Conns: e.conns, PageSize: 2, Cursor: list.Next, Binding: "another"}, backups(model.BackupQuery{}))
	if !errors.Is(err, federate.ErrCursor) {
		t.Errorf("another binding: %v", err)
	}
}

// The size of a cursor does not grow with the fleet.
func TestCursorsHaveOneSize(t *testing.T) {
	size := func(connections int) int {
		e := newEstate(t, connections, federate.Settings{})
		for _, w := range e.worlds {
			w.AddBackup(memory.Backup{Key: "a", StartedAt: start.Add(-1)})
			w.AddBackup(memory.Backup{Key: "b", StartedAt: start.Add(-2)})
		}
		list, err := e.page(t.Context(), 1, "", model.BackupQuery{})
		if err != nil {
			t.Fatal(err)
		}
		return len(list.Next)
	}
	if one, many := size(1), size(60); one != many {
		t.Errorf("%d bytes with 1 connection, %d with 60", one, many)
	}
}

func FuzzCursor(f *testing.F) {
	e := newEstate(f, 1, federate.Settings{})
	f.Add("")
	f.Add(strings.Repeat("A", 60))
	f.Fuzz(func(t *testing.T, cursor string) {
		if cursor == "" {
			return
		}
		if _, err := e.page(t.Context(), 2, cursor, model.BackupQuery{}); !errors.Is(err, federate.ErrCursor) {
			t.Errorf("%q: %v", cursor, err)
		}
	})
}
