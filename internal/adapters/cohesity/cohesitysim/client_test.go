package cohesitysim

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"switchback/internal/adapters/simkit"
)

var start = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

// client speaks to a simulator and checks every exchange against the contract.
type client struct {
	t       *testing.T
	sim     *Sim
	clock   *simkit.Clock
	router  routers.Router
	token   string
	reached map[string]int // the success status of operations by id
}

func newClient(t *testing.T, o Options) *client {
	t.Helper()
	clock := simkit.NewClock(start)
	o.Now = clock.Now
	router, err := strictContract()
	if o.Scenario.NullMembers || o.Scenario.ExtraFields {
		router, err = openContract()
	}
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, sim: New(o), clock: clock, router: router, reached: map[string]int{}}
}

// strictContract refuses members that the contract does not name.
var strictContract = sync.OnceValues(func() (routers.Router, error) {
	return contract(func(s *openapi3.Schema) {
		if len(s.Properties) > 0 {
			no := false
			s.AdditionalProperties = openapi3.BoolSchema{Has: &no}
		}
	})
})

// openContract takes null for absent and any word in an enum, as clients have
// to (IBM NOTES sections 1 and 15).
var openContract = sync.OnceValues(func() (routers.Router, error) {
	return contract(func(s *openapi3.Schema) { s.Enum, s.Nullable = nil, true })
})

func contract(change func(*openapi3.Schema)) (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromFile("testdata/contract.json")
	if err != nil {
		return nil, err
	}
	seen := map[*openapi3.Schema]bool{}
	var walk func(*openapi3.SchemaRef)
	walk = func(ref *openapi3.SchemaRef) {
		if ref == nil || ref.Value == nil || seen[ref.Value] {
			return
		}
		seen[ref.Value] = true
		change(ref.Value)
		for _, p := range ref.Value.Properties {
			walk(p)
		}
		for _, p := range ref.Value.AllOf {
			walk(p)
		}
		walk(ref.Value.Items)
	}
	for _, ref := range doc.Components.Schemas {
		walk(ref)
	}
	return legacy.NewRouter(doc)
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	decoder.UseNumber()
	var v map[string]any
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("answer %d is not an object: %v: %.200s", a.status, err, a.body)
	}
	return v
}

// send makes one request as it is, without a retry.
func (c *client) send(method, target string, body any, header http.Header) answer {
	c.t.Helper()
	var payload []byte
	if body != nil {
		payload, _ = json.Marshal(body)
	}
	r := httptest.NewRequest(method, target, bytes.NewReader(payload))
	r.Header = header.Clone()
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	c.sim.ServeHTTP(w, r)
	a := answer{w.Code, w.Result().Header, w.Body.Bytes()}
	c.validate(method, target, payload, header, a)
	return a
}

func (c *client) validate(method, target string, payload []byte, header http.Header, a answer) {
	c.t.Helper()
	r := httptest.NewRequest(method, target, bytes.NewReader(payload))
	r.Header = header.Clone()
	r.Header.Set("Content-Type", "application/json")
	route, params, err := c.router.FindRoute(r)
	if err != nil || a.status == http.StatusTooManyRequests || a.status == http.StatusMethodNotAllowed {
		return
	}
	options := &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true, SkipSettingDefaults: true,
	}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options}
	if a.status < 300 {
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			c.t.Errorf("%s %s was accepted but is against the contract: %v", method, target, err)
		}
		c.reached[route.Operation.OperationID] = a.status
	}
	download := strings.HasPrefix(route.Operation.OperationID, "download")
	if download && a.status < 300 {
		return // bytes, or the 204 that the contract does not know
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: a.status, Header: a.header, Options: options,
	}
	out.SetBodyBytes(a.body)
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		c.t.Errorf("%s %s: answer %d is against the contract: %.1500v\n%.600s", method, target, a.status, err, a.body)
	}
}

func (c *client) header() http.Header {
	return http.Header{"Authorization": {"Bearer " + c.token}, "X-Ibm-Tenant-Id": {"k3v9x2ab7q/"}}
}

// login fetches a token.
func (c *client) login() {
	c.t.Helper()
	a := c.askToken(url.Values{"grant_type": {"urn:ibm:params:oauth:grant-type:apikey"}, "apikey": {"test-ibm-api-key"}})
	if a.status != http.StatusOK {
		c.t.Fatalf("token: %d %s", a.status, a.body)
	}
	c.token, _ = a.json(c.t)["access_token"].(string)
	c.reached["iamToken"] = a.status
}

func (c *client) askToken(form url.Values) answer {
	r := httptest.NewRequest(http.MethodPost, "/identity/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	c.sim.ServeHTTP(w, r)
	return answer{w.Code, w.Result().Header, w.Body.Bytes()}
}

// do is send for a patient client: it repeats throttled calls and renews tokens.
func (c *client) do(method, target string, body any) answer {
	c.t.Helper()
	for range 50 {
		a := c.send(method, target, body, c.header())
		switch a.status {
		case http.StatusTooManyRequests:
		case http.StatusUnauthorized:
			c.login()
		default:
			return a
		}
	}
	c.t.Fatalf("%s %s never got through", method, target)
	return answer{}
}

// get expects 200 and an object.
func (c *client) get(target string) map[string]any {
	c.t.Helper()
	a := c.do(http.MethodGet, target, nil)
	if a.status != http.StatusOK {
		c.t.Fatalf("GET %s: %d %s", target, a.status, a.body)
	}
	return a.json(c.t)
}

// want sends and expects a status.
func (c *client) want(status int, method, target string, body any) answer {
	c.t.Helper()
	a := c.do(method, target, body)
	if a.status != status {
		c.t.Fatalf("%s %s: %d, want %d: %s", method, target, a.status, status, a.body)
	}
	return a
}

func items(v map[string]any, name string) []map[string]any {
	raw, _ := v[name].([]any)
	out := make([]map[string]any, 0, len(raw))
	for _, item := range raw {
		o, _ := item.(map[string]any)
		out = append(out, o)
	}
	return out
}

func number(v map[string]any, name string) int64 {
	n, _ := v[name].(json.Number)
	i, _ := n.Int64()
	return i
}

// factWhere finds a fact by a property of it.
func (c *client) factWhere(pass func(Fact) bool) Fact {
	c.t.Helper()
	for f := range c.sim.EachFact() {
		if pass(f) {
			return f
		}
	}
	c.t.Fatal("the estate has no such object in a run")
	return Fact{}
}

// restorable finds a snapshot of a group of a kind.
func (c *client) restorable(environment, protection string) Fact {
	c.t.Helper()
	return c.factWhere(func(f Fact) bool {
		k := c.sim.kindOf(c.sim.groupByID[f.GroupID])
		return f.SnapshotID != "" && !f.GroupDeleted && k == kind{environment, protection}
	})
}

var scenarios = sync.OnceValue(func() map[string]simkit.Scenario {
	return map[string]simkit.Scenario{"friendly": simkit.Friendly(), "hostile": simkit.Hostile()}
})
