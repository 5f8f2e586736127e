package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"switchback/internal/adapters"
	"switchback/internal/api"
	"switchback/internal/federate"
	"switchback/internal/fleet"
	"switchback/internal/identity"
	"switchback/internal/restores"
	"switchback/internal/telemetry"
)

// account is one connection before it is opened.
type account struct {
	info   fleet.Info
	driver adapters.Driver
	config []byte
	limits fleet.Limits
}

// app is a gateway that is put together and not yet listening.
type app struct {
	fleet     *fleet.Fleet
	journal   *restores.Journal
	api       *api.Server
	telemetry *telemetry.Telemetry
	registry  *prometheus.Registry
	tracer    trace.TracerProvider
	logger    *slog.Logger
}

// plan is what demo and serve decide before the parts are put together.
type plan struct {
	accounts  []account
	auth      *identity.Authenticator
	cursorKey []byte
	store     restores.Store
	lists     federate.Settings
	logger    *slog.Logger
	tracer    trace.TracerProvider
}

// assemble puts the parts together. It makes no call to a vendor.
func assemble(ctx context.Context, p plan) (*app, error) {
	a := &app{registry: prometheus.NewRegistry(), logger: p.logger, tracer: p.tracer}
	a.telemetry = telemetry.New(a.registry, p.tracer.Tracer("switchback"))
	var err error
	if a.fleet, err = openFleet(ctx, p, a.telemetry); err != nil {
		return nil, err
	}
	sealer, err := federate.NewSealer(p.cursorKey)
	if err != nil {
		return nil, err
	}
	a.journal = restores.NewJournal(p.store, time.Now, p.logger)
	a.api, err = api.New(api.Options{
		Fleet:     func() *fleet.Fleet { return a.fleet },
		Federator: federate.New(p.lists, sealer, time.Now, p.logger),
		Journal:   a.journal, Authenticator: p.auth, Logger: p.logger, Now: time.Now, Version: version,
		Observer: requests{a.telemetry}, OnRoute: nameSpan,
	})
	return a, err
}

// requests hands what the API observes on to the metrics.
type requests struct{ telemetry *telemetry.Telemetry }

func (r requests) Request(ctx context.Context, method, route string, status int, elapsed time.Duration) {
	r.telemetry.ObserveRequest(ctx, route, method, status, elapsed)
}

// nameSpan gives the server's span its route, which is known only inside.
func nameSpan(ctx context.Context, method, route string) {
	span := trace.SpanFromContext(ctx)
	span.SetName(method + " " + route)
	span.SetAttributes(attribute.String("http.route", route))
}

// openFleet opens every account over one pool of connections.
func openFleet(ctx context.Context, p plan, t *telemetry.Telemetry) (*fleet.Fleet, error) {
	pool := vendorTransport()
	var conns []*fleet.Conn
	var problems []error
	for _, acc := range p.accounts {
		adapter, _, err := acc.open(ctx, t, pool, p.logger)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		t.ExpectConnection(acc.info.Name)
		conns = append(conns, fleet.NewConn(acc.info, adapter, acc.limits, fleet.Env{Now: time.Now, Logger: p.logger, Observer: t}))
	}
	return fleet.New(conns...), errors.Join(problems...)
}

// open opens one account with a transport that repeats what may be repeated
// and measures each attempt.
func (acc account) open(ctx context.Context, t *telemetry.Telemetry, pool http.RoundTripper, logger *slog.Logger) (*adapters.Adapter, adapters.Env, error) {
	env := adapters.Env{
		Connection: acc.info.Name, Now: time.Now, Logger: logger.With(slog.String("connection", acc.info.Name)),
		Transport: fleet.Transport(t.Transport(pool), fleet.DefaultRetries()),
	}
	adapter, err := acc.driver.Open(ctx, acc.config, env)
	if err != nil {
		return nil, env, &accountError{acc.info.Name, err}
	}
	return adapter, env, nil
}

// accountError says which connection could not be opened.
type accountError struct {
	name string
	err  error
}

func (e *accountError) Error() string { return "connection " + e.name + ": " + e.err.Error() }
func (e *accountError) Unwrap() error { return e.err }

// vendorTransport keeps enough idle connections that a burst of lists does not
// have to dial again, and bounds everything that has no deadline of its own.
func vendorTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  60 * time.Second,
		MaxIdleConns:           1024,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
		ReadBufferSize:         64 << 10,
	}
}

// listeners of a gateway; admin may be nil.
type listeners struct{ api, admin net.Listener }

// listen opens both addresses; an empty admin address is off.
func listen(ctx context.Context, addr, adminAddr string) (listeners, error) {
	var lc net.ListenConfig
	var l listeners
	var err error
	if l.api, err = lc.Listen(ctx, "tcp", addr); err != nil {
		return l, err
	}
	if adminAddr != "" {
		if l.admin, err = lc.Listen(ctx, "tcp", adminAddr); err != nil {
			_ = l.api.Close()
		}
	}
	return l, err
}

// serving says how the listeners are served.
type serving struct {
	tls               *tls.Config // nil: plain
	readHeaderTimeout time.Duration
	maxHeaderBytes    int
	shutdownTimeout   time.Duration
}

// run serves until the context ends, then drains: readiness goes first, event
// streams end, requests under way finish within the time that is left.
func (a *app) run(ctx context.Context, l listeners, s serving) error {
	handler := otelhttp.NewHandler(a.api, "gateway",
		otelhttp.WithTracerProvider(a.tracer), otelhttp.WithPropagators(propagation.TraceContext{}))
	main := &http.Server{
		Handler: handler, TLSConfig: s.tls, ReadHeaderTimeout: s.readHeaderTimeout, MaxHeaderBytes: s.maxHeaderBytes,
		IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(a.logger.Handler(), slog.LevelDebug),
	}
	admin := &http.Server{Handler: a.adminHandler(), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 2)
	serve := func(server *http.Server, l net.Listener, tls bool) {
		var err error
		if tls {
			err = server.ServeTLS(l, "", "")
		} else {
			err = server.Serve(l)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}
	go serve(main, l.api, s.tls != nil)
	if l.admin != nil {
		go serve(admin, l.admin, false)
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	left, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.shutdownTimeout)
	defer cancel()
	a.api.Drain()
	a.api.Close() // event streams would hold the shutdown up
	err = errors.Join(err, main.Shutdown(left))
	a.journal.Wait()
	a.fleet.Close(left)
	return errors.Join(err, admin.Shutdown(left))
}

// adminHandler serves what operators ask: metrics and health.
func (a *app) adminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{Registry: a.registry, EnableOpenMetrics: true}))
	mux.Handle("GET /livez", a.api)
	mux.Handle("GET /readyz", a.api)
	return mux
}
