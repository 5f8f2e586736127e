package identity

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// DevelopmentClaims is what a development token says.
type DevelopmentClaims struct {
	Subject  string
	Groups   []string
	Issuer   string
	Audience string
	Lifetime time.Duration
}

// SignDevelopment makes a token for an [Issuer] with a Secret. It has the form
// of RFC 9068, so the issuer may require that.
func SignDevelopment(secret []byte, claims DevelopmentClaims, now time.Time) (string, error) {
	switch {
	case len(secret) < minSecretBytes:
		return "", fmt.Errorf("the secret must have at least %d bytes", minSecretBytes)
	case claims.Subject == "" || claims.Issuer == "" || claims.Audience == "":
		return "", errors.New("subject, issuer and audience are required")
	case claims.Lifetime <= 0:
		return "", errors.New("the lifetime must be positive")
	}
	body := jwt.MapClaims{
		"iss": claims.Issuer, "sub": claims.Subject, "aud": claims.Audience, "client_id": "gateway-token",
		"iat": now.Unix(), "exp": now.Add(claims.Lifetime).Unix(), "jti": rand.Text(),
	}
	if len(claims.Groups) > 0 {
		body[defaultGroups] = claims.Groups
	}
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, body)
	token.Header["typ"] = accessTokenType
	return token.SignedString(secret)
}
