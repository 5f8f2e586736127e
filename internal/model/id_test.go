package model_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"switchback/internal/model"
)

func TestIDText(t *testing.T) {
	for _, tt := range []struct {
		id   model.ID
		text string
	}{
		{model.ID{}, ""},
		{model.ID{Connection: "prod", Kind: "backup", Key: "a.b_C-9"}, "prod~backup~a.b_C-9"},
		{model.ID{Connection: "prod", Kind: "backup", Key: "a/b"}, "prod~backup~~YS9i"},
		{model.ID{Connection: "prod", Kind: "backup", Key: "~"}, "prod~backup~~fg"},
		{model.ID{Connection: "prod", Kind: "backup", Key: "\x00\xff"}, "prod~backup~~AP8"},
	} {
		if got := tt.id.String(); got != tt.text {
			t.Errorf("%+v: got %q, want %q", tt.id, got, tt.text)
		}
		if tt.text == "" {
			continue
		}
		if got, err := model.ParseID(tt.text); err != nil || got != tt.id {
			t.Errorf("%q: got %+v, %v, want %+v", tt.text, got, err, tt.id)
		}
	}
}

func TestParseIDRefusesOtherSpellings(t *testing.T) {
	for _, text := range []string{
		"", "prod", "prod~backup", "prod~backup~", "~backup~x", "prod~~x", "pr od~backup~x", "prod~back/up~x", "prod~backup~a/b",
		"prod~backup~~",       // an empty key
		"prod~backup~~YQ",     // "a", which needs no encoding
		"prod~backup~~YS9i=",  // padding
		"prod~backup~~YS9j\n", // white space
		"prod~backup~~YS9",    // bits left over
		"prod~backup~~fh",     // bits that count for nothing
		"prod~backup~x~y", "prod~backup~x ", "prod~backup~é",
		"prod~backup~" + strings.Repeat("a", model.MaxIDLength),
	} {
		if id, err := model.ParseID(text); err == nil {
			t.Errorf("%q is taken for %+v", text, id)
		}
	}
}

func TestIDsOfAnyKeyParseBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := model.ID{
			Connection: rapid.StringMatching(`[A-Za-z0-9._-]{1,20}`).Draw(t, "connection"),
			Kind:       rapid.StringMatching(`[a-z-]{1,20}`).Draw(t, "kind"),
			Key:        string(rapid.SliceOfN(rapid.Byte(), 1, 60).Draw(t, "key")),
		}
		if got, err := model.ParseID(id.String()); err != nil || got != id {
			t.Fatalf("%+v as %q: %+v, %v", id, id, got, err)
		}
		for _, r := range id.String() {
			if r > '~' || r <= ' ' || strings.ContainsRune(`/?#%&+"\`, r) {
				t.Fatalf("%q can not stand in a path", id)
			}
		}
	})
}

func FuzzParseID(f *testing.F) {
	for _, seed := range []string{"", "a~b~c", "a~b~~YS9i", "a~b~~YQ", "a~b~c~d", "~~~", "a~b~~", "a~b~~\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := model.ParseID(text)
		if err != nil {
			if !id.IsZero() {
				t.Errorf("%q: %+v beside %v", text, id, err)
			}
			return
		}
		if id.String() != text {
			t.Errorf("%q is another spelling of %q", text, id)
		}
	})
}

func TestIDInJSON(t *testing.T) {
	in := map[string]model.ID{"id": {Connection: "c", Kind: "backup", Key: "a/b"}}
	raw, err := json.Marshal(in)
	if err != nil || string(raw) != `{"id":"c~backup~~YS9i"}` {
		t.Fatalf("got %s, %v", raw, err)
	}
	var out map[string]model.ID
	if err := json.Unmarshal(raw, &out); err != nil || out["id"] != in["id"] {
		t.Errorf("got %+v, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"id":"nonsense"}`), &out); err == nil {
		t.Errorf("nonsense is taken for %+v", out)
	}
}
