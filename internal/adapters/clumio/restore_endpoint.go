package clumio

import (
	"context"
	"net/http"

	"switchback/internal/adapters/vendorhttp"
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

func instantAccess() recipe {
	return recipe{
		op: "clumio.CreateEndpoint", path: endpointsPath, accept: "restored-protection-group-instant-access-endpoints=v1",
		target: "name! expiresAt", sel: s3Select, options: optionPreview, forms: fromBackupOrRange(), fill: restores.fillEndpoint,
	}
}

// wireCostEstimate is CostEstimatesProtectionGroupInstantAccessEndpointV1Request.
type wireCostEstimate struct {
	wireEndpointSource
	IsSync bool `json:"is_sync"`
}

func (r restores) fillEndpoint(ctx context.Context, p *prepared) error {
	a := p.asked
	body := wireEndpointCreate{Name: a.target.Name, Source: wireEndpointSource{ObjectFilters: objectFilters(a.sel)}}
	if !a.target.ExpiresAt.IsZero() {
		body.ExpiryTimestamp = wireTime(a.target.ExpiresAt)
	}
	var err error
	if a.form == model.SourceBackup {
		body.Source.BackupID = a.source.Backup.Key
	} else if body.Source.PITR, err = a.pitr(p.op); err != nil {
		return err
	}
	// The vendor wants the asset beside the backup.
	if body.Source.ProtectionGroupS3AssetID, err = r.assetKey(ctx, p.op, a); err != nil {
		return err
	}
	p.body, p.endpoint = body, true
	p.preview = func(context.Context) (vendorhttp.Request, error) {
		return vendorhttp.Request{
			Op: p.op, Method: http.MethodPost, Path: endpointsPath + "/cost-estimates", Accept: p.accept,
			Body: wireCostEstimate{body.Source, true},
		}, nil
	}
	p.notes = append(p.notes, "the endpoint is charged for until it expires or is removed")
	return nil
}
