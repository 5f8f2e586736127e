package storwaresim

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"switchback/internal/adapters/simkit"
)

// object is a JSON object to be answered. A nil member has no value: it is left
// out, or null under the NullMembers scenario. Builders return fresh objects,
// so that finishing one may change it in place.
type object map[string]any

// enum is a constant; how it looks on the wire is a matter of the reading.
type enum string

// answer is what a route came to. It is worked out under the lock and written
// after it, so that a slow reader holds up nobody.
type answer struct {
	status  int
	body    any // nil is no body
	total   int // X-Total-Count; negative is none
	message string
	allow   string
	cookies []*http.Cookie
	content *simkit.Content
	name    string // of the content, for people
	source  string // guid of what the content is of
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body, total: -1} }

func fail(status int, message string) answer {
	return answer{status: status, message: message, total: -1}
}

func badRequest(message string) answer { return fail(http.StatusBadRequest, message) }

func notFound(what string) answer { return fail(http.StatusNotFound, what+" not found") }

// created answers a POST: 201 as printed, or 200 as is likely on a real server
// (NOTES section 6).
func (c *call) created(body any) answer {
	if c.sim.options.Reading.PostOK {
		return ok(body)
	}
	return answer{status: http.StatusCreated, body: body, total: -1}
}

// changed answers a PUT or DELETE: printed is 204 together with a body, which
// HTTP forbids; played are 200 with the body and 204 without (NOTES section 6).
func (c *call) changed(body any) answer {
	if body == nil || c.sim.options.Reading.NoContent {
		return answer{status: http.StatusNoContent, total: -1}
	}
	return ok(body)
}

func (s *Sim) write(w http.ResponseWriter, r *http.Request, a answer) {
	for _, cookie := range a.cookies {
		http.SetCookie(w, cookie)
	}
	if a.allow != "" {
		w.Header().Set("Allow", a.allow)
	}
	if a.total >= 0 {
		w.Header().Set("X-Total-Count", strconv.Itoa(a.total))
	}
	switch {
	case a.content != nil:
		s.stream(w, r, a)
	case a.message != "":
		s.writeError(w, a)
	case a.body == nil:
		w.WriteHeader(a.status)
	default:
		s.kit.WriteJSON(w, a.status, "application/json", s.finish(a.body))
	}
}

// writeError answers in one of the forms of NOTES section 13. A scenario that
// disturbs JSON mixes them.
func (s *Sim) writeError(w http.ResponseWriter, a answer) {
	form := s.options.Reading.Errors
	if s.options.Scenario.ShuffleKeys {
		s.mu.Lock()
		form = ErrorForm(s.errors % 3)
		s.errors++
		s.mu.Unlock()
	}
	switch form {
	case ErrorText:
		w.Header().Set("Content-Type", "text/html;charset=UTF-8")
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, "<html><body><h1>"+strconv.Itoa(a.status)+"</h1></body></html>")
	case ErrorNested:
		s.kit.WriteJSON(w, a.status, "application/json", object{"error": object{"message": a.message}})
	case ErrorMessage:
		s.kit.WriteJSON(w, a.status, "application/json", object{"message": a.message})
	}
}

// finish turns enums and members without a value into their wire form, in place.
func (s *Sim) finish(v any) any {
	switch v := v.(type) {
	case object:
		for key, member := range v {
			switch member := member.(type) {
			case nil:
				if !s.options.Scenario.NullMembers {
					delete(v, key)
				}
			case enum, object, []object, []enum:
				v[key] = s.finish(member)
			}
		}
	case []object:
		for _, item := range v {
			s.finish(item)
		}
	case []enum:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = s.finish(item)
		}
		return out
	case enum:
		if s.options.Reading.BareEnums {
			return string(v)
		}
		return object{"name": string(v), "description": describe(string(v))}
	}
	return v
}

// describe makes the text for people of a constant: CLOUD_USER is "Cloud user".
func describe(name string) string {
	if name == "" {
		return ""
	}
	return name[:1] + strings.ToLower(strings.ReplaceAll(name[1:], "_", " "))
}

// ref is the {guid, name} by which objects name each other (NOTES section 1).
func ref(guid, name string) any {
	if guid == "" {
		return nil
	}
	return object{"guid": guid, "name": name}
}

func typedRef(kind, guid, name string) any {
	if guid == "" {
		return nil
	}
	return object{"type": enum(kind), "guid": guid, "name": name}
}

// accepts tells whether the request's Accept header admits the media type.
func accepts(r *http.Request, mediaType string) bool {
	values := r.Header.Values("Accept")
	if len(values) == 0 {
		return true
	}
	family, _, _ := strings.Cut(mediaType, "/")
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, _, _ := strings.Cut(part, ";")
		if slices.Contains([]string{"*/*", family + "/*", mediaType}, strings.ToLower(strings.TrimSpace(name))) {
			return true
		}
	}
	return false
}
