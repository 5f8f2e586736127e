package api

import (
	"strconv"
	"strings"
	"time"
)

// maxKey is the longest Idempotency-Key.
const maxKey = 255

// idempotencyKey reads the key of draft-ietf-httpapi-idempotency-key-header: a
// quoted string of RFC 8941, or the same characters bare, as many clients send
// it.
func idempotencyKey(values []string) (string, error) {
	wrong := func(detail string) error {
		return refuse(invalidHeader, parameterFault(headerKey, "wrong-format", detail))
	}
	switch len(values) {
	case 0:
		return "", refuse(keyRequired)
	case 1:
	default:
		return "", wrong("must be given once")
	}
	text := strings.Trim(values[0], " \t")
	if text == "" {
		return "", refuse(keyRequired)
	}
	if text[0] == '"' {
		var ok bool
		if text, ok = unquote(text); !ok {
			return "", wrong("must be a quoted string")
		}
	}
	if text == "" || len(text) > maxKey {
		return "", wrong("must have 1 to 255 characters")
	}
	for i := range len(text) {
		if text[i] < 0x20 || text[i] > 0x7e {
			return "", wrong("must be printable ASCII")
		}
	}
	return text, nil
}

// unquote reads a string of RFC 8941 section 3.3.3.
func unquote(text string) (string, bool) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return b.String(), i == len(text)-1
		case c == '\\':
			i++
			if i == len(text) || text[i] != '"' && text[i] != '\\' {
				return "", false
			}
			b.WriteByte(text[i])
		case c < 0x20 || c > 0x7e:
			return "", false
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}

// preferredWait reads wait=N out of Prefer (RFC 7240), false when it is not
// there or no number. Of a repeated preference the first counts; the others
// are not ours.
func preferredWait(header string) (time.Duration, bool) {
	for preference := range strings.SplitSeq(header, ",") {
		preference, _, _ = strings.Cut(preference, ";")
		name, value, _ := strings.Cut(preference, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "wait") {
			continue
		}
		value = strings.Trim(strings.TrimSpace(value), `"`)
		seconds, err := strconv.ParseUint(value, 10, 31)
		if err != nil {
			return 0, false
		}
		return time.Duration(seconds) * time.Second, true
	}
	return 0, false
}

// byteRange is one range as it was asked for: from a place to a place
// (inclusive, -1 is the end), or the last so many bytes.
type byteRange struct{ first, last, suffix int64 }

// parseRange reads a Range header (RFC 9110 section 14.2). It reports false for
// everything that is to be answered with the whole: other units, several
// ranges, and what can not be read.
func parseRange(header string) (byteRange, bool) {
	unit, set, ok := strings.Cut(header, "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(unit), "bytes") {
		return byteRange{}, false
	}
	first, last, ok := strings.Cut(strings.TrimSpace(set), "-")
	if !ok {
		return byteRange{}, false
	}
	first, last = strings.TrimSpace(first), strings.TrimSpace(last)
	out := byteRange{first: -1, last: -1, suffix: -1}
	if first == "" {
		out.suffix, ok = digits(last)
		return out, ok
	}
	if out.first, ok = digits(first); !ok {
		return byteRange{}, false
	}
	if last == "" {
		return out, true
	}
	out.last, ok = digits(last)
	return out, ok && out.first <= out.last
}

func digits(text string) (int64, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 1<<63 - 1, true // past any end
	}
	return n, true
}

// within returns where the range lies in so many bytes, false when no byte of
// it does.
func (r byteRange) within(size int64) (first, length int64, ok bool) {
	switch {
	case r.suffix >= 0:
		length = min(r.suffix, size)
		return size - length, length, length > 0
	case r.first >= size:
		return 0, 0, false
	case r.last < 0 || r.last >= size:
		return r.first, size - r.first, true
	}
	return r.first, r.last - r.first + 1, true
}

// etagMatches says whether a header of entity tags names etag, by the weak
// comparison of RFC 9110 section 13.1.2.
func etagMatches(header, etag string) bool {
	if strings.TrimSpace(header) == "*" {
		return true
	}
	for candidate := range strings.SplitSeq(header, ",") {
		if strings.TrimPrefix(strings.TrimSpace(candidate), "W/") == etag {
			return true
		}
	}
	return false
}

// etagMatchesStrongly says whether a header of entity tags names etag, by the
// strong comparison that If-Match asks for (RFC 9110 section 13.1.1).
func etagMatchesStrongly(header, etag string) bool {
	if strings.TrimSpace(header) == "*" {
		return true
	}
	for candidate := range strings.SplitSeq(header, ",") {
		if strings.TrimSpace(candidate) == etag {
			return true
		}
	}
	return false
}
