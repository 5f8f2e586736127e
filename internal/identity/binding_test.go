package identity

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func principalOf(t *testing.T, bindings []Binding, roles map[string][]string, subject string, groups ...string) *Principal {
	t.Helper()
	rules, err := compileRules([]string{testIssuer}, bindings, roles)
	if err != nil {
		t.Fatal(err)
	}
	return newPrincipal(rules, testIssuer, subject, groups)
}

func TestBindings(t *testing.T) {
	prod := Connection{Name: "ibm-eu", Provider: "ibm", Labels: map[string]string{"env": "prod", "team": "db"}}
	all := []string{anything}
	alice := []string{"alice"}
	for _, test := range []struct {
		name    string
		binding string // as in the configuration
		want    string
	}{
		{"everything", `{"subjects":["alice"],"roles":["admin"],"connections":["*"]}`, strings.Join(AllVerbs(), " ")},
		{"viewer", `{"subjects":["alice"],"roles":["viewer"],"connections":["*"]}`, "backups:read operations:read policies:read restores:read"},
		{
			"operator", `{"subjects":["alice"],"roles":["operator"],"connections":["*"]}`,
			"backups:read backups:run content:read operations:read policies:read restores:read restores:write",
		},
		{"own role", `{"subjects":["alice"],"roles":["auditor"],"connections":["*"]}`, "audit:read"},
		{"verbs", `{"subjects":["alice"],"verbs":["native:read"],"connections":["*"]}`, "native:read"},
		{"verbs and roles", `{"subjects":["alice"],"verbs":["native:read"],"roles":["auditor"],"connections":["*"]}`, "audit:read native:read"},
		{"all verbs", `{"subjects":["alice"],"verbs":["*"],"connections":["*"]}`, strings.Join(AllVerbs(), " ")},
		{"by group", `{"groups":["x","ops"],"roles":["auditor"],"connections":["*"]}`, "audit:read"},
		{"by name", `{"subjects":["alice"],"roles":["auditor"],"connections":["other","ibm-eu"]}`, "audit:read"},
		{"by provider", `{"subjects":["alice"],"roles":["auditor"],"providers":["ibm"]}`, "audit:read"},
		{"by label", `{"subjects":["alice"],"roles":["auditor"],"labels":{"env":"prod"}}`, "audit:read"},
		{"by all", `{"subjects":["alice"],"roles":["auditor"],"connections":["*"],"providers":["ibm"],"labels":{"env":"prod","team":"db"}}`, "audit:read"},
		{"issuer named", `{"issuer":"` + testIssuer + `","subjects":["alice"],"roles":["auditor"],"connections":["*"]}`, "audit:read"},

		{"nobody", `{"roles":["admin"],"connections":["*"]}`, ""},
		{"somebody else", `{"subjects":["bob"],"roles":["admin"],"connections":["*"]}`, ""},
		{"subject in other case", `{"subjects":["Alice"],"roles":["admin"],"connections":["*"]}`, ""},
		{"group named like the subject", `{"groups":["alice"],"roles":["admin"],"connections":["*"]}`, ""},
		{"subject named like the group", `{"subjects":["ops"],"roles":["admin"],"connections":["*"]}`, ""},
		{"nothing to do", `{"subjects":["alice"],"connections":["*"]}`, ""},
		{"no selector", `{"subjects":["alice"],"roles":["admin"]}`, ""},
		{"empty names", `{"subjects":["alice"],"roles":["admin"],"connections":[]}`, ""},
		{"empty providers", `{"subjects":["alice"],"roles":["admin"],"connections":["*"],"providers":[]}`, ""},
		{"empty labels", `{"subjects":["alice"],"roles":["admin"],"connections":["*"],"labels":{}}`, ""},
		{"another name", `{"subjects":["alice"],"roles":["admin"],"connections":["ibm"]}`, ""},
		{"another provider", `{"subjects":["alice"],"roles":["admin"],"connections":["*"],"providers":["clumio"]}`, ""},
		{"another value", `{"subjects":["alice"],"roles":["admin"],"labels":{"env":"test"}}`, ""},
		{"another label", `{"subjects":["alice"],"roles":["admin"],"labels":{"env":"prod","zone":""}}`, ""},
		{"named, but not of the provider", `{"subjects":["alice"],"roles":["admin"],"connections":["ibm-eu"],"providers":["clumio"]}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var binding Binding
			if err := json.Unmarshal([]byte(test.binding), &binding); err != nil {
				t.Fatal(err)
			}
			p := principalOf(t, []Binding{binding}, map[string][]string{"auditor": {AuditRead}}, "alice", "ops", "dev")
			got := p.Verbs(prod)
			if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
			for _, verb := range AllVerbs() {
				if p.May(verb, prod) != slices.Contains(got, verb) {
					t.Errorf("May and Verbs do not agree on %s", verb)
				}
			}
			if p.Sees(prod) != (len(got) > 0) {
				t.Error("Sees and Verbs do not agree")
			}
		})
	}
	t.Run("verbs stay with their connections", func(t *testing.T) {
		p := principalOf(t, []Binding{
			{Subjects: alice, Roles: []string{"viewer"}, Connections: all},
			{Subjects: alice, Verbs: []string{RestoresWrite}, Labels: map[string]string{"env": "test"}},
		}, nil, "alice")
		if p.May(RestoresWrite, prod) || !p.May(RestoresRead, prod) {
			t.Error("the grants of two bindings run together")
		}
	})
	t.Run("words that are no verbs", func(t *testing.T) {
		p := principalOf(t, []Binding{{Subjects: alice, Roles: []string{"admin"}, Connections: all}}, nil, "alice")
		for _, verb := range []string{"", anything, "backups", "backups:*", "BACKUPS:READ", "root"} {
			if p.May(verb, prod) {
				t.Errorf("may do %q", verb)
			}
		}
	})
	t.Run("no principal", func(t *testing.T) {
		var p *Principal
		if p.May(BackupsRead, prod) || p.Sees(prod) || p.Verbs(prod) != nil || p.ID() != "" || p.Scope() != "" {
			t.Error("nobody may something")
		}
	})
}

// The same subject and the same group at another issuer are somebody else.
func TestBindingsHoldForOneIssuer(t *testing.T) {
	issuers := []string{"https://a.example", "https://b.example"}
	rules, err := compileRules(issuers, []Binding{{
		Issuer: issuers[0], Subjects: []string{"alice"}, Groups: []string{"ops"},
		Roles: []string{"admin"}, Connections: []string{anything},
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false} {
		p := newPrincipal(rules, issuers[i], "alice", []string{"ops"})
		if got := p.May(BackupsRead, Connection{Name: "x"}); got != want {
			t.Errorf("alice of %s may: %v", issuers[i], got)
		}
	}
}

func TestBindingsAreChecked(t *testing.T) {
	all := []string{anything}
	for name, test := range map[string]struct {
		binding Binding
		roles   map[string][]string
		issuers []string
	}{
		"unknown verb":             {binding: Binding{Verbs: []string{"backup:read"}}},
		"unknown role":             {binding: Binding{Roles: []string{"root"}}},
		"unknown issuer":           {binding: Binding{Issuer: "https://other.example"}},
		"everybody":                {binding: Binding{Subjects: all}},
		"every group":              {binding: Binding{Groups: all}},
		"every provider":           {binding: Binding{Providers: all}},
		"a subject without a name": {binding: Binding{Subjects: []string{""}}},
		"a role that is built in":  {roles: map[string][]string{"viewer": all}},
		"a role with a wrong verb": {roles: map[string][]string{"x": {"y"}}},
		"which issuer":             {binding: Binding{Subjects: []string{"alice"}}, issuers: []string{"a", "b"}},
	} {
		issuers := test.issuers
		if issuers == nil {
			issuers = []string{testIssuer}
		}
		if _, err := compileRules(issuers, []Binding{test.binding}, test.roles); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestBuiltinRolesHoldVerbs(t *testing.T) {
	for name, verbs := range BuiltinRoles() {
		if set, err := parseVerbs(verbBits(), verbs); err != nil || set == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !slices.IsSorted(AllVerbs()) {
		t.Error("AllVerbs is not sorted")
	}
}

func TestScope(t *testing.T) {
	ops := Binding{Groups: []string{"ops"}, Roles: []string{"viewer"}, Connections: []string{"a", "b"}}
	own := Binding{Subjects: []string{"alice"}, Verbs: []string{RestoresWrite}, Labels: map[string]string{"x": "1", "y": "2"}}
	base := principalOf(t, []Binding{ops, own}, nil, "alice", "ops", "dev").Scope()

	reordered := ops
	reordered.Connections = []string{"b", "a", "b"}
	spelledOut := ops
	spelledOut.Roles, spelledOut.Verbs = nil, BuiltinRoles()["viewer"]
	forOthers := Binding{Subjects: []string{"bob"}, Roles: []string{"admin"}, Connections: []string{anything}}
	for name, same := range map[string]string{
		"again":                 principalOf(t, []Binding{ops, own}, nil, "alice", "ops", "dev").Scope(),
		"other order":           principalOf(t, []Binding{own, reordered}, nil, "alice", "dev", "ops", "dev").Scope(),
		"verbs instead of role": principalOf(t, []Binding{spelledOut, own}, nil, "alice", "ops").Scope(),
		"grants of others":      principalOf(t, []Binding{ops, own, forOthers}, nil, "alice", "ops").Scope(),
		"a grant given twice":   principalOf(t, []Binding{ops, ops, own}, nil, "alice", "ops").Scope(),
	} {
		if same != base {
			t.Errorf("%s: the scope changes", name)
		}
	}

	more := ops
	more.Connections = []string{"a", "b", "c"}
	everywhere := ops
	everywhere.Connections = []string{anything}
	narrowed := ops
	narrowed.Providers = []string{"ibm"}
	seen := map[string]string{base: "base"}
	for name, other := range map[string]string{
		"another subject":  principalOf(t, []Binding{ops, own}, nil, "bob", "ops").Scope(),
		"without a group":  principalOf(t, []Binding{ops, own}, nil, "alice").Scope(),
		"more connections": principalOf(t, []Binding{more, own}, nil, "alice", "ops").Scope(),
		"all connections":  principalOf(t, []Binding{everywhere, own}, nil, "alice", "ops").Scope(),
		"one provider":     principalOf(t, []Binding{narrowed, own}, nil, "alice", "ops").Scope(),
		"no grant":         principalOf(t, nil, nil, "alice", "ops").Scope(),
	} {
		if before, ok := seen[other]; ok {
			t.Errorf("%s has the scope of %s", name, before)
		}
		seen[other] = name
	}
}
