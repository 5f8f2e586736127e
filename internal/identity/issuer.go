package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
)

const (
	defaultLeeway  = 30 * time.Second
	maxLeeway      = 5 * time.Minute
	minSecretBytes = 32 // RFC 7518 section 3.2: as long as the hash
	defaultGroups  = "groups"
)

// accessTokenType is the typ of RFC 9068 access tokens.
const accessTokenType = "at+jwt"

// Issuer is one party whose tokens are accepted. It has exactly one source of
// keys: Secret, JWKSURL, Discovery or JWKS.
type Issuer struct {
	// Issuer is the exact value of iss.
	Issuer string
	// Audiences are the values of aud that mean us; one of them must be there.
	Audiences []string
	// Algorithms narrows what the key source allows: HS256 with a secret; RS256,
	// PS256, ES256, ES384 and EdDSA with a JWKS. Empty means all of these.
	Algorithms []string
	// Secret is for development only: whoever can check such a token can make one.
	Secret func() ([]byte, error)
	// JWKSURL, and the jwks_uri of Discovery, must be https unless the host is a
	// loopback address or PlainHTTP is set.
	JWKSURL   string
	Discovery bool
	// JWKS is a key set written into the configuration.
	JWKS json.RawMessage
	// PlainHTTP allows keys over http, for a network that encrypts by itself.
	PlainHTTP bool
	// GroupsClaim is the claim that lists groups, "groups" if empty. With a
	// leading slash it is a JSON pointer into objects: "/realm_access/roles".
	GroupsClaim string
	// RequireType is the typ that a token must have; "at+jwt" also asks for the
	// claims that RFC 9068 section 2.2 requires.
	RequireType string
	// Leeway is for clocks that differ: 30 s if zero.
	Leeway time.Duration
}

// asymmetric lists the algorithms that may be used with a JWKS.
func asymmetric() []string { return []string{"RS256", "PS256", "ES256", "ES384", "EdDSA"} }

// check returns the issuer with its defaults filled in.
func (i Issuer) check() (Issuer, error) {
	if i.Issuer == "" || strings.ContainsFunc(i.Issuer, func(r rune) bool { return r == '|' || unicode.IsControl(r) }) {
		return i, errors.New(`the issuer's name must not be empty or hold "|"`)
	}
	if len(i.Audiences) == 0 || slices.Contains(i.Audiences, "") {
		return i, errors.New("at least one audience is required, and none may be empty")
	}
	if i.Leeway < 0 || i.Leeway > maxLeeway {
		return i, fmt.Errorf("leeway must be between 0 and %s", maxLeeway)
	}
	if i.Leeway == 0 {
		i.Leeway = defaultLeeway
	}
	if i.GroupsClaim == "" {
		i.GroupsClaim = defaultGroups
	}
	i.RequireType = tokenType(i.RequireType)
	if err := i.checkKeySource(); err != nil {
		return i, err
	}
	allowed := asymmetric()
	if i.Secret != nil {
		allowed = []string{"HS256"}
	}
	if len(i.Algorithms) == 0 {
		i.Algorithms = allowed
	}
	for _, algorithm := range i.Algorithms {
		if !slices.Contains(allowed, algorithm) {
			return i, fmt.Errorf("algorithm %q can not be used with this source of keys (%s)", algorithm, strings.Join(allowed, ", "))
		}
	}
	return i, nil
}

func (i Issuer) checkKeySource() error {
	sources := 0
	for _, given := range []bool{i.Secret != nil, i.JWKSURL != "", i.Discovery, len(i.JWKS) > 0} {
		if given {
			sources++
		}
	}
	if sources != 1 {
		return errors.New("exactly one source of keys is required: a secret, a JWKS URL, discovery or a JWKS")
	}
	switch {
	case i.Discovery:
		return checkKeyURL(i.Issuer, i.PlainHTTP)
	case i.JWKSURL != "":
		return checkKeyURL(i.JWKSURL, i.PlainHTTP)
	}
	return nil
}

// checkKeyURL refuses URLs on which anybody on the way could put in own keys.
func checkKeyURL(raw string, plain bool) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("the address of the keys is not a usable URL")
	}
	switch {
	case u.Scheme == "https", u.Scheme == "http" && (plain || isLoopback(u.Hostname())):
		return nil
	}
	return errors.New("keys must come over https")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// tokenType compares types as RFC 7515 section 4.1.9 wants it.
func tokenType(typ string) string {
	return strings.TrimPrefix(strings.ToLower(typ), "application/")
}
