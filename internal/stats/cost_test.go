package stats

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

// governed is a service that knows the policy's limits; the month is the period of WeCom's own count.
func governed(d *db.DB, zone *time.Location, now time.Time) *Service {
	s := serve(d, zone, now)
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, zone)
	next := month.AddDate(0, 1, 0)
	s.Limits = func(context.Context) (Limits, error) {
		return Limits{
			Windows: []Window{{1, 1}, {7, 3}, {30, 8}}, Mass: Period{From: clock.At(month), To: clock.At(next), Limit: next.AddDate(0, 0, -1).Day()},
			Hours: func(m time.Time) (open, shut time.Time) {
				at := func(hour int) time.Time { return time.Date(m.Year(), m.Month(), m.Day(), hour, 0, 0, 0, m.Location()) }
				if m.Weekday() == time.Sunday {
					return at(10), at(21)
				}
				return at(9), at(21)
			},
		}, nil
	}
	names := func(_ context.Context, ids []string) (map[string]string, error) {
		out := map[string]string{}
		for _, id := range ids {
			out[id] = "name of " + id
		}
		return out, nil
	}
	s.StaffNames, s.CustomerNames = names, names
	return s
}

type sent struct {
	campaign, customer, staff, channel, class, state, rule string
	cost                                                   int
	late                                                   bool
	at                                                     clock.Time // delivery; 0 = open
}

func plant(t *testing.T, d *db.DB, at clock.Time, s sent) {
	t.Helper()
	id := d.NewID()
	exec(t, d, "INSERT INTO touch (corp_id, id, key, customer_id, staff_id, channel, class, campaign_id, campaign_name, texts, state, rule_id, rule_version, cost, late, reserved_at, earliest_at, delivered_at) "+
		"VALUES ('ww1', ?, ?, ?, ?, ?, ?, ?, ?, '[]', ?, ?, 'v1', ?, ?, ?, ?, ?)",
		id, fmt.Sprint("k", id), s.customer, s.staff, s.channel, s.class, s.campaign, "name of "+s.campaign, s.state, s.rule, s.cost, s.late, at, at, s.at)
}

func say(t *testing.T, d *db.DB, customer string, at clock.Time) {
	t.Helper()
	id := d.NewID()
	exec(t, d, "INSERT INTO kf_message (corp_id, id, account_id, msgid, session_id, customer_id, at, origin, type, state) VALUES ('ww1', ?, 'kf1', ?, 1, ?, ?, 'customer', 'text', 'received')",
		id, fmt.Sprint("m", id), customer, at)
}

func TestAPlantedBadCampaignRanksFirst(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 11, 24, 20, 0, 0, 0, time.UTC) // a Tuesday
		s := governed(d, time.UTC, now)
		noon := clock.At(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
		mass := func(campaign, customer, staff string, at clock.Time) {
			plant(t, d, at, sent{campaign: campaign, customer: customer, staff: staff, channel: "mass_customer", class: "marketing", state: "committed", cost: 1, at: at})
		}
		for i := range 120 { // a good one: many, one in sixty leaves
			c := fmt.Sprint("good", i)
			mass("broadcast/1", c, "S01", noon)
			lost, by := clock.Time(0), ""
			if i%60 == 0 {
				lost, by = noon.Add(time.Hour), "customer"
			}
			relation(t, d, c, "S01", 1, lost, by)
			if i%10 == 0 {
				say(t, d, c, noon.Add(2*time.Hour))
			}
		}
		for i := range 40 { // the planted one: at night, twice, and people go
			c := fmt.Sprint("bad", i)
			mass("broadcast/2", c, "S02", noon.Add(10*time.Hour))
			if i < 20 {
				mass("broadcast/2", c, "S02", noon.Add(11*time.Hour))
			}
			lost, by := clock.Time(0), ""
			if i < 10 {
				lost, by = noon.Add(12*time.Hour), "customer"
			}
			relation(t, d, c, "S02", 1, lost, by)
			if i >= 35 {
				optout(t, d, c, noon.Add(12*time.Hour))
			}
		}
		mass("broadcast/3", "one", "S03", noon) // one touch, one deletion: no proof of anything yet
		relation(t, d, "one", "S03", 1, noon.Add(time.Minute), "customer")
		plant(t, d, noon, sent{campaign: "welcome/1", customer: "good1", staff: "S01", channel: "welcome", class: "service", state: "committed", cost: 1, at: noon.Add(11 * time.Hour)})
		plant(t, d, noon, sent{campaign: "broadcast/4", customer: "held1", staff: "S01", channel: "mass_customer", class: "marketing", state: "held", rule: "FTG-01", cost: 1})
		o, err := s.Overview(t.Context(), 30, nil, "zh")
		if err != nil {
			t.Fatal(err)
		}
		if len(o.Campaigns) != 3 || o.Campaigns[0].ID != "broadcast/2" || o.Campaigns[1].ID != "broadcast/3" || o.Campaigns[2].ID != "broadcast/1" || o.Campaigns[0].Kind != "broadcast" || o.Campaigns[0].Ref != "2" {
			t.Fatalf("campaigns by harm: %+v", o.Campaigns)
		}
		if len(o.Staff) != 3 || o.Staff[0].ID != "S02" || o.Staff[0].Name != "name of S02" {
			t.Errorf("staff by harm: %+v", o.Staff)
		}
		bad := o.Campaigns[0].Costs
		want := Costs{Touches: 60, Persons: 40, Deletions: 20, OptOuts: 5, Night: 60, Repeats: 20, Index: bad.Index}
		if bad != want || bad.Index < 1000 {
			t.Errorf("the bad one cost %+v", bad)
		}
		if good := o.Campaigns[2].Costs; good.Replies != 12 || good.Deletions != 2 || good.Night != 0 || good.Index != 35.2 {
			t.Errorf("the good one cost %+v", good)
		}
		if o.Held.Touches != 1 || len(o.Held.Rules) != 1 || o.Held.Rules[0].RuleID != "FTG-01" {
			t.Errorf("refused: %+v", o.Held)
		}
		l, err := s.Limits(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ds := days(clock.At(now), 30, time.UTC)
		for kind, n := range map[string]int{"": 60, "deletions": 20, "optouts": 5, "night": 60, "repeats": 20, "late": 0, "replies": 0} {
			seen, before := 0, int64(0)
			for {
				rows, all, err := s.costRows(t.Context(), ds, l, nil, "broadcast/2", "", kind, before, 7)
				if err != nil || all != n {
					t.Fatalf("%s: %d rows are behind %d, %v", kind, all, n, err)
				}
				if seen += len(rows); len(rows) < 7 {
					break
				}
				before = rows[len(rows)-1].ID
			}
			if seen != n {
				t.Errorf("%s: %d rows, %d are told", kind, seen, n)
			}
		}
		if o, err := s.Overview(t.Context(), 30, []string{"S03"}, "en"); err != nil || len(o.Campaigns) != 1 || o.Sum.Touches != 1 || o.Budget.Persons != 0 || o.Held.Touches != 0 {
			t.Errorf("S03 sees %+v, %v", o, err)
		}
	})
}

// What the overview shows equals what is counted row by row, whatever happened.
func TestTheOverviewEqualsTheRecount(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, time.November, 10, 15, 30, 0, 0, zone)
		s := governed(d, zone, now)
		at := clock.At(now)
		random(t, d, zone, at)
		dice := rand.New(rand.NewPCG(3, 9))
		one := func(list ...string) string { return list[dice.IntN(len(list))] }
		for range 160 {
			x := sent{
				campaign: one("broadcast/1", "broadcast/2", "moment/3", "member/m1"), customer: fmt.Sprint("wm", dice.IntN(30)), staff: fmt.Sprint("S", dice.IntN(4)),
				channel: one("mass_customer", "mass_customer", "moment"), class: one("marketing", "marketing", "lifecycle", "service"),
				state: one("committed", "committed", "committed", "tasked", "reserved", "released", "held"), cost: dice.IntN(3), late: dice.IntN(9) == 0,
			}
			when := at.Add(-time.Duration(dice.Int64N(int64(40 * 24 * time.Hour))))
			switch x.state {
			case "committed":
				x.at = when
			case "held":
				x.rule = one("FTG-01", "LAW-24")
			}
			plant(t, d, when, x)
			if x.at > 0 && dice.IntN(3) == 0 { // again, soon
				y := x
				y.campaign, y.at = one("broadcast/1", "moment/3"), when.Add(time.Duration(dice.IntN(30))*time.Hour)
				plant(t, d, when, y)
			}
			after := when.Add(time.Duration(dice.IntN(30)) * time.Hour)
			if x.at > 0 && dice.IntN(8) == 0 {
				exec(t, d, "UPDATE relation SET live = FALSE, lost_by = 'customer', lost_at = ? WHERE customer_id = ? AND live", after, x.customer)
				exec(t, d, "INSERT INTO optout (corp_id, id, customer_id, since, via, by_whom, lifted_at) VALUES ('ww1', ?, ?, ?, 'page', 'customer', 1)", d.NewID(), x.customer, after)
			}
			if dice.IntN(8) == 0 {
				say(t, d, x.customer, when.Add(time.Duration(dice.IntN(30))*time.Hour))
			}
		}
		for i, state := range []string{"planned", "open", "done"} {
			exec(t, d, "INSERT INTO broadcast (corp_id, id, name, text, audience, state, created_by, created_at, updated_at, opens_at) VALUES ('ww1', ?, 'b', 'b', '{}', ?, 'a', 1, 1, ?)",
				i+1, state, at.Add(time.Hour))
			for c := range 10 {
				exec(t, d, "INSERT INTO broadcast_receiver (corp_id, broadcast_id, customer_id, staff_id, state) VALUES ('ww1', ?, ?, 'S1', 'matched')", i+1, fmt.Sprint("wm", c))
			}
		}
		r, err := s.Recount(t.Context())
		if err != nil || len(r.Differences) > 0 {
			t.Fatalf("%+v, %v", r, err)
		}
		o, err := s.Overview(t.Context(), costDays, nil, "zh")
		if err != nil || o.Sum.Repeats == 0 || o.Sum.Night == 0 || o.Sum.Late == 0 || o.Sum.Deletions == 0 || o.Sum.OptOuts == 0 || o.Sum.Replies == 0 || o.Quota.Planned < 10 || o.Budget.Full == 0 {
			t.Fatalf("the dice left out something: %+v, %v", o, err)
		}
		l, err := s.Limits(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range o.Budget.Windows {
			sum := 0
			for used, n := range w.Used {
				sum += n
				if used == 0 {
					continue
				}
				most := used
				if used == w.Cap {
					most = 1000
				}
				rows, all, err := s.useRows(t.Context(), l, at, nil, fmt.Sprint(w.Days), used, most, "", 1000)
				if err != nil || all != n || len(rows) != n {
					t.Errorf("window %d: %d of %d customers used %d, %v", i, len(rows), n, used, err)
				}
			}
			if sum != o.Budget.Persons {
				t.Errorf("window %d holds %d of %d customers", i, sum, o.Budget.Persons)
			}
		}
		if _, full, err := s.useRows(t.Context(), l, at, nil, "full", 1, 1000, "", 1000); err != nil || full != o.Budget.Full {
			t.Errorf("%d rows of %d full ones, %v", full, o.Budget.Full, err)
		}
		for part := 1; part < quotaParts; part++ {
			least, most := fifths(l.Mass.Limit, part)
			for what, n := range map[string]int{"mass": o.Quota.Used[part], "then": o.Quota.UsedThen[part]} {
				if rows, all, err := s.useRows(t.Context(), l, at, nil, what, least, most, "", 1000); err != nil || all != n || len(rows) != n {
					t.Errorf("%s, part %d: %d of %d customers, %v", what, part, len(rows), n, err)
				}
			}
		}
		// A number that was changed after it was counted differs from its rows.
		shown, err := s.harmed(t.Context(), "campaign_id", days(at, costDays, zone), l, nil)
		if err != nil {
			t.Fatal(err)
		}
		shown[0].Night++
		if _, diffs := compareCosts("campaign_id", shown, map[string]Costs{shown[0].ID: {}}); !slices.ContainsFunc(diffs, func(d Difference) bool { return d.Metric == "cost_night_by_campaign_id" }) {
			t.Errorf("a changed number makes %+v", diffs)
		}
	})
}

func TestAnEffectStandsBesideItsHoldout(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 11, 24, 20, 0, 0, 0, time.UTC)
		s := governed(d, time.UTC, now)
		noon := clock.At(time.Date(2026, 11, 20, 12, 30, 0, 0, time.UTC))
		if e, err := s.effect(t.Context(), "broadcast/1", 24*time.Hour, nil); err != nil || e.FirstAt != nil || e.Reached.Persons != 0 || len(e.Trend) != 0 {
			t.Fatalf("of one that never arrived: %+v, %v", e, err)
		}
		for i := range 20 {
			c, at := fmt.Sprint("c", i), noon.Add(time.Duration(i%3)*time.Hour)
			plant(t, d, at, sent{campaign: "broadcast/1", customer: c, staff: fmt.Sprint("S", i%2), channel: "mass_customer", class: "marketing", state: "committed", cost: 1, at: at})
			lost, by := clock.Time(0), ""
			switch i {
			case 0:
				lost, by = at.Add(23*time.Hour), "customer"
				optout(t, d, c, at.Add(time.Hour)) // the same person: harmed once
			case 1:
				lost, by = at.Add(40*time.Hour), "customer" // only within three days
			case 2:
				lost, by = at.Add(time.Hour), "staff"
			case 3:
				optout(t, d, c, at.Add(-time.Hour)) // before
			case 4, 5:
				say(t, d, c, at.Add(time.Hour))
				say(t, d, c, at.Add(2*time.Hour))
			}
			relation(t, d, c, "S1", 1, lost, by)
		}
		for i := range 4 {
			c := fmt.Sprint("h", i)
			plant(t, d, noon, sent{campaign: "broadcast/1", customer: c, staff: "S1", channel: "mass_customer", class: "marketing", state: "held", rule: "FTG-11", cost: 1})
			lost, by := clock.Time(0), ""
			if i == 0 {
				lost, by = noon.Add(time.Hour), "customer"
			}
			relation(t, d, c, "S1", 1, lost, by)
		}
		e, err := s.effect(t.Context(), "broadcast/1", 24*time.Hour, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := (Followed{Persons: 20, Replies: 2, Deletions: 1, OptOuts: 1, Harmed: 1}); e.Reached != want || e.Open {
			t.Errorf("reached: %+v", e.Reached)
		}
		if e.Holdout == nil || *e.Holdout != (Followed{Persons: 4, Deletions: 1, Harmed: 1}) {
			t.Errorf("holdout: %+v", e.Holdout)
		}
		if len(e.Trend) != 3 || e.By != "hour" || e.Trend[0].Delivered != 7 || e.Trend[0].Harm != 1 || e.Trend[1].Harm != 0 || e.Trend[0].At.Hour() != 12 {
			t.Errorf("by the hour: %+v", e.Trend)
		}
		if e, err = s.effect(t.Context(), "broadcast/1", 72*time.Hour, []string{"S1"}); err != nil || e.Reached.Persons != 10 || e.Reached.Deletions != 1 {
			t.Errorf("within three days, of one member: %+v, %v", e, err)
		}
		late := noon.Add(72 * time.Hour)
		plant(t, d, late, sent{campaign: "broadcast/1", customer: "c19", staff: "S1", channel: "mass_customer", class: "marketing", state: "committed", cost: 1, at: late})
		if e, err = s.effect(t.Context(), "broadcast/1", 72*time.Hour, nil); err != nil || e.By != "day" || len(e.Trend) != 4 || e.Trend[3].Delivered != 1 || !e.Open {
			t.Errorf("by the day: %+v, %v", e, err)
		}
	})
}
