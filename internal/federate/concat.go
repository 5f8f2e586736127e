package federate

import (
	"context"
	"log/slog"
	"sync"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/fleet"
	"switchback/internal/model"
)

// The codes of connections that a concatenated page did not ask.
const (
	CodeDone       = "done"        // listed to its end on an earlier page
	CodeNotReached = "not-reached" // comes on a later page
)

// Plain says how one kind of thing without a time is listed.
type Plain[T any] struct {
	Noun string
	List func(ctx context.Context, c *fleet.Conn, token string, limit int) (adapters.TokenPage[T], error)
}

// Concat returns one page of a concatenated list: connection by connection in
// the order of their names, the vendor's order inside.
func Concat[T any](ctx context.Context, f *Federator, r Request, kind Plain[T]) (*List[T], error) {
	c := &concat[T]{f: f, r: r, kind: kind, slots: make(chan struct{}, f.settings.Fanout)}
	if r.Cursor != "" {
		w, err := f.sealer.open(r.Cursor, r.Binding)
		if err != nil {
			return nil, err
		}
		c.walk = w
	}
	c.seats()
	for c.at < len(c.queue) && len(c.items) < r.PageSize {
		c.window(ctx)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return c.result()
}

// ahead is how many connections are asked at once: while one fills the page
// the next ones answer too.
const ahead = 8

type concat[T any] struct {
	f       *Federator
	r       Request
	kind    Plain[T]
	walk    walk
	sources []*source
	queue   []*seat // connections still to be listed, in order
	at      int
	items   []T
	slots   chan struct{}
}

// seat is a connection in the queue with the token to go on from.
type seat struct {
	*source
	token string
}

func (c *concat[T]) seats() {
	for _, conn := range c.r.Conns {
		s := &source{Source: Source{Connection: conn.Name, State: StateOK}, conn: conn}
		token := ""
		if i := find(c.walk.Starts, conn.Name); c.walk.Resume {
			if i < 0 {
				continue
			}
			token = c.walk.Starts[i].From.Token
		}
		c.sources = append(c.sources, s)
		switch last := c.walk.Last; {
		case find(c.walk.Missed, conn.Name) >= 0:
			s.State, s.Code = StateSkipped, CodeMissedEarlier
			continue
		case conn.Name < last.ID:
			s.State, s.Code = StateSkipped, CodeDone
			continue
		case conn.Name == last.ID:
			token = last.Token
		}
		c.queue = append(c.queue, &seat{s, token})
	}
}

// window asks the next connections at once and takes what they gave in order.
func (c *concat[T]) window(ctx context.Context) {
	seats := c.queue[c.at:min(c.at+ahead, len(c.queue))]
	room := c.r.PageSize - len(c.items)
	pages := make([]adapters.TokenPage[T], len(seats))
	errs := make([]error, len(seats))
	var wg sync.WaitGroup
	for i, s := range seats {
		wg.Go(func() { pages[i], errs[i] = c.ask(ctx, s, room) })
	}
	wg.Wait()
	for i, s := range seats {
		page, err := pages[i], errs[i]
		room := c.r.PageSize - len(c.items)
		if room == 0 {
			return
		}
		if err == nil && len(page.Items) > room {
			page, err = c.ask(ctx, s, room) // asked for more than there is room for now
		}
		for err == nil {
			c.items = append(c.items, page.Items...)
			s.Items += len(page.Items)
			s.token = page.Next
			if room = c.r.PageSize - len(c.items); page.Next == "" || room <= 0 {
				break
			}
			page, err = c.ask(ctx, s, room)
		}
		if err != nil {
			c.fail(ctx, s, err)
		} else if s.token != "" {
			return // the page is full inside this connection
		}
		c.at++
	}
}

func (c *concat[T]) ask(ctx context.Context, s *seat, limit int) (adapters.TokenPage[T], error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return adapters.TokenPage[T]{}, ctx.Err()
	}
	s.Calls++
	bounded, cancel := context.WithTimeout(ctx, c.f.settings.SourceDeadline)
	defer cancel()
	return c.kind.List(bounded, s.conn, s.token, limit)
}

func (c *concat[T]) fail(ctx context.Context, s *seat, err error) {
	if fault.KindOf(err) == fault.Unsupported {
		s.State, s.Code = StateSkipped, CodeUnsupported
		return
	}
	s.State, s.Err, s.Code = StateFailed, err, fault.KindOf(err).Error()
	if e := fault.Of(err); e != nil {
		s.RetryAfter = e.RetryAfter
	}
	c.walk.Missed = append(c.walk.Missed, miss{Connection: s.Connection, From: place{Token: s.token}})
	if ctx.Err() == nil {
		c.f.logger.WarnContext(ctx, "connection left out of a list", slog.String("connection", s.Connection),
			slog.String("list", c.kind.Noun), slog.String("error", err.Error()))
	}
}

func (c *concat[T]) result() (*List[T], error) {
	list := &List[T]{Items: c.items, Complete: len(c.walk.Missed) == 0}
	for i := c.at; i < len(c.queue); i++ {
		if s := c.queue[i]; s.State == StateOK && s.Items == 0 {
			s.State, s.Code = StateSkipped, CodeNotReached
		}
	}
	for _, s := range c.sources {
		list.Sources = append(list.Sources, s.Source)
	}
	if err := verdict(c.r, list.Sources); err != nil {
		return nil, err
	}
	if c.at < len(c.queue) {
		next := c.walk
		next.Last = place{Position: model.Position{ID: c.queue[c.at].Connection}, Token: c.queue[c.at].token}
		list.Next = c.f.sealer.seal(next, c.r.Binding)
	}
	if !list.Complete {
		list.Resume = c.f.sealer.seal(walk{Resume: true, Starts: c.walk.Missed}, c.r.Binding)
	}
	return list, nil
}
