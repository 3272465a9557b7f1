package governance

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

var (
	errNotStanding = errs.New(errs.Conflict, "governance.ladder_over", errs.T("这一级已经结束。", "This step is over already."))
	errOwnLadder   = errs.New(errs.Forbidden, "governance.ladder_own", errs.T("不能由本人、提出的人或申诉的人决定，请另一位主管来做。",
		"Neither the person concerned, nor who took the step, nor who appealed decides. Ask another manager."))
)

// Raise lets a person take somebody up the ladder. The last rung holds at once, and stays only when a second person agrees.
func (g *Governor) Raise(ctx context.Context, corpID string, on Subject, id string, rung Rung, by, reason string) (*LadderStep, error) {
	reason, err := said("reason", reason, errs.T("写明为什么，当事人看得到", "Say why, the person concerned reads it"))
	switch {
	case err != nil:
		return nil, err
	case on == OnCorp && id != "" || on != OnCorp && id == "":
		return nil, errs.Bad("subject_id", "governance.ladder_subject", errs.T("选一位成员或一次活动；企业不用填。", "Choose a member or a campaign; the corp needs no id."))
	case rung < Noticed || rung > Stopped:
		return nil, errs.Bad("rung", "governance.ladder_rung", errs.T("级别是 1 到 5。", "The step is 1 to 5."))
	}
	s := &LadderStep{CorpID: corpID, Subject: on, SubjectID: id, Rung: rung, State: StepInForce, Reason: reason, ByWhom: by}
	rules := []string{ruleLadder}
	if rung == Stopped {
		s.State, rules = StepProposed, []string{ruleRefused}
	}
	if err := s.because(rules, nil); err != nil {
		return nil, err
	}
	err = g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := lockSubject(ctx, tx, corpID, on, id); err != nil {
			return err
		}
		last, err := lastStep(ctx, tx, corpID, on, id)
		if err != nil {
			return err
		}
		if last != nil && last.EndedAt == 0 && last.Rung >= rung && last.Holds(g.world.Now()) {
			return errs.New(errs.Conflict, "governance.ladder_higher", errs.T("已经在这一级或更高。", "That step or a higher one holds already."))
		}
		return g.take(ctx, tx, last, s)
	})
	return s, err
}

// Second is what a second person says to the last rung that somebody proposed.
func (g *Governor) Second(ctx context.Context, corpID string, id int64, by string, agree bool) (*LadderStep, error) {
	return g.change(ctx, corpID, id, func(ctx context.Context, tx *db.Tx, s *LadderStep) error {
		switch {
		case s.State != StepProposed:
			return errs.New(errs.Conflict, "governance.ladder_not_proposed", errs.T("它不在等第二个人。", "It waits for no second person."))
		case by == s.ByWhom || by == s.SubjectID:
			return errOwnLadder
		case !agree:
			return g.endStep(ctx, tx, s, by, endedRejected)
		}
		s.State, s.ConfirmedBy, s.ConfirmedAt = StepInForce, by, g.world.Now()
		if err := saveStep(ctx, tx, s); err != nil {
			return err
		}
		return g.tellLadder(ctx, tx, s)
	})
}

// Resume lets somebody go on: after a suspension's time an owner does, after a stop two persons, the second of them an owner.
func (g *Governor) Resume(ctx context.Context, corpID string, id int64, by string, owner bool) (*LadderStep, error) {
	return g.change(ctx, corpID, id, func(ctx context.Context, tx *db.Tx, s *LadderStep) error {
		switch {
		case s.EndedAt != 0:
			return errNotStanding
		case s.Rung < Suspended:
			return errs.New(errs.Conflict, "governance.ladder_by_time", errs.T("这一级到时间自己结束；有误请申诉。", "This step ends by itself with its time; appeal when it is wrong."))
		case by == s.SubjectID:
			return errOwnLadder
		case s.Rung == Suspended && g.world.Now() < s.Until:
			return errs.New(errs.Conflict, "governance.ladder_early", errs.Tf("停用最早 %s 可以恢复；有误请申诉。", "A suspension lasts at least until %s; appeal when it is wrong.", g.wait(s.Until)))
		}
		return g.letGo(ctx, tx, s, by, owner, endedResumed)
	})
}

// letGo ends a step on the word of as many persons as its rung needs.
func (g *Governor) letGo(ctx context.Context, tx *db.Tx, s *LadderStep, by string, owner bool, why string) error {
	if err := g.fraudOpen(ctx, tx, s); err != nil {
		return err
	}
	switch {
	case s.Rung == Stopped && s.ResumeBy == "":
		s.ResumeBy = by
		if err := saveStep(ctx, tx, s); err != nil {
			return err
		}
		return g.tellLadder(ctx, tx, s)
	case s.Rung == Stopped && s.ResumeBy == by:
		return errs.New(errs.Forbidden, "governance.ladder_second", errs.T("还要另一个人同意。", "Another person has to agree."))
	case s.Rung >= Suspended && !owner:
		return errs.New(errs.Forbidden, "governance.ladder_owner", errs.T("恢复要由管理员（owner）同意。", "An owner has to agree."))
	}
	return g.endStep(ctx, tx, s, by, why)
}

// AppealStep is what the person concerned says to a step. Once.
func (g *Governor) AppealStep(ctx context.Context, corpID string, id int64, by string, concerned func(*LadderStep) bool, text string) (*LadderStep, error) {
	text, err := said("text", text, errs.T("写明为什么有误", "Say why it is wrong"))
	if err != nil {
		return nil, err
	}
	return g.change(ctx, corpID, id, func(ctx context.Context, tx *db.Tx, s *LadderStep) error {
		switch {
		case !concerned(s):
			return errs.New(errs.Forbidden, "governance.ladder_not_concerned", errs.T("只有当事人可以申诉。", "Only the person concerned appeals."))
		case s.AppealedAt != 0:
			return errs.New(errs.Conflict, "governance.ladder_appealed", errs.T("已经申诉过一次。", "There was an appeal already."))
		case s.EndedAt != 0 && s.EndedWhy != endedReplaced || g.world.Now() > s.Since.Add(hitWindow) && s.Rung < Suspended:
			return errNotStanding
		}
		s.Appeal, s.AppealedBy, s.AppealedAt = text, by, max(g.world.Now(), 1)
		if err := saveStep(ctx, tx, s); err != nil {
			return err
		}
		return g.tellLadder(ctx, tx, s)
	})
}

// DecideAppeal is what somebody else makes of an appeal. Upheld, the hits and their effects go; the last rung needs two who say so.
func (g *Governor) DecideAppeal(ctx context.Context, corpID string, id int64, by string, owner, upheld bool, note string) (*LadderStep, error) {
	note, err := said("note", note, errs.T("写明理由，当事人看得到", "Say why, the person concerned reads it"))
	if err != nil {
		return nil, err
	}
	return g.change(ctx, corpID, id, func(ctx context.Context, tx *db.Tx, s *LadderStep) error {
		switch {
		case s.AppealedAt == 0 || s.Decision != "":
			return errs.New(errs.Conflict, "governance.ladder_no_appeal", errs.T("没有在等决定的申诉。", "No appeal waits for a decision."))
		case by == s.AppealedBy || by == s.SubjectID || by == s.ByWhom || by == s.ConfirmedBy || by == s.Author:
			return errOwnLadder
		}
		now := max(g.world.Now(), 1)
		if !upheld {
			s.Decision, s.DecidedBy, s.DecidedAt, s.DecisionNote = Denied, by, now, note
			if err := saveStep(ctx, tx, s); err != nil {
				return err
			}
			return g.tellLadder(ctx, tx, s)
		}
		if s.EndedAt == 0 {
			if err := g.letGo(ctx, tx, s, by, owner || s.Rung < Stopped, endedAppeal); err != nil || s.EndedAt == 0 {
				return err
			}
		} else {
			s.EndedWhy = endedAppeal
		}
		s.Decision, s.DecidedBy, s.DecidedAt, s.DecisionNote = Upheld, by, now, note
		if hits := s.hits(); len(hits) > 0 {
			_, err := tx.NewUpdate().Model((*LadderHit)(nil)).Set("removed_at = ?", now).Where("corp_id = ? AND id IN (?)", corpID, bun.List(hits)).Exec(ctx)
			if err != nil {
				return fmt.Errorf("take hits away: %w", err)
			}
			if err := overturn(ctx, tx, s); err != nil {
				return err
			}
		}
		return saveStep(ctx, tx, s)
	})
}

// overturn takes the weight off the steps that led to s and were taken for nothing but what the appeal took away.
func overturn(ctx context.Context, tx *db.Tx, s *LadderStep) error {
	var former []*LadderStep
	err := tx.NewSelect().Model(&former).Where("corp_id = ? AND subject = ? AND subject_id = ? AND id < ? AND ended_why = ?", s.CorpID, s.Subject, s.SubjectID, s.ID, endedReplaced).Scan(ctx)
	if err != nil {
		return fmt.Errorf("read the steps before: %w", err)
	}
	gone := s.hits()
	for _, f := range former {
		hits := f.hits()
		if len(hits) == 0 || slices.ContainsFunc(hits, func(id int64) bool { return !slices.Contains(gone, id) }) {
			continue
		}
		f.EndedWhy = endedAppeal
		if err := saveStep(ctx, tx, f); err != nil {
			return err
		}
	}
	return nil
}

func (g *Governor) change(ctx context.Context, corpID string, id int64, f func(ctx context.Context, tx *db.Tx, s *LadderStep) error) (*LadderStep, error) {
	var s *LadderStep
	err := g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if s, err = lockStep(ctx, tx, corpID, id); err != nil {
			return err
		}
		return f(ctx, tx, s)
	})
	return s, err
}

// LadderFilter chooses steps.
type LadderFilter struct {
	Current bool     // those that count now
	Appeals bool     // those whose appeal waits
	Scope   []string // accounts that may be seen; nil = all
	After   int64
	Limit   int
}

func (g *Governor) ladderQuery(corpID string, f LadderFilter) *bun.SelectQuery {
	q := g.db.Read().NewSelect().Model((*LadderStep)(nil)).Where("corp_id = ?", corpID)
	if f.Current {
		q.Where("ended_at = 0 AND (rung >= ? OR since > ?)", Suspended, g.world.Now().Add(-hitWindow*clockRungs))
	}
	if f.Appeals {
		q.Where("appealed_at > 0 AND decision = ''")
	}
	if f.Scope != nil {
		ids := bun.List(db.OrNobody(f.Scope))
		q.Where("(subject = ? AND subject_id IN (?) OR subject = ? AND author IN (?))", OnStaff, ids, OnCampaign, ids)
	}
	return q
}

// clockRungs is how many windows of 30 days a step of the third rung takes to fade.
const clockRungs = 3

// HitsOfStep are what a step was taken for.
func (g *Governor) HitsOfStep(ctx context.Context, corpID string, of ...*LadderStep) (map[int64][]LadderHit, error) {
	var ids []int64
	for _, s := range of {
		ids = append(ids, s.hits()...)
	}
	out := map[int64][]LadderHit{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []LadderHit
	if err := g.db.Read().NewSelect().Model(&rows).Where("corp_id = ? AND id IN (?)", corpID, bun.List(ids)).OrderExpr("id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the hits of steps: %w", err)
	}
	for _, s := range of {
		mine := s.hits()
		for _, h := range rows {
			if slices.Contains(mine, h.ID) {
				out[s.ID] = append(out[s.ID], h)
			}
		}
	}
	return out, nil
}

// Standing is how high somebody stands now.
func (g *Governor) Standing(ctx context.Context, corpID string, on Subject, id string, at clock.Time) (Rung, error) {
	last, err := lastStep(ctx, g.db.Read(), corpID, on, id)
	return last.standing(at), err
}
