package adapters_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"switchback/internal/adapters"
)

const hidden = "test-hidden-value"

func TestSecretShowsInNoOutput(t *testing.T) {
	s := adapters.SecretValue(hidden)
	type holder struct {
		Open   adapters.Secret
		closed adapters.Secret
		deep   []any
	}
	h := holder{s, s, []any{s, &s, map[string]adapters.Secret{"k": s}}}
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(handler).LogAttrs(t.Context(), slog.LevelInfo, "x", slog.Any("secret", s), slog.Any("pointer", &s), slog.Any("holder", h))
	}
	out := []string{log.String(), s.String(), fmt.Sprint(s, &s), fmt.Errorf("with %v", s).Error()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		out = append(out, fmt.Sprintf(verb, s), fmt.Sprintf(verb, h), fmt.Sprintf(verb, &h))
	}
	encoded, err := json.Marshal([]any{s, &s, h})
	if err != nil {
		t.Fatal(err)
	}
	out = append(out, string(encoded))
	for _, text := range out {
		if strings.Contains(text, hidden) || strings.Contains(text, fmt.Sprintf("%x", hidden)) {
			t.Errorf("it shows in %q", text)
		}
	}
}

func TestSecretReads(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func(s adapters.Secret, want string) {
		t.Helper()
		if got, err := s.Read(); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	refused := func(s adapters.Secret) {
		t.Helper()
		if got, err := s.Read(); err == nil {
			t.Errorf("got %q, want an error", got)
		}
	}
	read(adapters.SecretValue(hidden), hidden)
	refused(adapters.Secret{})
	refused(adapters.SecretValue(""))
	refused(adapters.SecretFile(file))
	write(" first\n")
	read(adapters.SecretFile(file), "first")
	write("second")
	read(adapters.SecretFile(file), "second") // rotated
	write(" \n")
	refused(adapters.SecretFile(file))
}

func TestSecretJSON(t *testing.T) {
	for raw, want := range map[string]bool{
		`{"value":"test-x"}`: true, `{"file":"/run/x"}`: true,
		`{}`: false, `{"value":""}`: false, `{"file":"/x","value":"y"}`: false, `{"value":"x","other":1}`: false,
		`"test-x"`: false, `null`: false, `7`: false,
	} {
		var s adapters.Secret
		err := json.Unmarshal([]byte(raw), &s)
		if (err == nil) != want || want == s.IsZero() {
			t.Errorf("%s: error %v, zero %t", raw, err, s.IsZero())
		}
	}
	out, err := json.Marshal(adapters.SecretFile("/run/secrets/token"))
	if err != nil || string(out) != `{"file":"/run/secrets/token"}` {
		t.Errorf("a file reference is written as %s, %v", out, err)
	}
}
