package telemetry

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
)

// Instead of a status: why there is none.
const (
	failed   = "error"
	canceled = "canceled"
)

// Transport counts requests to vendors and gives each a span. It belongs
// inside of what repeats requests, so that every attempt has its own. Trace
// context goes to the vendor; baggage, which may say things about our caller,
// does not.
func (t *Telemetry) Transport(next http.RoundTripper) http.RoundTripper {
	return otelhttp.NewTransport(&counting{t, next},
		otelhttp.WithTracerProvider(only{tracer: t.tracer}),
		otelhttp.WithMeterProvider(noop.NewMeterProvider()), // Prometheus has these
		otelhttp.WithPropagators(propagation.TraceContext{}),
	)
}

// only is a tracer provider for a library that wants one.
type only struct {
	embedded.TracerProvider
	tracer trace.Tracer
}

func (o only) Tracer(string, ...trace.TracerOption) trace.Tracer { return o.tracer }

type counting struct {
	telemetry *Telemetry
	next      http.RoundTripper
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	connection := connectionOf(r.Context())
	// The library records the whole URL. What follows the path may be the
	// signature of a download or the name somebody searches for.
	trace.SpanFromContext(r.Context()).SetAttributes(
		attribute.String("url.full", withoutQuery(r.URL)),
		attribute.String("switchback.connection", connection),
	)
	response, err := c.next.RoundTrip(r)
	status := failed
	switch {
	case err == nil:
		status = statusClass(response.StatusCode)
	case errors.Is(err, context.Canceled):
		status = canceled
	}
	c.telemetry.vendorRequests.WithLabelValues(connection, status).Inc()
	return response, err
}

func withoutQuery(u *url.URL) string {
	clean := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return clean.String()
}
