package restores_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"switchback/internal/fault"
	"switchback/internal/model"
	"switchback/internal/restores"
)

var watched = model.ID{Connection: "c", Kind: "vm", Key: "1"}

// life is something that is queued, runs, and is over after so many polls.
func life(polls *atomic.Int64, over int64) func(context.Context, model.ID) (restores.Watchable, error) {
	return func(context.Context, model.ID) (restores.Watchable, error) {
		state := model.StateRunning
		switch n := polls.Add(1); {
		case n == 1:
			state = model.StateQueued
		case n >= over:
			state = model.StateSucceeded
		}
		return restores.Watchable{State: state, Summary: string(state), Value: state}, nil
	}
}

func TestWatchersSeeTheStatesAndTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var polls atomic.Int64
		hub := restores.NewHub(restores.DefaultPace(), life(&polls, 5))
		defer hub.Close()
		events, stop := hub.Watch(t.Context(), watched)
		defer stop()
		var got []model.State
		for e := range events {
			if e.Seq != len(got)+1 {
				t.Errorf("event %d has seq %d", len(got)+1, e.Seq)
			}
			got = append(got, e.State)
		}
		if len(got) != 3 || got[0] != model.StateQueued || got[2] != model.StateSucceeded {
			t.Errorf("got %v", got)
		}
	})
}

func TestManyWatchersCostOnePoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var polls atomic.Int64
		hub := restores.NewHub(restores.DefaultPace(), life(&polls, 6))
		defer hub.Close()
		const watchers = 1000
		done := make(chan model.State, watchers)
		for range watchers {
			go func() {
				events, stop := hub.Watch(t.Context(), watched)
				defer stop()
				last := model.StateUnknown
				for e := range events {
					last = e.State
				}
				done <- last
			}()
		}
		for range watchers {
			if s := <-done; s != model.StateSucceeded {
				t.Fatalf("a watcher's last state is %s", s)
			}
		}
		if n := polls.Load(); n != 6 {
			t.Errorf("%d polls", n)
		}
	})
}

func TestALateWatcherStartsAtThePresent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var polls atomic.Int64
		hub := restores.NewHub(restores.DefaultPace(), life(&polls, 1000))
		defer hub.Close()
		_, stop := hub.Watch(t.Context(), watched)
		defer stop()
		time.Sleep(time.Second)
		late, stopLate := hub.Watch(t.Context(), watched)
		defer stopLate()
		select {
		case e := <-late:
			if e.State != model.StateRunning {
				t.Errorf("got %s", e.State)
			}
		default:
			t.Error("nothing at once")
		}
	})
}

func TestPollingEndsWithTheLastWatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var polls atomic.Int64
		hub := restores.NewHub(restores.DefaultPace(), life(&polls, 1_000_000))
		defer hub.Close()
		_, one := hub.Watch(t.Context(), watched)
		_, two := hub.Watch(t.Context(), watched)
		time.Sleep(time.Minute)
		one()
		two()
		synctest.Wait()
		before := polls.Load()
		time.Sleep(time.Hour)
		if after := polls.Load(); after != before {
			t.Errorf("%d polls for nobody", after-before)
		}
		if before > 30 {
			t.Errorf("%d polls in a minute: the pace does not slow down", before)
		}
	})
}

func TestFailedPollsAreBorneForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var polls atomic.Int64
		hub := restores.NewHub(restores.DefaultPace(), func(context.Context, model.ID) (restores.Watchable, error) {
			if polls.Add(1) < 4 {
				return restores.Watchable{}, fault.New(fault.Unavailable, "x", "")
			}
			return restores.Watchable{State: model.StateFailed, Summary: "over"}, nil
		})
		defer hub.Close()
		events, stop := hub.Watch(t.Context(), watched)
		defer stop()
		if e := <-events; e.Err != nil || e.State != model.StateFailed {
			t.Errorf("got %+v", e)
		}
	})
}

func TestWhatIsGoneIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := restores.NewHub(restores.DefaultPace(), func(context.Context, model.ID) (restores.Watchable, error) {
			return restores.Watchable{}, fault.New(fault.NotFound, "x", "")
		})
		defer hub.Close()
		events, stop := hub.Watch(t.Context(), watched)
		defer stop()
		if e, open := <-events; !open || fault.KindOf(e.Err) != fault.NotFound {
			t.Errorf("got %+v", e)
		}
		if _, open := <-events; open {
			t.Error("the channel is open after the last event")
		}
	})
}

func TestCloseEndsAllWatching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var polls atomic.Int64
		hub := restores.NewHub(restores.DefaultPace(), life(&polls, 1_000_000))
		events, stop := hub.Watch(t.Context(), watched)
		defer stop()
		<-events
		hub.Close()
		for range events {
		}
		if events, stop := hub.Watch(t.Context(), watched); true {
			defer stop()
			if _, open := <-events; open {
				t.Error("a closed hub takes watchers")
			}
		}
	})
}
