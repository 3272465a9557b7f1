package sandbox

import (
	"context"
	"iter"
	"time"
)

// Follower is a platform in the same process that shares the world's clock.
// Busy reports whether work is due at now (inbox rows, intents, timers); a row
// that a callback left must show in Busy before the callback is answered. Next
// is the earliest due time after now. Both are called without locks held, up to
// every millisecond, and must be cheap.
type Follower interface {
	Busy(now time.Time) bool
	Next(now time.Time) (time.Time, bool)
}

// silence is how long a follower may be silent before the world goes on
// without it, in wall time; Options.Patience may make it longer.
const silence = 2 * time.Second

// silence is the constant, or the patience asked for.
func (s *Sandbox) silence() time.Duration { return max(silence, s.opts.Patience) }

// follower is what the world knows about one platform that follows its clock.
type follower struct {
	id     string
	self   Follower // nil for followers over HTTP
	busy   bool
	tells  bool // says when it is due, so an empty next means nothing is
	next   time.Time
	need   uint64        // epoch the follower must have reported on
	needAt time.Time     // world time of need
	looked int           // reports since need
	said   time.Time     // next of the last report, as sent
	heard  time.Time     // wall time of the last report
	news   chan struct{} // closed when need grows
}

func (f *follower) owe(epoch uint64, now time.Time) {
	f.need, f.needAt, f.looked = epoch, now, 0
	close(f.news)
	f.news = make(chan struct{})
}

// Follow lets f share the world's clock until stop is called.
func (s *Sandbox) Follow(f Follower) (stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fl := &follower{id: "in-process", self: f, news: make(chan struct{}), busy: true, tells: true}
	s.clock.inproc = append(s.clock.inproc, fl)
	s.freeze()
	s.poke()
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		kept := s.clock.inproc[:0]
		for _, other := range s.clock.inproc {
			if other != fl {
				kept = append(kept, other)
			}
		}
		s.clock.inproc = kept
		s.poke()
	}
}

func (s *Sandbox) eachFollower() iter.Seq[*follower] {
	return func(yield func(*follower) bool) {
		for _, f := range s.clock.inproc {
			if !yield(f) {
				return
			}
		}
		for _, f := range s.clock.followers {
			if !yield(f) {
				return
			}
		}
	}
}

// settled is true when every live follower is idle and has heard all news.
func (s *Sandbox) settled() bool {
	for f := range s.eachFollower() {
		if f.busy || f.need > 0 {
			return false
		}
	}
	return true
}

// tellAll makes every follower report before the world goes on: a callback was
// answered, so there may be work.
func (s *Sandbox) tellAll() {
	c := &s.clock
	if len(c.inproc)+len(c.followers) == 0 {
		return
	}
	c.epoch++
	now := s.now()
	if c.running {
		s.freeze()
	}
	for f := range s.eachFollower() {
		f.owe(c.epoch, now)
	}
	s.poke()
}

// tellReached tells the followers whose due time came and, during an advance,
// those that never say when they are due: otherwise they look often enough.
func (s *Sandbox) tellReached(now time.Time) bool {
	told := false
	for f := range s.eachFollower() {
		if f.next.After(now) {
			continue
		}
		if f.next.IsZero() && (f.tells || f.need > 0 || s.clock.target.IsZero()) {
			continue
		}
		f.next = time.Time{}
		s.clock.epoch++
		f.owe(s.clock.epoch, now)
		told = true
	}
	return told
}

// report is one POST clock/follow.
type report struct {
	ID     string `json:"id"`
	Busy   bool   `json:"busy"`
	Next   string `json:"next"`    // earliest due time after seen; empty = none known
	Seen   string `json:"seen"`    // the clock the follower had when it looked
	Epoch  uint64 `json:"epoch"`   // of the last answer; 0 = the follower keeps none
	WaitMS int    `json:"wait_ms"` // answer when there is news, at most that much wall time later
	Leave  bool   `json:"leave"`   // the follower ends: the world goes on without it at once
}

// clockView is what followers and GET clock are told.
type clockView struct {
	Clock   string  `json:"clock"`
	Speed   float64 `json:"speed"`
	Running bool    `json:"running"`
	Epoch   uint64  `json:"epoch"`
}

func (s *Sandbox) viewClock() clockView {
	return clockView{
		Clock: stamp(s.now()), Speed: s.clock.speed,
		Running: s.clock.running, Epoch: s.clock.epoch,
	}
}

func stamp(t time.Time) string { return t.In(Zone).Format(time.RFC3339Nano) }

// follow takes a report. A busy follower is answered at once; an idle one that
// asked to wait is answered when something happens that it must look at.
func (s *Sandbox) follow(ctx context.Context, r report, next, seen time.Time) clockView {
	s.mu.Lock()
	if r.Leave {
		defer s.mu.Unlock()
		delete(s.clock.followers, r.ID)
		s.resume()
		s.poke()
		return s.viewClock()
	}
	f := s.clock.followers[r.ID]
	if f == nil {
		f = &follower{id: r.ID, news: make(chan struct{})}
		s.clock.followers[r.ID] = f
	}
	f.heard = time.Now()
	// The world may have passed next while the report was on its way: then the
	// follower must look again. One that knows, and is idle all the same, is
	// believed.
	passed := !next.IsZero() && !next.After(s.now())
	unaware := passed && (seen.Before(next) && (!seen.IsZero() || !next.Equal(f.said)))
	f.said = next
	if passed {
		next = time.Time{}
	}
	f.busy, f.next = r.Busy, next
	f.tells = r.Epoch > 0 || r.WaitMS > 0 || r.Next != "" || !seen.IsZero()
	f.looked++
	// Without an epoch a report may have been on its way when the news came:
	// only the next one surely looked after it.
	heard := r.Epoch >= f.need || (r.Epoch == 0 && f.looked > 1)
	if f.need > 0 && heard && (seen.IsZero() || !seen.Before(f.needAt)) {
		f.need = 0
	}
	if unaware && f.need == 0 {
		s.clock.epoch++
		f.owe(s.clock.epoch, s.now())
	}
	if r.Busy || f.need > 0 {
		s.freeze()
	}
	s.resume()
	s.poke()
	news, wait := f.news, time.Duration(r.WaitMS)*time.Millisecond
	if r.Busy || f.need > 0 || wait <= 0 {
		defer s.mu.Unlock()
		return s.viewClock()
	}
	wait = min(wait, silence/2)
	f.heard = f.heard.Add(wait)
	s.mu.Unlock()

	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-news:
	case <-t.C:
	case <-ctx.Done():
	case <-s.closed:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f.heard = time.Now()
	return s.viewClock()
}

// dropSilent forgets followers that have been silent for too long.
func (s *Sandbox) dropSilent() {
	for id, f := range s.clock.followers {
		if time.Since(f.heard) > s.silence() {
			delete(s.clock.followers, id)
		}
	}
}

// silenceLeft is how long until the next follower may be dropped.
func (s *Sandbox) silenceLeft() time.Duration {
	left := idleSleep
	for _, f := range s.clock.followers {
		left = min(left, s.silence()-time.Since(f.heard)+time.Millisecond)
	}
	return max(left, time.Millisecond)
}

// askInProcess asks the followers of this process without holding the lock.
func (s *Sandbox) askInProcess() {
	s.mu.Lock()
	if len(s.clock.inproc) == 0 || s.clock.holds > 0 {
		s.mu.Unlock()
		return
	}
	now := s.now()
	asked := append([]*follower(nil), s.clock.inproc...)
	epoch := s.clock.epoch
	s.mu.Unlock()
	for _, f := range asked {
		busy := f.self.Busy(now)
		next, ok := f.self.Next(now)
		if !ok {
			next = time.Time{}
		}
		s.mu.Lock()
		f.busy, f.next = busy, next
		if f.need <= epoch {
			f.need = 0
		}
		if busy {
			s.freeze()
		}
		s.mu.Unlock()
	}
}
