package clumiosim

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// bucketRule is JSON in a string: fields with operators that must all hold
// (NOTES section 4).
type bucketRule map[string]map[string]any

// bucketRuleOperators are those of each field.
func bucketRuleOperators() map[string]string {
	return map[string]string{
		"aws_tag":               "eq not_eq contains not_contains all not_all in not_in",
		"aws_account_native_id": "eq in", "account_native_id": "eq in", "aws_region": "eq in",
	}
}

func parseBucketRule(text string) (bucketRule, error) {
	if text == "" {
		return nil, nil
	}
	var rule bucketRule
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	if err := decoder.Decode(&rule); err != nil || rule == nil {
		return nil, badRequest("the bucket rule is not an object of objects")
	}
	for field, operators := range rule {
		for operator, value := range operators {
			name, dollar := strings.CutPrefix(operator, "$")
			if !dollar || !slices.Contains(strings.Fields(bucketRuleOperators()[field]), name) {
				return nil, badRequest("the bucket rule does not know %q of %q", operator, field)
			}
			if _, right := ruleValues(field, value); !right {
				return nil, badRequest("the value of %q in the bucket rule has the wrong type", field)
			}
		}
	}
	return rule, nil
}

// ruleValues reads one value or a list of them, as text.
func ruleValues(field string, v any) ([]string, bool) {
	list, isList := v.([]any)
	if !isList {
		list = []any{v}
	}
	out := make([]string, 0, len(list))
	for _, item := range list {
		text, right := item.(string)
		if field == "aws_tag" {
			text, right = tagText(item)
		}
		if !right {
			return nil, false
		}
		out = append(out, text)
	}
	return out, true
}

// matches: without a field a rule matches nothing.
func (r bucketRule) matches(a *asset) bool {
	for field, operators := range r {
		got := []string{a.environment.account}
		switch field {
		case "aws_region":
			got = []string{a.environment.region}
		case "aws_tag":
			got = nil
			for _, t := range a.tags {
				got = append(got, tagOf(t.key, t.value))
			}
		}
		for operator, value := range operators {
			want, _ := ruleValues(field, value)
			if !ruleHolds(strings.TrimPrefix(operator, "$"), got, want) {
				return false
			}
		}
	}
	return len(r) > 0
}

// ruleHolds: contains looks for the value inside a tag of the same key
// (inferred).
func ruleHolds(operator string, got, want []string) bool {
	has := func(v string) bool { return slices.Contains(got, v) }
	inside := func(v string) bool {
		key, part, _ := strings.Cut(v, "\x00")
		return slices.ContainsFunc(got, func(g string) bool {
			name, value, _ := strings.Cut(g, "\x00")
			return name == key && strings.Contains(value, part)
		})
	}
	kind, negated := strings.CutPrefix(operator, "not_")
	holds := false
	switch kind {
	case "eq", "in":
		holds = slices.ContainsFunc(want, has)
	case "all":
		holds = !slices.ContainsFunc(want, func(v string) bool { return !has(v) })
	case "contains":
		holds = slices.ContainsFunc(want, inside)
	}
	return holds != negated
}

// bucketMatcher reads the parameter that shows what a rule would match; all
// other lists do not know it.
func bucketMatcher(c *call, spec assetSpec) (func(*asset) bool, error) {
	rule, err := parseBucketRule(c.query.Get("bucket_matcher"))
	if spec.path != pathBuckets || (rule == nil && err == nil) {
		return func(*asset) bool { return true }, nil
	}
	return rule.matches, err
}

// applyRule makes the buckets of a group those of its rule and those that were
// added by hand.
func (s *Sim) applyRule(c *call, to *asset) {
	if to.definition == nil || to.deleted {
		return
	}
	rule, err := parseBucketRule(to.definition.rule)
	if err != nil {
		return
	}
	for _, bucket := range s.assets[pathBuckets] {
		member, wanted := s.member(to, bucket), rule.matches(bucket)
		switch {
		case bucket.deleted || !c.sees(bucket.unit):
		case wanted && member == nil:
			s.addMember(c, to, pathS3Assets, ListS3Assets, bucket, nil).byRule = true
		case !wanted && member != nil && addedBy(member) != "user":
			member.deleted, member.policy = true, nil
		}
	}
}
