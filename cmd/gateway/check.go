package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"text/tabwriter"
	"time"

	"switchback/internal/adapters"
	"switchback/internal/adapters/adaptercheck"
)

type checkCommand struct {
	Config     string        `required:"" short:"c" type:"path" help:"The configuration file."`
	Connection []string      `help:"Only these connections; may be repeated."`
	Timeout    time.Duration `default:"2m" help:"How long one connection may take."`
}

// Run holds the accounts against the promises of the adapter contract that only
// read, and prints what was found.
func (c *checkCommand) Run(w *world) error {
	conf, p, err := loadPlan(c.Config, w.environ)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(w.stdout, 0, 4, 2, ' ', 0)
	pool, broken, looked := vendorTransport(), 0, 0
	for _, acc := range p.accounts {
		if len(c.Connection) > 0 && !slices.Contains(c.Connection, acc.info.Name) {
			continue
		}
		looked++
		n, err := c.verify(w.ctx, acc, pool, p.logger, table)
		if err != nil {
			return inFile(conf, err)
		}
		broken += n
	}
	if err := table.Flush(); err != nil {
		return err
	}
	switch {
	case looked == 0:
		return fmt.Errorf("no connection has such a name")
	case broken > 0:
		_, _ = fmt.Fprintf(w.stderr, "%d promises are not kept\n", broken)
		return errQuiet
	}
	return nil
}

// verify looks at one account and returns how many promises are not kept.
func (c *checkCommand) verify(ctx context.Context, acc account, pool http.RoundTripper, logger *slog.Logger, out io.Writer) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	var opened [2]*adapters.Adapter // two, because a position of one must be good for the other
	var env adapters.Env
	for i := range opened {
		var err error
		if opened[i], env, err = acc.open(ctx, unwatched(), pool, logger); err != nil {
			return 0, err
		}
	}
	broken := 0
	for _, r := range adaptercheck.Verify(ctx, opened[0], opened[1], env) {
		verdict := "kept"
		switch {
		case r.Skipped:
			verdict = "nothing to see"
		case len(r.Failures) > 0:
			verdict = "NOT KEPT: " + r.Failures[0]
			broken++
		}
		if _, err := fmt.Fprintf(out, "%s\t%s\t%s\n", acc.info.Name, r.Name, verdict); err != nil {
			return broken, err
		}
	}
	for _, a := range opened {
		_ = a.Session.Close(ctx)
	}
	return broken, nil
}
