package fleet

import (
	"context"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

type none = struct{}

// Check probes the credentials and that the vendor can be reached.
func (c *Conn) Check(ctx context.Context) error {
	_, err := call(ctx, c, classCheck, "session.check", true, func(ctx context.Context) (none, error) {
		return none{}, c.adapter.Session.Check(ctx)
	})
	return err
}

// BackupStreams returns the connection's sorted streams of backups.
func (c *Conn) BackupStreams(ctx context.Context, q model.BackupQuery) ([]adapters.Stream[model.Backup], error) {
	return streams(ctx, c, "backups", true, func(ctx context.Context) ([]adapters.Stream[model.Backup], error) {
		return c.adapter.Backups.Streams(ctx, q)
	})
}

// Backup returns one backup of this connection.
func (c *Conn) Backup(ctx context.Context, id model.ID, native bool) (model.Backup, error) {
	return call(ctx, c, classGet, "backups.get", true, func(ctx context.Context) (model.Backup, error) {
		return c.adapter.Backups.Get(ctx, id, native)
	})
}

// Files lists a directory of a backup.
func (c *Conn) Files(ctx context.Context, id model.ID, path, token string, limit int) (adapters.TokenPage[adapters.FileEntry], error) {
	return call(ctx, c, classList, "backups.files", c.adapter.Files != nil,
		func(ctx context.Context) (adapters.TokenPage[adapters.FileEntry], error) {
			return c.adapter.Files.List(ctx, id, path, token, limit)
		})
}

// RestoreStreams returns the connection's sorted streams of restores.
func (c *Conn) RestoreStreams(ctx context.Context, q model.RestoreQuery) ([]adapters.Stream[model.Restore], error) {
	return streams(ctx, c, "restores", c.adapter.Restores != nil, func(ctx context.Context) ([]adapters.Stream[model.Restore], error) {
		return c.adapter.Restores.Streams(ctx, q)
	})
}

// Restore returns one restore of this connection.
func (c *Conn) Restore(ctx context.Context, id model.ID, native bool) (model.Restore, error) {
	return call(ctx, c, classGet, "restores.get", c.adapter.Restores != nil, func(ctx context.Context) (model.Restore, error) {
		return c.adapter.Restores.Get(ctx, id, native)
	})
}

// RestoreAccess returns how to reach an instant-access restore.
func (c *Conn) RestoreAccess(ctx context.Context, id model.ID) (adapters.AccessInfo, error) {
	return call(ctx, c, classGet, "access.get", c.adapter.Access != nil, func(ctx context.Context) (adapters.AccessInfo, error) {
		return c.adapter.Access.Get(ctx, id)
	})
}

// OperationStreams returns the connection's sorted streams of operations.
func (c *Conn) OperationStreams(ctx context.Context, q model.OperationQuery) ([]adapters.Stream[model.Operation], error) {
	return streams(ctx, c, "operations", c.adapter.Operations != nil, func(ctx context.Context) ([]adapters.Stream[model.Operation], error) {
		return c.adapter.Operations.Streams(ctx, q)
	})
}

// Operation returns one operation of this connection.
func (c *Conn) Operation(ctx context.Context, id model.ID, native bool) (model.Operation, error) {
	return call(ctx, c, classGet, "operations.get", c.adapter.Operations != nil, func(ctx context.Context) (model.Operation, error) {
		return c.adapter.Operations.Get(ctx, id, native)
	})
}

// Policies lists policies from a token on; "" is the start.
func (c *Conn) Policies(ctx context.Context, token string, limit int, native bool) (adapters.TokenPage[model.Policy], error) {
	return call(ctx, c, classList, "policies.list", c.adapter.Policies != nil,
		func(ctx context.Context) (adapters.TokenPage[model.Policy], error) {
			return c.adapter.Policies.List(ctx, token, limit, native)
		})
}

// Policy returns one policy of this connection.
func (c *Conn) Policy(ctx context.Context, id model.ID, native bool) (model.Policy, error) {
	return call(ctx, c, classGet, "policies.get", c.adapter.Policies != nil, func(ctx context.Context) (model.Policy, error) {
		return c.adapter.Policies.Get(ctx, id, native)
	})
}

// streams opens streams and puts each of their pages on the call path.
func streams[T any](ctx context.Context, c *Conn, noun string, present bool,
	open func(ctx context.Context) ([]adapters.Stream[T], error),
) ([]adapters.Stream[T], error) {
	opened, err := call(ctx, c, classList, noun+".streams", present, open)
	if err != nil {
		return nil, err
	}
	out := make([]adapters.Stream[T], len(opened))
	for i, s := range opened {
		page := s.Page
		s.Page = func(ctx context.Context, before model.Position, limit int) (adapters.Page[T], error) {
			return call(ctx, c, classList, noun+".page", true, func(ctx context.Context) (adapters.Page[T], error) {
				return page(ctx, before, limit)
			})
		}
		out[i] = s
	}
	return out, nil
}
