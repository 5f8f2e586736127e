package api

import (
	"context"
	"net/http"

	"switchback/internal/fault"
	"switchback/internal/federate"
	"switchback/internal/fleet"
	"switchback/internal/identity"
	"switchback/internal/model"
	"switchback/internal/restores"
)

// ListOperations implements GET /v1/operations.
func (s *Server) ListOperations(ctx context.Context, r ListOperationsRequestObject) (ListOperationsResponseObject, error) {
	p := r.Params
	conns, err := s.chosen(ctx, scope{connections: p.Connection, providers: p.Provider, require: p.Require}, operationReaders()...)
	if err != nil {
		return nil, err
	}
	q := model.OperationQuery{
		CreatedAfter: moment(p.CreatedAfter), CreatedBefore: moment(p.CreatedBefore), States: values(p.State),
		Native: wantsNative(p.Include),
	}
	l, err := federate.Merge(ctx, s.Federator, page(ctx, conns, paging{p.PageSize, p.Cursor, p.Consistency, p.Require}),
		federate.Timed[model.Operation]{
			Noun: "operations", Open: opened((*fleet.Conn).OperationStreams, q), Place: model.Operation.Position, Match: q.Matches,
			From: q.CreatedAfter, Until: q.CreatedBefore,
		})
	if err != nil {
		return nil, err
	}
	return listed(ctx, l, value(p.Explain))
}

// GetOperation implements GET /v1/operations/{id}.
func (s *Server) GetOperation(ctx context.Context, r GetOperationRequestObject) (GetOperationResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, operationReaders()...)
	if err != nil {
		return nil, err
	}
	read := func(ctx context.Context) (any, error) {
		operation, err := conn.Operation(ctx, id, wantsNative(r.Params.Include))
		return operation, about(conn.Name, err)
	}
	return s.waited(ctx, s.operations, id, r.Params.Prefer, read)
}

// pollOperation is what watchers of an operation share.
func (s *Server) pollOperation(ctx context.Context, id model.ID) (restores.Watchable, error) {
	conn := s.Fleet().Of(id)
	if conn == nil {
		return restores.Watchable{}, fault.New(fault.NotFound, "api.watch", "")
	}
	operation, err := conn.Operation(ctx, id, false)
	if err != nil {
		return restores.Watchable{}, about(conn.Name, err)
	}
	return watchable(operation, operation.State)
}

// WatchOperation implements GET /v1/operations/{id}/events.
func (s *Server) WatchOperation(ctx context.Context, r WatchOperationRequestObject) (WatchOperationResponseObject, error) {
	_, id, err := s.resource(ctx, r.Id, operationReaders()...)
	if err != nil {
		return nil, err
	}
	return s.watch(ctx, s.operations, s.pollOperation, id, value(r.Params.LastEventID))
}

// CancelOperation implements POST /v1/operations/{id}/cancel.
func (s *Server) CancelOperation(ctx context.Context, r CancelOperationRequestObject) (CancelOperationResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, identity.OperationsWrite, identity.BackupsRun)
	if err != nil {
		return nil, err
	}
	if err := conn.CancelOperation(ctx, id); err != nil {
		return nil, about(conn.Name, err)
	}
	return done(http.StatusAccepted, nil, at("operations", r.Id))
}
