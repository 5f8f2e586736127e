package adaptertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/memory"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

type toyConfig struct {
	BaseURL  string          `json:"base_url"`
	Password adapters.Secret `json:"password"`
}

// toyDriver is an ordinary adapter over HTTP: what the mutants below break.
func toyDriver() adapters.Driver {
	return adapters.Typed("toy", toyConfig{}, func(_ context.Context, c toyConfig, env adapters.Env) (*adapters.Adapter, error) {
		if c.BaseURL == "" {
			return nil, fault.InvalidField("toy.Open", "/base_url", "missing", "base_url is missing")
		}
		if c.Password.IsZero() {
			return nil, fault.InvalidField("toy.Open", "/password", "missing", "password is missing")
		}
		toy := &toyAdapter{config: c, env: env}
		login := vendorhttp.NewLogin(env.Now, 10*time.Second, toy.login)
		client, err := vendorhttp.New(vendorhttp.Options{
			BaseURL: c.BaseURL, AllowHTTP: true, Transport: env.Transport, Now: env.Now, Auth: toyAuth{login}, ReadError: toyMessage,
		})
		if err != nil {
			return nil, err
		}
		toy.client = client
		kinds := memory.New(env, memory.NewWorld(1, env.Now))
		toy.kinds = kinds.RestoreKinds
		return &adapters.Adapter{
			Provider: "toy", RestoreKinds: kinds.RestoreKinds,
			Traits:  adapters.Traits{MaxPageSize: 46, RangeReads: true, MarkerPlaces: kinds.Traits.MarkerPlaces},
			Session: toy, Backups: toyBackups{toy}, Restores: toyRestores{toy}, RestoreCancels: toyCancels{toy}, Content: toyContent{toy},
			Policies: toyPolicies{toy}, PolicyWrites: toyPolicyWrites{toyPolicies{toy}}, Plans: toyPlans{toyRestores{toy}}, Native: toyNative{toy},
		}, nil
	})
}

type toyAuth struct{ login *vendorhttp.Login }

func (a toyAuth) Apply(ctx context.Context, r *http.Request) (string, error) {
	token, err := a.login.Get(ctx)
	if err == nil {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return token, err
}

func (a toyAuth) Renew(_ context.Context, used string) error {
	a.login.Drop(used)
	return nil
}

type toyAdapter struct {
	config toyConfig
	env    adapters.Env
	client *vendorhttp.Client
	kinds  []adapters.RestoreKind
}

func (a *toyAdapter) login(ctx context.Context) (vendorhttp.Token, error) {
	password, err := a.config.Password.Read()
	if err != nil {
		return vendorhttp.Token{}, err
	}
	var out struct{ Token string }
	_, err = a.client.JSON(ctx, vendorhttp.Request{
		Op: "toy.Login", Method: http.MethodPost, Path: "/login", NoAuth: true, Safe: true, Body: map[string]string{"password": password},
	}, &out)
	if e := fault.Of(err); e != nil && e.Upstream != nil {
		e.Upstream.Message = "" // this vendor repeats the password
	}
	if err == nil && out.Token == "" {
		err = fault.New(fault.Upstream, "toy.Login", "no token")
	}
	return vendorhttp.Token{Value: out.Token}, err
}

func (a *toyAdapter) Check(ctx context.Context) error {
	_, err := toyFetch(a, "/backups")(ctx, time.Time{}, "", 1)
	return err
}

func (a *toyAdapter) Close(context.Context) error { return nil }

// toyFetch lists one path.
func toyFetch(a *toyAdapter, path string) func(ctx context.Context, upTo time.Time, token string, n int) (toyList[json.RawMessage], error) {
	return func(ctx context.Context, upTo time.Time, token string, n int) (toyList[json.RawMessage], error) {
		query := url.Values{"limit": {strconv.Itoa(n)}, "offset": {token}}
		if !upTo.IsZero() {
			query.Set("upTo", upTo.Format(time.RFC3339Nano))
		}
		var page toyList[json.RawMessage]
		_, err := a.client.JSON(ctx, vendorhttp.Request{Op: "toy.List", Path: path, Query: query}, &page)
		return page, err
	}
}

func toyPlaced[T any](page toyList[json.RawMessage], read func(json.RawMessage) (T, error), place func(T) model.Position) (adapters.VendorPage[T], error) {
	var out adapters.VendorPage[T]
	for _, raw := range page.Items {
		item, err := read(raw)
		if err != nil {
			return adapters.VendorPage[T]{}, fault.Wrap(fault.Upstream, "toy.List", err)
		}
		out.Items = append(out.Items, adapters.Placed[T]{Position: place(item), Item: item})
	}
	if page.Next > 0 {
		out.Next = strconv.Itoa(page.Next)
	}
	return out, nil
}

type toyBackups struct{ *toyAdapter }

func (a toyBackups) read(raw json.RawMessage, native bool) (model.Backup, error) {
	var b model.Backup
	if err := json.Unmarshal(raw, &b); err != nil || b.ID.IsZero() {
		return b, errors.New("not a backup")
	}
	b.ID = a.env.ID(b.ID.Kind, b.ID.Key)
	b.Connection, b.Provider, b.Browsable = a.env.Connection, "toy", false
	b.NativeDocument = nil
	if native {
		b.NativeDocument = raw
	}
	return b, nil
}

func (a toyBackups) Streams(_ context.Context, q model.BackupQuery) ([]adapters.Stream[model.Backup], error) {
	return []adapters.Stream[model.Backup]{{
		Name: "all", NewestAt: q.StartedBefore, Pushed: []string{"startedBefore", "startedAfter"},
		Page: func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Backup], error) {
			if !q.StartedBefore.IsZero() && (before.IsZero() || before.At.After(q.StartedBefore)) {
				before = model.Position{At: q.StartedBefore}
			}
			fetch := toyFetch(a.toyAdapter, "/backups")
			page, err := adapters.ReadSorted(ctx, before, min(limit, 46), func(ctx context.Context, upTo time.Time, token string, n int) (adapters.VendorPage[model.Backup], error) {
				page, err := fetch(ctx, upTo, token, n)
				if err != nil {
					return adapters.VendorPage[model.Backup]{}, err
				}
				return toyPlaced(page, func(raw json.RawMessage) (model.Backup, error) { return a.read(raw, q.Native) }, model.Backup.Position)
			})
			if err != nil {
				return adapters.Page[model.Backup]{}, err
			}
			if i := slices.IndexFunc(page.Items, func(b model.Backup) bool { return b.StartedAt.Before(q.StartedAfter) }); i >= 0 {
				page = adapters.Page[model.Backup]{Items: page.Items[:i]}
			}
			return page, nil
		},
	}}, nil
}

func (a toyBackups) Get(ctx context.Context, id model.ID, native bool) (model.Backup, error) {
	if !slices.Contains(model.AssetKinds(), model.AssetKind(id.Kind)) {
		return model.Backup{}, fault.New(fault.NotFound, "toy.Get", "no backup")
	}
	var raw json.RawMessage
	if _, err := a.client.JSON(ctx, vendorhttp.Request{Op: "toy.Get", Path: "/backups/" + id.Kind + "/" + url.PathEscape(id.Key)}, &raw); err != nil {
		return model.Backup{}, err
	}
	b, err := a.read(raw, native)
	return b, fault.Wrap(fault.Upstream, "toy.Get", err)
}

type toyRestores struct{ *toyAdapter }

func (a toyRestores) read(raw json.RawMessage, native bool) (model.Restore, error) {
	var r model.Restore
	if err := json.Unmarshal(raw, &r); err != nil || r.ID.IsZero() {
		return model.Restore{}, errors.New("not a restore")
	}
	r.ID, r.Connection, r.Provider = a.env.ID("restore", r.ID.Key), a.env.Connection, "toy"
	if r.State == "RESHUFFLING" {
		r.State = model.StateUnknown
	}
	r.Cancellable = !r.State.Terminal()
	r.Outputs.HasContent = r.Kind == model.RestoreDownload
	r.NativeDocument = nil
	if native {
		r.NativeDocument = raw
	}
	return r, nil
}

func (a toyRestores) offered(r model.RestoreRequest) error {
	offered := slices.ContainsFunc(a.kinds, func(k adapters.RestoreKind) bool {
		return k.Kind == r.Kind && slices.Contains(k.Sources, r.Source.Form())
	})
	if !offered {
		return fault.InvalidField("toy.Start", "/kind", "unsupported", "not offered")
	}
	return nil
}

// toyOrder is what the vendor takes for a restore.
type toyOrder struct {
	model.RestoreRequest
	Label string `json:"label"`
}

func (a toyRestores) Start(ctx context.Context, r model.RestoreRequest) (model.Restore, error) {
	if err := a.offered(r); err != nil {
		return model.Restore{}, err
	}
	body := toyOrder{r, r.Marker}
	var raw json.RawMessage
	_, err := a.client.JSON(ctx, vendorhttp.Request{Op: "toy.Start", Method: http.MethodPost, Path: "/restores", Body: body}, &raw)
	if err != nil {
		return model.Restore{}, err
	}
	restore, err := a.read(raw, true)
	if err != nil {
		return model.Restore{}, &fault.Error{Kind: fault.Upstream, Op: "toy.Start", Ambiguous: true, Err: err}
	}
	return restore, nil
}

func (a toyRestores) Get(ctx context.Context, id model.ID, native bool) (model.Restore, error) {
	if id.Kind != "restore" {
		return model.Restore{}, fault.New(fault.NotFound, "toy.Get", "no restore")
	}
	var raw json.RawMessage
	if _, err := a.client.JSON(ctx, vendorhttp.Request{Op: "toy.GetRestore", Path: "/restores/" + url.PathEscape(id.Key)}, &raw); err != nil {
		return model.Restore{}, err
	}
	r, err := a.read(raw, native)
	return r, fault.Wrap(fault.Upstream, "toy.GetRestore", err)
}

func (a toyRestores) Streams(_ context.Context, q model.RestoreQuery) ([]adapters.Stream[model.Restore], error) {
	return []adapters.Stream[model.Restore]{{
		Name: "restores",
		Page: func(ctx context.Context, before model.Position, limit int) (adapters.Page[model.Restore], error) {
			fetch := toyFetch(a.toyAdapter, "/restores")
			return adapters.ReadSorted(ctx, before, min(limit, 46), func(ctx context.Context, upTo time.Time, token string, n int) (adapters.VendorPage[model.Restore], error) {
				page, err := fetch(ctx, upTo, token, n)
				if err != nil {
					return adapters.VendorPage[model.Restore]{}, err
				}
				return toyPlaced(page, func(raw json.RawMessage) (model.Restore, error) { return a.read(raw, q.Native) }, model.Restore.Position)
			})
		},
	}}, nil
}

type toyCancels struct{ *toyAdapter }

func (a toyCancels) Cancel(ctx context.Context, id model.ID) error {
	_, err := a.client.JSON(ctx, vendorhttp.Request{
		Op: "toy.Cancel", Method: http.MethodPost, Path: "/restores/" + url.PathEscape(id.Key) + "/cancel",
	}, nil)
	return err
}

type toyContent struct{ *toyAdapter }

func (a toyContent) Open(ctx context.Context, restore model.ID, offset int64) (*adapters.Body, error) {
	header := http.Header{}
	if offset > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	}
	response, err := a.client.Do(ctx, vendorhttp.Request{Op: "toy.Content", Path: "/content/" + url.PathEscape(restore.Key), Header: header}) //nolint:bodyclose // the caller closes it
	if e := fault.Of(err); e != nil && e.Upstream != nil && e.Upstream.Status == http.StatusRequestedRangeNotSatisfiable {
		return &adapters.Body{ReadCloser: http.NoBody, Offset: offset, Size: -1}, nil
	}
	if err != nil {
		return nil, err
	}
	return &adapters.Body{ReadCloser: response.Body, Offset: offset, Size: offset + response.ContentLength}, nil
}

func (a toyContent) Size(ctx context.Context, restore model.ID) (int64, error) {
	body, err := a.Open(ctx, restore, 0)
	if err != nil {
		return 0, err
	}
	return body.Size, body.Close()
}
