package cohesity

// What is sent to start a recovery (IBM NOTES sections 12 and 13).

type sentRecovery struct {
	Name        string        `json:"name"`
	Environment string        `json:"snapshotEnvironment"`
	Physical    *sentPhysical `json:"physicalParams,omitempty"`
	SQL         *sentSQL      `json:"mssqlParams,omitempty"`
}

type sentSnapshot struct {
	ID string `json:"snapshotId"`
}

type sentPhysical struct {
	Objects []sentSnapshot `json:"objects"`
	Action  string         `json:"recoveryAction"`
	Volumes *sentVolumes   `json:"recoverVolumeParams,omitempty"`
	Mount   *sentMount     `json:"mountVolumeParams,omitempty"`
	Files   *sentFiles     `json:"recoverFileAndFolderParams,omitempty"`
}

type sentVolumes struct {
	Environment string           `json:"targetEnvironment"`
	Target      sentVolumeTarget `json:"physicalTargetParams"`
}

type sentVolumeTarget struct {
	Mount        wireRef             `json:"mountTarget"`
	Mappings     []wireVolumeMapping `json:"volumeMapping"`
	ForceUnmount *bool               `json:"forceUnmountVolume,omitempty"`
}

type sentMount struct {
	Environment string          `json:"targetEnvironment"`
	Target      sentMountTarget `json:"physicalTargetParams"`
}

type sentMountTarget struct {
	Original       bool     `json:"mountToOriginalTarget"`
	OriginalConfig struct{} `json:"originalTargetConfig"`
	ReadOnly       bool     `json:"readOnlyMount"`
	Volumes        []string `json:"volumeNames,omitempty"`
}

type sentFiles struct {
	Files       []sentPath     `json:"filesAndFolders"`
	Environment string         `json:"targetEnvironment"`
	Target      sentFileTarget `json:"physicalTargetParams"`
}

type sentPath struct {
	Path      string `json:"absolutePath"`
	Directory bool   `json:"isDirectory"`
}

type sentFileTarget struct {
	Recover       wireRef `json:"recoverTarget"`
	OriginalPaths bool    `json:"restoreToOriginalPaths"`
	Directory     string  `json:"alternateRestoreDirectory,omitempty"`
	Overwrite     bool    `json:"overwriteExisting"`
	Attributes    *bool   `json:"preserveAttributes,omitempty"`
	Timestamps    *bool   `json:"preserveTimestamps,omitempty"`
	ACLs          *bool   `json:"preserveAcls,omitempty"`
	Continue      *bool   `json:"continueOnError,omitempty"`
	SaveList      *bool   `json:"saveSuccessFiles,omitempty"`
	EntityType    string  `json:"restoreEntityType,omitempty"`
}

type sentDownload struct {
	Name    string       `json:"name"`
	Object  sentSnapshot `json:"object"`
	Files   []sentPath   `json:"filesAndFolders"`
	Glacier string       `json:"glacierRetrievalType,omitempty"`
}

type sentSQL struct {
	Action string    `json:"recoveryAction"`
	Apps   []sentApp `json:"recoverAppParams"`
}

type sentApp struct {
	SnapshotID  string        `json:"snapshotId"`
	Environment string        `json:"targetEnvironment"`
	Target      sentSQLTarget `json:"sqlTargetParams"`
}

type sentSQLTarget struct {
	ToNew    bool             `json:"recoverToNewSource"`
	New      *sentSQLNew      `json:"newSourceConfig,omitempty"`
	Original *sentSQLOriginal `json:"originalSourceConfig,omitempty"`
}

type sentSQLConfig struct {
	Overwriting   string `json:"overwritingPolicy"`
	RestoreAt     int64  `json:"restoreTimeUsecs,omitempty"`
	NoRecovery    *bool  `json:"withNoRecovery,omitempty"`
	KeepCDC       *bool  `json:"keepCdc,omitempty"`
	ReplayLastLog *bool  `json:"replayEntireLastLog,omitempty"`
	DataDirectory string `json:"dataFileDirectoryLocation,omitempty"`
	LogDirectory  string `json:"logFileDirectoryLocation,omitempty"`
}

type sentSQLNew struct {
	sentSQLConfig
	Host     wireRef `json:"host"`
	Instance string  `json:"instanceName"`
	Database string  `json:"databaseName,omitempty"`
}

type sentSQLOriginal struct {
	sentSQLConfig
	Database string `json:"newDatabaseName,omitempty"`
	TailLogs *bool  `json:"captureTailLogs,omitempty"`
}
