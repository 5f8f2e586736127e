package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"
)

// Options configure an Authenticator.
type Options struct {
	Issuers  []Issuer
	Bindings []Binding
	// Roles are named lists of verbs besides the built-in ones.
	Roles map[string][]string
	// Transport fetches key sets. It may be nil if no issuer has a URL.
	Transport http.RoundTripper
	Now       func() time.Time
	// Logger hears of key sets that could not be fetched. It may be nil.
	Logger *slog.Logger
}

// Authenticator turns tokens into principals. It is safe for concurrent use.
type Authenticator struct {
	verifiers map[string]*verifier // by issuer
	rules     *ruleSet
	verified  *verifiedTokens
	now       func() time.Time
}

// NewAuthenticator checks the whole configuration. It fetches nothing: the
// gateway starts while an issuer is down.
func NewAuthenticator(o Options) (*Authenticator, error) {
	if o.Now == nil {
		return nil, errors.New("identity: a clock is required")
	}
	if len(o.Issuers) == 0 {
		return nil, errors.New("identity: at least one issuer is required")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	a := &Authenticator{verifiers: map[string]*verifier{}, verified: newVerifiedTokens(), now: o.Now}
	var names []string
	for _, issuer := range o.Issuers {
		if slices.Contains(names, issuer.Issuer) {
			return nil, fmt.Errorf("identity: issuer %q is configured twice", issuer.Issuer)
		}
		v, err := newVerifier(issuer, o)
		if err != nil {
			return nil, fmt.Errorf("identity: issuer %q: %w", issuer.Issuer, err)
		}
		a.verifiers[issuer.Issuer] = v
		names = append(names, issuer.Issuer)
	}
	var err error
	if a.rules, err = compileRules(names, o.Bindings, o.Roles); err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	return a, nil
}

// Authenticate checks a token as [BearerToken] returns it: without the word
// Bearer. The error is a *TokenError. Somebody without any grant is
// authenticated too; it just sees nothing.
func (a *Authenticator) Authenticate(ctx context.Context, bearer string) (*Principal, error) {
	if bearer == "" {
		return nil, missing()
	}
	if len(bearer) > maxTokenBytes {
		return nil, invalid("the token is too long")
	}
	key := keyOf(bearer)
	if p := a.verified.get(key, a.now()); p != nil {
		return p, nil
	}
	name, err := unverifiedIssuer(bearer)
	if err != nil {
		return nil, err
	}
	v, ok := a.verifiers[name]
	if !ok {
		return nil, invalid("the issuer of the token is not accepted")
	}
	who, err := v.verify(ctx, bearer)
	if err != nil {
		return nil, err
	}
	p := newPrincipal(a.rules, name, who.subject, who.groups)
	a.verified.put(key, p, a.now(), who.expires)
	return p, nil
}
