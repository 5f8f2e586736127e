package clumio

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
)

// bearer keeps the token that works and reads its secret again when the vendor
// refuses it: tokens live until they are replaced in the portal, and the
// replacement arrives in the secret (NOTES section 1).
type bearer struct {
	secret adapters.Secret

	mu    sync.Mutex
	token string
}

var _ vendorhttp.Auth = (*bearer)(nil)

// Apply implements vendorhttp.Auth.
func (b *bearer) Apply(_ context.Context, r *http.Request) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.token == "" {
		if err := b.read(); err != nil {
			return "", err
		}
	}
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.token, nil
}

// Renew implements vendorhttp.Auth. Another try is made even with the token
// unchanged: a control plane may have been slow to know a new one.
func (b *bearer) Renew(_ context.Context, used string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.token != used && b.token != "" {
		return nil
	}
	return b.read()
}

// forget lets the next request read the secret anew.
func (b *bearer) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.token = ""
}

func (b *bearer) read() error {
	token, err := b.secret.Read()
	if err != nil {
		return err
	}
	if !plainText(token) {
		return errors.New("the token holds characters that no token has")
	}
	b.token = token
	return nil
}
