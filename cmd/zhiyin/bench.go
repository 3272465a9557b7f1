package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
)

// The ceilings are what the parts alone reached on 2 cores: HTTP with decryption, and group commit of two statements an
// event. docs/benchmarks.md says how they were measured; the ceiling of a sync is measured beside it.
const (
	ceilingCallbacks = 20_000 // a second
	ceilingEvents    = 38_500 // a second
	benchToken       = "bench"
	benchCorp        = "wwbench"
)

var benchKey = strings.Repeat("k", 43) //nolint:gochecknoglobals // a constant

type benchCmd struct {
	Callbacks   int    `help:"Callbacks to send." default:"30000"`
	Connections int    `help:"Connections they come over." default:"512"`
	Staff       int    `help:"Members whose customers a sync reads." default:"20"`
	Customers   int    `help:"Customers that a sync reads." default:"10000"`
	Crowd       int    `help:"Customers that a mass message goes to." default:"100000"`
	Meanwhile   int    `help:"Callbacks a second that come while a mass message is reserved." default:"50"`
	Large       bool   `help:"Ten times as many callbacks and customers."`
	Only        string `help:"Measure only this." enum:"all,ingest,sync,match,guard,scale,history,sandbox,year" default:"all"`
	Postgres    string `help:"Measure mass messages and the history page on this PostgreSQL too; a database of its own." env:"TEST_DATABASE_URL" placeholder:"URL"`
	CPUProfile  string `name:"cpuprofile" help:"Write a CPU profile of this process to a file." type:"path"`
	Rate        int    `help:"Callbacks a second, until the end of input." hidden:""`
	Load        bool   `help:"Be the generator." hidden:""`
	URL         string `help:"Where the generator sends to." hidden:""`
}

// Run measures this machine: loopback only, bounded, and everything in a temporary directory.
func (c *benchCmd) Run(ctx context.Context) error {
	if c.Large {
		c.Callbacks *= 10
		c.Customers *= 10
		c.Crowd *= 10
	}
	switch {
	case c.Load && c.Rate > 0:
		return c.trickle(ctx)
	case c.Load:
		return c.generate(ctx)
	}
	if c.CPUProfile != "" {
		f, err := os.Create(c.CPUProfile)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	fmt.Printf("zhiyin bench, %d cores, %s/%s, SQLite synchronous=FULL\n\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	for _, m := range []struct {
		name    string
		measure func(context.Context) error
	}{{"ingest", c.ingest}, {"sync", c.sync}, {"match", matching}, {"guard", guarding}, {"scale", c.scale}, {"history", c.history}, {"sandbox", c.box}, {"year", boxYear}} {
		if c.Only != "all" && c.Only != m.name {
			continue
		}
		if err := m.measure(ctx); err != nil {
			return err
		}
	}
	return nil
}

func figure(what string, n float64, ceiling float64) {
	fmt.Printf("%-52s %10.0f a second     %3.0f %% of %.0f\n", what, n, 100*n/ceiling, ceiling)
}
