package moment

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/notice"
	"zhiyin.dev/zhiyin/internal/outreach"
)

const (
	busyWait  = 5 * time.Second
	finalLook = 5 * time.Second // after a cancellation: what was published in the same moment is seen by then
	// settleTime is how long after the last publication WeCom may still name viewers.
	settleTime = 30 * time.Minute
	lateLook   = time.Hour // the last look, for what WeCom tells late
)

// Momented is told what happened to a Moment at WeCom.
func (s *Service) Momented(ctx context.Context, tx *db.Tx, e outreach.MomentEvent) error {
	m, err := s.lock(ctx, tx, e.ID)
	if errs.KindOf(err) == errs.NotFound {
		return nil // not one of this room
	}
	if err != nil {
		return err
	}
	tx.OnCommit(func() { s.changed(m.ID) })
	switch e.Stage {
	case outreach.MomentMaking:
		if m.JobID != "" || m.State != Making && m.State != Cancelled { // an answer that came twice
			return nil
		}
		m.JobID = e.JobID
		if err := save(ctx, tx, m, "job_id"); err != nil {
			return err
		}
		if err := s.taken(ctx, tx, m, "job/"+e.JobID, e.Refused); err != nil {
			return err
		}
		return s.Outreach.MomentJob(ctx, tx, m.ID, e.JobID)
	case outreach.MomentOpen:
		if m.PostID != "" || m.State != Making && m.State != Cancelled {
			return nil
		}
		return s.opened(ctx, tx, m, e)
	case outreach.MomentNone, outreach.MomentLost:
		if m.State != Making && m.State != Cancelled {
			return nil
		}
		if err := s.refusedOnes(ctx, tx, m, e.Refused); err != nil {
			return err
		}
		o := outcome{state: Lost, rule: codeFailed, reason: reasonFailed}
		switch {
		case m.State == Cancelled:
			o = outcome{state: TakenBack, rule: codeCancelled, reason: reasonCancelled}
		case e.Err == "" && e.Stage == outreach.MomentNone && s.World.Now() < m.ClosesAt: // everybody was refused at the last look
			return s.end(ctx, tx, m, o)
		default:
			m.State, m.Error = Failed, e.Err
			if e.Stage == outreach.MomentLost {
				m.Error = errLost
			}
		}
		return s.end(ctx, tx, m, o)
	case outreach.MomentCancelled:
		if m.EndedAt != 0 {
			return nil
		}
		return s.putPoll(ctx, tx, pollStep{ID: m.ID, Kind: "final"}, e.At.Add(finalLook))
	}
	return fmt.Errorf("Moment %d: unknown stage %q", m.ID, e.Stage)
}

const errLost = "WeCom did not answer, and no such Moment appeared; it is not repeated by itself"

// refusedOnes notes who got no permit at the last look.
func (s *Service) refusedOnes(ctx context.Context, tx *db.Tx, m *Moment, refused []governance.Decision) error {
	if len(refused) == 0 {
		return nil
	}
	ids := make([]string, len(refused))
	for i, d := range refused {
		ids[i] = d.CustomerID
	}
	known, err := s.receiversAmong(ctx, tx, m.ID, ids)
	if err != nil {
		return err
	}
	var rows []*Receiver
	var open []int64
	for _, d := range refused {
		r := known[d.CustomerID]
		if r == nil || r.State != Reserved {
			continue
		}
		outcome{state: Held, rule: d.RuleID, reason: d.Reason, next: d.Next}.to(r)
		rows = append(rows, r)
		if d.State == governance.Reserved { // it only has to wait, and this Moment does not
			open = append(open, r.TouchID)
		}
	}
	if err := s.Governor.ReleaseReserved(ctx, tx, open, codeFailed, reasonFailed); err != nil {
		return err
	}
	return replace(ctx, tx, rows)
}

// taken notes which customers are in what WeCom has, under its id.
func (s *Service) taken(ctx context.Context, tx *db.Tx, m *Moment, taskID string, refused []governance.Decision) error {
	if err := s.refusedOnes(ctx, tx, m, refused); err != nil {
		return err
	}
	rows, err := s.receivers(ctx, tx, m.ID, 0, Reserved, Tasked)
	if err != nil {
		return err
	}
	touches := make([]int64, len(rows))
	for i, r := range rows {
		touches[i] = r.TouchID
		outcome{state: Tasked}.to(r)
	}
	if err := replace(ctx, tx, rows); err != nil {
		return err
	}
	return s.Governor.Tasked(ctx, tx, taskID, touches...)
}

// opened begins to watch who publishes. A Moment that was cancelled, or whose hours ended while it was made, is stopped at
// once.
func (s *Service) opened(ctx context.Context, tx *db.Tx, m *Moment, e outreach.MomentEvent) error {
	if err := s.taken(ctx, tx, m, e.PostID, e.Refused); err != nil {
		return err
	}
	rows, err := s.receivers(ctx, tx, m.ID, 0, Tasked)
	if err != nil {
		return err
	}
	byStaff := map[string]*Task{}
	var tasks []*Task
	for _, r := range rows {
		t := byStaff[r.StaffID]
		if t == nil {
			t = &Task{CorpID: s.CorpID, MomentID: m.ID, StaffID: r.StaffID, State: TaskOpen, Reminders: "[]"}
			byStaff[r.StaffID], tasks = t, append(tasks, t)
		}
		t.Customers++
	}
	if err := put(ctx, tx, tasks); err != nil {
		return err
	}
	m.PostID = e.PostID
	stop := m.State == Cancelled || e.At >= m.ClosesAt
	if m.State == Making {
		m.State = Open
	}
	if err := save(ctx, tx, m, "post_id", "state"); err != nil {
		return err
	}
	if stop {
		return s.Outreach.CancelMoment(ctx, tx, m.ID, m.PostID)
	}
	for id := range byStaff { // stopped while it was made
		stopped, err := s.Governor.HaltedIn(ctx, tx, s.CorpID, id)
		if err != nil {
			return err
		}
		if stopped {
			if err := s.putPart(ctx, tx, partStep{m.ID, id}, e.At); err != nil {
				return err
			}
		}
	}
	return s.putPoll(ctx, tx, pollStep{ID: m.ID}, e.At.Add(pollAfter(0)))
}

// pollStep is one reading of who has published. Kind "final" follows the end, "late" looks once more.
type pollStep struct {
	ID   int64
	Kind string
	N    int
}

func (s *Service) putPoll(ctx context.Context, tx *db.Tx, p pollStep, at clock.Time) error {
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: pollKind, Key: fmt.Sprint(pollKind, "/", p.ID, "/", p.Kind, "/", p.N),
		OrderKey: fmt.Sprint(pollKind, "/", p.ID), Payload: p, DueAt: at,
	})
	return err
}

// poll reads who has published and who sees it. It only reads at WeCom, and what it books twice is one booking.
func (s *Service) poll(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p pollStep
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	m, err := getMoment(ctx, s.DB.Read(), s.CorpID, p.ID)
	if err != nil || p.Kind == "" && m.State != Open { // the final reading follows
		return nil, err
	}
	staff, err := s.published(ctx, m.PostID)
	if err != nil {
		return nil, err
	}
	tasks, err := s.tasks(ctx, s.DB.Read(), m.ID)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, t := range tasks[m.ID] {
		seen[t.StaffID] = t.State == TaskPublished
	}
	for _, id := range staff {
		if seen[id] && p.Kind == "" {
			continue
		}
		err := s.viewers(ctx, m.PostID, id, func(customers []string) error {
			return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.book(ctx, tx, m.ID, id, customers) })
		})
		if err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, tx *db.Tx) error { return s.polled(ctx, tx, p, staff) }, nil
}

// book writes that customers see what a member published. WeCom tells no time: the reading's counts, or the end of the hours
// where that came before it. Who sees it without being meant is booked too, and counted.
func (s *Service) book(ctx context.Context, tx *db.Tx, id int64, staffID string, customers []string) error {
	m, err := s.lock(ctx, tx, id)
	if err != nil {
		return err
	}
	words, err := m.words()
	if err != nil {
		return err
	}
	known, err := s.receiversAmong(ctx, tx, m.ID, customers)
	if err != nil {
		return err
	}
	at := min(s.World.Now(), m.ClosesAt.Add(-time.Second)) // it was stopped when the hours ended
	var results []outreach.Result
	var changed []*Receiver
	var gone map[string]bool
	if s.Erased != nil {
		if gone, err = s.Erased(ctx, tx, customers...); err != nil {
			return err
		}
	}
	for _, c := range customers {
		r := known[c]
		switch {
		case gone[c]: // WeCom still shows it to them; nothing is written about them
		case r == nil || r.TouchID == 0 && r.State != Delivered:
			extra := &Receiver{CorpID: s.CorpID, MomentID: m.ID, CustomerID: c, StaffID: staffID, Planned: r != nil, State: Delivered, SentAt: at}
			if err := s.observe(ctx, tx, m.PostID, staffID, c, words.Audience.Everybody(), words.texts(), at); err != nil {
				return err
			}
			changed = append(changed, extra)
		case r.State != Delivered:
			results = append(results, outreach.Result{
				CorpID: s.CorpID, TouchID: r.TouchID, Channel: governance.Moment, CustomerID: c, StaffID: staffID, Delivered: true, At: at,
			})
			outcome{state: Delivered}.to(r)
			r.SentAt = at
			changed = append(changed, r)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	late, err := s.Outreach.Book(ctx, tx, results)
	if err != nil {
		return err
	}
	for _, r := range changed {
		r.Late = late[r.TouchID] && r.TouchID != 0
	}
	tx.OnCommit(func() { s.changed(m.ID) })
	return replace(ctx, tx, changed)
}

// observe books what reached a customer outside of what we had planned.
func (s *Service) observe(ctx context.Context, tx *db.Tx, postID, staffID, customerID string, open bool, texts []string, at clock.Time) error {
	return s.Governor.Observe(ctx, tx, governance.Request{
		CorpID: s.CorpID, Key: fmt.Sprint("moment-seen/", postID, "/", customerID), CustomerID: customerID, StaffID: staffID,
		Channel: governance.Moment, Class: governance.Marketing, Open: open, CampaignID: "moment-seen/" + postID, Texts: texts,
		By: staffID, Reason: "a Moment that was not planned for them",
	}, at)
}

// polled notes who has published, and decides what comes next.
func (s *Service) polled(ctx context.Context, tx *db.Tx, p pollStep, staff []string) error {
	m, err := s.lock(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	tasks, err := s.tasks(ctx, tx, m.ID)
	if err != nil {
		return err
	}
	byStaff := map[string]*Task{}
	for _, t := range tasks[m.ID] {
		byStaff[t.StaffID] = t
	}
	now := s.World.Now()
	waiting := 0
	for _, id := range staff {
		t := byStaff[id]
		if t == nil {
			t = &Task{CorpID: s.CorpID, MomentID: m.ID, StaffID: id, State: TaskOpen, Reminders: "[]"}
			if err := put(ctx, tx, []*Task{t}); err != nil {
				return err
			}
		}
		delete(byStaff, id)
		if t.State != TaskPublished {
			t.State, t.PublishedAt = TaskPublished, now
			if err := save(ctx, tx, t, "state", "published_at"); err != nil {
				return err
			}
			tx.OnCommit(func() { s.changed(m.ID) })
		}
	}
	for _, t := range byStaff {
		if t.State == TaskOpen {
			waiting++
		}
	}
	switch {
	case p.Kind == "late":
		return nil
	case p.Kind == "final":
		if err := s.settle(ctx, tx, m, staff); err != nil {
			return err
		}
		return s.putPoll(ctx, tx, pollStep{ID: m.ID, Kind: "late"}, now.Add(lateLook))
	case waiting == 0: // all have published: nothing is left to stop, and one more look is enough
		return s.putPoll(ctx, tx, pollStep{ID: m.ID, Kind: "final"}, now.Add(settleTime))
	}
	again := p
	again.N++
	return s.putPoll(ctx, tx, again, now.Add(pollAfter(again.N)))
}

// settle says of everybody who does not see it why, and ends the Moment.
func (s *Service) settle(ctx context.Context, tx *db.Tx, m *Moment, staff []string) error {
	if m.EndedAt != 0 {
		return nil
	}
	rows, err := s.receivers(ctx, tx, m.ID, 0, Reserved, Tasked)
	if err != nil {
		return err
	}
	published := map[string]bool{}
	for _, id := range staff {
		published[id] = true
	}
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.TouchID
	}
	unwanted, err := s.Governor.Unwanted(ctx, tx, s.CorpID, ids...)
	if err != nil {
		return err
	}
	by := map[string][]*Receiver{}
	outcomes := map[string]outcome{
		"cancelled":   {state: TakenBack, rule: codeCancelled, reason: reasonCancelled},
		"not shown":   {state: NotShown, rule: codeNotShown, reason: reasonNotShown},
		"unpublished": {state: Unpublished, rule: codeUnpublished, reason: reasonUnpublished},
	}
	for _, r := range rows {
		k := "unpublished"
		u, not := unwanted[r.TouchID]
		switch {
		case not:
			k = u.RuleID + u.Reason.ZH
			outcomes[k] = outcome{state: Held, rule: u.RuleID, reason: u.Reason}
		case published[r.StaffID]:
			k = "not shown"
		case m.State == Cancelled:
			k = "cancelled"
		}
		by[k] = append(by[k], r)
	}
	for k, list := range by {
		if err := s.giveBack(ctx, tx, list, outcomes[k]); err != nil {
			return err
		}
	}
	return s.end(ctx, tx, m, outcome{})
}

// Remind asks the members who have not published again, by a message of the app; WeCom has no reminder for Moments. Each at
// most 3 times in 24 hours. It answers how many.
func (s *Service) Remind(ctx context.Context, id int64) (int, error) {
	m, err := s.Get(ctx, id)
	if err != nil {
		return 0, err
	}
	if m.State != Open {
		return 0, errs.New(errs.Conflict, "moment.nobody_waits", errs.T("没有等待发表的员工。", "No member has to publish it."))
	}
	var to []*Task
	open, now := 0, s.World.Now()
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := s.lock(ctx, tx, id); err != nil {
			return err
		}
		tasks, err := s.tasks(ctx, tx, id)
		if err != nil {
			return err
		}
		for _, t := range tasks[id] {
			if t.State != TaskOpen {
				continue
			}
			open++
			kept, ok := reminded(t.reminders(), now)
			if !ok {
				continue
			}
			raw, err := json.Marshal(append(kept, now))
			if err != nil {
				return fmt.Errorf("write reminders: %w", err)
			}
			t.Reminders = string(raw)
			if err := save(ctx, tx, t, "reminders"); err != nil {
				return err
			}
			to = append(to, t)
		}
		staff := make([]string, len(to))
		for i, t := range to {
			staff[i] = t.StaffID
		}
		return s.Notices.Put(ctx, tx, notice.Notice{
			Key: fmt.Sprint("moment-remind/", id, "/", int64(now)), Staff: staff,
			Text: "有一条企业朋友圈等你发表：「" + m.Name + "」。请在企业微信「客户朋友圈」里确认，" + m.ClosesAt.In(s.Zone).Format("15:04") + " 后收回。",
		})
	})
	switch {
	case err != nil:
		return 0, err
	case open == 0:
		return 0, errs.New(errs.Conflict, "moment.nobody_waits", errs.T("没有等待发表的员工。", "No member has to publish it."))
	case len(to) == 0:
		return 0, errs.New(errs.Limited, "moment.reminded", errs.Tf("24 小时内已提醒 %d 次，不再提醒。",
			"Reminded %d times within 24 hours; that is enough.", maxReminders))
	}
	return len(to), nil
}
