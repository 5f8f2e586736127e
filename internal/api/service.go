package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"switchback/internal/fault"
)

// GetLivez implements GET /livez.
func (s *Server) GetLivez(context.Context, GetLivezRequestObject) (GetLivezResponseObject, error) {
	return textual(http.StatusOK, "ok\n"), nil
}

// GetReadyz implements GET /readyz.
func (s *Server) GetReadyz(ctx context.Context, r GetReadyzRequestObject) (GetReadyzResponseObject, error) {
	var text strings.Builder
	var failed []fault.Field
	note := func(name string, err error) {
		if err == nil {
			fmt.Fprintf(&text, "[+] %s ok\n", name)
			return
		}
		failed = append(failed, parameterFault(name, "failing", "this check fails"))
	}
	var draining error
	if s.closing.Load() {
		draining = http.ErrServerClosed
	}
	note("serving", draining)
	for _, c := range s.Ready {
		err := c.Check(ctx)
		note(c.Name, err)
		if err != nil {
			callOf(ctx).failure = fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	if len(failed) > 0 {
		names := make([]string, len(failed))
		for i, f := range failed {
			names[i] = f.Parameter
		}
		return nil, &refusal{class: notReady, detail: "failing: " + strings.Join(names, ", ")}
	}
	if v := r.Params.Verbose; v != nil && *v != "false" && *v != "0" {
		return textual(http.StatusOK, text.String()+"ok\n"), nil
	}
	return textual(http.StatusOK, "ok\n"), nil
}

// GetOpenapi implements GET /openapi.json.
func (s *Server) GetOpenapi(ctx context.Context, _ GetOpenapiRequestObject) (GetOpenapiResponseObject, error) {
	r := reply{
		status: http.StatusOK, contentType: "application/json", header: http.Header{}, body: s.document.json,
		etag: s.document.etag, ifNoneMatch: callOf(ctx).header.Get("If-None-Match"),
	}
	r.header.Set("Cache-Control", "public, max-age=0, must-revalidate")
	r.header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	return r, nil
}
