package api

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"switchback/internal/fault"
	"switchback/internal/federate"
	"switchback/internal/fleet"
)

// list is the body of every list.
type list[T any] struct {
	Items      []T         `json:"items"`
	NextCursor string      `json:"nextCursor,omitempty"`
	Resume     string      `json:"resume,omitempty"`
	Complete   bool        `json:"complete"`
	Sources    []source    `json:"sources"`
	Explain    []explained `json:"explain,omitempty"`
}

// source is one connection's part in a list.
type source struct {
	Connection        string `json:"connection"`
	State             string `json:"state"`
	AgeSeconds        int    `json:"ageSeconds"`
	Items             int    `json:"items"`
	Code              string `json:"code,omitempty"`
	RetryAfterSeconds int    `json:"retryAfterSeconds,omitempty"`
}

// explained is what a page took at one connection.
type explained struct {
	Connection  string   `json:"connection"`
	Calls       int      `json:"calls"`
	PushedDown  []string `json:"pushedDown,omitempty"`
	AppliedHere []string `json:"appliedHere,omitempty"`
}

func sourcesOf(sources []federate.Source) []source {
	out := make([]source, len(sources))
	for i, s := range sources {
		out[i] = source{
			Connection: s.Connection, State: string(s.State), AgeSeconds: int(s.Age / time.Second), Items: s.Items,
			Code: s.Code, RetryAfterSeconds: seconds(s.RetryAfter),
		}
		if s.State == federate.StateFailed {
			out[i].Code = codeOf(fault.KindOf(s.Err))
		}
	}
	return out
}

// scope is the part of a list's parameters that chooses connections.
type scope struct {
	connections *[]string
	providers   *[]string
	require     *[]string
	only        []string // connections outside of which nothing can match
}

// chosen returns the connections of a list by name: those on which the caller
// holds any of the verbs and that the parameters choose. Without verbs, those
// that the caller sees.
func (s *Server) chosen(ctx context.Context, sc scope, verbs ...string) ([]*fleet.Conn, error) {
	in := callOf(ctx)
	all := s.Fleet()
	for _, named := range []struct {
		parameter string
		names     *[]string
	}{{"connection", sc.connections}, {"require", sc.require}} {
		for _, name := range values(named.names) {
			if conn := all.Conn(name); conn == nil || !in.caller.Sees(identityOf(conn)) {
				return nil, refuse(invalidParameter, parameterFault(named.parameter, "unknown-connection", "there is no such connection"))
			} else if len(verbs) > 0 && !may(in.caller, conn, verbs) {
				return nil, refuse(forbidden)
			}
		}
	}
	var out []*fleet.Conn
	for _, conn := range all.Conns() {
		if (len(verbs) > 0 && may(in.caller, conn, verbs) || len(verbs) == 0 && in.caller.Sees(identityOf(conn))) && sc.has(conn, in.query) {
			out = append(out, conn)
		}
	}
	return out, nil
}

func (sc scope) has(conn *fleet.Conn, query url.Values) bool {
	in := func(names *[]string, name string) bool { return names == nil || slices.Contains(*names, name) }
	if !in(sc.connections, conn.Name) || !in(sc.providers, conn.Provider) || sc.only != nil && !slices.Contains(sc.only, conn.Name) {
		return false
	}
	for name, wanted := range query {
		if key, isLabel := strings.CutPrefix(name, labelPrefix); isLabel {
			if value, has := conn.Labels[key]; !has || value != wanted[0] {
				return false
			}
		}
	}
	return true
}

// values returns what a parameter holds, nothing when it is absent.
func values[T any](p *[]T) []T {
	if p == nil {
		return nil
	}
	return *p
}

func value[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}

// paging is the part of a list's parameters that has to do with pages.
type paging struct {
	size        *int
	cursor      *string
	consistency *string
	require     *[]string
}

// page makes the request to federate. A cursor belongs to the question without
// its page, and to what the caller may see.
func page(ctx context.Context, conns []*fleet.Conn, p paging) federate.Request {
	in := callOf(ctx)
	question := url.Values{}
	for name, given := range in.query {
		switch name {
		case "cursor", "pageSize", "explain":
		default:
			question[name] = given
		}
	}
	r := federate.Request{
		Conns: conns, PageSize: defaultPageSize, Cursor: value(p.cursor), Strict: value(p.consistency) == "strict",
		Require: values(p.require), Binding: in.path + "\x00" + question.Encode() + "\x00" + in.caller.Scope(),
	}
	if p.size != nil {
		r.PageSize = *p.size
	}
	return r
}

func bodyOf[T any](l *federate.List[T]) list[T] {
	return list[T]{
		Items: append([]T{}, l.Items...), NextCursor: l.Next, Resume: l.Resume, Complete: l.Complete, Sources: sourcesOf(l.Sources),
	}
}

// listed answers with a page of a list.
func listed[T any](ctx context.Context, l *federate.List[T], explain bool) (reply, error) {
	body := bodyOf(l)
	in := callOf(ctx)
	if explain {
		body.Explain = explainedOf(l.Sources, in.query)
	}
	r, err := show(ctx, body)
	if err == nil && l.Next != "" {
		next := url.Values{}
		maps.Copy(next, in.query)
		next.Set("cursor", l.Next)
		r.header.Set("Link", "<"+in.path+"?"+next.Encode()+`>; rel="next"`)
	}
	return r, err
}

func explainedOf(sources []federate.Source, query url.Values) []explained {
	filters := []string{
		"asset", "assetKind", "status", "type", "startedAfter", "startedBefore", "account", "region", "tag", "state", "kind", "createdAfter", "createdBefore",
		"search", "protection",
	}
	filters = slices.DeleteFunc(filters, func(name string) bool { return !query.Has(name) })
	out := make([]explained, len(sources))
	for i, s := range sources {
		out[i] = explained{Connection: s.Connection, Calls: s.Calls}
		if s.Calls == 0 {
			continue
		}
		for _, name := range filters {
			if slices.Contains(s.Pushed, name) {
				out[i].PushedDown = append(out[i].PushedDown, name)
			} else {
				out[i].AppliedHere = append(out[i].AppliedHere, name)
			}
		}
	}
	return out
}

// opened turns a list of the fleet into one that federate can walk: c and the
// context come later, the question is known now.
func opened[Q, R any](read func(*fleet.Conn, context.Context, Q) (R, error), q Q) func(context.Context, *fleet.Conn) (R, error) {
	return func(ctx context.Context, c *fleet.Conn) (R, error) { return read(c, ctx, q) }
}

// wantsNative reads include.
func wantsNative(include *[]string) bool { return slices.Contains(values(include), "native") }

// moment reads a bound of time.
func moment(t *time.Time) time.Time { return value(t).UTC() }

// at is the path of a resource.
func at(collection, id string) string { return "/v1/" + collection + "/" + id }

// textual answers with text for people and probes.
func textual(status int, text string) reply {
	r := reply{status: status, contentType: "text/plain; charset=utf-8", header: http.Header{}, body: []byte(text)}
	r.header.Set("Cache-Control", "no-store")
	return r
}
