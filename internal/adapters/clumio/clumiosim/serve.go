package clumiosim

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// object is one JSON object on the wire. A nil member has no value; whether it
// is sent as null or left out is the scenario's choice.
type object map[string]any

// call is one request that has been matched and authorized.
type call struct {
	request *http.Request
	query   url.Values
	params  map[string]string
	version int
	unit    string // organizational unit, empty for all
	now     time.Time
	body    map[string]any
	embed   string

	embeddable      bool   // the operation has embeds
	subject, parent entity // what the audit trail says it was about
}

// answer is what an endpoint says when all went well.
type answer struct {
	status int
	body   any // nil sends no body
}

func ok(body any) (answer, error)       { return answer{http.StatusOK, body}, nil }
func accepted(body any) (answer, error) { return answer{http.StatusAccepted, body}, nil }

type endpoint func(*call) (answer, error)

// route is one operation. Accept names are versioned per resource (NOTES
// section 2).
type route struct {
	name     string // the vendor's link name
	method   string
	segments []string // "{name}" takes any one segment
	resource string
	versions []int // ascending
	body     *shape
	embed    []string
	serve    endpoint
}

func (s *Sim) serve(w http.ResponseWriter, r *http.Request) {
	result, contentType, err := s.handle(w, r)
	if err != nil {
		s.refuse(w, err)
		return
	}
	if result.body == nil {
		w.WriteHeader(result.status)
		return
	}
	s.kit.WriteJSON(w, result.status, contentType, s.dress(result.body))
}

func (s *Sim) handle(w http.ResponseWriter, r *http.Request) (answer, string, error) {
	if err := s.throttle(); err != nil {
		return answer{}, "", err
	}
	if err := s.authorize(r); err != nil {
		return answer{}, "", err
	}
	matched, params, err := s.match(r)
	if err != nil {
		return answer{}, "", err
	}
	version, err := negotiate(r.Header.Values("Accept"), matched.resource, matched.versions)
	if err != nil {
		return answer{}, "", err
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return answer{}, "", badRequest("the query is malformed")
	}
	c := &call{request: r, query: query, params: params, version: version, embeddable: len(matched.embed) > 0}
	if c.unit, err = unitOf(r); err != nil {
		return answer{}, "", err
	}
	if c.embed = query.Get("embed"); c.embed != "" && !slices.Contains(matched.embed, c.embed) {
		return answer{}, "", badRequest("%q can not be embedded here", c.embed)
	}
	if matched.body != nil {
		if c.body, err = readBody(w, r, *matched.body); err != nil {
			return answer{}, "", err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.now = s.kit.Now()
	s.settle()
	result, err := matched.serve(c)
	s.audit(c, matched, err)
	return result, mediaType(matched.resource, version), err
}

// match finds the route by hand: http.ServeMux refuses two pairs of the
// vendor's patterns (NOTES section 11). A literal segment beats a parameter, so
// protection-groups/s3-assets is not a backup called "s3-assets".
func (s *Sim) match(r *http.Request) (route, map[string]string, error) {
	escaped := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	path := make([]string, len(escaped))
	for i, segment := range escaped {
		var err error
		if path[i], err = url.PathUnescape(segment); err != nil {
			return route{}, nil, notFound()
		}
	}
	best, found := route{}, false
	var allowed []string
	for _, candidate := range s.routes[len(path)] {
		if !candidate.fits(path) {
			continue
		}
		switch order := candidate.literalOrder(best); {
		case !found || order < 0:
			found, allowed = true, nil
			best = candidate
		case order > 0:
			continue
		}
		allowed = append(allowed, candidate.method)
		if candidate.method == r.Method {
			best = candidate
		}
	}
	switch {
	case !found:
		return route{}, nil, notFound()
	case best.method != r.Method:
		return route{}, nil, &refusal{status: http.StatusMethodNotAllowed, code: 405, message: "The method is not allowed.", allow: allowed}
	}
	params := map[string]string{}
	for i, segment := range best.segments {
		if name, isParam := paramName(segment); isParam {
			params[name] = path[i]
		}
	}
	return best, params, nil
}

func (r route) fits(path []string) bool {
	for i, segment := range r.segments {
		_, isParam := paramName(segment)
		if (isParam && path[i] == "") || (!isParam && segment != path[i]) {
			return false
		}
	}
	return true
}

// literalOrder is negative when r has a literal segment where other, which fits
// the same path, has a parameter.
func (r route) literalOrder(other route) int {
	if len(other.segments) != len(r.segments) {
		return -1
	}
	for i := range r.segments {
		_, mine := paramName(r.segments[i])
		_, theirs := paramName(other.segments[i])
		switch {
		case mine && !theirs:
			return 1
		case theirs && !mine:
			return -1
		}
	}
	return 0
}

func paramName(segment string) (string, bool) {
	name, isParam := strings.CutPrefix(segment, "{")
	return strings.TrimSuffix(name, "}"), isParam
}

// refusal is an error in the vendor's form (NOTES section 6). Of the codes only
// 359 was ever seen live.
type refusal struct {
	status  int
	code    int
	message string
	allow   []string
}

func (r *refusal) Error() string { return r.message }

func badRequest(format string, args ...any) error {
	return &refusal{status: http.StatusBadRequest, code: 111, message: fmt.Sprintf(format, args...)}
}

func notFound() error {
	return &refusal{status: http.StatusNotFound, code: 404, message: "The requested resource was not found."}
}

func conflict(message string) error {
	return &refusal{status: http.StatusConflict, code: 409, message: message}
}

func forbidden() error {
	return &refusal{status: http.StatusForbidden, code: 360, message: "The user is not allowed to perform this action."}
}

func (s *Sim) refuse(w http.ResponseWriter, err error) {
	var r *refusal
	if !errors.As(err, &r) {
		r = &refusal{status: http.StatusBadRequest, code: 111, message: err.Error()}
	}
	if len(r.allow) > 0 {
		slices.Sort(r.allow)
		w.Header().Set("Allow", strings.Join(slices.Compact(r.allow), ", "))
	}
	body := object{"errors": []object{{"error_code": r.code, "error_message": cmp.Or(r.message, "error")}}}
	s.kit.WriteJSON(w, r.status, "application/json", body)
}

// dress leaves members without a value out, or makes sure they are null, as the
// scenario says.
func (s *Sim) dress(v any) any {
	if s.kit.Scenario.NullMembers {
		return v
	}
	switch v := v.(type) {
	case object:
		out := make(object, len(v))
		for name, member := range v {
			if member != nil {
				out[name] = s.dress(member)
			}
		}
		return out
	case []object:
		out := make([]any, len(v))
		for i := range v {
			out[i] = s.dress(v[i])
		}
		return out
	case map[string]any:
		return s.dress(object(v))
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = s.dress(v[i])
		}
		return out
	default:
		return v
	}
}
