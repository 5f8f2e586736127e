package storwaresim

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"switchback/internal/adapters/simkit"
)

func TestSessions(t *testing.T) {
	c, clock := start(t, Options{Seed: 2})
	refused := func(when string) {
		t.Helper()
		for _, path := range []string{"/session", "/backups", "/no-such-thing"} {
			if got := c.once("GET", path, "", nil); got.status != 401 {
				t.Errorf("%s: GET %s: status %d", when, path, got.status)
			}
		}
	}
	admitted := func(when string) {
		t.Helper()
		if got := c.once("GET", "/session", "", nil); got.status != 204 {
			t.Errorf("%s: status %d", when, got.status)
		}
	}
	refused("before login")
	if got := c.once("POST", "/session/login", `{"login":"switchback","password":"test-wrong"}`, nil); got.status != 401 {
		t.Errorf("wrong password: status %d", got.status)
	}
	refused("after a refused login")
	if got := c.login(); got.status != 201 {
		t.Fatalf("login: status %d: %s", got.status, got.body)
	}
	admitted("after login")
	clock.Advance(idleTimeout)
	admitted("at the end of the idle time")
	clock.Advance(idleTimeout + time.Second)
	refused("after the idle time")
	c.login()
	c.sim.ExpireSessions()
	refused("after expiry")
	c.login()
	var user struct{ LastSuccessfulLogin int64 }
	c.want(200, "GET", "/session/user", "", &user)
	if user.LastSuccessfulLogin != clock.Now().UnixMilli() {
		t.Errorf("last login at %d", user.LastSuccessfulLogin)
	}
	c.want(201, "POST", "/session/logout", "", nil)
	refused("after logout")
	if got := c.sim.Logins(); got != 3 {
		t.Errorf("%d logins, want 3", got)
	}
}

func TestSessionDiesAfterTokenCalls(t *testing.T) {
	c, _ := start(t, Options{Seed: 2, Scenario: simkit.Scenario{TokenCalls: 3}})
	c.login()
	for i := range 3 {
		if got := c.once("GET", "/session", "", nil); got.status != 204 {
			t.Errorf("call %d: status %d", i+1, got.status)
		}
	}
	if got := c.once("GET", "/session", "", nil); got.status != 401 {
		t.Errorf("call 4: status %d", got.status)
	}
}

func TestEveryCookieCounts(t *testing.T) {
	c, _ := start(t, Options{Seed: 2, Reading: Reading{RouteCookie: true}})
	c.login()
	if got := c.once("GET", "/session", "", nil); got.status != 204 {
		t.Errorf("with both cookies: status %d", got.status)
	}
	cookies := c.jar.Cookies(origin)
	if len(cookies) != 2 {
		t.Fatalf("cookies %v", cookies)
	}
	c.jar.SetCookies(origin, []*http.Cookie{{Name: routeCookie, Path: "/", MaxAge: -1}})
	if got := c.once("GET", "/session", "", nil); got.status != 401 {
		t.Errorf("with one cookie: status %d", got.status)
	}
}

func TestErrors(t *testing.T) {
	for name, test := range map[string]struct {
		options Options
		want    []string
	}{
		"message": {Options{}, []string{`{"message":"backup not found"}`}},
		"nested":  {Options{Reading: Reading{Errors: ErrorNested}}, []string{`{"error":{"message":"backup not found"}}`}},
		"text":    {Options{Reading: Reading{Errors: ErrorText}}, []string{`<html>`}},
		"mixed":   {Options{Scenario: simkit.Scenario{ShuffleKeys: true}}, []string{`{"message"`, `{"error":{"message"`, `<html>`}},
	} {
		c, _ := start(t, test.options)
		c.login()
		for _, want := range test.want {
			got := c.once("GET", "/backups/nothing", "", nil)
			if got.status != 404 || !strings.HasPrefix(string(got.body), want) {
				t.Errorf("%s: status %d: %s, want %s", name, got.status, got.body, want)
			}
		}
	}
}

func TestUnroutedRequests(t *testing.T) {
	c, _ := start(t, Options{})
	c.login()
	for request, want := range map[string]struct {
		status int
		allow  string
	}{
		"GET /no-such-thing":                     {404, ""},
		"GET /policies":                          {404, ""},
		"PATCH /backups":                         {405, "GET"},
		"POST /backups":                          {405, "GET"},
		"PUT /cloud-download":                    {405, "GET, POST"},
		"POST /cloud-download/x":                 {405, "DELETE, GET, PUT"},
		"GET /tasks/export":                      {404, ""}, // a task of that guid
		"GET /backups?page=-1":                   {400, ""},
		"GET /backups?size=0":                    {400, ""},
		"GET /backups?size=x":                    {400, ""},
		"GET /backups?status=FINE":               {400, ""},
		"GET /backups?status=A,B":                {400, ""},
		"GET /backups?orderBy=colour":            {400, ""},
		"GET /backups?orderBy=size&direction=up": {400, ""},
		"GET /tasks?state=ASLEEP":                {400, ""},
		"GET /cloud-download?finished-mount=yes": {400, ""},
		"GET /backups?page=9223372036854775807&size=9223372036854775807": {200, ""},
	} {
		method, path, _ := strings.Cut(request, " ")
		got := c.once(method, path, "", nil)
		if got.status != want.status || got.header.Get("Allow") != want.allow {
			t.Errorf("%s: status %d, Allow %q, want %v", request, got.status, got.header.Get("Allow"), want)
		}
	}
	if got := c.once("GET", "/backups", "", http.Header{"Accept": {"text/csv"}}); got.status != 406 {
		t.Errorf("Accept text/csv: status %d", got.status)
	}
}

func FuzzRequests(f *testing.F) {
	f.Add("GET", "/backups?page=1&size=3&orderBy=snapshotTime&from=1&to=x", "")
	f.Add("GET", "/cloud-download?mode=AUTO&finished-mount=true", "")
	f.Add("POST", "/cloud-download", `{"protectedObjects":[{"guid":"20000000-0000-0000-0000-000000000000"}],"unmountTime":-1}`)
	f.Add("POST", "/tasks/export", `{"windowStart":9223372036854775807,"backupType":"FULL","protectedEntities":[""]}`)
	f.Add("POST", "/tasks/restore-and-import", `{"backupLocation":{"guid":"","backup":""},"hypervisor":""}`)
	f.Add("PUT", "/tasks/x/state", `{"state":"CANCELLED"}`)
	f.Add("GET", "/cloud-protected-objects/root/children?guid=x&from=9", "")
	f.Add("POST", "/retention/mark-backups", `[null]`)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		// A fresh server each time: what one input does must not depend on the others.
		s := New(Options{Backups: 12, ContentSize: 10, Now: simkit.NewClock(epoch).Now})
		live := &session{id: "fuzz", opened: epoch, used: epoch}
		s.sessions[live.id] = live
		r, err := http.NewRequest(method, "https://storware.example.test/api"+path, strings.NewReader(body))
		if err != nil {
			t.Skip()
		}
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: live.id})
		r.Header.Set("Content-Type", "application/json")
		w := &recorder{header: http.Header{}}
		s.ServeHTTP(w, r)
		if w.status >= 500 {
			t.Errorf("%s %s: status %d", method, path, w.status)
		}
	})
}

type recorder struct {
	header http.Header
	status int
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(p []byte) (int, error) { return len(p), nil }
func (r *recorder) WriteHeader(status int)      { r.status = status }
