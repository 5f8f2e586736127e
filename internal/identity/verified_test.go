package identity

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func TestVerifiedTokensNeverOutliveExp(t *testing.T) {
	c := newClock()
	a := newTestAuthenticator(t, c, staticIssuer())
	for _, lifetime := range []time.Duration{time.Second, 20 * time.Second, recheckAfter, time.Hour} {
		exp := c.now().Add(lifetime)
		token := signed(jwt.SigningMethodES256, ecKey(), kid("ec"), claims(c, map[string]any{"exp": exp.Unix(), "jti": rand.Text()}))
		key := keyOf(token)
		wantSubject(t, a, token, "alice")
		if a.verified.get(key, exp.Add(-time.Nanosecond)) == nil && lifetime <= recheckAfter {
			t.Errorf("%s: forgotten before exp", lifetime)
		}
		wantSubject(t, a, token, "alice")
		if a.verified.get(key, exp) != nil {
			t.Errorf("%s: believed at exp", lifetime)
		}

		c.advance(lifetime + 29*time.Second)
		wantSubject(t, a, token, "alice") // leeway: checked, not remembered
		if _, ok := a.verified.entries[key]; ok {
			t.Errorf("%s: remembered after exp", lifetime)
		}
		c.advance(time.Second)
		_, err := a.Authenticate(t.Context(), token)
		wantCode(t, err, CodeInvalid)
	}
}

func TestVerifiedTokensAreNotCheckedAgain(t *testing.T) {
	c := newClock()
	secret, reads := testSecret, 0
	a := newTestAuthenticator(t, c, Issuer{Issuer: testIssuer, Audiences: []string{testAudience}, Secret: func() ([]byte, error) {
		reads++
		return secret, nil
	}})
	token := signed(jwt.SigningMethodHS256, testSecret, nil, claims(c, nil))
	first := wantSubject(t, a, token, "alice")
	before := reads
	for range 10 {
		if wantSubject(t, a, token, "alice") != first {
			t.Fatal("another principal for the same token")
		}
	}
	if reads != before {
		t.Errorf("checked %d times more", reads-before)
	}

	// A changed secret is believed for a minute at most.
	secret = []byte("test-another-secret-of-32-bytes!")
	c.advance(recheckAfter - time.Second)
	wantSubject(t, a, token, "alice")
	c.advance(time.Second)
	_, err := a.Authenticate(t.Context(), token)
	wantCode(t, err, CodeInvalid)
}

func TestVerifiedTokensAreBounded(t *testing.T) {
	c := newClock()
	v := newVerifiedTokens()
	exp := c.now().Add(time.Hour)
	busy := keyOf("busy")
	v.put(busy, &Principal{Subject: "busy"}, c.now(), exp)
	for i := range 3 * maxVerified {
		v.put(keyOf(fmt.Sprint(i)), &Principal{}, c.now(), exp)
		if v.get(busy, c.now()) == nil {
			t.Fatalf("the busiest token was put out after %d others", i)
		}
	}
	if v.recent.Len() != maxVerified || len(v.entries) != maxVerified {
		t.Errorf("%d and %d entries, want %d", v.recent.Len(), len(v.entries), maxVerified)
	}
	v.put(busy, &Principal{Subject: "again"}, c.now(), exp)
	if got := v.get(busy, c.now()); got == nil || got.Subject != "again" || v.recent.Len() != maxVerified {
		t.Error("an entry can not be replaced")
	}
	if v.get(busy, c.now().Add(-time.Second)) != nil {
		t.Error("believed although the clock was set back")
	}
}

func TestManyCallersAtOnce(t *testing.T) {
	c := newClock()
	server := newKeyServer(t, allKeys())
	a, err := NewAuthenticator(Options{
		Issuers: []Issuer{server.issuer()}, Now: c.now, Transport: &http.Transport{DisableKeepAlives: true},
		Bindings: []Binding{{Groups: []string{"ops"}, Roles: []string{"viewer"}, Providers: []string{"ibm"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	tokens := make([]string, 8)
	for i := range tokens {
		tokens[i] = signed(jwt.SigningMethodES256, ecKey(), kid("ec"), claims(c, map[string]any{"sub": fmt.Sprint("user-", i)}))
	}
	bad := signed(jwt.SigningMethodES256, ecKey(), kid("unknown"), claims(c, nil))
	var callers sync.WaitGroup
	for n := range 16 {
		callers.Go(func() {
			for i := range 200 {
				who := (n + i) % len(tokens)
				p, err := a.Authenticate(t.Context(), tokens[who])
				if err != nil || p.Subject != fmt.Sprint("user-", who) {
					t.Errorf("user %d is %+v, %v", who, p, err)
					return
				}
				if !slices.Contains(p.Verbs(Connection{Provider: "ibm"}), BackupsRead) || p.Sees(Connection{Provider: "clumio"}) {
					t.Error("grants are wrong")
				}
				if i%20 == 0 {
					if _, err := a.Authenticate(t.Context(), bad); err == nil {
						t.Error("accepted")
					}
					c.advance(time.Second)
				}
			}
		})
	}
	callers.Wait()
	settle(a)
}

func BenchmarkAuthenticate(b *testing.B) {
	c := newClock()
	a := newTestAuthenticator(b, c, staticIssuer())
	token := signed(jwt.SigningMethodES256, ecKey(), kid("ec"), claims(c, nil))
	b.Run("hot", func(b *testing.B) {
		for b.Loop() {
			if _, err := a.Authenticate(b.Context(), token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			a.verified = newVerifiedTokens()
			if _, err := a.Authenticate(b.Context(), token); err != nil {
				b.Fatal(err)
			}
		}
	})
}
