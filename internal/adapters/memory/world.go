package memory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"switchback/internal/fault"
	"switchback/internal/model"
)

// World is one account of a vendor that lives in memory. It is safe for
// concurrent use, and any number of adapters with the same connection name may
// be open on it.
type World struct {
	seed uint64
	now  func() time.Time

	mu       sync.Mutex
	taskTime time.Duration
	serial   int
	backups  map[string]Backup // by key
	sorted   []Backup          // the same, newest first; nil after a change
	policies []model.Policy    // Native.ID is the key; the other ids are not filled in
	assets   map[assetKey]Asset
	sources  []model.Source // as policies
	notes    int
	jobs     map[string]*job // restores and operations, by key
	failures map[string]error
	hook     func(ctx context.Context, op string) error
	calls    map[string]int
	lost     int
	cutAt    int64
}

// Backup is one backup as the world keeps it. AddBackup fills in what is empty.
type Backup struct {
	Key       string // of the backup; numbered
	Stream    string // which list shows it; "backups"
	Asset     string // key and name of what is backed up; "asset-1"
	AssetKind model.AssetKind
	Type      model.BackupType
	Status    model.BackupStatus
	StartedAt time.Time // now
	Bytes     int64     // of the data, and of a download of it; 64 KiB
}

// NewWorld returns an empty world. Content depends on seed only. A restore takes
// a minute of now's time.
func NewWorld(seed uint64, now func() time.Time) *World {
	return &World{
		seed: seed, now: now, taskTime: time.Minute, backups: map[string]Backup{}, assets: map[assetKey]Asset{}, jobs: map[string]*job{},
		failures: map[string]error{}, calls: map[string]int{},
	}
}

// SetTaskTime says how long restores and operations take from now on.
func (w *World) SetTaskTime(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.taskTime = d
}

// AddBackup adds a backup and returns it with all members filled in.
func (w *World) AddBackup(b Backup) Backup {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.addBackup(b)
}

func (w *World) addBackup(b Backup) Backup {
	if b.Key == "" {
		b.Key = w.nextKey("backup")
	}
	b.Stream = cmp.Or(b.Stream, "backups")
	b.Asset = cmp.Or(b.Asset, "asset-1")
	b.AssetKind = cmp.Or(b.AssetKind, model.AssetEBSVolume)
	b.Type = cmp.Or(b.Type, model.TypeSnapshot)
	b.Status = cmp.Or(b.Status, model.BackupAvailable)
	if b.StartedAt.IsZero() {
		b.StartedAt = w.now()
	}
	b.StartedAt = b.StartedAt.UTC()
	b.Bytes = cmp.Or(b.Bytes, 64<<10)
	w.backups[b.Key], w.sorted = b, nil
	return b
}

// RemoveBackup lets a backup expire. It reports whether there was one.
func (w *World) RemoveBackup(key string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, found := w.backups[key]
	delete(w.backups, key)
	w.sorted = nil
	return found
}

// Backups returns every backup, newest first. It is not to be written to.
func (w *World) Backups() []Backup {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sorted == nil {
		w.sorted = slices.SortedFunc(maps.Values(w.backups), func(a, b Backup) int {
			return cmp.Or(b.StartedAt.Compare(a.StartedAt), strings.Compare(b.Key, a.Key))
		})
	}
	return w.sorted
}

// Populate adds n backups over so many streams, a few policies, assets and
// sources, all made from the seed: every second one shares its time with the one before, and every
// kind, type, status and awkward key occurs.
func (w *World) Populate(n, streams int) {
	draws := rand.New(rand.NewPCG(w.seed, 0x3e3)) //nolint:gosec // made-up estates need no secrecy
	kinds := []model.AssetKind{model.AssetEBSVolume, model.AssetVM, model.AssetS3Bucket, model.AssetOther}
	types := []model.BackupType{model.TypeFull, model.TypeIncremental, model.TypeSnapshot, model.TypeUnknown}
	statuses := []model.BackupStatus{
		model.BackupAvailable, model.BackupAvailable, model.BackupPartial, model.BackupFailed, model.BackupUnknown,
	}
	at := w.now().UTC().Truncate(time.Microsecond)
	for i := range n {
		if i%2 == 0 {
			at = at.Add(-time.Duration(1+draws.IntN(7200)) * time.Second)
		}
		asset := draws.IntN(7)
		key := fmt.Sprintf("b%04d", draws.IntN(1000)*n+i)
		if i%5 == 0 {
			key = "odd/" + key + " ~é"
		}
		w.AddBackup(Backup{
			Key: key, Stream: fmt.Sprintf("stream-%d", i%max(streams, 1)), Asset: fmt.Sprintf("asset-%d", asset),
			AssetKind: kinds[asset%len(kinds)], Type: types[draws.IntN(len(types))], Status: statuses[i%len(statuses)],
			StartedAt: at, Bytes: 1 + draws.Int64N(1<<18),
		})
	}
	for i := range 5 {
		key := fmt.Sprintf("policy-%d", i)
		w.AddPolicy(model.Policy{
			Name: fmt.Sprintf("policy %d", i), Status: []string{"active", "active", "active", "inactive", "locked"}[i],
			AssetKinds: []model.AssetKind{}, Lossy: []string{}, Native: model.Native{ID: key},
			Rules: []model.Rule{{Kind: "full", Retention: &model.Retention{Keep: model.Period{Days: 30 * (i + 1)}}}},
		})
		w.AddAsset(Asset{Key: fmt.Sprintf("asset-%d", i), Kind: kinds[i%len(kinds)], Policy: key, Continuous: time.Duration(i) * 24 * time.Hour})
		w.AddAsset(Asset{Key: fmt.Sprintf("odd/asset ~%d", i), Kind: kinds[i%len(kinds)], Name: fmt.Sprintf("Never Backed Up %d", i)})
		w.AddSource(model.Source{
			Native: model.Native{ID: fmt.Sprintf("source-%d", i)}, Kind: "hypervisor", Name: fmt.Sprintf("site %d", i),
			Status: []string{"connected", "connected", "disconnected", "failed", "unknown"}[i], RefreshedAt: w.now().UTC(),
		})
	}
}

// Fail lets every call of op give err until Fail(op, nil). Ops are named as the
// contract names them: "Backups.Page" is all streams, "Backups.Page stream-1" is
// one of them.
func (w *World) Fail(op string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		delete(w.failures, op)
		return
	}
	w.failures[op] = err
}

// Hook is called before every operation with its full name, outside all locks:
// it may wait, change the world, or refuse by returning an error. Nil is none.
func (w *World) Hook(hook func(ctx context.Context, op string) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hook = hook
}

// LoseReplies lets the next n restores begin without telling their caller, who
// gets an Ambiguous error.
func (w *World) LoseReplies(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost = n
}

// CutContent breaks every transfer off after n bytes; zero lets them pass.
func (w *World) CutContent(n int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cutAt = n
}

// Calls counts the calls of op so far, as Fail names it.
func (w *World) Calls(op string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[op]
}

// enter is the beginning of every operation.
func (w *World) enter(ctx context.Context, op, detail string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	full := strings.TrimSpace(op + " " + detail)
	w.mu.Lock()
	hook := w.hook
	w.calls[op]++
	if full != op {
		w.calls[full]++
	}
	err := cmp.Or(w.failures[full], w.failures[op])
	w.mu.Unlock()
	if hook != nil {
		if err := hook(ctx, full); err != nil {
			return fault.Wrap(fault.Unavailable, "memory."+op, err)
		}
	}
	return fault.Wrap(fault.Unavailable, "memory."+op, err)
}

func (w *World) nextKey(kind string) string {
	w.serial++
	return fmt.Sprintf("%s-%06d", kind, w.serial)
}
