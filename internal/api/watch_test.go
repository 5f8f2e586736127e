package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"switchback/internal/adapters/memory"
	"switchback/internal/api"
	"switchback/internal/fault"
)

// inBubble runs a test in which time.Now, timers and the gateway's clock are
// one, and jump when everybody waits.
func inBubble(t *testing.T, f func(t *testing.T, g *gateway)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, func(s *setting) { s.realNow = true })
		g.clock.now = time.Now()
		g.a.AddBackup(memory.Backup{Key: "b1"})
		f(t, g)
		g.Close()
	})
}

func TestPreferWaitAnswersWhenTheWorkIsOver(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		g.a.SetTaskTime(20 * time.Second)
		location := succeeded(t, start(g, "k1", download), 202).header.Get("Location")
		began := time.Now()
		early := succeeded(t, g.do("GET", location, header("Prefer", "respond-async, wait=7")), 200)
		if got := decode[restore](t, early); got.State != "running" || time.Since(began) != 7*time.Second {
			t.Errorf("after %v: %+v", time.Since(began), got)
		}
		if got := early.header.Get("Preference-Applied"); got != "wait=7" {
			t.Errorf("applied %q", got)
		}
		late := succeeded(t, g.do("GET", location, header("Prefer", "wait=9999")), 200)
		if got := decode[restore](t, late); got.State != "succeeded" || time.Since(began) > 40*time.Second {
			t.Errorf("after %v: %+v", time.Since(began), got)
		}
		if got := late.header.Get("Preference-Applied"); got != "wait=60" {
			t.Errorf("applied %q", got)
		}
		lines := g.do("GET", location, header("Prefer", "return=minimal"), header("Prefer", "wait=3"))
		if got := succeeded(t, lines, 200).header.Get("Preference-Applied"); got != "wait=3" {
			t.Errorf("applied %q", got)
		}
		if got := g.do("GET", location, header("Prefer", "wait=soon")).header.Get("Preference-Applied"); got != "" {
			t.Errorf("applied %q", got)
		}
		operation := succeeded(t, g.do("POST", "/v1/backups", withJSON(`{"subject":"mem-a~aws-ebs-volume~asset-1"}`)), 202).header.Get("Location")
		if got := decode[restore](t, g.do("GET", operation, header("Prefer", "wait=60"))); got.State != "succeeded" {
			t.Errorf("operation: %+v", got)
		}
		refused(t, g.do("GET", "/v1/restores/mem-a~restore~none", header("Prefer", "wait=5")), 404, "not-found")
	})
}

type event struct{ id, name, data string }

// events reads a recorded stream.
func events(t *testing.T, body string) (out []event, comments int) {
	t.Helper()
	var e event
	lines := bufio.NewScanner(strings.NewReader(body))
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch field {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			e.data = value
		case "":
			if strings.HasPrefix(lines.Text(), ":") {
				comments++
			} else if e != (event{}) {
				out = append(out, e)
				e = event{}
			}
		default:
			t.Errorf("line %q", lines.Text())
		}
	}
	return out, comments
}

func TestEventsTellEachChangeAndEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		g.a.SetTaskTime(4 * time.Minute)
		location := succeeded(t, start(g, "k1", download), 202).header.Get("Location")
		a := succeeded(t, g.do("GET", location+"/events"), 200)
		if got := a.header.Get("Content-Type"); got != "text/event-stream" {
			t.Errorf("content type %q", got)
		}
		told, comments := events(t, string(a.body))
		var states []string
		for _, e := range told {
			var r restore
			if err := json.Unmarshal([]byte(e.data), &r); err != nil || e.name != "state" || e.id == "" {
				t.Errorf("event %+v: %v", e, err)
			}
			states = append(states, r.State)
		}
		if strings.Join(states, " ") != "queued running succeeded" {
			t.Errorf("states %q", states)
		}
		if comments < 14 || comments > 17 {
			t.Errorf("%d comments in four minutes", comments)
		}
		if !strings.Contains(told[len(told)-1].data, location+"/content") {
			t.Errorf("the last event does not say where the bytes are: %s", told[len(told)-1].data)
		}
		// Who has seen the end is told to stay away, who has not gets it.
		succeeded(t, g.do("GET", location+"/events", header("Last-Event-ID", told[2].id)), 204)
		again := succeeded(t, g.do("GET", location+"/events", header("Last-Event-ID", told[0].id)), 200)
		if rest, _ := events(t, string(again.body)); len(rest) != 1 || rest[0] != told[2] {
			t.Errorf("events after the first: %+v", rest)
		}
		refused(t, g.do("GET", "/v1/restores/mem-a~restore~none/events"), 404, "not-found")
	})
}

func TestEventsEndWithTheirClientAndWithTheServer(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		g.a.SetTaskTime(24 * time.Hour)
		location := succeeded(t, g.do("POST", "/v1/backups", withJSON(`{"subject":"mem-a~aws-ebs-volume~asset-1"}`)), 202).header.Get("Location")
		serve := func(ctx context.Context) chan struct{} {
			ended := make(chan struct{})
			r := g.request("GET", location+"/events").WithContext(ctx)
			go func() {
				defer close(ended)
				g.ServeHTTP(httptest.NewRecorder(), r)
			}()
			synctest.Wait()
			return ended
		}
		ctx, leave := context.WithCancel(t.Context())
		first, second := serve(ctx), serve(t.Context())
		polls := g.a.Calls("Operations.Get")
		leave()
		synctest.Wait()
		select {
		case <-first:
		default:
			t.Error("the stream outlives its client")
		}
		select {
		case <-second:
			t.Error("one client's leaving ends another's stream")
		default:
		}
		if polls > 4 {
			t.Errorf("two watchers made %d polls", polls)
		}
		g.Close()
		synctest.Wait()
		select {
		case <-second:
		default:
			t.Error("the stream outlives the server")
		}
	})
}

func TestAVendorThatFailsEndsTheEvents(t *testing.T) {
	inBubble(t, func(t *testing.T, g *gateway) {
		g.a.SetTaskTime(time.Hour)
		location := succeeded(t, start(g, "k1", download), 202).header.Get("Location")
		go func() {
			time.Sleep(time.Minute)
			g.a.Fail("Restores.Get", fault.New(fault.Credentials, "test", ""))
		}()
		a := succeeded(t, g.do("GET", location+"/events"), 200)
		if told, _ := events(t, string(a.body)); len(told) != 1 {
			t.Errorf("events: %+v", told)
		}
		refused(t, g.do("GET", location+"/events"), 502, "upstream-credentials")
	})
}

func TestARequestThatTakesTooLongIsATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, func(s *setting) {
			s.realNow = true
			s.options = func(o *api.Options) { o.Limits.Request = 3 * time.Second }
		})
		g.clock.now = time.Now()
		g.a.Hook(func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		})
		refused(t, g.do("GET", "/v1/backups/mem-a~aws-ebs-volume~x"), 504, "upstream-timeout")
		gone, leave := context.WithCancel(t.Context())
		leave()
		w := httptest.NewRecorder()
		g.ServeHTTP(w, g.request("GET", "/v1/backups").WithContext(gone))
		if w.Code != 499 || w.Code == http.StatusOK {
			t.Errorf("a client that is gone: %d", w.Code)
		}
	})
}
