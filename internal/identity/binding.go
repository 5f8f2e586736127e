package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Binding grants verbs on connections to subjects and groups of one issuer.
//
// The selectors Connections, Providers and Labels narrow each other: a
// connection must pass every one that is given. A selector that is given but
// empty selects nothing, and so does a binding without any.
type Binding struct {
	Subjects []string `json:"subjects,omitempty"`
	Groups   []string `json:"groups,omitempty"`
	// Issuer may be left out while there is only one: the same subject at
	// another issuer is somebody else.
	Issuer      string            `json:"issuer,omitempty"`
	Roles       []string          `json:"roles,omitempty"`
	Verbs       []string          `json:"verbs,omitempty"`       // "*": all
	Connections []string          `json:"connections,omitempty"` // "*": all
	Providers   []string          `json:"providers,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"` // all of them
}

// grant is a binding made ready for questions.
type grant struct {
	issuer           string
	subjects, groups map[string]bool
	verbs            verbSet

	nothing     bool            // selects no connection
	connections map[string]bool // nil: not given, or "*"
	providers   map[string]bool // nil: not given
	labels      map[string]string

	form string // what is granted on what, in one canonical spelling
}

func (g *grant) names(issuer, subject string, groups []string) bool {
	if g.issuer != issuer {
		return false
	}
	return g.subjects[subject] || slices.ContainsFunc(groups, func(group string) bool { return g.groups[group] })
}

func (g *grant) selects(c Connection) bool {
	if g.nothing || g.connections != nil && !g.connections[c.Name] || g.providers != nil && !g.providers[c.Provider] {
		return false
	}
	for key, want := range g.labels {
		if got, ok := c.Labels[key]; !ok || got != want {
			return false
		}
	}
	return true
}

// ruleSet is all bindings, compiled.
type ruleSet struct {
	bits   map[string]verbSet
	grants []*grant
}

func compileRules(issuers []string, bindings []Binding, roles map[string][]string) (*ruleSet, error) {
	rules := &ruleSet{bits: verbBits()}
	known := map[string]verbSet{}
	for name, verbs := range BuiltinRoles() {
		known[name], _ = parseVerbs(rules.bits, verbs) // our own verbs exist: a test holds it
	}
	for _, name := range slices.Sorted(maps.Keys(roles)) {
		if _, ok := known[name]; ok {
			return nil, fmt.Errorf("role %q is built in and can not be redefined", name)
		}
		set, err := parseVerbs(rules.bits, roles[name])
		if err != nil {
			return nil, fmt.Errorf("role %q: %w", name, err)
		}
		known[name] = set
	}
	for i, binding := range bindings {
		g, err := compileBinding(issuers, binding, known, rules.bits)
		if err != nil {
			return nil, fmt.Errorf("binding %d: %w", i, err)
		}
		rules.grants = append(rules.grants, g)
	}
	return rules, nil
}

func compileBinding(issuers []string, b Binding, roles map[string]verbSet, bits map[string]verbSet) (*grant, error) {
	g := &grant{issuer: b.Issuer, subjects: setOf(b.Subjects), groups: setOf(b.Groups)}
	switch {
	case b.Issuer == "" && len(issuers) == 1:
		g.issuer = issuers[0]
	case b.Issuer == "":
		return nil, errors.New("with more than one issuer, a binding must name its own")
	case !slices.Contains(issuers, b.Issuer):
		return nil, fmt.Errorf("issuer %q is not configured", b.Issuer)
	}
	for field, values := range map[string][]string{"subjects": b.Subjects, "groups": b.Groups, "providers": b.Providers} {
		if slices.Contains(values, anything) || slices.Contains(values, "") {
			return nil, fmt.Errorf(`%s must be names; "*" is for connections and verbs`, field)
		}
	}
	var err error
	if g.verbs, err = parseVerbs(bits, b.Verbs); err != nil {
		return nil, err
	}
	for _, role := range b.Roles {
		set, ok := roles[role]
		if !ok {
			return nil, fmt.Errorf("role %q does not exist", role)
		}
		g.verbs |= set
	}
	g.compileSelectors(b)
	g.form, err = g.canonical()
	return g, err
}

func (g *grant) compileSelectors(b Binding) {
	given := b.Connections != nil || b.Providers != nil || b.Labels != nil
	empty := b.Connections != nil && len(b.Connections) == 0 ||
		b.Providers != nil && len(b.Providers) == 0 ||
		b.Labels != nil && len(b.Labels) == 0
	if g.nothing = !given || empty; g.nothing {
		return
	}
	if b.Connections != nil && !slices.Contains(b.Connections, anything) {
		g.connections = setOf(b.Connections)
	}
	if b.Providers != nil {
		g.providers = setOf(b.Providers)
	}
	g.labels = maps.Clone(b.Labels)
}

// canonical is the same for two bindings that grant the same, however their
// lists are ordered and whichever role the verbs came from.
func (g *grant) canonical() (string, error) {
	form, err := json.Marshal(struct { // encoding/json sorts map keys
		Verbs                  []string
		Nothing                bool
		Connections, Providers map[string]bool
		Labels                 map[string]string
	}{g.verbs.names(), g.nothing, g.connections, g.providers, g.labels})
	return string(form), err
}

func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}
