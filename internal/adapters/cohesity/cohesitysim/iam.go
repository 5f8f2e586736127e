package cohesitysim

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// tokenLife is the longest IAM gives (IBM NOTES section 2).
const tokenLife = time.Hour

type token struct {
	expires time.Time
	calls   int
}

// iamToken is the platform's token route; its errors have a form of their own
// (IBM NOTES section 2). Codes other than BXNIM0415E are inferred.
func (s *Sim) iamToken(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") || r.ParseForm() != nil {
		s.iamFault(w, "BXNIM0109E", "Property missing or empty: grant_type")
		return
	}
	switch r.PostForm.Get("grant_type") {
	case "urn:ibm:params:oauth:grant-type:apikey":
	case "refresh_token":
		s.iamFault(w, "BXNIM0407E", "Provided refresh_token is invalid.")
		return
	default:
		s.iamFault(w, "BXNIM0109E", "Property missing or empty: grant_type")
		return
	}
	if r.PostForm.Get("apikey") != s.options.APIKey {
		s.iamFault(w, "BXNIM0415E", "Provided API key could not be found.")
		return
	}
	now := s.kit.Now()
	value := s.issue(now)
	s.kit.WriteJSON(w, http.StatusOK, jsonType, obj{
		"access_token": value, "refresh_token": "not_supported", "token_type": "Bearer",
		"expires_in": int(tokenLife / time.Second), "expiration": now.Add(tokenLife).Unix(), "scope": "ibm openid",
	})
}

func (s *Sim) iamFault(w http.ResponseWriter, code, message string) {
	s.kit.WriteJSON(w, http.StatusBadRequest, jsonType, obj{
		"errorCode": code, "errorMessage": message,
		"context": obj{"requestId": "dGVzdA-1f0e", "url": "https://iam.cloud.ibm.com"},
	})
}

func (s *Sim) issue(now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for value, t := range s.tokens {
		if !now.Before(t.expires) {
			delete(s.tokens, value)
		}
	}
	s.issued++
	value := fmt.Sprintf("test-token-%016x%016x", mix(s.kit.Seed, s.issued), s.issued)
	s.tokens[value] = &token{expires: now.Add(tokenLife)}
	return value
}

// authenticate checks the token and the tenant. What a missing or foreign
// tenant gives is inferred (IBM NOTES section 1).
func (s *Sim) authenticate(r *http.Request) error {
	t, found := s.tokens[bearer(r)]
	if !found || !s.kit.Now().Before(t.expires) {
		return &fault{http.StatusUnauthorized, "KStatusUnauthorized", "Unauthorized"}
	}
	t.calls++
	if limit := s.kit.Scenario.TokenCalls; limit > 0 && t.calls > limit {
		return &fault{http.StatusUnauthorized, "KStatusUnauthorized", "Unauthorized"}
	}
	switch r.Header.Get("X-IBM-Tenant-Id") {
	case s.options.TenantID:
		return nil
	case "":
		return invalid("X-IBM-Tenant-Id in header is required")
	default:
		return &fault{http.StatusForbidden, "KAccessDenied", "Access Denied"}
	}
}
