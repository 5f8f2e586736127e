package clumiosim

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// contractOperation is the part of the contract that the route table repeats.
type contractOperation struct {
	Name       string   `json:"operationId"`
	Accept     []string `json:"x-required-accept"`
	Parameters []struct {
		Name   string          `json:"name"`
		Filter json.RawMessage `json:"x-filter-fields"`
		Embeds json.RawMessage `json:"x-embed-values"`
	} `json:"parameters"`
}

func operations(t *testing.T) map[string]contractOperation {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "contract.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]contractOperation `json:"paths"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	out := map[string]contractOperation{}
	for path, methods := range doc.Paths {
		for method, o := range methods {
			out[strings.ToUpper(method)+" "+path] = o
		}
	}
	return out
}

// TestRoutesAreTheContract: every operation of the contract is served under the
// same media types and embeds, and nothing else is.
func TestRoutesAreTheContract(t *testing.T) {
	want := operations(t)
	served := map[string]bool{}
	for _, routes := range New(Options{}).routes {
		for _, r := range routes {
			name := r.method + " /" + strings.Join(r.segments, "/")
			served[name] = true
			o, known := want[name]
			if !known {
				t.Errorf("%s is not in the contract", name)
				continue
			}
			if o.Name != r.name {
				t.Errorf("%s is called %s, not %s", name, o.Name, r.name)
			}
			var accept []string
			for _, version := range r.versions {
				accept = append(accept, mediaType(r.resource, version))
			}
			slices.Sort(o.Accept)
			if diff := cmp.Diff(o.Accept, accept); diff != "" {
				t.Errorf("%s: media types (-contract +served):\n%s", name, diff)
			}
			for _, p := range o.Parameters {
				if p.Name != "embed" {
					continue
				}
				var embeds []string
				if json.Unmarshal(p.Embeds, &embeds) != nil {
					continue // "unknown": no public source has them
				}
				if diff := cmp.Diff(embeds, r.embed); diff != "" {
					t.Errorf("%s: embeds (-contract +served):\n%s", name, diff)
				}
			}
		}
	}
	for name := range want {
		if !served[name] {
			t.Errorf("%s is not served", name)
		}
	}
}

// TestFiltersAreTheContract compares the tables of fields and operators.
func TestFiltersAreTheContract(t *testing.T) {
	rules := map[string]filterRules{
		pathPolicies: policyFilters(), pathTasks: taskFilters(), pathInstant: instantFilters(),
	}
	for _, k := range catalogs() {
		rules[k.path] = k.filters
	}
	for _, spec := range backupSpecs() {
		rules[spec.path] = spec.filters
	}
	for _, spec := range assetSpecs() {
		rules[spec.path] = spec.filters
	}
	for name, o := range operations(t) {
		have, known := rules[strings.TrimPrefix(name, "GET ")]
		for _, p := range o.Parameters {
			if p.Name != "filter" {
				continue
			}
			if !known {
				t.Errorf("%s has a filter in the contract and none here", name)
			}
			var fields map[string]struct {
				Ops []string `json:"ops"`
			}
			if json.Unmarshal(p.Filter, &fields) != nil {
				continue // "unknown": no public source has them
			}
			want, got := map[string][]string{}, map[string][]string{}
			for field, f := range fields {
				want[field] = slices.Sorted(slices.Values(f.Ops))
			}
			for field, rule := range have {
				for operator := range strings.FieldsSeq(rule.operators) {
					got[field] = append(got[field], "$"+operator)
				}
				slices.Sort(got[field])
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-contract +served):\n%s", name, diff)
			}
		}
	}
}

func TestNegotiate(t *testing.T) {
	ebs, both := "backup-aws-ebs-volumes", []int{1, 2}
	for _, c := range []struct {
		accept []string
		want   int // 0 is refused
	}{
		{nil, 2},
		{[]string{""}, 2},
		{[]string{"*/*"}, 2},
		{[]string{"application/json"}, 2},
		{[]string{"application/api.clumio.backup-aws-ebs-volumes=v1+json"}, 1},
		{[]string{"application/api.clumio.backup-aws-ebs-volumes=v2+json"}, 2},
		{[]string{"application/api.clumio.backup-aws-ebs-volumes=v3+json"}, 0},
		{[]string{"application/api.clumio.*=v1+json"}, 1},
		{[]string{"application/api.clumio.*=v9+json"}, 0},
		{[]string{"application/api.clumio.*=v2&users=v3&tasks=v1+json"}, 2},
		{[]string{"application/api.clumio.*=v2&backup-aws-ebs-volumes=v1+json"}, 1},
		{[]string{"application/api.clumio.tasks=v1+json"}, 0},
		{[]string{"application/api.clumio.backup-aws-ebs-volumes=2+json"}, 0},
		{[]string{"application/api.clumio.backup-aws-ebs-volumes=v1"}, 0},
		{[]string{"text/html"}, 0},
		{[]string{"application/api.clumio.backup-aws-ebs-volumes=v1+json, application/json"}, 1},
	} {
		got, err := negotiate(c.accept, ebs, both)
		if (err != nil) != (c.want == 0) || got != c.want {
			t.Errorf("%q: version %d, %v; want %d", c.accept, got, err, c.want)
		}
	}
}

func BenchmarkPageOfManyBackups(b *testing.B) {
	s := New(Options{Backups: 100_000, Assets: 500})
	c := &call{query: map[string][]string{"limit": {"100"}, "start": {"40"}}}
	c.query.Set("filter", `{"start_timestamp":{"$lte":"`+unixTime(s.born.Unix()-86_400)+`"}}`)
	c.request = request(b)
	c.version = 1
	list := s.listBackups(s.specs[0])
	for b.Loop() {
		if _, err := list(c); err != nil {
			b.Fatal(err)
		}
	}
}

func request(t testing.TB) *http.Request {
	t.Helper()
	return httptest.NewRequest(http.MethodGet, ListEC2, nil)
}
