package db

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"
)

// Change tells those who keep something in memory that the rows it came from have changed. It is written in the
// transaction that changed them, so it is never missing and never early.
type Change struct {
	bun.BaseModel `bun:"table:change"`

	ID     int64 `bun:",pk"`
	CorpID string
	Area   string
	Names  []string // what changed; empty = anything of the area may have
}

const (
	// keepChanges is how long a change can be read. Who looks less often begins anew.
	keepChanges = time.Hour
	// changeOverlap is how far back each look repeats the one before: on PostgreSQL a transaction may commit after one
	// that took its ids later.
	changeOverlap = time.Minute
)

// Changed notes that the named things of an area have changed. The note gets its ID when the transaction commits.
func (tx *Tx) Changed(corpID, area string, names ...string) *Change {
	c := &Change{CorpID: corpID, Area: area, Names: append([]string{}, names...)}
	tx.changes = append(tx.changes, c)
	return c
}

func (tx *Tx) writeChanges(ctx context.Context) error {
	if len(tx.changes) == 0 {
		return nil
	}
	for _, c := range tx.changes {
		c.ID = tx.NewID()
	}
	if _, err := tx.NewInsert().Model(&tx.changes).Exec(ctx); err != nil {
		return fmt.Errorf("note %d changes: %w", len(tx.changes), err)
	}
	return nil
}

// ForgetChanges removes what is too old to be read.
func (d *DB) ForgetChanges(ctx context.Context) error {
	return d.Tx(ctx, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.NewDelete().Model((*Change)(nil)).Where("id < ?", d.ids.before(keepChanges)).Exec(ctx); err != nil {
			return fmt.Errorf("forget old changes: %w", err)
		}
		return nil
	})
}

// Follower reads the changes of a corp in some areas, each once, from the moment it was made. It is not for use by
// several goroutines at once.
type Follower struct {
	db     *DB
	corpID string
	areas  []string
	seen   map[int64]bool
	looked int64 // an id of the moment of the last look
}

// Follow makes a Follower. What is read from the database afterwards and every Change that Next answers are together
// as good as reading it again.
func (d *DB) Follow(corpID string, areas ...string) *Follower {
	return &Follower{db: d, corpID: corpID, areas: areas, seen: map[int64]bool{}, looked: d.ids.before(0)}
}

// Next answers what changed since the last look, in the order of ids. lost says that too much time has passed to know.
func (f *Follower) Next(ctx context.Context) (changes []Change, lost bool, err error) {
	now := f.db.ids.before(0)
	if f.looked < f.db.ids.before(keepChanges/2) {
		return nil, true, nil
	}
	since := f.looked - int64(changeOverlap/time.Millisecond)<<idBits
	var ids []int64
	of := func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Model((*Change)(nil)).Where("corp_id = ? AND area IN (?)", f.corpID, bun.List(f.areas))
	}
	if err := of(f.db.read.NewSelect()).Column("id").Where("id > ?", since).Scan(ctx, &ids); err != nil {
		return nil, false, fmt.Errorf("look for changes: %w", err)
	}
	fresh := ids[:0]
	seen := make(map[int64]bool, len(ids))
	for _, id := range ids {
		seen[id] = true
		if !f.seen[id] {
			fresh = append(fresh, id)
		}
	}
	for part := range slices.Chunk(fresh, 200) {
		var rows []Change
		if err := of(f.db.read.NewSelect()).Column("id", "area", "names").Where("id IN (?)", bun.List(part)).Scan(ctx, &rows); err != nil {
			return nil, false, fmt.Errorf("read changes: %w", err)
		}
		changes = append(changes, rows...)
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.ID, b.ID) })
	f.seen, f.looked = seen, now
	return changes, false, nil
}
