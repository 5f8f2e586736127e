package clumio

import (
	"context"
	"encoding/json"
	"maps"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

const optionPreview = "preview"

func rdsRecords() recipe {
	return recipe{
		op: "clumio.RestoreRDSRecords", path: recordsPath, accept: "aws-rds-resource-restored-records=v1",
		options: "database_name query_statement " + optionPreview, forms: fromBackup(), fill: restores.fillRDSRecords,
	}
}

const recordsPath = "/restores/aws/rds-resources/records"

// wireRecordsSource is GrrSource.
type wireRecordsSource struct {
	BackupID     string `json:"backup_id"`
	DatabaseName string `json:"database_name"`
}

func (r restores) fillRDSRecords(_ context.Context, p *prepared) error {
	a := p.asked
	from := wireRecordsSource{BackupID: a.source.Backup.Key}
	var query string
	for name, into := range map[string]*string{"database_name": &from.DatabaseName, "query_statement": &query} {
		if err := a.needed(p.op, name, into); err != nil {
			return err
		}
	}
	p.records(from, map[string]any{"query_statement": query}, nil)
	return nil
}

// needed reads an option that must be there.
func (a asked) needed(op, name string, into any) error {
	if !a.has(name) {
		return fault.InvalidField(op, "/options/"+name, "missing-member", "the restore of such a source needs it")
	}
	return a.option(op, name, into)
}

// wireRecords is the request for records of either kind.
type wireRecords struct {
	QueryFilter json.RawMessage `json:"query_filter,omitempty"`
	Source      any             `json:"source"`
	Target      map[string]any  `json:"target"`
}

// records fills in both requests: the restore, and its preview, which has the
// same path and is told apart by a member (NOTES section 9).
func (p *prepared) records(source any, target map[string]any, filter json.RawMessage) {
	p.body = wireRecords{filter, source, target}
	p.preview = func(context.Context) (vendorhttp.Request, error) {
		shown := maps.Clone(target)
		// A preview is sent to nobody.
		delete(shown, optionEmail)
		delete(shown, optionDownload)
		shown[optionPreview] = true
		request := p.request()
		request.Body = wireRecords{filter, source, shown}
		return request, nil
	}
}

func dynamoDBRecords() recipe {
	return recipe{
		op: "clumio.RestoreDynamoDBRecords", path: "/restores/aws/dynamodb-tables/records", accept: "restored-records-aws-dynamodb-tables=v1",
		options: "query_filter " + optionEmail + " " + optionDownload + " " + optionPreview, forms: fromBackupOrTime(),
		fill: restores.fillDynamoDBRecords,
	}
}

func (r restores) fillDynamoDBRecords(ctx context.Context, p *prepared) error {
	if err := r.settleLatest(ctx, p); err != nil {
		return err
	}
	a := p.asked
	var filter json.RawMessage
	if err := a.needed(p.op, "query_filter", &filter); err != nil {
		return err
	}
	target, err := p.handedOver()
	if err != nil {
		return err
	}
	var from struct {
		BackupID         string                `json:"backup_id,omitempty"`
		ContinuousBackup *wireContinuousBackup `json:"continuous_backup,omitempty"`
	}
	if from.ContinuousBackup, err = a.continuous(p.op); err != nil {
		return err
	}
	if a.form == model.SourceBackup {
		from.BackupID = a.source.Backup.Key
	}
	p.records(from, target, filter)
	return nil
}

const (
	optionEmail    = "email"
	optionDownload = "direct_download"
)

// handedOver is how what was found reaches a person: one of the two ways. A
// download that waits reaches nobody unasked, so it is the default.
func (p *prepared) handedOver() (map[string]any, error) {
	a := p.asked
	if a.has(optionEmail) && a.has(optionDownload) {
		return nil, fault.InvalidField(p.op, "/options/"+optionEmail, "conflicting-member", "it is either sent by email or downloaded")
	}
	if a.has(optionEmail) {
		p.notes = append(p.notes, "the vendor sends an email to the recipients")
		return map[string]any{optionEmail: a.options[optionEmail]}, nil
	}
	return map[string]any{optionDownload: struct{}{}}, nil
}
