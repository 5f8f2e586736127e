package config_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"switchback/internal/config"
)

// keysOfTypes returns every path of a type, [] for the items of a list and {}
// for those of a mapping.
func keysOfTypes(path string, of reflect.Type, into map[string]bool) {
	switch {
	case of == reflect.TypeFor[config.Sealed]():
	case of.Kind() == reflect.Slice:
		keysOfTypes(path+"[]", of.Elem(), into)
	case of.Kind() == reflect.Map:
		keysOfTypes(path+"{}", of.Elem(), into)
	case of.Kind() == reflect.Struct:
		for field := range of.Fields() {
			if !field.IsExported() {
				continue
			}
			key := path + "." + field.Tag.Get("koanf")
			into[key] = true
			keysOfTypes(key, field.Type, into)
		}
	}
}

func keysOfSchema(t *testing.T, path string, node, root map[string]any, into map[string]bool) {
	t.Helper()
	if ref, ok := node["$ref"].(string); ok {
		target, ok := root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		if !ok {
			t.Fatalf("%s: no definition %s", path, ref)
		}
		keysOfSchema(t, path, target, root, into)
	}
	if items, ok := node["items"].(map[string]any); ok {
		keysOfSchema(t, path+"[]", items, root, into)
	}
	if values, ok := node["additionalProperties"].(map[string]any); ok {
		keysOfSchema(t, path+"{}", values, root, into)
	}
	properties, ok := node["properties"].(map[string]any)
	if !ok {
		return
	}
	if node["additionalProperties"] != false {
		t.Errorf("%s: allows unknown keys", path)
	}
	for key, property := range properties {
		into[path+"."+key] = true
		keysOfSchema(t, path+"."+key, property.(map[string]any), root, into)
	}
}

func TestSchemaHasTheKeysOfTheTypes(t *testing.T) {
	var root map[string]any
	if err := json.Unmarshal(config.Schema(), &root); err != nil {
		t.Fatal(err)
	}
	types, schema := map[string]bool{}, map[string]bool{}
	keysOfTypes("", reflect.TypeFor[config.Config](), types)
	keysOfSchema(t, "", root, root, schema)
	if len(types) < 40 {
		t.Fatalf("found only %d keys", len(types))
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(types)), slices.Sorted(maps.Keys(schema))); diff != "" {
		t.Errorf("keys (-types +schema):\n%s", diff)
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("mem:///schema.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("mem:///schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func agree(t *testing.T, s *jsonschema.Schema, text string, want bool) {
	t.Helper()
	var tree any
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatal(err)
	}
	_, byLoad := parse(t, text)
	bySchema := s.Validate(tree)
	if (byLoad == nil) != want || (bySchema == nil) != want {
		t.Errorf("want valid %v; Load says %v, the schema says %v, of\n%s", want, byLoad, bySchema, text)
	}
}

func TestSchemaAgreesWithLoad(t *testing.T) {
	s := compiled(t)
	agree(t, s, config.Example(), true)
	for _, good := range []string{
		"", "log: {level: debug, format: text}\n", "server: {adminAddr: '', tls: {certFile: a, keyFile: b}}\n",
		"lists: {sourceDeadline: 1m30.5s, fanout: 1}\n", "cursorKey: {env: CURSOR_KEY}\n",
	} {
		agree(t, s, good+minimal, true)
	}
	for _, bad := range []string{
		"{}", "nothing: here\n" + minimal, "log: {level: loud}\n" + minimal, "server: {tls: {keyFile: b}}\n" + minimal,
		"server: {shutdownTimeout: 10}\n" + minimal, "server: {addr: 8080}\n" + minimal, "server: {maxHeaderBytes: 1}\n" + minimal,
		"cursorKey: literal\n" + minimal, "cursorKey: {value: literal}\n" + minimal, "cursorKey: {file: a, env: b}\n" + minimal,
		strings.Replace(minimal, "{memory: true}", "{memory: true, path: a}", 1),
		strings.Replace(minimal, "{memory: true}", "{memory: false}", 1),
		strings.Replace(minimal, "name: one", "name: One", 1), strings.Replace(minimal, ", driver: memory", "", 1),
		strings.Replace(minimal, "secret:", "discovery: true, secret:", 1), strings.Replace(minimal, ", secret: {env: CI_SECRET}", "", 1),
		strings.Replace(minimal, "[switchback]", "[]", 1), strings.Replace(minimal, "secret:", "algorithms: [none], secret:", 1),
		strings.Replace(minimal, "journal:", "  bindings: [{}]\njournal:", 1),
		strings.Replace(minimal, "driver: memory", "driver: memory, limits: {calls: -1}", 1),
		strings.Replace(minimal, "driver: memory", "driver: memory, labels: {'a b': c}", 1),
		strings.Replace(minimal, "driver: memory", "driver: memory, config: []", 1),
	} {
		agree(t, s, bad, false)
	}
}

// A setting that the example does not show will not be found.
func TestExampleShowsEverySetting(t *testing.T) {
	types := map[string]bool{}
	keysOfTypes("", reflect.TypeFor[config.Config](), types)
	for path := range types {
		key := path[strings.LastIndexByte(path, '.')+1:]
		if !regexp.MustCompile(`\b` + key + `:`).MatchString(config.Example()) {
			t.Errorf("%s is not in the example", path)
		}
	}
	c := valid(t, config.Example())
	if len(c.Connections) != 3 || len(c.Auth.Bindings) != 2 {
		t.Errorf("got %+v", c)
	}
}
