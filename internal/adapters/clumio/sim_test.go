package clumio_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptertest"
	"switchback/internal/adapters/clumio"
	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
)

const testToken = "test-clumio-token"

var testStart = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

// tokenFile keeps a file at the token that the vendor accepts now, as whoever
// rotates tokens would.
type tokenFile struct {
	sim  *clumiosim.Sim
	path string

	mu   sync.Mutex
	held string
}

func newTokenFile(tb testing.TB, sim *clumiosim.Sim) *tokenFile {
	tb.Helper()
	f := &tokenFile{sim: sim, path: filepath.Join(tb.TempDir(), "token")}
	f.write(tb)
	return f
}

func (f *tokenFile) write(tb testing.TB) {
	f.mu.Lock()
	defer f.mu.Unlock()
	token := f.sim.Token()
	if token == f.held {
		return
	}
	// Renamed into place: a reader never sees half of it.
	next := f.path + ".next"
	if err := os.WriteFile(next, []byte(token+"\n"), 0o600); err != nil {
		tb.Error(err)
	}
	if err := os.Rename(next, f.path); err != nil {
		tb.Error(err)
	}
	f.held = token
}

// following serves the vendor and rotates the file along with it.
func (f *tokenFile) following(tb testing.TB) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.sim.ServeHTTP(w, r)
		f.write(tb)
	})
}

func (f *tokenFile) config(url string) json.RawMessage {
	raw, _ := json.Marshal(map[string]any{
		"base_url": url, "allow_http": true, "token": map[string]string{"file": f.path},
	})
	return raw
}

// account is an adapter open on a simulated account of its own.
type account struct {
	*adapters.Adapter
	sim   *clumiosim.Sim
	clock *simkit.Clock
	token *tokenFile
	env   adapters.Env
	url   string

	contract *contract
}

func openAccount(t *testing.T, o clumiosim.Options) *account {
	t.Helper()
	a := &account{clock: simkit.NewClock(testStart)}
	o.Now, o.Token = a.clock.Now, testToken
	if o.Seed == 0 {
		o.Seed = 11
	}
	a.sim = clumiosim.New(o)
	a.token = newTokenFile(t, a.sim)
	server := httptest.NewServer(a.token.following(t))
	t.Cleanup(server.Close)
	a.url = server.URL
	a.env = adaptertest.Env(t, "acme")
	a.env.Now = a.clock.Now
	a.contract = underContract(t, a.env.Transport)
	a.env.Transport = a.contract
	a.Adapter = a.open(t)
	return a
}

func (a *account) open(t *testing.T) *adapters.Adapter {
	t.Helper()
	opened, err := clumio.Driver().Open(t.Context(), a.token.config(a.url), a.env)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

// firstID asks the vendor, beside the adapter, for the first thing of a list.
func firstID(tb testing.TB, sim *clumiosim.Sim, path string) string {
	tb.Helper()
	for range 50 {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer "+sim.Token())
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, r)
		var list struct {
			Embedded struct {
				Items []struct {
					ID string `json:"id"`
				} `json:"items"`
			} `json:"_embedded"`
		}
		if w.Code == http.StatusOK && json.Unmarshal(w.Body.Bytes(), &list) == nil && len(list.Embedded.Items) > 0 {
			return list.Embedded.Items[0].ID
		}
	}
	tb.Fatalf("the vendor shows nothing at %s", path)
	return ""
}
