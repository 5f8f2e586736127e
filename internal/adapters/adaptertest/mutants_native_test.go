package adaptertest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func onNative(change func(right adapters.Native, env adapters.Env) func(context.Context, adapters.NativeRequest) (*adapters.NativeReply, error)) damage {
	return func(a *adapters.Adapter, env adapters.Env) {
		a.Native = brokenNative{Native: a.Native, do: change(a.Native, env)}
	}
}

// sending passes everything on, as the toy does with a route.
func sending(toy *toyAdapter, safe func(adapters.NativeRequest) bool) func(context.Context, adapters.NativeRequest) (*adapters.NativeReply, error) {
	return func(ctx context.Context, r adapters.NativeRequest) (*adapters.NativeReply, error) {
		if !strings.HasPrefix(r.Path, "/") {
			return nil, fault.New(fault.NotFound, "toy.Native", "no path")
		}
		return toyNative{toy}.pass(ctx, adapters.NativeRoute{Safe: safe(r)}, r)
	}
}

func nativeMutants() []mutant {
	const routes, sends = "native/sends-only-routes", "native/sends-what-was-asked"
	passing := func(safe func(adapters.NativeRequest) bool) damage {
		return func(a *adapters.Adapter, _ adapters.Env) {
			a.Native = brokenNative{Native: a.Native, do: sending(a.Session.(*toyAdapter), safe)}
		}
	}
	changing := func(change func(r *adapters.NativeRequest)) damage {
		return onNative(func(right adapters.Native, _ adapters.Env) func(context.Context, adapters.NativeRequest) (*adapters.NativeReply, error) {
			return func(ctx context.Context, r adapters.NativeRequest) (*adapters.NativeReply, error) {
				change(&r)
				return right.Do(ctx, r)
			}
		})
	}
	return []mutant{
		{name: "sends anything", kills: routes, damage: passing(func(adapters.NativeRequest) bool { return true })},
		{name: "does not mind the method", kills: routes, damage: changing(func(r *adapters.NativeRequest) { r.Method = strings.ToUpper(r.Method) })},
		{name: "cleans paths", kills: routes, damage: changing(func(r *adapters.NativeRequest) { r.Path = strings.ReplaceAll(r.Path, "/./kit", "") })},
		{name: "takes all for safe", kills: sends, damage: passing(func(adapters.NativeRequest) bool { return true })},
		{name: "takes nothing for safe", kills: sends, damage: passing(func(r adapters.NativeRequest) bool { return r.Method == http.MethodGet })},
		{name: "drops the query", kills: sends, damage: changing(func(r *adapters.NativeRequest) { r.Query = "" })},
		{name: "drops the body", kills: sends, damage: changing(func(r *adapters.NativeRequest) { r.Body = nil })},
		{name: "decodes the path", kills: sends, damage: changing(func(r *adapters.NativeRequest) { r.Path = strings.ReplaceAll(r.Path, "%3A", "-") })},
		{name: "gives half an answer", kills: "native/safe-route-works", damage: onNative(func(right adapters.Native, _ adapters.Env) func(context.Context, adapters.NativeRequest) (*adapters.NativeReply, error) {
			return func(ctx context.Context, r adapters.NativeRequest) (*adapters.NativeReply, error) {
				reply, err := right.Do(ctx, r)
				if err == nil {
					reply.Body.ReadCloser = struct {
						io.Reader
						io.Closer
					}{io.LimitReader(reply.Body.ReadCloser, 1), reply.Body.ReadCloser}
				}
				return reply, err
			}
		})},
		{name: "works nowhere", kills: "native/safe-route-works", damage: onNative(func(adapters.Native, adapters.Env) func(context.Context, adapters.NativeRequest) (*adapters.NativeReply, error) {
			return func(context.Context, adapters.NativeRequest) (*adapters.NativeReply, error) {
				return nil, fault.New(fault.NotFound, "toy.Native", "no route")
			}
		})},
		{name: "tells the token", kills: "native/keeps-secrets", damage: onNative(func(right adapters.Native, _ adapters.Env) func(context.Context, adapters.NativeRequest) (*adapters.NativeReply, error) {
			return func(ctx context.Context, r adapters.NativeRequest) (*adapters.NativeReply, error) {
				reply, err := right.Do(ctx, r)
				if e := fault.Of(err); e != nil && e.Upstream != nil {
					e.Upstream.Message = "with test-toy-token-1"
				}
				return reply, err
			}
		})},
	}
}

func writeMutants() []mutant {
	const once, tokens = "writes/are-sent-once", "lists/bad-token-sends-nothing"
	return []mutant{
		{name: "writes a policy again", kills: once, transport: func(next http.RoundTripper) http.RoundTripper {
			return transportFunc(func(r *http.Request) (*http.Response, error) {
				if vendorhttp.IsSafe(r) || r.Body == nil {
					return next.RoundTrip(r)
				}
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(body))
				response, err := next.RoundTrip(r)
				if err == nil && response.StatusCode == http.StatusServiceUnavailable {
					_ = response.Body.Close()
					r.Body = io.NopCloser(bytes.NewReader(body))
					return next.RoundTrip(r)
				}
				return response, err
			})
		}},
		{name: "is sure that nothing was done", kills: once, damage: func(a *adapters.Adapter, _ adapters.Env) {
			right := a.PolicyWrites
			a.PolicyWrites = brokenWrites{PolicyWrites: right, remove: func(ctx context.Context, id model.ID, version string) (adapters.PolicyChange, error) {
				change, err := right.Delete(ctx, id, version)
				if e := fault.Of(err); e != nil {
					e.Ambiguous = false
				}
				return change, err
			}}
		}},
		{name: "asks the vendor what it thinks", kills: tokens, damage: func(a *adapters.Adapter, env adapters.Env) {
			session := a.Session
			onPolicies(func(token string, _ int, _ *adapters.TokenPage[model.Policy], _ *error) {
				if slices.Contains([]string{"\x00", "not a token"}, token) {
					_ = session.Check(context.Background())
				}
			})(a, env)
		}},
		{name: "an empty page for nonsense", kills: tokens, damage: onPolicies(func(_ string, _ int, _ *adapters.TokenPage[model.Policy], err *error) {
			if errors.Is(*err, fault.Invalid) {
				*err = nil
			}
		})},
	}
}
