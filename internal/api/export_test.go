package api

import "slices"

// EchoPath is echoPath for tests.
func EchoPath(path string) string { return echoPath(path) }

// Routes lists what Echo serves, as "GET /v1/backups/:id".
func (s *Server) Routes() []string {
	var out []string
	for _, r := range s.echo.Routes() {
		out = append(out, r.Method+" "+r.Path)
	}
	slices.Sort(out)
	return out
}

// The parsers of headers, for fuzzing.
var (
	IdempotencyKey = idempotencyKey
	PreferredWait  = preferredWait
)

// RangeOf parses a Range header and applies it to so many bytes.
func RangeOf(header string, size int64) (first, length int64, parsed, ok bool) {
	r, parsed := parseRange(header)
	if !parsed {
		return 0, 0, false, false
	}
	first, length, ok = r.within(size)
	return first, length, true, ok
}

// Disposition is disposition for tests.
func Disposition(name string) string { return disposition(name) }
