package clumio

import (
	"slices"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

func offers(kind model.RestoreKind) func(adapters.RestoreKind) bool {
	return func(k adapters.RestoreKind) bool { return k.Kind == kind }
}

// recipe chooses the vendor's restore: by the kind, by what the source is of,
// and where the vendor has several for both by an option in its own words.
func (a asked) recipe() (recipe, bool) {
	from := model.AssetKind(a.source.ID().Kind)
	switch a.kind {
	case model.RestoreTable:
		return choose(from, choice{model.AssetDynamoDBTable, dynamoDBTable()}, choice{model.AssetIcebergTable, icebergTable()})
	case model.RestoreInstantAccess:
		return choose(from, choice{model.AssetS3Bucket, instantAccess()})
	case model.RestoreVolume:
		return choose(from, choice{model.AssetEBSVolume, ebsVolume()}, choice{model.AssetEC2Instance, ec2Volumes()})
	case model.RestoreInstance:
		if a.has(optionAMI) {
			return choose(from, choice{model.AssetEC2Instance, ec2AMI()})
		}
		return choose(from, choice{model.AssetEC2Instance, ec2Instance()})
	case model.RestoreDatabase:
		if a.has(optionAAG) {
			return choose(from, choice{model.AssetMSSQLDatabase, mssqlToGroup()})
		}
		return choose(from, choice{model.AssetRDS, rdsResource()}, choice{model.AssetMSSQLDatabase, mssqlDatabase()})
	case model.RestoreRecords:
		return choose(from, choice{model.AssetRDS, rdsRecords()}, choice{model.AssetDynamoDBTable, dynamoDBRecords()})
	case model.RestoreFiles:
		return choose(from, choice{model.AssetEC2Instance, fileRestore()}, choice{model.AssetEBSVolume, fileRestore()})
	case model.RestoreObjects:
		return a.objectsRecipe(from)
	case model.RestoreDownload, model.RestoreMount, model.RestoreSystem, model.RestoreUnknown:
	}
	return recipe{}, false
}

// objectsRecipe tells the restores of objects apart.
func (a asked) objectsRecipe(from model.AssetKind) (recipe, bool) {
	switch {
	case a.has(optionRollback) || a.has(optionUndelete):
		return choose(from, choice{model.AssetS3Bucket, s3Backtrack()})
	case len(a.sel.Objects) > 0 || a.has(optionObjects):
		return choose(from, choice{model.AssetS3ProtectionGroup, s3Objects()}, choice{model.AssetS3Bucket, s3Objects()},
			choice{model.AssetGCSProtectionGroup, gcsObjects()}, choice{model.AssetGCSBucket, gcsObjects()})
	}
	return choose(from, choice{model.AssetS3ProtectionGroup, s3Group()}, choice{model.AssetS3Bucket, s3Asset()},
		choice{model.AssetGCSProtectionGroup, gcsGroup()}, choice{model.AssetGCSBucket, gcsAsset()})
}

// choice is what is done with a source of a kind of asset.
type choice struct {
	from model.AssetKind
	rec  recipe
}

func choose(from model.AssetKind, choices ...choice) (recipe, bool) {
	i := slices.IndexFunc(choices, func(c choice) bool { return c.from == from })
	if i < 0 {
		return recipe{}, false
	}
	return choices[i].rec, true
}

// Forms of sources.
func fromBackup() []model.SourceForm { return []model.SourceForm{model.SourceBackup} }

func fromBackupOrTime() []model.SourceForm {
	return []model.SourceForm{model.SourceBackup, model.SourceAt, model.SourceLatest}
}

func fromBackupOrRange() []model.SourceForm {
	return []model.SourceForm{model.SourceBackup, model.SourceAt, model.SourceRange}
}
