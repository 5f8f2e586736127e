package identity

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	strictjson "github.com/go-jose/go-jose/v4/json"
	"github.com/golang-jwt/jwt/v5"
)

const (
	maxTokenBytes   = 8 << 10
	maxSubjectBytes = 1024
	// maxSeconds is the end of the year 9999: later dates are mistakes, and
	// large floats do not survive the way into a time.
	maxSeconds = 253402300799
)

// keySource finds the keys that may have signed a token. kid is a name to look
// up and nothing else; the algorithm is already known to be allowed.
type keySource interface {
	find(ctx context.Context, kid, algorithm string) ([]jwt.VerificationKey, error)
}

// verifier checks the tokens of one issuer.
type verifier struct {
	issuer Issuer
	parser *jwt.Parser
	keys   keySource
}

// caller is what a verified token says.
type caller struct {
	subject string
	groups  []string
	expires time.Time
}

func newVerifier(issuer Issuer, o Options) (*verifier, error) {
	issuer, err := issuer.check()
	if err != nil {
		return nil, err
	}
	keys, err := newKeySource(issuer, o)
	if err != nil {
		return nil, err
	}
	return &verifier{issuer: issuer, keys: keys, parser: jwt.NewParser(
		jwt.WithValidMethods(issuer.Algorithms),
		jwt.WithIssuer(issuer.Issuer),
		jwt.WithAudience(issuer.Audiences...),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(issuer.Leeway),
		jwt.WithTimeFunc(o.Now),
		jwt.WithStrictDecoding(),
	)}, nil
}

// unverifiedIssuer reads iss to choose the issuer whose rules apply. Nothing
// else is believed before those rules have been checked. It also refuses what
// golang-jwt would let pass: members given twice (RFC 8725 section 2.4: two
// readers of one token must not see two things) and broken UTF-8.
func unverifiedIssuer(token string) (string, error) {
	parts := strings.Split(token, ".")
	// The decoder skips line breaks, and no signature covers those in itself.
	if len(parts) != 3 || strings.ContainsAny(token, "\r\n") {
		return "", invalid("the token is not a signed JWT")
	}
	var claims map[string]any
	for _, part := range parts[:2] {
		raw, err := jwt.NewParser(jwt.WithStrictDecoding()).DecodeSegment(part)
		if err != nil || !utf8.Valid(raw) {
			return "", invalid("the token is malformed")
		}
		claims = nil
		if err := strictjson.Unmarshal(raw, &claims); err != nil || claims == nil {
			return "", invalid("the token is malformed")
		}
	}
	issuer, ok := claims["iss"].(string)
	if !ok || issuer == "" {
		return "", invalid("the token does not name its issuer")
	}
	return issuer, nil
}

// verify checks the whole token by the rules of this issuer.
func (v *verifier) verify(ctx context.Context, raw string) (*caller, error) {
	claims := jwt.MapClaims{}
	_, err := v.parser.ParseWithClaims(raw, claims, func(token *jwt.Token) (any, error) {
		if err := v.checkHeader(token.Header); err != nil {
			return nil, err
		}
		if err := checkDates(claims); err != nil {
			return nil, err
		}
		kid, _ := token.Header["kid"].(string) // checkHeader: text, if there
		keys, err := v.keys.find(ctx, kid, token.Method.Alg())
		return jwt.VerificationKeySet{Keys: keys}, err
	})
	if err != nil {
		return nil, explain(err)
	}
	return v.caller(claims)
}

// checkHeader refuses headers that change what the token means. jku, x5u, jwk
// and x5c are never looked at: a token does not bring its own keys.
func (v *verifier) checkHeader(header map[string]any) error {
	// RFC 7515 section 4.1.11: we understand no extension. b64 (RFC 7797) would
	// be one, and not every signer lists it in crit.
	for _, name := range []string{"crit", "b64"} {
		if _, ok := header[name]; ok {
			return invalid("the token needs an extension that is not understood")
		}
	}
	if kid, ok := header["kid"]; ok {
		if name, text := kid.(string); !text || name == "" {
			return invalid("the token's key id is not usable")
		}
	}
	typ, text := header["typ"].(string)
	if _, given := header["typ"]; given && !text {
		return invalid("the token has the wrong type")
	}
	typ = tokenType(typ)
	// RFC 8725 section 3.11: a logout token or a proof of possession of the same
	// issuer is no access token. Without RequireType, what issuers call theirs
	// is accepted.
	accepted := []string{"", "jwt", accessTokenType}
	if v.issuer.RequireType != "" {
		accepted = []string{v.issuer.RequireType}
	}
	if !slices.Contains(accepted, typ) {
		return invalid("the token has the wrong type")
	}
	return nil
}

func checkDates(claims jwt.MapClaims) error {
	for _, name := range []string{"exp", "nbf", "iat"} {
		value, given := claims[name]
		if !given {
			continue
		}
		if seconds, ok := value.(float64); !ok || seconds < 0 || seconds > maxSeconds {
			return invalid("a date of the token is not usable")
		}
	}
	return nil
}

// caller reads a token that has been verified.
func (v *verifier) caller(claims jwt.MapClaims) (*caller, error) {
	subject, _ := claims["sub"].(string)
	if subject == "" {
		return nil, invalid("the token does not name its subject")
	}
	// The subject goes into logs and the audit. U+FFFD stands for text that was
	// broken, so two subjects could look the same.
	if len(subject) > maxSubjectBytes || strings.ContainsFunc(subject, func(r rune) bool {
		return unicode.IsControl(r) || r == utf8.RuneError
	}) {
		return nil, invalid("the subject of the token is not usable")
	}
	if v.issuer.RequireType == accessTokenType { // RFC 9068 section 2.2
		for _, name := range []string{"client_id", "jti"} {
			if text, _ := claims[name].(string); text == "" {
				return nil, invalid("the token lacks a claim of RFC 9068")
			}
		}
		if claims["iat"] == nil {
			return nil, invalid("the token lacks a claim of RFC 9068")
		}
	}
	expires, err := claims.GetExpirationTime()
	if err != nil || expires == nil {
		return nil, invalid("the token does not say when it expires")
	}
	return &caller{subject: subject, groups: groupsOf(claims, v.issuer.GroupsClaim), expires: expires.Time}, nil
}

// groupsOf reads a list of names, or a single one. Anything else is no group:
// less is granted, never more.
func groupsOf(claims map[string]any, claim string) []string {
	var value any
	if pointer, ok := strings.CutPrefix(claim, "/"); ok {
		value = claims
		for step := range strings.SplitSeq(pointer, "/") {
			step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~") // RFC 6901 section 4
			object, _ := value.(map[string]any)
			value = object[step]
		}
	} else {
		value = claims[claim]
	}
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		var groups []string
		for _, member := range value {
			if group, ok := member.(string); ok && group != "" {
				groups = append(groups, group)
			}
		}
		return groups
	}
	return nil
}

// explain turns an error of golang-jwt into one that is safe to show: theirs
// can quote the token.
func explain(err error) *TokenError {
	if own, ok := errors.AsType[*TokenError](err); ok {
		return own
	}
	detail := "the token is malformed"
	for _, known := range []struct {
		err    error
		detail string
	}{
		{jwt.ErrTokenExpired, "the token has expired"},
		{jwt.ErrTokenNotValidYet, "the token is not valid yet"},
		{jwt.ErrTokenUsedBeforeIssued, "the token was issued in the future"},
		{jwt.ErrTokenInvalidAudience, "the token is for another audience"},
		{jwt.ErrTokenRequiredClaimMissing, "the token lacks a required claim"},
		{jwt.ErrTokenInvalidClaims, "a claim of the token is not usable"},
		{jwt.ErrTokenSignatureInvalid, "the token's signature or algorithm is not accepted"},
		{jwt.ErrTokenUnverifiable, "the token's signature or algorithm is not accepted"},
	} {
		if errors.Is(err, known.err) {
			detail = known.detail
			break
		}
	}
	return &TokenError{Code: CodeInvalid, Detail: detail, cause: err}
}
