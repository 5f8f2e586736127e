package clumiosim

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

const maxBody = 1 << 20

type bodyKind int

const (
	textBody bodyKind = iota
	timeBody
	flagBody
	wholeBody
	listBody
	groupBody
	anyBody
)

// shape is what a request body must look like: types, required members and
// closed enums. Unknown members are let through and null counts as absent,
// because the vendor's own client sends every unset member as null (NOTES
// section 7).
type shape struct {
	kind    bodyKind
	need    bool
	empty   bool // of a whole body: there may be none
	filled  bool // of a list: there must be an item
	most    int  // items of a list; 0 is any number
	enum    []string
	item    *shape
	members map[string]shape
	oneOf   []string // exactly one of these members
}

func text(enum ...string) shape             { return shape{kind: textBody, enum: enum} }
func moment() shape                         { return shape{kind: timeBody} }
func flag() shape                           { return shape{kind: flagBody} }
func whole() shape                          { return shape{kind: wholeBody} }
func listOf(item shape) shape               { return shape{kind: listBody, item: &item} }
func group(m map[string]shape) shape        { return shape{kind: groupBody, members: m} }
func need(s shape) shape                    { s.need = true; return s }
func orEmpty(s shape) shape                 { s.empty = true; return s }
func filled(s shape) shape                  { s.filled = true; return s }
func atMost(s shape, n int) shape           { s.most = n; return s }
func anything() shape                       { return shape{kind: anyBody} }
func exactlyOne(s shape, n ...string) shape { s.oneOf = n; return s }

// readBody reads a JSON body whatever its Content-Type says: the vendor's own
// client sends text/plain (NOTES section 1).
func readBody(w http.ResponseWriter, r *http.Request, want shape) (map[string]any, error) {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.UseNumber()
	var body any
	switch err := decoder.Decode(&body); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return nil, badRequest("the body is not JSON")
	default:
		if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
			return nil, badRequest("the body goes on after its end")
		}
	}
	if body == nil {
		if !want.empty {
			return nil, badRequest("the body is missing")
		}
		body = map[string]any{}
	}
	if err := want.check("body", body); err != nil {
		return nil, err
	}
	members, _ := body.(map[string]any)
	return members, nil
}

func (s shape) check(name string, v any) error {
	right := true
	switch s.kind {
	case textBody:
		var value string
		value, right = v.(string)
		if right && len(s.enum) > 0 && !slices.Contains(s.enum, value) {
			return badRequest("%s is %q, which is not one of %s", name, value, strings.Join(s.enum, ", "))
		}
		if right && s.need && value == "" {
			return badRequest("%s is empty", name)
		}
	case timeBody:
		var value string
		if value, right = v.(string); right {
			_, err := time.Parse(time.RFC3339, value)
			right = err == nil
		}
	case flagBody:
		_, right = v.(bool)
	case wholeBody:
		var number json.Number
		if number, right = v.(json.Number); right {
			_, err := number.Int64()
			right = err == nil
		}
	case listBody:
		return s.checkList(name, v)
	case groupBody:
		return s.checkGroup(name, v)
	case anyBody:
	}
	if !right {
		return badRequest("%s has the wrong type", name)
	}
	return nil
}

func (s shape) checkList(name string, v any) error {
	items, isList := v.([]any)
	if !isList {
		return badRequest("%s is not a list", name)
	}
	if s.most > 0 && len(items) > s.most {
		return badRequest("%s has more than %d items", name, s.most)
	}
	if s.filled && len(items) == 0 {
		return badRequest("%s is empty", name)
	}
	for _, item := range items {
		if err := s.item.check(name+"[]", item); err != nil {
			return err
		}
	}
	return nil
}

func (s shape) checkGroup(name string, v any) error {
	group, isGroup := v.(map[string]any)
	if !isGroup {
		return badRequest("%s is not an object", name)
	}
	for member, want := range s.members {
		value, sent := group[member]
		if !sent || value == nil {
			if want.need {
				return badRequest("%s.%s is required", name, member)
			}
			continue
		}
		if err := want.check(name+"."+member, value); err != nil {
			return err
		}
	}
	if len(s.oneOf) == 0 {
		return nil
	}
	given := 0
	for _, member := range s.oneOf {
		if isSet(group[member]) {
			given++
		}
	}
	if given != 1 {
		return badRequest("%s must have exactly one of %s", name, strings.Join(s.oneOf, ", "))
	}
	return nil
}

// isSet says whether an optional member counts as given: false and the empty
// text are what a client sends that can not leave a member out (inferred).
func isSet(v any) bool { return v != nil && v != false && v != "" }

// textAt reads a text deep in a checked body; "" when it is not there.
func textAt(v any, path ...string) string {
	for _, name := range path {
		members, isGroup := v.(map[string]any)
		if !isGroup {
			return ""
		}
		v = members[name]
	}
	value, _ := v.(string)
	return value
}

// textsAt reads a list of texts deep in a checked body.
func textsAt(v map[string]any, path ...string) []string {
	last := len(path) - 1
	items, _ := groupAt(v, path[:last]...)[path[last]].([]any)
	out := make([]string, 0, len(items))
	for _, item := range items {
		value, _ := item.(string)
		out = append(out, value)
	}
	return out
}

// listAt reads a list of objects deep in a checked body.
func listAt(v map[string]any, path ...string) []map[string]any {
	last := len(path) - 1
	items, _ := groupAt(v, path[:last]...)[path[last]].([]any)
	out := make([]map[string]any, 0, len(items))
	for _, item := range items {
		members, _ := item.(map[string]any)
		out = append(out, members)
	}
	return out
}

// groupAt reads an object deep in a checked body; nil when it is not there.
func groupAt(v map[string]any, path ...string) map[string]any {
	for _, name := range path {
		v, _ = v[name].(map[string]any)
	}
	return v
}
