package identity

import (
	"context"
	"time"
)

const maxTokenBytes = 8 << 10

type verifier struct{}

type caller struct {
	subject string
	groups  []string
	expires time.Time
}

func newVerifier(issuer Issuer, _ Options) (*verifier, error) {
	_, err := issuer.check()
	return &verifier{}, err
}

func unverifiedIssuer(string) (string, error) { return "", invalid("the token is malformed") }

func (*verifier) verify(context.Context, string) (*caller, error) {
	return nil, invalid("the token is malformed")
}
