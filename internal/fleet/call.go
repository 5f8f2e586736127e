package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"switchback/internal/fault"
)

// class is what kind of work a call is: it decides its deadline, and later its
// place in the queue for the vendor's quota.
type class string

const (
	classCheck  class = "check"
	classList   class = "list"
	classGet    class = "get"
	classWrite  class = "write"
	classStream class = "stream"
)

func (c *Conn) deadline(k class) time.Duration {
	if k == classWrite {
		return c.limits.Write
	}
	return c.limits.Read
}

// call is the one way into an adapter. present is false when the account lacks
// the capability; then nothing else happens.
func call[T any](ctx context.Context, c *Conn, k class, op string, present bool, f func(ctx context.Context) (T, error)) (T, error) {
	var zero T
	if !present {
		return zero, fault.New(fault.Unsupported, op, "this connection can not do that")
	}
	release, err := take(ctx, c.calls)
	if err != nil {
		return zero, fault.Wrap(fault.Timeout, op, err)
	}
	defer release()
	bounded, cancel := context.WithTimeout(ctx, c.deadline(k))
	defer cancel()
	return observed(bounded, c, k, op, f)
}

// observed runs f under the observer, turns a panic into a fault, classifies
// the error, and keeps the connection's health.
func observed[T any](ctx context.Context, c *Conn, k class, op string, f func(ctx context.Context) (T, error)) (out T, err error) {
	done := func(string) {}
	if c.env.Observer != nil {
		ctx, done = c.env.Observer.Begin(ctx, c.Name, c.Provider, op, string(k))
	}
	defer func() {
		if p := recover(); p != nil {
			c.env.Logger.ErrorContext(ctx, "adapter panicked", slog.String("connection", c.Name),
				slog.String("operation", op), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
			var zero T
			out = zero
			err = &fault.Error{Kind: fault.Upstream, Op: op, Ambiguous: k == classWrite, Err: fmt.Errorf("adapter panicked: %v", p)}
		}
		err = classify(err, k, op)
		c.health.record(err, c.env.Now())
		done(outcome(err))
	}()
	return f(ctx)
}

// classify gives every error a kind. What an adapter has not classified is the
// vendor's doing until shown otherwise; a bare deadline of a write may have
// left something behind.
func classify(err error, k class, op string) error {
	if err == nil || errors.Is(err, context.Canceled) && fault.Of(err) == nil {
		return err
	}
	if fault.Of(err) == nil {
		wrapped := &fault.Error{Kind: fault.Upstream, Op: op, Err: err}
		if errors.Is(err, context.DeadlineExceeded) {
			wrapped.Kind, wrapped.Ambiguous = fault.Timeout, k == classWrite
		}
		return wrapped
	}
	return err
}

func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case fault.Of(err) == nil:
		return "canceled"
	}
	return fault.KindOf(err).Error()
}

// take waits for a place and returns how to give it back.
func take(ctx context.Context, places chan struct{}) (func(), error) {
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	default:
	}
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
