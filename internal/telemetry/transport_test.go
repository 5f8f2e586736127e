package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

	"switchback/internal/telemetry"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func send(t *testing.T, ctx context.Context, transport http.RoundTripper, url string) error { //nolint:revive // t comes first in tests
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer test-secret-token")
	r.Header.Set("Cookie", "session=test-secret-session")
	response, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	return response.Body.Close()
}

func TestEveryVendorRequestHasASpanAndCarriesTheTrace(t *testing.T) {
	k := newKit(t)
	var parents []string
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		parents = append(parents, r.Header.Get("Traceparent"))
		if got := r.Header.Get("Baggage"); got != "" {
			t.Errorf("the vendor got baggage: %q", got)
		}
		w.Header().Set("Set-Cookie", "session=test-secret-answer")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer vendor.Close()

	member, err := baggage.NewMember("tenant", "somebody")
	if err != nil {
		t.Fatal(err)
	}
	bag, err := baggage.New(member)
	if err != nil {
		t.Fatal(err)
	}
	ctx, done := k.Begin(baggage.ContextWithBaggage(t.Context(), bag), "ibm-eu", "ibm", "runs.list", "list")
	transport := k.Transport(vendor.Client().Transport)
	const attempts = 3
	for range attempts {
		if err := send(t, ctx, transport, vendor.URL+"/v2/runs?search=test-secret-name"); err != nil {
			t.Fatal(err)
		}
	}
	done("unavailable")

	spans := k.spans.Ended()
	if len(spans) != attempts+1 {
		t.Fatalf("got %d spans, want one for the call and one for each of %d attempts", len(spans), attempts)
	}
	call := spans[attempts]
	for i, span := range spans[:attempts] {
		if span.Parent().SpanID() != call.SpanContext().SpanID() || span.SpanKind() != trace.SpanKindClient {
			t.Errorf("attempt %d is not a client span of the call", i)
		}
		want := fmt.Sprintf("00-%s-%s-01", span.SpanContext().TraceID(), span.SpanContext().SpanID())
		if parents[i] != want {
			t.Errorf("the vendor got traceparent %q, want %q", parents[i], want)
		}
		found := map[string]string{}
		for _, a := range span.Attributes() {
			found[string(a.Key)] = a.Value.String()
		}
		if got, want := found["url.full"], vendor.URL+"/v2/runs"; got != want {
			t.Errorf("got url.full %q, want %q", got, want)
		}
		if got := found["switchback.connection"]; got != "ibm-eu" {
			t.Errorf("got connection %q", got)
		}
		if all := fmt.Sprint(span.Attributes(), span.Events(), span.Name(), span.Status()); strings.Contains(all, "secret") {
			t.Errorf("a secret is in the span: %s", all)
		}
	}
}

func TestVendorRequestsAreCountedByConnectionAndStatus(t *testing.T) {
	k := newKit(t)
	k.ExpectConnection("storware-dc1")
	answers := map[string]roundTrip{
		"/200":      answer(200),
		"/404":      answer(404),
		"/503":      answer(503),
		"/999":      answer(999),
		"/lost":     func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
		"/canceled": func(*http.Request) (*http.Response, error) { return nil, context.Canceled },
	}
	transport := k.Transport(roundTrip(func(r *http.Request) (*http.Response, error) { return answers[r.URL.Path](r) }))
	ctx, done := k.Begin(t.Context(), "storware-dc1", "storware", "backups.list", "list")
	for _, path := range slices.Sorted(maps.Keys(answers)) {
		if err := send(t, ctx, transport, "https://vendor.example"+path); err != nil &&
			!errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", path, err)
		}
	}
	done("ok")
	if err := send(t, t.Context(), transport, "https://vendor.example/200"); err != nil { // outside of a call
		t.Error(err)
	}
	got := map[string]float64{}
	for _, m := range k.family(t, "switchback_vendor_http_requests_total").GetMetric() {
		l := labels(m)
		got[l["connection"]+" "+l["status"]] = m.GetCounter().GetValue()
	}
	want := map[string]float64{
		"storware-dc1 2xx": 1, "storware-dc1 4xx": 1, "storware-dc1 5xx": 1, "storware-dc1 other": 1,
		"storware-dc1 error": 1, "storware-dc1 canceled": 1, "none 2xx": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func answer(status int) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	}
}

func TestTracingIsOffUnlessTheEnvironmentWantsIt(t *testing.T) {
	t.Setenv("OTEL_TRACES_EXPORTER", "console") // what the library would do
	t.Setenv("OTEL_SERVICE_NAME", "")
	for _, row := range []struct {
		environ []string
		records bool
	}{
		{nil, false},
		{[]string{"OTEL_TRACES_EXPORTER="}, false},
		{[]string{"OTEL_TRACES_EXPORTER=none", "OTEL_EXPORTER_OTLP_ENDPOINT=http://x"}, false},
		{[]string{"OTEL_SDK_DISABLED=TRUE", "OTEL_TRACES_EXPORTER=console"}, false},
		{[]string{"OTEL_TRACES_EXPORTER=console"}, true},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318"}, true},
		{[]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://collector:4318/v1/traces"}, true},
	} {
		provider, shutdown, err := telemetry.SetupTracing(t.Context(), "switchback", row.environ)
		if err != nil {
			t.Fatalf("%v: %v", row.environ, err)
		}
		_, span := provider.Tracer("test").Start(t.Context(), "x")
		if got := span.IsRecording(); got != row.records {
			t.Errorf("%v: recording is %v, want %v", row.environ, got, row.records)
		}
		if err := shutdown(t.Context()); err != nil { // the span has not ended: nothing is written
			t.Errorf("%v: %v", row.environ, err)
		}
	}
}

func TestAnUnknownExporterIsAnError(t *testing.T) {
	t.Setenv("OTEL_TRACES_EXPORTER", "carrier-pigeon")
	if _, _, err := telemetry.SetupTracing(t.Context(), "switchback", []string{"OTEL_TRACES_EXPORTER=carrier-pigeon"}); err == nil {
		t.Error("got no error")
	}
}
