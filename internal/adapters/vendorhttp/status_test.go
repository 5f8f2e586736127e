package vendorhttp_test

import (
	"net/http"
	"testing"
	"time"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
)

func TestKindOfStatus(t *testing.T) {
	for status, want := range map[int][2]fault.Kind{ // of a read, of a write
		400: {fault.Upstream, fault.Invalid},
		401: {fault.Credentials, fault.Credentials},
		403: {fault.Denied, fault.Denied},
		404: {fault.NotFound, fault.NotFound},
		408: {fault.Timeout, fault.Timeout},
		409: {fault.Conflict, fault.Conflict},
		410: {fault.NotFound, fault.NotFound},
		412: {fault.Stale, fault.Stale},
		416: {fault.Upstream, fault.Invalid},
		418: {fault.Upstream, fault.Upstream},
		422: {fault.Upstream, fault.Invalid},
		429: {fault.Throttled, fault.Throttled},
		500: {fault.Upstream, fault.Upstream},
		501: {fault.Unsupported, fault.Unsupported},
		502: {fault.Unavailable, fault.Unavailable},
		503: {fault.Unavailable, fault.Unavailable},
		504: {fault.Timeout, fault.Timeout},
	} {
		if read, write := vendorhttp.KindOfStatus(status, true), vendorhttp.KindOfStatus(status, false); read != want[0] || write != want[1] {
			t.Errorf("%d: got %v and %v, want %v", status, read, write, want)
		}
	}
	for status := range 1000 {
		for _, safe := range []bool{true, false} {
			if kind := vendorhttp.KindOfStatus(status, safe); kind == fault.Unknown || kind == fault.Internal {
				t.Errorf("%d is %v, as if it were our own defect", status, kind)
			}
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "17": 17 * time.Second, " 5 ": 5 * time.Second, "99999": time.Hour, "-3": 0, "1.5": 0, "soon": 0,
		"99999999999999999999":                             0,
		noon.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
		noon.Add(-time.Hour).Format(http.TimeFormat):       0,
		noon.Add(48 * time.Hour).Format(http.TimeFormat):   time.Hour,
	} {
		if got := vendorhttp.RetryAfter(value, noon); got != want {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "17", "-1", "Sat, 14 Mar 2026 12:01:30 GMT", "Saturday, 14-Mar-26 12:00:00 GMT", "9e9"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if got := vendorhttp.RetryAfter(value, noon); got < 0 || got > time.Hour {
			t.Errorf("%q: %v", value, got)
		}
	})
}
