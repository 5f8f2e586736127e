package storwaresim

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"

	"switchback/internal/adapters/simkit"
)

// readyDownload makes a cloud download and waits until it is prepared.
func readyDownload(t *testing.T, o Options) (*client, *simkit.Clock, string) {
	t.Helper()
	c, clock := start(t, o)
	user, _ := c.entityWith("CLOUD_USER")
	_, record := c.create(fmt.Sprintf(`{"protectedEntity":%q}`, user))
	clock.Advance(defaultTaskTime)
	return c, clock, record
}

// over sends a GET through a real server and returns what arrived.
func (c *client) over(server *httptest.Server, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL+"/api"+path, nil)
	if err != nil {
		return nil, err
	}
	for _, cookie := range c.jar.Cookies(origin) {
		r.AddCookie(cookie)
	}
	response, err := server.Client().Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

func TestContentBreaksOffAtAnyByte(t *testing.T) {
	const size = 600_000 // more than two of the blocks that are sent
	for name, chunked := range map[string]bool{"with a length": false, "chunked": true} {
		t.Run(name, func(t *testing.T) {
			c, _, record := readyDownload(t, Options{Seed: 5, ContentSize: size, Reading: Reading{Chunked: chunked}})
			server := httptest.NewServer(c.sim)
			defer server.Close()
			want, err := io.ReadAll(c.sim.Content(record).Reader(0, -1))
			if err != nil {
				t.Fatal(err)
			}
			broken := 0
			rapid.Check(t, func(rt *rapid.T) {
				cut := rapid.OneOf(rapid.IntRange(1, size-1), rapid.SampledFrom([]int{1, 256<<10 - 1, 256 << 10, 256<<10 + 1, size - 1})).Draw(rt, "cut")
				c.sim.Kit().Inject("GET /api/cloud-download/*", simkit.Response{CutAt: cut})
				got, err := c.over(server, "/cloud-download/"+record)
				if err == nil {
					rt.Fatalf("cut at %d: no error", cut)
				}
				if !bytes.Equal(got, want[:cut]) {
					rt.Fatalf("cut at %d: %d bytes arrived, or other ones", cut, len(got))
				}
				broken++
			})
			if got, err := c.over(server, "/cloud-download/"+record); err != nil || !bytes.Equal(got, want) {
				t.Errorf("after the cuts: %d bytes, %v", len(got), err)
			}
			for i, one := range c.sim.Deliveries(record) {
				if one.Whole != (i == broken) {
					t.Errorf("delivery %d of %d: %+v", i, broken, one)
				}
			}
		})
	}
}

// meter takes a body as a client does that keeps nothing of it.
type meter struct {
	header http.Header
	status int
	sum    hash.Hash
	size   int64
}

func (m *meter) Header() http.Header    { return m.header }
func (m *meter) WriteHeader(status int) { m.status = status }

func (m *meter) Write(p []byte) (int, error) {
	m.size += int64(len(p))
	return m.sum.Write(p)
}

// TestTwoGiBInFlatMemory streams more than an int32 can count. The checksum is
// written down, so that an error in generating and in checking can not cancel.
func TestTwoGiBInFlatMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("two GiB take seconds")
	}
	const size = 2<<30 + 3
	const want = "1a3eb6566a3e0fdbd2a2486fae6dca56d017c128a7fa1c4779a51af98f3e573c"
	c, _, record := readyDownload(t, Options{Seed: 5, ContentSize: size})
	r := newRequest("/cloud-download/" + record)
	for _, cookie := range c.jar.Cookies(origin) {
		r.AddCookie(cookie)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m := &meter{header: http.Header{}, sum: sha256.New()}
	c.sim.ServeHTTP(m, r)
	runtime.ReadMemStats(&after)
	if m.status != http.StatusOK || m.size != size || m.header.Get("Content-Length") != fmt.Sprint(size) {
		t.Fatalf("status %d, %d bytes, header %v", m.status, m.size, m.header)
	}
	if got := hex.EncodeToString(m.sum.Sum(nil)); got != want {
		t.Errorf("checksum %s, want %s", got, want)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
		t.Errorf("%d bytes of memory were taken in all", used)
	}
	if got := c.sim.Deliveries(record); len(got) != 1 || !got[0].Whole {
		t.Errorf("deliveries %+v", got)
	}
}

// TestWholeLifeOfADownload: requested, preparing, ready, streamed, expired and
// removed, each at its time and not before.
func TestWholeLifeOfADownload(t *testing.T) {
	for name, byTask := range map[string]bool{"vanishes at once": false, "goes by a task": true} {
		t.Run(name, func(t *testing.T) {
			c, clock := start(t, Options{Seed: 5, Reading: Reading{ExpiryUnmounts: byTask}})
			user, _ := c.entityWith("CLOUD_USER")
			_, record := c.create(fmt.Sprintf(`{"protectedEntity":%q}`, user))
			look := func() (state string, content, deliveries int) {
				t.Helper()
				for _, row := range pages[wireMount](c, "/cloud-download?protected-entity="+user, 10) {
					if row.GUID == record {
						state = row.State.Name
					}
				}
				return state, c.do("GET", "/cloud-download/"+record, "").status, len(c.sim.Deliveries(record))
			}
			end := epoch.Add(defaultTaskTime + downloadLife)
			steps := []struct {
				name       string
				at         time.Time
				state      string
				content    int
				deliveries int
			}{
				{"requested", epoch, "QUEUED", 409, 0},
				{"preparing", epoch.Add(defaultTaskTime / 4), "RUNNING", 409, 0},
				{"ready", epoch.Add(defaultTaskTime), "FINISHED", 200, 1},
				{"streamed", epoch.Add(time.Hour), "FINISHED", 200, 2},
				{"at its last moment", end.Add(-time.Millisecond), "FINISHED", 200, 3},
				{"removed", end, "", 404, 3},
			}
			if byTask {
				steps[5] = steps[4]
				steps[5].name, steps[5].at, steps[5].content = "expired", end, 409
				steps = append(steps, steps[5])
				steps[6].name, steps[6].at = "being removed", end.Add(defaultTaskTime-time.Millisecond)
				steps = append(steps, steps[6])
				steps[7].name, steps[7].at, steps[7].state, steps[7].content = "removed", end.Add(defaultTaskTime), "", 404
			}
			for _, step := range steps {
				clock.Advance(step.at.Sub(clock.Now()))
				state, content, deliveries := look()
				if state != step.state || content != step.content || deliveries != step.deliveries {
					t.Errorf("%s: state %q, content %d, %d deliveries, want %q, %d, %d",
						step.name, state, content, deliveries, step.state, step.content, step.deliveries)
				}
			}
			unmounts := pages[wireTask](c, "/tasks?type=UNMOUNT", 10)
			if byTask != (len(unmounts) == 1) {
				t.Errorf("tasks that unmount: %+v", unmounts)
			}
		})
	}
}

// TestExpiryDoesNotDependOnPolling: a record that nobody looks at for days is
// gone all the same, and a removal that fails leaves it for one more life.
func TestExpiryDoesNotDependOnPolling(t *testing.T) {
	for _, fails := range []float64{0, 1} {
		watch := func(every time.Duration) (state string, unmounts int) {
			c, clock := start(t, Options{Seed: 5, Scenario: simkit.Scenario{FailTasks: fails}, Reading: Reading{ExpiryUnmounts: true}})
			user, _ := c.entityWith("CLOUD_USER")
			_, record := c.create(fmt.Sprintf(`{"protectedEntity":%q}`, user))
			for end := epoch.Add(3*downloadLife + time.Hour); clock.Now().Before(end); clock.Advance(every) {
				c.do("GET", "/cloud-download", "")
			}
			for _, row := range pages[wireMount](c, "/cloud-download?protected-entity="+user, 10) {
				if row.GUID == record {
					state = row.State.Name
				}
			}
			return state, len(pages[wireTask](c, "/tasks?type=UNMOUNT", 10))
		}
		often, seen := watch(time.Hour)
		once, unseen := watch(3*downloadLife + time.Hour)
		if often != once || seen != unseen {
			t.Errorf("failing %v: %q after %d removals when watched, %q after %d when not", fails, often, seen, once, unseen)
		}
		if want := map[float64]int{0: 1, 1: 3}[fails]; unseen != want || (once == "") != (fails == 0) {
			t.Errorf("failing %v: state %q after %d removals, want %d", fails, once, unseen, want)
		}
	}
}
