package broadcast

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
)

type halted struct {
	ID      int64
	StaffID string // empty = everybody's part
	Rule    string
	Reason  errs.Text
}

// Halted is told when sending is stopped. What follows takes this room's own locks, so it is work of its own.
func (s *Service) Halted(ctx context.Context, tx *db.Tx, e governance.Halted) error {
	var ids []int64
	q := tx.NewSelect().Model((*Broadcast)(nil)).Column("id").Where("corp_id = ? AND state IN (?, ?, ?)", s.CorpID, Planned, Creating, Open)
	if e.CampaignID != "" {
		id, ok := campaignOf(e.CampaignID)
		if !ok {
			return nil
		}
		q.Where("id = ?", id)
	}
	err := q.OrderExpr("id").Scan(ctx, &ids)
	if err != nil {
		return fmt.Errorf("read the running mass messages: %w", err)
	}
	why := e.Why()
	for _, id := range ids {
		_, err := s.Bus.Put(ctx, tx, bus.Item{
			CorpID: s.CorpID, Lane: bus.Timer, Kind: haltKind, Key: fmt.Sprint(haltKind, "/", id, "/", e.StaffID, "/", int64(e.At)),
			OrderKey: fmt.Sprint("broadcast/", id), Payload: halted{id, e.StaffID, why.RuleID, why.Reason},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// halt takes back what is not confirmed yet, of everybody or of one member.
func (s *Service) halt(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p halted
	if err := w.Decode(&p); err != nil {
		return err
	}
	b, err := s.lockBroadcast(ctx, tx, p.ID)
	if err != nil || !b.State.running() {
		return err
	}
	if p.StaffID == "" {
		b.State = Cancelled
		if err := save(ctx, tx, b, "state"); err != nil {
			return err
		}
	}
	return s.takeBack(ctx, tx, b, taking{ID: b.ID, Why: halting, Run: w.Key, StaffID: p.StaffID, Rule: p.Rule, Reason: p.Reason})
}
