package broadcast

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/wecom"
)

// Rules and codes that end a receiver, beside those of governance.
const (
	ruleUnconfirmed = "WC-02"
	ruleOverLimit   = "WC-01"
	ruleOptOut      = "LAW-24"
	ruleHalt        = "OWN-14"
	ruleSensitive   = "LAW-07"
	ruleAssessment  = "LAW-17"
	codeNotFriend   = "wecom.not_friend"
	codeCancelled   = "broadcast.cancelled"
	codeSilent      = "wecom.silent"
)

const (
	// settleTime is how long after a member's confirmation WeCom may still say "not sent" of somebody.
	settleTime = time.Hour
	// finalLook is when a task that was taken back is read: a confirmation of the same moment is seen by then.
	finalLook = 5 * time.Second
	// lateLook is when a task that was taken back is read once more, for what a member had confirmed before.
	lateLook = time.Hour
)

// Massed is told what happened to a task at WeCom.
func (s *Service) Massed(ctx context.Context, tx *db.Tx, e outreach.MassEvent) error {
	t, err := getTask(ctx, tx, s.CorpID, e.TaskID)
	if errs.KindOf(err) == errs.NotFound {
		return nil // not a task of this room
	}
	if err != nil {
		return err
	}
	b, err := s.lockBroadcast(ctx, tx, t.BroadcastID)
	if err != nil {
		return err
	}
	if t, err = getTask(ctx, tx, s.CorpID, e.TaskID); err != nil { // as it is under the lock
		return err
	}
	tx.OnCommit(func() { s.changed(b.ID) })
	switch e.Stage {
	case outreach.MassOpen, outreach.MassNone:
		if t.MsgID != "" || t.State != TaskCreating && t.State != TaskCancelling { // an answer that came twice
			return nil
		}
		return s.opened(ctx, tx, b, t, e)
	case outreach.MassCancelled:
		if t.State != TaskCancelling {
			return nil
		}
		t.State, t.CancelledAt, t.Error = TaskCancelled, e.At, e.Err
		if err := save(ctx, tx, t, "state", "cancelled_at", "error"); err != nil {
			return err
		}
		return s.putPoll(ctx, tx, pollStep{TaskID: t.ID, Kind: "final"}, e.At.Add(finalLook))
	case outreach.MassKept: // the member still has it, and what they confirm counts
		if t.State != TaskCancelling {
			return nil
		}
		t.State, t.Error, t.Remake = TaskOpen, e.Err, false
		if err := save(ctx, tx, t, "state", "error", "remake"); err != nil {
			return err
		}
		const n = 40 // it is read every few minutes at first
		return s.putPoll(ctx, tx, pollStep{TaskID: t.ID, Kind: "kept", Since: e.At, N: n}, e.At.Add(pollAfter(n)))
	case outreach.MassReminded:
		t.Error = e.Err
		if e.Err == "" {
			raw, err := json.Marshal(append(t.reminders(), e.At))
			if err != nil {
				return fmt.Errorf("write reminders: %w", err)
			}
			t.Reminders = string(raw)
		}
		return save(ctx, tx, t, "reminders", "error")
	}
	return fmt.Errorf("task %d: unknown stage %q", t.ID, e.Stage)
}

// opened notes who is in a task and who is not.
func (s *Service) opened(ctx context.Context, tx *db.Tx, b *Broadcast, t *Task, e outreach.MassEvent) error {
	if err := s.mark(ctx, tx, b.ID, e.Unreachable, outcome{state: NotFriend, rule: outreach.CodeUnreachable, reason: outreach.ReasonUnreachable}); err != nil {
		return err
	}
	for _, d := range e.Refused {
		o := outcome{state: Held, rule: d.RuleID, reason: d.Reason, next: d.Next}
		switch {
		case d.State == governance.Reserved: // hours closed before its turn came: it is given back when the message closes
			o.state = Reserved
		case d.RuleID == codeCancelled:
			o.state = TakenBack
		case d.RuleID == ruleUnconfirmed:
			o.state = Unconfirmed
		}
		if err := s.mark(ctx, tx, b.ID, []string{d.Receiver()}, o); err != nil {
			return err
		}
	}
	rows, err := s.receiversOfTask(ctx, tx, t.ID, Reserved, Tasked)
	if err != nil {
		return err
	}
	waits := map[string]bool{}
	for _, d := range e.Refused {
		waits[d.Receiver()] = true
	}
	var in []string
	for _, r := range rows {
		if !waits[r.CustomerID] {
			in = append(in, r.CustomerID)
		}
	}
	if e.Stage == outreach.MassNone {
		return s.neverMade(ctx, tx, b, t, rows, e)
	}
	if err := s.mark(ctx, tx, b.ID, in, outcome{state: Tasked}); err != nil {
		return err
	}
	wasCancelling := t.State == TaskCancelling
	t.State, t.MsgID, t.OpenedAt, t.Customers = TaskOpen, e.MsgID, e.At, len(in)
	if wasCancelling {
		t.State = TaskCancelling
		if err := s.Outreach.CancelMass(ctx, tx, t.ID, t.MsgID); err != nil {
			return err
		}
	}
	if err := save(ctx, tx, t, "state", "msg_id", "opened_at", "customers"); err != nil {
		return err
	}
	if b.State == Creating {
		b.State = Open
		if err := save(ctx, tx, b, "state"); err != nil {
			return err
		}
	}
	if err := s.putPoll(ctx, tx, pollStep{TaskID: t.ID}, e.At.Add(pollAfter(0))); err != nil {
		return err
	}
	// Somebody may have said stop while the task was being made.
	var touches []int64
	for _, r := range rows {
		if slices.Contains(in, r.CustomerID) {
			touches = append(touches, r.TouchID)
		}
	}
	out, err := s.Governor.Unwanted(ctx, tx, s.CorpID, touches...)
	if err != nil || len(out) == 0 {
		return err
	}
	return s.remake(ctx, tx, t)
}

// neverMade ends a task that WeCom does not have. What is still open of it is given back.
func (s *Service) neverMade(ctx context.Context, tx *db.Tx, b *Broadcast, t *Task, rows []*Receiver, e outreach.MassEvent) error {
	if t.State == TaskCreating {
		for _, d := range e.Refused {
			if d.State == governance.Reserved { // waits for sending hours; the message closes before they come again
				return nil
			}
		}
	}
	o := outcome{state: Unconfirmed, rule: ruleUnconfirmed, reason: reasonUnconfirmed}
	switch {
	case e.Limited:
		o = outcome{state: TakenBack, rule: outreach.CodeLimited, reason: outreach.ReasonLimited}
	case b.State == Cancelled:
		o = outcome{state: TakenBack, rule: codeCancelled, reason: reasonCancelled}
	}
	var touches []int64
	var customers []string
	for _, r := range rows {
		touches, customers = append(touches, r.TouchID), append(customers, r.CustomerID)
	}
	if err := s.Governor.ReleaseAll(ctx, tx, touches, o.rule, o.reason); err != nil {
		return err
	}
	if err := s.mark(ctx, tx, b.ID, customers, o); err != nil {
		return err
	}
	if t.State = TaskFailed; b.State == Cancelled || len(e.Refused) > 0 || len(e.Unreachable) > 0 {
		t.State = TaskCancelled
	}
	if e.Err != "" {
		t.Error = e.Err
	}
	if err := save(ctx, tx, t, "state", "error"); err != nil {
		return err
	}
	return s.finish(ctx, tx, b)
}

// pollStep is one reading of a task's results. Kind "" is the usual one; "kept" is that of a task which WeCom refused to
// take back; "final" follows a cancellation, "late" looks once more for what a member had confirmed before it.
type pollStep struct {
	TaskID int64
	Kind   string
	Since  clock.Time // kept tasks: when WeCom refused; a task may be kept more than once
	N      int
}

func (s *Service) putPoll(ctx context.Context, tx *db.Tx, p pollStep, at clock.Time) error {
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: pollKind, Key: fmt.Sprint(pollKind, "/", p.TaskID, "/", p.Kind, p.Since, "/", p.N),
		OrderKey: fmt.Sprint(pollKind, "/", p.TaskID), Payload: p, DueAt: at,
	})
	return err
}

// poll reads what became of a task. It only reads at WeCom, and what it books twice is one booking: a repeat is safe.
func (s *Service) poll(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p pollStep
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	t, err := getTask(ctx, s.DB.Read(), s.CorpID, p.TaskID)
	if err != nil {
		return nil, err
	}
	if (p.Kind == "" || p.Kind == "kept") && t.State != TaskOpen && t.State != TaskConfirmed { // the final reading follows
		return nil, nil
	}
	confirmed, err := s.confirmed(ctx, t)
	if err != nil {
		return nil, err
	}
	for staffID := range confirmed {
		if err := s.readResults(ctx, t, staffID); err != nil {
			return nil, err
		}
	}
	var first clock.Time
	for _, at := range confirmed {
		first = max(first, at)
	}
	return func(ctx context.Context, tx *db.Tx) error { return s.polled(ctx, tx, p, first) }, nil
}

// confirmed are the members of a task who have confirmed, with the instant. Usually it is the one we named.
func (s *Service) confirmed(ctx context.Context, t *Task) (map[wecom.StaffID]clock.Time, error) {
	out := map[wecom.StaffID]clock.Time{}
	for cursor, more := "", true; more; more = cursor != "" {
		page, next, err := s.WeCom.GroupMsgTasks(ctx, t.MsgID, cursor, 1000)
		if err != nil {
			return nil, s.readFailed(err, "read the members of "+t.MsgID)
		}
		for _, m := range page {
			if m.Status == wecom.TaskSent {
				out[m.Staff] = clock.Unix(m.SendTime)
			}
		}
		cursor = next
	}
	return out, nil
}

func (s *Service) readFailed(err error, doing string) error {
	if errors.Is(err, wecom.ErrDispatching) {
		return bus.Later(s.World.Now().Add(5*time.Second), fmt.Errorf("%s: %w", doing, err))
	}
	return calls.Failed(err, doing)
}

// limitedRest is how long nothing is asked for a member whose account is limited.
const limitedRest = 24 * time.Hour

// limited stops a member's sending when an answer means that their account is limited.
func (s *Service) limited(ctx context.Context, staffID wecom.StaffID, answer error) (bool, error) {
	stop, err := s.Outreach.Limited(ctx, string(staffID), answer)
	if err != nil || stop == nil {
		return false, err
	}
	return true, s.DB.Tx(ctx, stop)
}

// readResults books one member's receivers, a page in one transaction.
func (s *Service) readResults(ctx context.Context, t *Task, staffID wecom.StaffID) error {
	for cursor, more := "", true; more; more = cursor != "" {
		page, next, err := s.WeCom.GroupMsgResults(ctx, t.MsgID, staffID, cursor, 1000)
		if limited, failed := s.limited(ctx, staffID, err); failed != nil || limited {
			if failed == nil { // reading reaches nobody, and what they had confirmed counts: it is read when the day is over
				failed = bus.Later(s.World.Now().Add(limitedRest), fmt.Errorf("read the receivers of %s: %s is limited", t.MsgID, staffID))
			}
			return failed
		}
		if err != nil {
			return s.readFailed(err, "read the receivers of "+t.MsgID)
		}
		err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.book(ctx, tx, t, page) })
		if err != nil {
			return err
		}
		cursor = next
	}
	return nil
}

// book writes what WeCom says of some receivers. What it said before changes nothing; what arrived although we had taken
// it back is booked as late.
func (s *Service) book(ctx context.Context, tx *db.Tx, t *Task, page []wecom.GroupMsgResult) error {
	b, err := s.lockBroadcast(ctx, tx, t.BroadcastID)
	if err != nil {
		return err
	}
	rows, err := s.rowsOf(ctx, tx, b, t, page)
	if err != nil {
		return err
	}
	if err := s.unplanned(ctx, tx, b, t, page, rows); err != nil {
		return err
	}
	var results []outreach.Result
	var changed []*Receiver
	for _, m := range page {
		r := rows[receiverOf(m)]
		if r == nil || r.State == Delivered || r.State != Tasked && m.Status != wecom.ReceiverSent {
			continue
		}
		res := outreach.Result{CorpID: s.CorpID, TouchID: r.TouchID, Channel: channelOf(b.Kind), CustomerID: string(m.Customer), StaffID: string(m.Staff)}
		o := outcome{}
		switch m.Status {
		case wecom.ReceiverSent:
			res.Delivered, res.At = true, clock.Unix(m.SendTime)
			o = outcome{state: Delivered, sentAt: res.At}
		case wecom.ReceiverNotFriend:
			o = outcome{state: NotFriend, rule: codeNotFriend, reason: reasonNotFriend}
		case wecom.ReceiverAtLimit:
			o = outcome{state: OverLimit, rule: ruleOverLimit, reason: reasonOverLimit}
		default:
			continue
		}
		res.Code, res.Reason = o.rule, o.reason
		results = append(results, res)
		r.State, r.RuleID, r.ReasonZh, r.ReasonEn, r.NextAt, r.SentAt = o.state, o.rule, o.reason.ZH, o.reason.EN, 0, o.sentAt
		changed = append(changed, r)
	}
	if len(results) == 0 {
		return nil
	}
	late, err := s.Outreach.Book(ctx, tx, results)
	if err != nil {
		return err
	}
	for _, r := range changed {
		r.Late = late[r.TouchID]
	}
	tx.OnCommit(func() { s.changed(b.ID) })
	return replace(ctx, tx, changed)
}

// polled decides after a reading what comes next.
func (s *Service) polled(ctx context.Context, tx *db.Tx, p pollStep, confirmedAt clock.Time) error {
	t, err := getTask(ctx, tx, s.CorpID, p.TaskID)
	if err != nil {
		return err
	}
	b, err := s.lockBroadcast(ctx, tx, t.BroadcastID)
	if err != nil {
		return err
	}
	if t, err = getTask(ctx, tx, s.CorpID, p.TaskID); err != nil {
		return err
	}
	now := s.World.Now()
	if confirmedAt != 0 && t.ConfirmedAt == 0 {
		t.ConfirmedAt = confirmedAt
		if t.State == TaskOpen {
			t.State = TaskConfirmed
		}
		if err := save(ctx, tx, t, "state", "confirmed_at"); err != nil {
			return err
		}
		tx.OnCommit(func() { s.changed(b.ID) })
	}
	if p.Kind == "late" {
		return nil
	}
	waits, err := s.anyWaits(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	again := p
	again.N++
	sending := t.ConfirmedAt != 0 && now < t.ConfirmedAt.Add(settleTime) // WeCom may still be at it
	switch {
	case !waits:
	case t.State == TaskOpen || sending && t.State != TaskCancelling:
		return s.putPoll(ctx, tx, again, now.Add(pollAfter(again.N)))
	case t.State == TaskCancelling: // its own end reads again
		return nil
	}
	var left []*Receiver
	if waits {
		if left, err = s.receiversOfTask(ctx, tx, t.ID, Tasked); err != nil {
			return err
		}
	}
	switch {
	case !waits:
	case t.State == TaskConfirmed:
		if err := s.giveBack(ctx, tx, b, left, silence(b.Kind)); err != nil {
			return err
		}
	default:
		if err := s.left(ctx, tx, b, t, left); err != nil {
			return err
		}
	}
	if p.Kind == "final" {
		if err := s.putPoll(ctx, tx, pollStep{TaskID: t.ID, Kind: "late"}, now.Add(lateLook)); err != nil {
			return err
		}
	}
	return s.finish(ctx, tx, b)
}

// left deals with receivers of a task that was taken back before it reached them.
func (s *Service) left(ctx context.Context, tx *db.Tx, b *Broadcast, t *Task, left []*Receiver) error {
	if !t.Remake || !b.State.running() || t.ConfirmedAt != 0 || s.World.Now() >= t.ends(b) {
		stopped, halted, err := s.Governor.StoppedBy(ctx, tx, s.CorpID, t.StaffID)
		if err != nil {
			return err
		}
		o := outcome{state: Unconfirmed, rule: ruleUnconfirmed, reason: reasonUnconfirmed}
		switch {
		case t.ConfirmedAt != 0:
			o = silence(b.Kind)
		case halted:
			o = stoppedBy(stopped)
		case b.State == Cancelled:
			o = outcome{state: TakenBack, rule: codeCancelled, reason: reasonCancelled}
		}
		return s.giveBack(ctx, tx, b, left, o)
	}
	ids := make([]int64, len(left))
	for i, r := range left {
		ids[i] = r.TouchID
	}
	out, err := s.Governor.Unwanted(ctx, tx, s.CorpID, ids...)
	if err != nil {
		return err
	}
	unwanted := map[governance.Objection][]*Receiver{}
	var again []*Receiver
	var touches []int64
	for _, r := range left {
		if u, ok := out[r.TouchID]; ok {
			unwanted[u] = append(unwanted[u], r)
		} else {
			again, touches = append(again, r), append(touches, r.TouchID)
		}
	}
	for u, rows := range unwanted {
		if err := s.giveBack(ctx, tx, b, rows, outcome{state: Held, rule: u.RuleID, reason: u.Reason}); err != nil {
			return err
		}
	}
	if len(again) == 0 {
		return nil
	}
	tasks, err := s.tasks(ctx, tx, b.ID)
	if err != nil {
		return err
	}
	if s.asks(tasks, t.StaffID) >= maxAsks {
		return s.giveBack(ctx, tx, b, again, outcome{state: Unconfirmed, rule: codeAskedTwice, reason: reasonAskedTwice})
	}
	for _, r := range again {
		r.State = Reserved
	}
	if err := s.Governor.Recall(ctx, tx, touches...); err != nil { // the same entries of the ledger go with the new task
		return err
	}
	return s.makeTask(ctx, tx, b, lot{t.StaffID, t.ClosesAt}, t.Round+1, again)
}

// giveBack releases touches that reached nobody.
func (s *Service) giveBack(ctx context.Context, tx *db.Tx, b *Broadcast, rows []*Receiver, o outcome) error {
	if len(rows) == 0 {
		return nil
	}
	touches, customers := make([]int64, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		touches[i], customers[i] = r.TouchID, r.CustomerID
	}
	if err := s.Governor.ReleaseAll(ctx, tx, touches, o.rule, o.reason); err != nil {
		return err
	}
	tx.OnCommit(func() { s.changed(b.ID) })
	return s.mark(ctx, tx, b.ID, customers, o)
}
