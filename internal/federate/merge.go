package federate

import (
	"container/heap"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/fault"
	"switchback/internal/fleet"
	"switchback/internal/model"
)

// Timed says how one kind of timed thing is listed.
type Timed[T any] struct {
	Noun  string // for logs
	Open  func(ctx context.Context, c *fleet.Conn) ([]adapters.Stream[T], error)
	Place func(T) model.Position
	Match func(T) bool // nil: everything
	// From (inclusive) and Until (exclusive) are bounds of time that Match
	// implies; they save reading what can not match. Zero is no bound.
	From, Until time.Time
}

// Merge returns one page of a merged list.
func Merge[T any](ctx context.Context, f *Federator, r Request, kind Timed[T]) (*List[T], error) {
	m, err := newMerge(f, r, kind)
	if err != nil {
		return nil, err
	}
	m.open(ctx)
	for len(m.items) < r.PageSize && m.heap.Len() > 0 && m.scanned < f.settings.ScanLimit {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m.step(ctx)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return m.result()
}

// merge is the state of one page.
type merge[T any] struct {
	f       *Federator
	r       Request
	kind    Timed[T]
	walk    walk           // as the cursor gave it; its Missed grows
	last    model.Position // everything up to here has been looked at
	sources []*source
	heap    tracks[T]
	items   []T
	scanned int
	slots   chan struct{} // bounds asks under way
}

// source is one connection in the merge.
type source struct {
	Source
	conn  *fleet.Conn // nil when skipped
	start model.Position
	mu    sync.Mutex // guards Calls and Pushed while asks are under way
}

func (s *source) out() bool { return s.State == StateFailed || s.State == StateSkipped }

func newMerge[T any](f *Federator, r Request, kind Timed[T]) (*merge[T], error) {
	m := &merge[T]{f: f, r: r, kind: kind, slots: make(chan struct{}, f.settings.Fanout)}
	if r.Cursor == "" {
		m.walk.AsOf = f.now().UTC()
		m.walk.Last.Position = model.Position{At: m.walk.AsOf, ID: model.LastID}
		if !kind.Until.IsZero() && !kind.Until.After(m.walk.AsOf) {
			m.walk.Last.Position = model.Position{At: kind.Until}
		}
	} else {
		w, err := f.sealer.open(r.Cursor, r.Binding)
		if err != nil {
			return nil, err
		}
		m.walk = w
	}
	m.last = m.walk.Last.Position
	m.items = make([]T, 0, min(r.PageSize, 64))
	for _, c := range r.Conns {
		if s := m.participant(c); s != nil {
			m.sources = append(m.sources, s)
		}
	}
	return m, nil
}

// participant says whether and from where a connection takes part.
func (m *merge[T]) participant(c *fleet.Conn) *source {
	s := &source{Source: Source{Connection: c.Name, State: StateOK}, conn: c, start: m.last}
	if i := find(m.walk.Missed, c.Name); i >= 0 {
		s.State, s.Code = StateSkipped, CodeMissedEarlier
		return s
	}
	if m.walk.Resume {
		i := find(m.walk.Starts, c.Name)
		if i < 0 {
			return nil
		}
		if from := m.walk.Starts[i].From.Position; m.last.Before(from) {
			s.start = from
		}
	}
	return s
}

func find(list []miss, connection string) int {
	return slices.IndexFunc(list, func(m miss) bool { return m.Connection == connection })
}

// open asks every connection for its streams, all at once, and puts each
// stream on the heap at the place where its first item may stand.
func (m *merge[T]) open(ctx context.Context) {
	opened := make([][]adapters.Stream[T], len(m.sources))
	var wg sync.WaitGroup
	for i, s := range m.sources {
		if s.out() {
			continue
		}
		wg.Go(func() {
			var err error
			opened[i], err = ask(ctx, m, s, func(ctx context.Context) ([]adapters.Stream[T], error) {
				return m.kind.Open(ctx, s.conn)
			})
			if err != nil {
				m.fail(ctx, s, err)
			}
		})
	}
	wg.Wait()
	total := 0
	for _, streams := range opened {
		total += len(streams)
	}
	for i, s := range m.sources {
		if s.State == StateFailed {
			m.miss(s)
		}
		for _, stream := range opened[i] {
			t := &track[T]{source: s, stream: stream, more: true, next: s.start, head: s.start, ask: firstAsk(m.r.PageSize, total)}
			if at := stream.NewestAt; !at.IsZero() && at.Before(s.start.At) {
				t.head = model.Position{At: at, ID: model.LastID}
			}
			s.pushed(stream.Pushed)
			m.heap = append(m.heap, t)
		}
	}
	heap.Init(&m.heap)
}

func (s *source) pushed(filters []string) {
	for _, f := range filters {
		if !slices.Contains(s.Pushed, f) {
			s.Pushed = append(s.Pushed, f)
		}
	}
}

// firstAsk shares a page among the streams, a little more than even: asking
// for a whole page of each would read streams times too much.
func firstAsk(pageSize, streams int) int {
	if streams <= 1 {
		return pageSize
	}
	return min(pageSize, max(2, 2*pageSize/streams))
}

// ask runs one ask of a source under its deadline and the page's fan-out.
func ask[T, R any](ctx context.Context, m *merge[T], s *source, f func(ctx context.Context) (R, error)) (R, error) {
	var zero R
	select {
	case m.slots <- struct{}{}:
		defer func() { <-m.slots }()
	case <-ctx.Done():
		return zero, ctx.Err()
	}
	s.mu.Lock()
	s.Calls++
	s.mu.Unlock()
	bounded, cancel := context.WithTimeout(ctx, m.f.settings.SourceDeadline)
	defer cancel()
	return f(bounded)
}

// step looks at what is on top: an item goes out, a stream that has to be read
// first is read.
func (m *merge[T]) step(ctx context.Context) {
	top := m.heap[0]
	switch {
	case top.source.out() || m.over(top):
		heap.Pop(&m.heap)
	case len(top.buffer) == 0:
		m.fill(ctx)
	default:
		p := top.buffer[0]
		m.last = p.Position
		m.scanned++
		if m.kind.Match == nil || m.kind.Match(p.Item) {
			m.items = append(m.items, p.Item)
			top.source.Items++
		}
		top.buffer = top.buffer[1:]
		m.settle(top)
	}
}

// over reports whether a track has come to where nothing can match any more.
func (m *merge[T]) over(t *track[T]) bool {
	return !m.kind.From.IsZero() && t.head.At.Before(m.kind.From)
}

// settle puts the track on top of the heap where it belongs now.
func (m *merge[T]) settle(top *track[T]) {
	switch {
	case len(top.buffer) > 0:
		top.head = top.buffer[0].Position
	case top.more:
		top.head = top.next
	default:
		heap.Pop(&m.heap)
		return
	}
	heap.Fix(&m.heap, 0)
}

// readAhead is how many streams beyond the one on top are read together with
// it while they come before every known item.
const readAhead = 8

// fill reads the unread streams on top of the heap, at once.
func (m *merge[T]) fill(ctx context.Context) {
	var unread []*track[T]
	top := m.heap[0].head
	room := min(readAhead, m.r.PageSize-len(m.items)) - 1
	for m.heap.Len() > 0 && len(m.heap[0].buffer) == 0 {
		if m.heap[0].head.Compare(top) != 0 {
			if room <= 0 {
				break
			}
			room--
		}
		if t := heap.Pop(&m.heap).(*track[T]); !t.source.out() {
			unread = append(unread, t)
		}
	}
	errs := make([]error, len(unread))
	var wg sync.WaitGroup
	for i, t := range unread {
		wg.Go(func() { errs[i] = m.read(ctx, t) })
	}
	wg.Wait()
	for i, t := range unread {
		if errs[i] != nil && !t.source.out() {
			m.fail(ctx, t.source, errs[i])
			if t.source.State == StateFailed {
				m.miss(t.source)
			}
		}
	}
	for _, t := range unread {
		if !t.source.out() && (len(t.buffer) > 0 || t.more) {
			heap.Push(&m.heap, t)
		}
	}
}

// read asks for the next items of a track and checks the adapter's promises on
// them: a stream that breaks the order would lose items silently.
func (m *merge[T]) read(ctx context.Context, t *track[T]) error {
	page, err := ask(ctx, m, t.source, func(ctx context.Context) (adapters.Page[T], error) {
		return t.stream.Page(ctx, t.next, t.ask)
	})
	if err != nil {
		return err
	}
	t.buffer = make([]adapters.Placed[T], len(page.Items))
	previous := t.next
	if previous.Before(m.last) {
		previous = m.last // a stream with a bound was read late: its bound must have held
	}
	for i, item := range page.Items {
		p := m.kind.Place(item)
		if !previous.Before(p) {
			return &fault.Error{Kind: fault.Upstream, Op: m.kind.Noun + ".page", Err: errOrder}
		}
		t.buffer[i] = adapters.Placed[T]{Position: p, Item: item}
		previous = p
	}
	if page.More && !t.next.Before(page.Next) {
		return &fault.Error{Kind: fault.Upstream, Op: m.kind.Noun + ".page", Err: errOrder}
	}
	t.more, t.next = page.More, page.Next
	t.ask = min(t.ask*2, max(m.r.PageSize, 1))
	if len(t.buffer) > 0 {
		t.head = t.buffer[0].Position
	} else {
		t.head = t.next
	}
	return nil
}

var errOrder = errors.New("the stream does not keep its order")

// fail takes a source out of this page.
func (m *merge[T]) fail(ctx context.Context, s *source, err error) {
	if fault.KindOf(err) == fault.Unsupported {
		s.State, s.Code = StateSkipped, CodeUnsupported
		return
	}
	s.State, s.Err, s.Code = StateFailed, err, fault.KindOf(err).Error()
	if e := fault.Of(err); e != nil {
		s.RetryAfter = e.RetryAfter
	}
	if ctx.Err() == nil {
		m.f.logger.WarnContext(ctx, "connection left out of a list", slog.String("connection", s.Connection),
			slog.String("list", m.kind.Noun), slog.String("error", err.Error()))
	}
}

// miss notes where a failed source is missing from: what it had before the
// current place has gone out.
func (m *merge[T]) miss(s *source) {
	from := s.start
	if from.Before(m.last) {
		from = m.last
	}
	m.walk.Missed = append(m.walk.Missed, miss{Connection: s.Connection, From: place{Position: from}})
}

func (m *merge[T]) result() (*List[T], error) {
	list := &List[T]{Items: m.items, Complete: len(m.walk.Missed) == 0}
	for _, s := range m.sources {
		list.Sources = append(list.Sources, s.Source)
	}
	if err := verdict(m.r, list.Sources); err != nil {
		return nil, err
	}
	more := slices.ContainsFunc(m.heap, func(t *track[T]) bool { return !t.source.out() && !m.over(t) })
	if more {
		next := m.walk
		next.Last.Position = m.last
		list.Next = m.f.sealer.seal(next, m.r.Binding)
	}
	if !list.Complete {
		list.Resume = m.f.sealer.seal(walk{
			AsOf: m.walk.AsOf, Last: place{Position: newest(m.walk.Missed)}, Resume: true, Starts: m.walk.Missed,
		}, m.r.Binding)
	}
	return list, nil
}

// newest is the earliest place in the order among the misses.
func newest(list []miss) model.Position {
	out := list[0].From.Position
	for _, m := range list {
		if m.From.Before(out) {
			out = m.From.Position
		}
	}
	return out
}

// track is one stream in the merge.
type track[T any] struct {
	source *source
	stream adapters.Stream[T]
	buffer []adapters.Placed[T]
	head   model.Position // where it stands in the heap: its first item, or where that may be
	next   model.Position // where to ask on
	more   bool
	ask    int
}

// tracks is a heap by head.
type tracks[T any] []*track[T]

func (h tracks[T]) Len() int { return len(h) }

func (h tracks[T]) Less(i, j int) bool { return h[i].head.Before(h[j].head) }
func (h tracks[T]) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *tracks[T]) Push(x any) { *h = append(*h, x.(*track[T])) }

// Pop implements heap.Interface.
func (h *tracks[T]) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}
