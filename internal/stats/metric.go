// Package stats counts what the other rooms wrote, and writes nothing.
//
// A metric is declared once: a table, the time that puts a row into a day, and a condition. Charts, counters and the
// recount read the same declaration, the recount by a second way (every row, counted in Go), so that a number on a screen
// can be checked against its rows. Days are cut by the corp's zone.
package stats

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// metric is one number a day.
type metric struct {
	name  string
	from  string // table with alias t
	at    string // column of t that puts the row into a day
	where string // over t
	count string // what is counted
	staff string // column of t with the member, for the caller's data scope; "" = corp-wide only
}

// harmWithin is how long after a touch an opt-out or a deletion counts as its cost.
const harmWithin = 24 * time.Hour

// touchedBefore is true for a row whose customer had a touch delivered in the 24 hours before column at.
func touchedBefore(at string) string {
	return fmt.Sprintf("EXISTS (SELECT 1 FROM touch AS h WHERE h.corp_id = t.corp_id AND h.customer_id = t.customer_id "+
		"AND h.delivered_at > 0 AND h.delivered_at <= t.%[1]s AND h.delivered_at > t.%[1]s - %[2]d)", at, harmWithin.Milliseconds())
}

// metrics is the list of all metrics.
func metrics() []metric {
	return []metric{
		{name: "added", from: "relation AS t", at: "added_at", where: "TRUE", count: "COUNT(*)", staff: "staff_id"},
		{name: "lost", from: "relation AS t", at: "lost_at", where: "NOT t.live", count: "COUNT(*)", staff: "staff_id"},
		{name: "lost_by_customer", from: "relation AS t", at: "lost_at", where: "NOT t.live AND t.lost_by = 'customer'", count: "COUNT(*)", staff: "staff_id"},
		{name: "delivered", from: "touch AS t", at: "delivered_at", where: "t.delivered_at > 0", count: "COUNT(*)", staff: "staff_id"},
		{name: "delivered_persons", from: "touch AS t", at: "delivered_at", where: "t.delivered_at > 0", count: "COUNT(DISTINCT t.customer_id)", staff: "staff_id"},
		{name: "held", from: "touch AS t", at: "reserved_at", where: "t.state = 'held'", count: "COUNT(*)", staff: "staff_id"},
		{name: "held_persons", from: "touch AS t", at: "reserved_at", where: "t.state = 'held'", count: "COUNT(DISTINCT t.customer_id)", staff: "staff_id"},
		{name: "optouts", from: "optout AS t", at: "since", where: "TRUE", count: "COUNT(*)"},
		{
			name: "harm_deletions", from: "relation AS t", at: "lost_at", where: "NOT t.live AND t.lost_by = 'customer' AND " + touchedBefore("lost_at"),
			count: "COUNT(DISTINCT t.customer_id)", staff: "staff_id",
		},
		{name: "harm_optouts", from: "optout AS t", at: "since", where: touchedBefore("since"), count: "COUNT(DISTINCT t.customer_id)"},
	}
}

// day is one day of the corp's calendar.
type day struct {
	date   string // YYYY-MM-DD
	lo, hi clock.Time
}

// days cuts the n days up to and with the one of now.
func days(now clock.Time, n int, zone *time.Location) []day {
	t := now.In(zone)
	out := make([]day, n)
	for i := range n {
		d := time.Date(t.Year(), t.Month(), t.Day()-(n-1-i), 0, 0, 0, 0, zone)
		out[i] = day{date: d.Format("2006-01-02"), lo: clock.At(d), hi: clock.At(d.AddDate(0, 0, 1))}
	}
	return out
}

// perDay counts a metric for each of the days; scope is the caller's staff ids, nil = all.
func (s *Service) perDay(ctx context.Context, m metric, ds []day, scope []string) (map[string]int, error) {
	out := map[string]int{}
	if len(ds) == 0 || (scope != nil && m.staff == "") {
		return out, nil
	}
	values, args := make([]string, len(ds)), make([]any, 0, 3*len(ds)+2)
	for i, d := range ds {
		values[i] = "(?, ?, ?)"
		args = append(args, d.date, d.lo, d.hi)
	}
	// The declaration's pieces are constants of this package; everything else is an argument.
	query := "WITH d (date, lo, hi) AS (VALUES " + strings.Join(values, ", ") + ") SELECT d.date, " + m.count + " AS n FROM d JOIN " + m.from +
		" ON t.corp_id = ? AND t." + m.at + " >= d.lo AND t." + m.at + " < d.hi WHERE " + m.where
	args = append(args, s.CorpID)
	if scope != nil {
		query += " AND t." + m.staff + " IN (?)"
		args = append(args, bun.List(db.OrNobody(scope)))
	}
	var rows []struct {
		Date string
		N    int
	}
	if err := s.DB.Read().NewRaw(query+" GROUP BY d.date", args...).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("count %s: %w", m.name, err)
	}
	for _, r := range rows {
		out[r.Date] = r.N
	}
	return out, nil
}

// all counts every metric over the same days.
func (s *Service) all(ctx context.Context, ds []day, scope []string) (map[string]map[string]int, error) {
	out := map[string]map[string]int{}
	for _, m := range metrics() {
		n, err := s.perDay(ctx, m, ds, scope)
		if err != nil {
			return nil, err
		}
		out[m.name] = n
	}
	return out, nil
}
