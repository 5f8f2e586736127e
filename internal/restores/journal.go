package restores

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"switchback/internal/fault"
	"switchback/internal/fleet"
	"switchback/internal/model"
)

// Phase is how far a record has come.
type Phase string

// The phases. Intent means that the vendor may be called right now, or that
// the gateway died in the middle of it; Unknown that the call ended without
// telling whether the vendor acted.
const (
	PhaseIntent  Phase = "intent"
	PhaseStarted Phase = "started"
	PhaseRefused Phase = "refused"
	PhaseUnknown Phase = "unknown"
)

// Record is what the journal keeps of one request.
type Record struct {
	Key         string               `json:"key"` // of caller and idempotency key
	Fingerprint string               `json:"fingerprint"`
	Phase       Phase                `json:"phase"`
	CreatedAt   time.Time            `json:"createdAt"`
	RequestedBy string               `json:"requestedBy"`
	Connection  string               `json:"connection"`
	Marker      string               `json:"marker"`
	Request     model.RestoreRequest `json:"request"`
	Restore     *model.Restore       `json:"restore,omitempty"` // the answer that was given
	RestoreID   string               `json:"restoreId,omitempty"`
	LastState   model.State          `json:"lastState,omitempty"` // the furthest state seen
	Refusal     *Refusal             `json:"refusal,omitempty"`
}

// Refusal is an error that a later request with the same key gets again.
type Refusal struct {
	Kind     fault.Kind        `json:"kind"`
	Detail   string            `json:"detail,omitempty"`
	Fields   []fault.Field     `json:"fields,omitempty"`
	Upstream *fault.Upstreamed `json:"upstream,omitempty"`
}

// Store keeps encoded records by key. A record may also have an alias, under
// which it is found once it has been put with it. Writes are durable when they
// return; values belong to their caller.
type Store interface {
	// Begin stores a value under a key that is not there yet, and returns nil; or
	// returns the value that is there and stores nothing. It is atomic over all
	// who share the store.
	Begin(ctx context.Context, key string, value []byte) (existing []byte, err error)
	// Put replaces the value of a key. An empty alias leaves the aliases alone.
	Put(ctx context.Context, key string, value []byte, alias string) error
	// ByAlias returns the value with the alias, nil if there is none.
	ByAlias(ctx context.Context, alias string) ([]byte, error)
}

// Errors of the idempotency key. They are about the request, not the vendor.
var (
	ErrKeyReused = errors.New("the idempotency key belongs to another request")
	ErrInFlight  = errors.New("the request with this idempotency key is still being worked on")
)

// Journal starts restores.
type Journal struct {
	store   Store
	now     func() time.Time
	logger  *slog.Logger
	checker *checker
	running sync.WaitGroup
}

// NewJournal returns a journal over a store.
func NewJournal(store Store, now func() time.Time, logger *slog.Logger) *Journal {
	return &Journal{store: store, now: now, logger: logger, checker: newChecker()}
}

// Started is the outcome of Start.
type Started struct {
	Restore  model.Restore
	Replayed bool // it is the stored outcome of an earlier request
}

// Start begins one restore on a connection for a caller, at most once for the
// caller's key. An error that is not of package fault is ErrKeyReused,
// ErrInFlight or the context's. When the vendor's part is not known, the
// restore comes with OutcomeUnknown and an id of the journal.
//
// Once the intent is written the work goes on even if ctx ends.
func (j *Journal) Start(ctx context.Context, conn *fleet.Conn, caller, key string, r model.RestoreRequest) (Started, error) {
	if err := j.checker.check(conn, r); err != nil {
		return Started{}, err
	}
	record := Record{
		Key: digest(caller, key), Fingerprint: fingerprint(conn.Name, r), Phase: PhaseIntent, CreatedAt: j.now().UTC(),
		RequestedBy: caller, Connection: conn.Name, Marker: newMarker(), Request: r,
	}
	existing, err := j.begin(ctx, record)
	if err != nil {
		return Started{}, &fault.Error{Kind: fault.Unavailable, Op: "journal.begin", Detail: "the journal can not be written", Err: err}
	}
	if existing != nil {
		return replay(existing, record.Fingerprint)
	}
	j.running.Add(1)
	defer j.running.Done()
	return j.run(context.WithoutCancel(ctx), conn, record)
}

// Wait returns when no started restore is between its intent and its outcome.
func (j *Journal) Wait() { j.running.Wait() }

func (j *Journal) run(ctx context.Context, conn *fleet.Conn, record Record) (Started, error) {
	request := record.Request
	request.Marker = record.Marker
	restore, err := conn.StartRestore(ctx, request)
	e := fault.Of(err)
	switch {
	case err == nil:
		record.Phase = PhaseStarted
		record.Restore = j.complete(&restore, record)
		record.LastState = restore.State
	case e != nil && !e.Ambiguous:
		record.Phase = PhaseRefused
		record.Refusal = &Refusal{Kind: e.Kind, Detail: e.Detail, Fields: e.Fields, Upstream: e.Upstream}
	default:
		record.Phase = PhaseUnknown
		restore = model.Restore{
			ID: model.ID{Connection: conn.Name, Kind: journalKind, Key: record.Marker}, State: model.StateUnknown, OutcomeUnknown: true,
			Progress: model.Progress{Basis: model.ProgressNone}, CreatedAt: record.CreatedAt,
			Error: &model.Failure{Code: "outcome-unknown", Detail: "the vendor may have started this restore; look for it at the vendor before trying again"},
		}
		record.Restore = j.complete(&restore, record)
		record.LastState = model.StateUnknown
		j.logger.ErrorContext(ctx, "outcome of a restore is not known", slog.String("connection", conn.Name),
			slog.String("marker", record.Marker), slog.Any("error", err))
	}
	if record.Restore != nil {
		record.RestoreID = record.Restore.ID.String()
	}
	if perr := j.put(ctx, record); perr != nil {
		// The intent stands: the same key is told that the request is in work, and
		// nothing is started twice.
		j.logger.ErrorContext(ctx, "outcome of a restore not written", slog.String("connection", conn.Name),
			slog.String("marker", record.Marker), slog.Any("error", perr))
	}
	if record.Phase == PhaseRefused {
		return Started{}, err
	}
	return Started{Restore: restore}, nil
}

// journalKind is the id kind of restores that only the journal knows.
const journalKind = "journal"

// replay gives the outcome of an earlier request again.
func replay(r *Record, fingerprint string) (Started, error) {
	if r.Fingerprint != fingerprint {
		return Started{}, ErrKeyReused
	}
	switch r.Phase {
	case PhaseStarted, PhaseUnknown:
		return Started{Restore: *r.Restore, Replayed: true}, nil
	case PhaseRefused:
		return Started{Replayed: true}, &fault.Error{
			Kind: r.Refusal.Kind, Op: "journal.replay", Detail: r.Refusal.Detail, Fields: r.Refusal.Fields, Upstream: r.Refusal.Upstream,
		}
	case PhaseIntent:
	}
	return Started{}, ErrInFlight
}

// complete adds what the vendor does not keep: what was asked, why and by whom.
func (j *Journal) complete(restore *model.Restore, r Record) *model.Restore {
	restore.Connection = r.Connection
	restore.Kind = r.Request.Kind
	restore.Source = &r.Request.Source
	restore.Reason = r.Request.Reason
	restore.RequestedBy = r.RequestedBy
	if len(r.Request.Target) > 0 {
		restore.Target = r.Request.Target
	}
	return restore
}

// Get returns a restore as the vendor shows it now, with what the journal
// knows of it. A state that was terminal stays terminal.
func (j *Journal) Get(ctx context.Context, conn *fleet.Conn, id model.ID, native bool) (model.Restore, error) {
	record, err := j.byRestore(ctx, id)
	if err != nil {
		j.logger.WarnContext(ctx, "journal can not be read", slog.Any("error", err))
	}
	if id.Kind == journalKind {
		if record == nil {
			return model.Restore{}, fault.New(fault.NotFound, "restores.get", "")
		}
		restore := *record.Restore
		restore.Provider = conn.Provider
		return restore, nil
	}
	restore, err := conn.Restore(ctx, id, native)
	if err != nil || record == nil {
		return restore, err
	}
	j.complete(&restore, *record)
	restore = j.forward(ctx, restore, *record)
	if restore.State.Terminal() {
		restore = j.located(ctx, conn, restore, *record)
	}
	return restore, nil
}

// located adds what a finished restore has made. That it can not be looked up
// now is a warning: the restore itself is known.
func (j *Journal) located(ctx context.Context, conn *fleet.Conn, restore model.Restore, record Record) model.Restore {
	request := record.Request
	request.Marker = record.Marker
	found, err := conn.LocateRestored(ctx, restore, request)
	if err != nil {
		restore.Warnings = append(restore.Warnings, "what the restore has made can not be looked up now")
		return restore
	}
	return found
}

// forward keeps states moving forward only.
func (j *Journal) forward(ctx context.Context, restore model.Restore, record Record) model.Restore {
	switch {
	case record.LastState.Terminal() && restore.State != record.LastState:
		restore.Warnings = append(restore.Warnings, fmt.Sprintf("the vendor says %s after it had said %s", restore.State, record.LastState))
		restore.State = record.LastState
	case restore.State != record.LastState && restore.State != model.StateUnknown:
		record.LastState = restore.State
		if err := j.put(ctx, record); err != nil {
			j.logger.WarnContext(ctx, "state of a restore not written", slog.Any("error", err))
		}
	}
	return restore
}

// Describe adds what the journal knows to a restore from a list.
func (j *Journal) Describe(ctx context.Context, restore model.Restore) model.Restore {
	record, err := j.byRestore(ctx, restore.ID)
	if err != nil || record == nil {
		return restore
	}
	if record.LastState.Terminal() {
		restore.State = record.LastState
	}
	return *j.complete(&restore, *record)
}

// digest names a caller's key without keeping either.
func digest(caller, key string) string {
	sum := sha256.Sum256([]byte(caller + "\x00" + key))
	return hex.EncodeToString(sum[:])
}

// fingerprint tells two bodies apart. Member order and white space of the raw
// parts do not count.
func fingerprint(connection string, r model.RestoreRequest) string {
	for _, raw := range []*json.RawMessage{&r.Target, &r.Select, &r.Options} {
		var v any
		if len(*raw) > 0 && json.Unmarshal(*raw, &v) == nil {
			*raw, _ = json.Marshal(v)
		}
	}
	body, _ := json.Marshal(r)
	sum := sha256.Sum256(append([]byte(connection+"\x00"), body...))
	return hex.EncodeToString(sum[:])
}

// newMarker returns a token that is unique, URL-safe, lower-case and short
// enough for any vendor's name: 26 characters.
func newMarker() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:])
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:]))
}
