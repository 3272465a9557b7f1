package sandbox

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

func TestAnAdvanceStopsAtEachTimerOfTheWorld(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var at []time.Duration
	r.mu.Lock()
	for _, d := range []time.Duration{3 * time.Hour, time.Hour, time.Hour} {
		r.after(d, func() { at = append(at, r.now().Sub(testStart)) })
	}
	r.mu.Unlock()
	r.advance(2 * time.Hour)
	if got := r.Now().Sub(testStart); got != 2*time.Hour {
		t.Errorf("after the advance: got %s, want 2h", got)
	}
	r.advance(2 * time.Hour)
	if len(at) != 3 || at[0] != time.Hour || at[1] != time.Hour || at[2] != 3*time.Hour {
		t.Errorf("timers fired at %v, want 1h 1h 3h", at)
	}
}

func TestTheClockRunsAtItsSpeed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	fired := make(chan time.Time, 1)
	r.mu.Lock()
	r.after(time.Hour, func() { fired <- r.now() })
	r.mu.Unlock()
	began := time.Now()
	r.control("clock", object{"speed": 36000})
	if got := <-fired; got.Sub(testStart) != time.Hour {
		t.Errorf("fired at %s after start, want exactly 1h", got.Sub(testStart))
	}
	if took := time.Since(began); took < 80*time.Millisecond {
		t.Errorf("an hour at 36,000-fold took %s, want about 100 ms", took)
	}
}

func TestTheWorldStandsStillWhileACallbackWaits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var during atomic.Int64
	listenTo(r, func(_ int, _ http.ResponseWriter, _ *http.Request) {
		before := r.Now()
		wait(t.Context(), 20*time.Millisecond)
		during.Store(int64(r.Now().Sub(before)))
	})
	r.control("clock", object{"speed": 3600})
	r.act("scan_contact_way", nil)
	r.settle()
	if during.Load() != 0 {
		t.Errorf("the world moved by %s while a callback waited", time.Duration(during.Load()))
	}
}

func TestTheWorldStandsStillWhileACallIsInFlight(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.control("faults", []object{{"match": "/cgi-bin/department/*", "latency_ms": 3_600_000}})
	r.control("clock", object{"speed": 3600})
	ctx, hangUp := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL+"/cgi-bin/department/list?access_token="+r.token, nil)
		if err != nil {
			t.Error(err)
			return
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
		}
	}()
	for r.stats.view().Endpoints["/cgi-bin/department/list"].Calls == 0 {
		wait(t.Context(), time.Millisecond)
	}
	before := r.Now()
	wait(t.Context(), 10*time.Millisecond)
	if moved := r.Now().Sub(before); moved != 0 {
		t.Errorf("the world moved by %s during a call", moved)
	}
	hangUp()
	<-done
	for r.Now().Equal(before) { // the call ends in the sandbox too, and the world goes on
		wait(t.Context(), time.Millisecond)
	}
}

func TestABusyFollowerHoldsTheWorldAndASilentOneIsDropped(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.control("clock", object{"speed": 3600})
	r.control("clock/follow", object{"id": "p1", "busy": true})
	began := time.Now()
	before := r.Now()
	wait(t.Context(), 20*time.Millisecond)
	if moved := r.Now().Sub(before); moved != 0 {
		t.Errorf("the world moved by %s while its follower was busy", moved)
	}
	r.advance(time.Minute) // must not wait for the vanished follower for ever
	if took := time.Since(began); took < silence-100*time.Millisecond || took > patience {
		t.Errorf("the silent follower was dropped after %s, want about 2 s", took)
	}
	if got := r.State().Followers; len(got) != 0 {
		t.Errorf("followers: got %v, want none", got)
	}
}

// TestAnAdvanceVisitsTheDueTimesOfAFollower drives a follower over HTTP that
// has a timer each hour and reports as soon as there is news.
func TestAnAdvanceVisitsTheDueTimesOfAFollower(t *testing.T) {
	t.Parallel()
	r := newRig(t, patient)
	due := testStart.Add(time.Hour)
	var seen []time.Time
	first := r.control("clock/follow", object{"id": "p1", "busy": false, "next": due.Format(time.RFC3339), "wait_ms": 0})
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		epoch, clock := first["epoch"], first["clock"]
		for {
			select {
			case <-stop:
				return
			default:
			}
			now, err := time.Parse(time.RFC3339, clock.(string))
			if err != nil {
				t.Error(err)
				return
			}
			if !now.Before(due) {
				seen = append(seen, now)
				due = due.Add(time.Hour)
			}
			v := r.control("clock/follow", object{
				"id": "p1", "next": due.Format(time.RFC3339), "seen": clock, "epoch": epoch, "wait_ms": 200,
			})
			epoch, clock = v["epoch"], v["clock"]
		}
	}()
	began := time.Now()
	r.advance(24 * time.Hour)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("24 steps took %s: the follower is polled, not told", took)
	}
	close(stop)
	<-done
	if len(seen) != 24 {
		t.Fatalf("the follower worked %d times, want 24", len(seen))
	}
	for i, at := range seen {
		if want := testStart.Add(time.Duration(i+1) * time.Hour); !at.Equal(want) {
			t.Errorf("hour %d: the follower saw %s, want %s", i+1, at, want)
		}
	}
}

// counter follows in this process: a timer each 10 minutes, and work that a
// callback leaves.
type counter struct {
	work  atomic.Int64
	ticks atomic.Int64
	next  atomic.Int64
}

func (c *counter) Busy(now time.Time) bool {
	if now.Unix() >= c.next.Load() {
		c.ticks.Add(1)
		c.next.Add(600)
	}
	return c.work.Load() > 0
}

func (c *counter) Next(time.Time) (time.Time, bool) {
	return time.Unix(c.next.Load(), 0).In(Zone), true
}

func TestAFollowerInThisProcessIsAskedAtEachStep(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := &counter{}
	c.next.Store(testStart.Unix() + 600)
	var late atomic.Bool
	listenTo(r, func(_ int, _ http.ResponseWriter, _ *http.Request) {
		at := r.Now()
		c.work.Add(1)
		go func() {
			wait(t.Context(), 10*time.Millisecond)
			if !r.Now().Equal(at) {
				late.Store(true)
			}
			c.work.Add(-1)
		}()
	})
	defer r.Follow(c)()
	r.control("life", object{"running": true, "arrivals_per_hour": 10, "joins_per_hour": 0, "leaves_per_hour": 0, "deletes_per_hour": 0})
	r.advance(2 * time.Hour)
	if got := c.ticks.Load(); got != 12 {
		t.Errorf("ticks: got %d, want 12 in 2 hours", got)
	}
	if late.Load() {
		t.Error("the world went on before the callback's work was done")
	}
}

func TestTimeDoesNotGoBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, body := range []object{{"set": "2020-01-01T00:00:00Z"}, {"advance": "-1h"}, {"speed": -1}, {"advance": "soon"}, {"nonsense": 1}} {
		if status, out := r.do("POST", "/_sandbox/clock", body); status != http.StatusBadRequest || out["error"] == nil {
			t.Errorf("%v: got status %d %v, want 400 and an error", body, status, out)
		}
	}
}
