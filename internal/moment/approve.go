package moment

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
)

// reviewText is a Moment as the queue of texts takes it in.
func (s *Service) reviewText(m *Moment, w Words, p *Plan) governance.ReviewText {
	return governance.ReviewText{
		CorpID: s.CorpID, Noun: "moment", Ref: fmt.Sprint(m.ID), Title: m.Name, Class: governance.Marketing, Channel: governance.Moment, Author: m.SubmittedBy,
		Fields: w.fields(), Check: p.Check, Audience: p.Reachable, Cause: p.Approval,
	}
}

// schedule puts the two ends of a Moment on the table.
func (s *Service) schedule(ctx context.Context, tx *db.Tx, m *Moment) error {
	n := int(m.SubmittedAt) // one that was given back and submitted again has times of its own
	if err := s.next(ctx, tx, bus.Intent, openKind, m.ID, n, m.OpensAt); err != nil {
		return err
	}
	return s.next(ctx, tx, bus.Timer, closeKind, m.ID, n, m.ClosesAt)
}

var errNotInReview = errs.New(errs.Conflict, "moment.not_in_review", errs.T("它现在不在等审批。", "It is not waiting for approval."))

// reviewed reads a Moment that by may decide about.
func (s *Service) reviewed(ctx context.Context, id int64, by string) (*Moment, error) {
	m, err := getMoment(ctx, s.DB.Read(), s.CorpID, id)
	if err != nil {
		return nil, err
	}
	if m.State != Review {
		return nil, errNotInReview
	}
	if by == m.SubmittedBy || by == m.CreatedBy {
		return nil, errs.New(errs.Forbidden, "moment.own_approval", errs.T("自己写的朋友圈要由另一个人审批（OWN-07）。请找一位主管或管理员。",
			"Somebody else has to approve what you wrote (OWN-07). Ask a manager or the owner."))
	}
	return m, nil
}

// now plans a Moment that waits, as it would be today.
func (s *Service) now(ctx context.Context, m *Moment) (*Plan, error) {
	w, err := m.words()
	if err != nil {
		return nil, err
	}
	return s.Plan(ctx, m.ID, m.SubmittedBy, w, nil) // its audience was narrowed to its author's scope when it was submitted
}

// Reach is how many customers a Moment that waits would reach now.
func (s *Service) Reach(ctx context.Context, id int64) (int, error) {
	m, err := s.Get(ctx, id)
	if err != nil {
		return 0, err
	}
	p, err := s.now(ctx, m)
	if err != nil {
		return 0, err
	}
	return p.Reachable, nil
}

// Approve puts a Moment that waits for a second person on the calendar. expect is the number of reachable customers that person
// saw; by must be neither its author nor who submitted it.
func (s *Service) Approve(ctx context.Context, id int64, by string, expect int) (*Moment, error) {
	m, err := s.reviewed(ctx, id, by)
	if err != nil {
		return nil, err
	}
	p, err := s.now(ctx, m)
	if err != nil {
		return nil, err
	}
	if f, blocked := p.Check.Blocking(); blocked {
		w, err := m.words()
		if err != nil {
			return nil, err
		}
		if err := s.Governor.Suspect(ctx, s.CorpID, m.SubmittedBy, campaignID(id), governance.Said{Title: m.Name, Fields: w.fields(), Check: p.Check, Freeze: true}); err != nil {
			return nil, err
		}
		return nil, f.Refusal("moment.content", errs.T("内容不能发表", "This cannot be published"))
	}
	if p.Reachable > expect {
		return nil, errs.New(errs.Conflict, "moment.reach_changed", errs.Tf("现在可触达 %d 位，比你看到的 %d 位多。请再看一遍。",
			"It would reach %d now, more than the %d you saw. Look again.", p.Reachable, expect))
	}
	if err := p.Assessed.Refusal("audience.tags"); err != nil {
		return nil, err
	}
	return s.decide(ctx, id, by, true, "", func(ctx context.Context, tx *db.Tx, m *Moment) error {
		if err := tx.Lock(ctx, "moments/"+s.CorpID); err != nil { // the calendar
			return err
		}
		w, err := m.words()
		if err != nil {
			return err
		}
		if err := s.alone(ctx, tx, m, w.Audience, p.OpensAt); err != nil {
			return err
		}
		m.State, m.OpensAt, m.ClosesAt, m.Assessments = Scheduled, p.OpensAt, p.ClosesAt, p.Assessed.Text()
		return s.schedule(ctx, tx, m)
	})
}

// Return gives a Moment that waits for a second person back to its author, with the reason.
func (s *Service) Return(ctx context.Context, id int64, by, note string) (*Moment, error) {
	note = strings.TrimSpace(note)
	if n := utf8.RuneCountInString(note); n < 2 || n > 200 {
		return nil, errs.Bad("note", "moment.note", errs.T("写明为什么退回，2 到 200 个字，作者会看到。", "Say why in 2 to 200 characters; the author reads it."))
	}
	if _, err := s.reviewed(ctx, id, by); err != nil {
		return nil, err
	}
	return s.decide(ctx, id, by, false, note, func(_ context.Context, _ *db.Tx, m *Moment) error {
		m.State, m.ReviewNote, m.OpensAt, m.ClosesAt = Draft, note, 0, 0
		return nil
	})
}

// decide changes a Moment that is still in review, as its second person, and tells the queue.
func (s *Service) decide(ctx context.Context, id int64, by string, passed bool, note string, change func(ctx context.Context, tx *db.Tx, m *Moment) error) (*Moment, error) {
	var m *Moment
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if m, err = s.lock(ctx, tx, id); err != nil {
			return err
		}
		if m.State != Review {
			return errNotInReview
		}
		m.ReviewedBy, m.ReviewedAt, m.UpdatedAt = by, s.World.Now(), s.World.Now()
		if err := change(ctx, tx, m); err != nil {
			return err
		}
		if err := save(ctx, tx, m, "state", "assessments", "opens_at", "closes_at", "updated_at", "reviewed_by", "reviewed_at", "review_note"); err != nil {
			return err
		}
		tx.OnCommit(func() { s.changed(id) })
		return s.Reviews.Settled(ctx, tx, s.CorpID, "moment", fmt.Sprint(id), by, passed, note)
	})
	return m, err
}
