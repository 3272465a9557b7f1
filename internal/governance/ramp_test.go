package governance

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

// newMember lets S03 have their first customer at the instant given.
func newMember(g *Governor, since clock.Time) {
	g.began = func(_ context.Context, _ bun.IDB, _ string, ids []string, after clock.Time) (map[string]clock.Time, error) {
		out := map[string]clock.Time{}
		for _, id := range ids {
			if id == "S03" && since >= after {
				out[id] = since
			}
		}
		return out, nil
	}
}

func many(campaign string, n int) []Request {
	out := make([]Request, n)
	for i := range out {
		out[i] = marketing(fmt.Sprintf("%s/%03d", campaign, i), fmt.Sprintf("%s %03d", campaign, i))
	}
	return out
}

func reserved(out []Decision) (n int, held Decision) {
	for _, d := range out {
		if d.State == Reserved {
			n++
		} else {
			held = d
		}
	}
	return n, held
}

func TestANewMemberBeginsSmall(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		newMember(g, clock.At(tuesday))
		for day, want := range []int{50, 100, 200} {
			reqs := many(fmt.Sprintf("d%d", day), want+3)
			for i := range reqs {
				reqs[i].Expires = world.Now().Add(11 * time.Hour) // as long as the day's hours
			}
			out := reserve(t, g, reqs...)
			n, held := reserved(out)
			if n != want || held.RuleID != ruleRamp || held.Next == 0 {
				t.Fatalf("day %d: %d reserved, want %d; held by %+v", day+1, n, want, held)
			}
			same(t, g, held.TouchID)
			same(t, g, out[0].TouchID)
			if more, _ := reserved(reserve(t, g, many(fmt.Sprintf("more%d", day), 2)...)); more != 0 {
				t.Fatalf("day %d: %d more in another message", day+1, more)
			}
			world.Advance(24 * time.Hour)
		}
		world.Set(clock.At(tuesday).Add(5 * 24 * time.Hour).Add(time.Hour)) // Sunday of the sixth day, 11:00
		if n, held := reserved(reserve(t, g, many("grown", 900)...)); n != 900 {
			t.Fatalf("the sixth day has no limit, %d of 900 reserved: %+v", n, held)
		}
	})
}

func TestACorpCanLimitAMembersDay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		caps, _, err := g.Caps(t.Context(), "c")
		if err != nil {
			t.Fatal(err)
		}
		caps.StaffDay = 10
		if _, err := g.SetCaps(t.Context(), "c", "S01", caps); err != nil {
			t.Fatal(err)
		}
		out := reserve(t, g, many("b", 12)...)
		n, held := reserved(out)
		if n != 10 || held.RuleID != ruleStaffDay {
			t.Fatalf("%d reserved, held by %+v", n, held)
		}
		same(t, g, held.TouchID)
		// What ended without reaching anybody gives its place back; what was delivered does not.
		permit(t, g, out[0].TouchID, out[1].TouchID)
		deliver(t, g, out[0].TouchID, world.Now())
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			return g.Release(ctx, tx, out[1].TouchID, "WC-02", reasonLease)
		})
		if n, _ := reserved(reserve(t, g, many("again", 3)...)); n != 1 {
			t.Fatalf("%d reserved after one was given back", n)
		}
		other := many("other", 5)
		for i := range other {
			other[i].StaffID = "S04"
		}
		if n, _ := reserved(reserve(t, g, other...)); n != 5 {
			t.Fatalf("another member: %d of 5", n)
		}
	})
}

// Two nodes deciding for one member at once do not go beyond the member's day.
func TestAMembersDayHoldsOnTwoNodes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		nodes := []*Governor{newGovernor(t, d, world), newGovernor(t, d, world)}
		for _, g := range nodes {
			newMember(g, clock.At(tuesday))
		}
		errc := make(chan error)
		for i := range 4 {
			go func() {
				errc <- d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
					_, err := nodes[i%2].Reserve(ctx, tx, many(fmt.Sprintf("n%d", i), 30)...)
					return err
				})
			}()
		}
		for range 4 {
			if err := <-errc; err != nil {
				t.Fatal(err)
			}
		}
		n, err := d.Read().NewSelect().Model((*Touch)(nil)).Where("state = ?", Reserved).Count(t.Context())
		if err != nil || n != 50 {
			t.Fatalf("%d reserved, want 50 (%v)", n, err)
		}
	})
}

// What was reserved for a member while nobody limited their day counts from the moment on in which somebody does.
func TestALimitOfTheDayCountsWhatWasReservedBefore(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		early := many("early", 8)
		for i := range early {
			early[i].Expires = world.Now().Add(11 * time.Hour)
		}
		out := reserve(t, g, early...)
		permit(t, g, out[0].TouchID)
		deliver(t, g, out[0].TouchID, world.Now())
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			return g.Release(ctx, tx, out[1].TouchID, "WC-02", reasonLease)
		})
		caps, _, err := g.Caps(t.Context(), "c")
		if err != nil {
			t.Fatal(err)
		}
		caps.StaffDay = 10
		for range 2 { // set twice, it finds nothing more
			if _, err := g.SetCaps(t.Context(), "c", "S01", caps); err != nil {
				t.Fatal(err)
			}
		}
		out = reserve(t, g, many("late", 5)...)
		n, held := reserved(out)
		if n != 3 || held.RuleID != ruleStaffDay {
			t.Fatalf("%d reserved beside 7, held by %+v", n, held)
		}
		same(t, g, held.TouchID)
		if r := verified(t, auditOf(t, g, "c")); !r.OK() {
			t.Fatalf("the audit log: %+v", r.Problems)
		}
	})
}
