package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// needs skips a test that something is missing for, unless the run says that
// it must not.
func needs(t *testing.T, name string, missing error) {
	t.Helper()
	switch {
	case slices.Contains(strings.Split(os.Getenv("GATEWAY_TEST_NOSKIP"), ","), name):
		if missing != nil {
			t.Fatalf("%s is missing: %v", name, missing)
		}
	case testing.Short():
		t.Skip("takes a browser")
	case missing != nil:
		t.Skipf("%s is missing: %v", name, missing)
	}
}

// A reader opens /docs in a browser, sees every operation and tries one.
func TestTheDocumentationPageWorksInABrowser(t *testing.T) {
	node, err := exec.LookPath("node")
	needs(t, "node", err)
	chromium, err := exec.LookPath("chromium")
	needs(t, "chromium", err)
	modules, err := filepath.Abs("../../tools/web/node_modules")
	if err == nil {
		_, err = os.Stat(filepath.Join(modules, "playwright-core"))
	}
	needs(t, "node", err)

	g := newGateway(t, func(s *setting) { s.realNow = true })
	server := httptest.NewServer(g)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	browse := exec.CommandContext(ctx, node, filepath.Join("testdata", "docs.mjs"), modules, chromium, server.URL)
	browse.Stdout, browse.Stderr = &out, &errs
	if err := browse.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	var found struct {
		Title, Status, Body                  string
		Operations, External, Errors, Failed []string
	}
	if err := json.Unmarshal(out.Bytes(), &found); err != nil {
		t.Fatalf("%v in %q", err, out.String())
	}
	var want []string
	for path, item := range g.document.Paths.Map() {
		for method := range item.Operations() {
			want = append(want, method+" "+path)
		}
	}
	slices.Sort(want)
	slices.Sort(found.Operations)
	if diff := cmp.Diff(want, found.Operations); diff != "" {
		t.Errorf("operations (-document +page):\n%s", diff)
	}
	if !strings.Contains(found.Title, g.document.Info.Title) || found.Status != "200" || found.Body != "ok" {
		t.Errorf("title %q; GET /livez gave %s %q", found.Title, found.Status, found.Body)
	}
	if all := slices.Concat(found.External, found.Errors, found.Failed); len(all) > 0 {
		t.Errorf("the page asks elsewhere or fails: %q", all)
	}
}
