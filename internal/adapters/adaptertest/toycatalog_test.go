package adaptertest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptertest"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// toyWrites are the changes that a memory world takes, also behind the toy.
func toyWrites() adaptertest.Writes {
	keep := &model.Retention{Keep: model.Period{Days: 30}}
	return adaptertest.Writes{
		Policy:      &model.Policy{Name: "kit", Rules: []model.Rule{{Kind: "full", Retention: keep}}},
		LossyPolicy: &model.Policy{Name: "kit lossy", Blackouts: []model.Window{{Start: "08:00", End: "18:00"}}, Retry: &model.Retry{Attempts: 3}},
		Assignment: func(policies []model.Policy, backups []model.Backup) (model.ID, []model.ID) {
			for _, b := range backups {
				if b.Asset.ID.Key > "asset-4" { // the others are under a policy
					return policies[0].ID, []model.ID{b.Asset.ID}
				}
			}
			return policies[0].ID, nil
		},
		BackupStart: func(backups []model.Backup) adapters.BackupStart {
			return adapters.BackupStart{Subject: backups[0].Asset.ID}
		},
	}
}

// catalog serves policies and what the passthrough reaches.
func (v *toyVendor) catalog(mux *http.ServeMux) {
	one := func(r *http.Request) model.ID { return toyID("policy", r) }
	read := func(r *http.Request) (p model.Policy) {
		_ = json.NewDecoder(r.Body).Decode(&p)
		return p
	}
	mux.HandleFunc("GET /policies", v.signedIn(func(w http.ResponseWriter, r *http.Request) {
		limit, _ := strconv.Atoi(r.FormValue("limit"))
		page, err := v.own.Policies.List(r.Context(), r.FormValue("offset"), limit, true)
		v.answer(w, page, err)
	}))
	mux.HandleFunc("GET /policies/{id}", v.signedIn(func(w http.ResponseWriter, r *http.Request) {
		p, err := v.own.Policies.Get(r.Context(), one(r), true)
		v.answer(w, p, err)
	}))
	mux.HandleFunc("POST /policies", v.signedIn(func(w http.ResponseWriter, r *http.Request) {
		change, err := v.own.PolicyWrites.Create(r.Context(), read(r), true)
		v.answer(w, change.Policy, err)
	}))
	mux.HandleFunc("PUT /policies/{id}", v.signedIn(func(w http.ResponseWriter, r *http.Request) {
		p := read(r)
		change, err := v.own.PolicyWrites.Update(r.Context(), one(r), p.Version, p, true)
		v.answer(w, change.Policy, err)
	}))
	mux.HandleFunc("DELETE /policies/{id}", v.signedIn(func(w http.ResponseWriter, r *http.Request) {
		_, err := v.own.PolicyWrites.Delete(r.Context(), one(r), r.FormValue("version"))
		v.answer(w, struct{}{}, err)
	}))
	mux.HandleFunc("POST /search", v.signedIn(func(w http.ResponseWriter, _ *http.Request) { v.answer(w, struct{}{}, nil) }))
}

type toyPolicies struct{ *toyAdapter }

func (a toyPolicies) read(raw json.RawMessage, native bool) (model.Policy, error) {
	var p model.Policy
	if err := json.Unmarshal(raw, &p); err != nil || p.ID.IsZero() {
		return model.Policy{}, fault.New(fault.Upstream, "toy.Policy", "not a policy")
	}
	p.ID, p.Connection, p.Provider, p.NativeDocument = a.env.ID("policy", p.ID.Key), a.env.Connection, "toy", nil
	if native {
		p.NativeDocument = raw
	}
	return p, nil
}

func (a toyPolicies) List(ctx context.Context, token string, limit int, native bool) (adapters.TokenPage[model.Policy], error) {
	if n, err := strconv.Atoi(token); token != "" && (err != nil || n < 0) {
		return adapters.TokenPage[model.Policy]{}, fault.New(fault.Invalid, "toy.Policies", "not a token")
	}
	var page struct {
		Items []json.RawMessage
		Next  string
	}
	var out adapters.TokenPage[model.Policy]
	_, err := a.client.JSON(ctx, vendorhttp.Request{Op: "toy.Policies", Path: "/policies", Query: url.Values{"offset": {token}, "limit": {strconv.Itoa(limit)}}}, &page)
	for _, raw := range page.Items {
		p, wrong := a.read(raw, native)
		if wrong != nil {
			return adapters.TokenPage[model.Policy]{}, wrong
		}
		out.Items = append(out.Items, p)
	}
	out.Next = page.Next
	return out, err
}

func (a toyPolicies) Get(ctx context.Context, id model.ID, native bool) (model.Policy, error) {
	if id.Kind != "policy" {
		return model.Policy{}, fault.New(fault.NotFound, "toy.Policy", "no policy")
	}
	return a.send(ctx, vendorhttp.Request{Op: "toy.Policy", Path: "/policies/" + url.PathEscape(id.Key)}, native)
}

func (a toyPolicies) send(ctx context.Context, r vendorhttp.Request, native bool) (model.Policy, error) {
	var raw json.RawMessage
	if _, err := a.client.JSON(ctx, r, &raw); err != nil {
		return model.Policy{}, err
	}
	return a.read(raw, native)
}

// toyPolicyWrites looks before it writes: the vendor knows no conditions.
type toyPolicyWrites struct{ toyPolicies }

func (a toyPolicyWrites) fits(p model.Policy, lossy bool) ([]string, error) {
	if p.Name == "" {
		return nil, fault.InvalidField("toy.Policy", "/name", "required", "")
	}
	out, lost := fault.New(fault.Invalid, "toy.Policy", ""), []string{}
	for member, says := range map[string]bool{"blackouts": len(p.Blackouts) > 0, "retry": p.Retry != nil} {
		if says {
			lost = append(lost, member)
			out.Fields = append(out.Fields, fault.Field{Pointer: "/" + member})
		}
	}
	if len(lost) > 0 && !lossy {
		return nil, out
	}
	return lost, nil
}

func (a toyPolicyWrites) Create(ctx context.Context, p model.Policy, lossy bool) (adapters.PolicyChange, error) {
	lost, err := a.fits(p, lossy)
	if err != nil {
		return adapters.PolicyChange{}, err
	}
	p.ID = a.env.ID("policy", "new")
	made, err := a.send(ctx, vendorhttp.Request{Op: "toy.CreatePolicy", Method: http.MethodPost, Path: "/policies", Body: p}, true)
	if err != nil {
		return adapters.PolicyChange{}, err
	}
	made.Lossy = lost
	return adapters.PolicyChange{Policy: &made}, nil
}

func (a toyPolicyWrites) current(ctx context.Context, id model.ID, version string) error {
	now, err := a.Get(ctx, id, false)
	switch {
	case err != nil:
		return err
	case now.Status == "locked":
		return fault.New(fault.Conflict, "toy.Policy", "locked")
	case now.Version != version:
		return fault.New(fault.Stale, "toy.Policy", "changed")
	}
	return nil
}

func (a toyPolicyWrites) Update(ctx context.Context, id model.ID, version string, p model.Policy, lossy bool) (adapters.PolicyChange, error) {
	lost, err := a.fits(p, lossy)
	if err == nil {
		err = a.current(ctx, id, version)
	}
	if err != nil {
		return adapters.PolicyChange{}, err
	}
	p.Version = version
	changed, err := a.send(ctx, vendorhttp.Request{
		Op: "toy.UpdatePolicy", Method: http.MethodPut, Path: "/policies/" + url.PathEscape(id.Key), Body: p,
	}, true)
	if err != nil {
		return adapters.PolicyChange{}, err
	}
	changed.Lossy = lost
	return adapters.PolicyChange{Policy: &changed}, nil
}

func (a toyPolicyWrites) Delete(ctx context.Context, id model.ID, version string) (adapters.PolicyChange, error) {
	if err := a.current(ctx, id, version); err != nil {
		return adapters.PolicyChange{}, err
	}
	_, err := a.client.JSON(ctx, vendorhttp.Request{
		Op: "toy.DeletePolicy", Method: http.MethodDelete, Path: "/policies/" + url.PathEscape(id.Key), Query: url.Values{"version": {version}},
	}, nil)
	return adapters.PolicyChange{}, err
}

type toyPlans struct{ toyRestores }

func (a toyPlans) Plan(_ context.Context, r model.RestoreRequest) (model.RestorePlan, error) {
	if err := a.offered(r); err != nil {
		return model.RestorePlan{}, err
	}
	body, err := json.Marshal(toyOrder{r, r.Marker})
	return model.RestorePlan{
		Connection: a.env.Connection, Kind: r.Kind, Source: r.Source, Notes: []string{},
		Request: &model.VendorRequest{Method: http.MethodPost, Path: "/restores", Body: body},
	}, err
}

type toyNative struct{ *toyAdapter }

func (toyNative) Routes() []adapters.NativeRoute {
	return []adapters.NativeRoute{
		{Method: "GET", Path: "/backups", Operation: "listBackups", Safe: true},
		{Method: "GET", Path: "/backups/{kind}/{id}", Operation: "readBackup", Safe: true},
		{Method: "POST", Path: "/search", Operation: "search", Safe: true},
		{Method: "POST", Path: "/restores/{id}/cancel", Operation: "cancel"},
		{Method: "DELETE", Path: "/policies/{id}", Operation: "deletePolicy"},
	}
}

var (
	toyParameter = regexp.MustCompile(`\\\{[a-z]+\\\}`)
	toySegments  = regexp.MustCompile(`^(/[A-Za-z0-9._~%-]+)+$`)
)

func (a toyNative) Do(ctx context.Context, r adapters.NativeRequest) (*adapters.NativeReply, error) {
	decoded, err := url.PathUnescape(r.Path)
	for _, route := range a.Routes() {
		pattern := "^" + toyParameter.ReplaceAllString(regexp.QuoteMeta(route.Path), `[^/]+`) + "$"
		match, _ := regexp.MatchString(pattern, r.Path)
		if err != nil || !match || route.Method != r.Method || !toySegments.MatchString(r.Path) || strings.ContainsRune(decoded, 0) {
			continue
		}
		return a.pass(ctx, route, r)
	}
	return nil, fault.New(fault.NotFound, "toy.Native", "no route")
}

func (a toyNative) pass(ctx context.Context, route adapters.NativeRoute, r adapters.NativeRequest) (*adapters.NativeReply, error) {
	query, err := url.ParseQuery(r.Query)
	if err != nil {
		return nil, fault.New(fault.Invalid, "toy.Native", "query")
	}
	request := vendorhttp.Request{Op: "toy.Native", Method: r.Method, Path: r.Path, Query: query, Safe: route.Safe}
	if len(bytes.TrimSpace(r.Body)) > 0 {
		request.Body = r.Body
	}
	response, err := a.client.Do(ctx, request) //nolint:bodyclose // the caller closes it
	if err != nil {
		return nil, err
	}
	kind := response.Header.Get("Content-Type")
	return &adapters.NativeReply{
		Status: response.StatusCode, ContentType: kind,
		Body: &adapters.Body{ReadCloser: response.Body, Size: response.ContentLength, ContentType: kind},
	}, nil
}
