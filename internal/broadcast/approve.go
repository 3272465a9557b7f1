package broadcast

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
)

// Approval is why a second person has to look at a mass message before it starts (OWN-07).
type Approval string

// The reasons. NoApproval: the author alone decides.
const (
	NoApproval Approval = ""
	BySize     Approval = "size"   // it reaches many
	ByWords    Approval = "words"  // a content rule is in doubt
	ByLadder   Approval = "ladder" // its author stands on the third rung of the ladder

	ByAssessment = Approval(governance.ByAssessment) // it needs an impact assessment that is not there (LAW-17)
)

// approval says whether a second person has to look.
func (s *Service) approval(ctx context.Context, by string, check governance.Check, reachable int) (Approval, error) {
	cause, err := s.Governor.CauseOf(ctx, s.CorpID, by, check, reachable)
	return Approval(cause), err
}

// reviewText is a mass message as the queue of texts takes it in.
func (s *Service) reviewText(b *Broadcast, w Words, p *Plan) governance.ReviewText {
	return governance.ReviewText{
		CorpID: s.CorpID, Noun: "broadcast", Ref: fmt.Sprint(b.ID), Title: b.Name, Class: governance.Marketing, Channel: w.channel(), Author: b.SubmittedBy,
		Fields: w.fields(), Check: p.Check, Audience: p.Reachable, Cause: governance.Cause(p.Approval),
	}
}

// Reach is how many customers a mass message that waits would reach now.
func (s *Service) Reach(ctx context.Context, id int64) (int, error) {
	b, err := getBroadcast(ctx, s.DB.Read(), s.CorpID, id)
	if err != nil {
		return 0, err
	}
	w, err := s.words(b)
	if err != nil {
		return 0, err
	}
	members, err := s.frozen(ctx, id)
	if err != nil {
		return 0, err
	}
	p, err := s.plan(ctx, id, b.SubmittedBy, w, members, b.Cost)
	if err != nil {
		return 0, err
	}
	return p.Reachable, nil
}

// cost is what a mass message takes of each customer's budget: one that goes to nearly all takes double (OWN-12).
func (s *Service) cost(audience, all int) int {
	if all > 0 && float64(audience) > s.Governor.Plans().DoubleShare*float64(all) {
		return 2
	}
	return 1
}

var errNotInReview = errs.New(errs.Conflict, "broadcast.not_in_review", errs.T("它现在不在等审批。", "It is not waiting for approval."))

// Approve starts a mass message that waits for a second person. expect is the number of reachable customers that person saw; by
// must be neither its author nor who submitted it.
func (s *Service) Approve(ctx context.Context, id int64, by string, expect int) (*Broadcast, error) {
	b, err := s.reviewed(ctx, id, by)
	if err != nil {
		return nil, err
	}
	w, err := s.words(b)
	if err != nil {
		return nil, err
	}
	members, err := s.frozen(ctx, id)
	if err != nil {
		return nil, err
	}
	p, err := s.plan(ctx, b.ID, b.SubmittedBy, w, members, b.Cost)
	if err != nil {
		return nil, err
	}
	if f, blocked := p.Check.Blocking(); blocked {
		if err := s.Governor.Suspect(ctx, s.CorpID, b.SubmittedBy, campaignID(id), governance.Said{Title: b.Name, Fields: w.fields(), Check: p.Check, Freeze: true}); err != nil {
			return nil, err
		}
		return nil, f.Refusal("broadcast.content", errs.T("内容不能发送", "This cannot be sent"))
	}
	if p.Reachable > expect {
		return nil, grown(b.Kind, p.Reachable, expect)
	}
	if err := p.Assessed.Refusal("audience.tags"); err != nil {
		return nil, err
	}
	return s.decide(ctx, id, by, func(ctx context.Context, tx *db.Tx, b *Broadcast) error {
		b.State, b.OpensAt, b.ClosesAt, b.ReviewNote, b.Assessments = Planned, p.OpensAt, p.ClosesAt, "", p.Assessed.Text()
		if err := save(ctx, tx, b, "state", "assessments", "opens_at", "closes_at", "reviewed_by", "reviewed_at", "review_note"); err != nil {
			return err
		}
		if err := s.Reviews.Settled(ctx, tx, s.CorpID, "broadcast", fmt.Sprint(id), by, true, ""); err != nil {
			return err
		}
		return s.next(ctx, tx, reserveKind, id, 0, 0)
	})
}

// Return gives a mass message that waits for a second person back to its author, with the reason.
func (s *Service) Return(ctx context.Context, id int64, by, note string) (*Broadcast, error) {
	note = strings.TrimSpace(note)
	if n := utf8.RuneCountInString(note); n < 2 || n > 200 {
		return nil, errs.Bad("note", "broadcast.note", errs.T("写明为什么退回，2 到 200 个字，作者会看到。", "Say why in 2 to 200 characters; the author reads it."))
	}
	if _, err := s.reviewed(ctx, id, by); err != nil {
		return nil, err
	}
	return s.decide(ctx, id, by, func(ctx context.Context, tx *db.Tx, b *Broadcast) error {
		more, err := s.forget(ctx, tx, id) // nothing of the audience was decided
		if err != nil {
			return err
		}
		if more {
			if err := s.next(ctx, tx, forgetKind, id, int(b.Freezing), 0); err != nil {
				return err
			}
		}
		if err := s.Reviews.Settled(ctx, tx, s.CorpID, "broadcast", fmt.Sprint(id), by, false, note); err != nil {
			return err
		}
		b.State, b.ReviewNote, b.UpdatedAt = Draft, note, s.World.Now()
		return save(ctx, tx, b, "state", "reviewed_by", "reviewed_at", "review_note", "updated_at")
	})
}

// reviewed reads a mass message that by may decide about.
func (s *Service) reviewed(ctx context.Context, id int64, by string) (*Broadcast, error) {
	b, err := getBroadcast(ctx, s.DB.Read(), s.CorpID, id)
	if err != nil {
		return nil, err
	}
	if b.State != Review {
		return nil, errNotInReview
	}
	if by == b.SubmittedBy || by == b.CreatedBy {
		return nil, errs.New(errs.Forbidden, "broadcast.own_approval", errs.T("自己写的群发要由另一个人审批（OWN-07）。请找一位主管或管理员。",
			"Somebody else has to approve what you wrote (OWN-07). Ask a manager or the owner."))
	}
	return b, nil
}

// decide changes a mass message that is still in review, as its second person.
func (s *Service) decide(ctx context.Context, id int64, by string, change func(ctx context.Context, tx *db.Tx, b *Broadcast) error) (*Broadcast, error) {
	var b *Broadcast
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if b, err = s.lockBroadcast(ctx, tx, id); err != nil {
			return err
		}
		if b.State != Review {
			return errNotInReview
		}
		b.ReviewedBy, b.ReviewedAt = by, s.World.Now()
		tx.OnCommit(func() { s.changed(id) })
		return change(ctx, tx, b)
	})
	return b, err
}

// frozen are the receivers that were chosen when it was submitted and have not said stop since.
func (s *Service) frozen(ctx context.Context, id int64) ([]customer.Member, error) {
	return s.matched(ctx, s.DB.Read(), id, "", 0)
}

func grown(k Kind, reachable, expect int) error {
	if k == ToGroups {
		return errs.New(errs.Conflict, "broadcast.reach_changed", errs.T(
			fmt.Sprintf("现在可触达 %d 个群，比你看到的 %d 个多。请再看一遍再提交。", reachable, expect),
			fmt.Sprintf("It would reach %s now, more than the %d you saw. Look again before you submit.", errs.Count(reachable, "group", "groups"), expect)))
	}
	return errs.New(errs.Conflict, "broadcast.reach_changed", errs.T(
		fmt.Sprintf("现在可触达 %d 位，比你看到的 %d 位多。请再看一遍再提交。", reachable, expect),
		fmt.Sprintf("It would reach %s now, more than the %d you saw. Look again before you submit.", errs.Count(reachable, "customer", "customers"), expect)))
}
