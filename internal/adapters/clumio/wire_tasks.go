package clumio

import (
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

const acceptTasks = "application/api.clumio.tasks=v1+json"

// The kinds of ids that are no kinds of assets.
const (
	kindRestore  = "restore"
	kindEndpoint = "instant-access"
	kindTask     = "task"
	kindPolicy   = "policy"
)

// wireTask is TaskWithETag.
type wireTask struct {
	Category           string     `json:"category"`
	CreatedTimestamp   timestamp  `json:"created_timestamp"`
	EndTimestamp       timestamp  `json:"end_timestamp"`
	ID                 string     `json:"id"`
	IsAbortable        bool       `json:"is_abortable"`
	PrimaryEntity      wireEntity `json:"primary_entity"`
	ProgressPercentage *float64   `json:"progress_percentage"`
	StartTimestamp     timestamp  `json:"start_timestamp"`
	Status             string     `json:"status"`
	Type               string     `json:"type"`
}

// wireEntity is TaskPrimaryEntity.
type wireEntity struct {
	ID    string `json:"id"`
	Type  string `json:"type"`
	Value string `json:"value"`
}

// isRestore decides by category, because the types of tasks are not published
// (NOTES section 5).
func (w wireTask) isRestore() bool {
	return w.Category == "restore" || w.Category == "snapshot_restore"
}

// ofEndpoint reports whether the task prepares an instant-access endpoint,
// which is shown as the endpoint. It can be told from the words only.
func (w wireTask) ofEndpoint() bool {
	return strings.Contains(w.Type, "instant_access") || strings.Contains(w.PrimaryEntity.Type, "instant_access")
}

func (w wireTask) state() model.State {
	switch w.Status {
	case "queued":
		return model.StateQueued
	case "in_progress":
		return model.StateRunning
	case "completed":
		return model.StateSucceeded
	case "failed":
		return model.StateFailed
	case "aborting":
		return model.StateCanceling
	case "aborted":
		return model.StateCanceled
	}
	return model.StateUnknown
}

// statusesOf gives the vendor's words for states, false when a state is asked
// for that words unknown to us may have.
func statusesOf(states []model.State) ([]string, bool) {
	words := map[model.State]string{
		model.StateQueued: "queued", model.StateRunning: "in_progress", model.StateSucceeded: "completed",
		model.StateFailed: "failed", model.StateCanceling: "aborting", model.StateCanceled: "aborted",
	}
	var out []string
	for _, s := range states {
		if s == model.StateUnknown {
			return nil, false
		}
		if word := words[s]; word != "" {
			out = append(out, word)
		}
	}
	return out, true
}

func (w wireTask) progress() model.Progress {
	if w.ProgressPercentage == nil {
		return model.Progress{Basis: model.ProgressNone}
	}
	percent := min(max(*w.ProgressPercentage, 0), 100)
	return model.Progress{Percent: &percent, Basis: model.ProgressVendor}
}

// failure is all that can be said: a task has no error text (NOTES section 5).
func (w wireTask) failure(code string) *model.Failure {
	if w.state() != model.StateFailed {
		return nil
	}
	return &model.Failure{Code: code, Detail: "the vendor's task failed; its alerts and audit trail may hold the reason"}
}

func (w wireTask) cancellable() bool {
	return w.IsAbortable && (w.state() == model.StateQueued || w.state() == model.StateRunning)
}

func (w wireTask) restore(env adapters.Env) model.Restore {
	return model.Restore{
		ID: env.ID(kindRestore, w.ID), Connection: env.Connection, Provider: Provider,
		Kind: w.restoreKind(), State: w.state(), Progress: w.progress(),
		CreatedAt: w.CreatedTimestamp.Time, StartedAt: w.StartTimestamp.Time, EndedAt: w.EndTimestamp.Time,
		Cancellable: w.cancellable(), Error: w.failure("restore-failed"),
		Native: model.Native{ID: w.ID, Status: w.Status, Type: w.Type},
	}
}

// restoreKind guesses from the words of a task, most telling first.
func (w wireTask) restoreKind() model.RestoreKind {
	if w.ofEndpoint() {
		return model.RestoreInstantAccess
	}
	words := w.Type + " " + w.PrimaryEntity.Type
	for _, sign := range []struct {
		word string
		kind model.RestoreKind
	}{
		{"file", model.RestoreFiles},
		{"record", model.RestoreRecords},
		{"dynamodb", model.RestoreTable},
		{"iceberg", model.RestoreTable},
		{"ec2_mssql", model.RestoreDatabase},
		{"mssql", model.RestoreDatabase},
		{"rds", model.RestoreDatabase},
		{"ebs", model.RestoreVolume},
		{"ec2", model.RestoreInstance},
		{"protection_group", model.RestoreObjects},
		{"s3", model.RestoreObjects},
		{"gcs", model.RestoreObjects},
	} {
		if strings.Contains(words, sign.word) {
			return sign.kind
		}
	}
	return model.RestoreUnknown
}

func (w wireTask) operation(env adapters.Env) model.Operation {
	return model.Operation{
		ID: env.ID(kindTask, w.ID), Connection: env.Connection, Provider: Provider,
		Action: w.action(), State: w.state(), Progress: w.progress(), Subject: w.subject(env),
		CreatedAt: w.CreatedTimestamp.Time, StartedAt: w.StartTimestamp.Time, EndedAt: w.EndTimestamp.Time,
		Cancellable: w.cancellable(), Error: w.failure("operation-failed"),
		Native: model.Native{ID: w.ID, Status: w.Status, Type: w.Type},
	}
}

func (w wireTask) action() string {
	switch {
	case w.Category == "backup" || w.Category == "snapshot":
		return "backup"
	case strings.Contains(w.Type, "delete"):
		return "delete"
	case strings.Contains(w.Type, "update"):
		return "update"
	}
	return "other"
}

func (w wireTask) subject(env adapters.Env) *model.Ref {
	if w.PrimaryEntity.ID == "" {
		return nil
	}
	return &model.Ref{ID: env.ID(w.PrimaryEntity.kind(), w.PrimaryEntity.ID), Name: w.PrimaryEntity.Value}
}

// kind is the kind of id that an entity has. Only two type names are published.
func (w wireEntity) kind() string {
	switch {
	case strings.Contains(w.Type, "policy"):
		return kindPolicy
	case strings.Contains(w.Type, "s3_asset"):
		return string(model.AssetS3Bucket)
	case strings.Contains(w.Type, "gcs_asset"):
		return string(model.AssetGCSBucket)
	case strings.Contains(w.Type, "gcp_protection_group"):
		return string(model.AssetGCSProtectionGroup)
	}
	for word, kind := range map[string]model.AssetKind{
		"ebs_volume": model.AssetEBSVolume, "ec2_instance": model.AssetEC2Instance, "rds_resource": model.AssetRDS,
		"dynamodb_table": model.AssetDynamoDBTable, "iceberg_table": model.AssetIcebergTable,
		"mssql_database": model.AssetMSSQLDatabase,
	} {
		if strings.Contains(w.Type, word) {
			return string(kind)
		}
	}
	if strings.Contains(w.Type, "protection_group") {
		return string(model.AssetS3ProtectionGroup)
	}
	return string(model.AssetOther)
}
