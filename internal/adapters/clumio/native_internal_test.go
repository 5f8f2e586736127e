package clumio

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"switchback/internal/adapters"
)

// safePosts are the POSTs that change nothing: they look at what a restore would
// take or cost. Where such an answer is made in a task, the task changes nothing
// either.
var safePosts = []string{
	"preview-aws-s3-bucket", "preview-gcs-protection-group", "preview-gcs-protection-group-asset", "preview-protection-group",
	"preview-protection-group-s3-asset", "cost-estimates-protection-group-instant-access-endpoint",
}

// contractOperation is an operation of the vendor's contract, of which
// testdata/operations.json lists all.
type contractOperation struct {
	Method    string   `json:"method"`
	Path      string   `json:"path"`
	Operation string   `json:"operation"`
	Accept    []string `json:"accept"`
	Tag       string   `json:"tag"`
}

func contractOperations(t *testing.T) []contractOperation {
	t.Helper()
	raw, err := os.ReadFile("testdata/operations.json")
	if err != nil {
		t.Fatal(err)
	}
	var out []contractOperation
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNativeTableIsTheContract(t *testing.T) {
	operations := contractOperations(t)
	var want bytes.Buffer
	unsafe := 0
	for i, o := range operations {
		row, err := json.Marshal(nativeRoute{adapters.NativeRoute{
			Method: o.Method, Path: o.Path, Operation: o.Operation, Safe: o.Method == "GET" || slices.Contains(safePosts, o.Operation),
		}, o.Accept[0]})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(row, []byte(`"safe":true`)) {
			unsafe++
		}
		want.WriteString(map[bool]string{true: "[\n", false: ",\n"}[i == 0])
		want.Write(row)
	}
	want.WriteString("\n]\n")
	if *update {
		if err := os.WriteFile("native_routes.json", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("native_routes.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("native_routes.json is not the contract's list of operations; run with -update")
	}
	if len(operations) != 178 || unsafe != 178-114-len(safePosts) {
		t.Errorf("%d operations of which %d are not safe", len(operations), unsafe)
	}
}

func TestEveryOperationIsFoundByItsPath(t *testing.T) {
	routes, err := loadNativeRoutes(nativeTable)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range contractOperations(t) {
		segments := templateSegments(o.Path)
		for i, segment := range segments {
			if strings.HasPrefix(segment, "{") {
				segments[i] = "0b8e_2022-01-01T00:02:00Z.13753"
			}
		}
		if got, ok := routes.find(o.Method, segments); !ok || got.Operation != o.Operation || got.Accept != o.Accept[0] {
			t.Errorf("%s %s: got %+v", o.Method, o.Path, got)
		}
		if _, ok := routes.find("TRACE", segments); ok {
			t.Errorf("TRACE %s is found", o.Path)
		}
		if _, ok := routes.find(o.Method, append(segments, "x", "y", "z")); ok {
			t.Errorf("%s is found with more behind it", o.Path)
		}
	}
}
