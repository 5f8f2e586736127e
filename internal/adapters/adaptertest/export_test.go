package adaptertest

import (
	"slices"
	"testing"
	"time"

	"switchback/internal/adapters/adaptercheck"
)

// CheckNames lists every check.
func CheckNames() []string {
	var names []string
	for _, c := range allChecks() {
		names = append(names, c.name)
	}
	return names
}

// Failures runs one check, with little patience, and returns what it found.
func Failures(tb testing.TB, h Harness, name string) []string {
	tb.Helper()
	checks := allChecks()
	i := slices.IndexFunc(checks, func(c check) bool { return c.name == name })
	if i < 0 {
		tb.Fatalf("no check %s", name)
	}
	h.patience = time.Second
	b := open(tb, h, checks[i].scenario(), checks[i].content)
	if checks[i].applies != nil && !checks[i].applies(b) {
		tb.Fatalf("%s does not apply", name)
	}
	return adaptercheck.Record(tb.Context(), func(t adaptercheck.T) { checks[i].run(t, b) })
}
