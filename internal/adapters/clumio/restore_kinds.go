package clumio

import (
	"embed"
	"encoding/json"
	"slices"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

//go:embed schemas/*.json
var schemaFiles embed.FS

// schema returns an embedded schema, nil for a part that a kind does not take.
func schema(name string) json.RawMessage {
	raw, err := schemaFiles.ReadFile("schemas/" + name + ".json")
	if err != nil {
		return nil
	}
	return raw
}

// restoreKinds says what Start takes.
func restoreKinds() []adapters.RestoreKind {
	kinds := []adapters.RestoreKind{
		{
			Kind: model.RestoreTable, AssetKinds: []model.AssetKind{model.AssetDynamoDBTable},
			Sources: []model.SourceForm{model.SourceBackup, model.SourceAt, model.SourceLatest},
		},
		{
			Kind: model.RestoreInstantAccess, AssetKinds: []model.AssetKind{model.AssetS3Bucket},
			Sources: []model.SourceForm{model.SourceBackup, model.SourceAt, model.SourceRange},
		},
		{
			Kind: model.RestoreObjects, AssetKinds: []model.AssetKind{model.AssetS3ProtectionGroup, model.AssetS3Bucket},
			Sources: []model.SourceForm{model.SourceBackup, model.SourceAt, model.SourceRange},
		},
		{
			Kind: model.RestoreVolume, AssetKinds: []model.AssetKind{model.AssetEBSVolume},
			Sources: []model.SourceForm{model.SourceBackup},
		},
		{
			Kind: model.RestoreInstance, AssetKinds: []model.AssetKind{model.AssetEC2Instance},
			Sources: []model.SourceForm{model.SourceBackup},
		},
		{
			Kind: model.RestoreDatabase, AssetKinds: []model.AssetKind{model.AssetRDS},
			Sources: []model.SourceForm{model.SourceBackup, model.SourceAt},
		},
	}
	for i := range kinds {
		name := string(kinds[i].Kind)
		kinds[i].Target, kinds[i].Select, kinds[i].Options = schema(name+".target"), schema(name+".select"), schema(name+".options")
	}
	return kinds
}

// kindsFor lists the kinds of restores that a backup of a type takes. A
// granular backup of a database gives records only (NOTES sections 9 and 10).
func kindsFor(kind model.AssetKind, word string) []model.RestoreKind {
	out := []model.RestoreKind{}
	if strings.HasSuffix(word, "granular_backup") {
		return out
	}
	switch kind {
	case model.AssetDynamoDBTable:
		out = append(out, model.RestoreTable)
	case model.AssetS3Bucket:
		out = append(out, model.RestoreInstantAccess, model.RestoreObjects)
	case model.AssetS3ProtectionGroup:
		out = append(out, model.RestoreObjects)
	case model.AssetEBSVolume:
		out = append(out, model.RestoreVolume)
	case model.AssetEC2Instance:
		out = append(out, model.RestoreInstance)
	case model.AssetRDS:
		out = append(out, model.RestoreDatabase)
	case model.AssetIcebergTable, model.AssetGCSBucket, model.AssetGCSProtectionGroup, model.AssetMSSQLDatabase,
		model.AssetPhysicalHost, model.AssetVM, model.AssetApplication, model.AssetCloudUser, model.AssetCloudGroup,
		model.AssetCloudSite, model.AssetCloudTeam, model.AssetOSAgent, model.AssetStorage, model.AssetOther:
	}
	return slices.Clip(out)
}
