package stats

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

// berlin puts its clocks back on 2026-10-25, which makes a day of 25 hours, and has one of 23 on 2026-03-29.
func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func serve(d *db.DB, zone *time.Location, now time.Time) *Service {
	return New(Config{DB: d, World: clock.NewManual(now), Zone: zone, CorpID: "ww1"})
}

func exec(t *testing.T, d *db.DB, query string, args ...any) {
	t.Helper()
	err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw(query, args...).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func relation(t *testing.T, d *db.DB, customer, staff string, added, lost clock.Time, by string) {
	t.Helper()
	exec(t, d, "INSERT INTO relation (corp_id, customer_id, staff_id, live, added_at, lost_at, lost_by) VALUES ('ww1', ?, ?, ?, ?, ?, ?)",
		customer, staff, lost == 0, added, lost, by)
}

func touch(t *testing.T, d *db.DB, customer, staff, state string, reserved, delivered clock.Time) {
	t.Helper()
	id := d.NewID()
	exec(t, d, "INSERT INTO touch (corp_id, id, key, customer_id, staff_id, channel, class, campaign_id, texts, state, rule_version, reserved_at, earliest_at, delivered_at) "+
		"VALUES ('ww1', ?, ?, ?, ?, 'kf', 'service', 'c1', '[]', ?, 'v1', ?, ?, ?)", id, fmt.Sprint("k", id), customer, staff, state, reserved, reserved, delivered)
}

func optout(t *testing.T, d *db.DB, customer string, since clock.Time) {
	t.Helper()
	exec(t, d, "INSERT INTO optout (corp_id, id, customer_id, since, via, by_whom) VALUES ('ww1', ?, ?, ?, 'page', 'customer')", d.NewID(), customer, since)
}

// random fills a database with what 40 days might leave behind, around a change of the clocks.
func random(t *testing.T, d *db.DB, zone *time.Location, now clock.Time) {
	t.Helper()
	dice := rand.New(rand.NewPCG(7, 7))
	when := func() clock.Time { // often right at the edge of a day
		at := now.Add(-time.Duration(dice.Int64N(int64(40 * 24 * time.Hour))))
		if dice.IntN(3) == 0 {
			at = at.Day(zone).Add(time.Duration(dice.IntN(3)-1) * time.Millisecond)
		}
		return at
	}
	for i := range 60 {
		customer, staff := fmt.Sprint("wm", i/2), fmt.Sprint("S", i%4)
		lost, by := clock.Time(0), ""
		if dice.IntN(3) == 0 {
			lost, by = when(), []string{"customer", "staff", "unknown"}[dice.IntN(3)]
		}
		relation(t, d, customer, staff, when(), lost, by)
		if dice.IntN(2) == 0 {
			delivered, state := when(), "committed"
			if dice.IntN(3) == 0 {
				delivered, state = 0, "held"
			}
			touch(t, d, customer, staff, state, when(), delivered)
		}
		if i%2 == 0 && dice.IntN(3) == 0 {
			optout(t, d, customer, when())
		}
	}
}

func TestChartsEqualTheRecount(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	for _, month := range []time.Month{time.April, time.November} { // after each change of the clocks
		t.Run(month.String(), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				now := time.Date(2026, month, 10, 15, 30, 0, 0, zone)
				s := serve(d, zone, now)
				random(t, d, zone, clock.At(now))
				r, err := s.Recount(t.Context())
				if err != nil || len(r.Differences) > 0 || r.Metrics < 300 || r.Rows < 60 {
					t.Fatalf("%+v, %v", r, err)
				}
				ds := days(clock.At(now), 41, zone)
				hours := map[float64]int{}
				total := 0
				shown, err := s.all(t.Context(), ds, nil)
				if err != nil {
					t.Fatal(err)
				}
				for i, day := range ds {
					if i > 0 && day.lo != ds[i-1].hi {
						t.Errorf("%s does not begin where the day before ends", day.date)
					}
					hours[day.hi.Sub(day.lo).Hours()]++
					total += shown["added"][day.date]
				}
				if hours[23]+hours[25] != 1 || total != 60 {
					t.Errorf("days of %v hours hold %d relations", hours, total)
				}
				// What the charts showed before a row was changed differs from its rows afterwards.
				exec(t, d, "UPDATE relation SET added_at = added_at - ? WHERE customer_id = 'wm3' AND staff_id = 'S2'", (3 * 24 * time.Hour).Milliseconds())
				counted, _, err := s.naive(t.Context(), ds)
				if err != nil {
					t.Fatal(err)
				}
				found := compare(ds, shown, counted)
				if len(found) == 0 || found[0].Metric != "added" {
					t.Errorf("a changed row makes the differences %+v", found)
				}
			})
		})
	}
}

func TestAnEmptyDatabaseHasNothingToRecount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r, err := serve(d, time.UTC, time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)).Recount(t.Context())
		if err != nil || r.Rows != 0 || len(r.Differences) != 0 {
			t.Fatalf("%+v, %v", r, err)
		}
	})
}

func TestHarmIsWithin24Hours(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		s := serve(d, time.UTC, now)
		sent := clock.At(now.Add(-48 * time.Hour))
		const day = 24 * time.Hour
		for _, c := range []struct {
			id    string
			after time.Duration
			by    string // "" = said stop
		}{
			{"at once", 0, "customer"},
			{"the last millisecond", day - time.Millisecond, "customer"},
			{"a day later", day, "customer"},
			{"before", -time.Millisecond, "customer"},
			{"by staff", time.Hour, "staff"},
			{"stopped", day - time.Millisecond, ""},
			{"stopped a day later", day, ""},
		} {
			touch(t, d, c.id, "S01", "committed", sent, sent)
			if c.by == "" {
				relation(t, d, c.id, "S01", 1, 0, "")
				optout(t, d, c.id, sent.Add(c.after))
			} else {
				relation(t, d, c.id, "S01", 1, sent.Add(c.after), c.by)
			}
		}
		relation(t, d, "untouched", "S01", 1, sent.Add(time.Hour), "customer")
		n, err := s.Harm(t.Context(), "c1", nil)
		if err != nil || n != 3 {
			t.Fatalf("harm of the campaign is %d, %v; want 3", n, err)
		}
		shown, err := s.all(t.Context(), days(clock.At(now), 10, time.UTC), nil)
		if err != nil {
			t.Fatal(err)
		}
		sum := func(metric string) (n int) {
			for _, v := range shown[metric] {
				n += v
			}
			return n
		}
		if sum("harm_deletions") != 2 || sum("harm_optouts") != 1 {
			t.Fatalf("%d deletions and %d opt-outs, want 2 and 1", sum("harm_deletions"), sum("harm_optouts"))
		}
	})
}

func TestNumbersObeyTheScope(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		s := serve(d, time.UTC, now)
		at := clock.At(now.Add(-time.Hour))
		relation(t, d, "wm1", "S01", at, 0, "")
		relation(t, d, "wm1", "S02", at, 0, "")
		relation(t, d, "wm2", "S02", at, at, "customer")
		touch(t, d, "wm2", "S02", "held", at, 0)
		optout(t, d, "wm2", at)
		for _, tt := range []struct {
			scope                        []string
			relations, persons, new, out int
		}{{nil, 2, 1, 3, 1}, {[]string{"S01"}, 1, 1, 1, 0}, {[]string{}, 0, 0, 0, 0}} {
			var h Home
			if err := s.counters(t.Context(), &h, clock.At(now), tt.scope); err != nil {
				t.Fatal(err)
			}
			c := h.Counters
			if c.Customers.Value != tt.relations || c.Persons != tt.persons || c.Added.Value != tt.new || c.Lost.Value != tt.out || c.Held.Value != tt.out {
				t.Errorf("scope %v sees %+v", tt.scope, c)
			}
			if tt.scope != nil {
				n, err := s.perDay(t.Context(), metric{name: "optouts", from: "optout AS t", at: "since", where: "TRUE", count: "COUNT(*)"}, days(clock.At(now), 2, time.UTC), tt.scope)
				if err != nil || len(n) != 0 {
					t.Errorf("scope %v sees opt-outs of nobody's: %v, %v", tt.scope, n, err)
				}
			}
		}
	})
}
