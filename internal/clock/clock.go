// Package clock tells two times apart that look alike and must never be mixed.
//
// World time is the corp's time: what customers and WeCom see (windows, caps, quotas, codes, media life, schedules,
// freshness of callbacks, back-off of calls). It is the system's clock in production and the sandbox's clock when the
// platform follows one. Wall time is what people and machines need: logins, HTTP time-outs, leases, metrics.
//
// Both are integers of milliseconds, so that they sort, compare and store alike on both engines; the compiler keeps
// them apart because they are two types.
package clock

import (
	"context"
	"sync"
	"time"
)

// Time is an instant of the world's time, in milliseconds since 1970 UTC. Zero means never.
type Time int64

// WallTime is an instant of the machine's time, in milliseconds since 1970 UTC. Zero means never.
type WallTime int64

// At turns a standard time into world time.
func At(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixMilli())
}

// Unix turns WeCom's unix seconds into world time; 0 stays never.
func Unix(sec int64) Time { return Time(sec * 1000) }

// IsZero says whether t is never.
func (t Time) IsZero() bool { return t == 0 }

// Add returns t + d.
func (t Time) Add(d time.Duration) Time { return t + Time(d.Milliseconds()) }

// Sub returns t - u.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t-u) * time.Millisecond }

// Unix returns seconds since 1970 UTC, the form of WeCom's wire.
func (t Time) Unix() int64 { return int64(t) / 1000 }

// In returns t as a standard time in zone loc; never becomes the zero time.
func (t Time) In(loc *time.Location) time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(t)).In(loc)
}

// Day returns the first instant of t's calendar day in zone loc.
func (t Time) Day(loc *time.Location) Time {
	y, m, d := t.In(loc).Date()
	return At(time.Date(y, m, d, 0, 0, 0, 0, loc))
}

// Add returns t + d.
func (t WallTime) Add(d time.Duration) WallTime { return t + WallTime(d.Milliseconds()) }

// Sub returns t - u.
func (t WallTime) Sub(u WallTime) time.Duration { return time.Duration(t-u) * time.Millisecond }

// Std returns t as a standard time.
func (t WallTime) Std() time.Time { return time.UnixMilli(int64(t)) }

// World is the corp's clock.
type World interface {
	// Now is the present instant of the world.
	Now() Time
	// Wait returns when the world has reached t, or with ctx's error before.
	Wait(ctx context.Context, t Time) error
}

// Wall is the machine's clock.
type Wall struct{ now func() time.Time }

// SystemWall is the machine's real clock.
func SystemWall() Wall { return Wall{now: time.Now} }

// FakeWall is a wall clock for tests.
func FakeWall(now func() time.Time) Wall { return Wall{now: now} }

// Now is the present instant of the machine.
func (w Wall) Now() WallTime { return WallTime(w.now().UnixMilli()) }

// System is the world of production: the machine's clock.
type System struct{}

// Now implements World.
func (System) Now() Time { return At(time.Now()) }

// Wait implements World.
func (System) Wait(ctx context.Context, t Time) error {
	d := t.Sub(At(time.Now()))
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Manual is a world that moves only when told: for tests.
type Manual struct {
	mu      sync.Mutex
	now     Time
	changed chan struct{}
}

// NewManual returns a world that stands at t.
func NewManual(t time.Time) *Manual {
	return &Manual{now: At(t), changed: make(chan struct{})}
}

// Now implements World.
func (m *Manual) Now() Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Advance moves the world by d.
func (m *Manual) Advance(d time.Duration) { m.Set(m.Now().Add(d)) }

// Set moves the world to t.
func (m *Manual) Set(t Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = t
	close(m.changed)
	m.changed = make(chan struct{})
}

// Wait implements World.
func (m *Manual) Wait(ctx context.Context, t Time) error {
	for {
		m.mu.Lock()
		now, changed := m.now, m.changed
		m.mu.Unlock()
		if now >= t {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
