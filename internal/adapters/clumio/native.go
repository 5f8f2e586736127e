package clumio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
)

// Bounds of what is passed through.
const (
	maxNativePath   = 4 << 10
	maxNativeQuery  = 16 << 10
	maxNativeBody   = 1 << 20
	maxNativeAnswer = 64 << 20
)

// native passes requests through to the operations of the vendor's contract, and
// to nothing else.
type native struct {
	*client
	routes nativeRoutes
}

var _ adapters.Native = native{}

// Routes implements adapters.Native.
func (n native) Routes() []adapters.NativeRoute {
	out := make([]adapters.NativeRoute, len(n.routes.rows))
	for i, row := range n.routes.rows {
		out[i] = row.NativeRoute
	}
	return out
}

// Do implements adapters.Native.
func (n native) Do(ctx context.Context, r adapters.NativeRequest) (*adapters.NativeReply, error) {
	const op = "clumio.Native"
	segments, ok := nativeSegments(r.Path)
	if !ok {
		return nil, fault.New(fault.NotFound, op, "no operation of the vendor has this path")
	}
	route, ok := n.routes.find(r.Method, segments)
	if !ok {
		return nil, fault.New(fault.NotFound, op, "the vendor has no such operation")
	}
	query, err := url.ParseQuery(r.Query)
	if err != nil || len(r.Query) > maxNativeQuery {
		return nil, &fault.Error{Kind: fault.Invalid, Op: op, Detail: "the query can not be read or is too long"}
	}
	request := vendorhttp.Request{
		Op: op + "." + route.Operation, Method: r.Method, Path: "/" + escaped(segments), Query: query, Accept: route.Accept, Safe: route.Safe,
	}
	if len(r.Body) > 0 {
		if len(r.Body) > maxNativeBody || !json.Valid(r.Body) || r.Method == http.MethodGet {
			return nil, &fault.Error{Kind: fault.Invalid, Op: op, Detail: "the body is too large, is not JSON, or stands where none belongs"}
		}
		request.Body = r.Body
	}
	response, err := n.http.Do(ctx, request)
	if err != nil {
		return nil, n.nativeError(err)
	}
	if response.ContentLength > maxNativeAnswer {
		_ = response.Body.Close()
		return nil, &fault.Error{Kind: fault.Upstream, Op: op, Detail: "the vendor's answer is too large", Ambiguous: !route.Safe}
	}
	contentType := nativeContentType(response.Header.Get("Content-Type"))
	return &adapters.NativeReply{
		Status: response.StatusCode, ContentType: contentType,
		Body: &adapters.Body{
			ReadCloser: &boundedAnswer{body: response.Body, left: maxNativeAnswer, op: op},
			Size:       response.ContentLength, ContentType: contentType,
		},
	}, nil
}

// nativeError forgets a token that was refused, and lays a request that the
// vendor does not understand to whoever wrote it, also when it was a read.
func (n native) nativeError(err error) error {
	e := fault.Of(err)
	switch {
	case e == nil:
		return err
	case e.Kind == fault.Credentials:
		n.auth.forget()
	case status(err) == http.StatusBadRequest || status(err) == http.StatusUnprocessableEntity:
		refused := *e
		refused.Kind = fault.Invalid
		return &refused
	}
	return err
}

// nativeSegments takes an escaped path apart. What a server could read as more or
// as other segments than are seen here is refused, so that what is checked is
// what is asked.
func nativeSegments(path string) ([]string, bool) {
	if !strings.HasPrefix(path, "/") || len(path) > maxNativePath {
		return nil, false
	}
	segments := templateSegments(path)
	for i, part := range segments {
		plain, err := url.PathUnescape(part)
		if err != nil || plain == "" || plain == "." || plain == ".." || strings.ContainsAny(plain, `/\;%?#`) ||
			strings.ContainsFunc(plain, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, false
		}
		segments[i] = plain
	}
	return segments, true
}

func escaped(segments []string) string {
	out := make([]string, len(segments))
	for i, segment := range segments {
		out[i] = url.PathEscape(segment)
	}
	return strings.Join(out, "/")
}

// nativeContentType puts the versioned types, which are no media types by the
// book because of their "=" (NOTES section 2), as what they are.
func nativeContentType(text string) string {
	if strings.HasPrefix(text, "application/api.clumio.") && strings.HasSuffix(text, "+json") {
		return "application/json"
	}
	return text
}

// boundedAnswer ends with an error, not with EOF, where an answer is larger than
// is passed on.
type boundedAnswer struct {
	body io.ReadCloser
	left int64
	op   string
}

var errNativeAnswer = errors.New("the answer is too large")

func (b *boundedAnswer) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, b.tooLarge()
	}
	// One byte more than is allowed tells an answer that ends there from one that
	// goes on.
	n, err := b.body.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return n - 1, b.tooLarge()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fault.Wrap(fault.Upstream, b.op, err)
	}
	return n, err
}

func (b *boundedAnswer) tooLarge() error {
	return &fault.Error{
		Kind: fault.Upstream, Op: b.op, Detail: fmt.Sprintf("the vendor's answer is larger than %d bytes", maxNativeAnswer), Err: errNativeAnswer,
	}
}

// Close implements io.Closer.
func (b *boundedAnswer) Close() error { return b.body.Close() }
