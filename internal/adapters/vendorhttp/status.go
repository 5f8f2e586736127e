package vendorhttp

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"switchback/internal/fault"
)

// KindOfStatus is the kind of a failed status where a vendor has no rule of its
// own. 400 and 422 are the caller's fault only when something was to change;
// a read is built by us alone.
func KindOfStatus(status int, safe bool) fault.Kind {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestedRangeNotSatisfiable:
		if safe {
			return fault.Upstream
		}
		return fault.Invalid
	case http.StatusUnauthorized:
		return fault.Credentials
	case http.StatusForbidden:
		return fault.Denied
	case http.StatusNotFound, http.StatusGone:
		return fault.NotFound
	case http.StatusConflict:
		return fault.Conflict
	case http.StatusPreconditionFailed:
		return fault.Stale
	case http.StatusTooManyRequests:
		return fault.Throttled
	case http.StatusNotImplemented:
		return fault.Unsupported
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return fault.Timeout
	case http.StatusBadGateway, http.StatusServiceUnavailable:
		return fault.Unavailable
	}
	return fault.Upstream
}

// maxRetryAfter bounds a vendor's wish.
const maxRetryAfter = time.Hour

// RetryAfter reads a Retry-After value, seconds or an HTTP date. Zero means
// that there is none, or none that makes sense.
func RetryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// requestID finds the id under which the vendor knows the request.
func requestID(h http.Header) string {
	for _, name := range []string{"X-Request-Id", "X-Amzn-Requestid", "X-Correlation-Id", "Transaction-Id", "X-Global-Transaction-Id"} {
		if id := h.Get(name); id != "" {
			return clip(id, 128)
		}
	}
	return ""
}

func clip(s string, n int) string {
	s = strings.ToValidUTF8(s, "")
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}

// scrub takes the credential out of a text.
func scrub(text, used string) string {
	if len(used) < 4 {
		return text
	}
	return strings.ReplaceAll(text, used, "REDACTED")
}

// redact keeps an error's chain for errors.Is but not a credential in its text.
func redact(err error, used string) error {
	if text := err.Error(); len(used) >= 4 && strings.Contains(text, used) {
		return errors.New(scrub(text, used))
	}
	return err
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// release returns a buffer unless one huge answer has blown it up.
func release(b *bytes.Buffer) {
	if b.Cap() <= 4<<20 {
		b.Reset()
		buffers.Put(b)
	}
}

// drainClose reads a little of what is left, so that the connection can be used
// again, and closes.
func drainClose(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 16<<10)
	_ = body.Close()
}
