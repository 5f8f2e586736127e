package clouddownload

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"switchback/internal/fault"
	"switchback/internal/model"
)

// downloadKind is the kind of the ids of downloads.
const downloadKind = "download"

// downloadKey names one download. The vendor's answer to the request has tasks
// only; the record that gives the bytes has to be found (NOTES section 7). The
// key therefore is a record's guid, or, for a download started here, all that
// any process needs to find the record.
type downloadKey struct {
	Record string `json:"-"` // a download that a list gave; nothing else is set

	Mode     string          `json:"m"`
	Kind     model.AssetKind `json:"c"`
	Entity   string          `json:"e"`
	Backup   string          `json:"b,omitempty"`
	At       int64           `json:"a"`           // creation of the first task, milliseconds
	Tasks    []string        `json:"t,omitempty"` // up to maxKeyTasks
	Workflow string          `json:"w,omitempty"` // of all tasks, when there are more
	Records  []string        `json:"r,omitempty"` // when they were certain at the start
	Known    []byte          `json:"k,omitempty"` // marks of the records that were there before
}

const (
	maxKeyTasks = 6 // keeps an id below model.MaxIDLength
	maxKnown    = 128
	markBytes   = 3
)

func (k downloadKey) String() string {
	if k.Record != "" {
		return k.Record
	}
	text, err := json.Marshal(k)
	if err != nil {
		return ""
	}
	return string(text)
}

// createdAt is when the download was asked for, zero when the key does not say.
func (k downloadKey) createdAt() time.Time { return millis(k.At).time() }

func parseDownloadKey(op string, id model.ID) (downloadKey, error) {
	var key downloadKey
	missing := fault.New(fault.NotFound, op, "there is no download with this id")
	if id.Kind != downloadKind {
		return key, missing
	}
	if !strings.HasPrefix(id.Key, "{") {
		key.Record = id.Key
		if !plausible(key.Record) {
			return key, missing
		}
		return key, nil
	}
	if json.Unmarshal([]byte(id.Key), &key) != nil || key.String() != id.Key {
		return key, missing
	}
	for _, guid := range append(slices.Clone(key.Tasks), key.Records...) {
		if !plausible(guid) {
			return key, missing
		}
	}
	if !slices.Contains(downloadModes(), key.Mode) || defaultMode(key.Kind) == "" || !plausible(key.Entity) || key.createdAt().IsZero() ||
		len(key.Tasks) == 0 && key.Workflow == "" || len(key.Known)%markBytes != 0 {
		return key, missing
	}
	return key, nil
}

// mark is a short stand-in for a guid. Two guids of one user share a mark once
// in 16 million, which costs a record that is not found, never a wrong one.
func mark(guid string) []byte {
	sum := sha256.Sum256([]byte(guid))
	return sum[:markBytes]
}

func marks(records []document[recordWire]) []byte {
	var out []byte
	for i := range records {
		out = append(out, mark(records[i].Wire.GUID)...)
	}
	return out
}

// knew reports whether the record was there before the download.
func (k downloadKey) knew(record string) bool {
	for known := range slices.Chunk(k.Known, markBytes) {
		if slices.Equal(known, mark(record)) {
			return true
		}
	}
	return false
}
