package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// observe is the outermost step of every request: it gives the request its
// names and, however it ends, one log line and one observation.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		started := s.Now()
		r := c.Request()
		ctx, span := traced(r.Context(), r.Header)
		in := &call{
			request: requestID(r.Header.Get("X-Request-Id")), path: r.URL.Path, escapedPath: r.URL.EscapedPath(), trace: span.TraceID().String(), header: r.Header,
			operation: s.document.operations[r.Method+" "+c.Path()],
		}
		route := "none"
		if in.operation != nil {
			route = in.operation.path
		}
		c.SetRequest(r.WithContext(context.WithValue(ctx, callKey{}, in)))
		propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(c.Response().Header()))
		c.Response().Header().Set("X-Request-Id", in.request)
		if s.OnRoute != nil {
			s.OnRoute(ctx, r.Method, route)
		}
		broken := true
		defer func() { s.finish(c, in, route, s.Now().Sub(started), broken) }()
		if err := next(c); err != nil {
			s.writeError(err, c)
		}
		broken = false
		return nil
	}
}

// finish logs and counts a request. A broken one has ended by a panic: its
// client saw the connection end.
func (s *Server) finish(c echo.Context, in *call, route string, elapsed time.Duration, broken bool) {
	r := c.Request()
	status := c.Response().Status
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("method", r.Method), slog.String("route", route), slog.String("path", r.URL.Path),
		slog.Int("status", status), slog.Int64("bytes", c.Response().Size), slog.Duration("elapsed", elapsed),
		slog.String("request_id", in.request), slog.String("trace_id", in.trace), slog.String("remote_ip", c.RealIP()),
	}
	if in.caller != nil {
		attrs = append(attrs, slog.String("subject", in.caller.ID()))
	}
	if in.failure != nil {
		attrs = append(attrs, slog.String("error", in.failure.Error()))
	}
	if broken {
		attrs = append(attrs, slog.Bool("broken", true))
	}
	if status >= http.StatusInternalServerError || broken {
		level = slog.LevelWarn
	}
	s.Logger.LogAttrs(r.Context(), level, "request", attrs...)
	if s.Observer != nil {
		s.Observer.Request(r.Context(), knownMethod(r.Method), route, status, elapsed)
	}
}

func knownMethod(method string) string {
	known := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"}
	if slices.Contains(known, method) {
		return method
	}
	return "OTHER"
}

// traced finds the trace of a request: that of the span around it, or of the
// client, or a new one. A malformed traceparent begins a new trace.
func traced(ctx context.Context, header http.Header) (context.Context, trace.SpanContext) {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		return ctx, span
	}
	remote := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(header)))
	config := trace.SpanContextConfig{TraceID: remote.TraceID(), TraceFlags: remote.TraceFlags(), TraceState: remote.TraceState()}
	if !remote.IsValid() {
		_, _ = rand.Read(config.TraceID[:])
	}
	_, _ = rand.Read(config.SpanID[:])
	span := trace.NewSpanContext(config)
	return trace.ContextWithSpanContext(ctx, span), span
}

// requestID keeps a client's id when it can stand in a log line.
func requestID(given string) string {
	if given == "" || len(given) > 128 || strings.ContainsFunc(given, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' }) {
		var raw [16]byte
		_, _ = rand.Read(raw[:])
		return hex.EncodeToString(raw[:])
	}
	return given
}

// headers are on every answer. The pages of /docs loosen the policy for
// themselves.
func (s *Server) headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		return next(c)
	}
}

// recoverPanic makes a problem of a panic. A transfer that is broken off on
// purpose has to reach the HTTP server, which ends the connection.
func (s *Server) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if e, ok := p.(error); ok && errors.Is(e, http.ErrAbortHandler) {
				panic(http.ErrAbortHandler)
			}
			s.Logger.ErrorContext(c.Request().Context(), "handler panicked", slog.Any("panic", p),
				slog.String("stack", string(debug.Stack())))
			if c.Response().Committed {
				panic(http.ErrAbortHandler)
			}
			err = fmt.Errorf("panic: %v", p)
		}()
		return next(c)
	}
}

// bound limits how long a request may take. Transfers and event streams set
// their own, rolling bounds.
func (s *Server) bound(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		// Not every writer has deadlines: errors say no more than that.
		control := http.NewResponseController(c.Response())
		if in := callOf(c.Request().Context()); in.operation != nil && in.operation.streams() {
			// The server's own deadline for reading would end the stream with it;
			// where there is a body to read, checkInput lifts it afterwards.
			if in.operation.body == nil {
				_ = control.SetReadDeadline(time.Time{})
			} else {
				_ = control.SetReadDeadline(s.Now().Add(s.Limits.Request))
			}
			return next(c)
		}
		end := s.Now().Add(s.Limits.Request)
		_ = control.SetReadDeadline(end)
		_ = control.SetWriteDeadline(end.Add(s.Limits.Write))
		ctx, cancel := context.WithTimeout(c.Request().Context(), s.Limits.Request)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// streams reports whether the answer may take any time.
func (o *operation) streams() bool {
	switch o.id {
	case "getRestoreContent", "getBackupFileContent", "watchRestore", "watchOperation",
		"getNative", "postNative", "putNative", "patchNative", "deleteNative":
		return true
	}
	return false
}
