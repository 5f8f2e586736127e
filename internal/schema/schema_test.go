package schema_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/fault"
	"switchback/internal/schema"
)

const target = `{
  "type": "object", "additionalProperties": false, "required": ["host", "volumes"],
  "properties": {
    "host": {"type": "string", "minLength": 1, "maxLength": 8, "pattern": "^[0-9]+$"},
    "kind": {"enum": ["a", "b"]},
    "at": {"type": "string", "format": "date-time"},
    "size": {"type": "integer", "minimum": 1, "maximum": 10},
    "volumes": {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"type": "string"}}
  }
}`

func TestCheckTellsWhatIsWrongWithoutTheValue(t *testing.T) {
	compiled, err := schema.Compile([]byte(target))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		body string
		want []fault.Field
	}{
		"fits":              {`{"host":"42","volumes":["a"]}`, nil},
		"missing":           {`{"host":"42"}`, []fault.Field{{Pointer: "/target/volumes", Code: "required", Detail: "this member is required"}}},
		"unknown member":    {`{"host":"42","volumes":["a"],"secret~/":1}`, []fault.Field{{Pointer: "/target/secret~0~1", Code: "unknown-member", Detail: "there is no such member"}}},
		"case trick":        {`{"host":"42","volumes":["a"],"HOST":"13"}`, []fault.Field{{Pointer: "/target/HOST", Code: "unknown-member", Detail: "there is no such member"}}},
		"wrong type inside": {`{"host":"42","volumes":["a",7]}`, []fault.Field{{Pointer: "/target/volumes/1", Code: "wrong-type", Detail: "must be string"}}},
		"enum":              {`{"host":"42","volumes":["a"],"kind":"hunter2"}`, []fault.Field{{Pointer: "/target/kind", Code: "not-allowed", Detail: "must be one of a, b"}}},
		"format":            {`{"host":"42","volumes":["a"],"at":"hunter2"}`, []fault.Field{{Pointer: "/target/at", Code: "wrong-format", Detail: "must be a date-time"}}},
		"too large":         {`{"host":"42","volumes":["a"],"size":11}`, []fault.Field{{Pointer: "/target/size", Code: "too-large", Detail: "is above the greatest value allowed"}}},
		"twice":             {`{"host":"42","volumes":["hunter2","hunter2"]}`, []fault.Field{{Pointer: "/target/volumes", Code: "not-unique", Detail: "holds the same item twice"}}},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := schema.Decode([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			got := compiled.Check(v, "/target")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			for _, f := range got {
				if strings.Contains(f.Detail, "hunter2") {
					t.Error("the value came back:", f.Detail)
				}
			}
		})
	}
}

func TestDecodeRefusesWhatCanNotBeRight(t *testing.T) {
	for name, body := range map[string]string{
		"empty": ``, "cut": `{"a":`, "two values": `{} {}`, "huge exponent": `{"a":1e999999999}`,
		"huge mantissa": `{"a":1` + strings.Repeat("0", 100) + `}`, "too deep": strings.Repeat("[", 200_000),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := schema.Decode([]byte(body)); err == nil {
				t.Error("it was accepted")
			}
		})
	}
}

func TestCompileRefusesOtherDocuments(t *testing.T) {
	for _, raw := range []string{`{"$ref":"https://example.com/x.json"}`, `{"$ref":"file:///etc/passwd"}`, `{"type":"no-such"}`, `{`} {
		if _, err := schema.Compile([]byte(raw)); err == nil {
			t.Errorf("%s was compiled", raw)
		}
	}
}

func FuzzDecodeAndCheck(f *testing.F) {
	compiled, err := schema.Compile([]byte(target))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(`{"host":"42","volumes":["a"]}`)
	f.Add(`{"host":1e5,"volumes":[[]]}`)
	f.Fuzz(func(_ *testing.T, body string) {
		if v, err := schema.Decode([]byte(body)); err == nil {
			_ = compiled.Check(v, "")
		}
	})
}
