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

// memberWindow is for how long the ladder looks back at what a member's mass messages cost.
const memberWindow = 30 * 24 * time.Hour

type regretted struct {
	ID         int64
	CustomerID string
	Deleted    bool
}

// Lost is told when a relation ends: a customer who deletes their member within a day of our message paid for it.
func (s *Service) Lost(ctx context.Context, tx *db.Tx, e customer.Lost) error {
	if e.By != customer.ByCustomer {
		return nil
	}
	return s.leaves(ctx, tx, e.CustomerID, e.StaffID, e.At)
}

// Complained is told of a complaint: within a day of our message it speaks against that.
func (s *Service) Complained(ctx context.Context, tx *db.Tx, e governance.GrievanceTold) error {
	if e.Overdue || e.Kind != governance.Complaint {
		return nil
	}
	return s.leaves(ctx, tx, e.CustomerID, "", e.Since)
}

// leaves has every mass message of the last day counted that a customer deleted the member for, or complained of; without a member
// it is a complaint. What follows takes locks of this room and of the ladder, so it is work of its own.
func (s *Service) leaves(ctx context.Context, tx *db.Tx, customerID, staffID string, at clock.Time) error {
	var after []*Receiver
	q := tx.NewSelect().Model(&after).
		Where("corp_id = ? AND customer_id = ? AND state = ? AND sent_at > ? AND sent_at <= ?", s.CorpID, customerID, Delivered, at.Add(-harmWindow), at)
	if staffID != "" {
		q.Where("staff_id = ?", staffID)
	}
	if err := q.OrderExpr("broadcast_id").Scan(ctx); err != nil {
		return fmt.Errorf("look for mass messages before %s left: %w", customerID, err)
	}
	for _, r := range after {
		_, err := s.Bus.Put(ctx, tx, bus.Item{
			CorpID: s.CorpID, Lane: bus.Timer, Kind: regretKind, Key: fmt.Sprint(regretKind, "/", r.BroadcastID, "/", customerID, "/", int64(at)),
			OrderKey: fmt.Sprint("broadcast/", r.BroadcastID), Payload: regretted{r.BroadcastID, customerID, staffID != ""},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// regret counts one who deleted their member or complained after a mass message.
func (s *Service) regret(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p regretted
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
	if p.Deleted {
		b.Deletions++
		if err := save(ctx, tx, b, "deletions"); err != nil {
			return err
		}
	}
	return s.harmed(ctx, tx, b, r)
}

// harmed notes that a receiver said stop, complained or deleted their member after a mass message, and tells the ladder what the message and
// the member who sent it have cost by now (FTG-12).
func (s *Service) harmed(ctx context.Context, tx *db.Tx, b *Broadcast, r *Receiver) error {
	now := s.World.Now()
	_, err := tx.NewUpdate().Model((*Receiver)(nil)).Set("lost_at = ?", now).
		Where("corp_id = ? AND broadcast_id = ? AND customer_id = ? AND lost_at = 0", s.CorpID, b.ID, r.CustomerID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("note that mass message %d lost %s: %w", b.ID, r.CustomerID, err)
	}
	sent, err := tx.NewSelect().Model((*Receiver)(nil)).Where("corp_id = ? AND broadcast_id = ? AND state = ?", s.CorpID, b.ID, Delivered).Count(ctx)
	if err != nil {
		return fmt.Errorf("count who got mass message %d: %w", b.ID, err)
	}
	lost, err := tx.NewSelect().Model((*Receiver)(nil)).Where("corp_id = ? AND broadcast_id = ? AND lost_at <> 0", s.CorpID, b.ID).Count(ctx)
	if err != nil {
		return fmt.Errorf("count whom mass message %d lost: %w", b.ID, err)
	}
	if err := s.Governor.Harmed(ctx, tx, s.CorpID, campaignID(b.ID), b.Name, b.CreatedBy, int(sent), int(lost)); err != nil {
		return err
	}
	since := now.Add(-memberWindow)
	sent, err = tx.NewSelect().Model((*Receiver)(nil)).
		Where("corp_id = ? AND state = ? AND task_id IN (SELECT id FROM broadcast_task WHERE corp_id = ? AND staff_id = ? AND confirmed_at > ?)",
			s.CorpID, Delivered, s.CorpID, r.StaffID, since).Count(ctx)
	if err != nil {
		return fmt.Errorf("count what %s sent: %w", r.StaffID, err)
	}
	lost, err = tx.NewSelect().Model((*Receiver)(nil)).Where("corp_id = ? AND staff_id = ? AND lost_at <> 0 AND lost_at > ?", s.CorpID, r.StaffID, since).Count(ctx)
	if err != nil {
		return fmt.Errorf("count whom %s lost: %w", r.StaffID, err)
	}
	return s.Governor.MemberHarmed(ctx, tx, s.CorpID, r.StaffID, int(sent), int(lost))
}
