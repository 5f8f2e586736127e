package telemetry

import (
	"context"
	"io"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

// NewLogger returns a logger that writes "text" or, for any other format, JSON.
// A line logged with a context that has a span carries its trace_id and
// span_id at the top level, whatever groups the logger is in.
func NewLogger(w io.Writer, level slog.Leveler, format string) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if format == "text" {
		return slog.New(newTraced(slog.NewTextHandler(w, options)))
	}
	return slog.New(newTraced(slog.NewJSONHandler(w, options)))
}

// traced adds the trace to every line. Once a group is open, nothing can be
// added outside of it; so it keeps the handler from before the first group,
// and what has been done since.
type traced struct {
	slog.Handler

	outside slog.Handler // nil: no group is open
	since   []func(slog.Handler) slog.Handler
}

func newTraced(h slog.Handler) traced { return traced{Handler: h} }

func (t traced) Handle(ctx context.Context, record slog.Record) error {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		return t.Handler.Handle(ctx, record)
	}
	ids := []slog.Attr{
		slog.String("trace_id", span.TraceID().String()),
		slog.String("span_id", span.SpanID().String()),
	}
	if t.outside == nil {
		record = record.Clone()
		record.AddAttrs(ids...)
		return t.Handler.Handle(ctx, record)
	}
	h := t.outside.WithAttrs(ids)
	for _, do := range t.since {
		h = do(h)
	}
	return h.Handle(ctx, record)
}

func (t traced) WithAttrs(attrs []slog.Attr) slog.Handler {
	return t.with(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

func (t traced) WithGroup(name string) slog.Handler {
	if name == "" {
		return t
	}
	if t.outside == nil {
		t.outside = t.Handler
	}
	return t.with(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (t traced) with(do func(slog.Handler) slog.Handler) traced {
	t.Handler = do(t.Handler)
	if t.outside != nil {
		t.since = append(slices.Clip(t.since), do)
	}
	return t
}
