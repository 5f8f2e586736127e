// Package vendorhttp is how adapters speak HTTP: requests with credentials that
// are renewed once after a 401, answers bounded in size, vendor statuses turned
// into fault kinds, and errors that never hold a secret. It knows HTTP and
// JSON, not backups; what a vendor's error body looks like is told to it.
//
// Whether a write may have been acted upon although no answer says so is
// decided here, for all adapters alike: see [Client.Do].
package vendorhttp
