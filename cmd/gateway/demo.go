package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace/noop"

	"switchback/internal/adapters/simkit"
	"switchback/internal/config"
	"switchback/internal/federate"
	"switchback/internal/fleet"
	"switchback/internal/identity"
	"switchback/internal/store"
	"switchback/internal/telemetry"
)

// The demo's tokens are signed with a secret that everybody knows, so that
// `gateway token --demo` can make one. It listens on loopback and holds nothing
// but made-up data.
const (
	demoSecret   = "test-demo-secret-that-everybody-knows"
	demoIssuer   = "switchback-demo"
	demoAudience = "switchback"
)

type demoCommand struct {
	Addr      string `default:"127.0.0.1:8080" help:"Where to listen."`
	AdminAddr string `default:"127.0.0.1:0" help:"Where to serve metrics and health."`
	Seed      uint64 `default:"1" help:"What the simulated vendors are made from."`
	Scenario  string `default:"friendly" help:"How they behave: friendly, hostile or broken, then settings."`
	JSON      bool   `name:"json" help:"Print one line of JSON when ready, and nothing else."`
}

// demoAccounts is the demo's fleet.
func demoAccounts() []struct {
	info    fleet.Info
	backups int
} {
	type row = struct {
		info    fleet.Info
		backups int
	}
	labels := func(environment, team string) map[string]string {
		return map[string]string{"environment": environment, "team": team}
	}
	return []row{
		{fleet.Info{Name: "clumio-prod", Provider: "clumio", Region: "us-west-2", Labels: labels("production", "platform")}, 500},
		{fleet.Info{Name: "clumio-dev", Provider: "clumio", Region: "us-west-2", Labels: labels("development", "platform")}, 300},
		{fleet.Info{Name: "clumio-eu", Provider: "clumio", Region: "eu-central-1", Labels: labels("production", "europe")}, 300},
		{fleet.Info{Name: "ibm-eu", Provider: "ibm", Region: "eu-de", Labels: labels("production", "europe")}, 600},
		{fleet.Info{Name: "ibm-us", Provider: "ibm", Region: "us-east", Labels: labels("production", "platform")}, 300},
		{fleet.Info{Name: "storware-dc1", Provider: "storware", Region: "dc1", Labels: labels("production", "workplace")}, 600},
	}
}

// Run serves the demo until it is interrupted.
func (c *demoCommand) Run(w *world) error {
	scenario, err := simkit.ParseScenario(c.Scenario)
	if err != nil {
		return err
	}
	out := w.stdout
	if c.JSON {
		out = io.Discard
	}
	_, _ = fmt.Fprintln(out, "Starting three simulated vendors and the gateway on them ...")
	served, accounts, err := c.simulate(w.ctx, scenario)
	if err != nil {
		return err
	}
	defer func() {
		for _, s := range served {
			s.stop()
		}
	}()
	logger := slog.New(slog.DiscardHandler)
	if !c.JSON {
		logger = telemetry.NewLogger(w.stderr, slog.LevelWarn, "text")
	}
	auth, err := demoAuthenticator(logger)
	if err != nil {
		return err
	}
	key, err := cursorKey(config.Secret{})
	if err != nil {
		return err
	}
	a, err := assemble(w.ctx, plan{
		accounts: accounts, auth: auth, cursorKey: key, store: store.NewMemory(), lists: federate.Settings{},
		logger: logger, tracer: noop.NewTracerProvider(),
	})
	if err != nil {
		return err
	}
	l, err := listen(w.ctx, c.Addr, c.AdminAddr)
	if err != nil {
		return err
	}
	url := "http://" + l.api.Addr().String()
	announced := make(chan error, 1)
	admin := "http://" + l.admin.Addr().String()
	go func() { announced <- c.announce(w, url, admin, served) }()
	err = a.run(w.ctx, l, serving{readHeaderTimeout: 10 * time.Second, maxHeaderBytes: 64 << 10, shutdownTimeout: 5 * time.Second})
	return errors.Join(err, <-announced)
}

// simulate starts one simulator per account.
func (c *demoCommand) simulate(ctx context.Context, scenario simkit.Scenario) ([]*running, []account, error) {
	table := drivers()
	var served []*running
	var accounts []account
	for i, row := range demoAccounts() {
		sim, err := newSimulator(row.info.Provider, c.Seed+uint64(i), scenario, estate{backups: row.backups, region: row.info.Region})
		if err != nil {
			return nil, nil, err
		}
		s, err := serveSimulator(ctx, sim, row.info.Name, "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		served = append(served, s)
		accounts = append(accounts, account{info: row.info, driver: table[row.info.Provider], config: s.configJSON()})
	}
	return served, accounts, nil
}

// demoAuthenticator lets everybody with a demo token do everything.
func demoAuthenticator(logger *slog.Logger) (*identity.Authenticator, error) {
	return identity.NewAuthenticator(identity.Options{
		Issuers: []identity.Issuer{{
			Issuer: demoIssuer, Audiences: []string{demoAudience}, Algorithms: []string{"HS256"},
			Secret: func() ([]byte, error) { return []byte(demoSecret), nil },
		}},
		Bindings: []identity.Binding{{Subjects: []string{"demo"}, Roles: []string{"admin"}, Connections: []string{"*"}}},
		Now:      time.Now, Logger: logger,
	})
}

// announce waits until the gateway answers and says how to use it.
func (c *demoCommand) announce(w *world, url, admin string, served []*running) error {
	token, err := identity.SignDevelopment([]byte(demoSecret), identity.DevelopmentClaims{
		Subject: "demo", Issuer: demoIssuer, Audience: demoAudience, Lifetime: 12 * time.Hour,
	}, time.Now())
	if err != nil {
		return err
	}
	if c.JSON {
		type connection struct {
			ID        string `json:"id"`
			Provider  string `json:"provider"`
			Simulator string `json:"simulator"`
			Backups   int    `json:"backups"`
		}
		list := make([]connection, len(served))
		for i, s := range served {
			list[i] = connection{s.name, s.provider, s.url, s.facts()}
		}
		line, err := json.Marshal(map[string]any{"url": url, "token": token, "admin": admin, "connections": list})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(w.stdout, string(line))
		return err
	}
	return demoGuide(w.ctx, w.stdout, url, admin, token, served)
}
