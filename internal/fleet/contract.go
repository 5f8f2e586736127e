package fleet

import "switchback/internal/adapters"

// The words of the adapter contract that cross the fleet upwards. Rooms above
// say them by these names and never import the contract.
type (
	Stream[T any]    = adapters.Stream[T]
	TokenPage[T any] = adapters.TokenPage[T]
	FileEntry        = adapters.FileEntry
	BackupStart      = adapters.BackupStart
	RestoreKind      = adapters.RestoreKind
	AccessInfo       = adapters.AccessInfo
	AccessRole       = adapters.AccessRole
	Body             = adapters.Body
)
