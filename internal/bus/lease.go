package bus

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

const (
	leaseFor   = 6 * time.Second
	leaseEvery = time.Second
)

func leaseName(p int) string { return "partition/" + strconv.Itoa(p) }

// keepLeases renews what this node owns, takes its fair share of what is free, and gives back what is too much.
func (b *Bus) keepLeases(ctx context.Context) {
	tick := time.NewTicker(leaseEvery)
	defer tick.Stop()
	for {
		if err := b.shareOut(ctx); err != nil && ctx.Err() == nil {
			b.log.Error("keep the leases of partitions", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

type leaseRow struct {
	Name  string
	Owner string
	Fence int64
	Until clock.WallTime
}

func (b *Bus) shareOut(ctx context.Context) error {
	now := b.wall.Now()
	var mine map[int]int64
	err := b.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		mine = map[int]int64{}
		if err := tx.Lock(ctx, "bus/leases"); err != nil {
			return err
		}
		if _, err := tx.NewRaw("INSERT INTO node (id, seen) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET seen = EXCLUDED.seen",
			b.node, now).Exec(ctx); err != nil {
			return fmt.Errorf("say that this node lives: %w", err)
		}
		if _, err := tx.NewRaw("DELETE FROM node WHERE seen < ?", now.Add(-leaseFor)).Exec(ctx); err != nil {
			return fmt.Errorf("forget dead nodes: %w", err)
		}
		var nodes int
		if err := tx.NewRaw("SELECT COUNT(*) FROM node").Scan(ctx, &nodes); err != nil {
			return fmt.Errorf("count nodes: %w", err)
		}
		var rows []leaseRow
		if err := tx.NewRaw("SELECT name, owner, fence, until FROM lease WHERE name LIKE 'partition/%'").Scan(ctx, &rows); err != nil {
			return fmt.Errorf("read leases: %w", err)
		}
		have := map[string]leaseRow{}
		for _, r := range rows {
			have[r.Name] = r
		}
		share := (Partitions + nodes - 1) / nodes
		for p := range Partitions {
			r, ok := have[leaseName(p)]
			owned := ok && r.Owner == b.node
			free := !ok || r.Owner == "" || r.Until < now
			if (!owned && !free) || (owned && len(mine) >= share) || (!owned && len(mine) >= share) {
				if owned { // too much: give it back so that a new node gets its share
					if err := b.putLease(ctx, tx, leaseName(p), "", r.Fence, 0); err != nil {
						return err
					}
				}
				continue
			}
			fence := r.Fence
			if !owned {
				fence++
			}
			if err := b.putLease(ctx, tx, leaseName(p), b.node, fence, now.Add(leaseFor)); err != nil {
				return err
			}
			if !owned { // what the former owner left in flight is tried again, counted as an attempt
				if _, err := tx.NewRaw("UPDATE work SET state = ?, attempts = attempts + 1 WHERE part = ? AND state = 'running'",
					Pending, p).Exec(ctx); err != nil {
					return fmt.Errorf("take up intents of partition %d: %w", p, err)
				}
			}
			mine[p] = fence
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.kept.Store(int64(now))
	for i, p := range b.parts {
		p.mu.Lock()
		gained := mine[i] != 0 && p.fence != mine[i]
		p.fence = mine[i]
		p.mu.Unlock()
		if gained {
			p.signal(all)
		}
	}
	return nil
}

func (b *Bus) putLease(ctx context.Context, tx *db.Tx, name, owner string, fence int64, until clock.WallTime) error {
	_, err := tx.NewRaw("INSERT INTO lease (name, owner, fence, until) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "+
		"owner = EXCLUDED.owner, fence = EXCLUDED.fence, until = EXCLUDED.until", name, owner, fence, until).Exec(ctx)
	if err != nil {
		return fmt.Errorf("write lease %s: %w", name, err)
	}
	return nil
}

// checkFence refuses the transaction of a node that lost the partition since it began the work. fence is the one it began
// with: a node that lost the partition and got it again holds a new one, and what it began before was given to others.
func (p *partition) checkFence(ctx context.Context, tx *db.Tx, fence int64) error {
	if fence == 0 || fence != p.owned() {
		return errNotOwner
	}
	query := "SELECT fence FROM lease WHERE name = ? AND owner = ? AND fence = ?"
	if tx.DB.Engine == db.Postgres {
		query += " FOR SHARE"
	}
	var got int64
	err := tx.NewRaw(query, leaseName(p.n), p.bus.node, fence).Scan(ctx, &got)
	if errors.Is(err, sql.ErrNoRows) {
		return errNotOwner
	}
	if err != nil {
		return fmt.Errorf("check the fence of partition %d: %w", p.n, err)
	}
	return nil
}

func (b *Bus) freeLeases(ctx context.Context) error {
	return b.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.NewRaw("UPDATE lease SET owner = '', until = 0").Exec(ctx); err != nil {
			return fmt.Errorf("free the leases of the former process: %w", err)
		}
		_, err := tx.NewRaw("DELETE FROM node").Exec(ctx)
		return err
	})
}

// giveBack frees the leases of a node that stops, so that another takes over at once.
func (b *Bus) giveBack(ctx context.Context) error {
	return b.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.NewRaw("UPDATE lease SET owner = '', until = 0 WHERE owner = ?", b.node).Exec(ctx); err != nil {
			return fmt.Errorf("give the partitions back: %w", err)
		}
		_, err := tx.NewRaw("DELETE FROM node WHERE id = ?", b.node).Exec(ctx)
		return err
	})
}
