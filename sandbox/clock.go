package sandbox

import (
	"container/heap"
	"time"
)

// worldClock is the time of the world. While it runs, world time is
// base + (wall - anchor) * speed, but never beyond the next gate: a timer of
// the world, or the next due time of a follower. Thus everything happens at
// its exact world time however late the machine is. All fields are guarded by
// Sandbox.mu.
type worldClock struct {
	base    time.Time // world time at anchor, or the time it stands at
	anchor  time.Time // wall time of base while running
	running bool
	speed   float64
	holds   int // calls in flight and callbacks without an answer
	timers  timerHeap
	seq     uint64

	epoch     uint64 // grows with everything a follower must hear about
	followers map[string]*follower
	inproc    []*follower

	target   time.Time // of the advance under way; zero when none
	waiting  time.Time // wall time since which an advance waits for followers
	overruns int       // times an advance went on without them
	advanced chan struct{}
	parked   bool // the loop waits to be poked
}

// timer is a thing the world does at a time.
type timer struct {
	at  time.Time
	seq uint64
	do  func()
}

type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].seq < h[j].seq
	}
	return h[i].at.Before(h[j].at)
}
func (h timerHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *timerHeap) Push(x any)   { *h = append(*h, x.(*timer)) }
func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return t
}

// Now is the time of the world.
func (s *Sandbox) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// now is Now with s.mu held.
func (s *Sandbox) now() time.Time {
	c := &s.clock
	if !c.running {
		return c.base
	}
	t := c.base.Add(time.Duration(float64(time.Since(c.anchor)) * c.speed))
	if g, ok := s.gate(); ok && t.After(g) {
		return g
	}
	return t
}

// at runs do at world time t, with s.mu held.
func (s *Sandbox) at(t time.Time, do func()) {
	c := &s.clock
	c.seq++
	heap.Push(&c.timers, &timer{at: t, seq: c.seq, do: do})
	s.poke()
}

// after runs do when d of world time has passed, with s.mu held.
func (s *Sandbox) after(d time.Duration, do func()) { s.at(s.now().Add(d), do) }

// gate is the next time the world must not pass unseen.
func (s *Sandbox) gate() (time.Time, bool) {
	c := &s.clock
	var g time.Time
	ok := false
	if len(c.timers) > 0 {
		g, ok = c.timers[0].at, true
	}
	for f := range s.eachFollower() {
		if !f.next.IsZero() && f.next.After(c.base) && (!ok || f.next.Before(g)) {
			g, ok = f.next, true
		}
	}
	if ok && g.Before(c.base) {
		g = c.base
	}
	return g, ok
}

// freeze stops the clock where it is.
func (s *Sandbox) freeze() {
	s.clock.base = s.now()
	s.clock.running = false
}

// resume lets the clock run when nothing holds it.
func (s *Sandbox) resume() {
	c := &s.clock
	if c.running || c.speed == 0 || c.holds > 0 || !c.target.IsZero() || !s.settled() {
		return
	}
	c.anchor = time.Now()
	c.running = true
}

// hold makes the world stand still until release.
func (s *Sandbox) hold() {
	if s.clock.holds == 0 {
		s.freeze()
	}
	s.clock.holds++
}

// release ends one hold.
func (s *Sandbox) release() {
	c := &s.clock
	c.holds--
	if c.holds > 0 {
		return
	}
	s.resume()
	if c.parked || !c.target.IsZero() {
		s.poke()
	}
}

func (s *Sandbox) poke() {
	select {
	case s.poked <- struct{}{}:
	default:
	}
}

// run is the loop that fires timers, moves advances and watches followers.
func (s *Sandbox) run() {
	defer close(s.loopDone)
	wake := time.NewTimer(0)
	defer wake.Stop()
	for {
		s.askInProcess()
		s.mu.Lock()
		sleep := s.turn()
		s.mu.Unlock()
		wake.Reset(sleep)
		select {
		case <-s.closed:
			return
		case <-s.poked:
		case <-wake.C:
		}
	}
}

const (
	idleSleep  = time.Second           // longest sleep; followers are looked at that often
	inprocPoll = 20 * time.Millisecond // how often a busy in-process follower is asked
	burst      = 1024                  // timers fired before others get the lock
)

// turn does what is due and says how long the loop may sleep.
func (s *Sandbox) turn() time.Duration {
	c := &s.clock
	c.parked = false
	s.dropSilent()
	for range burst {
		if c.holds > 0 || (!s.settled() && !s.overdue()) {
			if c.running {
				s.freeze()
			}
			c.parked = true
			return s.parkFor()
		}
		c.waiting = time.Time{}
		now := s.now()
		gate, gated := s.gate()
		moving := !c.target.IsZero()
		if moving && (!gated || gate.After(c.target)) {
			if !now.Before(c.target) {
				s.endAdvance()
				continue
			}
			gate, gated = c.target, true
		}
		if !gated || (!moving && now.Before(gate)) {
			s.resume()
			if c.running {
				s.anchorAgain(now)
			}
			return s.sleepUntil(now, gate, gated)
		}
		if s.step(gate) {
			// Somebody must report before the world goes on.
			continue
		}
	}
	return 0
}

// patience is how long an advance waits at one step for followers that report,
// but are never done; then it goes on, because it must never wait for ever.
// Options.Patience may make it longer.
const patience = 30 * time.Second

// overdue is true when followers have kept an advance waiting for too long.
func (s *Sandbox) overdue() bool {
	c := &s.clock
	switch {
	case c.target.IsZero():
		return false
	case c.waiting.IsZero():
		c.waiting = time.Now()
		return false
	case time.Since(c.waiting) < max(patience, s.opts.Patience):
		return false
	}
	c.overruns++
	for f := range s.eachFollower() {
		f.busy, f.need = false, 0
	}
	return true
}

// parkFor is how long the loop may wait for a held world.
func (s *Sandbox) parkFor() time.Duration {
	c := &s.clock
	if c.holds > 0 || len(c.inproc) == 0 {
		return s.silenceLeft()
	}
	for _, f := range c.inproc {
		if f.need > 0 && !f.busy {
			return 0
		}
	}
	return time.Millisecond
}

// anchorAgain keeps base close to the present so that gate sees it.
func (s *Sandbox) anchorAgain(now time.Time) {
	s.clock.base, s.clock.anchor = now, time.Now()
}

func (s *Sandbox) sleepUntil(now, gate time.Time, gated bool) time.Duration {
	c := &s.clock
	longest := idleSleep
	if len(c.inproc) > 0 {
		longest = inprocPoll
	}
	if !gated || c.speed == 0 || !c.running {
		return longest
	}
	wall := time.Duration(float64(gate.Sub(now)) / c.speed)
	return max(min(wall, longest), 50*time.Microsecond)
}

// step moves the world to t and fires one timer due there. It reports whether
// a follower was told.
func (s *Sandbox) step(t time.Time) bool {
	c := &s.clock
	if c.running {
		s.freeze()
	}
	if t.After(c.base) {
		c.base = t
	}
	told := s.tellReached(c.base)
	if len(c.timers) > 0 && !c.timers[0].at.After(c.base) {
		heap.Pop(&c.timers).(*timer).do()
	}
	return told
}
