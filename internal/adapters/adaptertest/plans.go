package adaptertest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"switchback/internal/adapters/adaptercheck"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func planChecks() []check {
	row := func(name, why string, wire bool, run func(adaptercheck.T, *bench)) check {
		return check{
			name: name, why: why, scenario: simkit.Friendly, wire: wire, run: run, lacks: lacksRestores,
			applies: func(b *bench) bool { return b.adapter.Plans != nil && b.adapter.Restores != nil },
		}
	}
	return []check{
		row("plans/start-nothing", "a plan names the recovery point, holds no credential, and nothing is written for it", false, plansStartNothing),
		row("plans/are-what-start-sends", "the request of a plan is the one that Start then sends", true, plansAreSent),
		row("plans/nonsense-is-refused", "what Start refuses beforehand a plan refuses too", false, plansRefuse),
	}
}

// restoreIDs lists every restore there is.
func (b *bench) restoreIDs(t adaptercheck.T) []string {
	t.Helper()
	streams, err := b.adapter.Restores.Streams(t.Context(), model.RestoreQuery{})
	if err != nil {
		t.Fatalf("streams: %v", err)
	}
	var ids []string
	for _, stream := range streams {
		for _, r := range readAll(t, stream, 50) {
			ids = append(ids, r.ID.String())
		}
	}
	slices.Sort(ids)
	return ids
}

func plansStartNothing(t adaptercheck.T, b *bench) {
	all := b.backups(t, b.adapter)
	for i, c := range b.sim.Restores {
		request := b.request(t, c, all, fmt.Sprintf("kitplan%d", i))
		before := b.restoreIDs(t)
		var plan model.RestorePlan
		var err error
		sent := b.wire.writesDuring(func() { plan, err = b.adapter.Plans.Plan(t.Context(), request) })
		if err != nil {
			t.Errorf("plan %s: %v", c.Kind, err)
			continue
		}
		if len(sent) > 0 {
			t.Errorf("plan %s has sent %d writes, the first %s %s", c.Kind, len(sent), sent[0].method, sent[0].path)
		}
		if after := b.restoreIDs(t); !slices.Equal(before, after) {
			t.Errorf("plan %s: %d restores have become %d", c.Kind, len(before), len(after))
		}
		if plan.Connection != Connection || plan.Kind != c.Kind || plan.Notes == nil {
			t.Errorf("plan %s is of connection %q and kind %q, its notes are nil: %t", c.Kind, plan.Connection, plan.Kind, plan.Notes == nil)
		}
		if id := plan.Source.ID(); plan.Source.Form() == "" || plan.Source.At == model.Latest || id.Connection != Connection {
			t.Errorf("plan %s comes down to %+v, which is no point to restore from", c.Kind, plan.Source)
		}
		text, err := json.Marshal(plan)
		for _, secret := range b.sim.Secrets {
			if err != nil || strings.Contains(string(text), secret) {
				t.Errorf("plan %s holds a credential (error %v)", c.Kind, err)
			}
		}
	}
}

func plansAreSent(t adaptercheck.T, b *bench) {
	all := b.backups(t, b.adapter)
	for i, c := range b.sim.Restores {
		request := b.request(t, c, all, fmt.Sprintf("kitplan%d", i))
		plan, err := b.adapter.Plans.Plan(t.Context(), request)
		if err != nil {
			t.Errorf("plan %s: %v", c.Kind, err)
			continue
		}
		sent := b.wire.writesDuring(func() { _, err = b.adapter.Restores.Start(t.Context(), request) })
		if err != nil || len(sent) != 1 || plan.Request == nil {
			t.Errorf("%s: planned %+v, and Start has sent %d writes, error %v", c.Kind, plan.Request, len(sent), err)
			continue
		}
		want, got := plan.Request, sent[0]
		path, _, _ := strings.Cut(want.Path, "?")
		if want.Method != got.method || path == "" || !strings.HasSuffix(got.path, path) {
			t.Errorf("%s: planned %s %s, sent %s %s", c.Kind, want.Method, want.Path, got.method, got.path)
		}
		if !sameJSON(want.Body, got.body) {
			t.Errorf("%s: planned the body %s, sent %s", c.Kind, want.Body, got.body)
		}
	}
}

// sameJSON compares documents. A planned text of asterisks is a secret, and
// stands for any.
func sameJSON(planned, sent []byte) bool {
	if len(planned) == 0 || len(sent) == 0 {
		return len(planned) == len(sent)
	}
	var a, b any
	if json.Unmarshal(planned, &a) != nil || json.Unmarshal(sent, &b) != nil {
		return false
	}
	return sameValue(a, b)
}

func sameValue(planned, sent any) bool {
	switch p := planned.(type) {
	case map[string]any:
		s, ok := sent.(map[string]any)
		if !ok || len(p) != len(s) {
			return false
		}
		for name := range p {
			if value, found := s[name]; !found || !sameValue(p[name], value) {
				return false
			}
		}
		return true
	case []any:
		s, ok := sent.([]any)
		return ok && slices.EqualFunc(p, s, sameValue)
	case string:
		if p != "" && strings.Trim(p, "*") == "" {
			return true
		}
	}
	return reflect.DeepEqual(planned, sent)
}

func plansRefuse(t adaptercheck.T, b *bench) {
	all := b.backups(t, b.adapter)
	for i, c := range b.sim.Restores {
		good := b.request(t, c, all, fmt.Sprintf("kitplan%d", i))
		kind, form := good, good
		kind.Kind = "no-such-kind"
		form.Source = model.RestoreSource{}
		for name, request := range map[string]model.RestoreRequest{"an unknown kind": kind, "no source": form} {
			_, err := b.adapter.Plans.Plan(t.Context(), request)
			if !oneOf(err, fault.Invalid, fault.NotFound, fault.Unsupported) {
				t.Errorf("plan %s with %s: want invalid, not_found or unsupported, got %v", c.Kind, name, err)
			}
		}
	}
}

func oneOf(err error, kinds ...fault.Kind) bool {
	return err != nil && slices.Contains(kinds, fault.KindOf(err))
}
