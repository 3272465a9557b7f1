package bus

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/db"
)

// look is how many due intents are read at a time. It is small, so that an urgent one that comes meanwhile is seen soon.
const look = 64

// perform starts the intents that may be performed now, one per order key, as many as there are slots, and answers how
// many were started. When there is no slot at all it waits for one.
func (p *partition) perform(ctx context.Context, fence int64) (int, error) {
	if err := p.takeUp(ctx, fence); err != nil {
		return 0, err
	}
	rows, err := p.due(ctx, asked, look)
	if err != nil {
		return 0, err
	}
	var begin []Work
	var slots []chan struct{}
	for _, w := range rows {
		if !p.claim(w) {
			continue
		}
		slot := p.bus.trySlot(w.Urgent)
		if slot == nil && len(begin) == 0 {
			if slot = p.waitSlot(ctx, w.Urgent); slot == nil && ctx.Err() == nil {
				p.release(w)
				return 1, nil // look again: there is something urgent
			}
		}
		if slot == nil {
			p.release(w)
			break
		}
		begin, slots = append(begin, w), append(slots, slot)
	}
	if len(begin) == 0 {
		return 0, ctx.Err()
	}
	if err := p.markRunning(ctx, fence, begin); err != nil {
		for i, w := range begin {
			<-slots[i]
			p.strand(fence, w) // the commit may have gone through, and its answer got lost
		}
		return 0, err
	}
	for i, w := range begin {
		p.bus.wg.Go(func() {
			defer func() {
				<-slots[i]
				p.signal(callIntents) // the next of its order key may begin
			}()
			if p.performOne(ctx, fence, w) {
				p.release(w)
			} else {
				p.strand(fence, w)
			}
		})
	}
	return len(begin), nil
}

// claim takes an order key; false when an intent of it is being performed.
func (p *partition) claim(w Work) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inFlight[w.OrderKey] {
		return false
	}
	p.inFlight[w.OrderKey] = true
	return true
}

// trySlot takes a free slot, nil when there is none: any intent a common one, an urgent one also one of the extra ones.
func (b *Bus) trySlot(urgent bool) chan struct{} {
	select {
	case b.slots <- struct{}{}:
		return b.slots
	default:
	}
	if urgent {
		select {
		case b.urgent <- struct{}{}:
			return b.urgent
		default:
		}
	}
	return nil
}

// waitSlot waits for a slot; nil when ctx ended or something urgent came first.
func (p *partition) waitSlot(ctx context.Context, urgent bool) chan struct{} {
	var extra chan struct{}
	var came <-chan struct{}
	if urgent {
		extra = p.bus.urgent
	} else {
		came = p.urgent
	}
	select {
	case p.bus.slots <- struct{}{}:
		return p.bus.slots
	case extra <- struct{}{}:
		return extra
	case <-came:
		return nil
	case <-ctx.Done():
		return nil
	}
}

func (p *partition) release(w Work) {
	p.mu.Lock()
	delete(p.inFlight, w.OrderKey)
	p.mu.Unlock()
}

// markRunning counts the attempt before it is made: after a crash the next owner sees that a call may have gone out.
func (p *partition) markRunning(ctx context.Context, fence int64, rows []Work) error {
	ids := make([]int64, len(rows))
	for i, w := range rows {
		ids[i] = w.ID
	}
	err := p.bus.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := p.checkFence(ctx, tx, fence); err != nil {
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

// performOne says whether what became of the intent is written, by this node or whoever owns the partition now.
func (p *partition) performOne(ctx context.Context, fence int64, w Work) bool {
	defer p.bus.tell()
	settle, err := p.invoke(ctx, w)
	if err == nil {
		err = p.bus.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := p.checkFence(ctx, tx, fence); err != nil {
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
		return true
	}
	err = p.fail(ctx, fence, w, err)
	if err == nil || errors.Is(err, errNotOwner) || ctx.Err() != nil {
		return true
	}
	p.bus.log.Error("settle an intent", "kind", w.Kind, "id", w.ID, "error", err)
	return false
}

// stranded is an intent that may be marked running although nobody performs it: the database went away before its end
// was written. It keeps its order key.
type stranded struct {
	fence int64
	work  Work
}

func (p *partition) strand(fence int64, w Work) {
	p.mu.Lock()
	p.stranded = append(p.stranded, stranded{fence, w})
	p.mu.Unlock()
}

// takeUp has stranded intents tried again, counted as an attempt, as the next owner would after a crash. Those of a former
// lease were taken up with the present one.
func (p *partition) takeUp(ctx context.Context, fence int64) error {
	p.mu.Lock()
	all := p.stranded
	p.stranded = nil
	p.mu.Unlock()
	var ids []int64
	for _, s := range all {
		if s.fence == fence {
			ids = append(ids, s.work.ID)
		}
	}
	if len(ids) > 0 {
		err := p.bus.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := p.checkFence(ctx, tx, fence); err != nil {
				return err
			}
			_, err := tx.NewUpdate().Model((*Work)(nil)).Set("state = ?", Pending).Set("attempts = attempts + 1").
				Where("id IN (?) AND state = ?", bun.List(ids), Running).Exec(ctx)
			return err
		})
		if err != nil {
			p.mu.Lock()
			p.stranded = append(all, p.stranded...)
			p.mu.Unlock()
			return fmt.Errorf("take up intents whose end could not be written: %w", err)
		}
	}
	for _, s := range all {
		p.release(s.work)
	}
	return nil
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
