package fleet

import (
	"slices"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

// Capabilities names what the account can do, in the order of the contract. It
// is read off the adapter, so it can not say more than there is.
func (c *Conn) Capabilities() []string {
	a := c.adapter
	has := []struct {
		name string
		is   bool
	}{
		{"backups", a.Backups != nil},
		{"backups.start", a.BackupStarts != nil},
		{"backups.files", a.Files != nil},
		{"restores", a.Restores != nil},
		{"restores.cancel", a.RestoreCancels != nil},
		{"restores.patch", a.RestorePatches != nil},
		{"restores.remove", a.RestoreRemovals != nil},
		{"restores.access", a.Access != nil},
		{"restores.content", a.Content != nil},
		{"operations", a.Operations != nil},
		{"operations.cancel", a.OperationCancels != nil},
		{"policies", a.Policies != nil},
		{"policies.write", a.PolicyWrites != nil},
		{"policies.assignments", a.PolicyAssignments != nil},
		{"assets", a.Assets != nil},
		{"assets.restore-points", a.RestorePoints != nil},
		{"sources", a.Sources != nil},
		{"search.files", a.FileSearch != nil},
		{"restores.plan", a.Plans != nil},
		{"restores.results", a.RestoreResults != nil},
		{"native", a.Native != nil},
	}
	var out []string
	for _, h := range has {
		if h.is {
			out = append(out, h.name)
		}
	}
	return out
}

// RestoreKinds returns what the account can restore. The slice is the
// adapter's own.
func (c *Conn) RestoreKinds() []adapters.RestoreKind {
	if c.adapter.Restores == nil {
		return nil
	}
	return c.adapter.RestoreKinds
}

// RestoreKind returns one kind, false if the account can not do it.
func (c *Conn) RestoreKind(kind model.RestoreKind) (adapters.RestoreKind, bool) {
	kinds := c.RestoreKinds()
	i := slices.IndexFunc(kinds, func(k adapters.RestoreKind) bool { return k.Kind == kind })
	if i < 0 {
		return adapters.RestoreKind{}, false
	}
	return kinds[i], true
}

// Traits returns the adapter's facts.
func (c *Conn) Traits() adapters.Traits { return c.adapter.Traits }
