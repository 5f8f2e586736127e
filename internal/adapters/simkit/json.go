package simkit

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
)

// WriteJSON answers with v as JSON under the scenario: with ShuffleKeys and
// ExtraFields the members are reordered and unknown ones added at every depth.
// Integers of any size stay exact.
func (k *Kit) WriteJSON(w http.ResponseWriter, status int, contentType string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if k.Scenario.ShuffleKeys || k.Scenario.ExtraFields {
		body = k.disturb(body)
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func (k *Kit) disturb(body []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return body
	}
	k.mu.Lock()
	draws := rand.New(rand.NewPCG(k.draws.Uint64(), 1))
	k.mu.Unlock()
	var out bytes.Buffer
	k.encode(&out, v, draws)
	return out.Bytes()
}

func (k *Kit) encode(out *bytes.Buffer, v any, draws *rand.Rand) {
	switch v := v.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		if k.Scenario.ShuffleKeys {
			draws.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		}
		out.WriteByte('{')
		if k.Scenario.ExtraFields {
			out.WriteString(`"x_undocumented":{"a":[1,"b",null]}`)
			if len(keys) > 0 {
				out.WriteByte(',')
			}
		}
		for i, key := range keys {
			if i > 0 {
				out.WriteByte(',')
			}
			name, _ := json.Marshal(key)
			out.Write(name)
			out.WriteByte(':')
			k.encode(out, v[key], draws)
		}
		out.WriteByte('}')
	case []any:
		out.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				out.WriteByte(',')
			}
			k.encode(out, item, draws)
		}
		out.WriteByte(']')
	default:
		scalar, _ := json.Marshal(v)
		out.Write(scalar)
	}
}
