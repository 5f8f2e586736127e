package api

import (
	"context"
	"net/http"
	"time"

	"switchback/internal/fault"
	"switchback/internal/federate"
	"switchback/internal/fleet"
	"switchback/internal/model"
)

// connection is a connection as callers see it.
type connection struct {
	ID           string              `json:"id"`
	Provider     string              `json:"provider"`
	Region       string              `json:"region,omitempty"`
	Labels       map[string]string   `json:"labels,omitempty"`
	State        string              `json:"state"`
	StateCode    string              `json:"stateCode,omitempty"`
	StateSince   time.Time           `json:"stateSince,omitzero"`
	Capabilities []string            `json:"capabilities"`
	RestoreKinds []fleet.RestoreKind `json:"restoreKinds"`
	Traits       *traits             `json:"traits,omitempty"`
}

type traits struct {
	RangeReads        bool                         `json:"rangeReads"`
	NativeIdempotency bool                         `json:"nativeIdempotency"`
	MarkerPlaces      map[model.RestoreKind]string `json:"markerPlaces,omitempty"`
}

func connectionOf(c *fleet.Conn) connection {
	now := c.Health()
	return connection{
		ID: c.Name, Provider: c.Provider, Region: c.Region, Labels: c.Labels,
		State: now.State, StateCode: codeNamed(now.Code), StateSince: now.Since.UTC(),
		Capabilities: c.Capabilities(), RestoreKinds: append([]fleet.RestoreKind{}, c.RestoreKinds()...),
	}
}

// codeNamed is the problem code of a kind's name.
func codeNamed(name string) string {
	for _, kind := range fault.Kinds() {
		if kind.Error() == name {
			return codeOf(kind)
		}
	}
	return ""
}

// ListConnections implements GET /v1/connections.
func (s *Server) ListConnections(ctx context.Context, r ListConnectionsRequestObject) (ListConnectionsResponseObject, error) {
	conns, err := s.chosen(ctx, scope{providers: r.Params.Provider})
	if err != nil {
		return nil, err
	}
	l, err := federate.Concat(ctx, s.Federator, page(ctx, conns, paging{size: r.Params.PageSize, cursor: r.Params.Cursor}),
		federate.Plain[connection]{
			Noun: "connections",
			List: func(_ context.Context, c *fleet.Conn, _ string, _ int) (fleet.TokenPage[connection], error) {
				return fleet.TokenPage[connection]{Items: []connection{connectionOf(c)}}, nil
			},
		})
	if err != nil {
		return nil, err
	}
	l.Sources = nil // the items say it all; nobody was asked
	return listed(ctx, l, false)
}

// GetConnection implements GET /v1/connections/{id}.
func (s *Server) GetConnection(ctx context.Context, r GetConnectionRequestObject) (GetConnectionResponseObject, error) {
	conn, err := s.connection(ctx, r.Id)
	if err != nil {
		return nil, err
	}
	c := connectionOf(conn)
	facts := conn.Traits()
	c.Traits = &traits{facts.RangeReads, facts.NativeIdempotency, facts.MarkerPlaces}
	return show(ctx, c)
}

// check is what a probe has found.
type check struct {
	Connection string    `json:"connection"`
	State      string    `json:"state"`
	Code       string    `json:"code,omitempty"`
	Detail     string    `json:"detail,omitempty"`
	CheckedAt  time.Time `json:"checkedAt"`
	LatencyMS  int64     `json:"latencyMs"`
}

// CheckConnection implements POST /v1/connections/{id}/check.
func (s *Server) CheckConnection(ctx context.Context, r CheckConnectionRequestObject) (CheckConnectionResponseObject, error) {
	conn, err := s.connection(ctx, r.Id)
	if err != nil {
		return nil, err
	}
	began := s.Now()
	err = conn.Check(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	found := check{Connection: conn.Name, State: "ok", CheckedAt: began.UTC(), LatencyMS: s.Now().Sub(began).Milliseconds()}
	if err != nil {
		c := classOf(fault.KindOf(err))
		found.State, found.Code, found.Detail = "failing", c.code, c.title
		if e := fault.Of(err); e != nil && e.Detail != "" {
			found.Detail = e.Detail
		}
	}
	return done(http.StatusOK, found, "")
}

// me is the caller and what it may do.
type me struct {
	Subject     string   `json:"subject"`
	Issuer      string   `json:"issuer,omitempty"`
	Groups      []string `json:"groups"`
	Connections []grant  `json:"connections"`
}

type grant struct {
	ID    string   `json:"id"`
	Verbs []string `json:"verbs"`
}

// GetMe implements GET /v1/me.
func (s *Server) GetMe(ctx context.Context, _ GetMeRequestObject) (GetMeResponseObject, error) {
	caller := callOf(ctx).caller
	out := me{Subject: caller.Subject, Issuer: caller.Issuer, Groups: append([]string{}, caller.Groups...), Connections: []grant{}}
	for _, conn := range s.Fleet().Conns() {
		if verbs := caller.Verbs(identityOf(conn)); len(verbs) > 0 {
			out.Connections = append(out.Connections, grant{conn.Name, verbs})
		}
	}
	return show(ctx, out)
}
