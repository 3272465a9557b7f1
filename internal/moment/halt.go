package moment

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance"
)

// Halted is told when sending is stopped. WeCom takes a Moment back as a whole, so only a stop of everybody's sending does that;
// a member whose sending alone is stopped gets no new one.
func (s *Service) Halted(ctx context.Context, tx *db.Tx, e governance.Halted) error {
	if e.StaffID != "" {
		return nil
	}
	var rows []*Moment
	if err := tx.NewSelect().Model(&rows).Column("id", "state").Where("corp_id = ? AND ended_at = 0", s.CorpID).OrderExpr("id").Scan(ctx); err != nil {
		return fmt.Errorf("read the running Moments: %w", err)
	}
	for _, m := range rows {
		if !m.State.running() {
			continue
		}
		_, err := s.Bus.Put(ctx, tx, bus.Item{
			CorpID: s.CorpID, Lane: bus.Timer, Kind: haltKind, Key: fmt.Sprint(haltKind, "/", m.ID, "/", int64(e.At)),
			OrderKey: fmt.Sprint("moment/", m.ID), Payload: step{ID: m.ID},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// halt takes a running Moment back.
func (s *Service) halt(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p step
	if err := w.Decode(&p); err != nil {
		return err
	}
	m, err := s.lock(ctx, tx, p.ID)
	if err != nil || !m.State.running() {
		return err
	}
	return s.takeBack(ctx, tx, m, outcome{state: TakenBack, rule: ruleHalt, reason: reasonHalted})
}
