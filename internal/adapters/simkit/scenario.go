package simkit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Scenario says how a simulated vendor behaves. The zero value is a vendor on
// its best day. Shares are between 0 and 1 and are drawn from the seed, so the
// same seed and the same sequence of requests give the same faults.
type Scenario struct {
	Name string

	PageCap     int  // most items in one list answer; 0 leaves the vendor's own limit
	ShuffleKeys bool // members of JSON objects come in a different order each time
	ExtraFields bool // answers carry members that no document names
	NullMembers bool // members without a value come as null instead of being left out

	ThrottleReads float64       // share of reads answered 429
	RetryAfter    time.Duration // Retry-After of those answers; 0 sends no header
	FailReads     float64       // share of reads answered 503 with a body that is not JSON
	CutReads      float64       // share of reads whose answer breaks off half-way
	SlowReads     float64       // share of reads that wait SlowBy first
	SlowBy        time.Duration

	Latency        time.Duration // wait before every answer
	TokenCalls     int           // a credential is refused after this many calls; 0 never
	LateVisibility time.Duration // something new shows in lists only after this
	TaskTime       time.Duration // how long a task takes from start to end; 0 leaves the simulator's default
	FailTasks      float64       // share of tasks that end as failed
}

// Friendly is a vendor on its best day.
func Friendly() Scenario { return Scenario{Name: "friendly"} }

// Hostile is a vendor on a bad day that still keeps its documented word: every
// answer can be handled by a careful client without losing or doubling anything.
func Hostile() Scenario {
	return Scenario{
		Name: "hostile", PageCap: 3, ShuffleKeys: true, ExtraFields: true, NullMembers: true,
		ThrottleReads: 0.05, RetryAfter: 0, TokenCalls: 20,
	}
}

// Broken is a vendor that breaks its word: cut answers and server errors on a
// fifth of all reads. A client can be right only by reporting failure.
func Broken() Scenario {
	s := Hostile()
	s.Name, s.FailReads, s.CutReads = "broken", 0.1, 0.1
	return s
}

// ParseScenario reads a name (friendly, hostile, broken), optionally followed
// by comma-separated settings: "hostile,pageCap=2,latency=20ms,failTasks=0.1".
func ParseScenario(text string) (Scenario, error) {
	name, rest, _ := strings.Cut(text, ",")
	var s Scenario
	switch name {
	case "", "friendly":
		s = Friendly()
	case "hostile":
		s = Hostile()
	case "broken":
		s = Broken()
	default:
		return s, fmt.Errorf("scenario %q is not one of friendly, hostile, broken", name)
	}
	if rest == "" {
		return s, nil
	}
	for setting := range strings.SplitSeq(rest, ",") {
		key, value, found := strings.Cut(setting, "=")
		if !found {
			value = "true"
		}
		if err := s.set(strings.TrimSpace(key), strings.TrimSpace(value)); err != nil {
			return s, fmt.Errorf("scenario setting %q: %w", setting, err)
		}
	}
	return s, nil
}

func (s *Scenario) set(key, value string) error {
	var err error
	share := func(dst *float64) { *dst, err = parseShare(value) }
	span := func(dst *time.Duration) {
		if *dst, err = time.ParseDuration(value); err == nil && *dst < 0 {
			err = fmt.Errorf("a time is not negative")
		}
	}
	flag := func(dst *bool) { *dst, err = strconv.ParseBool(value) }
	count := func(dst *int) {
		if *dst, err = strconv.Atoi(value); err == nil && *dst < 0 {
			err = fmt.Errorf("a count is not negative")
		}
	}
	settings := map[string]func(){
		"pageCap": func() { count(&s.PageCap) }, "tokenCalls": func() { count(&s.TokenCalls) },
		"shuffleKeys": func() { flag(&s.ShuffleKeys) }, "extraFields": func() { flag(&s.ExtraFields) },
		"nullMembers": func() { flag(&s.NullMembers) }, "throttleReads": func() { share(&s.ThrottleReads) },
		"failReads": func() { share(&s.FailReads) }, "cutReads": func() { share(&s.CutReads) },
		"slowReads": func() { share(&s.SlowReads) }, "failTasks": func() { share(&s.FailTasks) },
		"retryAfter": func() { span(&s.RetryAfter) }, "slowBy": func() { span(&s.SlowBy) },
		"latency": func() { span(&s.Latency) }, "lateVisibility": func() { span(&s.LateVisibility) },
		"taskTime": func() { span(&s.TaskTime) },
	}
	apply, known := settings[key]
	if !known {
		names := make([]string, 0, len(settings))
		for name := range settings {
			names = append(names, name)
		}
		slices.Sort(names)
		return fmt.Errorf("no such setting; there are %s", strings.Join(names, ", "))
	}
	apply()
	return err
}

func parseShare(value string) (float64, error) {
	f, err := strconv.ParseFloat(value, 64)
	if err == nil && !(f >= 0 && f <= 1) { // so that NaN is refused, too
		err = fmt.Errorf("a share is between 0 and 1")
	}
	return f, err
}
