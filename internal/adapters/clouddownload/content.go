package clouddownload

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"unicode"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// content gives the bytes of downloads (NOTES section 7).
type content struct{ *account }

// Open implements adapters.Content. The vendor documents no ranges: the bytes
// before offset are read and dropped.
func (a content) Open(ctx context.Context, id model.ID, offset int64) (*adapters.Body, error) {
	const op = "storware.GetCloudDownloadContent"
	if offset < 0 {
		return nil, fault.New(fault.Invalid, op, "the offset is negative")
	}
	t, err := a.target(ctx, op, id)
	if err != nil {
		return nil, err
	}
	record, err := t.one(op)
	if err != nil {
		return nil, err
	}
	response, err := a.fetch(ctx, op, record) //nolint:bodyclose // wholeBody closes it
	if err != nil {
		if gone(err) {
			err = a.missing(ctx, op, id, err)
		}
		return nil, err
	}
	body := &wholeBody{ReadCloser: response.Body, op: op, left: response.ContentLength, ctx: ctx}
	if err := body.skip(offset); err != nil {
		_ = body.Close()
		return nil, err
	}
	return &adapters.Body{
		ReadCloser: body, Offset: offset, Size: response.ContentLength,
		ContentType: response.Header.Get("Content-Type"), FileName: fileName(response.Header.Get("Content-Disposition")),
	}, nil
}

// Size implements adapters.Content. No HEAD is documented: the answer is opened
// for its length.
func (a content) Size(ctx context.Context, id model.ID) (int64, error) {
	body, err := a.Open(ctx, id, 0)
	if err != nil {
		return 0, err
	}
	return body.Size, body.Close()
}

// fetch asks for the bytes where the documents have them, and by the other
// content route when that is refused.
func (a content) fetch(ctx context.Context, op, record string) (*http.Response, error) {
	at, err := a.item(op, "/cloud-download", record)
	if err != nil {
		return nil, err
	}
	// Bytes as they are: a coded answer would have another length.
	plain := http.Header{"Accept-Encoding": {"identity"}}
	response, err := a.client.Do(ctx, vendorhttp.Request{Op: op, Path: at, Accept: "application/octet-stream", Header: plain})
	if err == nil && bytesIn(response) {
		return response, nil
	}
	if err == nil {
		_ = response.Body.Close()
	} else if !refusedRoute(status(err)) {
		return nil, err
	}
	response, err = a.client.Do(ctx, vendorhttp.Request{Op: op, Path: at + "/content-download", Accept: "*/*", Header: plain})
	if err != nil {
		return nil, err
	}
	if !bytesIn(response) {
		_ = response.Body.Close()
		return nil, fault.New(fault.Conflict, op, "the vendor gives no content of the download (yet)")
	}
	return response, nil
}

// bytesIn reports whether an answer is content. JSON is the documented artefact
// of an asynchronous method that writes its answer itself.
func bytesIn(r *http.Response) bool {
	if r.StatusCode != http.StatusOK {
		return false
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return !strings.EqualFold(strings.TrimSpace(kind), "application/json")
}

// refusedRoute reports whether a status speaks of the route, not of the
// download.
func refusedRoute(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusUnsupportedMediaType, http.StatusNotImplemented:
		return true
	}
	return false
}

// missing tells bytes that are not there yet (404 or 409: NOTES section 7) from
// those of a download that is gone.
func (a content) missing(ctx context.Context, op string, id model.ID, answer error) error {
	now, err := downloads(a).Get(ctx, id, false)
	switch {
	case gone(err) || errors.Is(err, fault.NotFound):
		return answer
	case err != nil:
		return err
	case now.State.Terminal() && !now.Outputs.HasContent:
		return answer
	}
	return &fault.Error{Kind: fault.Conflict, Op: op, Detail: "the download is not ready yet", Err: answer}
}

// wholeBody gives io.EOF only when all bytes that were announced have come.
type wholeBody struct {
	io.ReadCloser
	ctx  context.Context //nolint:containedctx // of the transfer, to tell why it broke
	op   string
	left int64 // -1 when nothing was announced
}

// Read implements io.Reader.
func (b *wholeBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left >= 0 {
		b.left -= int64(n)
	}
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF) && b.left <= 0:
		return n, io.EOF
	case b.ctx.Err() != nil:
		return n, fault.Wrap(fault.Timeout, b.op, b.ctx.Err())
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF // nobody shall take it for the end
	}
	return n, &fault.Error{Kind: fault.Unavailable, Op: b.op, Detail: "the vendor broke the transfer off", Err: err}
}

// skip reads up to offset. An end before it leaves a body without bytes.
func (b *wholeBody) skip(offset int64) error {
	_, err := io.CopyN(io.Discard, b, offset)
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

const maxFileName = 200

// fileName is the name that the vendor suggests, safe for a file system: no
// directories, no control characters, not hidden.
func fileName(disposition string) string {
	if disposition == "" {
		return ""
	}
	_, params, err := mime.ParseMediaType(disposition)
	name := params["filename"]
	if err != nil && name == "" {
		_, name, _ = strings.Cut(disposition, "filename=")
		name, _, _ = strings.Cut(name, ";")
		name = strings.Trim(strings.TrimSpace(name), `"`)
	}
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`/:*?"<>|`, r) {
			return -1
		}
		return r
	}, name)
	// A proxy of the vendor puts _ for the quotes (NOTES section 7).
	if inner, ok := strings.CutPrefix(name, "_"); ok && strings.HasSuffix(inner, "_") {
		name = strings.TrimSuffix(inner, "_")
	}
	name = strings.TrimSpace(strings.TrimLeft(name, ". "))
	if len(name) > maxFileName {
		name = strings.ToValidUTF8(name[:maxFileName], "")
	}
	return name
}
