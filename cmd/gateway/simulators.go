package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"switchback/internal/adapters/clouddownload/storwaresim"
	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/cohesity/cohesitysim"
	"switchback/internal/adapters/simkit"
)

// The credentials of the simulators. They open nothing else.
const (
	simClumioToken      = "test-clumio-token" //nolint:gosec // opens a simulator only
	simIBMKey           = "test-ibm-api-key"
	simIBMTenant        = "k3v9x2ab7q/"
	simStorwareLogin    = "switchback"
	simStorwarePassword = "test-storware-password"
)

// simulator is one simulated vendor account.
type simulator struct {
	provider string
	handler  http.Handler
	facts    func() int           // backups it holds, by its own count
	config   func(url string) any // what a connection to it is configured with
	close    func()               // frees what it holds; may be called once
}

// estate says how large a simulated account is: rough numbers of backups.
type estate struct {
	backups int
	region  string
}

// newSimulator makes an account of one of the three vendors.
func newSimulator(provider string, seed uint64, scenario simkit.Scenario, e estate) (*simulator, error) {
	secret := func(value string) map[string]string { return map[string]string{"value": value} }
	switch provider {
	case "clumio":
		return newClumio(seed, scenario, e)
	case "ibm":
		const groups, objects = 10, 3
		sim := cohesitysim.New(cohesitysim.Options{
			Seed: seed, Scenario: scenario, APIKey: simIBMKey, TenantID: simIBMTenant,
			Groups: groups, ObjectsPerGroup: objects, RunsPerGroup: max(1, e.backups/(groups*objects)),
		})
		for _, group := range sim.GroupIDs()[:2] {
			sim.AddRun(group) // something is always under way
		}
		return &simulator{
			provider: provider, handler: sim, facts: func() int { return len(sim.Facts()) }, close: func() {},
			config: func(url string) any {
				return map[string]any{
					"base_url": url, "iam_url": url, "api_key": secret(simIBMKey), "tenant_id": simIBMTenant, "allow_http": true,
				}
			},
		}, nil
	case "storware":
		return newStorware(seed, scenario, e), nil
	}
	return nil, fmt.Errorf("there is no simulator of %q; there are clumio, ibm, storware", provider)
}

// newClumio makes a Clumio account. Its token is in a file, because in a
// hostile scenario the vendor rotates it, and only a file can follow. The last
// hours have backups too, whatever the time of day its policies run at.
func newClumio(seed uint64, scenario simkit.Scenario, e estate) (*simulator, error) {
	dir, err := os.MkdirTemp("", "switchback-clumio-")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "token")
	const recent = 6
	sim := clumiosim.New(clumiosim.Options{
		Seed: seed, Scenario: scenario, Token: simClumioToken, Region: e.region, Backups: max(e.backups-recent, 1),
	})
	tables := sim.Assets("/datasources/aws/dynamodb-tables")
	for i := range min(recent, len(tables)*recent) {
		sim.AddBackup(clumiosim.ListDynamoDB, tables[i%len(tables)], time.Now().Add(-time.Duration(i*40+5)*time.Minute).Truncate(time.Second))
	}
	s := &simulator{
		provider: "clumio", facts: func() int { return len(sim.Facts()) }, close: func() { _ = os.RemoveAll(dir) },
		config: func(url string) any {
			return map[string]any{"base_url": url, "token": map[string]string{"file": file}, "allow_http": true}
		},
	}
	rotate := &tokenFile{path: file, token: sim.Token}
	if err := rotate.write(); err != nil {
		return nil, err
	}
	s.handler = &rotating{Handler: sim, file: rotate}
	return s, nil
}

// newStorware makes a Storware server. Like newClumio it has backups of the
// last hours.
func newStorware(seed uint64, scenario simkit.Scenario, e estate) *simulator {
	const recent = 6
	sim := storwaresim.New(storwaresim.Options{
		Seed: seed, Scenario: scenario, Login: simStorwareLogin, Password: simStorwarePassword, Backups: max(e.backups-recent, 1),
	})
	added := 0
	for _, f := range sim.Facts() {
		if f.EntityType == "CLOUD_USER" && added < recent {
			at := time.Now().Add(-time.Duration(added*40+15) * time.Minute)
			sim.AddBackup(storwaresim.NewBackup{EntityGUID: f.EntityGUID, SnapshotTime: at})
			added++
		}
	}
	return &simulator{
		provider: "storware", handler: sim, facts: func() int { return len(sim.Facts()) }, close: func() {},
		config: func(url string) any {
			return map[string]any{
				"base_url": url, "login": simStorwareLogin, "password": map[string]string{"value": simStorwarePassword}, "allow_http": true,
			}
		},
	}
}

// tokenFile holds the token that a simulator accepts now.
type tokenFile struct {
	mu    sync.Mutex
	path  string
	token func() string
	last  string
}

func (f *tokenFile) write() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.token()
	if now == f.last {
		return nil
	}
	fresh := f.path + ".new"
	if err := os.WriteFile(fresh, []byte(now), 0o600); err != nil {
		return err
	}
	if err := os.Rename(fresh, f.path); err != nil {
		return err
	}
	f.last = now
	return nil
}

// rotating keeps the token file up to date before a refusal is heard of.
type rotating struct {
	http.Handler
	file *tokenFile
}

func (h *rotating) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.Handler.ServeHTTP(&before{ResponseWriter: w, do: h.file.write}, r)
}

// before does something before the first byte of an answer goes out.
type before struct {
	http.ResponseWriter
	do func() error
}

func (b *before) WriteHeader(status int) {
	if err := b.do(); err != nil {
		status = http.StatusInternalServerError
	}
	b.ResponseWriter.WriteHeader(status)
}

func (b *before) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// running is a simulator that is being served.
type running struct {
	*simulator
	name string
	url  string
	stop func()
}

// configJSON is the adapter's configuration for it.
func (r *running) configJSON() json.RawMessage {
	raw, err := json.Marshal(r.config(r.url))
	if err != nil {
		panic(err) // a map of strings
	}
	return raw
}

// serveSimulator serves until the context ends or stop is called. A POST to
// /-/down makes the vendor unreachable until a POST to /-/up: its connections
// are cut without an answer.
func serveSimulator(ctx context.Context, s *simulator, name, addr string) (*running, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	var down atomic.Bool
	server := &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodPost && r.URL.Path == "/-/down":
				down.Store(true)
			case r.Method == http.MethodPost && r.URL.Path == "/-/up":
				down.Store(false)
			case down.Load():
				panic(http.ErrAbortHandler)
			default:
				s.handler.ServeHTTP(w, r)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		}),
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // the listener is ours alone
		}
	})
	stop := sync.OnceFunc(func() {
		_ = server.Close()
		wg.Wait()
		s.close()
	})
	context.AfterFunc(ctx, stop)
	return &running{simulator: s, name: name, url: "http://" + listener.Addr().String(), stop: stop}, nil
}

// volumeExample returns a target for a volume restore of a host's backup:
// another host, and a volume of each.
func volumeExample(sim *cohesitysim.Sim, source string) (host, from, to string) {
	id, err := strconv.ParseInt(source, 10, 64)
	if err != nil {
		return "", "", ""
	}
	own := sim.VolumeGUIDs(id)
	for _, other := range sim.Hosts() {
		if volumes := sim.VolumeGUIDs(other); other != id && len(volumes) > 0 && len(own) > 0 {
			return strconv.FormatInt(other, 10), own[0], volumes[0]
		}
	}
	return "", "", ""
}
