package cohesitysim

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"switchback/internal/adapters/simkit"
)

func TestTokenRoute(t *testing.T) {
	c := newClient(t, Options{})
	const grant = "urn:ibm:params:oauth:grant-type:apikey"
	for name, tc := range map[string]struct {
		form   url.Values
		status int
		code   string
	}{
		"good":          {url.Values{"grant_type": {grant}, "apikey": {"test-ibm-api-key"}, "response_type": {"cloud_iam"}}, 200, ""},
		"unknown key":   {url.Values{"grant_type": {grant}, "apikey": {"test-other"}}, 400, "BXNIM0415E"},
		"no grant type": {url.Values{"apikey": {"test-ibm-api-key"}}, 400, "BXNIM0109E"},
		"refresh token": {url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"not_supported"}}, 400, "BXNIM0407E"},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.askToken(tc.form)
			body := a.json(t)
			if a.status != tc.status {
				t.Fatalf("%d %s, want %d", a.status, a.body, tc.status)
			}
			if tc.code == "" {
				if number(body, "expires_in") != 3600 || number(body, "expiration") != start.Add(time.Hour).Unix() || body["token_type"] != "Bearer" {
					t.Errorf("token answer %s", a.body)
				}
				return
			}
			if body["errorCode"] != tc.code || body["errorMessage"] == "" {
				t.Errorf("error %s, want code %s", a.body, tc.code)
			}
		})
	}
}

func TestTokensEnd(t *testing.T) {
	status := func(c *client) int { return c.send(http.MethodGet, api+"/policies", nil, c.header()).status }
	t.Run("by the clock", func(t *testing.T) {
		c := newClient(t, Options{})
		c.login()
		c.clock.Advance(time.Hour - time.Second)
		before := status(c)
		c.clock.Advance(time.Second)
		if after := status(c); before != 200 || after != 401 {
			t.Errorf("before the end %d, at the end %d; want 200, 401", before, after)
		}
	})
	t.Run("by the number of calls", func(t *testing.T) {
		c := newClient(t, Options{Scenario: simkit.Scenario{TokenCalls: 2}})
		c.login()
		if a, b, d := status(c), status(c), status(c); a != 200 || b != 200 || d != 401 {
			t.Errorf("calls answered %d %d %d, want 200 200 401", a, b, d)
		}
	})
	t.Run("revoked", func(t *testing.T) {
		c := newClient(t, Options{})
		c.login()
		c.sim.RevokeTokens()
		a := c.send(http.MethodGet, api+"/policies", nil, c.header())
		if a.status != 401 || a.json(t)["errorCode"] != "KStatusUnauthorized" {
			t.Errorf("%d %s, want the vendor's 401", a.status, a.body)
		}
	})
}

func TestWhoMayCall(t *testing.T) {
	c := newClient(t, Options{})
	c.login()
	for name, tc := range map[string]struct {
		change func(http.Header)
		status int
	}{
		"all right":      {func(http.Header) {}, 200},
		"no token":       {func(h http.Header) { h.Del("Authorization") }, 401},
		"unknown token":  {func(h http.Header) { h.Set("Authorization", "Bearer test-x") }, 401},
		"no tenant":      {func(h http.Header) { h.Del("X-IBM-Tenant-Id") }, 400},
		"without slash":  {func(h http.Header) { h.Set("X-IBM-Tenant-Id", "k3v9x2ab7q") }, 403},
		"foreign tenant": {func(h http.Header) { h.Set("X-IBM-Tenant-Id", "other/") }, 403},
	} {
		for _, path := range []string{api + "/policies", "/irisservices/api/v1/public/protectionSources"} {
			h := c.header()
			tc.change(h)
			if a := c.send(http.MethodGet, path, nil, h); a.status != tc.status {
				t.Errorf("%s on %s: %d, want %d", name, path, a.status, tc.status)
			}
		}
	}
}

func TestErrorForms(t *testing.T) {
	c := newClient(t, Options{})
	c.login()
	group := c.sim.GroupIDs()[0]
	local := aPolicy("local-only")
	delete(local["backupPolicy"].(obj)["regular"].(obj), "primaryBackupTarget")
	endless := aPolicy("endless")
	delete(endless["backupPolicy"].(obj)["regular"].(obj), "retention")
	for name, tc := range map[string]struct {
		method, path string
		body         any
		status       int
		code         string
	}{
		"unknown path":          {"GET", "/v2/nothing", nil, 404, "KEntityNotExistsError"},
		"wrong method":          {"DELETE", api + "/recoveries", nil, 405, "KValidationError"},
		"bad id":                {"GET", api + "/protection-groups/abc", nil, 400, "KValidationError"},
		"no such group":         {"GET", api + "/protection-groups/1:2:3", nil, 404, "KEntityNotExistsError"},
		"no such run":           {"GET", api + "/protection-groups/" + group + "/runs/1:2", nil, 404, "KEntityNotExistsError"},
		"no such recovery":      {"GET", api + "/recoveries/1:2:3", nil, 404, "KEntityNotExistsError"},
		"no such object":        {"GET", api + "/objects/7/snapshots", nil, 404, "KEntityNotExistsError"},
		"connection gone":       {"GET", "/v2/data-source-connectors?connectionId=1", nil, 400, "KValidationError"},
		"policy name taken":     {"POST", api + "/policies", aPolicy("Gold"), 409, "KDuplicateError"},
		"policy not direct":     {"POST", api + "/policies", local, 500, "KInternalError"},
		"policy without end":    {"POST", api + "/policies", endless, 400, "KValidationError"},
		"body is no object":     {"POST", api + "/policies", []int{1}, 400, "KValidationError"},
		"unknown snapshot":      {"GET", api + "/snapshots/e30%3D/download-file?filePath=a", nil, 404, "KEntityNotExistsError"},
		"group without block":   {"POST", api + "/protection-groups", obj{"name": "a", "policyId": "1:2:3", "environment": "kSQL"}, 400, "KValidationError"},
		"cookie of somebody":    {"GET", api + "/search/objects?paginationCookie=abc", nil, 400, "KValidationError"},
		"recovery of two kinds": {"POST", api + "/recoveries", obj{"name": "a", "snapshotEnvironment": "kSQL", "mssqlParams": obj{}, "physicalParams": obj{}}, 400, "KValidationError"},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.send(tc.method, tc.path, tc.body, c.header())
			if body := a.json(t); a.status != tc.status || body["errorCode"] != tc.code || body["message"] == "" {
				t.Errorf("%d %s, want %d %s", a.status, a.body, tc.status, tc.code)
			}
		})
	}
}
