package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each file in testdata/bad ends with the messages that it gives, in lines that start with #!.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, expected, _ := strings.Cut(string(raw), "#! ")
			want := strings.Split(strings.TrimSpace(expected), "\n#! ")
			_, err = parse(t, text)
			if err == nil {
				t.Fatal("got no error")
			}
			if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBadEnvironment(t *testing.T) {
	for _, row := range []struct{ variable, want string }{
		{"SWITCHBACK_SERVER__ADRR=x", "SWITCHBACK_SERVER__ADRR: there is no such setting"},
		{"SWITCHBACK_SERVER__ADDR__X=x", "SWITCHBACK_SERVER__ADDR__X: there is no such setting"},
		{"SWITCHBACK_AUTH__ISSUERS__0__ISSUER=x", "SWITCHBACK_AUTH__ISSUERS__0__ISSUER: there is no such setting"},
		{"SWITCHBACK___=x", "SWITCHBACK___: there is no such setting"},
		{"SWITCHBACK_SERVER__ADDR=x", "SWITCHBACK_SERVER__ADDR: server.addr: must be host:port or :port"},
		{"SWITCHBACK_LOG__LEVEL=loud", "SWITCHBACK_LOG__LEVEL: log.level: must be debug, info, warn or error"},
		{"SWITCHBACK_SERVER__SHUTDOWN_TIMEOUT=5", "SWITCHBACK_SERVER__SHUTDOWN_TIMEOUT: server.shutdownTimeout: must be a duration such as 10s or 1m30s"},
		{"SWITCHBACK_LISTS__FANOUT=many", "SWITCHBACK_LISTS__FANOUT: lists.fanout: must be a whole number"},
		{"SWITCHBACK_LISTS__FANOUT=0", "SWITCHBACK_LISTS__FANOUT: lists.fanout: must be positive"},
		{"SWITCHBACK_JOURNAL__MEMORY=yes", "SWITCHBACK_JOURNAL__MEMORY: journal.memory: must be true or false"},
		{"SWITCHBACK_AUTH__ROLES=[", "SWITCHBACK_AUTH__ROLES: auth.roles: must be a list or mapping in YAML"},
		{"SWITCHBACK_AUTH__ROLES=viewer", "SWITCHBACK_AUTH__ROLES: auth.roles: must be a mapping"},
		{"SWITCHBACK_AUTH__ROLES={a: [b]}", "SWITCHBACK_AUTH__ROLES: auth.roles[a][0]: must be a verb such as backups:read"},
		{"SWITCHBACK_AUTH__BINDINGS=[{a: b, subjects: [c], verbs: [d:e], connections: [one]}]", "SWITCHBACK_AUTH__BINDINGS: auth.bindings[0].a: unknown key"},
		{"SWITCHBACK_SERVER__TLS=x", "SWITCHBACK_SERVER__TLS: server.tls: must be a mapping"},
		{"SWITCHBACK_CURSOR_KEY__ENV=NONE", "SWITCHBACK_CURSOR_KEY__ENV: cursorKey.env: the environment variable NONE is not set"},
	} {
		if _, err := parse(t, minimal, row.variable); err == nil || err.Error() != row.want {
			t.Errorf("%s:\n got %v\nwant %v", row.variable, err, row.want)
		}
	}
}
