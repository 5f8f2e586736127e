package restores

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/fleet"
	"switchback/internal/model"
	"switchback/internal/schema"
)

// checker holds requests against what an account says it can do. Schemas are
// compiled once, by content.
type checker struct {
	mu       sync.Mutex
	compiled map[[sha256.Size]byte]*schema.Schema
}

func newChecker() *checker { return &checker{compiled: map[[sha256.Size]byte]*schema.Schema{}} }

// Check returns what Start would refuse a request with before anything is
// written or sent: Unsupported, Invalid, or nil.
func (j *Journal) Check(conn *fleet.Conn, r model.RestoreRequest) error {
	return j.checker.check(conn, r)
}

// check returns Unsupported or Invalid, or nil when the account could take the
// request.
func (c *checker) check(conn *fleet.Conn, r model.RestoreRequest) error {
	const op = "restores.check"
	kind, ok := conn.RestoreKind(r.Kind)
	if !ok {
		return &fault.Error{
			Kind: fault.Unsupported, Op: op, Detail: "this connection has no restore of that kind",
			Fields: []fault.Field{{Pointer: "/kind", Code: "unsupported", Detail: "this connection has no restore of that kind"}},
		}
	}
	fields := checkSource(kind, r.Source)
	for _, part := range []struct {
		at     string
		schema json.RawMessage
		value  json.RawMessage
	}{{"/target", kind.Target, r.Target}, {"/select", kind.Select, r.Select}, {"/options", kind.Options, r.Options}} {
		more, err := c.part(part.schema, part.value, part.at)
		if err != nil {
			return err
		}
		fields = append(fields, more...)
	}
	if len(fields) > 0 {
		return &fault.Error{Kind: fault.Invalid, Op: op, Detail: "the request does not fit what this connection can restore", Fields: fields}
	}
	return nil
}

func checkSource(kind adapters.RestoreKind, s model.RestoreSource) []fault.Field {
	form := s.Form()
	if form == "" {
		return []fault.Field{{
			Pointer: "/source", Code: "wrong-form",
			Detail: "must be a backup, or an asset with at, or an asset with from and to",
		}}
	}
	if !slices.Contains(kind.Sources, form) {
		return []fault.Field{{Pointer: "/source", Code: "unsupported", Detail: "this kind of restore does not start from such a source here"}}
	}
	if form == model.SourceAt {
		if _, err := time.Parse(time.RFC3339Nano, s.At); err != nil {
			return []fault.Field{{Pointer: "/source/at", Code: "wrong-format", Detail: `must be an RFC 3339 time or "latest"`}}
		}
	}
	if form == model.SourceRange && !s.From.Before(s.To) {
		return []fault.Field{{Pointer: "/source/to", Code: "too-small", Detail: "must be later than from"}}
	}
	if !slices.Contains(kind.AssetKinds, model.AssetKind(s.ID().Kind)) {
		at := "/source/backup"
		if s.Asset != nil {
			at = "/source/asset"
		}
		return []fault.Field{{Pointer: at, Code: "unsupported", Detail: "this kind of restore does not work on such an asset here"}}
	}
	return nil
}

func (c *checker) part(rawSchema, value json.RawMessage, at string) ([]fault.Field, error) {
	if value = bytes.TrimSpace(value); len(value) == 0 {
		value = json.RawMessage("{}")
	}
	if len(rawSchema) == 0 {
		rawSchema = json.RawMessage(`{"type":"object","additionalProperties":false}`)
	}
	compiled, err := c.compile(rawSchema)
	if err != nil {
		return nil, &fault.Error{Kind: fault.Internal, Op: "restores.check", Err: err}
	}
	v, err := schema.Decode(value)
	if err != nil {
		return []fault.Field{{Pointer: at, Code: "invalid", Detail: "is not valid JSON"}}, nil //nolint:nilerr // told as a field
	}
	return compiled.Check(v, at), nil
}

func (c *checker) compile(raw json.RawMessage) (*schema.Schema, error) {
	key := sha256.Sum256(raw)
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.compiled[key]; s != nil {
		return s, nil
	}
	s, err := schema.Compile(raw)
	if err == nil {
		c.compiled[key] = s
	}
	return s, err
}
