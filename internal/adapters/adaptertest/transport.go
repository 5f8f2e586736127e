package adaptertest

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
)

// repeats is how often [Repeating] sends a safe request at most. A vendor that
// throttles one read in twenty refuses one in 10^10 of them for good.
const repeats = 8

// Transport returns a transport for tests that stands in for the gateway's:
// [Repeating] over connections of its own, which are closed with the test.
func Transport(tb testing.TB) http.RoundTripper {
	tb.Helper()
	base := &http.Transport{}
	tb.Cleanup(base.CloseIdleConnections)
	return Repeating(base)
}

// Env returns an environment for tests of an adapter by hand: [Transport], no
// log, and the wall clock.
func Env(tb testing.TB, connection string) adapters.Env {
	tb.Helper()
	return adapters.Env{
		Connection: connection, Transport: Transport(tb), Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	}
}

// Repeating sends safe requests (vendorhttp.IsSafe) again, at most eight times
// and without waiting, after 429, 502, 503, 504 and lost connections. It never
// repeats anything else and never follows a redirect.
func Repeating(base http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if !vendorhttp.IsSafe(r) {
			return base.RoundTrip(r)
		}
		var body []byte
		if r.Body != nil {
			var err error
			if body, err = io.ReadAll(io.LimitReader(r.Body, 1<<20)); err != nil { //nolint:forbidigo // bounded by the reader
				return nil, err
			}
			_ = r.Body.Close()
		}
		for try := 1; ; try++ {
			sent := r.Clone(r.Context())
			if r.Body != nil {
				sent.Body = io.NopCloser(bytes.NewReader(body))
			}
			response, err := base.RoundTrip(sent)
			if try == repeats || r.Context().Err() != nil || err == nil && !passing(response.StatusCode) {
				return response, err
			}
			if err == nil {
				_, _ = io.CopyN(io.Discard, response.Body, 64<<10)
				_ = response.Body.Close()
			}
		}
	})
}

// passing tells the statuses that may be better the next time.
func passing(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// meter counts what goes over the wire.
type meter struct {
	base *http.Transport
	sent atomic.Int64 // requests
	read atomic.Int64 // bytes of answers
	open atomic.Int64 // bodies not yet closed

	mu     sync.Mutex
	writes []sentRequest // those that are not safe
}

// sentRequest is a request as it left the adapter.
type sentRequest struct {
	method, path string // escaped
	query        url.Values
	body         []byte
	safe         bool
}

func sentOf(r *http.Request) sentRequest {
	out := sentRequest{method: r.Method, path: r.URL.EscapedPath(), query: r.URL.Query(), safe: vendorhttp.IsSafe(r)}
	if r.GetBody != nil {
		if body, err := r.GetBody(); err == nil {
			out.body, _ = io.ReadAll(io.LimitReader(body, 1<<20)) //nolint:forbidigo // bounded by the reader
			_ = body.Close()
		}
	}
	return out
}

// writesDuring returns the requests that are not safe and were sent meanwhile.
func (m *meter) writesDuring(do func()) []sentRequest {
	count := func() int {
		m.mu.Lock()
		defer m.mu.Unlock()
		return len(m.writes)
	}
	before := count()
	do()
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.writes[before:])
}

func (m *meter) RoundTrip(r *http.Request) (*http.Response, error) {
	m.sent.Add(1)
	if !vendorhttp.IsSafe(r) {
		m.mu.Lock()
		m.writes = append(m.writes, sentOf(r))
		m.mu.Unlock()
	}
	response, err := m.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	m.open.Add(1)
	response.Body = &meteredBody{ReadCloser: response.Body, meter: m}
	return response, nil
}

type meteredBody struct {
	io.ReadCloser
	meter *meter
	once  sync.Once
}

func (b *meteredBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.meter.read.Add(int64(n))
	return n, err
}

func (b *meteredBody) Close() error {
	b.once.Do(func() { b.meter.open.Add(-1) })
	return b.ReadCloser.Close()
}

// logBuffer keeps what an adapter logs.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
