package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
)

const (
	testIssuer   = "https://issuer.example"
	testAudience = "switchback"
)

var testSecret = []byte("test-secret-of-thirty-two-bytes!")

// Keys are slow to make and never change.
var (
	rsaKey   = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	otherRSA = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	ecKey    = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	ec384Key = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)) })
	edKey    = sync.OnceValue(func() ed25519.PrivateKey {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return must(key, err)
	})
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// clock is the injected time.
type clock struct{ nanos atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.nanos.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.nanos.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.nanos.Add(int64(d)) }

func jwk(kid, alg string, key crypto.PublicKey) jose.JSONWebKey {
	return jose.JSONWebKey{Key: key, KeyID: kid, Algorithm: alg, Use: "sig"}
}

func jwks(keys ...jose.JSONWebKey) json.RawMessage {
	return must(json.Marshal(jose.JSONWebKeySet{Keys: keys}))
}

// allKeys is a set with one key of every kind.
func allKeys() json.RawMessage {
	return jwks(
		jwk("rsa", "", rsaKey().Public()), jwk("ec", "", ecKey().Public()),
		jwk("ec384", "", ec384Key().Public()), jwk("ed", "", edKey().Public()),
	)
}

// claims are good ones with changes; a nil value takes a claim out.
func claims(c *clock, changes map[string]any) map[string]any {
	all := map[string]any{
		"iss": testIssuer, "aud": testAudience, "sub": "alice", "groups": []string{"ops", "dev"},
		"iat": c.now().Unix(), "exp": c.now().Add(time.Hour).Unix(),
	}
	maps.Copy(all, changes)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	return all
}

// signed makes a token with any header and any claims.
func signed(method jwt.SigningMethod, key any, header map[string]any, claims map[string]any) string {
	return signedRaw(method, key, string(must(json.Marshal(withAlg(method, header)))), string(must(json.Marshal(claims))))
}

func withAlg(method jwt.SigningMethod, header map[string]any) map[string]any {
	all := map[string]any{"alg": method.Alg(), "typ": "JWT"}
	maps.Copy(all, header)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	return all
}

func signedRaw(method jwt.SigningMethod, key any, header, claims string) string {
	text := segment(header) + "." + segment(claims)
	return text + "." + segment(string(must(method.Sign(text, key))))
}

func segment(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func kid(name string) map[string]any { return map[string]any{"kid": name} }

// keyServer is the issuer's side: it serves whatever it was last told.
type keyServer struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	body   []byte
	calls  int
}

func newKeyServer(t *testing.T, body []byte) *keyServer {
	t.Helper()
	s := &keyServer{status: http.StatusOK, body: body}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.calls++
		w.WriteHeader(s.status)
		_, _ = w.Write(s.body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *keyServer) serve(status int, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.body = status, body
}

func (s *keyServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func (s *keyServer) issuer() Issuer {
	return Issuer{Issuer: testIssuer, Audiences: []string{testAudience}, JWKSURL: s.URL + "/keys"}
}

func newTestAuthenticator(t testing.TB, c *clock, issuers ...Issuer) *Authenticator {
	t.Helper()
	a, err := NewAuthenticator(Options{Issuers: issuers, Now: c.now, Transport: &http.Transport{DisableKeepAlives: true}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func staticIssuer() Issuer {
	return Issuer{Issuer: testIssuer, Audiences: []string{testAudience}, JWKS: allKeys()}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var token *TokenError
	if !errors.As(err, &token) {
		t.Fatalf("error is %v, want a TokenError %s", err, code)
	}
	if token.Code != code {
		t.Fatalf("code is %s (%s), want %s", token.Code, token.Detail, code)
	}
}

func wantSubject(t *testing.T, a *Authenticator, token, subject string) *Principal {
	t.Helper()
	p, err := a.Authenticate(t.Context(), token)
	if err != nil {
		t.Fatalf("refused: %v (%v)", err, errors.Unwrap(err))
	}
	if p.Subject != subject {
		t.Fatalf("subject is %q, want %q", p.Subject, subject)
	}
	return p
}

// settle waits for a fetch that runs in the background.
func settle(a *Authenticator) {
	r := a.verifiers[testIssuer].keys.(*remoteKeys)
	r.mu.Lock()
	flight := r.flight
	r.mu.Unlock()
	if flight != nil {
		<-flight
	}
}
