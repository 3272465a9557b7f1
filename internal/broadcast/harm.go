package broadcast

import (
	"context"
	"fmt"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance"
)

const (
	harmWindow   = 24 * time.Hour      // what a customer does within it counts as caused by the message
	memberWindow = 30 * 24 * time.Hour // for how long the ladder looks back at what a member's messages cost
)

// loss is a receiver who deleted their member after a mass message, or complained.
type loss struct {
	ID         int64
	CustomerID string
	Deleted    bool
}

// Lost is told when a relation ends: a customer who deletes their member within a day of our message paid for it.
func (s *Service) Lost(ctx context.Context, tx *db.Tx, e customer.Lost) error {
	if e.By != customer.ByCustomer {
		return nil
	}
	return s.losses(ctx, tx, e.CustomerID, e.StaffID, e.At)
}

// Complained is told of a complaint: within a day of our message it speaks against that.
func (s *Service) Complained(ctx context.Context, tx *db.Tx, e governance.GrievanceTold) error {
	if e.Overdue || e.Kind != governance.Complaint {
		return nil
	}
	return s.losses(ctx, tx, e.CustomerID, "", e.Since)
}

// losses has every mass message of the last day counted for which a customer deleted the member, or of which they complained; no
// member means a complaint. What follows takes locks of this room and of the ladder, so it is work of its own.
func (s *Service) losses(ctx context.Context, tx *db.Tx, customerID, staffID string, at clock.Time) error {
	var after []*Receiver
	q := tx.NewSelect().Model(&after).
		Where("corp_id = ? AND customer_id = ? AND state = ? AND sent_at > ? AND sent_at <= ?", s.CorpID, customerID, Delivered, at.Add(-harmWindow), at)
	deleted := staffID != ""
	if deleted {
		q.Where("staff_id = ?", staffID)
	}
	if err := q.OrderExpr("broadcast_id").Scan(ctx); err != nil {
		return fmt.Errorf("look for mass messages before %s was lost: %w", customerID, err)
	}
	for _, r := range after {
		key := fmt.Sprint(lossKind, "/", r.BroadcastID, "/", customerID, "/", deleted, "/", int64(at))
		if err := s.then(ctx, tx, lossKind, r.BroadcastID, key, loss{r.BroadcastID, customerID, deleted}, 0); err != nil {
			return err
		}
	}
	return nil
}

// lose counts a loss.
func (s *Service) lose(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p loss
	if err := w.Decode(&p); err != nil {
		return err
	}
	b, r, err := s.lockReceiver(ctx, tx, p.ID, p.CustomerID)
	if err != nil {
		return err
	}
	tx.OnCommit(func() { s.changed(b.ID) })
	if p.Deleted {
		b.Deletions++
		if err := save(ctx, tx, b, "deletions"); err != nil {
			return err
		}
	}
	return s.harmed(ctx, tx, b, r)
}

// harmed notes that a receiver said stop, complained or deleted their member after a mass message, and tells the ladder what the
// message and the member who sent it have cost by now (FTG-12).
func (s *Service) harmed(ctx context.Context, tx *db.Tx, b *Broadcast, r *Receiver) error {
	now := s.World.Now()
	_, err := tx.NewUpdate().Model((*Receiver)(nil)).Set("lost_at = ?", now).
		Where("corp_id = ? AND broadcast_id = ? AND customer_id = ? AND lost_at = 0", s.CorpID, b.ID, r.CustomerID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("note that mass message %d lost %s: %w", b.ID, r.CustomerID, err)
	}
	sent, err := s.countReceivers(ctx, tx, "broadcast_id = ? AND state = ?", b.ID, Delivered)
	if err != nil {
		return err
	}
	lost, err := s.countReceivers(ctx, tx, "broadcast_id = ? AND lost_at <> 0", b.ID)
	if err != nil {
		return err
	}
	if err := s.Governor.Harmed(ctx, tx, s.CorpID, campaignID(b.ID), b.Name, b.CreatedBy, sent, lost); err != nil {
		return err
	}
	since := now.Add(-memberWindow)
	sent, err = s.countReceivers(ctx, tx, "state = ? AND task_id IN (SELECT id FROM broadcast_task WHERE corp_id = ? AND staff_id = ? AND confirmed_at > ?)",
		Delivered, s.CorpID, r.StaffID, since)
	if err != nil {
		return err
	}
	lost, err = s.countReceivers(ctx, tx, "staff_id = ? AND lost_at <> 0 AND lost_at > ?", r.StaffID, since)
	if err != nil {
		return err
	}
	return s.Governor.MemberHarmed(ctx, tx, s.CorpID, r.StaffID, sent, lost)
}

func (s *Service) countReceivers(ctx context.Context, tx *db.Tx, where string, args ...any) (int, error) {
	n, err := tx.NewSelect().Model((*Receiver)(nil)).Where("corp_id = ?", s.CorpID).Where(where, args...).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count receivers with %s: %w", where, err)
	}
	return int(n), nil
}
