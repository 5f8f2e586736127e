package identity

import (
	"fmt"
	"slices"
)

// The verbs. A route names the verb that it needs.
const (
	BackupsRead    = "backups:read"
	BackupsRun     = "backups:run"
	RestoresRead   = "restores:read"
	RestoresWrite  = "restores:write"
	ContentRead    = "content:read"
	PoliciesRead   = "policies:read"
	PoliciesWrite  = "policies:write"
	GroupsRead     = "groups:read"
	GroupsWrite    = "groups:write"
	SourcesRead    = "sources:read"
	SourcesWrite   = "sources:write"
	NativeRead     = "native:read"
	NativeWrite    = "native:write"
	OperationsRead = "operations:read"
	// OperationsWrite cancels operations.
	OperationsWrite = "operations:write"
	AuditRead       = "audit:read"
)

// anything is the wildcard of verbs and of connection names.
const anything = "*"

// AllVerbs returns every verb, sorted.
func AllVerbs() []string {
	return []string{
		AuditRead, BackupsRead, BackupsRun, ContentRead, GroupsRead, GroupsWrite, NativeRead, NativeWrite,
		OperationsRead, OperationsWrite, PoliciesRead, PoliciesWrite, RestoresRead, RestoresWrite, SourcesRead, SourcesWrite,
	}
}

// BuiltinRoles returns the roles that exist without configuration.
func BuiltinRoles() map[string][]string {
	viewer := []string{BackupsRead, RestoresRead, PoliciesRead, OperationsRead}
	return map[string][]string{
		"viewer":   viewer,
		"operator": append(slices.Clone(viewer), BackupsRun, RestoresWrite, ContentRead),
		"admin":    {anything},
	}
}

// verbSet has bit i for verb i of AllVerbs.
type verbSet uint32

// verbBits maps every verb to its bit; it is the one table that May looks at.
func verbBits() map[string]verbSet {
	bits := map[string]verbSet{}
	for i, verb := range AllVerbs() {
		bits[verb] = 1 << i
	}
	return bits
}

func (s verbSet) names() []string {
	var names []string
	for i, verb := range AllVerbs() {
		if s&(1<<i) != 0 {
			names = append(names, verb)
		}
	}
	return names
}

// parseVerbs refuses verbs that do not exist: a misspelt verb grants nothing,
// and nobody would notice.
func parseVerbs(bits map[string]verbSet, verbs []string) (verbSet, error) {
	var set verbSet
	for _, verb := range verbs {
		if verb == anything {
			return 1<<len(bits) - 1, nil
		}
		bit, ok := bits[verb]
		if !ok {
			return 0, fmt.Errorf("%q is not a verb", verb)
		}
		set |= bit
	}
	return set, nil
}
