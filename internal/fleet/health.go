package fleet

import (
	"sync"
	"time"

	"switchback/internal/fault"
)

// Health is how the last calls to a connection went.
type Health struct {
	State string // ok, failing, unknown (not asked yet)
	Code  string // of the last failure, while failing: the name of a fault kind
	Since time.Time
}

type health struct {
	mu  sync.Mutex
	now Health
}

// record keeps what an outcome says about the vendor: an answer that refuses
// one request shows a vendor that works.
func (h *health) record(err error, at time.Time) {
	state, code := "ok", ""
	if err != nil {
		switch kind := fault.KindOf(err); kind {
		case fault.Unavailable, fault.Timeout, fault.Credentials, fault.Upstream, fault.Throttled, fault.Internal:
			state, code = "failing", kind.Error()
		case fault.Invalid, fault.NotFound, fault.Denied, fault.Conflict, fault.Stale, fault.Unsupported:
		case fault.Unknown:
			return // the caller went away
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.now.State != state || h.now.Code != code {
		h.now = Health{State: state, Code: code, Since: at}
	}
}

// Health returns how the last calls went.
func (c *Conn) Health() Health {
	c.health.mu.Lock()
	defer c.health.mu.Unlock()
	if c.health.now.State == "" {
		return Health{State: "unknown"}
	}
	return c.health.now
}
