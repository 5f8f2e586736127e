package clumio_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptertest"
	"switchback/internal/adapters/clumio"
	"switchback/internal/adapters/simkit"
)

// policyVendor holds one policy and answers as the vendor's contract says. It
// shows documents that the simulator has no reason to hold.
type policyVendor struct {
	document map[string]any
	etags    bool // changes come with a new _etag
	bare     bool // the answer to a change names the task alone
	sent     []sentRequest
}

type sentRequest struct {
	method, path string
	header       http.Header
	body         map[string]any
}

func (v *policyVendor) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := sentRequest{method: r.Method, path: r.URL.Path, header: r.Header}
	if r.Body != nil {
		raw, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(raw, &sent.body); err != nil {
			return nil, err
		}
	}
	v.sent = append(v.sent, sent)
	w := newAnswer()
	status := http.StatusOK
	switch r.Method {
	case http.MethodGet:
		_ = json.NewEncoder(w).Encode(v.document)
	case http.MethodPost:
		created := clone(sent.body)
		created["id"], created["lock_status"], created["created_time"] = "p-new", "unlocked", 1767225600
		_ = json.NewEncoder(w).Encode(created)
	case http.MethodPut:
		status = http.StatusAccepted
		for _, name := range []string{"name", "activation_status", "operations", "organizational_unit_id", "timezone"} {
			v.document[name] = sent.body[name]
		}
		if v.etags {
			v.document["_etag"] = fmt.Sprintf(`"%d"`, len(v.sent))
		}
		reply := clone(v.document)
		if v.bare {
			reply = map[string]any{}
		} else {
			reply["lock_status"] = "updating"
		}
		reply["task_id"] = "4711"
		_ = json.NewEncoder(w).Encode(reply)
	case http.MethodDelete:
		status = http.StatusAccepted
		w.WriteString(`{"task_id":"4712"}`)
	}
	response := w.response(r)
	response.StatusCode = status
	return response, nil
}

// writes are the requests that change something.
func (v *policyVendor) writes() (out []sentRequest) {
	for _, s := range v.sent {
		if s.method != http.MethodGet {
			out = append(out, s)
		}
	}
	return out
}

// open opens an account at the vendor; requests are held to the contract
// unless the document has members that the contract lacks.
func (v *policyVendor) open(t *testing.T, held bool) *adapters.Adapter {
	t.Helper()
	env := adaptertest.Env(t, "acme")
	env.Now = simkit.NewClock(testStart).Now
	env.Transport = v
	if held {
		env.Transport = underContract(t, v)
	}
	opened, err := clumio.Driver().Open(t.Context(), json.RawMessage(`{"base_url":"https://vendor.test","token":{"value":"test-t"}}`), env)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func clone(in map[string]any) map[string]any {
	raw, _ := json.Marshal(in)
	var out map[string]any
	_ = json.Unmarshal(raw, &out)
	return out
}

func object(t interface{ Fatal(...any) }, text string) map[string]any {
	var out map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// leaves are the values of a document by their pointers, nulls left out.
func leaves(value any, at string, into map[string]string) map[string]string {
	if into == nil {
		into = map[string]string{}
	}
	switch v := value.(type) {
	case nil:
	case map[string]any:
		for name, member := range v {
			leaves(member, at+"/"+name, into)
		}
	case []any:
		for i, element := range v {
			leaves(element, fmt.Sprintf("%s/%d", at, i), into)
		}
	default:
		raw, _ := json.Marshal(v)
		into[at] = string(raw)
	}
	return into
}

// writable are the leaves that a full replacement has to carry.
func writable(document map[string]any) map[string]string {
	out := leaves(document, "", nil)
	for pointer := range out {
		name := pointer[strings.LastIndexByte(pointer, '/')+1:]
		switch {
		case strings.HasPrefix(pointer, "/_"), name == "next_start_time", name == "previous_start_time":
			delete(out, pointer)
		}
	}
	for _, pointer := range []string{"/id", "/lock_status", "/created_time", "/updated_time"} {
		delete(out, pointer)
	}
	return out
}

// differences are the pointers at which two documents are not the same.
func differences(a, b map[string]string) map[string]bool {
	out := map[string]bool{}
	for pointer, value := range a {
		if b[pointer] != value {
			out[pointer] = true
		}
	}
	for pointer := range b {
		if _, ok := a[pointer]; !ok {
			out[pointer] = true
		}
	}
	return out
}
