package adaptertest

import (
	"context"
	"errors"
	"sync"
	"time"

	"switchback/internal/adapters/adaptercheck"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
)

func contextChecks() []check {
	return []check{
		{
			name: "context/cancelled-before-sends-nothing", why: "a call whose context is over sends no request",
			scenario: simkit.Friendly, wire: true, run: cancelledBefore,
		},
		{
			name: "context/cancelled-during-returns", why: "a read comes back at once when it is cancelled, with context.Canceled",
			scenario: simkit.Friendly, wire: true, run: cancelledDuring,
		},
		{
			name: "context/deadline-is-kept", why: "a read comes back at its deadline, as Timeout",
			scenario: simkit.Friendly, wire: true, run: deadlineKept,
		},
		{
			name: "auth/one-sign-in", why: "any number of callers with an expired credential cause one sign-in, and all succeed",
			scenario: simkit.Friendly, wire: true, run: oneSignIn,
			applies: func(b *bench) bool { return b.sim.SignIn != "" },
			lacks: func(s Sim) string {
				if s.Expire == nil {
					return "Expire"
				}
				return ""
			},
		},
	}
}

func cancelledBefore(t adaptercheck.T, b *bench) {
	reads := b.reads(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	fresh := b.openOver(t, b.wire)
	reads = append(reads, read{"check", fresh.Session.Check})
	before := b.wire.sent.Load()
	for _, r := range reads {
		if err := r.do(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: want context.Canceled, got %v", r.name, err)
		}
	}
	if n := b.wire.sent.Load() - before; n > 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func cancelledDuring(t adaptercheck.T, b *bench) {
	for _, r := range b.reads(t) {
		ctx, cancel := context.WithCancel(t.Context())
		before := b.sim.Kit.Total()
		done := make(chan error, 1)
		go func() {
			done <- b.under(ctx, b.sim.Reads, simkit.Response{Delay: time.Minute}, r.do)
		}()
		arrived := b.within(func() bool { return b.sim.Kit.Total() > before })
		cancel()
		select {
		case err := <-done:
			if !arrived || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: want context.Canceled, got %v", r.name, err)
			}
		case <-time.After(b.h.patience):
			t.Fatalf("%s: not back %v after it was cancelled", r.name, b.h.patience)
		}
	}
}

// within waits for something that another goroutine brings about.
func (b *bench) within(happened func() bool) bool {
	for range 2000 {
		if happened() {
			return true
		}
		time.Sleep(b.h.patience / 2000)
	}
	return false
}

func deadlineKept(t adaptercheck.T, b *bench) {
	for _, r := range b.reads(t) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		begun := time.Now()
		err := b.under(ctx, b.sim.Reads, simkit.Response{Delay: time.Minute}, r.do)
		cancel()
		if fault.KindOf(err) != fault.Timeout || time.Since(begun) > b.h.patience {
			t.Errorf("%s: want timeout at once, got after %v: %v", r.name, time.Since(begun), err)
		}
	}
}

func oneSignIn(t adaptercheck.T, b *bench) {
	const callers = 16
	a := b.openOver(t, b.env.Transport)
	all := b.backups(t, a)
	if len(all) == 0 {
		t.Fatalf("the vendor holds no backups")
	}
	before := len(b.sim.Kit.Requests(b.sim.SignIn))
	b.sim.Expire()
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() {
			if _, err := a.Backups.Get(t.Context(), all[i%len(all)].ID, false); err != nil {
				t.Errorf("get with an expired credential: %v", err)
			}
		})
	}
	group.Wait()
	if n := len(b.sim.Kit.Requests(b.sim.SignIn)) - before; n != 1 {
		t.Errorf("%d callers have caused %d sign-ins", callers, n)
	}
}
