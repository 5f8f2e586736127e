package clumiosim_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
)

var start = time.Date(2026, 1, 4, 10, 0, 0, 0, time.UTC)

// The contract, loaded once; the strict one forbids members that it does not name.
var (
	strictContract   = sync.OnceValues(func() (*openapi3.T, error) { return loadContract(true) })
	tolerantContract = sync.OnceValues(func() (*openapi3.T, error) { return loadContract(false) })
)

func loadContract(strict bool) (*openapi3.T, error) {
	raw, err := os.ReadFile(filepath.Join("testdata", "contract.json"))
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		return nil, err
	}
	if !strict {
		for _, schema := range doc.Components.Schemas {
			openMaps(schema.Value)
		}
		return doc, nil
	}
	no := false
	for _, schema := range doc.Components.Schemas {
		if len(schema.Value.Properties) > 0 {
			schema.Value.AdditionalProperties = openapi3.AdditionalProperties{Has: &no}
		}
	}
	return doc, nil
}

// openMaps lets undocumented members, of whatever type, into objects that are
// maps.
func openMaps(schema *openapi3.Schema) {
	if schema.AdditionalProperties.Schema != nil {
		yes := true
		schema.AdditionalProperties = openapi3.AdditionalProperties{Has: &yes}
	}
	for _, property := range schema.Properties {
		if property.Ref == "" {
			openMaps(property.Value)
		}
	}
}

// client calls a simulator and holds every answer against the contract.
type client struct {
	t      testing.TB
	sim    *clumiosim.Sim
	clock  *simkit.Clock
	doc    *openapi3.T
	unit   string
	accept string // the newest version of the operation when empty
}

func newClient(t testing.TB, o clumiosim.Options) *client {
	t.Helper()
	clock := simkit.NewClock(start)
	o.Now = clock.Now
	load := strictContract
	if o.Scenario.ExtraFields {
		load = tolerantContract
	}
	doc, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, sim: clumiosim.New(o), clock: clock, doc: doc}
}

type reply struct {
	status int
	header http.Header
	body   map[string]any
}

// raw sends one request as it is.
func (c *client) raw(method, target, body string, header http.Header) reply {
	c.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header = header
	w := httptest.NewRecorder()
	c.sim.ServeHTTP(w, r)
	out := reply{status: w.Code, header: w.Header()}
	if w.Body.Len() > 0 && strings.Contains(w.Header().Get("Content-Type"), "json") {
		decoder := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
		if err := decoder.Decode(&out.body); err != nil {
			c.t.Fatalf("%s %s: the answer is not JSON: %v", method, target, err)
		}
	}
	return out
}

// do calls the operation of a path template and retries what a careful client
// retries: 429, and 401 with the token read again.
func (c *client) do(method, template, target string, body any) reply {
	c.t.Helper()
	operation := c.doc.Paths.Value(template).GetOperation(method)
	if operation == nil {
		c.t.Fatalf("the contract has no %s %s", method, template)
	}
	accept := c.accept
	if accept == "" {
		names, _ := operation.Extensions["x-required-accept"].([]any)
		accept, _ = names[0].(string)
	}
	payload := ""
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		payload = string(raw)
	}
	for range 50 {
		out := c.raw(method, target, payload, http.Header{
			"Authorization": {"Bearer " + c.sim.Token()}, "Accept": {accept},
			"X-Clumio-Organizationalunit-Context": {c.unit},
		})
		if out.status == http.StatusTooManyRequests || out.status == http.StatusUnauthorized {
			continue
		}
		c.check(operation, method+" "+target, payload, out)
		return out
	}
	c.t.Fatalf("%s %s: refused fifty times", method, target)
	return reply{}
}

// check validates with the schema itself: the vendor's media types are not
// parseable ones ("=" is no token character).
func (c *client) check(operation *openapi3.Operation, call, payload string, out reply) {
	c.t.Helper()
	response := operation.Responses.Status(out.status)
	media := out.header.Get("Content-Type")
	if out.status >= 400 || response == nil {
		if out.status < 400 {
			c.t.Fatalf("%s: the contract has no status %d", call, out.status)
		}
		response, media = operation.Responses.Default(), "application/json"
	}
	if out.status < 300 && payload != "" && operation.RequestBody != nil {
		var sent any
		if err := json.Unmarshal([]byte(payload), &sent); err != nil {
			c.t.Fatal(err)
		}
		schema := operation.RequestBody.Value.Content["application/json"].Schema.Value
		if err := schema.VisitJSON(sent, openapi3.EnableFormatValidation()); err != nil {
			c.t.Errorf("%s: accepted a body that the contract forbids: %v", call, err)
		}
	}
	if out.status == http.StatusNoContent {
		return
	}
	content := response.Value.Content[media]
	if content == nil {
		c.t.Fatalf("%s: answered %q with %d, which the contract does not have", call, media, out.status)
	}
	if err := content.Schema.Value.VisitJSON(out.body, openapi3.EnableFormatValidation()); err != nil {
		c.t.Errorf("%s: %v", call, err)
	}
}

func (c *client) get(template, target string) reply {
	c.t.Helper()
	return c.do(http.MethodGet, template, target, nil)
}

// walk follows _next to the end and returns the items.
func (c *client) walk(template string, query url.Values) []map[string]any {
	c.t.Helper()
	target := template
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	var all []map[string]any
	for target != "" {
		out := c.get(template, target)
		if out.status != http.StatusOK {
			c.t.Fatalf("GET %s: %d %v", target, out.status, out.body)
		}
		items := itemsOf(out)
		if got := int(number(out.body["current_count"])); got != len(items) {
			c.t.Errorf("GET %s: current_count is %d with %d items", target, got, len(items))
		}
		all = append(all, items...)
		target = next(out)
	}
	return all
}

func itemsOf(r reply) []map[string]any {
	embedded, _ := r.body["_embedded"].(map[string]any)
	raw, _ := embedded["items"].([]any)
	items := make([]map[string]any, 0, len(raw))
	for _, item := range raw {
		members, _ := item.(map[string]any)
		items = append(items, members)
	}
	return items
}

func next(r reply) string {
	links, _ := r.body["_links"].(map[string]any)
	link, _ := links["_next"].(map[string]any)
	href, _ := link["href"].(string)
	return href
}

func number(v any) float64 { f, _ := v.(float64); return f }

func textOf(m map[string]any, name string) string { s, _ := m[name].(string); return s }

func idsOf(items []map[string]any) []string {
	ids := make([]string, 0, len(items))
	for _, item := range items {
		ids = append(ids, textOf(item, "id"))
	}
	return ids
}

func filter(field string, operators map[string]any) url.Values {
	raw, err := json.Marshal(map[string]any{field: operators})
	if err != nil {
		panic(err)
	}
	return url.Values{"filter": {string(raw)}}
}

func withLimit(query url.Values, limit int) url.Values {
	out := url.Values{}
	for name, values := range query {
		out[name] = slices.Clone(values)
	}
	out.Set("limit", strconv.Itoa(limit))
	return out
}

// serve puts the simulator behind a real server for the faults that need one.
func serve(t testing.TB, sim *clumiosim.Sim) string {
	t.Helper()
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return server.URL
}
