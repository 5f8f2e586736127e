// Package fault is the small set of ways in which things go wrong. Adapters
// classify a vendor's answer into a [Kind] once; everything above decides by
// kind and never by a vendor's status or text. A kind is itself an error, so
// errors.Is(err, fault.NotFound) works through any wrapping.
package fault

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind is a way of going wrong. The zero value is not classified.
type Kind uint8

// The kinds. Each has its place in the API's problem table.
const (
	Unknown     Kind = iota // not classified: a defect of ours, told to nobody
	Invalid                 // the request can not be right, whoever asks
	NotFound                // the thing is not there (any more)
	Denied                  // the vendor account may not do this
	Conflict                // the thing is in a state that forbids it
	Stale                   // the thing changed since it was read
	Unsupported             // this account can not do this at all
	Throttled               // the vendor wants fewer calls
	Unavailable             // the vendor is away or not able now
	Timeout                 // no answer in time
	Credentials             // the vendor does not accept our credentials
	Upstream                // the vendor answered with something that makes no sense
	Internal                // a defect of ours
)

var names = [...]string{
	Unknown: "unknown", Invalid: "invalid", NotFound: "not_found", Denied: "denied", Conflict: "conflict", Stale: "stale",
	Unsupported: "unsupported", Throttled: "throttled", Unavailable: "unavailable", Timeout: "timeout",
	Credentials: "credentials", Upstream: "upstream", Internal: "internal",
}

// Kinds lists every kind, for tables that must be total.
func Kinds() []Kind {
	kinds := make([]Kind, len(names))
	for i := range kinds {
		kinds[i] = Kind(i)
	}
	return kinds
}

// Error returns the kind's stable name: a log field and a metric label.
func (k Kind) Error() string {
	if int(k) < len(names) {
		return names[k]
	}
	return names[Unknown]
}

// String is Error.
func (k Kind) String() string { return k.Error() }

// MarshalText gives the name, so that stored kinds outlive a change of order.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.Error()), nil }

// UnmarshalText reads a name; one that a later release made up is Unknown.
func (k *Kind) UnmarshalText(text []byte) error {
	*k = Unknown
	for i, name := range names {
		if name == string(text) {
			*k = Kind(i)
		}
	}
	return nil
}

// Retryable reports whether the same read may succeed later by itself.
func (k Kind) Retryable() bool {
	return k == Throttled || k == Unavailable || k == Timeout || k == Upstream
}

// Error is one failure with all that the layers above need to know of it.
type Error struct {
	Kind       Kind
	Op         string        // what was tried: "clumio.ListTasks"
	Detail     string        // safe to show to API clients; never a value they sent, never a secret
	Fields     []Field       // for Invalid: which parts of the request
	RetryAfter time.Duration // the vendor's wish; zero when it has none
	Ambiguous  bool          // the vendor may have acted although no answer says so
	Upstream   *Upstreamed   // the vendor's answer, if there was one
	Err        error         // cause, for operators
}

// Field is one part of a request that is wrong: a JSON Pointer into the body or
// the name of a parameter.
type Field struct {
	Pointer   string
	Parameter string
	Code      string
	Detail    string
}

// Upstreamed is what the vendor said, in its own codes.
type Upstreamed struct {
	Status    int
	Code      string
	Message   string // for logs; may be long and strange
	RequestID string
}

// Error gives op, kind, the vendor's status and the cause, for operators.
func (e *Error) Error() string {
	text := e.Kind.Error()
	if e.Op != "" {
		text = e.Op + ": " + text
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Upstream != nil {
		text += fmt.Sprintf(" (status %d, code %q)", e.Upstream.Status, e.Upstream.Code)
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap makes both the kind and the cause reachable by errors.Is and As.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// New returns an error of a kind with a detail that is safe to show.
func New(kind Kind, op, detail string) *Error { return &Error{Kind: kind, Op: op, Detail: detail} }

// InvalidField returns an Invalid error about one place of a request body.
func InvalidField(op, pointer, code, detail string) *Error {
	return &Error{Kind: Invalid, Op: op, Detail: detail, Fields: []Field{{Pointer: pointer, Code: code, Detail: detail}}}
}

// Wrap classifies err as kind. It leaves nil, errors that are classified
// already, and the caller's own cancellation alone.
func Wrap(kind Kind, op string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	if _, done := errors.AsType[*Error](err); done {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		kind = Timeout
	}
	return &Error{Kind: kind, Op: op, Err: err}
}

// KindOf returns the kind of err: Timeout for a bare deadline, Unknown for what
// nobody classified.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	if k, ok := errors.AsType[Kind](err); ok {
		return k
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Timeout
	}
	return Unknown
}

// Of returns the classified error in err, nil when there is none.
func Of(err error) *Error {
	e, _ := errors.AsType[*Error](err)
	return e
}
