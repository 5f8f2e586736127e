package clumio

import (
	"context"
	"encoding/json"
	"slices"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// wireTableRestore is RestoreAwsDynamodbTableV1Request. Exactly one of the
// sources is set (NOTES section 9).
type wireTableRestore struct {
	Source struct {
		ContinuousBackup  *wireContinuousBackup `json:"continuous_backup,omitempty"`
		SecurevaultBackup *wireBackupRef        `json:"securevault_backup,omitempty"`
	} `json:"source"`
	Target map[string]any `json:"target"`
}

// wireContinuousBackup is DynamoDBRestoreSourcePitrOptions. Exactly one of
// Timestamp and UseLatestRestorableTime is set.
type wireContinuousBackup struct {
	TableID                 string `json:"table_id"`
	Timestamp               string `json:"timestamp,omitempty"`
	Type                    string `json:"type,omitempty"`
	UseLatestRestorableTime bool   `json:"use_latest_restorable_time,omitempty"`
}

// wireBackupRef names a backup.
type wireBackupRef struct {
	BackupID string `json:"backup_id"`
}

func (r restores) startTable(ctx context.Context, a asked) (model.Restore, error) {
	const op = "clumio.RestoreDynamoDBTable"
	if err := a.sourceOf(op, model.AssetDynamoDBTable); err != nil {
		return model.Restore{}, err
	}
	var warnings []string
	if a.form == model.SourceLatest {
		newest, err := r.newestWithoutContinuous(ctx, op, a)
		if err != nil {
			return model.Restore{}, err
		}
		if newest != nil {
			a.source, a.form = model.RestoreSource{Backup: &newest.ID}, model.SourceBackup
			warnings = append(warnings, "the table has no continuous backup: the newest backup, of "+wireTime(newest.StartedAt)+", was taken")
		}
	}
	body, err := tableRestore(op, a)
	if err != nil {
		return model.Restore{}, err
	}
	source := r.ofAsset(ctx, op, a.source.ID())
	if a.form == model.SourceBackup {
		source = r.ofBackup(ctx, op, a)
	}
	environment, err := r.environment(ctx, op, a, source)
	if err != nil {
		return model.Restore{}, err
	}
	a.target.Environment = environment
	body.Target["environment_id"] = environment
	restore, err := r.begin(ctx, op, "/restores/aws/dynamodb-tables", "application/api.clumio.restored-aws-dynamodb-tables=v1+json", body, a)
	restore.Warnings = warnings
	return restore, err
}

// newestWithoutContinuous is the newest usable backup of a table that has no
// continuous backup, which is then its newest recoverable point. It is nil for
// a table that has one, or has nothing.
func (r restores) newestWithoutContinuous(ctx context.Context, op string, a asked) (*model.Backup, error) {
	key, err := r.key(op, a.source.ID(), string(model.AssetDynamoDBTable))
	if err != nil {
		return nil, err
	}
	table, err := read[struct {
		PITRStatus *bool `json:"pitr_status"`
	}](ctx, r.client, vendorhttp.Request{
		Op: op, Path: "/datasources/aws/dynamodb-tables/" + key, Accept: "application/api.clumio.aws-dynamodb-tables=v1+json",
	}, false)
	if err != nil {
		return nil, notFoundIfRefused(op, err)
	}
	if table.wire.PITRStatus == nil || *table.wire.PITRStatus {
		return nil, nil
	}
	streams, err := backups(r).Streams(ctx, model.BackupQuery{Assets: []model.ID{a.source.ID()}, AssetKinds: []model.AssetKind{model.AssetDynamoDBTable}})
	if err != nil || len(streams) == 0 {
		return nil, err
	}
	page, err := streams[0].Page(ctx, model.Position{}, maxLimit)
	if err != nil {
		return nil, err
	}
	for i := range page.Items {
		if slices.Contains(page.Items[i].RestoreKinds, model.RestoreTable) {
			return &page.Items[i], nil
		}
	}
	return nil, nil
}

// tableRestore is the request but for the environment.
func tableRestore(op string, a asked) (wireTableRestore, error) {
	var body wireTableRestore
	if a.target.Name == "" {
		return body, fault.InvalidField(op, "/target/name", "missing-member", "the new table needs a name")
	}
	const continuous = "continuous_backup"
	if a.form == model.SourceBackup {
		if _, set := a.options[continuous]; set {
			return body, fault.InvalidField(op, "/options/"+continuous, "conflicting-member", "it has no meaning when the source is a backup")
		}
		body.Source.SecurevaultBackup = &wireBackupRef{a.source.Backup.Key}
	} else {
		from := &wireContinuousBackup{TableID: a.source.Asset.Key}
		switch a.form {
		case model.SourceLatest:
			from.UseLatestRestorableTime = true
		case model.SourceAt:
			at, err := pointInTime(op, a.source.At)
			if err != nil {
				return body, err
			}
			from.Timestamp = at
		case model.SourceBackup, model.SourceRange:
			return body, fault.InvalidField(op, "/source", "invalid-source", "a table is restored to one point in time")
		}
		var option struct {
			Type string `json:"type"`
		}
		if raw, set := a.options[continuous]; set {
			if err := json.Unmarshal(raw, &option); err != nil {
				return body, fault.InvalidField(op, "/options/"+continuous, "invalid-value", "it does not fit the schema")
			}
		}
		from.Type = option.Type
		body.Source.ContinuousBackup = from
	}
	body.Target = a.vendorTarget(map[string]any{"table_name": a.target.Name, "tags": a.markedTags()}, continuous)
	return body, nil
}
