package clumio

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
)

// UnmarshalJSON keeps the mark of the state that the document shows.
func (w *wirePolicy) UnmarshalJSON(raw []byte) error {
	type plain wirePolicy
	*w = wirePolicy{}
	if err := json.Unmarshal(raw, (*plain)(w)); err != nil {
		return err
	}
	if w.ETag == "" {
		w.ETag = policyMark(raw)
	}
	return nil
}

// version is the mark of what the policy says; while it is locked, which shows in
// its status, another one.
func (w wirePolicy) version() string {
	if w.locked() {
		return w.ETag + "." + w.LockStatus
	}
	return w.ETag
}

// policyMark stands in for the mark that the vendor does not give: policies have
// no _etag in its contract. It is the same for the same policy in a list, read
// alone, and in the answer to a change.
func policyMark(raw []byte) string {
	all, err := document(raw)
	if err != nil {
		return ""
	}
	text, err := json.Marshal(policyContent(all))
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// document reads a JSON object with every member, and numbers as they stand.
func document(raw []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var out map[string]any
	err := decoder.Decode(&out)
	return out, err
}

// policyContent is what a policy says, without what the vendor says about it:
// links, embedded documents, its lock, and times that go on by themselves. Null
// is absent, as the vendor's own SDK takes it (NOTES section 7). It is also all
// that is written back; members that nobody knows are kept, because the vendor
// replaces the whole document.
func policyContent(all map[string]any) map[string]any {
	out := withoutNulls(all)
	maps.DeleteFunc(out, func(name string, _ any) bool { return strings.HasPrefix(name, "_") })
	for _, name := range []string{"lock_status", "created_time", "updated_time", "task_id"} {
		delete(out, name)
	}
	for _, operation := range objects(out["operations"]) {
		delete(operation, "next_start_time")
		delete(operation, "previous_start_time")
	}
	return out
}

func withoutNulls(in map[string]any) map[string]any {
	out := make(map[string]any, len(in))
	for name, value := range in {
		switch v := value.(type) {
		case nil:
		case map[string]any:
			out[name] = withoutNulls(v)
		case []any:
			items := make([]any, len(v))
			for i, item := range v {
				if object, ok := item.(map[string]any); ok {
					item = withoutNulls(object)
				}
				items[i] = item
			}
			out[name] = items
		default:
			out[name] = v
		}
	}
	return out
}

// objects returns the elements of a JSON array of objects. One that is no object
// is an empty one, so that places stay what they are.
func objects(value any) []map[string]any {
	items, _ := value.([]any)
	out := make([]map[string]any, len(items))
	for i, item := range items {
		if out[i], _ = item.(map[string]any); out[i] == nil {
			out[i] = map[string]any{}
		}
	}
	return out
}
