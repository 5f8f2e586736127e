package storwaresim

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
)

// testdata/contract.json is the cut of the vendor's contract with the simulated
// paths and the schemas they reach.
func contract(t *testing.T, reading Reading) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("testdata/contract.json")
	if err != nil {
		t.Fatal(err)
	}
	if reading.BareEnums {
		for _, schema := range doc.Components.Schemas {
			if schema.Value.Extensions["x-enum-object"] == true {
				*schema.Value = *schema.Value.Properties["name"].Value
			}
		}
	}
	return doc
}

func TestRoutesAreThoseOfTheContract(t *testing.T) {
	var want, got []string
	for path, item := range contract(t, Reading{}).Paths.Map() {
		for method := range item.Operations() {
			want = append(want, method+" "+path)
		}
	}
	for _, one := range operations() {
		got = append(got, one.pattern)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-contract +simulator):\n%s", diff)
	}
}

// undocumented lists members that a value has and its schema does not: objects
// of the contract are open, so validation alone would let a misspelling pass.
func undocumented(schema *openapi3.Schema, v any, at string) []string {
	properties := maps.Clone(schema.Properties)
	if properties == nil {
		properties = openapi3.Schemas{}
	}
	for _, part := range schema.AllOf {
		maps.Copy(properties, part.Value.Properties)
	}
	var out []string
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			switch property, known := properties[name]; {
			case known:
				out = append(out, undocumented(property.Value, member, at+"."+name)...)
			case len(properties) > 0:
				out = append(out, at+"."+name)
			}
		}
	case []any:
		if schema.Items != nil {
			for _, item := range v {
				out = append(out, undocumented(schema.Items.Value, item, at+"[]")...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// unnamed is undocumented for the one of several schemas that fits best.
func unnamed(schema *openapi3.Schema, v any) []string {
	if len(schema.AnyOf) == 0 {
		return undocumented(schema, v, "")
	}
	best := []string{"no schema fits"}
	found := false
	for _, one := range schema.AnyOf {
		if one.Value.VisitJSON(v) != nil {
			continue
		}
		if names := undocumented(one.Value, v, ""); !found || len(names) < len(best) {
			best, found = names, true
		}
	}
	return best
}

type checker struct {
	*client
	doc     *openapi3.T
	reading Reading
	seen    map[string]bool
}

// call sends a request and holds the answer against the contract. The path is
// given as a template with its parameters after it.
func (k *checker) call(method, template, body string, args ...string) []byte {
	k.t.Helper()
	path, query, _ := strings.Cut(template, "?")
	concrete := path
	for _, arg := range args {
		from, to := strings.IndexByte(concrete, '{'), strings.IndexByte(concrete, '}')
		concrete = concrete[:from] + arg + concrete[to+1:]
	}
	if query != "" {
		concrete += "?" + query
	}
	operation := k.doc.Paths.Find(path).GetOperation(method)
	k.asked(method, path, body, operation)
	got := k.do(method, concrete, body)
	k.seen[method+" "+path] = got.status < 300
	response := k.documented(method, path, got, operation)
	if response == nil {
		return got.body
	}
	contentType, _, _ := strings.Cut(got.header.Get("Content-Type"), ";")
	media := response.Content[contentType]
	switch {
	case len(got.body) == 0:
		if len(response.Content) > 0 && got.status != http.StatusNoContent {
			k.t.Errorf("%s %s: no body with status %d", method, path, got.status)
		}
	case media == nil:
		k.t.Errorf("%s %s: Content-Type %q with status %d is not documented", method, path, contentType, got.status)
	case contentType == "application/json":
		var v any
		if err := json.Unmarshal(got.body, &v); err != nil {
			k.t.Errorf("%s %s: %v", method, path, err)
			return got.body
		}
		if err := media.Schema.Value.VisitJSON(v); err != nil {
			k.t.Errorf("%s %s: %v", method, path, err)
		}
		if names := unnamed(media.Schema.Value, v); len(names) > 0 {
			k.t.Errorf("%s %s: members that the contract does not name: %v", method, path, names)
		}
	}
	return got.body
}

// asked holds the request against the contract, so that the simulator is not
// called in a way that nobody else would.
func (k *checker) asked(method, path, body string, operation *openapi3.Operation) {
	k.t.Helper()
	if operation.RequestBody == nil || k.reading.BareEnums { // whose schemas are of answers
		if body != "" && operation.RequestBody == nil {
			k.t.Errorf("%s %s: no request body is documented", method, path)
		}
		return
	}
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		k.t.Errorf("%s %s: request: %v", method, path, err)
	} else if err := operation.RequestBody.Value.Content["application/json"].Schema.Value.VisitJSON(v); err != nil {
		k.t.Errorf("%s %s: request: %v", method, path, err)
	}
}

// documented finds the response that the contract has for the status: what is
// printed under 201 and 204 may come with 200 (NOTES section 6).
func (k *checker) documented(method, path string, got reply, operation *openapi3.Operation) *openapi3.Response {
	k.t.Helper()
	if got.status > 299 {
		k.t.Errorf("%s %s: status %d: %s", method, path, got.status, got.body)
		return nil
	}
	wants := map[string][]int{"GET": {200}, "POST": {201}, "PUT": {200, 204}, "DELETE": {200, 204}}[method]
	switch {
	case path == "/session" && !k.reading.SessionOK:
		wants = []int{204}
	case method == "POST" && k.reading.PostOK:
		wants = []int{200}
	case (method == "PUT" || method == "DELETE") && k.reading.NoContent:
		wants = []int{204}
	}
	if !slices.Contains(wants, got.status) {
		k.t.Errorf("%s %s: status %d, want one of %v", method, path, got.status, wants)
	}
	if method == "POST" {
		return operation.Responses.Status(201).Value
	}
	if one := operation.Responses.Status(got.status); one != nil {
		return one.Value
	}
	k.t.Errorf("%s %s: status %d is not in the contract", method, path, got.status)
	return nil
}

func readings() map[string]Reading {
	all := map[string]Reading{
		"likeliest": {},
		"all other": {
			BareEnums: true, PostOK: true, NoContent: true, SessionOK: true, RouteCookie: true, TaskForm: TasksAsBulk,
			TaskPerObject: true, TaskHidesRecord: true, NotReadyNotFound: true, OnlyDownloads: true, ExpiryUnmounts: true,
			Content: ContentByDownload, Chunked: true, Disposition: DispositionNone, Errors: ErrorNested,
			ExclusiveTo: true, RangeOnBackupTime: true, UntimedQueued: true,
		},
		"one task":  {TaskForm: TaskAsObject, Content: ContentByGUID, Disposition: DispositionQuoted, Errors: ErrorText},
		"bare":      {BareEnums: true},
		"no bodies": {NoContent: true},
	}
	return all
}
