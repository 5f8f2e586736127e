package clumiosim

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
)

// TestBodiesAreTheContract compares what each operation takes with the
// contract: the members, their types, the closed enums and what is required.
func TestBodiesAreTheContract(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("testdata", "contract.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, routes := range New(Options{}).routes {
		for _, r := range routes {
			path := "/" + strings.Join(r.segments, "/")
			name := r.method + " " + path
			body := doc.Paths.Value(path).GetOperation(r.method).RequestBody
			if (body == nil) != (r.body == nil) {
				t.Errorf("%s: a body in one of contract (%t) and simulator (%t)", name, body != nil, r.body != nil)
			}
			if body == nil || r.body == nil {
				continue
			}
			compared++
			if r.body.empty && body.Value.Required {
				t.Errorf("%s: the contract wants a body", name)
			}
			compareBody(t, name, body.Value.Content["application/json"].Schema.Value, *r.body)
		}
	}
	if compared < 50 {
		t.Errorf("%d bodies compared", compared)
	}
}

func compareBody(t *testing.T, at string, want *openapi3.Schema, have shape) {
	t.Helper()
	if want.Type == nil && len(want.AllOf) == 1 {
		want = want.AllOf[0].Value
	}
	if len(want.AnyOf)+len(want.OneOf) > 0 {
		want = append(want.AnyOf, want.OneOf...)[0].Value // the newest version comes first
	}
	kinds := map[bodyKind]string{
		textBody: "string", timeBody: "string", flagBody: "boolean", wholeBody: "integer", listBody: "array",
		groupBody: "object",
	}
	if have.kind == anyBody {
		if want.Type != nil && len(want.Properties) > 0 {
			t.Errorf("%s: the contract has a type", at)
		}
		return
	}
	if want.Type == nil || !want.Type.Is(kinds[have.kind]) {
		t.Errorf("%s: the contract has %v, the simulator %s", at, want.Type, kinds[have.kind])
		return
	}
	if have.kind == timeBody && want.Format != "date-time" {
		t.Errorf("%s: no time in the contract", at)
	}
	compareEnum(t, at, want, have)
	switch have.kind {
	case listBody:
		compareBody(t, at+"[]", want.Items.Value, *have.item)
	case groupBody:
		compareMembers(t, at, want, have)
	case textBody, timeBody, flagBody, wholeBody, anyBody:
	}
}

func compareEnum(t *testing.T, at string, want *openapi3.Schema, have shape) {
	t.Helper()
	var closed []string
	for _, v := range want.Enum {
		if text, isText := v.(string); isText {
			closed = append(closed, text)
		}
	}
	trim := func(values []string) []string {
		values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
		slices.Sort(values)
		return values
	}
	if len(closed) > 0 {
		if diff := cmp.Diff(trim(closed), trim(have.enum)); diff != "" {
			t.Errorf("%s: enum (-contract +simulator):\n%s", at, diff)
		}
	}
}

func compareMembers(t *testing.T, at string, want *openapi3.Schema, have shape) {
	t.Helper()
	if have.members == nil { // not looked into
		return
	}
	for name, member := range have.members {
		inner := want.Properties[name]
		if inner == nil {
			t.Errorf("%s.%s is not in the contract", at, name)
			continue
		}
		compareBody(t, at+"."+name, inner.Value, member)
	}
	for name := range want.Properties {
		if _, there := have.members[name]; !there {
			t.Errorf("%s.%s is only in the contract", at, name)
		}
	}
	for _, name := range want.Required {
		if !have.members[name].need {
			t.Errorf("%s.%s is required by the contract", at, name)
		}
	}
}
