package vendorhttp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"switchback/internal/fault"
)

// DefaultMaxBody bounds one JSON answer. The largest page a vendor is asked for
// is about 2 MB.
const DefaultMaxBody = 16 << 20

// maxErrorBody bounds what is read of an error answer.
const maxErrorBody = 64 << 10

// Options configures a Client. BaseURL and Transport are required.
type Options struct {
	BaseURL   string            // with the path below which all requests go
	AllowHTTP bool              // plain http, for vendors on a private network
	Transport http.RoundTripper // sends; never follows redirects
	Jar       http.CookieJar    // for vendors with session cookies
	Auth      Auth              // nil: requests go without credentials
	Header    http.Header       // sent with every request
	MaxBody   int64             // DefaultMaxBody when zero
	Renewals  int               // of credentials for one request; 1 when zero. More only where renewing is free
	Now       func() time.Time  // for Retry-After dates; required

	// ReadError finds the vendor's code and message in an error body, which may
	// be anything at all. Nil finds none.
	ReadError func(body []byte) (code, message string)
	// Classify overrides the kind of a failed status; Unknown leaves the default.
	Classify func(method string, status int, code, message string) fault.Kind
}

// Client sends requests to one vendor account. It is safe for concurrent use.
type Client struct {
	options Options
	base    *url.URL
	http    *http.Client
}

// New checks the base URL and returns a Client. The errors are Invalid and name
// the member base_url.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fault.InvalidField("vendorhttp.New", "/base_url", "invalid-url", "base_url is not an absolute URL without query and user")
	}
	if base.Scheme != "https" && (base.Scheme != "http" || !o.AllowHTTP) {
		return nil, fault.InvalidField("vendorhttp.New", "/base_url", "insecure-url", "base_url must be https unless allow_http is set")
	}
	base.Path = strings.TrimRight(base.Path, "/")
	o.MaxBody = cmp.Or(o.MaxBody, DefaultMaxBody)
	o.Renewals = cmp.Or(o.Renewals, 1)
	return &Client{options: o, base: base, http: &http.Client{
		Transport: o.Transport,
		Jar:       o.Jar,
		// Credentials must never follow a redirect to another place.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Request is one request to the vendor.
type Request struct {
	Op     string // name for errors and spans: "clumio.ListTasks"
	Method string // GET when empty
	Path   string // escaped, below the base URL; begins with "/"
	Root   bool   // Path is below the host, not below the base URL's path
	Query  url.Values
	Accept string
	Header http.Header
	// Body is sent as JSON unless it is nil; ContentType overrides
	// application/json. Form is sent instead when set.
	Body        any
	Form        url.Values
	ContentType string
	// Safe says that a request by another method than GET changes nothing.
	Safe bool
	// NoAuth sends without credentials, for signing in.
	NoAuth bool
}

// Reply is what came beside the decoded body.
type Reply struct {
	Status int
	Header http.Header
}

// JSON sends a request and decodes the answer into out. A nil out and 204 decode
// nothing. An answer that is too large, cut off, empty, null or not JSON is
// Upstream, so that a list is never taken to be empty by mistake; after a write
// it is also Ambiguous, for the vendor has acted.
func (c *Client) JSON(ctx context.Context, r Request, out any) (Reply, error) {
	response, err := c.Do(ctx, r) //nolint:bodyclose // drainClose closes it
	if err != nil {
		return Reply{}, err
	}
	defer drainClose(response.Body)
	reply := Reply{Status: response.StatusCode, Header: response.Header}
	if out == nil || response.StatusCode == http.StatusNoContent {
		return reply, nil
	}
	buffer := buffers.Get().(*bytes.Buffer)
	defer release(buffer)
	n, err := buffer.ReadFrom(io.LimitReader(response.Body, c.options.MaxBody+1))
	switch {
	case err != nil:
		return reply, c.broken(ctx, r, response, err)
	case n > c.options.MaxBody:
		return reply, c.broken(ctx, r, response, fmt.Errorf("answer is larger than %d bytes", c.options.MaxBody))
	}
	if body := bytes.TrimSpace(buffer.Bytes()); len(body) == 0 || string(body) == "null" {
		return reply, c.broken(ctx, r, response, errors.New("answer is empty"))
	}
	if err := json.Unmarshal(buffer.Bytes(), out); err != nil {
		return reply, c.broken(ctx, r, response, errors.New("answer is not the JSON that was expected"))
	}
	return reply, nil
}

// broken classifies an answer that began well and can not be used.
func (c *Client) broken(ctx context.Context, r Request, response *http.Response, err error) error {
	if cause := ctx.Err(); cause != nil && r.safe() {
		return fault.Wrap(fault.Timeout, r.Op, cause)
	}
	return &fault.Error{
		Kind: fault.Upstream, Op: r.Op, Detail: "the vendor's answer can not be read", Ambiguous: !r.safe(),
		Upstream: &fault.Upstreamed{Status: response.StatusCode, RequestID: requestID(response.Header)}, Err: err,
	}
}

// Do sends a request and returns the answer if its status is 2xx; the caller
// closes the body. Credentials are renewed and the request repeated after a 401,
// which no vendor gives after acting: Options.Renewals times, while each renewal
// brings other credentials.
//
// An error of a write is Ambiguous when the request may have reached the vendor
// and no answer says that it was refused: the connection broke after it was
// made, time ran out, or the status is 5xx other than 501.
func (c *Client) Do(ctx context.Context, r Request) (*http.Response, error) {
	response, used, err := c.send(ctx, r)
	for range c.options.Renewals {
		if err != nil || response.StatusCode != http.StatusUnauthorized || c.options.Auth == nil || r.NoAuth {
			break
		}
		drainClose(response.Body)
		if err := c.options.Auth.Renew(ctx, used); err != nil {
			return nil, fault.Wrap(fault.Credentials, r.Op, err)
		}
		refused := used
		if response, used, err = c.send(ctx, r); used == refused {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 != 2 {
		defer drainClose(response.Body)
		return nil, c.refused(r, response, used)
	}
	return response, nil
}

func (c *Client) send(ctx context.Context, r Request) (*http.Response, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(WithSafe(ctx, r.safe()), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	request, err := c.build(traced, r)
	if errors.Is(err, errLeaves) {
		return nil, "", fault.New(fault.NotFound, r.Op, "no vendor has a thing of this name")
	}
	if err != nil {
		return nil, "", &fault.Error{Kind: fault.Internal, Op: r.Op, Err: err}
	}
	var used string
	if c.options.Auth != nil && !r.NoAuth {
		if used, err = c.options.Auth.Apply(ctx, request); err != nil {
			return nil, "", fault.Wrap(fault.Credentials, r.Op, err)
		}
	}
	response, err := c.http.Do(request)
	if err == nil {
		return response, used, nil
	}
	ambiguous := connected.Load() && !r.safe()
	if cause := ctx.Err(); cause != nil && !ambiguous {
		return nil, used, fault.Wrap(fault.Timeout, r.Op, cause)
	}
	kind := fault.Unavailable
	if timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); ok && timeout.Timeout() {
		kind = fault.Timeout
	}
	return nil, used, &fault.Error{
		Kind: kind, Op: r.Op, Detail: "the vendor can not be reached", Ambiguous: ambiguous, Err: redact(err, used),
	}
}

// errLeaves is for paths that lead elsewhere than they say: a key of ".." would
// ask for the parent, because escaping leaves it as it is.
var errLeaves = errors.New("the path has a dot segment")

func (c *Client) build(ctx context.Context, r Request) (*http.Request, error) {
	target := *c.base
	prefix := c.base.EscapedPath()
	if r.Root {
		prefix = ""
	}
	parsed, err := url.Parse(prefix + r.Path)
	if err != nil {
		return nil, err
	}
	for segment := range strings.SplitSeq(parsed.Path, "/") {
		if segment == "." || segment == ".." {
			return nil, errLeaves
		}
	}
	target.Path, target.RawPath = parsed.Path, parsed.RawPath
	target.RawQuery = r.Query.Encode()
	var body io.Reader
	contentType := r.ContentType
	switch {
	case r.Form != nil:
		body, contentType = strings.NewReader(r.Form.Encode()), "application/x-www-form-urlencoded"
	case r.Body != nil:
		encoded, err := json.Marshal(r.Body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
		if contentType == "" {
			contentType = "application/json"
		}
	}
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	request, err := http.NewRequestWithContext(ctx, method, target.String(), body)
	if err != nil {
		return nil, err
	}
	maps.Copy(request.Header, c.options.Header)
	maps.Copy(request.Header, r.Header)
	if r.Accept != "" {
		request.Header.Set("Accept", r.Accept)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	return request, nil
}

// refused classifies an answer whose status is not 2xx.
func (c *Client) refused(r Request, response *http.Response, used string) error {
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorBody)) //nolint:forbidigo // bounded by the reader
	var code, message string
	if c.options.ReadError != nil {
		code, message = c.options.ReadError(body)
	}
	kind := fault.Unknown
	if c.options.Classify != nil {
		kind = c.options.Classify(response.Request.Method, response.StatusCode, code, message)
	}
	if kind == fault.Unknown {
		kind = KindOfStatus(response.StatusCode, r.safe())
	}
	return &fault.Error{
		Kind: kind, Op: r.Op, RetryAfter: RetryAfter(response.Header.Get("Retry-After"), c.options.Now()),
		Ambiguous: !r.safe() && response.StatusCode >= 500 && response.StatusCode != http.StatusNotImplemented,
		Upstream: &fault.Upstreamed{
			Status: response.StatusCode, Code: clip(scrub(code, used), 80), Message: clip(scrub(message, used), 300), RequestID: requestID(response.Header),
		},
	}
}

func (r Request) safe() bool {
	return r.Safe || r.Method == "" || r.Method == http.MethodGet || r.Method == http.MethodHead
}

type safeKey struct{}

// WithSafe marks what the request of ctx is: one that may be repeated, or not.
func WithSafe(ctx context.Context, safe bool) context.Context {
	return context.WithValue(ctx, safeKey{}, safe)
}

// IsSafe reports whether a request may be repeated: it is marked so, or it is
// not marked and its method is GET or HEAD. Transports ask it.
func IsSafe(r *http.Request) bool {
	if safe, marked := r.Context().Value(safeKey{}).(bool); marked {
		return safe
	}
	return r.Method == http.MethodGet || r.Method == http.MethodHead
}
