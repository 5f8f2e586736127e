// Package adapters is the contract between the gateway and the vendors, and
// the manual for who writes an adapter.
//
// # What an adapter is
//
// A [Driver] opens one configured vendor account and returns an [Adapter]: a
// struct whose fields are small interfaces, one per capability. A nil field
// means that this account can not do it; callers look, they never probe. There
// is no registration: cmd/gateway holds the table of drivers.
//
// # What an adapter does
//
// It translates. It builds the vendor's requests, follows the vendor's paging,
// and turns the vendor's documents into the nouns of package model and the
// vendor's failures into package fault. It decodes only what it needs, keeps
// the vendor's own words in Native, gives unknown enum values as unknown and
// absent values as absent.
//
// It does not retry, limit, cache, log a failure or keep a metric. The
// transport in [Env] does what has to be done for each request to the vendor:
// it repeats safe requests (GET and HEAD) that were throttled or lost, and
// never a write. Signing in and repeating once after a 401 is the adapter's
// work, because only it knows how its vendor signs in.
//
// # Order
//
// Everything that has a time is listed as sorted streams: [Stream]. The order
// is total, newest first and the greater id first among equal times, and an
// adapter keeps it whatever its vendor does; [ReadSorted] does that for
// vendors that order by time only. What has no time is listed page by page in
// the vendor's order: [Lister].
//
// # Promises
//
// Package adaptercheck holds the promises of this contract as named checks, and
// adaptertest runs them against an adapter and its simulator.
package adapters
