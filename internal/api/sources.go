package api

import (
	"context"

	"switchback/internal/federate"
	"switchback/internal/fleet"
	"switchback/internal/identity"
	"switchback/internal/model"
)

// ListSources implements GET /v1/sources.
func (s *Server) ListSources(ctx context.Context, r ListSourcesRequestObject) (ListSourcesResponseObject, error) {
	p := r.Params
	conns, err := s.chosen(ctx, scope{connections: p.Connection, providers: p.Provider, require: p.Require}, identity.SourcesRead)
	if err != nil {
		return nil, err
	}
	native := wantsNative(p.Include)
	l, err := federate.Concat(ctx, s.Federator, page(ctx, conns, paging{p.PageSize, p.Cursor, p.Consistency, p.Require}),
		federate.Plain[model.Source]{
			Noun: "sources",
			List: func(ctx context.Context, c *fleet.Conn, token string, limit int) (fleet.TokenPage[model.Source], error) {
				return c.Sources(ctx, token, limit, native)
			},
		})
	if err != nil {
		return nil, err
	}
	return listed(ctx, l, value(p.Explain))
}

// GetSource implements GET /v1/sources/{id}.
func (s *Server) GetSource(ctx context.Context, r GetSourceRequestObject) (GetSourceResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, identity.SourcesRead)
	if err != nil {
		return nil, err
	}
	source, err := conn.Source(ctx, id, wantsNative(r.Params.Include))
	if err != nil {
		return nil, about(conn.Name, err)
	}
	return show(ctx, source)
}
