package clumiosim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

type valueKind int

const (
	textValue valueKind = iota
	timeValue
	flagValue
	tagValue // {"key": "k", "value": "v"}
)

// filterRule is what an endpoint takes for one field: the operators, and what
// they compare with.
type filterRule struct {
	operators string // space-separated, without the $
	kind      valueKind
}

type filterRules map[string]filterRule

// condition is one operator of a filter. All conditions must hold.
type condition struct {
	field, operator string
	values          []string
	pattern         *regexp.Regexp // of $regex
	at              time.Time
}

// parseFilter reads the filter parameter. Everything that the endpoint's table
// does not list is refused (NOTES section 4).
func parseFilter(raw string, rules filterRules) ([]condition, error) {
	if raw == "" {
		return nil, nil
	}
	var fields map[string]map[string]any
	decoder := json.NewDecoder(strings.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil || fields == nil {
		return nil, badRequest("the filter is not an object of objects")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, badRequest("the filter goes on after its end")
	}
	var out []condition
	for field, operators := range fields {
		rule, known := rules[field]
		if !known {
			return nil, badRequest("the filter field %q is not supported", field)
		}
		for operator, value := range operators {
			name, dollar := strings.CutPrefix(operator, "$")
			if !dollar || !slices.Contains(strings.Fields(rule.operators), name) {
				return nil, badRequest("the filter operator %q is not supported for %q", operator, field)
			}
			c, err := newCondition(field, name, rule.kind, value)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
	}
	return out, nil
}

func newCondition(field, operator string, kind valueKind, value any) (condition, error) {
	c := condition{field: field, operator: operator}
	wrong := badRequest("the value of %q $%s has the wrong type", field, operator)
	if operator == "in" || operator == "all" {
		list, isList := value.([]any)
		if !isList {
			return c, wrong
		}
		for _, item := range list {
			text, isText := item.(string)
			if kind == tagValue {
				text, isText = tagText(item)
			}
			if !isText {
				return c, wrong
			}
			c.values = append(c.values, text)
		}
		return c, nil
	}
	switch value := value.(type) {
	case bool:
		if kind != flagValue {
			return c, wrong
		}
		c.values = []string{flagText(value)}
	case string:
		if kind == flagValue {
			return c, wrong
		}
		c.values = []string{value}
		if operator == "regex" {
			var err error
			if c.pattern, err = regexp.Compile(value); err != nil {
				return c, badRequest("%q is not a regular expression", value)
			}
		}
		if kind == timeValue {
			var err error
			if c.at, err = time.Parse(time.RFC3339, value); err != nil {
				return c, badRequest("%q is not an RFC 3339 time", value)
			}
		}
	default:
		return c, wrong
	}
	return c, nil
}

// holds says whether the condition is true of a field with these values.
func (c condition) holds(got []string) bool {
	switch c.operator {
	case "in":
		return slices.ContainsFunc(c.values, func(v string) bool { return slices.Contains(got, v) })
	case "all":
		return !slices.ContainsFunc(c.values, func(v string) bool { return !slices.Contains(got, v) })
	case "contains":
		return slices.ContainsFunc(got, func(g string) bool { return strings.Contains(g, c.values[0]) })
	case "regex":
		return slices.ContainsFunc(got, c.pattern.MatchString)
	case "begins_with":
		return slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, c.values[0]) })
	case "eq":
		if c.at.IsZero() {
			return slices.Contains(got, c.values[0])
		}
	}
	return slices.ContainsFunc(got, func(g string) bool {
		at, err := time.Parse(time.RFC3339Nano, g)
		return err == nil && c.allows(at)
	})
}

// tagText makes a tag of a filter comparable with those of assets.
func tagText(v any) (string, bool) {
	members, isGroup := v.(map[string]any)
	key, hasKey := members["key"].(string)
	value, _ := members["value"].(string)
	return tagOf(key, value), isGroup && hasKey
}

func tagOf(key, value string) string { return key + "\x00" + value }

// allows compares times.
func (c condition) allows(at time.Time) bool {
	order := at.Compare(c.at)
	switch c.operator {
	case "lt":
		return order < 0
	case "lte":
		return order <= 0
	case "gt":
		return order > 0
	case "gte":
		return order >= 0
	}
	return order == 0
}

func allHold(conditions []condition, field func(string) []string) bool {
	for _, c := range conditions {
		if !c.holds(field(c.field)) {
			return false
		}
	}
	return true
}

// echo is the filter as filter_applied shows it: what was asked, plus what the
// system added.
func echo(raw string, added object) any {
	fields := map[string]any{}
	if raw != "" {
		decoder := json.NewDecoder(strings.NewReader(raw))
		decoder.UseNumber()
		if decoder.Decode(&fields) != nil {
			return nil
		}
	}
	for name, value := range added {
		if _, asked := fields[name]; !asked {
			fields[name] = value
		}
	}
	if len(fields) == 0 {
		return nil
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(fields) != nil {
		return nil
	}
	return strings.TrimSpace(out.String())
}

func flagText(v bool) string {
	if v {
		return "true"
	}
	return "false"
}
