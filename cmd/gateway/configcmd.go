package main

import (
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace/noop"

	"switchback/internal/config"
	"switchback/internal/telemetry"
)

type configCommand struct {
	Validate validateCommand `cmd:"" help:"Say what is wrong with a configuration file, with lines."`
	Schema   schemaCommand   `cmd:"" help:"Print the JSON Schema of the configuration file."`
	Example  exampleCommand  `cmd:"" help:"Print an example of a configuration file."`
}

type validateCommand struct {
	Config string `required:"" short:"c" type:"path" help:"The configuration file."`
}

// Run loads the file and opens every account, which makes no call to a vendor.
func (c *validateCommand) Run(w *world) error {
	conf, p, err := loadPlan(c.Config, w.environ)
	if err != nil {
		return err
	}
	if _, err := openFleet(w.ctx, p, unwatched()); err != nil {
		return inFile(conf, err)
	}
	_, err = fmt.Fprintf(w.stdout, "%s is valid: %d connections\n", c.Config, len(conf.Connections))
	return err
}

// loadPlan reads a configuration for commands that do not serve.
func loadPlan(path string, environ []string) (*config.Config, plan, error) {
	conf, err := config.Load(path, environ)
	if err != nil {
		return nil, plan{}, err
	}
	p, err := planOf(conf, slog.New(slog.DiscardHandler))
	return conf, p, err
}

// unwatched is telemetry that nobody reads.
func unwatched() *telemetry.Telemetry {
	return telemetry.New(prometheus.NewRegistry(), noop.NewTracerProvider().Tracer("switchback"))
}

type schemaCommand struct{}

// Run prints the schema for editors.
func (schemaCommand) Run(w *world) error {
	_, err := w.stdout.Write(config.Schema())
	return err
}

type exampleCommand struct{}

// Run prints a file to start from.
func (exampleCommand) Run(w *world) error {
	_, err := fmt.Fprint(w.stdout, config.Example())
	return err
}
