package stats

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// limited are the classes that have a budget; what answers the customer's own act is no harm.
const limited = "('marketing', 'lifecycle')"

// cost is one condition over a touch h that arrived on day d.
type cost struct{ name, where string }

// costs lists what may follow a touch, or be wrong with it. Counters, lists of rows and the recount speak of the same names.
func costs() []cost {
	within := harmWithin.Milliseconds()
	after := func(column string) string {
		return fmt.Sprintf("x.corp_id = h.corp_id AND x.customer_id = h.customer_id AND x.%[1]s >= h.delivered_at AND x.%[1]s < h.delivered_at + %[2]d", column, within)
	}
	return []cost{
		{"deletions", "EXISTS (SELECT 1 FROM relation AS x WHERE NOT x.live AND x.lost_by = 'customer' AND " + after("lost_at") + ")"},
		{"optouts", "EXISTS (SELECT 1 FROM optout AS x WHERE " + after("since") + ")"},
		{"replies", "EXISTS (SELECT 1 FROM kf_message AS x WHERE x.origin = 'customer' AND " + after("at") + ")"},
		{"night", "(h.delivered_at < d.opens OR h.delivered_at >= d.shuts)"},
		{"repeats", fmt.Sprintf("h.cost > 0 AND EXISTS (SELECT 1 FROM touch AS x WHERE x.corp_id = h.corp_id AND x.customer_id = h.customer_id AND x.class IN "+limited+
			" AND x.cost > 0 AND x.delivered_at > 0 AND x.delivered_at > h.delivered_at - %d AND (x.delivered_at < h.delivered_at OR x.delivered_at = h.delivered_at AND x.id < h.id))", within)},
		{"late", "h.late"},
	}
}

// arrived is the part of a query that chooses the touches h which arrived on the days d: those of persons, with a budget.
func (s *Service) arrived(ds []day, l Limits, scope []string) (with, from string, args []any) {
	values := make([]string, len(ds))
	for i, d := range ds {
		opens, shuts := l.Hours(d.lo.In(s.Zone))
		values[i] = "(?, ?, ?, ?, ?)"
		args = append(args, d.date, d.lo, d.hi, clock.At(opens), clock.At(shuts))
	}
	with = "WITH d (date, lo, hi, opens, shuts) AS (VALUES " + strings.Join(values, ", ") + ") "
	from = " FROM d JOIN touch AS h ON h.corp_id = ? AND h.delivered_at > 0 AND h.delivered_at >= d.lo AND h.delivered_at < d.hi" +
		" WHERE h.class IN " + limited + " AND h.customer_id <> ''"
	args = append(args, s.CorpID)
	if scope != nil {
		from += " AND h.staff_id IN (?)"
		args = append(args, bun.List(db.OrNobody(scope)))
	}
	return with, from, args
}

// harmed counts the costs of touches by a column of the touch: its campaign, or its member. The worst come first.
func (s *Service) harmed(ctx context.Context, column string, ds []day, l Limits, scope []string) ([]Harmed, error) {
	with, from, args := s.arrived(ds, l, scope)
	columns := []string{"h." + column + " AS id", "MAX(h.campaign_name) AS name", "COUNT(*) AS touches", "COUNT(DISTINCT h.customer_id) AS persons"}
	for _, c := range costs() {
		columns = append(columns, "SUM(CASE WHEN "+c.where+" THEN 1 ELSE 0 END) AS "+c.name)
	}
	query := with + "SELECT " + strings.Join(columns, ", ")
	var rows []struct {
		ID, Name                                                            string
		Touches, Persons, Deletions, Optouts, Replies, Night, Repeats, Late int
	}
	if err := s.DB.Read().NewRaw(query+from+" GROUP BY h."+column, args...).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("count the cost of touches by %s: %w", column, err)
	}
	out := make([]Harmed, len(rows))
	for i, r := range rows {
		h := Harmed{Named: Named{ID: r.ID, Name: r.Name}, Costs: Costs{
			Touches: r.Touches, Persons: r.Persons, Deletions: r.Deletions, OptOuts: r.Optouts, Replies: r.Replies, Night: r.Night, Repeats: r.Repeats, Late: r.Late,
		}}
		h.Index = h.index()
		if column == "campaign_id" {
			h.Kind, h.Ref, _ = strings.Cut(r.ID, "/")
		}
		out[i] = h
	}
	slices.SortFunc(out, func(a, b Harmed) int {
		return cmp.Or(cmp.Compare(b.Index, a.Index), cmp.Compare(b.Touches, a.Touches), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// total sums up; persons are not added, for one may be in several rows.
func total(rows []Harmed) Costs {
	var t Costs
	for _, r := range rows {
		t.Touches += r.Touches
		t.Deletions += r.Deletions
		t.OptOuts += r.OptOuts
		t.Replies += r.Replies
		t.Night += r.Night
		t.Repeats += r.Repeats
		t.Late += r.Late
	}
	t.Index = t.index()
	return t
}

// CostRow is one touch of a number.
type CostRow struct {
	ID          int64
	CustomerID  string
	StaffID     string
	CampaignID  string
	Campaign    string `bun:"campaign_name"`
	DeliveredAt clock.Time
}

// costRows answers the touches behind a number, the newest first: of one campaign or member (both may be empty), and of one cost
// ("" = all). before is the id of the last one shown; total is how many there are.
func (s *Service) costRows(ctx context.Context, ds []day, l Limits, scope []string, campaign, staff, kind string, before int64, limit int) (rows []CostRow, n int, err error) {
	with, from, args := s.arrived(ds, l, scope)
	for _, f := range []struct{ column, value string }{{"campaign_id", campaign}, {"staff_id", staff}} {
		if f.value != "" {
			from += " AND h." + f.column + " = ?"
			args = append(args, f.value)
		}
	}
	for _, c := range costs() {
		if c.name == kind {
			from += " AND " + c.where
		}
	}
	if err := s.DB.Read().NewRaw(with+"SELECT COUNT(*)"+from, args...).Scan(ctx, &n); err != nil {
		return nil, 0, fmt.Errorf("count touches of a cost: %w", err)
	}
	if before > 0 {
		from += " AND h.id < ?"
		args = append(args, before)
	}
	args = append(args, limit)
	err = s.DB.Read().NewRaw(with+"SELECT h.id, h.customer_id, h.staff_id, h.campaign_id, h.campaign_name, h.delivered_at"+from+" ORDER BY h.id DESC LIMIT ?", args...).Scan(ctx, &rows)
	if err != nil {
		return nil, 0, fmt.Errorf("list touches of a cost: %w", err)
	}
	return rows, n, nil
}
