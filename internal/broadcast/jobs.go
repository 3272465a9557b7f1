package broadcast

import (
	"context"
	"fmt"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
)

const (
	forgetKind  = "broadcast.forget"  // an audience that was frozen for nothing is dropped
	reserveKind = "broadcast.reserve" // some receivers more are reserved in the ledger
	openKind    = "broadcast.open"    // sending hours are open: tasks are made
	closeKind   = "broadcast.close"   // sending hours end: what is open is taken back
	takeKind    = "broadcast.take"    // some receivers more are taken back
	stopKind    = "broadcast.stop"    // a receiver said stop
	lossKind    = "broadcast.loss"    // a receiver deleted their member or complained
	haltKind    = "broadcast.halt"    // sending was stopped
	pollKind    = "broadcast.poll"    // what became of a task's receivers
)

// Receivers are reserved in transactions of about stepTime: callbacks wait for one, and their customers' locks are held that
// long. How many that is, the last one tells.
const (
	stepTime  = 15 * time.Millisecond
	stepBy    = 100
	firstStep = 300
	mostStep  = 1000
)

// pace takes in how long a transaction for n receivers took.
func (s *Service) pace(n int, took time.Duration) {
	switch {
	case took > stepTime*3/2:
		n = max(n-stepBy, stepBy)
	case took < stepTime*2/3:
		n = min(n+stepBy, mostStep)
	}
	s.step.Store(int64(n))
}

// Register says what this room does later.
func (s *Service) Register(b *bus.Bus) {
	b.Handle(forgetKind, s.unfreeze)
	b.Handle(reserveKind, s.reserve)
	b.Handle(openKind, s.open)
	b.Handle(closeKind, s.close)
	b.Handle(shutKind, s.shut)
	b.Handle(takeKind, s.takeMore)
	b.Handle(stopKind, s.stop)
	b.Handle(lossKind, s.lose)
	b.Handle(haltKind, s.halt)
	b.Perform(pollKind, s.poll)
	b.Perform(observeKind, s.observe)
}

type step struct {
	ID   int64
	Step int
}

// next puts the following step of a mass message on the table. Each step has a number: a key is done once.
func (s *Service) next(ctx context.Context, tx *db.Tx, kind string, id int64, n int, at clock.Time) error {
	return s.then(ctx, tx, kind, id, fmt.Sprint(kind, "/", id, "/", n), step{id, n}, at)
}

// then puts a step that says more than its number on the table. One with a time waits for it, and holds back no other.
func (s *Service) then(ctx context.Context, tx *db.Tx, kind string, id int64, key string, payload any, at clock.Time) error {
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Timer, Kind: kind, Key: key, OrderKey: fmt.Sprint("broadcast/", id), Payload: payload, DueAt: at,
	})
	return err
}

// unfreeze drops the audience of a message that is a draft again, or gone.
func (s *Service) unfreeze(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p step
	if err := w.Decode(&p); err != nil {
		return err
	}
	b, err := s.lockBroadcast(ctx, tx, p.ID)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return err
	}
	if b != nil && (b.State != Draft || b.Freezing != int64(p.Step)) { // submitted again: the audience is another one's
		return nil
	}
	more, err := s.forget(ctx, tx, p.ID)
	if err != nil || !more {
		return err
	}
	_, err = s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Timer, Kind: forgetKind, Key: fmt.Sprint(forgetKind, "/after/", w.ID), OrderKey: fmt.Sprint("broadcast/", p.ID), Payload: p,
	})
	return err
}

// reserve takes the next receivers of the frozen audience to the ledger. A crash begins this step again; a receiver's
// key is one touch however often it is asked.
func (s *Service) reserve(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p step
	if err := w.Decode(&p); err != nil {
		return err
	}
	b, err := s.lockBroadcast(ctx, tx, p.ID)
	if err != nil || b.State != Planned {
		s.ahead.drop(p.ID)
		return err
	}
	began, most := clock.SystemWall().Now(), int(s.step.Load())
	members, foreseen, err := s.nextPart(ctx, tx, b, most)
	if err != nil {
		return err
	}
	if len(members) == 0 {
		return s.reserved(ctx, tx, b)
	}
	defer func() {
		if len(members) >= stepBy {
			s.pace(len(members), clock.SystemWall().Now().Sub(began))
		}
	}()
	s.lookAhead(ctx, tx, b, members[len(members)-1].CustomerID, most)
	var decisions []governance.Decision
	if foreseen != nil {
		decisions, err = s.Governor.ReserveForeseen(ctx, tx, foreseen)
	} else {
		var reqs []governance.Request
		if reqs, err = s.requests(b, members); err == nil {
			decisions, err = s.Governor.Reserve(ctx, tx, reqs...)
		}
	}
	if err != nil {
		return err
	}
	rows := make([]*Receiver, len(members))
	for i, d := range decisions {
		rows[i] = &Receiver{
			CorpID: s.CorpID, BroadcastID: b.ID, CustomerID: members[i].CustomerID, StaffID: members[i].StaffID, TouchID: d.TouchID, State: Held,
			RuleID: d.RuleID, ReasonZh: d.Reason.ZH, ReasonEn: d.Reason.EN, NextAt: d.Next,
		}
		if d.OK() {
			rows[i].State = Reserved
		}
	}
	if err := writeDecided(ctx, tx, rows); err != nil {
		return err
	}
	return s.next(ctx, tx, reserveKind, b.ID, p.Step+1, 0)
}

// reserved goes on when the last receiver is decided.
func (s *Service) reserved(ctx context.Context, tx *db.Tx, b *Broadcast) error {
	tx.OnCommit(func() { s.changed(b.ID) })
	if err := s.finish(ctx, tx, b); err != nil || b.EndedAt != 0 { // everybody is held back
		return err
	}
	if err := s.next(ctx, tx, openKind, b.ID, 0, b.OpensAt); err != nil {
		return err
	}
	return s.next(ctx, tx, closeKind, b.ID, 0, b.ClosesAt)
}

// close takes back what no member has confirmed when sending hours end.
func (s *Service) close(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p step
	if err := w.Decode(&p); err != nil {
		return err
	}
	b, err := s.lockBroadcast(ctx, tx, p.ID)
	if err != nil || !b.State.running() {
		return err
	}
	return s.takeBack(ctx, tx, b, taking{ID: b.ID, Why: closed, Run: w.Key})
}

// finish ends a mass message when nothing of it can reach anybody any more.
func (s *Service) finish(ctx context.Context, tx *db.Tx, b *Broadcast) error {
	waiting, err := tx.NewSelect().Model((*Receiver)(nil)).
		Where("corp_id = ? AND broadcast_id = ? AND state IN (?, ?, ?)", s.CorpID, b.ID, Matched, Reserved, Tasked).Limit(1).Exists(ctx)
	if err != nil {
		return fmt.Errorf("look for receivers of mass message %d that wait: %w", b.ID, err)
	}
	if waiting || b.EndedAt != 0 {
		return nil
	}
	tasks, err := s.tasks(ctx, tx, b.ID)
	if err != nil {
		return err
	}
	made, pending := false, false
	for _, t := range tasks {
		made = made || t.MsgID != ""
		pending = pending || t.State == TaskCreating || t.State == TaskCancelling
	}
	if pending {
		return nil
	}
	b.EndedAt = s.World.Now()
	if b.State != Cancelled {
		b.State = Done
	}
	if b.State == Done && len(tasks) > 0 && !made {
		counts, err := s.counts(ctx, tx, []int64{b.ID}, nil)
		if err != nil {
			return err
		}
		if c := counts[b.ID]; c.NotFriend < c.Reachable {
			b.State = Failed
		}
	}
	return save(ctx, tx, b, "state", "ended_at")
}

var (
	reasonUnconfirmed = errs.T("到允许发送的时段结束，成员没有确认，客户没有收到。", "The member had not confirmed when sending hours ended; the customer got nothing.")
	reasonCancelled   = errs.T("这次群发被取消，客户没有收到。", "The mass message was cancelled; the customer got nothing.")
	reasonNotFriend   = errs.T("客户已经不是这位员工的好友。", "The customer is no longer this member's contact.")
	reasonOverLimit   = errs.T("客户收到的群发已到企业微信的上限。", "The customer has as many mass messages as WeCom allows.")
	reasonSilent      = errs.T("成员已确认，企业微信没有给出结果。", "The member confirmed; WeCom never said what became of it.")
	reasonHalted      = errs.T("发送已被停用，客户没有收到。", "Sending was stopped; the customer got nothing.")
	reasonAssessment  = errs.T("它要的影响评估已经过期或撤回，客户没有收到。", "The impact assessment it was started on has ended; the customer got nothing.")
	reasonSensitive   = errs.T("受众里的标签是敏感个人信息，单独同意已经撤回，客户没有收到。", "A tag of its audience is sensitive data and its separate consent was withdrawn; the customer got nothing.")
	reasonOptOut      = errs.T("这位客户已选择不再接收营销消息。", "This customer asked for no more marketing.")
)
