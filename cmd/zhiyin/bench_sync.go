package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"zhiyin.dev/zhiyin/internal/app"
	"zhiyin.dev/zhiyin/internal/app/boxed"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/internal/sync"
	"zhiyin.dev/zhiyin/sandbox"
	"zhiyin.dev/zhiyin/wecom"
)

// sync measures the first sync of a new platform against a sandbox without latency, from start to the last check, and
// then its ceiling: the same pages read by the same client from the same sandbox, and thrown away.
func (c *benchCmd) sync(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "zhiyin-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	box, err := sandbox.Start(ctx, sandbox.Options{Staff: c.Staff, Customers: c.Customers, Groups: 1, DataDir: filepath.Join(dir, "sandbox")})
	if err != nil {
		return err
	}
	defer func() { _ = box.Close() }()
	a, err := boxed.New(ctx, boxed.Config{Box: box, Dir: filepath.Join(dir, "platform"), Listen: "127.0.0.1:0", Version: version, Log: log.New(os.Stderr, slog.LevelWarn)})
	if err != nil {
		return err
	}
	began := time.Now()
	if err := a.Start(ctx); err != nil {
		return err
	}
	run, err := syncEnd(ctx, a)
	took := time.Since(began)
	if err != nil {
		return err
	}
	people := run.Report.Parts["customers"]
	if run.State != sync.Done || people.Stored != c.Customers || people.Failed != 0 {
		return fmt.Errorf("the sync ended %s with %d of %d customers stored: %v", run.State, people.Stored, c.Customers, run.Report.Errors)
	}
	reading, err := c.readOnly(ctx, a)
	if err != nil {
		return err
	}
	figure("sync, customers stored", float64(people.Stored)/took.Seconds(), reading)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return a.Stop(stop)
}

// syncEnd waits for the first sync, which a platform with an empty database begins by itself.
func syncEnd(ctx context.Context, a *app.App) (sync.Run, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		run, err := a.Sync.Last(ctx)
		if err != nil || run.State == sync.Done || run.State == sync.Failed {
			return run, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return run, ctx.Err()
		}
	}
}

// readOnly reads every customer as a sync does, members side by side, and answers how many a second.
func (c *benchCmd) readOnly(ctx context.Context, a *app.App) (float64, error) {
	const parallel, page = 8, 100
	began := time.Now()
	members, err := a.WeCom.FollowUsers(ctx)
	if err != nil {
		return 0, err
	}
	counts := make([]int, len(members))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, m := range members {
		group.Go(func() error {
			for cursor := ""; ; {
				got, next, err := a.WeCom.CustomersByStaff(gctx, []wecom.StaffID{m}, cursor, page)
				if err != nil {
					return err
				}
				counts[i] += len(got.Items)
				if cursor = next; cursor == "" {
					return nil
				}
			}
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	relations := 0
	for _, n := range counts {
		relations += n
	}
	if relations < c.Customers {
		return 0, errors.New("the sandbox named fewer relations than it has customers")
	}
	return float64(c.Customers) / time.Since(began).Seconds(), nil
}
