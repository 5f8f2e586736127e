package identity

import (
	"errors"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// FuzzAuthenticate feeds whole tokens: nothing but the good one is accepted.
func FuzzAuthenticate(f *testing.F) {
	c := newClock()
	a := newTestAuthenticator(f, c, staticIssuer())
	good := signed(jwt.SigningMethodEdDSA, edKey(), kid("ed"), claims(c, nil))
	f.Add(good)
	for _, attack := range attacks(c) {
		f.Add(attack.token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		p, err := a.Authenticate(t.Context(), token)
		if (p == nil) == (err == nil) {
			t.Fatal("neither a principal nor an error, or both")
		}
		if err == nil && token != good {
			t.Fatalf("accepted %q", token)
		}
		var refused *TokenError
		if err != nil && !errors.As(err, &refused) {
			t.Fatalf("%T is no TokenError", err)
		}
	})
}

// FuzzSignedClaims goes past the signature: an issuer that signs nonsense.
func FuzzSignedClaims(f *testing.F) {
	c := newClock()
	issuer := Issuer{
		Issuer: testIssuer, Audiences: []string{testAudience}, GroupsClaim: "/realm/roles",
		Secret: func() ([]byte, error) { return testSecret, nil },
	}
	a := newTestAuthenticator(f, c, issuer)
	for _, attack := range attacks(c) {
		parts := strings.Split(attack.token, ".")
		if len(parts) != 3 {
			continue
		}
		header, _ := jwt.NewParser().DecodeSegment(parts[0])
		body, _ := jwt.NewParser().DecodeSegment(parts[1])
		f.Add(strings.Replace(string(header), "ES256", "HS256", 1), string(body))
	}
	f.Add(`{"alg":"HS256"}`, `{"iss":"https://issuer.example","aud":"switchback","sub":"a","exp":1900000000,"realm":{"roles":["a",1]}}`)
	f.Fuzz(func(t *testing.T, header, body string) {
		p, err := a.Authenticate(t.Context(), signedRaw(jwt.SigningMethodHS256, testSecret, header, body))
		if (p == nil) == (err == nil) {
			t.Fatal("neither a principal nor an error, or both")
		}
		if p != nil && (p.Subject == "" || p.Issuer != testIssuer || strings.ContainsAny(p.Subject, "\r\n\x00")) {
			t.Fatalf("accepted as %q of %q", p.Subject, p.Issuer)
		}
	})
}
