package kf

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

// View picks conversations for a list.
type View string

// The views.
const (
	ViewAll     View = "all" // all that have not ended
	ViewMine    View = "mine"
	ViewWaiting View = "waiting"
	ViewBot     View = "bot"
	ViewEnded   View = "ended"
)

// Reach says which conversations somebody may see: their own, and those of the accounts they serve that nobody has taken.
type Reach struct {
	All   bool
	Self  string   // staff id or account name
	Staff []string // members within the data scope
}

// Query is a list of conversations.
type Query struct {
	View    View
	Account string
	Text    string // part of the customer's name
	After   string
	Limit   int
	Reach   Reach
}

// Row is a conversation with the customer's name, as lists show it.
type Row struct {
	Session
	CustomerName   string
	CustomerAvatar string
}

// List answers conversations: those that wait by how long they wait, others by what happened last.
func (s *Service) List(ctx context.Context, q Query) (rows []Row, next string, err error) {
	order := "s.last_at"
	back := true
	if q.View == ViewWaiting {
		order, back = "s.waiting_since", false
	}
	var found []sessionRow
	sel := s.filtered(q)
	if q.After != "" {
		at, id, err := mark(q.After)
		if err != nil {
			return nil, "", err
		}
		if back {
			sel.Where("(s.last_at < ? OR s.last_at = ? AND s.id < ?)", at, at, id)
		} else {
			sel.Where("(s.waiting_since > ? OR s.waiting_since = ? AND s.id > ?)", at, at, id)
		}
	}
	dir := " ASC"
	if back {
		dir = " DESC"
	}
	if err := sel.OrderExpr(order+dir+", s.id"+dir).Limit(int64(q.Limit)+1).Scan(ctx, &found); err != nil {
		return nil, "", fmt.Errorf("list conversations: %w", err)
	}
	if len(found) > q.Limit {
		found = found[:q.Limit]
		last := found[len(found)-1]
		at := last.LastAt
		if !back {
			at = last.WaitingSince
		}
		next = fmt.Sprintf("%d_%d", at, last.ID)
	}
	rows = make([]Row, len(found))
	for i, r := range found {
		v, err := s.session(r)
		if err != nil {
			return nil, "", err
		}
		rows[i] = Row{Session: v, CustomerName: r.CustomerName, CustomerAvatar: r.CustomerAvatar}
	}
	return rows, next, nil
}

// filtered is a list without order and page.
func (s *Service) filtered(q Query) *bun.SelectQuery {
	sel := s.pick(q.Reach)
	switch q.View {
	case ViewMine:
		sel.Where("s.state = ? AND s.agent_id = ?", Human, q.Reach.Self)
	case ViewWaiting, ViewBot, ViewEnded:
		sel.Where("s.state = ?", State(q.View))
	default:
		sel.Where("s.state <> ?", Ended)
	}
	if q.Account != "" {
		sel.Where("s.account_id = ?", q.Account)
	}
	if q.Text != "" {
		like := "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(q.Text) + "%"
		sel.Where(`(c.name LIKE ? ESCAPE '\' OR k.name LIKE ? ESCAPE '\')`, like, like)
	}
	return sel
}

// count answers how many conversations a list has.
func (s *Service) count(ctx context.Context, q Query, l web.List) (total int, more bool, err error) {
	return web.Total(ctx, s.DB.Read(), s.filtered(q), l)
}

// pick selects conversations within reach, with names.
func (s *Service) pick(r Reach) *bun.SelectQuery {
	q := s.DB.Read().NewSelect().TableExpr("kf_session AS s").ColumnExpr("s.*").
		ColumnExpr("COALESCE(NULLIF(c.name, ''), k.name, '') AS customer_name").
		ColumnExpr("COALESCE(NULLIF(c.avatar, ''), k.avatar, '') AS customer_avatar").
		Join("LEFT JOIN customer AS c ON c.corp_id = s.corp_id AND c.id = s.customer_id").
		Join("LEFT JOIN kf_customer AS k ON k.corp_id = s.corp_id AND k.id = s.customer_id").
		Where("s.corp_id = ?", s.CorpID)
	if r.All {
		return q
	}
	staff := append([]string{r.Self}, r.Staff...)
	return q.Where("(s.agent_id IN (?) OR s.state IN (?, ?) AND s.account_id IN (SELECT v.account_id FROM kf_servicer AS v "+
		"WHERE v.corp_id = s.corp_id AND (v.staff_id IN (?) OR v.department_id IN (SELECT d.department_id FROM staff_department AS d "+
		"WHERE d.corp_id = s.corp_id AND d.staff_id IN (?)))))", bun.List(staff), Bot, Waiting, bun.List(staff), bun.List(staff))
}

// Get answers one conversation within reach.
func (s *Service) Get(ctx context.Context, id int64, reach Reach) (Row, error) {
	var found []sessionRow
	if err := s.pick(reach).Where("s.id = ?", id).Scan(ctx, &found); err != nil {
		return Row{}, fmt.Errorf("read conversation %d: %w", id, err)
	}
	if len(found) == 0 {
		return Row{}, errs.Missing("会话", "conversation")
	}
	v, err := s.session(found[0])
	return Row{Session: v, CustomerName: found[0].CustomerName, CustomerAvatar: found[0].CustomerAvatar}, err
}

// Steps answers the changes of a conversation's state, the oldest first.
func (s *Service) Steps(ctx context.Context, id int64) ([]Step, error) {
	var rows []stepRow
	err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND session_id = ?", s.CorpID, id).OrderExpr("id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the steps of conversation %d: %w", id, err)
	}
	steps := make([]Step, len(rows))
	for i, r := range rows {
		steps[i] = Step{At: r.At, State: r.State, Reason: r.Reason, Actor: r.Actor}
	}
	return steps, nil
}

// Messages answers the newest messages of a conversation before an id (0 = the newest of all), the oldest of them first.
// next is the id to go on before; 0 at the beginning.
func (s *Service) Messages(ctx context.Context, sessionID, before int64, limit int) (messages []Message, next int64, err error) {
	var rows []messageRow
	q := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND session_id = ?", s.CorpID, sessionID).OrderExpr("id DESC").Limit(int64(limit) + 1)
	if before != 0 {
		q.Where("id < ?", before)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, 0, fmt.Errorf("list the messages of conversation %d: %w", sessionID, err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].ID
	}
	messages = make([]Message, len(rows))
	for i, r := range rows {
		if messages[len(rows)-1-i], err = s.message(r); err != nil {
			return nil, 0, err
		}
	}
	return messages, next, nil
}

// Queue answers how many conversations wait for a person, and since when the first of them does.
func (s *Service) Queue(ctx context.Context, reach Reach) (n int, oldest clock.Time, err error) {
	err = s.DB.Read().NewSelect().TableExpr("(?) AS q", s.pick(reach).Where("s.state = ?", Waiting)).
		ColumnExpr("COUNT(*), COALESCE(MIN(q.waiting_since), 0)").Scan(ctx, &n, &oldest)
	if err != nil {
		return 0, 0, fmt.Errorf("count conversations that wait: %w", err)
	}
	return n, oldest, nil
}

// mark reads a list's page mark.
func mark(after string) (at clock.Time, id int64, err error) {
	a, b, ok := strings.Cut(after, "_")
	n, err1 := strconv.ParseInt(a, 10, 64)
	id, err2 := strconv.ParseInt(b, 10, 64)
	if !ok || err1 != nil || err2 != nil {
		return 0, 0, errs.Bad("after", "invalid", errs.T("翻页标记不正确，请从第一页重新开始。", "after is not a page mark. Start from the first page."))
	}
	return clock.Time(n), id, nil
}
