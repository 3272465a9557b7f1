package customer

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
)

// Filter chooses customers for a list. Empty members choose all.
type Filter struct {
	Query    string // part of a name, or a whole id
	TagIDs   []string
	StaffIDs []string // with a relation to one of them; nil = any
	Scope    []string // the caller's data scope: staff ids; nil = all
	AddWays  []int
	State    string // of the channel code
	Lost     bool   // those without a live relation, instead of those with one
	From, To clock.Time
	IDs      []string
}

// Order of a list.
type Order string

// The orders.
const (
	NewestFirst Order = "-added"
	OldestFirst Order = "added"
	ByName      Order = "name"
)

// Item is one customer of a list, with what the list shows.
type Item struct {
	Person
	Live      bool
	AddedAt   clock.Time
	LostAt    clock.Time
	Relations []Held
}

// Held is one relation as we hold it.
type Held struct {
	Relation
	Live   bool
	LostAt clock.Time
	LostBy LostBy
}

// query builds the choice; list, count and batch actions share it, so that they can never differ.
func (s *Service) query(f Filter) *bun.SelectQuery {
	read := s.DB.Read()
	q := read.NewSelect().Model((*customerRow)(nil)).Where("c.corp_id = ?", s.CorpID).Where("c.live = ?", !f.Lost)
	if f.Query != "" {
		q.Where("(LOWER(c.name) LIKE LOWER(?) ESCAPE '!' OR c.id = ?)", "%"+escapeLike(f.Query)+"%", f.Query)
	}
	if f.IDs != nil {
		q.Where("c.id IN (?)", bun.List(orNone(f.IDs)))
	}
	if f.From > 0 {
		q.Where("c.added_at >= ?", f.From)
	}
	if f.To > 0 {
		q.Where("c.added_at < ?", f.To)
	}
	relation := func() *bun.SelectQuery {
		return read.NewSelect().Model((*relationRow)(nil)).ColumnExpr("1").
			Where("r.corp_id = c.corp_id AND r.customer_id = c.id").Where("r.live = ?", !f.Lost)
	}
	for _, ids := range [][]string{f.Scope, f.StaffIDs} {
		if ids != nil {
			q.Where("EXISTS (?)", relation().Where("r.staff_id IN (?)", bun.List(orNone(ids))))
		}
	}
	if len(f.AddWays) > 0 {
		q.Where("EXISTS (?)", relation().Where("r.add_way IN (?)", bun.List(f.AddWays)))
	}
	if f.State != "" {
		q.Where("EXISTS (?)", relation().Where("r.state = ?", f.State))
	}
	for _, id := range f.TagIDs {
		q.Where("EXISTS (?)", relation().Join("JOIN relation_tag AS rt ON rt.corp_id = r.corp_id AND rt.customer_id = r.customer_id AND rt.staff_id = r.staff_id").
			Where("rt.tag_id = ?", id))
	}
	return q
}

// escapeLike keeps LIKE ... ESCAPE '!' from taking a part of a name as a pattern.
func escapeLike(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}

// after is where the next page begins: the sort value and the id of the last row.
type after struct {
	value string
	id    string
}

func (s *Service) page(ctx context.Context, f Filter, order Order, from *after, limit int) ([]customerRow, error) {
	var rows []customerRow
	q := s.query(f).Column("c.*").Limit(int64(limit))
	switch order {
	case OldestFirst:
		q.OrderExpr("c.added_at, c.id")
		if from != nil {
			q.Where("(c.added_at, c.id) > (?, ?)", number(from.value), from.id)
		}
	case ByName:
		q.OrderExpr("c.name, c.id")
		if from != nil {
			q.Where("(c.name, c.id) > (?, ?)", from.value, from.id)
		}
	default:
		q.OrderExpr("c.added_at DESC, c.id DESC")
		if from != nil {
			q.Where("(c.added_at, c.id) < (?, ?)", number(from.value), from.id)
		}
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("list customers: %w", err)
	}
	return rows, nil
}

// withRelations reads the relations and tags of the listed persons, in two queries for all of them.
func (s *Service) withRelations(ctx context.Context, rows []customerRow) ([]Item, error) {
	out := make([]Item, len(rows))
	if len(rows) == 0 {
		return out, nil
	}
	ids, at := make([]string, len(rows)), map[string]int{}
	for i, r := range rows {
		ids[i], at[r.ID] = r.ID, i
		out[i] = Item{
			Person: Person{ID: r.ID, Name: r.Name, Avatar: r.Avatar, Gender: r.Gender, Kind: r.Kind, CorpName: r.CorpName, UnionID: r.UnionID},
			Live:   r.Live, AddedAt: r.AddedAt, LostAt: r.LostAt,
		}
	}
	var relations []relationRow
	err := s.DB.Read().NewSelect().Model(&relations).Where("r.corp_id = ? AND r.customer_id IN (?)", s.CorpID, bun.List(ids)).
		OrderExpr("r.customer_id, r.live DESC, r.added_at DESC, r.staff_id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read relations of a list: %w", err)
	}
	var tags []relationTagRow
	err = s.DB.Read().NewSelect().Model(&tags).Where("rt.corp_id = ? AND rt.customer_id IN (?)", s.CorpID, bun.List(ids)).
		OrderExpr("rt.customer_id, rt.tag_id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read tags of a list: %w", err)
	}
	of := map[Pair][]string{}
	for _, t := range tags {
		p := Pair{t.CustomerID, t.StaffID}
		of[p] = append(of[p], t.TagID)
	}
	for _, r := range relations {
		i := at[r.CustomerID]
		out[i].Relations = append(out[i].Relations, Held{
			Relation: Relation{
				CustomerID: r.CustomerID, StaffID: r.StaffID, Remark: r.Remark, Description: r.Description, AddedAt: r.AddedAt,
				AddWay: r.AddWay, State: r.State, TagIDs: of[Pair{r.CustomerID, r.StaffID}],
			},
			Live: r.Live, LostAt: r.LostAt, LostBy: r.LostBy,
		})
	}
	return out, nil
}

// IDs answers the ids that a filter chooses, at most limit: for batch actions.
func (s *Service) IDs(ctx context.Context, f Filter, limit int) ([]string, error) {
	var ids []string
	if err := s.query(f).Column("c.id").OrderExpr("c.id").Limit(int64(limit)).Scan(ctx, &ids); err != nil {
		return nil, fmt.Errorf("choose customers: %w", err)
	}
	return ids, nil
}

// Timeline answers a page of what happened with a customer, newest first, from behind the entry `after` (0 = the newest).
// A sync writes entries late, so the order of ids is not the order of what happened.
func (s *Service) Timeline(ctx context.Context, customerID string, after int64, limit int) ([]Entry, error) {
	var rows []Entry
	q := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND customer_id = ?", s.CorpID, customerID).OrderExpr("at DESC, id DESC").Limit(int64(limit))
	if after > 0 {
		q.Where("(at, id) < (SELECT at, id FROM timeline WHERE corp_id = ? AND id = ?)", s.CorpID, after)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the timeline of %s: %w", customerID, err)
	}
	return rows, nil
}

// number reads a sort value; an odd one starts over.
func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}
