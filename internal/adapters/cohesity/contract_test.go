package cohesity_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// contract checks requests against the part of the vendor's contract that the
// adapter uses, and remembers which operations were called.
type contract struct {
	router routers.Router
	known  []string

	mu     sync.Mutex
	called map[string]bool
}

func loadContract(t *testing.T) *contract {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("testdata/contract.json")
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: "/"}}
	c := &contract{called: map[string]bool{}}
	paths := openapi3.NewPaths()
	for path, item := range doc.Paths.Map() {
		for _, operation := range item.Operations() {
			c.known = append(c.known, operation.OperationID)
		}
		if !strings.HasPrefix(path, "/irisservices") && path != "/identity/token" {
			path = "/v2" + path
		}
		paths.Set(path, item)
	}
	doc.Paths = paths
	if c.router, err = legacy.NewRouter(doc); err != nil {
		t.Fatal(err)
	}
	return c
}

// check is the problem of a request, nil when it keeps the contract.
func (c *contract) check(r *http.Request) error {
	route, parameters, err := c.router.FindRoute(r)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.called[route.Operation.OperationID] = true
	c.mu.Unlock()
	return openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: r, PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	})
}

// keepsContract checks every request the simulator has seen so far, with what
// the contract does not say: only parameters it knows, and arrays joined.
func (b *bench) keepsContract(t *testing.T, c *contract) {
	t.Helper()
	for _, seen := range b.sim.Kit().Requests("") {
		request := httptest.NewRequestWithContext(t.Context(), seen.Method, seen.Path+"?"+seen.Query.Encode(), strings.NewReader(string(seen.Body)))
		request.Header = seen.Header.Clone()
		if err := c.check(request); err != nil {
			t.Errorf("%s %s: %v\n%s", seen.Method, seen.Path, err, seen.Body)
		}
		if route, _, err := c.router.FindRoute(request); err == nil {
			if unknown := unknownParameters(route, seen.Query); len(unknown) > 0 {
				t.Errorf("%s %s: parameters without a place in the contract: %v", seen.Method, seen.Path, unknown)
			}
		}
		for name, values := range seen.Query {
			if len(values) > 1 {
				t.Errorf("%s %s repeats %s, the vendor wants one joined by commas", seen.Method, seen.Path, name)
			}
		}
		if seen.Path != "/identity/token" && seen.Header.Get("X-Ibm-Tenant-Id") != "k3v9x2ab7q/" {
			t.Errorf("%s %s: the tenant is %q", seen.Method, seen.Path, seen.Header.Get("X-Ibm-Tenant-Id"))
		}
	}
}

func unknownParameters(route *routers.Route, query url.Values) []string {
	var unknown []string
	for name := range query {
		if route.Operation.Parameters.GetByInAndName("query", name) == nil {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

func (c *contract) uncalled() []string {
	return slices.DeleteFunc(slices.Clone(c.known), func(id string) bool { return c.called[id] })
}
