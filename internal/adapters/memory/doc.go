// Package memory is the reference adapter: the simplest thing that keeps every
// promise of the contract, in front of a [World] instead of a vendor. It is also
// the fake that tests of the layers above use: a world can be filled, changed
// while it is read, made to fail, and made to wait.
//
// It refuses to be clever: everything is sorted on each call, and what a restore
// has reached is computed from the clock when it is asked for.
package memory
