package clumiosim_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
)

// outOfScope gives the operations of the contract that are not simulated, each
// with its reason.
func outOfScope() map[string]string { return map[string]string{} }

// probe makes operations succeed and remembers which did. Every answer, and
// every body that was taken, is held against the contract by the client.
type probe struct {
	*client
	ids  map[string]string // by the names of the parameters of paths
	done map[string]bool
}

var parameter = regexp.MustCompile(`\{[a-z0-9_]+\}`)

// call runs "METHOD /template?query" with the ids that are known, and wants
// success.
func (p *probe) call(operation string, body any) m {
	p.t.Helper()
	out := p.try(operation, body)
	if out.status >= 300 {
		p.t.Fatalf("%s: %d %v", operation, out.status, out.body)
	}
	name, _, _ := strings.Cut(operation, "?")
	p.done[name] = true
	return out.body
}

func (p *probe) try(operation string, body any) reply {
	p.t.Helper()
	method, rest, _ := strings.Cut(operation, " ")
	template, query, _ := strings.Cut(rest, "?")
	target := p.fill(template)
	if query != "" {
		target += "?" + query
	}
	return p.do(method, template, target, body)
}

func (p *probe) fill(template string) string {
	p.t.Helper()
	return parameter.ReplaceAllStringFunc(template, func(name string) string {
		id := p.ids[strings.Trim(name, "{}")]
		if id == "" {
			p.t.Fatalf("%s: no id for %s", template, name)
		}
		return url.PathEscape(id)
	})
}

// list walks all pages, three records at a time, and wants some.
func (p *probe) list(operation string) []m {
	p.t.Helper()
	all := p.items(operation)
	if len(all) == 0 {
		p.t.Fatalf("%s: nothing", operation)
	}
	return all
}

func (p *probe) items(operation string) []m {
	p.t.Helper()
	rest := strings.TrimPrefix(operation, "GET ")
	template, query, _ := strings.Cut(rest, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		p.t.Fatal(err)
	}
	values.Set("limit", "3")
	target := p.fill(template) + "?" + values.Encode()
	var all []m
	for target != "" {
		out := p.get(template, target)
		if out.status != http.StatusOK {
			p.t.Fatalf("GET %s: %d %v", target, out.status, out.body)
		}
		all = append(all, itemsOf(out)...)
		target = next(out)
	}
	p.done["GET "+template] = true
	return all
}

// filtered is a query with a filter of one condition, or of several fields.
func filtered(fields m) string {
	raw, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return "?filter=" + url.QueryEscape(string(raw))
}

// ended lets a task of an answer end and wants it completed.
func (p *probe) ended(started m) {
	p.t.Helper()
	id := textOf(started, "task_id")
	if status := p.task(id)["status"]; status != "queued" {
		p.t.Errorf("task %q is %v at first", id, status)
	}
	p.clock.Advance(20 * time.Second)
	if status := p.task(id)["status"]; status != "completed" {
		p.t.Fatalf("task %q became %v", id, status)
	}
}

// fact is the newest backup of a list that want agrees to.
func (p *probe) fact(list string, want func(clumiosim.Fact) bool) clumiosim.Fact {
	p.t.Helper()
	for _, f := range p.sim.Facts() {
		if f.List == list && (want == nil || want(f)) {
			return f
		}
	}
	p.t.Fatalf("no such backup in %s", list)
	return clumiosim.Fact{}
}

// links are the names of what a record says can be done with it.
func links(record m) []string {
	named, _ := record["_links"].(m)
	var out []string
	for name := range named {
		if name != "x_undocumented" { // of the hostile vendor
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func at(v any, path ...string) any {
	for _, name := range path {
		members, _ := v.(m)
		v = members[name]
	}
	return v
}

func contractNames(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "contract.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	var names []string
	for path, methods := range doc.Paths {
		for method := range methods {
			names = append(names, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(names)
	return names
}

// TestEveryOperation goes through the whole contract: each operation succeeds
// with an answer that the contract knows, or its reason is in the table.
func TestEveryOperation(t *testing.T) {
	hostile := simkit.Hostile()
	hostile.LateVisibility = 3 * time.Second
	for _, scenario := range []simkit.Scenario{simkit.Friendly(), hostile} {
		t.Run(scenario.Name, func(t *testing.T) {
			p := &probe{
				client: newClient(t, clumiosim.Options{Seed: 5, Scenario: scenario, Assets: 200, Backups: 900}),
				ids:    map[string]string{}, done: map[string]bool{},
			}
			for _, area := range []func(*probe){
				coverAssets, coverBackups, coverAccounts, coverMSSQL, coverGCP, coverPolicies, coverRules, coverGroups,
				coverFiles, coverRecords, coverRestores, coverObjects, coverInstant, coverReports, coverWatch,
			} {
				area(p)
			}
			reasons := outOfScope()
			names := contractNames(t)
			if len(names) != 178 {
				t.Errorf("the contract has %d operations", len(names))
			}
			for _, name := range names {
				switch reason, excused := reasons[name]; {
				case p.done[name] && excused:
					t.Errorf("%s is served and excused", name)
				case !p.done[name] && !excused:
					t.Errorf("%s is not proven to be served", name)
				case excused && reason == "":
					t.Errorf("%s is excused without a reason", name)
				}
				delete(reasons, name)
			}
			for name := range reasons {
				t.Errorf("%s is excused and not in the contract", name)
			}
		})
	}
}
