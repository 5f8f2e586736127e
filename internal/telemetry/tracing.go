package telemetry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// SetupTracing returns a provider that exports spans as the standard OTEL_*
// variables say (OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_*,
// OTEL_TRACES_SAMPLER), one that does nothing if they name no exporter, and a
// function that sends what is left. environ decides whether there is an
// exporter; the library reads the details from the process's environment. The
// service's name is overridden by OTEL_SERVICE_NAME.
func SetupTracing(ctx context.Context, service string, environ []string) (trace.TracerProvider, func(context.Context) error, error) {
	if !exporting(environ) {
		return noop.NewTracerProvider(), func(context.Context) error { return nil }, nil
	}
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("tracing: %w", err)
	}
	described, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", service)),
		resource.WithFromEnv(), // the last one wins
	)
	if err != nil {
		return nil, nil, fmt.Errorf("tracing: %w", err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(described))
	return provider, provider.Shutdown, nil
}

// exporting reports whether somebody wants spans. The library alone would send
// them to localhost when nothing is set.
func exporting(environ []string) bool {
	value := func(name string) string {
		// As with os.Getenv, the first one counts.
		i := slices.IndexFunc(environ, func(entry string) bool { return strings.HasPrefix(entry, name+"=") })
		if i < 0 {
			return ""
		}
		return environ[i][len(name)+1:]
	}
	if strings.EqualFold(value("OTEL_SDK_DISABLED"), "true") {
		return false
	}
	if chosen := value("OTEL_TRACES_EXPORTER"); chosen != "" {
		return chosen != "none"
	}
	return value("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || value("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}
