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

// Moment is how far the changes of a corp in some areas were seen: what is read in the same snapshot knows of all of them.
type Moment struct {
	corpID string
	areas  []string
	last   int64 // the newest
	lately int   // how many there were within the overlap before it
}

// MomentIn answers how far the changes are seen in a snapshot.
func (d *DB) MomentIn(ctx context.Context, q bun.IDB, corpID string, areas ...string) (Moment, error) {
	m := Moment{corpID: corpID, areas: areas}
	for _, area := range areas { // each is the end of an index
		var last int64
		err := q.NewRaw("SELECT COALESCE(MAX(id), 0) FROM change WHERE corp_id = ? AND area = ?", corpID, area).Scan(ctx, &last)
		if err != nil {
			return m, fmt.Errorf("look for the last change: %w", err)
		}
		m.last = max(m.last, last)
	}
	var err error
	m.lately, err = m.count(ctx, q, d.Engine)
	return m, err
}

// count is how many changes up to the moment's last one are seen, of those that may have been committed out of their order: on
// SQLite none are.
func (m Moment) count(ctx context.Context, q bun.IDB, e Engine) (n int, err error) {
	if e == SQLite {
		return 0, nil
	}
	err = q.NewRaw("SELECT COUNT(*) FROM change WHERE corp_id = ? AND area IN (?) AND id > ? AND id <= ?", m.corpID, bun.List(m.areas),
		m.last-int64(changeOverlap/time.Millisecond)<<idBits, m.last).Scan(ctx, &n)
	if err != nil {
		return 0, fmt.Errorf("count changes: %w", err)
	}
	return n, nil
}

// Since answers what changed after a moment, as a transaction sees it; unsure says that there is more, which nobody can name.
func (tx *Tx) Since(ctx context.Context, m Moment) (changes []Change, unsure bool, err error) {
	n, err := m.count(ctx, tx, tx.DB.Engine)
	if err != nil || n != m.lately {
		return nil, true, err
	}
	err = tx.NewSelect().Model(&changes).Column("id", "area", "names").Where("corp_id = ? AND area IN (?) AND id > ?", m.corpID, bun.List(m.areas), m.last).Scan(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("read changes: %w", err)
	}
	return changes, false, nil
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
