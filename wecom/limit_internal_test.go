package wecom

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// work holds a slot for a while and reports the largest number held together.
type work struct {
	mu       sync.Mutex
	now, max int
}

func (w *work) do(ctx context.Context, t testing.TB, s *slots, family string, fast bool, d time.Duration) {
	if err := s.acquire(ctx, family, fast); err != nil {
		t.Error(err)
		return
	}
	begun := time.Now()
	w.mu.Lock()
	w.now++
	w.max = max(w.max, w.now)
	w.mu.Unlock()
	time.Sleep(d)
	w.mu.Lock()
	w.now--
	w.mu.Unlock()
	s.release(family, false, begun)
}

func (w *work) running() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func TestSlotsBoundAndReserve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(16, everything{})
		var bulk work
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() { bulk.do(t.Context(), t, s, "customer", false, time.Second) })
		}
		synctest.Wait()
		if n := bulk.running(); n != 12 {
			t.Errorf("%d bulk calls run, want 12 of 16", n)
		}
		begun := time.Now()
		var fast work
		for range 4 {
			wg.Go(func() { fast.do(t.Context(), t, s, "welcome", true, time.Second) })
		}
		synctest.Wait()
		if n := fast.running(); n != 4 || time.Since(begun) != 0 {
			t.Errorf("%d of 4 fast calls run at once behind 200 bulk calls", n)
		}
		wg.Wait()
		if bulk.max > 12 {
			t.Errorf("%d bulk calls at once", bulk.max)
		}
		if s.total.used != 0 {
			t.Errorf("%d slots were not given back", s.total.used)
		}
	})
}

func TestCrowdingHalvesOnceAndRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(16, everything{})
		begun := time.Now()
		for range 4 {
			if err := s.acquire(t.Context(), "customer", true); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		for range 4 { // refused together: one reaction
			s.release("customer", true, begun)
		}
		if s.total.limit != 8 || s.family("customer").limit != 8 || s.family("kf").limit != 16 {
			t.Errorf("limits %d, %d, %d", s.total.limit, s.family("customer").limit, s.family("kf").limit)
		}
		for range 8*8 + 8*9 {
			if err := s.acquire(t.Context(), "customer", true); err != nil {
				t.Fatal(err)
			}
			s.release("customer", false, time.Now())
		}
		if s.total.limit != 10 {
			t.Errorf("after two rounds of success %d slots, want 10", s.total.limit)
		}
		for range 20 {
			time.Sleep(time.Second)
			if err := s.acquire(t.Context(), "customer", true); err != nil {
				t.Fatal(err)
			}
			s.release("customer", true, time.Now())
		}
		if s.total.limit != 1 {
			t.Errorf("%d slots remain, want 1", s.total.limit)
		}
	})
}

func TestSlotsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1, everything{})
		if err := s.acquire(t.Context(), "a", true); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.acquire(ctx, "a", true); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		s.release("a", false, time.Now())
		if len(s.waiting[0]) != 0 || s.total.used != 0 {
			t.Errorf("%d waiters, %d slots", len(s.waiting[0]), s.total.used)
		}
	})
}

// house shares units among nodes as Leaser demands.
type house struct {
	mu    sync.Mutex
	nodes map[string]*struct {
		held  int
		until time.Time
	}
}

type tenant struct {
	*house
	name string
}

func (n tenant) Lease(_ context.Context, family string, inUse, want, limit int) (int, time.Time, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := family + "/" + n.name
	others, live := 0, 1
	for k, x := range n.nodes {
		if k != key && k[:len(family)] == family && time.Now().Before(x.until) {
			others += x.held
			live++
		}
	}
	granted := max(0, min(want, limit/live, limit-others))
	until := time.Now().Add(3 * time.Second)
	n.nodes[key] = &struct {
		held  int
		until time.Time
	}{max(inUse, granted), until}
	return granted, until, nil
}

func TestTwoNodesKeepTheLimitTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &house{nodes: map[string]*struct {
			held  int
			until time.Time
		}{}}
		var both work
		var wg sync.WaitGroup
		done := [2]int{}
		for i, name := range []string{"a", "b"} {
			s := newSlots(16, tenant{h, name})
			time.Sleep(time.Second) // the second comes when the first holds everything
			for range 300 {
				wg.Go(func() {
					both.do(t.Context(), t, s, "customer", true, 500*time.Millisecond)
					both.mu.Lock()
					done[i]++
					both.mu.Unlock()
				})
			}
		}
		wg.Wait()
		if both.max > 16 {
			t.Errorf("%d calls at once on both nodes, want at most 16", both.max)
		}
		if done[0] != 300 || done[1] != 300 {
			t.Errorf("done %v", done)
		}
	})
}

// A call that outlasts the lease keeps its slot: another node is not given it meanwhile.
func TestASlowCallKeepsItsSlotAmongNodes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &house{nodes: map[string]*struct {
			held  int
			until time.Time
		}{}}
		var both work
		var wg sync.WaitGroup
		slow, other := newSlots(4, tenant{h, "slow"}), newSlots(4, tenant{h, "other"})
		wg.Go(func() { both.do(t.Context(), t, slow, "customer", true, 20*time.Second) })
		time.Sleep(10 * time.Second) // three leases long
		for range 40 {
			wg.Go(func() { both.do(t.Context(), t, other, "customer", true, 500*time.Millisecond) })
		}
		wg.Wait()
		if both.max > 4 {
			t.Errorf("%d calls at once on both nodes, want at most 4", both.max)
		}
	})
}

type broken struct{ err error }

func (b broken) Lease(context.Context, string, int, int, int) (int, time.Time, error) {
	return 0, time.Time{}, b.err
}

func TestNoLeaseNoCall(t *testing.T) {
	t.Parallel()
	away := errors.New("database away")
	if err := newSlots(4, broken{away}).acquire(t.Context(), "a", false); !errors.Is(err, away) {
		t.Errorf("slots: %v", err)
	}
	if err := newRates(time.Now, broken{away}).take(t.Context(), "x"); !errors.Is(err, away) {
		t.Errorf("rates: %v", err)
	}
}

// Whatever the calls, no minute sees more than the limit, and a caller that
// waits as told gets on.
func TestRateWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 20).Draw(t, "limit")
		w := window{span: 10 * time.Second}
		now := time.Unix(1700000000, 0)
		var taken []time.Time
		for range rapid.IntRange(1, 200).Draw(t, "calls") {
			now = now.Add(time.Duration(rapid.IntRange(0, 15000).Draw(t, "gap")) * time.Millisecond)
			until, ok := w.room(now, limit)
			if !ok {
				if !until.After(now) || until.Sub(now) > 70*time.Second {
					t.Fatalf("until %v at %v", until, now)
				}
				now = until
				if _, ok = w.room(now, limit); !ok {
					t.Fatalf("no room at the time that was named")
				}
			}
			w.add()
			taken = append(taken, now)
			first := len(taken) - 1
			for first >= 0 && now.Sub(taken[first]) < time.Minute {
				first--
			}
			if n := len(taken) - 1 - first; n > limit {
				t.Fatalf("%d calls within a minute, limit %d", n, limit)
			}
		}
	})
}

func TestPublishedRateIsKept(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000000, 0)
	r := newRates(func() time.Time { return now }, everything{})
	for range perMinute {
		if err := r.take(t.Context(), "externalcontact/get"); err != nil {
			t.Fatal(err)
		}
	}
	var limit *LimitError
	if err := r.take(t.Context(), "externalcontact/get"); !errors.As(err, &limit) || limit.Until.Sub(now) > 70*time.Second {
		t.Errorf("call %d of a minute: %v", perMinute+1, err)
	}
	if err := r.take(t.Context(), "externalcontact/list"); err != nil {
		t.Errorf("another endpoint: %v", err)
	}
}
