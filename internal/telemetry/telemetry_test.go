package telemetry_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"switchback/internal/telemetry"
)

type kit struct {
	*telemetry.Telemetry
	reg   *prometheus.Registry
	spans *tracetest.SpanRecorder
	trace *sdktrace.TracerProvider
}

func newKit(t *testing.T) kit {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	t.Cleanup(func() { _ = provider.Shutdown(t.Context()) })
	reg := prometheus.NewPedanticRegistry()
	return kit{telemetry.New(reg, provider.Tracer("test")), reg, spans, provider}
}

// family returns a metric family, nil if there is none.
func (k kit) family(t *testing.T, name string) *dto.MetricFamily {
	t.Helper()
	all, err := k.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if f.GetName() == name {
			return f
		}
	}
	return nil
}

func labels(m *dto.Metric) map[string]string {
	out := map[string]string{}
	for _, l := range m.GetLabel() {
		out[l.GetName()] = l.GetValue()
	}
	return out
}

func TestMetricsAreWellNamed(t *testing.T) {
	k := newKit(t)
	k.Expect(http.MethodGet, "/v1/backups")
	k.ExpectConnection("clumio-prod")
	_, done := k.Begin(t.Context(), "clumio-prod", "clumio", "backups.list", "list")
	done("ok")
	all, err := k.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(all).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	for _, name := range []string{
		"switchback_http_request_duration_seconds", "switchback_http_requests_in_flight",
		"switchback_vendor_call_duration_seconds", "switchback_vendor_http_requests_total",
		"switchback_build_info", "go_goroutines", "process_start_time_seconds",
	} {
		if k.family(t, name) == nil {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestRequestsHaveOneSeriesPerRouteMethodAndStatusClass(t *testing.T) {
	k := newKit(t)
	k.Expect(http.MethodGet, "/v1/backups/:id")
	for status := 200; status < 300; status++ {
		k.ObserveRequest(t.Context(), "/v1/backups/:id", http.MethodGet, status, time.Second)
	}
	f := k.family(t, "switchback_http_request_duration_seconds")
	if got := len(f.GetMetric()); got != 3 {
		t.Fatalf("got %d series, want the 3 expected ones", got)
	}
	for _, m := range f.GetMetric() {
		want := uint64(0)
		if labels(m)["status"] == "2xx" {
			want = 100
		}
		if got := m.GetHistogram().GetSampleCount(); got != want {
			t.Errorf("%v: got %d requests, want %d", labels(m), got, want)
		}
		if m.GetHistogram().Schema == nil {
			t.Errorf("%v: is not a native histogram", labels(m))
		}
	}
}

func TestRequestsThatFitNoTemplateMakeBoundedSeries(t *testing.T) {
	k := newKit(t)
	for i := range 5000 {
		k.ObserveRequest(t.Context(), "", fmt.Sprintf("METHOD%d", i), i, time.Second)      // no route fits
		k.ObserveRequest(t.Context(), fmt.Sprintf("/v1/x/%d", i), "GET", 200, time.Second) // a path where a template belongs
	}
	k.ObserveRequest(t.Context(), "/v1/x/7", "GET", 200, time.Second)
	unmatched, others, all := 0, uint64(0), 0
	for _, m := range k.family(t, "switchback_http_request_duration_seconds").GetMetric() {
		all++
		switch l := labels(m); l["route"] {
		case "unmatched":
			unmatched++
			if l["method"] != "other" {
				t.Errorf("method of a caller's making: %q", l["method"])
			}
		case "other":
			others = m.GetHistogram().GetSampleCount()
		}
	}
	if unmatched != 6 || others != 5000-256 || all != 6+256+1 {
		t.Errorf("got %d unmatched series, %d other requests, %d series; want 6, %d, %d", unmatched, others, all, 5000-256, 6+256+1)
	}
}

func TestRequestsInATraceHaveExemplars(t *testing.T) {
	k := newKit(t)
	ctx, span := k.trace.Tracer("test").Start(t.Context(), "GET /v1/backups")
	k.ObserveRequest(ctx, "/v1/backups", "GET", 200, 20*time.Millisecond)
	span.End()
	got := ""
	for _, b := range k.family(t, "switchback_http_request_duration_seconds").GetMetric()[0].GetHistogram().GetBucket() {
		for _, l := range b.GetExemplar().GetLabel() {
			got = l.GetName() + "=" + l.GetValue()
		}
	}
	if want := "trace_id=" + span.SpanContext().TraceID().String(); got != want {
		t.Errorf("got exemplar %q, want %q", got, want)
	}
}

func TestRequestsInFlightAreCounted(t *testing.T) {
	k := newKit(t)
	gauge := func() float64 {
		return k.family(t, "switchback_http_requests_in_flight").GetMetric()[0].GetGauge().GetValue()
	}
	one, two := k.Started(), k.Started()
	if got := gauge(); got != 2 {
		t.Errorf("got %v, want 2", got)
	}
	one()
	two()
	if got := gauge(); got != 0 {
		t.Errorf("got %v, want 0", got)
	}
}

func TestVendorCallsAreMeasuredAndTraced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		for _, outcome := range []string{"ok", "canceled", "unavailable"} {
			_, done := k.Begin(t.Context(), "ibm-eu", "ibm", "runs.list", "list")
			time.Sleep(3 * time.Second)
			done(outcome)
		}
		metrics := k.family(t, "switchback_vendor_call_duration_seconds").GetMetric()
		if len(metrics) != 3 {
			t.Fatalf("got %d series, want 3", len(metrics))
		}
		for _, m := range metrics {
			l := labels(m)
			if l["connection"] != "ibm-eu" || l["provider"] != "ibm" || l["operation"] != "runs.list" || l["class"] != "list" {
				t.Errorf("got labels %v", l)
			}
			if got := m.GetHistogram().GetSampleSum(); got != 3 {
				t.Errorf("%v: got %v seconds, want 3", l, got)
			}
		}
		var statuses []codes.Code
		for _, span := range k.spans.Ended() {
			if span.Name() != "runs.list" || span.EndTime().Sub(span.StartTime()) != 3*time.Second {
				t.Errorf("got span %q from %v to %v", span.Name(), span.StartTime(), span.EndTime())
			}
			statuses = append(statuses, span.Status().Code)
		}
		if want := fmt.Sprint([]codes.Code{codes.Unset, codes.Unset, codes.Error}); fmt.Sprint(statuses) != want {
			t.Errorf("got span states %v, want %v", statuses, want)
		}
	})
}
