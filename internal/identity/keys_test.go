package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
)

func rsaToken(c *clock, key *rsa.PrivateKey, name string) string {
	return signed(jwt.SigningMethodRS256, key, kid(name), claims(c, map[string]any{"jti": rand.Text()}))
}

func TestKeysAreFetchedLazilyAndOnce(t *testing.T) {
	c := newClock()
	server := newKeyServer(t, jwks(jwk("a", "RS256", rsaKey().Public())))
	a := newTestAuthenticator(t, c, server.issuer())
	if server.count() != 0 {
		t.Fatal("keys were fetched before a token came")
	}
	var callers sync.WaitGroup
	for range 16 {
		token := rsaToken(c, rsaKey(), "a")
		callers.Go(func() {
			if _, err := a.Authenticate(t.Context(), token); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if server.count() != 1 {
		t.Errorf("%d fetches for one key set", server.count())
	}
}

func TestRotation(t *testing.T) {
	c := newClock()
	server := newKeyServer(t, jwks(jwk("a", "", rsaKey().Public())))
	a := newTestAuthenticator(t, c, server.issuer())
	wantSubject(t, a, rsaToken(c, rsaKey(), "a"), "alice")

	c.advance(fetchAtMostEvery)
	server.serve(http.StatusOK, jwks(jwk("b", "", otherRSA().Public())))
	wantSubject(t, a, rsaToken(c, otherRSA(), "b"), "alice")
	_, err := a.Authenticate(t.Context(), rsaToken(c, rsaKey(), "a"))
	wantCode(t, err, CodeInvalid)
}

// A key that is withdrawn goes away although every token that comes names a
// key that is known.
func TestWithdrawnKeysGo(t *testing.T) {
	c := newClock()
	server := newKeyServer(t, jwks(jwk("a", "", rsaKey().Public()), jwk("b", "", otherRSA().Public())))
	a := newTestAuthenticator(t, c, server.issuer())
	token := rsaToken(c, rsaKey(), "a")
	wantSubject(t, a, token, "alice")
	server.serve(http.StatusOK, jwks(jwk("b", "", otherRSA().Public())))

	c.advance(keysStaleAfter - time.Second)
	wantSubject(t, a, token, "alice")
	settle(a)
	if server.count() != 1 {
		t.Fatalf("%d fetches before the keys were old", server.count())
	}
	c.advance(recheckAfter)
	wantSubject(t, a, token, "alice") // starts the fetch and does not wait for it
	settle(a)
	c.advance(recheckAfter)
	_, err := a.Authenticate(t.Context(), token)
	wantCode(t, err, CodeInvalid)
}

func TestKeysOutliveAnOutage(t *testing.T) {
	for name, outage := range map[string]struct {
		status int
		body   []byte
	}{
		"error":     {http.StatusInternalServerError, nil},
		"not JSON":  {http.StatusOK, []byte("<html>maintenance</html>")},
		"no keys":   {http.StatusOK, []byte(`{"keys":[]}`)},
		"too large": {http.StatusOK, append(allKeys(), strings.Repeat(" ", maxDocumentBytes)...)},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			server := newKeyServer(t, jwks(jwk("a", "", rsaKey().Public())))
			a := newTestAuthenticator(t, c, server.issuer())
			wantSubject(t, a, rsaToken(c, rsaKey(), "a"), "alice")
			server.serve(outage.status, outage.body)
			for range 3 {
				c.advance(24 * time.Hour)
				wantSubject(t, a, rsaToken(c, rsaKey(), "a"), "alice")
				settle(a)
			}
			if server.count() != 4 {
				t.Errorf("%d fetches, want one for each day", server.count())
			}
			c.advance(fetchAtMostEvery)
			_, err := a.Authenticate(t.Context(), rsaToken(c, otherRSA(), "b"))
			wantCode(t, err, CodeUnavailable) // nobody knows whether b is a key
			server.serve(http.StatusOK, jwks(jwk("b", "", otherRSA().Public())))
			c.advance(fetchAtMostEvery)
			wantSubject(t, a, rsaToken(c, otherRSA(), "b"), "alice")
		})
	}
}

// Whoever can make the issuer redirect must not choose our keys.
func TestRedirectsAreNotFollowed(t *testing.T) {
	c := newClock()
	evil := newKeyServer(t, jwks(jwk("a", "", rsaKey().Public())))
	server := httptest.NewServer(http.RedirectHandler(evil.URL, http.StatusFound))
	defer server.Close()
	a := newTestAuthenticator(t, c, Issuer{Issuer: testIssuer, Audiences: []string{testAudience}, JWKSURL: server.URL})
	_, err := a.Authenticate(t.Context(), rsaToken(c, rsaKey(), "a"))
	wantCode(t, err, CodeUnavailable)
	if evil.count() != 0 {
		t.Error("the redirect was followed")
	}
}

func TestOutageAtTheStart(t *testing.T) {
	c := newClock()
	server := newKeyServer(t, nil)
	server.serve(http.StatusServiceUnavailable, nil)
	a := newTestAuthenticator(t, c, server.issuer())
	for range 5 {
		_, err := a.Authenticate(t.Context(), rsaToken(c, rsaKey(), "a"))
		wantCode(t, err, CodeUnavailable)
	}
	if server.count() != 1 {
		t.Errorf("%d fetches of an issuer that is down", server.count())
	}
}

func TestUnknownKidStorm(t *testing.T) {
	c := newClock()
	server := newKeyServer(t, jwks(jwk("a", "", rsaKey().Public())))
	a := newTestAuthenticator(t, c, server.issuer())
	wantSubject(t, a, rsaToken(c, rsaKey(), "a"), "alice")
	tokens := make([]string, 64)
	for i := range tokens {
		tokens[i] = signed(jwt.SigningMethodES256, ecKey(), kid(fmt.Sprint("made-up-", i)), claims(c, nil))
	}
	for round := 1; round <= 3; round++ {
		c.advance(fetchAtMostEvery)
		var callers sync.WaitGroup
		for _, token := range tokens {
			callers.Go(func() {
				if _, err := a.Authenticate(t.Context(), token); err == nil {
					t.Error("accepted")
				}
			})
		}
		callers.Wait()
		if server.count() != 1+round {
			t.Fatalf("%d fetches after %d storms", server.count(), round)
		}
	}
	wantSubject(t, a, rsaToken(c, rsaKey(), "a"), "alice")
}

// A caller who gives up does not take the fetch away from the others.
func TestFetchOutlivesItsCaller(t *testing.T) {
	c := newClock()
	arrived, answer := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-answer
		_, _ = w.Write(allKeys())
	}))
	defer server.Close()
	a := newTestAuthenticator(t, c, Issuer{Issuer: testIssuer, Audiences: []string{testAudience}, JWKSURL: server.URL})
	token := rsaToken(c, rsaKey(), "rsa")
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	_, err := a.Authenticate(ctx, token)
	wantCode(t, err, CodeUnavailable)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the cause is lost: %v", errors.Unwrap(err))
	}
	close(answer)
	wantSubject(t, a, token, "alice")
}

func TestDiscovery(t *testing.T) {
	var document func(base string) string
	var keys int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/realm/.well-known/openid-configuration":
			_, _ = fmt.Fprint(w, document("http://"+r.Host))
		case "/keys":
			keys++
			_, _ = w.Write(allKeys())
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	for _, test := range []struct {
		name, document, code string
	}{
		{"good", `{"issuer":"BASE/realm/","jwks_uri":"BASE/keys"}`, ""},
		{"of another issuer", `{"issuer":"BASE/other","jwks_uri":"BASE/keys"}`, CodeUnavailable},
		{"without the slash", `{"issuer":"BASE/realm","jwks_uri":"BASE/keys"}`, CodeUnavailable},
		{"keys in the clear", `{"issuer":"BASE/realm/","jwks_uri":"http://keys.example/"}`, CodeUnavailable},
		{"keys in a file", `{"issuer":"BASE/realm/","jwks_uri":"file:///etc/passwd"}`, CodeUnavailable},
		{"no keys", `{"issuer":"BASE/realm/"}`, CodeUnavailable},
		{"not JSON", `<html>`, CodeUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			keys = 0
			document = func(base string) string { return strings.ReplaceAll(test.document, "BASE", base) }
			c := newClock()
			name := server.URL + "/realm/"
			a := newTestAuthenticator(t, c, Issuer{Issuer: name, Audiences: []string{testAudience}, Discovery: true})
			token := signed(jwt.SigningMethodES256, ecKey(), kid("ec"), claims(c, map[string]any{"iss": name}))
			if test.code == "" {
				wantSubject(t, a, token, "alice")
				return
			}
			_, err := a.Authenticate(t.Context(), token)
			wantCode(t, err, test.code)
			if keys != 0 {
				t.Error("keys were fetched")
			}
		})
	}
}

func TestKeySetsAreFiltered(t *testing.T) {
	small := must(rsa.GenerateKey(rand.Reader, 1024))
	p521 := must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	with := func(key jose.JSONWebKey, changes map[string]any) json.RawMessage {
		members := map[string]any{}
		if err := json.Unmarshal(must(json.Marshal(key)), &members); err != nil {
			t.Fatal(err)
		}
		maps.Copy(members, changes)
		return must(json.Marshal(members))
	}
	ec := jwk("k", "", ecKey().Public())
	for _, test := range []struct {
		name string
		key  json.RawMessage
		fits string // algorithms
	}{
		{"RSA", with(jwk("k", "", rsaKey().Public()), nil), "RS256 PS256"},
		{"RSA for one algorithm", with(jwk("k", "PS256", rsaKey().Public()), nil), "PS256"},
		{"RSA for an algorithm that is not ours", with(jwk("k", "RS512", rsaKey().Public()), nil), ""},
		{"RSA that is short", with(jwk("k", "", small.Public()), nil), ""},
		{"P-256", with(ec, nil), "ES256"},
		{"P-256 that says ES384", with(ec, map[string]any{"alg": "ES384"}), ""},
		{"P-256 that says RS256", with(ec, map[string]any{"alg": "RS256"}), ""},
		{"P-256 that says HS256", with(ec, map[string]any{"alg": "HS256"}), ""},
		{"P-256 that says P-384", with(ec, map[string]any{"crv": "P-384"}), ""},
		{"P-256 off the curve", with(ec, map[string]any{"y": "AAAA"}), ""},
		{"P-384", with(jwk("k", "", ec384Key().Public()), nil), "ES384"},
		{"P-521", with(jwk("k", "", p521.Public()), nil), ""},
		{"Ed25519", with(jwk("k", "Ed25519", edKey().Public()), nil), "EdDSA"},
		{"for encryption", with(ec, map[string]any{"use": "enc"}), ""},
		{"for signing only", with(ec, map[string]any{"key_ops": []string{"sign"}}), ""},
		{"for checking", with(ec, map[string]any{"key_ops": []string{"verify"}}), "ES256"},
		{"with a certificate that can not be read", with(ec, map[string]any{"x5c": []string{"AAAA"}, "x5t": "AA"}), "ES256"},
		{"secret", json.RawMessage(`{"kty":"oct","k":"AAAA","kid":"k"}`), ""},
		{"private", with(jose.JSONWebKey{Key: ecKey(), KeyID: "k"}, nil), ""},
		{"of an unknown kind", json.RawMessage(`{"kty":"XYZ","kid":"k"}`), ""},
		{"of no kind", json.RawMessage(`{"kid":"k"}`), ""},
		{"no object", json.RawMessage(`[]`), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			good := jwk("good", "", edKey().Public())
			set, err := parseKeySet([]byte(`{"keys":[` + string(test.key) + `,` + string(must(json.Marshal(good))) + `]}`))
			if err != nil {
				t.Fatal(err)
			}
			var fits []string
			for _, algorithm := range append(asymmetric(), "HS256", "RS512", "ES512") {
				if keys, _ := set.find("k", algorithm); len(keys) > 0 {
					fits = append(fits, algorithm)
				}
			}
			if got := strings.Join(fits, " "); got != test.fits {
				t.Errorf("fits %q, want %q", got, test.fits)
			}
			if keys, _ := set.find("good", "EdDSA"); len(keys) != 1 {
				t.Error("the good key beside it is lost")
			}
		})
	}
}

func TestTooManyKeysAreRefused(t *testing.T) {
	var keys []jose.JSONWebKey
	for i := range maxKeys + 1 {
		keys = append(keys, jwk(fmt.Sprint(i), "", edKey().Public()))
	}
	if _, err := parseKeySet(jwks(keys...)); err == nil {
		t.Error("accepted")
	}
	if _, err := parseKeySet(jwks(keys[1:]...)); err != nil {
		t.Error(err)
	}
}

func TestConfigurationIsChecked(t *testing.T) {
	c := newClock()
	base := Issuer{Issuer: testIssuer, Audiences: []string{testAudience}}
	with := func(change func(*Issuer)) []Issuer {
		issuer := base
		change(&issuer)
		return []Issuer{issuer}
	}
	secret := func() ([]byte, error) { return testSecret, nil }
	for name, issuers := range map[string][]Issuer{
		"no issuer":               nil,
		"no source of keys":       {base},
		"secret and JWKS":         with(func(i *Issuer) { i.Secret, i.JWKS = secret, allKeys() }),
		"JWKS and discovery":      with(func(i *Issuer) { i.JWKS, i.Discovery = allKeys(), true }),
		"no audience":             with(func(i *Issuer) { i.JWKS, i.Audiences = allKeys(), nil }),
		"empty audience":          with(func(i *Issuer) { i.JWKS, i.Audiences = allKeys(), []string{""} }),
		"no name":                 with(func(i *Issuer) { i.JWKS, i.Issuer = allKeys(), "" }),
		"name with a bar":         with(func(i *Issuer) { i.JWKS, i.Issuer = allKeys(), "a|b" }),
		"none":                    with(func(i *Issuer) { i.JWKS, i.Algorithms = allKeys(), []string{"none"} }),
		"HS256 with JWKS":         with(func(i *Issuer) { i.JWKS, i.Algorithms = allKeys(), []string{"RS256", "HS256"} }),
		"RS256 with a secret":     with(func(i *Issuer) { i.Secret, i.Algorithms = secret, []string{"RS256"} }),
		"short secret":            with(func(i *Issuer) { i.Secret = func() ([]byte, error) { return testSecret[:31], nil } }),
		"unreadable secret":       with(func(i *Issuer) { i.Secret = func() ([]byte, error) { return nil, errors.New("gone") } }),
		"empty JWKS":              with(func(i *Issuer) { i.JWKS = json.RawMessage(`{"keys":[]}`) }),
		"keys in the clear":       with(func(i *Issuer) { i.JWKSURL = "http://issuer.example/keys" }),
		"keys in a file":          with(func(i *Issuer) { i.JWKSURL = "file:///keys" }),
		"password in the address": with(func(i *Issuer) { i.JWKSURL = "https://user:test-password@issuer.example/keys" }),
		"discovery of a word":     with(func(i *Issuer) { i.Discovery, i.Issuer = true, "issuer" }),
		"long leeway":             with(func(i *Issuer) { i.JWKS, i.Leeway = allKeys(), time.Hour }),
		"negative leeway":         with(func(i *Issuer) { i.JWKS, i.Leeway = allKeys(), -time.Second }),
		"twice":                   {staticIssuer(), staticIssuer()},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewAuthenticator(Options{Issuers: issuers, Now: c.now, Transport: http.DefaultTransport}); err == nil {
				t.Error("accepted")
			}
		})
	}
	plain := with(func(i *Issuer) { i.JWKSURL, i.PlainHTTP = "http://issuer.example/keys", true })
	if _, err := NewAuthenticator(Options{Issuers: plain, Now: c.now, Transport: http.DefaultTransport}); err != nil {
		t.Error(err)
	}
	if _, err := NewAuthenticator(Options{Issuers: plain, Now: c.now}); err == nil {
		t.Error("accepted without a transport")
	}
	if _, err := NewAuthenticator(Options{Issuers: []Issuer{staticIssuer()}}); err == nil {
		t.Error("accepted without a clock")
	}
}
