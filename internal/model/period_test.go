package model_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"switchback/internal/model"
)

func parsePeriod(text string) (model.Period, error) {
	var p model.Period
	err := p.UnmarshalText([]byte(text))
	return p, err
}

func TestPeriodText(t *testing.T) {
	for text, want := range map[string]model.Period{
		"P30D":             {Days: 30},
		"P7Y":              {Years: 7},
		"P1Y2M3W4D":        {Years: 1, Months: 2, Weeks: 3, Days: 4},
		"PT1H":             {Clock: time.Hour},
		"PT90M":            {Clock: 90 * time.Minute},
		"P1MT1M":           {Months: 1, Clock: time.Minute},
		"P1DT1H2M3S":       {Days: 1, Clock: time.Hour + 2*time.Minute + 3*time.Second},
		"PT2562047H":       {Clock: 2562047 * time.Hour},
		"P0D":              {},
		"P007D":            {Days: 7},
		"P16777215Y":       {Years: 1<<24 - 1},
		"P1Y1M1W1DT1H1M1S": {Years: 1, Months: 1, Weeks: 1, Days: 1, Clock: time.Hour + time.Minute + time.Second},
	} {
		if got, err := parsePeriod(text); err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "P", "PT", "30D", "P30", "P30X", "P1D2Y", "P1D1D", "P-1D", "-P1D", "P1.5D", "P1,5D", "p1d", "P1DT", "PT1D", "P1H", "P 1D",
		"P+1D", "P1DT1H ", "PT2562048H", "PT16777215H16777215M", "P99999999999D", "P1TT1H", "P１D",
	} {
		if got, err := parsePeriod(text); err == nil {
			t.Errorf("%q is taken for %+v", text, got)
		}
	}
}

func TestPeriodsParseBack(t *testing.T) {
	count := rapid.IntRange(0, 1<<24-1)
	rapid.Check(t, func(t *rapid.T) {
		p := model.Period{
			Years: count.Draw(t, "years"), Months: count.Draw(t, "months"), Weeks: count.Draw(t, "weeks"), Days: count.Draw(t, "days"),
			Clock: time.Duration(rapid.IntRange(0, 1<<33).Draw(t, "seconds")) * time.Second,
		}
		if got, err := parsePeriod(p.String()); !p.IsZero() && (err != nil || got != p) {
			t.Fatalf("%+v as %q: %+v, %v", p, p, got, err)
		}
	})
}

func FuzzPeriod(f *testing.F) {
	for _, seed := range []string{"", "P1D", "PT1H2M3S", "P1Y2M3W4DT5H6M7S", "PT16777215H", "P0D", "P16777215Y16777215M16777215W16777215DT99S"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePeriod(text)
		if err != nil {
			return
		}
		if p.Clock < 0 || p.Years < 0 || p.Months < 0 || p.Weeks < 0 || p.Days < 0 {
			t.Fatalf("%q is negative: %+v", text, p)
		}
		if p.IsZero() {
			return
		}
		if again, err := parsePeriod(p.String()); err != nil || again != p {
			t.Errorf("%q is written as %q, which is %+v, %v", text, p, again, err)
		}
	})
}
