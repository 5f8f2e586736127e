package adapters

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
)

// Secret is a reference to a credential: {"file": "/run/secrets/token"}, or
// {"value": "..."} for tests and for values that the configuration layer has
// taken from the environment. It shows as REDACTED in every form of output.
type Secret struct {
	file string
	// value is behind a pointer because package fmt does not call the methods
	// of unexported fields: a struct that holds a Secret prints an address.
	value *string
}

// redacted stands in for every secret.
const redacted = "REDACTED"

// maxSecretBytes bounds what is read from a secret file.
const maxSecretBytes = 64 << 10

// SecretValue returns a secret that holds its value.
func SecretValue(value string) Secret { return Secret{value: &value} }

// SecretFile returns a secret that is read from a file whenever it is needed.
func SecretFile(path string) Secret { return Secret{file: path} }

// IsZero reports whether nothing is referred to.
func (s Secret) IsZero() bool { return s.file == "" && (s.value == nil || *s.value == "") }

// Read returns the credential as it is now, without surrounding white space. A
// file is read anew each time, so a rotated secret is seen.
func (s Secret) Read() (string, error) {
	if s.file == "" {
		if s.value == nil || *s.value == "" {
			return "", errors.New("the secret is empty")
		}
		return *s.value, nil
	}
	f, err := os.Open(s.file)
	if err != nil {
		return "", fmt.Errorf("secret file: %w", err)
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, maxSecretBytes)) //nolint:forbidigo // bounded by the reader
	if err != nil {
		return "", fmt.Errorf("secret file: %w", err)
	}
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return "", errors.New("the secret file is empty")
	}
	return string(raw), nil
}

// UnmarshalJSON reads {"file": ...} or {"value": ...}, exactly one of them.
func (s *Secret) UnmarshalJSON(raw []byte) error {
	var wire struct{ File, Value string }
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&wire); err != nil || (wire.File == "") == (wire.Value == "") {
		return errors.New(`a secret is {"file": "..."} or {"env": "..."}`)
	}
	*s = Secret{file: wire.File}
	if wire.Value != "" {
		s.value = &wire.Value
	}
	return nil
}

// MarshalJSON never shows a value.
func (s Secret) MarshalJSON() ([]byte, error) {
	if s.file != "" {
		return json.Marshal(map[string]string{"file": s.file})
	}
	return json.Marshal(redacted)
}

// String implements fmt.Stringer.
func (Secret) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return redacted }

// Format implements fmt.Formatter.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
