package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
)

// Secret is a reference to a credential. Reading a configuration takes the
// value of an environment variable along.
type Secret struct {
	File string `koanf:"file"`
	Env  string `koanf:"env"`

	// value is behind a pointer so that no form of printing shows it.
	value *string
}

// IsZero reports whether nothing is referred to.
func (s Secret) IsZero() bool { return s.File == "" && s.Env == "" }

// maxSecretBytes bounds what is read from a secret file.
const maxSecretBytes = 64 << 10

// Read returns the credential as it is now, without surrounding white space. A
// file is read anew each time, so a rotated secret is seen.
func (s Secret) Read() ([]byte, error) {
	var raw []byte
	switch {
	case s.value != nil:
		raw = []byte(*s.value)
	case s.File != "":
		f, err := os.Open(s.File)
		if err != nil {
			return nil, fmt.Errorf("secret file: %w", err)
		}
		defer func() { _ = f.Close() }()
		raw, err = io.ReadAll(io.LimitReader(f, maxSecretBytes)) //nolint:forbidigo // bounded by the reader
		if err != nil {
			return nil, fmt.Errorf("secret file: %w", err)
		}
	}
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return nil, errors.New("the secret is empty")
	}
	return raw, nil
}

// Sealed is an adapter's configuration with the secrets from the environment
// put in. It shows as REDACTED in every form of output.
type Sealed struct{ content *content }

type content struct {
	tree any             // as it was written
	json json.RawMessage // with secrets
}

// redacted stands in for everything sealed.
const redacted = "REDACTED"

// JSON returns what the adapter's driver wants: {"env": NAME} has become
// {"value": ...}. Do not print it.
func (s Sealed) JSON() json.RawMessage {
	if s.content == nil {
		return json.RawMessage("{}")
	}
	return bytes.Clone(s.content.json)
}

// MarshalJSON implements json.Marshaler.
func (Sealed) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }

// String implements fmt.Stringer.
func (Sealed) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (Sealed) GoString() string { return redacted }

// Format implements fmt.Formatter.
func (Sealed) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer.
func (Sealed) LogValue() slog.Value { return slog.StringValue(redacted) }
