package api

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"switchback/internal/fault"
	"switchback/internal/federate"
	"switchback/internal/identity"
	"switchback/internal/restores"
)

// problem is an answer of RFC 9457. It never holds a value that was sent.
type problem struct {
	Type       string    `json:"type"`
	Title      string    `json:"title"`
	Status     int       `json:"status"`
	Detail     string    `json:"detail,omitempty"`
	Code       string    `json:"code"`
	Retryable  bool      `json:"retryable"`
	TraceID    string    `json:"traceId"`
	Connection string    `json:"connection,omitempty"`
	Upstream   *upstream `json:"upstream,omitempty"`
	Errors     []wrong   `json:"errors,omitempty"`
	Sources    []source  `json:"sources,omitempty"`
}

type upstream struct {
	Status    int    `json:"status,omitempty"`
	Code      string `json:"code,omitempty"`
	RequestID string `json:"requestId,omitempty"`
}

type wrong struct {
	Pointer   string `json:"pointer,omitempty"`
	Parameter string `json:"parameter,omitempty"`
	Code      string `json:"code"`
	Detail    string `json:"detail,omitempty"`
}

// class is one kind of problem. A class with a pause tells clients when to come
// back, in the vendor's words where there are some.
type class struct {
	status    int
	code      string
	title     string
	retryable bool
	pause     time.Duration
}

// classOf is the one table from what went wrong to what HTTP says.
func classOf(kind fault.Kind) class {
	switch kind {
	case fault.Invalid:
		return class{422, "invalid-request", "The request can not be carried out as it is", false, 0}
	case fault.NotFound:
		return class{404, "not-found", "There is no such thing", false, 0}
	case fault.Denied:
		return class{502, "upstream-denied", "The vendor does not let this connection do that", false, 0}
	case fault.Conflict:
		return class{409, "conflict", "The state of the thing forbids it", false, 0}
	case fault.Stale:
		return class{412, "stale", "The thing has changed since it was read", false, 0}
	case fault.Unsupported:
		return class{501, "unsupported", "This connection can not do that", false, 0}
	case fault.Throttled:
		return class{503, "upstream-throttled", "The vendor wants fewer calls", true, 5 * time.Second}
	case fault.Unavailable:
		return class{503, "upstream-unavailable", "The vendor can not be reached", true, 5 * time.Second}
	case fault.Timeout:
		return class{504, "upstream-timeout", "The vendor did not answer in time", true, 0}
	case fault.Credentials:
		return class{502, "upstream-credentials", "The vendor does not accept the credentials of this connection", false, 0}
	case fault.Upstream:
		return class{502, "upstream-error", "The vendor answered with something that makes no sense", true, 0}
	case fault.Internal, fault.Unknown:
	}
	return class{500, "internal", "The gateway has a defect", false, 0}
}

// What goes wrong between the client and the gateway.
var (
	unknownParameter     = class{400, "unknown-parameter", "There is no such parameter", false, 0}
	invalidParameter     = class{400, "invalid-parameter", "A parameter is wrong", false, 0}
	invalidHeader        = class{400, "invalid-header", "A header is wrong", false, 0}
	invalidCursor        = class{400, "invalid-cursor", "The cursor is not one of this list", false, 0}
	invalidBody          = class{400, "invalid-body", "The body can not be read", false, 0}
	keyRequired          = class{400, "idempotency-key-required", "The header Idempotency-Key is required", false, 0}
	badRequest           = class{400, "bad-request", "The request can not be read", false, 0}
	unauthenticated      = class{401, "unauthenticated", "A valid bearer token is required", false, 0}
	forbidden            = class{403, "forbidden", "You may not do this here", false, 0}
	methodNotAllowed     = class{405, "method-not-allowed", "The resource has no such method", false, 0}
	inFlight             = class{409, "request-in-flight", "The request with this key is still being worked on", true, time.Second}
	bodyTooLarge         = class{413, "body-too-large", "The body is too large", false, 0}
	unsupportedMediaType = class{415, "unsupported-media-type", "The body must be application/json", false, 0}
	preconditionRequired = class{428, "precondition-required", "The header If-Match is required", false, 0}
	rangeNotSatisfiable  = class{416, "range-not-satisfiable", "The range begins after the end", false, 0}
	keyReused            = class{422, "idempotency-key-reused", "The key belongs to another request", false, 0}
	clientGone           = class{499, "client-gone", "The client went away", false, 0}
	incomplete           = class{502, "incomplete", "A connection that had to answer did not", true, 0}
	notReady             = class{503, "not-ready", "This replica wants no requests now", true, time.Second}
	identityUnavailable  = class{503, "identity-unavailable", "The token can not be judged now", true, 5 * time.Second}
)

// refusal is an error of a class, made by this package.
type refusal struct {
	class
	detail string
	fields []fault.Field
	header http.Header
}

func (r *refusal) Error() string {
	parts := []string{r.code}
	for _, f := range r.fields {
		parts = append(parts, f.Parameter+f.Pointer, f.Code)
	}
	return strings.Join(parts, " ")
}

func refuse(c class, fields ...fault.Field) error { return &refusal{class: c, fields: fields} }

// onConnection says which connection an error is about.
type onConnection struct {
	name string
	err  error
}

func (e *onConnection) Error() string { return e.name + ": " + e.err.Error() }
func (e *onConnection) Unwrap() error { return e.err }

func about(connection string, err error) error {
	if err == nil {
		return nil
	}
	return &onConnection{connection, err}
}

// withHeader adds header lines to the answer that an error becomes.
type withHeader struct {
	error
	header http.Header
}

func (e *withHeader) Unwrap() error { return e.error }

// problemOf says what an error is to the client.
func problemOf(err error, header http.Header) problem {
	own, isOwn := errors.AsType[*refusal](err)
	missing, isMissing := errors.AsType[*federate.IncompleteError](err)
	token, isToken := errors.AsType[*identity.TokenError](err)
	framework, isFramework := errors.AsType[*echo.HTTPError](err)
	if more, ok := errors.AsType[*withHeader](err); ok {
		maps.Copy(header, more.header)
	}
	switch {
	case isOwn:
		p := of(own.class)
		p.Detail, p.Errors = own.detail, wrongs(own.fields)
		maps.Copy(header, own.header)
		return p.after(header, own.pause)
	case errors.Is(err, federate.ErrCursor):
		return of(invalidCursor)
	case errors.Is(err, restores.ErrKeyReused):
		return of(keyReused)
	case errors.Is(err, restores.ErrInFlight):
		return of(inFlight).after(header, inFlight.pause)
	case isMissing:
		p := of(incomplete)
		if missing.Timeout() {
			p.Status = http.StatusGatewayTimeout
		}
		p.Sources = sourcesOf(missing.Sources)
		return p
	case isToken:
		return tokenProblem(token, header)
	case isFramework:
		return frameworkProblem(framework)
	}
	return faultProblem(err, header)
}

func faultProblem(err error, header http.Header) problem {
	e := fault.Of(err)
	if e == nil && errors.Is(err, context.Canceled) {
		return of(clientGone)
	}
	kind := fault.KindOf(err)
	c := classOf(kind)
	p := of(c)
	// A thing that is not there says nothing of where it is not: else whoever
	// may not see a connection could tell whether it exists.
	if e != nil && kind != fault.NotFound && c.status != http.StatusInternalServerError {
		p.Detail, p.Errors = e.Detail, wrongs(e.Fields)
		if u := e.Upstream; u != nil {
			p.Upstream = &upstream{u.Status, u.Code, u.RequestID}
		}
		if on, ok := errors.AsType[*onConnection](err); ok {
			p.Connection = on.name
		}
		if e.RetryAfter > 0 && c.pause > 0 {
			c.pause = e.RetryAfter
		}
	}
	return p.after(header, c.pause)
}

// tokenProblem adds the challenge of RFC 6750: bare when no token was sent.
func tokenProblem(e *identity.TokenError, header http.Header) problem {
	if e.Code == identity.CodeUnavailable {
		return of(identityUnavailable).after(header, identityUnavailable.pause)
	}
	challenge := "Bearer"
	if e.Code != identity.CodeMissing {
		challenge = `Bearer error="invalid_token"`
	}
	header.Set("WWW-Authenticate", challenge)
	p := of(unauthenticated)
	p.Detail = e.Detail
	return p
}

// frameworkProblem is for what Echo and the generated code refuse. Their texts
// hold values that were sent.
func frameworkProblem(e *echo.HTTPError) problem {
	switch e.Code {
	case http.StatusNotFound:
		return of(classOf(fault.NotFound))
	case http.StatusMethodNotAllowed:
		return of(methodNotAllowed)
	case http.StatusRequestEntityTooLarge:
		return of(bodyTooLarge)
	case http.StatusUnsupportedMediaType:
		return of(unsupportedMediaType)
	case http.StatusBadRequest:
		return of(invalidParameter)
	}
	if e.Code >= 400 && e.Code < 500 {
		return of(badRequest)
	}
	return of(classOf(fault.Internal))
}

func of(c class) problem {
	return problem{Type: "/problems/" + c.code, Title: c.title, Status: c.status, Code: c.code, Retryable: c.retryable}
}

func (p problem) after(header http.Header, pause time.Duration) problem {
	if pause > 0 {
		header.Set("Retry-After", strconv.Itoa(seconds(pause)))
	}
	return p
}

// seconds rounds up: a client that comes back a little late does no harm.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

func wrongs(fields []fault.Field) []wrong {
	var out []wrong
	for _, f := range fields {
		out = append(out, wrong{f.Pointer, f.Parameter, f.Code, f.Detail})
	}
	return out
}

// writeError is Echo's place for every error. What fails after the answer has
// begun can only be told by breaking it off.
func (s *Server) writeError(err error, c echo.Context) {
	in := callOf(c.Request().Context())
	in.failure = err
	if c.Response().Committed {
		return
	}
	header := c.Response().Header()
	for _, name := range []string{"ETag", "Link", "Content-Disposition", "Content-Length", "Accept-Ranges", "Last-Modified", "Content-Encoding"} {
		header.Del(name)
	}
	p := problemOf(err, header)
	p.TraceID = in.trace
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Type", "application/problem+json")
	c.Response().WriteHeader(p.Status)
	if c.Request().Method == http.MethodHead {
		return
	}
	body, err := json.Marshal(p)
	if err == nil {
		_, err = c.Response().Write(body)
	}
	if err != nil {
		in.failure = errors.Join(in.failure, err)
	}
}

// codeOf is the code that a failure has in a list.
func codeOf(kind fault.Kind) string { return classOf(kind).code }
