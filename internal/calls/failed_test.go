package calls_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/clock/clocktest"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/wecom"
)

// What the bus makes of work that failed: dead at once, waiting without an attempt, or tried again.
func TestFailed(t *testing.T) {
	t.Parallel()
	if err := calls.Failed(nil, "do nothing"); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	d, world := dbtest.SQLite(t), clock.NewManual(now)
	nc, stop, err := bus.Connect("", t.TempDir(), "n")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	b, err := bus.New(bus.Config{DB: d, World: world, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "n"})
	if err != nil {
		t.Fatal(err)
	}
	type outcome struct {
		State    bus.State
		Attempts int
		DueAt    clock.Time // of the next try; 0 when there is none
	}
	at := clock.At(now)
	tests := map[string]struct {
		err  error
		want outcome
	}{
		"a bad request":        {&wecom.Error{Code: 40058}, outcome{bus.Dead, 1, 0}},
		"a limit of the hour":  {&wecom.LimitError{Until: now.Add(time.Hour)}, outcome{bus.Pending, 0, at.Add(time.Hour)}},
		"no permission":        {&wecom.Error{Code: 48002}, outcome{bus.Pending, 1, at.Add(time.Second)}},
		"WeCom is busy":        {&wecom.Error{Code: -1}, outcome{bus.Pending, 1, at.Add(time.Second)}},
		"nobody answered":      {errors.New("connection reset"), outcome{bus.Pending, 1, at.Add(time.Second)}},
		"the customer is gone": {&wecom.Error{Code: 84061}, outcome{bus.Dead, 1, 0}},
	}
	for kind, tt := range tests {
		b.Perform(kind, func(context.Context, bus.Work) (bus.Settle, error) { return nil, calls.Failed(tt.err, kind) })
	}
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Stop(context.Background()) })
	err = d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for kind := range tests {
			if _, err := b.Put(ctx, tx, bus.Item{CorpID: "ww1", Lane: bus.Intent, Kind: kind, Key: kind, OrderKey: kind}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	limit, tick := time.After(clocktest.Patience), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for {
		got := map[string]outcome{}
		var rows []bus.Work
		if err := d.Read().NewSelect().Model(&rows).Where("state <> ? AND error <> ''", bus.Running).Scan(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if r.State == bus.Dead {
				r.DueAt = 0
			}
			got[r.Kind] = outcome{r.State, r.Attempts, r.DueAt}
		}
		if len(got) == len(tests) {
			for kind, tt := range tests {
				if got[kind] != tt.want {
					t.Errorf("%s: %+v, want %+v", kind, got[kind], tt.want)
				}
			}
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("only %v failed", got)
		}
	}
}
