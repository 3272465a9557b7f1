package broadcast

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/outreach"
)

// why is what takes a message back.
type why string

const (
	closed    why = "closed"    // sending hours ended
	cancelled why = "cancelled" // a person cancelled it
	halting   why = "halted"    // sending was stopped
	forbidden why = "forbidden" // it may not go any more
)

func (p taking) outcome() outcome {
	switch p.Why {
	case forbidden:
		return outcome{state: TakenBack, rule: p.Rule, reason: p.Reason}
	case cancelled:
		return outcome{state: TakenBack, rule: codeCancelled, reason: reasonCancelled}
	case halting:
		return stoppedBy(governance.Objection{RuleID: p.Rule, Reason: p.Reason})
	case closed:
	}
	return outcome{state: Unconfirmed, rule: ruleUnconfirmed, reason: reasonUnconfirmed}
}

// stoppedBy is what becomes of receivers whom a stop keeps away.
func stoppedBy(why governance.Objection) outcome {
	if why.RuleID == outreach.CodeLimited {
		return outcome{state: TakenBack, rule: why.RuleID, reason: why.Reason}
	}
	return outcome{state: TakenBack, rule: ruleHalt, reason: reasonHalted}
}

// mostTaken is how many receivers one transaction takes back, or puts into tasks: callbacks wait no longer than one takes.
const mostTaken = 500

// taking is one step of taking a message back: first its tasks, then who is not decided, then who is reserved.
type taking struct {
	ID      int64
	Step    int
	Run     string // what began it; its steps have keys of their own
	Why     why
	Rule    string        // of what forbids or stopped it
	Reason  errs.Text     // of what forbids or stopped it
	StaffID string        // only this member's part; empty = everybody's
	Until   clock.Time    // only tasks that end by then, before the message; 0 = all
	Of      ReceiverState // whose turn it is; empty = the tasks'
	Task    int64         // tasks up to this one are taken back
	After   string        // receivers up to this one are
}

// takeMore does the next step, unless what began it holds no more: then somebody else takes the message back.
func (s *Service) takeMore(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p taking
	if err := w.Decode(&p); err != nil {
		return err
	}
	b, err := s.lockBroadcast(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	if whole := p.Why != closed && p.StaffID == ""; whole && b.State != Cancelled || !whole && !b.State.running() {
		return nil
	}
	return s.takeBack(ctx, tx, b, p)
}

// takeBack ends a mass message, or one member's part of it: tasks are cancelled at WeCom, reservations are given back. What members
// confirmed before is read afterwards and counts. A small message is done at once; of a large one this is one step, which puts the
// next on the table.
func (s *Service) takeBack(ctx context.Context, tx *db.Tx, b *Broadcast, p taking) error {
	tx.OnCommit(func() { s.changed(b.ID) })
	more, left := false, s.Step
	var err error
	if p.Of == "" {
		if more, err = s.takeTasks(ctx, tx, b, &p); err != nil {
			return err
		}
		if !more {
			p.Of = Matched
		}
	}
	for !more && p.Of != "" {
		n, err := s.takeReceivers(ctx, tx, b, &p, left)
		if err != nil {
			return err
		}
		if left -= n; left < 0 {
			more = true
			continue
		}
		switch p.After = ""; p.Of {
		case Matched:
			p.Of = Reserved
		default:
			p.Of = ""
		}
	}
	if !more {
		return s.finish(ctx, tx, b)
	}
	p.Step++
	return s.then(ctx, tx, takeKind, b.ID, fmt.Sprint(p.Run, "/", takeKind, "/", p.Step), p, 0)
}

// takeTasks takes back tasks of about a step's receivers, and says whether there are more.
func (s *Service) takeTasks(ctx context.Context, tx *db.Tx, b *Broadcast, p *taking) (more bool, err error) {
	var tasks []*Task
	q := tx.NewSelect().Model(&tasks).Where("corp_id = ? AND broadcast_id = ? AND id > ? AND (state IN (?, ?) OR remake)", s.CorpID, b.ID, p.Task, TaskOpen, TaskCreating)
	if p.StaffID != "" {
		q.Where("staff_id = ?", p.StaffID)
	}
	if p.Until != 0 {
		q.Where("closes_at > 0 AND closes_at <= ?", p.Until)
	}
	if err := q.OrderExpr("id").Limit(int64(s.Step + 1)).Scan(ctx); err != nil {
		return false, fmt.Errorf("read the tasks of mass message %d: %w", b.ID, err)
	}
	left := s.Step
	for i, t := range tasks {
		cost := 1
		if t.State == TaskCreating && !t.Filling {
			cost = t.Customers // all of them are read
		}
		if i > 0 && cost > left {
			return true, nil
		}
		left -= cost
		if err := s.takeTask(ctx, tx, b, t); err != nil {
			return false, err
		}
		p.Task = t.ID
	}
	return false, nil
}

func (s *Service) takeTask(ctx context.Context, tx *db.Tx, b *Broadcast, t *Task) error {
	t.Remake = false
	switch {
	case t.Filling: // nobody outside knows of it
		t.State, t.Filling, t.CancelledAt = TaskCancelled, false, s.World.Now()
	case t.State == TaskOpen:
		t.State = TaskCancelling
		if err := s.Outreach.CancelMass(ctx, tx, t.ID, t.MsgID); err != nil {
			return err
		}
	case t.State == TaskCreating:
		t.State = TaskCancelling
		if err := s.find(ctx, tx, b, t); err != nil {
			return err
		}
	}
	return save(ctx, tx, t, "state", "remake", "filling", "cancelled_at")
}

// takeReceivers gives back the reservations of at most `most` receivers of p.Of and marks them, and answers how many it looked at:
// one more than most when there are more.
func (s *Service) takeReceivers(ctx context.Context, tx *db.Tx, b *Broadcast, p *taking, most int) (int, error) {
	var rows []*Receiver
	err := tx.NewSelect().Model(&rows).Where("corp_id = ? AND broadcast_id = ? AND state = ? AND customer_id > ?", s.CorpID, b.ID, p.Of, p.After).
		OrderExpr("customer_id").Limit(int64(most + 1)).Scan(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the receivers of mass message %d: %w", b.ID, err)
	}
	n := len(rows)
	if n > most {
		rows = rows[:most]
	}
	if len(rows) == 0 {
		return n, nil
	}
	p.After = rows[len(rows)-1].CustomerID
	tasks, err := s.tasksNamed(ctx, tx, rows)
	if err != nil {
		return 0, err
	}
	lifted := false // of a member: what is not taken back yet goes on, and only whose task is gone already ends
	if p.Why == halting && p.StaffID != "" {
		halted, err := s.Governor.HaltedIn(ctx, tx, s.CorpID, p.StaffID)
		if err != nil {
			return 0, err
		}
		lifted = !halted
	}
	o := p.outcome()
	var touches, early []int64 // early: whose turn had not come
	var customers, waiting []string
	for _, r := range rows {
		t := tasks[r.TaskID]
		if p.Until != 0 && (t == nil || t.ClosesAt == 0 || t.ClosesAt > p.Until) {
			continue
		}
		if p.StaffID != "" && r.StaffID != p.StaffID || lifted && (t == nil || t.State != TaskCancelled && t.State != TaskCancelling) {
			continue
		}
		if b.Kind == ToCustomers && p.Why == closed && p.Of == Reserved && r.TaskID == 0 {
			early, waiting = append(early, r.TouchID), append(waiting, r.CustomerID)
			continue
		}
		if r.TouchID != 0 {
			touches = append(touches, r.TouchID)
		}
		if t == nil || t.State != TaskCancelling || t.MsgID != "" { // a task in the making may reach them still
			customers = append(customers, r.CustomerID)
		}
	}
	if err := s.Governor.ReleaseReserved(ctx, tx, early, ruleEven, reasonNoTurn); err != nil {
		return 0, err
	}
	if err := s.mark(ctx, tx, b.ID, waiting, outcome{state: Unconfirmed, rule: ruleEven, reason: reasonNoTurn}); err != nil {
		return 0, err
	}
	// A touch of a task in the making may have its permit already: only what the outside answers ends it. What is still
	// reserved gets no permit any more.
	if err := s.Governor.ReleaseReserved(ctx, tx, touches, o.rule, o.reason); err != nil {
		return 0, err
	}
	return n, s.mark(ctx, tx, b.ID, customers, o)
}

// tasksNamed reads the tasks of some receivers, by id.
func (s *Service) tasksNamed(ctx context.Context, tx *db.Tx, rows []*Receiver) (map[int64]*Task, error) {
	out := map[int64]*Task{}
	var ids []int64
	for _, r := range rows {
		if _, ok := out[r.TaskID]; !ok && r.TaskID != 0 {
			out[r.TaskID] = nil
			ids = append(ids, r.TaskID)
		}
	}
	if len(ids) == 0 {
		return out, nil
	}
	var tasks []*Task
	if err := tx.NewSelect().Model(&tasks).Where("corp_id = ? AND id IN (?)", s.CorpID, bun.List(ids)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the tasks of %d receivers: %w", len(rows), err)
	}
	for _, t := range tasks {
		out[t.ID] = t
	}
	return out, nil
}

// find asks whether a task in the making exists at WeCom after all.
func (s *Service) find(ctx context.Context, tx *db.Tx, b *Broadcast, t *Task) error {
	rows, err := s.receiversOfTask(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	w, err := s.words(b)
	if err != nil {
		return err
	}
	m := outreach.Mass{TaskID: t.ID, StaffID: t.StaffID, Groups: b.Kind == ToGroups, Text: w.Said(), Attachments: w.Attachments}
	for _, r := range rows {
		m.TouchIDs = append(m.TouchIDs, r.TouchID)
	}
	return s.Outreach.FindMass(ctx, tx, m, t.CreatedAt)
}
