package adaptertest

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptercheck"
	"switchback/internal/adapters/simkit"
	"switchback/internal/model"
)

// Connection is the name under which the kit opens accounts.
const Connection = "kit"

// start is where the clock of every fixture stands at first.
var start = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

// Fixture is what a simulator shall be.
type Fixture struct {
	Seed     uint64
	Scenario simkit.Scenario
	Clock    *simkit.Clock // the only clock there is; the kit moves it
	Backups  int           // about how many backups the vendor holds; several pages

	// ContentBytes is how large the content of a download is at least; 0 leaves
	// it to the simulator.
	ContentBytes int64
}

// Sim is one simulated vendor and what the kit does behind the adapter's back.
type Sim struct {
	Handler http.Handler // nil for an adapter without a wire
	Kit     *simkit.Kit  // that serves Handler
	// Config is a working configuration for the vendor at url.
	Config func(url string) json.RawMessage
	// Required names members of the configuration (top level) without which
	// Open gives Invalid.
	Required []string
	// Secrets must appear in no error and no log line.
	Secrets []string

	// Reads is the pattern of requests that list and get backups; "GET /**"
	// when empty. Sign-in requests must not match it.
	Reads string
	// SignIn is the pattern of requests that sign in, "" when nothing does.
	SignIn string
	// Expire lets the vendor refuse the credential in use (not the one that is
	// configured). Nil when SignIn is "".
	Expire func()

	Backups   func() int // how many backups the vendor would show now
	AddBackup func()     // adds one that is newer than all others

	Restores []RestoreCase
	// UnknownState lets the vendor report a word for the restore's state that
	// its documents do not have.
	UnknownState func(r model.Restore)
	// Content is the size and the lower-case hex SHA-256 of what a restore of
	// kind download gives.
	Content func(r model.Restore) (size int64, sha256 string)
	// ContentRead is the pattern of requests that give bytes; Reads when empty.
	ContentRead string

	Writes
}

// Writes says what can be changed at the vendor beside restores.
type Writes struct {
	// Policy is one that the vendor can hold.
	Policy *model.Policy
	// PolicyEdits are changes that a policy made from Policy takes, one after the
	// other; nil renames it and keeps what its first rule makes a day longer.
	PolicyEdits []func(p *model.Policy)
	// LossyPolicy says something that the vendor can not hold.
	LossyPolicy *model.Policy
	// Assignment picks a policy, and assets that it can be assigned to and is not.
	Assignment func(policies []model.Policy, backups []model.Backup) (policy model.ID, assets []model.ID)
	// PatchStatus is a word that the status of a restore can be changed to, "" when
	// there is none.
	PatchStatus string
	// BackupStart picks what can be backed up now.
	BackupStart func(backups []model.Backup) adapters.BackupStart
}

// RestoreCase is one kind of restore to start.
type RestoreCase struct {
	Kind model.RestoreKind
	// Source picks from the listed backups, newest first; nil takes the newest
	// that offers Kind.
	Source                  func(backups []model.Backup) model.RestoreSource
	Target, Select, Options json.RawMessage
	// Write is the pattern of the one request that starts it: "POST /restores".
	Write string
}

// Harness is what an adapter's test hands over.
type Harness struct {
	Driver adapters.Driver
	Sim    func(tb testing.TB, f Fixture) Sim
	// Skip says for checks that can not pass why. A name that no check has, and a
	// check that would pass, fail the run.
	Skip map[string]string

	patience time.Duration // how soon a call must be back after its context is over
}

// patience is long for a machine under load and short against the minute that
// the vendor takes.
const patience = 10 * time.Second

// check is one promise that takes a vendor to look at.
type check struct {
	name, why string
	scenario  func() simkit.Scenario
	content   int64               // Fixture.ContentBytes
	wire      bool                // means something only over HTTP
	applies   func(b *bench) bool // nil is always
	lacks     func(s Sim) string  // the hook that is missing, "" when none is
	run       func(adaptercheck.T, *bench)
}

// Run runs every check as a subtest.
func Run(t *testing.T, h Harness) {
	t.Helper()
	checks := allChecks()
	for name := range h.Skip {
		if !slices.ContainsFunc(checks, func(c check) bool { return c.name == name }) {
			t.Errorf("Harness.Skip names %q, which is no check", name)
		}
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			b := open(t, h, c.scenario(), c.content)
			if c.wire && b.sim.Handler == nil || c.applies != nil && !c.applies(b) {
				t.Skip("the adapter has nothing that this is about")
			}
			lack := ""
			if c.lacks != nil {
				lack = c.lacks(b.sim)
			}
			reason, excused := h.Skip[c.name]
			skip, problems := verdict(c, lack, reason, excused, func() []string {
				return adaptercheck.Record(t.Context(), func(r adaptercheck.T) { c.run(r, b) })
			})
			for _, problem := range problems {
				t.Errorf("%s", problem)
			}
			if skip != "" {
				t.Skip(skip)
			}
		})
	}
}

// verdict runs a check unless it can not be run, and says why it is left out or
// what is wrong with it. An excuse holds only for a check that does not pass.
func verdict(c check, lack, reason string, excused bool, run func() []string) (skip string, problems []string) {
	if lack != "" && excused {
		return reason, nil
	}
	if lack != "" {
		return "", []string{"give Sim." + lack + ", or say in Harness.Skip why this can not be checked: " + c.why}
	}
	failures := run()
	switch {
	case excused && len(failures) == 0:
		return "", []string{"Harness.Skip excuses this check, and it passes"}
	case excused:
		return reason, nil
	case len(failures) > 0:
		return "", append([]string{"broken promise: " + c.why}, failures...)
	}
	return "", nil
}

// allChecks lists the checks of package adaptercheck, on a hostile vendor, and
// those that take a vendor.
func allChecks() []check {
	var all []check
	for _, c := range adaptercheck.Checks() {
		all = append(all, check{
			name: c.Name, why: c.Why, scenario: simkit.Hostile,
			applies: func(b *bench) bool { return c.Needs == nil || c.Needs(b.adapter) },
			run: func(t adaptercheck.T, b *bench) {
				b.populate(t)
				c.Run(t, adaptercheck.Subject{Adapter: b.adapter, Again: b.openAgain(t), Env: b.env})
			},
		})
	}
	return slices.Concat(
		all, lifecycleChecks(), listingChecks(), errorChecks(), contextChecks(), restoreChecks(), contentChecks(),
		planChecks(), changeChecks(), policyChecks(), nativeChecks(), writeChecks(),
	)
}

// bench is one adapter open on one simulator.
type bench struct {
	tb      testing.TB
	h       Harness
	clock   *simkit.Clock
	content int64 // Fixture.ContentBytes
	sim     Sim
	server  *httptest.Server
	url     string
	env     adapters.Env // whose transport repeats
	wire    *meter       // what goes over the wire
	logs    *logBuffer
	adapter *adapters.Adapter
}

func open(tb testing.TB, h Harness, scenario simkit.Scenario, content int64) *bench {
	tb.Helper()
	h.patience = cmp.Or(h.patience, patience)
	b := &bench{tb: tb, h: h, content: content, clock: simkit.NewClock(start), logs: &logBuffer{}}
	b.sim = h.Sim(tb, Fixture{Seed: 7, Scenario: scenario, Clock: b.clock, Backups: 40, ContentBytes: content})
	if b.sim.Reads == "" {
		b.sim.Reads = "GET /**"
	}
	if b.sim.ContentRead == "" {
		b.sim.ContentRead = b.sim.Reads
	}
	if b.sim.Handler != nil {
		b.server = httptest.NewServer(b.sim.Handler)
		b.url = b.server.URL
	}
	b.wire = &meter{base: &http.Transport{MaxIdleConnsPerHost: 32}}
	b.env = adapters.Env{Connection: Connection, Transport: Repeating(b.wire), Logger: b.logs.logger(), Now: b.clock.Now}
	var err error
	if b.adapter, err = h.Driver.Open(tb.Context(), b.config(), b.env); err != nil {
		tb.Fatalf("open: %v", err)
	}
	tb.Cleanup(b.close)
	return b
}

func (b *bench) config() json.RawMessage { return b.sim.Config(b.url) }

// close frees all there is; it may be called twice.
func (b *bench) close() {
	_ = b.adapter.Session.Close(context.WithoutCancel(b.tb.Context()))
	if b.server != nil {
		b.server.CloseClientConnections()
		b.server.Close()
	}
	b.wire.base.CloseIdleConnections()
}

// openAgain opens the same account as another process would.
func (b *bench) openAgain(t adaptercheck.T) *adapters.Adapter {
	return b.openOver(t, b.env.Transport)
}

func (b *bench) openOver(t adaptercheck.T, transport http.RoundTripper) *adapters.Adapter {
	t.Helper()
	env := b.env
	env.Transport = transport
	a, err := b.h.Driver.Open(t.Context(), b.config(), env)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	b.tb.Cleanup(func() { _ = a.Session.Close(context.WithoutCancel(b.tb.Context())) })
	return a
}

// backups lists everything, newest first within each stream.
func (b *bench) backups(t adaptercheck.T, a *adapters.Adapter) []model.Backup {
	t.Helper()
	streams, err := a.Backups.Streams(t.Context(), model.BackupQuery{})
	if err != nil {
		t.Fatalf("streams: %v", err)
	}
	var all []model.Backup
	for _, stream := range streams {
		all = append(all, readAll(t, stream, 50)...)
	}
	slices.SortFunc(all, func(a, b model.Backup) int { return a.Position().Compare(b.Position()) })
	return all
}

func readAll[I any](t adaptercheck.T, stream adapters.Stream[I], limit int) []I {
	t.Helper()
	var all []I
	var before model.Position
	for {
		page, err := stream.Page(t.Context(), before, limit)
		if err != nil {
			t.Fatalf("stream %s: %v", stream.Name, err)
		}
		all = append(all, page.Items...)
		if !page.More {
			return all
		}
		if !before.Before(page.Next) {
			t.Fatalf("stream %s: Next %v does not come after %v", stream.Name, page.Next, before)
		}
		before = page.Next
	}
}

// request makes a case into a request.
func (b *bench) request(t adaptercheck.T, c RestoreCase, all []model.Backup, marker string) model.RestoreRequest {
	t.Helper()
	r := model.RestoreRequest{Kind: c.Kind, Target: c.Target, Select: c.Select, Options: c.Options, Reason: "conformance", Marker: marker}
	if c.Source != nil {
		r.Source = c.Source(all)
		return r
	}
	for _, backup := range all {
		if slices.Contains(backup.RestoreKinds, c.Kind) {
			r.Source.Backup = &backup.ID
			return r
		}
	}
	t.Fatalf("no listed backup offers the restore kind %s", c.Kind)
	return r
}

// populate starts every restore there is, minutes apart, so that lists of
// restores and operations hold something.
func (b *bench) populate(t adaptercheck.T) {
	t.Helper()
	if b.adapter.Restores == nil {
		return
	}
	all := b.backups(t, b.adapter)
	for i, c := range b.sim.Restores {
		for n := range 2 {
			marker := "kit" + string(rune('a'+i)) + string(rune('a'+n))
			if _, err := b.adapter.Restores.Start(t.Context(), b.request(t, c, all, marker)); err != nil {
				t.Fatalf("start %s: %v", c.Kind, err)
			}
		}
		b.clock.Advance(time.Minute)
	}
	b.clock.Advance(time.Hour)
}

// without returns the configuration without one member.
func without(config json.RawMessage, member string) json.RawMessage {
	return edited(config, func(m map[string]json.RawMessage) { delete(m, member) })
}

func edited(config json.RawMessage, edit func(map[string]json.RawMessage)) json.RawMessage {
	members := map[string]json.RawMessage{}
	_ = json.Unmarshal(config, &members)
	members = maps.Clone(members)
	edit(members)
	out, _ := json.Marshal(members)
	return out
}
