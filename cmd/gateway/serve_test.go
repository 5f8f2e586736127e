package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"switchback/internal/adapters/clouddownload/storwaresim"
	"switchback/internal/adapters/cohesity/cohesitysim"
	"switchback/internal/adapters/simkit"
)

// configure writes a configuration for simulators that are being served, as
// somebody would after `gateway simulate`.
func configure(t *testing.T, dir string) string {
	t.Helper()
	var connections []map[string]any
	for name, vendor := range map[string]string{"clumio-a": "clumio", "ibm-a": "ibm", "storware-a": "storware"} {
		var said struct {
			URL    string
			Config map[string]any
		}
		line := firstLine(t, "simulate", vendor, "--backups", "60", "--scenario", "friendly,taskTime=1s")
		if err := json.Unmarshal([]byte(line), &said); err != nil {
			t.Fatal(err)
		}
		for member, value := range said.Config {
			if secret, ok := value.(map[string]any); ok && secret["value"] != nil {
				file := filepath.Join(dir, name+"-"+member)
				if err := os.WriteFile(file, []byte(secret["value"].(string)), 0o600); err != nil {
					t.Fatal(err)
				}
				said.Config[member] = map[string]string{"file": file}
			}
		}
		connections = append(connections, map[string]any{"name": name, "driver": vendor, "config": said.Config})
	}
	secret := filepath.Join(dir, "jwt")
	if err := os.WriteFile(secret, []byte("test-secret-of-thirty-two-bytes-or-more"), 0o600); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(map[string]any{ // JSON is YAML
		"server": map[string]any{"addr": "127.0.0.1:0", "adminAddr": "127.0.0.1:0"},
		"auth": map[string]any{
			"issuers":  []any{map[string]any{"issuer": "test", "audiences": []string{"switchback"}, "secret": map[string]string{"file": secret}}},
			"bindings": []any{map[string]any{"subjects": []string{"ann"}, "roles": []string{"operator"}, "connections": []string{"*"}}},
		},
		"journal":     map[string]any{"path": filepath.Join(dir, "journal.db")},
		"connections": connections,
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "gateway.yaml")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// command runs a command to its end.
func command(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, nil, &out, &errs)
	return out.String(), errs.String(), code
}

// serve runs the gateway until the returned function is called.
func serve(t *testing.T, file string) (addr, admin string, stop func()) {
	t.Helper()
	var out, errs syncBuffer
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan int, 1)
	go func() { done <- run(ctx, []string{"serve", "--config", file}, nil, &out, &errs) }()
	for range 1000 {
		for line := range strings.Lines(out.String()) {
			var said struct {
				Msg       string
				Addr      string
				AdminAddr string `json:"admin_addr"`
			}
			if json.Unmarshal([]byte(line), &said) == nil && said.Msg == "gateway is ready" {
				return "http://" + said.Addr, "http://" + said.AdminAddr, func() {
					cancel()
					if code := <-done; code != 0 {
						t.Errorf("serve ended with %d: %s%s", code, errs.String(), out.String())
					}
				}
			}
		}
		select {
		case code := <-done:
			cancel()
			t.Fatalf("serve ended with %d: %s%s", code, errs.String(), out.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	cancel()
	t.Fatalf("serve is not ready: %s", out.String())
	return "", "", nil
}

func TestServeKeepsItsPromisesOverARestart(t *testing.T) {
	dir := t.TempDir()
	file := configure(t, dir)
	if out, errs, code := command(t, "config", "validate", "--config", file); code != 0 || !strings.Contains(out, "3 connections") {
		t.Fatalf("validate: %d: %s%s", code, out, errs)
	}
	if out, errs, code := command(t, "check", "--config", file); code != 0 || !strings.Contains(out, "kept") {
		t.Fatalf("check: %d: %s%s", code, out, errs)
	}
	token, errs, code := command(t, "token", "--config", file, "--subject", "ann")
	if code != 0 {
		t.Fatalf("token: %s", errs)
	}
	site := func(addr string) *site {
		return &site{t: t, url: addr, token: strings.TrimSpace(token), client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	}
	addr, admin, stop := serve(t, file)
	s := site(addr)
	backup, _, _, _ := s.find("ibm-a", "physical-host", "download")
	body := `{"kind":"download","source":{"backup":"` + backup + `"},"select":{"paths":["/etc/hosts"]}}`
	location, first := s.start("over-a-restart", body)
	if out, errs, code := command(t, "healthcheck", "--url", admin+"/readyz"); code != 0 || out != "ready\n" {
		t.Errorf("healthcheck: %d: %s%s", code, out, errs)
	}
	metrics := (&site2{t}).get(admin + "/metrics")
	for _, want := range []string{
		`switchback_http_request_duration_seconds_count{method="POST",route="/v1/restores",status="2xx"} 1`,
		`switchback_vendor_call_duration_seconds_count{class="write",connection="ibm-a",operation="restores.start",outcome="ok",provider="ibm"} 1`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	stop()
	if _, _, code := command(t, "healthcheck", "--url", admin+"/readyz"); code != 1 {
		t.Errorf("healthcheck of a stopped gateway: %d", code)
	}

	addr, _, stop = serve(t, file)
	defer stop()
	s = site(addr)
	again := s.call("POST", "/v1/restores", body, "Idempotency-Key", "over-a-restart")
	var second restored
	again.into(t, http.StatusAccepted, &second)
	if again.header.Get("Idempotency-Replayed") != "true" || second.ID != first.ID || again.header.Get("Location") != location {
		t.Errorf("after the restart: %v, %s instead of %s", again.header, second.ID, first.ID)
	}
	if r := s.await(location); r.State != "succeeded" {
		t.Errorf("%+v", r)
	}
}

// site2 asks listeners that want no token.
type site2 struct{ t *testing.T }

func (s *site2) get(url string) string {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(raw)
}

// A gigabyte goes through with the memory of a few pieces.
func TestAGigabyteDownloadTakesNoMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("moves two gigabytes")
	}
	const size = 1 << 30
	scenario := quick()
	storware := storwaresim.New(storwaresim.Options{Seed: 1, Scenario: scenario, ContentSize: size, Login: simStorwareLogin, Password: simStorwarePassword})
	ibm := cohesitysim.New(cohesitysim.Options{Seed: 1, Scenario: scenario, DownloadSize: size, APIKey: simIBMKey, TenantID: simIBMTenant})
	s := startSite(t, scenario, nil)
	s.served["storware-dc1"].handler = storware
	s.served["ibm-eu"].handler = ibm
	bodies := s.bodies()
	for kind, want := range map[string]func() simkit.Content{
		"download-storware": func() simkit.Content { return storware.Content(storware.Downloads()[0].Records[0]) },
		"download-ibm":      func() simkit.Content { return ibm.DownloadContent(ibm.Recoveries()[0].ID) },
	} {
		t.Run(kind, func(t *testing.T) {
			s := s.in(t)
			location, _ := s.start("gigabyte-"+kind, bodies[kind])
			if r := s.await(location); r.State != "succeeded" {
				t.Fatalf("%+v", r)
			}
			content := want()
			runtime.GC()
			var before, now runtime.MemStats
			runtime.ReadMemStats(&before)
			response := s.open("GET", location+"/content", nil)
			defer func() { _ = response.Body.Close() }()
			var most uint64
			got, expected := make([]byte, 64<<10), make([]byte, 64<<10)
			for at := int64(0); at < size; at += 64 << 20 {
				if _, err := io.ReadFull(response.Body, got); err != nil {
					t.Fatal(err)
				}
				if _, err := content.ReadAt(expected, at); err != nil || !bytes.Equal(got, expected) {
					t.Fatalf("other bytes at %d: %v", at, err)
				}
				if _, err := io.CopyN(io.Discard, response.Body, 64<<20-64<<10); err != nil {
					t.Fatal(err)
				}
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapInuse)
			}
			if n, err := io.Copy(io.Discard, response.Body); n != 0 || err != nil {
				t.Errorf("%d bytes more, %v", n, err)
			}
			if grown := int64(most) - int64(before.HeapInuse); grown > 64<<20 {
				t.Errorf("the heap grew by %d MiB", grown>>20)
			}
		})
	}
}
