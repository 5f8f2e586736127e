package adaptertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptercheck"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// A restore must be over after this many steps of the clock.
const (
	steps = 400
	step  = 30 * time.Second
)

func restoreChecks() []check {
	row := func(name, why string, wire bool, run func(adaptercheck.T, *bench)) check {
		return check{
			name: name, why: why, scenario: simkit.Friendly, wire: wire, run: run, lacks: lacksRestores,
			applies: func(b *bench) bool { return b.adapter.Restores != nil },
		}
	}
	unknown := row("restores/unknown-state-goes-on", "a state that no document names is unknown, and the restore goes on", false, unknownStateGoesOn)
	unknown.lacks = func(s Sim) string {
		if s.UnknownState == nil {
			return "UnknownState"
		}
		return lacksRestores(s)
	}
	cancel := row("restores/cancel-stops", "what says that it can be cancelled can be, comes to an end, and is then Conflict", false, cancelStops)
	cancel.applies = func(b *bench) bool { return b.adapter.RestoreCancels != nil }
	return []check{
		row("restores/every-kind-is-tried", "the harness has a case for every kind of restore that is offered", false, everyKindIsTried),
		row("restores/accepted-is-readable", "a restore that was accepted can be read and listed by another instance", false, acceptedIsReadable),
		row("restores/states-move-forward", "a restore moves forward to a terminal state and stays in it", false, statesMoveForward),
		row("restores/lost-reply-is-ambiguous", "a write without a usable answer is Ambiguous; a refused one is not", true, lostReply),
		row("restores/write-is-sent-once", "the one write is never sent again, whatever comes back", true, writeIsSentOnce),
		row("restores/reads-come-first", "a failed read before the write is not Ambiguous, and nothing is written", true, readsComeFirst),
		row("restores/nonsense-is-refused", "an unknown kind, source or form is refused and nothing is written", false, nonsenseIsRefused),
		row("restores/marker-is-sent", "the marker goes where Traits.MarkerPlaces says it goes", true, markerIsSent),
		row("restores/native-idempotency-holds", "with NativeIdempotency equal markers start one restore", false, nativeIdempotency),
		unknown, cancel,
	}
}

func lacksRestores(s Sim) string {
	if len(s.Restores) == 0 {
		return "Restores"
	}
	return ""
}

// begin starts a case and fails the check when it is refused.
func (b *bench) begin(t adaptercheck.T, c RestoreCase, marker string) model.Restore {
	t.Helper()
	r, err := b.adapter.Restores.Start(t.Context(), b.request(t, c, b.backups(t, b.adapter), marker))
	if err != nil {
		t.Fatalf("start %s: %v", c.Kind, err)
	}
	return r
}

// finish moves the clock until the restore is over.
func (b *bench) finish(t adaptercheck.T, id model.ID) model.Restore {
	t.Helper()
	var r model.Restore
	for range steps {
		var err error
		if r, err = b.adapter.Restores.Get(t.Context(), id, false); err != nil {
			t.Fatalf("get %s: %v", id, err)
		}
		if r.State.Terminal() {
			return r
		}
		b.clock.Advance(step)
	}
	t.Fatalf("%s is still %s after %v", id, r.State, steps*step)
	return r
}

func everyKindIsTried(t adaptercheck.T, b *bench) {
	for _, offered := range b.adapter.RestoreKinds {
		if !slices.ContainsFunc(b.sim.Restores, func(c RestoreCase) bool { return c.Kind == offered.Kind }) {
			t.Errorf("there is no case for %s", offered.Kind)
		}
	}
}

func acceptedIsReadable(t adaptercheck.T, b *bench) {
	for i, c := range b.sim.Restores {
		r := b.begin(t, c, fmt.Sprintf("kit-read-%d", i))
		if parsed, err := model.ParseID(r.ID.String()); err != nil || parsed != r.ID || r.ID.Connection != Connection {
			t.Errorf("%s: the id %q does not parse back: %v", c.Kind, r.ID, err)
		}
		if r.State == "" || r.Native == (model.Native{}) {
			t.Errorf("%s: the answer of Start has the state %q and native %+v", c.Kind, r.State, r.Native)
		}
		b.clock.Advance(step)
		again := b.openAgain(t)
		got, err := again.Restores.Get(t.Context(), r.ID, false)
		if err != nil || got.ID != r.ID || got.Kind != c.Kind || got.CreatedAt.IsZero() {
			t.Errorf("%s: read by another instance it is %s of kind %s, created %v, error %v", c.Kind, got.ID, got.Kind, got.CreatedAt, err)
		}
		streams, err := again.Restores.Streams(t.Context(), model.RestoreQuery{})
		if err != nil {
			t.Fatalf("streams: %v", err)
		}
		listed := slices.ContainsFunc(streams, func(s adapters.Stream[model.Restore]) bool {
			return slices.ContainsFunc(readAll(t, s, 20), func(item model.Restore) bool { return item.ID == r.ID })
		})
		if !listed {
			t.Errorf("%s: no stream has %s", c.Kind, r.ID)
		}
	}
}

// rank orders states: what is equal may change to and fro.
func rank(s model.State) int {
	switch s {
	case model.StateQueued:
		return 0
	case model.StateRunning, model.StatePaused, model.StateUnknown:
		return 1
	case model.StateCanceling:
		return 2
	case model.StateSucceeded, model.StateSucceededWithWarnings, model.StateFailed, model.StateCanceled, model.StateSkipped:
		return 3
	}
	return -1
}

func statesMoveForward(t adaptercheck.T, b *bench) {
	watcher := b.openAgain(t)
	for i, c := range b.sim.Restores {
		r := b.begin(t, c, fmt.Sprintf("kit-watch-%d", i))
		last, after := r.State, 0
		for n := 0; n < steps && after < 8; n++ {
			got, err := watcher.Restores.Get(t.Context(), r.ID, false)
			if err != nil {
				t.Fatalf("%s: %v", c.Kind, err)
			}
			if rank(got.State) < rank(last) || last.Terminal() && got.State != last {
				t.Errorf("%s: from %s it went to %s", c.Kind, last, got.State)
				return
			}
			last = got.State
			b.clock.Advance(step)
			if last.Terminal() {
				b.clock.Advance(time.Hour)
				after++
			}
		}
		if !last.Terminal() {
			t.Errorf("%s: still %s after %v", c.Kind, last, steps*step)
		}
	}
}

// startUnder starts a case while its write is answered so, and returns how many
// writes the vendor saw.
func (b *bench) startUnder(t adaptercheck.T, c RestoreCase, marker string, responses ...simkit.Response) (writes int, err error) {
	t.Helper()
	request := b.request(t, c, b.backups(t, b.adapter), marker)
	before := b.writes(c)
	b.sim.Kit.Inject(c.Write, responses...)
	defer b.sim.Kit.ClearInjected()
	_, err = b.adapter.Restores.Start(t.Context(), request)
	return b.writes(c) - before, err
}

func lostReply(t adaptercheck.T, b *bench) {
	lost := map[string]simkit.Response{
		"lost":    {Act: true, Reset: true},
		"reset":   {Reset: true},
		"cut off": {CutAt: 10},
		"500":     {Act: true, Status: http.StatusInternalServerError, Body: "oops"},
		"502":     {Act: true, Status: http.StatusBadGateway, Body: "<html>"},
		"504":     {Act: true, Status: http.StatusGatewayTimeout},
		"HTML":    {Act: true, Status: http.StatusOK, Body: "<html>"},
	}
	refused := map[string]simkit.Response{
		"400": {Status: http.StatusBadRequest, Body: "{}"}, "403": {Status: http.StatusForbidden, Body: "{}"},
		"409": {Status: http.StatusConflict, Body: "{}"}, "429": {Status: http.StatusTooManyRequests, Body: "{}"},
	}
	for i, c := range b.sim.Restores {
		for name, response := range lost {
			writes, err := b.startUnder(t, c, fmt.Sprintf("kit-lost-%d-%s", i, name), response)
			if e := fault.Of(err); e == nil || !e.Ambiguous || writes != 1 {
				t.Errorf("%s, reply %s: want an Ambiguous error after 1 write, got %v after %d", c.Kind, name, err, writes)
			}
		}
		for name, response := range refused {
			writes, err := b.startUnder(t, c, fmt.Sprintf("kit-refused-%d-%s", i, name), response)
			if e := fault.Of(err); e == nil || e.Ambiguous || e.Kind == fault.Unknown || writes != 1 {
				t.Errorf("%s refused with %s: want an error that is not Ambiguous after 1 write, got %v after %d", c.Kind, name, err, writes)
			}
		}
		b.outOfTime(t, c, fmt.Sprintf("kit-late-%d", i))
	}
}

// outOfTime lets the deadline pass while the write is at the vendor.
func (b *bench) outOfTime(t adaptercheck.T, c RestoreCase, marker string) {
	t.Helper()
	request := b.request(t, c, b.backups(t, b.adapter), marker)
	before := b.writes(c)
	b.sim.Kit.Inject(c.Write, simkit.Response{Delay: time.Minute})
	defer b.sim.Kit.ClearInjected()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := b.adapter.Restores.Start(ctx, request)
		done <- err
	}()
	b.within(func() bool { return b.writes(c) > before })
	cancel()
	select {
	case err := <-done:
		if e := fault.Of(err); e == nil || !e.Ambiguous {
			t.Errorf("%s given up while the vendor had the write: want an Ambiguous error, got %v", c.Kind, err)
		}
	case <-time.After(b.h.patience):
		t.Errorf("%s: not back %v after it was cancelled", c.Kind, b.h.patience)
	}
}

func writeIsSentOnce(t adaptercheck.T, b *bench) {
	for i, c := range b.sim.Restores {
		for _, status := range []int{429, 500, 502, 503, 504, 409, 307, 0} {
			response := simkit.Response{Status: status, Reset: status == 0, Header: http.Header{"Retry-After": {"0"}, "Location": {"/"}}}
			writes, err := b.startUnder(t, c, fmt.Sprintf("kit-once-%d-%d", i, status), response)
			if err == nil || writes != 1 {
				t.Errorf("%s answered %d: sent %d times, error %v", c.Kind, status, writes, err)
			}
		}
	}
}

func readsComeFirst(t adaptercheck.T, b *bench) {
	for i, c := range b.sim.Restores {
		request := b.request(t, c, b.backups(t, b.adapter), fmt.Sprintf("kit-first-%d", i))
		before := b.writes(c)
		fresh := b.openAgain(t)
		err := b.under(t.Context(), b.sim.Reads, simkit.Response{Status: http.StatusServiceUnavailable}, func(ctx context.Context) error {
			_, err := fresh.Restores.Start(ctx, request)
			return err
		})
		writes := b.writes(c) - before
		if e := fault.Of(err); err != nil && (e == nil || e.Ambiguous && writes == 0) {
			t.Errorf("%s: nothing was written and the error is Ambiguous or not of package fault: %v", c.Kind, err)
		}
	}
}

func nonsenseIsRefused(t adaptercheck.T, b *bench) {
	all := b.backups(t, b.adapter)
	nobody := model.ID{Connection: Connection, Kind: all[0].ID.Kind, Key: "no-such-backup"}
	for i, c := range b.sim.Restores {
		good := b.request(t, c, all, fmt.Sprintf("kit-bad-%d", i))
		kind, source, form := good, good, good
		kind.Kind = "no-such-kind"
		source.Source = model.RestoreSource{Backup: &nobody}
		form.Source = model.RestoreSource{}
		for name, request := range map[string]model.RestoreRequest{"an unknown kind": kind, "an unknown source": source, "no source": form} {
			before := b.writes(c)
			_, err := b.adapter.Restores.Start(t.Context(), request)
			if e := fault.Of(err); e == nil || e.Ambiguous || !slices.Contains([]fault.Kind{fault.Invalid, fault.NotFound, fault.Unsupported}, e.Kind) {
				t.Errorf("%s with %s: want invalid, not_found or unsupported, got %v", c.Kind, name, err)
			}
			if name != "an unknown source" && b.writes(c) > before { // a source the vendor may judge
				t.Errorf("%s with %s was sent to the vendor", c.Kind, name)
			}
		}
	}
}

// writes counts the writes of a case that the vendor has seen.
func (b *bench) writes(c RestoreCase) int {
	if b.sim.Kit == nil {
		return 0
	}
	return len(b.sim.Kit.Requests(c.Write))
}

func markerIsSent(t adaptercheck.T, b *bench) {
	for i, c := range b.sim.Restores {
		place, has := b.adapter.Traits.MarkerPlaces[c.Kind]
		marker := fmt.Sprintf("kitmark%d", i)
		before := b.writes(c)
		b.begin(t, c, marker)
		seen := slices.ContainsFunc(b.sim.Kit.Requests(c.Write)[before:], func(r simkit.Request) bool {
			return bytes.Contains(r.Body, []byte(marker)) || strings.Contains(r.Path+r.Query.Encode(), marker)
		})
		if seen != has {
			t.Errorf("%s: MarkerPlaces says %q; the marker was seen in the write: %t", c.Kind, place, seen)
		}
	}
}

func nativeIdempotency(t adaptercheck.T, b *bench) {
	all := b.backups(t, b.adapter)
	for i, c := range b.sim.Restores {
		marker := fmt.Sprintf("kit-same-%d", i)
		first := b.begin(t, c, marker)
		second, err := b.adapter.Restores.Start(t.Context(), b.request(t, c, all, marker))
		if errors.Is(err, fault.Conflict) && !b.adapter.Traits.NativeIdempotency {
			continue // the marker is a name that must be unique
		}
		if same := err == nil && first.ID == second.ID; err != nil || same != b.adapter.Traits.NativeIdempotency {
			t.Errorf("%s: NativeIdempotency is %t, and equal markers gave %s and %s, error %v",
				c.Kind, b.adapter.Traits.NativeIdempotency, first.ID, second.ID, err)
		}
	}
}

func unknownStateGoesOn(t adaptercheck.T, b *bench) {
	for i, c := range b.sim.Restores {
		r := b.begin(t, c, fmt.Sprintf("kit-strange-%d", i))
		b.sim.UnknownState(r)
		got, err := b.adapter.Restores.Get(t.Context(), r.ID, false)
		if err != nil || got.State != model.StateUnknown || got.Native.Status == "" {
			t.Errorf("%s: want unknown with the vendor's word, got %q (%q), error %v", c.Kind, got.State, got.Native.Status, err)
		}
	}
}

func cancelStops(t adaptercheck.T, b *bench) {
	for i, c := range b.sim.Restores {
		r := b.begin(t, c, fmt.Sprintf("kit-cancel-%d", i))
		got, err := b.adapter.Restores.Get(t.Context(), r.ID, false)
		if err != nil {
			t.Fatalf("%s: %v", c.Kind, err)
		}
		if got.Cancellable {
			if err := b.adapter.RestoreCancels.Cancel(t.Context(), r.ID); err != nil {
				t.Errorf("%s: cancel: %v", c.Kind, err)
			}
		}
		last := b.finish(t, r.ID)
		if got.Cancellable && last.State != model.StateCanceled {
			t.Errorf("%s: cancelled, it ended as %s", c.Kind, last.State)
		}
		if last.Cancellable {
			t.Errorf("%s: it is %s and says that it can be cancelled", c.Kind, last.State)
		}
		err = b.adapter.RestoreCancels.Cancel(t.Context(), r.ID)
		if kind := fault.KindOf(err); err == nil || kind != fault.Conflict && (got.Cancellable || kind != fault.Unsupported) {
			t.Errorf("%s: cancelling what is over: want conflict, got %v", c.Kind, err)
		}
	}
}
