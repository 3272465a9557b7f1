package customer

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// Listed is which customers WeCom names for one member, and when it was asked.
type Listed struct {
	StaffID     string
	CustomerIDs []string
	At          clock.Time
}

// Pair names a relation.
type Pair struct{ CustomerID, StaffID string }

// clockSkew is how far WeCom's clock and a node's may be apart, the cut of WeCom's times to seconds included. A relation
// that began about when its list was asked may have begun after it: the list says nothing about such a one.
const clockSkew = 10 * time.Second

// Difference between WeCom's lists and what we hold.
type Difference struct {
	New  []Pair // named, not held as live
	Gone []Pair // held as live since before the list, not named
	// Erased are named and not held because the person was erased: unless the relation began afterwards, they are not stored again.
	Erased []Pair
}

// Compare compares WeCom's lists with what we hold.
func (s *Service) Compare(ctx context.Context, lists []Listed) (Difference, error) {
	var d Difference
	forgotten, err := s.forgottenIn(ctx, lists)
	if err != nil {
		return d, err
	}
	for _, l := range lists {
		var rows []relationRow
		err := s.DB.Read().NewSelect().Model(&rows).Column("customer_id", "live", "added_at", "lost_at", "lost_by").
			Where("corp_id = ? AND staff_id = ?", s.CorpID, l.StaffID).Scan(ctx)
		if err != nil {
			return d, fmt.Errorf("read relations of %s: %w", l.StaffID, err)
		}
		held := make(map[string]relationRow, len(rows))
		for _, r := range rows {
			held[r.CustomerID] = r
		}
		named := make(map[string]bool, len(l.CustomerIDs))
		for _, id := range l.CustomerIDs {
			named[id] = true
			r, ok := held[id]
			// WeCom keeps naming a customer who deleted the member; and what ended after the list was asked is not new.
			if !ok && forgotten[id] {
				d.Erased = append(d.Erased, Pair{id, l.StaffID})
			} else if !ok || (!r.Live && r.LostBy != ByCustomer && r.LostAt < l.At) {
				d.New = append(d.New, Pair{id, l.StaffID})
			}
		}
		for id, r := range held {
			if r.Live && !named[id] && r.AddedAt < l.At.Add(-clockSkew) {
				d.Gone = append(d.Gone, Pair{id, l.StaffID})
			}
		}
	}
	return d, nil
}

// forgottenIn answers which of the listed persons were erased.
func (s *Service) forgottenIn(ctx context.Context, lists []Listed) (map[string]bool, error) {
	out := map[string]bool{}
	if s.Forgotten == nil {
		return out, nil
	}
	for _, l := range lists {
		found, err := s.Forgotten(ctx, s.DB.Read(), l.CustomerIDs...)
		if err != nil {
			return nil, err
		}
		for id := range found {
			out[id] = true
		}
	}
	return out, nil
}

// Read asks WeCom for one person and stores the answer.
func (s *Service) Read(ctx context.Context, customerID string) error {
	snapshots, err := s.read(ctx, customerID)
	if err != nil {
		return fmt.Errorf("read customer %s: %w", customerID, err)
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.StoreTx(ctx, tx, snapshots) })
}

// End records relations that a sync found gone. WeCom does not tell who ended them, nor when.
func (s *Service) End(ctx context.Context, pairs []Pair) error {
	const group = 200
	for len(pairs) > 0 {
		n := min(group, len(pairs))
		err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			for _, p := range pairs[:n] {
				if err := s.lose(ctx, tx, s.CorpID, p.CustomerID, p.StaffID, ByUnknown, s.World.Now()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("end relations that are gone: %w", err)
		}
		pairs = pairs[n:]
	}
	return nil
}

// forgotten answers which of the persons were erased, with when.
func (s *Service) forgotten(ctx context.Context, tx *db.Tx, ids []string) (map[string]clock.Time, error) {
	if s.Forgotten == nil {
		return nil, nil
	}
	return s.Forgotten(ctx, tx, ids...)
}

// Gone is told when a person was erased: what is in memory of them goes.
func (s *Service) Gone(tx *db.Tx, customerID string) {
	changed(tx, s.CorpID, customerID)
	s.announce(tx, "customer", customerID)
}

// StoreTx writes relations as a read call answered them, in the caller's transaction. Relations that ended for us, and
// which WeCom still answers (the customer deleted the member) or answered a moment before, stay ended; those of a person who was
// erased are written only when they began afterwards.
func (s *Service) StoreTx(ctx context.Context, tx *db.Tx, snapshots []Snapshot) error {
	if len(snapshots) == 0 {
		return nil
	}
	if err := s.lock(ctx, tx, snapshots); err != nil {
		return err
	}
	ended, err := s.ended(ctx, tx, snapshots)
	if err != nil {
		return err
	}
	ids := make([]string, len(snapshots))
	for i, sn := range snapshots {
		ids[i] = sn.Person.ID
	}
	forgotten, err := s.forgotten(ctx, tx, ids)
	if err != nil {
		return err
	}
	live := make([]Snapshot, 0, len(snapshots))
	for _, sn := range snapshots {
		if sn.Relation.AddedAt <= forgotten[sn.Person.ID] {
			continue
		}
		lostAt, ok := ended[Pair{sn.Relation.CustomerID, sn.Relation.StaffID}]
		if !ok || sn.Relation.AddedAt > lostAt {
			live = append(live, sn)
		}
	}
	if len(live) == 0 {
		return nil
	}
	return s.store(ctx, tx, live)
}

// lock keeps callbacks about the same customers out until the end of the transaction: else both would find a relation new,
// and tell of it twice.
func (s *Service) lock(ctx context.Context, tx *db.Tx, snapshots []Snapshot) error {
	keys := make([]string, len(snapshots))
	for i, sn := range snapshots {
		keys[i] = "customer/" + s.CorpID + "/" + sn.Person.ID
	}
	return tx.Lock(ctx, keys...)
}

// ended answers which of the relations are over because somebody ended them, and since when. What a sync found gone is
// not among them: the next read may find it again.
func (s *Service) ended(ctx context.Context, tx *db.Tx, snapshots []Snapshot) (map[Pair]clock.Time, error) {
	pairs := make([]bun.TupleValues, len(snapshots))
	for i, sn := range snapshots {
		pairs[i] = bun.Tuple([]string{sn.Relation.CustomerID, sn.Relation.StaffID})
	}
	var rows []relationRow
	err := tx.NewSelect().Model(&rows).Column("customer_id", "staff_id", "lost_at").Where("corp_id = ? AND NOT live AND lost_by <> ?", s.CorpID, ByUnknown).
		Where("(customer_id, staff_id) IN (VALUES ?)", bun.List(pairs)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for ended relations: %w", err)
	}
	out := map[Pair]clock.Time{}
	for _, r := range rows {
		out[Pair{r.CustomerID, r.StaffID}] = r.LostAt
	}
	return out, nil
}
