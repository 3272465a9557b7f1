package stats

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// Period is a calendar period of WeCom's own count of mass messages (WC-01).
type Period struct {
	From, To clock.Time
	Limit    int
}

// BudgetUse says how full the contact budgets of the customers are.
type BudgetUse struct {
	Persons int         `json:"persons" doc:"customers with a live relation"`
	Full    int         `json:"full" doc:"of them: no room in at least one window"`
	OptOuts int         `json:"optouts" doc:"of them: they want no marketing"`
	Own     int         `json:"own" doc:"of them: they chose a pace, a pause or topics"`
	Windows []WindowUse `json:"windows"`
}

// WindowUse is one sliding limit, with how many customers used how much of it.
type WindowUse struct {
	Days int   `json:"days"`
	Cap  int   `json:"cap"`
	Used []int `json:"used" doc:"customers by how much is used; the last holds the full ones"`
}

// QuotaUse is what customers used of WeCom's own number of mass messages, and what they will have used when what is planned has
// arrived.
type QuotaUse struct {
	From      clock.Time `json:"-"`
	To        clock.Time `json:"-"`
	Limit     int        `json:"limit" doc:"mass messages that WeCom lets one customer get in the period"`
	Delivered int        `json:"delivered" doc:"arrived in the period"`
	Planned   int        `json:"planned" doc:"on their way: reserved, with a member, or scheduled in the period"`
	Most      int        `json:"most" doc:"the most that one customer used, what is on its way included"`
	MostThen  int        `json:"most_then" doc:"the same when everything that is planned has arrived"`
	Full      int        `json:"full" doc:"customers without room now"`
	FullThen  int        `json:"full_then" doc:"and when everything that is planned has arrived"`
	AtPace    int        `json:"at_pace" doc:"how many will have arrived at the end of the period, at the pace so far"`
	Used      []int      `json:"used" doc:"customers by how much is used: nothing, up to half, up to four fifths, less than all, all"`
	UsedThen  []int      `json:"used_then" doc:"the same when everything that is planned has arrived"`
}

// use is one customer's, or how many customers have the same.
type use struct {
	U0, U1, U2 int // of the three windows
	M, P       int // mass messages of the period: as WC-01 counts them, and planned beside
	D          int // of M: arrived
	N          int
}

func (u use) of(i int) int { return [3]int{u.U0, u.U1, u.U2}[i] }

// usedSQL chooses what each customer with a live relation used, one row a customer. It counts as the ledger does when it decides.
func (s *Service) usedSQL(l Limits, now clock.Time, scope []string) (query string, args []any) {
	start := func(i int) clock.Time { return now.Add(-time.Duration(l.Windows[i].Days) * 24 * time.Hour) }
	query = "SELECT x.customer_id, SUM(x.u0) AS u0, SUM(x.u1) AS u1, SUM(x.u2) AS u2, SUM(x.m) AS m, SUM(x.d) AS d, SUM(x.p) AS p FROM (SELECT t.customer_id"
	for i := range l.Windows {
		query += fmt.Sprintf(", CASE WHEN t.class IN "+limited+" AND (t.delivered_at = 0 OR t.delivered_at > ?) THEN t.cost ELSE 0 END AS u%d", i)
		args = append(args, start(i))
	}
	query += ", CASE WHEN t.channel = 'mass_customer' AND (t.delivered_at = 0 OR t.delivered_at >= ?) THEN 1 ELSE 0 END AS m" +
		", CASE WHEN t.channel = 'mass_customer' AND t.delivered_at >= ? THEN 1 ELSE 0 END AS d, 0 AS p" +
		" FROM touch AS t WHERE t.corp_id = ? AND t.state IN ('reserved', 'tasked', 'delivered', 'committed') AND (t.delivered_at = 0 OR t.delivered_at > ?)" +
		" UNION ALL SELECT r.customer_id, 0, 0, 0, 0, 0, 1 FROM broadcast AS b JOIN broadcast_receiver AS r ON r.corp_id = b.corp_id AND r.broadcast_id = b.id AND r.state = 'matched'" +
		" WHERE b.corp_id = ? AND b.state IN ('planned', 'creating', 'open') AND b.opens_at < ?" +
		") AS x WHERE EXISTS (SELECT 1 FROM relation AS r WHERE r.corp_id = ? AND r.customer_id = x.customer_id AND r.live"
	args = append(args, l.Mass.From, max(l.Mass.From, 1), s.CorpID, min(start(2), l.Mass.From-1), s.CorpID, l.Mass.To, s.CorpID)
	if scope != nil {
		query += " AND r.staff_id IN (?)"
		args = append(args, bun.List(db.OrNobody(scope)))
	}
	return query + ") GROUP BY x.customer_id", args
}

// uses counts the customers that used the same, and those who used nothing at all.
func (s *Service) uses(ctx context.Context, l Limits, now clock.Time, scope []string) (rows []use, persons int, err error) {
	inner, args := s.usedSQL(l, now, scope)
	err = s.DB.Read().NewRaw("SELECT y.u0, y.u1, y.u2, y.m, y.d, y.p, COUNT(*) AS n FROM ("+inner+") AS y GROUP BY y.u0, y.u1, y.u2, y.m, y.d, y.p", args...).Scan(ctx, &rows)
	if err != nil {
		return nil, 0, fmt.Errorf("count what is used of budgets: %w", err)
	}
	q := s.DB.Read().NewSelect().TableExpr("relation").ColumnExpr("COUNT(DISTINCT customer_id)").Where("corp_id = ? AND live", s.CorpID)
	if scope != nil {
		q.Where("staff_id IN (?)", bun.List(db.OrNobody(scope)))
	}
	if err := q.Scan(ctx, &persons); err != nil {
		return nil, 0, fmt.Errorf("count customers: %w", err)
	}
	rest := persons
	for _, r := range rows {
		rest -= r.N
	}
	return append(rows, use{N: rest}), persons, nil
}

// budgetUse says how full budgets are.
func budgetUse(rows []use, persons int, l Limits) BudgetUse {
	b := BudgetUse{Persons: persons, Windows: make([]WindowUse, len(l.Windows))}
	for i, w := range l.Windows {
		b.Windows[i] = WindowUse{Days: w.Days, Cap: w.Cap, Used: make([]int, w.Cap+1)}
	}
	for _, r := range rows {
		full := false
		for i, w := range l.Windows {
			b.Windows[i].Used[min(r.of(i), w.Cap)] += r.N
			full = full || r.of(i) >= w.Cap
		}
		if full {
			b.Full += r.N
		}
	}
	return b
}

// fifths are the bounds of the parts of QuotaUse.Used, for drilling down: at least and at most this many.
func fifths(limit, part int) (least, most int) {
	half, fourFifths := limit/2, limit*4/5
	switch part {
	case 0:
		return 0, 0
	case 1:
		return 1, half
	case 2:
		return half + 1, fourFifths
	case 3:
		return fourFifths + 1, limit - 1
	}
	return limit, 1 << 30
}

const quotaParts = 5

func partOf(limit, used int) int {
	for i := range quotaParts {
		if least, most := fifths(limit, i); used >= least && used <= most {
			return i
		}
	}
	return quotaParts - 1
}

// quotaUse says what is used of WeCom's own number, now and when what is planned has arrived.
func quotaUse(rows []use, p Period, now clock.Time) QuotaUse {
	q := QuotaUse{From: p.From, To: p.To, Limit: p.Limit, Used: make([]int, quotaParts), UsedThen: make([]int, quotaParts)}
	for _, r := range rows {
		if r.N == 0 {
			continue
		}
		q.Delivered += r.D * r.N
		q.Planned += (r.M - r.D + r.P) * r.N
		q.Most, q.MostThen = max(q.Most, r.M), max(q.MostThen, r.M+r.P)
		q.Used[partOf(p.Limit, r.M)] += r.N
		q.UsedThen[partOf(p.Limit, r.M+r.P)] += r.N
	}
	q.Full, q.FullThen = q.Used[quotaParts-1], q.UsedThen[quotaParts-1]
	q.AtPace = q.Delivered
	if gone := now.Sub(p.From); gone > 0 {
		q.AtPace = int(float64(q.Delivered)*float64(p.To.Sub(p.From))/float64(gone) + 0.5)
	}
	return q
}

// chosen counts the customers with a live relation who want no marketing, and those who chose something short of that.
func (s *Service) chosen(ctx context.Context, b *BudgetUse, now clock.Time, scope []string) error {
	of := func(table, where string, args ...any) (n int, err error) {
		q := s.DB.Read().NewSelect().TableExpr(table+" AS x").ColumnExpr("COUNT(DISTINCT x.customer_id)").
			Join("JOIN relation AS r ON r.corp_id = x.corp_id AND r.customer_id = x.customer_id AND r.live").Where("x.corp_id = ?", s.CorpID).Where(where, args...)
		if scope != nil {
			q.Where("r.staff_id IN (?)", bun.List(db.OrNobody(scope)))
		}
		err = q.Scan(ctx, &n)
		return n, err
	}
	var err error
	if b.OptOuts, err = of("optout", "x.lifted_at = 0"); err != nil {
		return fmt.Errorf("count who wants no marketing: %w", err)
	}
	if b.Own, err = of("preference", "x.replaced_at = 0 AND (x.pace <> '' OR x.paused_until > ? OR x.topics_off <> '[]' OR x.no_traits)", now); err != nil {
		return fmt.Errorf("count who chose a pace: %w", err)
	}
	return nil
}

// UseRow is one customer of a number.
type UseRow struct {
	CustomerID string
	Used       int
}

// useRows answers the customers who used between least and most: of a window (its days), of WeCom's number ("mass"), or of that with
// what is planned ("then"); or all who have no room in at least one window ("full"), with the number of the first such window. Those who used nothing have no touches to show and are not listed.
func (s *Service) useRows(ctx context.Context, l Limits, now clock.Time, scope []string, what string, least, most int, after string, limit int) (rows []UseRow, n int, err error) {
	column := map[string]string{"mass": "y.m", "then": "y.m + y.p"}[what]
	for i, w := range l.Windows {
		if what == fmt.Sprint(w.Days) {
			column = fmt.Sprint("y.u", i)
		}
	}
	inner, args := s.usedSQL(l, now, scope)
	where := column + " BETWEEN ? AND ?"
	if what == "full" {
		column = fmt.Sprintf("CASE WHEN y.u0 >= %d THEN 0 WHEN y.u1 >= %d THEN 1 ELSE 2 END", l.Windows[0].Cap, l.Windows[1].Cap)
		where = fmt.Sprintf("(y.u0 >= %d OR y.u1 >= %d OR y.u2 >= %d) AND y.u0 + y.u1 + y.u2 BETWEEN ? AND ?", l.Windows[0].Cap, l.Windows[1].Cap, l.Windows[2].Cap)
	}
	from := " FROM (" + inner + ") AS y WHERE " + where
	args = append(args, max(least, 1), most)
	if err := s.DB.Read().NewRaw("SELECT COUNT(*)"+from, args...).Scan(ctx, &n); err != nil {
		return nil, 0, fmt.Errorf("count customers of a budget: %w", err)
	}
	if err := s.DB.Read().NewRaw("SELECT y.customer_id, "+column+" AS used"+from+" AND y.customer_id > ? ORDER BY y.customer_id LIMIT ?", append(args, after, limit)...).Scan(ctx, &rows); err != nil {
		return nil, 0, fmt.Errorf("list customers of a budget: %w", err)
	}
	return rows, n, nil
}
