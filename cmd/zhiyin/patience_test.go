package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/app"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// machine is a wall clock that moves only while somebody pauses.
type machine struct{ now time.Time }

func (m *machine) pause(ctx context.Context, d time.Duration) error {
	m.now = m.now.Add(d)
	return ctx.Err()
}

func TestAPostgresThatIsAwayIsWaitedForAMinute(t *testing.T) {
	t.Parallel()
	_, away := db.Open(t.Context(), "postgres://zhiyin:very-secret@127.0.0.1:1/x?sslmode=disable", "")
	if !db.IsUnreachable(away) {
		t.Fatalf("a closed port is not unreachable: %v", away)
	}
	refused := errors.New("no room")
	for _, tt := range []struct {
		name   string
		answer func(try int) error
		tries  int
		took   time.Duration
		err    error
	}{
		{"away for good", func(int) error { return away }, 31, time.Minute, away},
		{"back after ten tries", func(try int) error {
			if try <= 10 {
				return away
			}
			return nil
		}, 11, 20 * time.Second, nil},
		{"another error is told at once", func(int) error { return refused }, 1, 0, refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			began := time.Unix(1_800_000_000, 0)
			m := &machine{now: began}
			tries := 0
			_, err := patiently(t.Context(), slog.New(slog.NewTextHandler(&out, nil)), clock.FakeWall(func() time.Time { return m.now }), m.pause,
				func() (*app.App, error) {
					tries++
					return nil, tt.answer(tries)
				})
			if !errors.Is(err, tt.err) || tries != tt.tries || m.now.Sub(began) != tt.took {
				t.Errorf("%d tries in %s: %v; want %d in %s", tries, m.now.Sub(began), err, tt.tries, tt.took)
			}
			if said := strings.Count(out.String(), unreached); said != tt.tries-1 {
				t.Errorf("said %d times that it tries again, want %d", said, tt.tries-1)
			}
			if err != nil && errors.Is(err, away) && !strings.Contains(err.Error(), "ZHIYIN_DATABASE_URL") {
				t.Errorf("no way out is told: %v", err)
			}
			if strings.Contains(out.String()+errText(err), "very-secret") {
				t.Error("the password shows")
			}
		})
	}
}

func TestStoppingEndsTheWait(t *testing.T) {
	t.Parallel()
	_, away := db.Open(t.Context(), "postgres://127.0.0.1:1/x?sslmode=disable", "")
	ctx, stop := context.WithCancel(t.Context())
	m := &machine{now: time.Unix(1_800_000_000, 0)}
	_, err := patiently(ctx, slog.New(slog.DiscardHandler), clock.FakeWall(func() time.Time { return m.now }), m.pause, func() (*app.App, error) {
		stop()
		return nil, away
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("ended with %v", err)
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
