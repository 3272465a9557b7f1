package governance

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// rank of a class: lower comes first. The order is that of guard and law: what answers the customer's own act comes before
// what we want of them.
func (c Class) rank() int {
	return slices.Index([]Class{Emergency, Transactional, Service, Lifecycle, Marketing}, c)
}

// Displaced is told inside the transaction in which reserved touches of a customer gave their place to one of a higher class.
type Displaced struct {
	CorpID     string
	CustomerID string
	At         clock.Time
	By         int64 // the touch that took the place
}

// order is how one planning batch is decided, whatever the order in which it arrived (L10): higher classes first, then what
// ends sooner, then by key. It answers the indexes of reqs; nil means as they are.
func order(reqs []Request) []int {
	less := func(a, b *Request) bool {
		if x, y := a.Class.rank(), b.Class.rank(); x != y {
			return x < y
		}
		if a.Expires != b.Expires {
			return b.Expires == 0 || a.Expires != 0 && a.Expires < b.Expires
		}
		return a.Key < b.Key
	}
	sorted := true
	for i := 1; i < len(reqs) && sorted; i++ {
		sorted = !less(&reqs[i], &reqs[i-1])
	}
	if sorted {
		return nil
	}
	out := make([]int, len(reqs))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(i, j int) int {
		switch {
		case less(&reqs[i], &reqs[j]):
			return -1
		case less(&reqs[j], &reqs[i]):
			return 1
		}
		return 0
	})
	return out
}

// lower are the reserved touches of customers that one of a higher class may displace, the last first.
func lower(ctx context.Context, q bun.IDB, corpID string, reqs []Request) (map[string][]*Touch, error) {
	var customers []string
	for _, r := range reqs {
		if r.Class == Lifecycle && r.CustomerID != "" {
			customers = append(customers, r.CustomerID)
		}
	}
	if len(customers) == 0 {
		return nil, nil //nolint:nilnil // nobody has a higher class
	}
	var rows []*Touch
	err := q.NewSelect().Model(&rows).Where("corp_id = ? AND customer_id IN (?) AND state = ? AND class = ?", corpID, bun.List(customers), Reserved, Marketing).
		OrderExpr("id DESC").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what may give way: %w", err)
	}
	out := map[string][]*Touch{}
	for _, t := range rows {
		out[t.CustomerID] = append(out[t.CustomerID], t)
	}
	return out, nil
}

// without is the standing when the touches were not there.
func (s standing) without(gone []*Touch, f frame, staffID string, day, end clock.Time) standing {
	s.week, s.at = slices.Clone(s.week), nil // at only serves to say when there is room
	for _, t := range gone {
		for i, w := range f.caps.Per {
			if f.covers(slotOf(t, 0), w.length()) {
				s.used[i] -= t.Cost
			}
		}
		if t.Channel == MassCustomer {
			s.mass--
		}
		if t.open() {
			s.open--
		}
		if t.StaffID == staffID && t.onDay(false, 0, day, end) {
			s.load.used--
		}
		s.week = slices.DeleteFunc(s.week, func(x spent) bool { return x.id == t.ID })
	}
	s.displaced = len(gone)
	return s
}

// budgetary says whether a place that another touch gives up could help against the rule.
func budgetary(rule string) bool {
	switch rule {
	case ruleCap, ruleShare, rulePlatform, rulePreference, ruleOpenMoment:
		return true
	}
	return false
}

// displace looks for the fewest reserved touches of lower classes that have to go so that again lets the request pass: the last
// reserved goes first. None when that does not help.
func displace(candidates []*Touch, again func(gone []*Touch) verdict) ([]*Touch, verdict) {
	var gone []*Touch
	var v verdict
	for _, t := range candidates {
		if gone = append(gone, t); !again(gone).held {
			break
		}
	}
	if v = again(gone); len(gone) == 0 || v.held {
		return nil, v
	}
	for i := 0; i < len(gone); { // who can stay, stays: the first reserved before the last
		last := len(gone) - 1 - i
		fewer := slices.Delete(slices.Clone(gone), last, last+1)
		if w := again(fewer); len(fewer) > 0 && !w.held {
			gone, v = fewer, w
			continue
		}
		i++
	}
	return gone, v
}

// giveWay releases what a touch displaces, each with a reason that names it, and tells the rooms.
func (g *Governor) giveWay(ctx context.Context, tx *db.Tx, rows []decided) error {
	for _, r := range rows {
		if r.existing || len(r.gone) == 0 {
			continue
		}
		ids := make([]int64, len(r.gone))
		for i, t := range r.gone {
			ids[i] = t.ID
		}
		now, why := g.world.Now(), reasonDisplaced(r.touch)
		done, err := changeTouches(ctx, tx, actRelease, now, tx.NewUpdate().Set("state = ?", Released).Set("released_at = ?", now).Set("displaced_by = ?", r.touch.ID).
			Set("rule_id = ?", ruleRank).Set("reason_zh = ?", why.ZH).Set("reason_en = ?", why.EN).Set("next_at = 0").
			Where("id IN (?) AND state = ?", bun.List(ids), Reserved))
		if err != nil {
			return fmt.Errorf("give %d places to touch %s: %w", len(ids), r.touch.Key, err)
		}
		if len(done) != len(ids) { // ended meanwhile: decide again
			return fmt.Errorf("give %d places to touch %s: only %d were still reserved (%w)", len(ids), r.touch.Key, len(done), errChanged)
		}
		changed(tx, r.touch.CorpID, r.touch.CustomerID)
		for _, f := range g.OnDisplaced {
			if err := f(ctx, tx, Displaced{CorpID: r.touch.CorpID, CustomerID: r.touch.CustomerID, At: now, By: r.touch.ID}); err != nil {
				return fmt.Errorf("tell what gave way: %w", err)
			}
		}
	}
	return nil
}

func reasonDisplaced(by *Touch) errs.Text {
	name := by.CampaignName
	if name == "" {
		name = by.RequestReason
	}
	return errs.Tf("名额让给了更重要的「%s」：关怀类先于营销类。", "Its place went to “%s”, which matters more: lifecycle comes before marketing.", name)
}

// dayOf is the calendar day of an instant.
func dayOf(on clock.Time, zone *time.Location) (day, end clock.Time) {
	day = on.Day(zone)
	return day, nextDay(day, zone)
}
