package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"switchback/internal/fault"
	"switchback/internal/federate"
	"switchback/internal/fleet"
	"switchback/internal/identity"
	"switchback/internal/model"
)

// ListBackups implements GET /v1/backups.
func (s *Server) ListBackups(ctx context.Context, r ListBackupsRequestObject) (ListBackupsResponseObject, error) {
	p := r.Params
	sc := scope{connections: p.Connection, providers: p.Provider, require: p.Require}
	var assets []model.ID
	for _, text := range values(p.Asset) {
		id, err := model.ParseID(text)
		if err != nil {
			return nil, refuse(invalidParameter, parameterFault("asset", "wrong-format", "must be an id of this gateway"))
		}
		assets = append(assets, id)
		sc.only = append(sc.only, id.Connection)
	}
	conns, err := s.chosen(ctx, sc, identity.BackupsRead)
	if err != nil {
		return nil, err
	}
	q := model.BackupQuery{
		StartedAfter: moment(p.StartedAfter), StartedBefore: moment(p.StartedBefore), Assets: assets,
		AssetKinds: values(p.AssetKind), Statuses: values(p.Status), Types: values(p.Type), Native: wantsNative(p.Include),
		Accounts: values(p.Account), Regions: values(p.Region), Tags: tags(values(p.Tag)),
	}
	l, err := federate.Merge(ctx, s.Federator, page(ctx, conns, paging{p.PageSize, p.Cursor, p.Consistency, p.Require}),
		federate.Timed[model.Backup]{
			Noun: "backups", Open: opened((*fleet.Conn).BackupStreams, q), Place: model.Backup.Position, Match: q.Matches,
			From: q.StartedAfter, Until: q.StartedBefore,
		})
	if err != nil {
		return nil, err
	}
	return listed(ctx, l, value(p.Explain))
}

// tags reads key=value, or key alone.
func tags(texts []string) []model.Tag {
	var out []model.Tag
	for _, text := range texts {
		key, value, _ := strings.Cut(text, "=")
		out = append(out, model.Tag{Key: key, Value: value})
	}
	return out
}

// GetBackup implements GET /v1/backups/{id}.
func (s *Server) GetBackup(ctx context.Context, r GetBackupRequestObject) (GetBackupResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, identity.BackupsRead)
	if err != nil {
		return nil, err
	}
	backup, err := conn.Backup(ctx, id, wantsNative(r.Params.Include))
	if err != nil {
		return nil, about(conn.Name, err)
	}
	return show(ctx, backup)
}

// backupRequest is the body of POST /v1/backups.
type backupRequest struct {
	Subject model.ID         `json:"subject"`
	Type    model.BackupType `json:"type"`
	Keep    model.Period     `json:"keep"`
	Options json.RawMessage  `json:"options"`
}

// StartBackup implements POST /v1/backups.
func (s *Server) StartBackup(ctx context.Context, r StartBackupRequestObject) (StartBackupResponseObject, error) {
	conn, err := s.named(ctx, r.Body.Subject, "/subject", identity.BackupsRun)
	if err != nil {
		return nil, err
	}
	operation, err := conn.StartBackup(ctx, fleet.BackupStart{
		Subject: r.Body.Subject, Type: r.Body.Type, Keep: r.Body.Keep, Options: r.Body.Options,
	})
	if err != nil {
		return nil, about(conn.Name, err)
	}
	return done(http.StatusAccepted, operation, at("operations", operation.ID.String()))
}

// named returns the connection of an id that a body holds.
func (s *Server) named(ctx context.Context, id model.ID, pointer string, verbs ...string) (*fleet.Conn, error) {
	conn, err := s.connection(ctx, id.Connection, verbs...)
	if fault.KindOf(err) == fault.NotFound {
		return nil, &refusal{class: classOf(fault.NotFound), fields: []fault.Field{
			{Pointer: pointer, Code: "not-found", Detail: "there is no such thing"},
		}}
	}
	return conn, err
}

// ListBackupFiles implements GET /v1/backups/{id}/files.
func (s *Server) ListBackupFiles(ctx context.Context, r ListBackupFilesRequestObject) (ListBackupFilesResponseObject, error) {
	conn, id, err := s.resource(ctx, r.Id, identity.BackupsRead)
	if err != nil {
		return nil, err
	}
	path := "/"
	if r.Params.Path != nil && *r.Params.Path != "" {
		path = *r.Params.Path
	}
	l, err := federate.Concat(ctx, s.Federator, page(ctx, []*fleet.Conn{conn}, paging{size: r.Params.PageSize, cursor: r.Params.Cursor}),
		federate.Plain[fleet.FileEntry]{
			Noun: "files",
			List: func(ctx context.Context, c *fleet.Conn, token string, limit int) (fleet.TokenPage[fleet.FileEntry], error) {
				return c.Files(ctx, id, path, token, limit)
			},
		})
	if err == nil {
		err = answered(conn, l.Sources, "this connection can not look into backups")
	}
	if err != nil {
		return nil, err
	}
	return listed(ctx, l, false)
}

// GetBackupFileContent implements GET /v1/backups/{id}/files/content.
func (s *Server) GetBackupFileContent(ctx context.Context, r GetBackupFileContentRequestObject) (GetBackupFileContentResponseObject, error) {
	b, err := s.fileBytes(ctx, r.Id, r.Params.Path)
	if err != nil {
		return nil, err
	}
	return s.get(ctx, b, value(r.Params.Range), value(r.Params.IfRange))
}

// HeadBackupFileContent implements HEAD /v1/backups/{id}/files/content.
func (s *Server) HeadBackupFileContent(ctx context.Context, r HeadBackupFileContentRequestObject) (HeadBackupFileContentResponseObject, error) {
	b, err := s.fileBytes(ctx, r.Id, r.Params.Path)
	if err != nil {
		return nil, err
	}
	return s.head(ctx, b)
}

// fileBytes is one file of a backup. Its vendor has no way to ask for the size
// but to begin a transfer.
func (s *Server) fileBytes(ctx context.Context, text, path string) (blob, error) {
	conn, id, err := s.resource(ctx, text, identity.ContentRead)
	if err != nil {
		return blob{}, err
	}
	open := func(ctx context.Context, offset int64) (*fleet.Body, error) {
		return conn.OpenFile(ctx, id, path, offset)
	}
	return blob{
		connection: conn.Name, key: text + "\x00" + path, name: path, open: open,
		size: func(ctx context.Context) (int64, error) {
			body, err := open(ctx, 0)
			if err != nil {
				return 0, err
			}
			return body.Size, errors.Join(body.Close())
		},
	}, nil
}
