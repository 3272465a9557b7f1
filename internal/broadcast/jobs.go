package broadcast

import (
	"context"
	"fmt"
	"slices"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/outreach"
)

const (
	forgetKind  = "broadcast.forget"  // an audience that was frozen for nothing is dropped
	reserveKind = "broadcast.reserve" // some receivers more are reserved in the ledger
	openKind    = "broadcast.open"    // sending hours are open: tasks are made
	closeKind   = "broadcast.close"   // sending hours end: what is open is taken back
	stopKind    = "broadcast.stop"    // a receiver said stop
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
	b.Handle(stopKind, s.stop)
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
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Timer, Kind: kind, Key: fmt.Sprint(kind, "/", id, "/", n), OrderKey: fmt.Sprint("broadcast/", id),
		Payload: step{id, n}, DueAt: at,
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

// open makes one task per member, just in time: a task is open only while sending is allowed.
func (s *Service) open(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p step
	if err := w.Decode(&p); err != nil {
		return err
	}
	b, err := s.lockBroadcast(ctx, tx, p.ID)
	if err != nil || b.State != Planned {
		return err
	}
	rows, err := s.receivers(ctx, tx, b.ID, 0, Reserved)
	if err != nil {
		return err
	}
	b.State = Creating
	if err := save(ctx, tx, b, "state"); err != nil {
		return err
	}
	byStaff := map[string][]*Receiver{}
	var order []string
	for _, r := range rows {
		if byStaff[r.StaffID] == nil {
			order = append(order, r.StaffID)
		}
		byStaff[r.StaffID] = append(byStaff[r.StaffID], r)
	}
	for _, staffID := range order {
		list := byStaff[staffID]
		for len(list) > 0 {
			n := min(massMost(b.Kind), len(list))
			if err := s.makeTask(ctx, tx, b, staffID, 1, list[:n]); err != nil {
				return err
			}
			list = list[n:]
		}
	}
	tx.OnCommit(func() { s.changed(b.ID) })
	return s.finish(ctx, tx, b)
}

// makeTask writes a task and the intent to make it at WeCom.
func (s *Service) makeTask(ctx context.Context, tx *db.Tx, b *Broadcast, staffID string, round int, list []*Receiver) error {
	attachments, err := b.attachments()
	if err != nil {
		return err
	}
	t := &Task{
		CorpID: s.CorpID, ID: tx.NewID(), BroadcastID: b.ID, StaffID: staffID, Round: round, State: TaskCreating, Customers: len(list),
		CreatedAt: s.World.Now(), Reminders: "[]",
	}
	if _, err := tx.NewInsert().Model(t).Exec(ctx); err != nil {
		return fmt.Errorf("write a task of mass message %d: %w", b.ID, err)
	}
	touchIDs := make([]int64, len(list))
	for i, r := range list {
		touchIDs[i] = r.TouchID
		r.TaskID = t.ID
	}
	if err := writeTasked(ctx, tx, list); err != nil {
		return err
	}
	if b.Revision > 0 { // the entries say what was asked for first
		texts, err := b.texts()
		if err != nil {
			return err
		}
		if err := s.Governor.Reword(ctx, tx, s.CorpID, texts, touchIDs); err != nil {
			return err
		}
	}
	return s.Outreach.Mass(ctx, tx, outreach.Mass{
		TaskID: t.ID, StaffID: staffID, Groups: b.Kind == ToGroups, TouchIDs: touchIDs, Text: b.Text, Attachments: attachments,
	})
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
	return s.takeBack(ctx, tx, b, "", outcome{state: Unconfirmed, rule: ruleUnconfirmed, reason: reasonUnconfirmed})
}

// takeBack ends a mass message, or one member's part of it: reservations are given back with o, tasks are cancelled at WeCom.
// What members confirmed before is read afterwards and counts.
func (s *Service) takeBack(ctx context.Context, tx *db.Tx, b *Broadcast, staffID string, o outcome) error {
	rows, err := s.receivers(ctx, tx, b.ID, 0, Matched, Reserved)
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(r *Receiver) bool { return staffID != "" && r.StaffID != staffID })
	var touches []int64
	for _, r := range rows {
		if r.TouchID != 0 {
			touches = append(touches, r.TouchID)
		}
	}
	tasks, err := s.tasks(ctx, tx, b.ID)
	if err != nil {
		return err
	}
	tasks = slices.DeleteFunc(tasks, func(t *Task) bool { return staffID != "" && t.StaffID != staffID })
	// A touch of a task in the making may have its permit already: only what the outside answers ends it. What is still
	// reserved gets no permit any more.
	if err := s.Governor.ReleaseReserved(ctx, tx, touches, o.rule, o.reason); err != nil {
		return err
	}
	for _, t := range tasks {
		t.Remake = false
		switch t.State {
		case TaskOpen:
			t.State = TaskCancelling
			if err := s.Outreach.CancelMass(ctx, tx, t.ID, t.MsgID); err != nil {
				return err
			}
		case TaskCreating:
			t.State = TaskCancelling
			if err := s.find(ctx, tx, b, t); err != nil {
				return err
			}
		case TaskCancelling, TaskConfirmed, TaskCancelled, TaskFailed:
		}
		if err := save(ctx, tx, t, "state", "remake"); err != nil {
			return err
		}
	}
	if err := s.mark(ctx, tx, b.ID, decided(rows, tasks), o); err != nil {
		return err
	}
	tx.OnCommit(func() { s.changed(b.ID) })
	return s.finish(ctx, tx, b)
}

// decided are the customers whom no task in the making may still reach.
func decided(rows []*Receiver, tasks []*Task) []string {
	making := map[int64]bool{}
	for _, t := range tasks {
		making[t.ID] = t.State == TaskCancelling && t.MsgID == ""
	}
	var out []string
	for _, r := range rows {
		if !making[r.TaskID] {
			out = append(out, r.CustomerID)
		}
	}
	return out
}

// find asks whether a task in the making exists at WeCom after all.
func (s *Service) find(ctx context.Context, tx *db.Tx, b *Broadcast, t *Task) error {
	rows, err := s.receiversOfTask(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	attachments, err := b.attachments()
	if err != nil {
		return err
	}
	m := outreach.Mass{TaskID: t.ID, StaffID: t.StaffID, Groups: b.Kind == ToGroups, Text: b.Text, Attachments: attachments}
	for _, r := range rows {
		m.TouchIDs = append(m.TouchIDs, r.TouchID)
	}
	return s.Outreach.FindMass(ctx, tx, m, t.CreatedAt)
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
	counts, err := s.counts(ctx, tx, []int64{b.ID}, nil)
	if err != nil {
		return err
	}
	tasks, err := s.tasks(ctx, tx, b.ID)
	if err != nil {
		return err
	}
	c := counts[b.ID]
	made, pending := false, false
	for _, t := range tasks {
		made = made || t.MsgID != ""
		pending = pending || t.State == TaskCreating || t.State == TaskCancelling
	}
	if pending {
		return nil
	}
	b.EndedAt = s.World.Now()
	switch {
	case b.State == Cancelled:
	case len(tasks) > 0 && !made && c.NotFriend < c.Reachable:
		b.State = Failed
	default:
		b.State = Done
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
	reasonOptOut      = errs.T("这位客户已选择不再接收营销消息。", "This customer asked for no more marketing.")
)
