package clumio

import (
	"switchback/internal/adapters"
	"switchback/internal/model"
)

const acceptEndpoints = "application/api.clumio.restored-protection-group-instant-access-endpoints=v1+json"

const endpointsPath = "/restores/protection-groups/instant-access-endpoints"

// wireEndpoint is ReadS3InstantAccessEndpointResponse; S3InstantAccessEndpoint
// of the list lacks the roles.
type wireEndpoint struct {
	CreatedTimestamp         timestamp  `json:"created_timestamp"`
	EndpointStatus           string     `json:"endpoint_status"`
	ExpiryTimestamp          timestamp  `json:"expiry_timestamp"`
	ID                       string     `json:"id"`
	Name                     string     `json:"name"`
	ObjectsCreatedAfter      timestamp  `json:"objects_created_after"`
	ObjectsCreatedBefore     timestamp  `json:"objects_created_before"`
	ProtectionGroupS3AssetID string     `json:"protection_group_s3_asset_id"`
	RestoreTimestamp         timestamp  `json:"restore_timestamp"`
	Roles                    []wireRole `json:"roles"`
}

// wireRole is S3InstantAccessEndpointRole.
type wireRole struct {
	Alias string `json:"alias"`
	ARN   string `json:"arn"`
	ID    string `json:"id"`
}

// state holds the restore to be done once the endpoint serves; that it goes
// away later does not undo that.
func (w wireEndpoint) state() model.State {
	switch w.EndpointStatus {
	case "preparing":
		return model.StateRunning
	case "active", "expiring", "expired":
		return model.StateSucceeded
	}
	return model.StateUnknown
}

func (w wireEndpoint) restore(env adapters.Env) model.Restore {
	return model.Restore{
		ID: env.ID(kindEndpoint, w.ID), Connection: env.Connection, Provider: Provider,
		Kind: model.RestoreInstantAccess, State: w.state(), Progress: model.Progress{Basis: model.ProgressNone},
		Source: w.source(env), Target: model.RestoreTarget{Name: w.Name, ExpiresAt: w.ExpiryTimestamp.Time},
		CreatedAt: w.CreatedTimestamp.Time, ExpiresAt: w.ExpiryTimestamp.Time,
		Outputs: model.Outputs{Name: w.Name, HasAccess: w.EndpointStatus == "active"},
		Native:  model.Native{ID: w.ID, Status: w.EndpointStatus},
	}
}

// source is the bucket and the time as far as they are said: an endpoint does
// not name the backup that it serves.
func (w wireEndpoint) source(env adapters.Env) *model.RestoreSource {
	if w.ProtectionGroupS3AssetID == "" {
		return nil
	}
	id := env.ID(string(model.AssetS3Bucket), w.ProtectionGroupS3AssetID)
	source := &model.RestoreSource{Asset: &id}
	switch {
	case !w.ObjectsCreatedAfter.IsZero() && !w.ObjectsCreatedBefore.IsZero():
		source.From, source.To = w.ObjectsCreatedAfter.Time, w.ObjectsCreatedBefore.Time
	case !w.RestoreTimestamp.IsZero():
		source.At = wireTime(w.RestoreTimestamp.Time)
	case !w.ObjectsCreatedBefore.IsZero():
		source.At = wireTime(w.ObjectsCreatedBefore.Time)
	default:
		return nil
	}
	return source
}
