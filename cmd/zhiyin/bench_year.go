package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"zhiyin.dev/zhiyin/sandbox"
)

// What a year of a world may take on 2 cores.
const wantYear = 2 * time.Minute

// boxYear lives a year of each built-in world, no platform attached: how long it takes, and what is in memory at the end.
func boxYear(ctx context.Context) error {
	for _, world := range sandbox.Worlds() {
		box, err := sandbox.New(sandbox.Options{World: world, Seed: 1, Start: time.Date(2026, 1, 5, 9, 0, 0, 0, sandbox.Zone), Paused: true, Life: true})
		if err != nil {
			return err
		}
		before := box.State().Counts
		began, most := time.Now(), uint64(0)
		for range 365 {
			if err := box.Advance(ctx, 24*time.Hour); err != nil {
				_ = box.Close()
				return err
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
		}
		took := time.Since(began)
		after := box.State().Counts
		fmt.Printf("%-52s %10.1f s          %3.0f %% of %.0f s\n", "sandbox, a year of "+world, took.Seconds(), 100*took.Seconds()/wantYear.Seconds(), wantYear.Seconds())
		fmt.Printf("  %d customers at first, %d arrived; %d journal rows, %d deliveries; heap at most %d MB\n",
			before["customers"], after["relations"]-before["relations"], after["journal"], after["deliveries"], most>>20)
		if err := box.Close(); err != nil {
			return err
		}
	}
	return nil
}
