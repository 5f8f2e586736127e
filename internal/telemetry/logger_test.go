package telemetry_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"testing/slogtest"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace"

	"switchback/internal/telemetry"
)

func logged(t *testing.T, line []byte) map[string]any {
	t.Helper()
	got := map[string]any{}
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return got
}

func TestLoggerKeepsThePromisesOfSlog(t *testing.T) {
	var b bytes.Buffer
	slogtest.Run(t,
		func(*testing.T) slog.Handler {
			b.Reset()
			return telemetry.NewLogger(&b, slog.LevelInfo, "json").Handler()
		},
		func(t *testing.T) map[string]any { return logged(t, b.Bytes()) })
}

func TestLinesCarryTheTraceAtTheTopLevel(t *testing.T) {
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1, 2}, SpanID: trace.SpanID{3}})
	ctx := trace.ContextWithSpanContext(t.Context(), span)
	ids := map[string]any{"trace_id": span.TraceID().String(), "span_id": span.SpanID().String()}
	with := func(more map[string]any) map[string]any {
		out := map[string]any{"level": "INFO", "msg": "hello"}
		for _, m := range []map[string]any{ids, more} {
			maps.Copy(out, m)
		}
		return out
	}
	for _, row := range []struct {
		name   string
		logger func(*slog.Logger) *slog.Logger
		want   map[string]any
	}{
		{"plain", func(l *slog.Logger) *slog.Logger { return l }, with(map[string]any{"n": 1.0})},
		{
			"attributes", func(l *slog.Logger) *slog.Logger { return l.With(slog.Int("a", 2)) },
			with(map[string]any{"n": 1.0, "a": 2.0}),
		},
		{
			"groups", func(l *slog.Logger) *slog.Logger {
				return l.With(slog.Int("a", 2)).WithGroup("g").With(slog.Int("b", 3)).WithGroup("h")
			},
			with(map[string]any{"a": 2.0, "g": map[string]any{"b": 3.0, "h": map[string]any{"n": 1.0}}}),
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			var b bytes.Buffer
			row.logger(telemetry.NewLogger(&b, slog.LevelInfo, "json")).InfoContext(ctx, "hello", slog.Int("n", 1))
			got := logged(t, b.Bytes())
			delete(got, "time")
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSiblingLoggersShareNothing(t *testing.T) {
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{3}})
	ctx := trace.ContextWithSpanContext(t.Context(), span)
	var b bytes.Buffer
	parent := telemetry.NewLogger(&b, slog.LevelInfo, "json").WithGroup("g").With(slog.Int("a", 1)).With(slog.Int("b", 2))
	one, two := parent.With(slog.String("who", "one")), parent.With(slog.String("who", "two"))
	one.InfoContext(ctx, "hello")
	two.InfoContext(ctx, "hello")
	lines := bytes.Split(bytes.TrimSpace(b.Bytes()), []byte("\n"))
	for i, want := range []string{"one", "two"} {
		if got := logged(t, lines[i])["g"].(map[string]any)["who"]; got != want {
			t.Errorf("line %d is of %v, want %v", i, got, want)
		}
	}
}

func TestLogLevelAndFormat(t *testing.T) {
	var b bytes.Buffer
	level := new(slog.LevelVar)
	logger := telemetry.NewLogger(&b, level, "text")
	logger.DebugContext(t.Context(), "quiet")
	level.Set(slog.LevelDebug)
	logger.DebugContext(t.Context(), "loud")
	if got := b.String(); strings.Contains(got, "quiet") || !strings.Contains(got, "level=DEBUG msg=loud") {
		t.Errorf("got %q", got)
	}
}
