// Package clouddownload opens Storware Backup & Recovery (vProtect) accounts:
// its backups as one sorted list, cloud downloads as restores that give bytes,
// tasks as operations, and its policies.
//
// The vendor's documents leave much open. What is read leniently here (an enum
// as object or string, a task list in three shapes, 204 with or without body)
// is what they leave open; everything else is taken at its word. "NOTES" in the
// comments are the collected facts about the vendor's documents.
package clouddownload
