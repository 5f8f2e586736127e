// Command gateway is Switchback: one REST API for backups, restores and
// policies over many backup vendors. This package holds the subcommands, the
// table of drivers, and the wiring; it is the only one that names a vendor,
// reads the environment or prints.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the linker for releases.
var version = "devel"

// world is what a command may touch of the process.
type world struct {
	ctx     context.Context
	environ []string
	stdout  io.Writer
	stderr  io.Writer
}

type commands struct {
	Demo        demoCommand        `cmd:"" help:"Run the gateway in front of simulated vendors. Needs nothing else."`
	Serve       serveCommand       `cmd:"" help:"Run the gateway."`
	Simulate    simulateCommand    `cmd:"" help:"Serve one simulated vendor."`
	Check       checkCommand       `cmd:"" help:"Probe the configured accounts with the promises that only read."`
	Config      configCommand      `cmd:"" help:"Look at the configuration."`
	Token       tokenCommand       `cmd:"" help:"Sign a token for development with a secret of the configuration."`
	OpenAPI     openapiCommand     `cmd:"" name:"openapi" help:"Print the API document."`
	Healthcheck healthcheckCommand `cmd:"" help:"Ask a running gateway whether it is ready."`
	Version     versionCommand     `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// errQuiet ends a command with status 1 after it has said why itself.
var errQuiet = errors.New("told already")

// exited carries kong's wish to end, as after --help.
type exited int

// run is the whole command: 0 is success, 1 a failure, 2 a wrong call.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if p := recover(); p != nil {
			e, ok := p.(exited)
			if !ok {
				panic(p)
			}
			code = int(e)
		}
	}()
	var cli commands
	parser, err := kong.New(&cli, kong.Name("gateway"),
		kong.Description("Switchback: one REST API over many backup vendors."),
		kong.Writers(stdout, stderr), kong.Exit(func(code int) { panic(exited(code)) }), kong.UsageOnError())
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "gateway:", err)
		return 2
	}
	chosen, err := parser.Parse(args)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "gateway:", err)
		return 2
	}
	err = chosen.Run(&world{ctx: ctx, environ: environ, stdout: stdout, stderr: stderr})
	switch {
	case err == nil:
		return 0
	case !errors.Is(err, errQuiet):
		_, _ = fmt.Fprintln(stderr, "gateway:", err)
	}
	return 1
}
