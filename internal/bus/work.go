package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// Lane says where a piece of work comes from, and with that how it is done.
type Lane string

// The lanes.
const (
	Inbox  Lane = "inbox"  // WeCom told us: a Handler, inside one transaction
	Timer  Lane = "timer"  // it became due: a Handler, inside one transaction
	Intent Lane = "intent" // a call to the outside: a Performer, outside of any transaction
)

// State of a piece of work.
type State string

// The states. pending -> done | dead for handlers; pending -> running -> done | dead | pending for performers.
const (
	Pending State = "pending"
	Running State = "running"
	Done    State = "done"
	Dead    State = "dead"
)

// Partitions is the number of partitions of all work. Each is owned by one node at a time.
const Partitions = 16

// Work is one row of the table that says what has to be done.
type Work struct {
	bun.BaseModel `bun:"table:work"`

	ID        int64 `bun:",pk"`
	CorpID    string
	Lane      Lane
	Kind      string
	Key       string
	Part      int
	OrderKey  string
	Urgent    bool
	Payload   string
	CreatedAt clock.Time
	DueAt     clock.Time
	State     State
	Attempts  int // how often it was tried before; above 0 an outside call may have been made already
	Error     string
	DoneAt    clock.Time
}

// Decode reads the payload into v.
func (w Work) Decode(v any) error {
	if err := json.Unmarshal([]byte(w.Payload), v); err != nil {
		return Permanent(fmt.Errorf("read the payload of %s %d: %w", w.Kind, w.ID, err))
	}
	return nil
}

// Item is work to be put on the table.
type Item struct {
	CorpID   string
	Lane     Lane
	Kind     string     // names the Handler or Performer
	Key      string     // identity within the corp: the same key is the same work and is put once
	OrderKey string     // work with the same order key is done one after the other, in the order it was put
	Urgent   bool       // goes before other intents: a welcome code lives 20 seconds
	Payload  any        // JSON
	DueAt    clock.Time // zero = now
}

// clockSkew is how far the clocks of two nodes may be apart. What is to be done at once is dated back by it, so that it is
// due on every node: else a row put by a node that runs ahead would be overtaken by a later one of the same order key.
const clockSkew = 10 * time.Second

// part spreads order keys over the partitions.
func part(corpID, orderKey string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(corpID + "\x00" + orderKey))
	return int(h.Sum32() % Partitions)
}

// Put writes work in the caller's transaction and wakes its owners once that is committed. Work whose key is already
// there is left as it is. It answers how many rows were new.
func (b *Bus) Put(ctx context.Context, tx *db.Tx, items ...Item) (int, error) {
	if len(items) == 0 {
		return 0, nil
	}
	now := b.world.Now()
	rows := make([]Work, len(items))
	parts := map[int]bool{}
	for i, it := range items {
		payload, err := json.Marshal(it.Payload)
		if err != nil {
			return 0, fmt.Errorf("write the payload of %s: %w", it.Kind, err)
		}
		due := it.DueAt
		if due.IsZero() {
			due = now.Add(-clockSkew)
		}
		p := part(it.CorpID, it.OrderKey)
		parts[p] = true
		rows[i] = Work{
			ID: tx.NewID(), CorpID: it.CorpID, Lane: it.Lane, Kind: it.Kind, Key: it.Key, Part: p, OrderKey: it.OrderKey,
			Urgent: it.Urgent, Payload: string(payload), CreatedAt: now, DueAt: due, State: Pending,
		}
	}
	res, err := tx.NewInsert().Model(&rows).On("CONFLICT (corp_id, key) DO NOTHING").Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("put %d pieces of work: %w", len(items), err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("count new work: %w", err)
	}
	if n > 0 {
		tx.OnCommit(func() {
			for p := range parts {
				b.wake(p)
			}
		})
	}
	return int(n), nil
}

// PutMerged puts work of one corp and kind that reads something anew, unless the same waits already: same order key, not
// begun, and not due earlier. What is read later tells no less. Once begun it may have read too early, so then it is put.
func (b *Bus) PutMerged(ctx context.Context, tx *db.Tx, items ...Item) error {
	if len(items) == 0 {
		return nil
	}
	orderKeys := make([]string, len(items))
	for i, it := range items {
		orderKeys[i] = it.OrderKey
	}
	var waiting []struct {
		OrderKey string
		DueAt    clock.Time
	}
	err := tx.NewRaw("SELECT order_key, MAX(due_at) AS due_at FROM work WHERE corp_id = ? AND order_key IN (?) AND lane = ? AND state = 'pending' "+
		"AND kind = ? GROUP BY order_key", items[0].CorpID, bun.List(orderKeys), items[0].Lane, items[0].Kind).Scan(ctx, &waiting)
	if err != nil {
		return fmt.Errorf("look which %s waits already: %w", items[0].Kind, err)
	}
	last := make(map[string]clock.Time, len(items))
	for _, w := range waiting {
		last[w.OrderKey] = w.DueAt
	}
	var fresh []Item
	for _, it := range items {
		if due, waits := last[it.OrderKey]; !waits || due < it.DueAt {
			last[it.OrderKey] = it.DueAt
			fresh = append(fresh, it)
		}
	}
	_, err = b.Put(ctx, tx, fresh...)
	return err
}

// Move changes when pending work is due, for example an open timer. Work that is not pending is left alone.
func (b *Bus) Move(ctx context.Context, tx *db.Tx, corpID, key string, due clock.Time) error {
	_, err := tx.NewUpdate().Model((*Work)(nil)).Set("due_at = ?", due).
		Where("corp_id = ? AND key = ? AND state = ?", corpID, key, Pending).Exec(ctx)
	if err != nil {
		return fmt.Errorf("move %s: %w", key, err)
	}
	tx.OnCommit(b.wakeAll)
	return nil
}

// Drop removes pending work that is no longer wanted.
func (b *Bus) Drop(ctx context.Context, tx *db.Tx, corpID, key string) error {
	_, err := tx.NewDelete().Model((*Work)(nil)).
		Where("corp_id = ? AND key = ? AND state = ?", corpID, key, Pending).Exec(ctx)
	if err != nil {
		return fmt.Errorf("drop %s: %w", key, err)
	}
	return nil
}

// Load tells whether work is due now, and when the next will be (0 = none): a world that is followed stands still
// while there is. Work that is held back by an earlier failure of its order key is not due: it waits for world time.
func (b *Bus) Load(ctx context.Context, now clock.Time) (busy bool, next clock.Time) {
	var due bool
	err := b.db.Read().NewRaw("SELECT EXISTS (SELECT 1 FROM work WHERE state IN (?, ?) AND due_at <= ? AND NOT EXISTS ("+
		"SELECT 1 FROM work AS e WHERE e.part = work.part AND e.state = ? AND e.lane = work.lane AND e.attempts > 0 AND e.due_at > ? "+
		"AND e.corp_id = work.corp_id AND e.order_key = work.order_key AND e.id < work.id))",
		Pending, Running, now, Pending, now).Scan(ctx, &due)
	if err != nil {
		return true, 0 // a database that cannot be read is work not done
	}
	if due {
		return true, 0
	}
	err = b.db.Read().NewRaw("SELECT COALESCE(MIN(due_at), 0) FROM work WHERE state = ? AND due_at > ?", Pending, now).Scan(ctx, &next)
	return err != nil, next
}
