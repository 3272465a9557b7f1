package broadcast

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance"
)

type stopped struct {
	ID         int64
	TaskID     int64
	CustomerID string
	Chose      bool // something short of stopping: not the price of a message
}

// OptedOut is told when a customer says stop.
func (s *Service) OptedOut(ctx context.Context, tx *db.Tx, e governance.OptedOut) error {
	return s.unwanted(ctx, tx, e.CustomerID, e.At, false)
}

// Chose is told when a customer chooses a pace, a pause or topics.
func (s *Service) Chose(ctx context.Context, tx *db.Tx, e governance.PreferenceChanged) error {
	return s.unwanted(ctx, tx, e.CustomerID, e.At, true)
}

// Displaced is told when reservations of a customer gave their place to something that matters more.
func (s *Service) Displaced(ctx context.Context, tx *db.Tx, e governance.Displaced) error {
	return s.unwanted(ctx, tx, e.CustomerID, e.At, true)
}

// unwanted looks again at every mass message that may still reach the customer. What follows takes this room's own locks, so
// it is work of its own.
func (s *Service) unwanted(ctx context.Context, tx *db.Tx, customerID string, at clock.Time, chose bool) error {
	var rows []*Receiver
	q := tx.NewSelect().Model(&rows).Where("corp_id = ? AND customer_id = ?", s.CorpID, customerID)
	if chose {
		q.Where("state IN (?, ?, ?)", Matched, Reserved, Tasked)
	} else {
		q.Where("state IN (?, ?, ?) OR state = ? AND sent_at > ?", Matched, Reserved, Tasked, Delivered, at.Add(-harmWindow))
	}
	if err := q.Scan(ctx); err != nil {
		return fmt.Errorf("read mass messages to %s: %w", customerID, err)
	}
	for _, r := range rows {
		key := fmt.Sprint(stopKind, "/", r.BroadcastID, "/", r.CustomerID, "/", int64(at))
		if err := s.then(ctx, tx, stopKind, r.BroadcastID, key, stopped{r.BroadcastID, r.TaskID, r.CustomerID, chose}, 0); err != nil {
			return err
		}
	}
	return nil
}

// stop keeps a mass message from a receiver who said stop, as far as it is not confirmed yet.
func (s *Service) stop(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p stopped
	if err := w.Decode(&p); err != nil {
		return err
	}
	b, r, err := s.lockReceiver(ctx, tx, p.ID, p.CustomerID)
	if err != nil {
		return err
	}
	tx.OnCommit(func() { s.changed(b.ID) })
	switch {
	case r.State == Delivered && p.Chose: // it arrived meanwhile
		return nil
	case r.State == Delivered:
		b.OptOuts++
		if err := save(ctx, tx, b, "optouts"); err != nil {
			return err
		}
		return s.harmed(ctx, tx, b, r)
	}
	touches, err := s.Governor.TouchesIn(ctx, tx, s.CorpID, []int64{r.TouchID})
	if err != nil {
		return err
	}
	if r.State != Tasked && (len(touches) == 0 || touches[0].State != governance.Tasked) { // governance gave the reservation back
		o := outcome{state: Held, rule: ruleOptOut, reason: reasonOptOut}
		if p.Chose {
			if len(touches) == 0 || touches[0].State != governance.Released { // not decided yet, or still wanted
				return nil
			}
			o.rule, o.reason = touches[0].RuleID, touches[0].Reason()
		}
		if r.State == Matched || r.State == Reserved {
			if err := s.mark(ctx, tx, b.ID, []string{r.CustomerID}, o); err != nil {
				return err
			}
		}
		return s.finish(ctx, tx, b)
	}
	unwanted, err := s.Governor.Unwanted(ctx, tx, s.CorpID, r.TouchID)
	if err != nil || len(unwanted) == 0 {
		return err
	}
	t, err := getTask(ctx, tx, s.CorpID, r.TaskID)
	if err != nil {
		return err
	}
	return s.remake(ctx, tx, t)
}

// lockReceiver reads one receiver under the lock of the mass message.
func (s *Service) lockReceiver(ctx context.Context, tx *db.Tx, id int64, customerID string) (*Broadcast, *Receiver, error) {
	b, err := s.lockBroadcast(ctx, tx, id)
	if err != nil {
		return nil, nil, err
	}
	r := new(Receiver)
	err = tx.NewSelect().Model(r).Where("corp_id = ? AND broadcast_id = ? AND customer_id = ?", s.CorpID, id, customerID).Scan(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read receiver %s: %w", customerID, err)
	}
	return b, r, nil
}

// remake takes an open task back, to be made again without those who said stop. A task in the making is looked at when it
// is open; one that is cancelled already needs nothing.
func (s *Service) remake(ctx context.Context, tx *db.Tx, t *Task) error {
	if t.State != TaskOpen {
		return nil
	}
	t.State, t.Remake = TaskCancelling, true
	if err := save(ctx, tx, t, "state", "remake"); err != nil {
		return err
	}
	return s.Outreach.CancelMass(ctx, tx, t.ID, t.MsgID)
}
