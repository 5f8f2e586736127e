package clouddownload

// The modes of mounted-backup records that are downloads (NOTES section 7).
const (
	modeCloud = "CLOUD_DOWNLOAD"
	modePST   = "CLOUD_PST_DOWNLOAD"
	modeOS    = "OS_DOWNLOAD"
)

// downloadModes lists them, in the order they are listed in.
func downloadModes() []string { return []string{modeCloud, modePST, modeOS} }

// downloadRequest starts a cloud download. The documents name no member of it;
// these are the likeliest names (NOTES section 7).
type downloadRequest struct {
	ProtectedEntity  *guid            `json:"protectedEntity,omitempty"`
	Backup           *guid            `json:"backup,omitempty"`
	ProtectedObjects []downloadObject `json:"protectedObjects,omitempty"`
	Mode             enum             `json:"mode"`
}

type downloadObject struct {
	GUID        string `json:"guid"`
	VersionGUID string `json:"versionGuid,omitempty"`
}

// recordWire is a mounted-backup record: what the vendor calls a cloud download
// once it is asked for.
type recordWire struct {
	GUID       string      `json:"guid"`
	Mode       enum        `json:"mode"`
	State      enum        `json:"state"`
	StatusInfo string      `json:"statusInfo"`
	Backup     *backupWire `json:"backup"`
}
