package clumio

import (
	"context"
	"encoding/json"

	"switchback/internal/fault"
	"switchback/internal/model"
)

func icebergTable() recipe {
	return recipe{
		op: "clumio.RestoreIcebergTable", path: "/restores/aws/iceberg-tables", accept: "restored-aws-iceberg-tables=v1",
		target: "name asset environment", settings: "catalog catalog_type namespace optimizer table_location",
		options: "backup_ids main_snapshot_backup_id region",
		forms:   []model.SourceForm{model.SourceBackup, model.SourceRange}, fill: restores.fillIceberg,
	}
}

// wireIcebergSource is IcebergRestoreSource: backups, or a table with a range
// of time and the region of its backups (NOTES section 9).
type wireIcebergSource struct {
	AssetID              string   `json:"asset_id,omitempty"`
	BackupIDs            []string `json:"backup_ids,omitempty"`
	EndTimestamp         string   `json:"end_timestamp,omitempty"`
	MainSnapshotBackupID string   `json:"main_snapshot_backup_id,omitempty"`
	Region               string   `json:"region,omitempty"`
	StartTimestamp       string   `json:"start_timestamp,omitempty"`
}

func (r restores) fillIceberg(ctx context.Context, p *prepared) error {
	a := &p.asked
	from, err := r.icebergSource(ctx, p.op, *a)
	if err != nil {
		return err
	}
	if (a.target.Asset == "") == (a.target.Name == "") {
		return fault.InvalidField(p.op, "/target/name", "missing-member", "exactly one of a name for a new table and an existing table is needed")
	}
	if a.target.Asset != "" {
		for _, name := range p.settings {
			if a.has(name) {
				return fault.InvalidField(p.op, "/options/"+name, "conflicting-member", "it has no meaning for a table that exists")
			}
		}
		if a.target.Environment != "" {
			return fault.InvalidField(p.op, "/target/environment", "conflicting-member", "it has no meaning for a table that exists")
		}
		p.body = wireRestore{Source: from, Target: p.vendorTarget(map[string]any{"asset_id": a.target.Asset})}
		p.notes = append(p.notes, "the table that exists is written in place")
		p.makes = &making{existing: a.target.Asset, kind: model.AssetIcebergTable}
		return nil
	}
	if a.target.Environment, err = r.environment(ctx, p.op, *a, r.ofSource(ctx, p.op, *a)); err != nil {
		return err
	}
	p.body = wireRestore{Source: from, Target: p.vendorTarget(map[string]any{
		"table_name": a.target.Name, "environment_id": a.target.Environment,
	})}
	p.makes = &making{list: "iceberg-tables", kind: model.AssetIcebergTable, undocumented: true}
	if raw, given := a.options["namespace"]; given {
		_ = json.Unmarshal(raw, &p.makes.namespace) // a string by its schema
	}
	p.notes = append(p.notes, costNote("table"))
	return nil
}

func (r restores) icebergSource(ctx context.Context, op string, a asked) (wireIcebergSource, error) {
	var from wireIcebergSource
	if err := a.option(op, "main_snapshot_backup_id", &from.MainSnapshotBackupID); err != nil {
		return from, err
	}
	if a.form == model.SourceBackup {
		if a.has("region") {
			return from, fault.InvalidField(op, "/options/region", "conflicting-member", "it has no meaning when the source is a backup")
		}
		var more []string
		if err := a.option(op, "backup_ids", &more); err != nil {
			return from, err
		}
		from.BackupIDs = append([]string{a.source.Backup.Key}, more...)
		return from, nil
	}
	if a.has("backup_ids") {
		return from, fault.InvalidField(op, "/options/backup_ids", "conflicting-member", "it has no meaning when the source is a range of time")
	}
	if err := a.option(op, "region", &from.Region); err != nil {
		return from, err
	}
	if from.Region == "" {
		place, err := r.ofAsset(ctx, op, *a.source.Asset)()
		if err != nil {
			return from, err
		}
		from.Region = place.AWSRegion
	}
	from.AssetID, from.StartTimestamp, from.EndTimestamp = a.source.Asset.Key, wireTime(a.source.From), wireTime(a.source.To)
	return from, nil
}
