package storwaresim

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters/simkit"
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
	for _, table := range [][]route{
		sessionRoutes(), cloudDownloadRoutes(), backupRoutes(), taskRoutes(), submitRoutes(),
		policyRoutes(), entityRoutes(), objectRoutes(), infrastructureRoutes(),
	} {
		for _, one := range table {
			got = append(got, one.pattern)
		}
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
	got := k.do(method, concrete, body)
	k.seen[method+" "+path] = true
	operation := k.doc.Paths.Find(path).GetOperation(method)
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
			TaskPerObject: true, TaskHidesRecord: true, NotReadyNotFound: true, OnlyDownloads: true,
			Content: ContentByDownload, Chunked: true, Disposition: DispositionNone, Errors: ErrorNested,
			ExclusiveTo: true, RangeOnBackupTime: true, UntimedQueued: true,
		},
		"one task":  {TaskForm: TaskAsObject, Content: ContentByGUID, Disposition: DispositionQuoted, Errors: ErrorText},
		"bare":      {BareEnums: true},
		"no bodies": {NoContent: true},
	}
	return all
}

func TestAnswersKeepTheContract(t *testing.T) {
	for name, reading := range readings() {
		t.Run(name, func(t *testing.T) {
			c, clock := start(t, Options{Seed: 7, Reading: reading})
			k := &checker{client: c, doc: contract(t, reading), reading: reading, seen: map[string]bool{}}
			c.login()
			k.readEverything()
			k.changeEverything(clock)
			for path, item := range k.doc.Paths.Map() {
				for method := range item.Operations() {
					if !k.seen[method+" "+path] && path != "/session/login-with-token" {
						t.Errorf("%s %s was not called", method, path)
					}
				}
			}
		})
	}
}

func (k *checker) readEverything() {
	k.t.Helper()
	s := k.sim
	user, backup := k.entityWith("CLOUD_USER")
	machine, _ := k.entityWith("VM")
	agent, _ := k.entityWith("OS_AGENT")
	first := map[string]string{
		"GET /backups/{guid}": backup, "GET /tasks/{guid}": s.tasks[0].guid, "GET /virtual-machines/{guid}": machine,
		"GET /cloud-users/{guid}": user, "GET /schedules/{guid}": s.schedules[0].guid,
		"GET /cloud-protected-objects/{objectGuid}": user, "GET /cloud-protected-objects/{objectGuid}/children": user,
		"GET /os-protected-objects/{objectGuid}/children": agent, "GET /os-protected-objects/{objectGuid}/all-versions": agent,
		"GET /cloud-protected-entities/{protectedEntityType}": "CLOUD_GROUP",
		"GET /os-protected-entities/{protectedEntityType}":    "OS_AGENT",
	}
	for _, p := range s.policies {
		first["GET /policies/"+p.kind+"/{guid}"], first["GET /rules/"+p.kind+"/{guid}"] = p.guid, p.only.guid
	}
	for path, item := range k.doc.Paths.Map() {
		switch {
		case item.Get == nil:
		case !strings.Contains(path, "{"):
			k.call("GET", path+"?filter=&nameLike="+map[bool]string{true: "&peGuid=" + agent}[strings.HasSuffix(path, "root")], "")
		case first["GET "+path] != "":
			k.call("GET", path, "", first["GET "+path])
		}
	}
	k.call("GET", "/os-protected-entities/{protectedEntityType}/{guid}", "", "OS_AGENT", agent)
	k.call("GET", "/backup-locations?protected-entity="+user+"&location-status=PRESENT", "")
	k.call("GET", "/backups?status=SUCCESS&status=FAILED&orderBy=backup.snapshotTime&direction=desc&page=0&size=10", "")
}

func (k *checker) changeEverything(clock *simkit.Clock) {
	k.t.Helper()
	s := k.sim
	user, backup := k.entityWith("CLOUD_USER")
	machine, machineBackup := k.entityWith("VM")
	location := locationGUID(machineBackup, 0)
	finish := func() { clock.Advance(time.Minute) }

	k.call("PUT", "/backups/{guid}/description", `{"value":"kept for the audit"}`, backup)
	k.call("PUT", "/backups/{guid}/warnings-acknowledged", `{"value":true}`, backup)
	mark := fmt.Sprintf(`[{"guid":%q,"retentionHint":{"name":"ARCHIVE"},"archiveExpire":1798761600000}]`, backup)
	k.call("POST", "/retention/mark-backups/preview", mark)
	k.call("POST", "/retention/mark-backups", mark)

	create := func() string {
		k.call("POST", "/cloud-download", fmt.Sprintf(`{"protectedEntity":{"guid":%q},"mode":{"name":"CLOUD_DOWNLOAD"},
			"protectedObjects":[{"guid":%q},{"guid":%q}]}`, user, user, s.entityByGUID[user].objectGUID(5)))
		made := s.Downloads()
		return made[len(made)-1].Records[0]
	}
	record, second := create(), create()
	finish()
	k.call("GET", "/cloud-download", "")
	k.call("GET", "/mounted-backups", "")
	k.call("GET", "/mounted-backups/{guid}", "", record)
	k.call("PUT", "/cloud-download/{guid}", `{"state":{"name":"FINISHED"},"statusInfo":"downloaded"}`, record)
	k.call("GET", "/cloud-download/{guid}/content-download", "", record)
	if k.reading.Content == ContentByDownload {
		k.seen["GET /cloud-download/{guid}"] = k.do("GET", "/cloud-download/"+record, "").status == http.StatusNotAcceptable
	} else {
		k.call("GET", "/cloud-download/{guid}", "", record)
	}
	k.call("DELETE", "/cloud-download/{guid}", "", record)
	k.call("DELETE", "/mounted-backups/{guid}", "", second)
	finish()

	entities := fmt.Sprintf(`"protectedEntities":[{"guid":%q}]`, machine)
	k.call("POST", "/tasks/export", `{"backupType":{"name":"FULL"},`+entities+`}`)
	k.call("POST", "/tasks/vm-snapshot", `{`+entities+`}`)
	k.call("POST", "/tasks/delete", fmt.Sprintf(`{"value":%q}`, machine))
	k.call("POST", "/tasks/inventory-sync", `{}`)
	k.call("POST", "/tasks/restore", fmt.Sprintf(`{"backup":{"guid":%q}}`, machineBackup))
	k.call("POST", "/tasks/restore-and-import", fmt.Sprintf(`{"backupLocation":{"guid":%q},"hypervisor":{"guid":%q}}`, location, s.hypervisors[0].guid))
	k.call("POST", "/tasks/restore-and-mount", fmt.Sprintf(`{"backupLocation":{"guid":%q},"mode":{"name":"AUTO"}}`, location))
	mount := fmt.Sprintf(`{"mountedBackup":{"guid":%q}}`, s.downloads[len(s.downloads)-1].guid)
	k.call("POST", "/tasks/mount", mount)
	k.call("POST", "/tasks/unmount", mount)
	clock.Advance(4 * time.Second)
	k.call("GET", "/tasks", "")
	k.call("GET", "/tasks/{guid}", "", s.tasks[len(s.tasks)-1].guid)
	k.call("GET", "/restore-jobs", "")
	k.call("GET", "/workflow-executions", "")
	k.call("PUT", "/tasks/{guid}/state", `{"state":{"name":"CANCELLED"}}`, s.tasks[len(s.tasks)-1].guid)
	k.call("DELETE", "/tasks/all-running", "")
	finish()
	k.call("DELETE", "/tasks/{guid}", "", s.tasks[0].guid)
	k.call("DELETE", "/tasks/all-finished", "")
	k.call("DELETE", "/tasks/all-finished-and-queued", "")

	for _, kind := range []string{"cloud-users", "cloud-groups", "cloud-sites", "os-agents"} {
		k.call("POST", "/"+kind+"/assign-backup-policy",
			fmt.Sprintf(`{"backupPolicy":{"guid":%q},"protectedEntities":[{"guid":%q}]}`, s.policies[2].guid, user))
	}
	k.call("POST", "/session/logout", "")
	k.call("POST", "/session/login", `{"login":"switchback","password":"test-storware-password"}`)
}
