package stats

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// Overview is the first page of governance: how full budgets are, what was refused and why, what sending cost customers by campaign
// and by member, and what WeCom's own number leaves for the rest of its period.
type Overview struct {
	AsOf      time.Time `json:"as_of"`
	Days      int       `json:"days"`
	From      time.Time `json:"from" doc:"midnight of the first of the days"`
	Budget    BudgetUse `json:"budget"`
	Held      Held      `json:"held"`
	Sum       Costs     `json:"sum" doc:"of all campaigns; persons are not added up"`
	Campaigns []Harmed  `json:"campaigns" doc:"the worst first"`
	More      int       `json:"more" doc:"campaigns that are not shown"`
	Staff     []Harmed  `json:"staff" doc:"the worst first"`
	Quota     Quota     `json:"quota"`
}

// Quota is QuotaUse with its period and the bounds of its parts.
type Quota struct {
	QuotaUse
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Parts []Bounds  `json:"parts"`
}

// Bounds are of one part of QuotaUse.Used: at least and at most this many of the limit.
type Bounds struct {
	Least int `json:"least"`
	Most  int `json:"most"`
}

// shownMost is how many campaigns, and members, the overview shows.
const shownMost = 20

// Overview counts the last back days; scope is whose data is counted, nil = all.
func (s *Service) Overview(ctx context.Context, back int, scope []string, lang string) (*Overview, error) {
	l, err := s.Limits(ctx)
	if err != nil {
		return nil, err
	}
	now := s.World.Now()
	ds := days(now, back, s.Zone)
	o := &Overview{AsOf: now.In(s.Zone), Days: back, From: ds[0].lo.In(s.Zone)}
	rows, persons, err := s.uses(ctx, l, now, scope)
	if err != nil {
		return nil, err
	}
	o.Budget, o.Quota = budgetUse(rows, persons, l), Quota{QuotaUse: quotaUse(rows, l.Mass, now), From: l.Mass.From.In(s.Zone), To: l.Mass.To.In(s.Zone)}
	for i := range quotaParts {
		least, most := fifths(l.Mass.Limit, i)
		o.Quota.Parts = append(o.Quota.Parts, Bounds{least, most})
	}
	if err := s.chosen(ctx, &o.Budget, now, scope); err != nil {
		return nil, err
	}
	if o.Held, err = s.refused(ctx, ds[0].lo, now, scope, lang); err != nil {
		return nil, err
	}
	if o.Campaigns, err = s.harmed(ctx, "campaign_id", ds, l, scope); err != nil {
		return nil, err
	}
	o.Sum = total(o.Campaigns)
	if o.More = max(0, len(o.Campaigns)-shownMost); o.More > 0 {
		o.Campaigns = o.Campaigns[:shownMost]
	}
	if o.Staff, err = s.harmed(ctx, "staff_id", ds, l, scope); err != nil {
		return nil, err
	}
	o.Staff = o.Staff[:min(len(o.Staff), shownMost)]
	return o, s.nameStaff(ctx, o.Staff)
}

func (s *Service) nameStaff(ctx context.Context, rows []Harmed) error {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	names, err := s.StaffNames(ctx, ids)
	if err != nil {
		return err
	}
	for i, r := range rows {
		rows[i].Name = names[r.ID]
	}
	return nil
}

// refused counts what was refused since from, by rule.
func (s *Service) refused(ctx context.Context, from, now clock.Time, scope []string, lang string) (Held, error) {
	h := Held{Rules: []HeldRule{}}
	where := func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.TableExpr("touch").Where("corp_id = ? AND state = 'held' AND reserved_at >= ? AND reserved_at <= ?", s.CorpID, from, now)
		if scope != nil {
			q = q.Where("staff_id IN (?)", bun.List(db.OrNobody(scope)))
		}
		return q
	}
	err := where(s.DB.Read().NewSelect()).ColumnExpr("COUNT(*), COUNT(DISTINCT customer_id)").Scan(ctx, &h.Touches, &h.Persons)
	if err != nil {
		return h, fmt.Errorf("count what was refused: %w", err)
	}
	reason := "MAX(reason_zh)"
	if lang == "en" {
		reason = "MAX(reason_en)"
	}
	err = where(s.DB.Read().NewSelect()).ColumnExpr("rule_id, "+reason+" AS reason, COUNT(*) AS count").GroupExpr("rule_id").OrderExpr("count DESC, rule_id").Scan(ctx, &h.Rules)
	if err != nil {
		return h, fmt.Errorf("count rules that refused: %w", err)
	}
	return h, nil
}
