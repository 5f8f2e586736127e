package clumiosim

import (
	"net/http"
	"sync"
	"time"
)

// gate counts requests by the second.
type gate struct {
	mu     sync.Mutex
	second time.Time
	count  int
}

// throttle is the vendor's gateway: what is over the limit is not processed, so
// it comes before everything else (NOTES section 6). No header is documented.
func (s *Sim) throttle() error {
	if s.options.RateLimit <= 0 {
		return nil
	}
	now := s.kit.Now().Truncate(time.Second)
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	if !now.Equal(s.gate.second) {
		s.gate.second, s.gate.count = now, 0
	}
	if s.gate.count++; s.gate.count > s.options.RateLimit {
		return &refusal{status: http.StatusTooManyRequests, code: 429, message: "Too many requests."}
	}
	return nil
}
