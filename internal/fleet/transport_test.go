package fleet_test

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fleet"
)

// answers plays statuses one after the other; 0 is a lost connection.
type answers struct {
	statuses []int
	header   http.Header
	calls    int
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	status := a.statuses[min(a.calls, len(a.statuses)-1)]
	a.calls++
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	if status == 0 {
		return nil, errors.New("connection reset by peer")
	}
	w := httptest.NewRecorder()
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(status)
	return w.Result(), nil
}

func TestOnlySafeRequestsAreRepeated(t *testing.T) {
	for name, test := range map[string]struct {
		method     string
		marked     *bool
		statuses   []int
		retryAfter string
		calls      int
		status     int // 0: an error
	}{
		"read throttled once":             {"GET", nil, []int{429, 200}, "", 2, 200},
		"read lost once":                  {"GET", nil, []int{0, 200}, "", 2, 200},
		"read unavailable twice":          {"GET", nil, []int{503, 502, 200}, "", 3, 200},
		"read throttled for ever":         {"GET", nil, []int{429}, "", 5, 429},
		"read with a bearable wish":       {"GET", nil, []int{429, 200}, "1", 2, 200},
		"read with too long a wish":       {"GET", nil, []int{429, 200}, "30", 1, 429},
		"read with a server error":        {"GET", nil, []int{500, 200}, "", 1, 500},
		"read not found":                  {"GET", nil, []int{404, 200}, "", 1, 404},
		"write throttled":                 {"POST", nil, []int{429, 202}, "", 1, 429},
		"write lost":                      {"POST", nil, []int{0, 202}, "", 1, 0},
		"write unavailable":               {"PUT", nil, []int{503, 200}, "", 1, 503},
		"delete lost":                     {"DELETE", nil, []int{0, 200}, "", 1, 0},
		"search by POST, marked safe":     {"POST", new(true), []int{503, 200}, "", 2, 200},
		"GET that changes, marked unsafe": {"GET", new(false), []int{503, 200}, "", 1, 503},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				vendor := &answers{statuses: test.statuses, header: http.Header{}}
				if test.retryAfter != "" {
					vendor.header.Set("Retry-After", test.retryAfter)
				}
				ctx := t.Context()
				if test.marked != nil {
					ctx = vendorhttp.WithSafe(ctx, *test.marked)
				}
				request, err := http.NewRequestWithContext(ctx, test.method, "http://vendor.test/", strings.NewReader("body"))
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				response, err := fleet.Transport(vendor, fleet.DefaultRetries()).RoundTrip(request)
				if err == nil {
					_ = response.Body.Close()
				}
				if vendor.calls != test.calls {
					t.Errorf("%d requests went out, want %d", vendor.calls, test.calls)
				}
				if (err != nil) != (test.status == 0) || err == nil && response.StatusCode != test.status {
					t.Errorf("got %v, %v", response, err)
				}
				if test.retryAfter == "1" && time.Since(began) < time.Second {
					t.Error("the vendor's wish was not honoured")
				}
			})
		})
	}
}
