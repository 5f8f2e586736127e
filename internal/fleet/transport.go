package fleet

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/failsafe-go/failsafe-go/retrypolicy"

	"switchback/internal/adapters/vendorhttp"
)

// Retries says how safe requests to a vendor are repeated.
type Retries struct {
	Attempts   int           // in all; 1 never repeats
	First      time.Duration // wait before the second; doubles from there, with jitter
	Longest    time.Duration // longest wait
	RetryAfter time.Duration // a vendor that wants a longer pause than this is told to the caller instead
}

// DefaultRetries suits an interactive gateway: a throttled or lost read is
// repeated a few times within about two seconds.
func DefaultRetries() Retries {
	return Retries{Attempts: 5, First: 50 * time.Millisecond, Longest: time.Second, RetryAfter: 2 * time.Second}
}

// Transport repeats safe requests over next that were throttled, refused for
// the moment or lost. A request that is not safe goes out once, whatever
// happens. The library's own rule would repeat POST on 429 and 5xx; a repeated
// POST is a second restore.
func Transport(next http.RoundTripper, r Retries) http.RoundTripper {
	if r.Attempts <= 1 {
		return next
	}
	policy := retrypolicy.NewBuilder[*http.Response]().
		HandleIf(func(response *http.Response, err error) bool { return transient(response, err) }).
		AbortIf(func(response *http.Response, _ error) bool {
			return response != nil && retryAfter(response) > r.RetryAfter
		}).
		WithMaxAttempts(r.Attempts).
		WithDelayFunc(r.delay).
		ReturnLastFailure().
		Build()
	return &transport{once: next, repeated: failsafehttp.NewRoundTripper(next, policy)}
}

// delay is the vendor's wish if it has one, else doubles from First with
// jitter. The library's own jitter would also shorten a wish.
func (r Retries) delay(e failsafe.ExecutionAttempt[*http.Response]) time.Duration {
	if response := e.LastResult(); response != nil {
		if wish := retryAfter(response); wish > 0 {
			return wish
		}
	}
	wait := min(r.First<<min(e.Retries(), 20), r.Longest)
	return wait/2 + rand.N(wait) //nolint:gosec // spreads load, keeps no secret
}

type transport struct{ once, repeated http.RoundTripper }

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if vendorhttp.IsSafe(r) {
		return t.repeated.RoundTrip(r)
	}
	return t.once.RoundTrip(r)
}

func transient(response *http.Response, err error) bool {
	if err != nil {
		return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
	}
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retryAfter reads seconds only: a date would need the clock, and is rare.
func retryAfter(response *http.Response) time.Duration {
	return vendorhttp.RetryAfter(response.Header.Get("Retry-After"), time.Time{})
}
