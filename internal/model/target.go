package model

import "time"

// RestoreTarget is the neutral vocabulary of where a restore goes. Each kind of
// restore of each account uses some of the members; the schema it publishes
// says which.
type RestoreTarget struct {
	Name        string          `json:"name,omitempty"`        // of what is made: a table, an endpoint, a database, a recovery
	Environment string          `json:"environment,omitempty"` // the vendor's id of an account and region
	Zone        string          `json:"zone,omitempty"`
	ExpiresAt   time.Time       `json:"expiresAt,omitzero"` // of what is made available
	Host        string          `json:"host,omitempty"`     // the vendor's id of a host
	Path        string          `json:"path,omitempty"`     // directory on the host; "" is the original place
	Volumes     []VolumeMapping `json:"volumes,omitempty"`
	Bucket      string          `json:"bucket,omitempty"`
	Prefix      string          `json:"prefix,omitempty"`
	Instance    string          `json:"instance,omitempty"` // a database instance
	Asset       string          `json:"asset,omitempty"`    // the vendor's id of something that exists and is written into
	Overwrite   bool            `json:"overwrite,omitempty"`
	ReadOnly    bool            `json:"readOnly,omitempty"`
	Tags        []Tag           `json:"tags,omitempty"`
}

// VolumeMapping puts one volume of a backup onto one of the target.
type VolumeMapping struct {
	Source      string `json:"source"`
	Destination string `json:"destination"`
}

// RestoreSelect is the neutral vocabulary of which part of a backup is wanted.
// Nothing set is all of it.
type RestoreSelect struct {
	Paths   []string `json:"paths,omitempty"`   // files; a directory ends in "/"
	Objects []string `json:"objects,omitempty"` // the vendor's ids of objects
	Volumes []string `json:"volumes,omitempty"`

	KeyPrefix         string   `json:"keyPrefix,omitempty"` // of objects in a bucket, this and below
	KeySuffix         string   `json:"keySuffix,omitempty"`
	KeyContains       string   `json:"keyContains,omitempty"`
	KeyMatches        string   `json:"keyMatches,omitempty"`
	ETag              string   `json:"etag,omitempty"`
	VersionID         string   `json:"versionId,omitempty"`
	MinSizeBytes      *int64   `json:"minSizeBytes,omitempty"`
	MaxSizeBytes      *int64   `json:"maxSizeBytes,omitempty"`
	StorageClasses    []string `json:"storageClasses,omitempty"`
	LatestVersionOnly *bool    `json:"latestVersionOnly,omitempty"`
}
