package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace/noop"

	"switchback/internal/adapters/simkit"
	"switchback/internal/federate"
	"switchback/internal/identity"
	"switchback/internal/store"
)

// site is a demo whose simulators a test can reach into.
type site struct {
	t      testing.TB
	url    string
	token  string
	served map[string]*running
	client *http.Client
}

// startSite runs the demo's fleet and the gateway on it, as `gateway demo` does.
func startSite(t testing.TB, scenario simkit.Scenario, change func(*plan)) *site {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c := &demoCommand{Seed: 1}
	served, accounts, err := c.simulate(ctx, scenario)
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	auth, err := demoAuthenticator(logger)
	if err != nil {
		t.Fatal(err)
	}
	p := plan{
		accounts: accounts, auth: auth, cursorKey: []byte("test-cursor-key-of-the-site"), store: store.NewMemory(),
		lists: federate.Settings{}, logger: logger, tracer: noop.NewTracerProvider(),
	}
	if change != nil {
		change(&p)
	}
	a, err := assemble(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	l, err := listen(ctx, "127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		done <- a.run(ctx, l, serving{readHeaderTimeout: 5 * time.Second, maxHeaderBytes: 64 << 10, shutdownTimeout: 5 * time.Second})
	}()
	s := &site{
		t: t, url: "http://" + l.api.Addr().String(), token: sign(t, "demo"), served: map[string]*running{},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: 2 * time.Minute},
	}
	for _, sim := range served {
		s.served[sim.name] = sim
	}
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			t.Error("the gateway did not stop cleanly:", err)
		}
		for _, sim := range served {
			sim.stop()
		}
	})
	return s
}

func sign(t testing.TB, subject string) string {
	t.Helper()
	token, err := identity.SignDevelopment([]byte(demoSecret), identity.DevelopmentClaims{
		Subject: subject, Issuer: demoIssuer, Audience: demoAudience, Lifetime: time.Hour,
	}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// answer is a whole HTTP answer.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call sends one request; headers are name and value in turn. body may be a
// string, or anything that is sent as JSON.
func (s *site) call(method, path string, body any, headers ...string) answer {
	s.t.Helper()
	response := s.open(method, path, body, headers...)
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{response.StatusCode, response.Header, raw}
}

func (s *site) open(method, path string, body any, headers ...string) *http.Response {
	s.t.Helper()
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(body)
	default:
		raw, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		reader = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(context.Background(), method, s.url+path, reader)
	if err != nil {
		s.t.Fatal(err)
	}
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := s.client.Do(request)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return response
}

// into decodes a body that must be JSON with a status.
func (a answer) into(t testing.TB, status int, out any) {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if err := json.Unmarshal(a.body, out); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
}

// listed is a page of things, as far as these tests look at them.
type listed struct {
	Items []struct {
		ID         string
		Connection string
		Provider   string
		StartedAt  time.Time
		Asset      struct {
			ID, Kind, Name, Account, Region string
		}
		Status       string
		RestoreKinds []string
	}
	NextCursor string
	Resume     string
	Complete   bool
	Sources    []struct {
		Connection string
		State      string
		Items      int
		Code       string
	}
}

// syncBuffer is written by a command and read by a test.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// firstLine runs a command in the background and returns the first line it
// prints; the command is stopped at the end of the test.
func firstLine(t *testing.T, args ...string) string {
	t.Helper()
	reader, writer := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	var stderr syncBuffer
	done := make(chan int, 1)
	go func() {
		code := run(ctx, args, nil, writer, &stderr)
		_ = writer.Close()
		done <- code
	}()
	lines := bufio.NewReader(reader)
	line, err := lines.ReadString('\n')
	rest := make(chan []byte, 1)
	go func() {
		all, _ := io.ReadAll(lines)
		rest <- all
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("%v ended with %d: %s", args, code, stderr.String())
		}
		<-rest
	})
	if err != nil {
		t.Fatalf("%v: %v: %s", args, err, stderr.String())
	}
	return line
}
