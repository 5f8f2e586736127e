package clouddownload

// policyWire is a policy, of a list or alone. In lists its rules are mere
// references (NOTES section 11).
type policyWire struct {
	GUID             string      `json:"guid"`
	Name             string      `json:"name"`
	Active           *bool       `json:"active"`
	Rules            []ruleWire  `json:"rules"`
	BackupRetryCount *int        `json:"backupRetryCount"`
	VMs              []reference `json:"vms"`
	Apps             []reference `json:"apps"`
	Storages         []reference `json:"storages"`
}

// ruleWire is a rule of a policy: when, and where to.
type ruleWire struct {
	GUID              string            `json:"guid"`
	Name              string            `json:"name"`
	Policy            *reference        `json:"policy"`
	Schedules         []reference       `json:"schedules"`
	Destinations      []destinationWire `json:"ruleBackupDestinations"`
	Position          int               `json:"position"`
	Active            *bool             `json:"active"`
	MarkedForDeletion bool              `json:"markedForDeletion"`
	LockDays          int               `json:"daysToKeepRetentionLock"`
}

type destinationWire struct {
	BackupDestination *reference     `json:"backupDestination"`
	RoleType          enum           `json:"roleType"`
	Active            *bool          `json:"active"`
	Retention         *retentionWire `json:"backupRetentionSettings"`
	LockDays          int            `json:"daysToKeepRetentionLock"`
}

type retentionWire struct {
	LastFull          int    `json:"retentionKeepLastNFull"`
	FullNewerThan     millis `json:"retentionKeepFullNewerThan"`
	LastIncremental   int    `json:"retentionKeepLastNIncremental"`
	IncrementalNewer  millis `json:"retentionKeepIncrementalNewerThan"`
	KeepLastOfPresent bool   `json:"keepLastBackupWhenSourceStillExists"`
}

type scheduleWire struct {
	GUID              string        `json:"guid"`
	Active            *bool         `json:"active"`
	BackupType        enum          `json:"backupType"`
	ExecutionType     enum          `json:"executionType"`
	Hour              millis        `json:"hour"` // since 00:00 UTC (NOTES section 4)
	StartWindowLength millis        `json:"startWindowLength"`
	DaysOfWeek        []enum        `json:"daysOfWeek"`
	Months            []enum        `json:"months"`
	Occurrences       []enum        `json:"dayOfWeekOccurrences"`
	Interval          *intervalWire `json:"interval"`
}

type intervalWire struct {
	StartHour millis `json:"startHour"`
	EndHour   millis `json:"endHour"`
	Frequency millis `json:"frequency"`
}
