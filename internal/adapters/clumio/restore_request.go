package clumio

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// markerTag is the tag that carries RestoreRequest.Marker at what a restore
// makes, so that the restore can be found again.
const markerTag = "switchback:restore"

// asked is a restore request with its members read. Options stay in the
// vendor's own words: they go into the vendor's request as they are.
type asked struct {
	kind    model.RestoreKind
	source  model.RestoreSource
	form    model.SourceForm
	target  model.RestoreTarget
	sel     model.RestoreSelect
	options map[string]json.RawMessage
	marker  string

	// given names the members that the request has, sorted.
	given struct{ target, sel []string }
}

func readAsked(op string, request model.RestoreRequest) (asked, error) {
	a := asked{kind: request.Kind, source: request.Source, form: request.Source.Form(), marker: request.Marker}
	if a.form == "" {
		return a, fault.InvalidField(op, "/source", "invalid-source", "the source is none of the forms")
	}
	for _, part := range []struct {
		pointer string
		raw     json.RawMessage
		into    any
	}{
		{"/target", request.Target, &a.target}, {"/select", request.Select, &a.sel}, {"/options", request.Options, &a.options},
	} {
		if len(bytes.TrimSpace(part.raw)) == 0 {
			continue
		}
		if err := json.Unmarshal(part.raw, part.into); err != nil {
			return a, fault.InvalidField(op, part.pointer, "invalid-value", "it does not fit the schema")
		}
	}
	a.given.target, a.given.sel = memberNames(request.Target), memberNames(request.Select)
	return a, nil
}

// memberNames lists the members of a JSON object.
func memberNames(raw json.RawMessage) []string {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(members))
}

// markedTags are the tags asked for and the marker.
func (a asked) markedTags() []wireTag {
	wire := make([]wireTag, 0, len(a.target.Tags)+1)
	for _, t := range a.target.Tags {
		wire = append(wire, wireTag(t))
	}
	if a.marker != "" {
		wire = append(wire, wireTag{markerTag, a.marker})
	}
	return wire
}

// wireObjectFilters is SourceObjectFilters.
type wireObjectFilters struct {
	ETag               string   `json:"etag,omitempty"`
	LatestVersionOnly  bool     `json:"latest_version_only"`
	MaxObjectSizeBytes *int64   `json:"max_object_size_bytes,omitempty"`
	MinObjectSizeBytes *int64   `json:"min_object_size_bytes,omitempty"`
	ObjectKeyContains  string   `json:"object_key_contains,omitempty"`
	ObjectKeyMatches   string   `json:"object_key_matches,omitempty"`
	ObjectKeyPrefix    string   `json:"object_key_prefix,omitempty"`
	ObjectKeySuffix    string   `json:"object_key_suffix,omitempty"`
	StorageClasses     []string `json:"storage_classes,omitempty"`
	VersionID          string   `json:"version_id,omitempty"`
}

// objectFilters is nil when nothing is selected. latest_version_only is
// mandatory beside any filter (NOTES section 9); unless the request says, it is
// the newest version of each object, or the one version that is named.
func objectFilters(s model.RestoreSelect) *wireObjectFilters {
	f := &wireObjectFilters{
		ETag: s.ETag, MaxObjectSizeBytes: s.MaxSizeBytes, MinObjectSizeBytes: s.MinSizeBytes, ObjectKeyContains: s.KeyContains,
		ObjectKeyMatches: s.KeyMatches, ObjectKeyPrefix: s.KeyPrefix, ObjectKeySuffix: s.KeySuffix,
		StorageClasses: s.StorageClasses, VersionID: s.VersionID,
	}
	if s.LatestVersionOnly != nil {
		f.LatestVersionOnly = *s.LatestVersionOnly
		return f
	}
	if s.ETag == "" && s.MaxSizeBytes == nil && s.MinSizeBytes == nil && s.KeyContains == "" && s.KeyMatches == "" &&
		s.KeyPrefix == "" && s.KeySuffix == "" && len(s.StorageClasses) == 0 && s.VersionID == "" {
		return nil
	}
	f.LatestVersionOnly = s.VersionID == ""
	return f
}

// wirePITR is a range of time; without a start it is all up to the end.
type wirePITR struct {
	ProtectionGroupID        string `json:"protection_group_id,omitempty"`
	ProtectionGroupS3AssetID string `json:"protection_group_s3_asset_id,omitempty"`
	RestoreEndTimestamp      string `json:"restore_end_timestamp"`
	RestoreStartTimestamp    string `json:"restore_start_timestamp,omitempty"`
}

// pitr is the range of a request whose source is an asset.
func (a asked) pitr(op string) (*wirePITR, error) {
	if a.form == model.SourceRange {
		return &wirePITR{RestoreStartTimestamp: wireTime(a.source.From), RestoreEndTimestamp: wireTime(a.source.To)}, nil
	}
	if a.form != model.SourceAt {
		return nil, fault.InvalidField(op, "/source/at", "invalid-source", "this kind of restore needs a time")
	}
	at, err := pointInTime(op, a.source.At)
	return &wirePITR{RestoreEndTimestamp: at}, err
}

// placement is where something of AWS is: in an account and a region, which
// together are one of the vendor's environments.
type placement struct {
	AccountNativeID string `json:"account_native_id"`
	AWSRegion       string `json:"aws_region"`
	EnvironmentID   string `json:"environment_id"`
}

// wireEnvironment is AWSEnvironment.
type wireEnvironment struct {
	placement
	ID string `json:"id"`
}

// environment is the environment of a target: the one named by its id or as
// account/region, as backups show both, or the source's.
func (r restores) environment(ctx context.Context, op string, a asked, source func() (placement, error)) (string, error) {
	account, region, named := strings.Cut(a.target.Environment, "/")
	if a.target.Environment != "" && !named {
		return a.target.Environment, nil
	}
	place, err := placement{AccountNativeID: account, AWSRegion: region}, error(nil)
	if !named {
		place, err = source()
	}
	if err != nil || place.EnvironmentID != "" {
		return place.EnvironmentID, err
	}
	unclear := fault.InvalidField(op, "/target/environment", "missing-member",
		"the environment must be named: the source does not tell exactly one")
	if place.AccountNativeID == "" || place.AWSRegion == "" {
		return "", unclear
	}
	f := filter{}
	f.set("account_native_id", "$eq", place.AccountNativeID)
	f.set("aws_region", "$eq", place.AWSRegion)
	got, err := list[wireEnvironment](ctx, r.client, vendorhttp.Request{
		Op: op, Path: "/datasources/aws/environments", Accept: "application/api.clumio.aws-environments=v1+json",
		Query: listQuery(f, maxLimit, "", ""),
	}, false)
	if err != nil {
		return "", err
	}
	var ids []string
	for _, item := range got.items {
		if w := item.wire; w.ID != "" && w.AccountNativeID == place.AccountNativeID && w.AWSRegion == place.AWSRegion {
			ids = append(ids, w.ID)
		}
	}
	if len(ids) != 1 {
		return "", unclear
	}
	return ids[0], nil
}

// ofSource reads where the source is, whichever form it has.
func (r restores) ofSource(ctx context.Context, op string, a asked) func() (placement, error) {
	if a.form == model.SourceBackup {
		return r.ofBackup(ctx, op, a)
	}
	return r.ofAsset(ctx, op, *a.source.Asset)
}

// ofBackup reads where the backup is that is the source, and if it does not say
// where its asset is.
func (r restores) ofBackup(ctx context.Context, op string, a asked) func() (placement, error) {
	return func() (placement, error) {
		b, err := backups(r).Get(ctx, *a.source.Backup, false)
		if err != nil || (b.Asset.Account != "" && b.Asset.Region != "") {
			return placement{AccountNativeID: b.Asset.Account, AWSRegion: b.Asset.Region}, err
		}
		return r.ofAsset(ctx, op, b.Asset.ID)()
	}
}

// ofAsset reads where an asset is.
func (r restores) ofAsset(ctx context.Context, op string, id model.ID) func() (placement, error) {
	return func() (placement, error) {
		name := map[string]string{
			string(model.AssetDynamoDBTable): "dynamodb-tables", string(model.AssetEBSVolume): "ebs-volumes",
			string(model.AssetEC2Instance): "ec2-instances", string(model.AssetRDS): "rds-resources",
			string(model.AssetIcebergTable): "iceberg-tables",
		}[id.Kind]
		if name == "" {
			return placement{}, nil
		}
		key, err := r.key(op, id, id.Kind)
		if err != nil {
			return placement{}, err
		}
		got, err := read[placement](ctx, r.client, vendorhttp.Request{
			Op: op, Path: "/datasources/aws/" + name + "/" + key, Accept: "application/api.clumio.aws-" + name + "=v1+json",
		}, false)
		return got.wire, notFoundIfRefused(op, err)
	}
}
