package moment

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
)

// chunk is how many rows one statement writes.
const chunk = 500

// Moment is one that was planned here, as stored.
type Moment struct {
	bun.BaseModel `bun:"table:moment"`

	CorpID      string `bun:",pk"`
	ID          int64  `bun:",pk"`
	Name        string
	Text        string
	Parts       string // JSON
	Audience    string // JSON
	AudienceKey string
	Topic       string
	State       State
	CreatedBy   string
	CreatedAt   clock.Time
	UpdatedAt   clock.Time
	SubmittedBy string
	SubmittedAt clock.Time
	PublishAt   clock.Time
	OpensAt     clock.Time
	ClosesAt    clock.Time
	EndedAt     clock.Time
	TagID       string
	JobID       string
	PostID      string
	Error       string
	Approval    governance.Cause
	Reach       int
	ReviewedBy  string
	ReviewedAt  clock.Time
	ReviewNote  string
	Assessments string // numbers of the impact assessments it was started on
}

// Task is what a Moment asks of one member.
type Task struct {
	bun.BaseModel `bun:"table:moment_task"`

	CorpID      string `bun:",pk"`
	MomentID    int64  `bun:",pk"`
	StaffID     string `bun:",pk"`
	State       TaskState
	Customers   int
	PublishedAt clock.Time
	Reminders   string // JSON
}

// Receiver is one customer whom a Moment was aimed at, or who saw it without that.
type Receiver struct {
	bun.BaseModel `bun:"table:moment_receiver"`

	CorpID     string `bun:",pk"`
	MomentID   int64  `bun:",pk"`
	CustomerID string `bun:",pk"`
	StaffID    string
	TouchID    int64
	Planned    bool
	State      ReceiverState
	Late       bool
	RuleID     string
	ReasonZh   string
	ReasonEn   string
	NextAt     clock.Time
	SentAt     clock.Time
}

func (m *Moment) words() (Words, error) {
	w := Words{Name: m.Name, Text: m.Text, Topic: m.Topic, PublishAt: m.PublishAt}
	if err := json.Unmarshal([]byte(m.Parts), &w.Parts); err != nil {
		return w, fmt.Errorf("read the parts of Moment %d: %w", m.ID, err)
	}
	if err := json.Unmarshal([]byte(m.Audience), &w.Audience); err != nil {
		return w, fmt.Errorf("read the audience of Moment %d: %w", m.ID, err)
	}
	return w, nil
}

func (m *Moment) take(w Words) error {
	parts, err := json.Marshal(append([]Part{}, w.Parts...))
	if err != nil {
		return fmt.Errorf("write parts: %w", err)
	}
	audience, err := json.Marshal(w.Audience)
	if err != nil {
		return fmt.Errorf("write the audience: %w", err)
	}
	m.Name, m.Text, m.Topic, m.PublishAt = w.Name, w.Text, w.Topic, w.PublishAt
	m.Parts, m.Audience, m.AudienceKey = string(parts), string(audience), w.Audience.key()
	return nil
}

func (t *Task) reminders() []clock.Time {
	var at []clock.Time
	_ = json.Unmarshal([]byte(t.Reminders), &at) // written by us
	return at
}

func getMoment(ctx context.Context, q bun.IDB, corpID string, id int64) (*Moment, error) {
	m := new(Moment)
	err := q.NewSelect().Model(m).Where("corp_id = ? AND id = ?", corpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, errs.Missing("朋友圈", "Moment")
	}
	if err != nil {
		return nil, fmt.Errorf("read Moment %d: %w", id, err)
	}
	return m, nil
}

// lock serialises what changes one Moment over all nodes, and reads it as it is now.
func (s *Service) lock(ctx context.Context, tx *db.Tx, id int64) (*Moment, error) {
	if err := tx.Lock(ctx, fmt.Sprint("moment/", s.CorpID, "/", id)); err != nil {
		return nil, err
	}
	return getMoment(ctx, tx, s.CorpID, id)
}

func (s *Service) tasks(ctx context.Context, q bun.IDB, ids ...int64) (map[int64][]*Task, error) {
	out := map[int64][]*Task{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []*Task
	err := q.NewSelect().Model(&rows).Where("corp_id = ? AND moment_id IN (?)", s.CorpID, bun.List(ids)).OrderExpr("staff_id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the tasks of %d Moments: %w", len(ids), err)
	}
	for _, t := range rows {
		out[t.MomentID] = append(out[t.MomentID], t)
	}
	return out, nil
}

func save(ctx context.Context, tx *db.Tx, model any, columns ...string) error {
	if _, err := tx.NewUpdate().Model(model).Column(columns...).WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("save %T: %w", model, err)
	}
	return nil
}

// put inserts rows; those that are there already are left alone.
func put[T any](ctx context.Context, tx *db.Tx, rows []T) error {
	for part := range slices.Chunk(rows, chunk) {
		if _, err := tx.NewInsert().Model(&part).On("CONFLICT DO NOTHING").Exec(ctx); err != nil {
			return fmt.Errorf("write %d rows of Moments: %w", len(part), err)
		}
	}
	return nil
}

// replace writes receivers that were read before, or are new.
func replace(ctx context.Context, tx *db.Tx, rows []*Receiver) error {
	for part := range slices.Chunk(rows, chunk) {
		_, err := tx.NewInsert().Model(&part).On("CONFLICT (corp_id, moment_id, customer_id) DO UPDATE").
			Set("touch_id = EXCLUDED.touch_id").Set("state = EXCLUDED.state").Set("late = EXCLUDED.late").Set("rule_id = EXCLUDED.rule_id").
			Set("reason_zh = EXCLUDED.reason_zh").Set("reason_en = EXCLUDED.reason_en").Set("next_at = EXCLUDED.next_at").
			Set("sent_at = EXCLUDED.sent_at").Exec(ctx)
		if err != nil {
			return fmt.Errorf("write %d receivers: %w", len(part), err)
		}
	}
	return nil
}

// receivers reads those of a Moment in the given states (none = all), at most limit (0 = all), ordered by customer.
func (s *Service) receivers(ctx context.Context, q bun.IDB, id int64, limit int, states ...ReceiverState) ([]*Receiver, error) {
	var rows []*Receiver
	sel := q.NewSelect().Model(&rows).Where("corp_id = ? AND moment_id = ?", s.CorpID, id).OrderExpr("customer_id")
	if len(states) > 0 {
		sel = sel.Where("state IN (?)", bun.List(states))
	}
	if limit > 0 {
		sel = sel.Limit(int64(limit))
	}
	if err := sel.Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the receivers of Moment %d: %w", id, err)
	}
	return rows, nil
}

// receiversAmong reads those of the customers whom the Moment knows.
func (s *Service) receiversAmong(ctx context.Context, q bun.IDB, id int64, customers []string) (map[string]*Receiver, error) {
	out := map[string]*Receiver{}
	for part := range slices.Chunk(customers, chunk) {
		var rows []*Receiver
		err := q.NewSelect().Model(&rows).Where("corp_id = ? AND moment_id = ? AND customer_id IN (?)", s.CorpID, id, bun.List(part)).Scan(ctx)
		if err != nil {
			return nil, fmt.Errorf("read receivers of Moment %d: %w", id, err)
		}
		for _, r := range rows {
			out[r.CustomerID] = r
		}
	}
	return out, nil
}

// outcome is how a group of receivers ended or moved on, alike for all of them.
type outcome struct {
	state  ReceiverState
	rule   string
	reason errs.Text
	next   clock.Time
}

func (o outcome) to(r *Receiver) {
	r.State, r.RuleID, r.ReasonZh, r.ReasonEn, r.NextAt = o.state, o.rule, o.reason.ZH, o.reason.EN, o.next
}

// counts counts the receivers of Moments, by Moment, for the staff given (nil = all).
func (s *Service) counts(ctx context.Context, q bun.IDB, ids []int64, staffIDs []string) (map[int64]Counts, error) {
	out := map[int64]Counts{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []struct {
		MomentID int64
		State    ReceiverState
		Late     bool
		Planned  bool
		N        int
	}
	sel := q.NewSelect().Model((*Receiver)(nil)).ColumnExpr("moment_id, state, late, planned, COUNT(*) AS n").
		Where("corp_id = ? AND moment_id IN (?)", s.CorpID, bun.List(ids)).GroupExpr("moment_id, state, late, planned")
	if staffIDs != nil {
		sel = sel.Where("staff_id IN (?)", bun.List(db.OrNobody(staffIDs)))
	}
	if err := sel.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("count receivers: %w", err)
	}
	for _, r := range rows {
		c := out[r.MomentID]
		if r.Planned {
			c.Matched += r.N
			if r.State == Held {
				c.Held += r.N
			} else {
				c.Reachable += r.N
			}
		} else {
			c.Unplanned += r.N
		}
		switch r.State {
		case Matched, Reserved, Tasked:
			c.Waiting += r.N
		case Delivered:
			c.Seen += r.N
			if r.Late {
				c.Late += r.N
			}
		case Unpublished:
			c.Unpublished += r.N
		case NotShown:
			c.NotShown += r.N
		case NotFriend:
			c.NotFriend += r.N
		case TakenBack:
			c.Cancelled += r.N
		case Lost:
			c.Failed += r.N
		case Held:
		}
		out[r.MomentID] = c
	}
	return out, nil
}

// staffDay counts the Moments that each member is asked for or has published on a day (OWN-05).
func (s *Service) staffDay(ctx context.Context, q bun.IDB, day clock.Time) (map[string]int, error) {
	var rows []struct {
		StaffID string
		N       int
	}
	err := q.NewRaw(`SELECT staff_id, SUM(n) AS n FROM (
		SELECT t.staff_id, COUNT(*) AS n FROM moment_task AS t JOIN moment AS m ON m.corp_id = t.corp_id AND m.id = t.moment_id
			WHERE t.corp_id = ? AND t.state <> 'cancelled' AND m.opens_at >= ? AND m.opens_at < ? GROUP BY t.staff_id
		UNION ALL
		SELECT creator AS staff_id, COUNT(*) AS n FROM moment_post
			WHERE corp_id = ? AND moment_id = 0 AND creator <> '' AND made_at >= ? AND made_at < ? GROUP BY creator
		) AS both_kinds GROUP BY staff_id`,
		s.CorpID, day, day.Add(dayLong), s.CorpID, day, day.Add(dayLong)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count Moments of a day: %w", err)
	}
	out := make(map[string]int, len(rows))
	for _, r := range rows {
		out[r.StaffID] = r.N
	}
	return out, nil
}

// shown counts how many of the customers have seen as many of the corp's Moments in a month as WeCom shows one.
func (s *Service) shown(ctx context.Context, customers []string, month clock.Time) (int, error) {
	full := 0
	for part := range slices.Chunk(customers, chunk) {
		n, err := s.DB.Read().NewSelect().TableExpr("(?) AS had", s.DB.Read().NewSelect().Model((*Receiver)(nil)).ColumnExpr("customer_id").
			Where("corp_id = ? AND state = ? AND sent_at >= ? AND customer_id IN (?)", s.CorpID, Delivered, month, bun.List(part)).
			GroupExpr("customer_id").Having("COUNT(*) >= ?", shownInMonth)).Count(ctx)
		if err != nil {
			return 0, fmt.Errorf("count Moments of the month: %w", err)
		}
		full += int(n)
	}
	return full, nil
}
