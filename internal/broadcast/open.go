package broadcast

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/outreach"
)

// opening is one step of making tasks. First every receiver is put into a task of their member, in the order of customers; a task
// stays `filling` until the last one is in, so that a member gets one task however many steps it took. Then the tasks are handed
// out. A small message does all of it in its first step.
type opening struct {
	ID     int64
	Step   int
	After  string     // whoever comes up to this customer is in a task
	Filled bool       // everybody is: what follows hands tasks out
	Later  clock.Time // when the next of those may be reached whose own hours begin later; 0 = there is none
}

func (p opening) next() opening {
	p.Step++
	return p
}

// putOpening puts the next step of making tasks on the table. at is when it is due; 0 = at once. Steps that hand out may wait.
func (s *Service) putOpening(ctx context.Context, tx *db.Tx, p opening, at clock.Time) error {
	return s.then(ctx, tx, openKind, p.ID, fmt.Sprint(openKind, "/", p.ID, "/", p.Step), p, at)
}

// open makes one task per member, just in time: a task is open only while sending is allowed. Who is over a member's share of the hour,
// or whose own hours begin later, is left for a later run. It goes on in steps while the message
// runs and its hours last; what is left then, whoever ended it takes back.
func (s *Service) open(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p opening
	if err := w.Decode(&p); err != nil {
		return err
	}
	b, err := s.lockBroadcast(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	if p.Step == 0 && b.State != Planned || !b.State.running() || p.Step > 0 && s.World.Now() >= b.ClosesAt {
		return nil
	}
	if b.State == Planned {
		b.State = Creating
		if err := save(ctx, tx, b, "state"); err != nil {
			return err
		}
	}
	tx.OnCommit(func() { s.changed(b.ID) })
	if !p.Filled && p.After == "" {
		if gone, err := s.forbid(ctx, tx, b); err != nil || gone {
			return err
		}
	}
	if !p.Filled {
		last, later, more, err := s.fill(ctx, tx, b, p.After)
		if err != nil {
			return err
		}
		small := p.After == "" && !more
		p.After, p.Filled, p.Later = last, !more, soonest(p.Later, later)
		if !small {
			return s.putOpening(ctx, tx, p.next(), 0)
		}
	}
	more, err := s.handOut(ctx, tx, b)
	if err != nil {
		return err
	}
	if more {
		return s.putOpening(ctx, tx, p.next(), 0)
	}
	if p.Later != 0 {
		if err := s.putOpening(ctx, tx, opening{ID: p.ID, Step: p.Step + 1}, p.Later); err != nil {
			return err
		}
	}
	return s.finish(ctx, tx, b)
}

// forbid takes a message back that may not go any more, and says whether it did.
func (s *Service) forbid(ctx context.Context, tx *db.Tx, b *Broadcast) (gone bool, err error) {
	rule, reason, err := s.objection(ctx, tx, b)
	if err != nil || rule == "" {
		return false, err
	}
	b.State = Cancelled
	if err := save(ctx, tx, b, "state"); err != nil {
		return false, err
	}
	run := fmt.Sprint(takeKind, "/", b.ID, "/", rule, "/", int64(s.World.Now()))
	return true, s.takeBack(ctx, tx, b, taking{ID: b.ID, Why: forbidden, Rule: rule, Reason: reason, Run: run})
}

// objection is what stands against a message by now: the consent for a sensitive tag of its audience was withdrawn, an impact
// assessment it needs has ended, or a rule of the corp's own, newer than the approval, blocks it. No rule = nothing.
func (s *Service) objection(ctx context.Context, tx *db.Tx, b *Broadcast) (rule string, reason errs.Text, err error) {
	w, err := s.words(b)
	if err != nil {
		return "", reason, err
	}
	if err := s.consented(ctx, tx, w.Audience); errs.KindOf(err) == errs.Invalid {
		return ruleSensitive, reasonSensitive, nil
	} else if err != nil {
		return "", reason, err
	}
	assessed, err := s.assessed(ctx, tx, w)
	if err != nil {
		return "", reason, err
	}
	if len(assessed.Missing) > 0 {
		return ruleAssessment, reasonAssessment, nil
	}
	f, err := s.Governor.Forbids(ctx, tx, s.CorpID, func() (governance.About, error) {
		counts, err := s.counts(ctx, tx, []int64{b.ID}, nil)
		return governance.About{
			Class: governance.Marketing, Channel: w.channel(), Topic: w.Topic, At: s.World.Now(), Audience: counts[b.ID].Reachable,
			Staff: b.SubmittedBy, Tags: w.Audience.Tags,
		}, err
	}, w.fields())
	if err != nil || f == nil {
		return "", reason, err
	}
	return f.RuleID, f.Reason, nil
}

// fill puts the next receivers after a customer into tasks of their members, and says who was the last, when the next may be
// reached whose own hours begin later, and whether there are more.
func (s *Service) fill(ctx context.Context, tx *db.Tx, b *Broadcast, after string) (last string, later clock.Time, more bool, err error) {
	var rows []*Receiver
	err = tx.NewSelect().Model(&rows).Where("corp_id = ? AND broadcast_id = ? AND state = ? AND task_id = 0 AND customer_id > ?", s.CorpID, b.ID, Reserved, after).
		OrderExpr("customer_id").Limit(int64(s.Step + 1)).Scan(ctx)
	if err != nil {
		return "", 0, false, fmt.Errorf("read who of mass message %d has no task: %w", b.ID, err)
	}
	if len(rows) == 0 {
		return after, 0, false, nil
	}
	if more = len(rows) > s.Step; more {
		rows = rows[:s.Step]
	}
	last = rows[len(rows)-1].CustomerID
	d, err := s.divide(ctx, tx, b, rows)
	if err != nil {
		return "", 0, false, err
	}
	if err := s.holdBack(ctx, tx, b, d); err != nil {
		return "", 0, false, err
	}
	if err := s.spread(ctx, tx, b, &d); err != nil {
		return "", 0, false, err
	}
	if rows = d.due; len(rows) == 0 {
		return last, d.next, more, nil
	}
	tasks, err := s.tasksFor(ctx, tx, b, rows, d.closes)
	if err != nil {
		return "", 0, false, err
	}
	for _, at := range d.closes {
		if err := s.shutAt(ctx, tx, b.ID, at); err != nil {
			return "", 0, false, err
		}
	}
	if _, err := db.InsertAlike(ctx, tx, tasks, "ON CONFLICT (corp_id, id) DO UPDATE SET customers = EXCLUDED.customers"); err != nil {
		return "", 0, false, fmt.Errorf("write the tasks of mass message %d: %w", b.ID, err)
	}
	return last, d.next, more, writeTasked(ctx, tx, rows)
}

// tasksFor chooses a task for each of the receivers, one that is being filled or a new one, and answers the tasks. closes says whose
// own hours end before the message's: they are in tasks that end with them.
func (s *Service) tasksFor(ctx context.Context, tx *db.Tx, b *Broadcast, rows []*Receiver, closes map[string]clock.Time) ([]*Task, error) {
	most := massMost(b.Kind)
	var staff []string
	for _, r := range rows {
		staff = append(staff, r.StaffID)
	}
	slices.Sort(staff)
	var tasks []*Task
	err := tx.NewSelect().Model(&tasks).Where("corp_id = ? AND broadcast_id = ? AND filling AND customers < ? AND staff_id IN (?)",
		s.CorpID, b.ID, most, bun.List(slices.Compact(staff))).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the tasks of mass message %d that are being filled: %w", b.ID, err)
	}
	of := map[lot]*Task{}
	for _, t := range tasks {
		of[lot{t.StaffID, t.ClosesAt}] = t
	}
	for _, r := range rows {
		l := lot{r.StaffID, closes[r.CustomerID]}
		t := of[l]
		if t == nil || t.Customers == most {
			t = s.newTask(tx, b, l, 1)
			t.Filling = true
			of[l], tasks = t, append(tasks, t)
		}
		r.TaskID = t.ID
		t.Customers++
	}
	return tasks, nil
}

// handOut asks for the next tasks that are filled, of about a step's receivers and at least one, and says whether there are more.
func (s *Service) handOut(ctx context.Context, tx *db.Tx, b *Broadcast) (more bool, err error) {
	var tasks []*Task
	err = tx.NewSelect().Model(&tasks).Where("corp_id = ? AND broadcast_id = ? AND filling", s.CorpID, b.ID).
		OrderExpr("staff_id, id").Limit(int64(s.Step + 1)).Scan(ctx)
	if err != nil {
		return false, fmt.Errorf("read the tasks of mass message %d that are filled: %w", b.ID, err)
	}
	left := s.Step
	for i, t := range tasks {
		if i > 0 && t.Customers > left {
			return true, nil
		}
		left -= t.Customers
		rows, err := s.receiversOfTask(ctx, tx, t.ID, Reserved) // some may have said stop
		if err != nil {
			return false, err
		}
		t.Filling, t.Customers = false, len(rows)
		if len(rows) == 0 {
			t.State = TaskCancelled
		}
		if err := save(ctx, tx, t, "filling", "customers", "state"); err != nil {
			return false, err
		}
		if len(rows) == 0 {
			continue
		}
		if err := s.ask(ctx, tx, b, t, rows); err != nil {
			return false, err
		}
	}
	return false, nil
}

func (s *Service) newTask(tx *db.Tx, b *Broadcast, l lot, round int) *Task {
	return &Task{
		CorpID: s.CorpID, ID: tx.NewID(), BroadcastID: b.ID, StaffID: l.staffID, ClosesAt: l.closes, Round: round, State: TaskCreating, CreatedAt: s.World.Now(),
		Reminders: "[]",
	}
}

// makeTask writes a task and the intent to make it at WeCom.
func (s *Service) makeTask(ctx context.Context, tx *db.Tx, b *Broadcast, l lot, round int, list []*Receiver) error {
	t := s.newTask(tx, b, l, round)
	t.Customers = len(list)
	if _, err := tx.NewInsert().Model(t).Exec(ctx); err != nil {
		return fmt.Errorf("write a task of mass message %d: %w", b.ID, err)
	}
	for _, r := range list {
		r.TaskID = t.ID
	}
	if err := writeTasked(ctx, tx, list); err != nil {
		return err
	}
	return s.ask(ctx, tx, b, t, list)
}

// ask writes the intent to make a task at WeCom, with the words as they are now.
func (s *Service) ask(ctx context.Context, tx *db.Tx, b *Broadcast, t *Task, list []*Receiver) error {
	w, err := s.words(b)
	if err != nil {
		return err
	}
	touchIDs := make([]int64, len(list))
	for i, r := range list {
		touchIDs[i] = r.TouchID
	}
	if b.Revision > 0 { // the entries say what was asked for first
		texts, err := s.texts(b)
		if err != nil {
			return err
		}
		if err := s.Governor.Reword(ctx, tx, s.CorpID, texts, touchIDs); err != nil {
			return err
		}
	}
	return s.Outreach.Mass(ctx, tx, outreach.Mass{
		TaskID: t.ID, StaffID: t.StaffID, Groups: b.Kind == ToGroups, TouchIDs: touchIDs, Text: w.Said(), Attachments: w.Attachments,
	})
}

// Wanted says whether a task may still be made. outreach asks inside the transaction that permits the call: what a person stopped is
// made no more, however many of its receivers wait to be taken back.
func (s *Service) Wanted(ctx context.Context, tx *db.Tx, taskID int64) (bool, error) {
	var state State
	err := tx.NewRaw(`SELECT b.state FROM broadcast_task AS t JOIN broadcast AS b ON b.corp_id = t.corp_id AND b.id = t.broadcast_id
		WHERE t.corp_id = ? AND t.id = ?`, s.CorpID, taskID).Scan(ctx, &state)
	if db.IsNoRows(err) {
		return true, nil // not a task of this room
	}
	if err != nil {
		return false, fmt.Errorf("look whether task %d is wanted: %w", taskID, err)
	}
	return state != Cancelled, nil
}
