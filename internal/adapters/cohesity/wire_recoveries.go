package cohesity

import "encoding/json"

type recoveriesAnswer struct {
	Recoveries []json.RawMessage `json:"recoveries"`
}

// wireRecovery is read only; what is sent has its own types in restore_start.go.
type wireRecovery struct {
	ID             string        `json:"id"`
	Name           string        `json:"name"`
	Start          int64         `json:"startTimeUsecs"`
	End            int64         `json:"endTimeUsecs"`
	Status         string        `json:"status"`
	ProgressTaskID string        `json:"progressTaskId"`
	Environment    string        `json:"snapshotEnvironment"`
	Action         string        `json:"recoveryAction"`
	Messages       []string      `json:"messages"`
	Parent         bool          `json:"isParentRecovery"`
	Physical       *wirePhysical `json:"physicalParams"`
	SQL            *wireSQL      `json:"mssqlParams"`
	Creation       *struct {
		UserName string `json:"userName"`
	} `json:"creationInfo"`
}

type wirePhysical struct {
	Objects  []wireRecoveredObject `json:"objects"`
	Action   string                `json:"recoveryAction"`
	Download *struct {
		Expiry int64  `json:"expiryTimeUsecs"`
		Path   string `json:"downloadFilePath"`
	} `json:"downloadFileAndFolderParams"`
	Volumes *struct {
		Target *struct {
			Mount    wireRef             `json:"mountTarget"`
			Mappings []wireVolumeMapping `json:"volumeMapping"`
		} `json:"physicalTargetParams"`
	} `json:"recoverVolumeParams"`
	Mount *struct {
		Target *struct {
			New *struct {
				Mount wireRef `json:"mountTarget"`
			} `json:"newTargetConfig"`
			ReadOnly bool `json:"readOnlyMount"`
		} `json:"physicalTargetParams"`
	} `json:"mountVolumeParams"`
	Files *struct {
		Target *struct {
			Recover   wireRef `json:"recoverTarget"`
			Directory string  `json:"alternateRestoreDirectory"`
			Overwrite bool    `json:"overwriteExisting"`
		} `json:"physicalTargetParams"`
	} `json:"recoverFileAndFolderParams"`
}

type wireRef struct {
	ID int64 `json:"id"`
}

type wireVolumeMapping struct {
	Source      string `json:"sourceVolumeGuid"`
	Destination string `json:"destinationVolumeGuid"`
}

type wireRecoveredObject struct {
	Object          wireObject `json:"objectInfo"`
	SnapshotCreated int64      `json:"snapshotCreationTimeUsecs"`
	Messages        []string   `json:"messages"`
	BytesRestored   *int64     `json:"bytesRestored"`
}

type wireSQL struct {
	Action string               `json:"recoveryAction"`
	Apps   []wireRecoveredAppDB `json:"recoverAppParams"`
}

type wireRecoveredAppDB struct {
	wireRecoveredObject
	Target *struct {
		New *struct {
			Host      wireRef `json:"host"`
			Instance  string  `json:"instanceName"`
			Database  string  `json:"databaseName"`
			DataPath  string  `json:"dataFileDirectoryLocation"`
			RestoreAt int64   `json:"restoreTimeUsecs"`
			Overwrite string  `json:"overwritingPolicy"`
		} `json:"newSourceConfig"`
		Original *struct {
			Database  string `json:"newDatabaseName"`
			RestoreAt int64  `json:"restoreTimeUsecs"`
			Overwrite string `json:"overwritingPolicy"`
		} `json:"originalSourceConfig"`
	} `json:"sqlTargetParams"`
}

type snapshotsAnswer struct {
	Snapshots []wireObjectSnapshot `json:"snapshots"`
}

type wireObjectSnapshot struct {
	ID          string `json:"id"`
	ObjectID    int64  `json:"objectId"`
	Environment string `json:"environment"`
	RunID       string `json:"protectionGroupRunId"`
	RunStart    int64  `json:"runStartTimeUsecs"`
	RunType     string `json:"runType"`
	Created     int64  `json:"snapshotTimestampUsecs"`
	Expiry      int64  `json:"expiryTimeUsecs"`
}

type progressAnswer struct {
	Groups []struct {
		Tasks []struct {
			Path     string `json:"taskPath"`
			Progress *struct {
				Percent *float64 `json:"percentFinished"`
			} `json:"progress"`
		} `json:"taskVec"`
	} `json:"resultGroupVec"`
}
