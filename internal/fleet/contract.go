package fleet

import "switchback/internal/adapters"

// Rooms above the fleet say the contract's words by these names and never
// import the contract.

// Stream is a sorted sequence of things at a vendor.
type Stream[T any] = adapters.Stream[T]

// TokenPage is a page of a list without times.
type TokenPage[T any] = adapters.TokenPage[T]

// FileEntry is an entry of a directory in a backup.
type FileEntry = adapters.FileEntry

// BackupStart asks for one backup now.
type BackupStart = adapters.BackupStart

// RestoreKind describes one kind of restore that an account can start.
type RestoreKind = adapters.RestoreKind

// AccessInfo is how to reach an instant-access endpoint.
type AccessInfo = adapters.AccessInfo

// AccessRole is one role that may use an endpoint.
type AccessRole = adapters.AccessRole

// Body is an open transfer.
type Body = adapters.Body
