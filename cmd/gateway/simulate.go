package main

import (
	"encoding/json"
	"fmt"

	"switchback/internal/adapters/simkit"
)

type simulateCommand struct {
	Vendor   string `arg:"" enum:"clumio,ibm,storware" help:"Which vendor: clumio, ibm or storware."`
	Addr     string `default:"127.0.0.1:0" help:"Where to listen."`
	Seed     uint64 `default:"1" help:"What its data and faults are made from."`
	Scenario string `default:"friendly" help:"How it behaves: friendly, hostile or broken, then settings: hostile,pageCap=2,latency=20ms."`
	Backups  int    `default:"400" help:"Rough number of backups it holds."`
}

// Run serves one simulated vendor until it is interrupted.
func (c *simulateCommand) Run(w *world) error {
	scenario, err := simkit.ParseScenario(c.Scenario)
	if err != nil {
		return err
	}
	sim, err := newSimulator(c.Vendor, c.Seed, scenario, estate{backups: c.Backups})
	if err != nil {
		return err
	}
	served, err := serveSimulator(w.ctx, sim, c.Vendor, c.Addr)
	if err != nil {
		return err
	}
	defer served.stop()
	line, err := json.Marshal(map[string]any{
		"url": served.url, "vendor": c.Vendor, "seed": c.Seed, "scenario": c.Scenario, "backups": sim.facts(), "config": sim.config(served.url),
	})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w.stdout, string(line)); err != nil {
		return err
	}
	<-w.ctx.Done()
	return nil
}
