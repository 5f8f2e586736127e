package clumio

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// backupStarts backs up now. There is no such request for RDS, S3 and GCS
// (NOTES section 8).
type backupStarts struct{ *client }

var _ adapters.BackupStarts = backupStarts{}

// wireBackupStart holds the options of a request, which are the vendor's own
// members. They are the members of CreateBackup...Request and OnDemandSetting.
type wireBackupStart struct {
	Type             string          `json:"type"`
	BackupAWSRegion  string          `json:"backup_aws_region"`
	AdvancedSettings json.RawMessage `json:"advanced_settings"`
}

// Start implements adapters.BackupStarts.
func (b backupStarts) Start(ctx context.Context, r adapters.BackupStart) (model.Operation, error) {
	const op = "clumio.StartBackup"
	l, ok := listOf(r.Subject.Kind)
	if !ok || r.Subject.Connection != b.env.Connection {
		return model.Operation{}, fault.InvalidField(op, "/subject", "invalid-subject", "it is nothing that this account protects")
	}
	if l.startField == "" {
		return model.Operation{}, fault.New(fault.Unsupported, op, "the vendor has no backup on demand for this kind of asset")
	}
	body, err := backupRequest(op, l, r)
	if err != nil {
		return model.Operation{}, err
	}
	var reply struct {
		TaskID string `json:"task_id"`
	}
	err = b.json(ctx, vendorhttp.Request{Op: op, Method: http.MethodPost, Path: l.path, Accept: l.accept, Body: body}, &reply)
	if err != nil {
		return model.Operation{}, err
	}
	if reply.TaskID == "" {
		return model.Operation{}, unnamed(op)
	}
	return model.Operation{
		ID: b.env.ID(kindTask, reply.TaskID), Connection: b.env.Connection, Provider: Provider, Action: "backup",
		State: model.StateQueued, Progress: model.Progress{Basis: model.ProgressNone}, Subject: &model.Ref{ID: r.Subject},
		CreatedAt: b.env.Now().UTC(), Native: model.Native{ID: reply.TaskID, Status: "queued"},
	}, nil
}

func backupRequest(op string, l backupList, r adapters.BackupStart) (map[string]any, error) {
	var options wireBackupStart
	if len(bytes.TrimSpace(r.Options)) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(r.Options))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&options); err != nil {
			return nil, fault.InvalidField(op, "/options", "invalid-value", "options are type, backup_aws_region and advanced_settings")
		}
	}
	switch r.Type {
	case "":
	case model.TypeSnapshot:
		options.Type = "aws_snapshot"
	case model.TypeFull, model.TypeIncremental, model.TypeLog, model.TypeContinuous, model.TypeSynthetic, model.TypeSystem, model.TypeUnknown:
		return nil, fault.InvalidField(op, "/type", "invalid-value", "the vendor does not let one choose this type")
	}
	body := map[string]any{l.startField: r.Subject.Key}
	if options.Type != "" {
		if l.kind == model.AssetIcebergTable {
			return nil, fault.InvalidField(op, "/type", "unsupported-member", "this kind of asset has one type of backup only")
		}
		body["type"] = options.Type
	}
	settings := map[string]any{}
	if !r.Keep.IsZero() {
		keep, ok := wireRetentionOf(r.Keep)
		if !ok {
			return nil, fault.InvalidField(op, "/keep", "invalid-value", "the vendor keeps for whole days, weeks, months or years, of one unit")
		}
		settings["retention_duration"] = keep
	}
	if options.BackupAWSRegion != "" {
		settings["backup_aws_region"] = options.BackupAWSRegion
	}
	if len(options.AdvancedSettings) > 0 {
		settings["advanced_settings"] = options.AdvancedSettings
	}
	if len(settings) > 0 {
		body["settings"] = settings
	}
	return body, nil
}

// wireRetention is RetentionBackupSLAParam.
type wireRetention struct {
	Unit  string `json:"unit"`
	Value int64  `json:"value"`
}

// wireRetentionOf writes a period in the one unit that the vendor has room for.
func wireRetentionOf(p model.Period) (wireRetention, bool) {
	const day = 24 * time.Hour
	switch {
	case p == model.Period{Years: p.Years}:
		return wireRetention{"years", int64(p.Years)}, true
	case p == model.Period{Months: p.Months}:
		return wireRetention{"months", int64(p.Months)}, true
	case p == model.Period{Weeks: p.Weeks}:
		return wireRetention{"weeks", int64(p.Weeks)}, true
	case p == model.Period{Days: p.Days, Clock: p.Clock} && p.Clock%day == 0:
		return wireRetention{"days", int64(p.Days) + int64(p.Clock/day)}, true
	}
	return wireRetention{}, false
}
