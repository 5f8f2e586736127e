package cohesitysim

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestEncodingIsThatOfTheLibrary(t *testing.T) {
	scalar := rapid.OneOf(
		rapid.Just(any(nil)), rapid.Map(rapid.String(), func(v string) any { return v }), rapid.Map(rapid.Int64(), func(v int64) any { return v }),
		rapid.Map(rapid.Int(), func(v int) any { return v }), rapid.Map(rapid.Bool(), func(v bool) any { return v }),
		rapid.Just(any(json.Number("12"))), rapid.Just(any(json.Number(""))), rapid.Just(any(1.5)), rapid.Just(any([]string{"a<", "b"})),
		rapid.Just(any([]int64{1})),
	)
	value := scalar
	for range 3 {
		value = rapid.OneOf(
			scalar, rapid.Map(rapid.SliceOfN(value, 0, 4), func(v []any) any { return v }),
			rapid.Map(rapid.MapOfN(rapid.String(), value, 0, 4), func(v map[string]any) any { return v }),
			rapid.Map(rapid.MapOfN(rapid.String(), value, 0, 3), func(v map[string]any) any { return []obj{v, {}} }),
		)
	}
	rapid.Check(t, func(t *rapid.T) {
		v := value.Draw(t, "value")
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := appendJSON(nil, v, true)
		if diff := cmp.Diff(string(want), string(got)); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
	})
}

func TestMembersWithoutValueAreLeftOut(t *testing.T) {
	v := obj{"a": nil, "b": []any{obj{"c": nil, "d": 1}, nil}, "e": []obj{{"f": nil}}}
	for nulls, want := range map[bool]string{
		false: `{"b":[{"d":1},null],"e":[{}]}`, true: `{"a":null,"b":[{"c":null,"d":1},null],"e":[{"f":null}]}`,
	} {
		if got, err := appendJSON(nil, v, nulls); string(got) != want || err != nil {
			t.Errorf("nulls %t: %s, %v; want %s", nulls, got, err, want)
		}
	}
	if _, err := appendJSON(nil, obj{"a": []any{func() {}}}, false); err == nil {
		t.Error("a function was encoded")
	}
}
