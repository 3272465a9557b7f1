package inbound

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom/callback"
)

// delivery is one event on its way to the database. It holds its share of the room until the writer is done with it.
type delivery struct {
	item   bus.Item
	room   int64
	queued bool // the writer has it, and gives the room back
	done   chan error
}

// enter waits for the room that a callback of this length takes while it is read, decrypted and written; -1 = unknown.
// When the database is slow, what WeCom sends would else pile up in memory.
func (in *Inbound) enter(ctx context.Context, length int64) (*delivery, error) {
	const (
		least  = 4 << 10 // of a request, apart from its body
		copies = 6       // of the body: read, decoded, decrypted, as payload and in the statement
	)
	if length < 0 || length > callback.MaxBody {
		length = callback.MaxBody
	}
	d := &delivery{room: min(least+copies*length, in.Room), done: make(chan error, 1)}
	if err := in.room.Acquire(ctx, d.room); err != nil {
		return nil, fmt.Errorf("wait for room in memory: %w", err)
	}
	return d, nil
}

// leave gives the room back, unless the writer will.
func (in *Inbound) leave(d *delivery) {
	if !d.queued {
		in.room.Release(d.room)
	}
}

// store hands an event to the writer and waits until it is committed.
func (in *Inbound) store(ctx context.Context, d *delivery) error {
	select {
	case in.queue <- d:
		d.queued = true
	case <-ctx.Done():
		return fmt.Errorf("wait for the writer: %w", ctx.Err())
	}
	select {
	case err := <-d.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("wait for the commit: %w", ctx.Err())
	}
}

// write is the one writer: whatever waits shares one commit, so that the cost of a sync to disk is shared too.
func (in *Inbound) write(ctx context.Context) {
	for {
		var group []*delivery
		select {
		case d := <-in.queue:
			group = append(group, d)
		case <-ctx.Done():
			return
		}
	fill:
		for len(group) < groupMost {
			select {
			case d := <-in.queue:
				group = append(group, d)
			default:
				break fill
			}
		}
		err := in.commit(ctx, group)
		for _, d := range group {
			d.done <- err
			in.room.Release(d.room)
		}
	}
}

func (in *Inbound) commit(ctx context.Context, group []*delivery) error {
	items := make([]bus.Item, 0, len(group))
	once := make(map[string]bool, len(group)) // one statement cannot insert one key twice on every engine
	for _, d := range group {
		if !once[d.item.Key] {
			once[d.item.Key] = true
			items = append(items, d.item)
		}
	}
	ctx, cancel := context.WithTimeout(db.Urgent(ctx), in.Within)
	defer cancel()
	return in.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := in.Bus.Put(ctx, tx, items...)
		return err
	})
}
