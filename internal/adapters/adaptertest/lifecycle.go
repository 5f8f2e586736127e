package adaptertest

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"go.uber.org/goleak"

	"switchback/internal/adapters/adaptercheck"
	"switchback/internal/adapters/simkit"
	"switchback/internal/fault"
	"switchback/internal/model"
)

func lifecycleChecks() []check {
	return []check{
		{
			name: "lifecycle/config-is-strict", why: "Open refuses unknown, missing and mistyped members with Invalid and names them",
			scenario: simkit.Friendly, run: configIsStrict,
			lacks: func(s Sim) string {
				if len(s.Required) == 0 {
					return "Required"
				}
				return ""
			},
		},
		{
			name: "lifecycle/open-is-silent", why: "Open makes no call to the vendor",
			scenario: simkit.Friendly, wire: true,
			run: func(t adaptercheck.T, b *bench) {
				b.openAgain(t)
				if n := b.sim.Kit.Total(); n > 0 {
					t.Errorf("opening twice has sent %d requests, the first %s", n, b.sim.Kit.Requests("")[0].Path)
				}
			},
		},
		{
			name: "lifecycle/close-twice", why: "Close may be called twice, and before any use",
			scenario: simkit.Friendly,
			run: func(t adaptercheck.T, b *bench) {
				unused := b.openAgain(t)
				b.backups(t, b.adapter)
				for i := range 2 {
					if err := errors.Join(b.adapter.Session.Close(t.Context()), unused.Session.Close(t.Context())); err != nil {
						t.Errorf("close %d: %v", i+1, err)
					}
				}
			},
		},
		{
			name: "lifecycle/nothing-is-left", why: "after Close no goroutine runs and every answer's body is closed",
			scenario: simkit.Friendly, run: nothingIsLeft,
		},
	}
}

func configIsStrict(t adaptercheck.T, b *bench) {
	refused := func(config json.RawMessage, what, member string) {
		a, err := b.h.Driver.Open(t.Context(), config, b.env)
		if err == nil || a != nil || fault.KindOf(err) != fault.Invalid || member != "" && !named(fault.Of(err), member) {
			t.Errorf("%s: want invalid that names %q, got %v", what, member, err)
		}
	}
	refused(edited(b.config(), func(m map[string]json.RawMessage) { m["no_such_member"] = json.RawMessage("1") }), "an unknown member", "no_such_member")
	for _, member := range b.sim.Required {
		refused(without(b.config(), member), "no "+member, member)
		refused(edited(b.config(), func(m map[string]json.RawMessage) { m[member] = json.RawMessage("[7]") }), "a list for "+member, "")
	}
	for _, config := range []string{"", "null", "[]", "{", `{}{}`, `"text"`} {
		refused(json.RawMessage(config), "configuration "+config, "")
	}
}

func named(e *fault.Error, member string) bool {
	return strings.Contains(e.Detail, member) || slices.ContainsFunc(e.Fields, func(f fault.Field) bool {
		return strings.Contains(f.Pointer, member)
	})
}

func nothingIsLeft(t adaptercheck.T, b *bench) {
	b.close()
	before := goleak.IgnoreCurrent()
	used := open(b.tb, b.h, simkit.Hostile(), 0)
	all := used.backups(t, used.adapter)
	if len(all) > 0 {
		if _, err := used.adapter.Backups.Get(t.Context(), all[0].ID, true); err != nil {
			t.Errorf("get: %v", err)
		}
		_, _ = used.adapter.Backups.Get(t.Context(), model.ID{Connection: Connection, Kind: all[0].ID.Kind, Key: "no-such"}, true)
	}
	used.close()
	if err := goleak.Find(before); err != nil {
		t.Errorf("%v", err)
	}
	if n := used.wire.open.Load(); n > 0 {
		t.Errorf("%d bodies of answers were never closed", n)
	}
}
