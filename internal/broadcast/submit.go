package broadcast

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
)

// freezeStep is how many receivers are written in one transaction: callbacks wait no longer than one takes.
const freezeStep = 1000

// Submit freezes the audience and starts the mass message. expect is the number of reachable customers its author saw;
// when it would reach more by now, nothing happens and the answer is a Conflict with the new number. Words that the content
// rules refuse start nothing; what reaches many or is in doubt waits for a second person. When everybody is held back it is
// booked like any other, and ends at once: the ledger then shows each customer with the reason.
func (s *Service) Submit(ctx context.Context, id int64, by string, scope []string, expect int) (*Broadcast, error) {
	b, err := getBroadcast(ctx, s.DB.Read(), s.CorpID, id)
	if err != nil {
		return nil, err
	}
	if b.State != Draft {
		return nil, errNotDraft
	}
	w, err := s.words(b)
	if err != nil {
		return nil, err
	}
	p, err := s.Plan(ctx, id, by, w, scope)
	if err != nil {
		return nil, err
	}
	if f, blocked := p.Check.Blocking(); blocked {
		if err := s.Governor.Suspect(ctx, s.CorpID, by, campaignID(id), governance.Said{Title: b.Name, Fields: w.fields(), Check: p.Check, Freeze: true}); err != nil {
			return nil, err
		}
		return nil, s.Governor.Refuse(ctx, s.CorpID, by, campaignID(id), f, f.Refusal("broadcast.content", errs.T("内容不能发送", "This cannot be sent")))
	}
	if s.Admitted != nil {
		if err := s.Admitted(ctx, w.texts()...); err != nil {
			return nil, err
		}
	}
	if err := s.checkTime(ctx, b.SendAt); err != nil {
		return nil, err
	}
	switch {
	case strings.TrimSpace(b.Benefit) == "":
		return nil, errs.Bad("benefit", "broadcast.no_benefit", errs.T("写明这条消息对客户有什么用，审批和账本里都会看到（OWN-01）。",
			"Say what the customer has of it; approvers and the ledger show it (OWN-01)."))
	case p.Matched == 0 && b.Kind == ToGroups:
		return nil, errs.New(errs.Conflict, "broadcast.no_group", errs.T("没有客户群符合这些条件。", "No customer group matches."))
	case p.Matched == 0: // with nobody to hold back there is nothing to book
		return nil, errs.New(errs.Conflict, "broadcast.nobody", errs.T("没有客户符合这些条件。", "No customer matches."))
	case p.Reachable > expect:
		return nil, grown(b.Kind, p.Reachable, expect)
	}
	if err := s.freeze(ctx, b, w.Audience, scope); err != nil {
		return nil, err
	}
	err = s.draft(ctx, b, func(ctx context.Context, tx *db.Tx) error {
		b.State, b.SubmittedBy, b.SubmittedAt, b.OpensAt, b.ClosesAt = Planned, by, s.World.Now(), p.OpensAt, p.ClosesAt
		b.Cost, b.Approval, b.ReviewedBy, b.ReviewedAt, b.ReviewNote, b.Assessments = p.Cost, p.Approval, "", 0, "", p.Assessed.Text()
		if b.Approval != NoApproval {
			b.State = Review
		}
		err := save(ctx, tx, b, "state", "submitted_by", "submitted_at", "opens_at", "closes_at", "cost", "approval", "assessments", "reviewed_by", "reviewed_at", "review_note")
		if err != nil {
			return err
		}
		if err := s.Reviews.Saw(ctx, tx, s.reviewText(b, w, p)); err != nil {
			return err
		}
		tx.OnCommit(func() { s.changed(id) })
		if b.State == Review {
			return nil
		}
		return s.next(ctx, tx, reserveKind, id, 0, 0)
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// freeze writes the persons or groups of the audience as receivers, in parts: until the message is submitted they mean nothing, and
// whoever submits it next begins anew.
func (s *Service) freeze(ctx context.Context, b *Broadcast, a Audience, scope []string) error {
	var members []customer.Member
	var err error
	if b.Kind == ToGroups {
		members, err = s.groups(ctx, a, scope)
	} else {
		var q customer.AudienceQuery
		if q, err = s.query(ctx, a, scope); err == nil {
			members, err = s.Audience(ctx, q)
		}
	}
	if err != nil {
		return err
	}
	mine := s.DB.NewID()
	err = s.draft(ctx, b, func(ctx context.Context, tx *db.Tx) error {
		b.Freezing = mine
		return save(ctx, tx, b, "freezing")
	})
	if err != nil {
		return err
	}
	for left := true; left; {
		err := s.draft(ctx, b, func(ctx context.Context, tx *db.Tx) (err error) {
			left, err = s.forget(ctx, tx, b.ID)
			return err
		})
		if err != nil {
			return err
		}
	}
	for part := range slices.Chunk(members, freezeStep) {
		rows := make([]*Receiver, len(part))
		for i, m := range part {
			rows[i] = &Receiver{CorpID: s.CorpID, BroadcastID: b.ID, CustomerID: m.CustomerID, StaffID: m.StaffID, State: Matched}
		}
		err := s.draft(ctx, b, func(ctx context.Context, tx *db.Tx) error {
			_, err := db.InsertAlike(ctx, tx, rows, "")
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// draft runs f in a transaction when b is still the draft that was read, and nobody else began to submit it.
func (s *Service) draft(ctx context.Context, b *Broadcast, f func(ctx context.Context, tx *db.Tx) error) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now, err := s.lockBroadcast(ctx, tx, b.ID)
		if err != nil {
			return err
		}
		if now.State != Draft || now.UpdatedAt != b.UpdatedAt || now.Freezing != b.Freezing {
			return errs.New(errs.Conflict, "broadcast.changed", errs.T("有人刚改过它。请再看一遍再提交。", "Somebody changed it meanwhile. Look again before you submit."))
		}
		return f(ctx, tx)
	})
}

// forget drops some of the frozen audience of one that was never decided, and says whether there may be more.
func (s *Service) forget(ctx context.Context, tx *db.Tx, id int64) (more bool, err error) {
	res, err := tx.NewRaw(`DELETE FROM broadcast_receiver WHERE corp_id = ? AND broadcast_id = ? AND customer_id IN
		(SELECT customer_id FROM broadcast_receiver WHERE corp_id = ? AND broadcast_id = ? LIMIT ?)`,
		s.CorpID, id, s.CorpID, id, freezeStep).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("forget the audience of mass message %d: %w", id, err)
	}
	n, err := res.RowsAffected()
	return n == freezeStep, err
}
