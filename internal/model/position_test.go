package model_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"switchback/internal/model"
)

// places are few, so that equal ones are drawn.
func places() *rapid.Generator[model.Position] {
	return rapid.Custom(func(t *rapid.T) model.Position {
		p := model.Position{ID: rapid.SampledFrom([]string{"", "a~b~c", "a~b~~YS9i", "z", model.LastID}).Draw(t, "id")}
		if second := rapid.IntRange(0, 3).Draw(t, "at"); second > 0 {
			p.At = time.Unix(int64(second), 0).In(time.FixedZone("", 3600*rapid.IntRange(-2, 2).Draw(t, "zone")))
		}
		return p
	})
}

func TestPositionIsATotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, q, r := places().Draw(t, "p"), places().Draw(t, "q"), places().Draw(t, "r")
		if p.Compare(q) != -q.Compare(p) {
			t.Fatalf("%v and %v: %d one way, %d the other", p, q, p.Compare(q), q.Compare(p))
		}
		if p.Compare(q) <= 0 && q.Compare(r) <= 0 && p.Compare(r) > 0 {
			t.Fatalf("%v, %v, %v is no chain", p, q, r)
		}
		if same := p.At.Equal(q.At) && p.ID == q.ID; same != (p.Compare(q) == 0) {
			t.Fatalf("%v and %v: the same is %t, Compare is %d", p, q, same, p.Compare(q))
		}
		if p.Before(q) != (p.Compare(q) < 0) || p.Before(p) {
			t.Fatalf("%v before %v is %t", p, q, p.Before(q))
		}
		if zero := (model.Position{}); !p.IsZero() && !zero.Before(p) {
			t.Fatalf("the start does not come before %v", p)
		}
	})
}

func TestPositionOrder(t *testing.T) {
	early, late := time.Unix(1, 0), time.Unix(2, 0)
	order := []model.Position{ // newest first, the greater id first
		{},
		{At: late, ID: model.LastID},
		{At: late, ID: "b~x~9"},
		{At: late, ID: "b~x~10"},
		{At: late, ID: "a~x~~YS9i"},
		{At: late},
		{At: early, ID: model.LastID},
		{At: early, ID: "z"},
		{At: early},
	}
	for i := range order {
		for j := range order {
			if got := order[i].Before(order[j]); got != (i < j) {
				t.Errorf("%v before %v is %t", order[i], order[j], got)
			}
		}
	}
}
