package telemetry

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// ExpectConnection creates the series of a connection's requests, so that its
// first failure is an increase from zero.
func (t *Telemetry) ExpectConnection(connection string) {
	for _, status := range []string{"2xx", "4xx", "5xx", failed} {
		t.vendorRequests.WithLabelValues(connection, status)
	}
}

type connectionKey struct{}

// connectionOf returns whose call a context belongs to.
func connectionOf(ctx context.Context) string {
	if name, ok := ctx.Value(connectionKey{}).(string); ok {
		return name
	}
	return "none"
}

// Begin measures one call into an adapter and starts its span. The function is
// called once, with "ok", "canceled" or the kind of the failure.
func (t *Telemetry) Begin(ctx context.Context, connection, provider, operation, class string) (context.Context, func(outcome string)) {
	ctx = context.WithValue(ctx, connectionKey{}, connection)
	ctx, span := t.tracer.Start(ctx, operation, trace.WithAttributes( //nolint:spancheck // ended by the function that is returned
		attribute.String("switchback.connection", connection),
		attribute.String("switchback.provider", provider),
		attribute.String("switchback.class", class),
	))
	outcome := ""
	timer := prometheus.NewTimer(prometheus.ObserverFunc(func(seconds float64) {
		observe(ctx, t.calls.WithLabelValues(connection, provider, operation, class, outcome), seconds)
	}))
	return ctx, func(end string) { //nolint:spancheck // as above
		outcome = end
		timer.ObserveDuration()
		span.SetAttributes(attribute.String("switchback.outcome", end))
		if end != "ok" && end != "canceled" {
			span.SetStatus(codes.Error, end)
		}
		span.End()
	}
}
