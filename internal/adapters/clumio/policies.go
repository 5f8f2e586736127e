package clumio

import (
	"context"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/adapters/vendorhttp"
	"switchback/internal/fault"
	"switchback/internal/model"
)

// policies lists and reads policies.
type policies struct{ *client }

var _ adapters.Policies = policies{}

const policiesPath = "/policies/definitions"

// List implements adapters.Lister. The vendor's list takes no limit and gives
// all at once, or a page with a link to the next one (NOTES section 3), so a
// token says which of the vendor's pages and how many of it were given.
func (p policies) List(ctx context.Context, token string, limit int, native bool) (adapters.TokenPage[model.Policy], error) {
	const op = "clumio.Policies"
	skip, start, ok := readToken(token)
	if !ok {
		return adapters.TokenPage[model.Policy]{}, badToken(op)
	}
	got, err := list[wirePolicy](ctx, p.client, vendorhttp.Request{
		Op: op, Path: policiesPath, Accept: acceptPolicies, Query: listQuery(nil, 0, start, ""),
	}, native)
	switch {
	case start != "" && status(err) == http.StatusBadRequest:
		return adapters.TokenPage[model.Policy]{}, badToken(op)
	case err != nil:
		return adapters.TokenPage[model.Policy]{}, err
	}
	items := got.items[min(skip, len(got.items)):]
	rest := len(items) > limit
	items = items[:min(max(limit, 1), len(items))]
	page := adapters.TokenPage[model.Policy]{Items: make([]model.Policy, 0, len(items))}
	for _, item := range items {
		if item.wire.ID == "" {
			continue
		}
		policy := item.wire.policy(p.env)
		policy.NativeDocument = item.document
		page.Items = append(page.Items, policy)
	}
	switch {
	case rest:
		page.Next = writeToken(skip+len(items), start)
	case got.next != "":
		page.Next = writeToken(0, got.next)
	}
	return page, nil
}

func badToken(op string) error {
	return &fault.Error{
		Kind: fault.Invalid, Op: op, Detail: "the token is none of this list",
		Fields: []fault.Field{{Parameter: "cursor", Code: "invalid-cursor", Detail: "the token is none of this list"}},
	}
}

func writeToken(skip int, start string) string {
	return strconv.Itoa(skip) + "." + base64.RawURLEncoding.EncodeToString([]byte(start))
}

func readToken(token string) (skip int, start string, ok bool) {
	if token == "" {
		return 0, "", true
	}
	number, encoded, found := strings.Cut(token, ".")
	n, err := strconv.ParseUint(number, 10, 31)
	raw, badStart := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if !found || err != nil || badStart != nil || writeToken(int(n), string(raw)) != token || token == "0." {
		return 0, "", false
	}
	return int(n), string(raw), true
}

// Get implements adapters.Policies.
func (p policies) Get(ctx context.Context, id model.ID, native bool) (model.Policy, error) {
	const op = "clumio.GetPolicy"
	key, err := p.key(op, id, kindPolicy)
	if err != nil {
		return model.Policy{}, err
	}
	got, err := read[wirePolicy](ctx, p.client, vendorhttp.Request{Op: op, Path: policiesPath + "/" + key, Accept: acceptPolicies}, native)
	if err != nil {
		return model.Policy{}, notFoundIfRefused(op, err)
	}
	if got.wire.ID != id.Key {
		return model.Policy{}, fault.New(fault.NotFound, op, "there is no such policy")
	}
	policy := got.wire.policy(p.env)
	policy.NativeDocument = got.document
	return policy, nil
}
