package clouddownload

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestConversions translates vendor documents and compares with the golden
// file beside each.
func TestConversions(t *testing.T) {
	env := adapters.Env{Connection: "site-a"}
	inputs, err := filepath.Glob("testdata/convert/*.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, input := range inputs {
		name := strings.TrimSuffix(filepath.Base(input), ".json")
		if strings.HasSuffix(name, ".golden") {
			continue
		}
		seen++
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(input)
			if err != nil {
				t.Fatal(err)
			}
			kind, _, _ := strings.Cut(name, "-")
			var out any
			switch kind {
			case "backup":
				out = toBackup(env, decode[backupWire](t, raw))
			case "task":
				out = toOperation(env, decode[taskWire](t, raw), nil)
			case "record":
				record := decode[recordWire](t, raw)
				a := downloads{&account{env: env}}
				out = a.fromRecord(listedRecord{document[recordWire]{Wire: *record}, taskState(record.State)}, nil, false)
			case "policy":
				whole := decode[struct {
					Policy    policyWire
					Rules     []ruleWire
					Schedules []scheduleWire
				}](t, raw)
				schedules := map[string]*scheduleWire{}
				for i := range whole.Schedules {
					schedules[whole.Schedules[i].GUID] = &whole.Schedules[i]
				}
				out = toPolicy(env, "vm-backup", &whole.Policy, whole.Rules, schedules)
			default:
				t.Fatalf("no conversion for %s", name)
			}
			golden(t, filepath.Join("testdata/convert", name+".golden.json"), out)
		})
	}
	if seen < 10 {
		t.Errorf("only %d vendor documents were found", seen)
	}
}

func decode[T any](t *testing.T, raw []byte) *T {
	t.Helper()
	out := new(T)
	if err := json.Unmarshal(raw, out); err != nil {
		t.Fatal(err)
	}
	return out
}

func golden(t *testing.T, path string, value any) {
	t.Helper()
	got, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("-want +got:\n%s", cmp.Diff(string(want), string(got)))
	}
}

// An EXPORT is over only when its STORE is.
func TestOperationWaitsForItsFollowUp(t *testing.T) {
	export := &taskWire{GUID: "e", Type: "EXPORT", State: taskFinished, FinishTime: 1767225695000, WindowStart: 1767225600000}
	for _, test := range []struct {
		store enum
		want  model.State
		ended bool
	}{
		{taskQueued, model.StateRunning, false},
		{taskRunning, model.StateRunning, false},
		{taskFinished, model.StateSucceeded, true},
		{taskFailed, model.StateFailed, true},
		{"RESHUFFLING", model.StateUnknown, false},
	} {
		got := toOperation(adapters.Env{}, export, &taskWire{Type: "STORE", State: test.store, FinishTime: 1767225699000, StatusInfo: "disk full"})
		if got.State != test.want || got.EndedAt.IsZero() == test.ended || got.Cancellable == got.State.Terminal() {
			t.Errorf("STORE %s: state %s, ended %v, cancellable %t", test.store, got.State, got.EndedAt, got.Cancellable)
		}
		if failed := got.Error != nil; failed != (test.want == model.StateFailed) {
			t.Errorf("STORE %s: error %+v", test.store, got.Error)
		}
	}
}

func TestLenientWire(t *testing.T) {
	for text, want := range map[string]enum{
		`"FULL"`: "FULL", `{"name":"FULL","description":"Full"}`: "FULL", `{}`: "", `null`: "", `17`: "", `["FULL"]`: "", `{"name":3}`: "",
	} {
		got := enum("before")
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s is read as %q, %v", text, got, err)
		}
	}
	for text, want := range map[string]time.Time{
		`1767225600000`: time.UnixMilli(1767225600000).UTC(), `1.7672256e12`: time.UnixMilli(1767225600000).UTC(),
		`0`: {}, `-5`: {}, `null`: {}, `"soon"`: {}, `1e300`: {}, `9223372036854775807`: {},
	} {
		var got millis
		if err := json.Unmarshal([]byte(text), &got); err != nil || !got.time().Equal(want) {
			t.Errorf("%s is read as %v, %v", text, got.time(), err)
		}
	}
	for text, want := range map[string]int{
		`[{"guid":"a"},{"guid":"b"}]`: 2, `{"guid":"a"}`: 1, `{"successful":[],"unsuccessful":[],"tasks":[{"guid":"a"}]}`: 1, `[]`: 0,
	} {
		var got submitted
		if err := json.Unmarshal([]byte(text), &got); err != nil || len(got) != want {
			t.Errorf("%s is read as %d tasks, %v", text, len(got), err)
		}
	}
	for _, text := range []string{`{}`, `{"tasks":[]}`, `[{"name":"x"}]`, `null`, `"done"`} {
		var got submitted
		if err := got.UnmarshalJSON([]byte(text)); err == nil {
			t.Errorf("%s is read as %d tasks", text, len(got))
		}
	}
}

func TestReadError(t *testing.T) {
	for body, want := range map[string]string{
		`{"message":"no such guid"}`:               "no such guid",
		`{"error":{"message":"no such guid"}}`:     "no such guid",
		`{"error":"bad","message":"no such guid"}`: "no such guid",
		`{"error":{"message":"a"},"message":"b"}`:  "a",
		`<html><body>HTTP 500</body></html>`:       "",
		`[]`:                                       "", `{"message":{"text":"x"}}`: "", ``: "",
	} {
		if got := readError([]byte(body)); got != want {
			t.Errorf("%s: %q", body, got)
		}
	}
}

func TestFileName(t *testing.T) {
	for disposition, want := range map[string]string{
		"":                                      "",
		"attachment; filename=anna_example.zip": "anna_example.zip",
		`attachment; filename="Anna Example.zip"`:                 "Anna Example.zip",
		`attachment; filename=Anna Example.zip`:                   "Anna Example.zip",
		`attachment; filename*=UTF-8''anna%20b%C3%BCro.zip`:       "anna büro.zip",
		`attachment; filename="../../etc/passwd"`:                 "passwd",
		`attachment; filename="C:\Users\anna\mail.pst"`:           "mail.pst",
		`attachment; filename="..\..\x"`:                          "x",
		`attachment; filename=".."`:                               "",
		`attachment; filename=".hidden"`:                          "hidden",
		`attachment; filename="_anna.zip_"`:                       "anna.zip",
		"attachment; filename=\"a\x00b\r\nX-Evil: 1.zip\"":        "abX-Evil 1.zip",
		`attachment; filename="` + strings.Repeat("x", 999) + `"`: strings.Repeat("x", maxFileName),
		"inline": "",
	} {
		if got := fileName(disposition); got != want {
			t.Errorf("%.60q: want %.60q, got %.60q", disposition, want, got)
		}
	}
}

func TestDownloadKey(t *testing.T) {
	const guid = "a1f0c3d2-6b5e-4c79-8f21-0e9d8c7b6a55"
	key := downloadKey{
		Mode: modePST, Kind: model.AssetCloudUser, Entity: guid, Backup: guid, At: 1767225600000,
		Tasks: []string{guid, guid, guid, guid, guid, guid}, Known: bytes.Repeat([]byte("abc"), maxKnown),
	}
	id := model.ID{Connection: strings.Repeat("c", 63), Kind: downloadKind, Key: key.String()}
	if n := len(id.String()); n > model.MaxIDLength {
		t.Errorf("the longest id has %d characters", n)
	}
	if back, err := parseDownloadKey("test", id); err != nil || back.String() != key.String() {
		t.Errorf("read back as %+v, %v", back, err)
	}
	for _, text := range []string{
		"", "..", "a/b", "{", "{}", `{"m":"CLOUD_DOWNLOAD"}`, key.String() + " ",
		strings.Replace(key.String(), modePST, "ISCSI", 1), strings.Replace(key.String(), guid, "../x", 1),
		strings.Replace(key.String(), "1767225600000", "0", 1), strings.Replace(key.String(), "cloud-user", "vm", 1),
	} {
		if got, err := parseDownloadKey("test", model.ID{Connection: "c", Kind: downloadKind, Key: text}); err == nil {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
	if _, err := parseDownloadKey("test", model.ID{Connection: "c", Kind: "task", Key: guid}); err == nil {
		t.Error("a task is taken for a download")
	}
}
