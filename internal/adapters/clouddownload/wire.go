package clouddownload

import (
	"encoding/json"
	"strconv"
	"time"
)

// enum is a vendor constant. Bodies carry {name, description}; some documents
// print bare strings (NOTES section 3), so both are read. It is sent as {name}.
type enum string

// UnmarshalJSON never fails: what is no enum is no known constant.
func (e *enum) UnmarshalJSON(raw []byte) error {
	*e = ""
	var text string
	if json.Unmarshal(raw, &text) == nil {
		*e = enum(text)
		return nil
	}
	var object struct {
		Name *string `json:"name"`
	}
	if json.Unmarshal(raw, &object) == nil && object.Name != nil {
		*e = enum(*object.Name)
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (e enum) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name string `json:"name"`
	}{string(e)})
}

// millis is a time in milliseconds since 1970, or a span (NOTES section 4).
type millis int64

// UnmarshalJSON reads whole and fractional numbers; anything else is not said.
func (m *millis) UnmarshalJSON(raw []byte) error {
	*m = 0
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		*m = millis(n)
	} else if f, err := strconv.ParseFloat(string(raw), 64); err == nil && f > 0 && f < 1<<53 {
		*m = millis(f)
	}
	return nil
}

// maxMillis is the end of the year 9999, the last that RFC 3339 can write.
const maxMillis = 253402300799999

// time is zero when nothing, or nothing possible, is said.
func (m millis) time() time.Time {
	if m <= 0 || m > maxMillis {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}

// span is zero when nothing, or nothing possible, is said.
func (m millis) span() time.Duration {
	if m <= 0 || m > maxMillis/1000 {
		return 0
	}
	return time.Duration(m) * time.Millisecond
}

// reference mentions another object: {guid, name}, sometimes with its type.
type reference struct {
	GUID string `json:"guid"`
	Name string `json:"name,omitempty"`
	Type enum   `json:"type,omitzero"`
}

// guid is a reference in a request; nothing more is needed (NOTES section 1).
type guid struct {
	GUID string `json:"guid"`
}

// document is one decoded object that keeps its own text.
type document[T any] struct {
	Wire T
	Raw  json.RawMessage
}

// UnmarshalJSON implements json.Unmarshaler.
func (d *document[T]) UnmarshalJSON(raw []byte) error {
	d.Raw = append(d.Raw[:0], raw...)
	return json.Unmarshal(raw, &d.Wire)
}

// native is the document when it was asked for.
func (d *document[T]) native(wanted bool) json.RawMessage {
	if !wanted {
		return nil
	}
	return d.Raw
}
