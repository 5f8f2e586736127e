package identity

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
)

// Connection is what role bindings know of a configured vendor account.
type Connection struct {
	Name     string
	Provider string
	Labels   map[string]string
}

// Principal is an authenticated caller. It is shared between requests and must
// not be changed.
type Principal struct {
	Subject string
	Issuer  string
	Groups  []string // sorted

	grants []*grant
	bits   map[string]verbSet
	scope  string
}

// May reports whether the caller may do verb on c. A verb that does not exist
// is nobody's.
func (p *Principal) May(verb string, c Connection) bool {
	if p == nil {
		return false
	}
	bit := p.bits[verb]
	if bit == 0 {
		return false
	}
	for _, g := range p.grants {
		if g.verbs&bit != 0 && g.selects(c) {
			return true
		}
	}
	return false
}

// Verbs returns what the caller may do on c, sorted. With none, the connection
// does not exist for it.
func (p *Principal) Verbs(c Connection) []string {
	if p == nil {
		return nil
	}
	var set verbSet
	for _, g := range p.grants {
		if g.selects(c) {
			set |= g.verbs
		}
	}
	return set.names()
}

// Sees reports whether c exists for the caller: Verbs without the list.
func (p *Principal) Sees(c Connection) bool {
	return p != nil && slices.ContainsFunc(p.grants, func(g *grant) bool { return g.selects(c) })
}

// Scope is a fingerprint of who is calling and everything it may do. It is the
// same in every replica with the same bindings, whatever their order, and
// changes when a grant of this caller changes: a cursor is bound to it.
func (p *Principal) Scope() string {
	if p == nil {
		return ""
	}
	return p.scope
}

// ID is the caller's stable name, "issuer|subject". No issuer holds a "|", so
// two callers never share one.
func (p *Principal) ID() string {
	if p == nil {
		return ""
	}
	return p.Issuer + "|" + p.Subject
}

// newPrincipal collects the grants of the bindings that name the caller.
func newPrincipal(rules *ruleSet, issuer, subject string, groups []string) *Principal {
	groups = slices.Compact(slices.Sorted(slices.Values(groups)))
	p := &Principal{Subject: subject, Issuer: issuer, Groups: groups, bits: rules.bits}
	forms := []string{}
	for _, g := range rules.grants {
		if g.verbs != 0 && g.names(issuer, subject, groups) {
			p.grants = append(p.grants, g)
			forms = append(forms, g.form)
		}
	}
	slices.Sort(forms)
	p.scope = fingerprint(append([]string{issuer, subject}, slices.Compact(forms)...))
	return p
}

// fingerprint hashes parts with their lengths, so that no two lists run together.
func fingerprint(parts []string) string {
	hash := sha256.New()
	for _, part := range parts {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		hash.Write(length[:])
		hash.Write([]byte(part))
	}
	return base64.RawURLEncoding.EncodeToString(hash.Sum(nil)[:16])
}
