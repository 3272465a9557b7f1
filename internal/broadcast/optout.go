package broadcast

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance"
)

type stopped struct {
	ID         int64
	TaskID     int64
	CustomerID string
}

// OptedOut is told when a customer says stop. What follows takes this room's own locks, so it is work of its own.
func (s *Service) OptedOut(ctx context.Context, tx *db.Tx, e governance.OptedOut) error {
	var rows []*Receiver
	err := tx.NewSelect().Model(&rows).Where("corp_id = ? AND customer_id = ?", s.CorpID, e.CustomerID).
		Where("state IN (?, ?, ?) OR state = ? AND sent_at > ?", Matched, Reserved, Tasked, Delivered, e.At.Add(-harmWindow)).Scan(ctx)
	if err != nil {
		return fmt.Errorf("read mass messages to %s: %w", e.CustomerID, err)
	}
	for _, r := range rows {
		_, err := s.Bus.Put(ctx, tx, bus.Item{
			CorpID: s.CorpID, Lane: bus.Timer, Kind: stopKind, Key: fmt.Sprint(stopKind, "/", r.BroadcastID, "/", r.CustomerID, "/", int64(e.At)),
			OrderKey: fmt.Sprint("broadcast/", r.BroadcastID), Payload: stopped{r.BroadcastID, r.TaskID, r.CustomerID},
		})
		if err != nil {
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
	b, err := s.lockBroadcast(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	r := new(Receiver)
	err = tx.NewSelect().Model(r).Where("corp_id = ? AND broadcast_id = ? AND customer_id = ?", s.CorpID, p.ID, p.CustomerID).Scan(ctx)
	if err != nil {
		return fmt.Errorf("read receiver %s: %w", p.CustomerID, err)
	}
	tx.OnCommit(func() { s.changed(b.ID) })
	if r.State == Delivered {
		b.OptOuts++
		return save(ctx, tx, b, "optouts")
	}
	touches, err := s.Governor.TouchesIn(ctx, tx, s.CorpID, []int64{r.TouchID})
	if err != nil {
		return err
	}
	if r.State != Tasked && (len(touches) == 0 || touches[0].State != governance.Tasked) { // governance gave the reservation back
		if r.State == Matched || r.State == Reserved {
			if err := s.mark(ctx, tx, b.ID, []string{r.CustomerID}, outcome{state: Held, rule: ruleOptOut, reason: reasonOptOut}); err != nil {
				return err
			}
		}
		return s.finish(ctx, tx, b)
	}
	t, err := getTask(ctx, tx, s.CorpID, r.TaskID)
	if err != nil {
		return err
	}
	return s.remake(ctx, tx, t)
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

// Lost is told when a relation ends: a customer who deletes their member within a day of our message paid for it.
func (s *Service) Lost(ctx context.Context, tx *db.Tx, e customer.Lost) error {
	if e.By != customer.ByCustomer {
		return nil
	}
	_, err := tx.NewRaw(`UPDATE broadcast SET deletions = deletions + 1 WHERE corp_id = ? AND id IN (SELECT broadcast_id FROM broadcast_receiver
		WHERE corp_id = ? AND customer_id = ? AND staff_id = ? AND state = ? AND sent_at > ? AND sent_at <= ?)`,
		s.CorpID, s.CorpID, e.CustomerID, e.StaffID, Delivered, e.At.Add(-harmWindow), e.At).Exec(ctx)
	if err != nil {
		return fmt.Errorf("count a deletion after mass messages: %w", err)
	}
	return nil
}
