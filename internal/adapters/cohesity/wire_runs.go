package cohesity

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Wire types hold what the adapter reads, no more. A null is an absent value.

type groupsAnswer struct {
	Groups []wireGroup `json:"protectionGroups"`
}

type wireGroup struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Environment string   `json:"environment"`
	Objects     int64    `json:"numProtectedObjects"`
	LastRun     *wireRun `json:"lastRun"`
}

type runsAnswer struct {
	Runs []json.RawMessage `json:"runs"`
	// Total counts the runs of the window, given when a time was sent.
	Total *int64 `json:"totalRuns"`
}

type wireRun struct {
	ID           string           `json:"id"`
	Instance     int64            `json:"protectionGroupInstanceId"`
	GroupID      string           `json:"protectionGroupId"`
	GroupName    string           `json:"protectionGroupName"`
	Environment  string           `json:"environment"`
	LegalHold    bool             `json:"onLegalHold"`
	LocalDeleted bool             `json:"isLocalSnapshotsDeleted"`
	Local        *wireRunSummary  `json:"localBackupInfo"`
	Original     *wireRunSummary  `json:"originalBackupInfo"`
	Archival     *wireArchival    `json:"archivalInfo"`
	Replication  *wireReplication `json:"replicationInfo"`
	Objects      []wireRunObject  `json:"objects"`
}

type wireRunSummary struct {
	RunType  string         `json:"runType"`
	Status   string         `json:"status"`
	Start    int64          `json:"startTimeUsecs"`
	End      int64          `json:"endTimeUsecs"`
	Messages []string       `json:"messages"`
	TaskID   string         `json:"localTaskId"`
	Lock     *wireDataLock  `json:"dataLockConstraints"`
	Stats    *wireDataStats `json:"localSnapshotStats"`
}

type wireRunObject struct {
	Object      wireObject       `json:"object"`
	Local       *wireBackupRun   `json:"localSnapshotInfo"`
	Archival    *wireArchival    `json:"archivalInfo"`
	Replication *wireReplication `json:"replicationInfo"`
	LegalHold   bool             `json:"onLegalHold"`
}

type wireObject struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	Environment string `json:"environment"`
	ObjectType  string `json:"objectType"`
	UUID        string `json:"uuid"`
	LogicalSize *int64 `json:"logicalSizeBytes"`
}

type wireBackupRun struct {
	Snapshot *wireSnapshot `json:"snapshotInfo"`
	Failed   []struct {
		Message string `json:"message"`
	} `json:"failedAttempts"`
}

type wireSnapshot struct {
	ID      string         `json:"snapshotId"`
	Status  string         `json:"status"`
	Start   int64          `json:"startTimeUsecs"`
	End     int64          `json:"endTimeUsecs"`
	Expiry  int64          `json:"expiryTimeUsecs"`
	Deleted bool           `json:"isManuallyDeleted"`
	Stats   *wireDataStats `json:"stats"`
	Lock    *wireDataLock  `json:"dataLockConstraints"`
}

type wireDataStats struct {
	LogicalSize *int64 `json:"logicalSizeBytes"`
	Written     *int64 `json:"bytesWritten"`
	Transferred *int64 `json:"physicalBytesTransferred"`
}

type wireDataLock struct {
	Mode   string `json:"mode"`
	Expiry int64  `json:"expiryTimeUsecs"`
}

type wireArchival struct {
	Results []wireArchivalResult `json:"archivalTargetResults"`
}

type wireArchivalResult struct {
	TargetID   int64          `json:"targetId"`
	TargetName string         `json:"targetName"`
	TaskID     string         `json:"archivalTaskId"`
	RunType    string         `json:"runType"`
	SnapshotID string         `json:"snapshotId"`
	Direct     bool           `json:"isCadArchive"`
	Status     string         `json:"status"`
	Message    string         `json:"message"`
	Start      int64          `json:"startTimeUsecs"`
	End        int64          `json:"endTimeUsecs"`
	Expiry     int64          `json:"expiryTimeUsecs"`
	Deleted    bool           `json:"isManuallyDeleted"`
	LegalHold  bool           `json:"onLegalHold"`
	Stats      *wireDataStats `json:"stats"`
	Lock       *wireDataLock  `json:"dataLockConstraints"`
	Tier       *struct {
		Platform string `json:"cloudPlatform"`
		Current  string `json:"currentTierType"`
	} `json:"tierSettings"`
}

type wireReplication struct {
	Results []wireReplicationResult `json:"replicationTargetResults"`
}

type wireReplicationResult struct {
	ClusterName string        `json:"clusterName"`
	Status      string        `json:"status"`
	Expiry      int64         `json:"expiryTimeUsecs"`
	Deleted     bool          `json:"isManuallyDeleted"`
	LegalHold   bool          `json:"onLegalHold"`
	Lock        *wireDataLock `json:"dataLockConstraints"`
}

// started is the run's place in time: the second part of its id, which is its
// start (IBM NOTES section 3). It is there in every form of the answer, while
// the start times of a direct-archive run are left out of some (section 8), so
// lists, bounds and single reads agree. The blocks stand in for an id of
// another shape.
func (r *wireRun) started() int64 {
	if _, text, found := strings.Cut(r.ID, ":"); found {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= earliestMicros && n <= maxMicros {
			return n
		}
	}
	for _, block := range []*wireRunSummary{r.Local, r.Original} {
		if block != nil && block.Start > 0 && block.Start <= maxMicros {
			return block.Start
		}
	}
	if direct := r.Archival.primary(); direct != nil && direct.Start <= maxMicros {
		return direct.Start
	}
	return 0
}

// earliestMicros is in the year 2001: a smaller number is no time in
// microseconds.
const earliestMicros = 1_000_000_000_000_000

// primary is the result that stands for the run itself: the direct archive, or
// the first one. It is nil when there is none.
func (a *wireArchival) primary() *wireArchivalResult {
	if a == nil || len(a.Results) == 0 {
		return nil
	}
	for i := range a.Results {
		if a.Results[i].Direct {
			return &a.Results[i]
		}
	}
	return &a.Results[0]
}

func (a *wireArchival) results() []wireArchivalResult {
	if a == nil {
		return nil
	}
	return a.Results
}

func (r *wireReplication) results() []wireReplicationResult {
	if r == nil {
		return nil
	}
	return r.Results
}

// runState is what a run says of itself, in whichever of its two forms.
type runState struct {
	status, runType string
	end             int64
	messages        []string
}

func (r *wireRun) state() runState {
	if r.Local != nil && (r.Local.Status != "" || r.Archival.primary() == nil) {
		return runState{r.Local.Status, r.Local.RunType, r.Local.End, r.Local.Messages}
	}
	if direct := r.Archival.primary(); direct != nil {
		s := runState{status: direct.Status, runType: direct.RunType, end: direct.End}
		if direct.Message != "" {
			s.messages = []string{direct.Message}
		}
		return s
	}
	if r.Original != nil {
		return runState{r.Original.Status, r.Original.RunType, r.Original.End, r.Original.Messages}
	}
	return runState{}
}
