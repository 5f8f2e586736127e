package storwaresim

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"switchback/internal/adapters/simkit"
)

// client is a careful client: it keeps every cookie, logs in anew on 401 and
// repeats reads that were throttled.
type client struct {
	t   *testing.T
	sim *Sim
	jar http.CookieJar
}

type reply struct {
	status int
	header http.Header
	body   []byte
}

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func start(t *testing.T, o Options) (*client, *simkit.Clock) {
	t.Helper()
	clock := simkit.NewClock(epoch)
	o.Now = clock.Now
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, sim: New(o), jar: jar}, clock
}

var origin = &url.URL{Scheme: "https", Host: "storware.example.test", Path: "/api/"}

// once sends one request as it is.
func (c *client) once(method, path, body string, header http.Header) reply {
	c.t.Helper()
	r := httptest.NewRequest(method, "https://storware.example.test/api"+path, strings.NewReader(body))
	for _, cookie := range c.jar.Cookies(origin) {
		r.AddCookie(cookie)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	maps.Copy(r.Header, header)
	w := httptest.NewRecorder()
	c.sim.ServeHTTP(w, r)
	result := w.Result()
	defer result.Body.Close()
	data, err := io.ReadAll(result.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	c.jar.SetCookies(origin, result.Cookies())
	return reply{result.StatusCode, result.Header, data}
}

func (c *client) login() reply {
	c.t.Helper()
	return c.once("POST", "/session/login", `{"login":"switchback","password":"test-storware-password"}`, nil)
}

func (c *client) do(method, path, body string) reply {
	c.t.Helper()
	for range 50 {
		got := c.once(method, path, body, nil)
		switch got.status {
		case http.StatusUnauthorized:
			c.login()
		case http.StatusTooManyRequests:
		default:
			return got
		}
	}
	c.t.Fatalf("%s %s: no answer after 50 tries", method, path)
	return reply{}
}

// want sends a request and decodes the answer of the given status.
func (c *client) want(status int, method, path, body string, v any) reply {
	c.t.Helper()
	got := c.do(method, path, body)
	if got.status != status {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, got.status, status, got.body)
	}
	if v != nil {
		if err := json.Unmarshal(got.body, v); err != nil {
			c.t.Fatalf("%s %s: %v: %s", method, path, err, got.body)
		}
	}
	return got
}

// named is how the tests read enums: as objects.
type word struct{ Name string }

type wireBackup struct {
	GUID                     string
	SnapshotTime, BackupTime int64
	Status, Type             word
	ProtectedEntity          struct {
		GUID string
		Type word
	}
	ParentBackup    *struct{ GUID string }
	BackupLocations []struct{ GUID string }
}

type wireTask struct {
	GUID          string
	Type, State   word
	Progress      float64
	StatusInfo    string
	MountedBackup *struct{ GUID string }
}

type wireMount struct {
	GUID        string
	Mode, State word
	StatusInfo  string
	Backup      *wireBackup
}

func (b wireBackup) fact() Fact {
	return Fact{b.GUID, b.ProtectedEntity.GUID, b.ProtectedEntity.Type.Name, b.SnapshotTime, b.BackupTime, b.Status.Name}
}

// pages reads a list to its end by X-Total-Count.
func pages[T any](c *client, path string, size int) []T {
	c.t.Helper()
	mark := "?"
	if strings.Contains(path, "?") {
		mark = "&"
	}
	var all []T
	for page := 0; ; page++ {
		var rows []T
		got := c.want(200, "GET", path+mark+"size="+strconv.Itoa(size)+"&page="+strconv.Itoa(page), "", &rows)
		total, err := strconv.Atoi(got.header.Get("X-Total-Count"))
		if err != nil {
			c.t.Fatalf("%s: X-Total-Count: %v", path, err)
		}
		if len(rows) > size {
			c.t.Fatalf("%s: %d rows on a page of %d", path, len(rows), size)
		}
		all = append(all, rows...)
		if len(rows) == 0 || len(all) >= total {
			if len(all) != total {
				c.t.Fatalf("%s: %d rows in all, X-Total-Count %d", path, len(all), total)
			}
			return all
		}
	}
}

// entityWith returns the guid of the first entity of the type that has a usable
// backup, and that backup's guid.
func (c *client) entityWith(kind string) (entity, backup string) {
	c.t.Helper()
	for _, f := range c.sim.Facts() {
		if f.EntityType == kind && f.Status == "SUCCESS" {
			return f.EntityGUID, f.GUID
		}
	}
	c.t.Fatalf("no usable backup of a %s", kind)
	return "", ""
}
