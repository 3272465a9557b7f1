package moment

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/wecom"
)

// Halted is told when sending is stopped. A stop of everybody's sending cancels running Moments at WeCom. It takes a Moment back
// only as a whole, so of one member's stop the tag comes off their customers: what they publish afterwards is shown to nobody.
func (s *Service) Halted(ctx context.Context, tx *db.Tx, e governance.Halted) error {
	if e.StaffID != "" {
		return s.haltOne(ctx, tx, e.StaffID, e.At)
	}
	var rows []*Moment
	if err := tx.NewSelect().Model(&rows).Column("id", "state").Where("corp_id = ? AND ended_at = 0", s.CorpID).OrderExpr("id").Scan(ctx); err != nil {
		return fmt.Errorf("read the running Moments: %w", err)
	}
	for _, m := range rows {
		if !m.State.running() || e.CampaignID != "" && e.CampaignID != campaignID(m.ID) {
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

// partStep is one member's part of a Moment.
type partStep struct {
	ID      int64
	StaffID string
}

// haltOne takes back a member's part of what they can publish now. What is being made is looked at when it is open.
func (s *Service) haltOne(ctx context.Context, tx *db.Tx, staffID string, at clock.Time) error {
	var tasks []*Task
	err := tx.NewSelect().Model(&tasks).Where("corp_id = ? AND staff_id = ? AND state = ?", s.CorpID, staffID, TaskOpen).Scan(ctx)
	if err != nil {
		return fmt.Errorf("read what %s can publish: %w", staffID, err)
	}
	for _, t := range tasks {
		if err := s.putPart(ctx, tx, partStep{t.MomentID, staffID}, at); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) putPart(ctx context.Context, tx *db.Tx, p partStep, at clock.Time) error {
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: partKind, Key: fmt.Sprint(partKind, "/", p.ID, "/", p.StaffID, "/", int64(at)),
		OrderKey: fmt.Sprint(partKind, "/", p.ID), Payload: p, Urgent: true,
	})
	return err
}

// takePart takes the tag off the customers whom a stopped member was to reach, and then gives their touches back. A member who had
// published before the tag was off is left as they are: their viewers are booked as ever.
func (s *Service) takePart(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p partStep
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	m, err := getMoment(ctx, s.DB.Read(), s.CorpID, p.ID)
	if err != nil || m.State != Open {
		return nil, err
	}
	why, stopped, err := s.Governor.StoppedBy(ctx, s.DB.Read(), s.CorpID, p.StaffID)
	if err != nil || !stopped { // lifted before its turn came
		return nil, err
	}
	mine, err := s.partOf(ctx, s.DB.Read(), p)
	if err != nil {
		return nil, err
	}
	for _, r := range mine {
		err := s.markOne(ctx, customer.Member{CustomerID: r.CustomerID, StaffID: r.StaffID}, nil, []string{m.TagID})
		if err != nil && wecom.ClassOf(err) != wecom.ClassGone {
			return nil, calls.Failed(err, "take a tag off "+r.CustomerID)
		}
	}
	published, err := s.published(ctx, m.PostID)
	if err != nil {
		return nil, err
	}
	if slices.Contains(published, p.StaffID) {
		return nil, nil
	}
	return func(ctx context.Context, tx *db.Tx) error {
		m, err := s.lock(ctx, tx, p.ID)
		if err != nil || m.State != Open {
			return err
		}
		rows, err := s.partOf(ctx, tx, p)
		if err != nil {
			return err
		}
		o := outcome{state: TakenBack, rule: ruleHalt, reason: reasonHalted}
		if why.RuleID == outreach.CodeLimited {
			o.rule, o.reason = why.RuleID, why.Reason
		}
		if err := s.giveBack(ctx, tx, rows, o); err != nil {
			return err
		}
		_, err = tx.NewUpdate().Model((*Task)(nil)).Set("state = ?", TaskCancelled).
			Where("corp_id = ? AND moment_id = ? AND staff_id = ? AND state = ?", s.CorpID, p.ID, p.StaffID, TaskOpen).Exec(ctx)
		if err != nil {
			return fmt.Errorf("take back the part of %s: %w", p.StaffID, err)
		}
		tx.OnCommit(func() { s.changed(m.ID) })
		return nil
	}, nil
}

// partOf are the customers whom one member may still reach.
func (s *Service) partOf(ctx context.Context, q bun.IDB, p partStep) ([]*Receiver, error) {
	rows, err := s.receivers(ctx, q, p.ID, 0, Reserved, Tasked)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rows, func(r *Receiver) bool { return r.StaffID != p.StaffID }), nil
}
