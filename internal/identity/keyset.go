package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
)

const (
	// maxKeys bounds how many signatures a token without a kid can make us check.
	maxKeys    = 32
	minRSABits = 2048
	maxRSABits = 8192 // a check grows with the square of the size
)

// publicKey is one key of a set with the algorithms that it can be used with.
type publicKey struct {
	kid        string
	algorithms []string
	key        jwt.VerificationKey
}

// keySet is the keys of one issuer that are fit for checking signatures.
type keySet []publicKey

// find returns the keys that fit, and whether the set knows kid at all. Tokens
// without a kid may be signed by any key.
func (s keySet) find(kid, algorithm string) (keys []jwt.VerificationKey, known bool) {
	for _, key := range s {
		if kid != "" && key.kid != kid {
			continue
		}
		known = true
		if slices.Contains(key.algorithms, algorithm) {
			keys = append(keys, key.key)
		}
	}
	return keys, known
}

// parseKeySet keeps the keys that can check signatures with one of our
// algorithms and leaves out the rest, as RFC 7517 section 5 wants it.
func parseKeySet(raw []byte) (keySet, error) {
	var document struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		return nil, fmt.Errorf("not a JSON web key set: %w", err)
	}
	var set keySet
	for _, raw := range document.Keys {
		if key, ok := parseKey(raw); ok {
			set = append(set, key)
		}
	}
	switch {
	case len(set) == 0:
		return nil, errors.New("the key set has no usable key")
	case len(set) > maxKeys:
		return nil, fmt.Errorf("the key set has more than %d keys", maxKeys)
	}
	return set, nil
}

func parseKey(raw []byte) (publicKey, bool) {
	// Only the public numbers are handed on: certificates (x5c, x5u) say nothing
	// here, and go-jose would refuse a good key for a certificate it can not read.
	var numbers struct {
		Kty string `json:"kty"`
		Crv string `json:"crv,omitempty"`
		N   string `json:"n,omitempty"`
		E   string `json:"e,omitempty"`
		X   string `json:"x,omitempty"`
		Y   string `json:"y,omitempty"`
	}
	var about struct {
		Kid    string          `json:"kid"`
		Use    string          `json:"use"`
		Alg    string          `json:"alg"`
		KeyOps []string        `json:"key_ops"`
		D      json.RawMessage `json:"d"`
	}
	if json.Unmarshal(raw, &numbers) != nil || json.Unmarshal(raw, &about) != nil {
		return publicKey{}, false
	}
	switch {
	case about.D != nil: // a private key that anybody can read
		return publicKey{}, false
	case about.Use != "" && about.Use != "sig":
		return publicKey{}, false
	case about.KeyOps != nil && !slices.Contains(about.KeyOps, "verify"):
		return publicKey{}, false
	}
	public, err := json.Marshal(numbers)
	if err != nil {
		return publicKey{}, false
	}
	var parsed jose.JSONWebKey
	if parsed.UnmarshalJSON(public) != nil {
		return publicKey{}, false
	}
	algorithms := algorithmsOf(parsed.Key)
	if about.Alg != "" {
		if about.Alg == "Ed25519" { // RFC 9864 renames EdDSA
			about.Alg = "EdDSA"
		}
		if !slices.Contains(algorithms, about.Alg) {
			return publicKey{}, false
		}
		algorithms = []string{about.Alg}
	}
	return publicKey{kid: about.Kid, algorithms: algorithms, key: parsed.Key}, len(algorithms) > 0
}

// algorithmsOf binds a key to its algorithms. golang-jwt checks an ES256
// signature with a key of any curve; this is where the curve must match.
func algorithmsOf(key any) []string {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits >= minRSABits && bits <= maxRSABits {
			return []string{"RS256", "PS256"}
		}
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return []string{"ES256"}
		case elliptic.P384():
			return []string{"ES384"}
		}
	case ed25519.PublicKey:
		return []string{"EdDSA"}
	}
	return nil
}

// newKeySource makes the key source that the issuer's configuration names.
func newKeySource(issuer Issuer, o Options) (keySource, error) {
	switch {
	case issuer.Secret != nil:
		source := secretKey(issuer.Secret)
		_, err := source.read()
		return source, err
	case len(issuer.JWKS) > 0:
		set, err := parseKeySet(issuer.JWKS)
		return staticKeys(set), err
	}
	if o.Transport == nil {
		return nil, errors.New("a transport is required to fetch keys")
	}
	return newRemoteKeys(issuer, o), nil
}

// staticKeys are written into the configuration.
type staticKeys keySet

func (s staticKeys) find(_ context.Context, kid, algorithm string) ([]jwt.VerificationKey, error) {
	keys, _ := keySet(s).find(kid, algorithm)
	if len(keys) == 0 {
		return nil, unknownKey()
	}
	return keys, nil
}

func unknownKey() *TokenError {
	return invalid("the token is not signed with a key of its issuer")
}

// secretKey is read anew for every check, so that a rotated secret is seen.
type secretKey func() ([]byte, error)

func (s secretKey) find(context.Context, string, string) ([]jwt.VerificationKey, error) {
	secret, err := s.read()
	if err != nil {
		return nil, &TokenError{Code: CodeUnavailable, Detail: "the secret of the token's issuer can not be read", cause: err}
	}
	return []jwt.VerificationKey{secret}, nil
}

func (s secretKey) read() ([]byte, error) {
	secret, err := s()
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	if len(secret) < minSecretBytes {
		return nil, fmt.Errorf("the secret must have at least %d bytes", minSecretBytes)
	}
	return secret, nil
}
