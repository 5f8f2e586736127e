package clumio

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/model"
)

func assetOf[W wireProtected](w W) model.ProtectedAsset { return w.protected(testEnv) }

func sourceOf[W wireSource](w W) model.Source { return w.source(testEnv) }

func TestInventoryMatchesItsGoldenFiles(t *testing.T) {
	for name, convert := range map[string]func(*testing.T, []byte) any{
		"list-ec2-instances":     items(assetOf[wireEC2]),
		"list-ebs-volumes":       items(assetOf[wireEBS]),
		"list-rds-resources":     items(assetOf[wireRDS]),
		"list-dynamodb-tables":   items(assetOf[wireDynamoDB]),
		"list-mssql-databases":   items(assetOf[wireMSSQL]),
		"list-iceberg-tables":    items(assetOf[wireIceberg]),
		"list-s3-assets":         items(assetOf[wireS3Asset]),
		"list-s3-buckets":        items(assetOf[wireBucket]),
		"list-protection-groups": items(assetOf[wireS3Group]),
		"list-gcs-assets":        items(assetOf[wireGCSAsset]),
		"list-gcs-groups":        items(assetOf[wireGCSGroup]),
		"list-aws-connections":   items(sourceOf[wireAWSConnection]),
		"list-gcp-connections":   items(sourceOf[wireGCPConnection]),
		"list-aws-environments":  items(sourceOf[wireAWSEnvironment]),
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
			matchGolden(t, filepath.Join("testdata", name+".golden.json"), append(got, '\n'))
		})
	}
}

func matchGolden(t *testing.T, golden string, got []byte) {
	t.Helper()
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
}

func TestPlacesHaveOneSpelling(t *testing.T) {
	for _, token := range []string{
		"x", "0.0.", "1", "1.2", "1.2.3.4", "-1.0.", "01.0.", "0.01.", "0.1.!", "0.1.YQ==", "0.1.YR", "99999.0.", "0.99999999999.", "0.0.YQ\n",
	} {
		if p, ok := readPlace(token); ok {
			t.Errorf("%q is read as %v", token, p)
		}
	}
	for _, p := range []partPlace{{}, {1, 0, ""}, {0, 3, ""}, {2, 7, "a b"}, {0, 0, "\x00"}} {
		token := p.String()
		if p == (partPlace{}) {
			token = ""
		}
		if got, ok := readPlace(token); !ok || got != p {
			t.Errorf("%q is read as %v, %v", token, got, ok)
		}
	}
}

func TestOnlyWhatHasNoCaseIsSearchedFor(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "web": "", "WEB-01": "-01", "a-2024-01b-7": "-2024-01", "日本": "", "ß1": "1", "K9": "9", "_": "_",
	} {
		if got := caseless(text); got != want {
			t.Errorf("%q: %q is searched for, want %q", text, got, want)
		}
	}
}

func TestInstallationTokensAreNotShown(t *testing.T) {
	for document, want := range map[string]string{
		`{"id":"1","token":"test-x"}`: `{"id":"1"}`, `{ "id":"1" }`: `{ "id":"1" }`, ``: ``, `[]`: ``,
	} {
		if got := string(withoutToken(json.RawMessage(document))); got != want {
			t.Errorf("%s is shown as %s, want %s", document, got, want)
		}
	}
}
