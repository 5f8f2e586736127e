package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"switchback/internal/fault"
	"switchback/internal/fleet"
	"switchback/internal/identity"
	"switchback/internal/model"
)

// call is what is known of the request under way.
type call struct {
	request string // its id
	path    string
	// escapedPath is the path as it was sent.
	escapedPath string
	trace       string
	operation   *operation // nil when no route matched
	caller      *identity.Principal
	query       url.Values // checked and normal
	key         string     // Idempotency-Key
	header      http.Header
	failure     error // for the log
}

type callKey struct{}

// callOf returns the request under way; every context that a handler gets has
// one.
func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

func (s *Server) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		in := callOf(c.Request().Context())
		if in.operation == nil || in.operation.open {
			return next(c)
		}
		token, err := identity.BearerToken(c.Request().Header)
		if err != nil {
			return err
		}
		if in.caller, err = s.Authenticator.Authenticate(c.Request().Context(), token); err != nil {
			return err
		}
		return next(c)
	}
}

func identityOf(c *fleet.Conn) identity.Connection {
	return identity.Connection{Name: c.Name, Provider: c.Provider, Labels: c.Labels}
}

// operationReaders are the verbs of which any shows operations: whoever
// watches restores or backups has to see the work that they cause.
func operationReaders() []string {
	return []string{identity.OperationsRead, identity.RestoresRead, identity.BackupsRead}
}

func may(p *identity.Principal, c *fleet.Conn, verbs []string) bool {
	on := identityOf(c)
	return slices.ContainsFunc(verbs, func(verb string) bool { return p.May(verb, on) })
}

// connection returns a connection on which the caller holds any of the verbs.
// Without verbs, seeing it is enough.
func (s *Server) connection(ctx context.Context, name string, verbs ...string) (*fleet.Conn, error) {
	caller := callOf(ctx).caller
	conn := s.Fleet().Conn(name)
	if conn == nil || !caller.Sees(identityOf(conn)) {
		return nil, fault.New(fault.NotFound, "api.connection", "")
	}
	if len(verbs) > 0 && !may(caller, conn, verbs) {
		return nil, refuse(forbidden)
	}
	return conn, nil
}

// resource returns what an id names and the connection it is on. An id that
// is none names nothing.
func (s *Server) resource(ctx context.Context, text string, verbs ...string) (*fleet.Conn, model.ID, error) {
	id, err := model.ParseID(text)
	if err != nil {
		return nil, model.ID{}, fault.New(fault.NotFound, "api.resource", "")
	}
	conn, err := s.connection(ctx, id.Connection, verbs...)
	return conn, id, err
}
