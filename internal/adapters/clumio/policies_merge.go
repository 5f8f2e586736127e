package clumio

import (
	"slices"
	"strconv"

	"switchback/internal/model"
)

// rulePlace is where a rule stands at the vendor: the operation and the SLA of it.
type rulePlace struct{ operation, sla int }

// places are those of the rules that policy() makes, in the same order.
func (w wirePolicy) places() []rulePlace {
	var out []rulePlace
	for i, o := range w.Operations {
		for j := range o.SLAs {
			out = append(out, rulePlace{i, j})
		}
	}
	return out
}

// operationDraft is an operation as it will be, with the rules that are its SLAs.
type operationDraft struct {
	wire  map[string]any
	was   wirePolicyOperate // as it was read; empty for a new one
	slas  []any
	rules []draftRule
}

type draftRule struct {
	at   string // pointer
	rule model.Rule
}

// apply makes content, the document of the policy that was, what p says. Only
// what differs from the portable form of was is touched.
func (e *policyEdit) apply(content map[string]any, was wirePolicy, before, p model.Policy) {
	if p.Name != before.Name {
		if p.Name == "" {
			e.refuse("/name", "missing-member", "a policy has a name")
		}
		content["name"] = p.Name
	}
	if p.Status != before.Status && p.Status != "" {
		switch p.Status {
		case "active":
			content["activation_status"] = "activated"
		case "inactive":
			content["activation_status"] = "deactivated"
		default:
			e.refuse("/status", "unknown-value", "the status to set is active or inactive")
		}
	}
	for _, spare := range []struct {
		pointer string
		set     bool
	}{
		{"/description", p.Description != ""},
		{"/extendedRetention", len(p.ExtendedRetention) > 0},
		{"/blackouts", len(p.Blackouts) > 0},
		{"/retry", p.Retry != nil},
	} {
		if spare.set {
			e.leaveOut(spare.pointer, "the vendor's policies have no such thing")
		}
	}
	e.assetKinds(before, p)
	if !alike(before.Rules, p.Rules) {
		e.applyRules(content, was, before, p)
	}
}

// assetKinds refuses kinds of assets that the policy did not protect and that no
// rule speaks of: the vendor knows them by the rules alone.
func (e *policyEdit) assetKinds(before, p model.Policy) {
	for i, kind := range p.AssetKinds {
		spoken := slices.ContainsFunc(p.Rules, func(r model.Rule) bool {
			return r.AssetKind == kind || (r.AssetKind == "" && len(p.AssetKinds) == 1)
		})
		if !spoken && !slices.Contains(before.AssetKinds, kind) {
			e.leaveOut("/assetKinds/"+strconv.Itoa(i), "no rule is for this kind of asset")
		}
	}
}

func (e *policyEdit) applyRules(content map[string]any, was wirePolicy, before, p model.Policy) {
	rules := slices.Clone(p.Rules)
	for i := range rules {
		if rules[i].AssetKind == "" && len(p.AssetKinds) == 1 {
			rules[i].AssetKind = p.AssetKinds[0]
		}
	}
	var drafts []*operationDraft
	for i, wire := range objects(content["operations"]) {
		drafts = append(drafts, &operationDraft{wire: wire, was: was.Operations[i]})
	}
	places, kept := was.places(), 0
	for i, from := range alignRules(before.Rules, rules) {
		rule, at := rules[i], "/rules/"+strconv.Itoa(i)
		if rule.Lock != nil {
			e.leaveOut(at+"/lock", "the vendor's policies lock nothing")
		}
		var draft *operationDraft
		sla, old := map[string]any{}, model.Rule{}
		if from >= 0 {
			draft, old = drafts[places[from].operation], before.Rules[from]
			sla = objects(draft.wire["slas"])[places[from].sla]
		} else if drafts, draft = e.draftFor(drafts, at, rule); draft == nil {
			continue
		}
		if from < 0 || !alike(withoutWindows(old.Schedule), withoutWindows(rule.Schedule)) {
			e.setFrequency(sla, at, rule.Schedule)
		}
		if from < 0 || !alike(old.Retention, rule.Retention) {
			e.setRetention(sla, at, rule.Retention)
		}
		draft.slas = append(draft.slas, sla)
		draft.rules = append(draft.rules, draftRule{at, rule})
		kept++
	}
	if len(p.Rules) > 0 && kept == 0 && len(e.problems) == 0 {
		e.refuse("/rules", "unsupported-member", "the vendor can hold none of the rules")
	}
	operations := make([]any, 0, len(drafts))
	for _, draft := range drafts {
		if len(draft.rules) == 0 && len(draft.was.SLAs) > 0 {
			continue
		}
		// An operation that is in no rule is not ours to judge.
		if len(draft.rules) > 0 {
			e.settle(draft, was.Timezone)
			draft.wire["slas"] = draft.slas
		}
		operations = append(operations, draft.wire)
	}
	content["operations"] = operations
}

// draftFor finds the operation for a rule that is new: one that does the same
// with the same settings, one that does the same, or another one.
func (e *policyEdit) draftFor(drafts []*operationDraft, at string, rule model.Rule) ([]*operationDraft, *operationDraft) {
	kind := operationType(rule)
	switch {
	case rule.AssetKind == "":
		e.refuse(at+"/assetKind", "missing-member", "the vendor's rules are for one kind of asset each")
		return drafts, nil
	case kind == "":
		e.leaveOut(at+"/kind", "the vendor has no such rule for this kind of asset")
		return drafts, nil
	}
	var found *operationDraft
	for _, draft := range drafts {
		if draft.wire["type"] != kind {
			continue
		}
		if found == nil || (len(draft.rules) > 0 && sharesSettings(draft.rules[0].rule, rule)) {
			found = draft
		}
	}
	if found == nil {
		found = &operationDraft{wire: map[string]any{"type": kind}}
		drafts = append(drafts, found)
	}
	return drafts, found
}

func sharesSettings(a, b model.Rule) bool {
	return alike(windowsOf(a), windowsOf(b)) && a.Tier == b.Tier && a.Target == b.Target
}

// settle writes what the vendor holds once for all rules of an operation.
func (e *policyEdit) settle(draft *operationDraft, policyZone string) {
	lead, timed := draft.rules[0], draft.rules[0]
	// A schedule that could not be read says nothing of windows.
	if i := slices.IndexFunc(draft.rules, func(r draftRule) bool { return r.rule.Schedule != nil }); i > 0 {
		timed = draft.rules[i]
	}
	const shared = "the vendor has one for all rules of a kind"
	for _, other := range draft.rules[1:] {
		if other.rule.Schedule != nil && !alike(windowsOf(timed.rule), windowsOf(other.rule)) {
			e.leaveOut(other.at+"/schedule/windows", shared)
		}
		if other.rule.Tier != lead.rule.Tier {
			e.leaveOut(other.at+"/tier", shared)
		}
		if other.rule.Target != lead.rule.Target {
			e.leaveOut(other.at+"/target", shared)
		}
	}
	was := draft.was
	old := was.windows(policyZone)
	if now := windowsOf(timed.rule); timed.rule.Schedule != nil && (was.Type == "" || !alike(old, now)) {
		zone := was.Timezone
		if zone == "" {
			zone = policyZone
		}
		e.setWindows(draft.wire, timed.at, now, zone, policyZone)
	}
	if lead.rule.Tier != was.tier() {
		e.setTier(draft.wire, lead.at, lead.rule.Tier)
	}
	if lead.rule.Target != was.BackupAWSRegion {
		setText(draft.wire, "backup_aws_region", lead.rule.Target)
	}
}

func windowsOf(r model.Rule) []model.Window {
	if r.Schedule == nil || len(r.Schedule.Windows) == 0 {
		return nil
	}
	return r.Schedule.Windows
}

func withoutWindows(s *model.Schedule) *model.Schedule {
	if s == nil {
		return nil
	}
	bare := *s
	bare.Windows = nil
	return &bare
}

// alignRules says for each of the rules now which of the rules before it was, -1
// for none. Rules have no ids: those that are the same are found first, then
// those that do the same, in their places before others.
func alignRules(before, now []model.Rule) []int {
	from := make([]int, len(now))
	used := make([]bool, len(before))
	for i := range from {
		from[i] = -1
	}
	same := func(i, j int) bool { return alike(before[j], now[i]) }
	related := func(i, j int) bool { return before[j].Kind == now[i].Kind && before[j].AssetKind == now[i].AssetKind }
	for _, match := range []func(i, j int) bool{same, related} {
		for i := range now {
			if from[i] < 0 && i < len(before) && !used[i] && match(i, i) {
				from[i], used[i] = i, true
			}
		}
		for i := range now {
			for j := range before {
				if from[i] < 0 && !used[j] && match(i, j) {
					from[i], used[j] = j, true
				}
			}
		}
	}
	return from
}
