package moment

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/notice"
)

// Answer is a customer's comment that waits for the member under whose publication it stands. WeCom does not tell what a comment
// says, and no call answers one: the member does, in WeCom. It ends when their own comment is seen below it, or when somebody
// puts it aside.
type Answer struct {
	bun.BaseModel `bun:"table:moment_answer"`

	CorpID  string `bun:",pk"`
	ID      int64  `bun:",pk"`
	PostID  string
	StaffID string
	Person  string // the customer
	At      clock.Time
	DoneAt  clock.Time
	DoneBy  string
}

// answerBack is how old a comment may be to ask for an answer when it is first seen.
const answerBack = 3 * dayLong

// toAnswer asks the member for answers to the customers' comments among echoes that are new, once each, and ends what the member has
// answered.
func (s *Service) toAnswer(ctx context.Context, tx *db.Tx, postID, staffID string, echoes []Echo) error {
	now := s.World.Now()
	var own clock.Time // the member's newest comment
	for _, e := range echoes {
		if e.Kind == "comment" && e.ByStaff && e.Person == staffID {
			own = max(own, e.At)
		}
	}
	var fresh []Echo
	for _, e := range echoes {
		if e.Kind != "comment" || e.ByStaff || e.At <= own || e.At < now.Add(-answerBack) {
			continue
		}
		row := &Answer{CorpID: s.CorpID, ID: tx.NewID(), PostID: postID, StaffID: staffID, Person: e.Person, At: e.At}
		res, err := tx.NewInsert().Model(row).On("CONFLICT (corp_id, post_id, staff_id, person, at) DO NOTHING").Exec(ctx)
		if err != nil {
			return fmt.Errorf("ask for an answer to %s: %w", e.Person, err)
		}
		if n, err := res.RowsAffected(); err == nil && n > 0 {
			fresh = append(fresh, e)
		}
	}
	if own != 0 {
		_, err := tx.NewUpdate().Model((*Answer)(nil)).Set("done_at = ?", max(now, 1)).Set("done_by = ?", staffID).
			Where("corp_id = ? AND post_id = ? AND staff_id = ? AND done_at = 0 AND at < ?", s.CorpID, postID, staffID, own).Exec(ctx)
		if err != nil {
			return fmt.Errorf("end what %s answered: %w", staffID, err)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	p := askStep{PostID: postID, StaffID: staffID}
	for _, e := range fresh {
		if !slices.Contains(p.People, e.Person) {
			p.People = append(p.People, e.Person)
		}
		p.At = max(p.At, e.At)
	}
	tx.OnCommit(func() { s.Live("moment", "") })
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: answerKind, Key: fmt.Sprint(answerKind, "/", postID, "/", staffID, "/", int64(p.At), "/", len(fresh)),
		OrderKey: answerKind + "/" + staffID, Payload: p,
	})
	return err
}

// askStep tells a member who commented.
type askStep struct {
	PostID, StaffID string
	People          []string
	At              clock.Time
}

// ask sends the member one message of the app. A repeat after a lost answer may tell them twice; it tells no customer anything.
func (s *Service) ask(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p askStep
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	names, err := s.Names(ctx, p.People)
	if err != nil {
		return nil, err
	}
	post := new(Post)
	if err := s.DB.Read().NewSelect().Model(post).Where("corp_id = ? AND id = ?", s.CorpID, p.PostID).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read post %s: %w", p.PostID, err)
	}
	const most = 5
	var who []string
	for _, id := range p.People[:min(len(p.People), most)] {
		who = append(who, named{id, names[id]}.shown())
	}
	text := strings.Join(who, "、")
	if n := len(p.People); n > most {
		text += fmt.Sprintf(" 等 %d 位客户", n)
	}
	head := []rune(strings.TrimSpace(strings.SplitN(post.Text, "\n", 2)[0]))
	if len(head) > 20 {
		head = append(head[:20], '…')
	}
	text += "评论了你发表的朋友圈「" + string(head) + "」。评论的内容请在企业微信「客户朋友圈」里看，想回就在那里回。"
	return s.Notices.Tell(ctx, notice.Notice{Key: w.Key, Staff: []string{p.StaffID}, Text: text})
}

func (n named) shown() string {
	if n.Name == "" {
		return "一位客户"
	}
	return n.Name
}

// Answers lists the comments that wait, the newest first; scope is whose, nil = all.
func (s *Service) Answers(ctx context.Context, scope []string, before int64, limit int) (rows []Answer, total int, err error) {
	q := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND done_at = 0", s.CorpID)
	if scope != nil {
		q.Where("staff_id IN (?)", bun.List(db.OrNobody(scope)))
	}
	n, err := q.Clone().Count(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("count comments that wait: %w", err)
	}
	if before > 0 {
		q.Where("id < ?", before)
	}
	if err := q.OrderExpr("id DESC").Limit(int64(limit)).Scan(ctx); err != nil {
		return nil, 0, fmt.Errorf("list comments that wait: %w", err)
	}
	return rows, int(n), nil
}

// PutAside ends a comment that waits. One that somebody else ended is gone.
func (s *Service) PutAside(ctx context.Context, id int64, scope []string, by string) error {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		q := tx.NewUpdate().Model((*Answer)(nil)).Set("done_at = ?", max(s.World.Now(), 1)).Set("done_by = ?", by).
			Where("corp_id = ? AND id = ? AND done_at = 0", s.CorpID, id)
		if scope != nil {
			q.Where("staff_id IN (?)", bun.List(db.OrNobody(scope)))
		}
		res, err := q.Exec(ctx)
		if err != nil {
			return fmt.Errorf("put comment %d aside: %w", id, err)
		}
		if n, err := res.RowsAffected(); err == nil && n == 0 {
			return errs.Missing("待回复的评论", "comment that waits")
		}
		return nil
	})
	if err == nil {
		s.Live("moment", "")
	}
	return err
}
