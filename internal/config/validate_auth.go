package config

import (
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// hmacSecret is the algorithms with a secret, and its least length (RFC 7518
// section 3.2).
var hmacSecret = map[string]int{"HS256": minKeyBytes, "HS384": 48, "HS512": 64}

var signed = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

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
	v.check(len(i.Audiences) > 0 && !slices.Contains(i.Audiences, ""), path, "audiences must hold at least one audience")
	v.check(i.Leeway >= 0 && i.Leeway <= maxLeeway, path+".leeway", "must be from 0s to 5m")
	if i.GroupsClaim == "" {
		i.GroupsClaim = "groups"
	}
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
	withSecret := !i.Secret.IsZero()
	if len(i.Algorithms) == 0 {
		i.Algorithms = []string{"RS256"}
		if withSecret {
			i.Algorithms = []string{"HS256"}
		}
	}
	atLeast := minKeyBytes
	for n, name := range i.Algorithms {
		at := indexed(path+".algorithms", n)
		least, isKeyed := hmacSecret[name]
		switch {
		case !isKeyed && !slices.Contains(signed, name):
			v.add(at, "is not a known algorithm")
		case withSecret && !isKeyed:
			v.add(at, "does not go with a secret; HS256, HS384 and HS512 do")
		case !withSecret && isKeyed:
			v.add(at, "needs a secret")
		}
		atLeast = max(atLeast, least)
	}
	if withSecret {
		v.secret(path+".secret", &i.Secret, atLeast)
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

// verb is "what:how"; which there are is the business of who checks them.
var verb = regexp.MustCompile(`^[a-z]+(-[a-z]+)*:[a-z]+$`)

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
	known := slices.ContainsFunc(a.Issuers, func(i Issuer) bool { return i.Issuer == b.Issuer })
	v.check(b.Issuer == "" || known, path+".issuer", "is not one of auth.issuers")
	for i, role := range b.Roles {
		_, ok := a.Roles[role]
		v.check(ok, indexed(path+".roles", i), "is not one of auth.roles")
	}
	v.verbs(path+".verbs", b.Verbs)
	for i, name := range b.Connections {
		ok := slices.ContainsFunc(v.config.Connections, func(c Connection) bool { return c.Name == name })
		v.check(ok || name == "*", indexed(path+".connections", i), "is not the name of a connection")
	}
	for _, list := range []struct {
		key    string
		values []string
	}{{"subjects", b.Subjects}, {"groups", b.Groups}, {"providers", b.Providers}} {
		for i, value := range list.values {
			v.check(strings.TrimSpace(value) != "", indexed(path+"."+list.key, i), "must not be empty")
		}
	}
	v.labels(path+".labels", b.Labels)
}
