package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// OpenContent opens the bytes of a restore from offset on. The transfer holds
// one of the connection's stream places until it is closed. It has no deadline
// as a whole; a vendor that is silent for longer than Limits.Idle, at the start
// or in the middle, breaks it.
func (c *Conn) OpenContent(ctx context.Context, id model.ID, offset int64) (*adapters.Body, error) {
	return c.open(ctx, "content.open", c.adapter.Content != nil, func(ctx context.Context) (*adapters.Body, error) {
		return c.adapter.Content.Open(ctx, id, offset)
	})
}

// OpenFile opens one file of a backup, as OpenContent does.
func (c *Conn) OpenFile(ctx context.Context, id model.ID, path string, offset int64) (*adapters.Body, error) {
	return c.open(ctx, "files.open", c.adapter.Files != nil, func(ctx context.Context) (*adapters.Body, error) {
		return c.adapter.Files.Open(ctx, id, path, offset)
	})
}

// ContentSize finds how many bytes a restore gives, -1 when there is no way.
func (c *Conn) ContentSize(ctx context.Context, id model.ID) (int64, error) {
	return call(ctx, c, classGet, "content.size", c.adapter.Content != nil, func(ctx context.Context) (int64, error) {
		return c.adapter.Content.Size(ctx, id)
	})
}

func (c *Conn) open(ctx context.Context, op string, present bool, f func(ctx context.Context) (*adapters.Body, error)) (*adapters.Body, error) {
	if !present {
		return nil, fault.New(fault.Unsupported, op, "this connection can not do that")
	}
	release, err := take(ctx, c.streams)
	if err != nil {
		return nil, fault.Wrap(fault.Timeout, op, err)
	}
	live, cancel := context.WithCancelCause(ctx)
	idle := time.AfterFunc(c.limits.Idle, func() { cancel(errIdle) })
	end := sync.OnceFunc(func() {
		idle.Stop()
		cancel(nil)
		release()
	})
	body, err := observed(live, c, classStream, op, f)
	if err != nil {
		if errors.Is(context.Cause(live), errIdle) {
			err = &fault.Error{Kind: fault.Timeout, Op: op, Err: errIdle}
		}
		end()
		return nil, err
	}
	opened := *body
	opened.ReadCloser = &transfer{body: body.ReadCloser, ctx: live, idle: idle, every: c.limits.Idle, end: end, op: op}
	return &opened, nil
}

var errIdle = errors.New("the vendor fell silent inside a transfer")

// transfer is a vendor's body with the idle deadline rolled on at each read.
type transfer struct {
	body  io.ReadCloser
	ctx   context.Context // the transfer's own life, ended by Close
	idle  *time.Timer
	every time.Duration
	end   func()
	op    string
}

func (t *transfer) Read(p []byte) (int, error) {
	t.idle.Reset(t.every)
	n, err := t.body.Read(p)
	// A reader that takes its time with what it got is not the vendor's silence.
	t.idle.Stop()
	if err != nil && !errors.Is(err, io.EOF) {
		if errors.Is(context.Cause(t.ctx), errIdle) {
			err = &fault.Error{Kind: fault.Timeout, Op: t.op, Err: errIdle}
		} else if fault.Of(err) == nil && !errors.Is(err, context.Canceled) {
			err = &fault.Error{Kind: fault.Upstream, Op: t.op, Err: fmt.Errorf("transfer broke off: %w", err)}
		}
	}
	return n, err
}

func (t *transfer) Close() error {
	defer t.end()
	return t.body.Close()
}
