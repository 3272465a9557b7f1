package bus

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// The lanes of the two loops.
var (
	told  = []Lane{Inbox, Timer} //nolint:gochecknoglobals // a constant list
	asked = []Lane{Intent}       //nolint:gochecknoglobals // a constant list
)

var errNotOwner = errors.New("the partition belongs to another node now")

// partition does the work of one partition while this node owns it. Two loops share it: handlers, which only need the
// database, and intents, which may have to wait for a free slot. So a slow WeCom never holds up what WeCom tells us.
type partition struct {
	bus     *Bus
	n       int
	handled chan struct{} // wakes the loop of handlers
	intents chan struct{} // wakes the loop of intents
	urgent  chan struct{} // tells the loop of intents, while it waits for a slot, that an urgent one came

	mu       sync.Mutex
	fence    int64           // 0 = not owned
	inFlight map[string]bool // order keys of intents being performed
	stranded []stranded      // intents whose end could not be written
}

func newPartition(b *Bus, n int) *partition {
	signals := func() chan struct{} { return make(chan struct{}, 1) }
	return &partition{bus: b, n: n, handled: signals(), intents: signals(), urgent: signals(), inFlight: map[string]bool{}}
}

// call says which loops of a partition have new work.
type call byte

const (
	callHandlers call = 1 << iota
	callIntents
	callUrgent
	all = callHandlers | callIntents | callUrgent
)

// callFor is the call for one piece of work.
func callFor(lane Lane, urgent bool) call {
	switch {
	case lane != Intent:
		return callHandlers
	case urgent:
		return callIntents | callUrgent
	}
	return callIntents
}

// callFrom reads what wake sent.
func callFrom(data []byte) call {
	if len(data) != 1 {
		return all
	}
	return call(data[0])
}

func (p *partition) signal(c call) {
	wake := func(bit call, loop chan struct{}) {
		if c&bit == 0 {
			return
		}
		select {
		case loop <- struct{}{}:
		default:
		}
	}
	wake(callHandlers, p.handled)
	wake(callIntents, p.intents)
	wake(callUrgent, p.urgent)
}

func (p *partition) owned() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fence
}

// run does the work of some lanes on every wake-up and when something becomes due.
func (p *partition) run(ctx context.Context, wake <-chan struct{}, lanes []Lane, step func(ctx context.Context, fence int64) (int, error)) {
	for {
		next := clock.Time(0)
		if fence := p.owned(); fence != 0 {
			var err error
			if next, err = p.drain(ctx, fence, lanes, step); err != nil && ctx.Err() == nil && !errors.Is(err, errNotOwner) {
				p.bus.log.Error("work on a partition", "partition", p.n, "error", err)
			}
		}
		waitCtx, cancel := context.WithCancel(ctx)
		due := make(chan struct{})
		if next != 0 {
			go func() {
				if p.bus.world.Wait(waitCtx, next) == nil {
					close(due)
				}
			}()
		}
		select {
		case <-wake:
		case <-due:
		case <-ctx.Done():
			cancel()
			return
		}
		cancel()
	}
}

// drain steps until nothing is due and answers when the next work of these lanes is.
func (p *partition) drain(ctx context.Context, fence int64, lanes []Lane, step func(ctx context.Context, fence int64) (int, error)) (clock.Time, error) {
	for {
		// Taken before the step: what becomes due between its looking and ours is next, and not forgotten until the sweep.
		now := p.bus.world.Now()
		n, err := step(ctx, fence)
		if err != nil {
			return 0, err
		}
		if n == 0 {
			return p.next(ctx, lanes, now)
		}
	}
}

// handle does a batch of inbox and timer rows in one transaction; after a failure each row gets its own.
func (p *partition) handle(ctx context.Context, fence int64) (int, error) {
	rows, err := p.due(ctx, told, batch)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	if err = p.commit(ctx, fence, rows); err == nil || ctx.Err() != nil || errors.Is(err, errNotOwner) {
		return len(rows), err
	}
	blocked := map[string]bool{}
	for _, w := range rows {
		if blocked[w.OrderKey] {
			continue
		}
		err := p.commit(ctx, fence, []Work{w})
		switch {
		case err == nil:
		case ctx.Err() != nil || errors.Is(err, errNotOwner):
			return 0, err
		default:
			blocked[w.OrderKey] = true
			if err := p.fail(ctx, fence, w, err); err != nil {
				return 0, err
			}
		}
	}
	return len(rows), nil
}

// commit runs the handlers of rows and marks them done, all in one transaction.
func (p *partition) commit(ctx context.Context, fence int64, rows []Work) error {
	defer p.bus.tell()
	return p.bus.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := p.checkFence(ctx, tx, fence); err != nil {
			return err
		}
		for _, run := range runs(rows) {
			if err := p.call(ctx, tx, run); err != nil {
				return err
			}
		}
		ids := make([]int64, len(rows))
		for i, w := range rows {
			ids[i] = w.ID
		}
		return p.markDone(ctx, tx, ids)
	})
}

// runs cuts rows into stretches of one corp and kind in which no order key comes twice; their order stays.
func runs(rows []Work) [][]Work {
	var out [][]Work
	begin, seen := 0, map[string]bool{}
	for i, w := range rows {
		if i > begin && (w.Kind != rows[begin].Kind || w.CorpID != rows[begin].CorpID || seen[w.OrderKey]) {
			out = append(out, rows[begin:i])
			begin = i
			clear(seen)
		}
		seen[w.OrderKey] = true
	}
	if begin < len(rows) {
		out = append(out, rows[begin:])
	}
	return out
}

func (p *partition) call(ctx context.Context, tx *db.Tx, run []Work) (err error) {
	w := run[0]
	h, ok := p.bus.handlers[w.Kind]
	if !ok {
		if w.Lane == Inbox {
			return nil // an event nobody listens to: stored, and that is all
		}
		return Permanent(fmt.Errorf("nobody handles %s", w.Kind))
	}
	defer func() {
		if r := recover(); r != nil { // a panic is a failed attempt, never a success
			err = fmt.Errorf("panic in %s: %v\n%s", w.Kind, r, debug.Stack())
		}
	}()
	if err := h(ctx, tx, run); err != nil {
		return fmt.Errorf("handle %s: %w", w.Kind, err)
	}
	return nil
}

func (p *partition) markDone(ctx context.Context, tx *db.Tx, ids []int64) error {
	_, err := tx.NewUpdate().Model((*Work)(nil)).Set("state = ?", Done).Set("done_at = ?", p.bus.world.Now()).Set("error = ''").
		Where("id IN (?)", bun.List(ids)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("mark work done: %w", err)
	}
	return nil
}

// fail writes what becomes of work that did not succeed.
func (p *partition) fail(ctx context.Context, fence int64, w Work, cause error) error {
	defer p.bus.tell()
	state, attempts, due := verdict(w, p.bus.world.Now(), cause)
	if state == Dead {
		p.bus.log.Error("work became a dead letter", "kind", w.Kind, "id", w.ID, "attempts", attempts, "error", cause)
	}
	err := p.bus.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := p.checkFence(ctx, tx, fence); err != nil {
			return err
		}
		_, err := tx.NewUpdate().Model((*Work)(nil)).Set("state = ?", state).Set("attempts = ?", attempts).Set("due_at = ?", due).
			Set("error = ?", shorten(cause.Error())).Where("id = ?", w.ID).Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("write that %s %d failed: %w", w.Kind, w.ID, err)
	}
	return nil
}

func shorten(s string) string {
	const most = 2000
	if len(s) > most {
		return s[:most]
	}
	return s
}
