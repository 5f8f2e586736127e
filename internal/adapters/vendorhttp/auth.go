package vendorhttp

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// Auth puts credentials on requests.
type Auth interface {
	// Apply adds the credentials and returns the secret part of them, so that
	// it can be kept out of errors and named to Renew.
	Apply(ctx context.Context, r *http.Request) (used string, err error)
	// Renew is called after the vendor refused used with 401. Nil means that
	// another try makes sense.
	Renew(ctx context.Context, used string) error
}

// Token is a credential with a life.
type Token struct {
	Value     string
	RefreshAt time.Time // from here on it is renewed in the background; zero is never
	ExpiresAt time.Time // from here on it is not used; zero is never
}

// Login obtains and keeps one token for any number of callers: concurrent
// callers share one fetch, which goes on when the caller who began it leaves.
type Login struct {
	fetch   func(ctx context.Context) (Token, error)
	now     func() time.Time
	timeout time.Duration
	flight  singleflight.Group

	mu        sync.Mutex
	token     Token
	lastTried time.Time // of background renewals
}

// retryRefresh is the least time between two background renewals (IBM NOTES
// section 2: at most one attempt a minute).
const retryRefresh = time.Minute

// NewLogin returns a Login that gets tokens by fetch, each try at most timeout.
func NewLogin(now func() time.Time, timeout time.Duration, fetch func(ctx context.Context) (Token, error)) *Login {
	return &Login{fetch: fetch, now: now, timeout: timeout}
}

// Get returns a token that is not expired.
func (l *Login) Get(ctx context.Context) (string, error) {
	now := l.now()
	l.mu.Lock()
	token := l.token
	refresh := token.Value != "" && !token.RefreshAt.IsZero() && !now.Before(token.RefreshAt) && now.Sub(l.lastTried) >= retryRefresh
	if refresh {
		l.lastTried = now
	}
	l.mu.Unlock()
	if token.Value == "" || (!token.ExpiresAt.IsZero() && !now.Before(token.ExpiresAt)) {
		return l.wait(ctx)
	}
	if refresh {
		l.start(ctx, token.Value)
	}
	return token.Value, nil
}

// Drop forgets the token if it is still the one named, so that many callers who
// were refused with the same token cause one new fetch.
func (l *Login) Drop(used string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.token.Value == used {
		l.token = Token{}
	}
}

// Current returns the token that is held, "" when none is.
func (l *Login) Current() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.token.Value
}

func (l *Login) wait(ctx context.Context) (string, error) {
	select {
	case result := <-l.start(ctx, ""):
		if result.Err != nil {
			return "", result.Err
		}
		return result.Val.(Token).Value, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// start joins or begins the one fetch, which is for a token other than stale.
// The values of ctx (its span) are kept, its cancellation is not: others may be
// waiting.
func (l *Login) start(ctx context.Context, stale string) <-chan singleflight.Result {
	return l.flight.DoChan("", func() (any, error) {
		// Another flight may have landed between the caller's look and this one.
		l.mu.Lock()
		token := l.token
		l.mu.Unlock()
		if token.Value != "" && token.Value != stale && (token.ExpiresAt.IsZero() || l.now().Before(token.ExpiresAt)) {
			return token, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.timeout)
		defer cancel()
		token, err := l.fetch(ctx)
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		l.token = token
		l.mu.Unlock()
		return token, nil
	})
}
