package app

import (
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
)

func TestAJumpOfTheClockIsToldFromAFastClock(t *testing.T) {
	t.Parallel()
	now := clock.At(time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC))
	p := pace{last: now}
	look := func(d time.Duration) bool {
		now = now.Add(d)
		return p.jumped(now)
	}
	for range 5 {
		if look(time.Second) {
			t.Fatal("a clock that runs as usual jumped")
		}
	}
	if !look(24 * time.Hour) {
		t.Fatal("a day in a second is no jump")
	}
	if !look(-2 * time.Hour) {
		t.Fatal("two hours back are no jump")
	}
	fast := pace{last: now, usual: time.Hour}
	for range 5 {
		now = now.Add(time.Hour)
		if fast.jumped(now) {
			t.Fatal("a clock that runs an hour a second jumped")
		}
	}
	for range 60 {
		if fast.jumped(now) {
			t.Fatal("a clock that stands jumped")
		}
	}
	now = now.Add(time.Hour)
	if fast.jumped(now) {
		t.Fatal("a clock that stood for a minute and goes on as before jumped")
	}
}
