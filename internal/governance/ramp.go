package governance

import (
	"context"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
)

// rampDays is how many first days of a member have a limit of their own (FTG-16).
const rampDays = 5

// load is what one member has to do on the calendar day of an instant.
type load struct {
	since clock.Time // when they got their first customer; 0 = long ago
	used  int        // customers whom their mass messages of the day reach, or may still reach
}

// memberDay is one member on one calendar day of the corp's zone.
type memberDay struct {
	staffID string
	day     clock.Time
}

// nextDay is the midnight that ends the calendar day which begins at day.
func nextDay(day clock.Time, zone *time.Location) clock.Time {
	y, m, d := day.In(zone).Date()
	return clock.At(time.Date(y, m, d+1, 0, 0, 0, 0, zone))
}

// rampOn is the limit of a member's nth day, when that day has one.
func (c Caps) rampOn(since, on clock.Time, zone *time.Location) (most int, ok bool) {
	if since == 0 {
		return 0, false
	}
	n := 0
	for day := since.Day(zone); n < rampDays && nextDay(day, zone) <= on; n++ {
		day = nextDay(day, zone)
	}
	if n >= rampDays {
		return 0, false
	}
	return c.Ramp[n], true
}

// limits says whether a member who has had customers since then has any limit of a day.
func (c Caps) limits(since clock.Time) bool { return since != 0 || c.StaffDay > 0 }

// memberSteps are the limits of the sender that hold for r: those of a new member's first days (FTG-16), and the corp's own of
// a day (OWN-05). They count customers, not cost: it is the member's account that WeCom watches.
func (c Caps) memberSteps(r Request, l load, on clock.Time, zone *time.Location) []Step {
	if r.Channel != MassCustomer || r.StaffID == "" || l.since == 0 && c.StaffDay == 0 {
		return nil
	}
	day := on.Day(zone)
	st := Step{Before: l.used, After: l.used + 1, From: day, To: nextDay(day, zone)}
	var out []Step
	if most, ok := c.rampOn(l.since, on, zone); ok {
		ramp := st
		ramp.RuleID, ramp.Cap, ramp.Since = ruleRamp, most, l.since
		out = append(out, ramp)
	}
	if c.StaffDay > 0 {
		own := st
		own.RuleID, own.Cap = ruleStaffDay, c.StaffDay
		out = append(out, own)
	}
	return out
}

// newcomers answers since when those senders of the requests have had customers who began within the days of FTG-16.
func (g *Governor) newcomers(ctx context.Context, q bun.IDB, reqs []Request, now clock.Time) (map[string]clock.Time, error) {
	if g.began == nil {
		return nil, nil //nolint:nilnil // nobody is known to be new
	}
	seen := map[string]bool{}
	var ids []string
	for _, r := range reqs {
		if r.Channel == MassCustomer && r.Class.Limited() && r.StaffID != "" && !seen[r.StaffID] {
			seen[r.StaffID] = true
			ids = append(ids, r.StaffID)
		}
	}
	if len(ids) == 0 {
		return nil, nil //nolint:nilnil // nobody sends
	}
	out, err := g.began(ctx, q, reqs[0].CorpID, ids, now.Add(-(rampDays+1)*24*time.Hour))
	if err != nil {
		return nil, fmt.Errorf("read which members are new: %w", err)
	}
	return out, nil
}

// memberLocks serialise decisions that count against one member. Only members with a limit need one.
func memberLocks(reqs []Request, caps Caps, began map[string]clock.Time) []string {
	var keys []string
	for _, r := range reqs {
		if r.Channel != MassCustomer || !r.Class.Limited() || r.StaffID == "" || caps.StaffDay == 0 && began[r.StaffID] == 0 {
			continue
		}
		h := fnv.New32a()
		_, _ = h.Write([]byte(r.StaffID))
		keys = append(keys, "touch-staff/"+r.CorpID+"/"+strconv.Itoa(int(h.Sum32()%lockBuckets)))
	}
	return keys
}

// longOpen is how long before a day a touch that may still be delivered on it can have begun: hours end every day, and what
// WeCom refused to take back lingers.
const longOpen = 7 * 24 * time.Hour

// loads counts what members have to do on the days given.
func loads(ctx context.Context, q bun.IDB, corpID string, days map[clock.Time][]string, zone *time.Location) (map[memberDay]int, error) {
	out := map[memberDay]int{}
	for day, staff := range days {
		var rows []struct {
			StaffID string
			Used    int
		}
		err := q.NewRaw(`SELECT staff_id, COUNT(*) AS used FROM touch WHERE corp_id = ? AND staff_id IN (?) AND channel = 'mass_customer' AND NOT unbound
			AND state IN ('reserved','tasked','delivered','committed') AND class IN ('marketing','lifecycle') AND earliest_at >= ? AND earliest_at < ?
			AND (delivered_at = 0 AND (state = 'tasked' OR expires_at > ?) OR delivered_at >= ? AND delivered_at < ?) GROUP BY staff_id`,
			corpID, bun.List(staff), day.Add(-longOpen), nextDay(day, zone), day, day, nextDay(day, zone)).Scan(ctx, &rows)
		if err != nil {
			return nil, fmt.Errorf("count what %d members send on a day: %w", len(staff), err)
		}
		for _, r := range rows {
			out[memberDay{r.StaffID, day}] = r.Used
		}
	}
	return out, nil
}

// onDay says whether a touch of then, known as state with its delivery at `at`, counts for the member's day. It is loads for one row.
func (t *Touch) onDay(tasked bool, at, day, end clock.Time) bool {
	if t.Channel != MassCustomer || !t.Class.Limited() || t.EarliestAt < day.Add(-longOpen) || t.EarliestAt >= end {
		return false
	}
	if at != 0 {
		return at >= day && at < end
	}
	return tasked || t.ExpiresAt > day
}
