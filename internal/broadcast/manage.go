package broadcast

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Get reads a mass message.
func (s *Service) Get(ctx context.Context, id int64) (*Broadcast, error) {
	return getBroadcast(ctx, s.DB.Read(), s.CorpID, id)
}

// Counts counts the receivers of a mass message, for the staff given (nil = all).
func (s *Service) Counts(ctx context.Context, id int64, staffIDs []string) (Counts, error) {
	counts, err := s.counts(ctx, s.DB.Read(), []int64{id}, staffIDs)
	return counts[id], err
}

// Cancel takes back what no member has confirmed yet. What was confirmed arrives; it is read and counted. From then on no task is
// made; receivers of a large message are taken back in steps afterwards.
func (s *Service) Cancel(ctx context.Context, id int64) (*Broadcast, error) {
	var b *Broadcast
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if b, err = s.lockBroadcast(ctx, tx, id); err != nil {
			return err
		}
		if b.State == Cancelled {
			return nil
		}
		if !b.State.running() && b.State != Review {
			return errs.New(errs.Conflict, "broadcast.not_running", errs.T("它没有在进行，没有可以取消的。", "It is not running: there is nothing to cancel."))
		}
		if err := s.Reviews.Withdrawn(ctx, tx, s.CorpID, "broadcast", fmt.Sprint(id)); err != nil {
			return err
		}
		b.State = Cancelled
		if err := save(ctx, tx, b, "state"); err != nil {
			return err
		}
		return s.takeBack(ctx, tx, b, taking{ID: b.ID, Why: cancelled, Run: fmt.Sprint(takeKind, "/", b.ID)})
	})
	return b, err
}

// Remind reminds the members who have not confirmed, each at most 3 times in 24 hours (WC-04). It answers how many; when
// nobody may be reminded any more the answer is Limited.
func (s *Service) Remind(ctx context.Context, id int64) (int, error) {
	n, open := 0, 0
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		b, err := s.lockBroadcast(ctx, tx, id)
		if err != nil {
			return err
		}
		tasks, err := s.tasks(ctx, tx, b.ID)
		if err != nil {
			return err
		}
		now := s.World.Now()
		for _, t := range tasks {
			if t.State != TaskOpen {
				continue
			}
			open++
			if _, ok := reminded(t.reminders(), now); !ok {
				continue
			}
			n++
			if err := s.Outreach.RemindMass(ctx, tx, t.ID, t.MsgID, int(now)); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return 0, err
	case open == 0:
		return 0, errs.New(errs.Conflict, "broadcast.nobody_waits", errs.T("没有等待确认的成员。", "No member has to confirm."))
	case n == 0:
		return 0, errs.New(errs.Limited, "broadcast.reminded", errs.T("24 小时内已提醒 3 次，企业微信不再允许（WC-04）。",
			"Reminded 3 times within 24 hours; WeCom allows no more (WC-04)."))
	}
	return n, nil
}

// appText is how many bytes one app message holds. Official page: document/path/90236.
const appText = 2048

// Test sends the same content to its author, as messages of the app, marked as a preview. No customer is involved.
func (s *Service) Test(ctx context.Context, id int64, staffID string) error {
	b, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	w, err := s.words(b)
	if err != nil {
		return err
	}
	if staffID == "" {
		return errs.New(errs.Invalid, "broadcast.no_author", errs.T("这个账号不是成员，收不到应用消息。请用成员身份登录，或填写接收的成员。",
			"This account is not a member and gets no app messages. Log in as a member, or name the member to send to."))
	}
	var text strings.Builder
	text.WriteString("【预览】" + b.Name + "\n" + w.Said())
	for _, a := range w.Attachments {
		switch {
		case a.Link != nil:
			text.WriteString("\n[" + a.Link.Title + "] " + a.Link.URL)
		case a.MiniProgram != nil:
			text.WriteString("\n[小程序] " + a.MiniProgram.Title)
		case a.Image != nil:
			text.WriteString("\n[图片] " + a.Image.Name)
		case a.Video != nil:
			text.WriteString("\n[视频] " + a.Video.Name)
		case a.File != nil:
			text.WriteString("\n[文件] " + a.File.Name)
		}
	}
	unknown, err := s.Notices.Send(ctx, []string{staffID}, pieces(text.String(), appText)...)
	if err == nil && len(unknown) > 0 {
		err = errs.New(errs.Invalid, "broadcast.out_of_range", errs.T("这位成员不在应用的可见范围内，收不到预览。",
			"This member is outside of the app's visible range and gets no preview."))
	}
	return err
}

// pieces cuts a text into parts of at most size bytes, between characters.
func pieces(s string, size int) []string {
	var out []string
	for len(s) > size {
		n := size
		for !utf8.RuneStart(s[n]) {
			n--
		}
		out, s = append(out, s[:n]), s[n:]
	}
	return append(out, s)
}

// Tasks lists the members' parts, by member and round.
func (s *Service) Tasks(ctx context.Context, id int64) ([]Task, error) {
	rows, err := s.tasks(ctx, s.DB.Read(), id)
	if err != nil {
		return nil, err
	}
	out := make([]Task, len(rows))
	for i, t := range rows {
		out[i] = *t
	}
	return out, nil
}
