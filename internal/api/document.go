package api

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"switchback/internal/schema"
)

//go:embed openapi.yaml
var source31 []byte

// document is the OpenAPI document, and what it says of each operation in a
// form that requests can be held against.
type document struct {
	json       []byte
	etag       string
	operations map[string]*operation // by method and Echo's path
}

// operation is one method of one path.
type operation struct {
	id     string
	method string
	path   string // as in the document
	open   bool   // needs no token
	query  map[string]*parameter
	labels *parameter // label.<key>, if the operation has them
	// anyQuery says that the query is the vendor's business.
	anyQuery bool
	body     *bodySchema
	// needsKey says that Idempotency-Key is required.
	needsKey bool
}

// parameter is one query parameter.
type parameter struct {
	name     string
	kind     string // integer, boolean, array, string, object
	required bool
	schema   *schema.Schema
}

// bodySchema checks a request body. With a discriminator only the form that
// the body says it has is checked, so that each fault is told once.
type bodySchema struct {
	whole         *schema.Schema
	discriminator string
	forms         map[string]*schema.Schema
	names         []string // of the forms, in the document's order
	optional      bool
}

func loadDocument(version string) (*document, error) {
	var root map[string]any
	if err := yaml.Unmarshal(source31, &root); err != nil {
		return nil, fmt.Errorf("api: document: %w", err)
	}
	if info, ok := root["info"].(map[string]any); ok && version != "" {
		info["version"] = version
	}
	withoutExtensions(root)
	encoded, err := json.Marshal(root)
	if err != nil {
		return nil, fmt.Errorf("api: document: %w", err)
	}
	decoded, err := schema.Decode(encoded)
	if err != nil {
		return nil, fmt.Errorf("api: document: %w", err)
	}
	d := &document{json: encoded, etag: etagOf(encoded), operations: map[string]*operation{}}
	c := &compiler{root: decoded, compiled: map[string]*schema.Schema{}}
	for path, item := range member(decoded, "paths") {
		for method, op := range object(item) {
			if method == "parameters" {
				continue
			}
			o, err := c.operation(path, strings.ToUpper(method), op)
			if err != nil {
				return nil, fmt.Errorf("api: document: %s %s: %w", method, path, err)
			}
			d.operations[o.method+" "+echoPath(path)] = o
		}
	}
	return d, nil
}

// withoutExtensions takes out what only the generator reads.
func withoutExtensions(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, part := range v {
			if strings.HasPrefix(name, "x-go-") {
				delete(v, name)
				continue
			}
			withoutExtensions(part)
		}
	case []any:
		for _, part := range v {
			withoutExtensions(part)
		}
	}
}

// echoPath writes a path of the document as Echo does: {id} is :id.
func echoPath(path string) string {
	return regexp.MustCompile(`\{([a-zA-Z]+)\}`).ReplaceAllString(path, ":$1")
}

// compiler compiles the schemas of a document, each once.
type compiler struct {
	root     any
	compiled map[string]*schema.Schema
}

func (c *compiler) schema(pointer string) (*schema.Schema, error) {
	if s := c.compiled[pointer]; s != nil {
		return s, nil
	}
	s, err := schema.CompileAt(c.root, pointer)
	if err == nil {
		c.compiled[pointer] = s
	}
	return s, err
}

func (c *compiler) operation(path, method string, raw any) (*operation, error) {
	at := pointerTo("paths", path, strings.ToLower(method))
	o := &operation{method: method, path: path, query: map[string]*parameter{}}
	o.id, _ = object(raw)["operationId"].(string)
	if security, ok := object(raw)["security"].([]any); ok && len(security) == 0 {
		o.open = true
	}
	for _, owner := range []string{pointerTo("paths", path), at} {
		list, _ := object(c.at(owner))["parameters"].([]any)
		for i := range list {
			if err := c.parameter(o, owner+"/parameters/"+strconv.Itoa(i)); err != nil {
				return nil, err
			}
		}
	}
	body := at + "/requestBody/content/application~1json/schema"
	if c.at(body) == nil {
		return o, nil
	}
	var err error
	if o.body, err = c.body(c.deref(body)); err != nil {
		return nil, err
	}
	required, _ := member(raw, "requestBody")["required"].(bool)
	o.body.optional = !required
	return o, nil
}

func (c *compiler) parameter(o *operation, pointer string) error {
	pointer = c.deref(pointer)
	raw := object(c.at(pointer))
	name, _ := raw["name"].(string)
	required, _ := raw["required"].(bool)
	if raw["in"] == "header" && name == headerKey {
		o.needsKey = required
	}
	if raw["in"] != "query" {
		return nil
	}
	at := c.deref(pointer + "/schema")
	kind, _ := object(c.at(at))["type"].(string)
	s, err := c.schema(at)
	if err != nil {
		return err
	}
	p := &parameter{name: name, kind: kind, required: required, schema: s}
	switch open, _ := object(c.at(at))["additionalProperties"].(bool); {
	case kind == "object" && open:
		o.anyQuery = true
	case kind == "object":
		o.labels = p
	default:
		o.query[name] = p
	}
	return nil
}

func (c *compiler) body(pointer string) (*bodySchema, error) {
	mapping := member(c.at(pointer), "discriminator", "mapping")
	if mapping == nil {
		whole, err := c.schema(pointer)
		return &bodySchema{whole: whole}, err
	}
	b := &bodySchema{forms: map[string]*schema.Schema{}}
	b.discriminator, _ = member(c.at(pointer), "discriminator")["propertyName"].(string)
	for name, ref := range mapping {
		at, _ := ref.(string)
		form, err := c.schema(strings.TrimPrefix(at, "#"))
		if err != nil {
			return nil, err
		}
		b.forms[name] = form
		b.names = append(b.names, name)
	}
	slices.Sort(b.names)
	return b, nil
}

// deref follows references until there is none.
func (c *compiler) deref(pointer string) string {
	for range 8 {
		ref, ok := object(c.at(pointer))["$ref"].(string)
		if !ok {
			break
		}
		pointer = strings.TrimPrefix(ref, "#")
	}
	return pointer
}

// at returns what a pointer points to, nil if there is nothing.
func (c *compiler) at(pointer string) any {
	v := c.root
	for _, part := range strings.Split(pointer, "/")[1:] {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		switch node := v.(type) {
		case map[string]any:
			v = node[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(node) {
				return nil
			}
			v = node[i]
		default:
			return nil
		}
	}
	return v
}

func pointerTo(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(part))
	}
	return b.String()
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func member(v any, names ...string) map[string]any {
	for _, name := range names {
		v = object(v)[name]
	}
	return object(v)
}
