package cohesity

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldenView sees the examples a day after the newest of them.
var goldenView = view{adapters.Env{Connection: "ibm-eu"}, time.Date(2026, 1, 4, 0, 0, 0, 0, time.UTC)}

const goldenGroup = "5120034711908842:1748291034455:3307"

func golden(t *testing.T, name string, got any) {
	t.Helper()
	text, err := json.MarshalIndent(got, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	path := "testdata/" + name + ".golden.json"
	if *update {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, text) {
		t.Errorf("%s (run with -update if this is right):\n%s", path, cmp.Diff(string(want), string(text)))
	}
}

func example(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

func TestRunsBecomeBackupsAndOperations(t *testing.T) {
	for _, name := range []string{"runs", "runs_odd"} {
		var answer runsAnswer
		example(t, name, &answer)
		var got struct {
			Backups    []model.Backup
			Operations []model.Operation
		}
		for _, raw := range answer.Runs {
			run, err := readRun("test", goldenGroup, raw)
			if err != nil {
				t.Fatal(err)
			}
			for i := range run.Objects {
				got.Backups = append(got.Backups, goldenView.backup(&run.wireRun, &run.Objects[i]))
			}
			got.Operations = append(got.Operations, goldenView.operation(&run.wireRun))
		}
		golden(t, name, got)
	}
}

func TestRecoveriesBecomeRestores(t *testing.T) {
	var answer recoveriesAnswer
	example(t, "recoveries", &answer)
	var got []model.Restore
	for _, raw := range answer.Recoveries {
		recovery, err := readRecovery("test", raw)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, goldenView.restore(recovery))
	}
	golden(t, "recoveries", got)
}

func TestPoliciesBecomeRules(t *testing.T) {
	for _, name := range []string{"policies", "policies_odd"} {
		var answer struct{ Policies []wirePolicy }
		example(t, name, &answer)
		var got []model.Policy
		for i := range answer.Policies {
			got = append(got, goldenView.policy(&answer.Policies[i]))
		}
		golden(t, name, got)
	}
}

func TestDocumentsOfABackupHoldItsObjectOnly(t *testing.T) {
	raw := json.RawMessage(`{"id":"1:2","big":9007199254740993,"objects":[{"object":{"id":1}},{"object":{"id":2}}]}`)
	if got, want := string(runDocument(raw, 1)), `{"big":9007199254740993,"id":"1:2","objects":[{"object":{"id":2}}]}`; got != want {
		t.Errorf("want %s, got %s", want, got)
	}
}

func TestKeysReadBackInOneSpelling(t *testing.T) {
	key := backupKey{goldenGroup, "3440:1767315601882310", 118}
	if got, ok := parseBackupKey(key.String()); !ok || got != key {
		t.Errorf("%v reads back as %v, %t", key, got, ok)
	}
	for _, text := range []string{
		"", "/", goldenGroup, goldenGroup + "/1:2", goldenGroup + "/1:2/", goldenGroup + "/1:2/+3", goldenGroup + "/1:2/03",
		goldenGroup + "/../3", "../1:2/3", goldenGroup + "/1:2/3/", goldenGroup + "/1:2/9223372036854775808",
	} {
		if got, ok := parseBackupKey(text); ok {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

func TestErrorsAreRead(t *testing.T) {
	for _, tc := range []struct{ body, code, message string }{
		{`{"errorCode":"KInternalError","message":"already exists for tenant","taskLogId":"x"}`, "KInternalError", "already exists for tenant"},
		{`{"errorCode":"BXNIM0415E","errorMessage":"Provided API key could not be found.","context":{}}`, "BXNIM0415E", "Provided API key could not be found."},
		{`{"errors":[{"code":"c","message":"m"}]}`, "c", "m"},
		{`{"error":"text"}`, "", "text"},
		{`{"error":{"nested":1},"message":"text"}`, "", "text"},
		{`<html>bad gateway</html>`, "", "<html>bad gateway</html>"},
		{`null`, "", ""},
		{`[1]`, "", "[1]"},
		{``, "", ""},
	} {
		if code, message := readError([]byte(tc.body)); code != tc.code || message != tc.message {
			t.Errorf("%s reads as %q, %q", tc.body, code, message)
		}
	}
}
