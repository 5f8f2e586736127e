package identity

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha512"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

func TestGoodTokensOfEveryAlgorithm(t *testing.T) {
	c := newClock()
	a := newTestAuthenticator(t, c, staticIssuer())
	for name, token := range map[string]string{
		"RS256":             signed(jwt.SigningMethodRS256, rsaKey(), kid("rsa"), claims(c, nil)),
		"PS256":             signed(jwt.SigningMethodPS256, rsaKey(), kid("rsa"), claims(c, nil)),
		"ES256":             signed(jwt.SigningMethodES256, ecKey(), kid("ec"), claims(c, nil)),
		"ES384":             signed(jwt.SigningMethodES384, ec384Key(), kid("ec384"), claims(c, nil)),
		"EdDSA":             signed(jwt.SigningMethodEdDSA, edKey(), kid("ed"), claims(c, nil)),
		"no kid":            signed(jwt.SigningMethodES256, ecKey(), nil, claims(c, nil)),
		"no typ":            signed(jwt.SigningMethodES256, ecKey(), map[string]any{"typ": nil}, claims(c, nil)),
		"access token typ":  signed(jwt.SigningMethodES256, ecKey(), map[string]any{"typ": "application/AT+JWT"}, claims(c, nil)),
		"several audiences": signed(jwt.SigningMethodES256, ecKey(), nil, claims(c, map[string]any{"aud": []string{"other", testAudience}})),
		"within leeway":     signed(jwt.SigningMethodES256, ecKey(), nil, claims(c, map[string]any{"exp": c.now().Add(-29 * time.Second).Unix()})),
		"nbf within leeway": signed(jwt.SigningMethodES256, ecKey(), nil, claims(c, map[string]any{"nbf": c.now().Add(29 * time.Second).Unix()})),
	} {
		t.Run(name, func(t *testing.T) {
			p := wantSubject(t, a, token, "alice")
			if diff := cmp.Diff([]string{"dev", "ops"}, p.Groups); diff != "" {
				t.Error(diff)
			}
			if p.ID() != testIssuer+"|alice" {
				t.Errorf("ID is %q", p.ID())
			}
		})
	}
}

type attack struct{ name, token, code string }

// attacks are tokens that must never be accepted by an authenticator for
// staticIssuer.
func attacks(c *clock) []attack {
	es := jwt.SigningMethodES256
	ec := ecKey()
	good := signed(es, ec, kid("ec"), claims(c, nil))
	parts := strings.Split(good, ".")
	with := func(changes map[string]any) string { return signed(es, ec, kid("ec"), claims(c, changes)) }
	headed := func(header map[string]any) string { return signed(es, ec, header, claims(c, nil)) }
	raw := func(header, body string) string { return signedRaw(es, ec, header, body) }
	none := func(alg string) string {
		return segment(`{"alg":"`+alg+`","typ":"JWT"}`) + "." + parts[1] + "."
	}
	body := string(must(jwt.NewParser().DecodeSegment(parts[1])))
	header := `{"alg":"ES256","kid":"ec"}`
	spki := must(x509.MarshalPKIXPublicKey(rsaKey().Public()))
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})
	thief := otherRSA()
	brought := jose.JSONWebKey{Key: thief.Public(), KeyID: "rsa"}
	hour := func(h int) int64 { return c.now().Add(time.Duration(h) * time.Hour).Unix() }
	list := []attack{
		{"nothing", "", CodeMissing},
		{"alg none", none("none"), ""},
		{"alg None", none("None"), ""},
		{"alg NONE with a signature", none("NONE") + parts[2], ""},
		{"alg empty", none(""), ""},
		{"alg missing", raw(`{"typ":"JWT"}`, body), ""},
		{"alg a number", raw(`{"alg":1}`, body), ""},
		{"alg a list", raw(`{"alg":["ES256"]}`, body), ""},
		{"alg in other case", raw(`{"alg":"es256","kid":"ec"}`, body), ""},
		{"signature taken off", parts[0] + "." + parts[1] + ".", ""},
		{"HS256 with the RSA key as PEM", signed(jwt.SigningMethodHS256, publicPEM, kid("rsa"), claims(c, nil)), ""},
		{"HS256 with the RSA key as DER", signed(jwt.SigningMethodHS256, spki, kid("rsa"), claims(c, nil)), ""},
		{"HS256 with the key set", signed(jwt.SigningMethodHS256, []byte(allKeys()), kid("rsa"), claims(c, nil)), ""},
		{"HS256 with the empty key", signed(jwt.SigningMethodHS256, []byte{}, nil, claims(c, nil)), ""},
		{"an algorithm that is not listed", signed(jwt.SigningMethodRS512, rsaKey(), kid("rsa"), claims(c, nil)), ""},
		{"RS256 with another key", signed(jwt.SigningMethodRS256, thief, kid("rsa"), claims(c, nil)), ""},
		{"jwk in the header", signed(jwt.SigningMethodRS256, thief, map[string]any{"kid": "rsa", "jwk": brought}, claims(c, nil)), ""},
		{"jwk and a kid of its own", signed(jwt.SigningMethodRS256, thief, map[string]any{"kid": "mine", "jwk": brought}, claims(c, nil)), ""},
		{"x5c in the header", signed(jwt.SigningMethodRS256, thief, map[string]any{"x5c": []string{"MIIB"}}, claims(c, nil)), ""},
		{"kid with a path", headed(kid("../../../dev/null")), ""},
		{"kid with SQL", headed(kid("ec' OR '1'='1")), ""},
		{"kid with a URL", headed(kid("https://evil.example/key")), ""},
		{"kid empty", headed(kid("")), ""},
		{"kid a number", headed(map[string]any{"kid": 1}), ""},
		{"kid null", raw(`{"alg":"ES256","kid":null}`, body), ""},
		{"kid of a key of another kind", headed(kid("rsa")), ""},
		{"kid of a key on another curve", headed(kid("ec384")), ""},
		{"typ of a logout token", headed(map[string]any{"typ": "logout+jwt"}), ""},
		{"typ of a proof of possession", headed(map[string]any{"typ": "dpop+jwt"}), ""},
		{"typ not text", headed(map[string]any{"typ": true}), ""},
		{"crit unknown", headed(map[string]any{"crit": []string{"x"}, "x": 1}), ""},
		{"crit empty", headed(map[string]any{"crit": []string{}}), ""},
		{"crit null", raw(`{"alg":"ES256","kid":"ec","crit":null}`, body), ""},
		{"b64 false", headed(map[string]any{"b64": false}), ""},
		{"expired", with(map[string]any{"exp": hour(-1)}), ""},
		{"expired at the end of the leeway", with(map[string]any{"exp": c.now().Add(-30 * time.Second).Unix()}), ""},
		{"exp missing", with(map[string]any{"exp": nil}), ""},
		{"exp null", raw(header, `{"iss":"`+testIssuer+`","aud":"`+testAudience+`","sub":"alice","exp":null}`), ""},
		{"exp zero", with(map[string]any{"exp": 0}), ""},
		{"exp negative", with(map[string]any{"exp": -1}), ""},
		{"exp text", with(map[string]any{"exp": "9999999999"}), ""},
		{"exp in another age", with(map[string]any{"exp": maxSeconds + 1}), ""},
		{"exp beyond time", with(map[string]any{"exp": 1e300}), ""},
		{"exp beyond numbers", raw(header, `{"iss":"`+testIssuer+`","aud":"`+testAudience+`","sub":"alice","exp":1e999}`), ""},
		{"nbf in the future", with(map[string]any{"nbf": hour(1)}), ""},
		{"nbf negative", with(map[string]any{"nbf": -1}), ""},
		{"nbf text", with(map[string]any{"nbf": "0"}), ""},
		{"iat in the future", with(map[string]any{"iat": hour(1)}), ""},
		{"audience of others", with(map[string]any{"aud": "other"}), ""},
		{"audience in other case", with(map[string]any{"aud": "Switchback"}), ""},
		{"audience as a part", with(map[string]any{"aud": testAudience + " other"}), ""},
		{"audience missing", with(map[string]any{"aud": nil}), ""},
		{"audience empty", with(map[string]any{"aud": []string{}}), ""},
		{"audience an object", with(map[string]any{"aud": map[string]any{testAudience: true}}), ""},
		{"issuer missing", with(map[string]any{"iss": nil}), ""},
		{"issuer empty", with(map[string]any{"iss": ""}), ""},
		{"issuer of others", with(map[string]any{"iss": "https://evil.example"}), ""},
		{"issuer with a slash", with(map[string]any{"iss": testIssuer + "/"}), ""},
		{"issuer a list", with(map[string]any{"iss": []string{testIssuer}}), ""},
		{"issuer in other case", raw(header, strings.Replace(body, `"iss"`, `"ISS"`, 1)), ""},
		{"subject missing", with(map[string]any{"sub": nil}), ""},
		{"subject empty", with(map[string]any{"sub": ""}), ""},
		{"subject a number", with(map[string]any{"sub": 1}), ""},
		{"subject with a line break", with(map[string]any{"sub": "alice\nadmin"}), ""},
		{"subject half a character", raw(header, strings.Replace(body, "alice", `alice\ud800`, 1)), ""},
		{"subject too long", with(map[string]any{"sub": strings.Repeat("a", maxSubjectBytes+1)}), ""},
		{"claims not UTF-8", raw(header, strings.Replace(body, "ops", "ops\xff", 1)), ""},
		{"claim given twice", raw(header, `{"sub":"admin",`+body[1:]), ""},
		{"claim given twice inside", raw(header, `{"act":{"sub":"a","sub":"b"},`+body[1:]), ""},
		{"header given twice", raw(`{"alg":"none","alg":"ES256","kid":"ec"}`, body), ""},
		{"claims a list", raw(header, `[`+body+`]`), ""},
		{"claims null", raw(header, `null`), ""},
		{"claims with more behind", raw(header, body+body), ""},
		{"claims deep", raw(header, `{"a":`+strings.Repeat("[", 3000)+strings.Repeat("]", 3000)+`,`+body[1:]), ""},
		{"header null", raw(`null`, body), ""},
		{"header empty", "." + parts[1] + "." + parts[2], ""},
		{"nested", signed(es, ec, map[string]any{"kid": "ec", "cty": "JWT"}, map[string]any{"jwt": good}), ""},
		{"nested as text", raw(`{"alg":"ES256","kid":"ec","cty":"JWT"}`, `"`+good+`"`), ""},
		{"nested bare", raw(`{"alg":"ES256","kid":"ec","cty":"JWT"}`, good), ""},
		{"encrypted", strings.Repeat(segment(`{"alg":"dir","enc":"A256GCM"}`)+".", 4) + "AAAA", ""},
		{"JSON serialization", `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, ""},
		{"oversized", good + strings.Repeat("A", maxTokenBytes), ""},
		{"oversized and properly signed", with(map[string]any{"pad": strings.Repeat("a", maxTokenBytes)}), ""},
		{"four parts", good + ".", ""},
		{"two parts", parts[0] + "." + parts[1], ""},
		{"only dots", "..", ""},
		{"space before", " " + good, ""},
		{"space after", good + " ", ""},
		{"line break after", good + "\n", ""},
		{"line break inside", good[:40] + "\r\n" + good[40:], ""},
		{"line break in the signature", good[:len(good)-8] + "\n" + good[len(good)-8:], ""},
		{"the word Bearer", "Bearer " + good, ""},
		{"unused bits of the signature", good[:len(good)-1] + nextLetter(good[len(good)-1]), ""},
		{"null byte", good + "\x00", ""},
		{"padding", good + "==", ""},
		{"standard base64", strings.NewReplacer("-", "+", "_", "/").Replace(good) + "+/", ""},
		{"other claims, old signature", parts[0] + "." + segment(strings.Replace(body, "alice", "admin", 1)) + "." + parts[2], ""},
		{"other header, old signature", segment(`{"alg":"ES256","kid":"ec","typ":"JWT","a":1}`) + "." + parts[1] + "." + parts[2], ""},
		{"psychic signature", parts[0] + "." + parts[1] + "." + segment(strings.Repeat("\x00", 64)), ""},
		{"short zero signature", parts[0] + "." + parts[1] + "." + segment("\x00"), ""},
		{"signature of the group's order", parts[0] + "." + parts[1] + "." + segment(string(ec.Params().N.Bytes())+string(ec.Params().N.Bytes())), ""},
		{"zero EdDSA signature", segment(`{"alg":"EdDSA","kid":"ed"}`) + "." + parts[1] + "." + segment(strings.Repeat("\x00", ed25519.SignatureSize)), ""},
		{"zero RSA signature", segment(`{"alg":"RS256","kid":"rsa"}`) + "." + parts[1] + "." + segment(strings.Repeat("\x00", 256)), ""},
		{"ES384 with the P-256 key", confused(c), ""},
		{"ES256 with the P-384 key", segment(`{"alg":"ES256","kid":"ec384"}`) + "." + parts[1] + "." + parts[2], ""},
	}
	for cut := 1; cut < len(good); cut += 37 {
		list = append(list, attack{"truncated", good[:cut], ""})
	}
	return list
}

// nextLetter differs only in bits that a lenient decoder throws away: the last
// letter of 64 bytes carries two bits.
func nextLetter(letter byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, letter)+1:][:1]
}

// confused says ES384 and is signed with the P-256 key that it names. golang-jwt
// does not look at the curve when it checks: this one is valid to it.
func confused(c *clock) string {
	text := segment(`{"alg":"ES384","kid":"ec"}`) + "." + segment(string(must(json.Marshal(claims(c, nil)))))
	digest := sha512.Sum384([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, ecKey(), digest[:])
	if err != nil {
		panic(err)
	}
	signature := append(r.FillBytes(make([]byte, 48)), s.FillBytes(make([]byte, 48))...)
	if err := jwt.SigningMethodES384.Verify(text, signature, ecKey().Public()); err != nil {
		panic("golang-jwt checks the curve now: " + err.Error())
	}
	return text + "." + segment(string(signature))
}

func TestAttacksAreRefused(t *testing.T) {
	c := newClock()
	a := newTestAuthenticator(t, c, staticIssuer())
	for _, attack := range attacks(c) {
		t.Run(attack.name, func(t *testing.T) {
			p, err := a.Authenticate(t.Context(), attack.token)
			if p != nil {
				t.Fatal("accepted")
			}
			if attack.code == "" {
				attack.code = CodeInvalid
			}
			wantCode(t, err, attack.code)
			for _, secret := range []string{"evil", "alice", "' OR '", "dev/null"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error repeats the token: %v", err)
				}
			}
		})
	}
	if a.verified.recent.Len() != 0 {
		t.Error("a refused token is remembered")
	}
}

// Headers that name keys are harmless when the signature is the issuer's, and
// nobody must call the address in them.
func TestAddressesInHeadersAreNotCalled(t *testing.T) {
	c := newClock()
	evil := newKeyServer(t, jwks(jwk("mine", "", otherRSA().Public())))
	issuer := newKeyServer(t, allKeys())
	a := newTestAuthenticator(t, c, issuer.issuer())
	for _, name := range []string{"jku", "x5u"} {
		token := signed(jwt.SigningMethodRS256, otherRSA(), map[string]any{"kid": "mine", name: evil.URL}, claims(c, nil))
		_, err := a.Authenticate(t.Context(), token)
		wantCode(t, err, CodeInvalid)
		wantSubject(t, a, signed(jwt.SigningMethodRS256, rsaKey(), map[string]any{"kid": "rsa", name: evil.URL}, claims(c, nil)), "alice")
	}
	if evil.count() != 0 {
		t.Errorf("the address in the token was called %d times", evil.count())
	}
}

func TestIssuersDoNotVouchForEachOther(t *testing.T) {
	c := newClock()
	second := Issuer{Issuer: "https://second.example", Audiences: []string{testAudience}, JWKS: jwks(jwk("rsa", "", otherRSA().Public()))}
	development := Issuer{Issuer: "development", Audiences: []string{testAudience}, Secret: func() ([]byte, error) { return testSecret, nil }}
	a := newTestAuthenticator(t, c, staticIssuer(), second, development)
	as := func(issuer string) map[string]any { return claims(c, map[string]any{"iss": issuer}) }
	wantSubject(t, a, signed(jwt.SigningMethodRS256, otherRSA(), kid("rsa"), as(second.Issuer)), "alice")
	wantSubject(t, a, signed(jwt.SigningMethodHS256, testSecret, nil, as("development")), "alice")
	for name, token := range map[string]string{
		"second's key for the first":      signed(jwt.SigningMethodRS256, otherRSA(), kid("rsa"), as(testIssuer)),
		"first's key for the second":      signed(jwt.SigningMethodRS256, rsaKey(), kid("rsa"), as(second.Issuer)),
		"the secret for the first":        signed(jwt.SigningMethodHS256, testSecret, nil, as(testIssuer)),
		"RS256 for the secret":            signed(jwt.SigningMethodRS256, rsaKey(), nil, as("development")),
		"HS512 for the secret":            signed(jwt.SigningMethodHS512, testSecret, nil, as("development")),
		"none for the secret":             segment(`{"alg":"none"}`) + "." + segment(string(must(json.Marshal(as("development"))))) + ".",
		"another secret of the same size": signed(jwt.SigningMethodHS256, []byte(strings.Repeat("x", 32)), nil, as("development")),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := a.Authenticate(t.Context(), token)
			wantCode(t, err, CodeInvalid)
		})
	}
}

func TestAlgorithmsCanBeNarrowed(t *testing.T) {
	c := newClock()
	issuer := staticIssuer()
	issuer.Algorithms = []string{"ES256"}
	a := newTestAuthenticator(t, c, issuer)
	wantSubject(t, a, signed(jwt.SigningMethodES256, ecKey(), kid("ec"), claims(c, nil)), "alice")
	_, err := a.Authenticate(t.Context(), signed(jwt.SigningMethodRS256, rsaKey(), kid("rsa"), claims(c, nil)))
	wantCode(t, err, CodeInvalid)
}

func TestRequireTypeAsksForTheWholeProfile(t *testing.T) {
	c := newClock()
	issuer := staticIssuer()
	issuer.RequireType = "at+jwt"
	a := newTestAuthenticator(t, c, issuer)
	profile := map[string]any{"client_id": "portal", "jti": "1"}
	for _, test := range []struct {
		name  string
		typ   any
		lacks string
		ok    bool
	}{
		{"complete", "at+jwt", "", true},
		{"long form", "application/at+jwt", "", true},
		{"an ID token", "JWT", "", false},
		{"no typ", nil, "", false},
		{"no client_id", "at+jwt", "client_id", false},
		{"no jti", "at+jwt", "jti", false},
		{"no iat", "at+jwt", "iat", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := claims(c, profile)
			maps.DeleteFunc(body, func(name string, _ any) bool { return name == test.lacks })
			_, err := a.Authenticate(t.Context(), signed(jwt.SigningMethodES256, ecKey(), map[string]any{"kid": "ec", "typ": test.typ}, body))
			if test.ok && err != nil {
				t.Fatal(err)
			}
			if !test.ok {
				wantCode(t, err, CodeInvalid)
			}
		})
	}
}

func TestGroupsClaims(t *testing.T) {
	for _, test := range []struct {
		claim string
		body  map[string]any
		want  []string
	}{
		{"groups", map[string]any{"groups": []any{"a", 1.0, "", "b", nil}}, []string{"a", "b"}},
		{"groups", map[string]any{"groups": "a"}, []string{"a"}},
		{"groups", map[string]any{"groups": map[string]any{"a": true}}, nil},
		{"groups", nil, nil},
		{"https://issuer.example/groups", map[string]any{"https://issuer.example/groups": []any{"a"}}, []string{"a"}},
		{"/realm_access/roles", map[string]any{"realm_access": map[string]any{"roles": []any{"a"}}}, []string{"a"}},
		{"/realm_access/roles", map[string]any{"realm_access": []any{"a"}}, nil},
		{"/a~1b", map[string]any{"a/b": "a"}, []string{"a"}},
	} {
		if diff := cmp.Diff(test.want, groupsOf(test.body, test.claim)); diff != "" {
			t.Errorf("%s of %v: %s", test.claim, test.body, diff)
		}
	}
}

func TestBearerToken(t *testing.T) {
	for _, test := range []struct {
		headers []string
		token   string
		code    string
	}{
		{[]string{"Bearer abc"}, "abc", ""},
		{[]string{"bearer  abc"}, "abc", ""},
		{nil, "", CodeMissing},
		{[]string{""}, "", CodeMissing},
		{[]string{"Bearer"}, "", CodeMissing},
		{[]string{"Bearer "}, "", CodeMissing},
		{[]string{"Basic abc"}, "", CodeMissing},
		{[]string{"Bearer abc", "Bearer abc"}, "", CodeInvalid},
	} {
		token, err := BearerToken(http.Header{"Authorization": test.headers})
		if token != test.token {
			t.Errorf("%q: token %q", test.headers, token)
		}
		if test.code != "" {
			wantCode(t, err, test.code)
		} else if err != nil {
			t.Errorf("%q: %v", test.headers, err)
		}
	}
}

func TestDevelopmentTokens(t *testing.T) {
	c := newClock()
	secret := testSecret
	issuer := Issuer{
		Issuer: "development", Audiences: []string{testAudience}, RequireType: "at+jwt",
		Secret: func() ([]byte, error) {
			if secret == nil {
				return nil, errors.New("gone")
			}
			return secret, nil
		},
	}
	a := newTestAuthenticator(t, c, issuer)
	good := DevelopmentClaims{Subject: "alice", Groups: []string{"ops"}, Issuer: "development", Audience: testAudience, Lifetime: time.Minute}
	token, err := SignDevelopment(testSecret, good, c.now())
	if err != nil {
		t.Fatal(err)
	}
	if p := wantSubject(t, a, token, "alice"); len(p.Groups) != 1 || p.Groups[0] != "ops" {
		t.Errorf("groups %q", p.Groups)
	}
	secret = nil
	_, err = a.Authenticate(t.Context(), must(SignDevelopment(testSecret, good, c.now())))
	wantCode(t, err, CodeUnavailable)
	for name, sign := range map[string]func(DevelopmentClaims) (string, error){
		"short secret": func(d DevelopmentClaims) (string, error) { return SignDevelopment(testSecret[1:], d, c.now()) },
		"no subject": func(d DevelopmentClaims) (string, error) {
			d.Subject = ""
			return SignDevelopment(testSecret, d, c.now())
		},
		"no lifetime": func(d DevelopmentClaims) (string, error) {
			d.Lifetime = 0
			return SignDevelopment(testSecret, d, c.now())
		},
	} {
		if _, err := sign(good); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}
