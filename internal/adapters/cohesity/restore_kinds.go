package cohesity

import (
	"embed"
	"encoding/json"
	"slices"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

//go:embed schemas/*.json
var schemas embed.FS

// restoreKinds says what can be started. The schemas lie beside this file, one
// for each member that a kind takes.
func restoreKinds() []adapters.RestoreKind {
	kinds := restoreTable()
	for i := range kinds {
		kinds[i].Target = schema(kinds[i].Kind, "target")
		kinds[i].Select = schema(kinds[i].Kind, "select")
		kinds[i].Options = schema(kinds[i].Kind, "options")
	}
	return kinds
}

// restoreTable is what can be started from what.
func restoreTable() []adapters.RestoreKind {
	host, database := []model.AssetKind{model.AssetPhysicalHost}, []model.AssetKind{model.AssetMSSQLDatabase}
	points := []model.SourceForm{model.SourceBackup, model.SourceLatest}
	return []adapters.RestoreKind{
		{Kind: model.RestoreVolume, AssetKinds: host, Sources: points},
		{Kind: model.RestoreFiles, AssetKinds: host, Sources: points},
		{Kind: model.RestoreDownload, AssetKinds: host, Sources: points},
		{Kind: model.RestoreMount, AssetKinds: host, Sources: points},
		{Kind: model.RestoreDatabase, AssetKinds: database, Sources: append(points, model.SourceAt)},
	}
}

func schema(kind model.RestoreKind, member string) json.RawMessage {
	raw, err := schemas.ReadFile("schemas/" + string(kind) + "." + member + ".json")
	if err != nil {
		return nil // the kind does not take the member
	}
	return raw
}

// kindsFor lists what a backup of an asset can be restored to.
func kindsFor(asset model.AssetKind) []model.RestoreKind {
	kinds := []model.RestoreKind{}
	for _, k := range restoreTable() {
		if slices.Contains(k.AssetKinds, asset) {
			kinds = append(kinds, k.Kind)
		}
	}
	return kinds
}

func markerPlaces() map[model.RestoreKind]string {
	places := map[model.RestoreKind]string{}
	for _, kind := range restoreTable() {
		places[kind.Kind] = "recovery name"
	}
	return places
}
