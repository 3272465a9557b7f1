package wecom

import (
	"context"
	"sync"
	"time"
)

// The published limits of one corp on one endpoint.
// https://developer.work.weixin.qq.com/document/path/90312
const (
	perMinute = 10_000
	perHour   = 150_000
)

// rates counts the calls of each endpoint in the corp's time and remembers
// what WeCom has refused with 45009.
type rates struct {
	clock Clock
	lease *lease

	mu  sync.Mutex
	ops map[string]*opRate
}

type opRate struct {
	minute, hour window
	blocked      time.Time
	strikes      int // refusals in a row
}

func newRates(clock Clock, leaser Leaser) *rates {
	return &rates{clock: clock, ops: map[string]*opRate{}, lease: &lease{leaser: leaser, family: LeaseRate}}
}

// take counts one call, or says until when none is free.
func (r *rates) take(ctx context.Context, op string) error {
	share, err := r.share(ctx)
	if err != nil {
		return err
	}
	now := r.clock()
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.op(op)
	if now.Before(o.blocked) {
		return &LimitError{Op: op, Until: o.blocked}
	}
	if until, ok := o.minute.room(now, perMinute*share/100); !ok {
		return &LimitError{Op: op, Until: until}
	}
	if until, ok := o.hour.room(now, perHour*share/100); !ok {
		return &LimitError{Op: op, Until: until}
	}
	o.minute.add()
	o.hour.add()
	return nil
}

// share is the percentage of every rate that is this node's. A node that just
// joined waits until the others have come down to theirs.
func (r *rates) share(ctx context.Context) (int, error) {
	for {
		share, _, err := r.lease.get(ctx, func() int { return 0 }, 100, 100)
		if err != nil || share > 0 {
			return share, err
		}
		timer := time.NewTimer(leasePoll)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return 0, ctx.Err()
		}
	}
}

// refused notes a 45009 and returns until when the endpoint is left alone. WeCom
// blocks for the length of the window that was used up and does not tell
// which, so repeated refusals mean the longer ones. A fast call cannot wait
// that long; it begins with a second.
func (r *rates) refused(op string, fast bool) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	o, now := r.op(op), r.clock()
	if now.Before(o.blocked) {
		return o.blocked // one of many calls under way together
	}
	pause := time.Minute
	if fast {
		pause = time.Second
	}
	o.blocked = now.Add(min(pause<<min(o.strikes, 12), time.Hour))
	o.strikes++
	return o.blocked
}

func (r *rates) worked(op string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if o := r.op(op); !r.clock().Before(o.blocked) {
		o.strikes = 0
	}
}

func (r *rates) op(op string) *opRate {
	o := r.ops[op]
	if o == nil {
		o = &opRate{minute: window{span: 10 * time.Second}, hour: window{span: 10 * time.Minute}}
		r.ops[op] = o
	}
	return o
}

// window counts over a sliding time of six spans. It keeps seven counters, the
// oldest whole, so that it never counts too little.
type window struct {
	span  time.Duration
	start time.Time // of the newest span
	n     [7]int    // newest first
}

// room moves the window to now and tells whether another call fits, and if
// not, when the oldest calls leave it.
func (w *window) room(now time.Time, limit int) (until time.Time, ok bool) {
	start := now.Truncate(w.span)
	steps := len(w.n)
	if d := start.Sub(w.start); !w.start.IsZero() && d < time.Duration(steps)*w.span {
		steps = max(0, int(d/w.span)) // a clock that went back counts on in the newest span
	}
	if steps > 0 {
		copy(w.n[min(steps, len(w.n)):], w.n[:])
		clear(w.n[:min(steps, len(w.n))])
		w.start = start
	}
	sum := 0
	for _, n := range w.n {
		sum += n
	}
	if sum < limit {
		return time.Time{}, true
	}
	left := 1
	for i := len(w.n) - 1; i > 0; i-- {
		if sum -= w.n[i]; sum < limit {
			break
		}
		left++
	}
	return w.start.Add(time.Duration(left) * w.span), false
}

func (w *window) add() { w.n[0]++ }
