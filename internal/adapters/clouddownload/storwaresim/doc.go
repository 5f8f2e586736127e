// Package storwaresim plays a Storware Backup & Recovery (vProtect) server as
// an http.Handler under /api.
//
// It is written from the vendor's documents alone and knows nothing of the
// adapter it serves to test. Where the documents leave room, [Reading] says
// which reading is played; the zero Reading is the likeliest one. Vendor facts
// in the comments name the section of the Storware notes they come from.
//
// Nothing runs in the background: what a task has reached is worked out from
// the injected clock whenever a request comes in, so a test moves the clock
// and asks again.
package storwaresim
