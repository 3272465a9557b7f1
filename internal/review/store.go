package review

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

// Item is one text in the queue.
type Item struct {
	bun.BaseModel `bun:"table:review"`

	CorpID    string `bun:",pk"`
	ID        int64  `bun:",pk"`
	Noun      string
	Ref       string
	Title     string
	Class     governance.Class
	Channel   governance.Channel
	Author    string
	Texts     string // JSON
	Findings  string // JSON
	Version   string
	Cause     governance.Cause
	Held      bool
	Harm      int
	Audience  int
	At        clock.Time
	State     State
	Label     string
	Note      string
	Grave     bool
	ByWhom    string
	DecidedAt clock.Time
	SecondBy  string
	SecondAt  clock.Time
}

func (i *Item) fields() (out []governance.Field) {
	_ = json.Unmarshal([]byte(i.Texts), &out) // written by us
	return out
}

func (i *Item) findings() (out []governance.Finding) {
	_ = json.Unmarshal([]byte(i.Findings), &out) // written by us
	return out
}

// text is all its words.
func (i *Item) text() string {
	fields := i.fields()
	return textOf(slices.DeleteFunc(fields, func(f governance.Field) bool { return f.Text == "" }))
}

// blind says whether what the rules said is still hidden from the reviewer.
func (i *Item) blind() bool { return i.Cause == governance.Sampled && i.State == Open }

func get(ctx context.Context, q bun.IDB, corpID string, id int64) (*Item, error) {
	i := new(Item)
	err := q.NewSelect().Model(i).Where("corp_id = ? AND id = ?", corpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, errs.Missing("复核", "review")
	}
	if err != nil {
		return nil, fmt.Errorf("read review %d: %w", id, err)
	}
	return i, nil
}

// lock serialises what changes one text of the queue, over all nodes.
func lock(ctx context.Context, tx *db.Tx, corpID string, id int64) (*Item, error) {
	if err := tx.Lock(ctx, fmt.Sprint("review/", corpID, "/", id)); err != nil {
		return nil, err
	}
	return get(ctx, tx, corpID, id)
}

func save(ctx context.Context, tx *db.Tx, i *Item) error {
	_, err := tx.NewUpdate().Model(i).Column("state", "label", "note", "grave", "by_whom", "decided_at", "second_by", "second_at").WherePK().Exec(ctx)
	if err != nil {
		return fmt.Errorf("save review %d: %w", i.ID, err)
	}
	return nil
}

// put takes a text into the queue; what stood there of the same thing gives way.
func put(ctx context.Context, tx *db.Tx, i *Item) error {
	if err := close(ctx, tx, i.CorpID, i.Noun, i.Ref, func(q *bun.UpdateQuery) { q.Set("state = ?", Withdrawn) }); err != nil {
		return err
	}
	if _, err := tx.NewInsert().Model(i).Exec(ctx); err != nil {
		return fmt.Errorf("put %s %s into the queue: %w", i.Noun, i.Ref, err)
	}
	return nil
}

// close ends what is open of one thing.
func close(ctx context.Context, tx *db.Tx, corpID, noun, ref string, set func(q *bun.UpdateQuery)) error {
	q := tx.NewUpdate().Model((*Item)(nil)).Where("corp_id = ? AND noun = ? AND ref = ? AND state = ?", corpID, noun, ref, Open)
	set(q)
	if _, err := q.Exec(ctx); err != nil {
		return fmt.Errorf("close the review of %s %s: %w", noun, ref, err)
	}
	return nil
}

// Filter chooses texts.
type Filter struct {
	Decided bool
	Cause   string
	Scope   []string // accounts whose texts may be seen; nil = all
}

func (s *Service) query(f Filter) *bun.SelectQuery {
	q := s.DB.Read().NewSelect().Model((*Item)(nil)).Where("corp_id = ?", s.CorpID)
	if f.Decided {
		q.Where("state NOT IN (?, ?)", Open, Second)
	} else {
		q.Where("state IN (?, ?)", Open, Second)
	}
	if f.Cause != "" {
		q.Where("cause = ?", f.Cause)
	}
	if f.Scope != nil {
		q.Where("author IN (?)", bun.List(db.OrNobody(f.Scope)))
	}
	return q
}

// byUrgency orders the queue by harm, audience and age; an hour is added so that what is new counts too.
func (s *Service) byUrgency(q *bun.SelectQuery) *bun.SelectQuery {
	const hour = clock.Time(60 * 60 * 1000)
	return q.OrderExpr("harm * (CASE WHEN audience < 1 THEN 1 ELSE audience END) * (? - at) DESC, id", s.World.Now()+hour)
}

// Queue reads texts: those that wait for somebody by their urgency, those that were decided the newest first.
func (s *Service) Queue(ctx context.Context, f Filter, start int64, limit int) ([]*Item, error) {
	q := s.query(f)
	if f.Decided {
		q.OrderExpr("decided_at DESC, id DESC")
	} else {
		s.byUrgency(q)
	}
	var rows []*Item
	if err := q.Offset(start).Limit(int64(limit)).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("list the queue: %w", err)
	}
	return rows, nil
}
