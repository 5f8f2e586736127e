package clouddownload

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// downloads starts and shows cloud downloads (NOTES section 7).
type downloads struct{ *account }

// wanted is a request for a download, read.
type wanted struct {
	mode, entity, backup string
	kind                 model.AssetKind
	objects              []downloadObject
}

// Start implements adapters.Restores.
func (a downloads) Start(ctx context.Context, r model.RestoreRequest) (model.Restore, error) {
	const op = "storware.CreateCloudDownload"
	want, err := a.read(ctx, op, r)
	if err != nil {
		return model.Restore{}, err
	}
	body := downloadRequest{ProtectedEntity: &guid{want.entity}, ProtectedObjects: want.objects, Mode: enum(want.mode)}
	if want.backup != "" {
		body.Backup = &guid{want.backup}
	}

	a.starting.Lock()
	defer a.starting.Unlock()
	if err := a.settlePending(ctx, op, want.entity); err != nil {
		return model.Restore{}, err
	}
	before, err := a.snapshotOf(ctx, op, want.mode, want.entity)
	if err != nil {
		return model.Restore{}, err
	}
	if hidden, err := a.hidden(ctx, op, want.mode, want.entity, before); err != nil {
		return model.Restore{}, err
	} else if hidden {
		return model.Restore{}, errHidden()
	}
	if len(before.records) > maxKnown {
		return model.Restore{}, fault.New(fault.Conflict, op,
			"the asset has more than "+strconv.Itoa(maxKnown)+" prepared downloads: remove some first")
	}
	made, err := a.submit(ctx, vendorhttp.Request{Op: op, Method: http.MethodPost, Path: "/cloud-download", Body: body})
	if err != nil {
		return model.Restore{}, err
	}
	key := keyOf(want, before, made)
	records, named := a.certain(ctx, op, key, before, made)
	switch {
	case len(records) == 1:
		return a.begun(ctx, op, key, made, records[0], named), nil
	case records != nil && len(records) <= maxKeyTasks:
		key.Records, key.Known = records, nil
	default:
		a.found.wait(key)
	}
	return a.restore(key, made, 0), nil
}

// begun is a download of one record that has just been started.
func (a downloads) begun(ctx context.Context, op string, key downloadKey, made submitted, record string, named bool) model.Restore {
	if !named {
		a.found.made(record, key.Tasks)
		// As Get and lists will place it, if that can be read now.
		if out, err := a.getRecord(ctx, op, record, false); err == nil {
			return out
		}
	}
	out := a.restore(key, made, 0)
	out.ID, out.Native.ID = a.env.ID(downloadKind, record), record
	return out
}

func keyOf(want wanted, before snapshot, made submitted) downloadKey {
	key := downloadKey{
		Mode: want.mode, Kind: want.kind, Entity: want.entity, Backup: want.backup,
		At: made[0].Wire.createdAt().UnixMilli(), Known: marks(before.records),
	}
	if first := made[0].Wire.WorkflowExecution; len(made) > maxKeyTasks && first != nil && first.GUID != "" {
		key.Workflow = first.GUID
		return key
	}
	for _, task := range made[:min(len(made), maxKeyTasks)] {
		key.Tasks = append(key.Tasks, task.Wire.GUID)
	}
	return key
}

// read checks a request; a backup is read for its asset.
func (a downloads) read(ctx context.Context, op string, r model.RestoreRequest) (wanted, error) {
	var want wanted
	status := model.BackupAvailable
	if r.Kind != model.RestoreDownload {
		return want, fault.InvalidField(op, "/kind", "unsupported", "this account restores by download only")
	}
	switch r.Source.Form() {
	case model.SourceBackup:
		row, err := a.backup(ctx, op, *r.Source.Backup)
		if err != nil {
			return want, err
		}
		entity := row.Wire.entity()
		want.kind, want.entity, want.backup = assetKind(entity.Type), entity.GUID, row.Wire.GUID
		status = backupStatus(row.Wire.Status)
	case model.SourceLatest:
		want.kind, want.entity = model.AssetKind(r.Source.Asset.Kind), r.Source.Asset.Key
	case model.SourceAt, model.SourceRange, "":
		return want, fault.InvalidField(op, "/source", "unsupported", "a download is made of a backup, or of an asset at latest")
	}
	if want.mode = defaultMode(want.kind); want.mode == "" || !plausible(want.entity) {
		return want, fault.InvalidField(op, "/source", "unsupported", "no download can be made of this kind of asset")
	}
	if status != model.BackupAvailable && status != model.BackupPartial {
		return want, fault.New(fault.Conflict, op, "the backup can not be restored from: it is "+string(status))
	}
	if err := want.options(op, r.Options); err != nil {
		return want, err
	}
	return want, want.selection(op, r.Select)
}

func (w *wanted) options(op string, raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	var options struct {
		Mode string `json:"mode"`
	}
	if err := json.Unmarshal(raw, &options); err != nil {
		return fault.InvalidField(op, "/options", "invalid", "the options are an object with a mode")
	}
	if options.Mode == "" {
		return nil
	}
	if !slices.Contains(downloadModes(), options.Mode) || (options.Mode == modeOS) != (w.mode == modeOS) {
		return fault.InvalidField(op, "/options/mode", "unsupported", "this kind of asset can not be downloaded in this mode")
	}
	w.mode = options.Mode
	return nil
}

func (w *wanted) selection(op string, raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	var chosen model.RestoreSelect
	if err := json.Unmarshal(raw, &chosen); err != nil {
		return fault.InvalidField(op, "/select", "invalid", "select is an object with objects")
	}
	for i, text := range chosen.Objects {
		object, version, _ := strings.Cut(text, "@")
		if object == "" || strings.HasSuffix(text, "@") {
			return fault.InvalidField(op, "/select/objects/"+strconv.Itoa(i), "invalid", "an object is guid or guid@versionGuid")
		}
		w.objects = append(w.objects, downloadObject{GUID: object, VersionGUID: version})
	}
	return nil
}
