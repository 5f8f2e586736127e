package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"switchback/internal/fault"
	"switchback/internal/schema"
)

const (
	headerKey       = "Idempotency-Key"
	maxPageSize     = 500
	labelPrefix     = "label."
	bodyOfEcho      = "checked-body"
	defaultPageSize = 50
)

// checkInput holds a request against the document before anything looks at it.
// What passes is left in one spelling: query parameters sorted and one value
// each, so that equal questions are equal strings.
func (s *Server) checkInput(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		in := callOf(c.Request().Context())
		if in.operation == nil {
			return next(c)
		}
		// Lists may come in several lines; the generated code takes one.
		for _, name := range []string{"Prefer", "If-Match", "If-None-Match"} {
			if lines := in.header.Values(name); len(lines) > 1 {
				in.header.Set(name, strings.Join(lines, ", "))
			}
		}
		query, err := in.operation.checkQuery(c.Request().URL.RawQuery)
		if err != nil {
			return err
		}
		in.query = query
		c.Request().URL.RawQuery = query.Encode()
		if in.operation.needsKey {
			if in.key, err = idempotencyKey(c.Request().Header.Values(headerKey)); err != nil {
				return err
			}
		}
		if err := s.checkBody(c, in.operation); err != nil {
			return err
		}
		return next(c)
	}
}

func (s *Server) checkBody(c echo.Context, o *operation) error {
	if o.body == nil {
		return nil
	}
	if !o.body.optional || c.Request().ContentLength != 0 {
		limit := s.Limits.BodyBytes
		if o.anyQuery {
			limit = nativeBodyBytes
		}
		raw, err := readBody(c, limit)
		if err != nil {
			return err
		}
		if err := o.body.check(raw); err != nil {
			return err
		}
		c.Set(bodyOfEcho, raw)
	}
	if o.streams() {
		_ = http.NewResponseController(c.Response()).SetReadDeadline(time.Time{}) // not every writer has deadlines
	}
	return nil
}

// checkQuery returns the query in its normal form.
func (o *operation) checkQuery(raw string) (url.Values, error) {
	given, err := url.ParseQuery(raw)
	if err != nil {
		return nil, refuse(invalidParameter, fault.Field{Code: "invalid", Detail: "the query can not be read"})
	}
	if o.anyQuery {
		return given, nil
	}
	out := url.Values{}
	labels := map[string]any{}
	var fields []fault.Field
	for _, name := range sortedKeys(given) {
		values := given[name]
		if o.labels != nil && strings.HasPrefix(name, labelPrefix) {
			labels[name] = values[len(values)-1]
			if len(values) > 1 {
				fields = append(fields, parameterFault(name, "given-twice", "must be given once"))
			}
			out[name] = values[:1]
			continue
		}
		p := o.query[name]
		if p == nil {
			return nil, refuse(unknownParameter, parameterFault(shorten(name), "unknown-parameter", "there is no such parameter"))
		}
		normal, faults := p.check(values)
		fields = append(fields, faults...)
		out[name] = normal
	}
	if len(labels) > 0 {
		for _, f := range o.labels.schema.Check(labels, "") {
			fields = append(fields, parameterFault("label", f.Code, f.Detail))
		}
	}
	for name, p := range o.query {
		if p.required && !given.Has(name) {
			fields = append(fields, parameterFault(name, "required", "this parameter is required"))
		}
	}
	if len(fields) > 0 {
		return nil, refuse(invalidParameter, fields...)
	}
	return out, nil
}

func (p *parameter) check(values []string) ([]string, []fault.Field) {
	var v any
	switch p.kind {
	case "array":
		var all []string
		for _, value := range values {
			all = append(all, strings.Split(value, ",")...)
		}
		slices.Sort(all)
		all = slices.Compact(all)
		list := make([]any, len(all))
		for i, value := range all {
			list[i] = value
		}
		v, values = list, all
	case "integer":
		if !isInteger(values[0]) {
			return nil, []fault.Field{parameterFault(p.name, "wrong-type", "must be an integer")}
		}
		v = json.Number(values[0])
	case "boolean":
		b, err := strconv.ParseBool(values[0])
		if err != nil || len(values[0]) == 1 {
			return nil, []fault.Field{parameterFault(p.name, "wrong-type", "must be true or false")}
		}
		v = b
	default:
		v = values[0]
	}
	if p.kind != "array" && len(values) > 1 {
		return nil, []fault.Field{parameterFault(p.name, "given-twice", "must be given once")}
	}
	var fields []fault.Field
	for _, f := range p.schema.Check(v, "") {
		fields = append(fields, parameterFault(p.name, f.Code, f.Detail))
	}
	if p.name == "pageSize" && len(fields) == 0 {
		values = []string{strconv.Itoa(pageSize(values[0]))}
	}
	return values, slices.Compact(fields)
}

// isInteger bounds the digits too: schemas compare numbers exactly.
func isInteger(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || len(digits) > 20 || len(digits) > 1 && digits[0] == '0' {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}

// pageSize lowers what is too large; the text is a positive integer.
func pageSize(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n > maxPageSize {
		return maxPageSize
	}
	return n
}

func parameterFault(name, code, detail string) fault.Field {
	return fault.Field{Parameter: name, Code: code, Detail: detail}
}

func shorten(name string) string {
	if len(name) > 100 {
		return strings.ToValidUTF8(name[:100], "") + "..."
	}
	return strings.ToValidUTF8(name, "")
}

func sortedKeys(v url.Values) []string {
	keys := make([]string, 0, len(v))
	for k := range v {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// readBody returns a JSON body of bounded size.
func readBody(c echo.Context, limit int64) ([]byte, error) {
	r := c.Request()
	media, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := strings.ToLower(parameters["charset"])
	if err != nil || media != "application/json" || charset != "" && charset != "utf-8" || r.Header.Get("Content-Encoding") != "" {
		return nil, refuse(unsupportedMediaType)
	}
	var buffer bytes.Buffer
	_, err = buffer.ReadFrom(http.MaxBytesReader(c.Response(), r.Body, limit))
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return nil, refuse(bodyTooLarge)
		}
		return nil, refuse(invalidBody, fault.Field{Code: "incomplete", Detail: "the body did not arrive in whole"})
	}
	return buffer.Bytes(), nil
}

func (b *bodySchema) check(raw []byte) error {
	v, err := schema.Decode(raw)
	if err != nil {
		return refuse(invalidBody, fault.Field{Code: "invalid", Detail: err.Error()})
	}
	checked := b.whole
	if b.discriminator != "" {
		at := "/" + b.discriminator
		body, isObject := v.(map[string]any)
		name, given := body[b.discriminator]
		text, isText := name.(string)
		checked = b.forms[text]
		switch {
		case !isObject:
			return invalid(fault.Field{Code: "wrong-type", Detail: "must be an object"})
		case !given:
			return invalid(fault.Field{Pointer: at, Code: "required", Detail: "this member is required"})
		case !isText || checked == nil:
			return invalid(fault.Field{Pointer: at, Code: "not-allowed", Detail: "must be one of " + strings.Join(b.names, ", ")})
		}
	}
	if fields := checked.Check(v, ""); len(fields) > 0 {
		return invalid(fields...)
	}
	return nil
}

func invalid(fields ...fault.Field) error {
	return &fault.Error{Kind: fault.Invalid, Op: "api.body", Fields: fields}
}

// checkedBody gives handlers the body that checkInput has read and checked.
type checkedBody struct{}

// Bind implements echo.Binder.
func (checkedBody) Bind(into any, c echo.Context) error {
	raw, ok := c.Get(bodyOfEcho).([]byte)
	if in := callOf(c.Request().Context()); !ok && in.operation != nil && in.operation.body != nil && in.operation.body.optional {
		return io.EOF // how the generated code is told that there is none
	}
	if !ok {
		return fmt.Errorf("api: %s has no checked body", c.Path())
	}
	if err := json.Unmarshal(raw, into); err != nil {
		// The schema lets through a few spellings that are nobody's id or time.
		return invalid(fault.Field{Code: "wrong-format", Detail: "an id or a time in the body can not be read"})
	}
	return nil
}
