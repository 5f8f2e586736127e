package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"switchback/internal/fault"
	"switchback/internal/fleet"
)

// blob is something with bytes at a vendor. What a restore or a backup holds
// never changes, so its key makes a strong entity tag.
type blob struct {
	connection string
	key        string
	name       string // "" takes the vendor's
	open       func(ctx context.Context, offset int64) (*fleet.Body, error)
	size       func(ctx context.Context) (int64, error) // -1 when there is no way to tell
}

func (b blob) etag() string {
	sum := sha256.Sum256([]byte(b.connection + "\x00" + b.key))
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// transfer is an answer that streams bytes.
type transfer struct {
	status int
	header http.Header
	body   io.ReadCloser // nil: headers only
	length int64         // to be sent, -1 when not known
	copy   copier
	told   func(error) // the failure, for the log
}

// get decides what of a blob is sent and opens it.
func (s *Server) get(ctx context.Context, b blob, rangeHeader, ifRange string) (*transfer, error) {
	t := s.transfer(ctx, b)
	if t.notModified(ctx, b.etag()) {
		return t, nil
	}
	wanted, ranged := parseRange(rangeHeader)
	ranged = ranged && (ifRange == "" || strings.TrimSpace(ifRange) == b.etag())
	size, first := int64(-1), int64(0)
	if ranged {
		var err error
		if size, err = b.size(ctx); err != nil {
			return nil, about(b.connection, err)
		}
		if ranged = size >= 0; !ranged {
			t.header.Set("Accept-Ranges", "none")
		} else if first, t.length, ranged = wanted.within(size); !ranged {
			header := http.Header{"Content-Range": {"bytes */" + strconv.FormatInt(size, 10)}, "Accept-Ranges": {"bytes"}}
			return nil, &refusal{class: rangeNotSatisfiable, header: header}
		}
	}
	body, err := b.open(ctx, first)
	if err != nil {
		return nil, about(b.connection, err)
	}
	if body.Offset != first || ranged && body.Size >= 0 && body.Size != size {
		err := errors.Join(fmt.Errorf("asked for byte %d of %d, got byte %d of %d", first, size, body.Offset, body.Size), body.Close())
		return nil, about(b.connection, &fault.Error{Kind: fault.Upstream, Op: "api.content", Err: err})
	}
	t.body = body
	t.describe(b, body)
	if ranged {
		t.status = http.StatusPartialContent
		t.header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, first+t.length-1, size))
		t.header.Set("Accept-Ranges", "bytes")
	} else if t.length = body.Size; body.Size >= 0 && t.header.Get("Accept-Ranges") == "" {
		t.header.Set("Accept-Ranges", "bytes")
	}
	if t.length >= 0 {
		t.header.Set("Content-Length", strconv.FormatInt(t.length, 10))
	}
	return t, nil
}

// head tells what is known without opening a transfer; the type and the name
// of the file are not.
func (s *Server) head(ctx context.Context, b blob) (*transfer, error) {
	t := s.transfer(ctx, b)
	if t.notModified(ctx, b.etag()) {
		return t, nil
	}
	size, err := b.size(ctx)
	if err != nil {
		return nil, about(b.connection, err)
	}
	t.header.Set("Accept-Ranges", "none")
	if size >= 0 {
		t.header.Set("Accept-Ranges", "bytes")
		t.header.Set("Content-Length", strconv.FormatInt(size, 10))
	}
	return t, nil
}

func (s *Server) transfer(ctx context.Context, b blob) *transfer {
	in := callOf(ctx)
	t := &transfer{
		status: http.StatusOK, header: http.Header{}, length: -1, copy: copier{now: s.Now, write: s.Limits.Write},
		told: func(err error) { in.failure = err },
	}
	t.header.Set("ETag", b.etag())
	t.header.Set("Cache-Control", cacheable)
	t.header.Set("Vary", "Authorization")
	return t
}

func (t *transfer) notModified(ctx context.Context, etag string) bool {
	if header := callOf(ctx).header.Get("If-None-Match"); header == "" || !etagMatches(header, etag) {
		return false
	}
	t.status = http.StatusNotModified
	return true
}

// describe sets what the body is and what it is called. It is always a file to
// be saved: nobody knows what a vendor gives.
func (t *transfer) describe(b blob, body *fleet.Body) {
	contentType := body.ContentType
	if _, _, err := mime.ParseMediaType(contentType); err != nil {
		contentType = "application/octet-stream"
	}
	t.header.Set("Content-Type", contentType)
	name := b.name
	if name == "" {
		name = body.FileName
	}
	t.header.Set("Content-Disposition", disposition(name))
}

// disposition names a file safely (RFC 6266): the last part of a path in plain
// ASCII, and beside it in UTF-8 when that is not the same.
func disposition(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, "_"), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '_' // control characters, and those that turn the direction of writing
		}
		return r
	}, name)
	if name == "." || name == ".." || name == "/" || name == "" {
		name = "content.bin"
	}
	for len(name) > 200 {
		runes := []rune(name)
		name = string(runes[len(runes)/4:]) // the end has the extension
	}
	plain := strings.Map(func(r rune) rune {
		if r > 0x7e || strings.ContainsRune(`"%;`, r) {
			return '_'
		}
		return r
	}, name)
	out := `attachment; filename="` + plain + `"`
	if plain != name {
		out += "; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	}
	return out
}

// VisitGetRestoreContentResponse implements GetRestoreContentResponseObject.
func (t *transfer) VisitGetRestoreContentResponse(w http.ResponseWriter) error { return t.serve(w) }

// VisitHeadRestoreContentResponse implements HeadRestoreContentResponseObject.
func (t *transfer) VisitHeadRestoreContentResponse(w http.ResponseWriter) error { return t.serve(w) }

// VisitGetBackupFileContentResponse implements GetBackupFileContentResponseObject.
func (t *transfer) VisitGetBackupFileContentResponse(w http.ResponseWriter) error { return t.serve(w) }

// VisitHeadBackupFileContentResponse implements HeadBackupFileContentResponseObject.
func (t *transfer) VisitHeadBackupFileContentResponse(w http.ResponseWriter) error { return t.serve(w) }

func (t *transfer) serve(w http.ResponseWriter) error {
	maps.Copy(w.Header(), t.header)
	w.WriteHeader(t.status)
	if t.body == nil {
		return nil
	}
	defer func() { _ = t.body.Close() }()
	err := t.copy.run(w, t.body, t.length)
	if err == nil {
		return nil
	}
	t.told(err)
	// The status is out; only a broken connection can still say that bytes are
	// missing.
	panic(http.ErrAbortHandler)
}

// copier copies a vendor's bytes to a client with constant memory.
type copier struct {
	now   func() time.Time
	write time.Duration // for the client to take one buffer
}

// bufferBytes is what one transfer holds at a time.
const bufferBytes = 1 << 20

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferBytes); return &b }}

// run copies length bytes, or to the end when it is negative. Fewer bytes than
// announced are an error, whatever the vendor says.
func (c copier) run(w http.ResponseWriter, body io.Reader, length int64) error {
	control := http.NewResponseController(w)
	buffer := buffers.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer buffers.Put(buffer)
	left := length
	for left != 0 {
		part := *buffer
		if left > 0 && left < int64(len(part)) {
			part = part[:left]
		}
		n, err := body.Read(part)
		if n > 0 {
			_ = control.SetWriteDeadline(c.now().Add(c.write)) // not every writer has deadlines
			if _, err := w.Write(part[:n]); err != nil {
				return fmt.Errorf("client: %w", err)
			}
			if left > 0 {
				left -= int64(n)
			}
		}
		switch {
		case err == nil:
		case !errors.Is(err, io.EOF):
			return err
		case left > 0:
			return fmt.Errorf("vendor: %d bytes short: %w", left, io.ErrUnexpectedEOF)
		default:
			return nil
		}
	}
	return nil
}
