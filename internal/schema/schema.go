// Package schema checks JSON against JSON Schemas that are compiled once, and
// says what is wrong as fields of package fault: a JSON Pointer, a stable code
// and a sentence, never the value that was sent. The API uses it for request
// bodies, the restores room for the schemas that adapters publish.
package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"switchback/internal/fault"
)

// Schema is one compiled schema. It is safe for concurrent use.
type Schema struct{ compiled *jsonschema.Schema }

// Compile compiles one self-contained schema (draft 2020-12). Formats are
// checked; references to other documents are refused.
func Compile(raw []byte) (*Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	return CompileAt(document, "")
}

// CompileAt compiles the part of a document that a JSON Pointer ("" is all of
// it) points to; references inside the document are followed.
func CompileAt(document any, pointer string) (*Schema, error) {
	const url = "mem:///schema.json"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseLoader(noLoader{})
	if err := c.AddResource(url, document); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	compiled, err := c.Compile(url + "#" + pointer)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	return &Schema{compiled}, nil
}

type noLoader struct{}

func (noLoader) Load(string) (any, error) { return nil, errors.New("schemas do not load others") }

// Decode reads one JSON value as Check wants it. The error is safe to show.
func Decode(raw []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, errors.New("the body is not valid JSON")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the body is more than one JSON value")
	}
	if !plainNumbers(v) {
		return nil, errors.New("a number in the body is out of any sensible range")
	}
	return v, nil
}

// plainNumbers refuses numbers whose exact value would take unbounded memory:
// schemas compare numbers exactly.
func plainNumbers(v any) bool {
	switch v := v.(type) {
	case json.Number:
		mantissa, exponent, _ := strings.Cut(strings.ToLower(string(v)), "e")
		return len(mantissa) <= 64 && len(strings.TrimLeft(exponent, "+-0")) <= 2
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return !plainNumbers(e) })
	case map[string]any:
		for _, e := range v {
			if !plainNumbers(e) {
				return false
			}
		}
	}
	return true
}

// maxFields bounds how many faults are told at once.
const maxFields = 20

// Check returns what is wrong with a value that Decode gave, nil when nothing
// is. at is the pointer of the value in the whole body.
func (s *Schema) Check(v any, at string) []fault.Field {
	err := s.compiled.Validate(v)
	if err == nil {
		return nil
	}
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return []fault.Field{{Pointer: at, Code: "invalid", Detail: "the value does not fit"}}
	}
	var fields []fault.Field
	collect(invalid, at, &fields)
	slices.SortStableFunc(fields, func(a, b fault.Field) int { return strings.Compare(a.Pointer, b.Pointer) })
	fields = slices.Compact(fields)
	return fields[:min(len(fields), maxFields)]
}

func collect(e *jsonschema.ValidationError, at string, into *[]fault.Field) {
	if _, ok := e.ErrorKind.(*kind.OneOf); ok || len(e.Causes) == 0 {
		describe(e, at, into)
		return
	}
	for _, cause := range e.Causes {
		collect(cause, at, into)
	}
}

// describe turns one leaf into fields. Texts name what is wanted, not what came.
func describe(e *jsonschema.ValidationError, at string, into *[]fault.Field) {
	here := at + pointer(e.InstanceLocation)
	add := func(pointer, code, detail string) {
		*into = append(*into, fault.Field{Pointer: pointer, Code: code, Detail: detail})
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			add(here+"/"+escape(name), "required", "this member is required")
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			add(here+"/"+escape(name), "unknown-member", "there is no such member")
		}
	case *kind.Type:
		add(here, "wrong-type", "must be "+strings.Join(k.Want, " or "))
	case *kind.Enum:
		add(here, "not-allowed", "must be one of "+words(k.Want))
	case *kind.Const:
		add(here, "not-allowed", "must be "+words([]any{k.Want}))
	case *kind.Format:
		add(here, "wrong-format", "must be a "+k.Want)
	case *kind.Pattern:
		add(here, "wrong-format", "must match "+k.Want)
	case *kind.MinLength, *kind.MinItems, *kind.MinProperties:
		add(here, "too-short", "has too few parts")
	case *kind.MaxLength, *kind.MaxItems, *kind.MaxProperties:
		add(here, "too-long", "has too many parts")
	case *kind.Minimum, *kind.ExclusiveMinimum:
		add(here, "too-small", "is below the least value allowed")
	case *kind.Maximum, *kind.ExclusiveMaximum:
		add(here, "too-large", "is above the greatest value allowed")
	case *kind.UniqueItems:
		add(here, "not-unique", "holds the same item twice")
	case *kind.FalseSchema:
		add(here, "not-allowed", "must not be there")
	default:
		add(here, "invalid", "does not fit any of the allowed forms")
	}
}

func words(values []any) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fmt.Sprint(v)
	}
	return strings.Join(out, ", ")
}

func pointer(location []string) string {
	var b strings.Builder
	for _, part := range location {
		b.WriteByte('/')
		b.WriteString(escape(part))
	}
	return b.String()
}

// escape writes a member name as a part of a JSON Pointer, shortened when the
// caller chose it to be endless.
func escape(name string) string {
	if len(name) > 100 {
		name = strings.ToValidUTF8(name[:100], "") + "..."
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
