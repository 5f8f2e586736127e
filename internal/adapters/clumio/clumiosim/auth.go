package clumiosim

import (
	"net/http"
	"slices"
	"strings"
)

// globalUnit is the organizational unit that holds all others (NOTES section 1).
const globalUnit = "00000000-0000-0000-0000-000000000000"

const (
	unitRetail   = "3b7f0a52-9c1d-4e0e-8a51-6f2d1c9b0e11"
	unitPlatform = "a1c4d8e6-27f3-4b9a-9d60-0b5e7c3f2a22"
)

func units() []string { return []string{globalUnit, unitRetail, unitPlatform} }

// tokens is the one accepted token and the one that takes over.
type tokens struct {
	names [2]string
	turn  int
	calls int
}

func (t *tokens) reset(token string) { *t = tokens{names: [2]string{token, token + "-2"}} }

func (t *tokens) current() string { return t.names[t.turn] }

// use counts one call; after limit calls the other token takes over.
func (t *tokens) use(token string, limit int) bool {
	if token != t.current() {
		return false
	}
	if t.calls++; limit > 0 && t.calls > limit {
		t.turn, t.calls = 1-t.turn, 0
		return false
	}
	return true
}

// authorize answers a missing token with 403, as seen on the live service, and
// a wrong one with 401 (NOTES section 6).
func (s *Sim) authorize(r *http.Request) error {
	header := r.Header.Get("Authorization")
	scheme, token, _ := strings.Cut(header, " ")
	if header == "" || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return &refusal{status: http.StatusForbidden, code: 359, message: "The authentication token is missing"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.tokens.use(token, s.kit.Scenario.TokenCalls) {
		return &refusal{status: http.StatusUnauthorized, code: 358, message: "The authentication token is expired."}
	}
	return nil
}

// unitOf reads the scope of a call. Empty equals absent (NOTES section 1); both
// mean the user's first unit, here the global one, which sees everything.
func unitOf(r *http.Request) (string, error) {
	unit := r.Header.Get("X-Clumio-OrganizationalUnit-Context")
	switch {
	case unit == "" || unit == globalUnit:
		return "", nil
	case slices.Contains(units(), unit):
		return unit, nil
	}
	return "", forbidden()
}

func (c *call) sees(unit string) bool { return c.unit == "" || c.unit == unit }
