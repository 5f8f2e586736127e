package federate

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"switchback/internal/model"
)

// ErrCursor says that a cursor was altered, is of another query or another
// caller, or is not a cursor.
var ErrCursor = errors.New("not a cursor of this list")

// walk is what a cursor holds. Starts is set in walks that resume: only these
// connections take part, each from its own place. Missed are the connections
// that are out of the walk, with the place from which they are missing. For
// lists without times a place is a vendor token and Last names the connection.
type walk struct {
	AsOf   time.Time
	Last   place
	Resume bool
	Starts []miss
	Missed []miss
}

// place is where a walk stands: a position for merged lists; a connection and
// its token for concatenated ones.
type place struct {
	model.Position
	Token string
}

type miss struct {
	Connection string
	From       place
}

// cursorVersion changes with the encoding; a cursor of another version is
// refused like an altered one.
const cursorVersion = 1

// macBytes of the HMAC are kept.
const macBytes = 16

// maxCursor bounds what is looked at: a thousand missed connections fit.
const maxCursor = 256 << 10

// Sealer signs cursors. Replicas that share the key understand each other's.
type Sealer struct{ key []byte }

// NewSealer returns a Sealer; the key must be secret and at least 16 bytes.
func NewSealer(key []byte) (*Sealer, error) {
	if len(key) < 16 {
		return nil, errors.New("the cursor key is shorter than 16 bytes")
	}
	return &Sealer{key: slices.Clone(key)}, nil
}

func (s *Sealer) mac(payload []byte, binding string) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write(payload)
	h.Write([]byte{0})
	h.Write([]byte(binding))
	return h.Sum(nil)[:macBytes]
}

func (s *Sealer) seal(w walk, binding string) string {
	payload := w.encode()
	return base64.RawURLEncoding.EncodeToString(append(payload, s.mac(payload, binding)...))
}

func (s *Sealer) open(text, binding string) (walk, error) {
	if len(text) > maxCursor {
		return walk{}, ErrCursor
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) <= macBytes {
		return walk{}, ErrCursor
	}
	payload, mac := raw[:len(raw)-macBytes], raw[len(raw)-macBytes:]
	if !hmac.Equal(mac, s.mac(payload, binding)) {
		return walk{}, ErrCursor
	}
	return decodeWalk(payload)
}

func (w walk) encode() []byte {
	out := []byte{cursorVersion, 0}
	if w.Resume {
		out[1] = 1
	}
	out = appendTime(out, w.AsOf)
	out = appendPlace(out, w.Last)
	for _, list := range [][]miss{w.Starts, w.Missed} {
		out = binary.AppendUvarint(out, uint64(len(list)))
		for _, m := range list {
			out = appendText(out, m.Connection)
			out = appendPlace(out, m.From)
		}
	}
	return out
}

func appendTime(out []byte, t time.Time) []byte {
	if t.IsZero() {
		return binary.AppendVarint(binary.AppendVarint(out, 0), -1)
	}
	return binary.AppendVarint(binary.AppendVarint(out, t.Unix()), int64(t.Nanosecond()))
}

func appendText(out []byte, s string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(s))), s...)
}

func appendPlace(out []byte, p place) []byte {
	return appendText(appendText(appendTime(out, p.At), p.ID), p.Token)
}

// reader takes an encoded walk apart; bad is set when the bytes do not fit.
type reader struct {
	rest []byte
	bad  bool
}

func decodeWalk(payload []byte) (walk, error) {
	if len(payload) < 2 || payload[0] != cursorVersion || payload[1] > 1 {
		return walk{}, ErrCursor
	}
	r := &reader{rest: payload[2:]}
	w := walk{Resume: payload[1] == 1, AsOf: r.time(), Last: r.place()}
	w.Starts, w.Missed = r.misses(), r.misses()
	if r.bad || len(r.rest) > 0 {
		return walk{}, ErrCursor
	}
	return w, nil
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) length() int {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > maxCursor || int(v) > len(r.rest)-n {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return int(v)
}

func (r *reader) time() time.Time {
	seconds, nanos := r.varint(), r.varint()
	if r.bad || nanos < 0 {
		return time.Time{}
	}
	return time.Unix(seconds, nanos).UTC()
}

func (r *reader) text() string {
	n := r.length()
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}

func (r *reader) place() place {
	return place{Position: model.Position{At: r.time(), ID: r.text()}, Token: r.text()}
}

func (r *reader) misses() []miss {
	n := r.length()
	var out []miss
	for range n {
		if r.bad {
			return nil
		}
		out = append(out, miss{Connection: r.text(), From: r.place()})
	}
	return out
}
