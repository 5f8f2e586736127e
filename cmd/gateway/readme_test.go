package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"switchback/internal/adapters/simkit"
	"switchback/internal/fleet"
)

var update = flag.Bool("update", false, "write generated parts of the documents again")

const readme = "../../README.md"

// capabilityWords say what a capability means to a reader.
var capabilityWords = []struct{ name, words string }{
	{"backups", "list and read backups"},
	{"backups.start", "back up now"},
	{"backups.files", "look into backups"},
	{"restores", "start and follow restores"},
	{"restores.cancel", "cancel a restore"},
	{"restores.patch", "change a restore"},
	{"restores.remove", "tear a restore down"},
	{"restores.access", "instant access: address, roles"},
	{"restores.content", "download what was restored"},
	{"operations", "follow operations"},
	{"operations.cancel", "cancel an operation"},
	{"policies", "list and read policies"},
	{"policies.write", "create, change and delete policies"},
	{"policies.assignments", "what policies protect"},
	{"assets", "list and read assets"},
	{"assets.restore-points", "points and ranges to restore to"},
	{"sources", "list and read sources"},
	{"search.files", "search files in backups"},
	{"restores.plan", "plan a restore"},
	{"restores.results", "find what a restore has made"},
	{"native", "native passthrough"},
}

// matrix is the capability table, read off the adapters.
func matrix(t *testing.T) string {
	t.Helper()
	c := &demoCommand{Seed: 1}
	ctx, cancel := context.WithCancel(context.Background())
	served, accounts, err := c.simulate(ctx, simkit.Friendly())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel()
		for _, s := range served {
			s.stop()
		}
	}()
	f, err := openFleet(ctx, plan{accounts: accounts, logger: slog.New(slog.DiscardHandler)}, unwatched())
	if err != nil {
		t.Fatal(err)
	}
	columns := []*fleet.Conn{f.Conn("clumio-prod"), f.Conn("ibm-eu"), f.Conn("storware-dc1")}
	var b strings.Builder
	b.WriteString("| | Clumio | IBM | Storware |\n|---|---|---|---|\n")
	known := map[string]bool{}
	for _, row := range capabilityWords {
		known[row.name] = true
		fmt.Fprintf(&b, "| %s |", row.words)
		for _, conn := range columns {
			cell := " "
			if slices.Contains(conn.Capabilities(), row.name) {
				cell = " yes "
			}
			b.WriteString(cell + "|")
		}
		b.WriteString("\n")
	}
	b.WriteString("| kinds of restores |")
	for _, conn := range columns {
		var kinds []string
		for _, k := range conn.RestoreKinds() {
			kinds = append(kinds, string(k.Kind))
		}
		fmt.Fprintf(&b, " %s |", strings.Join(kinds, ", "))
		for _, name := range conn.Capabilities() {
			if !known[name] {
				t.Errorf("capability %s has no words", name)
			}
		}
	}
	return b.String() + "\n"
}

func TestReadmeCapabilities(t *testing.T) {
	raw, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	const from, to = "-update -->\n", "<!-- /capabilities -->"
	start, end := bytes.Index(raw, []byte(from))+len(from), bytes.Index(raw, []byte(to))
	want := matrix(t)
	if *update {
		fresh := slices.Concat(raw[:start], []byte(want), raw[end:])
		if err := os.WriteFile(readme, fresh, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got := string(raw[start:end]); got != want {
		t.Errorf("the table is not what the adapters say; run with -update\n%s", want)
	}
}

// block returns the code block that follows a comment in the README.
func block(t *testing.T, text, comment string) string {
	t.Helper()
	_, after, found := strings.Cut(text, "<!-- "+comment)
	if !found {
		t.Fatalf("the README has no %q", comment)
	}
	_, after, _ = strings.Cut(after, "\n```")
	_, after, _ = strings.Cut(after, "\n")
	code, _, _ := strings.Cut(after, "\n```")
	return code
}

// demoAddr is the README's address, or another one where that is taken.
func demoAddr(t *testing.T) string {
	t.Helper()
	for _, addr := range []string{"127.0.0.1:8080", "127.0.0.1:0"} {
		if l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr); err == nil {
			defer func() { _ = l.Close() }()
			return l.Addr().String()
		}
	}
	t.Fatal("there is no free port")
	return ""
}

// TestReadmeDemo does what the README says, word for word, in a shell.
func TestReadmeDemo(t *testing.T) {
	raw, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	start := "exec " + strings.TrimSpace(block(t, text, "demo: background"))
	if addr := demoAddr(t); addr != "127.0.0.1:8080" {
		start += " --addr " + addr
		text = strings.ReplaceAll(text, "127.0.0.1:8080", addr)
	}
	background := exec.Command("bash", "-c", start)
	background.Dir = root
	var said syncBuffer
	background.Stdout, background.Stderr = &said, &said
	inGroup(background)
	if err := background.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		stopGroup(background)
		_ = background.Wait()
	}()
	deadline := time.Now().Add(5 * time.Minute) // it may have to be built first
	for !strings.Contains(said.String(), "Stop with Ctrl-C") {
		if time.Now().After(deadline) {
			t.Fatalf("the demo is not ready: %s", said.String())
		}
		time.Sleep(50 * time.Millisecond)
	}
	foreground := exec.Command("bash", "-euo", "pipefail", "-c", block(t, text, "demo: run"))
	foreground.Dir = root
	out, err := foreground.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := regexp.QuoteMeta(strings.TrimSpace(block(t, text, "demo: output")))
	pattern := "^" + strings.ReplaceAll(want, regexp.QuoteMeta("..."), ".*") + "$"
	if !regexp.MustCompile(pattern).Match(bytes.TrimSpace(out)) {
		t.Errorf("the output is not the README's:\n%s", out)
	}
	guided(t, said.String())
}

// guided runs every call that the demo prints.
func guided(t *testing.T, said string) {
	t.Helper()
	var script strings.Builder
	calls := 0
	for line := range strings.Lines(said) {
		switch {
		case strings.HasPrefix(line, "export "):
			script.WriteString(line)
		case strings.HasPrefix(line, "curl -s ") && !strings.Contains(line, "/v1/restores/ID"):
			calls++
			script.WriteString(strings.Replace(line, "curl -s ", "curl -s -o /dev/null -w '%{http_code}\\n' ", 1))
		}
	}
	out, err := exec.Command("bash", "-euo", "pipefail", "-c", script.String()).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	statuses := strings.Fields(string(out))
	if len(statuses) != calls || calls < 8 {
		t.Fatalf("%d calls printed, answers %v", calls, statuses)
	}
	for _, status := range statuses {
		if status != fmt.Sprint(http.StatusOK) && status != fmt.Sprint(http.StatusAccepted) {
			t.Errorf("a call that the demo prints gives %s", status)
		}
	}
}

func TestReadmeConfigurationCommands(t *testing.T) {
	dir := t.TempDir()
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"config", "example"}, nil, &out, &errs); code != 0 {
		t.Fatalf("%d: %s", code, errs.String())
	}
	if !strings.Contains(out.String(), "connections:") {
		t.Errorf("the example has no connections: %s", out.String())
	}
	out.Reset()
	if code := run(t.Context(), []string{"config", "schema"}, nil, &out, &errs); code != 0 || !json.Valid(out.Bytes()) {
		t.Errorf("%d: %s", code, out.String())
	}
	bad := filepath.Join(dir, "bad.yaml")
	if err := os.WriteFile(bad, []byte("nonsense: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	errs.Reset()
	if code := run(t.Context(), []string{"config", "validate", "--config", bad}, nil, &out, &errs); code != 1 || !strings.Contains(errs.String(), "bad.yaml:1") {
		t.Errorf("%d: %s", code, errs.String())
	}
}
