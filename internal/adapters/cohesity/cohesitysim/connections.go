package cohesitysim

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

const (
	connectionID = int64(730118844556677123) // above 2^53 on purpose (IBM NOTES section 1)
	connectorID  = "8412"

	connectionTokenLife = day // "about a day" (IBM NOTES section 14)
)

var connectionKinds = []string{"kIksClassic", "kIksVpc", "kRoksClassic", "kRoksVpc"}

// connection is a data-source connection; its connectors point to it.
type connection struct {
	id   int64
	name string
	kind string
}

type connector struct {
	id         int64
	name       string
	connection int64
	joined     int64
}

// joinToken lets connectors join a connection; several may use one.
type joinToken struct {
	connection int64
	expires    int64
}

func (s *Sim) seedConnections() {
	id, _ := strconv.ParseInt(connectorID, 10, 64)
	s.connections = []*connection{{id: connectionID, name: "vpc-a"}}
	s.connectors = []*connector{{id: id, name: "vpc-a-1", connection: connectionID, joined: s.born.UnixMicro()}}
	s.joinTokens = map[string]joinToken{}
}

func (s *Sim) connection(id string) *connection {
	for _, n := range s.connections {
		if strconv.FormatInt(n.id, 10) == id {
			return n
		}
	}
	return nil
}

func (s *Sim) connectorsOf(n *connection) []string {
	out := []string{}
	for _, x := range s.connectors {
		if x.connection == n.id {
			out = append(out, strconv.FormatInt(x.id, 10))
		}
	}
	return out
}

func (s *Sim) connectionJSON(n *connection) obj {
	out := obj{
		"connectionId": strconv.FormatInt(n.id, 10), "connectionName": n.name, "connectorIds": s.connectorsOf(n),
		"tenantId": s.options.TenantID, "registrationToken": nil, "connectionEnvType": nil, "upgradingConnectorId": nil,
	}
	if n.kind != "" {
		out["connectionEnvType"] = n.kind
	}
	return out
}

func (s *Sim) newJoinToken(n *connection, now int64) string {
	s.issued++
	value := fmt.Sprintf("test-registration-%016x", mix(s.kit.Seed, 31, s.issued))
	s.joinTokens[value] = joinToken{n.id, now + connectionTokenLife}
	return value
}

func (s *Sim) getDataSourceConnections(c *call) (reply, error) {
	ids, names := c.list("connectionIds"), c.list("connectionNames")
	out := []any{}
	for _, n := range s.connections {
		if among(ids, strconv.FormatInt(n.id, 10)) && among(names, n.name) {
			out = append(out, s.connectionJSON(n))
		}
	}
	return ok(obj{"connections": out})
}

// connectionName reads and checks the name of a body; names are unique per
// tenant (IBM NOTES section 3).
func (s *Sim) connectionName(body obj, own *connection) (string, error) {
	name := text(body, "connectionName")
	if name == "" {
		return "", invalid("connectionName in body is required")
	}
	if slices.ContainsFunc(s.connections, func(n *connection) bool { return n != own && n.name == name }) {
		return "", duplicate("Data-source connection with name %s already exists", name)
	}
	return name, nil
}

// createDataSourceConnection answers with a token in the body; later reads do
// not carry one.
func (s *Sim) createDataSourceConnection(c *call) (reply, error) {
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	name, err := s.connectionName(body, nil)
	if err != nil {
		return reply{}, err
	}
	kind := text(body, "connectionEnvType")
	if body["connectionEnvType"] != nil && !slices.Contains(connectionKinds, kind) {
		return reply{}, invalid("connectionEnvType in body should be one of %v", connectionKinds)
	}
	s.lastID++
	n := &connection{id: connectionID + s.lastID, name: name, kind: kind}
	s.connections = append(s.connections, n)
	out := s.connectionJSON(n)
	out["registrationToken"] = s.newJoinToken(n, c.now)
	return reply{status: http.StatusCreated, json: out}, nil
}

func (s *Sim) connectionOf(c *call) (*connection, error) {
	n := s.connection(c.path("connectionId"))
	if n == nil {
		return nil, notFound()
	}
	return n, nil
}

func (s *Sim) patchDataSourceConnection(c *call) (reply, error) {
	n, err := s.connectionOf(c)
	if err != nil {
		return reply{}, err
	}
	body, err := c.body()
	if err != nil {
		return reply{}, err
	}
	name, err := s.connectionName(body, n)
	if err != nil {
		return reply{}, err
	}
	n.name = name
	return ok(s.connectionJSON(n))
}

// deleteDataSourceConnection wants the connectors gone first (IBM NOTES section
// 14); the status is inferred.
func (s *Sim) deleteDataSourceConnection(c *call) (reply, error) {
	n, err := s.connectionOf(c)
	if err != nil {
		return reply{}, err
	}
	if left := s.connectorsOf(n); len(left) > 0 {
		return reply{}, refused("connection %d still has connectors %v", n.id, left)
	}
	s.connections = slices.DeleteFunc(s.connections, func(other *connection) bool { return other == n })
	return noContent()
}

// generateRegistrationToken answers with a bare JSON string (IBM NOTES section 15).
func (s *Sim) generateRegistrationToken(c *call) (reply, error) {
	n, err := s.connectionOf(c)
	if err != nil {
		return reply{}, err
	}
	return ok(s.newJoinToken(n, c.now))
}

// JoinConnector is what a connector appliance does with a registration token. It
// returns the id of the new connector, or "" when the token is unknown or older
// than a day.
func (s *Sim) JoinConnector(registrationToken, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, found := s.joinTokens[registrationToken]
	if !found || s.now() >= t.expires || s.connection(strconv.FormatInt(t.connection, 10)) == nil {
		return ""
	}
	s.lastID++
	s.connectors = append(s.connectors, &connector{id: s.lastID, name: name, connection: t.connection, joined: s.now()})
	return strconv.FormatInt(s.lastID, 10)
}
