package cohesitysim

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Id forms (IBM NOTES section 3).
var (
	uidForm = regexp.MustCompile(`^\d+:\d+:\d+$`)
	runForm = regexp.MustCompile(`^\d+:\d+$`)
)

// params reads query parameters and remembers the first bad one.
type params struct {
	values url.Values
	bad    error
}

func (p *params) refuse(format string, args ...any) {
	if p.bad == nil {
		p.bad = invalid(format, args...)
	}
}

func (p *params) text(name string) string {
	values := p.values[name]
	if len(values) > 1 {
		// Arrays are one comma-joined parameter, never repeated (IBM NOTES section 1).
		p.refuse("parameter %s is repeated", name)
	}
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func (p *params) list(name string) []string {
	text := p.text(name)
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// enum is a list of which every value has to be in allowed.
func (p *params) enum(name string, allowed []string) []string {
	values := p.list(name)
	for _, value := range values {
		if !slices.Contains(allowed, value) {
			p.refuse("%s in query should be one of %v", name, allowed)
		}
	}
	return values
}

func (p *params) ints(name string) []int64 {
	var out []int64
	for _, text := range p.list(name) {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			p.refuse("%s in query must be of type int64: %q", name, text)
		}
		out = append(out, n)
	}
	return out
}

// integer returns fallback when the parameter is absent.
func (p *params) integer(name string, fallback int64) int64 {
	text := p.text(name)
	if text == "" {
		return fallback
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		p.refuse("%s in query must be of type int64: %q", name, text)
	}
	return n
}

// flag is nil when the parameter is absent.
func (p *params) flag(name string) *bool {
	text := p.text(name)
	if text == "" {
		return nil
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		p.refuse("%s in query must be of type boolean: %q", name, text)
	}
	return &b
}

func (p *params) isTrue(name string) bool {
	b := p.flag(name)
	return b != nil && *b
}

func (p *params) has(name string) bool { return p.values.Has(name) }

// among says whether value passes a filter; an absent filter passes all.
func among[T comparable](filter []T, value T) bool {
	return len(filter) == 0 || slices.Contains(filter, value)
}

// prefixMatch is the search of the vendor: everything for an empty pattern or
// "*", a prefix with a trailing *, else the exact text; case does not count
// (inferred).
func prefixMatch(pattern, text string) bool {
	pattern, text = strings.ToLower(pattern), strings.ToLower(text)
	if prefix, open := strings.CutSuffix(pattern, "*"); open {
		return strings.HasPrefix(text, prefix)
	}
	return pattern == "" || pattern == text
}
