package stats

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/clock"
)

// costDays is how many days of the overview are counted again.
const costDays = 90

// fact is a row of the ledger as the recount of costs reads it.
type fact struct {
	ID          int64
	CustomerID  string
	StaffID     string
	CampaignID  string
	Channel     string
	Class       string
	State       string
	RuleID      string
	Cost        int
	Late        bool
	DeliveredAt clock.Time
	ReservedAt  clock.Time
}

func (f fact) limited() bool { return f.Class == "marketing" || f.Class == "lifecycle" }

// recountCosts counts what the overview shows again, row by row in Go: costs by campaign and member, refusals by rule, and what is
// used of budgets and of WeCom's own number.
func (s *Service) recountCosts(ctx context.Context, now clock.Time) (metrics int, diffs []Difference, err error) {
	if s.Limits == nil {
		return 0, nil, nil
	}
	l, err := s.Limits(ctx)
	if err != nil {
		return 0, nil, err
	}
	var facts []fact
	err = s.DB.Read().NewRaw("SELECT id, customer_id, staff_id, campaign_id, channel, class, state, rule_id, cost, late, delivered_at, reserved_at FROM touch WHERE corp_id = ?",
		s.CorpID).Scan(ctx, &facts)
	if err != nil {
		return 0, nil, fmt.Errorf("read every touch: %w", err)
	}
	ds := days(now, costDays, s.Zone)
	for column, key := range map[string]func(fact) string{
		"campaign_id": func(f fact) string { return f.CampaignID }, "staff_id": func(f fact) string { return f.StaffID },
	} {
		shown, err := s.harmed(ctx, column, ds, l, nil)
		if err != nil {
			return 0, nil, err
		}
		counted, err := s.naiveCosts(ctx, facts, ds, l, key)
		if err != nil {
			return 0, nil, err
		}
		n, d := compareCosts(column, shown, counted)
		metrics, diffs = metrics+n, append(diffs, d...)
	}
	check := func(metric, date string, shown, counted int) {
		if metrics++; shown != counted {
			diffs = append(diffs, Difference{Metric: metric, Date: date, Shown: shown, Counted: counted})
		}
	}
	held, err := s.refused(ctx, ds[0].lo, now, nil, "")
	if err != nil {
		return 0, nil, err
	}
	rules := map[string]int{}
	for _, f := range facts {
		if f.State == "held" && f.ReservedAt >= ds[0].lo && f.ReservedAt <= now {
			rules[f.RuleID]++
		}
	}
	for _, r := range held.Rules {
		check("held_by_rule", r.RuleID, r.Count, rules[r.RuleID])
	}
	check("held_by_rule", "rules", len(held.Rules), len(rules))
	rows, persons, err := s.uses(ctx, l, now, nil)
	if err != nil {
		return 0, nil, err
	}
	naive, live, err := s.naiveUse(ctx, facts, l, now)
	if err != nil {
		return 0, nil, err
	}
	shown, counted := budgetUse(rows, persons, l), budgetUse(naive, live, l)
	check("budget_persons", "now", shown.Persons, counted.Persons)
	check("budget_full", "now", shown.Full, counted.Full)
	for i, w := range shown.Windows {
		for used, n := range w.Used {
			check(fmt.Sprintf("budget_%d_days", w.Days), fmt.Sprint(used), n, counted.Windows[i].Used[used])
		}
	}
	quota, again := quotaUse(rows, l.Mass, now), quotaUse(naive, l.Mass, now)
	check("quota_delivered", "period", quota.Delivered, again.Delivered)
	check("quota_planned", "period", quota.Planned, again.Planned)
	for i := range quota.Used {
		check("quota_used", fmt.Sprint(i), quota.Used[i], again.Used[i])
		check("quota_used_then", fmt.Sprint(i), quota.UsedThen[i], again.UsedThen[i])
	}
	return metrics, diffs, nil
}

func compareCosts(column string, shown []Harmed, counted map[string]Costs) (n int, diffs []Difference) {
	seen := map[string]bool{}
	check := func(id, name string, a, b int) {
		if n++; a != b {
			diffs = append(diffs, Difference{Metric: "cost_" + name + "_by_" + column, Date: id, Shown: a, Counted: b})
		}
	}
	for _, h := range shown {
		c := counted[h.ID]
		seen[h.ID] = true
		check(h.ID, "touches", h.Touches, c.Touches)
		check(h.ID, "persons", h.Persons, c.Persons)
		check(h.ID, "deletions", h.Deletions, c.Deletions)
		check(h.ID, "optouts", h.OptOuts, c.OptOuts)
		check(h.ID, "replies", h.Replies, c.Replies)
		check(h.ID, "night", h.Night, c.Night)
		check(h.ID, "repeats", h.Repeats, c.Repeats)
		check(h.ID, "late", h.Late, c.Late)
	}
	for id, c := range counted {
		if !seen[id] {
			check(id, "touches", 0, c.Touches)
		}
	}
	return n, diffs
}

// instants are when something happened, by customer.
func (s *Service) instants(ctx context.Context, query string) (map[string][]clock.Time, error) {
	var rows []plain
	if err := s.DB.Read().NewRaw(query, s.CorpID).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read every row: %w", err)
	}
	out := map[string][]clock.Time{}
	for _, r := range rows {
		out[r.CustomerID] = append(out[r.CustomerID], r.At)
	}
	return out, nil
}

func (s *Service) naiveCosts(ctx context.Context, facts []fact, ds []day, l Limits, key func(fact) string) (map[string]Costs, error) {
	lost, err := s.instants(ctx, "SELECT customer_id, lost_at AS at FROM relation WHERE corp_id = ? AND NOT live AND lost_by = 'customer'")
	if err != nil {
		return nil, err
	}
	stopped, err := s.instants(ctx, "SELECT customer_id, since AS at FROM optout WHERE corp_id = ?")
	if err != nil {
		return nil, err
	}
	said, err := s.instants(ctx, "SELECT customer_id, at FROM kf_message WHERE corp_id = ? AND origin = 'customer'")
	if err != nil {
		return nil, err
	}
	soon := func(list []clock.Time, from clock.Time) bool {
		for _, at := range list {
			if at >= from && at.Sub(from) < harmWithin {
				return true
			}
		}
		return false
	}
	byPerson := map[string][]fact{}
	for _, f := range facts {
		if f.limited() && f.DeliveredAt > 0 && f.Cost > 0 {
			byPerson[f.CustomerID] = append(byPerson[f.CustomerID], f)
		}
	}
	out, persons := map[string]Costs{}, map[string]map[string]bool{}
	one := map[bool]int{true: 1}
	for _, f := range facts {
		if !f.limited() || f.CustomerID == "" || f.DeliveredAt == 0 || f.DeliveredAt < ds[0].lo || f.DeliveredAt >= ds[len(ds)-1].hi {
			continue
		}
		k := key(f)
		c := out[k]
		c.Touches++
		if persons[k] == nil {
			persons[k] = map[string]bool{}
		}
		persons[k][f.CustomerID] = true
		c.Persons = len(persons[k])
		c.Deletions += one[soon(lost[f.CustomerID], f.DeliveredAt)]
		c.OptOuts += one[soon(stopped[f.CustomerID], f.DeliveredAt)]
		c.Replies += one[soon(said[f.CustomerID], f.DeliveredAt)]
		opens, shuts := l.Hours(f.DeliveredAt.Day(s.Zone).In(s.Zone))
		c.Night += one[f.DeliveredAt < clock.At(opens) || f.DeliveredAt >= clock.At(shuts)]
		c.Late += one[f.Late]
		repeat := false
		for _, other := range byPerson[f.CustomerID] {
			before := other.DeliveredAt < f.DeliveredAt || other.DeliveredAt == f.DeliveredAt && other.ID < f.ID
			repeat = repeat || before && f.DeliveredAt.Sub(other.DeliveredAt) < harmWithin
		}
		c.Repeats += one[repeat && f.Cost > 0]
		out[k] = c
	}
	return out, nil
}

// naiveUse counts what each customer with a live relation used.
func (s *Service) naiveUse(ctx context.Context, facts []fact, l Limits, now clock.Time) (rows []use, persons int, err error) {
	live, err := s.instants(ctx, "SELECT customer_id, added_at AS at FROM relation WHERE corp_id = ? AND live")
	if err != nil {
		return nil, 0, err
	}
	matched, err := s.instants(ctx, "SELECT r.customer_id, b.opens_at AS at FROM broadcast_receiver AS r JOIN broadcast AS b ON b.corp_id = r.corp_id AND b.id = r.broadcast_id "+
		"WHERE r.corp_id = ? AND r.state = 'matched' AND b.state IN ('planned', 'creating', 'open')")
	if err != nil {
		return nil, 0, err
	}
	by := map[string]*use{}
	for id := range live {
		by[id] = &use{N: 1}
		for _, at := range matched[id] {
			if at < l.Mass.To {
				by[id].P++
			}
		}
	}
	for _, f := range facts {
		u := by[f.CustomerID]
		if u == nil || f.State == "held" || f.State == "released" {
			continue
		}
		for i, used := range []*int{&u.U0, &u.U1, &u.U2} {
			if f.limited() && (f.DeliveredAt == 0 || now.Sub(f.DeliveredAt).Hours() < float64(24*l.Windows[i].Days)) {
				*used += f.Cost
			}
		}
		if f.Channel == "mass_customer" && (f.DeliveredAt == 0 || f.DeliveredAt >= l.Mass.From) {
			u.M++
			if f.DeliveredAt != 0 {
				u.D++
			}
		}
	}
	for _, u := range by {
		rows = append(rows, *u)
	}
	return rows, len(live), nil
}
