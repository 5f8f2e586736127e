package api

import (
	"context"
	"time"

	"switchback/internal/fault"
	"switchback/internal/federate"
	"switchback/internal/fleet"
	"switchback/internal/identity"
	"switchback/internal/model"
)

// ListAssets implements GET /v1/assets.
func (s *Server) ListAssets(ctx context.Context, r ListAssetsRequestObject) (ListAssetsResponseObject, error) {
	p := r.Params
	conns, err := s.chosen(ctx, scope{connections: p.Connection, providers: p.Provider, require: p.Require}, identity.BackupsRead)
	if err != nil {
		return nil, err
	}
	q := model.AssetQuery{
		Search: value(p.Search), Kinds: values(p.AssetKind), Protection: values(p.Protection), Native: wantsNative(p.Include),
	}
	list := func(ctx context.Context, c *fleet.Conn, token string, limit int) (fleet.TokenPage[model.ProtectedAsset], error) {
		return c.Assets(ctx, q, token, limit)
	}
	if q.Search != "" || len(q.Kinds) > 0 || len(q.Protection) > 0 {
		list = sifted(list, q.Matches)
	}
	l, err := federate.Concat(ctx, s.Federator, page(ctx, conns, paging{p.PageSize, p.Cursor, p.Consistency, p.Require}),
		federate.Plain[model.ProtectedAsset]{Noun: "assets", List: list})
	if err != nil {
		return nil, err
	}
	return listed(ctx, l, value(p.Explain))
}

// GetAsset implements GET /v1/assets/{id}.
func (s *Server) GetAsset(ctx context.Context, r GetAssetRequestObject) (GetAssetResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, identity.BackupsRead)
	if err != nil {
		return nil, err
	}
	asset, err := conn.Asset(ctx, id, wantsNative(r.Params.Include))
	if err != nil {
		return nil, about(conn.Name, err)
	}
	return show(ctx, asset)
}

// restorePointDays is how far back restore points are looked for.
const restorePointDays = 30

// ListRestorePoints implements GET /v1/assets/{id}/restore-points.
func (s *Server) ListRestorePoints(ctx context.Context, r ListRestorePointsRequestObject) (ListRestorePointsResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, identity.BackupsRead)
	if err != nil {
		return nil, err
	}
	from, to := moment(r.Params.From), moment(r.Params.To)
	if r.Params.To == nil {
		to = s.Now().UTC()
	}
	if r.Params.From == nil {
		from = to.Add(-restorePointDays * 24 * time.Hour)
	}
	if !from.Before(to) {
		return nil, refuse(invalidParameter, parameterFault("from", "not-allowed", "must be before to, which is now when absent"))
	}
	points, err := conn.RestorePoints(ctx, id, from, to)
	if err != nil {
		return nil, about(conn.Name, err)
	}
	points.Points = append([]model.RestorePoint{}, points.Points...)
	points.Ranges = append([]model.RestoreRange{}, points.Ranges...)
	return show(ctx, points)
}

// fileSearch is the body of POST /v1/search/files.
type fileSearch struct {
	model.FileQuery
	PageSize *int    `json:"pageSize"`
	Cursor   *string `json:"cursor"`
}

// SearchFiles implements POST /v1/search/files.
func (s *Server) SearchFiles(ctx context.Context, r SearchFilesRequestObject) (SearchFilesResponseObject, error) {
	q := r.Body.FileQuery
	conn, err := s.named(ctx, q.Asset, "/asset", identity.BackupsRead)
	if err != nil {
		return nil, err
	}
	size := min(value(r.Body.PageSize), maxPageSize)
	if size == 0 {
		size = defaultPageSize
	}
	request := page(ctx, []*fleet.Conn{conn}, paging{size: &size, cursor: r.Body.Cursor})
	request.Binding += "\x00" + q.Asset.String() + "\x00" + q.Name
	l, err := federate.Concat(ctx, s.Federator, request, federate.Plain[model.FileHit]{
		Noun: "search",
		List: func(ctx context.Context, c *fleet.Conn, token string, limit int) (fleet.TokenPage[model.FileHit], error) {
			return c.SearchFiles(ctx, q, token, limit)
		},
	})
	if err == nil {
		err = answered(conn, l.Sources, "this connection can not search in backups")
	}
	if err != nil {
		return nil, err
	}
	return done(200, bodyOf(l), "")
}

// answered is the error of a list of one thing, without which there is no list.
func answered(conn *fleet.Conn, sources []federate.Source, lacking string) error {
	for _, source := range sources {
		switch {
		case source.State == federate.StateFailed:
			return about(conn.Name, source.Err)
		case source.Code == federate.CodeUnsupported:
			return about(conn.Name, fault.New(fault.Unsupported, "api.list", lacking))
		}
	}
	return nil
}
