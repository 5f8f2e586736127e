package telemetry

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// maxRoutes is more than the API has. Should a path get in where a template
// belongs, the damage ends here.
const maxRoutes = 256

// other stands for values outside of a closed set.
const other = "other"

// Expect creates the series of a route before its first request, so that rates
// are right from the start. The route is its template: /v1/backups/:id.
func (t *Telemetry) Expect(method, route string) {
	for _, status := range []string{"2xx", "4xx", "5xx"} {
		t.requests.WithLabelValues(t.routes.label(route), methodLabel(method), status)
	}
}

// Started counts a request as in flight until done is called.
func (t *Telemetry) Started() (done func()) {
	t.inFlight.Inc()
	return t.inFlight.Dec
}

// ObserveRequest records an answered request. The route is its template, "" if
// none fits. A trace in the context that is recorded becomes an exemplar.
func (t *Telemetry) ObserveRequest(ctx context.Context, route, method string, status int, elapsed time.Duration) {
	series := t.requests.WithLabelValues(t.routes.label(route), methodLabel(method), statusClass(status))
	observe(ctx, series, elapsed.Seconds())
}

// routeNames is the routes that have a series.
type routeNames struct {
	mu    sync.RWMutex
	known map[string]bool
}

func (r *routeNames) label(route string) string {
	if route == "" {
		return "unmatched"
	}
	r.mu.RLock()
	known := r.known[route]
	r.mu.RUnlock()
	if known {
		return route
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[string]bool{}
	}
	if !r.known[route] && len(r.known) >= maxRoutes {
		return other
	}
	r.known[route] = true
	return route
}

func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return other
}

func statusClass(status int) string {
	switch status / 100 {
	case 1:
		return "1xx"
	case 2:
		return "2xx"
	case 3:
		return "3xx"
	case 4:
		return "4xx"
	case 5:
		return "5xx"
	}
	return other
}
