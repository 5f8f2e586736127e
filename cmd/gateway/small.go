package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"time"

	"switchback/internal/api"
)

type openapiCommand struct{}

// Run prints the API document as it is served at /openapi.json.
func (openapiCommand) Run(w *world) error {
	document, err := api.Document(version)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w.stdout, string(document))
	return err
}

type versionCommand struct{}

// Run prints the version of the gateway and of Go.
func (versionCommand) Run(w *world) error {
	_, err := fmt.Fprintf(w.stdout, "gateway %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

type healthcheckCommand struct {
	URL     string        `default:"http://127.0.0.1:9090/readyz" help:"The readiness address of the gateway."`
	Timeout time.Duration `default:"3s" help:"How long to wait."`
}

// Run succeeds when the gateway says that it is ready.
func (c *healthcheckCommand) Run(w *world) error {
	request, err := http.NewRequestWithContext(w.ctx, http.MethodGet, c.URL, nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{Timeout: c.Timeout, Transport: &http.Transport{}}).Do(request)
	if err != nil {
		return errors.New("the gateway does not answer")
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, 1<<10)
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the gateway is not ready: status %d", response.StatusCode)
	}
	_, err = fmt.Fprintln(w.stdout, "ready")
	return err
}
