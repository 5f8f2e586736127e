package clumio

import (
	"context"
	"encoding/json"
	"slices"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

const optionContinuous = "continuous_backup"

func dynamoDBTable() recipe {
	return recipe{
		op: "clumio.RestoreDynamoDBTable", path: "/restores/aws/dynamodb-tables", accept: "restored-aws-dynamodb-tables=v1",
		target: "name! environment tags",
		settings: "billing_mode contributor_insights_status deletion_protection_enabled global_secondary_indexes global_table_version " +
			"local_secondary_indexes pitr_status provisioned_throughput replicas restore_wcu sse_specification stream_specification table_class",
		options: optionContinuous + " query_filter", forms: fromBackupOrTime(), fill: restores.fillTable,
	}
}

// wireTableRestore is RestoreAwsDynamodbTableV1Request.
type wireTableRestore struct {
	QueryFilter json.RawMessage `json:"query_filter,omitempty"`
	Source      wireTableSource `json:"source"`
	Target      map[string]any  `json:"target"`
}

// wireTableSource is DynamoDBTableRestoreSource. Exactly one is set (NOTES
// section 9).
type wireTableSource struct {
	ContinuousBackup  *wireContinuousBackup `json:"continuous_backup,omitempty"`
	SecurevaultBackup *wireBackupRef        `json:"securevault_backup,omitempty"`
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

func (r restores) fillTable(ctx context.Context, p *prepared) error {
	if err := r.settleLatest(ctx, p); err != nil {
		return err
	}
	a := &p.asked
	body := wireTableRestore{QueryFilter: a.options["query_filter"]}
	var err error
	if body.Source.ContinuousBackup, err = a.continuous(p.op); err != nil {
		return err
	}
	if a.form == model.SourceBackup {
		if a.has(optionContinuous) {
			return fault.InvalidField(p.op, "/options/"+optionContinuous, "conflicting-member", "it has no meaning when the source is a backup")
		}
		body.Source.SecurevaultBackup = &wireBackupRef{a.source.Backup.Key}
	} else {
		option := struct {
			Type string `json:"type"`
		}{}
		if err := a.option(p.op, optionContinuous, &option); err != nil {
			return err
		}
		body.Source.ContinuousBackup.Type = option.Type
	}
	if a.target.Environment, err = r.environment(ctx, p.op, *a, r.ofSource(ctx, p.op, *a)); err != nil {
		return err
	}
	body.Target = p.vendorTarget(map[string]any{
		"table_name": a.target.Name, "environment_id": a.target.Environment, "tags": a.markedTags(),
	})
	p.body = body
	p.makes = &making{list: "dynamodb-tables", kind: model.AssetDynamoDBTable, unique: true, tagged: true}
	p.notes = append(p.notes, costNote("table"), markerNote)
	return nil
}

// continuous is the source of a table at a time, nil for a backup.
func (a asked) continuous(op string) (*wireContinuousBackup, error) {
	switch a.form {
	case model.SourceLatest:
		return &wireContinuousBackup{TableID: a.source.Asset.Key, UseLatestRestorableTime: true}, nil
	case model.SourceAt:
		at, err := pointInTime(op, a.source.At)
		return &wireContinuousBackup{TableID: a.source.Asset.Key, Timestamp: at}, err
	case model.SourceBackup, model.SourceRange:
	}
	return nil, nil
}

// settleLatest takes the newest backup as the newest recoverable point of a
// table that has no continuous backup.
func (r restores) settleLatest(ctx context.Context, p *prepared) error {
	if p.asked.form != model.SourceLatest {
		return nil
	}
	newest, err := r.newestWithoutContinuous(ctx, p.op, p.asked)
	if err != nil || newest == nil {
		return err
	}
	p.asked.source, p.asked.form = model.RestoreSource{Backup: &newest.ID}, model.SourceBackup
	p.warnings = append(p.warnings, "the table has no continuous backup: the newest backup, of "+wireTime(newest.StartedAt)+", was taken")
	return nil
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
