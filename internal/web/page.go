package web

import (
	"context"
	"fmt"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/errs"
)

// Page is one answer of a list.
type Page[T any] struct {
	Items     []T    `json:"items"`
	Next      string `json:"next" doc:"Send as after to get the next page; empty at the end"`
	Total     int    `json:"total" doc:"Exact up to 10,000"`
	TotalMore bool   `json:"total_more" doc:"There are more than total; ask with count=exact"`
}

// List is embedded by the input of every list route.
type List struct {
	After string `query:"after" doc:"next of the page before"`
	Limit int    `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Count string `query:"count" enum:"exact" doc:"exact counts beyond 10,000"`
}

// AfterID reads After as an id; 0 when there is none.
func (l List) AfterID() (int64, error) {
	if l.After == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(l.After, 10, 64)
	if err != nil || id < 0 {
		return 0, errs.Bad("after", "invalid", errs.T("翻页标记不正确，请从第一页重新开始。", "after is not a page mark. Start from the first page."))
	}
	return id, nil
}

// countMost is how far a list counts unless it is asked for more.
const countMost = 10_000

// Total counts the rows of a query: exactly up to 10,000, and beyond that only when asked. Give it the query with its
// filters, before order and limit.
func Total(ctx context.Context, db bun.IDB, q *bun.SelectQuery, l List) (total int, more bool, err error) {
	if l.Count != "exact" {
		q = q.Limit(countMost + 1)
	}
	err = db.NewSelect().TableExpr("(?) AS counted", q.ColumnExpr("1")).ColumnExpr("COUNT(*)").Scan(ctx, &total)
	if err != nil {
		return 0, false, fmt.Errorf("count a list: %w", err)
	}
	if l.Count != "exact" && total > countMost {
		return countMost, true, nil
	}
	return total, false, nil
}

// NewestFirst reads one page of a table whose ids grow, the newest first, into rows, and counts all rows of the query. Give it
// the query with its filters; id names the column, as in "b.id".
func NewestFirst[T any](ctx context.Context, db bun.IDB, q *bun.SelectQuery, id string, l List, rows *[]T) (total int, more bool, err error) {
	return inOrder(ctx, db, q, id, l, rows, "<", "DESC")
}

// OldestFirst is the same for a queue: what waits longest comes first.
func OldestFirst[T any](ctx context.Context, db bun.IDB, q *bun.SelectQuery, id string, l List, rows *[]T) (total int, more bool, err error) {
	return inOrder(ctx, db, q, id, l, rows, ">", "ASC")
}

func inOrder[T any](ctx context.Context, db bun.IDB, q *bun.SelectQuery, id string, l List, rows *[]T, beyond, order string) (total int, more bool, err error) {
	after, err := l.AfterID()
	if err != nil {
		return 0, false, err
	}
	if total, more, err = Total(ctx, db, q.Clone(), l); err != nil {
		return 0, false, err
	}
	if after > 0 {
		q.Where("? "+beyond+" ?", bun.Ident(id), after)
	}
	if err := q.OrderExpr("? "+order, bun.Ident(id)).Limit(int64(l.Limit)+1).Scan(ctx, rows); err != nil {
		return 0, false, fmt.Errorf("read a page of a list: %w", err)
	}
	return total, more, nil
}

// NewPage makes a page of rows that were read with Limit + 1; key names a row for the next page's after.
func NewPage[T any](rows []T, l List, total int, more bool, key func(T) string) *Page[T] {
	p := &Page[T]{Items: rows, Total: total, TotalMore: more}
	if l.Limit > 0 && len(rows) > l.Limit {
		p.Items = rows[:l.Limit]
		p.Next = key(rows[l.Limit-1])
	}
	if p.Items == nil {
		p.Items = []T{}
	}
	return p
}

// ID is an id in the API: a number for us, a string in JSON and paths, because JavaScript's numbers are too small.
type ID string

// IDOf writes an id.
func IDOf(n int64) ID { return ID(strconv.FormatInt(n, 10)) }

// Int is the id as a number; 0, which is nobody's, for an odd one.
func (id ID) Int() int64 {
	n, err := strconv.ParseInt(string(id), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// Schema tells the specification what an id looks like.
func (ID) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Pattern: "^[0-9]{1,19}$", PatternDescription: idPattern}
	s.PrecomputeMessages()
	return s
}
