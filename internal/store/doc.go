// Package store keeps the gateway's durable state behind small interfaces that
// its users define: in memory for demos and tests, in one bbolt file for a
// gateway that runs alone. Nothing above it knows which.
package store
