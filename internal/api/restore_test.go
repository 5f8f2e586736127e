package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"switchback/internal/adapters/memory"
	"switchback/internal/fault"
)

type restore struct {
	ID, Connection, Provider, Kind, State, Reason, RequestedBy string

	OutcomeUnknown bool
	Source         map[string]string
	Target         map[string]any
	Outputs        struct{ ContentURL, AccessURL, Name string }
	Error          *struct{ Code string }
}

const download = `{"kind":"download","source":{"backup":"mem-a~aws-ebs-volume~b1"},"reason":"drill"}`

func start(g *gateway, key, body string, more ...with) answer {
	g.t.Helper()
	return g.do("POST", "/v1/restores", append([]with{header("Idempotency-Key", key), withJSON(body)}, more...)...)
}

func TestARestoreStartsOnceForAKey(t *testing.T) {
	g := newGateway(t)
	g.a.AddBackup(memory.Backup{Key: "b1"})
	first := succeeded(t, start(g, "key-1", download), 202)
	r := decode[restore](t, first)
	if r.State != "queued" || r.RequestedBy != "admin" || r.Reason != "drill" || r.Provider != "memory" || first.header.Get("Location") != "/v1/restores/"+r.ID {
		t.Errorf("restore %+v at %q", r, first.header.Get("Location"))
	}
	if first.header.Get("Idempotency-Replayed") != "" {
		t.Error("the first answer says that it is a replay")
	}
	// The same key quoted, and the same body in another spelling.
	again := succeeded(t, start(g, `"key-1"`, ` {"source":{"backup":"mem-a~aws-ebs-volume~b1"},"reason":"drill","kind":"download"} `), 202)
	if again.header.Get("Idempotency-Replayed") != "true" || decode[restore](t, again).ID != r.ID {
		t.Errorf("replay: %v %s", again.header, again.body)
	}
	refused(t, start(g, "key-1", `{"kind":"volume","source":{"backup":"mem-a~aws-ebs-volume~b1"}}`), 422, "idempotency-key-reused")
	if got := g.a.Calls("Restores.Start"); got != 1 {
		t.Errorf("the vendor was asked %d times", got)
	}
	refused(t, g.do("POST", "/v1/restores", withJSON(download)), 400, "idempotency-key-required")
	refused(t, start(g, "", download), 400, "idempotency-key-required")
	refused(t, start(g, `"open`, download), 400, "invalid-header")
	refused(t, start(g, strings.Repeat("k", 256), download), 400, "invalid-header")
	refused(t, start(g, "key-2", download, header("Idempotency-Key", "key-3")), 400, "invalid-header")
}

func TestARestoreInWorkAndALostOneAreTold(t *testing.T) {
	g := newGateway(t)
	g.a.AddBackup(memory.Backup{Key: "b1"})
	entered, leave := make(chan struct{}), make(chan struct{})
	g.a.Hook(func(_ context.Context, op string) error {
		if op == "Restores.Start" {
			close(entered)
			<-leave
		}
		return nil
	})
	finished := make(chan answer, 1)
	go func() { finished <- start(g, "slow", download) }()
	select {
	case <-entered:
	case a := <-finished:
		t.Fatalf("the vendor was not asked: %s", a.body)
	}
	inWork := start(g, "slow", download)
	refused(t, inWork, 409, "request-in-flight")
	if inWork.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	close(leave)
	succeeded(t, <-finished, 202)

	g.a.Hook(nil)
	g.a.LoseReplies(1)
	lost := decode[restore](t, succeeded(t, start(g, "lost", download), 202))
	if !lost.OutcomeUnknown || lost.State != "unknown" || lost.Error == nil || lost.Provider != "memory" {
		t.Errorf("lost: %+v", lost)
	}
	again := succeeded(t, start(g, "lost", download), 202)
	if got := decode[restore](t, again); got.ID != lost.ID || g.a.Calls("Restores.Start") != 2 {
		t.Errorf("a lost restore was repeated: %+v", got)
	}
	if got := decode[restore](t, succeeded(t, g.do("GET", "/v1/restores/"+lost.ID), 200)); !got.OutcomeUnknown {
		t.Errorf("read again: %+v", got)
	}
	g.a.Fail("Restores.Start", fault.New(fault.Conflict, "test", "the backup is locked"))
	refused(t, start(g, "refused", download), 409, "conflict")
	replay := start(g, "refused", download)
	refused(t, replay, 409, "conflict")
	if replay.header.Get("Idempotency-Replayed") != "true" {
		t.Error("the replay of an error does not say so")
	}
}

func TestARestoreRequestIsCheckedByItsKind(t *testing.T) {
	g := newGateway(t)
	g.a.AddBackup(memory.Backup{Key: "b1"})
	for i, tc := range []struct {
		body   string
		status int
		code   string
		faults []fieldFault
	}{
		{`{"source":{"backup":"mem-a~aws-ebs-volume~b1"}}`, 422, "invalid-request", []fieldFault{{Pointer: "/kind", Code: "required", Detail: "this member is required"}}},
		{`{"kind":7}`, 422, "invalid-request", []fieldFault{{Pointer: "/kind", Code: "not-allowed", Detail: "must be one of database, download, files, instance, instant-access, mount, objects, records, system, table, volume"}}},
		{`[]`, 422, "invalid-request", []fieldFault{{Code: "wrong-type", Detail: "must be an object"}}},
		{`{"kind":"volume"}`, 422, "invalid-request", []fieldFault{{Pointer: "/source", Code: "required", Detail: "this member is required"}}},
		{`{"kind":"volume","source":{}}`, 422, "invalid-request", []fieldFault{{Pointer: "/source", Code: "invalid", Detail: "does not fit any of the allowed forms"}}},
		{`{"kind":"volume","source":{"backup":"mem-a~aws-ebs-volume~b1","assets":"x"},"Kind":"table"}`, 422, "invalid-request", []fieldFault{
			{Pointer: "/Kind", Code: "unknown-member", Detail: "there is no such member"},
			{Pointer: "/source/assets", Code: "unknown-member", Detail: "there is no such member"},
		}},
		{`{"kind":"volume","source":{"backup":"mem-a~aws-ebs-volume~b1"},"target":{"nmae":"x"}}`, 422, "invalid-request", []fieldFault{{Pointer: "/target/nmae", Code: "unknown-member", Detail: "there is no such member"}}},
		// What the document allows and this connection does not.
		{`{"kind":"volume","source":{"backup":"mem-a~asset~b1"},"target":{"host":"42"}}`, 422, "invalid-request", nil},
		{`{"kind":"table","source":{"backup":"mem-a~aws-ebs-volume~b1"}}`, 501, "unsupported", []fieldFault{{Pointer: "/kind", Code: "unsupported", Detail: "this connection has no restore of that kind"}}},
		{`{"kind":"volume","source":{"backup":"mem-z~backup~b1"}}`, 404, "not-found", []fieldFault{{Pointer: "/source/backup", Code: "not-found", Detail: "there is no such thing"}}},
		{`{"kind":"volume","source":{"asset":"mem-z~asset~b1","at":"latest"}}`, 404, "not-found", []fieldFault{{Pointer: "/source/asset", Code: "not-found", Detail: "there is no such thing"}}},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			p := refused(t, start(g, fmt.Sprint("key-", i), tc.body), tc.status, tc.code)
			if diff := cmp.Diff(tc.faults, p.Errors); tc.faults != nil && diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.body, diff)
			}
		})
	}
	if got := g.a.Calls("Restores.Start"); got != 0 {
		t.Errorf("the vendor was asked %d times", got)
	}
}

func TestARestoreLivesAndIsTornDown(t *testing.T) {
	g := newGateway(t)
	g.a.AddBackup(memory.Backup{Key: "b1"})
	access := `{"kind":"instant-access","source":{"backup":"mem-a~aws-ebs-volume~b1"},"target":{"name":"forensics"}}`
	location := succeeded(t, start(g, "k1", access), 202).header.Get("Location")
	if got := decode[restore](t, g.do("GET", location)); got.Outputs.AccessURL != "" {
		t.Errorf("access before there is any: %+v", got)
	}
	refused(t, g.do("GET", location+"/access"), 409, "conflict")
	g.clock.advance(2 * time.Minute)
	done := decode[restore](t, succeeded(t, g.do("GET", location+"?include=native"), 200))
	if done.State != "succeeded" || done.Outputs.AccessURL != location+"/access" || done.Target["name"] != "forensics" {
		t.Errorf("restore: %+v", done)
	}
	list := decode[listOf[restore]](t, succeeded(t, g.do("GET", "/v1/restores?state=succeeded&kind=instant-access"), 200))
	if len(list.Items) != 1 || list.Items[0].RequestedBy != "admin" || list.Items[0].Outputs.AccessURL == "" {
		t.Errorf("list: %+v", list.Items)
	}

	added := succeeded(t, g.do("POST", location+"/access/roles", withJSON(`{"arn":"arn:aws:iam::1:role/x"}`)), 201)
	role := added.header.Get("Location")
	succeeded(t, g.do("PUT", role, withJSON(`{"arn":"arn:aws:iam::1:role/y","alias":"y"}`)), 200)
	if got := string(succeeded(t, g.do("GET", location+"/access"), 200).body); !strings.Contains(got, "role/y") || strings.Contains(got, "role/x") {
		t.Errorf("access: %s", got)
	}
	refused(t, g.do("POST", location+"/access/roles", withJSON(`{"id":"mine","arn":"a"}`)), 422, "invalid-request")
	succeeded(t, g.do("DELETE", role), 204)
	refused(t, g.do("DELETE", role), 404, "not-found")

	patched := decode[restore](t, succeeded(t, g.do("PATCH", location, withJSON(`{"name":"kept","expiresAt":"2026-12-24T00:00:00Z"}`)), 200))
	if patched.Outputs.Name != "kept" {
		t.Errorf("patched: %+v", patched)
	}
	p := refused(t, g.do("PATCH", location, withJSON(`{"status":"x"}`)), 422, "invalid-request")
	if len(p.Errors) != 1 || p.Errors[0].Pointer != "/status" || p.Connection != "mem-a" {
		t.Errorf("problem: %+v", p)
	}
	refused(t, g.do("POST", location+"/cancel"), 409, "conflict")
	removed := succeeded(t, g.do("DELETE", location), 202)
	succeeded(t, g.do("GET", removed.header.Get("Location")), 200)
	refused(t, g.do("DELETE", location), 409, "conflict")

	other := succeeded(t, start(g, "k2", download), 202).header.Get("Location")
	succeeded(t, g.do("POST", other+"/cancel"), 202)
	if got := decode[restore](t, g.do("GET", other)); got.State != "canceling" {
		t.Errorf("state %q", got.State)
	}
}
