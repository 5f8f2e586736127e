package clumio

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

var update = flag.Bool("update", false, "write the golden files anew")

var testEnv = adapters.Env{Connection: "acme"}

// items converts every item of a page with the vendor's document beside it.
func items[W, T any](convert func(W) T) func(t *testing.T, raw []byte) any {
	return func(t *testing.T, raw []byte) any {
		t.Helper()
		var in page[W]
		if err := json.Unmarshal(raw, &in); err != nil {
			t.Fatal(err)
		}
		out := []T{}
		for _, w := range in.Embedded.Items {
			out = append(out, convert(w))
		}
		return out
	}
}

func one[W, T any](convert func(W) T) func(t *testing.T, raw []byte) any {
	return func(t *testing.T, raw []byte) any {
		t.Helper()
		var in W
		if err := json.Unmarshal(raw, &in); err != nil {
			t.Fatal(err)
		}
		return convert(in)
	}
}

func backupOf[W wireBackup](w W) model.Backup { return w.backup(testEnv) }

func TestConversionsMatchTheirGoldenFiles(t *testing.T) {
	type both struct {
		Operation bool              `json:"operation"`
		As        any               `json:"as"`
		State     model.State       `json:"state"`
		Kind      model.RestoreKind `json:"kind,omitempty"`
	}
	for name, convert := range map[string]func(*testing.T, []byte) any{
		"seed-ec2-backups":       items(backupOf[wireEC2Backup]),
		"list-ec2-backups":       items(backupOf[wireEC2Backup]),
		"list-ebs-backups":       items(backupOf[wireEBSBackup]),
		"list-rds-backups":       items(backupOf[wireRDSBackup]),
		"read-rds-backup":        one(backupOf[wireRDSBackupRead]),
		"list-dynamodb-backups":  items(backupOf[wireDynamoDBBackup]),
		"list-mssql-backups":     items(backupOf[wireMSSQLBackup]),
		"list-iceberg-backups":   items(backupOf[wireIcebergBackup]),
		"list-group-backups":     items(backupOf[wireGroupBackup]),
		"list-s3-asset-backups":  items(backupOf[wireS3AssetBackup]),
		"list-gcs-group-backups": items(backupOf[wireGCSGroupBackup]),
		"list-gcs-asset-backups": items(backupOf[wireGCSAssetBackup]),
		"list-policies":          items(func(w wirePolicy) model.Policy { return w.policy(testEnv) }),
		"list-policies-odd":      items(func(w wirePolicy) model.Policy { return w.policy(testEnv) }),
		"read-endpoint":          one(func(w wireEndpoint) model.Restore { return w.restore(testEnv) }),
		"list-tasks": items(func(w wireTask) both {
			if w.isRestore() {
				return both{As: w.restore(testEnv), State: w.state(), Kind: w.restoreKind()}
			}
			return both{Operation: true, As: w.operation(testEnv), State: w.state()}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join("testdata", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(convert(t, raw), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			golden := filepath.Join("testdata", name+".golden.json")
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s\n%s", golden, cmp.Diff(string(want), string(got)))
			}
		})
	}
}

func TestNextPageIsTakenFromTheLink(t *testing.T) {
	for body, want := range map[string]string{
		`{"_links":{"_next":{"href":"/tasks?limit=2&start=2"}}}`:             "2",
		`{"_links":{"_next":{"href":"/x?start=a%2Bb%3D%3D&filter=%7B%7D"}}}`: "a+b==",
		`{"_links":{"_next":null}}`:                                          "",
		`{"_links":{}}`:                                                      "",
		`{"_links":null,"_embedded":null}`:                                   "",
		`{"_links":{"_next":{"href":"::bad"}}}`:                              "",
	} {
		var p page[wireTask]
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if got := p.next(); got != want {
			t.Errorf("%s: next is %q, want %q", body, got, want)
		}
	}
}

func TestBoundsOfTimeAreWholeSecondsOutward(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))
	if got := wireTime(floorSecond(at)); got != "2026-01-02T02:04:05Z" {
		t.Errorf("floor is %s", got)
	}
	if got := wireTime(ceilSecond(at)); got != "2026-01-02T02:04:06Z" {
		t.Errorf("ceiling is %s", got)
	}
	whole := at.Truncate(time.Second)
	if !ceilSecond(whole).Equal(whole) {
		t.Errorf("a whole second moved to %s", ceilSecond(whole))
	}
}

func TestErrorBodiesAreRead(t *testing.T) {
	for body, want := range map[string][2]string{
		`{"errors":[{"error_code":359,"error_message":"the token is missing"}]}`:    {"359", "the token is missing"},
		`{"errors":[{"error_code":"7","error_message":"a"},{"error_message":"b"}]}`: {"7", "a; b"},
		`{"errors":null}`:          {"", ""},
		`<html>busy</html>`:        {"", ""},
		`{"errors":"no list"}`:     {"", ""},
		`{"unexpected":["shape"]}`: {"", ""},
	} {
		code, message := readError([]byte(body))
		if got := [2]string{code, message}; got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}

func TestRetentionIsWrittenInOneUnit(t *testing.T) {
	for text, want := range map[string]wireRetention{
		"P30D": {"days", 30}, "P2W": {"weeks", 2}, "P6M": {"months", 6}, "P7Y": {"years", 7}, "PT48H": {"days", 2}, "P1DT24H": {"days", 2},
	} {
		var p model.Period
		if err := p.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, ok := wireRetentionOf(p); !ok || got != want {
			t.Errorf("%s is %v, %v; want %v", text, got, ok, want)
		}
	}
	for _, p := range []model.Period{{Years: 1, Days: 1}, {Clock: time.Hour}, {Weeks: 1, Months: 1}} {
		if got, ok := wireRetentionOf(p); ok {
			t.Errorf("%s is %v, want none", p, got)
		}
	}
}

func TestPolicyTokensHaveOneSpelling(t *testing.T) {
	for _, token := range []string{"x", "1", "-1.", "01.", "0.", "1.!", "1.YQ==", "99999999999.", "1.YR"} {
		if skip, start, ok := readToken(token); ok {
			t.Errorf("%q is read as %d, %q", token, skip, start)
		}
	}
	if skip, start, ok := readToken(writeToken(3, "a b")); !ok || skip != 3 || start != "a b" {
		t.Errorf("got %d, %q, %v", skip, start, ok)
	}
}
