package main

import (
	"errors"
	"fmt"
	"time"

	"switchback/internal/config"
	"switchback/internal/identity"
)

type tokenCommand struct {
	Config   string        `short:"c" type:"path" xor:"issuer" required:"" help:"The configuration file; its first issuer with a secret signs."`
	Demo     bool          `xor:"issuer" required:"" help:"Sign for a gateway that was started by: gateway demo."`
	Subject  string        `default:"demo" help:"Whom the token is about."`
	Group    []string      `help:"Groups of the subject; may be repeated."`
	Lifetime time.Duration `default:"12h" help:"How long it is good."`
}

// Run prints a token. Only issuers with a shared secret can sign here; those
// are for development.
func (c *tokenCommand) Run(w *world) error {
	secret, claims := []byte(demoSecret), identity.DevelopmentClaims{Issuer: demoIssuer, Audience: demoAudience}
	if !c.Demo {
		var err error
		if secret, claims, err = signerOf(c.Config, w.environ); err != nil {
			return err
		}
	}
	claims.Subject, claims.Groups, claims.Lifetime = c.Subject, c.Group, c.Lifetime
	token, err := identity.SignDevelopment(secret, claims, time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w.stdout, token)
	return err
}

func signerOf(path string, environ []string) ([]byte, identity.DevelopmentClaims, error) {
	conf, err := config.Load(path, environ)
	if err != nil {
		return nil, identity.DevelopmentClaims{}, err
	}
	for _, i := range conf.Auth.Issuers {
		if i.Secret.IsZero() || len(i.Audiences) == 0 {
			continue
		}
		secret, err := i.Secret.Read()
		return secret, identity.DevelopmentClaims{Issuer: i.Issuer, Audience: i.Audiences[0]}, err
	}
	return nil, identity.DevelopmentClaims{}, errors.New("the configuration has no issuer with a secret; tokens of other issuers come from them")
}
