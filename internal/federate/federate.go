package federate

import (
	"cmp"
	"log/slog"
	"slices"
	"time"

	"switchback/internal/fault"
	"switchback/internal/fleet"
)

// State is how a connection took part in a list.
type State string

// The states of a source. Skipped means not asked, and Code says why:
// unsupported (nothing is missing) or missed-earlier (see the package comment).
const (
	StateOK      State = "ok"
	StateStale   State = "stale"
	StateFailed  State = "failed"
	StateSkipped State = "skipped"
)

// Source is one connection's part in one page.
type Source struct {
	Connection string
	State      State
	Age        time.Duration // of what was served; zero is live
	Items      int           // on this page
	Code       string        // why it failed or was skipped
	RetryAfter time.Duration
	Err        error // the failure, for logs

	// What it took, for explain.
	Calls  int      // asks to the adapter
	Pushed []string // filters the vendor applied
}

// CodeMissedEarlier is the code of a connection that failed on an earlier page.
const CodeMissedEarlier = "missed-earlier"

// CodeUnsupported is the code of a connection that has no such list.
const CodeUnsupported = "unsupported"

// List is one page.
type List[T any] struct {
	Items    []T
	Next     string // cursor of the next page, "" at the end
	Resume   string // cursor of what was missed so far, "" when nothing was
	Complete bool   // nothing is missing on this page or before it in the walk
	Sources  []Source
}

// Request is what all lists have in common.
type Request struct {
	Conns    []*fleet.Conn // visible to the caller and chosen by the query, by name
	PageSize int
	Cursor   string // "" is the start of a walk
	// Binding is what a cursor belongs to: the normalized query and the
	// caller's visibility. A cursor with another binding is refused.
	Binding string
	Strict  bool     // any failure fails the page
	Require []string // a failure of one of these fails the page
}

// Settings of a Federator; zero members take the default.
type Settings struct {
	SourceDeadline time.Duration // for one connection's part in one page
	Fanout         int           // asks under way at once in one page
	ScanLimit      int           // items looked at for one page, when a filter drops most
}

// Federator makes lists. It is safe for concurrent use.
type Federator struct {
	settings Settings
	sealer   *Sealer
	now      func() time.Time
	logger   *slog.Logger
}

// New returns a Federator.
func New(settings Settings, sealer *Sealer, now func() time.Time, logger *slog.Logger) *Federator {
	settings.SourceDeadline = cmp.Or(settings.SourceDeadline, 10*time.Second)
	settings.Fanout = cmp.Or(settings.Fanout, 128)
	settings.ScanLimit = cmp.Or(settings.ScanLimit, 20_000)
	return &Federator{settings: settings, sealer: sealer, now: now, logger: logger}
}

// IncompleteError says that a page the caller wanted whole is not.
type IncompleteError struct{ Sources []Source }

func (e *IncompleteError) Error() string { return "not every connection answered" }

// Timeout reports whether nothing but missing time was the reason.
func (e *IncompleteError) Timeout() bool {
	for _, s := range e.Sources {
		if s.State == StateFailed && fault.KindOf(s.Err) != fault.Timeout {
			return false
		}
	}
	return true
}

// verdict decides whether a page with these sources may go out.
func verdict(r Request, sources []Source) error {
	for _, s := range sources {
		missing := s.State == StateFailed || s.State == StateSkipped && s.Code == CodeMissedEarlier
		if !missing {
			continue
		}
		if r.Strict || slices.Contains(r.Require, s.Connection) {
			return &IncompleteError{Sources: sources}
		}
	}
	return nil
}
