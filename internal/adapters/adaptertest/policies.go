package adaptertest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptercheck"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func policyChecks() []check {
	row := func(name, why, hook string, given func(s Sim) bool, run func(adaptercheck.T, *bench)) check {
		return check{
			name: name, why: why, scenario: simkit.Friendly, run: run,
			applies: func(b *bench) bool { return b.adapter.PolicyWrites != nil && b.adapter.Policies != nil },
			lacks: func(s Sim) string {
				if !given(s) {
					return hook
				}
				return ""
			},
		}
	}
	policy := func(s Sim) bool { return s.Policy != nil }
	assigned := row("assignments/come-and-go", "what is assigned is listed by another instance, and what is taken away is not",
		"Assignment", func(s Sim) bool { return s.Assignment != nil }, assignmentsComeAndGo)
	assigned.applies = func(b *bench) bool { return b.adapter.PolicyAssignments != nil && b.adapter.Policies != nil }
	return []check{
		row("policies/created-is-readable", "a policy that was created says for everybody what it was made from", "Policy", policy, createdIsReadable),
		row("policies/update-changes-what-it-says", "an update changes what it says and leaves the rest, also what the portable form does not have", "Policy", policy, updateChanges),
		row("policies/stale-writes-nothing", "a version that is not the vendor's gives Stale, and nothing is written", "Policy", policy, staleWritesNothing),
		row("policies/deleted-is-gone", "a deleted policy is NotFound and in no list", "Policy", policy, deletedIsGone),
		row("policies/locked-is-conflict", "a locked policy takes no change, and nothing is written", "", func(Sim) bool { return true }, lockedIsConflict),
		row("policies/losses-are-told", "what the vendor can not hold is refused with its pointer, or told in Lossy when it may be lost",
			"LossyPolicy", func(s Sim) bool { return s.LossyPolicy != nil }, lossesAreTold),
		assigned,
	}
}

// create makes a policy and returns it as another look shows it.
func (b *bench) create(t adaptercheck.T, name string) model.Policy {
	t.Helper()
	p := *b.sim.Policy
	p.Name = name
	change, err := b.adapter.PolicyWrites.Create(t.Context(), p, false)
	if err != nil || change.Policy == nil || change.Policy.ID.IsZero() {
		t.Fatalf("create: %+v, %v", change, err)
	}
	b.settle(t, change.Operation)
	return b.policy(t, b.adapter, change.Policy.ID)
}

func (b *bench) policy(t adaptercheck.T, a *adapters.Adapter, id model.ID) model.Policy {
	t.Helper()
	p, err := a.Policies.Get(t.Context(), id, true)
	if err != nil {
		t.Fatalf("get %s: %v", id, err)
	}
	return p
}

func (b *bench) policies(t adaptercheck.T) []model.Policy {
	t.Helper()
	var all []model.Policy
	for token := ""; ; {
		page, err := b.adapter.Policies.List(t.Context(), token, 50, false)
		if err != nil {
			t.Fatalf("policies: %v", err)
		}
		all = append(all, page.Items...)
		if token = page.Next; token == "" {
			return all
		}
	}
}

// portable gives what a policy says itself, without how it came to be.
func portable(t adaptercheck.T, p model.Policy) map[string]any {
	t.Helper()
	encoded, err := json.Marshal(p)
	var members map[string]any
	if err == nil {
		err = json.Unmarshal(encoded, &members)
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
	for _, name := range []string{"id", "connection", "provider", "status", "usage", "version", "native", "nativeDocument", "lossy"} {
		delete(members, name)
	}
	for name, value := range members {
		if value == nil || reflect.DeepEqual(value, []any{}) {
			delete(members, name)
		}
	}
	return members
}

func createdIsReadable(t adaptercheck.T, b *bench) {
	p := *b.sim.Policy
	p.Name = "kit created"
	change, err := b.adapter.PolicyWrites.Create(t.Context(), p, false)
	if err != nil || change.Policy == nil {
		t.Fatalf("create: %+v, %v", change, err)
	}
	made := *change.Policy
	if parsed, err := model.ParseID(made.ID.String()); err != nil || parsed != made.ID || made.ID.Connection != Connection || len(made.Lossy) > 0 {
		t.Errorf("the id %q does not parse back, or something is lost: %v, error %v", made.ID, made.Lossy, err)
	}
	b.settle(t, change.Operation)
	adaptercheck.Contradicts(t, "created", portable(t, p), portable(t, b.policy(t, b.openAgain(t), made.ID)))
	if !slices.ContainsFunc(b.policies(t), func(listed model.Policy) bool { return listed.ID == made.ID }) {
		t.Errorf("%s is not listed", made.ID)
	}
	p.Name = ""
	sent := b.wire.writesDuring(func() { _, err = b.adapter.PolicyWrites.Create(t.Context(), p, false) })
	if !oneOf(err, fault.Invalid) || len(sent) > 0 {
		t.Errorf("a policy without a name: want invalid and nothing sent, got %v after %d writes", err, len(sent))
	}
}

func updateChanges(t adaptercheck.T, b *bench) {
	edits := b.sim.PolicyEdits
	if edits == nil {
		edits = []func(*model.Policy){
			func(p *model.Policy) { p.Name = "kit renamed" },
			func(p *model.Policy) {
				if len(p.Rules) > 0 && p.Rules[0].Retention != nil && p.Rules[0].Retention.Keep.Days > 0 {
					p.Rules[0].Retention.Keep.Days++
				}
			},
		}
	}
	made := b.create(t, "kit updated")
	for i, edit := range edits {
		before := b.policy(t, b.adapter, made.ID)
		want := b.policy(t, b.adapter, made.ID) // shares nothing with before
		edit(&want)
		b.update(t, fmt.Sprintf("edit %d", i+1), before, want)
	}
	renamed := 0
	for i, p := range b.policies(t) {
		before := b.policy(t, b.adapter, p.ID)
		if before.Status == "locked" || renamed >= 6 {
			continue
		}
		want := before
		want.Name = fmt.Sprintf("kit renamed %d", i)
		if b.update(t, "rename "+p.ID.String(), before, want) {
			renamed++
			b.keepsNative(t, before, b.policy(t, b.adapter, p.ID), want.Name)
		}
	}
	nobody := b.unknown(made.ID.Kind)
	if _, err := b.adapter.PolicyWrites.Update(t.Context(), nobody, made.Version, *b.sim.Policy, false); !oneOf(err, fault.NotFound, fault.Invalid) {
		t.Errorf("updating what is not there: want not_found, got %v", err)
	}
}

// update makes before what want says and looks whether it is. A policy that has
// lost something in reading may be refused.
func (b *bench) update(t adaptercheck.T, what string, before, want model.Policy) bool {
	t.Helper()
	change, err := b.adapter.PolicyWrites.Update(t.Context(), before.ID, before.Version, want, false)
	if err != nil && len(before.Lossy) > 0 && oneOf(err, fault.Invalid) {
		return false
	}
	if err != nil || change.Policy == nil || change.Policy.ID != before.ID {
		t.Errorf("%s: %+v, %v", what, change, err)
		return false
	}
	b.settle(t, change.Operation)
	after := b.policy(t, b.openAgain(t), before.ID)
	if got, want := portable(t, after), portable(t, want); !reflect.DeepEqual(got, want) {
		t.Errorf("%s: want %v, it is %v", what, want, got)
	}
	if after.Version == before.Version && !reflect.DeepEqual(portable(t, before), portable(t, after)) {
		t.Errorf("%s: changed, its version is still %q", what, after.Version)
	}
	return true
}

// marksOfChange are the names of members that change with every write.
var marksOfChange = regexp.MustCompile(`(?i)time|stamp|usecs|date|version|revision|modified|etag`)

// keepsNative reports what a change of the name has changed besides.
func (b *bench) keepsNative(t adaptercheck.T, before, after model.Policy, name string) {
	t.Helper()
	was, is := leaves(t, before.NativeDocument), leaves(t, after.NativeDocument)
	paths := slices.Sorted(maps.Keys(was))
	for path := range is {
		if _, found := was[path]; !found {
			paths = append(paths, path)
		}
	}
	for _, path := range paths {
		if was[path] != is[path] && !marksOfChange.MatchString(path) && !strings.Contains(is[path], name) {
			t.Errorf("renaming %s has changed %s from %q to %q", before.ID, path, was[path], is[path])
		}
	}
}

// leaves gives every value of a document by its place.
func leaves(t adaptercheck.T, document json.RawMessage) map[string]string {
	t.Helper()
	var root any
	if err := json.Unmarshal(document, &root); err != nil {
		t.Fatalf("the native document is no JSON: %v", err)
	}
	out := map[string]string{}
	var visit func(at string, value any)
	visit = func(at string, value any) {
		switch v := value.(type) {
		case map[string]any:
			for name, member := range v {
				visit(at+"/"+name, member)
			}
		case []any:
			for i, item := range v {
				visit(fmt.Sprintf("%s/%d", at, i), item)
			}
		default:
			out[at] = fmt.Sprint(v)
		}
	}
	visit("", root)
	return out
}

func staleWritesNothing(t adaptercheck.T, b *bench) {
	old := b.create(t, "kit stale")
	want := old
	want.Name = "kit newer"
	if !b.update(t, "update", old, want) {
		return
	}
	now := b.policy(t, b.adapter, old.ID)
	want.Name = "kit newest"
	for _, version := range []string{old.Version, "no-such-version", ""} {
		var updated, deleted error
		sent := b.wire.writesDuring(func() {
			_, updated = b.adapter.PolicyWrites.Update(t.Context(), old.ID, version, want, false)
			_, deleted = b.adapter.PolicyWrites.Delete(t.Context(), old.ID, version)
		})
		if !oneOf(updated, fault.Stale) || !oneOf(deleted, fault.Stale) || len(sent) > 0 {
			t.Errorf("the version %q: want stale and nothing sent, got %v and %v after %d writes", version, updated, deleted, len(sent))
		}
	}
	if after := b.policy(t, b.adapter, old.ID); after.Version != now.Version || after.Name != now.Name {
		t.Errorf("refused, it has become %q of version %q", after.Name, after.Version)
	}
}

func deletedIsGone(t adaptercheck.T, b *bench) {
	made := b.create(t, "kit deleted")
	change, err := b.adapter.PolicyWrites.Delete(t.Context(), made.ID, made.Version)
	if err != nil || change.Policy != nil {
		t.Fatalf("delete: %+v, %v", change, err)
	}
	b.settle(t, change.Operation)
	if _, err := b.openAgain(t).Policies.Get(t.Context(), made.ID, false); !oneOf(err, fault.NotFound) {
		t.Errorf("deleted: want not_found, got %v", err)
	}
	if slices.ContainsFunc(b.policies(t), func(p model.Policy) bool { return p.ID == made.ID }) {
		t.Errorf("deleted, %s is still listed", made.ID)
	}
	if _, err := b.adapter.PolicyWrites.Delete(t.Context(), made.ID, made.Version); !oneOf(err, fault.NotFound) {
		t.Errorf("deleted again: want not_found, got %v", err)
	}
}

func lockedIsConflict(t adaptercheck.T, b *bench) {
	all := b.policies(t)
	i := slices.IndexFunc(all, func(p model.Policy) bool { return p.Status == "locked" })
	if i < 0 {
		t.Fatalf("the vendor shows no policy that is locked")
	}
	p := b.policy(t, b.adapter, all[i].ID)
	want := p
	want.Name = "kit unlocked"
	var updated, deleted error
	sent := b.wire.writesDuring(func() {
		_, updated = b.adapter.PolicyWrites.Update(t.Context(), p.ID, p.Version, want, false)
		_, deleted = b.adapter.PolicyWrites.Delete(t.Context(), p.ID, p.Version)
	})
	if !oneOf(updated, fault.Conflict) || !oneOf(deleted, fault.Conflict) || len(sent) > 0 {
		t.Errorf("a locked policy: want conflict and nothing sent, got %v and %v after %d writes", updated, deleted, len(sent))
	}
}

func lossesAreTold(t adaptercheck.T, b *bench) {
	var err error
	sent := b.wire.writesDuring(func() { _, err = b.adapter.PolicyWrites.Create(t.Context(), *b.sim.LossyPolicy, false) })
	e := fault.Of(err)
	if !oneOf(err, fault.Invalid) || len(e.Fields) == 0 || len(sent) > 0 {
		t.Fatalf("want invalid with pointers and nothing sent, got %v after %d writes", err, len(sent))
	}
	change, err := b.adapter.PolicyWrites.Create(t.Context(), *b.sim.LossyPolicy, true)
	if err != nil || change.Policy == nil {
		t.Fatalf("create what may be lost: %+v, %v", change, err)
	}
	b.settle(t, change.Operation)
	lost := map[string]bool{}
	for _, pointer := range change.Policy.Lossy {
		lost[strings.TrimPrefix(pointer, "/")] = true
	}
	for _, field := range e.Fields {
		member, isPointer := strings.CutPrefix(field.Pointer, "/")
		if !isPointer || !lost[member] {
			t.Errorf("%q was refused, and lost was %v", field.Pointer, change.Policy.Lossy)
		}
		delete(lost, member)
	}
	if len(lost) > 0 {
		t.Errorf("%v was lost without having been refused", lost)
	}
}

func assignmentsComeAndGo(t adaptercheck.T, b *bench) {
	policy, assets := b.sim.Assignment(b.policies(t), b.backups(t, b.adapter))
	if len(assets) == 0 {
		t.Fatalf("Sim.Assignment has given no assets")
	}
	listed := func() map[model.ID]bool {
		out := map[model.ID]bool{}
		a := b.openAgain(t)
		for token := ""; ; {
			page, err := a.PolicyAssignments.List(t.Context(), policy, token, 50)
			if err != nil {
				t.Fatalf("assignments of %s: %v", policy, err)
			}
			for _, item := range page.Items {
				out[item.ID] = true
			}
			if token = page.Next; token == "" {
				return out
			}
		}
	}
	before := listed()
	op, err := b.adapter.PolicyAssignments.Assign(t.Context(), policy, assets)
	if err != nil {
		t.Fatalf("assign: %v", err)
	}
	b.settle(t, op)
	want := maps.Clone(before)
	for _, id := range assets {
		if before[id] {
			t.Errorf("%s was under %s before", id, policy)
		}
		want[id] = true
	}
	if got := listed(); !maps.Equal(got, want) {
		t.Errorf("assigned: want %v under %s, got %v", want, policy, got)
	}
	b.saysPolicy(t, assets, policy, true)
	if op, err = b.adapter.PolicyAssignments.Unassign(t.Context(), policy, assets); err != nil {
		t.Fatalf("unassign: %v", err)
	}
	b.settle(t, op)
	if got := listed(); !maps.Equal(got, before) {
		t.Errorf("taken away: want %v under %s, got %v", before, policy, got)
	}
	b.saysPolicy(t, assets, policy, false)
	nobody := []model.ID{{Connection: Connection, Kind: assets[0].Kind, Key: assets[0].Key + "x"}}
	if _, err := b.adapter.PolicyAssignments.Assign(t.Context(), policy, nobody); !oneOf(err, fault.NotFound, fault.Invalid) {
		t.Errorf("assigning what is not there: want not_found, got %v", err)
	}
	if _, err := b.adapter.PolicyAssignments.Assign(t.Context(), b.unknown(policy.Kind), assets); !oneOf(err, fault.NotFound, fault.Invalid) {
		t.Errorf("assigning to what is not there: want not_found, got %v", err)
	}
}

// saysPolicy holds what the assets say against what the policy says.
func (b *bench) saysPolicy(t adaptercheck.T, assets []model.ID, policy model.ID, under bool) {
	t.Helper()
	if b.adapter.Assets == nil {
		return
	}
	for _, id := range assets {
		a, err := b.adapter.Assets.Get(t.Context(), id, false)
		if is := a.Policy != nil && a.Policy.ID == policy; err != nil || is != under {
			t.Errorf("%s says that it is under %v, error %v", id, a.Policy, err)
		}
	}
}
