package cohesitysim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

const connectionsPath, connectorsPath = "/v2/data-source-connections", "/v2/data-source-connectors"

// changeConnections makes a connection with a connector, renames and removes both.
func (c *client) changeConnections() {
	c.t.Helper()
	made := c.want(http.StatusCreated, http.MethodPost, connectionsPath, obj{"connectionName": "vpc-b", "connectionEnvType": "kRoksVpc"}).json(c.t)
	path := fmt.Sprint(connectionsPath, "/", made["connectionId"])
	var fresh string
	if err := json.Unmarshal(c.want(http.StatusOK, http.MethodPost, path+"/registrationToken", nil).body, &fresh); err != nil || fresh == made["registrationToken"] {
		c.t.Fatalf("second token %q, first %v: %v", fresh, made["registrationToken"], err)
	}
	connector := c.sim.JoinConnector(fresh, "vpc-b-1")
	within := fmt.Sprint(connectorsPath, "?connectionId=", made["connectionId"])
	if got := items(c.get(within), "connectors"); len(got) != 1 || got[0]["connectorId"] != connector {
		c.t.Errorf("connectors of the new connection: %v, want %s", got, connector)
	}
	if got := c.want(http.StatusOK, http.MethodPatch, connectorsPath+"/"+connector, obj{"connectorName": "b-1"}).json(c.t); got["connectorName"] != "b-1" {
		c.t.Errorf("renamed connector: %v", got)
	}
	got := c.want(http.StatusOK, http.MethodPatch, path, obj{"connectionName": "vpc-c"}).json(c.t)
	if got["connectionName"] != "vpc-c" || got["registrationToken"] != nil {
		c.t.Errorf("renamed connection: %v", got)
	}
	c.want(http.StatusConflict, http.MethodDelete, path, nil) // still has its connector
	c.want(http.StatusNoContent, http.MethodDelete, connectorsPath+"/"+connector, nil)
	c.want(http.StatusNotFound, http.MethodDelete, connectorsPath+"/"+connector, nil)
	c.want(http.StatusNoContent, http.MethodDelete, path, nil)
	c.want(http.StatusNotFound, http.MethodDelete, path, nil)
	if a := c.want(http.StatusBadRequest, http.MethodGet, within, nil); !strings.Contains(string(a.body), "does not exist") {
		c.t.Errorf("connectors of a removed connection: %s", a.body)
	}
}

func TestARegistrationTokenLivesADay(t *testing.T) {
	c := newClient(t, Options{})
	made := c.want(http.StatusCreated, http.MethodPost, connectionsPath, obj{"connectionName": "vpc-b"}).json(t)
	token, _ := made["registrationToken"].(string)
	c.clock.Advance(24*time.Hour - time.Microsecond)
	first, second := c.sim.JoinConnector(token, "a"), c.sim.JoinConnector(token, "b")
	c.clock.Advance(time.Microsecond)
	if late := c.sim.JoinConnector(token, "c"); first == "" || second == "" || first == second || late != "" {
		t.Errorf("joined as %q, %q and too late as %q", first, second, late)
	}
	if c.sim.JoinConnector("test-unknown", "d") != "" {
		t.Error("an unknown token let a connector join")
	}
}

func TestConnectionFaults(t *testing.T) {
	c := newClient(t, Options{})
	seeded := fmt.Sprint(connectionsPath, "/", connectionID)
	c.want(http.StatusCreated, http.MethodPost, connectionsPath, obj{"connectionName": "vpc-b"})
	for _, tc := range []struct {
		status       int
		method, path string
		body         any
	}{
		{http.StatusConflict, http.MethodPost, connectionsPath, obj{"connectionName": "vpc-a"}},
		{http.StatusConflict, http.MethodPatch, seeded, obj{"connectionName": "vpc-b"}},
		{http.StatusOK, http.MethodPatch, seeded, obj{"connectionName": "vpc-a"}},
		{http.StatusBadRequest, http.MethodPost, connectionsPath, obj{}},
		{http.StatusBadRequest, http.MethodPost, connectionsPath, obj{"connectionName": "x", "connectionEnvType": "kMoon"}},
		{http.StatusBadRequest, http.MethodPatch, seeded, obj{"connectionName": 7}},
		{http.StatusNotFound, http.MethodPatch, connectionsPath + "/1", obj{"connectionName": "x"}},
		{http.StatusNotFound, http.MethodPost, connectionsPath + "/1/registrationToken", nil},
		{http.StatusNotFound, http.MethodPatch, connectorsPath + "/x", obj{"connectorName": "x"}},
	} {
		c.want(tc.status, tc.method, tc.path, tc.body)
	}
	if got := items(c.get(connectionsPath+"?connectionNames=vpc-b"), "connections"); len(got) != 1 || got[0]["connectionName"] != "vpc-b" {
		t.Errorf("filter by name gives %v", got)
	}
}
