package cohesity_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptertest"
	"switchback/internal/adapters/cohesity"
	"switchback/internal/adapters/cohesity/cohesitysim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func (b *bench) logins() int { return len(b.sim.Kit().Requests("POST /identity/token")) }

func (b *bench) check(t *testing.T) {
	t.Helper()
	if err := b.Session.Check(t.Context()); err != nil {
		t.Fatal(vendorWords(err))
	}
}

// The rule is that of the vendor's own SDK (IBM NOTES section 2); tokens of the
// simulator live an hour.
func TestTokensAreKeptByTheClock(t *testing.T) {
	b := newBench(t, cohesitysim.Options{})
	b.check(t)
	b.clock.Advance(47 * time.Minute)
	b.check(t)
	if n := b.logins(); n != 1 {
		t.Fatalf("after 47 minutes: %d logins", n)
	}
	// A failed renewal costs nobody anything and is tried again after a minute.
	down := simkit.Response{Status: 500, Body: "{}"}
	b.sim.Kit().Inject("POST /identity/token", down, down)
	b.clock.Advance(2 * time.Minute)
	b.check(t)
	waitFor(t, func() bool { return b.logins() >= 2 })
	b.clock.Advance(30 * time.Second)
	b.check(t)
	b.check(t)
	if n := b.logins(); n != 2 {
		t.Errorf("half a minute after a failed renewal: %d logins, want 2", n)
	}
	b.sim.Kit().ClearInjected()
	b.clock.Advance(31 * time.Second)
	b.check(t)
	waitFor(t, func() bool { return b.logins() == 3 })
	b.clock.Advance(40 * time.Minute)
	b.check(t)
	if n := b.logins(); n != 3 {
		t.Errorf("with the renewed token: %d logins, want 3", n)
	}
	b.clock.Advance(3 * time.Hour)
	b.check(t)
	if n := b.logins(); n != 4 {
		t.Errorf("after expiry: %d logins, want 4", n)
	}
}

// waitFor waits for what goes on in the background.
func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatal("it does not happen")
		case <-tick.C:
		}
	}
}

func TestManyCallersSignInOnce(t *testing.T) {
	b := newBench(t, cohesitysim.Options{})
	storm := func() {
		var wait sync.WaitGroup
		for range 16 {
			wait.Go(func() {
				if err := b.Session.Check(t.Context()); err != nil {
					t.Error(vendorWords(err))
				}
			})
		}
		wait.Wait()
	}
	storm()
	if n := b.logins(); n != 1 {
		t.Errorf("16 callers signed in %d times", n)
	}
}

func TestRefusedTokenIsRenewedOnce(t *testing.T) {
	b := newBench(t, cohesitysim.Options{})
	b.check(t)
	b.sim.RevokeTokens()
	b.check(t)
	if n := b.logins(); n != 2 {
		t.Errorf("a refused token led to %d logins, want 2", n)
	}
	b.sim.Kit().ResetRequests()
	refuse := simkit.Response{Status: 401, Body: `{"errorCode":"KStatusUnauthorized","message":"Unauthorized"}`}
	b.sim.Kit().Inject("GET /v2/data-protect/policies", refuse, refuse, refuse)
	if err := b.Session.Check(t.Context()); fault.KindOf(err) != fault.Credentials {
		t.Errorf("want credentials, got %v", err)
	}
	if n := len(b.sim.Kit().Requests("GET /v2/data-protect/policies")); n != 2 {
		t.Errorf("it was sent %d times, want 2", n)
	}
}

func TestBadKeyIsCredentialsAndStaysSecret(t *testing.T) {
	b := newBench(t, cohesitysim.Options{APIKey: "test-another-key"})
	err := b.Session.Check(t.Context())
	e := fault.Of(err)
	if e == nil || e.Kind != fault.Credentials || e.Upstream == nil || !strings.HasPrefix(e.Upstream.Code, "BXNIM") {
		t.Fatalf("want credentials with the vendor's code, got %v", err)
	}
	if text := vendorWords(err); strings.Contains(text, testKey) {
		t.Errorf("the key shows: %s", text)
	}
}

func TestWordsOfTheVendorDecide(t *testing.T) {
	b := newBench(t, cohesitysim.Options{Groups: 1})
	group := model.ID{Connection: "ibm-eu", Kind: "protection-group", Key: b.sim.GroupIDs()[0]}
	for _, tc := range []struct {
		status    int
		body      string
		want      fault.Kind
		ambiguous bool
	}{
		{500, `{"errorCode":"KInternalError","message":"Recovery x already exists for tenant"}`, fault.Conflict, false},
		{500, `{"errorCode":"KInternalError","message":"only CAD policies are allowed"}`, fault.Invalid, false},
		{400, `{"errorCode":"KValidationError","message":"CloudArchiveDirect job has an active archival task for primary target"}`, fault.Conflict, false},
		{400, `{"errorCode":"KValidationError","message":"group 7 does not exist"}`, fault.NotFound, false},
		{400, `{"errorCode":"KValidationError","message":"runType is missing"}`, fault.Invalid, false},
		{409, `{"errorCode":"KDuplicateError","message":"there is one"}`, fault.Conflict, false},
		{403, `{"errorCode":"KAccessDenied","message":"Access Denied"}`, fault.Denied, false},
		{500, `{"errorCode":"KInternalError","message":"out of luck"}`, fault.Upstream, true},
		{503, `<html>already exists</html>`, fault.Unavailable, true},
		{501, ``, fault.Unsupported, false},
	} {
		b.sim.Kit().Inject("POST /v2/data-protect/protection-groups/*/runs", simkit.Response{Status: tc.status, Body: tc.body})
		_, err := b.BackupStarts.Start(t.Context(), adapters.BackupStart{Subject: group})
		if e := fault.Of(err); e == nil || e.Kind != tc.want || e.Ambiguous != tc.ambiguous {
			t.Errorf("%d %s: want %v (ambiguous %t), got %s", tc.status, tc.body, tc.want, tc.ambiguous, vendorWords(err))
		}
	}
}

// asked is a transport that notes where requests go, with their tenant.
type asked struct{ urls []string }

func (a *asked) RoundTrip(r *http.Request) (*http.Response, error) {
	a.urls = append(a.urls, r.URL.String()+" "+r.Header.Get("X-IBM-Tenant-Id"))
	body := `{"access_token":"test-token","expires_in":3600,"policies":[]}`
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}, nil
}

func TestConfigurationIsBroughtIntoOneForm(t *testing.T) {
	open := func(config string, transport http.RoundTripper) (*adapters.Adapter, error) {
		return cohesity.Driver().Open(t.Context(), json.RawMessage(config), adapters.Env{
			Connection: "ibm", Transport: transport, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
		})
	}
	const rest = `"api_key":{"value":"test-key"},"tenant_id":"k3v9x2ab7q"`
	for _, base := range []string{
		"abc.us-east.backup-recovery.cloud.ibm.com", "https://abc.us-east.backup-recovery.cloud.ibm.com",
		"abc.us-east.backup-recovery.cloud.ibm.com/v2", "https://abc.us-east.backup-recovery.cloud.ibm.com/v2/", " abc.us-east.backup-recovery.cloud.ibm.com/ ",
	} {
		seen := &asked{}
		a, err := open(`{"base_url":"`+base+`",`+rest+`}`, seen)
		if err != nil {
			t.Errorf("%q: %v", base, err)
			continue
		}
		if err := a.Session.Check(t.Context()); err != nil {
			t.Errorf("%q: %v", base, err)
		}
		want := "https://abc.us-east.backup-recovery.cloud.ibm.com/v2/data-protect/policies?types=Regular k3v9x2ab7q/"
		if len(seen.urls) != 2 || seen.urls[0] != "https://iam.cloud.ibm.com/identity/token " || seen.urls[1] != want {
			t.Errorf("%q leads to %q", base, seen.urls)
		}
	}
	for _, bad := range []string{
		`{}`, `{"base_url":"h",` + rest + `,"x":1}`, `{"base_url":"http://h",` + rest + `}`, `{"base_url":"h",` + rest + `,"iam_url":"http://h"}`,
		`{"base_url":"h",` + rest + `,"history":"forever"}`, `{"base_url":"h",` + rest + `,"prefetch":0}`, `{"base_url":"h",` + rest + `,"prefetch":99}`,
		`{"base_url":"h","api_key":{"value":"test-key"},"tenant_id":"/"}`, `{"base_url":"h","tenant_id":"t"}`, `{"base_url":"https://u:p@h",` + rest + `}`,
	} {
		if _, err := open(bad, adaptertest.Transport(t)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: want invalid, got %v", bad, err)
		}
	}
}
