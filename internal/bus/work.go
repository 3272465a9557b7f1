package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"

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
	DueAt     clock.Time // zero = at once
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
	Payload  any        // becomes JSON; a json.RawMessage is JSON already
	DueAt    clock.Time // zero = at once, on every node: the clocks of two nodes differ
}

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
	calls := map[int]call{}
	for i, it := range items {
		payload, ok := it.Payload.(json.RawMessage)
		if !ok {
			var err error
			if payload, err = json.Marshal(it.Payload); err != nil {
				return 0, fmt.Errorf("write the payload of %s: %w", it.Kind, err)
			}
		}
		p := part(it.CorpID, it.OrderKey)
		calls[p] |= callFor(it.Lane, it.Urgent)
		rows[i] = Work{
			ID: tx.NewID(), CorpID: it.CorpID, Lane: it.Lane, Kind: it.Kind, Key: it.Key, Part: p, OrderKey: it.OrderKey,
			Urgent: it.Urgent, Payload: string(payload), CreatedAt: now, DueAt: it.DueAt, State: Pending,
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
			for p, c := range calls {
				b.wake(p, c)
			}
		})
	}
	return int(n), nil
}

// waiting finds intents of one kind that have not begun, by order key.
const waiting = "SELECT order_key, MAX(due_at) AS due_at FROM work WHERE corp_id = ? AND order_key IN (?) AND lane = 'intent' AND state = 'pending' " +
	"AND kind = ? GROUP BY order_key"

// PutMerged puts intents of one corp and kind that read something anew, unless the same waits already: same order key, not
// begun, and not due earlier. What is read later tells no less. Once begun it may have read too early, so then it is put.
func (b *Bus) PutMerged(ctx context.Context, tx *db.Tx, items ...Item) error {
	if len(items) == 0 {
		return nil
	}
	orderKeys := make([]string, len(items))
	for i, it := range items {
		orderKeys[i] = it.OrderKey
	}
	var found []struct {
		OrderKey string
		DueAt    clock.Time
	}
	err := tx.NewRaw(waiting, items[0].CorpID, bun.List(orderKeys), items[0].Kind).Scan(ctx, &found)
	if err != nil {
		return fmt.Errorf("look which %s waits already: %w", items[0].Kind, err)
	}
	last := make(map[string]clock.Time, len(items))
	for _, w := range found {
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
