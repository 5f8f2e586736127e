// Package cohesitysim simulates IBM Cloud Backup and Recovery, which is the
// Cohesity v2 API behind IBM's token service and tenant header, as one
// http.Handler: the IAM token route, the routes under /v2 and the older ones
// under /irisservices/api/v1 share a host.
//
// It is written from the vendor's documents alone and shares nothing with the
// adapter it is used to test. The estate is computed from the seed when asked
// for, so that thousands of groups with hundreds of runs cost next to nothing;
// only what a client changes is stored. Runs and recoveries advance by the
// injected clock. "IBM NOTES" in comments is the project's digest of the
// vendor's documents; where it marks a behaviour as inferred, so does the
// simulator.
package cohesitysim
