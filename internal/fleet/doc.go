// Package fleet is the configured vendor accounts and the one call path into
// their adapters. Whatever is asked of a vendor goes through here and meets, in
// this order: is the capability there, a place among the connection's calls, a
// deadline by class of operation, the observer's span and metrics, the
// adapter, and classification of what it returned. Nothing above sees an
// adapter; nothing below knows that it is limited or measured.
//
// [Transport] is the other half of the path: what happens to each single
// request that an adapter sends.
package fleet
