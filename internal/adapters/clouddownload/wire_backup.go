package clouddownload

// backupWire is a row of GET /backups and the answer of GET /backups/{guid}
// (NOTES section 9).
type backupWire struct {
	GUID            string         `json:"guid"`
	Status          enum           `json:"status"`
	Type            enum           `json:"type"`
	SnapshotTime    millis         `json:"snapshotTime"`
	BackupTime      millis         `json:"backupTime"`
	ArchiveExpire   millis         `json:"archiveExpire"`
	Size            *int64         `json:"size"`
	ProtectedEntity *reference     `json:"protectedEntity"`
	ParentBackup    *reference     `json:"parentBackup"`
	BackupLocations []locationWire `json:"backupLocations"`
}

// locationWire is one place a backup is kept in.
type locationWire struct {
	SnapshotTime      millis     `json:"snapshotTime"`
	BackupDestination *reference `json:"backupDestination"`
	DestinationType   enum       `json:"backupDestinationType"`
	RoleType          enum       `json:"roleType"`
	Status            enum       `json:"status"`
	RetentionHint     enum       `json:"retentionHint"`
	ArchiveExpire     millis     `json:"archiveExpire"`
}

// exportRequest starts a backup (NOTES section 8). protectedEntityType is a
// bare string here (section 3).
type exportRequest struct {
	BackupType          enum   `json:"backupType"`
	ProtectedEntities   []guid `json:"protectedEntities"`
	ProtectedEntityType string `json:"protectedEntityType,omitempty"`
	BackupDestination   *guid  `json:"backupDestination,omitempty"`
	Rules               []guid `json:"rules,omitempty"`
	Priority            *int   `json:"priority,omitempty"`
}
