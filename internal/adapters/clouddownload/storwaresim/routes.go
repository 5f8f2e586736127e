package storwaresim

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxBody bounds what is read of a request.
const maxBody = 1 << 20

// call is one authenticated request with the time it is answered at.
type call struct {
	sim *Sim
	r   *http.Request
	now time.Time
}

// route is one operation. Open ones need no session.
type route struct {
	pattern  string // "METHOD /path" below /api
	handle   func(*call) answer
	open     bool
	produces string // what Accept must admit; empty is application/json
}

// operations are all that the server offers.
func operations() []route {
	return slices.Concat(
		sessionRoutes(), cloudDownloadRoutes(), mountedFileRoutes(), backupRoutes(), backupFileRoutes(), retentionRoutes(),
		taskRoutes(), workflowRoutes(), submitRoutes(), policyRoutes(), ruleRoutes(), scheduleRoutes(), entityRoutes(),
		objectRoutes(), infrastructureRoutes(),
	)
}

func (s *Sim) routes() http.Handler {
	mux := http.NewServeMux()
	var methods []string
	for _, one := range operations() {
		method, path, _ := strings.Cut(one.pattern, " ")
		methods = append(methods, method)
		mux.Handle(method+" /api"+path, s.serve(one))
	}
	slices.Sort(methods)
	methods = slices.Compact(methods)
	mux.Handle("/", s.serve(route{handle: func(c *call) answer { return unrouted(mux, methods, c.r) }}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A slash before the query is tolerated (NOTES section 1).
		if trimmed := strings.TrimRight(r.URL.Path, "/"); trimmed != "" && trimmed != r.URL.Path {
			r = r.Clone(r.Context())
			r.URL.Path, r.URL.RawPath = trimmed, strings.TrimRight(r.URL.RawPath, "/")
		}
		mux.ServeHTTP(w, r)
	})
}

func (s *Sim) serve(one route) http.Handler {
	produces := orElse(one.produces, "application/json")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		c := &call{sim: s, r: r, now: s.advance()}
		a := fail(http.StatusUnauthorized, "no valid session")
		if one.open || c.authenticated() {
			if accepts(r, produces) {
				a = one.handle(c)
			} else {
				a = fail(http.StatusNotAcceptable, "HTTP 406 Not Acceptable")
			}
		}
		s.mu.Unlock()
		s.write(w, r, a)
	})
}

// unrouted tells a wrong verb (405) from an unknown path (404).
func unrouted(mux *http.ServeMux, methods []string, r *http.Request) answer {
	var allowed []string
	for _, method := range methods {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := mux.Handler(other); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		return fail(http.StatusNotFound, "HTTP 404 Not Found")
	}
	a := fail(http.StatusMethodNotAllowed, "HTTP 405 Method Not Allowed")
	a.allow = strings.Join(allowed, ", ")
	return a
}

// body decodes the JSON of a request into v. The answer is for the client when
// the result is false.
func (c *call) body(v any) (answer, bool) {
	contentType, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(contentType), "application/json") {
		return fail(http.StatusUnsupportedMediaType, "HTTP 415 Unsupported Media Type"), false
	}
	decoder := json.NewDecoder(io.LimitReader(c.r.Body, maxBody))
	if err := decoder.Decode(v); err != nil {
		return badRequest("cannot read the request body"), false
	}
	return answer{}, true
}

// named is a reference or an enum in a request: {guid}, {name} or, leniently,
// the bare string.
type named struct{ GUID, Name string }

func (n *named) UnmarshalJSON(data []byte) error {
	var bare string
	if json.Unmarshal(data, &bare) == nil {
		n.GUID, n.Name = bare, bare
		return nil
	}
	var full struct{ GUID, Name string }
	err := json.Unmarshal(data, &full)
	n.GUID, n.Name = full.GUID, full.Name
	return err
}
