package adaptercheck

import (
	"net/http"
	"slices"
	"strings"

	"switchback/internal/adapters"
	"switchback/internal/fault"
)

func nativeChecks() []Check {
	return []Check{{
		Name: "native/routes-are-told", Why: "every route has a method, a path and an operation of its own, and what is no route is NotFound",
		Needs: func(a *adapters.Adapter) bool { return a.Native != nil }, Run: routesAreTold,
	}}
}

func routesAreTold(t T, s Subject) {
	routes := s.Adapter.Native.Routes()
	if len(routes) == 0 {
		t.Errorf("there are no routes")
	}
	places, operations := map[string]bool{}, map[string]bool{}
	methods := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	for _, r := range routes {
		place := r.Method + " " + r.Path
		if !slices.Contains(methods, r.Method) || !strings.HasPrefix(r.Path, "/") || strings.ContainsAny(r.Path, "?# ") || r.Operation == "" {
			t.Errorf("the route %q %q has the operation %q", r.Method, r.Path, r.Operation)
		}
		if places[place] || operations[r.Operation] {
			t.Errorf("the route %s or its operation %s is there twice", place, r.Operation)
		}
		places[place], operations[r.Operation] = true, true
		if r.Safe && r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
			t.Errorf("the route %s is said to change nothing", place)
		}
	}
	// Only what could do no harm if it were sent.
	for _, path := range []string{"/no-such-route-of-any-vendor", "no-slash", "", "//no-such-host.invalid/x", "/no such route"} {
		reply, err := s.Adapter.Native.Do(t.Context(), adapters.NativeRequest{Method: http.MethodGet, Path: path})
		if err == nil {
			_ = reply.Body.Close()
		}
		if kind := fault.KindOf(err); err == nil || kind != fault.NotFound && kind != fault.Invalid {
			t.Errorf("GET %q is no route: want not_found, got %v", path, err)
		}
	}
}
