package model

import (
	"encoding/base64"
	"errors"
	"strings"
)

// ID names one resource of one connection: which connection, what kind of
// thing, and the vendor's own key for it. Its text form is
// <connection>~<kind>~<key>; a key with characters outside A-Z a-z 0-9 . _ -
// is written as ~ and unpadded base64url instead. The text is opaque to
// callers, stable over restarts, and has exactly one spelling.
type ID struct {
	Connection string
	Kind       string
	Key        string
}

// MaxIDLength bounds the text form of an id.
const MaxIDLength = 2048

var errBadID = errors.New("not an id of this gateway")

// ParseID reads the text form. It refuses any spelling that String would not
// give, so that one resource can not have two ids.
func ParseID(text string) (ID, error) {
	if len(text) > MaxIDLength {
		return ID{}, errBadID
	}
	connection, rest, ok := strings.Cut(text, "~")
	if !ok {
		return ID{}, errBadID
	}
	kind, key, ok := strings.Cut(rest, "~")
	if !ok || !safe(connection) || !safe(kind) || key == "" {
		return ID{}, errBadID
	}
	if encoded, ok := strings.CutPrefix(key, "~"); ok {
		raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
		// The decoder skips line breaks, which would be a second spelling.
		if err != nil || len(raw) == 0 || safe(string(raw)) || strings.ContainsAny(encoded, "\r\n") {
			return ID{}, errBadID
		}
		return ID{connection, kind, string(raw)}, nil
	}
	if !safe(key) {
		return ID{}, errBadID
	}
	return ID{connection, kind, key}, nil
}

// String returns the text form, "" for the zero ID.
func (id ID) String() string {
	if id == (ID{}) {
		return ""
	}
	if safe(id.Key) {
		return id.Connection + "~" + id.Kind + "~" + id.Key
	}
	return id.Connection + "~" + id.Kind + "~~" + base64.RawURLEncoding.EncodeToString([]byte(id.Key))
}

// IsZero reports whether the id names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText implements encoding.TextMarshaler.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err == nil {
		*id = parsed
	}
	return err
}

func safe(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return s != ""
}
