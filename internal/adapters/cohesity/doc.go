// Package cohesity speaks to IBM Cloud Backup and Recovery, which is the
// Cohesity v2 API behind IBM's token service and a tenant header.
//
// The vendor has no list of backups. It has protection groups, each with a list
// of runs, each with the objects it protected: a backup is one object in one
// run. So an account has one stream per group, read by time, and all objects of
// a run stand at the same instant.
//
// "IBM NOTES" in comments is the project's digest of the vendor's documents.
package cohesity
