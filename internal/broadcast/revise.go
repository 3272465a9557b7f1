package broadcast

import (
	"context"
	"slices"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/outreach"
)

// maxAsks is how often one member is asked to confirm one mass message within a day.
const maxAsks = 2

const codeAskedTwice = "broadcast.asked_twice"

var reasonAskedTwice = errs.T("成员今天已经为这次群发收到过两次任务，不再打扰；客户没有收到。",
	"The member was asked twice today for this mass message and is left alone; the customer got nothing.")

// Revised says what a change of words brings about.
type Revised struct {
	Again int `json:"again" doc:"members whose task is taken back and made again"`
	Ended int `json:"ended" doc:"members who were asked twice today: their task is taken back and not made again"`
	Sent  int `json:"sent" doc:"members who had confirmed: what they sent stays as it was"`
}

// Revise changes the words of a mass message that runs. Before its tasks are made nothing else happens. Open tasks are taken back, and
// made again for the receivers who did not get it, with their same entries in the ledger; what arrived stays as it was. One that a
// second person approved, or whose new words would need one, cannot be changed: that person has not seen them.
func (s *Service) Revise(ctx context.Context, id int64, by, text string, attachments []outreach.Attachment) (*Broadcast, Revised, error) {
	var done Revised
	b, err := getBroadcast(ctx, s.DB.Read(), s.CorpID, id)
	if err != nil {
		return nil, done, err
	}
	if err := b.revisable(); err != nil {
		return nil, done, err
	}
	w, err := s.words(b)
	if err != nil {
		return nil, done, err
	}
	w.Text, w.Attachments = text, attachments
	if err := checkWords(w); err != nil {
		return nil, done, err
	}
	if err := s.Materials(ctx, w.Attachments); err != nil {
		return nil, done, err
	}
	if s.Admitted != nil {
		if err := s.Admitted(ctx, w.texts()...); err != nil {
			return nil, done, err
		}
	}
	check, err := s.Governor.CheckFor(ctx, s.CorpID, governance.Marketing, w.channel(), w.fields()...)
	if err != nil {
		return nil, done, err
	}
	counts, err := s.Counts(ctx, id, nil)
	if err != nil {
		return nil, done, err
	}
	about := governance.About{
		Class: governance.Marketing, Channel: w.channel(), Topic: w.Topic, At: max(s.World.Now(), w.SendAt), Audience: counts.Reachable, Staff: by, Tags: w.Audience.Tags,
	}
	if check, err = s.Governor.WithHouse(ctx, s.CorpID, check, about, w.fields()); err != nil {
		return nil, done, err
	}
	if f, blocked := check.Blocking(); blocked {
		if err := s.Governor.Suspect(ctx, s.CorpID, by, campaignID(id), governance.Said{Title: b.Name, Fields: w.fields(), Check: check, Freeze: true}); err != nil {
			return nil, done, err // it runs: who wants it to say that stops it
		}
		return nil, done, f.Refusal("broadcast.content", errs.T("内容不能发送", "This cannot be sent"))
	}
	if f, doubtful := check.Doubtful(); doubtful {
		return nil, done, f.Refusal("broadcast.revise_review", errs.T("改后的内容要另一个人审批。先停止这次群发，复制成新草稿再提交",
			"The new words need a second person. Stop this one, copy it into a new draft and submit that"))
	}
	raw, _, err := w.stored()
	if err != nil {
		return nil, done, err
	}
	if text == b.Text && raw == b.Attachments {
		return nil, done, errs.New(errs.Conflict, "broadcast.unchanged", errs.T("内容没有变化。", "Nothing was changed."))
	}
	was := b.Revision
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if b, err = s.lockBroadcast(ctx, tx, id); err != nil {
			return err
		}
		if err := b.revisable(); err != nil {
			return err
		}
		if b.Revision != was {
			return errs.New(errs.Conflict, "broadcast.changed", errs.T("有人刚改过它。请再看一遍再改。", "Somebody changed it meanwhile. Look again."))
		}
		now := s.World.Now()
		b.Text, b.Attachments, b.Revision, b.RevisedAt, b.RevisedBy, b.UpdatedAt = text, raw, b.Revision+1, now, by, now
		if err := save(ctx, tx, b, "text", "attachments", "revision", "revised_at", "revised_by", "updated_at"); err != nil {
			return err
		}
		tx.OnCommit(func() { s.changed(id) })
		done, err = s.askAgain(ctx, tx, b)
		return err
	})
	return b, done, err
}

func (b *Broadcast) revisable() error {
	switch {
	case b.State == Draft:
		return errs.New(errs.Conflict, "broadcast.is_draft", errs.T("它还是草稿，直接改就行。", "It is a draft: change it there."))
	case b.State == Review:
		return errs.New(errs.Conflict, "broadcast.in_review", errs.T("它在等审批。请审批人退回，或先停止，改好再提交。",
			"It waits for approval. Have it given back, or stop it, then change and submit it again."))
	case !b.State.running():
		return errs.New(errs.Conflict, "broadcast.not_running", errs.T("它没有在进行，没有可以改的。复制成新草稿再发。", "It is not running: there is nothing to change. Copy it into a new draft."))
	case b.Approval != NoApproval:
		return errs.New(errs.Conflict, "broadcast.approved_words", errs.T("这是另一个人批准过的内容，批准后不能改（OWN-07）。先停止，复制成新草稿再提交审批。",
			"A second person approved these words; they stand (OWN-07). Stop it, copy it into a new draft and submit that."))
	}
	return nil
}

// askAgain takes back every open task, to be made again with the words as they are now.
func (s *Service) askAgain(ctx context.Context, tx *db.Tx, b *Broadcast) (Revised, error) {
	var done Revised
	tasks, err := s.tasks(ctx, tx, b.ID)
	if err != nil {
		return done, err
	}
	making := slices.ContainsFunc(tasks, func(t *Task) bool {
		return t.State == TaskCreating && !t.Filling || t.State == TaskCancelling && t.MsgID == ""
	})
	if making { // it carries the words as they were, and may be at WeCom already
		return done, errs.New(errs.Conflict, "broadcast.making", errs.T("成员的任务正在建，请过几秒再改。", "The members' tasks are being made; try again in a few seconds."))
	}
	for _, t := range tasks {
		if t.State == TaskConfirmed {
			done.Sent++
		}
		if t.State != TaskOpen {
			continue
		}
		if s.asks(tasks, t.StaffID) < maxAsks {
			done.Again++
		} else {
			done.Ended++
		}
		if err := s.remake(ctx, tx, t); err != nil {
			return done, err
		}
	}
	return done, nil
}

// asks is how often a member was asked today, whatever became of it.
func (s *Service) asks(tasks []*Task, staffID string) int {
	today, rounds := s.World.Now().Day(s.Zone), map[int]bool{}
	for _, t := range tasks {
		if t.StaffID == staffID && t.CreatedAt >= today {
			rounds[t.Round] = true
		}
	}
	return len(rounds)
}
