package clouddownload

import (
	"encoding/json"
	"errors"
)

// taskWire is a task (NOTES section 8).
type taskWire struct {
	GUID              string     `json:"guid"`
	Type              enum       `json:"type"`
	State             enum       `json:"state"`
	CreationTime      millis     `json:"creationTime"`
	WindowStart       millis     `json:"windowStart"`
	StartTime         millis     `json:"startTime"`
	FinishTime        millis     `json:"finishTime"`
	Progress          *float64   `json:"progress"`
	StatusInfo        string     `json:"statusInfo"`
	ProtectedEntity   *reference `json:"protectedEntity"`
	EntityName        string     `json:"protectedEntityDisplayName"`
	WorkflowExecution *reference `json:"workflowExecution"`
	ParentTask        *reference `json:"parentTask"`
	Backup            *reference `json:"backup"`
	MountedBackup     *reference `json:"mountedBackup"`
	RestoreType       enum       `json:"restoreType"`
}

// submitted is the answer to a request that makes tasks: an array, one task, or
// {tasks: [...]} (NOTES section 8).
type submitted []document[taskWire]

var errNoTask = errors.New("the answer names no task")

// UnmarshalJSON implements json.Unmarshaler.
func (s *submitted) UnmarshalJSON(raw []byte) error {
	*s = nil
	if len(raw) > 0 && raw[0] == '[' {
		var tasks []document[taskWire]
		if err := json.Unmarshal(raw, &tasks); err != nil {
			return err
		}
		*s = tasks
	} else {
		var bulk struct {
			Tasks []document[taskWire] `json:"tasks"`
		}
		if err := json.Unmarshal(raw, &bulk); err != nil {
			return err
		}
		*s = bulk.Tasks
		if len(bulk.Tasks) == 0 {
			var one document[taskWire]
			if err := json.Unmarshal(raw, &one); err != nil {
				return err
			}
			*s = submitted{one}
		}
	}
	for _, task := range *s {
		if task.Wire.GUID == "" {
			return errNoTask
		}
	}
	return nil
}

// stateRequest changes the state of a task or of a download (NOTES sections 7
// and 8).
type stateRequest struct {
	State      enum   `json:"state"`
	StatusInfo string `json:"statusInfo,omitempty"`
}
