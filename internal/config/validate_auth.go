package config

import (
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// withSecret is the algorithm of shared secrets, withKeys those of public keys.
const withSecret = "HS256"

var withKeys = []string{"RS256", "PS256", "ES256", "ES384", "EdDSA"}

// maxLeeway is as far as clocks may reasonably differ.
const maxLeeway = 5 * time.Minute

func (v *validator) auth() {
	a := &v.config.Auth
	v.check(len(a.Issuers) > 0, "auth.issuers", "at least one is required: there is no anonymous access")
	seen := map[string]int{}
	for i := range a.Issuers {
		path, issuer := indexed("auth.issuers", i), &a.Issuers[i]
		if other, ok := seen[issuer.Issuer]; ok && issuer.Issuer != "" {
			v.add(path+".issuer", "is already the issuer of "+indexed("auth.issuers", other))
		} else {
			seen[issuer.Issuer] = i
		}
		v.issuer(path, issuer)
	}
	for _, role := range slices.Sorted(maps.Keys(a.Roles)) {
		path := keyed("auth.roles", role)
		v.check(len(a.Roles[role]) > 0, path, "must hold at least one verb")
		v.verbs(path, a.Roles[role])
	}
	for i, b := range a.Bindings {
		v.binding(indexed("auth.bindings", i), b)
	}
}

func (v *validator) issuer(path string, i *Issuer) {
	v.check(i.Issuer != "", path, "issuer is required")
	odd := strings.ContainsFunc(i.Issuer, func(r rune) bool { return r == '|' || unicode.IsControl(r) })
	v.check(!odd, path+".issuer", "must not hold | or control characters")
	v.check(len(i.Audiences) > 0 && !slices.Contains(i.Audiences, ""), path, "audiences must hold at least one audience")
	v.check(i.Leeway >= 0 && i.Leeway <= maxLeeway, path+".leeway", "must be from 0s to 5m")
	ways := 0
	for _, used := range []bool{!i.Secret.IsZero(), i.JWKSURL != "", i.Discovery} {
		if used {
			ways++
		}
	}
	if ways != 1 {
		v.add(path, "needs exactly one of secret, jwksUrl and discovery: true")
		return
	}
	if i.JWKSURL != "" {
		v.check(secureURL(i.JWKSURL), path+".jwksUrl", "must be an https URL")
	}
	if i.Discovery && i.Issuer != "" {
		v.check(secureURL(i.Issuer), path+".issuer", "must be an https URL for discovery")
	}
	v.algorithms(path, i)
}

// algorithms keeps keyed and signed ones apart: a public key accepted as an
// HMAC secret is the classic way into such a service (RFC 8725 section 2.1).
func (v *validator) algorithms(path string, i *Issuer) {
	hasSecret := !i.Secret.IsZero()
	for n, name := range i.Algorithms {
		at := indexed(path+".algorithms", n)
		switch {
		case name != withSecret && !slices.Contains(withKeys, name):
			v.add(at, "must be one of "+withSecret+", "+strings.Join(withKeys, ", "))
		case hasSecret && name != withSecret:
			v.add(at, "does not go with a secret; "+withSecret+" does")
		case !hasSecret && name == withSecret:
			v.add(at, "needs a secret")
		}
	}
	if hasSecret {
		v.secret(path+".secret", &i.Secret, minKeyBytes)
	}
}

// secureURL reports whether a URL is https, or http on this machine.
func secureURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// verb is "what:how", or all of them. Which verbs and roles there are is the
// business of who checks them.
var verb = regexp.MustCompile(`^([a-z]+(-[a-z]+)*:[a-z]+|\*)$`)

func (v *validator) verbs(path string, verbs []string) {
	for i, name := range verbs {
		v.check(verb.MatchString(name), indexed(path, i), "must be a verb such as backups:read")
	}
}

func (v *validator) binding(path string, b Binding) {
	a := v.config.Auth
	v.check(len(b.Subjects)+len(b.Groups) > 0, path, "needs subjects or groups")
	v.check(len(b.Roles)+len(b.Verbs) > 0, path, "needs roles or verbs")
	v.check(len(b.Connections)+len(b.Providers)+len(b.Labels) > 0, path,
		`needs connections, providers or labels; connections: ["*"] is all of them`)
	v.check(b.Connections == nil || len(b.Connections) > 0, path+".connections", "must not be empty")
	v.check(b.Providers == nil || len(b.Providers) > 0, path+".providers", "must not be empty")
	v.check(b.Labels == nil || len(b.Labels) > 0, path+".labels", "must not be empty")
	known := slices.ContainsFunc(a.Issuers, func(i Issuer) bool { return i.Issuer == b.Issuer })
	v.check(b.Issuer == "" || known, path+".issuer", "is not one of auth.issuers")
	// The same subject at another issuer is somebody else.
	v.check(b.Issuer != "" || len(a.Issuers) < 2, path, "issuer is required: there is more than one")
	v.verbs(path+".verbs", b.Verbs)
	for i, name := range b.Connections {
		ok := slices.ContainsFunc(v.config.Connections, func(c Connection) bool { return c.Name == name })
		v.check(ok || name == "*", indexed(path+".connections", i), "is not the name of a connection")
	}
	for _, list := range []struct {
		key    string
		values []string
	}{{"subjects", b.Subjects}, {"groups", b.Groups}, {"roles", b.Roles}, {"providers", b.Providers}} {
		for i, value := range list.values {
			v.check(strings.TrimSpace(value) != "", indexed(path+"."+list.key, i), "must not be empty")
			v.check(value != "*", indexed(path+"."+list.key, i), "must be a name: * is for connections and verbs")
		}
	}
	v.labels(path+".labels", b.Labels)
}
