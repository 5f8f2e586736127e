package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// fetchAtMostEvery is how often strangers with made-up key ids can make us
	// call the issuer.
	fetchAtMostEvery = 10 * time.Second
	// keysStaleAfter is when keys are fetched again although none is missing:
	// a key that the issuer has withdrawn must go.
	keysStaleAfter   = 15 * time.Minute
	fetchTimeout     = 10 * time.Second
	maxDocumentBytes = 1 << 20
)

// remoteKeys fetches an issuer's keys when they are first needed, when a token
// names an unknown key, and when they are old. Keys that it once had stay
// while the issuer is away.
type remoteKeys struct {
	issuer Issuer
	client *http.Client
	now    func() time.Time
	logger *slog.Logger

	mu        sync.Mutex
	keys      keySet
	fetched   time.Time     // when keys came
	attempted time.Time     // when the last fetch began
	failed    bool          // how it ended
	flight    chan struct{} // closed when the running fetch ends; nil: none runs
}

func newRemoteKeys(issuer Issuer, o Options) *remoteKeys {
	return &remoteKeys{issuer: issuer, now: o.Now, logger: o.Logger, client: &http.Client{
		Transport: o.Transport,
		// The configured address is the trusted one.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (r *remoteKeys) find(ctx context.Context, kid, algorithm string) ([]jwt.VerificationKey, error) {
	keys, known, flight := r.look(ctx, kid, algorithm)
	if !known && flight != nil {
		select {
		case <-flight:
			keys, known, _ = r.look(ctx, kid, algorithm)
		case <-ctx.Done():
			return nil, unavailable(ctx.Err())
		}
	}
	switch {
	case len(keys) > 0:
		return keys, nil
	case !known && r.lastFailed():
		// It may be a new key that we can not learn of now.
		return nil, unavailable(errors.New("the last fetch of the key set failed"))
	}
	return nil, unknownKey()
}

func unavailable(cause error) *TokenError {
	return &TokenError{Code: CodeUnavailable, Detail: "the keys of the token's issuer can not be fetched now", cause: cause}
}

// look finds keys among those at hand and starts a fetch if one is wanted and
// allowed. Whoever does not know the key waits for flight.
func (r *remoteKeys) look(ctx context.Context, kid, algorithm string) (keys []jwt.VerificationKey, known bool, flight <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys, known = r.keys.find(kid, algorithm)
	now := r.now()
	wanted := !known || now.Sub(r.fetched) >= keysStaleAfter
	allowed := r.attempted.IsZero() || now.Sub(r.attempted) >= fetchAtMostEvery || now.Before(r.attempted)
	if wanted && allowed && r.flight == nil {
		r.flight = make(chan struct{})
		r.attempted = now
		// The fetch is for everybody: it does not end with the request that began it.
		go r.refresh(context.WithoutCancel(ctx), r.flight)
	}
	return keys, known, r.flight
}

func (r *remoteKeys) lastFailed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *remoteKeys) refresh(ctx context.Context, done chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	keys, err := r.fetch(ctx)
	if err != nil {
		r.logger.LogAttrs(ctx, slog.LevelWarn, "key set not fetched", slog.String("issuer", r.issuer.Issuer), slog.Any("error", err))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed = err != nil; !r.failed {
		r.keys, r.fetched = keys, r.now()
	}
	r.flight = nil
	close(done)
}

func (r *remoteKeys) fetch(ctx context.Context) (keySet, error) {
	address := r.issuer.JWKSURL
	if r.issuer.Discovery {
		var err error
		if address, err = r.discover(ctx); err != nil {
			return nil, fmt.Errorf("discovery: %w", err)
		}
	}
	raw, err := r.get(ctx, address)
	if err != nil {
		return nil, err
	}
	return parseKeySet(raw)
}

// discover reads jwks_uri from the issuer's metadata (OpenID Connect Discovery
// 1.0 section 4). The document must be about the issuer that was asked for.
func (r *remoteKeys) discover(ctx context.Context) (string, error) {
	raw, err := r.get(ctx, strings.TrimSuffix(r.issuer.Issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return "", err
	}
	var metadata struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(raw, &metadata); err != nil {
		return "", err
	}
	if metadata.Issuer != r.issuer.Issuer {
		return "", errors.New("the metadata is of another issuer")
	}
	return metadata.JWKSURI, checkKeyURL(metadata.JWKSURI, r.issuer.PlainHTTP)
}

func (r *remoteKeys) get(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := r.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxDocumentBytes+1)) //nolint:forbidigo // bounded by the reader
	if err != nil {
		return nil, err
	}
	if len(raw) > maxDocumentBytes {
		return nil, fmt.Errorf("the answer is larger than %d bytes", maxDocumentBytes)
	}
	return raw, nil
}
