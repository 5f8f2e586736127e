package api_test

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters"
	"switchback/internal/adapters/memory"
	"switchback/internal/model"
)

const gold = `{"connection":"mem-a","name":"gold","assetKinds":["vm"],"rules":[{"kind":"snapshot",` +
	`"schedule":{"every":"P1D","windows":[{"days":["monday"],"start":"22:00","end":"04:00","timeZone":"UTC"}]},"retention":{"keep":"P30D"}}]}`

type shownPolicy struct {
	ID, Name, Connection, Version, Status string
	AssetKinds                            []string
	Rules                                 []struct {
		Kind      string
		Retention struct{ Keep string }
	}
	Lossy          []string
	NativeDocument any
}

func TestAPolicyIsMadeChangedAndDeleted(t *testing.T) {
	g := newGateway(t)
	a := succeeded(t, g.do("POST", "/v1/policies", withJSON(gold)), 201)
	made := decode[shownPolicy](t, a)
	if made.Connection != "mem-a" || made.Rules[0].Retention.Keep != "P30D" || made.Lossy == nil || made.NativeDocument != nil {
		t.Errorf("made: %s", a.body)
	}
	path := "/v1/policies/" + made.ID
	if a.header.Get("Location") != path || a.header.Get("ETag") != `"`+made.Version+`"` {
		t.Errorf("headers: %v", a.header)
	}
	read := succeeded(t, g.do("GET", path), 200)
	if read.header.Get("ETag") != a.header.Get("ETag") {
		t.Errorf("tag of what was made %s, of what was read %s", a.header.Get("ETag"), read.header.Get("ETag"))
	}
	if with := g.do("GET", path+"?include=native"); with.header.Get("ETag") != a.header.Get("ETag") {
		t.Errorf("tag with the vendor's document: %s", with.header.Get("ETag"))
	}

	// What was read can be sent back.
	tag := read.header.Get("ETag")
	changed := strings.Replace(string(read.body), "P30D", "P7Y", 1)
	put := succeeded(t, g.do("PUT", path, withJSON(changed), header("If-Match", `"other", `+tag)), 200)
	if got := decode[shownPolicy](t, put); got.Rules[0].Retention.Keep != "P7Y" || put.header.Get("ETag") == tag {
		t.Errorf("changed: %v %s", put.header, put.body)
	}
	refused(t, g.do("PUT", path, withJSON(changed), header("If-Match", tag)), 412, "stale")
	refused(t, g.do("PUT", path, withJSON(changed), header("If-Match", "W/"+put.header.Get("ETag"))), 412, "stale")
	refused(t, g.do("PUT", path, withJSON(changed)), 428, "precondition-required")
	if n := g.a.Calls("PolicyWrites.Update"); n != 1 {
		t.Errorf("%d changes were sent to the vendor", n)
	}
	succeeded(t, g.do("PUT", path, withJSON(changed), header("If-Match", "*")), 200)

	refused(t, g.do("DELETE", path, header("If-Match", tag)), 412, "stale")
	succeeded(t, g.do("DELETE", path), 204)
	refused(t, g.do("DELETE", path), 404, "not-found")
	refused(t, g.do("PUT", path, withJSON(gold), header("If-Match", "*")), 404, "not-found")
}

func TestAPolicyThatCanNotBeIsRefusedByMember(t *testing.T) {
	g := newGateway(t)
	g.a.AddPolicy(model.Policy{Name: "old", Native: model.Native{ID: "p1"}})
	g.a.AddPolicy(model.Policy{Name: "kept", Status: "locked", Native: model.Native{ID: "p2"}})
	rule := func(members string) string {
		return `{"connection":"mem-a","name":"n","rules":[{"kind":"full",` + members + `}]}`
	}
	for body, pointer := range map[string]string{
		`{"name":"n","rules":[]}`:                                                     "/connection",
		`{"connection":"mem-a","rules":[]}`:                                           "/name",
		`{"connection":"mem-a","name":"n"}`:                                           "/rules",
		`{"connection":"mem-a","name":"n","rules":[],"dryRun":1}`:                     "/dryRun",
		`{"connection":"mem-a","name":"n","rules":[{"kind":"x"}]}`:                    "/rules/0/kind",
		rule(`"retention":{"keep":"30 days"}`):                                        "/rules/0/retention/keep",
		rule(`"retention":{}`):                                                        "/rules/0/retention",
		rule(`"schedule":{"every":"P1D","daily":{}}`):                                 "/rules/0/schedule",
		rule(`"schedule":{"monthly":{"dayOfMonth":1,"week":"first","day":"monday"}}`): "/rules/0/schedule/monthly",
		rule(`"schedule":{"monthly":{"week":"first"}}`):                               "/rules/0/schedule/monthly",
		rule(`"schedule":{"weekly":{"days":["someday"]}}`):                            "/rules/0/schedule/weekly/days/0",
		rule(`"schedule":{"windows":[{"start":"25:00"}]}`):                            "/rules/0/schedule/windows/0/start",
		rule(`"lock":{"mode":"open"}`):                                                "/rules/0/lock/mode",
	} {
		if p := refused(t, g.do("POST", "/v1/policies", withJSON(body)), 422, "invalid-request"); p.Errors[0].Pointer != pointer {
			t.Errorf("%s: %+v", body, p.Errors)
		}
	}
	lossy := strings.Replace(gold, `"name":"gold"`, `"name":"gold","retry":{"attempts":2,"interval":"PT5M"},"blackouts":[{"days":["friday"]}]`, 1)
	p := refused(t, g.do("POST", "/v1/policies", withJSON(lossy)), 422, "invalid-request")
	if len(p.Errors) != 2 || p.Errors[0].Pointer != "/blackouts" || p.Errors[0].Code != "lossy" || p.Connection != "mem-a" {
		t.Errorf("what would be lost: %+v", p)
	}
	got := decode[shownPolicy](t, succeeded(t, g.do("POST", "/v1/policies?allowLossy=true", withJSON(lossy)), 201))
	if diff := cmp.Diff([]string{"/blackouts", "/retry"}, got.Lossy); diff != "" {
		t.Errorf("lossy: %s", diff)
	}

	star := header("If-Match", "*")
	refused(t, g.do("PUT", "/v1/policies/mem-a~policy~p1", withJSON(lossy), star), 422, "invalid-request")
	succeeded(t, g.do("PUT", "/v1/policies/mem-a~policy~p1?allowLossy=true", withJSON(lossy), star), 200)
	refused(t, g.do("PUT", "/v1/policies/mem-a~policy~p2", withJSON(gold), star), 409, "conflict")
	refused(t, g.do("DELETE", "/v1/policies/mem-a~policy~p2"), 409, "conflict")
	for member, with := range map[string]string{"connection": `"mem-b"`, "id": `"mem-a~policy~p2"`} {
		var body map[string]json.RawMessage
		if err := json.Unmarshal([]byte(gold), &body); err != nil {
			t.Fatal(err)
		}
		maps.Copy(body, map[string]json.RawMessage{member: json.RawMessage(with)})
		raw, _ := json.Marshal(body)
		p := refused(t, g.do("PUT", "/v1/policies/mem-a~policy~p1", withJSON(string(raw)), star), 422, "invalid-request")
		if p.Errors[0].Pointer != "/"+member {
			t.Errorf("another %s: %+v", member, p.Errors)
		}
	}
}

func TestAPolicyIsMadeWhereItsMakerMay(t *testing.T) {
	g := newGateway(t, func(s *setting) {
		s.adapter = func(name string, a *adapters.Adapter) {
			if name == "mem-b" {
				a.PolicyWrites, a.PolicyAssignments = nil, nil
			}
		}
	})
	elsewhere := strings.Replace(gold, "mem-a", "mem-b", 1)
	nowhere := strings.Replace(gold, `"connection":"mem-a",`, "", 1)
	succeeded(t, g.do("POST", "/v1/policies?connection=mem-a", withJSON(nowhere)), 201)
	succeeded(t, g.do("POST", "/v1/policies?connection=mem-a", withJSON(gold)), 201)
	refused(t, g.do("POST", "/v1/policies?connection=mem-a", withJSON(elsewhere)), 422, "invalid-request")
	refused(t, g.do("POST", "/v1/policies", withJSON(elsewhere)), 501, "unsupported")
	refused(t, g.do("POST", "/v1/policies", withJSON(gold), as("viewer")), 403, "forbidden")
	p := refused(t, g.do("POST", "/v1/policies", withJSON(elsewhere), as("viewer")), 404, "not-found")
	if len(p.Errors) != 1 || p.Errors[0].Pointer != "/connection" {
		t.Errorf("a connection that may not be seen: %+v", p)
	}
	refused(t, g.do("POST", "/v1/policies?connection=mem-z", withJSON(nowhere)), 404, "not-found")

	g.b.AddPolicy(model.Policy{Name: "old", Native: model.Native{ID: "p1"}})
	const path = "/v1/policies/mem-b~policy~p1"
	for _, a := range []answer{
		g.do("PUT", path, withJSON(elsewhere), header("If-Match", "*")), g.do("DELETE", path),
		g.do("GET", path+"/assignments"), g.do("POST", path+"/assignments", withJSON(`{"assets":["mem-b~vm~x"]}`)),
		g.do("DELETE", path+"/assignments?asset=mem-b~vm~x"),
	} {
		refused(t, a, 501, "unsupported")
	}
	for _, method := range []string{"PUT", "DELETE"} {
		refused(t, g.do(method, "/v1/policies/mem-a~policy~p1", withJSON(gold), as("viewer")), 403, "forbidden")
		refused(t, g.do(method, path, withJSON(gold), as("viewer")), 404, "not-found")
	}
}

// slowWrites makes policies later and has no versions.
type slowWrites struct {
	adapters.PolicyWrites
	both     bool
	versions *[]string
}

func (s slowWrites) operation() *model.Operation {
	return &model.Operation{
		ID: model.ID{Connection: "mem-a", Kind: "task", Key: "t1"}, Connection: "mem-a", Provider: "memory", Action: "update",
		State: model.StateRunning,
	}
}

func (s slowWrites) Create(ctx context.Context, p model.Policy, lossy bool) (adapters.PolicyChange, error) {
	change, err := s.PolicyWrites.Create(ctx, p, lossy)
	change.Operation = s.operation()
	if !s.both {
		change.Policy = nil
	}
	return change, err
}

func (s slowWrites) Update(_ context.Context, _ model.ID, version string, p model.Policy, _ bool) (adapters.PolicyChange, error) {
	*s.versions = append(*s.versions, version+p.Status)
	return adapters.PolicyChange{Operation: s.operation()}, nil
}

func (s slowWrites) Delete(_ context.Context, _ model.ID, version string) (adapters.PolicyChange, error) {
	*s.versions = append(*s.versions, version)
	return adapters.PolicyChange{Operation: s.operation()}, nil
}

// versionless is a vendor whose policies have no version.
type versionless struct{ adapters.Policies }

func (v versionless) Get(ctx context.Context, id model.ID, native bool) (model.Policy, error) {
	p, err := v.Policies.Get(ctx, id, native)
	p.Version = ""
	return p, err
}

func TestAVendorMayChangePoliciesLaterAndWithoutVersions(t *testing.T) {
	for _, both := range []bool{false, true} {
		var versions []string
		g := newGateway(t, func(s *setting) {
			s.adapter = func(_ string, a *adapters.Adapter) {
				a.PolicyWrites = slowWrites{PolicyWrites: a.PolicyWrites, both: both, versions: &versions}
				a.Policies = versionless{a.Policies}
			}
		})
		g.a.AddPolicy(model.Policy{Name: "old", Status: "active", Native: model.Native{ID: "p1"}})
		const operation, path = "/v1/operations/mem-a~task~t1", "/v1/policies/mem-a~policy~p1"
		a := g.do("POST", "/v1/policies", withJSON(gold))
		if both {
			if succeeded(t, a, 201).header.Get("Link") != "<"+operation+`>; rel="monitor"` || a.header.Get("ETag") == "" {
				t.Errorf("made, and still at it: %v", a.header)
			}
		} else if succeeded(t, a, 202).header.Get("Location") != operation {
			t.Errorf("to be made: %v", a.header)
		}
		read := succeeded(t, g.do("GET", path), 200)
		tag := read.header.Get("ETag")
		if native := g.do("GET", path+"?include=native"); len(tag) < 10 || native.header.Get("ETag") != tag {
			t.Errorf("tags without versions: %s and %s", tag, native.header.Get("ETag"))
		}
		refused(t, g.do("PUT", path, withJSON(gold), header("If-Match", `"1"`)), 412, "stale")
		if a := succeeded(t, g.do("PUT", path, withJSON(string(read.body)), header("If-Match", tag)), 202); a.header.Get("Location") != operation {
			t.Errorf("to be changed: %v", a.header)
		}
		if a := succeeded(t, g.do("DELETE", path, header("If-Match", tag)), 202); a.header.Get("Location") != operation {
			t.Errorf("to be deleted: %v", a.header)
		}
		if diff := cmp.Diff([]string{"", ""}, versions); diff != "" {
			t.Errorf("versions and states that the vendor was sent: %s", diff)
		}
	}
}

func TestAssetsArePutUnderPolicies(t *testing.T) {
	g := newGateway(t)
	g.a.AddPolicy(model.Policy{Name: "gold", Native: model.Native{ID: "p1"}})
	for _, key := range []string{"x1", "x2", "x3"} {
		g.a.AddAsset(memory.Asset{Key: key, Kind: model.AssetVM})
	}
	const path = "/v1/policies/mem-a~policy~p1/assignments"
	list := func(want ...string) {
		t.Helper()
		var got []string
		target := path + "?pageSize=2"
		for target != "" {
			l := decode[listOf[shownAsset]](t, succeeded(t, g.do("GET", target, as("viewer")), 200))
			for _, item := range l.Items {
				got = append(got, strings.TrimPrefix(item.ID, "mem-a~vm~"))
			}
			if target = ""; l.NextCursor != "" {
				target = path + "?pageSize=2&cursor=" + l.NextCursor
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("assigned (-want +got):\n%s", diff)
		}
	}
	list()
	succeeded(t, g.do("POST", path, withJSON(`{"assets":["mem-a~vm~x1","mem-a~vm~x2","mem-a~vm~x3"]}`)), 204)
	list("x1", "x2", "x3")
	succeeded(t, g.do("DELETE", path, withJSON(`{"assets":["mem-a~vm~x1"]}`)), 204)
	list("x2", "x3")
	succeeded(t, g.do("DELETE", path+"?asset=mem-a~vm~x2"), 204)
	list("x3")

	for _, body := range []string{`{}`, `{"assets":[]}`, `{"assets":["nonsense"]}`, `{"assets":["mem-a~vm~x1"],"all":true}`, `{"assets":["mem-b~vm~x1"]}`} {
		refused(t, g.do("POST", path, withJSON(body)), 422, "invalid-request")
		refused(t, g.do("DELETE", path, withJSON(body)), 422, "invalid-request")
	}
	refused(t, g.do("DELETE", path), 400, "invalid-parameter")
	refused(t, g.do("DELETE", path+"?asset=mem-b~vm~x1"), 400, "invalid-parameter")
	refused(t, g.do("DELETE", path+"?asset=x1"), 400, "invalid-parameter")
	refused(t, g.do("POST", path), 415, "unsupported-media-type")
	refused(t, g.do("POST", path, withJSON(`{"assets":["mem-a~vm~gone"]}`)), 404, "not-found")
	refused(t, g.do("POST", path, withJSON(`{"assets":["mem-a~vm~x1"]}`), as("viewer")), 403, "forbidden")
	refused(t, g.do("GET", "/v1/policies/mem-a~policy~gone/assignments"), 404, "not-found")
	list("x3")
}
