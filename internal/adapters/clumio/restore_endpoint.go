package clumio

import (
	"context"
	"net/http"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// wireEndpointCreate is CreateProtectionGroupInstantAccessEndpointV1Request.
type wireEndpointCreate struct {
	ExpiryTimestamp string             `json:"expiry_timestamp,omitempty"`
	Name            string             `json:"name"`
	Source          wireEndpointSource `json:"source"`
}

// wireEndpointSource is S3InstantAccessSource. Exactly one of BackupID and PITR
// is set.
type wireEndpointSource struct {
	BackupID                 string             `json:"backup_id,omitempty"`
	ObjectFilters            *wireObjectFilters `json:"object_filters,omitempty"`
	PITR                     *wirePITR          `json:"pitr,omitempty"`
	ProtectionGroupS3AssetID string             `json:"protection_group_s3_asset_id"`
}

func (r restores) startInstantAccess(ctx context.Context, a asked) (model.Restore, error) {
	const op = "clumio.CreateEndpoint"
	if err := a.sourceOf(op, model.AssetS3Bucket); err != nil {
		return model.Restore{}, err
	}
	body, err := endpointCreate(op, a)
	if err != nil {
		return model.Restore{}, err
	}
	if a.form == model.SourceBackup {
		// The vendor wants the asset beside the backup.
		b, err := backups(r).Get(ctx, *a.source.Backup, false)
		if err != nil {
			return model.Restore{}, err
		}
		if body.Source.ProtectionGroupS3AssetID = b.Asset.ID.Key; b.Asset.ID.Key == "" {
			return model.Restore{}, fault.New(fault.Upstream, op, "the vendor's backup does not name its asset")
		}
	}
	var reply struct {
		ID string `json:"id"`
	}
	err = r.json(ctx, vendorhttp.Request{
		Op: op, Method: http.MethodPost, Path: endpointsPath, Accept: acceptEndpoints, Body: body,
	}, &reply)
	if err != nil {
		return model.Restore{}, err
	}
	if reply.ID == "" {
		return model.Restore{}, unnamed(op)
	}
	return r.begun(a, r.env.ID(kindEndpoint, reply.ID), "preparing", model.StateRunning), nil
}

// endpointCreate is the request but for the asset of a backup.
func endpointCreate(op string, a asked) (wireEndpointCreate, error) {
	body := wireEndpointCreate{Name: a.target.Name, Source: wireEndpointSource{ObjectFilters: objectFilters(a.sel)}}
	if a.target.Name == "" {
		return body, fault.InvalidField(op, "/target/name", "missing-member", "the endpoint needs a name")
	}
	if !a.target.ExpiresAt.IsZero() {
		body.ExpiryTimestamp = wireTime(a.target.ExpiresAt)
	}
	if a.form == model.SourceBackup {
		body.Source.BackupID = a.source.Backup.Key
		return body, nil
	}
	var err error
	body.Source.PITR, err = a.pitr(op)
	body.Source.ProtectionGroupS3AssetID = a.source.Asset.Key
	return body, err
}
