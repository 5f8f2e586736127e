// Package model holds the portable nouns of backup: backups, assets, restores,
// operations, policies, their ids and their order. Its types are what the API
// speaks (the JSON member names are the API's) and what adapters translate to.
//
// Rules that hold for all of them: a zero time, a nil pointer or an empty
// string means that the vendor does not say, never zero or none; sizes are
// bytes; times are UTC with the vendor's precision; an enum value that is not
// listed here is unknown, and the vendor's own word stays in Native. The
// package does no I/O and imports nothing of ours.
package model
