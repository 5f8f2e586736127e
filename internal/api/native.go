package api

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"switchback/internal/fault"
	"switchback/internal/federate"
	"switchback/internal/fleet"
	"switchback/internal/identity"
)

// nativeBodyBytes bounds what is passed on to a vendor unread.
const nativeBodyBytes = 1 << 20

// ListNativeRoutes implements GET /v1/connections/{id}/native.
func (s *Server) ListNativeRoutes(ctx context.Context, r ListNativeRoutesRequestObject) (ListNativeRoutesResponseObject, error) {
	conn, err := s.connection(ctx, r.Id, identity.NativeRead, identity.NativeWrite)
	if err != nil {
		return nil, err
	}
	routes := conn.NativeRoutes()
	if routes == nil {
		return nil, noPassthrough(conn)
	}
	l, err := federate.Concat(ctx, s.Federator, page(ctx, []*fleet.Conn{conn}, paging{size: r.Params.PageSize, cursor: r.Params.Cursor}),
		federate.Plain[fleet.NativeRoute]{
			Noun: "routes",
			List: func(_ context.Context, _ *fleet.Conn, token string, limit int) (fleet.TokenPage[fleet.NativeRoute], error) {
				first, _ := strconv.Atoi(token) // "" is the start
				rest := routes[min(max(first, 0), len(routes)):]
				if len(rest) <= limit {
					return fleet.TokenPage[fleet.NativeRoute]{Items: rest}, nil
				}
				return fleet.TokenPage[fleet.NativeRoute]{Items: rest[:limit], Next: strconv.Itoa(first + limit)}, nil
			},
		})
	if err != nil {
		return nil, err
	}
	return listed(ctx, l, false)
}

func noPassthrough(conn *fleet.Conn) error {
	return about(conn.Name, fault.New(fault.Unsupported, "api.native", "this connection has no passthrough"))
}

// GetNative implements GET /v1/connections/{id}/native/{path}.
func (s *Server) GetNative(ctx context.Context, r GetNativeRequestObject) (GetNativeResponseObject, error) {
	return s.native(ctx, r.Id, http.MethodGet, nil)
}

// PostNative implements POST /v1/connections/{id}/native/{path}.
func (s *Server) PostNative(ctx context.Context, r PostNativeRequestObject) (PostNativeResponseObject, error) {
	return s.native(ctx, r.Id, http.MethodPost, r.Body)
}

// PutNative implements PUT /v1/connections/{id}/native/{path}.
func (s *Server) PutNative(ctx context.Context, r PutNativeRequestObject) (PutNativeResponseObject, error) {
	return s.native(ctx, r.Id, http.MethodPut, r.Body)
}

// PatchNative implements PATCH /v1/connections/{id}/native/{path}.
func (s *Server) PatchNative(ctx context.Context, r PatchNativeRequestObject) (PatchNativeResponseObject, error) {
	return s.native(ctx, r.Id, http.MethodPatch, r.Body)
}

// DeleteNative implements DELETE /v1/connections/{id}/native/{path}.
func (s *Server) DeleteNative(ctx context.Context, r DeleteNativeRequestObject) (DeleteNativeResponseObject, error) {
	return s.native(ctx, r.Id, http.MethodDelete, r.Body)
}

func (s *Server) native(ctx context.Context, name, method string, body *json.RawMessage) (*transfer, error) {
	conn, err := s.connection(ctx, name, identity.NativeRead, identity.NativeWrite)
	if err != nil {
		return nil, err
	}
	routes := conn.NativeRoutes()
	if routes == nil {
		return nil, noPassthrough(conn)
	}
	in := callOf(ctx)
	segments, ok := nativePath(in.escapedPath)
	if !ok {
		return nil, fault.New(fault.NotFound, "api.native", "")
	}
	safe, ok := routed(routes, method, segments)
	if !ok {
		return nil, fault.New(fault.NotFound, "api.native", "")
	}
	if !safe && method != http.MethodGet && !may(in.caller, conn, []string{identity.NativeWrite}) {
		return nil, refuse(forbidden)
	}
	request := fleet.NativeRequest{Method: method, Query: in.query.Encode()}
	for _, segment := range segments {
		request.Path += "/" + url.PathEscape(segment)
	}
	if body != nil {
		request.Body = *body
	}
	answer, err := conn.Native(ctx, request)
	if err != nil {
		return nil, about(conn.Name, err)
	}
	return s.passed(ctx, answer), nil
}

// nativePath takes the vendor's path out of ours, as plain segments. Segments
// that a server behind could read as more or as something else are refused:
// what is checked here has to be what is asked there.
func nativePath(escaped string) ([]string, bool) {
	parts := strings.SplitN(escaped, "/", 6) // "", v1, connections, {id}, native, the rest
	if len(parts) < 6 {
		return nil, false
	}
	segments := strings.Split(parts[5], "/")
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

// routed looks for routes that take a request. It is safe when all of them are,
// whichever the vendor would choose.
func routed(routes []fleet.NativeRoute, method string, segments []string) (safe, ok bool) {
	safe = true
	for _, route := range routes {
		if strings.EqualFold(route.Method, method) && fitsTemplate(route.Path, segments) {
			safe, ok = safe && route.Safe, true
		}
	}
	return safe && ok, ok
}

func fitsTemplate(template string, segments []string) bool {
	parts := strings.Split(strings.TrimPrefix(template, "/"), "/")
	return slices.EqualFunc(parts, segments, func(part, segment string) bool {
		first, last := strings.IndexByte(part, '{'), strings.LastIndexByte(part, '}')
		if first < 0 || last < first {
			return part == segment
		}
		before, after := part[:first], part[last+1:]
		return len(segment) > len(before)+len(after) && strings.HasPrefix(segment, before) && strings.HasSuffix(segment, after)
	})
}

// passed is the vendor's answer as a file to be saved: nobody knows what it is,
// and no browser is to show it as a page of this gateway.
func (s *Server) passed(ctx context.Context, answer *fleet.NativeReply) *transfer {
	in := callOf(ctx)
	t := &transfer{
		status: answer.Status, header: http.Header{}, length: -1, copy: copier{now: s.Now, write: s.Limits.Write},
		told: func(err error) { in.failure = err },
	}
	t.header.Set("Cache-Control", "no-store")
	if answer.Status == http.StatusNoContent || answer.Status == http.StatusResetContent {
		_ = answer.Body.Close()
		return t
	}
	contentType := answer.ContentType
	if _, _, err := mime.ParseMediaType(contentType); err != nil {
		contentType = "application/octet-stream"
	}
	t.header.Set("Content-Type", contentType)
	t.header.Set("Content-Disposition", disposition(answer.Body.FileName))
	t.body, t.length = answer.Body, answer.Body.Size
	if t.length >= 0 {
		t.header.Set("Content-Length", strconv.FormatInt(t.length, 10))
	}
	return t
}

// VisitGetNativeResponse implements GetNativeResponseObject.
func (t *transfer) VisitGetNativeResponse(w http.ResponseWriter) error { return t.serve(w) }

// VisitPostNativeResponse implements PostNativeResponseObject.
func (t *transfer) VisitPostNativeResponse(w http.ResponseWriter) error { return t.serve(w) }

// VisitPutNativeResponse implements PutNativeResponseObject.
func (t *transfer) VisitPutNativeResponse(w http.ResponseWriter) error { return t.serve(w) }

// VisitPatchNativeResponse implements PatchNativeResponseObject.
func (t *transfer) VisitPatchNativeResponse(w http.ResponseWriter) error { return t.serve(w) }

// VisitDeleteNativeResponse implements DeleteNativeResponseObject.
func (t *transfer) VisitDeleteNativeResponse(w http.ResponseWriter) error { return t.serve(w) }
