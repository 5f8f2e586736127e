package model

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Period is an ISO 8601 duration (P30D, P7Y, PT1H). Years and months keep their
// calendar meaning; the zero Period is "not said".
type Period struct {
	Years, Months, Weeks, Days int
	Clock                      time.Duration // whole seconds
}

var errBadPeriod = errors.New("not an ISO 8601 duration")

// IsZero reports whether nothing is said.
func (p Period) IsZero() bool { return p == Period{} }

// String returns the ISO 8601 form, "" for the zero Period.
func (p Period) String() string {
	if p.IsZero() {
		return ""
	}
	var b strings.Builder
	part := func(n int64, unit byte) {
		if n != 0 {
			fmt.Fprintf(&b, "%d%c", n, unit)
		}
	}
	b.WriteByte('P')
	part(int64(p.Years), 'Y')
	part(int64(p.Months), 'M')
	part(int64(p.Weeks), 'W')
	part(int64(p.Days), 'D')
	if seconds := int64(p.Clock / time.Second); seconds != 0 {
		b.WriteByte('T')
		part(seconds/3600, 'H')
		part(seconds/60%60, 'M')
		part(seconds%60, 'S')
	}
	return b.String()
}

// MarshalText implements encoding.TextMarshaler.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the ISO 8601 form. Fractions and signs are refused.
func (p *Period) UnmarshalText(text []byte) error {
	rest, ok := strings.CutPrefix(string(text), "P")
	if !ok || len(rest) < 2 || len(rest) > 64 {
		return errBadPeriod
	}
	date, clock, hasClock := strings.Cut(rest, "T")
	if hasClock && clock == "" {
		return errBadPeriod
	}
	var hours, minutes, seconds int
	var out Period
	err := errors.Join(
		readParts(date, "YMWD", &out.Years, &out.Months, &out.Weeks, &out.Days),
		readParts(clock, "HMS", &hours, &minutes, &seconds))
	if err != nil {
		return errBadPeriod
	}
	clockSeconds := int64(hours)*3600 + int64(minutes)*60 + int64(seconds)
	if clockSeconds > int64(math.MaxInt64/time.Second) {
		return errBadPeriod
	}
	out.Clock = time.Duration(clockSeconds) * time.Second
	*p = out
	return nil
}

// readParts reads number-unit pairs whose units come in the order given.
func readParts(text, units string, into ...*int) error {
	for text != "" {
		end := strings.IndexAny(text, units)
		if end < 1 {
			return errBadPeriod
		}
		n, err := strconv.ParseUint(text[:end], 10, 24)
		if err != nil {
			return errBadPeriod
		}
		which := strings.IndexByte(units, text[end])
		*into[which] = int(n)
		units, into, text = units[which+1:], into[which+1:], text[end+1:]
	}
	return nil
}
