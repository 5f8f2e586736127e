package clumio

import (
	"context"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func rdsResource() recipe {
	return recipe{
		op: "clumio.RestoreRDSResource", path: "/restores/aws/rds-resources", accept: "restored-aws-rds-resources=v1",
		target:   "name! environment tags",
		settings: "instance_class is_publicly_accessible kms_key_native_id option_group_name parameter_group_name security_group_native_ids subnet_group_name",
		forms:    fromBackupOrTime(), fill: restores.fillDatabase,
	}
}

// wireDatabaseSource is RdsResourceRestoreSource: exactly one is set.
type wireDatabaseSource struct {
	Backup   *wireBackupRef        `json:"backup,omitempty"`
	Snapshot *wireDatabaseSnapshot `json:"snapshot,omitempty"`
}

// wireDatabaseSnapshot is RdsResourceRestoreSourcePitrOptions.
type wireDatabaseSnapshot struct {
	ResourceID string `json:"resource_id"`
	Timestamp  string `json:"timestamp"`
}

func (r restores) fillDatabase(ctx context.Context, p *prepared) error {
	if err := r.settleRDSLatest(ctx, p); err != nil {
		return err
	}
	a := &p.asked
	var from wireDatabaseSource
	if a.form == model.SourceBackup {
		from.Backup = &wireBackupRef{a.source.Backup.Key}
	} else {
		at, err := pointInTime(p.op, a.source.At)
		if err != nil {
			return err
		}
		from.Snapshot = &wireDatabaseSnapshot{a.source.Asset.Key, at}
	}
	var err error
	if a.target.Environment, err = r.environment(ctx, p.op, *a, r.ofSource(ctx, p.op, *a)); err != nil {
		return err
	}
	p.body = wireRestore{
		Source: from,
		Target: p.vendorTarget(map[string]any{
			"name": a.target.Name, "environment_id": a.target.Environment, "tags": a.markedTags(),
		}),
	}
	p.makes = &making{list: "rds-resources", kind: model.AssetRDS, unique: true, tagged: true}
	p.notes = append(p.notes, costNote("database"), markerNote)
	return nil
}

// settleRDSLatest asks for the newest time: the vendor's request has no word
// for it.
func (r restores) settleRDSLatest(ctx context.Context, p *prepared) error {
	a := &p.asked
	if a.form != model.SourceLatest {
		return nil
	}
	key, err := r.key(p.op, *a.source.Asset, string(model.AssetRDS))
	if err != nil {
		return err
	}
	got, err := read[struct {
		Latest timestamp `json:"latest_aws_snapshot_restorable_timestamp"`
	}](ctx, r.client, vendorhttp.Request{
		Op: p.op, Path: "/datasources/aws/rds-resources/" + key, Accept: "application/api.clumio.aws-rds-resources=v1+json",
	}, false)
	if err != nil {
		return notFoundIfRefused(p.op, err)
	}
	if got.wire.Latest.IsZero() {
		return fault.InvalidField(p.op, "/source/at", "invalid-source", "the database has no snapshots to restore to a time from: name a backup")
	}
	a.source.At, a.form = wireTime(got.wire.Latest.Time), model.SourceAt
	return nil
}

const optionAAG = "restore_to_aag"

const (
	mssqlPath   = "/restores/aws/ec2-mssql/databases"
	mssqlAccept = "restore-ec2-mssql-database=v1"
)

// wireMSSQLSource is EC2MSSQLRestoreSource: exactly one is set.
type wireMSSQLSource struct {
	Backup       *wireBackupRef    `json:"backup,omitempty"`
	PITR         *wireMSSQLPITR    `json:"pitr,omitempty"`
	RestoreToAAG *wireMSSQLToGroup `json:"restore_to_aag,omitempty"`
}

// wireMSSQLPITR is EC2MSSQLPITROptions. Exactly one of the others is set.
type wireMSSQLPITR struct {
	DatabaseID      string `json:"database_id"`
	RestoreToLatest bool   `json:"restore_to_latest,omitempty"`
	Timestamp       string `json:"timestamp,omitempty"`
}

// wireMSSQLToGroup is EC2MSSQLRestoreToAAGOptions.
type wireMSSQLToGroup struct {
	DatabaseID string `json:"database_id"`
}

func mssqlDatabase() recipe {
	return recipe{
		op: "clumio.RestoreMSSQLDatabase", path: mssqlPath, accept: mssqlAccept, target: "name instance overwrite",
		settings: "data_files_path final_database_state log_files_path restore_as_new_database", forms: fromBackupOrTime(), fill: restores.fillMSSQL,
	}
}

// fillMSSQL does not overwrite unless it is told to: without a new name the
// database would come back over itself (inferred).
func (r restores) fillMSSQL(_ context.Context, p *prepared) error {
	const asNew = "restore_as_new_database"
	a := &p.asked
	if a.target.Name == "" && !a.target.Overwrite {
		return fault.InvalidField(p.op, "/target/name", "missing-member", "a new name is needed, or overwrite")
	}
	var from wireMSSQLSource
	switch a.form {
	case model.SourceBackup:
		from.Backup = &wireBackupRef{a.source.Backup.Key}
	case model.SourceLatest:
		from.PITR = &wireMSSQLPITR{DatabaseID: a.source.Asset.Key, RestoreToLatest: true}
	case model.SourceAt, model.SourceRange:
		at, err := pointInTime(p.op, a.source.At)
		if err != nil {
			return err
		}
		from.PITR = &wireMSSQLPITR{DatabaseID: a.source.Asset.Key, Timestamp: at}
	}
	target := p.vendorTarget(map[string]any{"database_name": a.target.Name, "instance_id": a.target.Instance})
	if !a.target.Overwrite && !a.has(asNew) {
		target[asNew] = true
	}
	p.body = wireRestore{Source: from, Target: target}
	p.makes = &making{list: "ec2-mssql/databases", kind: model.AssetMSSQLDatabase, unique: true}
	if a.target.Overwrite {
		p.notes = append(p.notes, "a database of the name may be overwritten in place")
	}
	return nil
}

func mssqlToGroup() recipe {
	return recipe{
		op: "clumio.RestoreMSSQLDatabaseToGroup", path: mssqlPath, accept: mssqlAccept, target: "name instance",
		settings: "data_files_path final_database_state log_files_path restore_as_new_database", options: optionAAG,
		forms: []model.SourceForm{model.SourceLatest}, fill: restores.fillMSSQLToGroup,
	}
}

func (r restores) fillMSSQLToGroup(_ context.Context, p *prepared) error {
	a := p.asked
	p.body = wireRestore{
		Source: wireMSSQLSource{RestoreToAAG: &wireMSSQLToGroup{a.source.Asset.Key}},
		Target: p.vendorTarget(map[string]any{"database_name": a.target.Name, "instance_id": a.target.Instance}),
	}
	p.notes = append(p.notes, "the database in its availability group is written in place")
	return nil
}
