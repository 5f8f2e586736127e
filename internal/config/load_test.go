package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/config"
)

// minimal is the least that is valid; what a test wants different goes before.
const minimal = `auth:
  issuers:
    - {issuer: ci, audiences: [switchback], secret: {env: CI_SECRET}}
journal: {memory: true}
connections:
  - {name: one, driver: memory}
`

var environ = []string{
	"CI_SECRET=test-secret-" + strings.Repeat("x", 32), "CI_TOKEN_SECRET=test-secret-" + strings.Repeat("y", 32),
	"CURSOR_KEY=test-secret-" + strings.Repeat("z", 32), "SHORT=test-secret", "EMPTY=",
	"IBM_API_KEY=test-secret-ibm", "STORWARE_PASSWORD=test-secret-storware",
}

func parse(t *testing.T, text string, more ...string) (*config.Config, error) {
	t.Helper()
	return config.Parse("f.yaml", []byte(text), append(more, environ...))
}

func valid(t *testing.T, text string, more ...string) *config.Config {
	t.Helper()
	c, err := parse(t, text, more...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLoadReadsAFileWithDefaults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gateway.yaml")
	if err := os.WriteFile(path, []byte(minimal), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path, environ)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Server{
		Addr: ":8080", AdminAddr: "127.0.0.1:9090",
		ShutdownTimeout: 30 * time.Second, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10,
	}
	if diff := cmp.Diff(want, c.Server); diff != "" {
		t.Errorf("server (-want +got):\n%s", diff)
	}
	if c.Log.Level != slog.LevelInfo || c.Log.Format != "json" || c.Lists.Fanout == 0 || c.Telemetry.ServiceName != "switchback" {
		t.Errorf("got defaults %+v %+v %+v", c.Log, c.Lists, c.Telemetry)
	}
	issuer := c.Auth.Issuers[0]
	if secret, err := issuer.Secret.Read(); err != nil || !strings.HasPrefix(string(secret), "test-secret-xxx") {
		t.Errorf("got secret %q, %v", secret, err)
	}
	if !c.CursorKey.IsZero() || string(c.Connections[0].Config.JSON()) != "{}" {
		t.Errorf("got %+v", c)
	}
}

func TestLoadOfNoFile(t *testing.T) {
	if _, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestAdapterConfigGetsSecretsFromTheEnvironment(t *testing.T) {
	c := valid(t, strings.Replace(minimal, "driver: memory}", `driver: memory, config: {
    base_url: "https://x.example", count: 3, ratio: 0.5, on: true, none: null, since: "2026-01-01",
    token: {env: IBM_API_KEY}, other: {file: /run/secrets/t},
    list: [{password: {env: STORWARE_PASSWORD}}, {environment: prod}]}}`, 1))
	var got any
	if err := json.Unmarshal(c.Connections[0].Config.JSON(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"base_url": "https://x.example", "count": 3.0, "ratio": 0.5, "on": true, "none": nil, "since": "2026-01-01",
		"token": map[string]any{"value": "test-secret-ibm"}, "other": map[string]any{"file": "/run/secrets/t"},
		"list": []any{
			map[string]any{"password": map[string]any{"value": "test-secret-storware"}},
			map[string]any{"environment": "prod"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

func TestEnvironmentOverridesTheFile(t *testing.T) {
	c := valid(t, "server: {addr: ':1', adminAddr: ':2', tls: {certFile: a, keyFile: b}}\nlog: {level: warn}\n"+minimal,
		"SWITCHBACK_SERVER__ADDR=:9", "SWITCHBACK_SERVER__ADMIN_ADDR=", "SWITCHBACK_SERVER__TLS__CERTFILE=c",
		"SWITCHBACK_server__maxHeaderBytes=5000", "SWITCHBACK_SERVER__SHUTDOWN_TIMEOUT=7s",
		"SWITCHBACK_LOG__LEVEL=debug", "SWITCHBACK_JOURNAL__MEMORY=false", "SWITCHBACK_JOURNAL__PATH=/j",
		"SWITCHBACK_AUTH__ROLES={viewer: [backups:read]}", "SWITCHBACK_CURSOR_KEY__ENV=CURSOR_KEY",
		"SWITCHBACK_AUTH__BINDINGS=[{subjects: [a], roles: [viewer], connections: [one]}]",
		// What Kubernetes sets for a service named switchback is no override.
		"SWITCHBACK_PORT=tcp://10.0.0.1:80", "SWITCHBACK_SERVICE_HOST=10.0.0.1", "SWITCHBACK_CURSOR_KEY=x",
	)
	want := config.Server{
		Addr: ":9", AdminAddr: "", TLS: config.TLS{CertFile: "c", KeyFile: "b"},
		ShutdownTimeout: 7 * time.Second, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 5000,
	}
	if diff := cmp.Diff(want, c.Server); diff != "" {
		t.Errorf("server (-want +got):\n%s", diff)
	}
	if c.Log.Level != slog.LevelDebug || c.Journal.Memory || c.Journal.Path != "/j" || c.CursorKey.Env != "CURSOR_KEY" {
		t.Errorf("got %+v", c)
	}
	if diff := cmp.Diff(map[string][]string{"viewer": {"backups:read"}}, c.Auth.Roles); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	if len(c.Auth.Bindings) != 1 || len(c.Auth.Issuers) != 1 {
		t.Errorf("got %+v", c.Auth)
	}
}

func TestKeysMayHoldDotsAndBrackets(t *testing.T) {
	c := valid(t, `
auth:
  issuers: [{issuer: ci, audiences: [switchback], secret: {env: CI_SECRET}}]
  roles: {a.b: [backups:read], "c/d": [backups:read]}
journal: {memory: true}
connections:
  - &base {name: one, driver: memory, labels: {team.example/name: a}}
  - {<<: *base, name: two}
`)
	if len(c.Auth.Roles["a.b"]) != 1 || len(c.Auth.Roles["c/d"]) != 1 {
		t.Errorf("got roles %v", c.Auth.Roles)
	}
	if c.Connections[1].Name != "two" || c.Connections[1].Labels["team.example/name"] != "a" {
		t.Errorf("got %+v", c.Connections[1])
	}
}

func TestSecretFilesAreReadEachTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("  test-secret-" + strings.Repeat("1", 32) + "\n")
	c := valid(t, "cursorKey: {file: "+path+"}\n"+minimal)
	for _, want := range []string{"test-secret-" + strings.Repeat("1", 32), "test-secret-rotated"} {
		if got, err := c.CursorKey.Read(); err != nil || string(got) != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
		write("test-secret-rotated\n")
	}
	write("\n")
	if got, err := c.CursorKey.Read(); err == nil {
		t.Errorf("got %q of an empty file", got)
	}
}

func TestSecretsAreInNoOutput(t *testing.T) {
	c := valid(t, "cursorKey: {env: CURSOR_KEY}\n"+strings.Replace(minimal, "driver: memory}",
		"driver: memory, config: {token: {env: IBM_API_KEY}}}", 1))
	if !bytes.Contains(c.Connections[0].Config.JSON(), []byte("test-secret-ibm")) {
		t.Fatal("the secret is not where it belongs")
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(h).InfoContext(t.Context(), "configuration", slog.Any("config", c), slog.Any("connections", c.Connections),
			slog.Any("sealed", c.Connections[0].Config), slog.Any("key", c.CursorKey))
	}
	type hidden struct{ inner config.Config }
	for name, text := range map[string]string{
		"json": string(raw), "slog": log.String(),
		"%v": fmt.Sprintf("%v %v", c, *c), "%+v": fmt.Sprintf("%+v %+v", c, hidden{*c}), "%#v": fmt.Sprintf("%#v", *c),
		"sealed": fmt.Sprintf("%v %+v %#v %s %q %x", c.Connections[0].Config, c.Connections[0], c.Connections,
			c.Connections[0].Config, c.Connections[0].Config, c.Connections[0].Config),
		"secret": fmt.Sprintf("%v %+v %#v", c.CursorKey, c.CursorKey, c.CursorKey),
	} {
		if strings.Contains(text, "test-secret") || strings.Contains(text, fmt.Sprintf("%x", "test-secret")) {
			t.Errorf("%s shows a secret: %s", name, text)
		}
	}
}

// What is given in place of a reference may be the secret itself.
func TestSecretsAreInNoError(t *testing.T) {
	for _, text := range []string{
		"cursorKey: test-secret-value\n" + minimal,
		"cursorKey: {file: {a: test-secret-value}}\n" + minimal,
		"cursorKey: {value: test-secret-value}\n" + minimal,
		"cursorKey: *test-secret-value\n" + minimal,
		"cursorKey: !!int test-secret-value\n" + minimal,
		"cursorKey: &test-secret-value [*test-secret-value]\n" + minimal,
		"cursorKey: {env: SHORT}\n" + minimal,
		"cursorKey: \"test-secret-value\n" + minimal,
		"cursorKey: %test-secret-value\n" + minimal,
		"cursorKey: 'a' test-secret-value\n" + minimal,
		"server: {addr: test-secret-value, shutdownTimeout: test-secret-value, maxHeaderBytes: test-secret-value}\n" + minimal,
		"log: {level: test-secret-value, format: test-secret-value}\n" + minimal,
		strings.Replace(minimal, "secret: {env: CI_SECRET}", "jwksUrl: 'https://u:test-secret-value@h\\n'", 1),
		strings.Replace(minimal, "driver: memory", "driver: memory, config: {token: {value: test-secret-value}}", 1),
		strings.Replace(minimal, "driver: memory", "driver: memory, config: test-secret-value", 1),
		strings.Replace(minimal, "driver: memory", "driver: memory, config: {a: {1: test-secret-value}, n: .nan}", 1),
	} {
		_, err := parse(t, text)
		if err == nil {
			t.Errorf("no error for\n%s", text)
			continue
		}
		raw, _ := json.Marshal(err)
		if all := fmt.Sprintf("%v %+v %#v %s", err, err, err, raw); strings.Contains(all, "test-secret") {
			t.Errorf("shows a secret: %s", all)
		}
	}
	for _, variable := range []string{"SERVER__MAX_HEADER_BYTES", "SERVER__SHUTDOWN_TIMEOUT", "AUTH__ISSUERS", "CURSOR_KEY__VALUE", "JOURNAL__MEMORY"} {
		_, err := parse(t, minimal, "SWITCHBACK_"+variable+"=*test-secret-value")
		if err == nil || strings.Contains(err.Error(), "test-secret") || !strings.Contains(err.Error(), "SWITCHBACK_"+variable) {
			t.Errorf("%s: got %v", variable, err)
		}
	}
}

func TestCallerReportsProblemsInTheSameForm(t *testing.T) {
	c := valid(t, minimal, "SWITCHBACK_AUTH__ROLES={}")
	for path, want := range map[string]string{
		"connections[0].driver":       "f.yaml:6: connections[0].driver: is not known",
		"connections[0].config.token": "f.yaml:6: connections[0].config.token: is not known",
		"nowhere":                     "f.yaml: nowhere: is not known",
		"auth.roles.x":                "SWITCHBACK_AUTH__ROLES: auth.roles.x: is not known",
	} {
		if got := c.Problem(path, "is not known").Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := new(config.Config).Problem("a", "b").Error(); got != "a: b" {
		t.Errorf("got %q", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal), "SERVER__ADDR", ":1")
	f.Add([]byte(config.Example()), "AUTH__ROLES", "{a: [b]}")
	f.Add([]byte("a: &a [*a]\n"), "", "")
	f.Add([]byte("a: &a {<<: *a}\nconnections: [{<<: [*a, *a]}]"), "LOG", "{}")
	f.Add([]byte("? [a]\n: b\n1: 2\nconnections: {1: 2}"), "AUTH__ISSUERS", "[[{1: 2}], {? [a] : b}]")
	f.Add([]byte("--- {}\n---\n{}"), "CURSOR_KEY", "2026-01-01")
	f.Fuzz(func(t *testing.T, raw []byte, name, value string) {
		c, err := config.Parse("f.yaml", raw, append([]string{"SWITCHBACK_" + name + "=" + value}, environ...))
		if (c == nil) == (err == nil) {
			t.Fatalf("got %v and %v", c, err)
		}
		if err != nil {
			problems, ok := errors.AsType[config.Problems](err)
			if !ok || len(problems) == 0 || strings.Contains(err.Error(), "test-secret") {
				t.Fatalf("got %#v", err)
			}
			return
		}
		for _, connection := range c.Connections {
			if !json.Valid(connection.Config.JSON()) {
				t.Fatalf("got %s", connection.Config.JSON())
			}
		}
	})
}
