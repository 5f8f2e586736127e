package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"switchback/internal/config"
	"switchback/internal/fault"
	"switchback/internal/federate"
	"switchback/internal/fleet"
	"switchback/internal/identity"
	"switchback/internal/restores"
	"switchback/internal/store"
	"switchback/internal/telemetry"
)

type serveCommand struct {
	Config string `required:"" short:"c" type:"path" help:"The configuration file."`
}

// Run serves until it is interrupted.
func (c *serveCommand) Run(w *world) (err error) {
	conf, err := config.Load(c.Config, w.environ)
	if err != nil {
		return err
	}
	logger := telemetry.NewLogger(w.stdout, conf.Log.Level, conf.Log.Format)
	tracer, flush, err := telemetry.SetupTracing(w.ctx, conf.Telemetry.ServiceName, w.environ)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), 5*time.Second)
		defer cancel()
		err = errors.Join(err, flush(ctx))
	}()
	journal, closeStore, err := openStore(conf.Journal)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	p, err := planOf(conf, logger)
	if err != nil {
		return err
	}
	p.store, p.tracer = journal, tracer
	a, err := assemble(w.ctx, p)
	if err != nil {
		return inFile(conf, err)
	}
	s := serving{
		readHeaderTimeout: conf.Server.ReadHeaderTimeout, maxHeaderBytes: conf.Server.MaxHeaderBytes, shutdownTimeout: conf.Server.ShutdownTimeout,
	}
	if t := conf.Server.TLS; t.Enabled() {
		certificate, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return err
		}
		s.tls = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}}
	}
	l, err := listen(w.ctx, conf.Server.Addr, conf.Server.AdminAddr)
	if err != nil {
		return err
	}
	adminAddr := ""
	if l.admin != nil {
		adminAddr = l.admin.Addr().String()
	}
	logger.InfoContext(w.ctx, "gateway is ready", slog.String("addr", l.api.Addr().String()), slog.String("admin_addr", adminAddr),
		slog.String("version", version), slog.Int("connections", len(p.accounts)))
	err = a.run(w.ctx, l, s)
	logger.InfoContext(w.ctx, "gateway has stopped")
	return err
}

// openStore opens where restores are remembered.
func openStore(j config.Journal) (restores.Store, func() error, error) {
	if j.Memory {
		return store.NewMemory(), func() error { return nil }, nil
	}
	s, err := store.OpenBolt(j.Path)
	if err != nil {
		return nil, nil, err
	}
	return s, s.Close, nil
}

// planOf turns a configuration into a plan, all but the parts that have to be
// closed again.
func planOf(conf *config.Config, logger *slog.Logger) (plan, error) {
	p := plan{logger: logger, lists: federate.Settings{SourceDeadline: conf.Lists.SourceDeadline, Fanout: conf.Lists.Fanout}}
	var err error
	if p.cursorKey, err = cursorKey(conf.CursorKey); err != nil {
		return p, err
	}
	if p.auth, err = authenticator(conf.Auth, logger); err != nil {
		return p, err
	}
	p.accounts, err = accountsOf(conf)
	return p, err
}

// cursorKey reads the key that replicas share, or makes one up: then cursors
// end with the process.
func cursorKey(s config.Secret) ([]byte, error) {
	if !s.IsZero() {
		return s.Read()
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return key, nil
}

func authenticator(c config.Auth, logger *slog.Logger) (*identity.Authenticator, error) {
	o := identity.Options{Roles: c.Roles, Transport: vendorTransport(), Now: time.Now, Logger: logger}
	for _, i := range c.Issuers {
		issuer := identity.Issuer{
			Issuer: i.Issuer, Audiences: i.Audiences, Algorithms: i.Algorithms, JWKSURL: i.JWKSURL, Discovery: i.Discovery,
			GroupsClaim: i.GroupsClaim, RequireType: i.RequireType, Leeway: i.Leeway,
		}
		if !i.Secret.IsZero() {
			issuer.Secret = i.Secret.Read
		}
		o.Issuers = append(o.Issuers, issuer)
	}
	for _, b := range c.Bindings {
		o.Bindings = append(o.Bindings, identity.Binding{
			Subjects: b.Subjects, Groups: b.Groups, Issuer: b.Issuer, Roles: b.Roles, Verbs: b.Verbs,
			Connections: b.Connections, Providers: b.Providers, Labels: b.Labels,
		})
	}
	return identity.NewAuthenticator(o)
}

// accountsOf looks up the drivers of the connections.
func accountsOf(conf *config.Config) ([]account, error) {
	table := drivers()
	var accounts []account
	var problems []error
	for i, c := range conf.Connections {
		driver, known := table[c.Driver]
		if !known {
			problems = append(problems, conf.Problem(fmt.Sprintf("connections[%d].driver", i), "there is no such driver; there are clumio, ibm, storware"))
			continue
		}
		accounts = append(accounts, account{
			info: fleet.Info{Name: c.Name, Region: c.Region, Labels: c.Labels}, driver: driver, config: c.Config.JSON(),
			limits: fleet.Limits{Calls: c.Limits.Calls, Streams: c.Limits.Streams, Read: c.Limits.Read, Write: c.Limits.Write, Idle: c.Limits.Idle},
		})
	}
	return accounts, errors.Join(problems...)
}

// inFile gives errors of accounts their place in the configuration file.
func inFile(conf *config.Config, err error) error {
	var all []error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	} else {
		all = []error{err}
	}
	for i, err := range all {
		e, ok := errors.AsType[*accountError](err)
		if !ok {
			continue
		}
		at := slices.IndexFunc(conf.Connections, func(c config.Connection) bool { return c.Name == e.name })
		path, message := fmt.Sprintf("connections[%d].config", at), e.err.Error()
		if f := fault.Of(e.err); f != nil && f.Kind == fault.Invalid {
			message = f.Detail
		}
		all[i] = conf.Problem(path, message)
	}
	return errors.Join(all...)
}
