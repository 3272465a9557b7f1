package bus

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/db"
)

// perform starts the intents that may be performed now, one per order key, and answers how many were started. It
// waits for a free slot; urgent intents have slots of their own.
func (p *partition) perform(ctx context.Context) (int, error) {
	rows, err := p.due(ctx, []Lane{Intent}, 4*batch)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	var begin []Work
	p.mu.Lock()
	for _, w := range rows {
		if !p.inFlight[w.OrderKey] && len(begin) < batch {
			p.inFlight[w.OrderKey] = true
			begin = append(begin, w)
		}
	}
	p.mu.Unlock()
	if len(begin) == 0 {
		return 0, nil
	}
	if err := p.markRunning(ctx, begin); err != nil {
		for _, w := range begin {
			p.release(w)
		}
		return 0, err
	}
	for _, w := range begin {
		slot, err := p.bus.slot(ctx, w.Urgent)
		if err != nil {
			p.release(w)
			continue // stopping: the rows stay running and are taken up by the next owner
		}
		p.bus.wg.Go(func() {
			defer func() {
				<-slot
				p.release(w)
				p.signal()
			}()
			p.performOne(ctx, w)
		})
	}
	return len(begin), nil
}

// slot waits for room: any intent takes a common slot, an urgent one takes whichever is free first.
func (b *Bus) slot(ctx context.Context, urgent bool) (chan struct{}, error) {
	extra := b.urgent
	if !urgent {
		extra = nil
	}
	select {
	case b.slots <- struct{}{}:
		return b.slots, nil
	case extra <- struct{}{}:
		return extra, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *partition) release(w Work) {
	p.mu.Lock()
	delete(p.inFlight, w.OrderKey)
	p.mu.Unlock()
}

// markRunning counts the attempt before it is made: after a crash the next owner sees that a call may have gone out.
func (p *partition) markRunning(ctx context.Context, rows []Work) error {
	ids := make([]int64, len(rows))
	for i, w := range rows {
		ids[i] = w.ID
	}
	err := p.bus.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := p.checkFence(ctx, tx); err != nil {
			return err
		}
		_, err := tx.NewUpdate().Model((*Work)(nil)).Set("state = ?", Running).Where("id IN (?)", bun.List(ids)).Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("mark intents running: %w", err)
	}
	return nil
}

func (p *partition) performOne(ctx context.Context, w Work) {
	settle, err := p.invoke(ctx, w)
	if err == nil {
		err = p.bus.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := p.checkFence(ctx, tx); err != nil {
				return err
			}
			if settle != nil {
				if err := settle(ctx, tx); err != nil {
					return fmt.Errorf("settle %s: %w", w.Kind, err)
				}
			}
			return p.markDone(ctx, tx, []int64{w.ID})
		})
	}
	if err == nil || errors.Is(err, errNotOwner) || ctx.Err() != nil {
		return
	}
	if err := p.fail(ctx, w, err); err != nil && ctx.Err() == nil {
		p.bus.log.Error("settle an intent", "kind", w.Kind, "id", w.ID, "error", err)
	}
}

func (p *partition) invoke(ctx context.Context, w Work) (settle Settle, err error) {
	perform, ok := p.bus.performers[w.Kind]
	if !ok {
		return nil, Permanent(fmt.Errorf("nobody performs %s", w.Kind))
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in %s: %v\n%s", w.Kind, r, debug.Stack())
		}
	}()
	return perform(ctx, w)
}
