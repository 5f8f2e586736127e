package storwaresim

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// oddBodies are requests that no client means.
var oddBodies = []string{
	``, `{`, `null`, `[]`, `{}`, `"text"`, `7`, `[null]`, `[[]]`, `[{"guid":null}]`, `{"guid":[]}`, `[{"guid":{}}]`,
	`{"name":"x","rules":[null],"vms":[null],"autoAssignSettings":null}`,
	`{"name":"x","rules":[{"name":"r","active":true,"position":0,"ruleBackupDestinations":[null]}]}`,
	`{"name":"x","autoAssignSettings":{"mode":null,"includeRegExps":null}}`, `{"name":"x","mailingList":{},"rules":null}`,
	`{"backupPolicy":{},"protectedEntities":[{}]}`, `{"protectedEntities":[null],"backupType":"FULL"}`,
	`{"name":"x","cloudServiceProviderType":"y","applications":[null],"filterUser":null}`, `{"projects":[null]}`,
	`{"nodes":[null],"nodeConfig":null}`, `{"paths":[""]}`, `{"paths":["../../.."]}`, `{"path":"\u0000"}`, `{"token":null}`,
	`{"name":"x","type":"VM_BACKUP","executionType":"TIME","hour":9223372036854775807}`,
	`{"name":"x","type":"VM_BACKUP","executionType":"INTERVAL","interval":null}`, `{"windowStart":-9223372036854775808}`,
	`{"state":{"name":"CANCELLED"},"statusInfo":[]}`, `[{"guid":"x","retentionHint":{"name":"ARCHIVE"},"archiveExpire":1e300}]`,
	`{"unmountTime":9223372036854775807,"priority":-1}`,
}

// TestOddRequestsAreRefused sends every body to every operation that takes one:
// whatever comes, it is an answer and never an error of the server's own. A
// panic would end the test.
func TestOddRequestsAreRefused(t *testing.T) {
	c, clock := start(t, Options{Seed: 8, Backups: 60})
	doc := contract(t, Reading{})
	machine, backup := c.entityWith("VM")
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.RequestBody == nil {
				continue
			}
			for _, guid := range []string{"none", machine, backup, c.sim.policies[0].guid, "%2e%2e", strings.Repeat("x", 36)} {
				concrete := strings.ReplaceAll(path, "{guid}", guid)
				for _, body := range oddBodies {
					got := c.once(method, concrete, body, nil)
					if got.status == 401 && !strings.HasPrefix(path, "/session/") { // once, and after a logout
						got = c.do(method, concrete, body)
					}
					if got.status >= 500 || got.status < 200 {
						t.Errorf("%s %s with %s: status %d: %s", method, concrete, body, got.status, got.body)
					}
				}
				if concrete == path {
					break
				}
			}
		}
	}
	// What was accepted must not break what is read or comes to pass later.
	clock.Advance(400 * 24 * time.Hour)
	for path, item := range doc.Paths.Map() {
		if item.Get == nil || strings.Contains(path, "{") || strings.HasSuffix(path, "root") {
			continue
		}
		for _, query := range []string{"", "?page=0&size=2", "?page=99999999999999999999", "?size=0", "?orderBy=%00", "?direction=up", "?backup=%ff"} {
			if got := c.do("GET", path+query, ""); got.status >= 500 || query == "" && got.status > 299 {
				t.Errorf("GET %s%s: status %d: %s", path, query, got.status, got.body)
			}
		}
	}
}

func TestLoginWithToken(t *testing.T) {
	c, _ := start(t, Options{Seed: 2, Token: "test-other-token", Reading: Reading{RouteCookie: true}})
	login := func(token string) int {
		return c.once("POST", "/session/login-with-token", fmt.Sprintf(`{"token":%q}`, token), nil).status
	}
	for _, token := range []string{"", "test-storware-token", "test-storware-password"} {
		if got := login(token); got != 401 {
			t.Errorf("token %q: status %d", token, got)
		}
	}
	if got := c.once("GET", "/session", "", nil); got.status != 401 {
		t.Errorf("a refused token opened a session: status %d", got.status)
	}
	if got := login("test-other-token"); got != 201 {
		t.Fatalf("status %d", got)
	}
	if got := c.once("GET", "/backups?size=1", "", nil); got.status != 200 {
		t.Errorf("after the login: status %d", got.status)
	}
	if got := c.sim.Logins(); got != 1 {
		t.Errorf("%d logins", got)
	}
	c.sim.ExpireSessions()
	if got := c.once("GET", "/backups?size=1", "", nil); got.status != 401 {
		t.Errorf("after expiry: status %d", got.status)
	}
}
