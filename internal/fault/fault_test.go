package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"switchback/internal/fault"
)

func TestKindsHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range fault.Kinds() {
		name := kind.Error()
		if name == "" || seen[name] || name != kind.String() || name != strings.ToLower(name) {
			t.Errorf("kind %d is named %q", uint8(kind), name)
		}
		seen[name] = true
	}
	if got := fault.Kind(200).Error(); got != "unknown" {
		t.Errorf("a kind that is none is named %q", got)
	}
}

func TestKindAndCauseAreBothReachable(t *testing.T) {
	err := fmt.Errorf("outer: %w", &fault.Error{Kind: fault.Unavailable, Op: "toy.List", Err: io.ErrUnexpectedEOF})
	if !errors.Is(err, fault.Unavailable) || !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, fault.NotFound) {
		t.Errorf("%v does not unwrap to its kind and cause", err)
	}
	if e := fault.Of(err); e == nil || e.Op != "toy.List" {
		t.Errorf("Of gives %+v", e)
	}
	if fault.Of(io.EOF) != nil || fault.Of(nil) != nil {
		t.Error("Of finds what is not there")
	}
}

func TestKindOf(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want fault.Kind
	}{
		"nothing":            {nil, fault.Unknown},
		"a stranger":         {io.EOF, fault.Unknown},
		"an error":           {fault.New(fault.Denied, "op", ""), fault.Denied},
		"a bare kind":        {fault.Stale, fault.Stale},
		"a wrapped one":      {fmt.Errorf("x: %w", fault.Conflict), fault.Conflict},
		"a bare deadline":    {context.DeadlineExceeded, fault.Timeout},
		"a cancellation":     {context.Canceled, fault.Unknown},
		"the outermost wins": {&fault.Error{Kind: fault.Invalid, Err: fault.New(fault.NotFound, "op", "")}, fault.Invalid},
		"a kind over a deadline": {
			&fault.Error{Kind: fault.Credentials, Err: context.DeadlineExceeded}, fault.Credentials,
		},
	} {
		if got := fault.KindOf(tt.err); got != tt.want {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
}

func TestWrapClassifiesOnce(t *testing.T) {
	classified := fault.New(fault.NotFound, "inner", "")
	for name, err := range map[string]error{
		"nothing": nil, "what is classified": classified, "what is classified, wrapped": fmt.Errorf("x: %w", classified),
		"a cancellation": context.Canceled, "a cancellation, wrapped": fmt.Errorf("x: %w", context.Canceled),
	} {
		if got := fault.Wrap(fault.Internal, "op", err); got != err { //nolint:errorlint // the same value is wanted
			t.Errorf("%s becomes %v", name, got)
		}
	}
	if got := fault.Wrap(fault.Unavailable, "op", io.EOF); fault.KindOf(got) != fault.Unavailable || !errors.Is(got, io.EOF) {
		t.Errorf("got %v", got)
	}
	late := fault.Wrap(fault.Unavailable, "op", fmt.Errorf("x: %w", context.DeadlineExceeded))
	if fault.KindOf(late) != fault.Timeout || !errors.Is(late, context.DeadlineExceeded) {
		t.Errorf("a deadline becomes %v", late)
	}
}

func TestErrorText(t *testing.T) {
	full := &fault.Error{
		Kind: fault.Throttled, Op: "toy.List", Detail: "slow down",
		Upstream: &fault.Upstreamed{Status: 429, Code: "E1", Message: "secret words"}, Err: io.EOF,
	}
	if want := `toy.List: throttled: slow down (status 429, code "E1"): EOF`; full.Error() != want {
		t.Errorf("got %s, want %s", full, want)
	}
	if got := (&fault.Error{}).Error(); got != "unknown" {
		t.Errorf("an empty error says %q", got)
	}
}

func TestRetryable(t *testing.T) {
	want := map[fault.Kind]bool{fault.Throttled: true, fault.Unavailable: true, fault.Timeout: true, fault.Upstream: true}
	for _, kind := range fault.Kinds() {
		if kind.Retryable() != want[kind] {
			t.Errorf("%v: got %t", kind, kind.Retryable())
		}
	}
}

func TestInvalidFieldNamesThePlace(t *testing.T) {
	e := fault.InvalidField("op", "/target/name", "too-long", "the name is too long")
	if e.Kind != fault.Invalid || len(e.Fields) != 1 || e.Fields[0].Pointer != "/target/name" || e.Fields[0].Code != "too-long" {
		t.Errorf("got %+v", e)
	}
}
