package bus

import (
	"context"
	"sync/atomic"

	"zhiyin.dev/zhiyin/internal/clock"
)

// load remembers the last answer of Load, for callers that ask every millisecond. Every commit that may change the
// answer on this node makes it stale; other nodes' commits do not, so it serves only a platform of one node.
type load struct {
	changes atomic.Int64
	known   atomic.Pointer[loadAnswer]
}

type loadAnswer struct {
	changes int64
	busy    bool
	next    clock.Time
}

// Idle answers like Load, from memory while nothing changed.
func (b *Bus) Idle(ctx context.Context, now clock.Time) (busy bool, next clock.Time) {
	changes := b.load.changes.Load()
	if k := b.load.known.Load(); k != nil && k.changes == changes && !k.busy && (k.next == 0 || now < k.next) {
		return false, k.next
	}
	busy, next = b.Load(ctx, now)
	b.load.known.Store(&loadAnswer{changes: changes, busy: busy, next: next})
	return busy, next
}

// News is told when work was stored or ended on this node, so that Load may answer something else. It holds one word and is
// for one listener.
func (b *Bus) News() <-chan struct{} { return b.news }

func (b *Bus) tell() {
	select {
	case b.news <- struct{}{}:
	default:
	}
}
