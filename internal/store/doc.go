// Package store keeps the gateway's durable state: in memory for demos and
// tests, in one bbolt file for a gateway that runs alone. What is kept is bytes
// under keys; the rooms that use it define the interface they want and know
// what the bytes mean.
package store
