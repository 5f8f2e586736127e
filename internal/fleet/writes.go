package fleet

import (
	"context"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

// Writes are called once for one request and never repeated here.

// StartBackup begins one backup.
func (c *Conn) StartBackup(ctx context.Context, r adapters.BackupStart) (model.Operation, error) {
	return call(ctx, c, classWrite, "backups.start", c.adapter.BackupStarts != nil, func(ctx context.Context) (model.Operation, error) {
		return c.adapter.BackupStarts.Start(ctx, r)
	})
}

// StartRestore begins one restore.
func (c *Conn) StartRestore(ctx context.Context, r model.RestoreRequest) (model.Restore, error) {
	return call(ctx, c, classWrite, "restores.start", c.adapter.Restores != nil, func(ctx context.Context) (model.Restore, error) {
		return c.adapter.Restores.Start(ctx, r)
	})
}

// CancelRestore asks the vendor to stop a restore.
func (c *Conn) CancelRestore(ctx context.Context, id model.ID) error {
	_, err := call(ctx, c, classWrite, "restores.cancel", c.adapter.RestoreCancels != nil, func(ctx context.Context) (none, error) {
		return none{}, c.adapter.RestoreCancels.Cancel(ctx, id)
	})
	return err
}

// PatchRestore changes a restore that exists.
func (c *Conn) PatchRestore(ctx context.Context, id model.ID, p model.RestorePatch) (model.Restore, error) {
	return call(ctx, c, classWrite, "restores.patch", c.adapter.RestorePatches != nil, func(ctx context.Context) (model.Restore, error) {
		return c.adapter.RestorePatches.Patch(ctx, id, p)
	})
}

// RemoveRestore tears down what a restore made; the operation is nil when that
// is done at once.
func (c *Conn) RemoveRestore(ctx context.Context, id model.ID) (*model.Operation, error) {
	return call(ctx, c, classWrite, "restores.remove", c.adapter.RestoreRemovals != nil, func(ctx context.Context) (*model.Operation, error) {
		return c.adapter.RestoreRemovals.Remove(ctx, id)
	})
}

// AddAccessRole lets one more role use an instant-access restore.
func (c *Conn) AddAccessRole(ctx context.Context, id model.ID, role adapters.AccessRole) (adapters.AccessRole, error) {
	return call(ctx, c, classWrite, "access.add_role", c.adapter.Access != nil, func(ctx context.Context) (adapters.AccessRole, error) {
		return c.adapter.Access.AddRole(ctx, id, role)
	})
}

// UpdateAccessRole replaces a role, which its ID names.
func (c *Conn) UpdateAccessRole(ctx context.Context, id model.ID, role adapters.AccessRole) (adapters.AccessRole, error) {
	return call(ctx, c, classWrite, "access.update_role", c.adapter.Access != nil, func(ctx context.Context) (adapters.AccessRole, error) {
		return c.adapter.Access.UpdateRole(ctx, id, role)
	})
}

// RemoveAccessRole takes a role's access away.
func (c *Conn) RemoveAccessRole(ctx context.Context, id model.ID, roleID string) error {
	_, err := call(ctx, c, classWrite, "access.remove_role", c.adapter.Access != nil, func(ctx context.Context) (none, error) {
		return none{}, c.adapter.Access.RemoveRole(ctx, id, roleID)
	})
	return err
}

// CancelOperation asks the vendor to stop an operation.
func (c *Conn) CancelOperation(ctx context.Context, id model.ID) error {
	_, err := call(ctx, c, classWrite, "operations.cancel", c.adapter.OperationCancels != nil, func(ctx context.Context) (none, error) {
		return none{}, c.adapter.OperationCancels.Cancel(ctx, id)
	})
	return err
}
