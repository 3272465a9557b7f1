package wecom

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Leaser shares a corp's limits among the nodes that call it. A node without
// one has everything to itself.
type Leaser interface {
	// Lease makes this node the holder of up to want of the limit units of
	// family until the wall time until, in place of what it held before.
	// inUse units are busy at this moment: they may not be given to another
	// node before this node asks with a smaller inUse or lets the lease
	// lapse. When others want a part too, granted may be less than want, even
	// less than inUse; the node then takes up no new unit until it is below.
	Lease(ctx context.Context, family string, inUse, want, limit int) (granted int, until time.Time, err error)
}

// Families of Leaser.
const (
	LeaseInFlight = "in-flight" // units: calls at the same time
	LeaseRate     = "rate"      // units: percent of every published call rate
)

// everything is the Leaser of a node that is alone.
type everything struct{}

func (everything) Lease(_ context.Context, _ string, _, want, _ int) (int, time.Time, error) {
	return want, time.Now().Add(24 * time.Hour), nil //nolint:forbidigo // leases run in wall time
}

const (
	leaseEarly = time.Second            // renewed this long before it lapses
	leasePoll  = 100 * time.Millisecond // between two tries while nothing is granted
)

// lease is this node's part of one family.
type lease struct {
	leaser  Leaser
	family  string
	mu      sync.Mutex // serialises asking
	granted int
	until   time.Time
}

// get returns what is granted now, asking again shortly before it lapses.
func (l *lease) get(ctx context.Context, inUse func() int, want, limit int) (int, time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now() //nolint:forbidigo // leases run in wall time
	if l.granted > 0 && now.Before(l.until.Add(-leaseEarly)) {
		return l.granted, l.until, nil
	}
	granted, until, err := l.leaser.Lease(ctx, l.family, inUse(), want, limit)
	switch {
	case err == nil:
		l.granted, l.until = granted, until
	case now.Before(l.until):
		// What was granted still holds; asked again by the next call.
	default:
		return 0, now, fmt.Errorf("wecom: lease %s: %w", l.family, err)
	}
	return l.granted, l.until, nil
}

// slots bounds the calls that run at the same time: all together, and each
// family by itself. Waiters go in order, those that somebody waits for first.
type slots struct {
	mu       sync.Mutex
	max      int       // configured
	granted  int       // by the lease
	until    time.Time // of the lease
	total    gate
	families map[string]*gate
	waiting  [2][]*waiter // 0 fast, 1 bulk
	lease    *lease
	idle     chan struct{} // closed when no call is left; nil while none is
}

// gate is a limit that learns: halved by 45033, grown by success.
type gate struct {
	limit, used int
	good        int       // successes since the last change
	cut         time.Time // wall time of the last halving
}

type waiter struct {
	family string
	ready  chan struct{}
	done   bool // admitted
}

func newSlots(limit int, leaser Leaser) *slots {
	return &slots{
		max: limit, granted: limit, total: gate{limit: limit}, families: map[string]*gate{},
		lease: &lease{leaser: leaser, family: LeaseInFlight},
	}
}

// acquire waits for a slot.
func (s *slots) acquire(ctx context.Context, family string, fast bool) error {
	w := &waiter{family: family, ready: make(chan struct{})}
	queue := 1
	if fast {
		queue = 0
	}
	s.mu.Lock()
	s.waiting[queue] = append(s.waiting[queue], w)
	s.mu.Unlock()
	for {
		granted, until, err := s.lease.get(ctx, s.inUse, s.max, s.max)
		if err != nil {
			s.leave(w, queue)
			return err
		}
		s.mu.Lock()
		s.granted, s.until = granted, until
		s.admit()
		done := w.done
		s.mu.Unlock()
		if done {
			return nil
		}
		again := leasePoll
		if granted > 0 {
			again = max(leasePoll, time.Until(until)-leaseEarly) //nolint:forbidigo // leases run in wall time
		}
		timer := time.NewTimer(again)
		select {
		case <-w.ready:
			timer.Stop()
			return nil
		case <-ctx.Done():
			timer.Stop()
			s.leave(w, queue)
			return ctx.Err()
		case <-timer.C:
		}
	}
}

func (s *slots) inUse() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total.used
}

// leave takes a waiter that gave up out of the queue, or gives its slot back.
func (s *slots) leave(w *waiter, queue int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.done {
		s.free(w.family)
		return
	}
	for i, x := range s.waiting[queue] {
		if x == w {
			s.waiting[queue] = append(s.waiting[queue][:i], s.waiting[queue][i+1:]...)
			return
		}
	}
}

// release gives the slot back. crowded means that WeCom answered 45033 to a
// call that began at the wall time begun.
func (s *slots) release(family string, crowded bool, begun time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range []*gate{&s.total, s.family(family)} {
		if crowded {
			g.halve(begun)
		} else {
			g.grow(s.max)
		}
	}
	s.free(family)
}

func (s *slots) free(family string) {
	s.total.used--
	s.family(family).used--
	s.admit()
	if s.total.used == 0 && s.idle != nil {
		close(s.idle)
		s.idle = nil
	}
}

// keep asks for the lease again while calls are under way, so that a call
// which outlasts its lease does not lose its slot to another node.
func (s *slots) keep(idle <-chan struct{}, until time.Time) {
	for {
		timer := time.NewTimer(max(leasePoll, time.Until(until)-leaseEarly)) //nolint:forbidigo // leases run in wall time
		select {
		case <-idle:
			timer.Stop()
			return
		case <-timer.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), leaseEarly)
		granted, end, err := s.lease.get(ctx, s.inUse, s.max, s.max)
		cancel()
		if err != nil {
			continue // asked again at once; a caller that needs a new slot hears of it
		}
		until = end
		s.mu.Lock()
		s.granted, s.until = granted, end
		s.admit()
		s.mu.Unlock()
	}
}

func (s *slots) family(name string) *gate {
	g := s.families[name]
	if g == nil {
		g = &gate{limit: s.max}
		s.families[name] = g
	}
	return g
}

// admit lets in whoever fits. A quarter of the slots is kept for the fast.
func (s *slots) admit() {
	limit := min(s.total.limit, s.granted)
	for queue, room := range [2]int{limit, limit - limit/4} {
		kept := s.waiting[queue][:0]
		for _, w := range s.waiting[queue] {
			g := s.family(w.family)
			if s.total.used >= room || g.used >= g.limit {
				kept = append(kept, w)
				continue
			}
			s.total.used++
			g.used++
			w.done = true
			close(w.ready)
			if _, alone := s.lease.leaser.(everything); s.idle == nil && !alone {
				s.idle = make(chan struct{})
				go s.keep(s.idle, s.until)
			}
		}
		clear(s.waiting[queue][len(kept):])
		s.waiting[queue] = kept
	}
}

// halve reacts once to all refusals of calls that were under way together.
func (g *gate) halve(begun time.Time) {
	if begun.Before(g.cut) {
		return
	}
	g.limit = max(1, g.limit/2)
	g.good = 0
	g.cut = time.Now() //nolint:forbidigo // compared with the wall time of calls
}

// grow adds one slot after eight rounds of success.
func (g *gate) grow(limit int) {
	if g.limit >= limit {
		return
	}
	if g.good++; g.good >= 8*g.limit {
		g.limit++
		g.good = 0
	}
}
