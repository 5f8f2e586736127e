package cohesity

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// pieceSize is the most that one download call gives (IBM NOTES section 13).
const pieceSize int64 = 8 << 20

type content struct{ *account }

// Open implements adapters.Content.
func (c content) Open(ctx context.Context, restore model.ID, offset int64) (*adapters.Body, error) {
	const op = "ibm.Download"
	if offset < 0 {
		return nil, fault.New(fault.Invalid, op, "the offset is negative")
	}
	recovery, err := c.prepared(ctx, op, restore)
	if err != nil {
		return nil, err
	}
	size := int64(-1)
	if known, ok := c.sizes.get(restore.Key); ok {
		size = known
	}
	p := newPieces(ctx, offset, c.prefetch, func(ctx context.Context, at, length int64) (*http.Response, error) {
		return c.piece(ctx, restore.Key, at, length)
	}, func(size int64) { c.sizes.put(restore.Key, size) })
	contentType, err := p.open()
	if err != nil {
		_ = p.Close()
		return nil, err
	}
	return &adapters.Body{ReadCloser: p, Offset: offset, Size: size, ContentType: contentType, FileName: recovery.fileName()}, nil
}

// prepared reads the recovery and checks that its bytes can be had now.
func (c content) prepared(ctx context.Context, op string, id model.ID) (*wireRecovery, error) {
	recovery, _, err := c.recovery(ctx, id)
	if err != nil {
		return nil, err
	}
	restore := c.view().restore(recovery)
	switch {
	case restore.Kind != model.RestoreDownload:
		return nil, fault.New(fault.Conflict, op, "this restore gives no bytes")
	case restore.State != model.StateSucceeded && restore.State != model.StateSucceededWithWarnings:
		return nil, fault.New(fault.Conflict, op, "the bytes are not ready")
	case c.view().past(restore.ExpiresAt):
		return nil, fault.New(fault.NotFound, op, "the download has expired")
	}
	return recovery, nil
}

// piece asks for a stretch of the archive. The vendor documents neither the end
// of the data nor the type of the body; no Accept is sent, as its own client
// does (IBM NOTES sections 1 and 13). Compression on the way would hide the
// length.
func (c content) piece(ctx context.Context, recovery string, at, length int64) (*http.Response, error) {
	return c.client.Do(ctx, vendorhttp.Request{
		Op: "ibm.Download", Path: segments("data-protect", "recoveries", recovery, "download-files"),
		Query:  url.Values{"startOffset": {usecs(at)}, "length": {usecs(length)}},
		Header: http.Header{"Accept-Encoding": {"identity"}},
	})
}

// probe reports whether there is a byte at a place.
func probe(ctx context.Context, fetch fetchPiece, at int64) (bool, error) {
	response, err := fetch(ctx, at, 1)
	if err != nil {
		if pastEnd(err, at) {
			return false, nil
		}
		return false, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusNoContent {
		return false, nil
	}
	var one [1]byte
	_, err = io.ReadFull(response.Body, one[:])
	if errors.Is(err, io.EOF) { // nothing at all; a cut body is io.ErrUnexpectedEOF
		return false, nil
	}
	if err != nil {
		return false, broken(ctx, err)
	}
	return true, nil
}

// pastEnd reports whether an error says that there is nothing at a place: 416,
// or the 400 that some versions give there, which the caller has to confirm.
func pastEnd(err error, at int64) bool {
	e := fault.Of(err)
	if e == nil || e.Upstream == nil {
		return false
	}
	status := e.Upstream.Status
	return status == http.StatusRequestedRangeNotSatisfiable || status == http.StatusBadRequest && at > 0
}

func broken(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil {
		return fault.Wrap(fault.Timeout, "ibm.Download", cause)
	}
	return &fault.Error{Kind: fault.Unavailable, Op: "ibm.Download", Detail: "the transfer from the vendor broke off", Err: err}
}
