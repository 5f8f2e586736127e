package clouddownload

import (
	"encoding/json"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

// Protected objects are what the vendor's browser of protected objects shows: a
// mailbox, a drive, a file. One version of an object has a guid of its own.
const selectSchema = `{
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "objects": {
      "type": "array",
      "minItems": 1,
      "maxItems": 500,
      "uniqueItems": true,
      "description": "Protected objects to download: \"guid\" for the version the vendor chooses, \"guid@versionGuid\" for one version. Without it the vendor is asked for everything in the backup.",
      "items": {"type": "string", "maxLength": 200, "pattern": "^[A-Za-z0-9_.-]+(@[A-Za-z0-9_.-]+)?$"}
    }
  }
}`

const optionsSchema = `{
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "mode": {
      "type": "string",
      "enum": ["CLOUD_DOWNLOAD", "CLOUD_PST_DOWNLOAD", "OS_DOWNLOAD"],
      "description": "What the download holds: files (CLOUD_DOWNLOAD, the default of Microsoft 365 assets), mailbox data as Outlook PST (CLOUD_PST_DOWNLOAD), files of an OS agent's backup (OS_DOWNLOAD, their default)."
    }
  }
}`

// downloadable lists the kinds of assets that downloads can be made of.
func downloadable() []model.AssetKind {
	return []model.AssetKind{model.AssetCloudUser, model.AssetCloudGroup, model.AssetCloudSite, model.AssetCloudTeam, model.AssetOSAgent}
}

func restoreKinds() []adapters.RestoreKind {
	return []adapters.RestoreKind{{
		Kind: model.RestoreDownload, AssetKinds: downloadable(),
		Sources: []model.SourceForm{model.SourceBackup, model.SourceLatest},
		Select:  json.RawMessage(selectSchema), Options: json.RawMessage(optionsSchema),
	}}
}

// restoreKindsOf is what can be started from one backup. SUCCESS and
// PARTIAL_SUCCESS are usable (NOTES section 9).
func restoreKindsOf(kind model.AssetKind, status model.BackupStatus) []model.RestoreKind {
	if (status == model.BackupAvailable || status == model.BackupPartial) && defaultMode(kind) != "" {
		return []model.RestoreKind{model.RestoreDownload}
	}
	return []model.RestoreKind{}
}

// defaultMode is the mode of a download of an asset, "" if there is none.
func defaultMode(kind model.AssetKind) string {
	for _, known := range downloadable() {
		if known == kind {
			if kind == model.AssetOSAgent {
				return modeOS
			}
			return modeCloud
		}
	}
	return ""
}
