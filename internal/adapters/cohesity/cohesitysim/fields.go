package cohesitysim

import "encoding/json"

// The request bodies are untyped: a member of another type counts as absent.

func text(o obj, name string) string {
	v, _ := o[name].(string)
	return v
}

func truth(o obj, name string) bool {
	v, _ := o[name].(bool)
	return v
}

func integer(o obj, name string) (int64, bool) {
	switch v := o[name].(type) {
	case json.Number:
		n, err := v.Int64()
		return n, err == nil
	case int64:
		return v, true
	case int:
		return int64(v), true
	}
	return 0, false
}

func member(o obj, name string) obj {
	v, _ := o[name].(obj)
	return v
}

// list returns the objects of an array.
func list(o obj, name string) []obj {
	items, _ := o[name].([]any)
	out := make([]obj, 0, len(items))
	for _, item := range items {
		v, _ := item.(obj)
		out = append(out, v)
	}
	return out
}

func texts(o obj, name string) []string {
	items, _ := o[name].([]any)
	out := make([]string, 0, len(items))
	for _, item := range items {
		v, _ := item.(string)
		out = append(out, v)
	}
	return out
}

func integers(o obj, name string) []int64 {
	items, _ := o[name].([]any)
	out := make([]int64, 0, len(items))
	for _, item := range items {
		n, _ := integer(obj{"n": item}, "n")
		out = append(out, n)
	}
	return out
}

// keepMembers is a written body without what a server does not take: unknown
// members and those that only answers carry are ignored (IBM NOTES sections 9
// and 10 want them stripped, and say nothing of a refusal).
func keepMembers(body obj, names []string) obj {
	out := make(obj, len(names))
	for _, name := range names {
		if v := body[name]; v != nil {
			out[name] = v
		}
	}
	return out
}
