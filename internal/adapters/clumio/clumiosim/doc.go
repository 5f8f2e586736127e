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
//   - reading a changed policy shows the old definition until its task has
//     completed; a failed task changes nothing
//   - assignments are all or none; a policy that is being updated may be assigned
//   - a policy rule is kept in order and its task runs, but no asset is assigned
//   - a bucket that its group's rule holds can not be taken out by hand: 409
//   - a new protection group shows after five seconds (and LateVisibility)
//   - reading a preview or an estimate before its task has completed: 404
//   - objects restored one by one must carry the cookie of a preview: else 400
//   - looking into an RDS snapshot that is not a granular backup: 400
//   - the topmost directory of a file system is called "root"
//   - a wrong passcode: 403
//   - pitr-intervals are filtered by reaching into the range that is asked for
//   - a failed restore or backup raises an alert, once per entity until cleared
//   - the filters of Iceberg and GCP, and the orders of consolidated alerts
//
// # Contract
//
// testdata/contract.json is the whole contract without its prose, with three
// changes: the items of individual alerts have the shape of single ones, which
// the vendor's client mistypes (NOTES section 10), one embed value that is no
// link name is gone, and origins and units are left out. Every operation is
// served; the tests compare paths, names, media types, embeds, filters and
// bodies, and validate the answers.
//
// # Token
//
// One bearer token is accepted at a time. With Scenario.TokenCalls the token is
// refused after that many calls, and from then on the other one of Token and
// Token+"-2" is accepted, alternating: a client that rereads its token finds the
// right one with [Sim.Token].
package clumiosim
