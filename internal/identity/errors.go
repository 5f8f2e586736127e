package identity

import (
	"net/http"
	"strings"
)

// Codes of a TokenError.
const (
	// CodeMissing: no token was sent. RFC 6750 section 3.1 wants a bare
	// challenge then, without an error code.
	CodeMissing = "missing_token"
	// CodeInvalid: the token is refused (RFC 6750 section 3.1).
	CodeInvalid = "invalid_token"
	// CodeUnavailable: the token could not be judged, because the keys of its
	// issuer can not be had now. The caller may try again; it did nothing wrong.
	CodeUnavailable = "issuer_unavailable"
)

// TokenError says why nobody was authenticated. Code and Detail are safe to
// show: they hold nothing of the token. The wrapped cause is for logs.
type TokenError struct {
	Code   string
	Detail string

	cause error
}

func (e *TokenError) Error() string { return e.Code + ": " + e.Detail }

func (e *TokenError) Unwrap() error { return e.cause }

func invalid(detail string) *TokenError { return &TokenError{Code: CodeInvalid, Detail: detail} }

func missing() *TokenError {
	return &TokenError{Code: CodeMissing, Detail: "a bearer token is required"}
}

// BearerToken takes the token out of a request's header for Authenticate. Two
// Authorization headers are refused: whoever stands in front of us may have
// looked at the other one.
func BearerToken(header http.Header) (string, error) {
	values := header.Values("Authorization")
	switch len(values) {
	case 0:
		return "", missing()
	case 1:
	default:
		return "", invalid("more than one Authorization header")
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", missing() // another scheme is no attempt at ours
	}
	if token = strings.TrimLeft(token, " "); !ok || token == "" {
		return "", missing()
	}
	return token, nil
}
