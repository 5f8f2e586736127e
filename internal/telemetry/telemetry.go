// Package telemetry makes the gateway's metrics, traces and log lines. It is
// told what happens by the rooms that do it, through interfaces of theirs, and
// knows none of them. Label values come from closed sets: route templates,
// configured connections, names of operations and outcomes; never ids, hosts
// or anything else that a caller or a vendor chooses.
package telemetry

import (
	"context"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/otel/trace"
)

// Telemetry is safe for concurrent use.
type Telemetry struct {
	tracer trace.Tracer

	requests *prometheus.HistogramVec // route, method, status
	routes   routeNames
	inFlight prometheus.Gauge

	calls          *prometheus.HistogramVec // connection, provider, operation, class, outcome
	vendorRequests *prometheus.CounterVec   // connection, status
}

// New registers all metrics, and panics if the registry has them already. Spans
// of vendor calls are started with the tracer.
func New(reg prometheus.Registerer, tracer trace.Tracer) *Telemetry {
	t := &Telemetry{
		tracer: tracer,
		requests: prometheus.NewHistogramVec(histogram(
			"switchback_http_request_duration_seconds", "Time to answer requests to the API, until the last byte.",
			.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30,
		), []string{"route", "method", "status"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "switchback_http_requests_in_flight", Help: "Requests to the API that are being answered.",
		}),
		// Few buckets: these come for every connection and operation. Native
		// histograms have the detail.
		calls: prometheus.NewHistogramVec(histogram(
			"switchback_vendor_call_duration_seconds", "Time of calls into vendor adapters, with repetitions.",
			.1, .5, 2.5, 10, 60,
		), []string{"connection", "provider", "operation", "class", "outcome"}),
		vendorRequests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchback_vendor_http_requests_total", Help: "HTTP requests sent to vendors, each repetition counted.",
		}, []string{"connection", "status"}),
	}
	reg.MustRegister(
		t.requests, t.inFlight, t.calls, t.vendorRequests, buildInfo(),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return t
}

// histogram has classic buckets and a native histogram, for whichever the
// scraper asks for.
func histogram(name, help string, buckets ...float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  100,
		NativeHistogramMinResetDuration: time.Hour,
	}
}

// buildInfo is 1, labelled with what the binary was made from.
func buildInfo() prometheus.Collector {
	version, revision := "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "switchback_build_info", Help: "What this gateway was built from; always 1.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision, "go_version": runtime.Version()},
	})
	g.Set(1)
	return g
}

// observe adds a duration, with the trace as an exemplar if it is recorded.
func observe(ctx context.Context, o prometheus.Observer, seconds float64) {
	span := trace.SpanContextFromContext(ctx)
	if with, ok := o.(prometheus.ExemplarObserver); ok && span.IsSampled() {
		with.ObserveWithExemplar(seconds, prometheus.Labels{"trace_id": span.TraceID().String()})
		return
	}
	o.Observe(seconds)
}
