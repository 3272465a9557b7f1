package clock_test

import (
	"context"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/clock/clocktest"
	"zhiyin.dev/zhiyin/sandbox"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestTime(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("CST", 8*3600)
	at := clock.At(noon.Add(5 * time.Hour)) // 01:00 of the next day in China
	if day := at.Day(zone); !day.In(zone).Equal(time.Date(2026, 11, 25, 0, 0, 0, 0, zone)) {
		t.Errorf("the day begins at %s", day.In(zone))
	}
	if !clock.At(time.Time{}).IsZero() || !clock.Time(0).In(zone).IsZero() || clock.Unix(0) != 0 {
		t.Error("never is not never")
	}
	if clock.Unix(at.Unix()) != at || at.Add(time.Hour).Sub(at) != time.Hour || !at.In(zone).Equal(noon.Add(5*time.Hour)) {
		t.Error("there and back is not the same")
	}
	wall := clock.FakeWall(func() time.Time { return noon }).Now()
	if wall.Add(time.Hour).Sub(wall) != time.Hour || !wall.Std().Equal(noon) {
		t.Error("wall time")
	}
}

func TestManualWakesWhoWaits(t *testing.T) {
	t.Parallel()
	m := clock.NewManual(noon)
	if err := m.Wait(t.Context(), m.Now()); err != nil {
		t.Fatal(err)
	}
	woken := make(chan clock.Time, 1)
	go func() {
		if err := m.Wait(t.Context(), clock.At(noon).Add(time.Hour)); err == nil {
			woken <- m.Now()
		}
		close(woken)
	}()
	m.Advance(time.Minute)
	m.Advance(2 * time.Hour)
	if at := <-woken; at != clock.At(noon).Add(2*time.Hour+time.Minute) {
		t.Fatalf("woken at %d", at)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.Wait(ctx, clock.At(noon).Add(24*time.Hour)); err == nil {
		t.Fatal("waited for ever with a context that ended")
	}
}

func TestFollowerKeepsTheSandboxsTime(t *testing.T) {
	t.Parallel()
	box, err := sandbox.Start(t.Context(), sandbox.Options{Staff: 2, Customers: 2, Groups: 1, Start: noon, Patience: clocktest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	f, err := clock.Follow(t.Context(), box.URL, "n1")
	if err != nil {
		t.Fatal(err)
	}
	// A platform with work due every ten minutes: the world stops at each of them until it is done.
	done := make(chan clock.Time, 100)
	next := f.Now().Add(10 * time.Minute)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.Run(ctx, func(_ context.Context, now clock.Time) (bool, clock.Time) {
			if now >= next {
				done <- now
				next = next.Add(10 * time.Minute)
			}
			return false, next
		}, nil)
	}()
	before := f.Now()
	if err := box.Advance(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := f.Wait(t.Context(), before.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	stop()
	<-ended
	if n := len(done); n < 6 || n > 7 {
		t.Fatalf("%d pieces of work were done in an hour, want one every ten minutes", n)
	}
	for want := before.Add(10 * time.Minute); len(done) > 0; want = want.Add(10 * time.Minute) {
		if at := <-done; at.Sub(want).Abs() > 5*time.Second { // the world walks at speed 1 between reports
			t.Errorf("work due %s was done %s late", want.In(time.UTC), at.Sub(want))
		}
	}
}

func TestAPlatformThatCannotTellTheTimeDoesNotStart(t *testing.T) {
	t.Parallel()
	if _, err := clock.Follow(t.Context(), "http://127.0.0.1:1", "n1"); err == nil {
		t.Fatal("followed nobody")
	}
}

// Between two reports a world that is advanced jumps; who asks hears where it is.
func TestAFollowerThatAsksKnowsThePresent(t *testing.T) {
	t.Parallel()
	box, err := sandbox.Start(t.Context(), sandbox.Options{Start: noon, Paused: true, Customers: 5, Staff: 2, Groups: 1, Patience: clocktest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	f, err := clock.Follow(t.Context(), box.URL, "n")
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	f.Run(over, func(context.Context, clock.Time) (bool, clock.Time) { return false, 0 }, nil) // takes leave: nobody holds the world
	if err := box.Advance(t.Context(), 3*time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := f.Now(); got != clock.At(noon) {
		t.Fatalf("without a report the follower stands at %s", got.In(time.UTC))
	}
	if err := f.Ask(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := f.Now(); got != clock.At(noon.Add(3*time.Hour)) {
		t.Errorf("after asking it stands at %s, want three hours on", got.In(time.UTC))
	}
}

// A platform that is busy keeps the world standing until it is done, and goes on as soon as it hears that something ended.
func TestABusyPlatformGoesOnWhenItHearsThatWorkEnded(t *testing.T) {
	t.Parallel()
	box, err := sandbox.Start(t.Context(), sandbox.Options{Start: noon, Paused: true, Customers: 5, Staff: 2, Groups: 1, Patience: clocktest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	f, err := clock.Follow(t.Context(), box.URL, "n")
	if err != nil {
		t.Fatal(err)
	}
	const every, pieces = time.Minute, 300
	news := make(chan struct{}, 1)
	due := f.Now().Add(every)
	begun, asked, done := false, 0, 0
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.Run(ctx, func(_ context.Context, now clock.Time) (bool, clock.Time) {
			switch {
			case now > due:
				t.Errorf("the world is at %s, although work was due %s", now.In(time.UTC), due.In(time.UTC))
				due = now.Add(every)
			case now == due && !begun: // it is being done, and ends at once
				begun = true
				asked++
				news <- struct{}{}
				return true, 0
			case now == due:
				begun, due = false, due.Add(every)
				done++
			}
			return false, due
		}, news)
	}()
	if err := box.Advance(t.Context(), pieces*every); err != nil {
		t.Fatal(err)
	}
	stop()
	<-ended
	if done != pieces || asked != pieces {
		t.Errorf("%d pieces of work were begun and %d done, want %d", asked, done, pieces)
	}
}
