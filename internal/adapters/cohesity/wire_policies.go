package cohesity

import "encoding/json"

type policiesAnswer struct {
	Policies []json.RawMessage `json:"policies"`
}

type wirePolicy struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Usable      *bool          `json:"isUsable"`
	Modified    int64          `json:"lastModificationTimeUsecs"`
	Groups      *int           `json:"numProtectionGroups"`
	Objects     *int           `json:"numProtectedObjects"`
	Extended    []wireExtended `json:"extendedRetention"`
	Blackouts   []struct {
		Day   string    `json:"day"`
		Start wireClock `json:"startTime"`
		End   wireClock `json:"endTime"`
	} `json:"blackoutWindow"`
	Retry *struct {
		Retries int `json:"retries"`
		Minutes int `json:"retryIntervalMins"`
	} `json:"retryOptions"`
	Backup struct {
		Regular struct {
			Incremental *wireScheduled `json:"incremental"`
			Full        *wireScheduled `json:"full"`
			Fulls       []wireRule     `json:"fullBackups"`
			Retention   *wireRetention `json:"retention"`
			Target      *struct {
				Type     string `json:"targetType"`
				Archival *struct {
					ID   int64  `json:"targetId"`
					Name string `json:"targetName"`
				} `json:"archivalTargetSettings"`
			} `json:"primaryBackupTarget"`
		} `json:"regular"`
		Log      *wireRule       `json:"log"`
		Storage  *wireRule       `json:"storageArraySnapshot"`
		BMR      json.RawMessage `json:"bmr"`
		CDP      json.RawMessage `json:"cdp"`
		Timeouts json.RawMessage `json:"runTimeouts"`
	} `json:"backupPolicy"`
	Remote *struct {
		Replication  []wireRemote    `json:"replicationTargets"`
		Archival     []wireRemote    `json:"archivalTargets"`
		Rpaas        []wireRemote    `json:"rpaasTargets"`
		CloudSpin    json.RawMessage `json:"cloudSpinTargets"`
		OnpremDeploy json.RawMessage `json:"onpremDeployTargets"`
	} `json:"remoteTargetPolicy"`
	Cascaded json.RawMessage `json:"cascadedTargetsConfig"`
}

type wireScheduled struct {
	Schedule *wireSchedule `json:"schedule"`
}

type wireRule struct {
	Schedule  *wireSchedule  `json:"schedule"`
	Retention *wireRetention `json:"retention"`
}

type wireFrequency struct {
	Frequency int `json:"frequency"`
}

type wireSchedule struct {
	Unit      string         `json:"unit"`
	Frequency int            `json:"frequency"` // of copies and of extended retention
	Minute    *wireFrequency `json:"minuteSchedule"`
	Hour      *wireFrequency `json:"hourSchedule"`
	Day       *wireFrequency `json:"daySchedule"`
	Week      *struct {
		Days []string `json:"dayOfWeek"`
	} `json:"weekSchedule"`
	Month *struct {
		Days  []string `json:"dayOfWeek"`
		Week  string   `json:"weekOfMonth"`
		OfDay int      `json:"dayOfMonth"`
	} `json:"monthSchedule"`
	Year *struct {
		Day string `json:"dayOfYear"`
	} `json:"yearSchedule"`
}

type wireRetention struct {
	Unit     string    `json:"unit"`
	Duration int       `json:"duration"`
	Lock     *wireLock `json:"dataLockConfig"`
}

type wireLock struct {
	Mode     string `json:"mode"`
	Unit     string `json:"unit"`
	Duration int    `json:"duration"`
}

type wireExtended struct {
	Schedule  *wireSchedule  `json:"schedule"`
	Retention *wireRetention `json:"retention"`
	RunType   string         `json:"runType"`
}

type wireClock struct {
	Hour     int    `json:"hour"`
	Minute   int    `json:"minute"`
	TimeZone string `json:"timeZone"`
}

type wireRemote struct {
	Schedule   *wireSchedule  `json:"schedule"`
	Retention  *wireRetention `json:"retention"`
	TargetID   int64          `json:"targetId"`
	TargetName string         `json:"targetName"`
	TargetType string         `json:"targetType"`
	Tier       *struct {
		Platform string `json:"cloudPlatform"`
	} `json:"tierSettings"`
	Cluster *struct {
		ID   int64  `json:"clusterId"`
		Name string `json:"clusterName"`
	} `json:"remoteTargetConfig"`
	AWS *struct {
		Name string `json:"name"`
	} `json:"awsTargetConfig"`
	Azure *struct {
		Name string `json:"name"`
	} `json:"azureTargetConfig"`
	OnSuccess *bool           `json:"copyOnRunSuccess"`
	LogKeep   json.RawMessage `json:"logRetention"`
	RunType   string          `json:"backupRunType"`
	Extended  json.RawMessage `json:"extendedRetention"`
}
