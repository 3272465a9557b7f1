package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"zhiyin.dev/zhiyin/internal/app"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// A PostgreSQL that starts beside us, or again, is waited for that long.
const (
	patience  = time.Minute
	nextTry   = 2 * time.Second
	unreached = "PostgreSQL does not answer; trying again"
)

// patiently opens the platform; a PostgreSQL that is not there yet is waited for, a minute long.
func patiently(
	ctx context.Context, log *slog.Logger, wall clock.Wall, pause func(context.Context, time.Duration) error, open func() (*app.App, error),
) (*app.App, error) {
	began := wall.Now()
	for {
		a, err := open()
		if err == nil || !db.IsUnreachable(err) {
			return a, err
		}
		left := patience - wall.Now().Sub(began)
		if left <= 0 {
			return nil, fmt.Errorf("PostgreSQL has not answered for %s: %w; start it, or correct ZHIYIN_DATABASE_URL", patience, err)
		}
		log.Warn(unreached, "left", left.Round(time.Second).String(), "error", err)
		if err := pause(ctx, min(nextTry, left)); err != nil {
			return nil, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
