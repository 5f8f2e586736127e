package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"switchback/internal/federate"
	"switchback/internal/fleet"
	"switchback/internal/identity"
	"switchback/internal/restores"
)

// Authenticator tells who sends a request. Its errors are *identity.TokenError.
type Authenticator interface {
	Authenticate(ctx context.Context, bearer string) (*identity.Principal, error)
}

// Observer is told of every finished request. Route is the template of the
// path, "none" when no route matched; Method is "OTHER" for methods that HTTP
// does not know, so both are safe as metric labels.
type Observer interface {
	Request(ctx context.Context, method, route string, status int, elapsed time.Duration)
}

// Condition is one condition of readiness.
type Condition struct {
	Name  string
	Check func(ctx context.Context) error
}

// Options is what a Server is made of. All members are required but those that
// say otherwise.
type Options struct {
	Fleet         func() *fleet.Fleet // the fleet of the moment
	Federator     *federate.Federator
	Journal       *restores.Journal
	Authenticator Authenticator
	Logger        *slog.Logger
	Now           func() time.Time // the wall clock: deadlines of connections count from it

	Version  string                                          // optional: in the document and in the header Server
	Pace     restores.Pace                                   // optional: how often watched things are polled
	Ready    []Condition                                     // optional: conditions of /readyz
	Observer Observer                                        // optional
	OnRoute  func(ctx context.Context, method, route string) // optional: told the route before it is handled, for spans
	Limits   Limits                                          // optional
	NoDocs   bool                                            // leaves /docs out
}

// Limits bounds requests. Zero members take the default.
type Limits struct {
	BodyBytes int64         // of a request; 1 MiB
	Request   time.Duration // for everything but transfers and watching; 90 seconds
	Write     time.Duration // for a client to take the next piece of an answer; 60 seconds
	Heartbeat time.Duration // between comments of an event stream; 15 seconds
	Wait      time.Duration // the longest Prefer: wait; 60 seconds
}

func (l Limits) filled() Limits {
	or := func(d, otherwise time.Duration) time.Duration {
		if d > 0 {
			return d
		}
		return otherwise
	}
	if l.BodyBytes <= 0 {
		l.BodyBytes = 1 << 20
	}
	l.Request = or(l.Request, 90*time.Second)
	l.Write = or(l.Write, time.Minute)
	l.Heartbeat = or(l.Heartbeat, 15*time.Second)
	l.Wait = or(l.Wait, time.Minute)
	return l
}

// Server is the API as an http.Handler.
type Server struct {
	Options
	document   *document
	echo       *echo.Echo
	restores   *restores.Hub
	operations *restores.Hub
	docs       map[string]asset
	closing    atomic.Bool
}

var _ StrictServerInterface = (*Server)(nil)

// New compiles the document and returns the API over o.
func New(o Options) (*Server, error) {
	if o.Fleet == nil || o.Federator == nil || o.Journal == nil || o.Authenticator == nil || o.Logger == nil || o.Now == nil {
		return nil, errors.New("api: fleet, federator, journal, authenticator, logger and clock are required")
	}
	o.Limits = o.Limits.filled()
	if o.Pace == (restores.Pace{}) {
		o.Pace = restores.DefaultPace()
	}
	s := &Server{Options: o}
	var err error
	if s.document, err = loadDocument(o.Version); err != nil {
		return nil, err
	}
	if s.docs, err = loadDocs(); err != nil {
		return nil, err
	}
	s.restores = restores.NewHub(o.Pace, s.pollRestore)
	s.operations = restores.NewHub(o.Pace, s.pollOperation)
	s.echo = s.routes()
	return s, nil
}

func (s *Server) routes() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = echo.ExtractIPDirect() // the default believes X-Forwarded-For from anybody
	e.Binder = checkedBody{}
	e.HTTPErrorHandler = s.writeError
	e.Use(s.observe, s.headers, s.recoverPanic, s.bound, s.authenticate, s.checkInput)
	RegisterHandlers(e, NewStrictHandler(s, nil))
	return e
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// Drain makes /readyz fail, so that no new requests are sent here.
func (s *Server) Drain() { s.closing.Store(true) }

// Close ends all event streams and waiting requests; it is to be called when
// the HTTP server begins to shut down.
func (s *Server) Close() {
	s.Drain()
	s.restores.Close()
	s.operations.Close()
}

// Document returns the OpenAPI document as JSON.
func Document(version string) ([]byte, error) {
	d, err := loadDocument(version)
	if err != nil {
		return nil, err
	}
	return d.json, nil
}
