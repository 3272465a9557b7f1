package moment

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
)

const (
	openKind      = "moment.open"      // its time has come: the audience is read
	reserveKind   = "moment.reserve"   // some customers more are reserved in the ledger
	prepareKind   = "moment.prepare"   // the tag and the files are made ready
	closeKind     = "moment.close"     // sending hours end
	haltKind      = "moment.halt"      // all sending was stopped
	pollKind      = "moment.poll"      // who has published, and who sees it
	untagKind     = "moment.untag"     // a customer said stop
	reconcileKind = "moment.reconcile" // what the corp has published is read
	answerKind    = "moment.answer"    // a member is told who commented
	partKind      = "moment.part"      // one member's sending was stopped: their part is taken back
)

// reserveStep is how many customers are reserved in one transaction: their locks are held that long.
const reserveStep = 1000

// Rules and codes that end a receiver, beside those of governance.
const (
	ruleStaffDay    = "OWN-05"
	ruleHalt        = "OWN-14"
	codeUnpublished = "moment.unpublished"
	codeNotShown    = "moment.not_shown"
	codeCancelled   = "moment.cancelled"
	codeFailed      = "moment.failed"
	codeNotFriend   = "wecom.not_friend"
)

var (
	reasonStaffDay    = errs.Tf("这位员工当天已有 %d 条朋友圈，再多会像刷屏。", "This member has %d Moments on that day already; more would flood their customers.", maxStaffDay)
	reasonUnpublished = errs.T("到允许发送的时段结束，员工没有发表，客户没有看到。", "The member had not published it when sending hours ended; the customer saw nothing.")
	reasonNotShown    = errs.T("员工已发表，企业微信没有展示给这位客户：可能已删除员工，或这个月看够了企业的朋友圈。",
		"The member published it and WeCom does not show it to this customer: they may have deleted the member, or have seen enough of the corp this month.")
	reasonHalted    = errs.T("发送已被停用，客户没有看到。", "Sending was stopped; the customer saw nothing.")
	reasonCancelled = errs.T("这条朋友圈被取消，客户没有看到。", "The Moment was cancelled; the customer saw nothing.")
	reasonFailed    = errs.T("这条朋友圈没有建成，客户没有看到。", "The Moment was not made; the customer saw nothing.")
	reasonNotFriend = errs.T("客户已经不是这位员工的好友。", "The customer is no longer this member's contact.")
)

const errNotAssessed = "the impact assessment that its audience needs is not in force any more (LAW-17)"

const errNoConsent = "a tag of its audience tells sensitive data, and no consent is on record any more (LAW-07)"

// Register says what this room does later.
func (s *Service) Register(b *bus.Bus) {
	b.Perform(openKind, s.open)
	b.Handle(reserveKind, s.reserve)
	b.Perform(prepareKind, s.prepare)
	b.Handle(closeKind, s.close)
	b.Handle(haltKind, s.halt)
	b.Perform(pollKind, s.poll)
	b.Perform(untagKind, s.untag)
	b.Perform(reconcileKind, s.reconcile)
	b.Perform(answerKind, s.ask)
	b.Perform(partKind, s.takePart)
}

type step struct {
	ID   int64
	Step int
}

// next puts the following step of a Moment on the table. Each step has a number: a key is done once.
func (s *Service) next(ctx context.Context, tx *db.Tx, lane bus.Lane, kind string, id int64, n int, at clock.Time) error {
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: lane, Kind: kind, Key: fmt.Sprint(kind, "/", id, "/", n), OrderKey: fmt.Sprint("moment/", id),
		Payload: step{id, n}, DueAt: at,
	})
	return err
}

// open reads the audience as it is now. Nothing is sent; a repeat finds the rows of the first time.
func (s *Service) open(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p step
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	m, err := getMoment(ctx, s.DB.Read(), s.CorpID, p.ID)
	if err != nil || m.State != Scheduled {
		return nil, err
	}
	words, err := m.words()
	if err != nil {
		return nil, err
	}
	refused := s.consented(ctx, words.Audience) // a consent was withdrawn, or a tag renamed, since it was submitted
	if refused != nil && errs.KindOf(refused) != errs.Invalid {
		return nil, refused
	}
	assessed, err := s.assessed(ctx, words.Audience) // an assessment ended since
	if err != nil {
		return nil, err
	}
	members, err := s.members(ctx, words.Audience)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *db.Tx) error {
		m, err := s.lock(ctx, tx, p.ID)
		if err != nil || m.State != Scheduled {
			return err
		}
		if refused != nil {
			m.State, m.Error = Failed, errNoConsent
			return s.end(ctx, tx, m, outcome{})
		}
		if len(assessed.Missing) > 0 {
			m.State, m.Error = Failed, errNotAssessed
			return s.end(ctx, tx, m, outcome{})
		}
		busy, err := s.staffDay(ctx, tx, m.OpensAt.Day(s.Zone))
		if err != nil {
			return err
		}
		forbids, err := s.Governor.Forbids(ctx, tx, s.CorpID, func() (governance.About, error) {
			return governance.About{
				Class: governance.Marketing, Channel: governance.Moment, Topic: words.Topic, At: s.World.Now(), Audience: len(members),
				Staff: m.SubmittedBy, Tags: words.Audience.Tags,
			}, nil
		}, words.fields())
		if err != nil {
			return err
		}
		rows := make([]*Receiver, len(members))
		for i, c := range members {
			rows[i] = &Receiver{CorpID: s.CorpID, MomentID: m.ID, CustomerID: c.CustomerID, StaffID: c.StaffID, Planned: true, State: Matched}
			switch {
			case forbids != nil: // a rule that is newer than the approval
				outcome{state: Held, rule: forbids.RuleID, reason: forbids.Reason}.to(rows[i])
			case busy[c.StaffID] >= maxStaffDay:
				outcome{state: Held, rule: ruleStaffDay, reason: reasonStaffDay}.to(rows[i])
			}
		}
		if err := put(ctx, tx, rows); err != nil {
			return err
		}
		m.State = Preparing
		if err := save(ctx, tx, m, "state"); err != nil {
			return err
		}
		tx.OnCommit(func() { s.changed(m.ID) })
		return s.next(ctx, tx, bus.Timer, reserveKind, m.ID, 0, 0)
	}, nil
}

// reserve takes the next customers to the ledger. A crash begins this step again; a customer's key is one touch however
// often it is asked.
func (s *Service) reserve(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p step
	if err := w.Decode(&p); err != nil {
		return err
	}
	m, err := s.lock(ctx, tx, p.ID)
	if err != nil || m.State != Preparing {
		return err
	}
	rows, err := s.receivers(ctx, tx, m.ID, reserveStep, Matched)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return s.reserved(ctx, tx, m)
	}
	words, err := m.words()
	if err != nil {
		return err
	}
	members := make([]customer.Member, len(rows))
	for i, r := range rows {
		members[i] = customer.Member{CustomerID: r.CustomerID, StaffID: r.StaffID}
	}
	decisions, err := s.Governor.Reserve(ctx, tx, s.requests(m.ID, m.SubmittedBy, words, members, 0, m.OpensAt, m.ClosesAt)...)
	if err != nil {
		return err
	}
	for i, d := range decisions {
		o := outcome{state: Reserved, rule: d.RuleID, reason: d.Reason, next: d.Next}
		if !d.OK() {
			o.state = Held
		}
		o.to(rows[i])
		rows[i].TouchID = d.TouchID
	}
	if err := replace(ctx, tx, rows); err != nil {
		return err
	}
	if err := s.shutOwn(ctx, tx, m, rows); err != nil {
		return err
	}
	return s.next(ctx, tx, bus.Timer, reserveKind, m.ID, p.Step+1, 0)
}

// shutOwn has a Moment taken from customers whose own hours end before those of the corp, as far as it is not published by then.
func (s *Service) shutOwn(ctx context.Context, tx *db.Tx, m *Moment, rows []*Receiver) error {
	var ids []string
	for _, r := range rows {
		if r.State == Reserved {
			ids = append(ids, r.CustomerID)
		}
	}
	hours, err := s.Governor.HoursWithin(ctx, tx, s.CorpID, ids, max(s.World.Now(), m.OpensAt), m.ClosesAt)
	if err != nil {
		return err
	}
	for id, h := range hours {
		if h.Closes < m.ClosesAt {
			if err := s.putUntag(ctx, tx, untagStep{id, false}, h.Closes, h.Closes); err != nil {
				return err
			}
		}
	}
	return nil
}

// reserved goes on when the last customer is decided.
func (s *Service) reserved(ctx context.Context, tx *db.Tx, m *Moment) error {
	tx.OnCommit(func() { s.changed(m.ID) })
	rows, err := s.receivers(ctx, tx, m.ID, 1, Reserved)
	if err != nil {
		return err
	}
	if len(rows) == 0 { // everybody is held back
		return s.end(ctx, tx, m, outcome{})
	}
	return s.next(ctx, tx, bus.Intent, prepareKind, m.ID, 0, 0)
}

// close stops a Moment at the end of sending hours. What is being made then is stopped when WeCom has answered.
func (s *Service) close(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p step
	if err := w.Decode(&p); err != nil {
		return err
	}
	m, err := s.lock(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	switch m.State {
	case Open:
		return s.Outreach.CancelMoment(ctx, tx, m.ID, m.PostID)
	case Scheduled, Preparing: // the platform was away, or WeCom did not answer all day
		m.State, m.Error = Failed, "hours ended before it was ready"
		return s.end(ctx, tx, m, outcome{state: Lost, rule: codeFailed, reason: reasonFailed})
	case Making, Draft, Review, Done, Cancelled, Failed:
	}
	return nil
}

// end writes the end of a Moment: what is still open of it is given back with o.
func (s *Service) end(ctx context.Context, tx *db.Tx, m *Moment, o outcome) error {
	rows, err := s.receivers(ctx, tx, m.ID, 0, Matched, Reserved, Tasked)
	if err != nil {
		return err
	}
	if err := s.giveBack(ctx, tx, rows, o); err != nil {
		return err
	}
	if m.State != Cancelled && m.State != Failed {
		m.State = Done
	}
	m.EndedAt = s.World.Now()
	if err := save(ctx, tx, m, "state", "ended_at", "error"); err != nil {
		return err
	}
	if _, err := tx.NewUpdate().Model((*Task)(nil)).Set("state = ?", TaskCancelled).
		Where("corp_id = ? AND moment_id = ? AND state = ?", s.CorpID, m.ID, TaskOpen).Exec(ctx); err != nil {
		return fmt.Errorf("end the tasks of Moment %d: %w", m.ID, err)
	}
	tx.OnCommit(func() { s.changed(m.ID) })
	return nil
}

// giveBack releases touches that reached nobody.
func (s *Service) giveBack(ctx context.Context, tx *db.Tx, rows []*Receiver, o outcome) error {
	if len(rows) == 0 {
		return nil
	}
	var touches []int64
	for _, r := range rows {
		if r.TouchID != 0 {
			touches = append(touches, r.TouchID)
		}
		o.to(r)
	}
	if err := s.Governor.ReleaseAll(ctx, tx, touches, o.rule, o.reason); err != nil {
		return err
	}
	return replace(ctx, tx, rows)
}

// untagStep is about a customer who said stop (All), or who wants less than before.
type untagStep struct {
	CustomerID string
	All        bool
}

// OptedOut is told when a customer says stop. Their tags are taken off at once, so that what members have not published yet is
// not shown to them; what they see after all is booked as late.
func (s *Service) OptedOut(ctx context.Context, tx *db.Tx, e governance.OptedOut) error {
	return s.putUntag(ctx, tx, untagStep{e.CustomerID, true}, e.At, 0)
}

// Chose is told when a customer chooses a pace, a pause or topics.
func (s *Service) Chose(ctx context.Context, tx *db.Tx, e governance.PreferenceChanged) error {
	return s.putUntag(ctx, tx, untagStep{e.CustomerID, false}, e.At, 0)
}

func (s *Service) putUntag(ctx context.Context, tx *db.Tx, p untagStep, at, due clock.Time) error {
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: untagKind, Key: fmt.Sprint(untagKind, "/", p.CustomerID, "/", p.All, "/", int64(at)),
		OrderKey: untagKind + "/" + p.CustomerID, Payload: p, Urgent: true, DueAt: due,
	})
	return err
}
