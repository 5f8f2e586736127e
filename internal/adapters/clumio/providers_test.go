package clumio_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters/clumio/clumiosim"
)

const (
	neutralTable  = "testdata/neutral.json"
	providerPage  = "../../../docs/providers/clumio.md"
	tableBegins   = "<!-- operations: written by go test ./internal/adapters/clumio -run TestProviderPage -update -->\n"
	tableEnds     = "<!-- /operations -->\n"
	passedThrough = "native passthrough"
)

// outOfScope are operations that no route of ours leads to, and why.
func outOfScope() map[string]string {
	return map[string]string{
		"discover": "it lists operations, as `GET /v1/connections/{id}/native` does; the passthrough has no empty path",
	}
}

func updating() bool { return flag.Lookup("update").Value.String() == "true" }

// forget, reached and recall are about the operations that were asked for.
func (c *contract) forget() { c.recall(nil) }

func (c *contract) reached() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.seen)
}

func (c *contract) recall(seen map[string]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = map[string]int{}
	maps.Copy(c.seen, seen)
}

// TestNeutralRoutesReachTheVendor holds the table of what our routes ask the
// vendor against what they do ask: nothing less, and nothing more.
func TestNeutralRoutesReachTheVendor(t *testing.T) {
	got := map[string][]string{} // routes by operation
	for _, drive := range drives() {
		t.Run(drive.route, func(t *testing.T) {
			a := &driven{account: openAccount(t, clumiosim.Options{Assets: 80})}
			a.prepare(t)
			a.contract.forget()
			drive.run(t, a)
			for operation := range a.contract.reached() {
				got[operation] = append(got[operation], drive.route)
			}
		})
	}
	for _, routes := range got {
		slices.Sort(routes)
	}
	if updating() {
		raw, err := json.MarshalIndent(got, "", " ")
		must(t, err)
		must(t, os.WriteFile(neutralTable, append(raw, '\n'), 0o644))
	}
	if diff := cmp.Diff(readNeutralTable(t), got); diff != "" {
		t.Errorf("%s is not what is asked; run with -update:\n%s", neutralTable, diff)
	}
}

func readNeutralTable(t *testing.T) map[string][]string {
	t.Helper()
	raw, err := os.ReadFile(neutralTable)
	must(t, err)
	var out map[string][]string
	must(t, json.Unmarshal(raw, &out))
	return out
}

// TestProviderPage holds the table of the page about the vendor against the
// contract's list of operations and the table above.
func TestProviderPage(t *testing.T) {
	raw, err := os.ReadFile("testdata/operations.json")
	must(t, err)
	var operations []struct {
		Method, Path, Operation string
	}
	must(t, json.Unmarshal(raw, &operations))
	neutral, excused := readNeutralTable(t), outOfScope()
	var table strings.Builder
	table.WriteString("| Operation | | Reached by |\n|---|---|---|\n")
	counts := [2]int{}
	for _, o := range operations {
		ways := []string{}
		for _, route := range neutral[o.Operation] {
			ways = append(ways, "`"+route+"`")
		}
		cell := passedThrough
		if len(ways) > 0 {
			counts[0]++
			cell = "neutral: " + strings.Join(ways, ", ") + "; " + passedThrough
		}
		if reason, ok := excused[o.Operation]; ok {
			counts[1]++
			cell = "out of scope: " + reason
			if len(ways) > 0 {
				t.Errorf("%s is out of scope, and reached by %v", o.Operation, ways)
			}
		}
		fmt.Fprintf(&table, "| `%s %s` | `%s` | %s |\n", o.Method, o.Path, o.Operation, cell)
		delete(neutral, o.Operation)
		delete(excused, o.Operation)
	}
	if len(neutral) > 0 || len(excused) > 0 {
		t.Errorf("no operations of the contract: %v, %v", neutral, excused)
	}
	fmt.Fprintf(&table, "\n%d operations: %d have a neutral route, %d only the passthrough, %d is out of scope.\n",
		len(operations), counts[0], len(operations)-counts[0]-counts[1], counts[1])
	page, err := os.ReadFile(providerPage)
	must(t, err)
	before, rest, begins := strings.Cut(string(page), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table", providerPage)
	}
	want := before + tableBegins + table.String() + tableEnds + after
	if updating() {
		must(t, os.WriteFile(providerPage, []byte(want), 0o644))
		return
	}
	if diff := cmp.Diff(want, string(page)); diff != "" {
		t.Errorf("the table of %s is not the contract's; run with -update:\n%s", providerPage, diff)
	}
}
