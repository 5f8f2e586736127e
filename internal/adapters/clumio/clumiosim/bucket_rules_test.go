package clumiosim_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"switchback/internal/adapters/clumio/clumiosim"
)

const bucketList = "/datasources/aws/s3-buckets"

// TestBucketMatcher holds each rule against the records that it chooses from.
func TestBucketMatcher(t *testing.T) {
	p := newProbe(t, clumiosim.Options{Seed: 8, Assets: 400})
	all := p.list("GET " + bucketList)
	has := func(bucket m, key, value string) bool {
		tags, _ := bucket["tags"].([]any)
		return slices.ContainsFunc(tags, func(tag any) bool { return at(tag, "key") == key && at(tag, "value") == value })
	}
	prod := func(b m) bool { return has(b, "env", "prod") }
	for rule, want := range map[string]func(m) bool{
		`{"aws_tag":{"$eq":{"key":"env","value":"prod"}}}`:         prod,
		`{"aws_tag":{"$not_eq":{"key":"env","value":"prod"}}}`:     func(b m) bool { return !prod(b) },
		`{"aws_tag":{"$contains":{"key":"env","value":"ro"}}}`:     prod,
		`{"aws_tag":{"$not_contains":{"key":"env","value":"ro"}}}`: func(b m) bool { return !prod(b) },
		`{"aws_tag":{"$all":[{"key":"env","value":"prod"},{"key":"team","value":"data"}]}}`: func(b m) bool {
			return prod(b) && has(b, "team", "data")
		},
		`{"aws_tag":{"$in":[{"key":"env","value":"prod"},{"key":"team","value":"data"}]},"aws_region":{"$eq":"us-west-2"}}`: func(b m) bool {
			return (prod(b) || has(b, "team", "data")) && b["aws_region"] == "us-west-2"
		},
		`{"aws_account_native_id":{"$in":["111122223333"]}}`: func(b m) bool { return b["account_native_id"] == "111122223333" },
	} {
		found := p.items("GET " + bucketList + "?bucket_matcher=" + url.QueryEscape(rule))
		var expected []string
		for _, b := range all {
			if want(b) {
				expected = append(expected, textOf(b, "id"))
			}
		}
		if !slices.Equal(idsOf(found), expected) || len(expected) == 0 || len(expected) == len(all) {
			t.Errorf("%s: %d of %d, want %d", rule, len(found), len(all), len(expected))
		}
	}
	for _, wrong := range []string{"{", "7", `{"shoe":{"$eq":"x"}}`, `{"aws_tag":{"$eq":"x"}}`, `{"aws_region":{"eq":"x"}}`, `{"aws_region":{"$eq":7}}`} {
		if out := p.try("GET "+bucketList+"?bucket_matcher="+url.QueryEscape(wrong), nil); out.status != http.StatusBadRequest {
			t.Errorf("%s: %d", wrong, out.status)
		}
	}
	tags := []m{{"key": "env", "value": "prod"}}
	with := p.items("GET " + bucketList + filtered(m{"aws_tag": m{"$all": tags}}))
	without := p.items("GET " + bucketList + filtered(m{"excluded_aws_tag": m{"$all": tags}}))
	if len(with) == 0 || len(without) == 0 || len(with)+len(without) != len(all) || slices.ContainsFunc(without, prod) {
		t.Errorf("%d with and %d without the tag, of %d", len(with), len(without), len(all))
	}
}

// TestGroupFollowsItsRule: changing the rule changes the buckets, except those
// that were added by hand.
func TestGroupFollowsItsRule(t *testing.T) {
	p := newProbe(t, clumiosim.Options{Seed: 8, Assets: 400})
	body := func(value string) m {
		return m{
			"name": "by rule", "object_filter": m{"latest_version_only": true},
			"bucket_rule": `{"aws_tag":{"$eq":{"key":"env","value":"` + value + `"}}}`,
		}
	}
	p.ids["group_id"] = textOf(p.call("POST /protection-groups", body("prod")), "id")
	p.clock.Advance(time.Minute)
	names := func() []string {
		var out []string
		for _, a := range p.items("GET /datasources/protection-groups/s3-assets" + filtered(m{"protection_group_id": m{"$eq": p.ids["group_id"]}})) {
			out = append(out, textOf(a, "bucket_id"))
		}
		slices.Sort(out)
		return out
	}
	tagged := func(value string) []string {
		found := idsOf(p.list("GET " + bucketList + filtered(m{"aws_tag": m{"$all": []m{{"key": "env", "value": value}}}})))
		slices.Sort(found)
		return found
	}
	prod, dev := tagged("prod"), tagged("dev")
	if got := names(); !slices.Equal(got, prod) {
		t.Fatalf("%d buckets, want %d", len(got), len(prod))
	}
	p.ids["bucket_id"] = prod[0]
	if out := p.try("DELETE /protection-groups/{group_id}/buckets/{bucket_id}", nil); out.status != http.StatusConflict {
		t.Errorf("taking a bucket from its rule: %d", out.status)
	}
	byHand := tagged("staging")[0]
	p.call("POST /protection-groups/{group_id}/buckets", m{"bucket_id": byHand})
	p.call("PUT /protection-groups/{group_id}", body("dev"))
	want := append(dev, byHand)
	slices.Sort(want)
	if got := names(); !slices.Equal(got, want) {
		t.Errorf("after another rule: %d buckets, want %d", len(got), len(want))
	}
	if out := p.try("POST /protection-groups", m{"name": "x", "object_filter": m{}, "bucket_rule": "{"}); out.status != http.StatusBadRequest {
		t.Errorf("a broken rule: %d", out.status)
	}
}
