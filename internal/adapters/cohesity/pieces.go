package cohesity

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"

	"switchback/internal/fault"
)

// fetchPiece asks for length bytes from a place on.
type fetchPiece func(ctx context.Context, at, length int64) (*http.Response, error)

// pieces reads a download piece by piece as one stream. Requests for the next
// pieces are sent ahead while their bodies wait on their connections, so that
// memory stays constant whatever the size.
//
// The vendor does not say how data ends (IBM NOTES section 13). A piece that is
// shorter than asked for is never taken for the last one by itself: it could be
// a limit of the server. The end is where the vendor has nothing to give at the
// very place that comes next.
type pieces struct {
	ctx    context.Context //nolint:containedctx // the life of the transfer
	cancel context.CancelFunc
	fetch  fetchPiece
	ahead  int

	mu      sync.Mutex // Read and Close may come from two goroutines
	at      int64      // place of the next byte to give out
	asked   int64      // place up to which pieces are asked for
	queue   []*piece   // asked for, in order; the first holds at
	current io.ReadCloser
	left    int64 // of the piece that is being read
	retried bool  // a piece broke since one last ended well
	careful bool  // the last piece was not whole: no more than one is asked for
	gave    bool
	err     error // final

	onEnd func(size int64) // told where the end is when it was reached
}

// piece is one request under way.
type piece struct {
	at       int64
	done     chan struct{}
	response *http.Response
	err      error
}

func newPieces(ctx context.Context, offset int64, ahead int, fetch fetchPiece, onEnd func(int64)) *pieces {
	ctx, cancel := context.WithCancel(ctx)
	return &pieces{ctx: ctx, cancel: cancel, fetch: fetch, ahead: ahead, at: offset, asked: offset, onEnd: onEnd}
}

// open waits for the first piece, so that early failures are returned and not
// read, and returns its content type.
func (p *pieces) open() (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := p.next()
	if p.err != nil && !errors.Is(p.err, io.EOF) {
		return "", p.err
	}
	return first, nil
}

// Read implements io.Reader.
func (p *pieces) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(b) == 0 {
		return 0, nil
	}
	for {
		if p.err != nil {
			return 0, p.err
		}
		if p.current == nil {
			p.next()
			continue
		}
		n, err := p.current.Read(b[:min(int64(len(b)), p.left)])
		p.at += int64(n)
		p.left -= int64(n)
		p.gave = p.gave || n > 0
		switch {
		case p.left == 0:
			p.whole()
		case errors.Is(err, io.EOF):
			// Shorter than asked for: what follows is asked for anew. What was asked
			// for ahead stands at the wrong places if this was not the end.
			p.retried = false
			p.restart()
		case err != nil:
			p.broke(broken(p.ctx, err))
		}
		if n > 0 {
			return n, nil
		}
	}
}

// Close implements io.Closer.
func (p *pieces) Close() error {
	p.cancel() // ends a Read that is waiting
	p.mu.Lock()
	defer p.mu.Unlock()
	p.restart()
	if p.err == nil {
		p.err = &fault.Error{Kind: fault.Internal, Op: "ibm.Download", Detail: "the transfer is closed", Err: io.ErrClosedPipe}
	}
	return nil
}

// next makes the piece at p.at the current one, or sets p.err. It returns the
// content type.
func (p *pieces) next() string {
	for p.err == nil && p.current == nil {
		p.ask()
		head := p.queue[0]
		p.queue = p.queue[1:]
		select {
		case <-head.done:
		case <-p.ctx.Done():
			p.queue = slices.Insert(p.queue, 0, head)
			p.fail(broken(p.ctx, p.ctx.Err()))
			return ""
		}
		switch {
		case head.err != nil && pastEnd(head.err, head.at):
			p.end(head.err)
		case head.err != nil:
			p.broke(head.err)
		default:
			if kind, ok := p.begin(head.response); ok {
				return kind
			}
		}
	}
	return ""
}

// ask sends requests until enough are under way. After a short or a broken piece
// only one is: most of the time it finds the end.
func (p *pieces) ask() {
	want := p.ahead
	if p.careful {
		want = 1
	}
	for len(p.queue) < want {
		next := &piece{at: p.asked, done: make(chan struct{})}
		p.asked += pieceSize
		p.queue = append(p.queue, next)
		go func() {
			defer close(next.done)
			next.response, next.err = p.fetch(p.ctx, next.at, pieceSize) //nolint:bodyclose // closed by the reader
		}()
	}
}

// begin looks at the head of a piece. Nothing to give is the end.
func (p *pieces) begin(response *http.Response) (string, bool) {
	kind := response.Header.Get("Content-Type")
	switch {
	case response.StatusCode == http.StatusNoContent || response.ContentLength == 0:
		_ = response.Body.Close()
		p.finish()
		return kind, true
	case response.ContentLength > pieceSize:
		_ = response.Body.Close()
		p.fail(fault.New(fault.Upstream, "ibm.Download", "the vendor gave more than was asked for"))
		return "", false
	}
	body, err := peek(response)
	switch {
	case errors.Is(err, io.EOF) && framed(response):
		p.finish()
		return kind, true
	case errors.Is(err, io.EOF):
		// Without a length an empty body may be a broken one: ask once more.
		if p.retried {
			p.finish()
			return kind, true
		}
		p.broke(broken(p.ctx, io.ErrUnexpectedEOF))
		return "", false
	case err != nil:
		p.broke(broken(p.ctx, err))
		return "", false
	}
	p.current, p.left = body, pieceSize
	return kind, true
}

// framed reports whether the end of a body can be told from a broken
// connection.
func framed(r *http.Response) bool {
	return r.ContentLength >= 0 || r.ProtoMajor >= 2 || slices.Contains(r.TransferEncoding, "chunked")
}

// peek reads the first byte, which shows whether there is any.
func peek(r *http.Response) (io.ReadCloser, error) {
	var one [1]byte
	n, err := io.ReadFull(r.Body, one[:])
	if n == 0 {
		_ = r.Body.Close()
		return nil, err
	}
	return &rejoined{first: one[:1], ReadCloser: r.Body}, nil
}

// rejoined gives a byte that was looked at before the rest.
type rejoined struct {
	first []byte
	io.ReadCloser
}

// Read implements io.Reader.
func (r *rejoined) Read(b []byte) (int, error) {
	if len(r.first) > 0 {
		n := copy(b, r.first)
		r.first = r.first[n:]
		return n, nil
	}
	return r.ReadCloser.Read(b)
}

// whole ends a piece that gave all that was asked for, and sees to it that the
// vendor does not send more.
func (p *pieces) whole() {
	var one [1]byte
	n, _ := io.ReadFull(p.current, one[:]) // all is here: how the connection ends does not matter
	_ = p.current.Close()
	p.current = nil
	p.retried, p.careful = false, false
	if n > 0 {
		p.fail(fault.New(fault.Upstream, "ibm.Download", "the vendor gave more than was asked for"))
	}
}

// broke tries once more from where a piece broke off; the second time in a row
// is final.
func (p *pieces) broke(err error) {
	switch kind := fault.KindOf(err); {
	case p.ctx.Err() != nil, p.retried, kind != fault.Unavailable && kind != fault.Upstream && kind != fault.Timeout:
		p.fail(err)
	default:
		p.restart()
		p.retried = true
	}
}

// end takes a refusal for the end of the data if it is one. A 400 is, only if
// the vendor refuses the place again and still gives the first byte: an expired
// download may be refused alike.
func (p *pieces) end(refusal error) {
	if fault.Of(refusal).Upstream.Status == http.StatusBadRequest {
		again, err := probe(p.ctx, p.fetch, p.at)
		if err == nil && again {
			p.broke(refusal)
			return
		}
		first := false
		if err == nil {
			first, err = probe(p.ctx, p.fetch, 0)
		}
		if err != nil || !first {
			p.fail(refusal)
			return
		}
	}
	p.finish()
}

func (p *pieces) finish() {
	if p.gave {
		p.onEnd(p.at)
	}
	p.fail(io.EOF)
}

func (p *pieces) fail(err error) {
	p.err = err
	p.cancel()
	p.restart()
}

// restart drops all that is under way and goes on at p.at.
func (p *pieces) restart() {
	if p.current != nil {
		_ = p.current.Close()
		p.current = nil
	}
	for _, waiting := range p.queue {
		go func() {
			<-waiting.done
			if waiting.response != nil {
				_ = waiting.response.Body.Close()
			}
		}()
	}
	p.queue, p.asked, p.careful = nil, p.at, true
}
