package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"switchback/internal/adapters/clouddownload/storwaresim"
	"switchback/internal/adapters/cohesity/cohesitysim"
	"switchback/internal/adapters/simkit"
	"switchback/internal/model"
)

// quick lets simulated tasks end soon.
func quick() simkit.Scenario {
	s := simkit.Friendly()
	s.TaskTime = time.Second
	return s
}

// find returns a backup of a connection that can be restored in a way.
func (s *site) find(connection, assetKind, restoreKind string) (id, asset, account, region string) {
	s.t.Helper()
	var list listed
	s.call("GET", fmt.Sprintf("/v1/backups?connection=%s&assetKind=%s&status=available&pageSize=100", connection, assetKind), nil).
		into(s.t, http.StatusOK, &list)
	for _, b := range list.Items {
		if slices.Contains(b.RestoreKinds, restoreKind) {
			return b.ID, b.Asset.ID, b.Asset.Account, b.Asset.Region
		}
	}
	s.t.Fatalf("%s has no %s to restore as %s", connection, assetKind, restoreKind)
	return "", "", "", ""
}

// bodies are the five examples of the API, with ids of this site filled in.
func (s *site) bodies() map[string]string {
	_, table, account, region := s.find("clumio-prod", "aws-dynamodb-table", "table")
	bucket, _, _, _ := s.find("clumio-prod", "aws-s3-bucket", "instant-access")
	host, hostAsset, _, _ := s.find("ibm-eu", "physical-host", "volume")
	files, _, _, _ := s.find("ibm-eu", "physical-host", "download")
	user, userAsset, _, _ := s.find("storware-dc1", "cloud-user", "download")
	entity, err := model.ParseID(userAsset)
	if err != nil {
		s.t.Fatal(err)
	}
	hostID, err := model.ParseID(hostAsset)
	if err != nil {
		s.t.Fatal(err)
	}
	onto, from, to := volumeExample(s.served["ibm-eu"].handler.(*cohesitysim.Sim), hostID.Key)
	return map[string]string{
		"table":             fmt.Sprintf(`{"kind":"table","source":{"asset":%q,"at":"latest"},"target":{"name":"orders-restored","environment":%q}}`, table, account+"/"+region),
		"instant-access":    fmt.Sprintf(`{"kind":"instant-access","source":{"backup":%q},"target":{"name":"forensics","expiresAt":%q},"select":{"keyPrefix":"logs/","latestVersionOnly":true}}`, bucket, time.Now().AddDate(0, 0, 7).UTC().Format(time.RFC3339)),
		"volume":            fmt.Sprintf(`{"kind":"volume","source":{"backup":%q},"target":{"host":%q,"volumes":[{"source":%q,"destination":%q}]}}`, host, onto, from, to),
		"download-ibm":      fmt.Sprintf(`{"kind":"download","source":{"backup":%q},"select":{"paths":["/etc/hosts"]}}`, files),
		"download-storware": fmt.Sprintf(`{"kind":"download","source":{"backup":%q},"select":{"objects":[%q]}}`, user, entity.Key),
	}
}

type restored struct {
	ID, State, Kind string
	Outputs         struct {
		ContentURL, AccessURL string
		Asset                 struct{ ID, Name string }
	}
	Error any
}

// start starts a restore and returns where it is.
func (s *site) start(key, body string) (location string, r restored) {
	s.t.Helper()
	a := s.call("POST", "/v1/restores", body, "Idempotency-Key", key)
	a.into(s.t, http.StatusAccepted, &r)
	if location = a.header.Get("Location"); !strings.HasPrefix(location, "/v1/restores/") {
		s.t.Fatalf("Location %q", location)
	}
	return location, r
}

// await polls by Prefer: wait until a restore is over.
func (s *site) await(location string) restored {
	s.t.Helper()
	for range 10 {
		var r restored
		a := s.call("GET", location, nil, "Prefer", "wait=10")
		a.into(s.t, http.StatusOK, &r)
		if model.State(r.State).Terminal() {
			return r
		}
	}
	s.t.Fatalf("%s does not end", location)
	return restored{}
}

func TestTheFiveRestoresSucceed(t *testing.T) {
	for name, scenario := range map[string]simkit.Scenario{"friendly": quick(), "hostile": hostileQuick()} {
		t.Run(name, func(t *testing.T) {
			s := startSite(t, scenario, nil)
			for kind, body := range s.bodies() {
				t.Run(kind, func(t *testing.T) {
					s := s.in(t)
					location, _ := s.start("five-"+kind, body)
					again := s.call("POST", "/v1/restores", body, "Idempotency-Key", "five-"+kind)
					if again.status != http.StatusAccepted || again.header.Get("Idempotency-Replayed") != "true" || again.header.Get("Location") != location {
						t.Errorf("the same key again: %d, %v", again.status, again.header)
					}
					r := s.await(location)
					if r.State != "succeeded" {
						t.Fatalf("%+v", r)
					}
					if kind == "table" && (r.Outputs.Asset.ID == "" || r.Outputs.Asset.Name != "orders-restored") {
						t.Errorf("the new table is not found: %+v", r.Outputs)
					}
					if strings.HasPrefix(kind, "download") {
						s.checkContent(location, r)
					}
				})
			}
		})
	}
}

func hostileQuick() simkit.Scenario {
	s := simkit.Hostile()
	s.TaskTime = time.Second
	return s
}

// in lets a subtest report on its own.
func (s *site) in(t *testing.T) *site {
	own := *s
	own.t = t
	return &own
}

// checkContent compares a finished download with what the simulator serves.
func (s *site) checkContent(location string, r restored) {
	s.t.Helper()
	if r.Outputs.ContentURL != location+"/content" {
		s.t.Errorf("contentUrl %q", r.Outputs.ContentURL)
	}
	want := s.content()
	a := s.call("GET", location+"/content", nil)
	if sum := sha256.Sum256(a.body); a.status != http.StatusOK || hex.EncodeToString(sum[:]) != want.SHA256() {
		s.t.Errorf("status %d, %d bytes, want %d with another checksum", a.status, len(a.body), want.Size)
	}
	part := s.call("GET", location+"/content", nil, "Range", "bytes=1000-4999")
	expected := make([]byte, 4000)
	if _, err := want.ReadAt(expected, 1000); err != nil {
		s.t.Fatal(err)
	}
	if part.status != http.StatusPartialContent || string(part.body) != string(expected) {
		s.t.Errorf("range: status %d, %d bytes", part.status, len(part.body))
	}
	if got, want := part.header.Get("Content-Range"), fmt.Sprintf("bytes 1000-4999/%d", want.Size); got != want {
		s.t.Errorf("Content-Range %q, want %q", got, want)
	}
}

// content finds the content of the newest download of the simulator that the
// running subtest is about.
func (s *site) content() simkit.Content {
	s.t.Helper()
	if strings.HasSuffix(s.t.Name(), "ibm") {
		sim := s.served["ibm-eu"].handler.(*cohesitysim.Sim)
		for _, r := range sim.Recoveries() {
			if _, download := r.Body["filesAndFolders"]; download {
				return sim.DownloadContent(r.ID)
			}
		}
	}
	sim := s.served["storware-dc1"].handler.(*storwaresim.Sim)
	downloads := sim.Downloads()
	if len(downloads) == 0 {
		s.t.Fatal("the simulator knows no download")
	}
	return sim.Content(downloads[len(downloads)-1].Records[0])
}

func TestEventsFollowARestoreToItsEnd(t *testing.T) {
	s := startSite(t, quick(), nil)
	location, _ := s.start("events", s.bodies()["table"])
	response := s.open("GET", location+"/events", nil)
	defer func() { _ = response.Body.Close() }()
	if got := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || !strings.HasPrefix(got, "text/event-stream") {
		t.Fatalf("status %d, %s", response.StatusCode, got)
	}
	var states []string
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() { // the stream ends by itself
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			var r restored
			if err := json.Unmarshal([]byte(data), &r); err != nil {
				t.Fatalf("%v: %s", err, data)
			}
			states = append(states, r.State)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(states) < 2 || states[len(states)-1] != "succeeded" {
		t.Errorf("states: %v", states)
	}
}

// The right shape with the wrong answer never becomes a 500.
func TestAWrongVendorAnswerIsToldAsTheVendors(t *testing.T) {
	s := startSite(t, simkit.Friendly(), nil)
	wrong := map[string]simkit.Response{
		"HTML with 200":     {Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<html>login</html>"},
		"cut JSON":          {CutAt: 20},
		"64 MiB":            {Status: 200, Body: `{"a":"`, Fill: 64 << 20},
		"429 with a wish":   {Status: 429, Header: http.Header{"Retry-After": {"30"}}},
		"500":               {Status: 500, Body: "boom"},
		"503":               {Status: 503},
		"reset":             {Reset: true},
		"empty":             {Status: 200},
		"null":              {Status: 200, Body: "null"},
		"array of nonsense": {Status: 200, Body: `[1,"a",{"b":[]}]`},
		"wrong types":       {Status: 200, Body: `{"_embedded":{"items":{"a":1}},"runs":"x","protectionGroups":7}`},
		"deep":              {Status: 200, Body: strings.Repeat("[", 100_000)},
	}
	kits := map[string]*simkit.Kit{}
	for name, sim := range s.served {
		handler := sim.handler
		if r, ok := handler.(*rotating); ok {
			handler = r.Handler
		}
		kits[name] = handler.(interface{ Kit() *simkit.Kit }).Kit()
	}
	for name, response := range wrong {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			for _, kit := range kits {
				all := make([]simkit.Response, 200)
				for i := range all {
					all[i] = response
				}
				kit.Inject("GET /**", all...)
			}
			defer func() {
				for _, kit := range kits {
					kit.ClearInjected()
				}
			}()
			var list listed
			s.call("GET", "/v1/backups?pageSize=20", nil).into(t, http.StatusOK, &list)
			for _, source := range list.Sources {
				if source.State == "ok" && source.Items > 0 {
					t.Errorf("%s gave %d items", source.Connection, source.Items)
				}
			}
			for _, path := range []string{"/v1/restores", "/v1/operations", "/v1/policies"} {
				if a := s.call("GET", path, nil); a.status != http.StatusOK {
					t.Errorf("%s: status %d: %s", path, a.status, a.body)
				}
			}
			if a := s.call("POST", "/v1/connections/clumio-prod/check", nil); a.status == http.StatusInternalServerError {
				t.Errorf("check: status %d: %s", a.status, a.body)
			}
		})
	}
}

// A vendor that breaks off gives the client a broken transfer.
func TestABrokenDownloadDoesNotLookWhole(t *testing.T) {
	for name, cut := range map[string]int{"early": 100, "late": 900_000} {
		t.Run(name, func(t *testing.T) {
			s := startSite(t, quick(), nil)
			location, _ := s.start("broken", s.bodies()["download-storware"])
			if r := s.await(location); r.State != "succeeded" {
				t.Fatalf("%+v", r)
			}
			kit := s.served["storware-dc1"].handler.(*storwaresim.Sim).Kit()
			// The gateway opens the transfer again where it broke; this vendor
			// breaks off every time.
			kit.Inject("GET /api/cloud-download/**", slices.Repeat([]simkit.Response{{CutAt: cut}}, 100)...)
			request, err := http.NewRequestWithContext(t.Context(), "GET", s.url+location+"/content", nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Authorization", "Bearer "+s.token)
			response, err := s.client.Do(request)
			var n int64
			if err == nil {
				defer func() { _ = response.Body.Close() }()
				n, err = io.Copy(io.Discard, response.Body)
			}
			if err == nil {
				t.Errorf("%d bytes and a clean end", n)
			}
		})
	}
}
