package cohesitysim

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// appendJSON writes an answer the way encoding/json would, several times as
// fast for the maps that answers are made of. Without nulls it leaves out
// members that have no value.
func appendJSON(b []byte, v any, nulls bool) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case obj:
		return appendObject(b, v, nulls)
	case []any:
		return appendArray(b, v, nulls)
	case []obj:
		return appendArray(b, v, nulls)
	case []string:
		return appendArray(b, v, nulls)
	case string:
		return appendText(b, v)
	case bool:
		return strconv.AppendBool(b, v), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case json.Number:
		if v != "" {
			return append(b, v...), nil
		}
	}
	other, err := json.Marshal(v)
	return append(b, other...), err
}

func appendObject(b []byte, v obj, nulls bool) ([]byte, error) {
	var buffer [48]string
	names := slices.AppendSeq(buffer[:0], maps.Keys(v))
	slices.Sort(names)
	b = append(b, '{')
	first := true
	for _, name := range names {
		if v[name] == nil && !nulls {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		var err error
		if b, err = appendText(b, name); err != nil {
			return nil, err
		}
		b = append(b, ':')
		if b, err = appendJSON(b, v[name], nulls); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendArray[T any](b []byte, v []T, nulls bool) ([]byte, error) {
	b = append(b, '[')
	for i, item := range v {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendJSON(b, item, nulls); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

// appendText leaves all but plain text to the library.
func appendText(b []byte, v string) ([]byte, error) {
	for i := range len(v) {
		if c := v[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, err := json.Marshal(v)
			return append(b, quoted...), err
		}
	}
	b = append(b, '"')
	b = append(b, v...)
	return append(b, '"'), nil
}
