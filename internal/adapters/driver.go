package adapters

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"switchback/internal/fault"
	"switchback/internal/model"
)

// Env is what the gateway hands to an adapter. All members are set.
type Env struct {
	// Connection is the name of the account, for ids.
	Connection string
	// Transport sends requests to the vendor. It repeats safe requests that were
	// throttled or lost, waits for quota, measures and traces. It never follows
	// a redirect and never repeats a write.
	Transport http.RoundTripper
	// Logger is for debug lines; failures are returned, not logged.
	Logger *slog.Logger
	Now    func() time.Time
}

// ID returns the id of something of this account.
func (e Env) ID(kind, key string) model.ID {
	return model.ID{Connection: e.Connection, Kind: kind, Key: key}
}

// Driver opens accounts of one vendor.
type Driver struct {
	Name string
	// Open reads the account's configuration strictly: an unknown member or a
	// missing one gives Invalid that names it. It makes no call to the vendor.
	Open func(ctx context.Context, config json.RawMessage, env Env) (*Adapter, error)
}

// Typed makes a Driver from an open function with a configuration type of its
// own, which starts from defaults. C must be a plain value.
func Typed[C any](name string, defaults C, open func(ctx context.Context, config C, env Env) (*Adapter, error)) Driver {
	return Driver{Name: name, Open: func(ctx context.Context, raw json.RawMessage, env Env) (*Adapter, error) {
		config := defaults
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&config); err != nil {
			return nil, configFault(name, err)
		}
		if string(bytes.TrimSpace(raw)) == "null" { // which decodes as nothing said
			return nil, fault.New(fault.Invalid, name+".Open", "the configuration is null")
		}
		if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
			return nil, fault.New(fault.Invalid, name+".Open", "the configuration is more than one JSON value")
		}
		return open(ctx, config, env)
	}}
}

// configFault names the member that is wrong without its value.
func configFault(driver string, err error) error {
	out := &fault.Error{Kind: fault.Invalid, Op: driver + ".Open", Detail: "the configuration is not valid"}
	if member, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		member = strings.Trim(member, `"`)
		out.Detail = "the configuration has no member " + member
		out.Fields = []fault.Field{{Pointer: "/" + member, Code: "unknown-member", Detail: out.Detail}}
	} else if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		out.Detail = "the configuration member " + wrong.Field + " has the wrong type"
		out.Fields = []fault.Field{{
			Pointer: "/" + strings.ReplaceAll(wrong.Field, ".", "/"), Code: "wrong-type", Detail: out.Detail,
		}}
	}
	return out
}
