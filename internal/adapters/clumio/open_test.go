package clumio_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"switchback/internal/adapters/clumio"
	"switchback/internal/adapters/clumio/clumiosim"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// answer is a response that is written in a test.
type answer struct{ bytes.Buffer }

func newAnswer() *answer { return &answer{} }

func (a *answer) response(r *http.Request) *http.Response {
	w := http.Response{StatusCode: http.StatusOK, Request: r, Header: http.Header{}}
	w.Body = http.NoBody
	if a.Len() > 0 {
		w.Body = readCloser{&a.Buffer}
	}
	return &w
}

type readCloser struct{ *bytes.Buffer }

func (readCloser) Close() error { return nil }

func fields(text string) []string { return strings.Fields(text) }

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

func TestConfigurationsThatAreWrongAreNamed(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	for config, pointer := range map[string]string{
		`{}`:                     "/base_url",
		`{"region":"us-west-2"}`: "/token",
		`{"region":"mars-1","token":{"value":"test-t"}}`:                                 "/region",
		`{"region":"us-west-2","base_url":"https://x.test","token":{"value":"test-t"}}`:  "/region",
		`{"base_url":"http://x.test","token":{"value":"test-t"}}`:                        "/base_url",
		`{"base_url":"nowhere","token":{"value":"test-t"}}`:                              "/base_url",
		`{"region":"us-west-2","token":{"value":"test-t"},"surprise":1}`:                 "/surprise",
		`{"region":"us-west-2","token":{"value":"test-t"},"organizational_unit":"a\nb"}`: "/organizational_unit",
		`{"region":"us-west-2","token":{"value":"test-t"},"allow_http":"yes"}`:           "/allow_http",
	} {
		_, err := clumio.Driver().Open(t.Context(), json.RawMessage(config), a.env)
		if e := fault.Of(err); e == nil || e.Kind != fault.Invalid || len(e.Fields) != 1 || e.Fields[0].Pointer != pointer {
			t.Errorf("%s: got %v", config, err)
		}
	}
}

func TestRegionsAreControlPlanes(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	for region, host := range map[string]string{
		"us-west-2": "us-west-2.api.clumio.com", "us-east-1": "us-east-1.api.clumio.com", "ca-central-1": "ca-central-1.ca.api.clumio.com",
		"eu-central-1": "eu-central-1.de.api.clumio.com", "ap-southeast-2": "ap-southeast-2.au.api.clumio.com",
	} {
		asked := ""
		a.env.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			asked = r.URL.String()
			if got := r.Header.Get("X-Clumio-OrganizationalUnit-Context"); got != "ou-1" {
				t.Errorf("the organizational unit is %q", got)
			}
			w := newAnswer()
			w.WriteString(`{"_embedded":null}`)
			return w.response(r), nil
		})
		adapter, err := clumio.Driver().Open(t.Context(), json.RawMessage(
			`{"region":"`+region+`","token":{"value":"test-t"},"organizational_unit":"ou-1"}`), a.env)
		if err != nil {
			t.Fatal(err)
		}
		if err := adapter.Session.Check(t.Context()); err != nil || asked != "https://"+host+"/tasks?limit=1" {
			t.Errorf("%s: asked %s, %v", region, asked, err)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestARotatedTokenIsReadAnew(t *testing.T) {
	a := openAccount(t, clumiosim.Options{Backups: 50})
	if err := a.Session.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.sim.SetToken("test-clumio-token-new")
	a.token.write(t)
	a.sim.Kit().ResetRequests()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if err := a.Session.Check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := len(listBackups(t, a.Adapter, model.BackupQuery{}, 50)); got != len(a.sim.Facts()) {
		t.Errorf("listed %d of %d", got, len(a.sim.Facts()))
	}
}

func TestATokenThatIsRefusedIsTriedTwice(t *testing.T) {
	a := openAccount(t, clumiosim.Options{})
	a.sim.SetToken("test-clumio-token-other")
	a.token.held = a.sim.Token() // the file keeps the old one
	err := a.Session.Check(t.Context())
	if fault.KindOf(err) != fault.Credentials || fault.Of(err).Upstream.Status != http.StatusUnauthorized {
		t.Errorf("got %v", err)
	}
	if n := a.sim.Kit().Total(); n != 2 {
		t.Errorf("the vendor got %d requests", n)
	}
	if strings.Contains(err.Error(), testToken) {
		t.Errorf("the error shows the token: %v", err)
	}
	// Told at last, the account works again.
	a.token.held = ""
	a.token.write(t)
	if err := a.Session.Check(t.Context()); err != nil {
		t.Error(err)
	}
}
