package clock

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Load tells a sandbox whether the platform has work that is due now, and when its next work is due (0 = none).
type Load func(ctx context.Context, now Time) (busy bool, next Time)

// Follower is a world that follows a sandbox's clock over HTTP. It reports whether the platform is busy, so that the world
// can stand still meanwhile. While the world waits for its word anyway, a busy platform first does its work; otherwise the
// follower says that it is busy, or leaves a question open that the sandbox answers when there is news, or after 100 ms.
// Between two answers it interpolates by the world's speed.
type Follower struct {
	url  string
	id   string
	http *http.Client

	epoch uint64 // of the last answer; only Run and Follow touch it, one after the other

	mu      sync.Mutex
	now     Time
	exact   time.Time // now as the sandbox told it: it counts finer than milliseconds
	at      time.Time // wall instant at which the world stood at now
	speed   float64
	running bool
	asked   int // answers to Ask
	changed chan struct{}
}

const (
	followEvery = 100 * time.Millisecond
	busyEvery   = 10 * time.Millisecond  // longest between two looks at a busy platform; what it ends is told before
	busyAtLeast = time.Millisecond       // shortest
	holdBack    = 200 * time.Millisecond // how long a busy platform keeps a world waiting without a word

	answerWithin = 30 * time.Second // a sandbox that hangs; a slow one is waited for
	leaveWithin  = 2 * time.Second
)

// Follow asks the sandbox at base for its clock and returns a world that stands there. It fails when the sandbox
// does not answer: a platform that cannot tell the time must not start.
func Follow(ctx context.Context, base, id string) (*Follower, error) {
	f := &Follower{
		url: strings.TrimRight(base, "/") + "/_sandbox/clock/follow", id: id,
		http: &http.Client{Timeout: answerWithin}, changed: make(chan struct{}),
	}
	if err := f.report(ctx, message{Busy: true}); err != nil {
		return nil, fmt.Errorf("follow the clock at %s: %w", base, err)
	}
	return f, nil
}

// Run reports load to the sandbox until ctx ends; then it takes leave, so that the world does not wait for it. What comes by
// ended says that work was stored or done, so that load is worth asking; nil = it is asked every few milliseconds.
func (f *Follower) Run(ctx context.Context, load Load, ended <-chan struct{}) {
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveWithin)
		defer cancel()
		_ = f.report(ctx, message{Leave: true}) // a sandbox that does not hear it drops the silent follower
	}()
	stands, said := true, time.Now() // whether the world stands until our next word, and when it heard the last
	for ctx.Err() == nil {
		now, seen := f.look()
		busy, next := load(ctx, now)
		if ctx.Err() != nil {
			return // what a load that was cut short says counts for nothing
		}
		if busy && stands && time.Since(said) < holdBack {
			pause(ctx, ended)
			continue
		}
		m := message{Busy: busy, Seen: seen}
		if !busy {
			m.WaitMS = followEvery.Milliseconds()
		}
		if !next.IsZero() {
			m.Next = next.In(time.UTC)
		}
		epoch := f.epoch
		err := f.report(ctx, m)
		stands, said = err == nil && (busy || f.epoch != epoch), time.Now() // a new epoch is news that it wants to be heard of
		if err != nil {
			wait(ctx, followEvery, nil) // a sandbox that is away: the world runs on by interpolation
		}
	}
}

// pause gives a busy platform time to get on: until something ended, but neither shorter nor longer than a few milliseconds.
func pause(ctx context.Context, ended <-chan struct{}) {
	wait(ctx, busyAtLeast, nil)
	wait(ctx, busyEvery-busyAtLeast, ended)
}

func wait(ctx context.Context, d time.Duration, ended <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ended:
	case <-ctx.Done():
	}
}

// look answers the world's time in milliseconds, and as exactly as the sandbox told it: a sandbox that waits until its
// own instant was seen would wait for ever for one that was cut.
func (f *Follower) look() (Time, time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.nowLocked()
	return now, f.exact.Add(now.Sub(f.now))
}

// message is one report, in the sandbox's words.
type message struct {
	ID     string    `json:"id"`
	Busy   bool      `json:"busy"`
	Epoch  uint64    `json:"epoch"`
	Seen   time.Time `json:"seen,omitzero"`
	Next   time.Time `json:"next,omitzero"`
	WaitMS int64     `json:"wait_ms,omitempty"`
	Leave  bool      `json:"leave,omitempty"`
}

func (f *Follower) report(ctx context.Context, m message) error {
	m.ID, m.Epoch = f.id, f.epoch
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	f.mu.Lock()
	asked := f.asked
	f.mu.Unlock()
	ans, err := f.do(req)
	if err != nil {
		return err
	}
	f.epoch = ans.Epoch
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asked != asked && ans.Clock.Before(f.exact) {
		return nil // Ask has heard a later time meanwhile
	}
	f.tell(ans)
	return nil
}

// Ask asks the sandbox for the present at once. A world that is advanced jumps between two reports; who holds something
// that the sandbox stamped meanwhile would judge it by an old clock.
func (f *Follower) Ask(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(f.url, "/follow"), nil)
	if err != nil {
		return err
	}
	ans, err := f.do(req)
	if err != nil {
		return fmt.Errorf("ask for the clock: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	f.tell(ans)
	return nil
}

// answer is the clock, in the sandbox's words.
type answer struct {
	Clock   time.Time `json:"clock"`
	Speed   float64   `json:"speed"`
	Running bool      `json:"running"`
	Epoch   uint64    `json:"epoch"`
}

func (f *Follower) do(req *http.Request) (ans answer, err error) {
	resp, err := f.http.Do(req)
	if err != nil {
		return ans, err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(&ans); err != nil {
		return ans, fmt.Errorf("read the clock: %w", err)
	}
	return ans, nil
}

// tell takes an answer over, with f.mu held.
func (f *Follower) tell(ans answer) {
	f.now, f.exact, f.at, f.speed, f.running = At(ans.Clock), ans.Clock, time.Now(), ans.Speed, ans.Running
	close(f.changed)
	f.changed = make(chan struct{})
}

// Now implements World.
func (f *Follower) Now() Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.nowLocked()
}

// nowLocked never runs further ahead of the last report than two reports' worth: the world may have stood still.
func (f *Follower) nowLocked() Time {
	if f.now == 0 || !f.running {
		return f.now
	}
	since := min(time.Since(f.at), 2*followEvery)
	return f.now.Add(time.Duration(float64(since) * f.speed))
}

// Wait implements World.
func (f *Follower) Wait(ctx context.Context, t Time) error {
	for {
		f.mu.Lock()
		now, changed, speed := f.nowLocked(), f.changed, f.speed
		f.mu.Unlock()
		if now >= t {
			return nil
		}
		wait := followEvery
		if speed > 0 {
			wait = min(wait, time.Duration(float64(t.Sub(now))/speed)+time.Millisecond)
		}
		timer := time.NewTimer(wait)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		timer.Stop()
	}
}
