// Package restores starts restores exactly once and watches them to their end.
//
// The [Journal] writes the intent before the vendor is called and the outcome
// after; the same Idempotency-Key with the same body gets the stored outcome,
// with another body it is refused. A write whose outcome nobody knows is kept
// as such and never repeated. A [Hub] polls each unfinished restore or operation once,
// however many watch it.
package restores
