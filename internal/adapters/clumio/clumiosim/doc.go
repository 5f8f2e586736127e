// Package clumiosim is the Clumio REST API as an http.Handler: a seeded,
// stateful estate of assets, backups, policies and tasks that is hostile on
// demand. It is written from the vendor's documents alone and shares nothing
// with the adapter, so that a misreading on one side shows on the other.
//
// Nothing runs in the background. What a task has reached, when a restored
// table shows in the inventory and whether an endpoint has expired are computed
// from the injected clock when somebody asks.
//
// Comments that say "NOTES section n" cite the project's notes on the vendor's
// contract; "inferred" marks behaviour that no public document states:
//
//   - an Accept that names another resource or an unknown version: 400
//   - limit above 100 is lowered to 100; the default is 20
//   - an id in a body that names nothing (or something of another
//     organizational unit): 404
//   - aborting a task that is not abortable: 409
//   - reading the URI of an endpoint that is not active: 412
//   - an endpoint without expiry_timestamp lives seven days
//   - a table name that the target environment already has: 409; two restores
//     on their way to the same new name: the later task fails
//   - pitr of an instant-access source needs its restore_end_timestamp
//   - an unknown organizational unit in the context header: 403
//   - query parameters that an endpoint does not know are ignored
//
// # Token
//
// One bearer token is accepted at a time. With Scenario.TokenCalls the token is
// refused after that many calls, and from then on the other one of Token and
// Token+"-2" is accepted, alternating: a client that rereads its token finds the
// right one with [Sim.Token].
package clumiosim
