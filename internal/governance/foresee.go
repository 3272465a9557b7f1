package governance

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance/guard"
)

// A message to a million is decided in thousands of transactions, and callbacks wait for each. So the next part is decided beside
// the transaction that writes the one before, from a snapshot; the transaction that writes it looks first whether anything that it
// was decided from has changed since. If so it is decided again, under its locks.

// Foresight is what was decided about requests ahead of the transaction that writes it.
type Foresight struct {
	reqs   []Request
	sorted []decided // in the order in which they were decided
	at     []int     // where each stands among reqs; nil = as they are
	terms  terms
	moment db.Moment
	now    clock.Time
}

// mostAhead is how long before it is written something may be decided: the hours of the day go on meanwhile.
const mostAhead = 2 * time.Second

// terms are what the decisions about all customers of a corp depend on. What one customer's depends on stands in the changes of
// areaTouch and areaCustomer.
type terms struct {
	caps   Caps
	stops  halts
	ladder steps
	record guard.Record
}

func (g *Governor) termsOf(ctx context.Context, q bun.IDB, corpID string) (t terms, err error) {
	if t.caps, err = g.capsOf(ctx, q, corpID); err != nil {
		return t, err
	}
	if t.stops, err = haltsIn(ctx, q, corpID); err != nil {
		return t, err
	}
	if t.ladder, err = stepsIn(ctx, q, corpID); err != nil {
		return t, err
	}
	t.record, err = g.recordAt(ctx, q, corpID, g.world.Now(), latest)
	return t, err
}

// Foresee decides about requests of one message to many customers, for ReserveForeseen. It answers nil where a decision would depend
// on more than its customer: what a member may send on a day, or what gives way to another class.
func (g *Governor) Foresee(ctx context.Context, reqs []Request) (*Foresight, error) {
	f := &Foresight{reqs: reqs, now: g.world.Now()}
	for _, r := range reqs {
		if r.Class != Marketing || r.Channel != MassCustomer || r.CustomerID == "" {
			return nil, nil //nolint:nilnil // it is decided when it is written
		}
	}
	if len(reqs) == 0 {
		return nil, nil //nolint:nilnil // nothing to decide
	}
	limited := false
	err := g.db.Snapshot(ctx, func(ctx context.Context, q bun.IDB) (err error) {
		corpID := reqs[0].CorpID
		if f.moment, err = g.db.MomentIn(ctx, q, corpID, areaTouch, areaCustomer); err != nil {
			return err
		}
		if f.terms, err = g.termsOf(ctx, q, corpID); err != nil {
			return err
		}
		began, err := g.newcomers(ctx, q, reqs, f.now)
		if err != nil {
			return err
		}
		if limited = len(memberLocks(reqs, f.terms.caps, began)) > 0; limited {
			return nil
		}
		over := newOverlay()
		f.at = order(reqs)
		f.sorted, err = inParts(sortedBy(reqs, f.at), func(part []Request) ([]decided, error) {
			return g.decide(ctx, q, part, f.terms.caps, began, over)
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("decide ahead about %d customers: %w", len(reqs), err)
	}
	if limited {
		return nil, nil //nolint:nilnil // decisions that count against a member's day are made one after the other
	}
	return f, nil
}

// ReserveForeseen writes what was decided ahead, as Reserve would decide it now: whatever changed since is decided again.
func (g *Governor) ReserveForeseen(ctx context.Context, tx *db.Tx, f *Foresight) ([]Decision, error) {
	if err := lockCustomers(ctx, tx, f.reqs); err != nil {
		return nil, err
	}
	holds, err := g.holds(ctx, tx, f)
	if err != nil {
		return nil, err
	}
	if !holds {
		return g.Reserve(ctx, tx, f.reqs...)
	}
	if err := g.write(ctx, tx, f.sorted); err != nil {
		return nil, err
	}
	return inPlace(f.sorted, f.at), nil
}

// holds says whether everything that was decided from is as it was.
func (g *Governor) holds(ctx context.Context, tx *db.Tx, f *Foresight) (bool, error) {
	if now := g.world.Now(); now < f.now || now > f.now.Add(mostAhead) {
		return false, nil
	}
	corpID := f.reqs[0].CorpID
	terms, err := g.termsOf(ctx, tx, corpID)
	if err != nil || !reflect.DeepEqual(terms, f.terms) {
		return false, err
	}
	changes, unsure, err := tx.Since(ctx, f.moment)
	if err != nil || unsure {
		return false, err
	}
	if len(changes) == 0 {
		return true, nil
	}
	mine := make(map[string]bool, len(f.reqs))
	for _, r := range f.reqs {
		mine[r.CustomerID] = true
	}
	for _, c := range changes {
		if len(c.Names) == 0 {
			return false, nil
		}
		for _, id := range c.Names {
			if mine[id] {
				return false, nil
			}
		}
	}
	return true, nil
}
