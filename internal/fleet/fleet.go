package fleet

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

// Info is what is known of a connection without asking it.
type Info struct {
	Name     string
	Provider string
	Region   string
	Labels   map[string]string
}

// Limits bounds what one connection is asked at once and how long it may take.
// Zero members take the default.
type Limits struct {
	Calls   int           // calls at once; further ones wait
	Streams int           // content transfers at once
	Read    time.Duration // deadline of one read of one thing, or of one page
	Write   time.Duration // deadline of one write
	Idle    time.Duration // longest silence of a vendor inside a transfer
}

// DefaultLimits holds for connections that say nothing.
func DefaultLimits() Limits {
	return Limits{Calls: 16, Streams: 8, Read: 20 * time.Second, Write: 60 * time.Second, Idle: 60 * time.Second}
}

func (l Limits) filled() Limits {
	d := DefaultLimits()
	return Limits{
		Calls: cmp.Or(l.Calls, d.Calls), Streams: cmp.Or(l.Streams, d.Streams),
		Read: cmp.Or(l.Read, d.Read), Write: cmp.Or(l.Write, d.Write), Idle: cmp.Or(l.Idle, d.Idle),
	}
}

// Observer is told of every call into an adapter. Begin returns the context for
// the call and a function that is told how it ended: "ok", "canceled" or the
// name of a fault kind.
type Observer interface {
	Begin(ctx context.Context, connection, provider, operation, class string) (context.Context, func(outcome string))
}

// Env is what the fleet needs from its owner. Now and Logger are required.
type Env struct {
	Now      func() time.Time
	Logger   *slog.Logger
	Observer Observer // nil: nobody watches
}

// Conn is one connection. Its methods are safe for concurrent use.
type Conn struct {
	Info
	adapter *adapters.Adapter
	limits  Limits
	env     Env
	calls   chan struct{}
	streams chan struct{}
	health  health
}

// NewConn puts an open adapter behind the call path.
func NewConn(info Info, adapter *adapters.Adapter, limits Limits, env Env) *Conn {
	limits = limits.filled()
	info.Provider = adapter.Provider
	return &Conn{
		Info: info, adapter: adapter, limits: limits, env: env,
		calls: make(chan struct{}, limits.Calls), streams: make(chan struct{}, limits.Streams),
	}
}

// Fleet is the set of connections. It does not change; a reload makes another.
type Fleet struct {
	conns map[string]*Conn
	order []*Conn
}

// New returns a fleet of the connections, whose names differ.
func New(conns ...*Conn) *Fleet {
	f := &Fleet{conns: make(map[string]*Conn, len(conns))}
	for _, c := range conns {
		f.conns[c.Name] = c
	}
	for _, name := range slices.Sorted(maps.Keys(f.conns)) {
		f.order = append(f.order, f.conns[name])
	}
	return f
}

// Conn returns a connection by name, nil if there is none.
func (f *Fleet) Conn(name string) *Conn { return f.conns[name] }

// Of returns the connection an id belongs to, nil if there is none.
func (f *Fleet) Of(id model.ID) *Conn { return f.conns[id.Connection] }

// Conns returns all connections by name. The slice is the fleet's own.
func (f *Fleet) Conns() []*Conn { return f.order }

// Close signs out everywhere, all connections at once, within the context.
func (f *Fleet) Close(ctx context.Context) {
	var wg sync.WaitGroup
	for _, c := range f.order {
		wg.Go(func() {
			if err := c.adapter.Session.Close(ctx); err != nil {
				c.env.Logger.WarnContext(ctx, "connection not closed cleanly",
					slog.String("connection", c.Name), slog.String("error", err.Error()))
			}
		})
	}
	wg.Wait()
}
