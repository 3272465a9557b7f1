package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"zhiyin.dev/zhiyin/console"
	"zhiyin.dev/zhiyin/internal/app"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/config"
	"zhiyin.dev/zhiyin/internal/log"
)

type serveCmd struct{ config.Flags }

func (c *serveCmd) Run(ctx context.Context) error {
	cfg, err := read(c.Flags)()
	if err != nil {
		return err
	}
	logger := log.New(os.Stderr, slog.LevelInfo)
	for _, w := range cfg.Warnings {
		logger.Warn("configuration", "warning", w)
	}
	world, follow, err := worldOf(ctx, cfg)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s (ZHIYIN_LISTEN): %w; another program may have the port", cfg.Listen, err)
	}
	defer func() { _ = listener.Close() }()
	a, err := patiently(ctx, logger, clock.SystemWall(), pause, func() (*app.App, error) {
		return app.New(ctx, app.Config{Config: cfg, Read: read(c.Flags), World: world, Log: logger, Version: version, Console: console.Handler()})
	})
	switch {
	case err != nil && ctx.Err() != nil: // told to stop while it waited
		return nil
	case err != nil:
		return err
	}
	followed, stopFollow := context.WithCancel(ctx)
	defer stopFollow()
	if follow != nil {
		go follow.Run(followed, a.Bus.Load, a.Bus.News())
	}
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, a.Stop(context.WithoutCancel(ctx)))
	}
	if a.MadePassword != "" {
		fmt.Printf("first user: admin, password: %s (shown once; change it in the console)\n", a.MadePassword)
	}
	server := &http.Server{Handler: a.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- serve(server, listener, cfg) }()
	logger.Info("zhiyin serves", "listen", listener.Addr().String(), "version", version, "official", cfg.Official())
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.Background(), 9*time.Second)
	defer cancel()
	a.Live.Close() // long streams first: they would keep the server from ending
	return errors.Join(err, server.Shutdown(stop), a.Stop(stop))
}

func serve(server *http.Server, l net.Listener, cfg *config.Config) error {
	var err error
	if cfg.TLSCert != "" {
		err = server.ServeTLS(l, cfg.TLSCert, cfg.TLSKey)
	} else {
		err = server.Serve(l)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// read answers what flags, environment and file say; everything wrong is named at once.
func read(f config.Flags) func() (*config.Config, error) {
	return func() (*config.Config, error) { return config.Load(f.Sources(os.Environ())) }
}

// worldOf is the system's clock, or the sandbox's when one is followed.
func worldOf(ctx context.Context, cfg *config.Config) (clock.World, *clock.Follower, error) {
	if cfg.ClockURL == "" {
		return clock.System{}, nil, nil
	}
	host, err := os.Hostname()
	if err != nil {
		host = "serve"
	}
	f, err := clock.Follow(ctx, cfg.ClockURL, fmt.Sprintf("%s-%d", host, os.Getpid()))
	if err != nil {
		return nil, nil, fmt.Errorf("ZHIYIN_CLOCK_URL: %w", err)
	}
	return f, f, nil
}
