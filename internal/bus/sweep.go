package bus

import (
	"context"
	"fmt"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
)

// sweep looks once a second for due work that no wake-up told of: one may get lost, and a loop may have failed. One
// statement asks for all partitions of this node, so that a node with nothing to do asks once and not once a loop.
func (b *Bus) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		calls, err := b.missed(ctx, b.world.Now())
		if err != nil && ctx.Err() == nil {
			b.log.Error("look for due work", "error", err)
		}
		for n, c := range calls {
			b.parts[n].signal(c)
		}
	}
}

// missed answers which loops of this node's partitions have something to do.
func (b *Bus) missed(ctx context.Context, now clock.Time) (map[int]call, error) {
	calls := map[int]call{}
	var owned []string
	for n, p := range b.parts {
		p.mu.Lock()
		if p.fence != 0 {
			owned = append(owned, fmt.Sprintf("(%d)", n))
			if len(p.stranded) > 0 {
				calls[n] = callIntents
			}
		}
		p.mu.Unlock()
	}
	if len(owned) == 0 {
		return calls, nil
	}
	var rows []struct {
		N           int
		Told, Asked bool
	}
	if err := b.db.Read().NewRaw(whoHasDue(owned), now).Scan(ctx, &rows); err != nil {
		return calls, fmt.Errorf("read which partitions have due work: %w", err)
	}
	for _, r := range rows {
		if r.Told {
			calls[r.N] |= callHandlers
		}
		if r.Asked {
			calls[r.N] |= callIntents
		}
	}
	return calls, nil
}

// whoHasDue is the query for the partitions with due work; ?0 is now.
func whoHasDue(parts []string) string {
	const due = "EXISTS (SELECT 1 FROM work WHERE part = p.n AND state = 'pending' AND due_at <= ?0 AND lane "
	return "WITH p (n) AS (VALUES " + strings.Join(parts, ", ") + ") SELECT n, " +
		due + "IN ('inbox', 'timer')) AS told, " + due + "= 'intent') AS asked FROM p"
}
