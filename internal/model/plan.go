package model

import "encoding/json"

// RestorePlan is what a restore would do, found out without doing it.
type RestorePlan struct {
	Connection string      `json:"connection"`
	Kind       RestoreKind `json:"kind"`

	// Source is the recovery point that the request comes down to.
	Source RestoreSource `json:"source"`
	// Request is the vendor request that would be sent, secrets masked.
	Request *VendorRequest `json:"request,omitempty"`
	// Notes are risks and choices that a person should know of.
	Notes []string `json:"notes"`
	// Preview is what the vendor itself tells beforehand: objects that match, a
	// cost estimate. Its form is the vendor's.
	Preview json.RawMessage `json:"preview,omitempty"`
}

// VendorRequest is a request to a vendor, for people to look at.
type VendorRequest struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Body   json.RawMessage `json:"body,omitempty"`
}
