package api

import (
	"context"
	"encoding/json"
	"net/http"

	"switchback/internal/fault"
	"switchback/internal/federate"
	"switchback/internal/fleet"
	"switchback/internal/identity"
	"switchback/internal/model"
	"switchback/internal/restores"
)

// sourced returns the connection that a restore is to be made on.
func (s *Server) sourced(ctx context.Context, source model.RestoreSource) (*fleet.Conn, error) {
	pointer := "/source/asset"
	if source.Backup != nil {
		pointer = "/source/backup"
	}
	return s.named(ctx, source.ID(), pointer, identity.RestoresWrite)
}

// StartRestore implements POST /v1/restores.
func (s *Server) StartRestore(ctx context.Context, r StartRestoreRequestObject) (StartRestoreResponseObject, error) {
	conn, err := s.sourced(ctx, r.Body.Source)
	if err != nil {
		return nil, err
	}
	in := callOf(ctx)
	// Subjects of two issuers may be equal; their keys must not meet.
	key := in.caller.Issuer + "\x00" + in.key
	started, err := s.Journal.Start(ctx, conn, in.caller.Subject, key, *r.Body)
	if err != nil {
		return nil, replayed(about(conn.Name, err), started.Replayed)
	}
	restore := started.Restore
	if restore.Provider == "" {
		restore.Provider = conn.Provider
	}
	out, err := done(http.StatusAccepted, withOutputs(restore), at("restores", restore.ID.String()))
	if started.Replayed {
		out.header.Set(headerReplayed, "true")
	}
	return out, err
}

const headerReplayed = "Idempotency-Replayed"

// replayed marks an error that is the stored outcome of an earlier request.
func replayed(err error, is bool) error {
	if !is {
		return err
	}
	return &withHeader{err, http.Header{headerReplayed: {"true"}}}
}

// withOutputs fills in where this gateway serves what the restore gives.
func withOutputs(r model.Restore) model.Restore {
	if r.State == model.StateSucceeded || r.State == model.StateSucceededWithWarnings {
		if r.Outputs.HasContent {
			r.Outputs.ContentURL = at("restores", r.ID.String()) + "/content"
		}
		if r.Outputs.HasAccess {
			r.Outputs.AccessURL = at("restores", r.ID.String()) + "/access"
		}
	}
	return r
}

// ListRestores implements GET /v1/restores.
func (s *Server) ListRestores(ctx context.Context, r ListRestoresRequestObject) (ListRestoresResponseObject, error) {
	p := r.Params
	conns, err := s.chosen(ctx, scope{connections: p.Connection, providers: p.Provider, require: p.Require}, identity.RestoresRead)
	if err != nil {
		return nil, err
	}
	q := model.RestoreQuery{
		CreatedAfter: moment(p.CreatedAfter), CreatedBefore: moment(p.CreatedBefore), Kinds: values(p.Kind),
		States: values(p.State), Native: wantsNative(p.Include),
	}
	l, err := federate.Merge(ctx, s.Federator, page(ctx, conns, paging{p.PageSize, p.Cursor, p.Consistency, p.Require}),
		federate.Timed[model.Restore]{
			Noun: "restores", Open: opened((*fleet.Conn).RestoreStreams, q), Place: model.Restore.Position, Match: q.Matches,
			From: q.CreatedAfter, Until: q.CreatedBefore,
		})
	if err != nil {
		return nil, err
	}
	for i, restore := range l.Items {
		l.Items[i] = withOutputs(s.Journal.Describe(ctx, restore))
	}
	return listed(ctx, l, value(p.Explain))
}

// GetRestore implements GET /v1/restores/{id}.
func (s *Server) GetRestore(ctx context.Context, r GetRestoreRequestObject) (GetRestoreResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, identity.RestoresRead)
	if err != nil {
		return nil, err
	}
	read := func(ctx context.Context) (any, error) {
		restore, err := s.Journal.Get(ctx, conn, id, wantsNative(r.Params.Include))
		return withOutputs(restore), about(conn.Name, err)
	}
	return s.waited(ctx, s.restores, id, r.Params.Prefer, read)
}

// pollRestore is what watchers of a restore share.
func (s *Server) pollRestore(ctx context.Context, id model.ID) (restores.Watchable, error) {
	conn := s.Fleet().Of(id)
	if conn == nil {
		return restores.Watchable{}, fault.New(fault.NotFound, "api.watch", "")
	}
	restore, err := s.Journal.Get(ctx, conn, id, false)
	if err != nil {
		return restores.Watchable{}, about(conn.Name, err)
	}
	return watchable(withOutputs(restore), restore.State)
}

// WatchRestore implements GET /v1/restores/{id}/events.
func (s *Server) WatchRestore(ctx context.Context, r WatchRestoreRequestObject) (WatchRestoreResponseObject, error) {
	_, id, err := s.resource(ctx, r.Id, identity.RestoresRead)
	if err != nil {
		return nil, err
	}
	return s.watch(ctx, s.restores, s.pollRestore, id, value(r.Params.LastEventID))
}

// UpdateRestore implements PATCH /v1/restores/{id}.
func (s *Server) UpdateRestore(ctx context.Context, r UpdateRestoreRequestObject) (UpdateRestoreResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, identity.RestoresWrite)
	if err != nil {
		return nil, err
	}
	restore, err := conn.PatchRestore(ctx, id, *r.Body)
	if err != nil {
		return nil, about(conn.Name, err)
	}
	return done(http.StatusOK, withOutputs(s.Journal.Describe(ctx, restore)), "")
}

// RemoveRestore implements DELETE /v1/restores/{id}.
func (s *Server) RemoveRestore(ctx context.Context, r RemoveRestoreRequestObject) (RemoveRestoreResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, identity.RestoresWrite)
	if err != nil {
		return nil, err
	}
	operation, err := conn.RemoveRestore(ctx, id)
	if err != nil {
		return nil, about(conn.Name, err)
	}
	if operation == nil {
		return done(http.StatusNoContent, nil, "")
	}
	return done(http.StatusAccepted, operation, at("operations", operation.ID.String()))
}

// CancelRestore implements POST /v1/restores/{id}/cancel.
func (s *Server) CancelRestore(ctx context.Context, r CancelRestoreRequestObject) (CancelRestoreResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, identity.RestoresWrite)
	if err != nil {
		return nil, err
	}
	if err := conn.CancelRestore(ctx, id); err != nil {
		return nil, about(conn.Name, err)
	}
	return done(http.StatusAccepted, nil, at("restores", r.Id))
}

// GetRestoreContent implements GET /v1/restores/{id}/content.
func (s *Server) GetRestoreContent(ctx context.Context, r GetRestoreContentRequestObject) (GetRestoreContentResponseObject, error) {
	b, err := s.restoreBytes(ctx, r.Id)
	if err != nil {
		return nil, err
	}
	return s.get(ctx, b, value(r.Params.Range), value(r.Params.IfRange))
}

// HeadRestoreContent implements HEAD /v1/restores/{id}/content.
func (s *Server) HeadRestoreContent(ctx context.Context, r HeadRestoreContentRequestObject) (HeadRestoreContentResponseObject, error) {
	b, err := s.restoreBytes(ctx, r.Id)
	if err != nil {
		return nil, err
	}
	return s.head(ctx, b)
}

func (s *Server) restoreBytes(ctx context.Context, text string) (blob, error) {
	conn, id, err := s.resource(ctx, text, identity.ContentRead)
	if err != nil {
		return blob{}, err
	}
	return blob{
		connection: conn.Name, key: text,
		open: func(ctx context.Context, offset int64) (*fleet.Body, error) { return conn.OpenContent(ctx, id, offset) },
		size: func(ctx context.Context) (int64, error) { return conn.ContentSize(ctx, id) },
	}, nil
}

// restorePlan is the answer of POST /v1/restores/plan: what a restore would do,
// and the parts of the request that are valid as they are.
type restorePlan struct {
	model.RestorePlan
	Provider string          `json:"provider"`
	Target   json.RawMessage `json:"target,omitempty"`
	Select   json.RawMessage `json:"select,omitempty"`
	Options  json.RawMessage `json:"options,omitempty"`
}

// PlanRestore implements POST /v1/restores/plan.
func (s *Server) PlanRestore(ctx context.Context, r PlanRestoreRequestObject) (PlanRestoreResponseObject, error) {
	conn, err := s.sourced(ctx, r.Body.Source)
	if err != nil {
		return nil, err
	}
	if err := s.Journal.Check(conn, *r.Body); err != nil {
		return nil, about(conn.Name, err)
	}
	plan, err := conn.PlanRestore(ctx, *r.Body)
	if err != nil {
		return nil, about(conn.Name, err)
	}
	plan.Notes = append([]string{}, plan.Notes...)
	return done(http.StatusOK, restorePlan{plan, conn.Provider, r.Body.Target, r.Body.Select, r.Body.Options}, "")
}
