package clumiosim_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/adapters/simkit"
)

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

func errorCode(r reply) float64 {
	list, _ := r.body["errors"].([]any)
	if len(list) != 1 {
		return -1
	}
	first, _ := list[0].(map[string]any)
	return number(first["error_code"])
}

func TestAuthorization(t *testing.T) {
	c := newClient(t, clumiosim.Options{Token: "test-first"})
	for name, tc := range map[string]struct {
		header http.Header
		status int
		code   float64
	}{
		"none":        {http.Header{}, http.StatusForbidden, 359},
		"other":       {bearer("test-other"), http.StatusUnauthorized, 358},
		"basic":       {http.Header{"Authorization": {"Basic dGVzdA=="}}, http.StatusForbidden, 359},
		"second":      {bearer("test-first-2"), http.StatusUnauthorized, 358},
		"right":       {bearer("test-first"), http.StatusOK, -1},
		"empty scope": {http.Header{"Authorization": {"Bearer test-first"}, "X-Clumio-Organizationalunit-Context": {""}}, http.StatusOK, -1},
	} {
		out := c.raw(http.MethodGet, "/tasks", "", tc.header)
		if out.status != tc.status || errorCode(out) != tc.code {
			t.Errorf("%s: %d, code %v; want %d, %v", name, out.status, errorCode(out), tc.status, tc.code)
		}
	}
	c.sim.SetToken("test-next")
	if out := c.raw(http.MethodGet, "/tasks", "", bearer("test-first")); out.status != http.StatusUnauthorized {
		t.Errorf("the old token: %d", out.status)
	}
	if out := c.raw(http.MethodGet, "/tasks", "", bearer("test-next")); out.status != http.StatusOK {
		t.Errorf("the new token: %d", out.status)
	}
}

func TestTokenIsRefusedAfterItsCalls(t *testing.T) {
	c := newClient(t, clumiosim.Options{Token: "test-a", Scenario: simkit.Scenario{TokenCalls: 3}})
	token := "test-a"
	for round := range 4 {
		for range 3 {
			if out := c.raw(http.MethodGet, "/tasks", "", bearer(token)); out.status != http.StatusOK {
				t.Fatalf("round %d: %d", round, out.status)
			}
		}
		if out := c.raw(http.MethodGet, "/tasks", "", bearer(token)); out.status != http.StatusUnauthorized {
			t.Fatalf("round %d: the fourth call got %d", round, out.status)
		}
		if token = c.sim.Token(); token != []string{"test-a-2", "test-a"}[round%2] {
			t.Fatalf("round %d: the token became %q", round, token)
		}
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	c := newClient(t, clumiosim.Options{})
	token := bearer(c.sim.Token())
	for _, target := range []string{"//", "/nothing", "/backups/aws", "/tasks/", "/backups/aws/ec2-instances/a/b"} {
		if out := c.raw(http.MethodGet, target, "", token); out.status != http.StatusNotFound || errorCode(out) != 404 {
			t.Errorf("%s: %d %v", target, out.status, out.body)
		}
	}
	for call, allow := range map[string]string{
		"DELETE /tasks":                                            "GET",
		"POST /tasks/1":                                            "GET, PATCH",
		"PUT /backups/aws/ec2-instances":                           "GET, POST",
		"POST /backups/protection-groups/s3-assets":                "GET",
		"DELETE /restores/protection-groups/s3-assets":             "POST",
		"GET /restores/protection-groups/s3-assets":                "POST",
		"POST /datasources/protection-groups/s3-assets/some-asset": "GET",
	} {
		method, target, _ := strings.Cut(call, " ")
		out := c.raw(method, target, "{}", token)
		if out.status != http.StatusMethodNotAllowed || out.header.Get("Allow") != allow {
			t.Errorf("%s: %d, Allow %q", call, out.status, out.header.Get("Allow"))
		}
	}
}

func TestVersionsOnTheWire(t *testing.T) {
	c := newClient(t, clumiosim.Options{})
	header := bearer(c.sim.Token())
	for accept, want := range map[string]string{
		"": "application/api.clumio.backup-aws-ebs-volumes=v2+json",
		"application/api.clumio.backup-aws-ebs-volumes=v1+json":          "application/api.clumio.backup-aws-ebs-volumes=v1+json",
		"application/api.clumio.*=v1+json":                               "application/api.clumio.backup-aws-ebs-volumes=v1+json",
		"application/api.clumio.*=v1&backup-aws-ebs-volumes=v2+json":     "application/api.clumio.backup-aws-ebs-volumes=v2+json",
		"application/api.clumio.backup-aws-ebs-volumes=v7+json":          "application/json",
		"application/api.clumio.backup-aws-ec2-instances=v1+json":        "application/json",
		"application/api.clumio.backup-aws-ebs-volumes=v1+json; q=0.123": "application/api.clumio.backup-aws-ebs-volumes=v1+json",
	} {
		header.Set("Accept", accept)
		out := c.raw(http.MethodGet, clumiosim.ListEBS, "", header)
		if got := out.header.Get("Content-Type"); got != want || (want == "application/json") != (out.status == http.StatusBadRequest) {
			t.Errorf("%q: %d %q, want %q", accept, out.status, got, want)
		}
	}
}

func TestInjectedFaults(t *testing.T) {
	sim := clumiosim.New(clumiosim.Options{})
	base := serve(t, sim)
	sim.Kit().Inject("GET /tasks",
		simkit.Response{Status: http.StatusTooManyRequests, Body: "slow down"}, simkit.Response{Reset: true},
		simkit.Response{CutAt: 20})
	// A kept connection would make the client repeat a GET that was reset.
	httpClient := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func() (int, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/tasks", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = bearer(sim.Token())
		response, err := httpClient.Do(r)
		if err != nil {
			return 0, err
		}
		defer response.Body.Close()
		_, err = io.Copy(io.Discard, response.Body)
		return response.StatusCode, err
	}
	if status, err := get(); status != http.StatusTooManyRequests || err != nil {
		t.Errorf("first: %d %v", status, err)
	}
	if _, err := get(); err == nil {
		t.Error("second: the connection was not reset")
	}
	if _, err := get(); err == nil {
		t.Error("third: the answer was not cut")
	}
	if status, err := get(); status != http.StatusOK || err != nil {
		t.Errorf("fourth: %d %v", status, err)
	}
	if got := len(sim.Kit().Requests("GET /tasks")); got != 4 {
		t.Errorf("%d requests logged", got)
	}
}
