package adaptertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptercheck"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func errorChecks() []check {
	wire := func(name, why string, run func(adaptercheck.T, *bench)) check {
		return check{name: name, why: why, scenario: simkit.Friendly, wire: true, run: run}
	}
	return []check{
		wire("errors/statuses-have-their-kind", "each status of a failed read has its kind, and the vendor's status is kept", statuses),
		wire("errors/retry-after-is-kept", "Retry-After, in seconds or as a date, is in the error", retryAfter),
		wire("errors/nonsense-is-upstream", "an answer that is not the JSON it must be is Upstream, never an empty result", nonsense),
		wire("errors/lost-connection-is-unavailable", "a connection that breaks is Unavailable or Upstream, never an empty result", lostConnection),
		wire("errors/answers-are-bounded", "an answer without end is Upstream after a bounded number of bytes", endless),
		wire("errors/keep-secrets", "no error and no log line holds a credential, even when the vendor echoes it", keepSecrets),
	}
}

// read is one way to read from the vendor; every adapter has these two.
type read struct {
	name string
	do   func(ctx context.Context) error
}

// reads signs in and returns the reads, over a transport that repeats nothing.
func (b *bench) reads(t adaptercheck.T) []read {
	t.Helper()
	a := b.openOver(t, b.wire)
	all := b.backups(t, a)
	if len(all) == 0 {
		t.Fatalf("the vendor holds no backups")
	}
	b.sim.Kit.ClearInjected()
	return []read{
		{"list", func(ctx context.Context) error { return listOnce(ctx, a) }},
		{"get", func(ctx context.Context) error {
			_, err := a.Backups.Get(ctx, all[len(all)/2].ID, true)
			return err
		}},
	}
}

// listOnce reads the first page of every stream.
func listOnce(ctx context.Context, a *adapters.Adapter) error {
	streams, err := a.Backups.Streams(ctx, model.BackupQuery{})
	if err != nil {
		return err
	}
	for _, stream := range streams {
		page, err := stream.Page(ctx, model.Position{}, 5)
		if err != nil {
			if len(page.Items) > 0 {
				return fmt.Errorf("%d items beside the error %w", len(page.Items), err)
			}
			return err
		}
	}
	return nil
}

// under runs a read while every matching request gets the same answer.
func (b *bench) under(ctx context.Context, pattern string, response simkit.Response, do func(context.Context) error) error {
	b.sim.Kit.Inject(pattern, slices.Repeat([]simkit.Response{response}, 64)...)
	defer b.sim.Kit.ClearInjected()
	return do(ctx)
}

// expect reports an error that is not of one of the kinds, or has no Op. It
// returns whether the error is good enough to look further.
func expect(t adaptercheck.T, what string, err error, kinds ...fault.Kind) bool {
	t.Helper()
	e := fault.Of(err)
	if e == nil || !slices.Contains(kinds, e.Kind) || e.Op == "" {
		t.Errorf("%s: want one of %v with an Op, got %v", what, kinds, err)
		return false
	}
	if e.Ambiguous {
		t.Errorf("%s: a read can not be ambiguous: %v", what, err)
	}
	return true
}

func statuses(t adaptercheck.T, b *bench) {
	// The first kind is the plain reading; the others are for vendors that are
	// known to use a status in a way of their own.
	table := map[int][]fault.Kind{
		http.StatusBadRequest:          {fault.Upstream, fault.Invalid, fault.NotFound},
		http.StatusUnauthorized:        {fault.Credentials},
		http.StatusForbidden:           {fault.Denied, fault.Credentials},
		http.StatusNotFound:            {fault.NotFound, fault.Upstream},
		http.StatusConflict:            {fault.Conflict, fault.Upstream},
		http.StatusGone:                {fault.NotFound},
		http.StatusTooManyRequests:     {fault.Throttled},
		http.StatusInternalServerError: {fault.Upstream, fault.Unavailable},
		http.StatusBadGateway:          {fault.Unavailable},
		http.StatusServiceUnavailable:  {fault.Unavailable},
		http.StatusGatewayTimeout:      {fault.Timeout, fault.Unavailable},
	}
	for _, r := range b.reads(t) {
		for status, kinds := range table {
			what := fmt.Sprintf("%s answered %d", r.name, status)
			err := b.under(t.Context(), b.sim.Reads, simkit.Response{Status: status, Body: `{"unexpected":["shape"]}`}, r.do)
			if !expect(t, what, err, kinds...) {
				continue
			}
			if e := fault.Of(err); e.Upstream == nil || e.Upstream.Status != status {
				t.Errorf("%s: the vendor's status is not kept: %v", what, err)
			}
		}
	}
}

func retryAfter(t adaptercheck.T, b *bench) {
	for _, r := range b.reads(t) {
		for _, value := range []string{"17", b.clock.Now().Add(17 * time.Second).UTC().Format(http.TimeFormat)} {
			for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
				what := fmt.Sprintf("%s answered %d with Retry-After %q", r.name, status, value)
				response := simkit.Response{Status: status, Header: http.Header{"Retry-After": {value}}, Body: "slow down"}
				err := b.under(t.Context(), b.sim.Reads, response, r.do)
				if expect(t, what, err, fault.Throttled, fault.Unavailable) && fault.Of(err).RetryAfter != 17*time.Second {
					t.Errorf("%s: RetryAfter is %v", what, fault.Of(err).RetryAfter)
				}
			}
		}
	}
}

func nonsense(t adaptercheck.T, b *bench) {
	bodies := map[string]string{
		"HTML": "<html><body>maintenance</body></html>", "half of JSON": `{"items":[{"id":"`, "nothing": "", "null": "null",
		"a number": "7", "text": `"ok"`, "deep nesting": strings.Repeat(`{"a":[`, 20_000),
	}
	for _, r := range b.reads(t) {
		for name, body := range bodies {
			response := simkit.Response{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
			expect(t, r.name+" answered with "+name, b.under(t.Context(), b.sim.Reads, response, r.do), fault.Upstream)
		}
	}
}

func lostConnection(t adaptercheck.T, b *bench) {
	for _, r := range b.reads(t) {
		for name, response := range map[string]simkit.Response{"reset": {Reset: true}, "cut off": {CutAt: 25}} {
			expect(t, r.name+" "+name, b.under(t.Context(), b.sim.Reads, response, r.do), fault.Unavailable, fault.Upstream)
		}
	}
}

func endless(t adaptercheck.T, b *bench) {
	const size, most = 64 << 20, 40 << 20
	for _, r := range b.reads(t) {
		before := b.wire.read.Load()
		response := simkit.Response{Status: http.StatusOK, Body: "{", Fill: size}
		expect(t, r.name+" answered without end", b.under(t.Context(), b.sim.Reads, response, r.do), fault.Upstream)
		if got := b.wire.read.Load() - before; got > most {
			t.Errorf("%s: %d bytes were read of an answer of %d", r.name, got, size)
		}
	}
}

func keepSecrets(t adaptercheck.T, b *bench) {
	if len(b.sim.Secrets) == 0 {
		t.Fatalf("Sim.Secrets is empty")
	}
	secrets := slices.Clone(b.sim.Secrets)
	clean := func(what string, texts ...string) {
		for _, secret := range secrets {
			if strings.Contains(strings.Join(texts, "\n"), secret) {
				t.Errorf("%s holds a credential", what)
			}
		}
	}
	reads := b.reads(t)
	for _, r := range b.sim.Kit.Requests(b.sim.Reads) {
		secrets = append(secrets, credentials(r.Header)...)
	}
	clean("the printed adapter", fmt.Sprintf("%+v %#v", b.adapter, b.adapter.Session))
	for _, r := range reads {
		if err := r.do(t.Context()); err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		all := b.sim.Kit.Requests(b.sim.Reads)
		echo := strings.Join(credentials(all[len(all)-1].Header), " ")
		responses := []simkit.Response{
			{Status: http.StatusForbidden, Body: echoed(echo)},
			{Status: http.StatusBadRequest, Body: echoed(echo)},
			{Status: http.StatusInternalServerError, Body: echo},
			{Status: http.StatusOK, Body: echo},
			{Reset: true},
		}
		if b.sim.SignIn == "" { // else the second 401 would be about another credential
			responses = append(responses, simkit.Response{Status: http.StatusUnauthorized, Body: echoed(echo)})
		}
		for _, response := range responses {
			err := b.under(t.Context(), b.sim.Reads, response, r.do)
			if err == nil {
				t.Errorf("%s gives no error", r.name)
				continue
			}
			clean("the error of "+r.name, errorTexts(err)...)
		}
	}
	if b.sim.SignIn != "" {
		fresh := b.openOver(t, b.wire)
		response := simkit.Response{Status: http.StatusBadRequest, Body: echoed(strings.Join(b.sim.Secrets, " "))}
		err := b.under(t.Context(), b.sim.SignIn, response, fresh.Session.Check)
		if err == nil || errors.Is(err, fault.Unknown) {
			t.Errorf("a refused sign-in gives %v", err)
		}
		clean("the error of signing in", errorTexts(err)...)
	}
	clean("the log", b.logs.String())
}

// credentials finds what proves who the sender is.
func credentials(h http.Header) []string {
	var found []string
	if fields := strings.Fields(h.Get("Authorization")); len(fields) > 0 {
		found = append(found, fields[len(fields)-1])
	}
	for _, cookie := range (&http.Request{Header: h}).Cookies() {
		found = append(found, cookie.Value)
	}
	return found
}

// echoed is an error body that repeats a text under every name vendors use.
func echoed(text string) string {
	members := map[string]any{"errors": []any{map[string]string{"message": text, "error_message": text, "code": text}}}
	for _, name := range []string{"message", "error", "errorMessage", "error_description", "errorCode", "code", "detail", "description"} {
		members[name] = text
	}
	body, _ := json.Marshal(members)
	return string(body)
}

// errorTexts is everything that an error can show.
func errorTexts(err error) []string {
	texts := []string{fmt.Sprintf("%v %+v", err, err)}
	if e := fault.Of(err); e != nil {
		texts = append(texts, e.Detail)
		if e.Upstream != nil {
			texts = append(texts, e.Upstream.Message, e.Upstream.Code, e.Upstream.RequestID)
		}
	}
	return texts
}
