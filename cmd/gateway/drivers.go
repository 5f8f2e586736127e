package main

import (
	"switchback/internal/adapters"
	"switchback/internal/adapters/clouddownload"
	"switchback/internal/adapters/clumio"
	"switchback/internal/adapters/cohesity"
)

// drivers is the table of all vendors.
func drivers() map[string]adapters.Driver {
	table := map[string]adapters.Driver{}
	for _, d := range []adapters.Driver{clumio.Driver(), cohesity.Driver(), clouddownload.Driver()} {
		table[d.Name] = d
	}
	return table
}
