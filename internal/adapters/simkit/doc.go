// Package simkit is what the vendor simulators share: a seeded scenario of
// hostility, injected faults, a log of the requests that came in, JSON answers
// with shuffled keys and unknown members, and content that is generated from a
// seed so that its checksum can be told without storing it.
//
// It knows HTTP and JSON, never a vendor. A simulator keeps its own state, its
// own wire types and its own reading of the vendor's documents, and serves its
// routes through [Kit.Handler]. Nothing here runs in the background: what a
// simulated task has reached is computed from the injected clock when asked.
package simkit
