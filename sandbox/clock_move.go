package sandbox

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Advance moves the world by d, step by step: each timer of the world and each
// due time of a follower is visited, and at each step the callbacks must be
// answered and the live followers idle before the next. It returns when the
// world is there.
func (s *Sandbox) Advance(ctx context.Context, d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("advance the world by %s: time does not go back", d)
	}
	return s.moveTo(ctx, func(now time.Time) time.Time { return now.Add(d) })
}

// SetTime moves the world to t, as Advance does. The past is refused.
func (s *Sandbox) SetTime(ctx context.Context, t time.Time) error {
	if t.Before(s.Now()) {
		return fmt.Errorf("set the world's time to %s: time does not go back", t.Format(time.RFC3339))
	}
	return s.moveTo(ctx, func(time.Time) time.Time { return t.In(Zone) })
}

// SetSpeed sets world seconds per wall second; 0 stops the clock.
func (s *Sandbox) SetSpeed(speed float64) error {
	if speed < 0 || speed > 1e9 {
		return fmt.Errorf("set the world's speed to %v: must be between 0 and 1e9", speed)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.freeze()
	s.clock.speed = speed
	s.resume()
	s.poke()
	return nil
}

var errClosed = errors.New("sandbox closed")

func (s *Sandbox) moveTo(ctx context.Context, target func(now time.Time) time.Time) error {
	select {
	case s.moving <- struct{}{}: // one advance at a time
		defer func() { <-s.moving }()
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	s.freeze()
	arrived := make(chan struct{})
	s.clock.target, s.clock.advanced = target(s.clock.base), arrived
	s.poke()
	s.mu.Unlock()
	select {
	case <-arrived:
		return nil
	case <-s.closed:
		return errClosed
	case <-ctx.Done():
		s.mu.Lock()
		s.clock.target = time.Time{}
		s.resume()
		s.mu.Unlock()
		return ctx.Err()
	}
}

func (s *Sandbox) endAdvance() {
	c := &s.clock
	c.target = time.Time{}
	close(c.advanced)
	s.resume()
}
