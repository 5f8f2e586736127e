package cohesity

import (
	"encoding/json"
	"strconv"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/model"
)

// view turns wire types into portable nouns as of one moment.
type view struct {
	env adapters.Env
	now time.Time
}

func (a *account) view() view { return view{a.env, a.env.Now()} }

// groupKind is the id kind of protection groups.
const groupKind = "protection-group"

func (v view) group(id, name string) *model.Ref {
	if id == "" {
		return nil
	}
	return &model.Ref{ID: v.env.ID(groupKind, id), Name: name}
}

// backup is one object of one run.
func (v view) backup(run *wireRun, object *wireRunObject) model.Backup {
	kind := assetKind(&object.Object, run.Environment)
	started := micros(run.started())
	b := model.Backup{
		ID:         v.env.ID(string(kind), backupKey{run.GroupID, run.ID, object.Object.ID}.String()),
		Connection: v.env.Connection, Provider: provider,
		Asset: v.asset(&object.Object, run.Environment), Kind: kind,
		StartedAt: started, SizeBytes: object.Object.LogicalSize,
		Group: v.group(run.GroupID, run.GroupName), Run: run.ID,
	}
	state := run.state()
	word, runType := state.status, state.runType
	if local := object.snapshot(); local != nil {
		word = either(local.Status, word)
		b.EndedAt = micros(local.End)
		measure(&b, local.Stats)
	} else if direct := object.Archival.primary(); direct != nil {
		word, runType = either(direct.Status, word), either(runType, direct.RunType)
		b.EndedAt = micros(direct.End)
		measure(&b, direct.Stats)
	}
	b.Copies = v.copies(run, object)
	b.Status = overall(b.Copies, backupStatus(word))
	for _, c := range b.Copies {
		if c.ExpiresAt.After(b.ExpiresAt) && restorable(c.Status) == restorable(b.Status) {
			b.ExpiresAt = c.ExpiresAt
		}
	}
	environment := either(object.Object.Environment, run.Environment)
	b.Type = backupType(runType)
	b.Native = model.Native{ID: run.ID, Status: word, Type: environment + "/" + runType}
	b.RestoreKinds = []model.RestoreKind{}
	if restorable(b.Status) {
		b.RestoreKinds = kindsFor(kind)
	}
	return b
}

func (v view) asset(o *wireObject, environment string) model.Asset {
	kind := assetKind(o, environment)
	return model.Asset{
		ID: v.env.ID(string(kind), strconv.FormatInt(o.ID, 10)), Kind: kind, Name: o.Name, NativeID: o.UUID,
	}
}

// assetKind: an SQL group lists databases; hosts and instances beside them are
// no database that could be restored.
func assetKind(o *wireObject, environment string) model.AssetKind {
	switch either(o.Environment, environment) {
	case "kPhysical", "kPhysicalFiles": // IBM NOTES section 15: some answers use the second
		return model.AssetPhysicalHost
	case "kSQL":
		if o.ObjectType == "" || o.ObjectType == "kDatabase" {
			return model.AssetMSSQLDatabase
		}
		return model.AssetApplication
	case "kKubernetes":
		return model.AssetApplication
	case "kVMware", "kHyperV", "kAcropolis", "kKVM":
		return model.AssetVM
	}
	return model.AssetOther
}

// measure takes sizes from statistics of either form.
func measure(b *model.Backup, s *wireDataStats) {
	if s == nil {
		return
	}
	if s.LogicalSize != nil {
		b.SizeBytes = s.LogicalSize
	}
	if s.Written != nil {
		b.StoredBytes = s.Written
	} else if s.Transferred != nil {
		b.StoredBytes = s.Transferred
	}
}

// copies lists where the object's data of this run is kept, the place the run
// itself wrote to first.
func (v view) copies(run *wireRun, object *wireRunObject) []model.Copy {
	copies := []model.Copy{}
	held := run.LegalHold || object.LegalHold
	if local := object.snapshot(); local != nil {
		copies = append(copies, v.copyOf(model.Copy{Kind: model.CopyLocal, LegalHold: held},
			local.Status, local.Expiry, local.Deleted || run.LocalDeleted, local.Lock))
	}
	for _, r := range object.Archival.results() {
		c := model.Copy{Kind: model.CopyArchive, Location: r.TargetName, LegalHold: held || r.LegalHold}
		if c.Location == "" && r.TargetID != 0 {
			c.Location = strconv.FormatInt(r.TargetID, 10)
		}
		if r.Tier != nil {
			c.Tier = either(r.Tier.Current, r.Tier.Platform)
		}
		copies = append(copies, v.copyOf(c, r.Status, r.Expiry, r.Deleted, r.Lock))
	}
	for _, r := range object.Replication.results() {
		c := model.Copy{Kind: model.CopyReplica, Location: r.ClusterName, LegalHold: held || r.LegalHold}
		copies = append(copies, v.copyOf(c, r.Status, r.Expiry, r.Deleted, r.Lock))
	}
	return copies
}

func (v view) copyOf(c model.Copy, word string, expiry int64, deleted bool, lock *wireDataLock) model.Copy {
	c.Status, c.ExpiresAt = backupStatus(word), micros(expiry)
	if restorable(c.Status) && (deleted || v.past(c.ExpiresAt)) {
		c.Status = model.BackupExpired
	}
	if lock != nil {
		c.LockedUntil = micros(lock.Expiry)
	}
	return c
}

// past reports whether a time is set and over.
func (v view) past(t time.Time) bool { return !t.IsZero() && !t.After(v.now) }

func restorable(s model.BackupStatus) bool {
	return s == model.BackupAvailable || s == model.BackupPartial
}

// overall is the status of the backup: that of its first copy unless only
// another one can still be restored from, and the run's word when there is no
// copy at all.
func overall(copies []model.Copy, run model.BackupStatus) model.BackupStatus {
	if len(copies) == 0 {
		if restorable(run) {
			return model.BackupUnknown // the run went well, but nothing of this object is there
		}
		return run
	}
	for _, c := range copies {
		if restorable(c.Status) {
			return c.Status
		}
	}
	if copies[0].Status == model.BackupUnknown {
		return run
	}
	return copies[0].Status
}

// backupStatus reads the words of runs and those of objects (IBM NOTES section
// 11).
func backupStatus(word string) model.BackupStatus {
	switch word {
	case "Succeeded", "kSuccessful":
		return model.BackupAvailable
	case "SucceededWithWarning", "kWarning":
		return model.BackupPartial
	case "Accepted", "Running", "Paused", "OnHold", "Canceling", "Finalizing", "kInProgress", "kWaitingForNextAttempt",
		"kWaitingForOlderBackupRun", "kCurrentAttemptPaused", "kCurrentAttemptPausing", "kCurrentAttemptResuming":
		return model.BackupRunning
	case "Failed", "Canceled", "Skipped", "Missed", "kFailed":
		return model.BackupFailed
	}
	return model.BackupUnknown
}

func backupType(word string) model.BackupType {
	switch word {
	case "kFull":
		return model.TypeFull
	case "kRegular", "kIncremental": // IBM NOTES section 11: one thing, two words
		return model.TypeIncremental
	case "kLog":
		return model.TypeLog
	case "kSystem":
		return model.TypeSystem
	case "kHydrateCDP":
		return model.TypeContinuous
	case "kStorageArraySnapshot":
		return model.TypeSnapshot
	}
	return model.TypeUnknown
}

func (o *wireRunObject) snapshot() *wireSnapshot {
	if o.Local == nil {
		return nil
	}
	return o.Local.Snapshot
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// runDocument is the vendor's document of a backup: the run with the one object
// in it.
func runDocument(raw json.RawMessage, object int) json.RawMessage {
	var run map[string]json.RawMessage
	var objects []json.RawMessage
	if json.Unmarshal(raw, &run) != nil || json.Unmarshal(run["objects"], &objects) != nil || object >= len(objects) {
		return raw
	}
	one, err := json.Marshal(objects[object : object+1])
	if err != nil {
		return raw
	}
	run["objects"] = one
	document, err := json.Marshal(run)
	if err != nil {
		return raw
	}
	return document
}
