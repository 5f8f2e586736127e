package clumio_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// contract is testdata/contract.json, a cut of the vendor's contract. It holds
// every request that passes to what the vendor documents: path, query, filter,
// sort, Accept and body. Request bodies may have no member that is not there.
type contract struct {
	router routers.Router
	base   http.RoundTripper
	tb     testing.TB

	mu   sync.Mutex
	seen map[string]int // by operation id
}

var loadContract = sync.OnceValues(func() (routers.Router, error) {
	raw, err := os.ReadFile("testdata/contract.json")
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		return nil, err
	}
	return legacy.NewRouter(doc)
})

func underContract(tb testing.TB, base http.RoundTripper) *contract {
	tb.Helper()
	router, err := loadContract()
	if err != nil {
		tb.Fatal(err)
	}
	return &contract{router: router, base: base, tb: tb, seen: map[string]int{}}
}

func (c *contract) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	for _, complaint := range c.complaints(r, body) {
		c.tb.Errorf("%s %s: %s", r.Method, r.URL.RequestURI(), complaint)
	}
	return c.base.RoundTrip(r)
}

func (c *contract) complaints(r *http.Request, body []byte) (out []string) {
	// The contract has no host: it is asked with the path alone.
	plain := r.Clone(context.WithoutCancel(r.Context()))
	plain.URL = &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	plain.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := c.router.FindRoute(plain)
	if err != nil {
		return []string{err.Error()}
	}
	c.mu.Lock()
	c.seen[route.Operation.OperationID]++
	c.mu.Unlock()
	accepts, _ := route.Operation.Extensions["x-required-accept"].([]any)
	if len(accepts) == 0 || r.Header.Get("Accept") != accepts[0] {
		out = append(out, "Accept is "+r.Header.Get("Accept"))
	}
	for name, values := range r.URL.Query() {
		parameter := route.Operation.Parameters.GetByInAndName("query", name)
		switch {
		case parameter == nil:
			out = append(out, "there is no parameter "+name)
		case name == "filter":
			out = append(out, filterComplaints(parameter, values[0])...)
		case name == "sort" && !known(parameter.Extensions["x-sort-fields"], strings.TrimPrefix(values[0], "-")):
			out = append(out, "sort is "+values[0])
		}
	}
	if len(body) > 0 && bytes.Contains(body, []byte(":null")) {
		out = append(out, "the body holds a null")
	}
	if len(body) > 0 && r.Header.Get("Content-Type") != "application/json" {
		out = append(out, "Content-Type is "+r.Header.Get("Content-Type"))
	}
	err = openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{Request: plain, PathParams: params, Route: route})
	if err != nil {
		out = append(out, err.Error())
	}
	return out
}

// known reports whether an extension lists a name, or has no list.
func known(extension any, name string) bool {
	list, ok := extension.([]any)
	return !ok || slices.Contains(list, any(name))
}

func filterComplaints(parameter *openapi3.Parameter, text string) (out []string) {
	var parts map[string]map[string]any
	if err := json.Unmarshal([]byte(text), &parts); err != nil {
		return []string{err.Error()}
	}
	fields, documented := parameter.Extensions["x-filter-fields"].(map[string]any)
	if !documented {
		return nil
	}
	for field, operators := range parts {
		description, ok := fields[field].(map[string]any)
		if !ok {
			out = append(out, "there is no filter "+field)
			continue
		}
		for operator := range operators {
			if !known(description["ops"], operator) {
				out = append(out, "there is no operator "+operator+" for "+field)
			}
		}
	}
	return out
}

// members lists the paths of all members of a JSON value, arrays flattened.
func members(value any, at string, into map[string]bool) {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			into[at+"/"+name] = true
			members(member, at+"/"+name, into)
		}
	case []any:
		for _, element := range v {
			members(element, at, into)
		}
	}
}

func sortedMembers(raw ...[]byte) []string {
	into := map[string]bool{}
	for _, text := range raw {
		var value any
		if err := json.Unmarshal(text, &value); err != nil {
			return []string{err.Error()}
		}
		members(value, "", into)
	}
	out := make([]string, 0, len(into))
	for path := range into {
		out = append(out, path)
	}
	sort.Strings(out)
	return out
}
