package clumio

import (
	"embed"
	"encoding/json"
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
			Kind: model.RestoreTable, AssetKinds: []model.AssetKind{model.AssetDynamoDBTable, model.AssetIcebergTable},
			Sources: []model.SourceForm{model.SourceBackup, model.SourceAt, model.SourceLatest, model.SourceRange},
		},
		{
			Kind: model.RestoreInstantAccess, AssetKinds: []model.AssetKind{model.AssetS3Bucket},
			Sources: fromBackupOrRange(),
		},
		{
			Kind: model.RestoreObjects, AssetKinds: []model.AssetKind{
				model.AssetS3ProtectionGroup, model.AssetS3Bucket, model.AssetGCSProtectionGroup, model.AssetGCSBucket,
			},
			Sources: fromBackupOrRange(),
		},
		{
			Kind: model.RestoreVolume, AssetKinds: []model.AssetKind{model.AssetEBSVolume, model.AssetEC2Instance},
			Sources: fromBackup(),
		},
		{
			Kind: model.RestoreInstance, AssetKinds: []model.AssetKind{model.AssetEC2Instance},
			Sources: fromBackup(),
		},
		{
			Kind: model.RestoreDatabase, AssetKinds: []model.AssetKind{model.AssetRDS, model.AssetMSSQLDatabase},
			Sources: fromBackupOrTime(),
		},
		{
			Kind: model.RestoreRecords, AssetKinds: []model.AssetKind{model.AssetRDS, model.AssetDynamoDBTable},
			Sources: fromBackupOrTime(),
		},
		{
			Kind: model.RestoreFiles, AssetKinds: []model.AssetKind{model.AssetEC2Instance, model.AssetEBSVolume},
			Sources: fromBackup(),
		},
	}
	for i := range kinds {
		name := string(kinds[i].Kind)
		kinds[i].Target, kinds[i].Select, kinds[i].Options = schema(name+".target"), schema(name+".select"), schema(name+".options")
	}
	return kinds
}

// kindsFor lists the kinds of restores that a backup of a type takes. A
// granular backup of a database gives records only, and no other of a database
// does (NOTES sections 9 and 10).
func kindsFor(kind model.AssetKind, word string) []model.RestoreKind {
	switch kind {
	case model.AssetDynamoDBTable:
		return []model.RestoreKind{model.RestoreTable, model.RestoreRecords}
	case model.AssetIcebergTable:
		return []model.RestoreKind{model.RestoreTable}
	case model.AssetS3Bucket:
		return []model.RestoreKind{model.RestoreInstantAccess, model.RestoreObjects}
	case model.AssetS3ProtectionGroup, model.AssetGCSProtectionGroup, model.AssetGCSBucket:
		return []model.RestoreKind{model.RestoreObjects}
	case model.AssetEBSVolume:
		return []model.RestoreKind{model.RestoreVolume, model.RestoreFiles}
	case model.AssetEC2Instance:
		return []model.RestoreKind{model.RestoreInstance, model.RestoreVolume, model.RestoreFiles}
	case model.AssetRDS:
		if strings.HasSuffix(word, "granular_backup") {
			return []model.RestoreKind{model.RestoreRecords}
		}
		return []model.RestoreKind{model.RestoreDatabase}
	case model.AssetMSSQLDatabase:
		return []model.RestoreKind{model.RestoreDatabase}
	case model.AssetPhysicalHost, model.AssetVM, model.AssetApplication, model.AssetCloudUser, model.AssetCloudGroup,
		model.AssetCloudSite, model.AssetCloudTeam, model.AssetOSAgent, model.AssetStorage, model.AssetOther:
	}
	return []model.RestoreKind{}
}
