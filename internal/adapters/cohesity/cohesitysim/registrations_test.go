package cohesitysim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const registrationsPath = api + "/sources/registrations"

func aHost(endpoint string) obj {
	return obj{
		"environment": "kPhysical", "name": "app-" + endpoint, "dataSourceConnectionId": fmt.Sprint(connectionID),
		"physicalParams": obj{"endpoint": endpoint, "hostType": "kLinux", "physicalType": "kHost"},
	}
}

func (c *client) register(endpoint string) (made map[string]any, path string) {
	c.t.Helper()
	made = c.want(http.StatusCreated, http.MethodPost, registrationsPath, aHost(endpoint)).json(c.t)
	return made, fmt.Sprintf("%s/%d", registrationsPath, number(made, "id"))
}

// changeRegistrations registers, changes, refreshes and unregisters a host.
func (c *client) changeRegistrations() {
	c.t.Helper()
	made, path := c.register("10.99.0.1")
	if number(made, "connectionId") != connectionID || number(made, "id") == number(made, "sourceId") {
		c.t.Errorf("registered: %v", made)
	}
	change := aHost("10.99.0.2")
	change["name"], change["lastModifiedTimestampUsecs"] = "renamed", 1
	if got := c.want(http.StatusOK, http.MethodPut, path, change).json(c.t); got["name"] != "renamed" {
		c.t.Errorf("after the update: %v", got)
	}
	c.want(http.StatusOK, http.MethodPatch, path, obj{"environment": "kPhysical"})
	refresh := fmt.Sprintf("%s/sources/%d/refresh", api, number(made, "sourceId"))
	c.want(http.StatusNoContent, http.MethodPost, refresh, nil)
	c.want(http.StatusNoContent, http.MethodDelete, path, nil)
	c.want(http.StatusNotFound, http.MethodDelete, path, nil)
	c.want(http.StatusNotFound, http.MethodPost, refresh, nil)
}

func TestARegistrationLivesByTheClock(t *testing.T) {
	c := newClient(t, Options{})
	made, path := c.register("10.99.0.1")
	source := number(made, "sourceId")
	states := []string{made["authenticationStatus"].(string)}
	var last map[string]any
	for range 40 {
		c.clock.Advance(250 * time.Millisecond)
		last = c.get(path)
		state := last["authenticationStatus"].(string)
		if state != states[len(states)-1] {
			states = append(states, state)
		}
		done := state == "Finished"
		if (last["lastRefreshedTimeMsecs"] != nil) != done || slices.Contains(c.sim.Hosts(), source) != done {
			t.Fatalf("%s: last refresh %v, known host %t", state, last["lastRefreshedTimeMsecs"], !done)
		}
	}
	if got := strings.Join(states, " "); got != "Pending Scheduled RefreshInProgress Finished" {
		t.Errorf("states %s", got)
	}
	before := number(last, "lastRefreshedTimeMsecs")
	if before <= number(last, "registrationTimeMsecs") {
		t.Errorf("first refresh at %d, not after the registration", before)
	}
	c.clock.Advance(time.Hour)
	c.want(http.StatusNoContent, http.MethodPost, fmt.Sprintf("%s/sources/%d/refresh", api, source), nil)
	if got := c.get(path); got["authenticationStatus"] != "RefreshInProgress" || number(got, "lastRefreshedTimeMsecs") != before {
		t.Errorf("during the refresh: %v", got)
	}
	c.clock.Advance(time.Minute)
	if got := c.get(path); got["authenticationStatus"] != "Finished" || number(got, "lastRefreshedTimeMsecs") <= before {
		t.Errorf("after the refresh: %v", got)
	}
}

func TestUnregisteringFinishesLater(t *testing.T) {
	c := newClient(t, Options{})
	_, path := c.register("10.99.0.1")
	twice := c.want(http.StatusInternalServerError, http.MethodPost, registrationsPath, aHost("10.99.0.1"))
	if !strings.Contains(string(twice.body), "already exists for tenant") {
		t.Errorf("registered twice: %s", twice.body)
	}
	c.want(http.StatusNoContent, http.MethodDelete, path, nil)
	c.get(path) // cleaning up
	c.want(http.StatusInternalServerError, http.MethodPost, registrationsPath, aHost("10.99.0.1"))
	c.clock.Advance(8 * time.Second)
	c.want(http.StatusNotFound, http.MethodGet, path, nil)
	if again, _ := c.register("10.99.0.1"); fmt.Sprint(registrationsPath, "/", again["id"]) == path {
		t.Error("the id of the removed registration was used again")
	}
}

func TestARegisteredHostCanBeProtectedAndUsed(t *testing.T) {
	c := newClient(t, Options{})
	made, _ := c.register("10.99.0.1")
	c.clock.Advance(time.Minute)
	source := number(made, "sourceId")
	group := c.want(http.StatusCreated, http.MethodPost, api+"/protection-groups", aGroup(c, "on-new-host", source)).json(t)
	c.clock.Advance(time.Minute)
	if got := items(c.get(fmt.Sprintf("%s/objects/%d/snapshots", api, source)), "snapshots"); len(got) != 1 || got[0]["protectionGroupId"] != group["id"] {
		t.Errorf("snapshots of the new host: %v", got)
	}
	info := c.get(fmt.Sprintf("/irisservices/api/v1/public/protectionSources/registrationInfo?ids=%d", source))
	if root := items(info, "rootNodes"); len(root) != 1 || number(root[0]["stats"].(map[string]any), "protectedCount") != 1 {
		t.Errorf("registration info: %v", info)
	}
}

func aGroup(c *client, name string, objects ...int64) obj {
	c.t.Helper()
	list := []obj{}
	for _, id := range objects {
		list = append(list, obj{"id": id})
	}
	return obj{
		"name": name, "policyId": items(c.get(api+"/policies"), "policies")[0]["id"], "environment": "kPhysical",
		"physicalParams": obj{"protectionType": "kFile", "fileProtectionTypeParams": obj{"objects": list}},
	}
}

func TestRegistrationFaults(t *testing.T) {
	c := newClient(t, Options{})
	seeded := fmt.Sprintf("%s/%d", registrationsPath, firstObjectID+registrations)
	elsewhere := aHost("10.99.0.9")
	elsewhere["dataSourceConnectionId"] = "12"
	for _, tc := range []struct {
		status       int
		method, path string
		body         any
	}{
		{http.StatusBadRequest, http.MethodPost, registrationsPath, obj{"environment": "kVMware"}},
		{http.StatusBadRequest, http.MethodPost, registrationsPath, obj{"environment": "kPhysical"}},
		{http.StatusBadRequest, http.MethodPost, registrationsPath, obj{"environment": "kKubernetes", "kubernetesParams": obj{"endpoint": "a"}}},
		{http.StatusBadRequest, http.MethodPost, registrationsPath, elsewhere},
		{http.StatusBadRequest, http.MethodPatch, seeded, obj{"environment": "kPhysical", "name": "x"}},
		{http.StatusBadRequest, http.MethodPatch, seeded, obj{"environment": "kSQL"}},
		{http.StatusBadRequest, http.MethodPut, seeded, obj{"environment": "kKubernetes"}},
		{http.StatusNotFound, http.MethodGet, registrationsPath + "/7", nil},
		{http.StatusBadRequest, http.MethodGet, registrationsPath + "/x", nil},
		{http.StatusNotFound, http.MethodPost, api + "/sources/7/refresh", nil},
		{http.StatusOK, http.MethodPut, seeded, aHost("10.99.0.3")},
	} {
		c.want(tc.status, tc.method, tc.path, tc.body)
	}
	if got := c.get(seeded)["name"]; got != "app-10.99.0.3" {
		t.Errorf("a seeded registration is called %v after its update", got)
	}
}

func TestAKubernetesSource(t *testing.T) {
	c := newClient(t, Options{})
	c.router, _ = openContract() // its environment is missing in the enums of answers (IBM NOTES section 15)
	made := c.want(http.StatusCreated, http.MethodPost, registrationsPath, obj{
		"environment": "kKubernetes", "name": "roks-a", "kubernetesParams": obj{
			"endpoint": "https://10.99.1.1:6443", "clientPrivateKey": "test-private-key", "kubernetesDistribution": "kROKS",
		},
	}).json(t)
	if made["kubernetesParams"].(map[string]any)["clientPrivateKey"] != "" {
		t.Errorf("the answer carries the key: %v", made)
	}
	body := aGroup(c, "roks")
	delete(body, "physicalParams")
	body["environment"] = "kKubernetes"
	c.want(http.StatusBadRequest, http.MethodPost, api+"/protection-groups", body)
	source := number(made, "sourceId")
	body["kubernetesParams"] = obj{"objects": []obj{{"id": source}}}
	c.want(http.StatusCreated, http.MethodPost, api+"/protection-groups", body)
	c.clock.Advance(time.Minute)
	snapshots := items(c.get(fmt.Sprintf("%s/objects/%d/snapshots", api, source)), "snapshots")
	if len(snapshots) != 1 {
		t.Fatalf("snapshots of the cluster: %v", snapshots)
	}
	path := fmt.Sprint(api, "/snapshots/", snapshots[0]["id"], "/meta-info")
	info := c.want(http.StatusOK, http.MethodPost, path, obj{"environment": "kKubernetes", "kubernetesParams": obj{"objectId": source}}).json(t)
	params, _ := info["kubernetesParams"].(map[string]any)
	if len(items(params, "backedUpPvcs")) == 0 {
		t.Errorf("meta information: %v", info)
	}
	c.want(http.StatusBadRequest, http.MethodPost, path, obj{"environment": "kKubernetes", "kubernetesParams": obj{"objectId": 1}})
}
