package cohesitysim

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"switchback/internal/adapters/simkit"
)

const (
	maxBody  = 4 << 20
	jsonType = "application/json"
)

// obj is a JSON object under construction. A nil member is one without a value:
// it is left out, or sent as null under NullMembers.
type obj = map[string]any

// call is one authenticated request and the moment it is answered at.
type call struct {
	*params
	r   *http.Request
	now int64
}

func (c *call) path(name string) string { return c.r.PathValue(name) }

// body decodes the request into a JSON object.
func (c *call) body() (obj, error) {
	decoder := json.NewDecoder(io.LimitReader(c.r.Body, maxBody))
	decoder.UseNumber()
	var v obj
	if err := decoder.Decode(&v); err != nil || v == nil {
		return nil, invalid("request body is not a JSON object")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, invalid("request body has trailing data")
	}
	return v, nil
}

// reply is a successful answer: a JSON value, bytes, or neither.
type reply struct {
	status  int
	json    any
	bytes   io.Reader
	nothing bool
	size    int64
}

func ok(v any) (reply, error) { return reply{status: http.StatusOK, json: v}, nil }

func noContent() (reply, error) {
	return reply{status: http.StatusNoContent, nothing: true}, nil
}

// operation answers one operation with the simulator locked.
type operation func(*call) (reply, error)

func (s *Sim) serve(run operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := s.perform(run, r)
		if err != nil {
			s.writeFault(w, err)
			return
		}
		switch {
		case answer.nothing:
			w.WriteHeader(answer.status)
		case answer.bytes != nil:
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Content-Length", strconv.FormatInt(answer.size, 10))
			w.WriteHeader(answer.status)
			_, _ = io.Copy(w, answer.bytes)
		default:
			buffer, _ := s.buffers.Get().(*[]byte)
			if buffer == nil {
				buffer = new([]byte)
			}
			body, err := appendJSON((*buffer)[:0], answer.json, s.kit.Scenario.NullMembers)
			if err != nil {
				s.writeFault(w, err)
				return
			}
			s.writeBody(w, answer.status, body)
			*buffer = body
			s.buffers.Put(buffer)
		}
	}
}

func (s *Sim) perform(run operation, r *http.Request) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{r: r, now: s.now(), params: &params{values: r.URL.Query()}}
	if err := s.authenticate(r); err != nil {
		return reply{}, err
	}
	answer, err := run(c)
	// A bad parameter is refused whatever the operation made of it.
	if c.bad != nil {
		return reply{}, c.bad
	}
	return answer, err
}

func (s *Sim) writeFault(w http.ResponseWriter, err error) {
	var f *fault
	if !errors.As(err, &f) {
		f = &fault{http.StatusInternalServerError, "KInternalError", err.Error()}
	}
	body := obj{"errorCode": f.code, "message": f.message}
	if s.kit.Scenario.NullMembers {
		body["taskLogId"] = nil
	}
	s.kit.WriteJSON(w, f.status, jsonType, body)
}

// writeBody leaves a body to the kit only when the scenario disturbs it.
func (s *Sim) writeBody(w http.ResponseWriter, status int, body []byte) {
	if s.kit.Scenario.ShuffleKeys || s.kit.Scenario.ExtraFields {
		s.kit.WriteJSON(w, status, jsonType, json.RawMessage(body))
		return
	}
	w.Header().Set("Content-Type", jsonType)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// routes serves the table of operations; unknown paths and methods are refused
// in the vendor's error form.
func (s *Sim) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /identity/token", s.iamToken)
	for pattern, run := range s.operations() {
		mux.Handle(pattern, s.serve(run))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refusal, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		seen := &statusOnly{header: http.Header{}}
		refusal.ServeHTTP(seen, r)
		if seen.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", seen.header.Get("Allow"))
			s.writeFault(w, &fault{seen.status, "KValidationError", "method " + r.Method + " is not allowed"})
			return
		}
		s.writeFault(w, notFound())
	})
}

type statusOnly struct {
	header http.Header
	status int
}

func (w *statusOnly) Header() http.Header         { return w.header }
func (w *statusOnly) WriteHeader(status int)      { w.status = status }
func (w *statusOnly) Write(p []byte) (int, error) { return len(p), nil }

// clone copies a decoded JSON value.
func clone(v any) any {
	switch v := v.(type) {
	case obj:
		out := make(obj, len(v))
		for name, member := range v {
			out[name] = clone(member)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = clone(item)
		}
		return out
	}
	return v
}

// piece answers with a part of content.
func piece(content simkit.Content, offset, length int64) (reply, error) {
	part := content.Reader(offset, length)
	return reply{status: http.StatusOK, bytes: part, size: part.Size()}, nil
}

// bearer returns the token of the Authorization header.
func bearer(r *http.Request) string {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(value)
}
