package governance

import (
	"context"
	"fmt"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

// hushed makes a customer one who has not reacted for days to three messages.
func hushed(ctx context.Context, g *Governor, tx *db.Tx, customer string, days int) error {
	row := &Silence{CorpID: "c", CustomerID: customer, Since: g.world.Now().Add(-time.Duration(days) * 24 * time.Hour), Touches: 3}
	_, err := tx.NewInsert().Model(row).On("CONFLICT (corp_id, customer_id) DO UPDATE SET since = EXCLUDED.since, touches = EXCLUDED.touches").Exec(ctx)
	changed(tx, "c", customer)
	return err
}

func quietFor(t testing.TB, g *Governor, customer string, days int) {
	t.Helper()
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error { return hushed(ctx, g, tx, customer, days) })
}

func acted(t testing.TB, g *Governor, customer string, at clock.Time) {
	t.Helper()
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error {
		return g.Acted(ctx, tx, "c", Wrote, map[string]clock.Time{customer: at})
	})
}

func TestWhoDoesNotReactGetsLessThenOneQuestionThenNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		const who = "青柠 07"
		key := 0
		send := func(change func(r *Request)) Decision {
			key++
			r := marketing(fmt.Sprint("b", key), who)
			if change != nil {
				change(&r)
			}
			return reserve(t, g, r)[0]
		}
		arrive := func(got Decision) {
			t.Helper()
			permit(t, g, got.TouchID)
			deliver(t, g, got.TouchID, world.Now())
			deliver(t, g, got.TouchID, world.Now()) // told twice
		}
		ask := func(r *Request) { r.Winback = true }
		if got := send(ask); got.State != Held || got.RuleID != ruleSunset {
			t.Fatalf("a last question to somebody who is not silent: %+v", got)
		}
		for range 3 { // two within a week are fine at first
			arrive(send(nil))
			world.Advance(2 * 24 * time.Hour)
		}
		if s, err := g.SilenceOf(t.Context(), "c", who); err != nil || s.Touches != 3 || s.Since != clock.At(tuesday) {
			t.Fatalf("%+v %v", s, err)
		}

		world.Set(clock.At(tuesday.AddDate(0, 0, 61))) // a Sunday: 10:00 is allowed
		first := send(nil)
		if first.State != Reserved {
			t.Fatalf("the first when they slow down: %+v", first)
		}
		arrive(first)
		world.Advance(2 * 24 * time.Hour)
		slow := send(nil)
		if want := clock.At(tuesday.AddDate(0, 0, 68)); slow.State != Held || slow.RuleID != ruleSunset || slow.Next != want {
			t.Fatalf("the second within a week: %+v, want %v", slow, want.In(shanghai))
		}
		b, err := g.Budget(t.Context(), "c", who)
		if err != nil || b[who].Windows[1].Cap != 1 || b[who].Windows[1].RuleID != ruleSunset || b[who].SilentSince == 0 || b[who].Dormant {
			t.Fatalf("budget %+v %v", b[who], err)
		}

		world.Set(clock.At(tuesday.AddDate(0, 0, 181)))
		gone := send(nil)
		if gone.State != Held || gone.RuleID != ruleSunset || gone.Next != 0 {
			t.Fatalf("after half a year: %+v", gone)
		}
		care := send(func(r *Request) { r.Class = Lifecycle })
		if care.State != Reserved {
			t.Fatalf("lifecycle is no marketing: %+v", care)
		}
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			return g.Release(ctx, tx, care.TouchID, "WC-02", reasonLease)
		})
		both := []Request{marketing("q1", who), marketing("q2", who)}
		both[0].Winback, both[1].Winback = true, true
		question := reserve(t, g, both...) // one batch
		if question[0].State != Reserved || question[1].RuleID != ruleSunset {
			t.Fatalf("the last question: %+v", question)
		}
		if got := send(ask); got.RuleID != ruleSunset { // while it is open
			t.Fatalf("asked again: %+v", got)
		}
		arrive(question[0])
		world.Advance(60 * 24 * time.Hour) // long out of every window
		again := send(ask)
		if again.State != Held || again.RuleID != ruleSunset {
			t.Fatalf("asked twice: %+v", again)
		}
		for _, id := range []int64{first.TouchID, slow.TouchID, gone.TouchID, care.TouchID, question[0].TouchID, question[1].TouchID, again.TouchID} {
			same(t, g, id)
		}
	})
}

func TestAnActOfTheirOwnEndsASilence(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		g.censusFrom = 1
		quietFor(t, g, "a", 200)
		quietFor(t, g, "b", 200)
		to := []Recipient{{"a", "S03"}, {"b", "S03"}, {"c", "S03"}}
		plan := func() int {
			t.Helper()
			p, err := g.Preview(t.Context(), marketing("", ""), to)
			if err != nil {
				t.Fatal(err)
			}
			agree(t, g, marketing("", ""), []string{"a", "b", "c"})
			return p.Reachable
		}
		if n := plan(); n != 1 {
			t.Fatalf("%d reachable, want 1", n)
		}
		acted(t, g, "a", world.Now())
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error { return g.Told(ctx, tx, "c", "b", Bought, "S01") })
		if n := plan(); n != 3 {
			t.Fatalf("%d reachable after they acted, want 3", n)
		}
		if got := reserve(t, g, marketing("b1", "a"))[0]; got.State != Reserved {
			t.Fatalf("after their act: %+v", got)
		}
		acted(t, g, "a", world.Now().Add(-time.Hour)) // told late
		if s, err := g.SilenceOf(t.Context(), "c", "a"); err != nil || s.ActedAt != world.Now() {
			t.Fatalf("an older act: %+v %v", s, err)
		}
		if err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return g.Told(ctx, tx, "c", "b", "slept", "S01") }); err == nil {
			t.Fatal("an act that nobody knows")
		}
		// What reached them before their act and is told afterwards begins no silence.
		got := reserve(t, g, marketing("b2", "d"))[0]
		permit(t, g, got.TouchID)
		world.Advance(time.Hour)
		acted(t, g, "d", world.Now())
		deliver(t, g, got.TouchID, world.Now().Add(-time.Minute))
		if s, err := g.SilenceOf(t.Context(), "c", "d"); err != nil || s.Touches != 0 {
			t.Fatalf("%+v %v", s, err)
		}
	})
}

func TestTheCorpCanLetSilentCustomersGoEarlier(t *testing.T) {
	t.Parallel()
	g := newGovernor(t, dbtest.SQLite(t), clock.NewManual(tuesday))
	caps, policy, err := g.Caps(t.Context(), "c")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Sunset{{Cooling: 61, Dormant: 180, Week: 1}, {Cooling: 60, Dormant: 181, Week: 1}, {Cooling: 60, Dormant: 59, Week: 1}, {Cooling: 60, Dormant: 180, Week: 2}, {Cooling: 1, Dormant: 2}} {
		caps.Sunset = s
		if _, err := g.SetCaps(t.Context(), "c", "S01", caps); codeOf(err) != "governance.only_tighter" {
			t.Errorf("%+v: %v", s, err)
		}
	}
	caps.Sunset = Sunset{Cooling: 30, Dormant: 90, Week: 0}
	if _, err := g.SetCaps(t.Context(), "c", "S01", caps); err != nil {
		t.Fatal(err)
	}
	quietFor(t, g, "a", 91)
	quietFor(t, g, "b", 31)
	got := reserve(t, g, marketing("1", "a"), marketing("2", "b"))
	if got[0].RuleID != ruleSunset || got[1].RuleID != ruleSunset || got[1].Next != 0 {
		t.Fatalf("%+v", got)
	}
	if in, _, err := g.Caps(t.Context(), "c"); err != nil || in.Sunset.Least != policy.Sunset.Least {
		t.Fatalf("%+v %v", in.Sunset, err)
	}
}
