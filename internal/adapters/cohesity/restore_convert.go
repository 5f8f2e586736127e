package cohesity

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"switchback/internal/model"
)

// restore is a recovery.
func (v view) restore(w *wireRecovery) model.Restore {
	kind := restoreKind(w)
	created := micros(w.Start)
	r := model.Restore{
		ID: v.env.ID(recoveryKind, w.ID), Connection: v.env.Connection, Provider: provider, Kind: kind,
		State: jobState(w.Status), Progress: model.Progress{Basis: model.ProgressNone},
		CreatedAt: created, StartedAt: created, EndedAt: micros(w.End),
		Outputs: model.Outputs{Name: w.Name, HasContent: kind == model.RestoreDownload},
		Native:  model.Native{ID: w.ID, Status: w.Status, Type: w.action()},
	}
	r.Cancellable = cancellable(r.State)
	if w.Creation != nil {
		r.RequestedBy = w.Creation.UserName
	}
	if d := w.download(); d != nil {
		r.ExpiresAt = micros(d.Expiry)
	}
	objects := w.objects()
	r.Source = v.source(w, objects)
	r.Target = target(w)
	messages := slices.Clone(w.Messages)
	for _, o := range objects {
		for _, m := range o.Messages {
			if !slices.Contains(messages, m) {
				messages = append(messages, m)
			}
		}
		if o.BytesRestored != nil {
			sum := *o.BytesRestored
			if r.Progress.Bytes != nil {
				sum += *r.Progress.Bytes
			}
			r.Progress.Bytes = &sum
		}
	}
	switch {
	case r.State == model.StateFailed:
		r.Error = failure(w.Status, messages)
	case len(messages) > 0:
		r.Warnings = messages
	}
	if r.State == model.StateSucceeded || r.State == model.StateSucceededWithWarnings {
		all := 100.0
		r.Progress.Percent, r.Progress.Basis = &all, model.ProgressPhases
	}
	return r
}

func (w *wireRecovery) action() string {
	switch {
	case w.Action != "":
		return w.Action
	case w.Physical != nil:
		return w.Physical.Action
	case w.SQL != nil:
		return w.SQL.Action
	}
	return ""
}

// restoreKind: the block inside a prepared download may call itself
// RecoverFiles, so the download comes first.
func restoreKind(w *wireRecovery) model.RestoreKind {
	if w.download() != nil {
		return model.RestoreDownload
	}
	switch w.action() {
	case "DownloadFilesAndFolders":
		return model.RestoreDownload
	case "RecoverPhysicalVolumes":
		return model.RestoreVolume
	case "RecoverFiles":
		return model.RestoreFiles
	case "InstantVolumeMount":
		return model.RestoreMount
	case "RecoverApps", "CloneApps":
		return model.RestoreDatabase
	case "RecoverSystem":
		return model.RestoreSystem
	case "RecoverObjects", "RecoverNamespaces":
		return model.RestoreObjects
	case "RecoverVMs":
		return model.RestoreInstance
	}
	return model.RestoreUnknown
}

// preparedDownload is what a download offers.
type preparedDownload struct {
	Expiry int64
	Path   string
}

func (w *wireRecovery) download() *preparedDownload {
	if w.Physical == nil || w.Physical.Download == nil {
		return nil
	}
	return &preparedDownload{w.Physical.Download.Expiry, w.Physical.Download.Path}
}

// fileName is the name under which the vendor offers the archive.
func (w *wireRecovery) fileName() string {
	d := w.download()
	if d == nil || d.Path == "" {
		return ""
	}
	name := path.Base(strings.ReplaceAll(d.Path, `\`, "/"))
	if name == "." || name == "/" {
		return ""
	}
	return name
}

func (w *wireRecovery) objects() []wireRecoveredObject {
	var objects []wireRecoveredObject
	if w.Physical != nil {
		objects = append(objects, w.Physical.Objects...)
	}
	if w.SQL != nil {
		for _, app := range w.SQL.Apps {
			objects = append(objects, app.wireRecoveredObject)
		}
	}
	return objects
}

// source says what was restored: the object and the instant of its data. The
// recovery names a snapshot, whose id must not be parsed (IBM NOTES section 3),
// and no run, so that it is no backup id.
func (v view) source(w *wireRecovery, objects []wireRecoveredObject) *model.RestoreSource {
	if len(objects) == 0 || objects[0].Object.ID == 0 {
		return nil
	}
	asset := v.asset(&objects[0].Object, w.Environment).ID
	at := micros(objects[0].SnapshotCreated)
	if w.SQL != nil && len(w.SQL.Apps) > 0 && w.SQL.Apps[0].Target != nil {
		if t := w.SQL.Apps[0].Target; t.New != nil && t.New.RestoreAt > 0 {
			at = micros(t.New.RestoreAt)
		} else if t.Original != nil && t.Original.RestoreAt > 0 {
			at = micros(t.Original.RestoreAt)
		}
	}
	source := &model.RestoreSource{Asset: &asset}
	if !at.IsZero() {
		source.At = at.Format(time.RFC3339Nano)
	}
	return source
}

// target says where the restore goes, in the neutral words. Nil is a place that
// the recovery does not name.
func target(w *wireRecovery) any {
	t := model.RestoreTarget{}
	switch p := w.Physical; {
	case p != nil && p.Volumes != nil && p.Volumes.Target != nil:
		t.Host = p.Volumes.Target.Mount.text()
		for _, m := range p.Volumes.Target.Mappings {
			t.Volumes = append(t.Volumes, model.VolumeMapping{Source: m.Source, Destination: m.Destination})
		}
	case p != nil && p.Files != nil && p.Files.Target != nil:
		t.Host, t.Path, t.Overwrite = p.Files.Target.Recover.text(), p.Files.Target.Directory, p.Files.Target.Overwrite
	case p != nil && p.Mount != nil && p.Mount.Target != nil:
		t.ReadOnly = p.Mount.Target.ReadOnly
		if p.Mount.Target.New != nil {
			t.Host = p.Mount.Target.New.Mount.text()
		}
	case w.SQL != nil && len(w.SQL.Apps) > 0 && w.SQL.Apps[0].Target != nil:
		db := w.SQL.Apps[0].Target
		if n := db.New; n != nil {
			t.Host, t.Instance, t.Name, t.Path = n.Host.text(), n.Instance, n.Database, n.DataPath
			t.Overwrite = n.Overwrite == overwrite
		} else if o := db.Original; o != nil {
			t.Name, t.Overwrite = o.Database, o.Overwrite == overwrite
		}
	default:
		return nil
	}
	return t
}

func (r wireRef) text() string {
	if r.ID == 0 {
		return ""
	}
	return strconv.FormatInt(r.ID, 10)
}
