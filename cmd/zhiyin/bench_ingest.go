package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/inbound"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/wecom/callback"
)

// ingest measures callbacks from HTTP to commit with the generator in a process of its own, then the handling of them.
func (c *benchCmd) ingest(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "zhiyin-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	d, err := db.Open(ctx, "", dir)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	if err := d.Migrate(ctx); err != nil {
		return err
	}
	nc, stop, err := bus.Connect("", filepath.Join(dir, "nats"), "bench")
	if err != nil {
		return err
	}
	defer stop()
	b, err := bus.New(bus.Config{DB: d, World: clock.System{}, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "bench"})
	if err != nil {
		return err
	}
	crypto, err := callback.New(benchToken, benchKey, benchCorp)
	if err != nil {
		return err
	}
	in := inbound.New(inbound.Config{
		DB: d, Bus: b, World: clock.System{}, Log: log.Discard(), CorpID: benchCorp,
		Crypto: func(string) (*callback.Crypto, error) { return crypto, nil },
	})
	in.Start(ctx)
	defer in.Stop()
	mux := http.NewServeMux()
	in.Register(mux)
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(l) }()
	defer func() { _ = server.Close() }()

	took, err := c.load(ctx, "http://"+l.Addr().String()+"/callback/wecom")
	if err != nil {
		return err
	}
	var rows int
	if err := d.Read().NewRaw("SELECT COUNT(*) FROM work WHERE lane = 'inbox'").Scan(ctx, &rows); err != nil {
		return err
	}
	if rows != c.Callbacks {
		return fmt.Errorf("%d of %d acknowledged callbacks are in the inbox", rows, c.Callbacks)
	}
	figure("durable callbacks, HTTP to committed", float64(rows)/took.Seconds(), ceilingCallbacks)
	return handle(ctx, d, b, rows)
}

// handle measures how fast the inbox becomes customers, relations, timelines and the intents to read details.
func handle(ctx context.Context, d *db.DB, b *bus.Bus, rows int) error {
	var handled atomic.Int64 // counted at the commit: a query that counts would take its share of the cores
	done := make(chan struct{})
	customers := customer.New(customer.Config{
		DB: d, Bus: b, World: clock.System{}, Zone: time.UTC, CorpID: benchCorp,
		Live: func(_, _ string) {
			if handled.Add(1) == int64(rows) {
				close(done)
			}
		},
	})
	customers.Register(b)
	b.Perform("customer.refresh", func(ctx context.Context, _ bus.Work) (bus.Settle, error) {
		<-ctx.Done() // reading details from WeCom is not measured here
		return nil, ctx.Err()
	})
	began := time.Now()
	if err := b.Start(ctx); err != nil {
		return err
	}
	select {
	case <-done:
	case <-ctx.Done():
		return ctx.Err()
	}
	took := time.Since(began)
	if err := b.Stop(ctx); err != nil {
		return err
	}
	for _, query := range []string{ // each event has all its effects, once
		"SELECT COUNT(*) FROM customer", "SELECT COUNT(*) FROM relation", "SELECT COUNT(*) FROM timeline", "SELECT COUNT(*) FROM work WHERE lane = 'intent'",
	} {
		var n int
		if err := d.Read().NewRaw(query).Scan(ctx, &n); err != nil {
			return err
		}
		if n != rows {
			return fmt.Errorf("%s: %d after %d events", query, n, rows)
		}
	}
	figure("events handled (customer, relation, timeline, intent)", float64(rows)/took.Seconds(), ceilingEvents)
	return nil
}
