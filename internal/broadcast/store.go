package broadcast

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/outreach"
)

// chunk is how many rows one statement writes.
const chunk = 500

// Broadcast is a mass message as stored.
type Broadcast struct {
	bun.BaseModel `bun:"table:broadcast"`

	CorpID      string `bun:",pk"`
	ID          int64  `bun:",pk"`
	Kind        Kind
	Name        string
	Text        string
	Attachments string // JSON
	Audience    string // JSON
	Topic       string
	State       State
	CreatedBy   string
	CreatedAt   clock.Time
	UpdatedAt   clock.Time
	SubmittedBy string
	SubmittedAt clock.Time
	OpensAt     clock.Time
	ClosesAt    clock.Time
	EndedAt     clock.Time
	OptOuts     int `bun:"optouts"`
	Deletions   int
	Benefit     string
	SendAt      clock.Time
	Cost        int
	Approval    Approval
	ReviewedBy  string
	ReviewedAt  clock.Time
	ReviewNote  string
	Freezing    int64 // whose submitting writes the audience
	Revision    int   // how often its words were changed after it was submitted
	RevisedAt   clock.Time
	RevisedBy   string
	Assessments string // numbers of the impact assessments it was started on
	Winback     bool   // the one last question to those who have been silent
}

// Task is one member's part.
type Task struct {
	bun.BaseModel `bun:"table:broadcast_task"`

	CorpID      string `bun:",pk"`
	ID          int64  `bun:",pk"`
	BroadcastID int64
	StaffID     string
	Round       int
	State       TaskState
	Remake      bool
	Filling     bool // its receivers are still being put in: nobody outside knows of it
	MsgID       string
	Customers   int
	CreatedAt   clock.Time
	OpenedAt    clock.Time
	ConfirmedAt clock.Time
	CancelledAt clock.Time
	Reminders   string // JSON
	Error       string
	ClosesAt    clock.Time // 0 = with the message
}

// Receiver is one customer of a mass message, or one group.
type Receiver struct {
	bun.BaseModel `bun:"table:broadcast_receiver"`

	CorpID      string `bun:",pk"`
	BroadcastID int64  `bun:",pk"`
	CustomerID  string `bun:",pk"` // the group's id in one to groups
	StaffID     string
	TouchID     int64
	TaskID      int64
	State       ReceiverState
	Late        bool
	RuleID      string
	ReasonZh    string
	ReasonEn    string
	NextAt      clock.Time
	SentAt      clock.Time
	LostAt      clock.Time // when they said stop, complained or deleted the member, within a day of it; 0 = they did not
}

func (b *Broadcast) attachments() ([]outreach.Attachment, error) {
	var out []outreach.Attachment
	if err := json.Unmarshal([]byte(b.Attachments), &out); err != nil {
		return nil, fmt.Errorf("read the attachments of mass message %d: %w", b.ID, err)
	}
	return out, nil
}

func (b *Broadcast) audience() (Audience, error) {
	var a Audience
	if err := json.Unmarshal([]byte(b.Audience), &a); err != nil {
		return a, fmt.Errorf("read the audience of mass message %d: %w", b.ID, err)
	}
	return a, nil
}

func (t *Task) reminders() []clock.Time {
	var at []clock.Time
	_ = json.Unmarshal([]byte(t.Reminders), &at) // written by us
	return at
}

func getBroadcast(ctx context.Context, q bun.IDB, corpID string, id int64) (*Broadcast, error) {
	b := new(Broadcast)
	err := q.NewSelect().Model(b).Where("corp_id = ? AND id = ?", corpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, errs.Missing("群发", "mass message")
	}
	if err != nil {
		return nil, fmt.Errorf("read mass message %d: %w", id, err)
	}
	return b, nil
}

// lockBroadcast serialises what changes one mass message over all nodes, and reads it as it is now.
func (s *Service) lockBroadcast(ctx context.Context, tx *db.Tx, id int64) (*Broadcast, error) {
	if err := tx.Lock(ctx, fmt.Sprint("broadcast/", s.CorpID, "/", id)); err != nil {
		return nil, err
	}
	return getBroadcast(ctx, tx, s.CorpID, id)
}

func getTask(ctx context.Context, q bun.IDB, corpID string, id int64) (*Task, error) {
	t := new(Task)
	err := q.NewSelect().Model(t).Where("corp_id = ? AND id = ?", corpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, errs.Missing("群发任务", "task of a mass message")
	}
	if err != nil {
		return nil, fmt.Errorf("read task %d: %w", id, err)
	}
	return t, nil
}

func (s *Service) tasks(ctx context.Context, q bun.IDB, id int64) ([]*Task, error) {
	var rows []*Task
	err := q.NewSelect().Model(&rows).Where("corp_id = ? AND broadcast_id = ?", s.CorpID, id).OrderExpr("staff_id, round, id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the tasks of mass message %d: %w", id, err)
	}
	return rows, nil
}

// tasksOf reads the tasks of several mass messages.
func (s *Service) tasksOf(ctx context.Context, ids []int64) (map[int64][]*Task, error) {
	out := map[int64][]*Task{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []*Task
	err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND broadcast_id IN (?)", s.CorpID, bun.List(ids)).OrderExpr("staff_id, round").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	for _, t := range rows {
		out[t.BroadcastID] = append(out[t.BroadcastID], t)
	}
	return out, nil
}

func save(ctx context.Context, tx *db.Tx, model any, columns ...string) error {
	if _, err := tx.NewUpdate().Model(model).Column(columns...).WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("save %T: %w", model, err)
	}
	return nil
}

// replace writes receivers that were read before.
func replace(ctx context.Context, tx *db.Tx, rows []*Receiver) error {
	return overwrite(ctx, tx, rows, `touch_id = EXCLUDED.touch_id, task_id = EXCLUDED.task_id, state = EXCLUDED.state, late = EXCLUDED.late,
		rule_id = EXCLUDED.rule_id, reason_zh = EXCLUDED.reason_zh, reason_en = EXCLUDED.reason_en, next_at = EXCLUDED.next_at, sent_at = EXCLUDED.sent_at`)
}

// writeDecided writes what was decided about receivers that were frozen before. Only what changes is named: an index is written
// for each column that is.
func writeDecided(ctx context.Context, tx *db.Tx, rows []*Receiver) error {
	return overwrite(ctx, tx, rows, `touch_id = EXCLUDED.touch_id, state = EXCLUDED.state, rule_id = EXCLUDED.rule_id,
		reason_zh = EXCLUDED.reason_zh, reason_en = EXCLUDED.reason_en, next_at = EXCLUDED.next_at`)
}

// writeTasked writes the task and the state of receivers.
func writeTasked(ctx context.Context, tx *db.Tx, rows []*Receiver) error {
	return overwrite(ctx, tx, rows, "task_id = EXCLUDED.task_id, state = EXCLUDED.state")
}

func overwrite(ctx context.Context, tx *db.Tx, rows []*Receiver, set string) error {
	for part := range slices.Chunk(rows, chunk) {
		_, err := db.InsertAlike(ctx, tx, part, "ON CONFLICT (corp_id, broadcast_id, customer_id) DO UPDATE SET "+set)
		if err != nil {
			return fmt.Errorf("write %d receivers: %w", len(part), err)
		}
	}
	return nil
}

// matched reads who is not decided yet of those after a customer, at most limit (0 = all), ordered by customer.
func (s *Service) matched(ctx context.Context, q bun.IDB, id int64, after string, limit int) ([]customer.Member, error) {
	var rows []customer.Member
	sel := q.NewSelect().Model((*Receiver)(nil)).Column("customer_id", "staff_id").
		Where("corp_id = ? AND broadcast_id = ? AND state = ? AND customer_id > ?", s.CorpID, id, Matched, after).OrderExpr("customer_id")
	if limit > 0 {
		sel = sel.Limit(int64(limit))
	}
	if err := sel.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read the receivers of mass message %d: %w", id, err)
	}
	return rows, nil
}

// receivers reads those of a mass message in the given states, at most limit (0 = all), ordered by customer.
func (s *Service) receivers(ctx context.Context, q bun.IDB, id int64, limit int, states ...ReceiverState) ([]*Receiver, error) {
	var rows []*Receiver
	sel := q.NewSelect().Model(&rows).Where("corp_id = ? AND broadcast_id = ? AND state IN (?)", s.CorpID, id, bun.List(states)).OrderExpr("customer_id")
	if limit > 0 {
		sel = sel.Limit(int64(limit))
	}
	if err := sel.Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the receivers of mass message %d: %w", id, err)
	}
	return rows, nil
}

func (s *Service) receiversOfTask(ctx context.Context, q bun.IDB, taskID int64, states ...ReceiverState) ([]*Receiver, error) {
	var rows []*Receiver
	// Sorted here: asked for the order, SQLite reads the whole table along the customers instead of one task's rows.
	sel := q.NewSelect().Model(&rows).Where("corp_id = ? AND task_id = ?", s.CorpID, taskID)
	if len(states) > 0 {
		sel = sel.Where("state IN (?)", bun.List(states))
	}
	if err := sel.Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the receivers of task %d: %w", taskID, err)
	}
	slices.SortFunc(rows, func(a, b *Receiver) int { return cmp.Compare(a.CustomerID, b.CustomerID) })
	return rows, nil
}

// anyWaits says whether somebody of a task has no result yet. A task is read many times before its member confirms it: the
// thousands who wait for that are not read each time.
func (s *Service) anyWaits(ctx context.Context, q bun.IDB, taskID int64) (waits bool, err error) {
	err = q.NewRaw("SELECT EXISTS (SELECT 1 FROM broadcast_receiver WHERE corp_id = ? AND task_id = ? AND task_id <> 0 AND state = ?)", s.CorpID, taskID, Tasked).
		Scan(ctx, &waits)
	if err != nil {
		return false, fmt.Errorf("look who of task %d waits: %w", taskID, err)
	}
	return waits, nil
}

// receiversNamed reads some receivers of a mass message.
func (s *Service) receiversNamed(ctx context.Context, q bun.IDB, id int64, receivers []string) ([]*Receiver, error) {
	var out []*Receiver
	for part := range slices.Chunk(receivers, chunk) {
		var rows []*Receiver
		err := q.NewSelect().Model(&rows).Where("corp_id = ? AND broadcast_id = ? AND customer_id IN (?)", s.CorpID, id, bun.List(part)).Scan(ctx)
		if err != nil {
			return nil, fmt.Errorf("read %d receivers of mass message %d: %w", len(part), id, err)
		}
		out = append(out, rows...)
	}
	return out, nil
}

// outcome is how a group of receivers ended or moved on, alike for all of them.
type outcome struct {
	state  ReceiverState
	rule   string
	reason errs.Text
	next   clock.Time
	sentAt clock.Time
	late   bool
}

// mark writes one outcome for many customers of a mass message.
func (s *Service) mark(ctx context.Context, tx *db.Tx, id int64, customers []string, o outcome) error {
	for part := range slices.Chunk(customers, chunk) {
		_, err := tx.NewUpdate().Model((*Receiver)(nil)).Set("state = ?", o.state).Set("rule_id = ?", o.rule).
			Set("reason_zh = ?", o.reason.ZH).Set("reason_en = ?", o.reason.EN).Set("next_at = ?", o.next).
			Set("sent_at = ?", o.sentAt).Set("late = ?", o.late).
			Where("corp_id = ? AND broadcast_id = ? AND customer_id IN (?)", s.CorpID, id, bun.List(part)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("mark %d receivers of mass message %d: %w", len(part), id, err)
		}
	}
	return nil
}

// counts counts the receivers of mass messages, by message.
func (s *Service) counts(ctx context.Context, q bun.IDB, ids []int64, staffIDs []string) (map[int64]Counts, error) {
	out := map[int64]Counts{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []struct {
		BroadcastID int64
		State       ReceiverState
		Late        bool
		N           int
	}
	sel := q.NewSelect().Model((*Receiver)(nil)).ColumnExpr("broadcast_id, state, late, COUNT(*) AS n").
		Where("corp_id = ? AND broadcast_id IN (?)", s.CorpID, bun.List(ids)).GroupExpr("broadcast_id, state, late")
	if staffIDs != nil {
		sel = sel.Where("staff_id IN (?)", bun.List(db.OrNobody(staffIDs)))
	}
	if err := sel.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("count receivers: %w", err)
	}
	for _, r := range rows {
		c := out[r.BroadcastID]
		c.Matched += r.N
		if r.State == Held {
			c.Held += r.N
		} else {
			c.Reachable += r.N
		}
		switch r.State {
		case Matched, Reserved, Tasked:
			c.Waiting += r.N
		case Delivered:
			c.Sent += r.N
			if r.Late {
				c.Late += r.N
			}
		case NotFriend:
			c.NotFriend += r.N
		case OverLimit:
			c.OverLimit += r.N
		case Unconfirmed:
			c.Unconfirmed += r.N
		case TakenBack:
			c.Cancelled += r.N
		case Lost:
			c.Failed += r.N
		case Held:
		}
		out[r.BroadcastID] = c
	}
	return out, nil
}
